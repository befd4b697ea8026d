"""Scripts that mean harm: what each gets, and that nobody else notices. An attack is a row of ATTACKS; one that is not
held yet stands in OPEN too, until it is: then its test says so."""
import json
import os
import pathlib
import re
import signal
import subprocess
import time
import unittest

from support import RATADNS, ProgramTest, pcap, query, query_frame, run

FRAMES = [(1000 + i * 0.005, query_frame(query(f"n{i % 50}.example", ident=i), client=(192, 0, 2, i % 250 + 1)))
          for i in range(600)]
FAULTS = 2
HIDDEN_NAMES = ["ffi", "io", "os", "debug", "jit", "load", "loadstring", "loadfile", "dofile", "require", "package",
                 "module", "getfenv", "setfenv", "newproxy", "collectgarbage", "gcinfo"]
FUNCTIONS = "add = function() end, take = function() return {} end"


def add(body, take="return out", before=""):
    """`why(f, ...)`: the error of that call, without its place."""
    return f"{before} local out = {{}} local function why(...) local _, e = pcall(...) " \
           f"return type(e) == 'string' and (e:gsub('^a%.lua:%d+: ', '')) or e end\n" \
           f"return {{ add = function(message) {body} end, take = function() {take} end }}"


def take(body):
    return add("", body)


def file(more):
    """One that only says what it is."""
    return f"return {{ {more}, {FUNCTIONS} }}"


class Gives:
    """It goes on, and its summary has this in every window; a function looks itself."""
    def __init__(self, data):
        self.data = data


class Faults:
    """It is ended, again and again, with that pattern in what is said, and switched off."""
    def __init__(self, said):
        self.said = said


class Refused:
    """The monitor does not start, and says why."""
    def __init__(self, said):
        self.said = said


LIMIT, MEMORY, STACK = Faults("time_limit_seconds"), Faults("not enough memory"), Faults("stack overflow|too deep")
HERE = r"a\.lua:2: "

