"""scripts/make-capture: octets worked out by hand from the RFCs, not by another run of the tool; and its messages."""
import gzip
import lzma
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from captures.compress import xxh32  # noqa: E402
from captures.files import Text  # noqa: E402
from captures.internet import checksum  # noqa: E402
from captures.names import name  # noqa: E402
from captures.text import TextError, build, words_of  # noqa: E402

QUERY = "0007 0100 0001 0000 0000 0000 03 777777 07 6578616d706c65 00 0001 0001"


def octets(layers):
    return build(words_of(layers)).octets


def file_of(*lines):
    (_, _, content), = Text("\n".join(lines)).files()
    return content


class Layers(unittest.TestCase):
    def is_hex(self, layers, expected):
        self.assertEqual(octets(layers).hex(), expected.replace(" ", ""))

    def test_a_datagram_has_lengths_protocol_and_checksums(self):
        # RFC 1071 by hand: 4500+0020+4011+c000+0201+c000+0235 = 0x20967, folded 0967+2 = 0969, inverted f696.
        # UDP: c000+0201+c000+0235+0011+000c + 9c40+0035+000c + 0102+0304 = 0x224da, folded 24dc, inverted db23.
        self.is_hex("ipv4 192.0.2.1 > 192.0.2.53 / udp 40000 > 53 / hex 0102 0304",
                    "4500 0020 0000 0000 4011 f696 c0000201 c0000235 9c40 0035 000c db23 0102 0304")

    def test_a_right_checksum_makes_the_sum_zero(self):
        for version, addresses in ((4, "192.0.2.1 > 192.0.2.53"), (6, "2001:db8::1 > 2001:db8::53")):
            for protocol, layer in ((17, "udp 1 > 2"), (6, "tcp 1 > 2 seq=9"), (58, "icmpv6 echo")):
                with self.subTest(f"{version} {layer}"):
                    packet = octets(f"ipv{version} {addresses} / {layer} / hex 010203")
                    header, size = (packet[:20], 8) if version == 4 else (packet[:40], 32)
                    payload = packet[len(header):]
                    pseudo = header[-size:] + struct.pack("!II", len(payload), protocol)
                    self.assertEqual(checksum(pseudo + payload), 0)
        self.assertEqual(checksum(octets("ipv4 192.0.2.1 > 192.0.2.53 / hex 00")[:20]), 0)
        self.assertEqual(checksum(octets("icmp unreachable code=3 / hex 0102")), 0)

    def test_a_payload_tells_the_layer_around_it_what_it_is(self):
        self.is_hex("ethernet / hex 00", "020000000053 020000000001 88b5 00")
        self.is_hex("ethernet / qinq 7 / vlan 8 / hex 00", "020000000053 020000000001 88a8 0007 8100 0008 88b5 00")
        self.is_hex("mpls 16 / mpls 17 / hex 00", "00010040 00011140 00")
        self.is_hex("null / hex 00", "00000000 00")
        self.assertEqual(octets("ethernet / ipv6 ::1 > ::2 / hop-by-hop / udp 1 > 2")[12:14].hex(), "86dd")
        self.assertEqual(octets("ipv6 ::1 > ::2 / hop-by-hop / udp 1 > 2")[6], 0)
        self.assertEqual(octets("ipv6 ::1 > ::2 / hop-by-hop / udp 1 > 2")[40:48].hex(), "1100010400000000")

    def test_what_is_given_overrides_what_would_be_filled_in(self):
        packet = octets("ipv4 192.0.2.1 > 192.0.2.2 length=9 checksum=0xdead protocol=99 / udp 1 > 2 length=3 checksum=0")
        self.assertEqual((packet[2:4].hex(), packet[9], packet[10:12].hex()), ("0009", 99, "dead"))
        self.assertEqual(packet[24:28].hex(), "00030000")

    def test_fragments_joined_give_the_datagram(self):
        for version, pair, header in ((4, "192.0.2.1 > 192.0.2.2", 20), (6, "2001:db8::1 > 2001:db8::2", 48)):
            whole = octets(f"ipv{version} {pair} / udp 53 > 4000 / zeros 100")[20 if version == 4 else 40:]
            parts = [octets(f"ipv{version} {pair} / fragment {part} id=9 / udp 53 > 4000 / zeros 100") for part in ("0:64", "64:")]
            self.assertEqual(b"".join(part[header:] for part in parts), whole)
        self.assertEqual(octets("ipv4 192.0.2.1 > 192.0.2.2 / fragment 64:72 id=9 / zeros 99")[4:8].hex(), "00092008")
        self.assertEqual(octets("ipv6 ::1 > ::2 / fragment 64:72 id=9 / udp 1 > 2 / zeros 99")[40:48].hex(), "1100004100000009")

    def test_tunnels(self):
        self.is_hex("gre / hex 00", "0000 88b5 00")
        self.is_hex("gre key=9 seq=1 / hex 00", "3000 88b5 00000009 00000001 00")
        self.is_hex("vxlan 7 / hex 00", "08000000 00000700 00")
        self.is_hex("geneve 7 options=01020304 / hex 00", "0100 88b5 00000700 01020304 00")
        self.is_hex("gtp-u 7 extension=0x85:0011 / hex 00", "34 ff 0009 00000007 0000 00 85 01 0011 00 00")
        self.is_hex("pppoe 17 / hex 00", "11 00 0011 0003 c021 00")

    def test_payloads_are_joined_and_cut(self):
        self.is_hex("( prefix / hex 0102 + prefix / hex 03 )", "0002 0102 0001 03")
        self.is_hex("slice 1:3 / ( prefix / hex 0102 + hex 03 )", "0201")
        self.is_hex("prefix length=9 / hex 01", "0009 01")
        self.is_hex("pad 2 / hex 01", "010000")

    def test_link_headers(self):
        self.is_hex("sll2 / hex 00", "88b5 0000 00000002 0001 00 06 020000000001 0000 00")
        self.is_hex("nflog before=3:00 / hex ffff", "00 00 0001 0500 0300 00000000 0600 0900 ffff 0000")
        self.assertEqual(len(octets("wifi to-ds from-ds qos htc")), 36)
        self.is_hex("radiotap", "00 00 0900 02000000 00")


