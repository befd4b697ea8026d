"""At any rate every packet that reached the interface is in the books: counted, or lost by the kernel."""
import json
import subprocess
import unittest

from live_capture import SEND, LiveTest, arrived
from namespace import ROOT, main
from support import TRAFFIC

SECONDS = 1


class Rates(LiveTest):
    def trace(self):
        """All of it passes the built-in filter: what the kernel filters is in no book."""
        path = self.folder / "trace.pcap"
        subprocess.run([TRAFFIC, "--packets", "20000", "--noise", "0", "--out", path, "--manifest", "/dev/null"],
                       check=True, cwd=ROOT)
        return path

    def test_the_balance_closes_at_every_rate(self):
        trace = self.trace()
        self.add_pair(0)
        for rate, ring_mib in ((2_000, 32), (50_000, 32), (0, 1)):  # 0: as fast as it goes
            with self.subTest(rate=rate):
                before = arrived("far0")
                capture = self.capture(f'interface = "far0"\nring_mib = {ring_mib}')
                sent = json.loads(subprocess.run([SEND, trace, "--interface", "near0", "--rate", str(rate), "--seconds",
                                                  str(SECONDS)], check=True, capture_output=True).stdout)
                frames, lost = capture.end()
                came = arrived("far0") - before
                self.assertGreater(came, 0.9 * sent["frames"])
                self.assertEqual(frames + lost, came, capture.text())
                if rate == 2_000:
                    self.assertEqual(lost, 0)


if __name__ == "__main__":
    main()
