-- Responses by RCODE, in the style of the older chain: the same as the built-in Rcode, to be read.
--
-- A class with a constructor, called with each packet, asked with get_data. Memory: 16 counts, one for each value of the
-- four bits in the header.

local Rcode = {
  name = "older_style",
  help = "Responses by RCODE, in the style of the older chain.",
  where = "response",
}
Rcode.__index = Rcode

function Rcode:new()
  local object = setmetatable({}, self)
  object:reset()
  return object
end

function Rcode:call(packet)
  local rcode = packet.flags % 16
  self.counts[rcode] = (self.counts[rcode] or 0) + 1
end

function Rcode:get_data()
  return self.counts
end

function Rcode:reset()
  self.counts = {}
end

return Rcode