class Messages(unittest.TestCase):
    def is_hex(self, message, expected):
        self.assertEqual(octets(message).hex(), expected.replace(" ", ""))

    def test_a_query(self):
        self.is_hex("dns id=7 rd ? www.example. A", QUERY)
        self.is_hex("dns id=7 rd ? www.example A IN", QUERY)

    def test_header_flags_and_counts(self):
        self.is_hex("dns id=0xffff qr aa tc rd ra z ad cd opcode=NOTIFY rcode=REFUSED an=9", "ffff a7f5 0000 0009 0000 0000")

    def test_records_and_pointers(self):
        self.is_hex("dns | an www.@12 300 CH A 192.0.2.1", "0000 0000 0000 0001 0000 0000 03777777c00c 0001 0003 0000012c 0004 c0000201")
        self.is_hex("dns | ar . 1 TXT a b rdlength=9", "0000 0000 0000 0000 0000 0001 00 0010 0001 00000001 0009 0161 0162")
        self.is_hex("dns | ns . 1 TYPE65280 \\# 0102", "0000 0000 0000 0000 0001 0000 00 ff00 0001 00000001 0002 0102")
        self.is_hex("dns | an . 1 NSEC a. A MX", "0000 0000 0000 0001 0000 0000 00 002f 0001 00000001 0007 016100 00 02 4001")

    def test_edns(self):
        self.is_hex("dns | opt size=1232 do rcode=BADVERS version=1", "0000 0000 0000 0000 0000 0001 00 0029 04d0 01018000 0000")
        self.is_hex("dns | opt size=512 nsid=a ecs=192.0.2.0/24/16 ede=3:x padding=2",
                    "0000 0000 0000 0000 0000 0001 00 0029 0200 00000000 001d 0003 0001 61 0008 0007 0001 18 10 c00002"
                    "000c 0002 0000 000f 0003 0003 78")

    def test_names(self):
        self.assertEqual(name("."), b"\0")
        self.assertEqual(name(r"a\.b\032.x"), b"\4a.b \1x\0")
        self.assertEqual(name("a.<c00c>"), b"\1a\xc0\x0c")

    def test_everything_refused_is_refused_with_a_reason(self):
        for layers, says in [("ipv5 a > b", "there are: ah"), ("ipv4 1 > 2", "no address"), ("udp 1 > 2 colour=red", "accepted"),
                             ("udp 1", "missing"), ("hex 0", "not hexadecimal"), ("ethernet / / raw", "layer is missing"),
                             ("( hex 00", "without its ')'"), ("hex 00 )", "without its '('"), ("slice 0:9 / hex 00", "is not inside"),
                             ("dns | what . A", "begins no part"), ("dns ? a..b A", "1 to 63"),
                             ("dns | an . 1 NULL x", "presentation form"), ('text "a', "not closed")]:
            with self.subTest(layers):
                with self.assertRaises(TextError) as caught:
                    octets(layers)
                self.assertIn(says, str(caught.exception))


