"""What the tests of live capture share: pairs of interfaces, what is sent into `nearN` comes out of `farN`; and ratadns
listening there."""
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

from namespace import PATIENCE_S, RATADNS, ROOT, call, program, wait_until

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "program"))
from support import query, query_frame  # noqa: E402

SEND = os.environ.get("RATADNS_SEND", str(ROOT / "build/release/bin/ratadns-send"))

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


def add_pair(number):
    near, far = f"near{number}", f"far{number}"
    call(program("ip"), "link", "add", "name", near, "type", "veth", "peer", "name", far)
    for name in (near, far):
        call(program("ip"), "link", "set", name, "addrgenmode", "none", "up")  # no traffic of its own
    # The kernel lets packets through some time after the second one is up; until then they vanish.
    wait_until(lambda: all(state(name) == "UP" for name in (near, far)), lambda: f"{near} and {far} are up")


def state(interface):
    return json.loads(call(program("ip"), "-json", "link", "show", interface))[0]["operstate"]


def remove_pair(number):
    subprocess.run([program("ip"), "link", "del", f"near{number}"], capture_output=True)


def arrived(interface):
    """Packets that came out of it so far."""
    return json.loads(call(program("ip"), "-json", "-stats", "link", "show", interface))[0]["stats64"]["rx"]["packets"]


class Capture:
    """`ratadns run` with the interfaces of a configuration, and perhaps more reducers."""

    def __init__(self, folder, source, top="", options=(), more=""):
        self.out, self.log = folder / "summaries.jsonl", folder / "log"
        config = folder / "run.toml"
        config.write_text(CONFIG.format(top=top, source=source, out=self.out) + more)
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
        add_pair(number)
        self.addCleanup(remove_pair, number)

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
