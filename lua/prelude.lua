-- What a script sees of the program. Runs once in the script's process, before the script and with what scripts do not
-- get: ffi, jit, debug. Nothing of these, and no cdata, leaves this file: a script's functions close over none of it, and
-- there is no getfenv, setfenv or debug to look into the functions made here.
--
-- Called with the native functions (host/native.h), the columns of the messages at hand, and the file. Returns a table of
-- functions for the host.
local ffi, native_pointer, host = ...

local jit_util = require("jit.util")
local native = ffi.cast("struct rata_native *", native_pointer)
local to_string, type, pairs, ipairs, error, select, setmetatable, getmetatable, rawequal, rawget, rawset =
  tostring, type, pairs, ipairs, error, select, setmetatable, getmetatable, rawequal, rawget, rawset
local format, sub, find, floor, concat, sort = string.format, string.sub, string.find, math.floor, table.concat, table.sort
local ffi_string = ffi.string
local room = native.room

-- The message ---------------------------------------------------------------------------------------------------------

-- The place of the message at hand in the columns; -1: there is none.
local at = -1

local field_names = {}    -- by number, from 1
local field_numbers = {}  -- by name
local getters = {}        -- by name

local no_code = 0xffffffff

local function no_message()
  error("a message can be looked at only while add is at work on it: keep what you need of it instead", 3)
end

local function flag_getter(codes)
  return function()
    if at < 0 then no_message() end
    local code = codes[at]
    if code == no_code then return nil end
    return code ~= 0
  end
end

local function number_getter(codes)
  return function()
    if at < 0 then no_message() end
    local code = codes[at]
    if code == no_code then return nil end
    return code
  end
end

local function time_getter(times)
  return function()
    if at < 0 then no_message() end
    local time = times[at]
    if time ~= time then return nil end
    return time
  end
end

-- Texts of codes are few and come again and again.
local function name_getter(codes, field)
  local texts, count, most = {}, 0, 65536
  local code_text = native.code_text
  return function()
    if at < 0 then no_message() end
    local code = codes[at]
    local text = texts[code]
    if text ~= nil then return text end
    if code == no_code then return nil end
    text = ffi_string(room, code_text(field, code))
    if count == most then
      texts, count = {}, 0
    end
    texts[code], count = text, count + 1
    return text
  end
end

local function text_getter(keys, field, is_plain)
  if is_plain then
    return function()
      if at < 0 then no_message() end
      local key = keys[at]
      if key.size == no_code then return nil end
      return ffi_string(key.octets, key.size)
    end
  end
  local key_text = native.key_text
  return function()
    if at < 0 then no_message() end
    if keys[at].size == no_code then return nil end
    return ffi_string(room, key_text(field, at))
  end
end

local getter_makers = {
  flag = function(column) return flag_getter(ffi.cast("const uint32_t *", column.address)) end,
  number = function(column) return number_getter(ffi.cast("const uint32_t *", column.address)) end,
  name = function(column, field) return name_getter(ffi.cast("const uint32_t *", column.address), field) end,
  text = function(column, field)
    return text_getter(ffi.cast("const struct rata_octets *", column.address), field, column.plain)
  end,
  time = function(column) return time_getter(ffi.cast("const double *", column.address)) end,
}

-- What the older reducers asked their packets.
local message_methods = {
  is_answer = function(message) return message.response == true end,
  is_query = function(message) return message.query == true end,
}

local function no_field(name)
  if type(name) ~= "string" then error("a message has fields with names, not [" .. to_string(name) .. "]", 3) end
  if host.is_field(name) then
    error(format("%q is a field of messages, but does not stand in the file as one word: write message[%q], or name it " ..
                   "in fields = { %q }", name, name, name), 3)
  end
  error(host.no_such_field(name), 3)
end

-- A thing that has what `index` finds, and nothing that rawset could put into it.
local function opaque(index, what)
  local made = newproxy(true)
  local metatable = getmetatable(made)
  metatable.__index = index
  metatable.__newindex = function() error(what .. " cannot be changed", 2) end
  metatable.__tostring = function() return what end
  metatable.__metatable = false
  return made
end

