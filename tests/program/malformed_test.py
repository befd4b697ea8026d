#!/usr/bin/env python3
"""--keep-malformed: every reason leaves an example that reads as the same reason again."""
import struct
import subprocess
import unittest

from support import RATADNS, TIMEOUT_S, ProgramTest, ipv4, pcap, query, query_frame, run, udp

HEADER = struct.pack("!6H", 7, 0x0100, 1, 0, 0, 0)
REASONS = {
    "short_header": b"\0\7\1",
    "cut_name": HEADER + b"\7exam",
    "bad_label_type": HEADER + b"\x41a\0\0\1\0\1",
    "pointer_in_question": HEADER + b"\xc0\x0c\0\1\0\1",
    "name_too_long": HEADER + (b"\x3f" + b"a" * 63) * 4 + b"\0\0\1\0\1",
    "cut_question": HEADER + b"\1a\0\0\1\0",
}


def segment(sequence, flags, data=b"", sport=6000):
    header = struct.pack("!HHIIBBHHH", sport, 53, sequence, 0, 0x50, flags, 65535, 0, 0)
    return b"\0" * 12 + b"\x08\0" + ipv4(header + data, protocol=6)


def dnstap(message, **addresses):
    """A file of one client query, over UDP, with the addresses given (dnstap.proto: Message is field 14 of Dnstap)."""
    def octets(field, value):
        return bytes((field << 3 | 2, len(value))) + value

    body = bytes((1 << 3, 5, 3 << 3, 1)) + b"".join(
        octets({"query_address": 4, "response_address": 5}[name], value) for name, value in addresses.items())
    body += bytes((7 << 3, 53)) + octets(10, message)
    frame = octets(14, body) + bytes((15 << 3, 1))
    content_type = b"protobuf:dnstap.Dnstap"
    start = struct.pack("!5I", 0, 12 + len(content_type), 2, 1, len(content_type)) + content_type
    return start + struct.pack("!I", len(frame)) + frame + struct.pack("!3I", 0, 4, 3)


