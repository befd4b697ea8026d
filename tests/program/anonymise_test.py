"""[anonymise]: no address leaves a monitor as it came, whatever counts it."""
import ipaddress
import json
import struct
import unittest

from support import ProgramTest, pcap, query, query_frame, response_frame, response, run

METHODS = ['method = "crypto-pan"', 'method = "hash"', 'method = "truncate"\nipv4_bits = 16\nipv6_bits = 32']
KEY = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"


def all_reducers():
    """Every type that the program lists, each as it needs to be configured; and count_by over every dimension."""
    names = [line.split()[0] for line in run("list", "reducers").stdout.splitlines()[1:] if line.startswith("  ") and
             not line.startswith("   ")]
    dimensions = [line.split()[0] for line in run("list", "dimensions").stdout.splitlines()[1:]
                  if line.startswith("  ") and not line.startswith("   ")]
    text = ""
    for name in names:
        if name != "count_by":
            n = "n = 5\n" if name in ("TopN", "TopNQ", "TopNPP") else ""
            text += f'[[reducer]]\ntype = "{name}"\n{n}send = ["out"]\n'
    for number, dimension in enumerate(dimensions):
        text += f'[[reducer]]\ntype = "count_by"\nname = "by{number}"\nby = "{dimension}"\nsend = ["out"]\n'
    assert "client" in dimensions and "QueriesSummary" in names
    return text


