"""dnstap: files and pipes, and writers that speak Frame Streams to a Unix socket or over TCP."""
import json
import os
import shutil
import signal
import socket
import stat
import struct
import subprocess
import time
import unittest

from support import RATADNS, TIMEOUT_S, ProgramTest, query, response, run

CONTENT = b"protobuf:dnstap.Dnstap"
ACCEPT, START, STOP, READY, FINISH = range(1, 6)


def word(number):
    return struct.pack("!I", number)


def control(kind, *contents):
    payload = word(kind) + b"".join(word(1) + word(len(content)) + content for content in contents)
    return word(0) + word(len(payload)) + payload


def data(payload):
    return word(len(payload)) + payload


def varint(number):
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def number_field(ident, number):
    return varint(ident << 3) + varint(number)


def octets_field(ident, octets):
    return varint(ident << 3 | 2) + varint(len(octets)) + octets


def message(kind, dns, protocol=1, seconds=1_700_000_000, port=40000):
    """A data frame; `kind` is odd for queries, even for responses."""
    is_query = kind % 2 == 1
    fields = number_field(1, kind) + number_field(3, protocol)
    fields += octets_field(4, bytes([192, 0, 2, 1])) + octets_field(5, bytes([192, 0, 2, 53]))
    fields += number_field(6, port) + number_field(7, 53)
    fields += number_field(8 if is_query else 12, seconds) + octets_field(10 if is_query else 14, dns)
    return data(octets_field(14, fields) + number_field(15, 1))


def stream(*messages):
    return control(START, CONTENT) + b"".join(messages) + control(STOP)


class DnstapFileTest(ProgramTest):
    def test_transports_are_shown_as_they_were(self):
        frames = [message(5, query(), protocol) + message(6, response(), protocol) for protocol in range(1, 8)]
        capture = self.file("x.dnstap", stream(*frames))
        for name in (capture, f"dnstap:{capture}"):
            dns = self.summary(name)["dns"]
            self.assertEqual((dns["queries"], dns["responses"]), (7, 7))
            for transport in ("udp", "tcp", "dot", "doh", "doq", "dnscrypt_udp", "dnscrypt_tcp"):
                self.assertEqual(dns[transport], 2, transport)

    def test_standard_input_is_read_with_the_prefix(self):
        done = run("summary", "--json", "dnstap:-", stdin=stream(message(1, query())))
        self.assertEqual((done.returncode, json.loads(done.stdout)["dns"]["queries"]), (0, 1))

    def test_what_cannot_be_read_is_counted(self):
        capture = self.file("x.dnstap", stream(message(1, query()), data(b"\x7b"), data(number_field(15, 1))))
        balance = self.summary(capture)["balance"]["frames"]
        self.assertEqual(balance["refused_by_reason"], {"bad_record": 1})
        self.assertEqual(balance["filtered_by_reason"], {"no_message": 1})

    def test_a_cut_file_gives_what_was_whole(self):
        capture = self.file("x.dnstap", stream(message(1, query()), message(1, query()))[:-30])
        done = run("summary", "--json", capture)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(json.loads(done.stdout)["dns"]["queries"], 1)
        self.assertIn("x.dnstap: cut at offset", done.stderr)

    def test_a_message_without_any_time_is_in_no_window(self):
        fields = number_field(1, 5) + octets_field(10, query())
        timeless = data(octets_field(14, fields) + number_field(15, 1))
        capture = self.file("x.dnstap", stream(timeless, message(1, query())))
        config = self.file("m.toml", MONITOR)
        done = run("monitor", "-c", config, "--source", capture)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("frames refused: 1 no_time", done.stderr)
        self.assertEqual(self.summary(capture)["first"], "1700000000.000000000")

    def test_listening_is_for_run_and_monitor(self):
        done = run("summary", f"dnstap:{self.folder}/d.sock")
        self.assertEqual(done.returncode, 1)
        self.assertIn("is a place to listen at; this command reads captures", done.stderr)
        self.assertFalse((self.folder / "d.sock").exists())


