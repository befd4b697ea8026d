"""scripts/fetch-geo, with an npm of our own in place of the real one: what it takes and refuses, and what it says."""
import io
import json
import os
import re
import struct
import subprocess
import tarfile
import unittest

from support import RATADNS, ROOT, TIMEOUT_S, ProgramTest, run

MEMBER = "iptoasn-country.mmdb"


def text(value):
    return bytes([0x40 | len(value)]) + value.encode()


def table(**members):
    return bytes([0xE0 | len(members)]) + b"".join(text(name) + value for name, value in members.items())


def uint16(value):
    return b"\xa2" + struct.pack("!H", value)


def database():
    """A MaxMind DB file of one node: every IPv4 address is in Chile."""
    tree = (1 + 16).to_bytes(3, "big") * 2  # behind the tree's one node and sixteen zeros
    data = table(country=table(iso_code=text("CL")))
    about = table(node_count=b"\xc1\x01", record_size=uint16(24), ip_version=uint16(4), database_type=text("Country"),
                  languages=b"\x00\x04", binary_format_major_version=uint16(2), binary_format_minor_version=uint16(0),
                  build_epoch=b"\x04\x02" + struct.pack("!I", 1_700_000_000), description=table())
    return tree + bytes(16) + data + b"\xab\xcd\xefMaxMind.com" + about


class Makefile(unittest.TestCase):
    def test_a_file_with_the_name_of_a_target_keeps_none_from_running(self):
        text = (ROOT / "Makefile").read_text()
        targets = set(re.findall(r"^([a-z][\w-]*):(?!=)", text, re.MULTILINE))
        self.assertIn("geo", targets)
        self.assertEqual(targets, set(re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)[1].split()))


class FetchGeo(ProgramTest):
    def fetch(self, licence="PDDL-1.0", content=None, npm='cp "$PACKED" . && basename "$PACKED"'):
        """What the script does where npm gives such a package."""
        packed = self.folder / "packed.tgz"
        with tarfile.open(packed, "w:gz") as archive:
            for name, octets in (("package.json", json.dumps({"license": licence}).encode()),
                                 (MEMBER, database() if content is None else content)):
                member = tarfile.TarInfo(f"package/{name}")
                member.size = len(octets)
                archive.addfile(member, io.BytesIO(octets))
        self.file("npm", f"#!/bin/sh\n{npm}\n").chmod(0o755)
        environment = {**os.environ, "PATH": f"{self.folder}:{os.environ['PATH']}", "PACKED": str(packed),
                       "RATADNS": RATADNS}
        return subprocess.run([ROOT / "scripts/fetch-geo", self.folder / "geo"], env=environment, capture_output=True,
                              text=True, timeout=TIMEOUT_S)

    def test_the_key_that_it_says_works(self):
        done = self.fetch()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(f'country = "{self.folder}/geo/{MEMBER}"', done.stdout)
        said = "\n".join(line.strip() for line in done.stdout.split("\n")[2:])
        checked = run("check", self.file("geo.toml", said)).stdout
        self.assertRegex(checked, rf"ok +read: .*{MEMBER}")

    def test_what_is_not_as_expected_is_not_taken(self):
        for why, done in (("has the licence GPL-3.0 now", self.fetch(licence="GPL-3.0")),
                          ("cannot be opened as a MaxMind DB file", self.fetch(content=b"no database")),
                          ("npm cannot fetch", self.fetch(npm="exit 1"))):
            self.assertEqual(done.returncode, 1, why)
            self.assertIn(why, done.stderr)
            self.assertFalse((self.folder / "geo").exists(), why)


if __name__ == "__main__":
    unittest.main()
