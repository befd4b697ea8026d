"""Reducers that are written in Lua: what a script may say and see, what becomes of one that fails, and `ratadns lua`.
lua_reducers_test.py has those that come along, lua_attacks_test.py what a hostile one tries."""
import json
import re
import select
import subprocess
import unittest

from support import RATADNS, ProgramTest, pcap, query, query_frame, response, response_frame, run

COUNT = """
local messages = 0
return {
  add = function(message) messages = messages + 1 end,
  take = function() return { messages = messages } end,
}
"""


class LuaTest(ProgramTest):
    def config(self, reducers, top=""):
        text = f'server = "ns1"\n{top}\n[[channel]]\nname = "out"\nurl = "stdout:"\n'
        for reducer in reducers:
            text += f'[[reducer]]\n{reducer}\nsend = [{{ channel = "out" }}]\n'
        return self.file("config.toml", text)

    def monitor(self, capture, *reducers, top="", options=(), status=0):
        done = run("monitor", "-c", self.config(reducers, top), "--source", capture, *options)
        self.assertEqual(done.returncode, status, done.stderr)
        done.rows = [json.loads(line) for line in done.stdout.splitlines()]
        return done

    def data(self, script, capture=None, **more):
        """Of the first window of one script."""
        self.file("script.lua", script)
        return self.monitor(capture or self.capture(), 'lua = "script.lua"', **more).rows[0]["data"]

    def capture(self):
        """Three queries from two clients, two responses; a second later one query more."""
        one, other = (192, 0, 2, 1), (198, 51, 100, 9)
        return self.file("in.pcap", pcap([
            (100.0, query_frame(query("www.a.example", 1, 1), one)),
            (100.1, response_frame(response("www.a.example", 1, 1), one)),
            (100.2, query_frame(query("mail.b.example", 28, 2), other, 6000)),
            (100.3, response_frame(response("mail.b.example", 28, 2, rcode=3), other, 6000)),
            (100.4, query_frame(query("www.a.example", 1, 3), one)),
            (101.5, query_frame(query("example", 2, 4), one))]))


