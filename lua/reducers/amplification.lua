-- Networks of clients that get many more octets than they sent: amplification.
--
-- For who runs a name server whose responses somebody may be turning on others, with queries under their addresses.
--
-- Parameters: a network is shown when it got at least `octets` in a window, and at least `ratio` times what it sent.
-- `ipv4_bits` and `ipv6_bits` say how large networks are. Only UDP counts: who uses TCP has the address that it says.
--
-- Memory: four counters of 65536 networks. Of more, the smaller ones go, and rows may lack some of what they had.

local function made() return counter({ cells = 65536 }) end
local queries, query_octets, responses, response_octets = made(), made(), made(), made()

return {
  name = "amplification",
  help = "Networks of clients that get many more octets than they sent.",
  where = "udp",
  parameters = {
    ratio = { default = 10, min = 0, help = "octets of responses for each octet of queries" },
    octets = { default = 100000, min = 0, help = "octets of responses in a window" },
    ipv4_bits = { default = 24, min = 0, max = 32, help = "of an IPv4 network" },
    ipv6_bits = { default = 48, min = 0, max = 128, help = "of an IPv6 network" },
  },

  add = function(message)
    local client, size = message.client, message.message_size
    if client == nil or size == nil then return end
    local network = prefix(client, parameters.ipv4_bits, parameters.ipv6_bits)
    if message.response then
      responses:add(network)
      response_octets:add(network, size)
    else
      queries:add(network)
      query_octets:add(network, size)
    end
  end,

  take = function()
    local networks = {}
    for _, row in ipairs(response_octets:top()) do
      if row.count < parameters.octets then break end
      local asked = query_octets:get(row.key)
      if row.count >= parameters.ratio * asked then
        networks[row.key] = {
          queries = queries:get(row.key), query_octets = asked,
          responses = responses:get(row.key), response_octets = row.count,
        }
      end
    end
    return {
      networks = networks,
      all = { query_octets = query_octets:total(), response_octets = response_octets:total() },
    }
  end,
}
