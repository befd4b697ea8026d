"""The balance: on standard error at the end where something was lost or it is asked for, and whenever SIGUSR1 asks."""
import json
import os
import re
import select
import signal
import subprocess
import threading
import time
import unittest
import urllib.error
import urllib.request

from support import RATADNS, TIMEOUT_S, ProgramTest, pcap, query, query_frame, response, response_frame, run

FRAMES = [(100 + i, query_frame(query(ident=i))) for i in range(5)] + [(105, query_frame(b"\0\1"))]
OTHER_PORT = query_frame(query())[:36] + b"\x13\x89" + query_frame(query())[38:]


class Running:
    """A process that reads a capture from a pipe, and what it has said."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen([RATADNS, *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        self.said, self.out = "", b""
        self.reader = threading.Thread(target=self.drain)
        self.reader.start()

    def drain(self):
        self.out = self.process.stdout.read()

    def feed(self, octets):
        self.process.stdin.write(octets)
        self.process.stdin.flush()

    def hear(self, pattern, nudge=None):
        """Reads standard error until the pattern stands there; `nudge` is done again and again meanwhile."""
        until = time.monotonic() + TIMEOUT_S
        while time.monotonic() < until:
            found = re.search(pattern, self.said)
            if found:
                return found
            if nudge:
                nudge()
            if select.select([self.process.stderr], [], [], 0.3)[0]:
                piece = os.read(self.process.stderr.fileno(), 65536)
                if not piece:
                    break
                self.said += piece.decode()
        raise AssertionError(f"{pattern} was not said, but: {self.said}")

    def ignores(self):
        """Before it has come so far, SIGUSR1 would end it."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            masks = dict(re.findall(r"(Sig\w+):\s*(\w+)", status.read()))
        return any(int(masks[kind], 16) >> (signal.SIGUSR1 - 1) & 1 for kind in ("SigIgn", "SigBlk"))

    def ask(self):
        if self.ignores():
            self.process.send_signal(signal.SIGUSR1)

    def end(self, by_signal=False):
        """`by_signal`: it ends of itself. An input that ends in the same moment could be the reason as well."""
        if not by_signal:
            self.process.stdin.close()
        self.said += self.process.stderr.read().decode()
        self.process.stdin.close()
        self.reader.join(TIMEOUT_S)
        self.process.stdout.close()
        self.process.stderr.close()
        return self.process.wait(TIMEOUT_S)


