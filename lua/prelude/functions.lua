-- Functions that a script has: of texts and fields, of its results, and declarations.
local ffi, native_pointer, host, prelude = ...

local native = ffi.cast("struct rata_native *", native_pointer)
local to_string, type, pairs, ipairs, error, select, setmetatable, getmetatable, rawequal, rawget, rawset =
  tostring, type, pairs, ipairs, error, select, setmetatable, getmetatable, rawequal, rawget, rawset
local format, sub, ffi_string, room = string.format, string.sub, ffi.string, native.room
local need_number, opaque = prelude.need_number, prelude.opaque

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

-- Whether the file returned a declaration: what it says.
local function declared(returned)
  if type(returned) ~= "table" or not rawequal(getmetatable(returned), false) then return nil end
  return rawget(returned, "declared")
end

prelude.ruled, prelude.declared = ruled, declared
prelude.functions = {
  max = rule("max"), min = rule("min"), sum = rule("sum"), list = rule("list"),
  groups = groups, field = field, count = count,
  levels = levels, label = label, prefix = prefix, country = country, asn = asn, entropy = entropy,
}
