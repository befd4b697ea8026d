local names = counter({ limit = 10 })
return { where = "query", add = function(message) names:add(message.qname) end, take = function() return names end }
