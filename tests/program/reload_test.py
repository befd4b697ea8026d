"""SIGHUP and ratadns reload: a monitor goes on under another configuration, and loses nothing."""
import contextlib
import json
import re
import signal
import socket
import subprocess
import threading
import time
import unittest
import urllib.request

from support import RATADNS, ProgramTest, pcap, query, query_frame, run

PATIENCE_S = 8
READ_AGAIN = "configuration read again"
STAYS = "the configuration stays as it was"
SPAN = 'server = "ns1"\nwindow = { seconds = %d }\n'
SERVE = '[serve]\nlisten = "127.0.0.1:0"\n'
SCRIPT = '[[reducer]]\nlua = "counts.lua"\nsend = ["out"]\n'
REDUCER = '[[reducer]]\ntype = "QueriesPerSecond"\nsend = [%s]\n'


def config(*channels, seconds=1, more=""):
    """Channels are (name, url and further lines)."""
    text = more + SPAN % seconds
    for name, lines in channels:
        text += f'[[channel]]\nname = "{name}"\n{lines}\n'
    return text + REDUCER % ", ".join(f'"{name}"' for name, _ in channels)


def records(first, count, step_s):
    """Of a capture, behind its header."""
    frame = query_frame(query())
    return pcap([(1000 + (first + i) * step_s, frame) for i in range(count)])[24:]


class Feed(threading.Thread):
    """Writes queries until told to end, as fast as they are taken."""

    def __init__(self, pipe, step_s, pause_s):
        super().__init__()
        self.pipe, self.step_s, self.pause_s = pipe, step_s, pause_s
        self.written, self.ending, self.last_write = 0, threading.Event(), time.monotonic()

    def run(self):
        # A monitor that has been told to end reads no more.
        with contextlib.suppress(BrokenPipeError), self.pipe:
            self.pipe.write(pcap([]))
            while not self.ending.wait(self.pause_s):
                self.pipe.write(records(self.written, 50, self.step_s))
                self.pipe.flush()
                self.written += 50
                self.last_write = time.monotonic()


class Watcher(threading.Thread):
    """Reads the counters of /metrics until told to end, and notes each that falls."""

    def __init__(self, address):
        super().__init__()
        self.address, self.ending = address, threading.Event()
        self.seen, self.fallen = {}, []

    def run(self):
        while not self.ending.wait(0.005):
            with urllib.request.urlopen(self.address, timeout=PATIENCE_S) as answer:
                text = answer.read().decode()
            for name, value in re.findall(r"^(\w+_total(?:\{.*\})?) (\d+)$", text, re.MULTILINE):
                if int(value) < self.seen.get(name, 0):
                    self.fallen.append(f"{name}: {value} after {self.seen[name]}")
                self.seen[name] = int(value)

    def end(self):
        self.ending.set()
        self.join()