# name: (script, what must come out, more lines of its configuration)
ATTACKS = {
    # What there is not.
    "names": (add("for name in ('" + " ".join(HIDDEN_NAMES) + "'):gmatch('%S+') do out[name] = type(_G[name]) end"),
              Gives(dict.fromkeys(HIDDEN_NAMES, "nil"))),
    "no_table_leads_to_them": (add("""local seen = {}
        local function walk(t) if seen[t] then return end seen[t] = true
          for k, v in pairs(t) do if type(v) == 'table' then walk(v) elseif type(v) == 'cdata' or type(v) == 'thread' then
            out[tostring(k)] = type(v) end
            for _, name in ipairs { 'cdef', 'popen', 'execute', 'sethook', 'dump', 'traceback', 'random' } do
              if k == name then out[k] = 'there' end end end end
        walk(_G)"""), Gives({})),
    "bytecode": (b"\x1bLJ\x02\x02\x0e\x00\x01\x01\x00\x01\x00\x02K\x00\x01\x00\x00", Refused("is bytecode")),
    "string_dump": (add("out.a = type(string.dump) out.b = type((''):len() and (('').dump))"), Gives({"a": "nil", "b": "nil"})),
    "string_metatable": (add("out.a = tostring(getmetatable('')) out.b = pcall(rawset, getmetatable(''), 'x', 1) "
                             "out.c = pcall(setmetatable, '', {})"), Gives({"a": "nil", "b": False, "c": False})),
    "metatables_are_shut": (add("""for i, one in ipairs { message, parameters, field, field.qname, counter(), max(1), count('qname') } do
          out[i] = type(getmetatable(one)) == 'table' or pcall(setmetatable, one, {}) or pcall(setmetatable, one, nil) end"""),
                            Gives({str(i): False for i in range(1, 8)})),
    "literals_of_64_bits": (add("out.a = type(1LL)"), Refused("1LL|64 bits|literal")),
    "literals_of_64_bits_inside": (add("local function f() return { 0x1ULL, 2i } end out.a = type(f()[1])"),
                                   Refused("ULL|64 bits|literal")),
    "text_that_looks_like_one": (add("out.a = tostring(tonumber('1LL'))"), Gives({"a": "nil"})),
    # Names that the prelude uses.
    "redefined_library": ("""local f = function() error('owned') end
        for _, lib in pairs { string, table, math } do for k in pairs(lib) do lib[k] = f end end
        for k in pairs(_G) do if k ~= 'counter' and k ~= 'label' and k ~= 'prefix' and k ~= '_G' then _G[k] = f end end
        local c, l = counter('qtype'), label('a.b', 1)
        return { add = function(m) c:add(m) end, take = function() return { c = c, l = l, p = prefix('192.0.2.7') } end }""",
                          Gives({"c": {"A": 200}, "l": "a", "p": "192.0.2.0/24"})),
    "no_globals": ("local c, all = counter('qtype'), _G for k in pairs(all) do all[k] = nil end\n"
                   "return { add = function(m) c:add(m) end, take = function() return c end }", Gives({"A": 200})),
    "metatable_of_globals": ("setmetatable(_G, { __index = function(_, k) error('asked for ' .. k) end, __newindex = print })\n"
                             "local c = counter() return { add = function(m) c:add(m.qtype) end, take = function() return c end }",
                             Gives({"A": 200})),
    # Coroutines.
    "yield_out_of_add": (add("coroutine.yield()"), Faults(HERE + "attempt to yield")),
    "yield_out_of_take": (take("coroutine.yield()"), Faults(HERE + "attempt to yield")),
    "yield_out_of_gsub": (add("out.a = select(2, coroutine.resume(coroutine.create(function() ('a'):gsub('a', coroutine.yield) end)))"),
                          Gives({"a": "attempt to yield across C-call boundary"})),
    "coroutines_without_end": (add("local t = {} while true do t[#t + 1] = coroutine.create(print) end"), MEMORY),
    "coroutines_in_each_other": (add("local function f() return coroutine.wrap(f)() end f()"),
                                 Faults("stack overflow|too deep|not enough memory"), "memory_mib = 64"),
    "wrap_in_pcall": (add("out.a = why(coroutine.wrap(function() error('x') end))"), Gives({"a": "x"})),
    # Texts and patterns.
    "rep": (add("out.a = why(string.rep, 'x', 2e6) out.b = #(('x'):rep(-1 / 0)) out.c = #string.rep('', 1e300) "
                "out.d = pcall(string.rep, 'x', setmetatable({}, { __mul = function() return 0 end }))"),
            Gives({"a": "string.rep: more than 1048576 octets", "b": 0, "c": 0, "d": False})),
    "format": (add("out.a = why(string.format, '%99999d', 1) out.b = #string.format('%99.99f', 1e308) "
                   "out.c = why(string.format, ('%s'):rep(250)) out.d = #string.format('%99.99a', 1e308)"),
               Gives(lambda d: "invalid option" in d["a"] and d["b"] == 409 and d["d"] < 200)),
    "pattern_exponential": (add("string.find(('a'):rep(50000) .. 'b', '.-.-.-.-.-c')"), LIMIT),
    "pattern_quadratic": (add("string.rep('a', 1000000):gsub('a*b', '')"), LIMIT),
    "pattern_deep": (add("out.a = why(string.find, ('a'):rep(300000), ('a?'):rep(300000) .. 'b')"),
                     Gives({"a": "pattern too complex"})),
    "gsub_replacements": (add("out.a = type(why(string.gsub, 'a', 'a', function() error({}) end)) "
                              "out.b = why(string.gsub, 'a', 'a', function() return {} end) "
                              "out.c = why(string.gsub, 'a', '(a)', '%9')"),
                          Gives({"a": "table", "b": "invalid replacement value (a table)", "c": "invalid capture index"})),
    "gsub_in_gsub": (add("local function f() return (('a'):gsub('a', f)) end f()"), STACK),
    "sort_in_sort": (add("local function f() table.sort({ 3, 2, 1 }, function(a, b) f() return a < b end) end f()"),
                     Faults("stack overflow|time_limit")),
    "sort_without_order": (add("local t = {} for i = 1, 1000 do t[i] = i end out.a = why(table.sort, t, function() return true end)"),
                           Gives({"a": "invalid order function for sorting"})),
    "concat_flood": (add("local t = {} for i = 1, 1e6 do t[i] = ('x'):rep(100) end table.concat(t)"), MEMORY),
    "unpack": (add("out.a = why(unpack, {}, 1, 1e8) out.b = why(unpack, {}, -2147483648, 2147483647)"),
               Gives({"a": "too many results to unpack", "b": "too many results to unpack"})),
    "arguments_without_end": (add("local function f(...) return f(1, ...) end f()"), Faults("stack overflow|time_limit")),
    # Loops.
    "loop_compiled": (add("while true do end"), LIMIT),
    "loop_interpreted": (add("while true do pcall(function() end) end"), LIMIT),
    "loop_in_take": (take("while true do end"), LIMIT),
    "loop_at_load": ("while true do end", Refused("time_limit_seconds")),
    "loop_in_start": (f"return {{ start = function() while true do end end, {FUNCTIONS} }}", LIMIT),
    "loop_in_index": (add("return setmetatable({}, { __index = function() while true do end end }).x"), LIMIT),
    "loop_in_index_of_reducer": ("return setmetatable({}, { __index = function() while true do end end })",
                                 Refused("time_limit_seconds")),
    "loop_in_tostring": (add("print(setmetatable({}, { __tostring = function() while true do end end }))"), LIMIT),
    "loop_in_parameters": (file("parameters = (function() while true do end end)()"), Refused("time_limit_seconds")),
    "parameters_at_load": ("return parameters.x", Refused(r"a\.lua:1: parameters are known once")),
    "loop_says_where": (add("while true do end"), Faults(r"a\.lua:2")),
    "recursion": (add("local function f() return 1 + f() end f()"), STACK),
    "recursion_at_load": ("local function f() return 1 + f() end f()", Refused("stack overflow")),
    "recursion_of_metamethods": (add("local m = {} m.__concat = function(a, b) return a .. b end out.x = setmetatable({}, m) .. 'x'"), STACK),
    # Memory.
    "tables": (add("local t = {} while true do t = { t } end"), MEMORY),
    "one_table": (add("local t = {} for i = 1, 1e9 do t[i] = i end"), MEMORY),
    "strings": (add("local t = {} for i = 1, 1e9 do t[i] = ('x'):rep(1000) .. i end"), MEMORY),
    "string_doubled": (add("local s = 'x' while true do s = s .. s end"), MEMORY),
    "closures": (add("local t = {} for i = 1, 1e9 do t[i] = function() return i end end"), MEMORY),
    "memory_at_load": ("local t = {} while true do t = { t } end", Refused("not enough memory")),
    "memory_says_where": (add("local t = {} while true do t = { t } end"), Faults(r"a\.lua:2")),
    "errors_of_memory_swallowed": (add("while true do pcall(function() local t = {} while true do t[#t + 1] = {} end end) end"),
                                   Faults("not enough memory|time_limit")),
    "errors_of_memory_swallowed_and_kept": (
        add("while true do pcall(function() while true do t[#t + 1] = ('y'):rep(10000) .. #t end end) end", before="local t = {}"),
        Faults("not enough memory|time_limit")),
    "counter_of_random_keys": (add("while true do n = n + 1 c:add('k' .. n) end", before="local c, n = counter(), 0"), MEMORY),
    "counter_of_large_keys": (add("while true do n = n + 1 c:add(('k'):rep(65000) .. n) end", before="local c, n = counter(), 0"), MEMORY),
    "counter_of_one_message": (add("while true do c:add(message) end", before="local c = counter('qname')"), MEMORY),
    "counters_without_end": (add("while true do counter() end"), MEMORY),
    "distincts_without_end": (add("local t = {} while true do t[#t + 1] = distinct() end"), MEMORY),
    # Native functions.
    "huge_limits": (add("a:add('x') b:add('x') c:add('x')", "return { a = a, b = b:total(), c = c }",
                        before="local a, b, c = top_k(1e18), counter { cells = 1e18, limit = 1e300 }, counter { limit = 0 / 0 }"),
                    Gives({"a": {"error": 0, "top": [["x", 200]]}, "b": 200, "c": {"x": 200}})),
    "numbers_that_are_none": (add("out.a = why(q.add, q, -1) out.b = why(q.add, q, 0 / 0) out.c = why(q.add, q, 1e300) "
                                  "out.d = q:quantile(0 / 0) out.e = q:quantile(-1 / 0) out.f = why(c.add, c, 'x', -1) "
                                  "out.g = why(c.add, c, 'x', 0.5) out.h = why(c.add, c, 'x', 1e16)", before="local q, c = quantiles(), counter()"),
                              Gives({**dict.fromkeys("abc", "quantiles are of numbers of 0 or more"), "d": 0, "e": 0,
                                     **dict.fromkeys("fgh", "how many times has to be a whole number from 0 to 10^12")})),
    "counts_that_run_over": (add("", "c:add('x', 9e15)", "local c = counter()"), Faults("a whole number from 0 to 10\\^12")),
    "large_texts": (add("", """local big = ('a.'):rep(500000) out.a = #prefix(big, math.huge, -math.huge) > 0
        out.b = prefix('192.0.2.1', math.huge, 0 / 0) out.c = prefix('2001:db8::1', 0 / 0, 1e300) out.d = #levels(big, math.huge)
        out.e = #levels(big, 0 / 0) out.f = levels(big, 2) out.g = tostring(label('a.b', math.huge)) out.h = entropy(big)
        out.i = country(big) out.j = asn(big) out.k = pcall(prefix, '192.0.2.1', {}) return out"""),
                    Gives({"a": True, "b": "192.0.2.1/32", "c": "2001:db8::1/128", "d": 1000000, "e": 1, "f": "a.a.",
                           "g": "nil", "h": 1, "i": "unknown", "j": "unknown", "k": False}), "memory_mib = 64"),
    "field_that_is_no_text": (add("c:add(message)", "return c", before="local c").replace(
        "return {", "return { start = function() c = counter(nil, 'x') end,", 1), Faults(r"a\.lua:2: ")),
    "counter_by_the_300th_field": (add("c:add(message)", "return c", before="""local f = { 'qname' }
        for i = 0, 32 do for j = 0, 9 do f[#f + 1] = 'client_prefix:' .. i .. ':' .. j end end local c = counter('qname')""").replace(
            "return {", "return { fields = f,", 1), Refused("fields"), "memory_mib = 64"),
    "fields_without_end": (f"""local f = {{}} for i = 0, 32 do for j = 0, 128 do f[#f + 1] = 'client_prefix:' .. i .. ':' .. j end end
        return {{ fields = f, {FUNCTIONS} }}""", Refused("fields|not enough memory"), "memory_mib = 128"),
    # Messages and values.
    "message_kept": (add("kept = message", "return { e = why(function() return kept.qname end), a = why(c.add, c, kept) }",
                         before="local kept, c = nil, counter('qname')"),
                     Gives({"e": "a message can be looked at only while add is at work on it: keep what you need of it instead",
                            "a": "there is no message at hand"})),
    "message_kept_by_a_coroutine": (add("co = co or coroutine.wrap(function() while true do coroutine.yield(message.qname) end end) out.q = co()",
                                        "return { q = out.q, e = why(co) }", before="local co"),
                                    Gives(lambda d: d["q"] == "n49.example." and "only while add" in d["e"])),
    "message_written_to": (add("out.a = why(function() message.qname = 'x' end)"), Gives({"a": "a message cannot be changed"})),
    "message_written_to_raw": (add("pcall(rawset, message, 'qtype', 'x') pcall(table.insert, message, 'x') out.q = message.qtype "
                                   "out.n = pcall(function() return message[1] end)"), Gives({"q": "A", "n": False})),
    "message_is_empty": (add("""for i, f in ipairs { rawget, next, pairs, ipairs } do local ok, got = pcall(f, message)
          out[i] = ok and type(got) ~= 'nil' and type(got) ~= 'function' end"""), Gives(dict.fromkeys("1234", False))),
    "parameters_written_to": (add("n = n + 1 pcall(rawset, parameters, 'x', n) out.a = pcall(function() return parameters.x end)",
                                  before="local n = 0"), Gives({"a": False})),
    "parameters_of_older_reducers_written_to": (
        "local C = { parameters = { n = 1 }, call = function(s) s.p.n = s.p.n + 1 end, get_data = function(s) return { n = s.p.n } end }\n"
        "function C:new(p) return setmetatable({ p = p }, { __index = C }) end return C", Gives({"n": 201})),
    "handles_forged": (add("""local real = c[1] for _, v in ipairs { 999, -1, 0 / 0, 1e300, -1e300, 1 / 0, 2 ^ 32 + 7 } do
        c[1] = v out[tostring(v)] = why(c.add, c, 'x') end c[1] = real""", before="local c = counter()"),
                       Gives(lambda d: set(d.values()) == {"this value was of an earlier window, and is gone"})),
    "handles_of_other_kinds": (add("""for i, v in ipairs { {}, print, 'x', false } do c[1] = v out[i] = pcall(c.add, c, 'x') end
        out.a = why(c.add, q, 'x') out.b = why(q.add, { 1 }, 1) out.c = pcall(c.add, message, 'x') out.d = pcall(c.add, nil, 'x')""",
                                   before="local c, q = counter(), quantiles()"),
                               Gives(lambda d: not any(d[k] for k in ("1", "2", "3", "c", "d")) and "takes no such thing" in d["a"])),
    "handle_of_another_in_the_result": (take("local a, b = counter(), distinct() b:add('x') a[1] = b[1] return { a = a }"),
                                        Gives(lambda d: d["a"]["estimate"] == 1)),
    "handle_that_is_gone_in_the_result": (take("local c = counter() c[1] = 999 return { c = c }"), Faults("take: c is a value of an earlier window")),
    "handle_that_changes": (add("local n = 0 out.a = pcall(counter().total, setmetatable({}, { __index = function() n = n + 1 "
                                "return n > 1 and {} or 1 end }))"), Gives({"a": False})),
    "merged_with_itself": (add("out.a = pcall(c.merge, c, c) out.b = pcall(c.merge, c, quantiles())", before="local c = counter()"),
                           Gives({"a": False, "b": False})),
    # Errors.
    "error_table": (add("error({})"), Faults("an error that is a table\\)\n  a.lua:2")),
    "error_nil": (add("error()"), Faults("an error that is a nil")),
    "error_function": (add("error(print)"), Faults("an error that is a function")),
    "error_with_hostile_tostring": (add("error(setmetatable({}, { __tostring = function() while true do end end }))"),
                                    Faults("an error that is a table")),
    "error_that_holds_memory": (add("local t = {} for i = 1, 100 do t[i] = function() return t end end error(setmetatable(t, { __index = t }))"),
                                Faults("an error that is a table")),
    "error_in_handler": (add("out.a = tostring(select(2, xpcall(function() error('a') end, function(e) error(e) end)))"),
                         Gives({"a": "error in error handling"})),
    "error_of_a_megabyte": (add("error(('x'):rep(1000000))"), Faults(HERE + "xxx")),
    "error_that_forges_the_log": (add("error('x\\27[31m\\nratadns: all is well', 0)"), Faults("all is well")),
    "error_in_take": (take("error('x')"), Faults(HERE + "x\n  a.lua:2")),
    "error_in_start": (f"return {{\nstart = function() error('x') end, {FUNCTIONS} }}", Faults(HERE + "x")),
    # Results.
    "result_nested": (take("local t = {} local r = t for _ = 1, 1e5 do t.t = {} t = t.t end return r"), Faults("nested more than 16 deep")),
    "result_cyclic": (take("local t = {} t.t = t return t"), Faults("nested more than 16 deep")),
    "result_cyclic_rule": (take("local t = max(1) t.value = t return t"), Faults("nested more than 16 deep")),
    "result_cyclic_list": (take("local t = {} t[1] = t return list(t)"), Faults("nested more than 16 deep")),
    "result_nan": (take("return { a = 0 / 0 }"), Faults("take: a is -?nan")),
    "result_infinite": (take("return { a = { b = 1 / 0 } }"), Faults("take: a.b is inf")),
    "result_function": (take("return { a = print }"), Faults("take: a is a function")),
    "result_coroutine": (take("return coroutine.create(print)"), Faults("the result is a thread")),
    "result_key_function": (take("return { [print] = 1 }"), Faults("has a function for a key")),
    "result_rule_forged": (take("local t = max(1) t.rule = {} return t"), Gives(1)),
    "result_list_with_holes": (take("local t = {} for i = 0, 30 do t[2 ^ i] = 1 end return list(t)"), Faults("is a nil")),
    "result_huge_key": (take("return { [('k'):rep(100000)] = 1 }"), Gives({"k" * 100000: 1})),
    "result_key_not_utf8": (take("return { ['\\255'] = 1 }"), Gives({"\ufffd": 1})),
    "result_keys_not_utf8": (take("return { ['\\255'] = 1, ['\\254'] = 2 }"), lambda found: found.faults("UTF-8") or found.gives(lambda d: sum(d.values()) == 3)),
    "result_keys_that_collide": (take("return { [1] = 1, ['1'] = 2 }"), Gives({"1": 3})),
    "result_of_a_million_rows": (take("local t = {} for i = 1, 1e6 do t[i] = i end return t"), MEMORY, "memory_mib = 32"),
    # What it says of itself.
    "name_number": (file("name = 5"), Refused("name has to be a string")),
    "name_not_utf8": (file("name = '\\255'"), Refused("name: .*UTF-8")),
    "where_tables": (file("where = { {} }"), Refused("where has to be a text or a list")),
    "where_unknown": (file("where = 'nonsense'"), Refused("there is no condition")),
    "fields_unknown": (file("fields = { 'nonsense' }"), Refused("nonsense")),
    "fields_a_million": (f"local f = {{}} for i = 1, 1e6 do f[i] = 'f' .. i end return {{ fields = f, {FUNCTIONS} }}",
                         Refused("not enough memory|fields|time_limit")),
    "parameters_cyclic": (f"local p = {{}} p.p = p return {{ parameters = p, {FUNCTIONS} }}", Refused("parameters: p needs a default")),
    "parameters_exponential": (f"local p = {{ default = 1 }} for _ = 1, 8 do local q = {{}} for j = 1, 100 do q[j] = p end p = q end\n"
                               f"return {{ parameters = p, {FUNCTIONS} }}", Refused("not enough memory|time_limit|parameters")),
    "parameters_with_odd_bounds": (file("parameters = { n = { default = 5, min = 'x' } }"), Refused("parameters: n")),
    "parameters_not_utf8": (file("parameters = { x = '\\255' }"), Refused("parameters: .*UTF-8")),
    "declaration_forged": (f"return setmetatable({{ {FUNCTIONS} }}, {{ __index = {{ declared = {{ by = {{ 'qname' }}, limit = {{ -1 }} }} }} }})",
                           Refused("limit has to be a whole number")),
    "declaration_cyclic": ("local t = {} t[1] = t return count { 'qname', limit = t }", Refused("limit has to be")),
    "key_with_hostile_tostring": ("return { [setmetatable({}, { __tostring = function() error('boo') end })] = 1 }", Refused("boo")),
    "returns_a_million_keys": ("local t = {} for i = 1, 1e6 do t['k' .. i] = 1 end return t", Refused("not enough memory|no key of a reducer")),
    "source_nested": ("return " + "(" * 100000 + "1" + ")" * 100000, Refused("too many syntax levels")),
    "source_of_megabytes": (f"--{'x' * 3000000}\n" + take("return 1"), Gives(1), "memory_mib = 64"),
    "source_with_raw_octets": (b"return { add = function() end, take = function() return ('\xff'):byte(1, -1) end }", Gives(255)),
    # Prints.
    "prints": (add("for _ = 1, 10 do print(('x'):rep(1000)) end"), Gives({})),
    "print_that_forges_the_log": (add("print('\\27[31mx\\nratadns: all is well')"), Gives({})),
    "print_of_what_has_no_text": (add("out.a = pcall(print, setmetatable({}, { __tostring = function() error('x') end }))"), Gives({"a": False})),
}

