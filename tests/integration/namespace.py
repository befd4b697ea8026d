"""Real DNS servers on a loopback interface of their own, queried by dnsperf, while ratadns watches.

Everything runs in a network namespace that holds nothing but `lo`: the servers listen on port 53, and nothing outside
sees them or is in their way. The programs come from the machine or from build/servers/ (scripts/fetch-servers)."""
import collections
import fcntl
import json
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
FETCHED = ROOT / "build/servers/root"
RATADNS = os.environ.get("RATADNS", str(ROOT / "build/release/bin/ratadns"))
PATIENCE_S = 15
# Nobody is watched there: queries to these addresses mark the beginning and the end of what counts.
BEGIN, END = "127.0.0.98", "127.0.0.99"
INSIDE = "RATADNS_TEST_NAMESPACE"


def program(name):
    """Where a program is: on the machine, or fetched. Errors: SkipTest."""
    fetched = [str(FETCHED / folder) for folder in ("usr/sbin", "usr/bin")]
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", *fetched]))
    if not found:
        raise unittest.SkipTest(f"{name} is not here: run scripts/fetch-servers")
    return found


def environment():
    libraries = ":".join(str(path) for path in FETCHED.glob("usr/lib/*-linux-gnu"))
    return {**os.environ, "LD_LIBRARY_PATH": libraries}


def call(*command, timeout=30):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=timeout, env=environment())
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}: status {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


def main():
    """Runs the tests of the program that calls it in a new network namespace; skips aloud where there can be none."""
    enter()
    unittest.main(verbosity=2)  # so that it says why it skipped something


def enter():
    """Starts the calling program again, in a new network namespace; returns there, with loopback up."""
    if os.environ.get(INSIDE):
        try:
            return _bring_up_loopback()
        except PermissionError as error:
            _skip(f"the loopback interface cannot be brought up: {error}")
    unshare = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--net", "--map-root-user"]
    tried = subprocess.run([*unshare, "true"], capture_output=True, text=True)
    if tried.returncode:
        _skip(f"no network namespace can be made here: {tried.stderr.strip()}")
    os.environ[INSIDE] = "1"
    os.execvp(unshare[0], [*unshare, sys.executable, *sys.argv])


def _skip(why):
    print(f"{sys.argv[0]}: SKIPPED: {why}", file=sys.stderr)
    sys.exit(0)


def _bring_up_loopback():
    get_flags, set_flags, up = 0x8913, 0x8914, 0x1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = bytearray(fcntl.ioctl(any_socket, get_flags, struct.pack("16sh22x", b"lo", 0)))
        flags, = struct.unpack_from("h", request, 16)
        struct.pack_into("h", request, 16, flags | up)
        fcntl.ioctl(any_socket, set_flags, bytes(request))


def wait_until(happens, what):
    """The first true value of `happens()`, asked again and again up to a deadline."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        value = happens()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"not within {PATIENCE_S} s: {what()}")


def query(name="example", qtype=6):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".") if label)
    return struct.pack("!6H", 4711, 0, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!2H", qtype, 1)


def responds(address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as udp:
        udp.settimeout(0.2)
        try:
            udp.sendto(query(), (address, 53))
            return udp.recv(4096)
        except OSError:
            return b""


class Running:
    """A server in the foreground, its files in a folder; `stop` ends it and nothing else."""

    def __init__(self, folder, *command):
        self.log = open(folder / "log", "wb")
        self.folder = folder
        self.process = subprocess.Popen(list(map(str, command)), stdout=self.log, stderr=subprocess.STDOUT,
                                        env=environment(), stdin=subprocess.DEVNULL)

    def wait_for(self, address):
        def ready():
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended: {self.text()}")
            return responds(address)
        wait_until(ready, lambda: f"a response from {address}: {self.text()}")

    def text(self):
        return (self.folder / "log").read_text(errors="replace")[-2000:]

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


COUNTS = {
    "queries": ('["server", "transport"]', "query"),
    "responses": ('["server", "transport"]', "response"),
    "qtypes": ('["server", "qtype"]', "query"),
    "rcodes": ('["server", "rcode"]', "response"),
}


class Watch:
    """`ratadns monitor` on one source; after `end`, `counts[name][server]` are its sums over all windows."""

    def __init__(self, folder, source='interface = "lo"', marks=True):
        self.out = folder / "summaries.jsonl"
        self.log = folder / "ratadns.log"
        text = f'window = {{ seconds = 1 }}\n[[source]]\n{source}\n'
        text += f'[[channel]]\nname = "out"\nurl = "file://{self.out}"\n'
        for name, (by, where) in COUNTS.items():
            text += f'[[reducer]]\ntype = "count_by"\nname = "{name}"\nby = {by}\nwhere = "{where}"\nsend = ["out"]\n'
        (folder / "monitor.toml").write_text(text)
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([RATADNS, "monitor", "-c", folder / "monitor.toml"], stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL)
        self.sockets = [self._deaf(address) for address in (BEGIN, END) if marks]
        self.counts = {}

    @staticmethod
    def _deaf(address):
        """Something has to listen there, or the kernel would answer with an ICMP error."""
        deaf = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        deaf.bind((address, 53))
        return deaf

    def begin(self):
        """Returns once a query was seen: from here on nothing is missed."""
        wait_until(lambda: self._mark(BEGIN), lambda: f"ratadns sees a query on lo: {self.text()}")

    def end(self):
        """Frames come in order: when the last mark is counted, so is all that was before."""
        wait_until(lambda: self._mark(END), lambda: f"ratadns sees the last query: {self.text()}")
        self.stop()
        self.counts = self.sums()

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(PATIENCE_S)
        for deaf in self.sockets:
            deaf.close()

    def _mark(self, address):
        if self.process.poll() is not None:
            if "is not permitted to this user" in self.text():
                raise unittest.SkipTest(self.text())
            raise AssertionError(f"ratadns ended with status {self.process.returncode}: {self.text()}")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.sendto(query("mark.example"), (address, 53))
        return address in self.sums()["queries"]

    def sums(self):
        """What the windows sent so far add up to."""
        sums = {name: collections.defaultdict(collections.Counter) for name in COUNTS}
        if not self.out.exists():
            return sums
        for line in self.out.read_text().splitlines(keepends=True):
            if not line.endswith("\n"):
                break  # being written
            summary = json.loads(line)
            for server, counts in summary["data"].items():
                sums[summary["type"]][server].update(counts)
        return sums

    def text(self):
        return self.log.read_text(errors="replace")[-2000:]