class Reload(ProgramTest):
    def start(self, text, command="monitor", step_s=0.01, pause_s=0.002):
        self.path = self.file("config.toml", text)
        self.log = self.folder / "log"
        arguments = ["--source", "-"] if command == "monitor" else ["--listen", "127.0.0.1:0", "-"]
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([RATADNS, command, "-c", self.path, *arguments], stdin=subprocess.PIPE,
                                            stdout=log, stderr=log)
        self.feed = Feed(self.process.stdin, step_s, pause_s)
        self.feed.start()
        self.addCleanup(self.clean_up)

    def clean_up(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.feed.ending.set()
        self.feed.join()

    def await_that(self, condition, what, patience_s=PATIENCE_S):
        end = time.monotonic() + patience_s
        while not condition():
            self.assertLess(time.monotonic(), end, f"{what}; the log: {self.log.read_text()}")
            time.sleep(0.005)

    def reload(self, text, says=READ_AGAIN):
        self.path.write_text(text)
        before = self.log.read_text().count(says)
        self.process.send_signal(signal.SIGHUP)
        self.await_that(lambda: self.log.read_text().count(says) > before, says)

    def await_traffic(self, path):
        """More is sent there than now."""
        before = path.stat().st_size if path.exists() else 0
        self.await_that(lambda: path.exists() and path.stat().st_size > before, f"nothing comes to {path}")

    def end_input(self):
        self.feed.ending.set()
        self.feed.join()
        self.assertEqual(self.process.wait(PATIENCE_S), 0, self.log.read_text())

    def queries_in(self, path):
        return sum(json.loads(line)["data"]["qps"] * json.loads(line)["window"]["seconds"]
                   for line in path.read_text().splitlines())

    def test_nothing_is_lost_whatever_else_changes(self):
        kept, second = self.folder / "kept", self.folder / "second"
        channel, other = ("out", f'url = "file://{kept}"'), ("second", f'url = "file://{second}"')
        self.start(config(channel))
        for text in (config(channel), config(channel, other), config(channel, seconds=2),
                     config(channel, other, seconds=5)):
            self.await_traffic(kept)
            self.reload(text)
        self.await_traffic(second)
        self.end_input()
        self.assertAlmostEqual(self.queries_in(kept), self.feed.written, places=3)
        self.assertGreater(self.queries_in(second), 0)
        self.assertNotIn("dropped", self.log.read_text().replace("0 dropped", ""))

    def test_no_counter_ever_falls_and_the_balance_is_that_of_the_whole_run(self):
        kept, other = self.folder / "kept", self.folder / "other"
        channel, elsewhere = ("out", f'url = "file://{kept}"'), ("out", f'url = "file://{other}"')
        self.file("counts.lua", "local n\nreturn { add = function() n = (n or 0) + 1 end, take = function() return n end }")
        self.start(config(channel) + SCRIPT + SERVE)
        self.await_that(lambda: "metrics: http" in self.log.read_text(), "it serves")
        watcher = Watcher(re.search(r"metrics: (\S+)", self.log.read_text())[1])
        watcher.start()
        self.addCleanup(watcher.end)
        now = kept
        for text, path, says in ((config(channel, seconds=2) + SCRIPT, kept, READ_AGAIN),
                                 (config(elsewhere) + SCRIPT, other, READ_AGAIN), (config(channel), kept, READ_AGAIN),
                                 (config(("out", 'url = "file:///no/such/folder/x"')) + SCRIPT, kept, STAYS),
                                 (config(channel, seconds=5) + SCRIPT, kept, READ_AGAIN)):
            self.await_traffic(now)
            self.reload(text + SERVE, says)
            self.await_traffic(now := path)
        watcher.end()
        self.end_input()
        self.assertEqual(watcher.fallen, [])
        said = self.log.read_text()
        fed, summaries = self.feed.written, [json.loads(line) for path in (kept, other)
                                             for line in path.read_text().splitlines()]
        self.assertRegex(said, rf"frames +{fed} = {fed} decoded")
        self.assertRegex(said, rf"messages +{fed} = {fed} well-formed")
        windows = sum(one["type"] == "QueriesPerSecond" for one in summaries)
        self.assertRegex(said, rf"summaries +{len(summaries)} = {len(summaries)} sent .* of {windows} windows")
        counted = sum(one["data"] for one in summaries if one["type"] == "counts")
        self.assertRegex(said, rf"script +{counted} = {counted} counted \+ 0 waiting \+ 0 missed: counts")
        self.assertNotIn("DO NOT BALANCE", said)

    def test_a_reload_that_fails_leaves_the_script_as_it_was_taken_over(self):
        kept = self.folder / "kept"
        good = config(("out", f'url = "file://{kept}"')) + SCRIPT
        script = "return { add = function() end, take = function() return %d end }"
        path = self.file("counts.lua", script % 1)
        self.start(good)
        self.await_traffic(kept)
        path.write_text(script % 2)
        self.await_that(lambda: "taken over anew" in self.log.read_text(), "the script is taken over")
        self.await_that(lambda: '"type":"counts","serverId":"ns1","data":2' in kept.read_text(), "it counts")
        self.reload(good.replace(str(kept), "/no/such/folder/x"), STAYS)
        before = len(kept.read_text().splitlines())
        self.await_traffic(kept)
        self.end_input()
        later = [one["data"] for one in map(json.loads, kept.read_text().splitlines()[before:]) if one["type"] == "counts"]
        self.assertEqual(set(later), {2})
        self.assertNotIn("missed:", re.sub(r" 0 missed:", "", self.log.read_text()))

    def test_a_bad_configuration_changes_nothing(self):
        kept = self.folder / "kept"
        good = config(("out", f'url = "file://{kept}"'))
        self.start(good)
        self.await_traffic(kept)
        self.reload("window = 3", STAYS)
        self.reload(config(("out", f'url = "file://{self.folder}/no/such/folder"')), STAYS)
        self.reload(good.replace('"QueriesPerSecond"', '"QueriesPerSecond"\nnonsense = 1'), STAYS)
        self.reload("threads = 2\n" + good, "threads or shards is another than before, which needs a new start")
        self.reload(good + '[serve]\nlisten = "127.0.0.1:0"\n', "whether there is a [serve] is another than before")
        self.await_traffic(kept)
        self.end_input()
        self.assertAlmostEqual(self.queries_in(kept), self.feed.written, places=3)

    def test_the_command_finds_who_was_started_with_the_file(self):
        kept = self.folder / "kept"
        self.start(config(("out", f'url = "file://{kept}"')))
        self.await_traffic(kept)
        done = run("reload", "-c", self.path)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(f"told process {self.process.pid};", done.stdout + done.stderr)
        self.await_that(lambda: READ_AGAIN in self.log.read_text(), READ_AGAIN)
        self.assertEqual(run("reload", "-c", self.file("nobodys.toml", self.path.read_text())).returncode, 1)
        self.end_input()

    def test_the_aggregator_of_the_same_process_stays_what_it_is(self):
        text = config(("page", 'url = "memory:"'))
        self.start(text, "run")
        self.await_that(lambda: "watches standard input" in self.log.read_text(), "it starts")
        self.reload(text + "[aggregate]\nspans = [1, 2]\n", "what the aggregator of this process does")
        self.reload(text + '[[group]]\nname = "all"\nservers = ["ns1"]\n', "what the aggregator of this process does")
        self.reload(text + '[serve]\nclients = 8\n')
        self.process.terminate()
        self.process.wait(PATIENCE_S)

    def test_an_aggregator_that_is_down_holds_nothing_up(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        down = f'url = "http://127.0.0.1:{port}"'
        spooled = f'{down}\nspool = {{ path = "{self.folder}/spool", limit_mib = 1 }}'
        for lines in (down, spooled):
            with self.subTest(lines):
                self.start(config(("hub", lines)), step_s=1, pause_s=0)
                # Until nothing is read any more: the channel is full.
                self.await_that(lambda: time.monotonic() - self.feed.last_write > 0.7, "it reads on", 20)
                for text in (config(("hub", lines)), config(("hub", lines), seconds=2)):
                    self.reload(text)
                self.process.send_signal(signal.SIGHUP)  # in the middle of that, too
                self.process.terminate()
                self.process.wait(PATIENCE_S)
                self.feed.join()


if __name__ == "__main__":
    unittest.main()
