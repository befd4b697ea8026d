"""ratadns check: what an aggregator and a monitor's spool need is tried, and nothing is left behind."""
import fcntl
import os
import re
import socket
import subprocess
import unittest

from support import RATADNS, TIMEOUT_S, ProgramTest, run

LISTEN = '[serve]\nlisten = "127.0.0.1:0"\n'


class CheckAggregator(ProgramTest):
    def check(self, text, status=0):
        done = run("check", self.file("aggregate.toml", text))
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout

    def test_a_history_that_is_not_there_yet_can_be_made_and_is_not(self):
        path = self.folder / "state" / "history.db"
        self.assertIn(f"ok      history {path}: will be made", self.check(f'{LISTEN}[store]\npath = "{path}"\n'))
        self.assertFalse(path.parent.exists())

    def test_a_history_where_none_can_be_is_told(self):
        self.file("plain", "x")
        said = self.check(f'{LISTEN}[store]\npath = "{self.folder}/plain/history.db"\n', status=1)
        self.assertRegex(said, r"FAILED  history .*plain is no folder")
        self.file("notes.db", "no database, but long enough to have a head of a hundred octets" * 4)
        said = self.check(f'{LISTEN}[store]\npath = "{self.folder}/notes.db"\n', status=1)
        self.assertRegex(said, "FAILED  history .*notes.db")

    def test_levels_that_do_not_fit_are_told_before_the_file_is_there(self):
        said = self.check(f'{LISTEN}[store]\npath = "{self.folder}/h.db"\n[[level]]\nseconds = 10\nkeep_hours = 1\n'
                          "[[level]]\nseconds = 15\nkeep_hours = 2\n", status=1)
        self.assertRegex(said, "FAILED  history .*15")

    def test_a_history_in_use_is_said(self):
        path = self.folder / "history.db"
        with Aggregator(self, path) as hub:
            said = self.check(f'{LISTEN}[store]\npath = "{path}"\n')
            self.assertRegex(said, "ok      history .*another process writes it")
            self.assertTrue(hub.is_running())
        self.assertRegex(self.check(f'{LISTEN}[store]\npath = "{path}"\n'), "ok      history .*can be opened")
        said = self.check(f'{LISTEN}[store]\npath = "{path}"\n[[level]]\nseconds = 20\nkeep_hours = 1\n', status=1)
        self.assertRegex(said, "FAILED  history .*made for panes of")

    def test_an_address_in_use_is_noted_and_any_other_reason_fails(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            serve = f'[serve]\nlisten = "127.0.0.1:{port}"\n'
            said = self.check(f'{serve}[store]\npath = "{self.folder}/h.db"\n')
            self.assertRegex(said, f"note    listen 127.0.0.1:{port}: in use already: by this service, if it runs")
            monitor = self.file("monitor.toml", f'{serve}[[channel]]\nname = "out"\nurl = "null:"\n'
                                '[[reducer]]\ntype = "QueriesPerSecond"\nsend = ["out"]\n')
            done = run("check", monitor)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertRegex(done.stdout, f"note    listen 127.0.0.1:{port}: in use already")
            said = self.check(f'{serve}tls = {{ certificate = "{self.folder}/no.pem", key = "{self.folder}/no.key" }}\n'
                              f'[store]\npath = "{self.folder}/h.db"\n', status=1)
            self.assertRegex(said, "FAILED  listen .*no.pem")

    def test_listener_certificate_and_subscription_are_tried(self):
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        said = self.check(f'[serve]\nlisten = "127.0.0.1:0"\ntls = {{ certificate = "{self.folder}/no.pem", '
                          f'key = "{self.folder}/no.key" }}\n[store]\npath = "{self.folder}/h.db"\n'
                          f'[[subscribe]]\nurl = "redis://:secret@127.0.0.1:{port}"\n', status=1)
        self.assertRegex(said, "FAILED  listen .*no.pem")
        self.assertRegex(said, f"FAILED  subscription redis://.*127.0.0.1:{port}")
        self.assertNotIn("secret", said)

    def test_accesses_of_which_none_may_send_are_noted(self):
        token = self.file("token", "a-token-of-the-test")
        token.chmod(0o600)
        said = self.check(f'{LISTEN}[store]\npath = "{self.folder}/h.db"\n[[access]]\nname = "people"\n'
                          f'token_file = "{token}"\n')
        self.assertRegex(said, "note    access: .*no monitor can send")


class CheckSpool(ProgramTest):
    def check(self, spool, status=0, rest=""):
        done = run("check", self.file("monitor.toml", f'{rest}[[channel]]\nname = "out"\nurl = "null:"\n'
                                      f'spool = {{ path = "{spool}" }}\n[[reducer]]\ntype = "QueriesPerSecond"\n'
                                      'send = ["out"]\n'))
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout

    def test_a_spool_is_tried_and_not_made(self):
        self.assertRegex(self.check(self.folder / "deep" / "spool"), r"ok      spool of out \(.*\): will be made")
        self.assertFalse((self.folder / "deep").exists())
        spool = self.folder / "spool"
        spool.mkdir()
        self.assertRegex(self.check(spool), r"ok      spool of out \(.*\): can be written")
        self.assertEqual(list(spool.iterdir()), [])
        self.file("plain", "x")
        self.assertRegex(self.check(self.folder / "plain" / "spool", status=1), "FAILED  spool of out .*is no folder")
        self.assertRegex(self.check("spool", status=1), "FAILED  spool of out .*has to be absolute")

    def test_a_spool_that_another_process_has_is_said(self):
        spool = self.folder / "spool"
        spool.mkdir()
        with open(spool / "lock", "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.assertRegex(self.check(spool), "ok      spool of out .*another process uses it")

    @unittest.skipUnless(os.geteuid() == 0, "not root: nobody can be asked as another user")
    def test_it_is_tried_as_the_user_that_it_will_be(self):
        self.folder.chmod(0o755)
        said = self.check(self.folder / "spool", status=1, rest='user = "nobody"\n')
        self.assertRegex(said, "FAILED  spool of out .*cannot be made, since .* may not be written")


class Aggregator:
    """One that runs, on a free port."""

    def __init__(self, test, path):
        self.test, self.path = test, path

    def __enter__(self):
        self.process = subprocess.Popen([RATADNS, "aggregate", "--listen", "127.0.0.1:0", "--store", self.path],
                                        stderr=subprocess.PIPE, text=True)
        line = self.process.stderr.readline()
        self.test.assertTrue(re.search("aggregates: http", line), line)
        return self

    def is_running(self):
        return self.process.poll() is None

    def __exit__(self, *_):
        self.process.terminate()
        self.process.communicate(timeout=TIMEOUT_S)


if __name__ == "__main__":
    unittest.main()
