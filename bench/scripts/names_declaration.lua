return count("qname", { where = "query", limit = 10 })
