"""ratadns summary: every figure against the truth of generated traffic, every input form, every kind of damage."""
import gzip
import json
import os
import pathlib
import struct
import subprocess
import sys
import unittest

from support import (RATADNS, ROOT, ProgramTest, ipv4, pcap, query, query_frame, response, response_frame, run,
                     wire_name)

TYPES = {"1": "A", "2": "NS", "6": "SOA", "12": "PTR", "15": "MX", "16": "TXT", "28": "AAAA", "33": "SRV", "43": "DS",
         "48": "DNSKEY", "65": "HTTPS", "255": "ANY"}
RCODES = {"0": "NOERROR", "1": "FORMERR", "2": "SERVFAIL", "3": "NXDOMAIN", "4": "NOTIMP", "5": "REFUSED"}


def pair(time, name, client=(192, 0, 2, 1), ident=7):
    return [(time, query_frame(query(name, ident=ident), client)),
            (time + 0.002, response_frame(response(name, ident=ident), client))]


class Summary(ProgramTest):
    def test_what_lies_behind_the_question_is_counted(self):
        question = wire_name("cl") + struct.pack("!2H", 1, 1)
        opt = b"\0" + struct.pack("!2HIH", 41, 1232, 0, 10) + struct.pack("!5H", 15, 2, 22, 65001, 0)
        referral = struct.pack("!6H", 7, 0x8000, 1, 0, 1, 1) + question
        referral += b"\xc0\x0c" + struct.pack("!2HIH", 2, 1, 60, 2) + b"\xc0\x0c" + opt
        capture = self.file("in.pcap", pcap([(1, query_frame(query("cl"))), (1.1, response_frame(referral)),
                                             (2, query_frame(struct.pack("!6H", 7, 0, 0, 0, 0, 0)))]))
        dns = self.summary(capture)["dns"]
        self.assertEqual(dns["qdcount_not_1"], {"0": 1})
        self.assertEqual(dns["edns_option"], {"15": 1, "65001": 1})
        self.assertEqual(dns["ede"], {"22": 1})
        self.assertEqual(dns["rr_types"], {"NS": 1})
        self.assertEqual(dns["kind"], {"referral": 1})
        self.assertNotIn("kind", self.summary("--only", "counts", capture)["dns"])
        text = run("summary", capture).stdout
        self.assertIn("  22 No Reachable Authority\n", text)
        self.assertIn("  referral\n", text)

    def agrees_with(self, got, truth):
        dns, queries, responses = got["dns"], truth["queries"], truth["responses"]
        self.assertEqual(got["packets"], truth["packets"])
        self.assertEqual(got["bytes"], truth["bytes"])
        self.assertEqual(dns["queries"], queries["total"])
        self.assertEqual(dns["responses"], responses["total"])
        self.assertEqual(dns["messages"], queries["total"] + responses["total"])
        self.assertEqual(dns["tcp"], queries["tcp"] + responses["tcp"])
        self.assertEqual(dns["ipv6"], queries["v6"] + responses["v6"])
        self.assertEqual(dns["tc"], truth["response_tc"])
        self.assertEqual(dns["edns_queries"], truth["query_edns"])
        self.assertEqual(dns["do_queries"], truth["query_do"])
        self.assertEqual(dns["rd_queries"], truth["query_rd"])
        self.assertEqual(dns["qtype_query"], {TYPES[k]: v for k, v in truth["qtype"].items()})
        self.assertEqual(dns["rcode"], {RCODES[k]: v for k, v in truth["rcode"].items() if v})
        self.assertEqual(sum(got["malformed"].values()), truth["malformed"]["total"])
        self.assertEqual(got["unanswered"], truth["unanswered"])
        self.assertEqual(dns["distinct_qnames"], truth["names"]["distinct"])
        for top in ("top_qnames", "top_clients"):
            self.assertEqual([row[1] for row in dns[top]], [row[1] for row in truth[top]])
            largest = {key: count for key, count in truth[top] if count > truth[top][-1][1]}
            self.assertEqual({key: count for key, count in dns[top] if key in largest}, largest)
        for quantile in ("p50", "p90", "p99"):
            want = truth["latency_udp_ns"][quantile] / 1e6
            self.assertAlmostEqual(got["latency_ms"][quantile], want, delta=0.01 * want + 0.001)
        self.assertEqual(got["latency_ms"]["count"], truth["latency_udp_ns"]["count"])
        self.balances(got)

    def balances(self, got):
        frames, tcp, messages = (got["balance"][part] for part in ("frames", "tcp_octets", "messages"))
        self.assertEqual(frames["in"], frames["decoded"] + frames["filtered"] + frames["refused"])
        self.assertEqual(tcp["in"], tcp["delivered"] + tcp["skipped"] + tcp["waiting"])
        self.assertEqual(messages["in"], messages["well_formed"] + messages["malformed"])

    def test_every_figure_agrees_with_generated_traffic(self):
        for name, options in {
            "usual": [],
            "tcp": ["--nano", "--tcp", ".3", "--frag", ".02", "--malformed", ".01"],
            "v6": ["--v6", ".9", "--junk", ".5", "--mixed-case", ".5", "--unanswered", ".1"],
        }.items():
            with self.subTest(name):
                capture, truth = self.traffic("--packets", 60000, "--seed", 5, *options, name=name)
                self.agrees_with(self.summary(capture), truth)

    def test_byte_orders_units_gzip_and_a_pipe_give_the_same_figures(self):
        frames = [frame for i in range(20) for frame in pair(1700000000 + i, f"n{i}.example", ident=i)]
        plain = self.file("plain.pcap", pcap(frames))
        expected = self.summary(plain)
        self.assertEqual(expected["dns"]["messages"], 40)
        self.assertEqual(expected["latency_ms"]["p50"], 2.0)
        inputs = {
            "big.pcap": pcap(frames, order=">"),
            "nano.pcap": pcap(frames, nano=True),
            "big-nano.pcap": pcap(frames, nano=True, order=">"),
            "x.pcap.gz": gzip.compress(pcap(frames)),
            "two-members.gz": gzip.compress(pcap(frames)[:100]) + gzip.compress(pcap(frames)[100:]),
            "no-ending": pcap(frames),
        }
        for name, content in inputs.items():
            with self.subTest(name):
                got = self.summary(self.file(name, content))
                self.assertEqual({**got, "file": ""}, {**expected, "file": ""})
                piped = run("summary", "--json", "-", stdin=content)
                self.assertEqual(piped.returncode, 0, piped.stderr)
                self.assertEqual({**json.loads(piped.stdout), "file": ""}, {**expected, "file": ""})

    def test_several_captures_are_one_input(self):
        first = self.file("1.pcap", pcap(pair(100, "a.example")))
        second = self.file("2.pcap", pcap(pair(200, "a.example") + pair(300, "b.example")))
        got = self.summary(first, second)
        self.assertEqual(got["file"], [str(first), str(second)])
        self.assertEqual(got["packets"], 6)
        self.assertEqual(got["dns"]["top_qnames"], [["a.example", 2], ["b.example", 1]])
        self.assertEqual((got["first"], got["last"]), ("100.000000000", "300.002000000"))

    def test_a_cut_or_damaged_file_gives_what_was_readable_and_status_1(self):
        whole = pcap(pair(100, "a.example") + pair(200, "b.example"))
        record = (len(whole) - 24) // 4
        damaged = bytearray(whole)
        damaged[24 + 2 * record + 8:24 + 2 * record + 12] = b"\xff\xff\xff\x7f"
        for name, content, packets, offset in [
            ("cut-in-data", whole[:-5], 3, 24 + 3 * record),
            ("cut-in-header", whole[:24 + record + 7], 1, 24 + record),
            ("damaged", bytes(damaged), 2, 24 + 2 * record),
            ("cut-in-file-header", whole[:20], 0, 0),
        ]:
            with self.subTest(name):
                path = self.file(name, content)
                done = run("summary", "--json", path)
                self.assertEqual(done.returncode, 1)
                self.assertEqual(json.loads(done.stdout)["packets"], packets)
                self.assertIn(str(path), done.stderr)
                self.assertIn(str(offset), done.stderr)

    def test_a_cut_gzip_file_gives_what_was_readable(self):
        content = gzip.compress(pcap([frame for i in range(500) for frame in pair(i, f"n{i * 7919}.example")]))
        done = run("summary", "--json", self.file("cut.gz", content[:len(content) // 2]))
        self.assertEqual(done.returncode, 1)
        self.assertGreater(json.loads(done.stdout)["packets"], 100)
        self.assertIn("cut.gz", done.stderr)

    def test_an_empty_capture_has_zero_packets_and_is_no_error(self):
        got = self.summary(self.file("empty.pcap", pcap([])))
        self.assertEqual(got["packets"], 0)
        self.assertIsNone(got["first"])

    def test_what_is_no_capture_is_refused_with_what_would_be_accepted(self):
        for name, content, says in [("text", b"Hello, this is no capture at all.\n", "pcap"),
                                    ("next-generation", b"\x0a\x0d\x0d\x0a" + b"\0" * 60, "pcapng"), ("nothing", b"", "")]:
            with self.subTest(name):
                done = run("summary", "--json", self.file(name, content))
                self.assertEqual(done.returncode, 1)
                self.assertIn(name, done.stderr)
                self.assertIn(says, done.stderr)
                self.assertEqual(json.loads(done.stdout)["packets"], 0)
        done = run("summary", self.folder / "not-there.pcap")
        self.assertEqual(done.returncode, 1)
        self.assertIn("not-there.pcap", done.stderr)

    def test_names_of_any_octets_leave_as_ascii(self):
        name = "\x00\xff\"<b>\\.Ex ample"
        path = self.file("odd.pcap", pcap([(1, query_frame(query(name)))]))
        self.assertEqual(self.summary(path)["dns"]["top_qnames"], [[r"\000\255\034<b>\092.ex\032ample", 1]])

    def test_ports_and_times_choose(self):
        frames = [(10 + i, query_frame(query(ident=i), sport=5000 + i)) for i in range(10)]
        path = self.file("x.pcap", pcap(frames))
        self.assertEqual(self.summary("--port", 5003, path)["dns"]["messages"], 1)
        self.assertEqual(self.summary("--port", 5003, "--port", 53, path)["dns"]["messages"], 10)
        got = self.summary("--from", 12, "--to", "1970-01-01T00:00:15.5Z", path)
        self.assertEqual(got["dns"]["messages"], 4)
        self.assertEqual(got["balance"]["frames"]["filtered_by_reason"], {"outside_time": 6})
        self.assertEqual(self.summary("--to", "2261-12-31T23:59:59Z", path)["dns"]["messages"], 10)
        self.assertIn("is no time", run("summary", "--to", "9999-12-31T23:59:59Z", path).stderr)
        self.balances(got)

    def test_tunnels_are_opened_unless_switched_off(self):
        inner = query_frame(query())[14:]
        frames = [(1, b"\0" * 12 + b"\x08\0" + ipv4(b"\0\0\x08\0" + inner, (203, 0, 113, 1), protocol=47)),
                  (2, b"\0" * 12 + b"\x08\0" + ipv4(inner, (203, 0, 113, 1), protocol=4))]
        path = self.file("x.pcap", pcap(frames))
        opened = self.summary(path)
        self.assertEqual(opened["dns"]["messages"], 2)
        self.assertEqual(opened["dns"]["top_clients"], [["192.0.2.1", 2]])
        self.assertEqual(self.summary("--no-tunnel", "gre", path)["dns"]["messages"], 1)
        for arguments in [("--no-tunnel", "gre", "--no-tunnel", "ipip"), ("--no-tunnel", "all")]:
            closed = self.summary(*arguments, path)
            self.assertEqual(closed["dns"]["messages"], 0)
            self.assertEqual(closed["balance"]["frames"]["filtered_by_reason"], {"other_protocol": 2})
            self.balances(closed)

    def test_dns_quoted_in_icmp_errors_counts_apart(self):
        error = b"\0" * 12 + b"\x08\0" + ipv4(b"\3\3" + b"\0" * 6 + query_frame(query())[14:], protocol=1)
        got = self.summary(self.file("x.pcap", pcap([(1, query_frame(query())), (2, error)])))
        self.assertEqual((got["dns"]["messages"], got["dns"]["in_icmp"]), (1, 1))

    def test_only_counts_leaves_out_what_takes_long(self):
        capture, truth = self.traffic("--packets", 5000)
        got = self.summary("--only", "counts", capture)
        self.assertEqual(got["dns"]["queries"], truth["queries"]["total"])
        self.assertNotIn("top_qnames", got["dns"])
        self.assertNotIn("latency_ms", got)

    def test_only_names_has_the_names_and_nothing_else_of_what_takes_long(self):
        capture, truth = self.traffic("--packets", 5000)
        got = self.summary("--only", "names", capture)
        self.assertEqual(got["dns"]["top_qnames"][:5], self.summary(capture)["dns"]["top_qnames"][:5])
        self.assertEqual(got["dns"]["distinct_qnames"], truth["names"]["distinct"])
        self.assertNotIn("top_clients", got["dns"])
        self.assertNotIn("latency_ms", got)
        self.assertIn("top names", run("summary", "--only", "names", capture).stdout)

    def test_the_report_for_people_names_the_same_figures(self):
        capture, truth = self.traffic("--packets", 5000)
        done = run("summary", capture)
        self.assertEqual(done.returncode, 0)
        for figure in (truth["packets"], truth["queries"]["total"], truth["top_qnames"][0][0], truth["top_clients"][0][0]):
            self.assertIn(str(figure), done.stdout)

    def test_wrong_arguments_end_with_status_2_and_say_what_is_accepted(self):
        path = self.file("x.pcap", pcap([]))
        for arguments, says in [((), "FILE"), (("--port", "0", path), "--port"), (("--from", "soon", path), "is no time"),
                                (("--only", "clients", path), "counts"), (("--frob", path), "--frob"),
                                (("--no-tunnel", "l2tp", path), "6in4")]:
            with self.subTest(arguments):
                done = run("summary", *arguments)
                self.assertEqual(done.returncode, 2)
                self.assertIn(says, done.stderr)
                self.assertEqual(done.stdout, "")

    def test_where_nobody_can_be_told_the_work_goes_on(self):
        capture = self.file("x.pcap", pcap(pair(1, "a.example")))
        with open("/dev/full", "wb") as full:
            done = subprocess.run([RATADNS, "summary", capture, self.folder / "none"], stdout=subprocess.PIPE, stderr=full)
            self.assertEqual(done.returncode, 1)
            self.assertIn(b"queries               1", done.stdout)
            self.assertEqual(subprocess.run([RATADNS, "sumary"], stderr=full).returncode, 2)

    def test_a_standard_output_that_is_closed_is_a_failure(self):
        capture = self.file("x.pcap", pcap(pair(1, "a.example")))
        done = subprocess.run(["sh", "-c", '"$0" summary "$1" >&-', RATADNS, capture], capture_output=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"standard output: cannot be written", done.stderr)

    def test_the_capture_corpus_agrees_but_for_what_is_accepted(self):
        corpus = os.environ.get("RATADNS_CORPUS")
        if not corpus:
            self.skipTest("RATADNS_CORPUS is not set: the corpus of real captures is not read")
        checker = pathlib.Path(corpus).resolve().parent / "tools" / "check_corpus.py"
        done = subprocess.run([sys.executable, checker, "--program", RATADNS, "--corpus", corpus,
                               "--accepted", ROOT / "tests/data/corpus-accepted.jsonl"], capture_output=True,
                              text=True, timeout=600)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
