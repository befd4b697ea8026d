-- Queries by transport and size, in tables of Lua: the same as the built-in TrafficSizesQueries, to be read.
--
-- Memory: of each transport there are at most 65536 sizes, so that these tables end by themselves. A table by names or
-- addresses would not: take counter() for those.

-- The older chain knew two transports; dnstap tells more.
local transports = { dot = "tcp", doh = "tcp", doq = "udp", dnscrypt_udp = "udp", dnscrypt_tcp = "tcp" }

local sizes = groups(function() return {} end)

return {
  name = "query_sizes",
  help = "Queries by transport and octets of the message.",
  where = "query",
  needs = { "transport", "message_size" },
  add = function(message)
    local transport, size = message.transport, message.message_size
    local row = sizes[transports[transport] or transport]
    row[size] = (row[size] or 0) + 1
  end,
  take = function() return sizes end,
}
