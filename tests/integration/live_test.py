"""Live capture on pairs of interfaces: what is sent into `nearN` comes out of `farN`, where ratadns listens."""
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

from namespace import PATIENCE_S, RATADNS, call, main, wait_until

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "program"))
from support import query, query_frame, response_frame  # noqa: E402

CONFIG = """
{top}
window = {{ seconds = 1 }}
[[source]]
{source}
[serve]
listen = "127.0.0.1:0"
[[channel]]
name = "out"
url = "file://{out}"
[[reducer]]
type = "QueriesPerSecond"
send = ["out"]
"""


class Capture:
    """`ratadns run` with the interfaces of a configuration."""

    def __init__(self, folder, source, top="", options=()):
        self.out, self.log = folder / "summaries.jsonl", folder / "log"
        config = folder / "run.toml"
        config.write_text(CONFIG.format(top=top, source=source, out=self.out))
        folder.chmod(0o755)
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([RATADNS, "run", "-c", config, *options], stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL)
        # The rings are open before this is said.
        wait_until(lambda: " watches " in self.text() or self.process.poll() is not None, self.text)
        if "is not permitted to this user" in self.text():
            raise unittest.SkipTest(self.text())

    def text(self):
        return self.log.read_text(errors="replace")

    def says(self, what):
        wait_until(lambda: what in self.text(), lambda: f"ratadns says {what!r}: {self.text()}")

    def statuses(self):
        """/proc/PID/task/*/status, a dictionary each."""
        tasks = pathlib.Path(f"/proc/{self.process.pid}/task")
        return [dict(line.split(":\t", 1) for line in (task / "status").read_text().splitlines() if ":\t" in line)
                for task in tasks.iterdir()]

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def end(self):
        """Ctrl-C. The frames that came and those that the kernel lost, out of the balance."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(PATIENCE_S)
        frames, = re.findall(r"^frames +(\d+) = (\d+) decoded \+ (\d+) filtered \+ (\d+) refused", self.text(), re.M)
        lost = re.search(r"lost by the kernel: (\d+)", self.text())
        assert int(frames[0]) == sum(map(int, frames[1:])), self.text()
        return int(frames[0]), int(lost[1]) if lost else 0

    def summaries(self):
        whole = self.out.read_text().rpartition("\n")[0]  # the last line may be being written
        return [json.loads(line) for line in whole.splitlines()]


class LiveTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="ratadns-live-")))

    def add_pair(self, number):
        near, far = f"near{number}", f"far{number}"
        call("ip", "link", "add", "name", near, "type", "veth", "peer", "name", far)
        for name in (near, far):
            call("ip", "link", "set", name, "addrgenmode", "none", "up")
        self.addCleanup(subprocess.run, ["ip", "link", "del", near], capture_output=True)

    def capture(self, *arguments, **named):
        capture = Capture(self.folder, *arguments, **named)
        self.addCleanup(capture.kill)
        return capture

    @staticmethod
    def send(interface, frames):
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
            wire.bind((interface, 0))
            for frame in frames:
                wire.send(frame)

    @staticmethod
    def queries(count, padding=0):
        message = query() + b"\0" * padding
        return (query_frame(message, (192, 0, 2, i % 250 + 1), 1024 + i) for i in range(count))


class Interfaces(LiveTest):
    def test_two_interfaces_are_one_input(self):
        self.add_pair(0)
        self.add_pair(1)
        capture = self.capture('interface = ["far0", "far1"]')
        self.send("near0", self.queries(300))
        self.send("near1", (response_frame(query(flags=0x8180), (192, 0, 2, i % 250 + 1)) for i in range(200)))
        self.assertEqual(capture.end(), (500, 0))
        self.assertEqual(capture.process.returncode, 0)

    def test_an_interface_that_is_removed_is_waited_for_without_privileges(self):
        self.add_pair(0)
        self.add_pair(1)
        capture = self.capture('interface = ["far0", "far1"]', options=["--user", "nobody"] if is_full_root() else [])
        for again in range(2):
            self.send("near0", self.queries(10))
            call("ip", "link", "del", "near0")
            wait_until(lambda: capture.text().count("far0: is gone; waits for it to come back") == again + 1, capture.text)
            self.send("near1", self.queries(10))
            self.add_pair(0)
            wait_until(lambda: capture.text().count("far0: is back") == again + 1, capture.text)
        self.send("near0", self.queries(10))
        self.assertEqual(capture.end(), (50, 0))
        self.assertEqual(capture.process.returncode, 0, "an interface that was away is no failure")

    def test_what_the_kernel_lost_while_the_reader_stood_still_is_counted_in_its_second(self):
        self.add_pair(0)
        capture = self.capture('interface = "far0"\nring_mib = 1')
        self.send("near0", self.queries(100))
        wait_until(lambda: capture.out.exists() and capture.summaries(), capture.text)
        capture.process.send_signal(signal.SIGSTOP)
        self.send("near0", self.queries(4000, padding=1000))
        capture.process.send_signal(signal.SIGCONT)
        lost_in = lambda: [one for one in capture.summaries() if one["loss"]["kernel"]]  # noqa: E731
        wait_until(lost_in, capture.text)
        frames, lost = capture.end()
        self.assertEqual(frames + lost, 4100)
        self.assertGreater(lost, 1000)
        self.assertGreater(frames, 500)
        self.assertEqual(sum(one["loss"]["kernel"] for one in capture.summaries()), lost)

    def test_a_missing_interface_is_an_error_at_the_start(self):
        self.add_pair(0)
        capture = self.capture('interface = ["far0", "far9"]')
        self.assertEqual(capture.process.wait(PATIENCE_S), 1)
        self.assertIn("far9: neither a file (No such file or directory) nor a network interface; interfaces here: ",
                      capture.text())

    def test_interfaces_and_files_do_not_mix_on_the_command_line_either(self):
        self.add_pair(0)
        (self.folder / "x.pcap").touch()
        done = subprocess.run([RATADNS, "run", "far0", self.folder / "x.pcap"], capture_output=True, text=True,
                              timeout=PATIENCE_S)
        self.assertEqual(done.returncode, 1)
        self.assertIn("far0: is live, and cannot be read together with others", done.stderr)

    def test_a_filter_that_cannot_be_understood_is_named(self):
        self.add_pair(0)
        capture = self.capture('interface = "far0"\nfilter = "prot 53"')
        self.assertEqual(capture.process.wait(PATIENCE_S), 1)
        self.assertIn('far0: the capture filter "prot 53" cannot be understood: ', capture.text())


def is_full_root():
    """Root of more than a user namespace of its own."""
    return os.geteuid() == 0 and len(pathlib.Path("/proc/self/uid_map").read_text().split()) == 3 and \
        pathlib.Path("/proc/self/uid_map").read_text().split()[2] != "1"


class Privileges(LiveTest):
    def setUp(self):
        super().setUp()
        if not is_full_root():
            self.skipTest("only root can become somebody else")
        self.add_pair(0)

    def test_the_program_becomes_the_user_in_all_threads(self):
        capture = self.capture('interface = "far0"', top='user = "nobody"')
        capture.says(" watches ")
        statuses = capture.statuses()
        self.assertGreater(len(statuses), 3)
        for status in statuses:
            self.assertEqual(set(status["Uid"].split()) | set(status["Gid"].split()), {"65534"})
            self.assertEqual(status["Groups"].split(), ["65534"])
            self.assertEqual([status[name].strip("0") for name in ("CapEff", "CapPrm", "CapInh", "CapAmb")], [""] * 4)
            self.assertEqual(status["NoNewPrivs"], "1")
        self.send("near0", self.queries(10))
        self.assertEqual(capture.end(), (10, 0))
        self.assertNotIn("runs as root", capture.text())

    def test_capabilities_of_the_file_are_given_up_too(self):
        program = self.folder / "ratadns"
        program.write_bytes(pathlib.Path(RATADNS).read_bytes())
        program.chmod(0o755)
        call("setcap", "cap_net_raw,cap_net_admin=eip", program)
        out = self.folder / "log"
        self.folder.chmod(0o755)
        with open(out, "wb") as log:
            process = subprocess.Popen([program, "run", "far0", "--listen", "127.0.0.1:0"], stderr=log, stdin=log,
                                       stdout=log, user="nobody", group="nogroup", extra_groups=[])
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        wait_until(lambda: " watches " in out.read_text() or process.poll() is not None, out.read_text)
        if "peration not permitted" in out.read_text():
            self.skipTest("this file system keeps no capabilities")
        for task in pathlib.Path(f"/proc/{process.pid}/task").iterdir():
            self.assertRegex((task / "status").read_text(), r"CapPrm:\t0+\nCapEff:\t0+\n")

    def test_root_is_told_what_would_help(self):
        capture = self.capture('interface = "far0"')
        capture.end()
        self.assertEqual(capture.text().count("runs as root, and need not: --user NAME"), 1)

    def test_who_does_not_exist_is_named(self):
        capture = self.capture('interface = "far0"', top='user = "nobody-here"')
        self.assertEqual(capture.process.wait(PATIENCE_S), 1)
        self.assertIn("user nobody-here: there is none of that name here; ", capture.text())

    def test_who_may_not_become_another_is_told(self):
        done = subprocess.run([RATADNS, "run", "--user", "daemon", "--listen", "127.0.0.1:0", "-"], capture_output=True,
                              stdin=subprocess.DEVNULL, text=True, timeout=PATIENCE_S, user="nobody", group="nogroup",
                              extra_groups=[])
        self.assertEqual(done.returncode, 1)
        self.assertIn("user daemon: this program may not become that user: Operation not permitted", done.stderr)


if __name__ == "__main__":
    main()
