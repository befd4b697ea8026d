-- The script's file: what it may call, what it says of itself, and its windows.
local ffi, native_pointer, host, prelude = ...

local jit_util = require("jit.util")
local native = ffi.cast("struct rata_native *", native_pointer)
local to_string, type, pairs, ipairs, error, select, setmetatable, getmetatable, rawequal, rawget =
  tostring, type, pairs, ipairs, error, select, setmetatable, getmetatable, rawequal, rawget
local format, sub, find, concat, sort = string.format, string.sub, string.find, table.concat, table.sort
local make, need_number, opaque = prelude.make, prelude.need_number, prelude.opaque

-- What scripts get ----------------------------------------------------------------------------------------------------------

local most_repeated = 1048576
local string_rep = string.rep
string.rep = function(text, times, separator)
  if type(text) ~= "string" then error("string.rep takes a text, not " .. type(text), 2) end
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
  for name, value in pairs(prelude.functions) do environment[name] = value end
  environment.counter = function(...) return make("counter", nil, ...) end
  environment.top_k = function(n, ...)
    if need_number(n, "top_k", 2) < 1 then error("top_k: of 1 or more", 2) end
    return make("top_k", n, ...)
  end
  environment.distinct = function(...) return make("distinct", nil, ...) end
  environment.quantiles = function(...) return make("quantiles", nil, ...) end
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
  local declaration = prelude.declared(returned)
  if declaration then return { declared = declaration } end
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

local functions = { set_columns = prelude.set_columns, ruled = prelude.ruled, value_kinds = prelude.value_kinds }
prelude.host_functions = functions

-- Reads the file and says what it is.
function functions.load(source, name)
  if sub(source, 1, 1) == "\27" then error(name .. " is bytecode; only text is read", 0) end
  local why
  chunk, why = load(source, "@" .. name, "t", {})
  if chunk == nil then error(why, 0) end
  refuse_cdata(chunk, name)
  prelude.set_declaring(true)
  local reducer = run_file()
  -- Closures made often enough are compiled once for all of them, not for each.
  for _ = 1, 3 do run_file() end
  prelude.set_declaring(false)
  if reducer.declared then return { declared = reducer.declared } end
  local found = constants(chunk, {})
  for _, one in ipairs(texts(reducer.fields, "fields")) do
    if not host.is_field(one) then error("fields: " .. host.no_such_field(one), 0) end
    found[one] = true
  end
  for _, one in ipairs(texts(reducer.needs, "needs")) do
    if not host.is_field(one) then error("needs: " .. host.no_such_field(one), 0) end
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

function functions.add(number, first, last) return prelude.run(window_of(number).add, first, last) end

function functions.take(number)
  prelude.leave_message()
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
    recording_loop = rawequal(func, prelude.run)
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
    if why and sub(why, 1, 8) ~= "prelude_" then  -- no script's mistake
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
