local types = {}
return {
  add = function(message)
    local kind = message.qtype
    if kind then types[kind] = (types[kind] or 0) + 1 end
  end,
  take = function() return types end,
}
