"""Three monitors, each in a network of its own with live traffic, and one aggregator: its totals are those of
`ratadns summary` over what was sent; also when it was away for a while.

RATADNS_AWAY_S: for how long (20 s; 300 is what the design promises)."""
import json
import os
import pathlib
import signal
import ssl
import struct
import subprocess
import sys
import tempfile
import time
import unittest

from live_capture import SEND, add_pair
from namespace import RATADNS, call, main, program, wait_until

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "program"))
import fleet  # noqa: E402
from support import TRAFFIC  # noqa: E402

AWAY_S = int(os.environ.get("RATADNS_AWAY_S", "20"))
BEFORE_S = 3
RATE = 1000
SERVERS = ["ns1", "ns2", "ns3"]
HUB = "198.18.0.1"  # RFC 2544: for tests of networks
PCAP_HEAD, RECORD_HEAD, ETHERNET = 24, 16, 14
# As many different names as there are, but for five standard errors of 1.6 %; and quantiles but for 1 %.
DISTINCT_BOUND, QUANTILE_BOUND = .08, .01
REDUCERS = {
    **fleet.REDUCERS,
    "names": 'type = "count_by"\nby = "transport"\nwhere = "query"\nmeasure = ["count", "distinct:qname"]',
    "sizes": 'type = "count_by"\nby = "transport"\nwhere = "response"\nmeasure = ["count", "quantiles:message_size"]',
}


def token_of(name):
    return f"{name}-token-0123456789abcdef"


class Network:
    """A network namespace of its own; what runs in it is prefixed by `inside`. `uplink` joins it with the hub's."""

    def __init__(self, number):
        self.number = number
        self.holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        own = os.readlink("/proc/self/ns/net")
        wait_until(lambda: os.readlink(f"/proc/{self.holder.pid}/ns/net") != own, lambda: "a namespace is made")
        self.inside = ["nsenter", f"--net=/proc/{self.holder.pid}/ns/net"]

    def join(self):
        ip, hub, here = program("ip"), f"198.18.{self.number}.1", f"198.18.{self.number}.2"
        call(ip, "link", "add", f"hub{self.number}", "type", "veth", "peer", "name", "uplink", "netns", self.holder.pid)
        call(ip, "address", "add", f"{hub}/24", "dev", f"hub{self.number}")
        call(ip, "link", "set", f"hub{self.number}", "up")
        self.call(ip, "link", "set", "lo", "up")
        self.call(ip, "address", "add", f"{here}/24", "dev", "uplink")
        self.call(ip, "link", "set", "uplink", "up")
        self.call(ip, "route", "add", "default", "via", hub)

    def take_pair(self):
        """What is sent into its `nearN` comes out of `farN`."""
        ip = program("ip")
        for name in (f"near{self.number}", f"far{self.number}"):
            call(ip, "link", "set", name, "netns", self.holder.pid)
            self.call(ip, "link", "set", name, "addrgenmode", "none", "up")
        wait_until(lambda: all(self.state(f"{side}{self.number}") == "UP" for side in ("near", "far")),
                   lambda: "the pair is up")

    def call(self, *command):
        return call(*self.inside, *command)

    def state(self, interface):
        return json.loads(self.call(program("ip"), "-json", "link", "show", interface))[0]["operstate"]

    def close(self):
        self.holder.kill()
        self.holder.wait()


class Monitor(fleet.Monitor):
    """In a network, on its live traffic."""

    def __init__(self, folder, server, network, port):
        self.network = network
        super().__init__(folder, server, f"https://{HUB}:{port}", source=f'interface = "far{network.number}"',
                         channel=f'ca_file = "{folder}/ca.pem"\ntoken_file = "{folder}/{server}.token"',
                         fsync="second", reducers=REDUCERS)

    def command(self):
        return [*self.network.inside, RATADNS]

    def frames(self, trace, rate, seconds):
        """A process that sends them."""
        return subprocess.Popen([*self.network.inside, SEND, trace, "--interface", f"near{self.network.number}",
                                 "--rate", str(rate), "--seconds", str(seconds)], stdout=subprocess.PIPE, text=True)


