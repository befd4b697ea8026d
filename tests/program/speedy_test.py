"""Speedy JSON: what serialize writes, read again; what it lacks; what is wrong with it."""
import json
import subprocess
import unittest

from support import RATADNS, TIMEOUT_S, ProgramTest, pcap, query, query_frame, response, response_frame, run


def record(**members):
    text = json.dumps(members, separators=(",", ":"))
    return f"{len(text)}{text}"


def question(name="www.example.", qtype="1", qclass="1"):
    return [{"qname": name, "qtype": qtype, "qclass": qclass}]


def whole(name="www.example.", flags="100", source="c0000201", dest="c0000235", ident="7"):
    return record(source=source, dest=dest, id=ident, flags=flags, queries=question(name))


MONITOR = """
server = "ns1"
window = {{ {window} }}
[[channel]]
name = "out"
url = "stdout:"
[[reducer]]
type = "QueriesPerSecond"
send = [{{ channel = "out" }}]
[[reducer]]
type = "count_by"
name = "clients"
by = "client"
where = "query"
send = [{{ channel = "out" }}]
"""


class SpeedyTest(ProgramTest):
    def monitor(self, text, window="packets = 3", extra="", options=()):
        config = self.file("m.toml", MONITOR.format(window=window) + extra)
        source = () if extra else ("--source", f"speedy:{self.file('x.json', text)}")
        return run("monitor", "-c", config, *source, *options)

    def test_what_serialize_wrote_says_the_same_again(self):
        capture, manifest = self.traffic("--seed", 3, "--queries", 2000)
        once = run("serialize", capture)
        self.assertGreater(len(once.stdout), 10_000)
        again = run("serialize", "speedy:-", stdin=once.stdout.encode())
        self.assertEqual((again.returncode, again.stdout), (0, once.stdout), again.stderr)
        file = self.file("x.json", once.stdout)
        of_capture, of_json = self.summary(capture), self.summary(f"speedy:{file}")
        for member in ("messages", "queries", "responses", "ipv4", "ipv6", "tc", "aa", "rd_queries", "opcode",
                       "qtype_query", "qtype_response", "qclass_query", "rcode", "rcode_full", "distinct_qnames", "top_qnames",
                       "top_clients", "edns", "do", "edns_queries", "do_queries", "kind", "rr_types", "edns_option"):
            self.assertEqual(of_json["dns"][member], of_capture["dns"][member], member)
        # What is not there is not made up.
        self.assertEqual((of_json["first"], of_json["last"]), (None, None))
        self.assertEqual((of_json["dns"]["udp"], of_json["dns"]["tcp"]), (0, 0))
        self.assertEqual((of_json["unanswered"], of_json["unasked"], of_json["latency_ms"]["count"]), (0, 0, 0))

    def test_members_left_out_stay_left_out(self):
        text = record(id="7", flags="100") + record(source="Client-77", queries=question()) + "2{}"
        self.assertEqual(run("serialize", "speedy:-", stdin=text.encode()).stdout, text)
        summary = json.loads(run("summary", "--json", "speedy:-", stdin=text.encode()).stdout)
        self.assertEqual([summary["dns"][member] for member in ("messages", "queries", "ipv4", "ipv6")], [3, 1, 0, 1])

    def test_damage_ends_the_reading_with_offset_and_status(self):
        for rest, says in (("{}", "no number before the {"), ("9" + whole()[3:], "are no JSON object"),
                           (whole()[:-5], "cut: the record wants"), ("2000000{", "a record has 2 to 1048576 octets")):
            done = run("summary", "--json", "speedy:-", stdin=(whole() + rest).encode())
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"standard input: at offset {len(whole())}: ", done.stderr)
            self.assertIn(says, done.stderr)
            summary = json.loads(done.stdout)
            self.assertEqual(summary["dns"]["queries"], 1)
            self.assertEqual(summary["balance"]["frames"]["refused_by_reason"], {"bad_record": 1})

    def test_a_refused_record_is_told_and_reading_goes_on(self):
        done = run("summary", "--json", "speedy:-", stdin=(whole(ident="xyz") + whole()).encode())
        self.assertEqual(done.returncode, 1)
        self.assertIn('standard input: at offset 0: id "xyz" is no hexadecimal number up to ffff', done.stderr)
        self.assertEqual(json.loads(done.stdout)["dns"]["queries"], 1)

    def test_windows_by_count_need_no_times(self):
        text = whole(source="Client-7") + whole(source="Client-7") + whole(flags="8100") + whole()
        done = self.monitor(text, window="packets = 2, flush = true")
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([row["data"] for row in rows],
                         [{"qps": 0.0}, {"Client-7": 2}, {"qps": 0.0}, {"192.0.2.1": 1}])

    def boots(self, text, **options):
        done = self.monitor(text, window="packets = 1", **options)
        self.assertEqual(done.returncode, 0, done.stderr)
        found = {json.loads(line)["id"]["boot"] for line in done.stdout.splitlines()}
        self.assertEqual(len(found), 1, "one boot for all windows")
        return found.pop()

    def test_inputs_without_times_are_told_apart_by_their_first_message(self):
        first = whole() + whole("b.example.")
        others = [whole("a.example."), whole(ident="8"), whole(source="c0000202"), whole(source="Client-7"),
                  whole(source="Client-8"), whole(dest="c0000236")]
        boots = [self.boots(text + whole("b.example.")) for text in [whole()] + others]
        self.assertEqual(len(set(boots)), len(boots), "a second input does not take the place of the first")
        self.assertEqual(self.boots(first), boots[0], "read again it does")

    def test_the_boot_does_not_depend_on_how_the_input_comes(self):
        text = whole() + whole("b.example.")
        config = self.file("m.toml", MONITOR.format(window="packets = 1"))
        process = subprocess.Popen([RATADNS, "monitor", "-c", config, "--source", "speedy:-"], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for at in range(len(text)):
            process.stdin.write(text[at:at + 1].encode())
            process.stdin.flush()
        out, err = process.communicate(timeout=TIMEOUT_S)
        self.assertEqual(process.returncode, 0, err)
        self.assertEqual({json.loads(line)["id"]["boot"] for line in out.splitlines()}, {self.boots(text)})

    def test_windows_by_time_need_arrival_times(self):
        done = self.monitor(whole(), window="seconds = 1")
        self.assertEqual(done.returncode, 2)
        self.assertIn("window = { packets = 1000 }, or arrival_time = true in [[source]] (--arrival-time)", done.stderr)
        done = self.monitor(whole() * 3, window="seconds = 1", options=["--arrival-time"])
        self.assertEqual(done.returncode, 0, done.stderr)
        counts = [json.loads(line)["data"].get("192.0.2.1", 0) for line in done.stdout.splitlines()]
        self.assertEqual(sum(counts), 3)
        file = self.file("x.json", whole())
        done = self.monitor("", window="seconds = 1",
                            extra=f'[[source]]\nspeedy = "{file}"\narrival_time = true\n')
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_there_is_nothing_to_leave_out_by_time(self):
        for command in ("summary", "serialize"):
            done = run(command, "--from", "1700000000", "speedy:-")
            self.assertEqual(done.returncode, 2)
            self.assertIn("--from and --to leave out by time, and Speedy JSON has none", done.stderr)

    def test_what_a_reducer_needs_and_a_record_lacks_is_counted_and_said_once(self):
        no_flags, no_source = record(id="7", queries=question()), record(flags="100", queries=question())
        done = self.monitor(no_flags + no_flags + no_source)
        rates, clients = (json.loads(line) for line in done.stdout.splitlines())
        self.assertEqual(rates["loss"]["lacking"], {"flags": 2})
        self.assertEqual(clients["loss"]["lacking"], {"source": 1, "flags": 2})
        self.assertEqual(clients["window"]["packets"], 3, "the others see the record")
        self.assertEqual(done.stderr.count('skips messages that lack "flags"'), 2, "once a reducer")
        self.assertEqual(done.stderr.count('clients: skips messages that lack "source"'), 1)
        self.assertIn("reducers lacking: 2 QueriesPerSecond: flags", done.stderr)

    def test_a_captured_message_without_question_lacks_its_queries(self):
        bare = b"\0\7\1\0" + b"\0" * 8
        capture = self.file("x.pcap", pcap([(1, query_frame(bare)), (1, query_frame(query())),
                                            (1, response_frame(response()))]))
        config = self.file("m.toml", MONITOR.format(window="seconds = 1").replace('"client"', '"qname"'))
        done = run("monitor", "-c", config, "--source", capture)
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(rows[1]["loss"]["lacking"], {"queries": 1})
        self.assertNotIn("lacking", rows[0]["loss"])


if __name__ == "__main__":

    unittest.main()
