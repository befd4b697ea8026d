local names, messages = {}, 0
return {
  where = "query",
  add = function(message)
    local name = message.qname
    if name then
      names[name] = (names[name] or 0) + 1
      messages = messages + 1
    end
  end,
  take = function() return { messages = messages } end,
}