class KeepMalformed(ProgramTest):
    def test_each_reason_has_an_example_that_reads_the_same(self):
        frames = [(1 + i, query_frame(message)) for i, message in enumerate(REASONS.values())]
        frames += [(20, query_frame(query()))]
        for i, message in enumerate(REASONS.values()):
            frames += [(30 + i, segment(0, 2, sport=6000 + i)),
                       (30 + i, segment(1, 24, struct.pack("!H", len(message)) + message, sport=6000 + i))]
        kept = self.folder / "kept.pcap"
        got = self.summary("--keep-malformed", kept, self.file("in.pcap", pcap(frames)))
        self.assertEqual(got["malformed"], {reason: 2 for reason in REASONS})
        again = self.summary(kept)
        self.assertEqual(again["malformed"], got["malformed"])
        self.assertEqual(again["dns"]["messages"], 0)
        self.assertEqual(again["packets"], 3 * len(REASONS))
        self.assertEqual((again["first"], again["last"]), ("1.000000000", "35.000000000"))
        self.assertEqual(again["balance"]["frames"]["refused"], 0)

    def test_also_of_ipv6_and_no_more_than_sixteen_a_reason(self):
        message = udp(REASONS["cut_name"])
        frame = (b"\0" * 12 + b"\x86\xdd" + struct.pack("!IHBB", 6 << 28, len(message), 17, 64)
                 + bytes.fromhex("20010db8" + "00" * 11 + "01") + bytes.fromhex("20010db8" + "00" * 11 + "53") + message)
        kept = self.folder / "kept.pcap"
        got = self.summary("--keep-malformed", kept, self.file("in.pcap", pcap([(1, frame)] * 100)))
        self.assertEqual(got["malformed"], {"cut_name": 100})
        self.assertEqual(self.summary(kept)["malformed"], {"cut_name": 16})

    def test_the_monitor_keeps_them_too(self):
        capture = self.file("in.pcap", pcap([(1, query_frame(REASONS["cut_name"])), (2, query_frame(query()))]))
        kept = self.folder / "kept.pcap"
        config = self.file("m.toml", f'keep_malformed = "{kept}"\n[[channel]]\nname = "out"\nurl = "stdout:"\n'
                                     '[[reducer]]\ntype = "QueriesPerSecond"\nsend = [{ channel = "out" }]\n')
        done = run("monitor", "-c", config, "--source", capture)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.summary(kept)["malformed"], {"cut_name": 1})

    def test_a_file_that_cannot_be_written_is_told(self):
        capture = self.file("in.pcap", pcap([(1, query_frame(REASONS["cut_name"]))]))
        done = run("summary", "--keep-malformed", self.folder / "none" / "x.pcap", capture)
        self.assertEqual(done.returncode, 1)
        self.assertIn("x.pcap: cannot be created to keep malformed messages: No such file", done.stderr)
        before = capture.read_bytes()
        done = run("summary", "--keep-malformed", capture, capture)
        self.assertEqual(done.returncode, 1)
        self.assertIn("belongs to the input", done.stderr)
        self.assertEqual(capture.read_bytes(), before)
        done = run("summary", "--keep-malformed", self.folder / "new.pcap", self.folder)
        self.assertIn("new.pcap: malformed messages cannot be kept there", done.stderr)
        done = run("summary", "--keep-malformed", "/dev/full", capture)
        self.assertEqual(done.returncode, 1)
        self.assertIn("/dev/full: cannot be written: No space left on device", done.stderr)

    def test_no_input_is_written_over_whatever_it_is_called(self):
        capture = self.file("in.pcap", pcap([(1, query_frame(REASONS["cut_name"]))]))
        speedy = self.file("in.speedy", run("serialize", self.file("good.pcap", pcap([(1, query_frame(query()))]))).stdout)
        message = dnstap(REASONS["cut_name"], query_address=b"\xc0\0\2\1")
        tap = self.file("in.dnstap", message)
        folder = self.folder / "inputs"
        folder.mkdir()
        inside = folder / "in.pcap"
        inside.write_bytes(capture.read_bytes())
        link = self.folder / "link.pcap"
        link.symlink_to(inside)
        for name, target, argument in (("speedy", speedy, f"speedy:{speedy}"), ("dnstap", tap, f"dnstap:{tap}"),
                                       ("dnstap without its name", tap, tap), ("folder", link, folder),
                                       ("prefixed standard input", speedy, "speedy:-"), ("standard input", capture, "-")):
            with self.subTest(name):
                before = target.read_bytes()
                self.assertNotEqual(before, b"")
                with target.open("rb") as redirected:
                    done = subprocess.run([RATADNS, "summary", "--keep-malformed", target, argument], stdin=redirected,
                                          capture_output=True, text=True, timeout=TIMEOUT_S)
                self.assertIn("belongs to the input", done.stderr)
                self.assertEqual(done.returncode, 1)
                self.assertEqual(target.read_bytes(), before)
        self.assertEqual(sorted(path.name for path in folder.iterdir()), ["in.pcap"])

    def test_what_was_in_the_file_before_is_gone(self):
        capture = self.file("in.pcap", pcap([(1, query_frame(REASONS["cut_name"]))]))
        kept = self.file("kept.pcap", b"x" * 100_000)
        self.summary("--keep-malformed", kept, capture)
        self.assertEqual(self.summary(kept)["malformed"], {"cut_name": 1})

    def test_addresses_of_two_families_or_one_make_an_ipv6_packet(self):
        v6, v4 = bytes.fromhex("20010db8" + "00" * 11 + "01"), bytes((192, 0, 2, 53))
        mapped = bytes(10) + b"\xff\xff" + v4
        for name, addresses, expected in (("the other is missing", {"query_address": v6}, v6 + bytes(16)),
                                          ("the first is missing", {"response_address": v6}, bytes(16) + v6),
                                          ("both", {"query_address": v6, "response_address": v4}, v6 + mapped)):
            with self.subTest(name):
                kept = self.folder / "kept.pcap"
                got = self.summary("--keep-malformed", kept, self.file("in.dnstap", dnstap(REASONS["cut_name"], **addresses)))
                self.assertEqual(got["malformed"], {"cut_name": 1})
                packet = kept.read_bytes()[24 + 16:]
                self.assertEqual((packet[0] >> 4, packet[8:40]), (6, expected))
                self.assertEqual(self.summary(kept)["malformed"], {"cut_name": 1})

    def test_a_stamp_behind_2106_becomes_the_last_one(self):
        frame = query_frame(REASONS["cut_name"])
        ticks = 2**32 * 10**6 + 5
        blocks = [(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)), (1, struct.pack("<HHI", 1, 0, 0)),
                  (6, struct.pack("<5I", 0, ticks >> 32, ticks & 0xFFFFFFFF, len(frame), len(frame)) + frame)]
        content = b""
        for kind, body in blocks:
            body += b"\0" * (-len(body) % 4)
            content += struct.pack("<II", kind, 12 + len(body)) + body + struct.pack("<I", 12 + len(body))
        kept = self.folder / "kept.pcap"
        self.summary("--keep-malformed", kept, self.file("in.pcapng", content))
        self.assertEqual(self.summary(kept)["first"], "4294967295.999999999")


if __name__ == "__main__":
    unittest.main()
