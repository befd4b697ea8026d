#!/usr/bin/env python3
"""What monitors had counted arrives exactly once, whatever is killed and however the network breaks.

RATADNS_FAULT_ROUNDS rounds (20), from seed RATADNS_FAULT_SEED on (1), two at a time."""
import collections
import concurrent.futures
import os
import random
import struct
import sys
import unittest

from fault_proxy import Proxy
from fault_round import HEAD, Round, Traffic
from fleet import REDUCERS, Aggregator, Monitor, wait_until
from support import ProgramTest

FIRST = int(os.environ.get("RATADNS_FAULT_SEED", "1"))
ROUNDS = int(os.environ.get("RATADNS_FAULT_ROUNDS", "20"))
AT_A_TIME = 2
ENOUGH = 20  # so many rounds see everything that they are about


def outcome_of(seed):
    """What went wrong in a round ("": nothing), and how often what it is about happened."""
    one = Round(seed)
    try:
        one.run()
    except Exception as error:  # whatever it is, the seed and the folder have to be told
        return f"seed {seed}: {type(error).__name__}: {error}\n" \
               f"  again: RATADNS_FAULT_SEED={seed} RATADNS_FAULT_ROUNDS=1 python3 {sys.argv[0]} Faults\n" \
               f"  its files: {one.folder}", one.seen
    return "", one.seen


class Faults(unittest.TestCase):
    def test_every_closed_window_counts_exactly_once(self):
        with concurrent.futures.ProcessPoolExecutor(AT_A_TIME) as workers:
            outcomes = list(workers.map(outcome_of, range(FIRST, FIRST + ROUNDS)))
        troubles = [trouble for trouble, _ in outcomes if trouble]
        if troubles:
            self.fail(f"{len(troubles)} of {ROUNDS} rounds\n" + "\n".join(troubles))
        seen = sum((seen for _, seen in outcomes), collections.Counter())
        print(f"{ROUNDS} rounds:", ", ".join(f"{count} {what}" for what, count in sorted(seen.items())))
        if ROUNDS >= ENOUGH:
            self.assertEqual([what for what in outcomes[0][1] if not seen[what]], [], "what no round has seen")


class Killed(ProgramTest):
    """A live monitor while the aggregator is away, step by step."""

    def setUp(self):
        super().setUp()
        self.proxy = Proxy("killed")
        self.addCleanup(self.proxy.close)
        self.proxy.calm()
        self.traffic = Traffic(random.Random(1), windows=40)
        self.monitor = Monitor(self.folder, "ns1", f"http://127.0.0.1:{self.proxy.port}")
        self.addCleanup(self.monitor.kill)
        self.aggregator = Aggregator(self.folder)
        self.addCleanup(self.aggregator.kill)

    def spooled(self):
        """Summaries in records of the spool (channel/spool_record.h)."""
        summaries = 0
        for segment in self.monitor.spool.glob("*.spool"):
            octets, at = segment.read_bytes(), 0
            while at < len(octets):
                _, length, _, _, of_record = struct.unpack_from("<4sIQQI", octets, at)
                summaries += of_record
                at += 44 + length
        return summaries

    def feed(self, first, last):
        """The windows [first, last)."""
        places = [i for i, moment in enumerate(self.traffic.times) if first <= moment - self.traffic.start < last]
        octets = HEAD + self.traffic.octets[self.traffic.offsets[places[0]]:self.traffic.offsets[places[-1] + 1]]
        while octets:
            octets = octets[self.monitor.feed(octets):]

    def test_what_is_in_the_spool_arrives_after_the_next_start_and_the_open_windows_are_a_gap(self):
        self.monitor.start()
        self.feed(0, 20)
        wait_until(lambda: self.monitor.summaries().get("pushed", 0) >= 15 * len(REDUCERS), self.monitor.said)
        windows = self.monitor.summaries()["pushed"] // len(REDUCERS)
        self.assertLess(windows, 20)
        wait_until(lambda: self.spooled() >= windows * len(REDUCERS), lambda: f"{windows} windows are in the spool")
        self.monitor.kill()
        self.aggregator.start()
        self.proxy.target = self.aggregator.listens
        self.monitor.start()
        self.feed(25, 40)
        self.monitor.process.stdin.close()
        self.monitor.drain(self.file("nothing.pcap", HEAD))
        self.aggregator.finish()
        self.aggregator.start()
        start = self.traffic.start
        there = dict(self.aggregator.panes("rcodes", start, start + 100, 1, "ns1"))
        counts = self.traffic.count(0, len(self.traffic.times))
        known = sorted(there)
        closed = [window for window in known if window < start + 20]
        self.assertGreaterEqual(len(closed), windows)
        self.assertLess(len(closed), 20)
        self.assertEqual(known, [*range(start, closed[-1] + 1), *range(start + 25, start + 40)])
        self.assertEqual(there, {window: counts[window]["rcodes"] for window in known})
        gap, = self.aggregator.gaps("ns1", start, start + 100)
        self.assertEqual((float(gap["from"]), float(gap["to"])), (closed[-1] + 1, start + 25))


if __name__ == "__main__":
    unittest.main()
