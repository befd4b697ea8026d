"""Our counts of an authoritative server's traffic equal BIND's own, from its statistics channel."""
from servers import ServerTest, difference, main


class Bind(ServerTest):
    address = "127.0.0.1"  # named listens only where an interface has the very address

    def test_counts_equal_those_of_bind(self):
        self.run_bind(self.address)
        watch = self.watch()
        watch.begin()
        before = self.bind_figures()
        sent = self.ask()
        watch.end()
        after = self.bind_figures()
        moved = {group: difference(after[group], before[group]) for group in ("nsstats", "opcodes", "rcodes", "qtypes")}

        ours = {name: counts[self.address] for name, counts in watch.counts.items()}
        self.assertEqual(ours["queries"], sent)
        self.assertEqual(ours["queries"].total(), moved["nsstats"]["Requestv4"])
        self.assertEqual(ours["queries"]["udp"], moved["nsstats"]["QryUDP"])
        self.assertEqual(ours["queries"]["tcp"], moved["nsstats"]["QryTCP"])
        self.assertEqual(ours["queries"].total(), moved["opcodes"]["QUERY"])
        self.assertEqual(ours["responses"], ours["queries"])
        self.assertEqual(ours["responses"].total(), moved["nsstats"]["Response"])
        self.assertEqual(ours["qtypes"], moved["qtypes"])
        self.assertEqual(ours["rcodes"], moved["rcodes"])
        self.nothing_was_lost(watch)


if __name__ == "__main__":
    main()
