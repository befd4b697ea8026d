"""Keeps the source tree in the shape that src/README.md shows: which folder may include which, sizes, house rules."""
import fnmatch
import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Each folder may include util/, itself, and what stands here. So the parser builds without libpcap, and the aggregator
# without the parser.
ALLOWED = {
    "util": [],
    "capture": [],
    "decode": ["capture"],
    "dns": [],
    "summary": [],
    "reduce": ["decode", "dns", "summary"],
    "script": ["decode", "dns", "summary", "reduce"],
    "channel": ["summary"],
    "aggregate": ["summary", "channel"],
    "store": ["summary"],
    "serve": ["aggregate"],
    "settings": ["aggregate", "serve", "channel"],
    "hub": ["summary", "channel", "store", "aggregate", "serve", "settings"],
    "pipeline": ["capture", "decode", "dns", "reduce", "script", "summary", "channel", "aggregate", "serve", "settings"],
    "app": ["pipeline", "hub", "settings", "capture", "decode", "dns", "reduce", "script", "summary", "channel", "aggregate", "serve"],
}
MAX_LINES = 500


def tracked(*patterns):
    """The files of the project: what git knows, or, without git, what lies there and is not built or installed."""
    try:
        listing = subprocess.run(["git", "ls-files", "--", *patterns], cwd=ROOT, capture_output=True, text=True)
        files = listing.stdout.splitlines() if listing.returncode == 0 else []
    except FileNotFoundError:
        files = []
    if files:
        return [ROOT / line for line in files]
    skipped = {"build", "node_modules", ".git", "__pycache__"}
    everything = [path for path in ROOT.rglob("*") if path.is_file() and not skipped & set(path.parts)]
    return [path for path in everything
            if any(fnmatch.fnmatch(str(path.relative_to(ROOT)), pattern) for pattern in patterns)]


def includes(path):
    return re.findall(r'^\s*#include "([^"]+)"', path.read_text(encoding="utf-8"), re.MULTILINE)


class Layout(unittest.TestCase):
    def test_every_folder_includes_only_what_stands_before_it_on_the_path(self):
        seen = 0
        for path in tracked("src/*.h", "src/*.cpp", "src/*.def"):
            folder = path.relative_to(ROOT / "src").parts[0]
            self.assertIn(folder, ALLOWED, path)
            for include in includes(path):
                target = include.split("/")[0]
                self.assertTrue((ROOT / "src" / include).exists(), f"{path}: {include}: includes start at src/")
                self.assertIn(target, [folder, "util", *ALLOWED[folder]], f"{path.relative_to(ROOT)} includes {include}")
                seen += 1
        self.assertGreater(seen, 50)

    def test_the_traffic_generator_shares_nothing_with_what_it_tests(self):
        for path in tracked("tools/traffic/*.h", "tools/traffic/*.cpp"):
            for include in includes(path):
                self.assertTrue((ROOT / "tools" / include).exists(), f"{path}: {include}")

    def test_no_source_file_is_too_long_to_read(self):
        for path in tracked("src/*", "tools/*", "tests/*", "web/src/*", "bench/*"):
            if path.suffix in {".h", ".cpp", ".py", ".ts", ".tsx", ".mjs", ".css"}:
                lines = path.read_text(encoding="utf-8").count("\n")
                self.assertLessEqual(lines, MAX_LINES, f"{path.relative_to(ROOT)} has {lines} lines")

    def test_every_header_is_included_once(self):
        for path in tracked("src/*.h", "tools/*.h", "tests/*.h"):
            self.assertTrue(path.read_text(encoding="utf-8").startswith("#pragma once"), path)

    def test_lock_files_name_no_download_address(self):
        for path in tracked("*package-lock.json"):
            self.assertNotIn('"resolved"', path.read_text(encoding="utf-8"), path)

    def test_no_file_holds_a_path_of_somebodys_machine(self):
        pattern = re.compile(r"(?<![\w.])/(home|work|root)/\w|\.\./shared")
        for path in tracked("*"):
            if path == pathlib.Path(__file__).resolve() or path.suffix in {".pcap", ".png"} or "corpus" in path.parts:
                continue
            for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
                self.assertIsNone(pattern.search(line), f"{path.relative_to(ROOT)}:{number}: {line.strip()}")


if __name__ == "__main__":
    unittest.main()