# What is promised and not held yet, and why.
OPEN = {}


def unique(pairs):
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key stands there twice")
    return made


class Found:
    """What a run left. `gives` and so on: whether it was that."""
    def __init__(self, done):
        self.status, self.stderr = done.returncode, done.stderr
        self.lines = [json.loads(line, object_pairs_hook=unique) for line in done.stdout.splitlines()]
        self.data = [line["data"] for line in self.lines if line["type"] == "attack"]
        self.others = re.sub('"boot":"[^"]*"', "", "".join(
            line for line in done.stdout.splitlines(True) if '"type":"attack"' not in line[:20]))
        self.balance = [int(n) for n in re.findall(r"^script +(\d+) = (\d+) counted \+ (\d+) waiting \+ (\d+) missed",
                                                   self.stderr, re.M) for n in n]

    def gives(self, data):
        fits = data if callable(data) else lambda found: found == data
        return self.status == 0 and "faults:" not in self.stderr and len(self.data) == 3 and all(map(fits, self.data))

    def faults(self, said):
        return self.status == 0 and len(re.findall(said, self.stderr)) >= 1 and "missed: attack; faults:" in self.stderr

    def refused(self, said):
        return self.status == 2 and not self.lines and re.search(said, self.stderr) is not None

    def is_as(self, outcome):
        if isinstance(outcome, Gives):
            return self.gives(outcome.data)
        if isinstance(outcome, Faults):
            return self.faults(outcome.said)
        if isinstance(outcome, Refused):
            return self.refused(outcome.said)
        return outcome(self)


