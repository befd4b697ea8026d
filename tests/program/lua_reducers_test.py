"""The reducers in lua/reducers/: what each finds in a capture, worked out by hand, and twins of built-in ones, which have to
give the same bytes. The pages in docs/ that show them are tried as they stand."""
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import unittest

from support import RATADNS, ROOT, TIMEOUT_S, ProgramTest

sys.path.insert(0, str(ROOT / "tools"))

from captures.files import write  # noqa: E402

SCRIPTS = sorted((ROOT / "lua/reducers").glob("*.lua"))

# By script: the built-in reducer that it is a twin of.
TWINS = {"names": 'type = "QueriesNameCounter"', "query_sizes": 'type = "TrafficSizesQueries"', "older_style": 'type = "Rcode"',
         "types": 'type = "count_by"\nby = ["qtype"]\nwhere = "query"'}

OUT = '[[channel]]\nname = "out"\nurl = "stdout:"\n'
# 32 different characters: five bits an octet, however they are turned.
ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


def reducer(script, more=""):
    path = script if "/" in script else ROOT / f"lua/reducers/{script}.lua"
    return f'[[reducer]]\nlua = "{path}"\nsend = ["out"]\n{more}\n'


def twins():
    return "".join(reducer(name) + f'[[reducer]]\n{builtin}\nname = "builtin {name}"\nsend = ["out"]\n'
                   for name, builtin in TWINS.items())


def without_form(line):
    """What a script found is a tree for those who merge it, whatever it looks like."""
    return re.sub(r',"form":\{.*\}$', "", line)


def as_twin(line, name):
    """A line of the built-in reducer, with the script's name."""
    return without_form(line).replace(f'"type":"builtin {name}"', f'"type":"{name}"', 1)


def conversation(queries, client="198.51.100.7", rcode="NOERROR", answer="", tcp=False, first=0.0):
    """Lines of a capture: each query and its response, a millisecond apart."""
    lines = []
    for i, question in enumerate(queries):
        asks, answers = "udp 40000 > 53", "udp 53 > 40000"
        lines.append(f"{first + i / 100:.3f} ipv4 {client} > 192.0.2.53 / {asks} / dns id={i} ? {question}")
        lines.append(f"{first + i / 100 + .001:.3f} ipv4 192.0.2.53 > {client} / {answers} / dns id={i} qr rcode={rcode} "
                     f"? {question} {answer}")
    return lines


class Scripts(ProgramTest):
    maxDiff = None

    def capture(self, *conversations):
        """A capture of raw IP with these lines, in the order of time."""
        lines = sorted((line for lines in conversations for line in lines), key=lambda line: float(line.split()[0]))
        path = self.folder / "capture.pcap"
        write("\n".join(["file pcap link=raw", "epoch 1700000000", *lines, ""]), path)
        return path

    def config(self, reducers, head="", name="config.toml"):
        return self.file(name, f'server = "ns1"\n{head}\n{OUT}{reducers}')

    def monitor(self, reducers, source, *arguments, head="", status=(0,)):
        """What is printed, line by line."""
        return self.lines(self.config(reducers, head), source, *arguments, status=status)

    def lines(self, config, source, *arguments, status=(0,)):
        done = subprocess.run([RATADNS, "monitor", "-c", config, "--source", str(source), *map(str, arguments)],
                              capture_output=True, text=True, timeout=TIMEOUT_S)
        self.assertIn(done.returncode, status, done.stderr)
        self.assertNotIn("fault", done.stderr)
        return done.stdout.splitlines()

    def data(self, script, source, parameters="", head="", **more):
        """The data of each window of one script."""
        lines = self.monitor(reducer(script, parameters), source, head=head, **more)
        return [json.loads(line)["data"] for line in lines]


