"""Our counts of an authoritative server's traffic equal NSD's own."""
import unittest

from servers import ServerTest, by_prefix, difference, main


class Nsd(ServerTest):
    def counts_equal(self, source, family="", options=()):
        """`family`: what stands behind NSD's "num.udp" and "num.tcp"; `options`: of dnsperf."""
        self.run_nsd(self.address)
        watch = self.watch(source=source)
        watch.begin()
        before = self.nsd_figures()
        sent = self.ask(*options)
        watch.end()
        moved = difference(self.nsd_figures(), before)

        ours = {name: counts[self.address] for name, counts in watch.counts.items()}
        self.assertEqual(ours["queries"], sent)
        self.assertEqual(ours["queries"].total(), moved["num.queries"])
        self.assertEqual(ours["queries"]["udp"], moved["num.udp" + family])
        self.assertEqual(ours["queries"]["tcp"], moved["num.tcp" + family])
        self.assertEqual(ours["responses"], ours["queries"])
        self.assertEqual(ours["qtypes"], by_prefix(moved, "num.type."))
        self.assertEqual(ours["rcodes"], by_prefix(moved, "num.rcode."))
        self.nothing_was_lost(watch)
        return moved

    def test_counts_equal_those_of_nsd(self):
        self.counts_equal('interface = "lo"')

    def test_counts_equal_over_ipv6_and_with_edns(self):
        self.address = "::1"
        moved = self.counts_equal('interface = "lo"', "6", ["-D"])
        self.assertEqual(moved["num.edns"], 2 * self.queries_each)

    def test_on_all_interfaces_a_frame_of_loopback_is_seen_once(self):
        self.counts_equal('interface = "any"')


if __name__ == "__main__":
    main()
