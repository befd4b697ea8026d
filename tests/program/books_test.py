"""The books: every way in which a frame or a message is kept out moves exactly its own counter."""
import struct
import unittest

from support import ProgramTest, ipv4, pcap, query, query_frame, udp, wire_name

ETHERNET = b"\0" * 12
HEADER = struct.pack("!6H", 1, 0, 1, 0, 0, 0)


def frame(payload, ethertype=0x0800):
    return ETHERNET + struct.pack("!H", ethertype) + payload


def dns(message):
    return frame(ipv4(udp(message)))


def fragment(payload, offset, more):
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 9, (0x2000 if more else 0) | offset // 8, 64, 17, 0)
    return frame(header + bytes((192, 0, 2, 1)) + bytes((192, 0, 2, 53)) + payload)


def cut(octets, keep):
    """A record that says it was longer on the wire than what was captured."""
    return octets[:keep], len(octets)


class Books(ProgramTest):
    def balance(self, frames, link=1):
        """Frames are octets, or (octets, length on the wire)."""
        content = pcap([], link=link)
        for i, item in enumerate(frames):
            octets, length = item if isinstance(item, tuple) else (item, len(item))
            content += struct.pack("<4I", 100 + i, 0, len(octets), length) + octets
        got = self.summary(self.file("in.pcap", content))
        books = got["balance"]
        self.assertEqual(books["frames"]["in"], len(frames))
        self.assertEqual(books["frames"]["in"], sum(books["frames"][part] for part in ("decoded", "filtered", "refused")))
        self.assertEqual(books["messages"]["in"], books["messages"]["well_formed"] + books["messages"]["malformed"])
        tcp = books["tcp_octets"]
        self.assertEqual(tcp["in"], tcp["delivered"] + tcp["skipped"] + tcp["waiting"])
        return books

    def test_every_reason_to_filter_or_refuse_a_frame(self):
        good = query_frame(query())
        cases = [
            ("filtered", "not_ip", frame(b"\0" * 40, 0x0806), 1),
            ("filtered", "other_protocol", frame(ipv4(b"\x08\0" + b"\0" * 30, protocol=1)), 1),
            ("filtered", "other_port", frame(ipv4(udp(query(), 5000, 5001))), 1),
            ("filtered", "dns_in_icmp", frame(ipv4(b"\3\3" + b"\0" * 6 + good[14:], protocol=1)), 1),
            ("filtered", "encrypted", b"\x08\x42" + b"\0" * 60, 105),
            ("refused", "bad_tunnel_header", frame(ipv4(b"\xb0\0\x08\0", protocol=47)), 1),
            ("refused", "too_deep", b"\0" * 12 + b"\x81\0\0\1" * 20 + b"\x08\0" + good[14:], 1),
            ("refused", "cut_link_header", b"\0" * 9, 1),
            ("refused", "bad_ip_header", frame(b"\x41" + b"\0" * 39), 1),
            ("refused", "cut_by_capture", cut(good, 60), 1),
            ("refused", "bad_udp_header", frame(ipv4(struct.pack("!4H", 5000, 53, 500, 0) + query())), 1),
            ("refused", "bad_udp_header", frame(ipv4(b"\0\1")), 1),
            ("refused", "bad_tcp_header", frame(ipv4(struct.pack("!2H2I4H", 5000, 53, 1, 0, 0x1000, 0, 0, 0), protocol=6)), 1),
            ("refused", "unknown_link_type", good, 147),
        ]
        for part, reason, octets, link in cases:
            with self.subTest(reason):
                frames = self.balance([good, octets, octets] if link == 1 else [octets], link)["frames"]
                count = 2 if link == 1 else 1
                self.assertEqual(frames[part], count)
                self.assertEqual(frames[f"{part}_by_reason"], {reason: count})
                self.assertEqual(frames.get("first_frame"), {reason: count} if part == "refused" else None)

    def test_every_reason_why_a_payload_is_no_message(self):
        too_long = b"".join(b"\x3f" + b"a" * 63 for _ in range(5)) + b"\0"
        for reason, message in [
            ("short_header", HEADER[:11]),
            ("cut_name", HEADER + b"\x3fshort"),
            ("bad_label_type", HEADER + b"\x80\0\0\1\0\1"),
            ("pointer_in_question", HEADER + b"\xc0\x0c\0\1\0\1"),
            ("name_too_long", HEADER + too_long + b"\0\1\0\1"),
            ("cut_question", HEADER + wire_name("example") + b"\0\1\0"),
        ]:
            with self.subTest(reason):
                messages = self.balance([dns(query()), dns(message)])["messages"]
                self.assertEqual(messages["first_frame"], {reason: 2})
                self.assertEqual(messages["malformed_by_reason"], {reason: 1})
                self.assertEqual(messages["well_formed"], 1)

    def test_a_record_that_cannot_be_read_leaves_the_message(self):
        messages = self.balance([dns(struct.pack("!6H", 1, 0x8000, 1, 1, 0, 0) + query()[12:])])["messages"]
        self.assertEqual((messages["well_formed"], messages["broken_records"]), (1, 1))

    def test_datagrams_joined_and_given_up_are_counted(self):
        datagram = udp(query("a-name-long-enough-for-two-fragments.example"))
        whole = self.balance([fragment(datagram[32:], 32, False), fragment(datagram[:32], 0, True)])
        self.assertEqual(whole["datagrams"], {"joined": 1, "given_up": 0})
        half = self.balance([fragment(datagram[:32], 0, True)])
        self.assertEqual(half["datagrams"], {"joined": 0, "given_up": 1})

    def test_fragments_that_contradict_each_other_are_refused(self):
        datagram = udp(query("a-name-long-enough-for-two-fragments.example"))
        books = self.balance([fragment(datagram[:32], 0, True), fragment(datagram[32:], 32, False)])
        self.assertEqual(books["messages"]["well_formed"], 1)
        bad = self.balance([fragment(datagram[:31], 0, True)])  # not a multiple of eight octets
        self.assertEqual(bad["frames"]["refused_by_reason"], {"bad_fragment": 1})

    def test_stream_octets_that_make_no_message_are_counted(self):
        def segment(sequence, data, flags=0x18):
            tcp = struct.pack("!2H2I4H", 5000, 53, sequence, 0, 0x5000 | flags, 1000, 0, 0)
            return frame(ipv4(tcp + data, protocol=6))

        message = query()
        stream = struct.pack("!H", len(message)) + message
        whole = self.balance([segment(0, b"", 2), segment(1, stream)])["tcp_octets"]
        self.assertEqual((whole["in"], whole["delivered"]), (len(stream), len(stream)))
        unfinished = self.balance([segment(0, b"", 2), segment(1, stream[:-3])])["tcp_octets"]
        self.assertEqual(unfinished["skipped_by_reason"], {"unfinished": len(stream) - 3})
        hole = self.balance([segment(0, b"", 2), segment(1, stream[:10]), segment(20, stream[19:] + stream)])
        self.assertEqual(hole["messages"]["well_formed"], 1)
        self.assertIn("gap", hole["tcp_octets"]["skipped_by_reason"])


if __name__ == "__main__":
    unittest.main()