class Trace:
    """A capture of its own for each server, and what of it was sent."""

    def __init__(self, folder, number):
        self.path, self.sent_path = folder / f"trace{number}.pcap", folder / f"sent{number}.pcap"
        # UDP in one piece: what is counted of it does not hang on when it comes.
        subprocess.run([TRAFFIC, "--packets", "4000", "--seed", str(number), "--tcp", "0", "--frag", "0", "--noise",
                        "0", "--malformed", "0", "--out", self.path, "--manifest", "/dev/null"], check=True)
        octets = self.path.read_bytes()
        self.head, self.records, at = octets[:PCAP_HEAD], [], PCAP_HEAD
        while at < len(octets):
            end = at + RECORD_HEAD + struct.unpack_from("<I", octets, at + 8)[0]
            self.records.append(octets[at:end])
            at = end
        self.sent = []

    def note(self, count):
        """So many frames were sent, from the first one on and around."""
        self.sent += [self.records[i % len(self.records)] for i in range(count)]
        self.sent_path.write_bytes(self.head + b"".join(self.sent))

    def response_sizes(self):
        sizes = []
        for record in self.sent:
            frame = record[RECORD_HEAD + ETHERNET:]
            udp = frame[40:] if frame[0] >> 4 == 6 else frame[(frame[0] & 15) * 4:]
            source, _, length = struct.unpack_from("!3H", udp)
            if source == 53:
                sizes.append(length - 8)
        return sizes


