"""Our counts of an authoritative server's traffic equal NSD's own."""
from servers import ServerTest, by_prefix, difference, main


class Nsd(ServerTest):
    def test_counts_equal_those_of_nsd(self):
        self.run_nsd(self.address)
        watch = self.watch()
        watch.begin()
        before = self.nsd_figures()
        sent = self.ask()
        watch.end()
        moved = difference(self.nsd_figures(), before)

        ours = {name: counts[self.address] for name, counts in watch.counts.items()}
        self.assertEqual(ours["queries"], sent)
        self.assertEqual(ours["queries"].total(), moved["num.queries"])
        self.assertEqual(ours["queries"]["udp"], moved["num.udp"])
        self.assertEqual(ours["queries"]["tcp"], moved["num.tcp"])
        self.assertEqual(ours["responses"], ours["queries"])
        self.assertEqual(ours["qtypes"], by_prefix(moved, "num.type."))
        self.assertEqual(ours["rcodes"], by_prefix(moved, "num.rcode."))
        self.nothing_was_lost(watch)


if __name__ == "__main__":
    main()
