"""What becomes of results on a channel with a spool: found again, refused, and what no spool could take."""
import http.server
import json
import shutil
import socket
import subprocess
import threading
import time
import unittest

from fleet import Aggregator, wait_until
from reasons_test import BY_CLIENT, PCAP, QUERY, TO, Served, flat
from support import RATADNS, ProgramTest, run

FIGURES = ("pushed", "sent", "refused", "waiting", "dropped", "found", "unspooled")


class Refuses(http.server.BaseHTTPRequestHandler):
    """An aggregator that takes none of what it gets."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        answer = json.dumps({"committed": 0, "repeated": 0, "refused": [{"line": 1, "why": "not wanted"}]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


def summaries(status):
    balance = flat(status["balance"])
    return {name: balance[f"summaries/{name}"] for name in FIGURES}


class SpoolReasons(ProgramTest):
    def setUp(self):
        super().setUp()
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.closed_port = listener.getsockname()[1]

    def capture(self, text):
        from captures.files import write
        write(text, self.folder / "capture")
        return self.folder / "capture"

    def config(self, port):
        channel = f'url = "http://127.0.0.1:{port}"\nspool = {{ path = "{self.folder / "spool"}" }}'
        return self.file("run.toml", BY_CLIENT.replace('url = "null:"', channel))

    def at_end(self, port):
        served = Served(self.config(port), self.capture(PCAP))
        try:
            return summaries(served.status_when(lambda status: status["state"] == "ended"))
        finally:
            served.end()

    def test_what_an_earlier_run_left_is_found_and_sent_again(self):
        first = self.at_end(self.closed_port)
        self.assertEqual((first["pushed"], first["waiting"], first["dropped"], first["found"]), (1, 1, 0, 0))
        # Two in two records; the answer speaks of one line each.
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refuses) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            served = Served(self.config(server.server_port), self.capture(PCAP))
            try:
                status = served.status_when(lambda status: summaries(status)["refused"] == 2)
            finally:
                served.end()
                server.shutdown()
        second = summaries(status)
        self.assertEqual((second["pushed"], second["found"], second["waiting"], second["sent"]), (2, 1, 0, 0))
        self.assertIn("not wanted", served.said)
        self.assertEqual(status["trust"]["level"], "red")

    def monitor(self, port):
        """The command, for a capture of one query."""
        return ["monitor", "-c", self.config(port), "--source", self.capture(PCAP)]

    def test_at_the_end_of_files_it_waits_for_an_aggregator_that_comes_back(self):
        log = self.folder / "said"
        with log.open("wb") as said:
            process = subprocess.Popen([RATADNS, *self.monitor(self.closed_port)], stderr=said)
        wait_until(lambda: "trying again" in log.read_text(), log.read_text)
        aggregator = Aggregator(self.folder)
        aggregator.start(f"127.0.0.1:{self.closed_port}")
        self.addCleanup(aggregator.kill)
        self.assertEqual(process.wait(20), 0)
        self.assertRegex(log.read_text(), r"summaries +1 = 1 sent \+ 0 waiting")
        self.assertNotIn("stay in the spool", log.read_text())
        aggregator.finish()

    def test_what_stays_at_the_end_of_files_is_said_and_sent_by_the_next_start(self):
        begun = time.monotonic()
        first = run(*self.monitor(self.closed_port))
        self.assertGreater(time.monotonic() - begun, 4, "it waits for a while")
        self.assertEqual(first.returncode, 0, first.stderr)
        self.assertIn(f"1 summaries stay in the spool {self.folder / 'spool'}, and the next start sends them",
                      first.stderr)
        aggregator = Aggregator(self.folder)
        aggregator.start(f"127.0.0.1:{self.closed_port}")
        self.addCleanup(aggregator.kill)
        second = run(*self.monitor(self.closed_port))
        self.assertRegex(second.stderr, r"summaries +2 = 2 sent \+ 0 waiting .*; 1 were found in a spool")
        aggregator.finish()

    def test_a_signal_ends_that_wait(self):
        log = self.folder / "said"
        with log.open("wb") as said:
            process = subprocess.Popen([RATADNS, *self.monitor(self.closed_port)], stderr=said)
        wait_until(lambda: "trying again" in log.read_text(), log.read_text)
        begun = time.monotonic()
        process.terminate()
        self.assertEqual(process.wait(20), 0)
        self.assertLess(time.monotonic() - begun, 3)
        self.assertIn("stay in the spool", log.read_text())

    def test_what_a_spool_cannot_take_waits_in_memory(self):
        served = Served(self.config(self.closed_port), "-", subprocess.PIPE)
        try:
            shutil.rmtree(self.folder / "spool")
            (self.folder / "spool").write_text("in the way")
            text = PCAP + "".join(f"{101 + i} {TO} / {QUERY}\n" for i in range(3))
            served.process.stdin.buffer.write(self.capture(text).read_bytes())
            served.process.stdin.flush()
            found = summaries(served.status_when(lambda status: summaries(status)["unspooled"] > 0))
        finally:
            served.process.stdin.close()
            served.process.stdin = None
            served.end()
        self.assertEqual(found["pushed"], found["waiting"])
        self.assertIn("spool", served.said)


if __name__ == "__main__":
    unittest.main()
