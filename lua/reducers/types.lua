-- Queries by type, as a declaration: the same as a count_by of the configuration, to be read.
--
-- Nothing of it runs for a message: the monitor counts, with the limits that a count_by has.

return count("qtype", { name = "types", help = "Queries by type.", where = "query" })
