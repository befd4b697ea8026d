-- busy.lua: networks that ask for many different names.
local names = groups(function() return distinct() end)

return {
  where = "query",
  needs = { "qname", "client" },
  parameters = { more_than = 50 },
  add = function(message) names[prefix(message.client, 24, 48)]:add(message.qname) end,
  take = function()
    local busy = {}
    for network, different in pairs(names) do
      if different:estimate() > parameters.more_than then busy[network] = different end
    end
    return busy
  end,
}
