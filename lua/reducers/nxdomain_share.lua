-- Responses, and how many of them were NXDOMAIN, of the zones with most NXDOMAIN.
--
-- For who runs a name server or a resolver, and wants to know which zone is asked for what does not exist.
--
-- Parameters: zones, how many are shown.
--
-- Counts and no shares: sums of counts stay right when windows, servers or monitors are put together, a mean of shares
-- does not. The zone is the registered domain, and for what has none the public suffix or the root.
--
-- Memory: two counters of 65536 zones. Of more, those with fewer responses go, and a row may lack some; `all` does not.

local responses, nxdomain = counter({ cells = 65536 }), counter({ cells = 65536 })

return {
  name = "nxdomain_share",
  help = "Responses and NXDOMAIN among them, by registered domain.",
  where = "response",
  parameters = { zones = { default = 100, min = 1, max = 10000, help = "how many zones are shown" } },

  add = function(message)
    if message.qname == nil then return end
    local zone = message.registered_domain or message.public_suffix or "."
    responses:add(zone)
    if message.nxdomain then nxdomain:add(zone) end
  end,

  take = function()
    local zones = {}
    for _, row in ipairs(nxdomain:top(parameters.zones)) do
      zones[row.key] = { responses = responses:get(row.key), nxdomain = row.count }
    end
    return { zones = zones, all = { responses = responses:total(), nxdomain = nxdomain:total() } }
  end,
}
