return count("qtype")
