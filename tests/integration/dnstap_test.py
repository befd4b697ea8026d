"""What servers tell by dnstap equals their own statistics: NSD, Unbound and BIND, over UDP and TCP."""
import collections

from servers import ServerTest, by_prefix, main, wait_until

# Slow enough for the servers' queues, which drop what they cannot hand over.
PACE = ("-Q", 2000)


def total(counts):
    """Over all servers: not every one tells its own address."""
    return sum(counts.values(), collections.Counter())


class Dnstap(ServerTest):
    queries_each = 1200

    def setUp(self):
        super().setUp()
        self.socket = self.folder / "dnstap.sock"

    def listen(self):
        """ratadns makes the socket; the servers connect to it."""
        watch = self.watch(source=f'dnstap = "{self.socket}"', marks=False)

        def ready():
            if watch.process.poll() is not None:
                if "dnstap" in watch.text() and watch.process.returncode == 2:
                    self.skipTest(f"this ratadns has no dnstap source: {watch.text()}")
                raise AssertionError(f"ratadns ended with status {watch.process.returncode}: {watch.text()}")
            return self.socket.is_socket()
        wait_until(ready, lambda: f"ratadns listens on {self.socket}: {watch.text()}")
        return watch

    def equals(self, watch, theirs):
        """From its start on, everything: the servers keep what they have to say until they are connected."""
        def ours():
            counts = watch.sums()
            return {name: dict(total(counts[name])) for name in theirs}
        try:
            wait_until(lambda: ours() == theirs, lambda: f"{ours()} is {theirs}")
        finally:
            watch.stop()
        self.assertEqual(ours(), theirs)
        self.nothing_was_lost(watch)

    def test_counts_equal_those_of_nsd(self):
        watch = self.listen()
        self.run_nsd(self.address, f"""
dnstap:
  dnstap-enable: yes
  dnstap-socket-path: "{self.socket}"
  dnstap-log-auth-query-messages: yes
  dnstap-log-auth-response-messages: yes
""")
        self.ask(*PACE)
        theirs = {key: value for key, value in self.nsd_figures().items() if value}
        transports = {"udp": theirs["num.udp"], "tcp": theirs["num.tcp"]}
        self.equals(watch, {"queries": transports, "responses": transports, "qtypes": by_prefix(theirs, "num.type."),
                            "rcodes": by_prefix(theirs, "num.rcode.")})

    def test_counts_equal_those_of_unbound(self):
        self.address = "127.0.0.53"
        watch = self.listen()
        self.run_unbound(self.address, "127.0.0.54", f"""
dnstap:
  dnstap-enable: yes
  dnstap-bidirectional: yes
  dnstap-socket-path: "{self.socket}"
  dnstap-log-client-query-messages: yes
  dnstap-log-client-response-messages: yes
""")
        self.ask(*PACE)
        theirs = {key: value for key, value in self.unbound_figures().items() if value}
        transports = {"udp": theirs["total.num.queries"] - theirs["num.query.tcp"], "tcp": theirs["num.query.tcp"]}
        rcodes = by_prefix(theirs, "num.answer.rcode.")
        rcodes.pop("nodata", None)
        self.equals(watch, {"queries": transports, "responses": transports,
                            "qtypes": by_prefix(theirs, "num.query.type."), "rcodes": rcodes})

    def test_counts_equal_those_of_bind(self):
        self.address = "127.0.0.1"
        watch = self.listen()
        self.run_bind(self.address, f'  dnstap {{ auth; client; }};\n  dnstap-output unix "{self.socket}";\n')
        self.ask(*PACE)
        theirs = self.bind_figures()
        transports = {"udp": theirs["nsstats"]["QryUDP"], "tcp": theirs["nsstats"]["QryTCP"]}
        self.equals(watch, {"queries": transports, "responses": transports, "qtypes": theirs["qtypes"],
                            "rcodes": {key: value for key, value in theirs["rcodes"].items() if value}})


if __name__ == "__main__":
    main()
