"""ratadns serialize: the older serializer's records, octet for octet."""
import contextlib
import struct
import subprocess
import unittest

from support import RATADNS, ProgramTest, ipv4, pcap, query, query_frame, response_frame, run, udp, wire_name


def records(stream):
    """Reads length-prefixed JSON as the older reader does: digits, then as many octets as they say."""
    out, at = [], 0
    while at < len(stream):
        brace = stream.index(b"{", at)
        length = int(stream[at:brace])
        out.append(stream[brace:brace + length].decode())
        at = brace + length
    return out


class Serialize(ProgramTest):
    def serialize(self, frames, *options, status=0):
        done = run("serialize", *options, self.file("in.pcap", pcap(frames)))
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def test_the_published_form(self):
        # What the older chain's description gives as two valid records.
        name, asked = "a_b.Example", 15
        answer = struct.pack("!6H", 0x1A2B, 0x8183, 1, 0, 0, 0) + wire_name(name) + struct.pack("!2H", asked, 1)
        done = self.serialize([(1, query_frame(query(name, asked, 0x1A2B), (198, 51, 100, 1))),
                               (2, response_frame(answer, (198, 51, 100, 1)))], "--fields", "addresses,queries")
        self.assertEqual(
            done.stdout,
            '127{"source":"c6336401","dest":"c0000235","id":"1a2b","flags":"100","queries":[{"qname":"a_b.Example.","qtype":"f","qclass":"1"}]}'
            '128{"source":"c0000235","dest":"c6336401","id":"1a2b","flags":"8183","queries":[{"qname":"a_b.Example.","qtype":"f","qclass":"1"}]}')

    def test_sections_hold_name_servers_by_name_and_other_data_as_hex(self):
        message = struct.pack("!6H", 1, 0x8400, 1, 1, 1, 1) + wire_name("cl") + struct.pack("!2H", 2, 1)
        message += b"\xc0\x0c" + struct.pack("!2HIH", 2, 1, 60, 4) + b"\x01a\xc0\x0c"
        message += b"\xc0\x0c" + struct.pack("!2HIH", 43, 1, 3600, 3) + b"\xab\xcd\x0f"
        message += b"\0" + struct.pack("!2HIH", 41, 1232, 0, 0)
        done = self.serialize([(1, response_frame(message))], "--fields", "answers,authorities,additionals")
        self.assertEqual(records(done.stdout.encode()), [
            '{"id":"1","flags":"8400",'
            '"answers":[{"name":"cl.","type":"2","class":"1","ttl":"3c","ns":["a.cl."]}],'
            '"authorities":[{"name":"cl.","type":"2b","class":"1","ttl":"e10","rdata":"abcd0f"}],'
            '"additionals":[{"name":".","type":"29","class":"4d0","ttl":"0","rdata":""}]}'])

    def test_what_was_compressed_reads_the_same_again(self):
        owner, rdata = b"\xc0\x0c", b"\1a\xc0\x0c"
        numbers = struct.pack("!5I", 1, 2, 3, 4, 5)
        answers = [(5, rdata), (15, b"\0\x0a" + rdata), (6, rdata + owner + numbers), (2, rdata), (5, b"\xc0\xff"),
                   (33, struct.pack("!3H", 1, 2, 53) + rdata), (1, b"\xc0\0\2\1"), (39, owner), (12, b"\xc0\x30")]
        message = struct.pack("!6H", 7, 0x8400, 1, len(answers), 0, 0) + wire_name("www.example") + struct.pack("!2H", 255, 1)
        for number, data in answers:
            message += owner + struct.pack("!2HIH", number, 1, 60, len(data)) + data
        capture = self.file("in.pcap", pcap([(1, response_frame(message))]))
        lines = {}
        for source, octets in (("-", capture.read_bytes()), ("speedy:-", run("serialize", capture).stdout.encode())):
            done = run("show", source, stdin=octets)
            self.assertEqual(done.returncode, 0, done.stderr)
            lines[source] = done.stdout.splitlines()[1:]
        self.assertEqual(lines["speedy:-"], lines["-"])
        self.assertIn("    www.example. 60 IN MX 10 a.www.example.", lines["-"])
        self.assertEqual(len([line for line in lines["-"] if " 60 IN " in line]), len(answers))

    def test_fields_choose_and_input_order_is_kept(self):
        frames = [(i, query_frame(query(f"n{i}", ident=i), (198, 51, 100, i % 250))) for i in range(2000)]
        done = self.serialize(frames, "--fields", "queries")
        rows = records(done.stdout.encode())
        self.assertEqual(len(rows), 2000)
        for i, row in enumerate(rows):
            self.assertIn(f'"qname":"n{i}."', row)
            self.assertNotIn("source", row)

    def test_threads_change_nothing(self):
        capture, _ = self.traffic("--packets", 50000, "--tcp", ".1", "--malformed", ".01", "--frag", ".01")
        one = run("serialize", capture)
        self.assertEqual(one.returncode, 0, one.stderr)
        self.assertGreater(len(records(one.stdout.encode())), 30000)
        for threads in (2, 3):
            done = run("serialize", "--threads", threads, capture)
            self.assertEqual((done.stdout, done.stderr, done.returncode), (one.stdout, one.stderr, one.returncode))

    def test_only_some_numbers_of_threads_are_accepted(self):
        for threads in ("0", "65", "x"):
            done = run("serialize", "--threads", threads, "-", stdin=b"")
            self.assertEqual(done.returncode, 2)
            self.assertIn("--threads", done.stderr)

    def test_names_of_any_octets_are_valid_utf_8(self):
        done = self.serialize([(1, query_frame(query("\xff\x80\"\\")))])
        self.assertIn(r'"qname":"\\255\\128\\034\\092."', done.stdout)

    def test_records_come_while_a_pipe_is_open_and_end_with_their_reader(self):
        for threads in ("1", "3"):
            with self.subTest(threads=threads):
                self.watch_a_pipe(threads)

    def watch_a_pipe(self, threads):
        process = subprocess.Popen([RATADNS, "serialize", "--threads", threads], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL)
        process.stdin.write(pcap([(1, query_frame(query()))]))
        process.stdin.flush()
        self.assertEqual(process.stdout.read(3), b"171")
        process.stdout.close()
        with self.assertRaises(BrokenPipeError):
            for i in range(100_000):
                process.stdin.write(pcap([(2, query_frame(query(ident=i & 0xffff)))])[24:])
                process.stdin.flush()
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        self.assertEqual(process.wait(timeout=30), 1)

    def test_malformed_messages_are_left_out_and_counted(self):
        done = self.serialize([(1, b"\0" * 12 + b"\x08\0" + ipv4(udp(b"short"))), (2, query_frame(query()))])
        self.assertEqual(len(records(done.stdout.encode())), 1)
        self.assertIn("1 malformed messages left out", done.stderr)

    def test_a_record_with_an_unreadable_name_ends_the_records(self):
        message = struct.pack("!6H", 1, 0x8400, 1, 2, 1, 0) + wire_name("cl") + struct.pack("!2H", 2, 1)
        message += b"\xc0\x0c" + struct.pack("!2HIH", 2, 1, 60, 2) + b"\xc0\xff"
        message += b"\xc0\xff" + struct.pack("!2HIH", 1, 1, 60, 0) + b"\xc0\x0c" + struct.pack("!2HIH", 1, 1, 60, 0)
        done = self.serialize([(1, response_frame(message))], "--fields", "answers,authorities,additionals")
        self.assertEqual(records(done.stdout.encode()), [
            '{"id":"1","flags":"8400","answers":[{"name":"cl.","type":"2","class":"1","ttl":"3c","rdata":"c0ff"}]}'])
        self.assertIn("1 messages written up to the first record whose owner name cannot be read", done.stderr)
        for threads in (1, 2):
            shown = run("show", "--threads", threads, self.folder / "in.pcap")
            self.assertIn("(name has a compression pointer that does not point backwards)", shown.stdout)
            self.assertEqual(shown.stderr, "", "it says so in place")

    def test_a_section_is_an_empty_list_when_it_is_known_to_be_empty(self):
        record = b"\xc0\x0c" + struct.pack("!2HIH", 43, 1, 60, 1) + b"\7"
        text = '{"name":"cl.","type":"2b","class":"1","ttl":"3c","rdata":"07"}'
        for counts, octets, sections in (
                ((0, 0, 0, 0), b"", '"queries":[],"answers":[],"authorities":[],"additionals":[]'),
                ((1, 0, 0, 0), b"", 'QUESTION,"answers":[],"authorities":[],"additionals":[]'),
                ((1, 0, 1, 0), record, f'QUESTION,"answers":[],"authorities":[{text}],"additionals":[]'),
                ((1, 2, 0, 0), record * 2, f'QUESTION,"answers":[{text},{text}],"authorities":[],"additionals":[]'),
                # Nothing is known of what lies behind a broken record.
                ((1, 1, 1, 0), record, f'QUESTION,"answers":[{text}]'),
                ((1, 0, 2, 0), record + record[:-1], f'QUESTION,"answers":[],"authorities":[{text}]'),
                ((1, 1, 0, 0), record[:-1], "QUESTION")):
            question = wire_name("cl") + struct.pack("!2H", 2, 1) if counts[0] else b""
            message = struct.pack("!6H", 1, 0x8400, *counts) + question + octets
            done = self.serialize([(1, response_frame(message))], "--fields", "queries,answers,authorities,additionals")
            sections = sections.replace("QUESTION", '"queries":[{"qname":"cl.","qtype":"2","qclass":"1"}]')
            self.assertEqual(records(done.stdout.encode()), [f'{{"id":"1","flags":"8400",{sections}}}'])
            again = run("serialize", "--fields", "queries,answers,authorities,additionals", "speedy:-",
                        stdin=done.stdout.encode())
            self.assertEqual(again.stdout, done.stdout)

    def test_an_unknown_field_is_refused(self):
        done = run("serialize", "--fields", "names", "-", stdin=b"")
        self.assertEqual(done.returncode, 2)
        self.assertIn("addresses", done.stderr)


if __name__ == "__main__":
    unittest.main()
