"""Redis PUBLISH against a peer that does what the test tells it: every way in which a connection can go wrong."""
import json
import socket
import subprocess
import threading
import unittest

from support import RATADNS, ProgramTest, pcap, query, query_frame, run

SECRET = "s3cret-of-the-test"


class FakeRedis(threading.Thread):
    """Speaks as much of the protocol as a publisher sees. `scripts`: one function a connection, called with each command
    and returning the reply's octets, or None to close; the last one is used for all further connections."""

    def __init__(self, *scripts):
        super().__init__(daemon=True)
        self.scripts = scripts
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.connections = 0
        self.start()

    def run(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            with peer, peer.makefile("rb") as stream:
                script = self.scripts[min(self.connections, len(self.scripts) - 1)]
                self.connections += 1
                try:
                    while (command := self.command(stream)) is not None and (reply := script(command)) is not None:
                        peer.sendall(reply)
                except OSError:
                    pass

    @staticmethod
    def command(stream):
        header = stream.readline()
        if not header:
            return None
        words = []
        for _ in range(int(header[1:])):
            words.append(stream.read(int(stream.readline()[1:]) + 2)[:-2].decode())
        return words

    def stop(self):
        self.listener.close()


class Publisher:
    """Keeps what is published and answers with `replies`, then (the list being over) with the last one."""

    def __init__(self, *replies):
        self.replies = list(replies)
        self.got = []

    def __call__(self, command):
        self.got.append(command)
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]

    def sequences(self):
        return [json.loads(command[2])["id"]["sequence"] for command in self.got if command[0] == "PUBLISH"]


