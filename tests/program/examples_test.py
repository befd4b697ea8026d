"""Every configuration in examples/, config/ and the package is one that the program accepts, tried where the interfaces
that it names exist: in a network namespace of its own."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tomllib
import unittest

from support import RATADNS, ROOT, TIMEOUT_S, ProgramTest

CONFIGURATIONS = sorted(path for folder in ("examples", "config", "packaging/etc") for path in (ROOT / folder).rglob("*.toml"))

# Where a monitor of the examples sends to the aggregator of config/aggregate.toml.
TO_AGGREGATOR = r'(url *= )"http://127\.0\.0\.1:8353"'

# Enough of a Redis for a check: every command is answered with OK. Its first line says that it listens.
REDIS = """
import re, socket
listener = socket.create_server(("127.0.0.1", 6379))
print("listens", flush=True)
while True:
    peer, _ = listener.accept()
    while octets := peer.recv(65536):
        peer.sendall(b"+OK\\r\\n" * len(re.findall(rb"(?m)^[*]", octets)))
"""

# Inside the namespace: the interfaces, a Redis, and the command, whose status it ends with.
INSIDE = f"""
import subprocess, sys
subprocess.run(["sh", "-c", "ip link set lo up && " + sys.argv[1]], check=True)
redis = subprocess.Popen([sys.executable, "-c", {REDIS!r}], stdout=subprocess.PIPE)
redis.stdout.readline()
status = subprocess.run(sys.argv[2:]).returncode
redis.terminate()
redis.wait()
sys.exit(status)
"""


def interfaces_of(config):
    named = [source.get("interface", []) for source in config.get("source", [])]
    return [name for names in named for name in ([names] if isinstance(names, str) else names)]


class Examples(ProgramTest):
    def check(self, path):
        """The configuration as it stands, but that it logs into the test's folder and listens on any free port."""
        text = path.read_text(encoding="utf-8")
        for script in path.parent.glob("*.lua"):
            self.file(script.name, script.read_bytes())
        text = re.sub(r'(listen = "127\.0\.0\.1):\d+"', r'\1:0"', text)
        text = re.sub(r"/var/(log/ratadns|lib|tmp)/", f"{self.folder}/", text)
        if re.search(TO_AGGREGATOR, text):
            text = re.sub(TO_AGGREGATOR, rf'\1"{self.aggregator()}"', text)
        config = self.file("config.toml", text)
        interfaces = interfaces_of(tomllib.loads(text))
        command = [RATADNS, "check", str(config)]
        if interfaces:
            command = self.with_interfaces(interfaces, command)
        environment = {**os.environ, "XDG_STATE_HOME": str(self.folder / "state")}
        environment.pop("STATE_DIRECTORY", None)
        (self.folder / "state/ratadns").mkdir(parents=True, exist_ok=True)
        return subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, env=environment)

    def aggregator(self):
        """The address of one that runs until the test's end."""
        config = self.file("aggregate.toml", (ROOT / "config/aggregate.toml").read_text(encoding="utf-8"))
        running = subprocess.Popen([RATADNS, "aggregate", "-c", config, "--listen", "127.0.0.1:0", "--store",
                                    self.folder / "history.db"], stderr=subprocess.PIPE, text=True)
        self.addCleanup(running.stderr.close)
        self.addCleanup(running.wait, TIMEOUT_S)
        self.addCleanup(running.terminate)
        return re.search(r"http://[\d.:]+", running.stderr.readline())[0]

    def with_interfaces(self, names, command):
        unshare = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--net", "--map-root-user"]
        make = " && ".join(f"ip link add {name} type veth peer name {name}-far && ip link set {name} up" for name in names)
        tried = subprocess.run([*unshare, "sh", "-c", make], capture_output=True, text=True)
        if not shutil.which("ip") or tried.returncode:
            self.skipTest(f"no interfaces can be made here: {tried.stderr.strip()}")
        return [*unshare, sys.executable, "-c", INSIDE, make, *command]

    def test_every_configuration_passes_the_check(self):
        self.assertGreater(len(CONFIGURATIONS), 6)
        for path in CONFIGURATIONS:
            with self.subTest(str(path.relative_to(ROOT))):
                done = self.check(path)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                for interface in interfaces_of(tomllib.loads(path.read_text(encoding="utf-8")))[:1]:  # "eth1 and 1 more"
                    self.assertRegex(done.stdout, rf"ok +source .*{interface}.*: can be captured")

    def test_an_interface_that_is_not_there_is_told(self):
        text = (ROOT / "examples/on-the-name-server/monitor.toml").read_text(encoding="utf-8")
        config = self.file("config.toml", text.replace('"eth0"', '"nowhere7"').replace("/var/log/ratadns", str(self.folder)))
        done = subprocess.run([RATADNS, "check", config], capture_output=True, text=True, timeout=TIMEOUT_S)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, r"FAILED +source nowhere7")

    def test_every_example_has_its_steps(self):
        index = (ROOT / "examples/README.md").read_text(encoding="utf-8")
        for example in (path for path in (ROOT / "examples").iterdir() if path.is_dir()):
            self.assertIn(f"]({example.name}/README.md)", index)
            steps = pathlib.Path(example, "README.md").read_text(encoding="utf-8")
            self.assertIn("ratadns check", steps)


if __name__ == "__main__":
    unittest.main()