class Balance(ProgramTest):
    def config(self, more=""):
        return self.file("m.toml", f'server = "ns1"\n{more}\n[[channel]]\nname = "out"\nurl = "stdout:"\n'
                                   '[[reducer]]\ntype = "QueriesPerSecond"\nsend = [{ channel = "out" }]\n')

    def commands(self):
        return {"summary": ["summary", "--json", "-"], "serialize": ["serialize"], "show": ["show", "--threads", "2"],
                "monitor": ["monitor", "-c", self.config(), "--source", "-"],
                "run": ["run", "--listen", "127.0.0.1:0", "-"]}

    def test_sigusr1_prints_it_and_the_work_goes_on(self):
        whole = pcap(FRAMES)
        for name, arguments in self.commands().items():
            with self.subTest(name):
                running = Running(*arguments)
                try:
                    running.feed(whole[:24])
                    running.feed(pcap(FRAMES[:3])[24:])
                    time_to_read = re.compile(r"standard input, 3 frames so far:\nframes +3 = 3 decoded \+ 0 filtered")
                    running.hear(time_to_read, running.ask)
                    running.feed(pcap(FRAMES[3:])[24:])
                    if name == "run":
                        running.hear("read to its end|6 frames so far", running.ask)
                        running.process.send_signal(signal.SIGINT)
                finally:
                    status = running.end()
                self.assertEqual(status, 0, running.said)
                self.assertNotIn(b"decoded +", running.out)
                if name != "summary":
                    self.assertRegex(running.said, r"(?<!so far:)\nframes +6 = 6 decoded")
                    self.assertIn("messages malformed: 1 short_header (first: frame 6)", running.said)
                else:
                    self.assertEqual(json.loads(running.out)["balance"]["frames"]["in"], 6)

    def test_at_the_end_of_show_and_serialize_where_something_was_lost_or_on_request(self):
        sound = self.file("sound.pcap", pcap(FRAMES[:5] + [(106, OTHER_PORT)]))
        lost = self.file("lost.pcap", pcap(FRAMES))
        for command in ("show", "serialize"):
            with self.subTest(command):
                self.assertEqual(run(command, sound).stderr, "")
                asked = run(command, "--balance", sound)
                self.assertRegex(asked.stderr, r"^frames +6 = 5 decoded \+ 1 filtered \+ 0 refused\n")
                self.assertEqual(asked.stdout, run(command, sound).stdout)
                told = run(command, lost)
                self.assertEqual(told.returncode, 0)
                self.assertRegex(told.stderr, r"messages +6 = 5 well-formed \+ 1 malformed\n")
                self.assertNotIn("malformed:", told.stdout)

    def test_on_ctrl_c_it_covers_what_was_read(self):
        for name in ("show", "serialize", "monitor"):
            with self.subTest(name):
                running = Running(*self.commands()[name])
                running.feed(pcap(FRAMES[:3]))
                running.hear("3 frames so far", running.ask)
                running.process.send_signal(signal.SIGINT)
                running.end(by_signal=True)
                self.assertRegex(running.said, r"(?<!so far:)\nframes +3 = 3 decoded")

    def test_the_monitor_has_a_listener_of_its_own(self):
        running = Running("monitor", "-c", self.config('[serve]\nlisten = "127.0.0.1:0"'), "--source", "-")
        try:
            running.feed(pcap(FRAMES[:3] + [(104, response_frame(response()))]))
            base = running.hear(r"metrics: (http://127\.0\.0\.1:\d+/)metrics\n")[1]
            until = time.monotonic() + TIMEOUT_S
            metrics = ""
            while "ratadns_frames_in_total 4" not in metrics and time.monotonic() < until:
                metrics = urllib.request.urlopen(base + "metrics", timeout=TIMEOUT_S).read().decode()
            health = urllib.request.urlopen(base + "healthz", timeout=TIMEOUT_S).read()
            with self.assertRaises(urllib.error.HTTPError) as page:
                urllib.request.urlopen(base, timeout=TIMEOUT_S)
            page.exception.close()
        finally:
            status = running.end()
        self.assertEqual(status, 0, running.said)
        self.assertEqual(health, b"ok\n" if health.endswith(b"\n") else b"ok")
        self.assertIn('ratadns_messages_malformed_by_reason_total{reason="short_header"} 0\n', metrics)
        self.check_is_prometheus_text(metrics)
        self.check_every_metric_is_listed(metrics)

    def check_is_prometheus_text(self, text):
        """Each family has one head before its samples, and these stand together."""
        families = re.findall(r"^# TYPE (\S+) (?:counter|gauge)$", text, re.MULTILINE)
        self.assertEqual(len(families), len(set(families)))
        current = None
        for line in text.splitlines():
            if line.startswith("# TYPE"):
                current = line.split()[2]
            elif not line.startswith("#"):
                self.assertEqual(re.match(r"[a-z0-9_]+", line)[0], current, line)
                self.assertRegex(line, r'^\w+(\{(reason|channel)="[^"]+"\})? \d+$')

    def check_every_metric_is_listed(self, text):
        listed = run("list", "metrics", "--format", "names").stdout.split()
        shown = re.findall(r"^# TYPE (\S+)", text, re.MULTILINE)
        self.assertEqual(sorted(set(shown) - set(listed)), [])
        rows = run("list", "metrics", "--format", "markdown").stdout
        of_aggregators = set(re.findall(r"^\| `(\w+)` .*\| `aggregator` \|$", rows, re.MULTILINE))
        only_elsewhere = {name for name in set(listed) - set(shown) - of_aggregators
                          if "aggregator" not in name and "lacking" not in name}
        self.assertEqual(only_elsewhere, set())


if __name__ == "__main__":
    unittest.main()
