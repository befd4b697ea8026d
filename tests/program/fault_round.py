"""One round of the fault test: monitors and an aggregator that are killed, a network that breaks, as a seed says."""
import bisect
import collections
import pathlib
import random
import re
import shutil
import signal
import tempfile
import time

from fault_proxy import Proxy
from fleet import REDUCERS, Aggregator, Monitor
from support import TIMEOUT_S, pcap, query, query_frame, response, response_frame

QTYPES, RCODES = {1: "A", 2: "NS", 28: "AAAA", 16: "TXT"}, {0: "NOERROR", 2: "SERVFAIL", 3: "NXDOMAIN", 5: "REFUSED"}
TABLES = ["qtypes", "rcodes"]
AGO_S = 300  # packet time is not long ago, so that the aggregator's views show it
CHAOS_S = 1.5
TICK_S = .01
# What a monitor had counted as pushed so long before it was killed is in its spool, where no disk is waited for: that
# takes it some milliseconds, and a machine that does much else some more.
WRITTEN_WITHIN_S = .2
HEAD = pcap([])


class Traffic:
    """Frames of one server, and what each window counts of any part of them."""

    def __init__(self, chance, windows):
        self.start = int(time.time()) - AGO_S
        self.times, self.offsets, self.octets, self.kinds = [], [0], b"", []
        for window in range(windows):
            kinds = [("query", q) for q in chance.choices(list(QTYPES), k=chance.randint(1, 9))]
            kinds += [("response", r) for r in chance.choices(list(RCODES), k=chance.randint(1, 9))]
            chance.shuffle(kinds)
            for i, kind in enumerate(kinds):
                self._add(self.start + window + (i + 1) / (len(kinds) + 2), kind)

    def _add(self, moment, kind):
        name, code = kind
        ident = len(self.times) % 65536
        frame = query_frame(query(qtype=code, ident=ident)) if name == "query" else \
            response_frame(response(rcode=code, ident=ident))
        self.times.append(moment)
        self.kinds.append(kind)
        self.octets += pcap([(moment, frame)])[len(HEAD):]
        self.offsets.append(len(self.octets))

    def count(self, first, last):
        """Of frames [first, last): {window: {reducer: data}}."""
        windows = collections.defaultdict(lambda: {name: collections.Counter() for name in REDUCERS})
        for moment, (name, code) in zip(self.times[first:last], self.kinds[first:last]):
            counts = windows[int(moment)]
            if name == "query":
                counts["queries"]["qps"] += 1
                counts["qtypes"][QTYPES[code]] += 1
            else:
                counts["rcodes"][RCODES[code]] += 1
        return windows


