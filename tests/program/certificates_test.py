"""Certificates and tokens of the serving side: what is wrong with them is told where somebody looks."""
import re
import shutil
import ssl
import subprocess
import time
import unittest
import urllib.error
import urllib.request

from support import RATADNS, TIMEOUT_S, ProgramTest, run

TOKENS = {"site": "5a" * 8, "wall": "7c" * 8}
METRIC = r"^ratadns_tls_certificate_expiry_timestamp_seconds (\d+)$"


class Listener:
    """A program that serves, with what it says."""

    def __init__(self, test, *arguments):
        self.test, self.log = test, test.folder / "log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([RATADNS, *map(str, arguments)], stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL)
        test.addCleanup(self.end)
        self.url = self.says(r"(https?://127\S+/)")[1]

    def end(self):
        self.process.terminate()
        self.process.wait(TIMEOUT_S)

    def says(self, pattern, times=1):
        end = time.monotonic() + TIMEOUT_S
        while len(found := list(re.finditer(pattern, self.log.read_text()))) < times:
            self.test.assertLess(time.monotonic(), end, f"{pattern}; the log: {self.log.read_text()}")
            time.sleep(0.01)
        return found[-1]

    def ask(self, path, token=None):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        request = urllib.request.Request(self.url + path, headers=headers)
        context = ssl._create_unverified_context() if self.url.startswith("https") else None
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S, context=context) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()


class Served(ProgramTest):
    def token_file(self, name, content=None):
        path = self.file(f"{name}.token", content or TOKENS[name])
        path.chmod(0o600)
        return path

    def access(self, name, more="", token=None):
        return f'[[access]]\nname = "{name}"\ntoken_file = "{self.token_file(name, token)}"\n{more}\n'

    def aggregator(self, tls="", more=""):
        return self.file("aggregate.toml", f'[serve]\nlisten = "127.0.0.1:0"\n{tls}\n[store]\n'
                                           f'path = "{self.folder}/history.db"\n{more}')


@unittest.skipUnless(shutil.which("openssl"), "no openssl here: no certificates are made")
class Certificates(Served):
    def certificate(self, name, days):
        """Its files."""
        key, request, own = (self.folder / f"{name}.{end}" for end in ("key", "csr", "pem"))
        new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost"]
        for command in (["req", *new, "-keyout", key, "-out", request],
                        ["x509", "-req", "-in", request, "-signkey", key, "-days", days, "-out", own]):
            subprocess.run(["openssl", *map(str, command)], check=True, capture_output=True, timeout=TIMEOUT_S)
        key.chmod(0o600)
        return own, key

    def tls(self, files):
        return f'tls = {{ certificate = "{files[0]}", key = "{files[1]}" }}'

    def test_one_that_expired_is_served_and_told_at_every_turn(self):
        files = self.certificate("over", -1)
        path = self.aggregator(self.tls(files))
        expired = rf"the certificate {files[0]} expired at 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC: .*ratadns reload"
        checked = run("check", path)
        self.assertEqual(checked.returncode, 1, checked.stdout)
        self.assertRegex(checked.stdout, "FAILED  certificate: " + expired)

        hub = Listener(self, "aggregate", "-c", path)
        hub.says(expired)
        self.assertLess(int(re.search(METRIC, hub.ask("metrics")[1], re.MULTILINE)[1]), time.time() - 80_000)
        told = run("reload", "-c", path)
        self.assertEqual(told.returncode, 0, told.stderr)
        self.assertRegex(told.stderr, expired)
        hub.says("configuration read again")
        hub.says(expired, times=2)

    def test_one_that_expires_soon_is_a_note(self):
        path = self.aggregator(self.tls(self.certificate("soon", 10)))
        checked = run("check", path)
        self.assertEqual(checked.returncode, 0, checked.stdout)
        self.assertRegex(checked.stdout, r"note    certificate: .*soon.pem expires at 20.*, in (9|10) days; ")
        Listener(self, "aggregate", "-c", path).says("soon.pem expires at ")

    def test_a_good_one_is_no_news(self):
        path = self.aggregator(self.tls(self.certificate("good", 90)))
        self.assertNotIn("expire", run("check", path).stdout)
        hub = Listener(self, "aggregate", "-c", path)
        ends = int(re.search(METRIC, hub.ask("metrics")[1], re.MULTILINE)[1])
        self.assertAlmostEqual(ends, time.time() + 90 * 86_400, delta=3600)
        self.assertNotIn("expire", hub.log.read_text())

    def test_without_tls_no_time_is_told(self):
        text = Listener(self, "aggregate", "-c", self.aggregator()).ask("metrics")[1]
        self.assertNotRegex(text, "(?m)" + METRIC)
        self.assertIn("# TYPE ratadns_tls_certificate_expiry_timestamp_seconds gauge", text)

    def test_reload_says_itself_what_cannot_be_used_and_tells_nobody(self):
        good, other = self.certificate("good", 90), self.certificate("other", 90)
        path = self.aggregator(self.tls(good))
        hub = Listener(self, "aggregate", "-c", path)
        for files, why in (((self.folder / "no.pem", good[1]), "certificate .*no.pem: No such file"),
                           ((good[0], other[1]), "key .*other.key: key values mismatch"),
                           ((good[1], good[1]), "certificate .*good.key: no start line")):
            self.aggregator(self.tls(files))
            done = run("reload", "-c", path)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertRegex(done.stderr, why + ".*; nobody was told")
        self.aggregator(self.tls(good), '[[subscribe]]\nurl = "rediss://127.0.0.1:1"\nca_file = "/nowhere.pem"\n')
        self.assertIn("ca_file /nowhere.pem", run("reload", "-c", path).stderr)
        self.assertNotIn("configuration", hub.log.read_text())
        self.aggregator(self.tls(other))
        self.assertEqual(run("reload", "-c", path).returncode, 0)
        hub.says("configuration read again")

    def test_reload_looks_at_what_a_monitor_shows(self):
        path = self.file("monitor.toml", 'server = "ns1"\n[[channel]]\nname = "hub"\nurl = "https://127.0.0.1:1"\n'
                                         'certificate_file = "/nowhere.pem"\nkey_file = "/nowhere.key"\n'
                                         '[[reducer]]\ntype = "QueriesPerSecond"\nsend = ["hub"]\n')
        done = run("reload", "-c", path)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertRegex(done.stderr, "certificate_file /nowhere.pem: No such file.*; nobody was told")