class LuaAttacks(ProgramTest):
    reference = None  # what the other reducers write when there is no script

    def monitor(self, script, more=""):
        (self.folder / "a.lua").write_bytes(script if isinstance(script, bytes) else script.encode())
        memory = "" if "memory_mib" in more else "memory_mib = 16\n"
        entry = f'[[reducer]]\nlua = "a.lua"\nname = "attack"\nsend = ["out"]\ntime_limit_seconds = 0.3\nfaults = {FAULTS}\n{memory}{more}\n'
        return Found(self.run_with(entry if script else ""))

    def run_with(self, entry):
        text = 'server = "ns1"\nwindow = { seconds = 1 }\n[[channel]]\nname = "out"\nurl = "stdout:"\n'
        for reducer in "NameCounter", "QueriesSummary", "AlonePackets":
            text += f'[[reducer]]\ntype = "{reducer}"\nsend = ["out"]\n'
        return run("monitor", "-c", self.file("a.toml", text + entry), "--source", self.file("a.pcap", pcap(FRAMES)))

    def attack(self, name):
        script, outcome, *more = ATTACKS[name]
        found = self.monitor(script, *more)
        self.assertTrue(found.is_as(outcome), f"{found.status}\n{found.stderr[:2000]}\n{str(found.data[:1])[:1000]}")
        self.check_all(found)

    def check_all(self, found):
        """What holds whatever a script does."""
        for fault in "SIGSEGV", "SIGSYS", "SIGABRT", "said what cannot be read", "ended with status", "own fault", "NOT BALANCE":
            self.assertNotIn(fault, found.stderr)
        self.assertLess(len(found.stderr), 65_536)
        self.assertNotRegex(found.stderr, r"[\x00-\x09\x0b-\x1f\x7f]")
        self.assertNotIn("\nratadns: all is well", found.stderr)
        said = [line for line in found.stderr.splitlines() if "/a.lua: " in line and "a.lua: print: " not in line]
        self.assertEqual(sorted(set(said)), sorted(said), "something is told twice")
        if found.status != 0:
            return
        given, counted, waiting, missed = found.balance
        self.assertEqual((given, waiting), (len(FRAMES), 0))
        self.assertEqual(given, counted + missed)
        self.assertEqual(missed, sum(line["loss"].get("missed", 0) for line in found.lines if line["type"] == "attack"))
        if LuaAttacks.reference is None:
            LuaAttacks.reference = Found(self.run_with("")).others
        self.assertEqual(found.others, LuaAttacks.reference)

    def test_a_monitor_that_is_killed_takes_the_process_of_a_script_with_it(self):
        for body in "while true do end", "while true do pcall(function() end) end":
            with self.subTest(body):
                self.file("a.lua", add(body))
                config = self.file("k.toml", 'server = "ns1"\n[[channel]]\nname = "out"\nurl = "stdout:"\n'
                                             '[[reducer]]\nlua = "a.lua"\nsend = ["out"]\ntime_limit_seconds = 60\n')
                monitor = subprocess.Popen([RATADNS, "monitor", "-c", config, "--source", self.file("a.pcap", pcap(FRAMES))],
                                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                self.addCleanup(monitor.wait)
                self.addCleanup(monitor.kill)
                child = self.wait_for(lambda: self.looping_child(monitor.pid))
                monitor.send_signal(signal.SIGKILL)
                monitor.wait()
                self.wait_for(lambda: self.state(child) in (None, "Z", "X"))

    def test_the_process_of_a_script_has_no_rights(self):
        self.file("a.lua", add("while true do end"))
        config = self.file("k.toml", 'server = "ns1"\n[[channel]]\nname = "out"\nurl = "stdout:"\n'
                                     '[[reducer]]\nlua = "a.lua"\nsend = ["out"]\ntime_limit_seconds = 60\nmemory_mib = 16\n')
        monitor = subprocess.Popen([RATADNS, "monitor", "-c", config, "--source", self.file("a.pcap", pcap(FRAMES))],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(monitor.wait)
        self.addCleanup(monitor.kill)
        child = self.wait_for(lambda: self.looping_child(monitor.pid))
        for thread in pathlib.Path(f"/proc/{child}/task").iterdir():
            status = (thread / "status").read_text()
            self.assertRegex(status, r"\nSeccomp:\s*2\n")
            self.assertRegex(status, r"\nNoNewPrivs:\s*1\n")
            self.assertRegex(status, r"\nCapEff:\s*0+\n")
            if os.geteuid() == 0:
                self.assertNotRegex(status, r"\nUid:.*\b0\b.*\n")
        limits = pathlib.Path(f"/proc/{child}/limits").read_text()
        self.assertRegex(limits, r"Max file size +0 +0 ")
        self.assertRegex(limits, r"Max address space +\d+ +\d+ ")

    @staticmethod
    def state(pid):
        try:
            return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return None

    @staticmethod
    def looping_child(pid):
        """Its child once it has used some time in the loop."""
        for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            used = pathlib.Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[11]
            if int(used) > 10:
                return int(child)
        return None

    def wait_for(self, what, seconds=20):
        end = time.monotonic() + seconds
        while not (found := what()):
            self.assertLess(time.monotonic(), end, "nothing came of it")
            time.sleep(0.005)
        return found


def test_of(name):
    def test(self):
        self.attack(name)
    return unittest.expectedFailure(test) if name in OPEN else test


for one in ATTACKS:
    setattr(LuaAttacks, f"test_{one}", test_of(one))


if __name__ == "__main__":
    unittest.main()
