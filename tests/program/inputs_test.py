"""Every form that captures come in, and several of them as one input."""
import bz2
import gzip
import json
import lzma
import os
import pathlib
import resource
import signal
import struct
import subprocess
import unittest

from support import RATADNS, TIMEOUT_S, ProgramTest, pcap, query, query_frame, response, response_frame, run


def block(order, kind, body):
    body += b"\0" * (-len(body) % 4)
    length = struct.pack(order + "I", 12 + len(body))
    return struct.pack(order + "I", kind) + length + body + length


def pcapng(sections):
    """A file of sections: (byte order, link types, [(interface, seconds, octets)])."""
    out = b""
    for order, links, frames in sections:
        out += block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))
        for link in links:
            out += block(order, 1, struct.pack(order + "HHI", link, 0, 0))
        for interface, time, octets in frames:
            ticks = round(time * 10**6)
            out += block(order, 6, struct.pack(order + "5I", interface, ticks >> 32, ticks & 0xFFFFFFFF, len(octets),
                                               len(octets)) + octets)
    return out


def asked(time, ident):
    return time, query_frame(query(f"n{ident}.example", ident=ident))


def answered(time, ident):
    return time, response_frame(response(f"n{ident}.example", ident=ident))


class Inputs(ProgramTest):
    def without_file(self, summary):
        return {**summary, "file": None}

    def test_pcapng_of_two_sections_and_link_types_reads_as_pcap_does(self):
        frames = [frame for i in range(20) for frame in (asked(1000 + i, i), answered(1000.5 + i, i))]
        expected = self.summary(self.file("x.pcap", pcap(frames)))
        mixed = [(i % 2, time, octets[14:] if i % 2 else octets) for i, (time, octets) in enumerate(frames)]
        got = self.summary(self.file("x.pcapng", pcapng([("<", (1, 101), mixed[:15]), (">", (1, 101), mixed[15:])])))
        self.assertEqual(got["link_types"], ["ETHERNET", "RAW"])
        for member in ("packets", "first", "last", "dns", "latency_ms", "unanswered", "unasked"):
            self.assertEqual(got[member], expected[member], member)

    def test_every_compression_is_found_by_content_from_file_and_pipe(self):
        content = pcap([asked(10 + i, i) for i in range(50)])
        expected = self.without_file(self.summary(self.file("plain", content)))
        for name, packed in {"gzip": gzip.compress(content), "xz": lzma.compress(content), "bzip2": bz2.compress(content),
                             "two": lzma.compress(content[:99]) + gzip.compress(content[99:]) + b"\0" * 5}.items():
            with self.subTest(name):
                self.assertEqual(self.without_file(self.summary(self.file(name, packed))), expected)
                piped = run("summary", "--json", "-", stdin=packed)
                self.assertEqual((piped.returncode, piped.stderr), (0, ""))
                self.assertEqual(self.without_file(json.loads(piped.stdout)), expected)

    def test_octets_behind_a_compressed_capture_are_an_error(self):
        done = run("summary", "--json", self.file("x.gz", gzip.compress(pcap([asked(1, 1)])) + b"more"))
        self.assertEqual(done.returncode, 1)
        self.assertEqual(json.loads(done.stdout)["packets"], 1)
        self.assertIn('lies "6d 6f 72 65", which is neither', done.stderr)

    def test_packets_of_an_interface_that_nobody_describes_are_told(self):
        path = self.file("x.pcapng", pcapng([("<", (1,), [(0, *asked(1, 1)), (3, *asked(2, 2)), (0, *asked(3, 3))])]))
        done = run("summary", "--json", path)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(json.loads(done.stdout)["packets"], 2)
        self.assertEqual(json.loads(done.stdout)["balance"]["frames"]["left_out"], 1)
        self.assertIn("1 packets are left out, since no block describes their interface", done.stderr)
        self.assertIn("refused; left out by the source: 1\n", run("summary", path).stdout)
        config = self.file("m.toml", '[[channel]]\nname = "out"\nurl = "null:"\n[[reducer]]\n'
                                     'type = "QueriesPerSecond"\nsend = [{ channel = "out" }]\n')
        done = run("monitor", "-c", config, "--source", path)
        self.assertIn("left out by the source: 1\n", done.stderr)

    def test_a_folder_is_read_in_the_order_of_time(self):
        folder = self.folder / "rotated"
        folder.mkdir()
        names = ("new.pcap", "old.pcap.gz", "middle.pcapng")
        (folder / names[0]).write_bytes(pcap([asked(30, 3), answered(31, 3)]))
        (folder / names[1]).write_bytes(gzip.compress(pcap([asked(10, 1), answered(11, 1)])))
        (folder / names[2]).write_bytes(pcapng([(">", (1,), [(0, *asked(20, 2)), (0, *answered(21, 2))])]))
        (folder / ".part").write_bytes(b"not ready")
        done = run("serialize", "--fields", "queries", folder)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        order = [f"n{i}.example" for i in (1, 1, 2, 2, 3, 3)]
        self.assertEqual([name for name in done.stdout.split('"') if name.startswith("n") and "example" in name],
                         [f"{name}." for name in order])
        got = self.summary(folder)
        self.assertEqual((got["file"], got["packets"], got["unanswered"]), (str(folder), 6, 0))

    def test_a_file_in_a_folder_that_is_no_capture_is_named_and_the_others_are_read(self):
        folder = self.folder / "mixed"
        folder.mkdir()
        (folder / "README").write_text("what these are")
        (folder / "a.pcap").write_bytes(pcap([asked(1, 1)]))
        done = run("summary", "--json", folder)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(json.loads(done.stdout)["packets"], 1)
        self.assertIn(f"{folder}/README: is no capture file", done.stderr)

    def test_what_is_no_file_in_a_folder_is_named(self):
        folder = self.folder / "odd"
        (folder / "below").mkdir(parents=True)
        (folder / "a.pcap").write_bytes(pcap([asked(1, 1)]))
        (folder / "gone.pcap").symlink_to(self.folder / "nowhere")
        os.mkfifo(folder / "pipe")
        done = run("summary", "--json", folder)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(json.loads(done.stdout)["packets"], 1)
        self.assertEqual(done.stderr.count("left out: of a folder only files are read"), 2)
        self.assertIn(f"{folder}/gone.pcap: left out", done.stderr)

    def test_a_folder_without_files_is_refused(self):
        (self.folder / "empty").mkdir()
        done = run("summary", self.folder / "empty")
        self.assertEqual(done.returncode, 1)
        self.assertIn("empty: is a folder without files", done.stderr)

    def test_queries_and_responses_of_two_files_pair(self):
        asks = self.file("queries.pcap", pcap([asked(100 + i, i) for i in range(30)]))
        answers = self.file("responses.pcap", pcap([answered(100.25 + i, i) for i in range(30)]))
        for files in ((asks, answers), (answers, asks)):
            got = self.summary(*files)
            self.assertEqual(got["file"], [str(file) for file in files])
            self.assertEqual((got["packets"], got["unanswered"], got["unasked"]), (60, 0, 0))
            self.assertEqual(got["latency_ms"]["count"], 30)
            self.assertAlmostEqual(got["latency_ms"]["max"], 250, delta=3)

    def test_overlapping_files_give_windows_without_a_late_packet(self):
        a = self.file("a.pcap", pcap([asked(100 + i, i) for i in range(40)]))
        b = self.file("b.pcap", pcap([answered(100.25 + i, i) for i in range(40)]))
        c = self.file("c.pcap", pcap([asked(200 + i, i) for i in range(5)]))
        both = self.file("both.pcap", pcap(sorted([(100 + i + d, frame(0, i)[1]) for i in range(40)
                                                   for d, frame in ((0, asked), (0.25, answered))]) +
                                           [asked(200 + i, i) for i in range(5)]))
        table = '[[channel]]\nname = "out"\nurl = "stdout:"\n[[reducer]]\ntype = "QueriesPerSecond"\n' \
                'send = [{ channel = "out" }]\n'
        lists = [("sources", f'[[source]]\nfile = ["{c}", "{a}"]\n[[source]]\nfile = "{b}"\n', ()),
                 ("options", "", ("--source", c, a, b))]
        expected = run("monitor", "-c", self.file("one.toml", f'server = "ns1"\n{table}'), "--source", both)
        self.assertEqual(expected.returncode, 0, expected.stderr)
        for name, source, arguments in lists:
            with self.subTest(name):
                done = run("monitor", "-c", self.file(f"{name}.toml", f'server = "ns1"\n{table}{source}'), *arguments)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(done.stdout, expected.stdout)

    def test_check_looks_at_every_file(self):
        good = self.file("good.pcap", pcap([asked(1, 1)]))
        config = self.file("x.toml", f'[[source]]\nfile = ["{good}", "{self.folder}/gone.pcap"]\n')
        done = run("check", config)
        self.assertEqual(done.returncode, 1)
        self.assertIn("gone.pcap: neither a file", done.stdout)

    def test_every_input_that_fails_is_named_also_by_monitor(self):
        whole = pcap([asked(1, 1), answered(2, 1)])
        files = [self.file("cut.pcap", whole[:-1]), self.file("good.pcap", whole),
                 self.file("damaged.gz", gzip.compress(whole)[:-1])]
        config = self.file("x.toml", '[[channel]]\nname = "out"\nurl = "null:"\n[[reducer]]\ntype = "QueriesPerSecond"\n'
                                     'send = [{ channel = "out" }]\n')
        done = run("monitor", "-c", config, "--source", *files)
        self.assertEqual(done.returncode, 1)
        self.assertIn("cut.pcap: cut at offset", done.stderr)
        self.assertIn("damaged.gz: the gzip stream is cut", done.stderr)
        self.assertNotIn("good.pcap", done.stderr)

    def test_run_names_its_sources_and_reads_them_all(self):
        files = [self.file(f"{i}.pcap", pcap([asked(100 + i, i)])) for i in range(3)]
        process = subprocess.Popen([RATADNS, "run", "--listen", "127.0.0.1:0", *map(str, files)], stderr=subprocess.PIPE,
                                   text=True)
        try:
            self.assertIn(f"watches {files[0]} and 2 more: http://", process.stderr.readline())
            self.assertIn("read to its end, 3 frames", process.stderr.readline())
        finally:
            process.terminate()
            process.communicate(timeout=TIMEOUT_S)
        self.assertEqual(process.returncode, 0)

    def test_an_interface_is_not_mixed_with_captures(self):
        path = self.file("x.pcap", pcap([]))
        alone = run("summary", "lo")
        done = run("summary", path, "lo")
        self.assertEqual((alone.returncode, done.returncode), (1, 1))
        if "is an interface" in alone.stderr:  # where capturing is permitted
            self.assertIn("lo: is live, and cannot be read together with others", done.stderr)

    def overlapping(self, count, frames):
        folder = self.folder / "overlapping"
        folder.mkdir()
        for i in range(count):
            (folder / f"{i}.pcap").write_bytes(pcap([asked(1000 + j + i / 10**5, j) for j in range(frames)]))
        return folder

    def test_files_that_cannot_be_open_together_are_left_out_and_told_in_one_line(self):
        done = subprocess.run([RATADNS, "summary", "--json", str(self.overlapping(120, 3))], capture_output=True, text=True,
                              timeout=TIMEOUT_S, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (80, 80)))
        self.assertEqual(done.returncode, 1)
        self.assertEqual(json.loads(done.stdout)["packets"], 48 * 3)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertIn("overlapping: 72 files are left out, since 48 others", done.stderr)
        self.assertIn("mergecap", done.stderr)

    def test_thousands_of_overlapping_files_take_little_memory(self):
        count, limit = 1500, resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        if limit != resource.RLIM_INFINITY and limit < count + 50:
            self.skipTest(f"no more than {limit} files may be open here")
        program = pathlib.Path(RATADNS).read_bytes()
        if b"__asan_init" in program or b"__tsan_init" in program:
            self.skipTest("a sanitizer's memory is not the program's")
        folder = self.overlapping(count, 40)
        with open(os.devnull, "w") as nowhere:
            process = subprocess.Popen([RATADNS, "summary", "--only", "counts", str(folder)], stdout=nowhere)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(process.returncode, 0)
        self.assertLess(usage.ru_maxrss / 1024, 100, "MiB")

    def test_a_pipe_without_a_writer_is_left_at_the_first_signal(self):
        for name in ("", "dnstap:", "speedy:"):
            with self.subTest(name):
                path = self.folder / f"{name}fifo".replace(":", "")
                os.mkfifo(path)
                process = subprocess.Popen([RATADNS, "summary", f"{name}{path}"], stderr=subprocess.PIPE,
                                           stdout=subprocess.PIPE, text=True)
                try:
                    status = pathlib.Path(f"/proc/{process.pid}/status")
                    for _ in range(100_000):  # from when on signals are waited for in order
                        blocked = next(line for line in status.read_text().splitlines() if line.startswith("SigBlk:"))
                        if int(blocked.split()[1], 16) >> (signal.SIGINT - 1) & 1:
                            break
                    process.send_signal(signal.SIGINT)
                    _, errors = process.communicate(timeout=10)
                finally:
                    process.kill()
                self.assertIn("interrupted", errors)
                self.assertEqual(process.returncode, 1)

    def test_what_comes_through_a_named_pipe_is_read_to_its_end(self):
        path, content = self.folder / "fifo", pcap([asked(1 + i, i) for i in range(50)])
        os.mkfifo(path)
        process = subprocess.Popen([RATADNS, "summary", "--json", str(path)], stdout=subprocess.PIPE, text=True)
        with path.open("wb") as writer:
            writer.write(content)
        out, _ = process.communicate(timeout=TIMEOUT_S)
        self.assertEqual((process.returncode, json.loads(out)["packets"]), (0, 50))


if __name__ == "__main__":
    unittest.main()
