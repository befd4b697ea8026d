#!/usr/bin/env python3
"""--threads: the same bytes for any number of threads, and servers told apart in one monitor."""
import collections
import json
import struct
import subprocess
import unittest

from support import RATADNS, TIMEOUT_S, ProgramTest, ipv4, pcap, query, run, udp

THREADS = (1, 2, 3, 8)

# Small enough that tables, streams and datagrams overflow.
LIMITS = """
[limits]
streams = 128
stream_octets = 65537
streams_octets = 524296
datagrams = 2
"""

REDUCERS = """
[[channel]]
name = "out"
url = "stdout:"
[[reducer]]
type = "QueriesPerSecond"
send = ["out"]
[[reducer]]
type = "QueriesNameCounter"
send = ["out"]
[[reducer]]
type = "TopKWithIP"
send = ["out"]
[[reducer]]
type = "count_by"
name = "small"
by = ["qname", "client"]
limit = [20, 2]
cells = 200
send = ["out"]
[[reducer]]
type = "count_by"
name = "rcodes"
by = ["rcode", "transport"]
where = "response"
send = ["out"]
"""


class Threads(ProgramTest):
    def capture(self):
        """TCP, fragments and damage beyond what occurs, a flood of random names; and then more unfinished messages and
        datagrams than are kept."""
        capture, _ = self.traffic("--packets", 40000, "--qps", 5000, "--seed", 11, "--tcp", .2, "--frag", .05, "--malformed",
                                  .02, "--noise", .02, "--attack", "1:3:.6")
        frames = []
        for i in range(400):
            client, head = (198, 51, 100, i % 250), b"\0" * 12 + b"\x08\0"
            fragment = ipv4(udp(query(), 7000 + i)[:24], client)
            fragment = fragment[:4] + struct.pack("!HH", i, 0x2000) + fragment[8:]
            packets = [ipv4(self.segment(6000 + i, 0, 2), client, protocol=6),
                       ipv4(self.segment(6000 + i, 1, 24, b"\0\x40" + query()[:20]), client, protocol=6), fragment]
            frames += [(1_700_000_015 + i * .01, head + packet) for packet in packets]
        capture.write_bytes(capture.read_bytes() + pcap(frames)[24:])
        return capture

    def segment(self, port, sequence, flags, data=b""):
        return struct.pack("!HHIIBBHHH", port, 53, sequence, 0, 0x50, flags, 65535, 0, 0) + data

    def output(self, *arguments, capture, pipe=None):
        """Standard output, what was said about the balance, and the malformed messages that were kept. `pipe`: the
        input comes through one, so many octets at a time."""
        kept = self.folder / "kept.pcap"
        command = [RATADNS, *map(str, arguments), "--keep-malformed", kept]
        with (self.folder / "out").open("wb") as out, (self.folder / "err").open("wb") as err:
            process = subprocess.Popen(command, stdin=subprocess.PIPE if pipe else subprocess.DEVNULL, stdout=out, stderr=err)
        if pipe:
            octets = capture.read_bytes()
            for at in range(0, len(octets), pipe):
                process.stdin.write(octets[at:at + pipe])
                process.stdin.flush()
            process.stdin.close()
        self.assertEqual(process.wait(TIMEOUT_S), 0, (self.folder / "err").read_text())
        return (self.folder / "out").read_bytes(), (self.folder / "err").read_bytes(), kept.read_bytes()

    def same_for_all(self, arguments, capture, pipes=()):
        """`arguments`: a function of what names the input."""
        expected = self.output(*arguments(capture), "--threads", 1, capture=capture)
        self.assertTrue(expected[0])
        for threads in THREADS[1:]:
            with self.subTest(threads=threads):
                self.assertEqual(self.output(*arguments(capture), "--threads", threads, capture=capture), expected)
        for threads, pipe in pipes:
            with self.subTest(threads=threads, pipe=pipe):
                got = self.output(*arguments("-"), "--threads", threads, capture=capture, pipe=pipe)
                self.assertEqual(got[0].replace(b'"file": "-"', b'"file": "%s"' % str(capture).encode()), expected[0])
                self.assertEqual(got[2], expected[2])
        return expected

    def test_summary_gives_the_same_bytes(self):
        capture = self.capture()
        out, _, kept = self.same_for_all(lambda source: ("summary", "--json", source), capture, [(3, 4099), (2, 100003)])
        summary = json.loads(out)
        self.assertGreater(summary["dns"]["tcp"], 1000)
        self.assertGreater(sum(summary["malformed"].values()), 32)
        self.assertGreater(len(kept), 24)
        self.same_for_all(lambda source: ("summary", "--only", "counts", source), capture)

    def test_monitor_gives_the_same_bytes(self):
        capture = self.capture()
        for window in ("{ seconds = 1 }", "{ seconds = 1, lateness = 0 }", "{ packets = 777, flush = true }"):
            config = self.file("config.toml", f'server = "ns1"\nwindow = {window}\n{LIMITS}{REDUCERS}')
            with self.subTest(window):
                out, err, _ = self.same_for_all(lambda source: ("monitor", "-c", config, "--source", source), capture,
                                                [(2, 4099), (8, 100003)])
                self.assertGreater(len(out.splitlines()), 20)
                self.assertIn(b" limit\n", err)
                self.assertIn(b"given up", err)
                self.assertTrue(any(row["loss"].get("key_error") for row in map(json.loads, out.splitlines())))
                self.assertNotIn(b"DO NOT BALANCE", err)

    def test_messages_without_frames_do_too(self):
        records = self.file("records.json", subprocess.run([RATADNS, "serialize", self.capture()], check=True,
                                                           capture_output=True, timeout=TIMEOUT_S).stdout)
        self.same_for_all(lambda source: ("summary", "--json", f"speedy:{source}"), records)
        config = self.file("config.toml", f"window = {{ packets = 777 }}\n{REDUCERS}")
        self.same_for_all(lambda source: ("monitor", "-c", config, "--source", f"speedy:{source}"), records)

    def test_the_configuration_says_how_many_and_the_command_line_goes_before_it(self):
        capture, _ = self.traffic("--packets", 2000)
        for good in ("threads = 1", "threads = 64"):
            done = run("monitor", "-c", self.file("c.toml", f"{good}\n{REDUCERS}"), "--source", capture)
            self.assertEqual(done.returncode, 0, done.stderr)
        for bad in ("threads = 0", "threads = 65", "threads = \"many\""):
            done = run("monitor", "-c", self.file("c.toml", f"{bad}\n{REDUCERS}"), "--source", capture)
            self.assertEqual(done.returncode, 2)
            self.assertIn("threads", done.stderr)
            self.assertIn("1 to 64", done.stderr)
        for command in (("summary", capture), ("monitor", "-c", self.folder / "c.toml"), ("run", capture)):
            for bad in ("0", "65", "-1", "x", "1.5"):
                done = run(*command, "--threads", bad)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn("--threads", done.stderr)


