"""The equations of the books hold: on every golden capture, on the corpus, and on thousands of damaged captures made of
them, in one process (books_property.cpp); and on a handful through the program itself."""
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
RATADNS = os.environ.get("RATADNS", str(ROOT / "build/release/bin/ratadns"))
PROPERTY = os.environ.get("RATADNS_BOOKS_PROPERTY", str(ROOT / "build/release/bin/books_property"))
TIMEOUT_S = 300
SEED, FRAME_CASES, FILE_CASES, PROGRAM_CASES = 53, 4000, 1500, 12
sys.path.insert(0, str(ROOT / "tools"))

from captures.files import write  # noqa: E402


def balanced(balance):
    """Every equation, worked out of what `summary --json` tells."""
    frames, tcp, messages = balance["frames"], balance["tcp_octets"], balance["messages"]
    sums = [(total[part], sum(total.get(part + "_by_reason", {}).values()))
            for total, part in ((frames, "filtered"), (frames, "refused"), (tcp, "skipped"), (messages, "malformed"))]
    sums += [(frames["in"], frames["decoded"] + frames["filtered"] + frames["refused"]),
             (tcp["in"], tcp["delivered"] + tcp["skipped"] + tcp["waiting"]),
             (messages["in"], messages["well_formed"] + messages["malformed"])]
    return all(total == parts for total, parts in sums)


class BooksProperty(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="ratadns-books-")))

    def golden(self):
        """The captures of the golden cases: every link layer, tunnel and stream that has one."""
        for case in sorted((ROOT / "tests/golden").glob("*/capture.txt")):
            text = case.read_text(encoding="utf-8")
            write(text, self.folder / (case.parent.name + (".speedy" if "\nfile plain" in text else "")))
        return sorted(path for path in self.folder.rglob("*") if path.is_file())

    def hold(self, *arguments):
        done = subprocess.run([PROPERTY, *map(str, arguments)], capture_output=True, text=True, timeout=TIMEOUT_S)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_on_golden_captures_and_on_damaged_ones(self):
        captures = self.golden()
        self.assertGreater(len(captures), 100)
        self.assertIn("the books balance", self.hold(SEED, FRAME_CASES, FILE_CASES, *captures))

    def test_on_the_corpus(self):
        corpus = os.environ.get("RATADNS_CORPUS")
        if not corpus:
            self.skipTest("RATADNS_CORPUS is not set: the books of real captures are not checked")
        manifest = pathlib.Path(corpus, "manifest.jsonl").read_text(encoding="utf-8").splitlines()
        captures = [pathlib.Path(corpus, json.loads(line)["file"]) for line in manifest]
        self.assertGreater(len(captures), 0)
        self.hold(SEED, 500, 500, *captures)

    def test_through_the_program(self):
        dice = random.Random(SEED)
        captures = dice.sample([path for path in self.golden() if path.suffix != ".speedy"], PROGRAM_CASES)
        for capture in captures:
            octets = bytearray(capture.read_bytes())
            for _ in range(1 + dice.randrange(4)):
                octets[dice.randrange(len(octets) // 2, len(octets))] ^= 1 << dice.randrange(8)
            capture.write_bytes(octets[:len(octets) - dice.randrange(8)])
            with self.subTest(capture.name):
                done = subprocess.run([RATADNS, "summary", "--json", capture], capture_output=True, text=True,
                                      timeout=TIMEOUT_S)
                self.assertIn(done.returncode, (0, 1), done.stderr)
                self.assertTrue(balanced(json.loads(done.stdout)["balance"]), done.stdout)


if __name__ == "__main__":
    unittest.main()
