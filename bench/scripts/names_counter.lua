local names = counter("qname", { limit = 10 })
return { where = "query", add = function(message) names:add(message) end, take = function() return names end }