class Files(unittest.TestCase):
    def test_pcap(self):
        self.assertEqual(file_of("file pcap", "1.000002 hex 0102").hex(),
                         "d4c3b2a1020004000000000000000000000004000100000001000000020000000200000002000000" "0102")
        self.assertEqual(file_of("file pcap nanoseconds big-endian link=raw snap=1", "epoch 7", "1.000000002 hex 0102").hex(),
                         "a1b23c4d000200040000000000000000000000010000006500000008000000020000000100000002" "01")

    def test_pcapng(self):
        expected = ("0a0d0d0a 0000001c 1a2b3c4d 0001 0000 ffffffffffffffff 0000001c"
                    "00000001 00000034 0001 0000 00000000 0002 0001 61000000 0009 0001 09000000 000e 0008 0000000000000001 0000 0000"
                    "00000034"
                    "00000006 00000024 00000000 00000000 3b9aca02 00000001 00000001 ff000000 00000024")
        self.assertEqual(file_of("file pcapng big-endian", "interface a resolution=9 offset=1", "2.000000002 hex ff").hex(),
                         expected.replace(" ", ""))

    def test_a_binary_clock(self):
        content = file_of("file pcapng", "interface a resolution=2^10", "2.5 hex ff")
        self.assertEqual(struct.unpack_from("<II", content, len(content) - 36 + 12), (0, 2560))

    def test_dnstap(self):
        content = file_of("file dnstap", "1.5 dnstap CLIENT_QUERY protocol=DOT from=192.0.2.1 from-port=300 / dns id=7")
        start = bytes.fromhex("00000000 00000022 00000002 00000001 00000016") + b"protobuf:dnstap.Dnstap"
        self.assertTrue(content.startswith(start))
        frame = bytes.fromhex("00000028" "7224" "0805" "1001" "1803" "2204c0000201" "30ac02" "4001" "4d0065cd1d"
                              "520c000700000000000000000000" "7801")
        self.assertEqual(content[len(start):].hex(), (frame + bytes.fromhex(
            "00000000 00000004 00000003")).hex())

    def test_records_tell_their_length(self):
        self.assertEqual(file_of("file plain", 'record {"id":"7"}', "octets 0a"), b'10{"id":"7"}\n')

    def test_compression(self):
        plain = file_of("file plain", "octets " + "00" * 70000)
        self.assertEqual(gzip.decompress(file_of("file plain", "compress gzip members=2", "octets " + "00" * 70000)), plain)
        self.assertEqual(lzma.decompress(file_of("file plain", "compress xz members=2", "octets " + "00" * 70000)), plain)
        self.assertEqual(file_of("file plain", "compress zstd", "octets 0102").hex(), "28b52ffde00200000000000000" "110000" "0102")
        lz4 = file_of("file plain", "compress lz4", "octets 0102")
        self.assertEqual((lz4[:6].hex(), lz4[7:].hex()), ("04224d186040", "02000080" "0102" "00000000"))
        self.assertEqual(xxh32(b""), 0x02CC5D05)
        self.assertEqual(xxh32(b"Nobody inspects the spammish repetition"), 0xE2293B2F)

    def test_names_give_lines_and_several_files_a_folder(self):
        text = ("let a = hex 01\nlet b = $a\n"
                "file plain name=one\noctets 01\nfile pcap name=sub/two\n1\n  $b\n")
        with tempfile.TemporaryDirectory() as folder:
            source, target = pathlib.Path(folder) / "text", pathlib.Path(folder) / "out"
            source.write_text(text)
            subprocess.run([sys.executable, ROOT / "scripts/make-capture", source, target], check=True)
            self.assertEqual((target / "one").read_bytes(), b"\1")
            self.assertEqual((target / "sub/two").read_bytes()[-1:], b"\1")

    def test_a_mistake_is_told_with_its_line(self):
        for text, says in [("", "begins with `file"), ("1 hex 00", "before the first"), ("file tar", "pcapng"), ("file pcap\nfoo", "line 2: 'foo'"),
                           ("file pcap\n\n1 hex 00\n2 $x", "line 4: '$x'"), ("file pcap\n1", "line 2: a frame's layers"),
                           ("file pcapng\n1 hex 00", "an interface is missing"), ("file dnstap\n1 udp 1 > 2", "dnstap TYPE"),
                           ("file pcap\ncompress rar", "gzip"), ("file pcap name=a\nfile pcap", ""), ("file pcap x", "accepted")]:
            with self.subTest(text):
                with tempfile.TemporaryDirectory() as folder:
                    source = pathlib.Path(folder) / "text"
                    source.write_text(text)
                    done = subprocess.run([sys.executable, ROOT / "scripts/make-capture", source, folder + "/out"],
                                          capture_output=True, text=True)
                self.assertEqual(done.returncode, 1)
                self.assertIn(says, done.stderr)
                self.assertNotIn("Traceback", done.stderr)

    def test_help_is_the_documentation(self):
        done = subprocess.run([sys.executable, ROOT / "scripts/make-capture", "--help"], capture_output=True, text=True)
        self.assertIn((ROOT / "docs/captures.md").read_text(), done.stdout)


if __name__ == "__main__":
    unittest.main()
