"""ratadns monitor: repeatable to the octet, one summary a line, every way out tried."""
import collections
import json
import os
import shutil
import subprocess
import unittest
import zlib

from support import RATADNS, ProgramTest, pcap, query, query_frame, response, response_frame, run

REDUCERS = ["QueriesPerSecond", "AnswersPerSecond", "QueriesNameCounter", "QueriesSummary", "QueriesWithUnderscoredName",
            "TopKWithIP"]


def config(window="{ seconds = 1 }", url="stdout:", reducers=REDUCERS, more=""):
    text = f'server = "ns1"\nwindow = {window}\n{more}\n[[channel]]\nname = "out"\nurl = "{url}"\n'
    for reducer in reducers:
        text += f'[[reducer]]\ntype = "{reducer}"\nsend = [{{ channel = "out" }}]\n'
    return text


class Monitor(ProgramTest):
    def monitor(self, capture, text, *arguments, status=0):
        done = run("monitor", "-c", self.file("config.toml", text), "--source", capture, *arguments)
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def lines(self, done):
        return [json.loads(line) for line in done.stdout.splitlines()]

    def test_the_same_input_gives_the_same_bytes(self):
        capture, truth = self.traffic("--packets", 50000, "--qps", 5000, "--seed", 3)
        for window in ("{ seconds = 1 }", "{ packets = 1000, flush = true }"):
            with self.subTest(window):
                count_by = '[[reducer]]\ntype = "count_by"\nname = "small"\nby = ["qname", "client"]\nlimit = [20, 2]\n' \
                           'cells = 500\nsend = ["out"]\n'
                runs = [self.monitor(capture, config(window) + count_by).stdout for _ in range(2)]
                self.assertEqual(runs[0], runs[1])
                # Also when the input comes through a pipe in pieces of other sizes: all but the boot.
                piped = subprocess.run([RATADNS, "monitor", "-c", self.folder / "config.toml", "--source", "-"],
                                       input=capture.read_bytes(), capture_output=True, timeout=60)
                self.assertEqual(piped.stdout.decode(), runs[0])

    def test_a_capture_that_has_grown_tells_which_windows_were_cut(self):
        frames = [(100.1 + i / 4, query_frame(query())) for i in range(40)]
        path = self.folder / "growing.pcap"

        def rows(count, *arguments):
            path.write_bytes(pcap(frames[:count]))
            done = self.monitor(path, config(reducers=["QueriesPerSecond"]), *arguments)
            rows = {(row["id"]["boot"], row["id"]["sequence"]): row for row in self.lines(done)}
            cut = [row["window"].pop("unfinished", False) for row in rows.values()]
            return rows, cut

        short, cut = rows(18)
        self.assertEqual(cut, [False] * 3 + [True] * 2)
        whole, cut = rows(40)
        self.assertEqual(cut, [False] * 8 + [True] * 2)
        same = [key for key, row in short.items() if row == whole[key]]
        self.assertEqual(same, list(short)[:4], "the same but for the last one, under the same id")
        self.assertLess(set(short), set(whole))
        first, _ = rows(40, "--to", "104")
        self.assertLess(set(first), set(whole))
        second, _ = rows(40, "--from", "104")
        self.assertEqual((len(first) + len(second), set(second) & set(whole)), (10, set()), "another input")

    def test_windows_add_up_to_the_truth(self):
        capture, truth = self.traffic("--packets", 30000, "--qps", 3000, "--seed", 4)
        rows = self.lines(self.monitor(capture, config()))
        by_type = collections.defaultdict(list)
        for row in rows:
            self.assertEqual(row["serverId"], "ns1")
            by_type[row["type"]].append(row)
        self.assertEqual(set(by_type), set(REDUCERS))
        self.assertEqual(sum(row["data"]["qps"] for row in by_type["QueriesPerSecond"]), truth["queries"]["total"])
        self.assertEqual(sum(row["data"]["aps"] for row in by_type["AnswersPerSecond"]), truth["responses"]["total"])
        names = collections.Counter()
        for row in by_type["QueriesNameCounter"]:
            names.update(row["data"])
        self.assertEqual(sum(names.values()), truth["queries"]["total"])
        self.assertEqual(len(names), truth["names"]["distinct"])
        clients = [client for row in by_type["TopKWithIP"] for of_name in row["data"].values() for client in of_name]
        self.assertEqual(len(clients), truth["queries"]["total"])
        listed = sum(len(of_type) for row in by_type["QueriesSummary"] for client in row["data"]
                     for of_type in client["queries"].values())
        self.assertEqual(listed, truth["queries"]["total"])
        self.assertEqual(sum(row["window"]["packets"] for row in by_type["QueriesPerSecond"]),
                         truth["queries"]["total"] + truth["responses"]["total"])
        sequences = [row["id"]["sequence"] for row in by_type["QueriesPerSecond"]]
        self.assertEqual(sequences, list(range(len(sequences))))
        self.assertEqual(sum(row["loss"]["malformed"] for row in by_type["QueriesPerSecond"]), truth["malformed"]["total"])

    def test_members_that_the_older_aggregator_knows_come_first(self):
        capture = self.file("one.pcap", pcap([(100.5, query_frame(query("A_b.cl")))]))
        lines = self.monitor(capture, config(reducers=["QueriesSummary"])).stdout.splitlines()
        self.assertEqual(len(lines), 1)
        self.assertTrue(lines[0].startswith(
            '{"type":"QueriesSummary","serverId":"ns1","data":[{"ip":"c0000201","queries":{"1":["a_b.cl."]}}],"version":1,'
            '"monitor":"ns1","window":{"start":"100.000000000","seconds":1,"packets":1,"late":0,'), lines[0])

    def test_the_last_partial_packet_window_is_sent_only_on_request(self):
        capture = self.file("x.pcap", pcap([(i, query_frame(query(ident=i))) for i in range(25)]))
        for window, counts in [("{ packets = 10 }", [10, 10]), ("{ packets = 10, flush = true }", [10, 10, 5])]:
            rows = self.lines(self.monitor(capture, config(window, reducers=["QueriesPerSecond"])))
            self.assertEqual([row["window"]["packets"] for row in rows], counts)
        # 10 queries in 9 seconds, then 10 in the 10 seconds from the end of that window.
        self.assertEqual([row["data"]["qps"] for row in rows], [10 / 9, 1.0, 1.0])

    def test_a_lone_stamp_far_ahead_is_refused_and_a_real_jump_is_followed(self):
        def rows_of(times):
            frames = [(time, query_frame(query(ident=i))) for i, time in enumerate(times)]
            done = self.monitor(self.file("x.pcap", pcap(frames)), config(reducers=["QueriesPerSecond"]))
            return [(float(row["window"]["start"]), row["window"]["packets"]) for row in self.lines(done)], done.stderr

        near, far = [100.5, 101.5, 102.5], 4_000_000_000
        for times in (near[:2] + [far] + near[2:], near + [far], near + [far, far]):
            rows, said = rows_of(times)
            self.assertEqual(rows, [(100, 1), (101, 1), (102, 1)])
            self.assertIn(f"refused: {len(times) - 3} implausible_time", said)
        rows, said = rows_of(near + [far + i / 2 for i in range(5)] + [far + 3])
        self.assertEqual(rows, [(100, 1), (101, 1), (102, 1), (far, 2), (far + 1, 2), (far + 2, 1), (far + 3, 1)])
        self.assertNotIn("implausible", said)

    def test_another_input_or_configuration_is_another_boot(self):
        first = self.file("1.pcap", pcap([(1, query_frame(query()))]))
        second = self.file("2.pcap", pcap([(2, query_frame(query()))]))
        boots = {self.lines(self.monitor(capture, config(window, reducers=["QueriesPerSecond"])))[0]["id"]["boot"]
                 for capture in (first, second) for window in ("{ seconds = 1 }", "{ seconds = 2 }")}
        self.assertEqual(len(boots), 4)

    def test_what_is_known_beside_packets_shows_in_rows(self):
        frames = [(1, query_frame(query("www.example"))), (1.002, response_frame(response("www.example"))),
                  (1.1, query_frame(query("a.test"), (198, 51, 100, 1)))]
        by = {"direction": {"else": 1, "recv": 1, "sent": 1}, "known_tld": {"no": 1, "yes": 2},
              "response_time": {"1000-9999": 1}, "client_prefix:16:48": {"192.0.0.0/16": 2, "198.51.0.0/16": 1}}
        text = "".join(f'[[reducer]]\ntype = "count_by"\nname = "{one}"\nby = "{one}"\nsend = ["out"]\n' for one in by)
        tlds = self.file("tlds.txt", "EXAMPLE\n")
        done = self.monitor(self.file("x.pcap", pcap(frames)), config(reducers=[], more='local = "192.0.2.1"') + text
                            + f'[lists]\ntlds = "{tlds}"\n')
        found = {line["type"]: line["data"] for line in self.lines(done)}
        for one, rows in by.items():
            with self.subTest(one):
                self.assertEqual(found[one], rows)

    def test_a_file_channel_gets_the_same_lines(self):
        capture, _ = self.traffic("--packets", 3000)
        out = self.folder / "out.jsonl"
        expected = self.monitor(capture, config()).stdout
        done = self.monitor(capture, config(url=f"file://{out}"))
        self.assertEqual(done.stdout, "")
        self.assertEqual(out.read_text(), expected)

    def test_the_balance_is_printed_at_the_end(self):
        capture, truth = self.traffic("--packets", 3000)
        said = self.monitor(capture, config()).stderr
        self.assertRegex(said, rf"frames +{truth['packets']} = ")
        self.assertRegex(said, r"summaries +\d+ = \d+ sent \+ 0 waiting \+ 0 dropped")
        self.assertNotIn("DO NOT BALANCE", said)

    def test_a_full_disk_is_said_and_what_is_lost_is_counted(self):
        capture = self.file("x.pcap", pcap([(1, query_frame(query()))]))
        done = self.monitor(capture, config(url="file:///dev/full"), status=1)
        self.assertIn("No space left on device", done.stderr)
        self.assertIn("6 dropped", done.stderr)

    def test_a_disk_that_is_full_for_a_while_keeps_whole_lines_and_gets_the_others_when_there_is_room(self):
        unshare = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--map-root-user"]
        disk = self.folder / "disk"
        disk.mkdir()
        tried = subprocess.run([*unshare, "mount", "-t", "tmpfs", "none", disk], capture_output=True, text=True)
        if tried.returncode:
            self.skipTest(f"no small disk can be made here: {tried.stderr.strip()}")
        capture, _ = self.traffic("--packets", 3000, "--qps", 50)
        expected = self.monitor(capture, config()).stdout
        path = self.file("config.toml", config(url=f"file://{disk}/out.jsonl"))
        script = f"""
            mount -t tmpfs -o size=64k none {disk} || exit 3
            {RATADNS} monitor -c {path} --source {capture} 2>{self.folder}/said &
            for i in $(seq 1000); do grep -q "No space left" {self.folder}/said && break; sleep 0.02; done
            cat {disk}/out.jsonl >{self.folder}/while_full
            mount -o remount,size=64m {disk} || exit 4
            wait $! || exit 5
            cat {disk}/out.jsonl"""
        done = subprocess.run([*unshare, "sh", "-c", script], capture_output=True, text=True, timeout=60)
        said = (self.folder / "said").read_text()
        self.assertEqual(done.returncode, 0, done.stderr + said)
        self.assertIn("No space left on device; trying again", said)
        while_full = (self.folder / "while_full").read_text()
        self.assertTrue(expected.startswith(while_full) and while_full.endswith("\n"), while_full[-500:])
        next_line = expected[len(while_full):].splitlines(keepends=True)[0]
        self.assertGreater(len((while_full + next_line).encode()), 64 * 1024, "all that fits is there")
        self.assertEqual(done.stdout, expected)

    def test_a_reader_that_leaves_ends_it(self):
        capture, _ = self.traffic("--packets", 30000, "--qps", 1000)
        path = self.file("config.toml", config())
        process = subprocess.Popen([RATADNS, "monitor", "-c", path, "--source", capture], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read().decode()
        process.stderr.close()
        self.assertEqual(process.wait(timeout=30), 1)
        self.assertIn("standard output: Broken pipe", said)

    def test_a_slow_reader_of_a_pipe_made_non_blocking_gets_everything(self):
        capture, _ = self.traffic("--packets", 20000, "--qps", 1000)
        expected = self.monitor(capture, config()).stdout
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        process = subprocess.Popen([RATADNS, "monitor", "-c", self.folder / "config.toml", "--source", capture],
                                   stdout=writing, stderr=subprocess.DEVNULL)
        os.close(writing)
        got = b"".join(iter(lambda: os.read(reading, 4096), b""))
        os.close(reading)
        self.assertEqual(process.wait(timeout=30), 0)
        self.assertEqual(got.decode(), expected)

    def test_numbers_come_while_a_pipe_is_still_open(self):
        path = self.file("config.toml", config(reducers=["QueriesPerSecond"]))
        process = subprocess.Popen([RATADNS, "monitor", "-c", path, "--source", "-"], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        process.stdin.write(pcap([(i, query_frame(query(ident=i))) for i in range(4)]))
        process.stdin.flush()
        self.assertEqual(json.loads(process.stdout.readline())["window"]["start"], "0.000000000")
        process.stdin.close()
        process.stdout.read()
        process.stdout.close()
        self.assertEqual(process.wait(timeout=30), 0)

    def test_interrupted_it_sends_what_it_has_and_ends_well(self):
        path = self.file("config.toml", config(reducers=["QueriesPerSecond"]))
        process = subprocess.Popen([RATADNS, "monitor", "-c", path, "--source", "-"], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdin.write(pcap([(i, query_frame(query(ident=i))) for i in range(4)]))
        process.stdin.flush()
        process.stdout.readline()
        process.send_signal(2)
        rest, said = process.stdout.read(), process.stderr.read()
        for stream in (process.stdin, process.stdout, process.stderr):
            stream.close()
        self.assertEqual(process.wait(timeout=30), 0, said)
        self.assertEqual(len(rest.splitlines()), 3)
        self.assertIn(b"frames", said)

    def test_a_compressed_pipe_can_be_interrupted_too(self):
        path = self.file("config.toml", config(reducers=["QueriesPerSecond"]))
        process = subprocess.Popen([RATADNS, "monitor", "-c", path, "--source", "-"], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        compressor = zlib.compressobj(wbits=31)
        process.stdin.write(compressor.compress(pcap([(i, query_frame(query(ident=i))) for i in range(9)])))
        process.stdin.write(compressor.flush(zlib.Z_SYNC_FLUSH))
        process.stdin.flush()
        process.stdout.readline()
        process.send_signal(2)
        process.stdout.read()
        said = process.stderr.read().decode()
        for stream in (process.stdin, process.stdout, process.stderr):
            stream.close()
        self.assertEqual(process.wait(timeout=30), 0, said)
        self.assertNotIn("cut", said)

    def test_interrupted_while_a_channel_is_in_trouble_it_ends_within_its_time(self):
        capture = self.file("many.pcap", pcap([(i * 0.001, query_frame(query(ident=i & 0xffff))) for i in range(40000)]))
        path = self.file("config.toml", config("{ packets = 1 }", "file:///dev/full", ["QueriesPerSecond"]))
        process = subprocess.Popen([RATADNS, "monitor", "-c", path, "--source", capture], stderr=subprocess.PIPE)
        self.assertIn(b"No space left", process.stderr.readline())
        process.send_signal(2)
        _, said = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 1)
        self.assertNotIn(b"DO NOT BALANCE", said)

    def test_a_channel_that_is_gone_leaves_the_others_alone(self):
        capture, _ = self.traffic("--packets", 30000, "--qps", 1000)
        out = self.folder / "out.jsonl"
        text = config().replace('send = [{ channel = "out" }]', 'send = ["out", "file"]')
        text += f'[[channel]]\nname = "file"\nurl = "file://{out}"\n'
        process = subprocess.Popen([RATADNS, "monitor", "-c", self.file("config.toml", text), "--source", capture],
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        process.stdout.readline()
        process.stdout.close()
        self.assertEqual(process.wait(timeout=60), 1)
        complete = self.monitor(capture, config()).stdout
        self.assertEqual(out.read_text().count("\n"), complete.count("\n"))

    def test_configuration_errors_end_with_status_2(self):
        capture = self.file("x.pcap", pcap([]))
        for text, says in [("sever = 1", "did you mean \"server\"?"), (config(url="kafka://x"), "no such kind of channel"),
                           (config(reducers=["Nothing"]), "there is no reducer type \"Nothing\"")]:
            with self.subTest(says):
                done = run("monitor", "-c", self.file("bad.toml", text), "--source", capture)
                self.assertIn(says, done.stderr)
                self.assertIn(done.returncode, (1, 2))
        done = run("monitor", "-c", self.file("good.toml", config()))
        self.assertEqual(done.returncode, 2)
        self.assertIn("no source", done.stderr)


class CheckAndList(ProgramTest):
    def test_closed_standard_streams_do_no_harm_but_output_is_missed(self):
        capture = self.file("x.pcap", pcap([(1, query_frame(query()))]))
        for redirection, status in [("<&-", 0), ("2>&-", 0), (">&-", 1)]:
            with self.subTest(redirection):
                done = subprocess.run(["sh", "-c", f'"{RATADNS}" summary --json "{capture}" {redirection}'],
                                      capture_output=True, timeout=30)
                self.assertEqual(done.returncode, status, done.stderr)
        done = subprocess.run(["sh", "-c", f'"{RATADNS}" summary - <&-'], capture_output=True, timeout=30)
        self.assertEqual(done.returncode, 1)

    def test_output_that_cannot_be_written_is_an_error(self):
        short = self.file("short.pcap", pcap([(1, query_frame(query()))]))
        long = self.file("long.pcap", pcap([(i * 0.001, query_frame(query(ident=i))) for i in range(3000)]))
        configuration = self.file("good.toml", config())
        for arguments in ("list", "--help", "summary --help", "--version", "manual", "completion bash", f"check {configuration}",
                          *(f"{command} {options} {capture}" for capture in (short, long)
                            for command in ("summary", "show", "serialize") for options in ("--threads 1", "--threads 2")),
                          f"summary --json {long}"):
            with self.subTest(arguments):
                done = subprocess.run(["sh", "-c", f'"{RATADNS}" {arguments} > /dev/full'], capture_output=True, timeout=30)
                self.assertEqual(done.returncode, 1, done.stderr)
                said = b"ratadns: standard output: cannot be written: No space left on device\n"
                self.assertEqual(done.stderr.count(said), 1, done.stderr)

    def test_a_wrong_command_or_what_cannot_be_is_named(self):
        capture = self.file("x.pcap", pcap([]))
        for arguments, says in [
            (("sumary", capture), 'there is no command "sumary"; did you mean "summary"?'),
            (("check", self.folder), "is a folder"),
            (("check", self.folder / "none.toml"), "No such file"),
            (("summary", "--from", "5", "--to", "5", capture), "nothing lies between"),
            (("run", "--window", "7", capture), "do not divide a span"),
            (("monitor", "-c", self.file("empty.toml", ""), "--source", capture), "nothing would be counted"),
        ]:
            with self.subTest(says):
                done = run(*arguments)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn(says, done.stderr)
        done = run("run", "--listen", "127.0.0.1:0", "--filter", "udp", capture)
        self.assertEqual(done.returncode, 1)
        self.assertIn("a filter is for live interfaces", done.stderr)

    def test_check_tries_every_connection(self):
        capture = self.file("x.pcap", pcap([]))
        good = config(url=f"file://{self.folder}/out.jsonl", more="serve = { listen = \"127.0.0.1:0\" }")
        good += f'[[source]]\nfile = "{capture}"\n'
        done = run("check", self.file("good.toml", good))
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("channel out", done.stdout)
        bad = good.replace(f"file://{self.folder}/out.jsonl", "file:///nonexistent/out").replace("x.pcap", "y.pcap")
        done = run("check", self.file("bad.toml", bad))
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stdout.count("FAILED"), 2, done.stdout)
        self.assertEqual(run("check", self.file("wrong.toml", "x = 1")).returncode, 2)

    def test_check_tries_what_the_user_will_have_to_write(self):
        if os.geteuid() != 0:
            self.skipTest("only root can become somebody else")
        top = 'serve = { listen = "127.0.0.1:0" }\nuser = "nobody"'
        self.folder.chmod(0o755)
        folder = self.folder / "summaries"
        folder.mkdir()
        own, sticky, closed = self.folder / "own", self.folder / "sticky", self.folder / "closed"
        for one, mode in [(own, 0o755), (sticky, 0o1777), (closed, 0o700)]:
            one.mkdir()
            one.chmod(mode)
        shutil.chown(own, "nobody")
        (closed / "inside").mkdir(0o777)
        enter = f"user nobody: may not enter {closed}: Permission denied; a full file could not be finished"
        for where, more, status, says in [
                (folder, "rotate_mib = 1", 1, f"user nobody: may not write in {folder}: Permission denied; a full file"),
                (folder, 'compress = "zstd"\nkeep = 3', 1, f"user nobody: may not read and write in {folder}: Perm"),
                (folder, "", 0, f"user nobody: may not write in {folder}: Permission denied; when somebody moves"),
                (sticky, "rotate_seconds = 60", 1, f"user nobody: may not move what others have made in {sticky}"),
                (closed / "inside", "rotate_mib = 1", 1, enter),
                (sticky, "", 0, None),
                (own, "rotate_mib = 1\nkeep = 3", 0, None)]:
            with self.subTest(where=where, more=more):
                text = config(url=f"file://{where}/out.jsonl", more=top).replace("[[channel]]", f"[[channel]]\n{more}", 1)
                done = run("check", self.file("config.toml", text))
                self.assertEqual(done.returncode, status, done.stdout)
                if says:
                    self.assertIn(says, done.stdout)
                    self.assertIn("FAILED" if status else "note    channel", done.stdout)
                else:
                    self.assertNotIn("user nobody: may", done.stdout)
                self.assertEqual(list(where.iterdir()), [], "nothing is left behind")

    def test_check_tries_lists_and_databases(self):
        base = config(more="serve = { listen = \"127.0.0.1:0\" }")
        asks = base + '[[reducer]]\ntype = "count_by"\nby = "client_country"\n'
        done = run("check", self.file("asks.toml", asks))
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("note    lists and databases: a reducer counts by country", done.stdout)
        tlds = self.file("tlds.txt", "# ours\r\nexample\r\n")
        done = run("check", self.file("tlds.toml", base + f'[lists]\ntlds = "{tlds}"\n'))
        self.assertIn(f"ok      read: {tlds}: 1 top-level domains", done.stdout)
        done = run("check", self.file("gone.toml", base + '[geography]\nasn = "/nonexistent.mmdb"\n'))
        self.assertEqual(done.returncode, 1)
        self.assertIn("FAILED  lists and databases: geography: asn: /nonexistent.mmdb: cannot be opened", done.stdout)

    def test_list_shows_the_registries(self):
        done = run("list")
        self.assertEqual(done.returncode, 0)
        for word in [*REDUCERS, "count_by", "qname", "query", "stdout:", "rates", "top_names"]:
            self.assertIn(word, done.stdout)
        self.assertNotIn("QueriesPerSecond", run("list", "dimensions").stdout)
        self.assertEqual(run("list", "nothing").returncode, 2)

    def test_help_and_version_and_nothing(self):
        self.assertIn("Examples:", run("--help").stdout)
        for command in ("run", "monitor", "summary", "serialize", "check", "list"):
            done = run(command, "--help")
            self.assertEqual(done.returncode, 0)
            self.assertIn(command, done.stdout)
        self.assertRegex(run("--version").stdout, r"^ratadns \d+\.\d+")
        self.assertEqual(run().returncode, 2)
        self.assertEqual(run("frobnicate").returncode, 2)


if __name__ == "__main__":
    unittest.main()
