-- Zones and clients between which many long, different, random-looking names go: tunnel suspects.
--
-- For who looks for data that leave a network, or come in, as DNS.
--
-- Parameters: names count whose labels before the zone have at least `length` octets. A pair is a suspect when there are
-- at least `names` different ones in a window, and their octets have at least `entropy` bits each.
--
-- A row has what came (`queries`, `names`, `octets` of labels, `bits` of entropy in them) and what went back
-- (`response_octets`): sums, of which means can be made after merging: octets / queries, bits / octets.
--
-- Memory: only pairs with five long names get a row, and 2000 at most; `unwatched` is how many such queries the others
-- had. Before, a pair is one of 65536 cells of a counter, of which those with fewer go.

local seen = counter({ cells = 65536 })
local pairs_watched, watched, unwatched = {}, 0, 0

local function watch(key, zone, client)
  seen:add(key)
  if seen:get(key) < 5 then return nil end
  if watched == 2000 then
    unwatched = unwatched + 1
    return nil
  end
  watched = watched + 1
  local row = { zone = zone, client = client, queries = 0, octets = 0, bits = 0, response_octets = 0, names = distinct() }
  pairs_watched[key] = row
  return row
end

return {
  name = "tunnels",
  help = "Zones and clients between which many long, random-looking names go.",
  parameters = {
    length = { default = 24, min = 1, max = 254, help = "octets before the zone that make a name count" },
    names = { default = 20, min = 1, help = "different names in a window" },
    entropy = { default = 3.5, min = 0, max = 8, help = "bits an octet" },
  },

  add = function(message)
    local zone, client, name = message.registered_domain, message.client, message.qname
    if zone == nil or client == nil then return end
    local length = #name - #zone - 1
    if length < parameters.length then return end
    local key = zone .. " " .. client
    local row = pairs_watched[key]
    if message.response then
      if row ~= nil then row.response_octets = row.response_octets + (message.message_size or 0) end
      return
    end
    row = row or watch(key, zone, client)
    if row == nil then return end
    row.queries = row.queries + 1
    row.octets = row.octets + length
    row.bits = row.bits + length * entropy(string.sub(name, 1, length))
    row.names:add(name)
    row.example = row.example or name
  end,

  take = function()
    local suspects = groups(function() return {} end)
    for _, row in pairs(pairs_watched) do
      if row.names:estimate() >= parameters.names and row.bits >= parameters.entropy * row.octets then
        suspects[row.zone][row.client] = {
          queries = row.queries, names = row.names, octets = row.octets, bits = row.bits,
          response_octets = row.response_octets, example = row.example,
        }
      end
    end
    return { suspects = suspects, unwatched = unwatched }
  end,
}