class RedisChannel(ProgramTest):
    def publish(self, *scripts, login="", status=0, seconds=5, more=""):
        """A monitor's `seconds` windows into a fake; returns what it said."""
        redis = FakeRedis(*scripts)
        self.addCleanup(redis.stop)
        config = self.file("config.toml", f"""
server = "ns1"
[[channel]]
name = "hub"
url = "redis://{login}127.0.0.1:{redis.port}"
{more}
[[reducer]]
type = "QueriesPerSecond"
send = [{{ channel = "hub", topic = "rates of all" }}]
""")
        capture = self.file("x.pcap", pcap([(i, query_frame(query())) for i in range(seconds)]))
        done = run("monitor", "-c", config, "--source", capture)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertNotIn(SECRET, done.stdout + done.stderr)
        return done.stderr

    def test_one_message_a_window_with_exactly_that_topic_and_nothing_else(self):
        script = Publisher(b":1\r\n")
        self.publish(script)
        self.assertEqual([command[:2] for command in script.got], [["PUBLISH", "rates of all"]] * 5)
        for command in script.got:
            self.assertEqual(len(command), 3)
            self.assertEqual(json.loads(command[2])["data"], {"qps": 1})
            self.assertNotIn("\n", command[2])

    def test_the_older_form_has_rates_as_bare_numbers(self):
        script = Publisher(b":1\r\n")
        self.publish(script, more='form = "older"')
        self.assertEqual([json.loads(command[2])["data"] for command in script.got], [1] * 5)

    def test_login_and_database_come_first(self):
        script = Publisher(b"+OK\r\n", b"+OK\r\n", b":1\r\n")
        redis = FakeRedis(script)
        self.addCleanup(redis.stop)
        config = self.file("config.toml", f"""
[[channel]]
name = "hub"
url = "redis://n%40s:{SECRET}%2f@127.0.0.1:{redis.port}/7"
[[reducer]]
type = "QueriesPerSecond"
send = ["hub"]
""")
        capture = self.file("x.pcap", pcap([(1, query_frame(query()))]))
        done = run("monitor", "-c", config, "--source", capture)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(script.got[:2], [["AUTH", "n@s", SECRET + "/"], ["SELECT", "7"]])
        self.assertEqual(script.got[2][:2], ["PUBLISH", "QueriesPerSecond"])

    def test_what_was_acknowledged_before_the_connection_broke_is_not_sent_again(self):
        first = Publisher(b":1\r\n", b":1\r\n", None)
        second = Publisher(b":1\r\n")
        said = self.publish(first, second, seconds=40)
        acknowledged = first.sequences()[:2]
        self.assertEqual(acknowledged, [0, 1])
        self.assertEqual(sorted(acknowledged + second.sequences()), list(range(40)))
        self.assertRegex(said, "PUBLISH: (the connection was closed|Connection reset by peer); trying again")
        self.assertIn("works again", said)
        self.assertIn("40 = 40 sent + 0 waiting + 0 dropped", said)
        self.assertRegex(said, r"  \d+ may have gone out twice")

    def test_behind_an_error_reply_only_what_it_was_about_is_sent_again(self):
        script = Publisher(b":1\r\n", b"-LOADING Redis is loading the dataset in memory\r\n", b":1\r\n")
        said = self.publish(script, seconds=40)
        counts = {sequence: script.sequences().count(sequence) for sequence in range(40)}
        self.assertEqual([sequence for sequence, count in counts.items() if count != 1], [1])
        self.assertEqual(counts[1], 2)
        self.assertIn("PUBLISH refused: LOADING Redis is loading", said)
        self.assertNotIn("gone out twice", said)

    def test_what_nobody_heard_is_counted(self):
        script = Publisher(b":0\r\n", b":2\r\n", b":0\r\n", b":1\r\n")
        self.assertIn("of those sent, nobody listened to 2", self.publish(script))

    def test_a_reply_that_repeats_the_password_is_not_shown_so(self):
        reply = f"-ERR unknown command 'AUTH', with args beginning with: '{SECRET}'\r\n".encode()
        said = self.publish(Publisher(reply), login=f":{SECRET}@", status=1)
        self.assertIn("login refused: ERR unknown command 'AUTH', with args beginning with: '***'", said)

    def test_a_peer_that_is_no_redis_is_said_to_be_none(self):
        said = self.publish(Publisher(b"HTTP/1.1 400 Bad Request\r\n\r\n"), status=1)
        self.assertIn("does not speak Redis' protocol", said)
        self.assertIn("5 = 0 sent + 0 waiting + 5 dropped", said)

    def test_a_peer_that_says_nothing_is_not_waited_for_without_end(self):
        said = self.publish(Publisher(b""), status=1)
        self.assertIn("PUBLISH: no reply within 5 s", said)

    def test_a_connection_closed_while_idle_is_made_anew_and_nothing_is_in_doubt(self):
        closed = threading.Event()
        scripts = [Publisher(b":1\r\n"), Publisher(b":1\r\n")]

        class Closing(FakeRedis):
            """Ends its first connection once that is silent."""

            def command(self, stream):
                if self.connections == 1 and scripts[0].got:
                    closed.set()
                    return None
                return FakeRedis.command(stream)

        redis = Closing(*scripts)
        self.addCleanup(redis.stop)
        config = self.file("config.toml", f"""
[[channel]]
name = "hub"
url = "redis://127.0.0.1:{redis.port}"
[[reducer]]
type = "QueriesPerSecond"
send = ["hub"]
""")
        octets = pcap([(i, query_frame(query())) for i in (0, 2, 3)])
        monitor = subprocess.Popen([RATADNS, "monitor", "-c", config, "--source", "-"], stdin=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=False)
        with monitor:
            # The window of second 0 closes with the packet of second 2; its message is the only one on the way then.
            cut = len(octets) - 16 - len(query_frame(query()))
            monitor.stdin.write(octets[:cut])
            monitor.stdin.flush()
            self.assertTrue(closed.wait(20))
            monitor.stdin.write(octets[cut:])
            monitor.stdin.close()
            said = monitor.stderr.read().decode()
            self.assertEqual(monitor.wait(20), 0, said)
        self.assertEqual(scripts[0].sequences() + scripts[1].sequences(), [0, 1, 2, 3])
        self.assertEqual(scripts[0].sequences(), [0])
        self.assertIn("4 = 4 sent", said)
        for trouble in ("trying again", "gone out twice"):
            self.assertNotIn(trouble, said)

    def test_what_is_wrong_in_the_configuration_is_said(self):
        channel = '[[channel]]\nname = "hub"\nurl = "{}"\n{}\n[[reducer]]\ntype = "QueriesPerSecond"\nsend = [{}]\n'
        one = '{ channel = "hub" }'
        cases = [
            ("rediss://:s3cret@hub.example", 'ca_file = "/nowhere"', one, "rediss://hub.example:6379/0: ca_file /nowhere: "),
            ("redis://hub.example", 'ca_file = "/nowhere"', one, "ca_file"),
            ("redis://:s3cret@hub.example:0", "", one, "is no redis://[USER:PASSWORD@]HOST[:PORT][/DB]"),
            ("redis://hub.example", 'password_env = "NOT_THERE"', one, "the environment has no NOT_THERE"),
            ("redis://hub.example", "rotate_mib = 1", one, "rotate_mib"),
            ("stdout:", "", '{ channel = "hub", topic = "x" }', "topic is for channels that have topics (redis://)"),
            ("stdout:", 'form = "old"', one, 'form: there is no "old"; there are: "own", "older"'),
            ("redis://hub.example", "", f'{one}, {{ channel = "hub", topic = "x" }}', 'sends to the channel "hub" twice'),
        ]
        for url, more, send, says in cases:
            with self.subTest(says):
                done = run("check", self.file("config.toml", channel.format(url, more, send)))
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(says, done.stdout + done.stderr)
                self.assertNotIn("s3cret", done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