MONITOR = """
server = "ns1"
[[channel]]
name = "out"
url = "stdout:"
[[reducer]]
type = "count_by"
name = "names"
by = "qname"
send = [{ channel = "out" }]
"""


class DnstapSocketTest(ProgramTest):
    def start(self, where, wait_for):
        """A monitor that listens; returns once it does."""
        config = self.file("m.toml", MONITOR)
        self.errors = open(self.folder / "stderr", "w+b")
        self.addCleanup(self.errors.close)
        process = subprocess.Popen([RATADNS, "monitor", "-c", config, "--source", f"dnstap:{where}"],
                                   stdout=subprocess.PIPE, stderr=self.errors)
        self.addCleanup(lambda: process.poll() is None and process.kill())
        self.until(wait_for, process)
        return process

    def until(self, condition, process):
        """No sleeping: asks again until it holds, or the program is gone, or TIMEOUT_S have passed."""
        end = time.monotonic() + TIMEOUT_S
        while not condition():
            self.assertIsNone(process.poll(), self.stderr())
            self.assertLess(time.monotonic(), end, self.stderr())
            os.sched_yield()

    def stderr(self):
        return (self.folder / "stderr").read_text()

    def listening_unix(self):
        path = self.folder / "d.sock"

        def there():
            try:
                return stat.S_IMODE(path.stat().st_mode) == 0o660 and self.connects(path)
            except FileNotFoundError:
                return False
        return self.start(path, there), path

    @staticmethod
    def connects(path):
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(path)) == 0

    def connect(self, path):
        writer = socket.socket(socket.AF_UNIX)
        writer.settimeout(TIMEOUT_S)
        writer.connect(str(path))
        self.addCleanup(writer.close)
        return writer

    def end(self, process, number=signal.SIGTERM):
        """Stops it; the names counted, by how often."""
        process.send_signal(number)
        out, _ = process.communicate(timeout=TIMEOUT_S)
        names = {}
        for line in out.decode().splitlines():
            for name, count in json.loads(line)["data"].items():
                names[name] = names.get(name, 0) + count
        return names

    def all_taken(self, writer):
        """Waits until the reader has closed or answered: what was sent before has been read."""
        writer.shutdown(socket.SHUT_WR)
        while writer.recv(100):
            pass

    def shake_hands(self, writer, sent):
        writer.sendall(control(READY, b"text:other", CONTENT))
        self.assertEqual(self.receive(writer, len(control(ACCEPT, CONTENT))), control(ACCEPT, CONTENT))
        writer.sendall(control(START, CONTENT) + sent + control(STOP))
        self.assertEqual(self.receive(writer, len(control(FINISH))), control(FINISH))

    @staticmethod
    def receive(writer, size):
        return writer.recv(size, socket.MSG_WAITALL)

    def test_both_kinds_of_writers_are_heard_and_the_socket_goes_at_the_end(self):
        process, path = self.listening_unix()
        two = self.connect(path)
        one = self.connect(path)
        one.sendall(control(START, CONTENT) + message(1, query("one.example")))
        self.shake_hands(two, message(1, query("two.example")))  # while the other is under way
        one.sendall(message(1, query("one.example")) + control(STOP))
        self.all_taken(one)
        self.assertEqual(self.end(process), {"one.example.": 2, "two.example.": 1})
        self.assertEqual(process.returncode, 0, self.stderr())
        self.assertFalse(path.exists())

    def test_a_writer_that_breaks_does_not_touch_the_others(self):
        process, path = self.listening_unix()
        good, cut, wrong, large = (self.connect(path) for _ in range(4))
        good.sendall(control(READY))
        self.assertEqual(self.receive(good, len(control(ACCEPT))), control(ACCEPT))
        cut.sendall(control(START, CONTENT) + message(1, query("whole.example")) + message(1, query())[:-1])
        self.all_taken(cut)
        wrong.sendall(control(READY, b"text:log"))
        self.assertEqual(wrong.recv(100), b"")
        large.sendall(control(START) + word(1 << 20 | 1))
        self.assertEqual(large.recv(100), b"")
        good.sendall(control(START) + message(1, query("good.example")) + control(STOP))
        self.assertEqual(self.receive(good, len(control(FINISH))), control(FINISH))
        self.assertEqual(self.end(process, signal.SIGINT), {"good.example.": 1, "whole.example.": 1})
        self.assertEqual(process.returncode, 0, "the service is sound")
        for said in ("was cut inside a frame: ", 'the content is "text:log"; "protobuf:dnstap.Dnstap" is accepted',
                     "a data frame says that it has 1048577 octets; at most 1048576 are read"):
            self.assertEqual(self.stderr().count(said), 1, self.stderr())
        self.assertFalse(path.exists())

    def test_tcp_listens_on_loopback_and_says_where(self):
        process = self.start("tcp:127.0.0.1:0", lambda: "listens" in self.stderr())
        port = int(self.stderr().split("dnstap:tcp:127.0.0.1:")[1].split(":")[0])
        with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S) as writer:
            self.shake_hands(writer, message(1, query("tcp.example")))
        self.assertEqual(self.end(process), {"tcp.example.": 1})

    def test_beyond_loopback_has_to_be_asked_for(self):
        for address in ("0.0.0.0:0", "[::]:0", "192.0.2.1:6000"):
            done = run("monitor", "-c", self.file("m.toml", MONITOR), "--source", f"dnstap:tcp:{address}")
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"dnstap:tcp-open:{address}", done.stderr)
        process = self.start("tcp-open:0.0.0.0:0", lambda: "listens" in self.stderr())
        self.assertEqual(self.end(process), {})

    def test_what_stands_at_the_path(self):
        process, path = self.listening_unix()
        config = self.file("m2.toml", MONITOR)
        done = run("monitor", "-c", config, "--source", f"dnstap:{path}")
        self.assertIn("another program listens at this socket already", done.stderr)
        self.assertEqual(done.returncode, 1)
        self.assertTrue(path.exists())
        process.kill()
        process.wait()
        process.stdout.close()
        self.assertTrue(path.exists(), "nobody took it away")
        process, path = self.listening_unix()  # a socket that nobody serves is replaced
        self.assertEqual(self.end(process), {})
        done = run("monitor", "-c", config, "--source", f"dnstap:{self.folder}")
        self.assertIn("is neither a file nor a socket", done.stderr)
        done = run("monitor", "-c", config, "--source", f"dnstap:{self.folder}/no/such/folder.sock")
        self.assertIn("a socket cannot be made there: No such file or directory", done.stderr)
        done = run("monitor", "-c", config, "--source", "dnstap:tcp:localhost:53")
        self.assertIn('"localhost:53" is no ADDRESS:PORT such as 127.0.0.1:6000', done.stderr)

    def test_check_tries_the_socket_and_leaves_nothing_behind(self):
        path = self.folder / "d.sock"
        config = self.file("c.toml", f'{MONITOR}\n[[source]]\ndnstap = "{path}"\n[serve]\nlisten = "127.0.0.1:0"\n')
        done = run("check", config)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn(f"ok      source dnstap:{path}: can be listened at", done.stdout)
        self.assertFalse(path.exists())

    @unittest.skipUnless(shutil.which("fstrm_replay"), "fstrm_replay is not installed (fstrm-bin)")
    def test_the_writer_of_fstrm_is_heard(self):
        capture = self.file("x.dnstap", stream(*[message(1, query("fstrm.example"))] * 500))
        process, path = self.listening_unix()
        subprocess.run(["fstrm_replay", "-t", CONTENT, "-u", path, "-r", capture], check=True, timeout=TIMEOUT_S)
        self.assertEqual(self.end(process), {"fstrm.example.": 500})


if __name__ == "__main__":
    unittest.main()