local message = opaque(function(_, name)
  local get = getters[name]
  if get ~= nil then return get() end
  local method = message_methods[name]
  if method ~= nil then return method end
  no_field(name)
end, "a message")

-- Values --------------------------------------------------------------------------------------------------------------

local value_errors = {
  "this value was of an earlier window, and is gone",
  "this value takes no such thing",
  "how many times has to be a whole number from 0 to 10^12",
  "a text is longer than 65535 octets",
  "quantiles are of numbers of 0 or more",
  "a counter by fields takes messages: counter(\"qname\"):add(message); one that takes texts is counter()",
  "there is no message at hand",
  "these two cannot be merged",
}

local function check(status)
  if status ~= 0 then error(value_errors[status] or "this value has a fault of its own", 3) end
end

local function need_number(value, what, level)
  if type(value) ~= "number" then error(format("%s has to be a number, not %s", what, type(value)), level + 1) end
  return value
end

local add_message, add_text, add_number = native.add_message, native.add_text, native.add_number

-- `value` is a table of the script's: what stands in it is checked on the other side.
local function add(value, what, times)
  times = times or 1
  if rawequal(what, message) then return check(add_message(value[1], at, times)) end
  if type(what) == "string" then return check(add_text(value[1], what, #what, times)) end
  if what == nil then return end
  if type(what) == "number" or type(what) == "boolean" then
    local text = to_string(what)
    return check(add_text(value[1], text, #text, times))
  end
  error(format("cannot add a %s: a text, a number or the message", type(what)), 2)
end

local function add_to_quantiles(value, what)
  if rawequal(what, message) then return check(add_message(value[1], at, 1)) end
  if what == nil then return end
  check(add_number(value[1], need_number(what, "what is added to quantiles", 2)))
end

local function number_of(value)
  if type(value) ~= "table" or type(value[1]) ~= "number" then error("call it with a colon: value:method(...)", 3) end
  return value[1]
end

local function total(value) return native.total(number_of(value)) end
local function merge(value, other) check(native.merge(number_of(value), number_of(other))) end
local function count_of(value, key)
  key = to_string(key)
  return native.count_of(number_of(value), key, #key)
end
local function top(value, most)
  local rows = {}
  for place = 1, native.rank(number_of(value), most or 2 ^ 31) do
    rows[place] = { key = ffi_string(room, native.ranked_text(place - 1)), count = native.ranked_count(place - 1) }
  end
  return rows
end

local value_kinds = {
  counter = { number = 1, methods = { add = add, get = count_of, total = total, top = top, merge = merge } },
  top_k = { number = 2, methods = { add = add, get = count_of, total = total, top = top, merge = merge } },
  distinct = { number = 3, methods = { add = add, estimate = total, merge = merge } },
  quantiles = {
    number = 4,
    methods = {
      add = add_to_quantiles,
      count = total,
      quantile = function(value, share) return native.quantile(number_of(value), need_number(share, "a quantile", 2)) end,
      merge = merge,
    },
  },
}
for _, kind in pairs(value_kinds) do
  kind.metatable = { __index = kind.methods, __metatable = false }
end

local declaring  -- the file is run to see what it says of itself: values are made, and thrown away

local function read_field(name)
  if type(name) == "table" and name.field then name = name.field end
  if type(name) ~= "string" then error("a field is named by a text, such as \"qname\"", 4) end
  local number = field_numbers[name]
  if number == nil and not declaring then no_field(name) end
  if number == nil and not host.is_field(name) then error(host.no_such_field(name), 4) end
  return number
end

-- (field..., options): what all four are made with.
local function make(kind_name, first_limit, ...)
  local names, options, given = {}, {}, select("#", ...)
  for place = 1, given do
    local name = (select(place, ...))
    if place == given and type(name) == "table" and not name.field then
      options = name
    else
      if name == nil then error(kind_name .. ": a field is named by a text, such as \"qname\"", 3) end
      names[place] = name
    end
  end
  for key in pairs(options) do
    if key ~= "limit" and key ~= "cells" then error(format("%s: no option %q; there are limit and cells", kind_name, to_string(key)), 3) end
  end
  local fields = ffi.new("uint8_t[?]", #names + 1)
  for place, name in ipairs(names) do fields[place - 1] = (read_field(name) or 1) - 1 end
  local limits = ffi.new("double[4]", 0)
  local limit = first_limit or options.limit or 0
  if type(limit) ~= "table" then limit = { limit } end
  for place = 1, math.min(#limit, 4) do limits[place - 1] = need_number(limit[place], "limit", 3) end
  local kind = value_kinds[kind_name]
  if declaring then return setmetatable({ 0 }, kind.metatable) end
  local number = native.make(kind.number, fields, #names, limits, options.cells or 0)
  if number == 0 then error(kind_name .. ": " .. ffi_string(room, native.room_size), 3) end
  return setmetatable({ number }, kind.metatable)
end

-- What a result's numbers are merged by ---------------------------------------------------------------------------------

local ruled = { __metatable = false }
local function rule(name)
  return function(value) return setmetatable({ rule = name, value = value }, ruled) end
end

-- Tables whose missing keys are made when they are asked for. There are so many groups and no more: what comes then is
-- in one group for all others.
local usual_groups, others = 65536, "-:OTHER:-"
local function groups(make_one, limit)
  if type(make_one) ~= "function" then error("groups takes a function that makes a new group", 2) end
  local left = limit == nil and usual_groups or need_number(limit, "the number of groups", 2)
  return setmetatable({}, {
    __index = function(so_far, key)
      if key == nil then return nil end
      if left < 1 then
        key = others
        local other = rawget(so_far, others)
        if other ~= nil then return other end
      end
      left = left - 1
      local made = make_one(key)
      rawset(so_far, key, made)
      return made
    end,
  })
end

-- Functions of texts and fields -------------------------------------------------------------------------------------------

local field_mark = { __metatable = false }
local function as_field(name) return setmetatable({ field = name }, field_mark) end
local function is_field(value) return type(value) == "table" and rawequal(getmetatable(value), false) and value.field ~= nil end
local field = opaque(function(_, name)
  if not host.is_field(name) then error(host.no_such_field(name), 2) end
  return as_field(name)
end, "field")

local function need_text(value, what)
  if type(value) ~= "string" then error(format("%s takes a text, not %s", what, type(value)), 3) end
  return value
end

-- The function of a field is the dimension that it is called by.
local function of_field(value, wanted, name)
  for _, one in ipairs(wanted) do
    if value.field == one[1] then return as_field(format(one[2], select(1, name))) end
  end
  error(format("there is no such function of the field %s", value.field), 3)
end

local function levels(name, count)
  need_number(count, "levels", 2)
  if is_field(name) then return of_field(name, { { "qname", "levels:%d" } }, count) end
  need_text(name, "levels")
  return sub(name, native.levels_start(name, #name, count) + 1)
end

local function prefix(address, ipv4_bits, ipv6_bits)
  ipv4_bits, ipv6_bits = ipv4_bits or 24, ipv6_bits or 48
  if is_field(address) then
    local bits = format("%d:%d", ipv4_bits, ipv6_bits)
    return of_field(address, { { "client", "client_prefix:%s" }, { "server", "server_prefix:%s" } }, bits)
  end
  need_text(address, "prefix")
  return ffi_string(room, native.prefix(address, #address, ipv4_bits, ipv6_bits))
end

local function country(address)
  if is_field(address) then return of_field(address, { { "client", "client_country" } }) end
  need_text(address, "country")
  return ffi_string(room, native.country(address, #address))
end

local function asn(address)
  if is_field(address) then return of_field(address, { { "client", "client_asn" } }) end
  need_text(address, "asn")
  return ffi_string(room, native.asn(address, #address))
end

local function entropy(text)
  if is_field(text) then error("entropy is no key to count by: use it in add", 2) end
  return native.entropy(need_text(text, "entropy"), #text)
end

-- The label at that place from the left, from 1, or from the right, from -1; nil: there is none. The root is no label.
local function label(name, place)
  need_text(name, "label")
  place = place or 1
  local labels = {}
  for one in string.gmatch(name, "[^.]+") do labels[#labels + 1] = one end
  return labels[place > 0 and place or #labels + 1 + place]
end

-- A declaration: a statistic as data. The monitor counts it itself; nothing of the script runs for a message.
local declaration_mark = { __metatable = false }
local declaration_options = { name = true, help = true, where = true, limit = true, measure = true, cells = true, by = true }

local function count(...)
  local keys, options = { ... }, {}
  local last = keys[#keys]
  if type(last) == "table" and not is_field(last) then options = table.remove(keys) end
  local declared = { by = {} }
  for name, value in pairs(options) do
    if type(name) == "number" then
      keys[name] = value
    elseif declaration_options[name] then
      declared[name] = value
    else
      error(format("count: no option %q; there are by, cells, help, limit, measure, name, where", to_string(name)), 2)
    end
  end
  if type(options.by) == "table" and not is_field(options.by) then
    keys = options.by
  elseif options.by then
    keys = { options.by }
  end
  declared.by = {}
  for place, key in ipairs(keys) do
    local name = is_field(key) and key.field or key
    if type(name) ~= "string" then error("count: a key is a field, such as \"qname\" or levels(field.qname, 2)", 2) end
    declared.by[place] = name
  end
  if #declared.by == 0 then error("count: by what? count(\"qname\"), say", 2) end
  return setmetatable({ declared = declared }, declaration_mark)
end

-- What scripts get ----------------------------------------------------------------------------------------------------------

local most_repeated = 1048576
local string_rep = string.rep
string.rep = function(text, times, separator)
  need_text(text, "string.rep")
  if times * (#text + #(separator or "")) > most_repeated then
    error(format("string.rep: more than %d octets", most_repeated), 2)
  end
  return string_rep(text, times, separator)
end
string.dump = nil
local string_metatable = getmetatable("")
string_metatable.__metatable = false

local function safe_getmetatable(value)
  local metatable = getmetatable(value)
  if type(value) == "table" then return metatable end
  return nil
end

local function print_line(...)
  local parts = {}
  for place = 1, select("#", ...) do parts[place] = to_string((select(place, ...))) end
  local line = concat(parts, "\t")
  native.print(line, #line)
end

local function copy(from, names)
  local made = {}
  for name in string.gmatch(names, "%S+") do made[name] = from[name] end
  return made
end

local parameters_now  -- nil: they are not known yet
local parameters = opaque(function(_, name)
  if parameters_now == nil then
    error("parameters are known once the file has returned: ask for them in start, add or take", 2)
  end
  local value = parameters_now[name]
  if value == nil then error(format("there is no parameter %q", to_string(name)), 2) end
  return value
end, "parameters")

local string_names = "byte char find format gmatch gsub len lower match rep reverse sub upper"
local table_names = "concat foreach foreachi getn insert maxn remove sort"
local math_names = "abs acos asin atan atan2 ceil cos cosh deg exp floor fmod frexp huge ldexp log log10 max min modf pi " ..
  "pow rad sin sinh sqrt tan tanh"
local bit_names = "arshift band bnot bor bswap bxor lshift rol ror rshift tobit tohex"
local coroutine_names = "create resume running status wrap yield"
local base_names = "assert error ipairs next pairs pcall rawequal rawget rawset select setmetatable tonumber tostring " ..
  "type unpack xpcall _VERSION"

local max_rule, min_rule, sum_rule, list_rule = rule("max"), rule("min"), rule("sum"), rule("list")

-- Each window its own: what a script hangs into one goes with the window.
local function new_environment()
  local environment = copy(_G, base_names)
  environment.string = copy(string, string_names)
  environment.table = copy(table, table_names)
  environment.math = copy(math, math_names)
  environment.bit = copy(bit, bit_names)
  environment.coroutine = copy(coroutine, coroutine_names)
  environment.getmetatable = safe_getmetatable
  environment.print = print_line
  environment.parameters = parameters
  environment.field = field
  environment.count = count
  environment.counter = function(...) return make("counter", nil, ...) end
  environment.top_k = function(n, ...)
    if need_number(n, "top_k", 2) < 1 then error("top_k: of 1 or more", 2) end
    return make("top_k", n, ...)
  end
  environment.distinct = function(...) return make("distinct", nil, ...) end
  environment.quantiles = function(...) return make("quantiles", nil, ...) end
  environment.groups = groups
  environment.max, environment.min, environment.sum, environment.list = max_rule, min_rule, sum_rule, list_rule
  environment.levels, environment.label, environment.prefix = levels, label, prefix
  environment.country, environment.asn, environment.entropy = country, asn, entropy
  environment._G = environment
  return environment
end

-- The file -----------------------------------------------------------------------------------------------------------------

local chunk

-- All texts that stand in it, as names or between quotes: what a script can ask a message for is among them.
local function constants(of, found)
  for place = -1, -1000000, -1 do
    local constant = jit_util.funck(of, place)
    if type(constant) == "nil" then break end
    if type(constant) == "string" then
      found[constant] = true
    elseif type(constant) == "proto" then
      constants(constant, found)
    elseif type(constant) == "table" then
      for key, value in pairs(constant) do
        if type(key) == "string" then found[key] = true end
        if type(value) == "string" then found[value] = true end
      end
    end
  end
  return found
end

local function copy_of(values)
  local made = {}
  for name, value in pairs(values) do made[name] = value end
  return made
end

-- 1LL and 2i are values of ffi that the parser makes.
local function refuse_cdata(of, name)
  for place = -1, -1000000, -1 do
    local constant = jit_util.funck(of, place)
    if type(constant) == "nil" then break end
    if type(constant) == "cdata" then error(name .. ": numbers such as 1LL, 0x1ULL and 2i are not to be had here", 0) end
    if type(constant) == "proto" then refuse_cdata(constant, name) end
  end
end

-- A reducer of the older chain: a class, called with each packet, asked with get_data. Its constructor is `new`, as in
-- Lua's own books, or `__init`; what is returned may also be an object that is ready.
local function from_older(class)
  local metatable = getmetatable(class)
  local call = class.call or class.__call or (type(metatable) == "table" and metatable.__call)
  if type(call) ~= "function" then return nil end
  local object
  local function made()
    if object ~= nil then return object end
    if type(rawget(class, "new")) == "function" then
      object = class:new(copy_of(parameters_now or {}))
    elseif type(rawget(class, "__init")) == "function" then
      object = setmetatable({}, { __index = class })
      object:__init(copy_of(parameters_now or {}))
    else
      object = class
    end
    if object == nil then error("the constructor returned nothing", 0) end
    return object
  end
  return {
    name = class.name,
    help = class.help,
    where = class.where,
    needs = class.needs,
    fields = class.fields,
    parameters = class.parameters,
    start = function() made() end,
    add = function(packet) return call(object, packet) end,
    take = function() return made():get_data() end,
  }
end

local reducer_keys =
  { name = "string", help = "string", where = "texts", needs = "texts", fields = "texts", parameters = "table",
    add = "function", take = "function", start = "function" }

local function check_reducer(reducer)
  if type(reducer) ~= "table" then
    error("the file has to return a table with add and take, or count(...); it returned " .. type(reducer), 0)
  end
  if type(reducer.get_data) == "function" then
    reducer = from_older(reducer) or
      error("there is get_data, but nothing that is called with a packet: a function call, or __call", 0)
  end
  for key, value in pairs(reducer) do
    local wanted = reducer_keys[key]
    if wanted == nil then error(host.no_such_key(to_string(key)), 0) end
    if wanted == "texts" then wanted = type(value) == "table" and "table" or "string" end
    if type(value) ~= wanted then error(format("%s has to be a %s, not a %s", key, wanted, type(value)), 0) end
  end
  for _, key in ipairs({ "add", "take" }) do
    if reducer[key] == nil then error("the table that the file returns has no function " .. key, 0) end
  end
  return reducer
end

local function run_file()
  setfenv(chunk, new_environment())
  local returned = chunk()
  if type(returned) == "table" and rawequal(getmetatable(returned), false) and rawget(returned, "declared") then return returned end
  return check_reducer(returned)
end

local function texts(value, what)
  if type(value) == "string" then return { value } end
  local list = {}
  for place, one in ipairs(value or {}) do
    if type(one) ~= "string" then error(what .. " has to be a text or a list of texts", 0) end
    list[place] = one
  end
  return list
end

local windows = {}  -- by number: the reducer of each

local functions = {}

-- Reads the file and says what it is.
function functions.load(source, name)
  if sub(source, 1, 1) == "\27" then error(name .. " is bytecode; only text is read", 0) end
  local why
  chunk, why = load(source, "@" .. name, "t", {})
  if chunk == nil then error(why, 0) end
  refuse_cdata(chunk, name)
  declaring = true
  local reducer = run_file()
  -- Closures made often enough are compiled once for all of them, not for each.
  for _ = 1, 3 do run_file() end
  declaring = false
  if reducer.declared then return { declared = reducer.declared } end
  local found = constants(chunk, {})
  for _, one in ipairs(texts(reducer.fields, "fields")) do
    if not host.is_field(one) then error("fields: " .. host.no_such_field(one), 0) end
    found[one] = true
  end
  found.query, found.response = found.query or found.is_query, found.response or found.is_answer
  local names = {}
  for one in pairs(found) do
    if host.is_field(one) then names[#names + 1] = one end
  end
  sort(names)
  return {
    name = reducer.name,
    help = reducer.help,
    where = texts(reducer.where, "where"),
    needs = texts(reducer.needs, "needs"),
    parameters = reducer.parameters or {},
    fields = names,
  }
end

-- Which columns there are: { name, form, address, plain }, in the order of the fields.
function functions.set_columns(columns)
  for number, column in ipairs(columns) do
    field_names[number], field_numbers[column.name] = column.name, number
    getters[column.name] = getter_makers[column.form](column, number - 1)
  end
end

function functions.set_parameters(values) parameters_now = values end

local function window_of(number)
  local reducer = windows[number]
  if reducer == nil then
    reducer = run_file()
    windows[number] = reducer
    if reducer.start then reducer.start() end
  end
  return reducer
end

-- Messages `first` to `last` of the columns.
local function run(add, first, last)
  for place = first, last do
    at = place
    add(message)
  end
  at = -1
end

function functions.add(number, first, last) return run(window_of(number).add, first, last) end

function functions.take(number)
  at = -1
  local result = window_of(number).take()
  windows[number] = nil
  return result
end

-- What became of compiling: whether the loop over the messages is machine code, how many traces there are, and what
-- kept others from being made, with the line.
local loop_is_compiled, traces, aborts, abort_count = false, 0, {}, 0
local recording_loop, recorded_from = false, ""
local has_words, words = pcall(require, "jit.vmdef")

local function why_aborted(func, pc, code, reason)
  local info = jit_util.funcinfo(func, pc)
  local why = has_words and words.traceerr[code] or "reason " .. to_string(code)
  if type(reason) == "function" then reason = jit_util.funcinfo(reason).loc end
  return format("%s: %s", info.loc or "?", find(why, "%%") and format((string.gsub(why, "%%d", "%%s")), to_string(reason)) or why)
end

jit.attach(function(event, trace, func, pc, code, reason)
  if event == "start" then
    recording_loop = rawequal(func, run)
    recorded_from = jit_util.funcinfo(func, pc).loc or ""
  elseif event == "stop" then
    traces = traces + 1
    loop_is_compiled = loop_is_compiled or recording_loop
    -- Where code hangs only its address can tell.
    local machine_code, address = jit_util.tracemc(trace)
    if machine_code then native.note_code(address, #machine_code, recorded_from, #recorded_from) end
  elseif event == "abort" then
    abort_count = abort_count + 1
    local why = #aborts < 8 and why_aborted(func, pc, code, reason)
    if why and sub(why, 1, 12) ~= "prelude.lua:" then  -- no script's mistake
      for _, known in ipairs(aborts) do
        if known == why then return end
      end
      aborts[#aborts + 1] = why
    end
  end
end, "trace")

function functions.compiling()
  return { loop = loop_is_compiled, traces = traces, aborts = abort_count, why = aborts }
end

functions.ruled, functions.value_kinds = ruled, value_kinds
return functions
