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
        capture, _ = self.traffic("--packets", 600_000, "--seed", 5)
        expected, cpu, _ = self.monitor(capture, "free")
        # Nobody limits how the program starts and ends, and a busy machine makes that dearer: it only has to take clearly
        # longer than the same work would without a pause. How exact the share is, a clock of the unit tests says.
        limit = min(20, max(1, round(100 * cpu / WALL_S)))
        for threads in "1", "3":
            got, cpu, wall = self.monitor(capture, f"limited-{threads}", "--cpu-limit", str(limit), "--threads", threads)
            self.assertEqual(got, expected)
            self.assertGreater(wall, WALL_S / 3)
            self.assertLess(cpu, wall / 2)

    def test_a_limit_that_is_none_is_refused(self):
        done = run("run", "--cpu-limit", "0", "x.pcap")
        self.assertEqual(done.returncode, 2)
        self.assertIn("--cpu-limit", done.stderr)


if __name__ == "__main__":
    unittest.main()
