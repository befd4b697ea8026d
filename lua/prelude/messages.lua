-- What a script sees of messages, and the values that it counts with.
--
-- lua/prelude/ runs once in the script's process, file by file (messages, functions, file), before the script and with what
-- scripts do not get: ffi, jit, debug. Nothing of these, and no cdata, leaves these files: a script's functions close over
-- none of it, and there is no getfenv, setfenv or debug to look into the functions made here.
--
-- Each is called with ffi, the native functions (src/script/host/native.h), the functions of the host, and the table in which
-- the files leave each other what they share.
local ffi, native_pointer, host, prelude = ...

local native = ffi.cast("struct rata_native *", native_pointer)
local to_string, type, pairs, ipairs, error, select, setmetatable, getmetatable, rawequal =
  tostring, type, pairs, ipairs, error, select, setmetatable, getmetatable, rawequal
local format, ffi_string, room = string.format, ffi.string, native.room

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
  if type(value) ~= "table" then error("call it with a colon: value:add(...)", 2) end
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
  if type(value) ~= "table" then error("call it with a colon: value:add(...)", 2) end
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
function prelude.set_declaring(on) declaring = on end

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

-- Messages come ----------------------------------------------------------------------------------------------------------

-- Messages `first` to `last` of the columns.
local function run(add, first, last)
  for place = first, last do
    at = place
    add(message)
  end
  at = -1
end

-- Which columns there are: { name, form, address, plain }, in the order of the fields.
function prelude.set_columns(columns)
  for number, column in ipairs(columns) do
    field_names[number], field_numbers[column.name] = column.name, number
    getters[column.name] = getter_makers[column.form](column, number - 1)
  end
end

-- No message is at hand any more, whatever ended the work on it.
function prelude.leave_message() at = -1 end

prelude.opaque, prelude.need_number, prelude.make, prelude.value_kinds, prelude.run = opaque, need_number, make, value_kinds, run
