"""ratadns show: every message as text, the same octets for any number of threads."""
import os
import pathlib
import struct
import subprocess
import unittest

from support import RATADNS, ProgramTest, pcap, query, query_frame, response_frame, run, wire_name


class Show(ProgramTest):
    def show(self, frames, *options):
        done = run("show", *options, self.file("in.pcap", pcap(frames)))
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def test_a_query_and_its_response(self):
        answer = struct.pack("!6H", 7, 0x8580, 1, 1, 0, 1) + wire_name("www.example") + struct.pack("!2H", 15, 1)
        answer += b"\xc0\x0c" + struct.pack("!2HIH", 15, 1, 300, 8) + b"\0\x0a\3mx1\xc0\x10"
        answer += b"\0" + struct.pack("!2HIH", 41, 1232, 0x8000, 6) + struct.pack("!3H", 15, 2, 3)
        done = self.show([(1, query_frame(query("www.Example", 15))), (1.5, response_frame(answer))])
        self.assertEqual(done.stdout, """\
1 1.000000000 192.0.2.1:5000 > 192.0.2.53:53 udp 29 octets
  id 7, QUERY query, NOERROR, flags rd, counts 1 0 0 0
  QUESTION
    www.Example. IN MX

2 1.500000000 192.0.2.53:53 > 192.0.2.1:5000 udp 66 octets
  id 7, QUERY response, NOERROR, flags aa rd ra, counts 1 1 0 1
  QUESTION
    www.example. IN MX
  ANSWER
    www.example. 300 IN MX 10 mx1.example.
  ADDITIONAL
    . OPT version 0, udp 1232, extended rcode 0, flags do
      EDE: 3 (Stale Answer)
  kind: answer

""")

    def test_where_records_break_off_is_told(self):
        message = struct.pack("!6H", 7, 0x8400, 1, 1, 0, 0) + wire_name("cl") + struct.pack("!2H", 1, 1)
        message += b"\xc0\x0c" + struct.pack("!2HIH", 1, 1, 60, 4) + b"\xc0\0"
        done = self.show([(1, response_frame(message))])
        self.assertIn("\n  broken: ANSWER record 1 at octet 20: rdata ends beyond the message\n  kind: unclear\n",
                      done.stdout)
        self.assertIn("1 written up to their first broken record", done.stderr)

    def test_threads_change_nothing(self):
        capture, _ = self.traffic("--packets", 20000, "--tcp", ".1", "--malformed", ".01")
        one = run("show", capture)
        self.assertEqual(one.returncode, 0, one.stderr)
        self.assertGreater(one.stdout.count("\n\n"), 10000)
        for threads in (2, 3):
            self.assertEqual(run("show", "--threads", threads, capture).stdout, one.stdout)

    def test_messages_that_make_much_text_take_little_memory(self):
        if any(sanitizer in pathlib.Path(RATADNS).read_bytes() for sanitizer in (b"__asan_init", b"__tsan_init")):
            self.skipTest("sanitizers take memory of their own")
        # Records of 16 octets with three names of 1000 letters: a message makes 12 MB of text.
        longest = (b"\x3f" + b"\1" * 63) * 3 + b"\x3d" + b"\1" * 61 + b"\0"
        message = struct.pack("!6H", 7, 0x8400, 1, 4000, 0, 0) + longest + struct.pack("!2H", 14, 1)
        message += (b"\xc0\x0c" + struct.pack("!2HIH", 14, 1, 60, 4) + b"\xc0\x0c" * 2) * 4000
        capture = self.file("in.pcap", pcap([(1, response_frame(message))] * 12))
        process = subprocess.Popen([RATADNS, "show", "--threads", "8", capture], stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(process.returncode, 0)
        self.assertLess(usage.ru_maxrss, 120_000, "KiB")


if __name__ == "__main__":
    unittest.main()
