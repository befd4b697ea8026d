"""The older aggregator's expectations are met on a real Redis, and what Redis does to those who publish is borne."""
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

from namespace import RATADNS, Running, main, program, wait_until
from older_aggregator import CHANNELS, Aggregator, Connection

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "program"))
from support import ipv4, pcap, query, query_frame, response, response_frame, udp  # noqa: E402

PORT = 6379
TYPES = ["QueriesSummary", "QueriesPerSecond", "AnswersPerSecond", "QueriesNameCounter"]
PASSWORD = "s3cret-of-the-test"


def ipv6_query_frame(message):
    client, server = bytes.fromhex("20010db8" + "0" * 23 + "7"), bytes.fromhex("20010db8" + "0" * 22 + "53")
    datagram = udp(message)
    return b"\0" * 12 + b"\x86\xdd" + b"\x60\0\0\0" + len(datagram).to_bytes(2, "big") + b"\x11\x40" + client + server + datagram


def frames():
    """Three seconds: ten queries, five, none but a response; and seven responses."""
    made = []
    for i in range(10):
        made.append((1000 + i / 20, query_frame(query("www.example", 1 if i < 6 else 28), (192, 0, 2, 1))))
    for i in range(7):
        made.append((1000.5 + i / 20, response_frame(response("www.example"), (192, 0, 2, 1))))
    for i in range(4):
        made.append((1001 + i / 20, query_frame(query("Mail.Example", 15), (198, 51, 100, 7))))
    made.append((1001.5, ipv6_query_frame(query("www.example", 28))))
    made.append((1002.5, response_frame(response("late.example"), (192, 0, 2, 1))))
    return made


class RedisTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="ratadns-redis-")))
        self.capture = self.folder / "capture.pcap"
        self.capture.write_bytes(pcap(frames()))

    def redis(self, more=""):
        config = self.folder / "redis.conf"
        config.write_text(f'bind 127.0.0.1\nport {PORT}\nsave ""\nappendonly no\ndaemonize no\ndir "{self.folder}"\n{more}')
        server = Running(self.folder, program("redis-server"), config)
        self.addCleanup(server.stop)

        def answers():
            if server.process.poll() is not None:
                raise AssertionError(f"redis-server ended: {server.text()}")
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", PORT)) == 0
        wait_until(answers, lambda: f"redis-server listens: {server.text()}")
        return server

    def aggregator(self):
        aggregator = Aggregator(PORT)
        self.addCleanup(aggregator.close)
        return aggregator

    def config(self, url=f"redis://127.0.0.1:{PORT}", more="", types=TYPES):
        text = f'server = "ns1"\n[[channel]]\nname = "hub"\nurl = "{url}"\nform = "older"\n{more}\n'
        for kind in types:
            topic = ', topic = "topk"' if kind == "QueriesNameCounter" else ""
            text += f'[[reducer]]\ntype = "{kind}"\nsend = [{{ channel = "hub"{topic} }}]\n'
        path = self.folder / "ratadns.toml"
        path.write_text(text)
        return path

    def monitor(self, config, status=0, env=None):
        done = subprocess.run([RATADNS, "monitor", "-c", config, "--source", self.capture], capture_output=True,
                              text=True, timeout=60, env={**os.environ, **(env or {})})
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertNotIn(PASSWORD, done.stdout + done.stderr)
        return done.stderr

    def as_the_capture_says(self, aggregator):
        windows = 3
        aggregator.hear(windows * len(TYPES))
        aggregator.hear_rest()
        self.assertEqual(len(aggregator.messages), windows * len(TYPES), "one message a window and reducer")
        for channel, text in aggregator.messages:
            self.assertEqual(text, text.strip(), channel)
        self.assertEqual(aggregator.server_data(), {"ns1": (15 / 3, 8 / 3)})
        self.assertEqual(aggregator.top_qnames(5), {"ns1": [("www.example.", 11, 100 * 11 / 15),
                                                            ("mail.example.", 4, 100 * 4 / 15)]})
        self.assertEqual(aggregator.queries_summary(5), {
            "ns1": [("192.0.2.1", {"A": 6, "AAAA": 4}, 100 * 10 / 15), ("198.51.100.7", {"MX": 4}, 100 * 4 / 15),
                    ("2001:db8::7", {"AAAA": 1}, 100 * 1 / 15)]})
        self.assertEqual(aggregator.queries_by_qtype(5), {
            "1": [("c0000201", "ns1", 6, 40)], "15": [("c6336407", "ns1", 4, 100 * 4 / 15)],
            "28": [("c0000201", "ns1", 4, 100 * 4 / 15), ("2001:db8::7", "ns1", 1, 100 * 1 / 15)]})

    def test_the_older_aggregator_is_fed(self):
        self.redis()
        aggregator = self.aggregator()
        said = self.monitor(self.config())
        self.assertNotIn("nobody listened", said)
        self.as_the_capture_says(aggregator)

    def test_an_imported_configuration_feeds_it_too(self):
        self.redis()
        old = {"ServerId": "ns1", "WindowSize": 1000, "Threads": True, "InputMethod": "capture_file",
               "InputSource": str(self.capture), "EthHeader": False, "Speed": 1, "Filter": "udp and port 53",
               "PreliminarReducers": [
                   {"Path": f"/var/fievel/prers/{script}.lua", "OutputMethod": "redis", "RedisServer": "127.0.0.1",
                    "RedisPort": PORT, "RedisChannel": channel}
                   for script, channel in (("qnamecounter", "topk"), ("aps", "AnswersPerSecond"),
                                           ("qps", "QueriesPerSecond"), ("summary", "QueriesSummary"))]}
        (self.folder / "fievel.json").write_text(json.dumps(old))
        done = subprocess.run([RATADNS, "import", self.folder / "fievel.json"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        # Windows of seconds here, so that the same figures come out.
        config = self.folder / "ratadns.toml"
        config.write_text(re.sub(r"(?m)^window = .*$", "window = { seconds = 1 }", done.stdout))
        aggregator = self.aggregator()
        self.monitor(config)
        self.as_the_capture_says(aggregator)

    def test_what_nobody_hears_is_counted(self):
        self.redis()
        said = self.monitor(self.config())
        self.assertIn("12 = 12 sent + 0 waiting + 0 dropped", said)
        self.assertIn("of those sent, nobody listened to 12", said)

    def test_a_redis_that_is_not_there_is_said_and_the_loss_counted(self):
        said = self.monitor(self.config(), status=1)
        self.assertIn("channel hub: redis://127.0.0.1:6379/0: cannot connect: Connection refused; trying again", said)
        self.assertIn("12 = 0 sent + 0 waiting + 12 dropped", said)

    def test_a_login_is_made_by_password_by_user_and_refused_without_telling_it(self):
        self.redis(f"requirepass {PASSWORD}\nuser ns1 on >{PASSWORD} allchannels +publish +ping +select\n")
        secret = self.folder / "password"
        secret.write_text(PASSWORD + "\n")
        secret.chmod(0o600)
        wrong = self.folder / "wrong"
        wrong.write_text("not it")
        wrong.chmod(0o600)
        good = [(f"redis://127.0.0.1:{PORT}", f'password_file = "{secret}"'),
                (f"redis://:{PASSWORD}@127.0.0.1:{PORT}/3", ""),
                (f"redis://ns1:{PASSWORD}@127.0.0.1:{PORT}/3", ""),
                (f"redis://ns1@127.0.0.1:{PORT}", 'password_env = "TEST_REDIS_PASSWORD"')]
        env = {"TEST_REDIS_PASSWORD": PASSWORD}
        for url, more in good:
            with self.subTest(url, more=more):
                config = self.config(url, more)
                self.assertIn("12 = 12 sent", self.monitor(config, env=env))
                checked = subprocess.run([RATADNS, "check", config], capture_output=True, text=True,
                                         env={**os.environ, **env})
                self.assertIn("answers", checked.stdout)
                self.assertNotIn(PASSWORD, checked.stdout + checked.stderr)
        bad = [(f"redis://127.0.0.1:{PORT}", f'password_file = "{wrong}"', "login refused: WRONGPASS"),
               (f"redis://ns2:{PASSWORD}@127.0.0.1:{PORT}", "", "login refused: WRONGPASS"),
               (f"redis://127.0.0.1:{PORT}", "", "PING refused: NOAUTH")]
        for url, more, says in bad:
            with self.subTest(url, more=more):
                checked = subprocess.run([RATADNS, "check", self.config(url, more)], capture_output=True, text=True)
                self.assertEqual(checked.returncode, 1)
                shown = url.replace(f":{PASSWORD}", "")
                self.assertIn(f"FAILED  channel hub ({shown}): {shown}/0: {says}", checked.stdout)
                self.assertNotIn(PASSWORD, checked.stdout + checked.stderr)
        said = self.monitor(self.config(*bad[0][:2]), status=1)
        self.assertIn(f"channel hub: redis://127.0.0.1:{PORT}/0: login refused: WRONGPASS", said)
        self.assertIn("12 = 0 sent + 0 waiting + 12 dropped", said)

    def certificates(self):
        """ca.pem and other.pem, authorities; server.pem for localhost and 127.0.0.1, client.pem, and their keys."""
        def openssl(*words):
            subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True, timeout=30)
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        for name in ("ca", "other"):
            openssl("req", "-x509", *key, "-days", "2", "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out",
                    f"{name}.pem")
        (self.folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        for name in ("server", "client"):
            openssl("req", *key, "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", "request.pem")
            openssl("x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                    "-days", "2", "-extfile", "names", "-out", f"{name}.pem")

    def test_over_TLS_only_to_whom_it_is_meant_for(self):
        if not shutil.which("openssl"):
            self.skipTest("openssl is not here: it makes the certificates")
        self.certificates()
        # Redis also listens without TLS, for the aggregator's double.
        self.redis(f"user ns1 on >{PASSWORD} allchannels -@all +publish +ping\n"
                   f"tls-port 6390\ntls-cert-file {self.folder}/server.pem\ntls-key-file {self.folder}/server.key\n"
                   f"tls-ca-cert-file {self.folder}/ca.pem\n")
        aggregator = self.aggregator()
        ca = f'ca_file = "{self.folder}/ca.pem"\n'
        shown = f'certificate_file = "{self.folder}/client.pem"\nkey_file = "{self.folder}/client.key"\n'
        bad = [("rediss://127.0.0.1:6390", ca, "certificate required"),
               ("rediss://127.0.0.1:6390", shown, "TLS: the certificate of 127.0.0.1 is not accepted"),
               ("rediss://127.0.0.1:6390", f'ca_file = "{self.folder}/other.pem"\n{shown}', "is not accepted"),
               ("rediss://127.0.0.5:6390", ca + shown, "cannot connect: Connection refused"),
               (f"rediss://127.0.0.1:{PORT}", ca + shown, "TLS: "),
               ("redis://127.0.0.1:6390", "", "channel hub")]
        for url, more, says in bad:
            with self.subTest(url, more=more):
                checked = subprocess.run([RATADNS, "check", self.config(url, more)], capture_output=True, text=True)
                self.assertEqual(checked.returncode, 1, checked.stdout)
                self.assertIn(says, checked.stdout)
        said = self.monitor(self.config(f"rediss://ns1:{PASSWORD}@localhost:6390", ca + shown))
        self.assertIn("12 = 12 sent + 0 waiting + 0 dropped", said)
        self.as_the_capture_says(aggregator)

    def test_a_redis_that_restarts_is_found_again_and_nothing_is_lost(self):
        server = self.redis()
        aggregator = self.aggregator()
        log = open(self.folder / "monitor.log", "w+")
        self.addCleanup(log.close)
        monitor = subprocess.Popen([RATADNS, "monitor", "-c", self.config(), "--source", "-"], stdin=subprocess.PIPE,
                                   stderr=log)

        def end():
            monitor.stdin.close()
            monitor.kill()
            monitor.wait()
        self.addCleanup(end)
        frames = [(1000 + second + i / 10, query_frame(query(f"n{second}.example"))) for second in range(40)
                  for i in range(10)]
        octets = pcap(frames)
        third = len(pcap(frames[:130]))
        monitor.stdin.write(octets[:third])
        monitor.stdin.flush()
        aggregator.hear(11 * len(TYPES))  # of thirteen seconds all but the last two: nothing is on its way then
        server.stop()
        aggregator.hear_rest()
        monitor.stdin.write(octets[third:2 * third])
        monitor.stdin.flush()
        wait_until(lambda: "trying again" in (self.folder / "monitor.log").read_text(), lambda: "the trouble is said")
        self.redis()
        second = self.aggregator()
        monitor.stdin.write(octets[2 * third:])
        monitor.stdin.close()
        self.assertEqual(monitor.wait(60), 0)
        second.hear_rest()
        said = (self.folder / "monitor.log").read_text()
        self.assertIn("channel hub: works again", said)
        self.assertIn("160 = 160 sent + 0 waiting + 0 dropped", said)
        unheard = sum(map(int, re.findall(r"nobody listened to (\d+)", said)))
        heard = [(channel, json.loads(text)["id"]["sequence"]) for channel, text in aggregator.messages + second.messages]
        self.assertEqual(len(heard), len(set(heard)), "nothing came twice")
        self.assertEqual(len(heard) + unheard, 160)
        self.assertGreater(len(second.messages), 40)

    def test_a_slow_subscriber_loses_and_the_others_do_not(self):
        self.redis("client-output-buffer-limit pubsub 64kb 0 0\n")
        slow = Connection(PORT, buffer=4096)
        self.addCleanup(slow.close)
        slow.ask("SUBSCRIBE", "QueriesSummary")
        # Windows of over 100 KB each, to one who reads nothing.
        self.capture.write_bytes(pcap([(1000 + i / 2000, query_frame(query(f"name-{i}.{'x' * 40}.example"),
                                                                     (192, 0, 2, i % 250))) for i in range(6_000)]))
        said = self.monitor(self.config())
        self.assertIn("12 = 12 sent + 0 waiting + 0 dropped", said)
        with self.assertRaises((EOFError, OSError)):
            for _ in range(20):
                slow.reply()
            self.fail("Redis kept everything for the slow one")


if __name__ == "__main__":
    main()