class Found(Scripts):
    def test_nxdomain_is_counted_by_zone_and_with_all_responses(self):
        capture = self.capture(
            conversation(["www.a.example A", "ftp.a.example A"], rcode="NXDOMAIN"),
            conversation(["a.example A", "www.B.example A", ". NS"]),
            conversation(["nowhere A"], rcode="NXDOMAIN"),
            ["0.5 ipv4 192.0.2.53 > 198.51.100.7 / udp 53 > 40000 / dns id=9 qr rcode=FORMERR"])
        two = {"a.example.": {"nxdomain": 2, "responses": 3}, "nowhere.": {"nxdomain": 1, "responses": 1}}
        everything = {"nxdomain": 3, "responses": 6}
        self.assertEqual(self.data("nxdomain_share", capture), [{"all": everything, "zones": two}])
        del two["nowhere."]
        self.assertEqual(self.data("nxdomain_share", capture, "parameters = { zones = 1 }"),
                         [{"all": everything, "zones": two}])

    def test_a_victim_has_many_names_most_of_them_once(self):
        """The first nine queries for a zone are before it is watched."""
        capture = self.capture(
            conversation([f"x{i}.victim.example A" for i in range(69)], rcode="NXDOMAIN"),
            conversation(["www.popular.example A"] * 69, client="198.51.100.8"),
            conversation([f"www.z{i}.example A" for i in range(69)], client="198.51.100.9"))
        [found] = self.data("random_subdomains", capture)
        self.assertEqual((found["queries"], found["unwatched"], list(found["victims"])), (207, 0, ["victim.example."]))
        row = found["victims"]["victim.example."]
        self.assertEqual(row["names"].pop("estimate"), 60)
        del row["names"]["sparse"]
        self.assertEqual(row, {"queries": 60, "responses": 60, "nxdomain": 60, "names": {}, "example": "x9.victim.example."})
        for parameters in ("{ names = 61 }", "{ share = 0.5 }"):
            [found] = self.data("random_subdomains", capture, f"parameters = {parameters}")
            self.assertEqual(found["victims"], {}, parameters)
        [found] = self.data("random_subdomains", capture, "parameters = { names = 2, once = 0 }")
        self.assertEqual(list(found["victims"]), ["victim.example."], "one name is not many")

    def test_the_generators_attack_is_found_and_its_other_traffic_is_not(self):
        for options in (["--qps", 2000], ["--qps", 8000, "--seed", 7], ["--qps", 2000, "--victims", 1, "--seed", 3]):
            capture, truth = self.traffic("--seconds", 6, "--attack", "2:4:.6", *options)
            found = self.data("random_subdomains", capture)
            self.assertEqual([len(window["victims"]) for window in found[:6]], [0, 0, 1, 1, 0, 0], options)
            [(victim, row)] = found[2]["victims"].items()
            self.assertRegex(victim, r"^victim1-\w+\.cl\.$")
            self.assertAlmostEqual(row["names"]["estimate"] / row["queries"], 1, delta=.06)
            self.assertGreater(row["nxdomain"], .9 * row["responses"])
            self.assertGreater(row["queries"], .5 * found[2]["queries"])
        capture, _ = self.traffic("--seconds", 6, "--qps", 2000)
        for window in ("1", "6"):
            found = self.data("random_subdomains", capture, head=f"window = {{ seconds = {window} }}")
            self.assertTrue(all(one["victims"] == {} for one in found))

    def test_a_tunnel_has_long_different_names_of_high_entropy(self):
        """The first four queries of a pair are before it is watched. A query and its response have 60 octets each."""
        turned = [ALPHABET[i:] + ALPHABET[:i] for i in range(24)]
        capture = self.capture(
            conversation([f"{label}.t.example TXT" for label in turned]),
            conversation([f"{'a' * 30}{i}.plain.example A" for i in range(10, 60)]),
            conversation([f"{ALPHABET}.same.example A"] * 50, client="198.51.100.8"),
            conversation([f"{label[:20]}.short.example A" for label in turned], client="198.51.100.9"))
        [found] = self.data("tunnels", capture)
        [row] = found["suspects"].pop("t.example.").values()
        self.assertEqual(found, {"suspects": {}, "unwatched": 0})
        self.assertEqual(row["names"].pop("estimate"), 20)
        del row["names"]["sparse"]
        self.assertEqual(row, {"queries": 20, "names": {}, "octets": 20 * 32, "bits": 20 * 32 * 5, "response_octets": 20 * 60,
                               "example": f"{turned[4]}.t.example."})
        for parameters in ("{ names = 21 }", "{ entropy = 5.01 }", "{ length = 33 }"):
            [found] = self.data("tunnels", capture, f"parameters = {parameters}")
            self.assertEqual(found["suspects"], {}, parameters)
        [found] = self.data("tunnels", capture, "parameters = { length = 20, entropy = 4, names = 19 }")
        self.assertEqual({zone: list(rows) for zone, rows in found["suspects"].items()},
                         {"t.example.": ["198.51.100.7"], "short.example.": ["198.51.100.9"]})

    def test_no_tunnel_is_seen_in_generated_traffic(self):
        capture, _ = self.traffic("--seconds", 4, "--qps", 2000, "--attack", "1:2:.6")
        self.assertTrue(all(found["suspects"] == {} for found in self.data("tunnels", capture)))

    def test_amplification_is_told_by_network_and_over_udp_only(self):
        """A query has 27 octets; a response with a text of 200 octets 213 more."""
        text = f'| an @12 300 TXT "{"x" * 200}"'
        tcp = "tcp 40001 > 53 / prefix / dns id=7 ? a.example ANY"
        capture = self.capture(
            conversation(["a.example ANY"] * 5, "203.0.113.1", answer=text),
            conversation(["a.example ANY"] * 5, "203.0.113.200", answer=text),
            conversation(["a.example ANY"] * 20, "198.51.100.7"),
            [f"0.5 ipv4 198.51.100.9 > 192.0.2.53 / {tcp}"])
        row = {"queries": 10, "query_octets": 270, "responses": 10, "response_octets": 2400}
        everything = {"query_octets": 270 + 20 * 27, "response_octets": 2400 + 20 * 27}
        self.assertEqual(self.data("amplification", capture, "parameters = { ratio = 8, octets = 2400 }"),
                         [{"all": everything, "networks": {"203.0.113.0/24": row}}])
        half = {name: number // 2 for name, number in row.items()}
        self.assertEqual(self.data("amplification", capture, "parameters = { ratio = 8, octets = 1, ipv4_bits = 32 }"),
                         [{"all": everything, "networks": {"203.0.113.1/32": half, "203.0.113.200/32": half}}])
        for parameters in ("{ ratio = 8.9, octets = 1 }", "{ ratio = 8, octets = 2401 }"):
            [found] = self.data("amplification", capture, f"parameters = {parameters}")
            self.assertEqual(found, {"all": everything, "networks": {}}, parameters)

    def test_any_number_of_threads_gives_the_same_bytes(self):
        capture, _ = self.traffic("--packets", 20000, "--qps", 5000, "--tcp", .2, "--attack", "1:2:.6")
        every = "".join(reducer(path.stem) for path in SCRIPTS)
        once = self.monitor(every, capture)
        self.assertGreater(len(once), len(SCRIPTS))
        for threads in (2, 3):
            self.assertEqual(self.monitor(every, capture, "--threads", threads), once)

    def test_a_flood_of_zones_and_clients_stays_within_little_memory(self):
        capture, _ = self.traffic("--packets", 200000, "--qps", 20000, "--clients", 300000, "--junk", .9)
        for script in ("nxdomain_share", "random_subdomains", "tunnels", "amplification"):
            found = self.data(script, capture, "memory_mib = 16", head="window = { seconds = 60 }")
            self.assertEqual(len(found), 1, script)

    def test_a_script_that_comes_with_the_program_needs_no_path(self):
        capture, _ = self.traffic("--packets", 2000, "--qps", 2000)
        for path in SCRIPTS:
            named = self.monitor(f'[[reducer]]\nlua = "{path.stem}"\nsend = ["out"]\n', capture)
            self.assertEqual([json.loads(line)["data"] for line in named], self.data(path.stem, capture), path.stem)

    def test_parameters_are_held_to_their_bounds(self):
        for script, parameters, why in (("tunnels", "{ entropy = 9 }", "8 is the most"),
                                        ("tunnels", "{ entrpy = 3 }", "entropy"),
                                        ("names", "{ n = 1 }", "has no parameters")):
            config = self.file("config.toml", OUT + reducer(script, f"parameters = {parameters}"))
            done = subprocess.run([RATADNS, "check", config], capture_output=True, text=True, timeout=TIMEOUT_S)
            self.assertEqual(done.returncode, 2, done.stdout)
            self.assertIn(why, done.stderr)


class Twins(Scripts):
    def check(self, lines, source):
        by_type = {}
        for line in lines:
            by_type.setdefault(json.loads(line)["type"], []).append(line)
        for name in TWINS:
            found = [without_form(line) for line in by_type.get(name, [])]
            wanted = [as_twin(line, name) for line in by_type.get(f"builtin {name}", [])]
            # Not assertEqual, which would look for the difference of long lines for minutes.
            self.assertTrue(found == wanted, f"{name}: {source}: not the lines of the built-in one")

    def check_all(self, sources):
        """Several at a time: most of the time a program waits for its processes to start and to end."""
        timed, counted = self.config(twins()), self.config(twins(), "window = { packets = 10 }", "counted.toml")

        def lines(source):
            return self.lines(counted if str(source).startswith("speedy:") else timed, source, status=(0, 1))
        seen = 0
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            for source, found in zip(sources, pool.map(lines, sources)):
                with self.subTest(source):
                    self.check(found, source)
                seen += len(found)
        self.assertGreater(seen, 1000)

    def test_on_generated_traffic(self):
        capture, _ = self.traffic("--packets", 30000, "--qps", 5000, "--tcp", .2, "--weird", .05, "--malformed", .02)
        for threads in (1, 2):
            lines = self.monitor(twins(), capture, "--threads", threads)
            self.assertGreater(len(lines), 2 * len(TWINS))
            self.check(lines, capture)

    def test_on_every_golden_capture(self):
        sources = []
        for case in sorted((ROOT / "tests/golden").glob("*/capture.txt")):
            text, capture = case.read_text(encoding="utf-8"), self.folder / case.parent.name
            write(text, capture)
            sources.append(f"speedy:{capture}" if "\nfile plain" in text else str(capture))
        self.check_all(sources)

    def test_on_the_corpus(self):
        corpus = os.environ.get("RATADNS_CORPUS")
        if not corpus:
            self.skipTest("RATADNS_CORPUS is not set: twins are not compared on real captures")
        manifest = pathlib.Path(corpus, "manifest.jsonl").read_text(encoding="utf-8").splitlines()
        self.check_all([str(pathlib.Path(corpus, json.loads(line)["file"])) for line in manifest])


class Pages(Scripts):
    """What the pages say is tried as it stands."""

    def blocks(self, page, language):
        return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)

    def test_every_script_has_a_page_and_the_guide_names_it(self):
        guide = (ROOT / "docs/lua.md").read_text(encoding="utf-8")
        for script in SCRIPTS:
            self.assertTrue((ROOT / f"docs/lua/{script.stem}.md").exists(), script.stem)
            self.assertIn(f"(lua/{script.stem}.md)", guide)
        self.assertEqual(sorted(path.stem for path in (ROOT / "docs/lua").glob("*.md")), [path.stem for path in SCRIPTS])

    def test_every_page_names_every_parameter(self):
        for script in SCRIPTS:
            page = (ROOT / f"docs/lua/{script.stem}.md").read_text(encoding="utf-8")
            for parameter in re.findall(r"^    (\w+) = \{ default", script.read_text(encoding="utf-8"), re.MULTILINE):
                self.assertIn(f"`{parameter}`", page, script.stem)

    def test_the_configurations_on_the_pages_work(self):
        capture, _ = self.traffic("--packets", 2000, "--qps", 2000)
        for page in sorted((ROOT / "docs/lua").glob("*.md")):
            [toml] = self.blocks(page, "toml")
            lines = self.monitor(self.beside(toml), capture)
            self.assertGreater(len(lines), 0, page)

    def beside(self, toml):
        """With scripts by path, so that they are the ones in this folder, and without channels of its own."""
        self.assertNotIn("[[channel]]", toml)
        return re.sub(r'lua = "(\w+)"', lambda found: f'lua = "{ROOT}/lua/reducers/{found[1]}.lua"', toml)

    def test_the_scripts_in_the_guide_work(self):
        """Those that begin with their name."""
        capture, _ = self.traffic("--packets", 6000, "--qps", 2000)
        scripts = [block for block in self.blocks(ROOT / "docs/lua.md", "lua") if re.match(r"-- \w+\.lua", block)]
        self.assertGreater(len(scripts), 3)
        for block in scripts:
            name = re.match(r"-- (\w+\.lua)", block)[1]
            with self.subTest(name):
                lines = self.monitor(reducer(str(self.file(name, block))), capture)
                self.assertGreater(len(lines), 1)


if __name__ == "__main__":
    unittest.main()
