-- What LuaJIT itself takes to count names in a table: no process, no ring, no order, no message. The file has windows: how
-- many names (four octets, little-endian), then each with its length in two. Prints nanoseconds of processor time a name.
local ffi = require("ffi")
local file = assert(io.open(arg[1], "rb"))
local data = file:read("*a")
local octets, at, total = ffi.cast("const uint8_t *", data), 0, 0
local began = os.clock()
while at < #data do
  local count = octets[at] + octets[at + 1] * 256 + octets[at + 2] * 65536 + octets[at + 3] * 16777216
  at = at + 4
  local names = {}
  for _ = 1, count do
    local size = octets[at] + octets[at + 1] * 256
    local name = ffi.string(octets + at + 2, size)
    names[name] = (names[name] or 0) + 1
    at = at + 2 + size
  end
  total = total + count
end
print((os.clock() - began) / total * 1e9)
