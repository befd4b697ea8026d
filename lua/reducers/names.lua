-- Queries by name: the same as the built-in QueriesNameCounter, to be read.
--
-- Memory: the counter's. What has no room is dropped, those with fewer queries first, and loss.key_error says so.

local names = counter("qname")

return {
  name = "names",
  help = "Queries by name.",
  where = "query",
  needs = "qname",
  add = function(message) names:add(message) end,
  take = function() return names end,
}
