-- All names of the queries, in order: what bare_loop.lua counts.
local names = {}
return {
  where = "query",
  add = function(message) names[#names + 1] = message.qname end,
  take = function() return { names = list(names) } end,
}