class Run:
    """One life of a monitor: the frames that it was given, and how many windows it had certainly closed when it was
    killed. One that came to its end closed all."""

    def __init__(self, first, waits_for_disk):
        self.first, self.last, self.certain, self.killed = first, first, 0, False
        self.waits_for_disk = waits_for_disk
        self.polls = []  # (when, windows sent, windows pushed)

    def note(self, now, figures):
        if figures:
            sent, pushed = ((figures[name] - figures["found"]) // len(REDUCERS) for name in ("sent", "pushed"))
            self.polls.append((now, sent, pushed))

    def kill(self, now):
        self.killed = True
        sent = [windows for _, windows, _ in self.polls]
        pushed = [windows for when, _, windows in self.polls if when + WRITTEN_WITHIN_S < now]
        self.certain = max([0, *sent, *([] if self.waits_for_disk else pushed)])

    def closed(self, traffic):
        """The windows that it may have sent, ascending, and what it counted in them."""
        counts = traffic.count(self.first, self.last)
        windows = sorted(counts)
        return windows[:-1] if self.killed else windows, counts  # the open one goes with it


class Feed:
    """A monitor and its input. `live`: after each start it goes on with newer frames, as a live capture does, and so
    gets another boot; and it may end in order, too. Else it reads everything from its beginning again."""

    def __init__(self, folder, server, url, chance, live):
        self.chance, self.live = chance, live
        self.traffic = Traffic(chance, chance.randint(40, 80))
        self.fsync = chance.choice(["never"] * 4 + ["second", "always"])
        self.monitor = Monitor(folder, server, url, fsync=self.fsync)
        self.kills = sorted(chance.choice([.1, .5]) + chance.uniform(0, CHAOS_S - .5)
                            for _ in range(chance.randint(1, 3)))
        self.in_order = [live and chance.random() < .3 for _ in self.kills]
        self.skips = [chance.choice([0, 0, 1, 7, 30]) for _ in self.kills]
        self.pauses = [chance.uniform(0, .3) for _ in self.kills]
        # So that it lasts about as long as the chaos does.
        self.chunk = int(len(self.traffic.octets) * TICK_S / chance.uniform(.5, 1.5) / CHAOS_S)
        self.runs, self.at, self.back, self.next_poll = [], 0, 0.0, 0.0

    def start(self):
        first = 0
        if self.live and self.runs:
            first = min(self.runs[-1].last + self.skips[len(self.runs) - 1], len(self.traffic.times))
        self.monitor.start()
        self.runs.append(Run(first, self.fsync != "never"))
        self.at = self.traffic.offsets[first]
        self.head = HEAD

    def step(self, now):
        """Whatever is due at this moment of the chaos."""
        if not self.monitor.is_running():
            self.look_at_end()
            if now >= self.back:
                self.start()
        elif self.monitor.process.stdin.closed:
            self.back = now + self.pauses[len(self.runs) - 1]
        elif self.kills and now >= self.kills[0]:
            self.end(now)
        else:
            self.feed(self.chunk)
            if now >= self.next_poll:
                self.next_poll = now + .05
                self.runs[-1].note(now, self.monitor.summaries())

    def feed(self, most):
        if self.head:
            self.head = self.head[self.monitor.feed(self.head):]
        else:
            self.at += self.monitor.feed(self.traffic.octets[self.at:self.at + most])

    def look_at_end(self):
        status = self.monitor.process.returncode
        assert status == (-9 if self.runs[-1].killed else 0), \
            f"{self.monitor.name} ended of itself, status {status}: {self.monitor.said()}"

    def end(self, now):
        """Kills it, or lets it come to an end after a whole frame."""
        run = self.runs[-1]
        run.last = bisect.bisect_left(self.traffic.offsets, self.at)
        if self.in_order[len(self.runs) - 1]:
            self.feed_up_to(self.traffic.offsets[run.last])
            self.monitor.process.stdin.close()
        else:
            self.monitor.kill()
            run.kill(now)
        self.kills.pop(0)
        self.back = now + self.pauses[len(self.runs) - 1]

    def feed_up_to(self, end):
        while self.head or self.at < end:
            self.feed(end - self.at)
            time.sleep(.001)

    def finish(self):
        """Feeds the rest and waits until all is sent."""
        if self.monitor.is_running() and self.monitor.process.stdin.closed:
            self.monitor.process.wait(TIMEOUT_S)
        if not self.monitor.is_running():
            self.look_at_end()
            self.start()
        self.feed_up_to(len(self.traffic.octets))
        self.monitor.process.stdin.close()
        self.runs[-1].last = len(self.traffic.times)
        self.monitor.drain(self._nothing())

    def _nothing(self):
        path = self.monitor.folder / "nothing.pcap"
        path.write_bytes(HEAD)
        return path

    def expected(self, reducer, there):
        """What the history has to have of a reducer, {window: data}. `there`: what it has."""
        if not self.live:
            return {window: data[reducer] for window, data in self.traffic.count(0, len(self.traffic.times)).items()}
        expected = {}
        for run in self.runs:
            closed, counts = run.closed(self.traffic)
            # A window may have been begun by the run before.
            shown = [i for i, window in enumerate(closed) if there.get(window) != expected.get(window)]
            windows = closed[:shown[-1] + 1 if shown else 0] if run.killed else closed
            assert len(windows) >= run.certain, \
                f"{self.monitor.name} {reducer}: a killed run had closed {run.certain} windows, of {closed} only " \
                f"{windows} are there"
            for window in windows:
                expected[window] = expected.get(window, collections.Counter()) + counts[window][reducer]
        return expected

    def expected_gaps(self, there):
        """Between the runs of which anything is there; of no length where one began just where the other ended."""
        gaps, reached = [], None
        for run in self.runs if self.live else []:
            windows = [window for window in run.closed(self.traffic)[0] if window in there]
            if windows and reached is not None and windows[0] >= reached:
                gaps.append((reached, windows[0]))
            reached = windows[-1] + 1 if windows else reached
        return gaps


class Round:
    def __init__(self, seed):
        self.chance = chance = random.Random(seed)
        self.start = int(time.time()) - AGO_S - 10  # before all traffic
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"ratadns-fault-{seed}-"))
        self.proxy = Proxy(seed)
        self.aggregator = Aggregator(self.folder)
        ways = [signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP]
        self.away = sorted((chance.uniform(0, CHAOS_S), chance.uniform(.02, .4), chance.choice(ways))
                           for _ in range(chance.randint(1, 3)))
        self.cuts = sorted(chance.uniform(0, CHAOS_S) for _ in range(chance.randint(0, 3)))
        self.last_end = chance.choice(["in order", "killed"])
        url = f"http://127.0.0.1:{self.proxy.port}"
        live = [False, True] + [chance.random() < .5] * chance.randint(0, 1)
        self.feeds = [Feed(self.folder, f"ns{i}", url, chance, one) for i, one in enumerate(live)]
        self.back, self.is_leaving, self.is_frozen = 0.0, False, False  # the aggregator
        self.seen = collections.Counter()  # how often what the round is about happened

    def run(self):
        """Errors: AssertionError, and the folder stays."""
        try:
            self.start_aggregator()
            for feed in self.feeds:
                feed.start()
            self.chaos()
            self.calm()
            self.check()
        finally:
            self.proxy.close()
            for program in [self.aggregator, *(feed.monitor for feed in self.feeds)]:
                program.kill()
        shutil.rmtree(self.folder)

    def start_aggregator(self):
        if self.aggregator.process:
            status = self.aggregator.process.wait(TIMEOUT_S)
            assert status in (0, -9), f"the aggregator ended with status {status}: {self.aggregator.said()}"
        self.aggregator.start()
        self.is_leaving = False
        self.proxy.target = self.aggregator.listens

    def chaos(self):
        begin = time.monotonic()
        while (now := time.monotonic() - begin) < CHAOS_S:
            for feed in self.feeds:
                feed.step(now)
            self.step_aggregator(now)
            if self.cuts and now >= self.cuts[0]:
                self.cuts.pop(0)
                self.proxy.cut()
            time.sleep(TICK_S)

    def step_aggregator(self, now):
        if not self.aggregator.is_running():
            if now >= self.back:
                self.start_aggregator()
        elif self.is_frozen:
            if now >= self.back:
                self.thaw()
        elif self.away and now >= self.away[0][0] and not self.is_leaving:
            _, pause, way = self.away.pop(0)
            self.aggregator.process.send_signal(way)
            self.is_frozen, self.is_leaving, self.back = way == signal.SIGSTOP, way != signal.SIGSTOP, now + pause

    def thaw(self):
        self.aggregator.process.send_signal(signal.SIGCONT)
        self.is_frozen = False

    def calm(self):
        self.proxy.calm()
        if self.is_frozen:
            self.thaw()
        if self.is_leaving:
            self.start_aggregator()
        for feed in self.feeds:
            feed.finish()
        self.aggregator.wait_for_publication()
        self.shown = {reducer: self.aggregator.rows(reducer) for reducer in TABLES}
        if self.last_end == "in order":
            self.aggregator.finish()
        self.aggregator.kill()
        self.start_aggregator()
        self.aggregator.wait_for_history()

    def check(self):
        self.aggregator.check_balance()
        repeated = re.findall(r"repeated (\d+)", self.aggregator.log.read_text())
        self.seen["summaries that came again"] = sum(map(int, repeated))
        self.seen["windows that killed runs had closed"] = sum(run.certain for feed in self.feeds for run in feed.runs)
        total = {reducer: collections.Counter() for reducer in REDUCERS}
        for feed in self.feeds:
            there = set()
            for reducer in REDUCERS:
                there |= self.check_reducer(feed, reducer, total[reducer])
            self.check_gaps(feed, there)
        for reducer in TABLES:
            found = collections.Counter()
            for _, data in self.aggregator.panes(reducer, self.start, self.start + AGO_S, 10):
                found.update(data)
            assert found == total[reducer], f"all together, {reducer}: {found} instead of {total[reducer]}"
            for when, shown in (("before", self.shown[reducer]), ("after", self.aggregator.rows(reducer))):
                assert shown == total[reducer], f"{when} the last start the view {reducer} shows {shown} instead of " \
                                                f"{total[reducer]}"

    def check_reducer(self, feed, reducer, total):
        """Returns the windows that are there."""
        server = feed.monitor.server
        panes = self.aggregator.panes(reducer, self.start, self.start + AGO_S, 1, server)
        there = {window: {key: value for key, value in data.items() if value} for window, data in panes}
        assert len(there) == len(panes), f"{server} {reducer}: a window has several panes: {panes}"
        expected = feed.expected(reducer, there)
        assert set(there) == set(expected), f"{server} {reducer}: missing {sorted(set(expected) - set(there))}, " \
                                            f"too many {sorted(set(there) - set(expected))}"
        wrong = {window: (there[window], data) for window, data in expected.items()
                 if there[window] != data}
        assert not wrong, f"{server} {reducer}: (what is there, what was sent) by window: {wrong}"
        for data in expected.values():
            total.update(data)
        return set(there)

    def check_gaps(self, feed, there):
        gaps = self.aggregator.gaps(feed.monitor.server, self.start, self.start + AGO_S)
        numbered = [gap for gap in gaps if gap["boot"]]
        assert not numbered, f"{feed.monitor.server}: windows are missing: {numbered}"
        found = [(int(float(gap["from"])), int(float(gap["to"]))) for gap in gaps]
        expected = feed.expected_gaps(there)
        assert found == expected, f"{feed.monitor.server}: gaps {found} instead of {expected}"
        self.seen["gaps"] += len(found)
