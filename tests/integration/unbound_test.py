"""Our counts of a recursive resolver's traffic equal Unbound's own, and those of the NSD that it asks."""
from servers import ServerTest, by_prefix, difference, main


class Unbound(ServerTest):
    address = "127.0.0.53"
    upstream = "127.0.0.54"

    def test_counts_equal_those_of_unbound(self):
        self.run_unbound(self.address, self.upstream)
        watch = self.watch()
        watch.begin()
        before = self.unbound_figures()
        sent = self.ask()
        watch.end()
        moved = difference(self.unbound_figures(), before)

        ours = {name: counts[self.address] for name, counts in watch.counts.items()}
        self.assertEqual(ours["queries"], sent)
        self.assertEqual(ours["queries"].total(), moved["total.num.queries"])
        self.assertEqual(ours["queries"]["tcp"], moved["num.query.tcp"])
        self.assertEqual(ours["responses"], ours["queries"])
        self.assertEqual(ours["qtypes"], by_prefix(moved, "num.query.type."))
        # "nodata" is not an RCODE but a share of NOERROR.
        rcodes = by_prefix(moved, "num.answer.rcode.")
        rcodes.pop("nodata", None)
        self.assertEqual(ours["rcodes"], rcodes)
        # What it asked in turn: each query that the cache could not answer, UDP and TCP.
        asked = watch.counts["queries"][self.upstream].total()
        self.assertGreater(asked, 0)
        self.assertEqual(watch.counts["responses"][self.upstream], watch.counts["queries"][self.upstream])
        self.assertEqual(watch.counts["queries"][self.upstream]["udp"], moved["num.query.udpout"])
        self.nothing_was_lost(watch)


if __name__ == "__main__":
    main()