class Servers(ProgramTest):
    def frames(self, count, servers):
        """Queries of one client a second, to each of the servers in turn, and their answers."""
        frames = []
        for i in range(count):
            server = servers[i % len(servers)]
            asked, client = query(f"n{i}.example"), (192, 0, 2, 1 + i % 9)
            frames.append((1_700_000_000 + i * .01, b"\0" * 12 + b"\x08\0" + ipv4(udp(asked), client, server)))
            frames.append((1_700_000_000 + i * .01, b"\0" * 12 + b"\x08\0" + ipv4(udp(query(flags=0x8180), 53, 5000), server,
                                                                                     client)))
        return pcap(frames)

    def rows(self, config, *arguments):
        done = run("monitor", "-c", self.file("config.toml", config), *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()], done.stdout

    def test_servers_are_told_apart_by_address_and_by_input(self):
        a, b, c = (198, 51, 100, 1), (198, 51, 100, 77), (203, 0, 113, 5)
        first, second = self.file("1.pcap", self.frames(600, [a, b, c])), self.file("2.pcap", self.frames(300, [a, c]))
        text = f"""
[[source]]
file = "{first}"
[[source]]
file = "{second}"
server = "other link"
[[server]]
name = "a"
addresses = "198.51.100.1"
[[server]]
name = "net"
addresses = ["198.51.100.0/24", "2001:db8::/32"]
[[server]]
name = "silent"
addresses = "2001:db8::53"
[[server]]
name = "rest"
{REDUCERS}"""
        outputs = set()
        for threads in THREADS:
            for window in ("{ seconds = 1 }", "{ packets = 100, flush = true }"):
                rows, out = self.rows(f"window = {window}\nthreads = {threads}\n" + text)
                outputs.add(out)
                asked = collections.Counter()
                for row in rows:
                    if row["type"] == "QueriesPerSecond":
                        asked[row["serverId"]] += row["data"]["qps"] if "seconds" in window else 0
                    self.assertEqual(row["monitor"], "rest")
                numbers = collections.defaultdict(list)
                for row in rows:
                    numbers[row["serverId"], row["type"]].append(row["id"]["sequence"])
                for sequence in numbers.values():
                    self.assertEqual(sequence, list(range(len(sequence))))
                if "seconds" in window:
                    self.assertEqual(asked, {"a": 350, "net": 200, "silent": 0, "rest": 200, "other link": 150})
                    self.assertEqual(len(numbers["silent", "rcodes"]), len(numbers["a", "rcodes"]))
        self.assertEqual(len(outputs), 2, "one for each kind of window")

    def test_what_contradicts_itself_is_refused(self):
        for text, message in {
            '[[server]]\nname = "a"\naddresses = "192.0.2.300"\n': '"192.0.2.300" is no address or network',
            '[[server]]\nname = "a"\naddresses = "192.0.2.1/24"\n': "the network is 192.0.2.0/24",
            '[[server]]\naddresses = "192.0.2.1"\n': 'needs name = "..."',
            '[[server]]\nname = "a"\n[[server]]\nname = "b"\n': "only one server can have what is nobody else's",
            '[[server]]\nname = "a"\naddresses = "192.0.2.1"\n[[server]]\nname = "b"\naddresses = ["192.0.2.1/32"]\n':
                'the address 192.0.2.1/32 is of the servers "a" and "b"',
            '[[server]]\nname = "a"\naddresses = "192.0.2.1"\n[[server]]\nname = "a"\naddresses = "192.0.2.2"\n':
                'two [[server]] tables have the name "a"',
            'server = 7\n': "has to be text",
        }.items():
            with self.subTest(text):
                done = run("check", self.file("c.toml", text + REDUCERS))
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn(message, done.stderr)


if __name__ == "__main__":
    unittest.main()
