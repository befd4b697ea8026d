"""What the tests with real servers share: one zone, the queries for it, and the servers with their own statistics."""
import json
import pathlib
import re
import tempfile
import unittest
import urllib.request

from namespace import Running, Watch, call, main, program, wait_until  # noqa: F401: tests take all from here

STATISTICS = ("127.0.0.1", 8053)
ZONE = """$ORIGIN example.
$TTL 300
@ SOA ns1 hostmaster 1 7200 900 1209600 300
@ NS ns1
ns1 A 127.0.0.54
www A 192.0.2.80
www AAAA 2001:db8::80
alias CNAME www
mail MX 10 www
text TXT "forty octets of text, so that it is long"
*.wild TXT "any"
"""
KINDS = [("www", "A"), ("www", "AAAA"), ("alias", "A"), ("mail", "MX"), ("text", "TXT"), ("www", "MX"), ("mail", "A"),
         ("nowhere{}", "A"), ("x{}.wild", "TXT"), ("", "SOA"), ("", "NS"), ("gone{}", "AAAA")]


def queries(count):
    """Lines of dnsperf's input: names that exist, that do not, and that lack the type; of several types."""
    return "".join(f"{(label.format(i) + '.').lstrip('.')}example. {qtype}\n"
                   for i, (label, qtype) in ((i, KINDS[i % len(KINDS)]) for i in range(count)))


def dnsperf(folder, address, mode, count, *more):
    """Sends the queries once; returns how many dnsperf says it sent and got responses to. A query that times out
    is not sent again: loss would show."""
    data = folder / "queries.txt"
    data.write_text(queries(count))
    text = call(program("dnsperf"), "-s", address, "-m", mode, "-d", data, "-n", 1, "-c", 4, "-q", 20, "-t", 5, *more)
    return tuple(int(re.search(pattern + r"\D+(\d+)", text)[1]) for pattern in ("Queries sent:", "Queries completed:"))


class ServerTest(unittest.TestCase):
    """One server, one capture: subclasses say how to start it and where its figures are."""
    queries_each = 4800
    address = "127.0.0.54"

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="ratadns-servers-")))
        (self.folder / "example.zone").write_text(ZONE)

    def run_server(self, name, *command):
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        server = Running(folder, *command)
        self.addCleanup(server.stop)
        return server

    def run_nsd(self, address, more=""):
        """NSD with the test's zone; `nsd_figures` reads its statistics."""
        folder = self.folder / "nsd"
        folder.mkdir()
        config = folder / "nsd.conf"
        # Without response rate limiting, which would leave responses out.
        config.write_text(f"""
server:
  ip-address: {address}
  username: ""
  chroot: ""
  zonesdir: "{self.folder}"
  database: ""
  pidfile: "{folder}/pid"
  xfrdfile: "{folder}/xfrd.state"
  zonelistfile: "{folder}/zone.list"
  cookie-secret-file: "{folder}/cookies"
  xfrdir: "{folder}"
  rrl-ratelimit: 0
  rrl-whitelist-ratelimit: 0
remote-control:
  control-enable: yes
  control-interface: "{folder}/control"
zone:
  name: example
  zonefile: example.zone
{more}""")
        self.run_server("nsd", program("nsd"), "-d", "-c", config).wait_for(address)
        self.nsd_figures = lambda: figures(call(program("nsd-control"), "-c", config, "stats_noreset"))

    def run_unbound(self, address, upstream, more=""):
        """Unbound in front of an NSD; `unbound_figures` reads its statistics."""
        self.run_nsd(upstream)
        config = self.folder / "unbound.conf"
        # In a resolver without the world: one stub zone, nothing to validate, and no query of its own accord.
        config.write_text(f"""
server:
  interface: {address}
  username: ""
  chroot: ""
  directory: "{self.folder}"
  pidfile: ""
  use-syslog: no
  do-daemonize: no
  module-config: "iterator"
  do-not-query-localhost: no
  trust-anchor-signaling: no
  root-key-sentinel: no
  extended-statistics: yes
  num-threads: 1
  incoming-num-tcp: 20
  so-rcvbuf: 1m
  num-queries-per-thread: 4096
  outgoing-range: 4200
remote-control:
  control-enable: yes
  control-interface: "{self.folder}/control"
  control-use-cert: no
stub-zone:
  name: example
  stub-addr: {upstream}
{more}
""")
        unbound = self.run_server("unbound", program("unbound"), "-d", "-p", "-c", config)
        unbound.wait_for(address)
        self.unbound_figures = lambda: figures(call(program("unbound-control"), "-c", config, "stats_noreset"))

    def run_bind(self, address, more=""):
        """named with the test's zone; `bind_figures` reads its statistics channel."""
        config = self.folder / "named.conf"
        config.write_text(f"""
options {{
  directory "{self.folder}";
  listen-on {{ {address}; }};
  listen-on-v6 {{ none; }};
  pid-file none;
  session-keyfile none;
  recursion no;
  dnssec-validation no;
  notify no;
  allow-transfer {{ none; }};
  tcp-clients 100;
{more}
}};
controls {{ }};
statistics-channels {{ inet {STATISTICS[0]} port {STATISTICS[1]} allow {{ 127.0.0.1; }}; }};
zone "example" {{ type primary; file "example.zone"; }};
""")
        self.run_server("named", program("named"), "-g", "-n", "1", "-c", config).wait_for(address)

    @staticmethod
    def bind_figures():
        with urllib.request.urlopen("http://%s:%d/json/v1/server" % STATISTICS, timeout=10) as response:
            return json.load(response)

    def watch(self, **options):
        watch = Watch(self.folder, **options)
        self.addCleanup(watch.stop)
        return watch

    def ask(self, *more):
        """dnsperf's queries over UDP and over TCP. Returns how many it sent by each."""
        sent = {}
        for mode in ("udp", "tcp"):
            asked, completed = dnsperf(self.folder, self.address, mode, self.queries_each, *more)
            self.assertEqual(asked, self.queries_each)
            self.assertEqual(completed, asked, f"dnsperf lost something over {mode}")
            sent[mode] = asked
        return sent

    def nothing_was_lost(self, watch):
        """The books, as they are printed at the end, know of no loss and of nothing malformed."""
        text = watch.text()
        self.assertIn("well-formed", text)
        self.assertNotIn("lost by the kernel", text)
        self.assertNotRegex(text, r"\b[1-9]\d* (refused|skipped|waiting|malformed|dropped|lost)")


def difference(after, before):
    """Of two sets of figures of a server, those that moved."""
    return {key: value - before.get(key, 0) for key, value in after.items() if value != before.get(key, 0)}


def figures(text):
    """`name=number` lines, as nsd-control and unbound-control print them."""
    return {key: int(value) for key, value in re.findall(r"^(\S+)=(\d+)$", text, re.MULTILINE)}


def by_prefix(moved, prefix):
    return {key.removeprefix(prefix): value for key, value in moved.items() if key.startswith(prefix)}
