-- Zones that are asked for many different names below them, most of them once: victims of random subdomains.
--
-- For who runs the zone's name servers, those above them, or a resolver that is made to ask.
--
-- Parameters: a zone is a victim when it has at least `names` different names in a window, when these are at least
-- `share` of all queries of the window, and at least `once` of the zone's own queries.
--
-- Memory: a zone gets a distinct() only once it is large enough to become a victim, a tenth of `share`; before, it is one
-- of 65536 cells of a counter, of which those with fewer queries go. So `queries` and `names` lack what came before, a
-- tenth of what makes a victim at most. More than 1000 are not watched; `unwatched` says how many queries those had.

local seen = counter({ cells = 65536 })
local zones, watched = {}, 0
local queries, unwatched = 0, 0

local function watch(zone)
  seen:add(zone)
  local count = seen:get(zone)
  if count < 10 or count < queries * parameters.share / 10 then return nil end
  if watched == 1000 then
    unwatched = unwatched + 1
    return nil
  end
  watched = watched + 1
  zones[zone] = { queries = 0, responses = 0, nxdomain = 0, names = distinct() }
  return zones[zone]
end

return {
  name = "random_subdomains",
  help = "Zones that are asked for many different names below them, most of them once.",
  parameters = {
    names = { default = 50, min = 2, help = "different names in a window" },
    share = { default = 0.15, min = 0.001, max = 1, help = "of all queries of the window" },
    once = { default = 0.5, min = 0, max = 1, help = "different names, of the zone's queries" },
  },

  add = function(message)
    if message.query then queries = queries + 1 end
    local zone = message.registered_domain
    if zone == nil then return end
    local row = zones[zone]
    if message.response then
      if row == nil then return end
      row.responses = row.responses + 1
      if message.nxdomain then row.nxdomain = row.nxdomain + 1 end
      return
    end
    row = row or watch(zone)
    if row == nil then return end
    row.queries = row.queries + 1
    row.names:add(message.qname)
    row.example = row.example or message.qname
  end,

  take = function()
    local victims = {}
    for zone, row in pairs(zones) do
      local names = row.names:estimate()
      if names >= parameters.names and names >= parameters.share * queries and names >= parameters.once * row.queries then
        victims[zone] = row
      end
    end
    return { victims = victims, queries = queries, unwatched = unwatched }
  end,
}
