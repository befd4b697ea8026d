"""Scripts on a live interface: one is saved anew, one is killed, one is too slow, and nobody else notices."""
import os
import pathlib
import re
import signal
import time
import unittest

from live_capture import LiveTest
from namespace import main, wait_until

COUNT = """
local messages = 0
return {{ add = function(message) {body} messages = messages + 1 end,
         take = function() return {{ messages = messages, version = max({version}) }} end }}
"""
REDUCER = '[[reducer]]\nlua = "{path}"\nsend = ["out"]\n{more}\n'


class Scripts(LiveTest):
    def script(self, name, body="", version=1):
        path = self.folder / f"{name}.lua"
        path.write_text(COUNT.format(body=body, version=version))
        return path

    def children(self, capture):
        """Processes of scripts, by their only parent."""
        path = pathlib.Path(f"/proc/{capture.process.pid}/task/{capture.process.pid}/children")
        threads = pathlib.Path(f"/proc/{capture.process.pid}/task").iterdir()
        pids = " ".join((thread / "children").read_text() for thread in threads) if path.exists() else ""
        return [int(pid) for pid in pids.split()]

    def rows(self, capture, name):
        return [row for row in capture.summaries() if row["type"] == name]

    def counted(self, capture, name):
        return sum(row["data"].get("messages", 0) for row in self.rows(capture, name))

    def figures(self, capture, name):
        found = re.search(rf"^script +(\d+) = (\d+) counted \+ (\d+) waiting \+ (\d+) missed: {name}(?:; faults: (\d+))?$",
                          capture.text(), re.M)
        self.assertIsNotNone(found, capture.text())
        given, counted, waiting, missed, faults = (int(number or 0) for number in found.groups())
        self.assertEqual(given, counted + waiting + missed, capture.text())
        self.assertEqual(waiting, 0)
        self.assertNotIn("DO NOT BALANCE", capture.text())
        self.assertEqual(counted, self.counted(capture, name))
        self.assertEqual(missed, sum(row["loss"].get("missed", 0) for row in self.rows(capture, name)))
        return given, counted, missed, faults

    def queries_answered(self, capture):
        return round(sum(row["data"]["qps"] for row in self.rows(capture, "QueriesPerSecond")))

    def test_a_script_that_is_saved_is_taken_over_between_two_windows(self):
        self.add_pair(0)
        path = self.script("count")
        capture = self.capture('interface = "far0"', more=REDUCER.format(path=path, more=""))
        self.send("near0", self.queries(100))
        wait_until(lambda: self.counted(capture, "count") == 100, capture.text)
        path.write_text("return {")
        capture.says("count.lua:1: unexpected symbol near '<eof>'\n  the version before goes on")
        self.send("near0", self.queries(100))
        wait_until(lambda: self.counted(capture, "count") == 200, capture.text)
        self.assertEqual({row["data"]["version"] for row in self.rows(capture, "count")}, {1})
        self.script("count", "local name = message.qname", 2)  # it looks at more than the one before
        capture.says("taken over anew, from the next window on")
        wait_until(lambda: self.rows(capture, "count")[-1]["data"]["version"] == 2, capture.text)
        self.send("near0", self.queries(100))
        wait_until(lambda: self.counted(capture, "count") == 300, capture.text)
        wait_until(lambda: len(self.children(capture)) == 1, lambda: "the version before has ended")
        capture.end()
        self.assertEqual(self.figures(capture, "count"), (300, 300, 0, 0))
        versions = [row["data"]["version"] for row in self.rows(capture, "count")]
        self.assertEqual(versions, sorted(versions))
        starts = [row["window"]["start"] for row in self.rows(capture, "count")]
        self.assertEqual(len(starts), len(set(starts)))

    def test_a_mistake_is_told_at_once_however_long_windows_are(self):
        self.add_pair(0)
        path = self.script("count")
        capture = self.capture('interface = "far0"', more=REDUCER.format(path=path, more=""), options=["--window", "60"])
        self.send("near0", self.queries(10))
        path.write_text("return {")
        capture.says("the version before goes on")

    def test_a_process_that_is_killed_is_made_anew_and_what_it_had_is_missed(self):
        self.is_killed(signal.SIGKILL, "SIGKILL")

    def test_also_one_that_ends_by_a_signal_without_a_name(self):
        self.is_killed(signal.SIGRTMIN, f"signal {int(signal.SIGRTMIN)}")

    def is_killed(self, how, said):
        self.add_pair(0)
        capture = self.capture('interface = "far0"', more=REDUCER.format(path=self.script("count"), more=""))
        self.send("near0", self.queries(50))
        wait_until(lambda: self.counted(capture, "count") == 50, capture.text)
        before = self.children(capture)
        self.assertEqual(len(before), 1)
        self.send("near0", self.queries(50))
        os.kill(before[0], how)
        capture.says(f"its process was ended by {said}")
        self.send("near0", self.queries(50))
        wait_until(lambda: self.queries_answered(capture) == 150, capture.text)
        self.assertEqual(len(self.children(capture)), 1)
        self.assertNotEqual(self.children(capture), before)
        capture.end()
        given, counted, missed, faults = self.figures(capture, "count")
        self.assertEqual((given, faults), (150, 1))
        self.assertGreaterEqual(counted, 50)
        self.assertEqual(self.queries_answered(capture), 150)

    def test_one_that_hangs_does_not_keep_the_others_waiting(self):
        self.add_pair(0)
        hangs = self.script("hangs", "while message.id == 7 do end")
        more = REDUCER.format(path=hangs, more="time_limit_seconds = 1\nfaults = 2") + REDUCER.format(path=self.script("count"), more="")
        capture = self.capture('interface = "far0"', more=more)
        self.send("near0", self.queries(100))
        wait_until(lambda: self.counted(capture, "count") == 100, capture.text)
        wait_until(lambda: self.queries_answered(capture) == 100, capture.text)
        capture.says("hangs.lua: got nowhere in 1 s of processor time")
        self.send("near0", self.queries(100))
        capture.says("hangs.lua: switched off after 2 faults")
        wait_until(lambda: self.counted(capture, "count") == 200, capture.text)
        capture.end()
        self.assertEqual(self.figures(capture, "count"), (200, 200, 0, 0))
        given, counted, missed, faults = self.figures(capture, "hangs")
        self.assertEqual((given, counted, missed, faults), (200, 0, 200, 2))

    def test_what_has_no_room_is_dropped_and_counted(self):
        self.add_pair(0)
        # A megabyte of names and more fills the ring long before this one has got on.
        slow = self.script("slow", "local name = message.qname for i = 1, 300000 do name = name end")
        capture = self.capture('interface = "far0"', more=REDUCER.format(path=slow, more="time_limit_seconds = 60"))
        for _ in range(40):
            self.send("near0", self.queries(5000))
        wait_until(lambda: self.queries_answered(capture) > 150000, capture.text)
        capture.process.send_signal(signal.SIGUSR1)
        capture.says("scripts missed:")
        self.assertRegex(capture.text(), r"scripts missed: \d+ full")

    def test_the_process_goes_with_its_monitor_also_when_that_is_killed_while_it_loops(self):
        self.add_pair(0)
        capture = self.capture('interface = "far0"', more=REDUCER.format(
            path=self.script("hangs", "while true do end"), more="time_limit_seconds = 3600"))
        self.send("near0", self.queries(10))
        child, = self.children(capture)
        wait_until(lambda: cpu_ticks(child) > 20, capture.text)
        capture.process.kill()
        capture.process.wait()
        wait_until(lambda: not is_running(child), lambda: f"{child} has ended")


def cpu_ticks(pid):
    return int(pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11])


def is_running(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


if __name__ == "__main__":
    main()