class Anonymise(ProgramTest):
    def setUp(self):
        super().setUp()
        self.key = self.file("key", KEY)
        self.key.chmod(0o600)

    def monitor(self, capture, table, reducers, *more, status=0):
        config = self.file("config.toml", 'server = "ns1"\n[anonymise]\n' + table +
                           '\n[[channel]]\nname = "out"\nurl = "stdout:"\n' + reducers)
        done = run("monitor", "-c", config, "--source", *([capture] if capture else []), *more)
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def with_key(self, table):
        return table + ("" if "truncate" in table else f'\nkey_file = "{self.key}"')

    def test_no_address_of_a_capture_is_in_any_output(self):
        capture, _ = self.traffic("--packets", 20000, "--qps", 5000, "--seed", 5)
        report = json.loads(run("summary", "--json", capture).stdout)
        plain = self.monitor(capture, 'method = "none"', all_reducers()).stdout
        clients = {key for line in plain.splitlines() for record in [json.loads(line)]
                   if record["type"] == "QueriesSummary" for row in record["data"] for key in [row["ip"]]}
        servers = {key for line in plain.splitlines() for record in [json.loads(line)]
                   if isinstance(record["data"], dict) and record["type"].startswith("by")
                   for key in record["data"] if ":" in key or key.count(".") == 3 and key.replace(".", "").isdigit()}
        originals = {ipaddress.ip_address(bytes.fromhex(client)) for client in clients}
        for text in servers:
            try:
                originals.add(ipaddress.ip_address(text))
            except ValueError:
                pass  # a reverse zone, say
        self.assertGreater(len(originals), 500)
        self.assertIn(str(ipaddress.ip_address(report["dns"]["top_clients"][0][0])), map(str, originals))
        for table in METHODS:
            with self.subTest(table):
                out = self.monitor(capture, self.with_key(table), all_reducers()).stdout
                # All words of it: as keys and values stand in JSON, between quotes.
                words = set(out.split('"'))
                for address in originals:
                    if "truncate" in table and int(address) & 0xffff == 0:
                        continue  # it is a network's own
                    self.assertNotIn(str(address), words)
                    self.assertNotIn(address.packed.hex(), words)
                self.assertEqual(len(out.splitlines()), len(plain.splitlines()))
                for line in out.splitlines():  # what truncation joins is one key
                    json.loads(line, object_pairs_hook=self.each_once)

    def each_once(self, pairs):
        keys = [key for key, _ in pairs]
        self.assertEqual(len(keys), len(set(keys)), keys)
        return dict(pairs)

    def test_counts_stay_what_they_were(self):
        capture, _ = self.traffic("--packets", 20000, "--qps", 20000, "--seed", 6)
        reducer = '[[reducer]]\ntype = "count_by"\nby = "client"\nwhere = "query"\nsend = ["out"]\n'

        def counts(table):
            rows = [json.loads(line)["data"] for line in self.monitor(capture, table, reducer).stdout.splitlines()]
            return rows
        plain = counts('method = "none"')
        for table in METHODS[:2]:
            hidden = counts(self.with_key(table))
            self.assertEqual([sorted(row.values()) for row in hidden], [sorted(row.values()) for row in plain])
            self.assertEqual(hidden, counts(self.with_key(table)), "the same key gives the same names")
        networks = []
        for row in plain:
            joined = {}
            for text, count in row.items():
                address = ipaddress.ip_address(text)
                network = ipaddress.ip_network((address, 16 if address.version == 4 else 32), strict=False)
                joined[str(network.network_address)] = joined.get(str(network.network_address), 0) + count
            networks.append(joined)
        self.assertEqual(counts(METHODS[2]), networks)

    def test_lists_and_tables_agree_on_who_it_is(self):
        capture = self.file("x.pcap", pcap([(1, query_frame(query())), (1.5, response_frame(response()))]))
        reducers = '[[reducer]]\ntype = "QueriesSummary"\nsend = ["out"]\n' \
                   '[[reducer]]\ntype = "count_by"\nby = "client"\nsend = ["out"]\n'
        for table in METHODS:
            out = self.monitor(capture, self.with_key(table), reducers).stdout
            summary, table_of = [json.loads(line)["data"] for line in out.splitlines()[:2]]
            shown, = table_of
            if "hash" not in table:
                shown = ipaddress.ip_address(shown).packed.hex()
            self.assertEqual(summary[0]["ip"], shown)

    def test_a_clients_network_in_an_option_is_hidden_too(self):
        # OPT with ECS (RFC 7871): 198.51.100.0/24.
        option = struct.pack("!HHHBB", 8, 7, 1, 24, 0) + bytes([198, 51, 100])
        message = bytearray(query()) + b"\0" + struct.pack("!HHIH", 41, 1232, 0, len(option)) + option
        message[11] = 1
        capture = self.file("x.pcap", pcap([(1, query_frame(bytes(message)))]))
        plain = self.monitor(capture, 'method = "none"', all_reducers()).stdout
        self.assertIn('"198.51.100.0/24"', plain)
        self.assertIn("c63364", plain)
        for table in METHODS:
            out = self.monitor(capture, self.with_key(table), all_reducers()).stdout
            self.assertNotIn("198.51.100.0", out)
            self.assertNotIn("c63364", out)
            if "truncate" in table:
                self.assertIn('"198.51.0.0/16"', out)

    def test_texts_that_came_in_place_of_addresses_are_hidden_too(self):
        record = json.dumps({"source": "192.0.2.1", "dest": "c0000235", "id": "1", "flags": "100",
                             "queries": [{"qname": "a_b.example.", "qtype": "1", "qclass": "1"}]})
        capture = self.file("x.json", f"{len(record)}{record}")
        for table in METHODS:
            out = self.monitor(None, self.with_key(table) + "\n[window]\npackets = 1\n", all_reducers(),
                               f"speedy:{capture}").stdout
            self.assertNotIn('"192.0.2.1"', out)
            self.assertNotIn("c0000235", out)

    def test_a_key_of_one_start_is_said_to_be_one(self):
        capture = self.file("x.pcap", pcap([(1, query_frame(query()))]))
        reducer = '[[reducer]]\ntype = "QueriesSummary"\nsend = ["out"]\n'
        runs = [self.monitor(capture, 'method = "hash"', reducer) for _ in range(2)]
        self.assertNotEqual(runs[0].stdout, runs[1].stdout)
        self.assertIn("anonymise: no key_file: a key for this run only", runs[0].stderr)
        self.assertNotIn("key_file", self.monitor(capture, self.with_key('method = "hash"'), reducer).stderr)

    def test_what_is_wrong_is_said(self):
        open_key = self.file("open", KEY)
        open_key.chmod(0o644)
        channel = '\n[[channel]]\nname = "out"\nurl = "null:"\n[[reducer]]\ntype = "QueriesPerSecond"\nsend = ["out"]\n'
        cases = [('[anonymise]\nmethod = "md5"', 'there is no method "md5"'), ("[anonymise]", 'needs method = '),
                 ('[anonymise]\nmethod = "truncate"\nkey_file = "x"', "key_file"),
                 ('[anonymise]\nmethod = "truncate"\nipv4_bits = 33', "33"),
                 ('keep_malformed = "/tmp/x.pcap"\n[anonymise]\nmethod = "hash"',
                  "keep_malformed would write addresses as they are"),
                 (f'[anonymise]\nmethod = "hash"\nkey_file = "{open_key}"', "others may read or write it (mode 0644)")]
        for table, says in cases:
            with self.subTest(says):
                done = run("check", self.file("config.toml", table + channel))
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(says, done.stdout + done.stderr)
                self.assertNotIn("0001020304", done.stdout + done.stderr)
        done = run("monitor", "-c", self.file("config.toml", '[anonymise]\nmethod = "hash"' + channel), "--source", open_key,
                   "--keep-malformed", self.folder / "examples.pcap")
        self.assertEqual(done.returncode, 2)
        self.assertIn("keep_malformed would write addresses", done.stderr)


if __name__ == "__main__":
    unittest.main()
