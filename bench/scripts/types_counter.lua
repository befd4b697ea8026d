local types = counter("qtype")
return { add = function(message) types:add(message) end, take = function() return types end }