class Scripts(LuaTest):
    def test_a_file_is_run_anew_for_every_window(self):
        self.file("count.lua", COUNT)
        done = self.monitor(self.capture(), 'lua = "count.lua"')
        self.assertEqual([row["data"] for row in done.rows], [{"messages": 5}, {"messages": 1}])
        self.assertEqual(done.rows[0]["type"], "count")
        self.assertEqual(done.rows[0]["merge"], "sum")
        self.assertIn("script                6 = 6 counted + 0 waiting + 0 missed: count\n", done.stderr)

    def test_a_window_in_which_nothing_came_has_a_result_too(self):
        self.file("count.lua", COUNT)
        capture = self.file("gap.pcap", pcap([(100, query_frame(query())), (103, query_frame(query()))]))
        self.assertEqual([row["data"]["messages"] for row in self.monitor(capture, 'lua = "count.lua"').rows], [1, 0, 0, 1])

    def test_fields_are_called_as_dimensions_and_conditions_are(self):
        fields = ["qname", "qtype", "qtype_number", "client", "client_prefix:24:48", "message_size", "message_size:512",
                  "rcode", "response", "query", "rd", "aa", "transport", "client_port", "levels:1", "id", "label_count",
                  "response_time", "time", "edns_size", "kind"]
        rows = "\n".join(f'    rows["{name}"] = tostring(m["{name}"])' for name in fields)
        script = f"local rows = {{}}\nreturn {{ add = function(m) if m.id == 2 then\n{rows}\n end end, take = function() return rows end }}"
        self.assertEqual(self.data(script), {
            "qname": "mail.b.example.", "qtype": "AAAA", "qtype_number": "28", "client": "198.51.100.9",
            "client_prefix:24:48": "198.51.100.0/24", "message_size": "32", "message_size:512": "0-511",
            "rcode": "NXDOMAIN", "response": "true", "query": "false", "rd": "true", "aa": "false", "transport": "udp",
            "client_port": "6000", "levels:1": "example.", "id": "2", "label_count": "3", "response_time": "100000",
            "time": "100.3", "edns_size": "nil", "kind": "nxdomain"})

    def test_functions_of_texts_and_values(self):
        script = """
        local rows = {}
        return { add = function(m) end, take = function()
          return {
            levels = levels("www.a.example.", 2), all = levels("a.", 9), root = levels(".", 1), none = levels("a.b.", 0),
            first = label("www.a.example."), last = label("www.a.example.", -1), beyond = tostring(label("a.", 2)),
            v4 = prefix("192.0.2.77"), v6 = prefix("2001:db8:1:2::3"), wide = prefix("192.0.2.77", 16), text = prefix("x"),
            country = country("192.0.2.1"), asn = asn("192.0.2.1"),
            zero = entropy("aaaa"), two = entropy("abcd"), some = math.floor(entropy("aab") * 1000),
          }
        end }
        """
        self.assertEqual(self.data(script), {
            "levels": "a.example.", "all": "a.", "root": ".", "none": ".", "first": "www", "last": "example", "beyond": "nil",
            "v4": "192.0.2.0/24", "v6": "2001:db8:1::/48", "wide": "192.0.0.0/16", "text": "x", "country": "unknown",
            "asn": "unknown", "zero": 0, "two": 2, "some": 918})

    def test_values_are_those_of_the_built_in_reducers(self):
        script = """
        local names, clients = counter("qname", { limit = 1 }), distinct("client")
        local sizes, top, words = quantiles("message_size"), top_k(1, "qtype"), counter()
        return {
          where = "query",
          add = function(m)
            names:add(m) clients:add(m) sizes:add(m) top:add(m)
            words:add(label(m.qname), 2)
          end,
          take = function()
            return { names = names, clients = clients, sizes = sizes, top = top, words = words, www = words:get("www"),
                     total = names:total(), about = clients:estimate(), largest = sizes:quantile(1), best = words:top(1)[1].key }
          end,
        }
        """
        self.file("script.lua", script)
        built_in = ('type = "count_by"\nname = "by"\nby = "transport"\nwhere = "query"\n'
                    'measure = ["distinct:client", "quantiles:message_size"]')
        rows = self.monitor(self.capture(), 'lua = "script.lua"', built_in).rows
        data, by = rows[0]["data"], rows[1]["data"]["udp"]
        self.assertEqual(data["names"], {"-:SKIPPED:-": 1, "-:SKIPPED_SUM:-": 1, "www.a.example.": 2})
        self.assertEqual(data["clients"], by["distinct:client"])
        self.assertEqual(data["sizes"], by["quantiles:message_size"])
        self.assertEqual(data["top"], {"error": 0, "top": [["A", 2]]})
        self.assertEqual(data["words"], {"mail": 2, "www": 4})
        self.assertEqual([data[name] for name in ("www", "total", "about", "largest", "best")], [4, 3, 2, 32, "www"])
        self.assertEqual(rows[0]["merge"]["clients"], "distinct")

    def test_rows_carry_their_merge_rule(self):
        script = """
        return { add = function() end, take = function()
          return { most = max(3), least = min { a = 1, b = 2 }, all = 5, list = list { { 1, "a" }, { x = true } }, text = "t",
                   rows = { a = { n = 1, m = max(1) }, b = { n = 2, m = max(2) } } }
        end }
        """
        self.file("script.lua", script)
        row = self.monitor(self.capture(), 'lua = "script.lua"').rows[0]
        self.assertEqual(row["data"], {"all": 5, "least": {"a": 1, "b": 2}, "list": [[1, "a"], {"x": True}], "most": 3,
                                       "rows": {"a": {"m": 1, "n": 1}, "b": {"m": 2, "n": 2}}, "text": "t"})
        self.assertEqual(row["merge"], {"all": "sum", "least": {"*": "min"}, "list": "concatenate", "most": "max",
                                        "rows": {"*": {"m": "max", "n": "sum"}}, "text": "greatest"})

    def test_a_declaration_is_a_count_by(self):
        self.file("a.lua", 'return count("qtype", levels(field.qname, 2), prefix(field.client, 16, 32), '
                           '{ where = { "query", "not tcp" }, limit = { 10, 1 }, name = "declared" })')
        self.file("b.lua", 'return count { "qtype", where = "response" }')
        by = 'type = "count_by"\nname = "declared_too"\nby = ["qtype", "levels:2", "client_prefix:16:32"]\n' \
             'where = ["query", "not tcp"]\nlimit = [10, 1]'
        rows = self.monitor(self.capture(), 'lua = "a.lua"', by, 'lua = "b.lua"').rows
        self.assertEqual([row["type"] for row in rows[:3]], ["declared", "declared_too", "b"])
        self.assertEqual(rows[0]["data"], rows[1]["data"])
        self.assertEqual(rows[2]["data"], {"A": 1, "AAAA": 1})

    def test_parameters_have_defaults_and_checks(self):
        self.file("p.lua", """
        return { parameters = { limit = { default = 3, min = 1, max = 9 }, word = "x", on = true, kind = { default = "a", one_of = { "a", "b" } } },
                 add = function() end, take = function() return { n = parameters.limit, w = parameters.word, on = parameters.on, k = parameters.kind } end }
        """)
        data = lambda given: self.monitor(self.capture(), f'lua = "p.lua"\n{given}').rows[0]["data"]  # noqa: E731
        self.assertEqual(data(""), {"k": "a", "n": 3, "on": True, "w": "x"})
        self.assertEqual(data('parameters = { limit = 9, word = "y", on = false, kind = "b" }'), {"k": "b", "n": 9, "on": False, "w": "y"})
        for given, said in (("limit = 10", "limit = 10: 9 is the most"), ("limit = 0", "1 is the least"),
                            ('limit = "x"', "it is a number, such as 3"), ("on = 1", "it is a true or false"),
                            ('kind = "c"', 'it is one of ["a","b"]'), ("limt = 2", 'did you mean "limit"')):
            with self.subTest(given):
                done = self.monitor(self.capture(), f'lua = "p.lua"\nparameters = {{ {given} }}', status=2)
                self.assertIn(said, done.stderr)

    def test_what_is_wrong_with_a_file_is_said_with_its_line(self):
        for script, said in (
                ("return {", "script.lua:1: unexpected symbol near '<eof>'"),
                ("x = {}\nlocal y = x.z.w\n", "script.lua:2: attempt to index field 'z' (a nil value)"),
                ("return 5", "has to return a table with add and take, or count(...); it returned number"),
                ("return { add = function() end }", "has no function take"),
                ("return { add = 1, take = function() end }", "add has to be a function, not a number"),
                ("return { add = print, take = print, whree = 'query' }", 'did you mean "where"'),
                ("return { add = print, take = print, where = 'quer' }", 'did you mean "query"'),
                ("return count('qnme')", 'did you mean "qname"'),
                ("return count('qname', { limits = 3 })", 'count: no option "limits"'),
                ("local c = counter('qnme')\nreturn { add = print, take = print }", 'did you mean "qname"'),
                ("\nlocal c = counter('qnme')", "script.lua:2: there is no field of messages"),
                ("return { add = print, take = print, needs = 'qnme' }", 'did you mean "qname"'),
                ("return { add = print, take = print, parameters = { x = {} } }", "x needs a default")):
            with self.subTest(script):
                self.file("script.lua", script)
                self.assertIn(said, self.monitor(self.capture(), 'lua = "script.lua"', status=2).stderr)

    def test_keys_of_the_configuration(self):
        self.file("count.lua", COUNT)
        for reducer, said in (('lua = "absent.lua"', "absent.lua: cannot be read: No such file"),
                              ('lua = "count.lua"\ntype = "count_by"', 'there is no key "type" here'),
                              ('lua = "count.lua"\nmemory_mib = 1', "memory_mib"),
                              ('lua = "count.lua"\ntime_limit_seconds = 0', "time_limit_seconds is from 0.1"),
                              ('lua = "count.lua"\nfaults = 0', "faults"),
                              ('lua = "count.lua"\nparameters = { x = [1] }', "x has to be a number, a text, true or false"),
                              ('lua = "count.lua"\nparameters = { x = 1 }', "the script has no parameters")):
            with self.subTest(reducer):
                self.assertIn(said, self.monitor(self.capture(), reducer, status=2).stderr)

    def test_threads_shards_and_pieces_of_the_input_do_not_show(self):
        # Which message comes when is what this one tells.
        self.file("order.lua", """
        local sum, place = 0, 0
        return { add = function(m) place = place + 1; sum = (sum * 31 + m.id * place) % 1000003 end,
                 take = function() return { sum = sum, messages = place } end }
        """)
        capture, truth = self.traffic("--packets", 40000, "--qps", 5000, "--seed", 9, "--tcp", 0.2)
        one = self.monitor(capture, 'lua = "order.lua"').stdout
        self.assertGreater(sum(json.loads(line)["data"]["messages"] for line in one.splitlines()), 20000)
        self.assertEqual(self.monitor(capture, 'lua = "order.lua"', options=("--threads", 3)).stdout, one)
        cells = [json.loads(line)["data"] for line in one.splitlines()]
        shards = self.monitor(capture, 'lua = "order.lua"', top="shards = 3")
        self.assertEqual([row["data"] for row in shards.rows], cells)
        piped = run("monitor", "-c", self.folder / "config.toml", "--source", "-", stdin=capture.read_bytes())
        self.assertEqual([json.loads(line)["data"] for line in piped.stdout.splitlines()], cells)

    def test_what_waits_for_its_order_is_not_the_scripts_memory(self):
        self.file("names.lua", 'local n = 0 return { fields = { "qname" }, add = function(m) n = n + 1 end, '
                               'take = function() return { n = n } end }')
        label = "x" * 60
        frames = [(100 + i * 1e-5, query_frame(query(f"{label}.{label}.{label}.{i}.example", ident=i % 65536),
                                               (192, 0, 2, i % 250 + 1))) for i in range(30000)]
        pieces = [pcap(frames[at:at + 500])[24:] for at in range(0, len(frames), 500)]
        capture = self.file("long.pcap", pcap([]) + b"".join(pieces))
        one = self.monitor(capture, 'lua = "names.lua"\nmemory_mib = 8')
        self.assertIn("30000 counted + 0 waiting + 0 missed", one.stderr)
        self.assertEqual(self.monitor(capture, 'lua = "names.lua"\nmemory_mib = 8', options=("--threads", 2)).stdout, one.stdout)

    def test_an_input_that_is_silent_is_no_fault_of_a_script(self):
        self.file("count.lua", COUNT)
        path = self.config(['lua = "count.lua"\ntime_limit_seconds = 0.1'])
        frames = pcap([(100 + i, query_frame(query())) for i in range(3)])
        with subprocess.Popen([RATADNS, "monitor", "-c", path, "--source", "-"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            process.stdin.write(frames[:24])
            process.stdin.flush()
            # Ten times the limit: so long a process may get nowhere without using any time.
            self.assertEqual(select.select([process.stderr], [], [], 1.5)[0], [])
            out, said = process.communicate(frames[24:], timeout=30)
        self.assertNotIn(b"got nowhere", said)
        self.assertEqual([json.loads(line)["data"]["messages"] for line in out.splitlines()], [1, 1, 1])

    def test_windows_by_packets(self):
        self.file("count.lua", COUNT)
        done = self.monitor(self.capture(), 'lua = "count.lua"', top="window = { packets = 4, flush = true }")
        self.assertEqual([row["data"]["messages"] for row in done.rows], [4, 2])
        done = self.monitor(self.capture(), 'lua = "count.lua"', top="window = { packets = 4 }")
        self.assertEqual([row["data"]["messages"] for row in done.rows], [4])
        self.assertIn("6 = 4 counted + 0 waiting + 2 missed: count\n", done.stderr)
        self.assertIn("scripts missed: 2 unsent", done.stderr)

    def test_addresses_are_made_anonymous_before_a_script_sees_them(self):
        script = """
        local seen = {}
        return { add = function(m) seen[m.client] = 1; seen[m.client_prefix] = 1 end, take = function() return seen end }
        """
        data = self.data(script, top='[anonymise]\nmethod = "truncate"\nipv4_bits = 16')
        self.assertEqual(sorted(data), ["192.0.0.0", "192.0.0.0/16", "198.51.0.0", "198.51.0.0/16"])

    def test_what_has_no_value_is_not_handed_over_where_it_is_needed(self):
        script = 'local n = 0 return { needs = %s, add = function(m) n = n + 1 end, take = function() return { n = n } end }'
        for needs, count in (('"response_time"', 2), ('"rcode"', 2), ('{ "qname", "client" }', 5), ('"edns_size"', 0)):
            with self.subTest(needs):
                self.assertEqual(self.data(script % needs), {"n": count})

    def test_a_script_prints_to_the_operator(self):
        self.file("p.lua", 'return { add = function() end, take = function() print("so", 1, nil) end }')
        self.assertIn("p.lua: print: so\t1\tnil", self.monitor(self.capture(), 'lua = "p.lua"').stderr)


class Faults(LuaTest):
    NATIVE = 'type = "count_by"\nname = "native"\nby = "qtype"'

    def faulty(self, body, more="", capture=None):
        """What is said when a script does `body` for a message of id 2, and that nobody else notices."""
        self.file("faulty.lua", f"""
        local n = 0
        return {{
          add = function(m)
            n = n + 1
            if m.id == 2 and m.query then
              {body}
            end
          end,
          take = function() return {{ n = n }} end,
        }}
        """)
        capture = capture or self.capture()
        alone = [row for row in self.monitor(capture, self.NATIVE).rows]
        done = self.monitor(capture, f'lua = "faulty.lua"\n{more or "time_limit_seconds = 0.3"}', self.NATIVE)
        native = [row for row in done.rows if row["type"] == "native"]
        self.assertEqual([row["data"] for row in native], [row["data"] for row in alone])
        done.faulty = [row for row in done.rows if row["type"] == "faulty"]
        numbers = re.search(r"script +(\d+) = (\d+) counted \+ (\d+) waiting \+ (\d+) missed: faulty; faults: (\d+)", done.stderr)
        self.assertIsNotNone(numbers, done.stderr)
        given, counted, waiting, missed, done.faults = map(int, numbers.groups())
        self.assertEqual(given, counted + waiting + missed)
        self.assertEqual(waiting, 0)
        self.assertEqual(missed, sum(row["loss"].get("missed", 0) for row in done.faulty))
        self.assertNotIn("DO NOT BALANCE", done.stderr)
        done.missed = missed
        return done

    def test_an_error_is_told_with_file_line_and_stack_and_what_it_missed(self):
        done = self.faulty("local function inner() error('no more') end inner()")
        self.assertIn("faulty.lua:7: no more", done.stderr)
        self.assertIn("\n  faulty.lua:7: in function 'inner'\n  faulty.lua:7: in function 'add'", done.stderr)
        # What was handed to it before it was known to have failed went with it: at least that message's window.
        self.assertEqual(done.faults, 1)
        self.assertGreaterEqual(done.missed, 5)
        self.assertEqual(done.faulty[0]["data"], {})
        self.assertEqual(done.faulty[0]["loss"]["missed"], 5)

    def test_an_endless_loop_is_ended(self):
        for body in ("while true do end", "local s = 0 for i = 1, math.huge do s = s + i end",
                     "string.find(string.rep('a', 100000), string.rep('a-', 100) .. 'b')"):
            with self.subTest(body):
                done = self.faulty(body)
                self.assertIn("got nowhere in 0.3 s of processor time", done.stderr)
                self.assertEqual(done.faults, 1)

    def test_memory_has_a_bound(self):
        for body in ("local t = {} while true do t[#t + 1] = { {}, {} } end", "local s = 'x' while true do s = s .. s end",
                     "local t = {} while true do local d = distinct() for i = 1, 2000 do d:add(i) end t[#t + 1] = d end"):
            with self.subTest(body):
                done = self.faulty(body, "memory_mib = 16\ntime_limit_seconds = 20")
                self.assertRegex(done.stderr, "not enough memory|string length overflow")
                self.assertEqual(done.faults, 1)

    def test_the_same_fault_is_told_once_and_at_last_the_script_is_switched_off(self):
        frames = [(100 + i, query_frame(query("a.example", 1, 2))) for i in range(10)]
        done = self.faulty("error('again')", "faults = 3", self.file("ten.pcap", pcap(frames)))
        self.assertEqual(done.stderr.count("again"), 1)
        self.assertEqual(done.stderr.count("switched off after 3 faults"), 1)
        self.assertEqual((done.faults, done.missed), (3, 10))
        self.assertEqual(len(done.faulty), 10)
        self.assertRegex(done.stderr, r"scripts missed: \d+ fault\n  scripts missed: \d+ off")

    def test_a_result_that_is_none_is_a_fault_of_take(self):
        for result, said in (("function() end", "take: the result is a function"),
                             ("{ a = { b = print } }", "take: a.b is a function"),
                             ("{ n = 0/0 }", "take: n is"), ("{ n = 1/0 }", "take: n is inf"),
                             ("{ n = 1e16 }", "a result has numbers up to 9 * 10^15"),
                             ("{ l = list { distinct() } }", "take: l.1 is a value, which merges"),
                             ("{ l = list { max(1) } }", "take: l.1 has a rule of its own"),
                             ("(function() local t = {} t.t = t return t end)()", "is nested more than 16 deep"),
                             ("{ [{}] = 1 }", "has a table for a key")):
            with self.subTest(result):
                self.file("faulty.lua", f"return {{ add = function() end, take = function() return {result} end }}")
                done = self.monitor(self.capture(), 'lua = "faulty.lua"')
                self.assertIn(said, done.stderr)

    def test_a_message_is_gone_after_add(self):
        for body, said in (("kept = m", "a message can be looked at only while add is at work on it"),):
            self.file("keeps.lua", f"""
            local kept
            return {{ add = function(m) {body} end, take = function() return {{ n = kept.id }} end }}
            """)
            self.assertIn(said, self.monitor(self.capture(), 'lua = "keeps.lua"').stderr)

    def test_names_of_fields_that_are_made_at_run_time_have_to_be_declared(self):
        script = 'local f = "q" .. "type"\nlocal t = {} return {%s add = function(m) t[m[f]] = 1 end, take = function() return t end }'
        self.file("made.lua", script % "")
        self.assertIn('or name it in fields = { "qtype" }', self.monitor(self.capture(), 'lua = "made.lua"').stderr)
        self.assertEqual(self.data(script % 'fields = { "qtype" },'), {"A": 1, "AAAA": 1})


class Command(LuaTest):
    def test_test_prints_windows_and_what_they_cost(self):
        path = self.file("count.lua", COUNT)
        done = run("lua", "test", path, self.capture())
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([json.loads(line)["data"]["messages"] for line in done.stdout.splitlines()], [5, 1])
        self.assertRegex(done.stderr, r"count\.lua: 6 messages in 2 windows\n  time +\d+ ns a message in its process\n"
                                      r"  memory +[0-9.]+ MiB of Lua at most at the end of a window\n"
                                      r"  the loop over the messages is interpreted")

    def test_a_loop_over_many_messages_is_compiled(self):
        path = self.file("count.lua", COUNT)
        capture, truth = self.traffic("--packets", 20000)
        self.assertIn("the loop over the messages is compiled", run("lua", "test", path, capture, "--quiet").stderr)

    def test_two_versions_are_compared(self):
        new, old = self.file("new.lua", COUNT), self.file("old.lua", COUNT.replace("messages + 1", "messages + 2"))
        done = run("lua", "test", new, self.capture(), "--against", old)
        self.assertIn("window 100.000000000: 1 places differ\n  messages: 5, was 10\n", done.stdout)
        self.assertIn("2 of 2 windows differ", done.stdout)
        self.assertRegex(done.stderr, r"new\.lua \(new\): 6 messages(.|\n)*old\.lua \(old\): 6 messages")
        same = run("lua", "test", new, self.capture(), "--against", new)
        self.assertIn("the results of all 2 windows are equal", same.stdout)

    def test_parameters_can_be_set(self):
        path = self.file("p.lua", 'return { parameters = { n = 1, s = "a", b = false }, add = function() end, '
                                  'take = function() return { n = parameters.n, s = parameters.s, b = parameters.b } end }')
        for text in ("b", "7"):
            done = run("lua", "test", path, self.capture(), "--set", "n=2.5", "--set", f"s={text}", "--set", "b=true")
            self.assertEqual(json.loads(done.stdout.splitlines()[0])["data"], {"b": True, "n": 2.5, "s": text})
        self.assertIn("n = \"x\": it is a number", run("lua", "test", path, self.capture(), "--set", "n=x").stderr)
        self.assertIn("has to be NAME=VALUE", run("lua", "test", path, self.capture(), "--set", "n").stderr)

    def test_wrong_arguments_say_what_is_missing(self):
        path = self.file("count.lua", COUNT)
        for arguments, said in ((["test"], "which script?"), (["test", path], "on what?"), (["show"], "which script?"),
                                (["test", path, "absent.pcap"], "absent.pcap"), (["test", "absent.lua", "x"], "absent.lua: cannot be read")):
            with self.subTest(arguments):
                done = run("lua", *arguments)
                self.assertIn(done.returncode, (1, 2))
                self.assertIn(said, done.stderr)

    def test_a_script_that_fails_makes_the_status_1(self):
        path = self.file("bad.lua", "return { add = function(m) error('x') end, take = function() end }")
        self.assertEqual(run("lua", "test", path, self.capture()).returncode, 1)

    def test_check_tells_of_scripts(self):
        self.file("count.lua", COUNT)
        done = run("check", self.config(['lua = "count.lua"']))
        self.assertRegex(done.stdout, r"ok      script .*count\.lua: compiles; 0 fields of messages are handed to it")


if __name__ == "__main__":
    unittest.main()
