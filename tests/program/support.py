"""What the whole-program tests share: running the program, and captures made from octets."""
import json
import os
import pathlib
import struct
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
RATADNS = os.environ.get("RATADNS", str(ROOT / "build/release/bin/ratadns"))
TRAFFIC = os.environ.get("RATADNS_TRAFFIC", str(ROOT / "build/release/bin/ratadns-traffic"))
TIMEOUT_S = 60


def run(*arguments, stdin=None, env=None):
    """The finished process, with text output."""
    done = subprocess.run([RATADNS, *map(str, arguments)], input=stdin, capture_output=True, timeout=TIMEOUT_S,
                          env={**os.environ, **(env or {})})
    done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()
    return done


def wire_name(text):
    labels = [label.encode("latin-1") for label in text.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def query(name="www.example", qtype=1, ident=7, flags=0x0100):
    return struct.pack("!6H", ident, flags, 1, 0, 0, 0) + wire_name(name) + struct.pack("!2H", qtype, 1)


def response(name="www.example", qtype=1, ident=7, rcode=0):
    return query(name, qtype, ident, 0x8180 | rcode)


def ipv4(payload, source=(192, 0, 2, 1), destination=(192, 0, 2, 53), protocol=17):
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 1, 0, 64, protocol, 0)
    return header + bytes(source) + bytes(destination) + payload


def udp(message, sport=5000, dport=53):
    return struct.pack("!4H", sport, dport, 8 + len(message), 0) + message


def query_frame(message, client=(192, 0, 2, 1), sport=5000):
    return b"\0" * 12 + b"\x08\0" + ipv4(udp(message, sport, 53), client, (192, 0, 2, 53))


def response_frame(message, client=(192, 0, 2, 1), cport=5000):
    return b"\0" * 12 + b"\x08\0" + ipv4(udp(message, 53, cport), (192, 0, 2, 53), client)


def pcap(frames, nano=False, order="<", link=1):
    """A capture file: frames are (seconds, octets)."""
    unit = 10**9 if nano else 10**6
    factor = 1000 if nano else 1  # stamps are made of whole microseconds: both units say the same moment
    out = struct.pack(order + "IHHiIII", 0xA1B23C4D if nano else 0xA1B2C3D4, 2, 4, 0, 0, 65535, link)
    for time, octets in frames:
        whole = round(time * 10**6) * factor
        out += struct.pack(order + "4I", whole // unit, whole % unit, len(octets), len(octets)) + octets
    return out


class ProgramTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="ratadns-test-")))

    def file(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def traffic(self, *arguments, name="traffic"):
        """A generated capture and the truth about it."""
        capture, manifest = self.folder / f"{name}.pcap", self.folder / f"{name}.json"
        subprocess.run([TRAFFIC, "--out", capture, "--manifest", manifest, *map(str, arguments)], check=True,
                       timeout=TIMEOUT_S)
        return capture, json.loads(manifest.read_text())

    def summary(self, *arguments, status=0):
        done = run("summary", "--json", *arguments)
        self.assertEqual(done.returncode, status, done.stderr)
        return json.loads(done.stdout)