class Fleet(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="ratadns-fleet-")))
        call(program("ip"), "address", "add", f"{HUB}/32", "dev", "lo")
        self.addCleanup(call, program("ip"), "address", "del", f"{HUB}/32", "dev", "lo")
        self.make_certificates()
        self.begin = int(time.time()) - 1
        self.start_aggregator()
        self.traces = [Trace(self.folder, number) for number in range(1, len(SERVERS) + 1)]
        self.monitors = [self.start_monitor(number, server) for number, server in enumerate(SERVERS, 1)]

    def token_file(self, name):
        path = self.folder / f"{name}.token"
        path.write_text(token_of(name))
        path.chmod(0o600)
        return path

    def openssl(self, *arguments):
        subprocess.run(["openssl", *map(str, arguments)], cwd=self.folder, check=True, capture_output=True)

    def make_certificates(self):
        new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
        self.openssl("req", "-x509", *new_key, "-subj", "/CN=fleet test", "-keyout", "ca.key", "-out", "ca.pem")
        self.openssl("req", *new_key, "-subj", "/CN=hub", "-addext", f"subjectAltName=IP:{HUB}", "-keyout", "hub.key",
                     "-out", "hub.csr")
        self.openssl("x509", "-req", "-in", "hub.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "2",
                     "-copy_extensions", "copy", "-out", "hub.pem")
        self.context = ssl.create_default_context(cafile=self.folder / "ca.pem")

    def start_aggregator(self):
        access = f'[[access]]\nname = "reader"\ntoken_file = "{self.token_file("reader")}"\nmay = ["read"]\n'
        for server in SERVERS:
            access += f'[[access]]\nname = "{server}"\ntoken_file = "{self.token_file(server)}"\nmay = ["send"]\n' \
                      f'servers = ["{server}"]\n'
        tls = f'tls = {{ certificate = "{self.folder}/hub.pem", key = "{self.folder}/hub.key" }}'
        self.aggregator = fleet.Aggregator(self.folder, f"[serve]\n{tls}\n[aggregate]\nspans = [15]\n{access}",
                                           fleet.Server(HUB, self.context, token_of("reader")))
        self.addCleanup(self.aggregator.kill)
        self.aggregator.start(f"{HUB}:0")

    def start_monitor(self, number, server):
        network = Network(number)
        self.addCleanup(network.close)
        network.join()
        add_pair(number)
        network.take_pair()
        monitor = Monitor(self.folder, server, network, self.aggregator.listens)
        self.addCleanup(monitor.kill)
        monitor.start(stdin=subprocess.DEVNULL)
        # The rings are open before this is said.
        wait_until(lambda: "metrics: " in monitor.said() or not monitor.is_running(), monitor.said)
        if "is not permitted to this user" in monitor.said():
            self.skipTest(monitor.said())
        return monitor

    def send(self, seconds):
        senders = [monitor.frames(trace.path, RATE, seconds) for monitor, trace in zip(self.monitors, self.traces)]
        for sender, trace in zip(senders, self.traces):
            answer = json.loads(sender.communicate(timeout=seconds + 30)[0])
            self.assertEqual(answer["refused"], 0)
            trace.note(answer["frames"])

    def truth(self):
        """Of all that was sent, as one capture."""
        return json.loads(subprocess.run([RATADNS, "summary", "--json", *(trace.sent_path for trace in self.traces)],
                                         check=True, capture_output=True).stdout)["dns"]

    def sum(self, reducer, server=""):
        """Of the whole history."""
        path = f"/api/v1/history/sum?reducer={reducer}&server={server}&from={self.begin}&to={int(time.time()) + 10}"
        sums = self.aggregator.ask(path)["sums"]
        self.assertLessEqual(len(sums), 1, sums)
        return sums[0]["data"] if sums else {}

    def check(self):
        """Once all has arrived, nothing is missing and nothing there twice."""
        truth = self.truth()
        expected = truth["queries"], truth["responses"]

        def arrived():
            return sum(self.sum("qtypes").values()), sum(self.sum("rcodes").values())
        fleet.wait_until(lambda: arrived() == expected,
                         lambda: f"{expected} queries and responses; there are {arrived()}")
        self.assertEqual(self.sum("qtypes"), truth["qtype_query"])
        self.assertEqual(self.sum("rcodes"), truth["rcode"])
        for server, trace in zip(SERVERS, self.traces):
            one = json.loads(subprocess.run([RATADNS, "summary", "--json", trace.sent_path], check=True,
                                            capture_output=True).stdout)["dns"]
            self.assertEqual(self.sum("rcodes", server), one["rcode"], server)
            self.assertEqual(self.aggregator.gaps(server, self.begin, int(time.time()) + 10), [], server)
        self.check_sketches(truth)
        self.check_views(truth)
        self.aggregator.check_balance()

    def check_sketches(self, truth):
        names = self.sum("names")["udp"]
        self.assertEqual(names["count"], truth["queries"])
        self.assertAlmostEqual(names["distinct:qname"]["estimate"], truth["distinct_qnames"],
                               delta=DISTINCT_BOUND * truth["distinct_qnames"])
        sizes = sorted(size for trace in self.traces for size in trace.response_sizes())
        found = self.sum("sizes")["udp"]["quantiles:message_size"]
        for name, share in (("p50", .5), ("p90", .9), ("p99", .99)):
            right = sizes[min(int(share * len(sizes)), len(sizes) - 1)]
            self.assertAlmostEqual(found[name], right, delta=QUANTILE_BOUND * right)
        self.assertEqual(found["max"], sizes[-1])

    def check_views(self, truth):
        self.aggregator.wait_for_publication()
        self.assertEqual(self.aggregator.rows("qtypes"), truth["qtype_query"])
        self.assertEqual(self.aggregator.rows("rcodes"), truth["rcode"])

    def test_totals_are_those_of_the_joined_captures_also_after_the_aggregator_was_away(self):
        self.send(BEFORE_S)
        self.check()
        self.aggregator.kill()
        port = self.aggregator.listens
        self.send(AWAY_S)
        self.aggregator.start(f"{HUB}:{port}")
        self.check()
        for monitor in self.monitors:
            monitor.finish(signal.SIGINT)
            self.assertRegex(monitor.said(), r"\nsummaries +\d+ = \d+ sent \+ 0 waiting \+ 0 dropped")
            self.assertNotIn("lost by the kernel", monitor.said())
        self.check()

    def test_a_killed_monitor_lacks_its_open_window_and_no_other(self):
        monitor, trace, server = self.monitors[0], self.traces[0], SERVERS[0]

        def seconds():
            return [start for start, _ in self.aggregator.panes("queries", self.begin, self.begin + 100, 1, server)]
        sender = monitor.frames(trace.path, RATE, 6)
        fleet.wait_until(lambda: len(seconds()) >= 2, lambda: "two windows have come")
        killed = time.time()
        monitor.kill()
        # In the same second it would go on with a part of the window that is lost.
        fleet.wait_until(lambda: int(time.time()) > int(killed), lambda: "the second is over")
        monitor.start(stdin=subprocess.DEVNULL)
        sender.communicate(timeout=30)
        monitor.finish(signal.SIGINT)
        self.assertRegex(monitor.said(), r"\nsummaries +\d+ = \d+ sent \+ 0 waiting \+ 0 dropped")
        fleet.wait_until(lambda: len(self.gaps(server)) == 1, lambda: f"a gap; there are {self.gaps(server)}")
        first, last = self.gaps(server)[0]
        self.assertLessEqual(killed - first, 3)  # a window closes a second late, so that nothing on its way is missed
        self.assertGreater(last, killed)
        there = seconds()
        self.assertEqual([start for start in range(there[0], last + 1) if start not in there], list(range(first, last)))

    def gaps(self, server):
        found = self.aggregator.gaps(server, self.begin, self.begin + 100)
        return [(int(float(gap["from"])), int(float(gap["to"]))) for gap in found if not gap["boot"]]


if __name__ == "__main__":
    main()
