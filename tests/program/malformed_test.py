#!/usr/bin/env python3
"""--keep-malformed: every reason leaves an example that reads as the same reason again."""
import struct
import unittest

from support import ProgramTest, ipv4, pcap, query, query_frame, run, udp

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


if __name__ == "__main__":
    unittest.main()
