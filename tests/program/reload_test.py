"""SIGHUP and ratadns reload: a monitor goes on under another configuration, and loses nothing."""
import contextlib
import json
import signal
import socket
import subprocess
import threading
import time
import unittest

from support import RATADNS, ProgramTest, pcap, query, query_frame, run

PATIENCE_S = 8
READ_AGAIN = "configuration read again"
STAYS = "the configuration stays as it was"
SPAN = 'server = "ns1"\nwindow = { seconds = %d }\n'
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