class Tokens(Served):
    def test_one_that_could_be_guessed_is_refused(self):
        for token in ("x", "fifteen-octets-"):
            done = run("check", self.aggregator(more=self.access("wall", token=token)))
            self.assertEqual(done.returncode, 2)
            self.assertIn('the token of "wall" has fewer than 16 octets', done.stderr)
            self.assertIn("openssl rand -hex 16", done.stderr)
            self.assertNotIn(token + '"', done.stderr)
        path = self.aggregator(more='[[access]]\nname = "wall"\ntoken_env = "WALL"\n')
        self.assertEqual(run("check", path, env={"WALL": "short"}).returncode, 2)
        self.assertEqual(run("check", path, env={"WALL": TOKENS["wall"]}).returncode, 0)
        twice = self.aggregator(more=self.access("wall", 'token_env = "WALL"'))
        self.assertIn("has its token from one of: token_file, token_env", run("check", twice).stderr)

    def test_a_wrong_one_is_logged_by_address_and_never_said(self):
        hub = Listener(self, "aggregate", "-c", self.aggregator(more=self.access("wall")))
        for _ in range(3):
            self.assertEqual(hub.ask("api/v1/views", "a-guess-of-somebody")[0], 401)
        self.assertEqual(hub.ask("api/v1/views", TOKENS["wall"])[0], 200)
        hub.says("ratadns: access: a wrong token came from 127.0.0.1\n")
        text = hub.log.read_text()
        self.assertEqual(text.count("wrong token"), 1)
        self.assertNotIn("guess", text)

    def test_check_of_a_monitor_asks_whether_it_may_send_for_its_servers(self):
        access = self.access("site", 'may = ["send"]\nservers = ["ns1", "ns2"]')
        hub = Listener(self, "aggregate", "-c", self.aggregator(more=access))

        def check(servers):
            path = self.file("monitor.toml", f'{servers}[[channel]]\nname = "hub"\nurl = "{hub.url}"\n'
                                             f'token_file = "{self.folder}/site.token"\n'
                                             '[[reducer]]\ntype = "QueriesPerSecond"\nsend = ["hub"]\n')
            return run("check", path)

        def watched(name, address):
            return f'[[server]]\nname = "{name}"\naddresses = ["{address}"]\n'

        for servers in ('server = "ns1"\n', watched("ns1", "192.0.2.1") + watched("ns2", "192.0.2.2")):
            done = check(servers)
            self.assertRegex(done.stdout, r"ok      channel hub \(.*\): answers, takes summaries")
        for servers in ('server = "ns3"\n', watched("ns1", "192.0.2.1") + watched("ns3", "192.0.2.3")):
            done = check(servers)
            self.assertEqual(done.returncode, 1, done.stdout)
            self.assertRegex(done.stdout, r'FAILED  channel hub .*the access "site" may not send for the server "ns3"')


class Names(ProgramTest):
    def test_one_that_is_no_line_of_text_is_refused(self):
        rest = '[[channel]]\nname = "out"\nurl = "null:"\n[[reducer]]\ntype = "QueriesPerSecond"\nsend = ["out"]\n'
        for lines, why in (('server = ""', "server is empty"), ('monitor = ""', "monitor is empty"),
                           (r'server = "a\u0000b"', r'the name of the server, "a\\x00b", holds a control character'),
                           (r'monitor = "a\nb"', r'the name of the monitor, "a\\x0ab", holds a control character'),
                           (r'server = "a\tb"', "holds a control character"),
                           ('[[server]]\nname = "a\\u001b"\naddresses = ["192.0.2.1"]\n',
                            r'the name of the \[\[server\]\], "a\\x1b", holds')):
            done = run("check", self.file("monitor.toml", f"{lines}\n{rest}"))
            self.assertEqual(done.returncode, 2, done.stdout)
            self.assertRegex(done.stderr, why)


if __name__ == "__main__":
    unittest.main()
