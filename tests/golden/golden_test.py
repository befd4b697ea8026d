"""Golden cases: a capture made from text, the commands run on it, and what they have to print.

CASE/capture.txt   the capture as text, in the language of docs/captures.md; the comment at its top says what it shows
CASE/command       command lines of ratadns, one a line; $INPUT is the capture (a folder when it has several files),
                   $CASE the case's own folder. `| pick a.b c` keeps these members of the JSON that is printed, `| data`
                   the type and data of each summary, and what its reducer skipped
CASE/expected.txt  each command after `$ `, what it prints, lines of standard error after `! `, and its exit status

UPDATE_GOLDEN=1 writes the expectations anew; the difference is for review. CASE=GLOB runs only cases of such names.
awaited.txt lists the cases that the program does not pass yet; one that passes has to be taken out of it, which
UPDATE_GOLDEN=1 does. It leaves the expectations of the others as they are: they were worked out, not printed."""
import fnmatch
import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT / "tools"))

from captures.files import write  # noqa: E402

UPDATE = os.environ.get("UPDATE_GOLDEN") == "1"
RATADNS = os.environ.get("RATADNS", str(ROOT / "build/release/bin/ratadns"))
TIMEOUT_S = 30


def pick(text, members):
    """One line for each member of the JSON object, named by its path; one that is not there says so."""
    value = json.loads(text)
    lines = []
    for member in members:
        found = value
        for key in member.split("."):
            found = found.get(key, None) if isinstance(found, dict) else None
            if found is None:
                break
        lines.append(f"{member} {'is not there' if found is None else json.dumps(found)}\n")
    return "".join(lines)


def summaries(text):
    """One line for each summary: its type, its data and, where there are such, messages by the member that they lack."""
    lines = []
    for line in text.splitlines():
        summary = json.loads(line)
        lacking = summary["loss"].get("lacking")
        lines.append(f"{summary['type']} {json.dumps(summary['data'])}{f' lacking {json.dumps(lacking)}' if lacking else ''}\n")
    return "".join(lines)


def transcript(command, capture, case):
    """What the expectation holds for one command line."""
    words = [word.replace("$INPUT", str(capture)).replace("$CASE", str(case)) for word in shlex.split(command)]
    at = words.index("|") if "|" in words else len(words)
    words, picked = words[:at], words[at + 1:]
    done = subprocess.run([RATADNS, *words], capture_output=True, timeout=TIMEOUT_S, stdin=subprocess.DEVNULL)
    out, err = done.stdout.decode(), done.stderr.decode()
    if picked:
        if picked[0] not in ("pick", "data"):
            raise ValueError(f"{command}: only `pick` or `data` may follow '|'")
        if picked[0] == "data":
            out = summaries(out)
        else:
            out = pick(out, picked[1:]) if out.strip() else ""
    out += "" if out.endswith("\n") or not out else "\n"
    err = "".join(f"! {line}\n" for line in err.splitlines())
    text = f"$ {command}\n{out}{err}status {done.returncode}\n"
    return text.replace(str(capture), "$INPUT").replace(str(case), "$CASE")


AWAITED = HERE / "awaited.txt"


def awaited():
    """The cases that do not pass yet, without the comments beside them."""
    lines = AWAITED.read_text(encoding="utf-8").splitlines()
    return {line.split()[0] for line in lines if line.strip() and not line.startswith("#")}


def no_longer_awaited(name):
    lines = AWAITED.read_text(encoding="utf-8").splitlines(keepends=True)
    AWAITED.write_text("".join(line for line in lines if line.split()[0] != name), encoding="utf-8")


class Golden(unittest.TestCase):
    maxDiff = None

    def check(self, case):
        with tempfile.TemporaryDirectory(prefix="ratadns-golden-") as folder:
            capture = pathlib.Path(folder) / "capture"
            write((case / "capture.txt").read_text(encoding="utf-8"), capture)
            commands = (case / "command").read_text(encoding="utf-8").splitlines()
            got = "\n".join(transcript(command, capture, case) for command in commands if command.strip())
        expectation = case / "expected.txt"
        if UPDATE and case.name in awaited() and expectation.read_text(encoding="utf-8") == got:
            no_longer_awaited(case.name)
        elif UPDATE and case.name not in awaited():
            expectation.write_text(got, encoding="utf-8")
        self.assertEqual(expectation.read_text(encoding="utf-8"), got)

    def test_the_list_of_awaited_cases_names_only_cases(self):
        self.assertEqual([name for name in awaited() if not (HERE / name / "capture.txt").exists()], [])

    def test_every_case_says_what_it_shows(self):
        for text in HERE.glob("*/capture.txt"):
            self.assertTrue(text.read_text(encoding="utf-8").startswith("# "), text)
            self.assertTrue((text.parent / "expected.txt").exists(), text)


def add_cases():
    """Each case is a test of its own."""
    later = awaited()
    for case in sorted(path.parent for path in HERE.glob("*/capture.txt")):
        if not fnmatch.fnmatch(case.name, os.environ.get("CASE", "*")):
            continue

        def test(self, case=case):
            self.check(case)
        if case.name in later and not UPDATE:
            test = unittest.expectedFailure(test)
        setattr(Golden, "test_" + case.name.replace("-", "_"), test)


add_cases()

if __name__ == "__main__":
    unittest.main()
