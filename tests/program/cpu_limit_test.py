"""--cpu-limit: less processor time a second, the same result."""
import os
import subprocess
import time
import unittest

from support import RATADNS, ProgramTest, run

WALL_S = 3  # what the limited run shall take


class CpuLimit(ProgramTest):
    def monitor(self, capture, name, *options):
        """Output, processor time and time of a run, in seconds."""
        out = self.folder / f"{name}.jsonl"
        config = self.file(f"{name}.toml", f'server = "ns1"\n[[channel]]\nname = "out"\nurl = "file://{out}"\n'
                                           '[[reducer]]\ntype = "count_by"\nby = ["qname"]\nsend = ["out"]\n')
        begin = time.monotonic()
        process = subprocess.Popen([RATADNS, "monitor", "-c", config, "--source", capture, *options],
                                   stderr=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(process.returncode, 0)
        return out.read_bytes(), used.ru_utime + used.ru_stime, time.monotonic() - begin

    def test_the_share_of_a_core_is_kept_and_the_result_is_the_same(self):
        # Enough for the program's own start, which nobody limits, to be little beside it.
        capture, _ = self.traffic("--packets", 600_000, "--seed", 5)
        expected, cpu, _ = self.monitor(capture, "free")
        limit = min(80, max(1, round(100 * cpu / WALL_S)))
        got, cpu, wall = self.monitor(capture, "limited", "--cpu-limit", str(limit))
        self.assertEqual(got, expected)
        self.assertGreater(wall, WALL_S / 3)
        self.assertLess(cpu / wall, 1.5 * limit / 100)
        shared, cpu, wall = self.monitor(capture, "shared", "--cpu-limit", str(limit), "--threads", "3")
        self.assertEqual(shared, expected)
        self.assertLess(cpu / wall, 2 * limit / 100)

    def test_a_limit_that_is_none_is_refused(self):
        done = run("run", "--cpu-limit", "0", "x.pcap")
        self.assertEqual(done.returncode, 2)
        self.assertIn("--cpu-limit", done.stderr)


if __name__ == "__main__":
    unittest.main()
