"""Each way of being kept out: a capture without it, the same with it beside, and exactly its counter has moved, with the
sums that it is part of. The captures are texts in the language of docs/captures.md."""
import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest
import urllib.request

from support import RATADNS, ROOT, TIMEOUT_S, ProgramTest, run

sys.path.insert(0, str(ROOT / "tools"))

from captures.files import write  # noqa: E402

TO = "ethernet / ipv4 192.0.2.1 > 192.0.2.53"
QUERY = "udp 40000 > 53 / dns id=8 rd ? www.example. A"
PCAP = f"file pcap\n100.1  {TO} / udp 40000 > 53 / dns id=7 rd ? www.example. A\n"
TWO_LINKS = ("file pcapng\ninterface eth link=ethernet\ninterface other link={link}\n"
             f"100.1  on eth  {TO} / udp 40000 > 53 / dns id=7 rd ? www.example. A\n")
ENDS = "from=192.0.2.1 from-port=40000 to=192.0.2.53 to-port=53"
DNSTAP = f"file dnstap\n100.1  dnstap CLIENT_QUERY protocol=UDP {ENDS} / dns id=7 ? www.example. A\n"
# One message of 29 octets, 31 with its length.
STREAM = "( prefix / dns id=1 rd ? www.example. A + prefix / dns id=2 rd ? www.example. A )"
SEGMENT = f"{TO} / tcp 40000 > 53"


def frame(part, reason=None, count=1):
    moved = {"frames/in": count, f"frames/{part}": count}
    if reason:
        moved[f"frames/{part}/{reason}"] = count
    return moved


def message(part, reason=None, count=1):
    moved = {**frame("decoded", None, count), "messages/in": count, f"messages/{part}": count}
    if reason:
        moved[f"messages/{part}/{reason}"] = count
    return moved


# What is tried: the capture, the lines beside it, what has to move, and further arguments.
CASES = {
    "frames/filtered/not_ip": (PCAP, "101 ethernet type=0x0806 / zeros 40", frame("filtered", "not_ip")),
    "frames/filtered/other_protocol": (PCAP, f"101 {TO} protocol=50 / zeros 40", frame("filtered", "other_protocol")),
    "frames/filtered/other_port": (PCAP, f"101 {TO} / udp 40000 > 5353 / dns id=8 ? www.example. A",
                                   frame("filtered", "other_port")),
    "frames/filtered/dns_in_icmp": (
        PCAP, f"101 ethernet / ipv4 192.0.2.53 > 192.0.2.1 / icmp unreachable code=3 / ipv4 192.0.2.1 > 192.0.2.53 / {QUERY}",
        frame("filtered", "dns_in_icmp")),
    "frames/filtered/encrypted": (TWO_LINKS.format(link="wifi"), "101 on other wifi to-ds protected / zeros 24",
                                  frame("filtered", "encrypted")),
    "frames/filtered/no_message": (DNSTAP, "101 dnstap CLIENT_QUERY empty", frame("filtered", "no_message")),
    "frames/filtered/outside_time": (PCAP, f"200 {TO} / {QUERY}", frame("filtered", "outside_time"), "--to", "150"),
    "frames/refused/unknown_link_type": (TWO_LINKS.format(link="147"), "101 on other zeros 60",
                                         frame("refused", "unknown_link_type")),
    "frames/refused/cut_link_header": (PCAP, "101 hex 000000000000", frame("refused", "cut_link_header")),
    "frames/refused/bad_tunnel_header": (PCAP, f"101 {TO} protocol=47 / hex b0000800",
                                         frame("refused", "bad_tunnel_header")),
    "frames/refused/too_deep": (PCAP, f"101 ethernet / {'vlan 1 / ' * 20} ipv4 192.0.2.1 > 192.0.2.53 / {QUERY}",
                                frame("refused", "too_deep")),
    "frames/refused/bad_ip_header": (PCAP, f"101 {TO} ihl=1 / {QUERY}", frame("refused", "bad_ip_header")),
    "frames/refused/cut_by_capture": (PCAP, f"101 snap=60 {TO} / {QUERY}", frame("refused", "cut_by_capture")),
    "frames/refused/bad_udp_header": (PCAP, f"101 {TO} / udp 40000 > 53 length=7 / dns id=8 ? www.example. A",
                                      frame("refused", "bad_udp_header")),
    "frames/refused/bad_tcp_header": (PCAP, f"101 {SEGMENT} offset=1", frame("refused", "bad_tcp_header")),
    "frames/refused/bad_fragment": (PCAP, f"101 {TO} / fragment 0:31 id=9 / {QUERY}", frame("refused", "bad_fragment")),
    "frames/refused/bad_record": (DNSTAP, "101 hex ffffffffffff", frame("refused", "bad_record")),
    # An enhanced packet block of the third interface, which no block has described.
    "frames/left_out": ("file pcapng\ninterface eth link=ethernet\n" + PCAP.split("\n", 1)[1].replace("100.1", "100.1 on eth"),
                        "block 6 02000000000000000000000004000000040000000a0b0c0d", {"frames/left_out": 1}),
    "datagrams/joined": (PCAP, f"101 {TO} / fragment 0:24 id=9 / {QUERY}\n101 {TO} / fragment 24: id=9 / {QUERY}",
                         {**frame("decoded", None, 2), "datagrams/joined": 1, "messages/in": 1, "messages/well_formed": 1}),
    "datagrams/given_up": (PCAP, f"101 {TO} / fragment 0:24 id=9 / {QUERY}", {**frame("decoded"), "datagrams/given_up": 1}),
    # The hole is in the first message: what stands of it is lost, the second is found.
    "tcp_octets/skipped/gap": (
        PCAP, f"101 {SEGMENT} seq=100 flags=S\n102 {SEGMENT} seq=101 / slice 0:10 / {STREAM}\n"
              f"103 {SEGMENT} seq=121 / slice 20: / {STREAM}",
        {**frame("decoded", None, 3), "tcp_octets/in": 52, "tcp_octets/delivered": 31, "tcp_octets/skipped": 21,
         "tcp_octets/skipped/gap": 21, "messages/in": 1, "messages/well_formed": 1}),
    "tcp_octets/skipped/unfinished": (
        PCAP, f"101 {SEGMENT} seq=100 flags=S\n102 {SEGMENT} seq=101 / slice 0:41 / {STREAM}",
        {**frame("decoded", None, 2), "tcp_octets/in": 41, "tcp_octets/delivered": 31, "tcp_octets/skipped": 10,
         "tcp_octets/skipped/unfinished": 10, "messages/in": 1, "messages/well_formed": 1}),
    "tcp_octets/repeated": (
        PCAP, f"101 {SEGMENT} seq=100 flags=S\n102 {SEGMENT} seq=101 / slice 0:31 / {STREAM}\n"
              f"103 {SEGMENT} seq=101 / slice 0:31 / {STREAM}",
        {**frame("decoded", None, 3), "tcp_octets/in": 31, "tcp_octets/delivered": 31, "tcp_octets/repeated": 31,
         "messages/in": 1, "messages/well_formed": 1}),
    "messages/malformed/short_header": (PCAP, f"101 {TO} / udp 40000 > 53 / hex 000801000001",
                                        message("malformed", "short_header")),
    "messages/malformed/cut_name": (PCAP, f"101 {TO} / udp 40000 > 53 / dns qd=1 | hex 3f616263",
                                    message("malformed", "cut_name")),
    "messages/malformed/bad_label_type": (PCAP, f"101 {TO} / udp 40000 > 53 / dns qd=1 | hex 800000010001",
                                          message("malformed", "bad_label_type")),
    "messages/malformed/pointer_in_question": (PCAP, f"101 {TO} / udp 40000 > 53 / dns ? @12 A",
                                               message("malformed", "pointer_in_question")),
    "messages/malformed/name_too_long": (
        PCAP, f"101 {TO} / udp 40000 > 53 / dns ? {'a' * 63}.{'b' * 63}.{'c' * 63}.{'d' * 63}. A",
        message("malformed", "name_too_long")),
    "messages/malformed/cut_question": (PCAP, f"101 {TO} / udp 40000 > 53 / dns qd=1 | hex 03777777000001",
                                        message("malformed", "cut_question")),
    "messages/broken_records": (PCAP, f"101 {TO} / udp 40000 > 53 / dns an=1 ? www.example. A",
                                {**message("well_formed"), "messages/broken_records": 1}),
}

# With windows: read by `run`, whose page tells the balance.
HEAD = '[[channel]]\nname = "out"\nurl = "null:"\n'
BY_CLIENT = HEAD + '[[reducer]]\ntype = "count_by"\nname = "clients"\nby = ["client"]\nsend = ["out"]\n'
ONE_WINDOW_MORE = {"windows/closed": 1, "summaries/pushed": 1, "summaries/sent": 1}
BOUNDED = "shards = 1\n[limits]\nstreams = 16\n" + BY_CLIENT
CONNECTIONS, REMEMBERED = 20, 8  # with part of a message each; both directions count as streams. The oldest go

WINDOW_CASES = {
    "frames/refused/implausible_time": (PCAP, f"172900 {TO} / {QUERY}", frame("refused", "implausible_time")),
    "frames/refused/no_time": (
        DNSTAP, None, frame("refused", "no_time"),
        DNSTAP.replace("dnstap\n", f"dnstap\n0 dnstap CLIENT_QUERY protocol=UDP untimed {ENDS} / dns id=8 ? www.example. A\n", 1)),
    "messages/late": (PCAP + f"110 {TO} / {QUERY}\n", f"101 {TO} / {QUERY}", {**message("well_formed"), "messages/late": 1}),
    # 100 and 101 are closed, 101 as the one before that may still get late packets; 102 to 5098 lie in the gap.
    "windows/in_gaps": (PCAP, f"5100 {TO} / {QUERY}",
                        {**message("well_formed"), **ONE_WINDOW_MORE, "windows/in_gaps": 4998}),
    "reducers/lacking": (DNSTAP, "100.2 dnstap CLIENT_QUERY protocol=UDP / dns id=8 ? www.example. A",
                         {**message("well_formed"), "reducers/lacking": 1, "reducers/lacking/clients: source": 1}),
    "tcp_octets/skipped/limit": (
        PCAP, "\n".join(f"100.2 {TO} / tcp {40000 + i} > 53 seq=100 flags=S\n"
                        f"100.3 {TO} / tcp {40000 + i} > 53 seq=101 / slice 0:10 / {STREAM}" for i in range(CONNECTIONS)),
        {**frame("decoded", None, 2 * CONNECTIONS), "tcp_octets/in": 10 * CONNECTIONS,
         "tcp_octets/skipped": 10 * CONNECTIONS, "tcp_octets/skipped/limit": 10 * (CONNECTIONS - REMEMBERED),
         "tcp_octets/skipped/unfinished": 10 * REMEMBERED}),
}
# Named above, or shown in a test of its own below.
ELSEWHERE = {
    "tcp_octets/waiting": "test_what_waits_for_the_rest_of_its_message",
    "summaries/waiting": "test_results_that_no_channel_takes",
    "summaries/dropped": "test_results_that_no_channel_takes",
    "summaries/unheard": "test_results_that_redis_takes_and_nobody_hears",
    "summaries/perhaps_twice": "test_results_that_redis_takes_and_nobody_hears",
    "summaries/found": "spool_reasons_test.py",
    "summaries/refused": "spool_reasons_test.py",
    "summaries/unspooled": "spool_reasons_test.py",
    "frames/lost": "tests/integration: only a live interface loses",
    "scripts/faults": "lua_test.py: Faults",
    "scripts/missed/fault": "lua_test.py: Faults",
    "scripts/missed/off": "lua_test.py: Faults",
    "scripts/missed/unsent": "lua_test.py: test_windows_by_packets",
    "scripts/missed/full": "tests/integration: only a live source does not wait for a script",
}
SOUND = {"frames/in", "frames/decoded", "frames/filtered", "frames/refused", "tcp_octets/in", "tcp_octets/delivered",
         "tcp_octets/skipped", "messages/in", "messages/well_formed", "messages/malformed", "windows/closed",
         "scripts/given", "scripts/counted", "scripts/waiting", "scripts/missed", "summaries/pushed", "summaries/sent"}


def flat(balance):
    """{"frames/refused/bad_record": 1}: every figure of a balance."""
    figures = {}
    for group, members in balance.items():
        for name, value in members.items():
            if name.endswith("_by_reason"):
                figures.update({f"{group}/{name[:-len('_by_reason')]}/{reason}": n for reason, n in value.items()})
            elif name != "first_frame":
                figures[f"{group}/{name}"] = value
    return figures


def moved(before, after):
    return {name: after.get(name, 0) - before.get(name, 0) for name in sorted({*before, *after})
            if after.get(name, 0) != before.get(name, 0)}


class Redis(threading.Thread):
    """Enough of a Redis to publish to: breaks so many connections at their first PUBLISH, then says that nobody hears."""

    def __init__(self, broken):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.broken = broken
        self.start()

    def run(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            with peer:
                while octets := peer.recv(65536):
                    published = octets.count(b"PUBLISH\r\n")
                    if published and self.broken:
                        self.broken -= 1
                        break
                    others = len(re.findall(rb"(?m)^\*\d", octets)) - published
                    peer.sendall(b"+OK\r\n" * others + b":0\r\n" * published)


class Served:
    """`ratadns run` with its status, until told to end."""

    def __init__(self, config, source, stdin=None):
        self.process = subprocess.Popen([RATADNS, "run", "-c", config, "--listen", "127.0.0.1:0", source], stdin=stdin,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.said = ""
        address = re.compile(r"watches .*: (http://\S+/)")
        while not address.search(self.said):
            line = self.process.stderr.readline()
            if not line:
                raise AssertionError(self.said)
            self.said += line
        self.base = address.search(self.said)[1]

    def status_when(self, fits):
        until = time.monotonic() + TIMEOUT_S
        while True:
            status = json.loads(urllib.request.urlopen(self.base + "api/v1/status", timeout=TIMEOUT_S).read())
            if fits(status):
                return status
            if time.monotonic() > until:
                raise AssertionError(json.dumps(status))

    def end(self):
        self.process.send_signal(signal.SIGINT)
        self.said += self.process.communicate(timeout=TIMEOUT_S)[1]
        return self.process.returncode


class Reasons(ProgramTest):
    maxDiff = None

    def capture(self, text, name="capture"):
        path = self.folder / name
        write(text, path)
        return path

    def balance(self, text, *arguments):
        done = run("summary", "--json", *arguments, self.capture(text))
        return flat(json.loads(done.stdout)["balance"])

    def served(self, config, text):
        served = Served(self.file("run.toml", config), self.capture(text))
        try:
            balance = served.status_when(lambda status: status["state"] == "ended")["balance"]
        finally:
            served.end()
        return flat(balance)

    def test_of_what_is_in_a_capture(self):
        for name, (base, more, expected, *arguments) in CASES.items():
            with self.subTest(name):
                self.assertIn(name, expected)
                self.assertEqual(moved(self.balance(base, *arguments), self.balance(base + more + "\n", *arguments)), expected)

    def test_of_what_windows_and_bounds_leave_out(self):
        for name, (base, more, expected, *whole) in WINDOW_CASES.items():
            with self.subTest(name):
                config = BOUNDED if name.endswith("limit") else BY_CLIENT
                self.assertIn(name, expected)
                after = self.served(config, whole[0] if whole else base + more + "\n")
                self.assertEqual(moved(self.served(config, base), after), expected)

    def test_what_waits_for_the_rest_of_its_message(self):
        whole = self.capture(PCAP + CASES["tcp_octets/skipped/unfinished"][1] + "\n").read_bytes()
        served = Served(self.file("run.toml", BY_CLIENT), "-", subprocess.PIPE)
        try:
            served.process.stdin.buffer.write(whole)
            served.process.stdin.flush()
            balance = flat(served.status_when(lambda status: status["balance"]["frames"]["in"] == 3)["balance"])
            served.process.stdin.close()
            served.process.stdin = None
            ended = flat(served.status_when(lambda status: status["state"] == "ended")["balance"])
        finally:
            served.end()
        self.assertEqual({name: balance[name] for name in balance if name.startswith("tcp_octets") and balance[name]},
                         {"tcp_octets/in": 41, "tcp_octets/delivered": 31, "tcp_octets/waiting": 10})
        self.assertEqual((ended["tcp_octets/waiting"], ended["tcp_octets/skipped/unfinished"]), (0, 10))

    def test_results_that_no_channel_takes(self):
        full = BY_CLIENT.replace("null:", "file:///dev/full")
        text = PCAP + "".join(f"{101 + i} {TO} / {QUERY}\n" for i in range(3))
        served = Served(self.file("run.toml", full), self.capture(text))
        try:
            # At its end the monitor tries for five seconds more: meanwhile all results wait.
            waiting = flat(served.status_when(lambda status: status["balance"]["summaries"]["pushed"] == 4)["balance"])
            ended = flat(served.status_when(lambda status: status["state"] == "ended")["balance"])
        finally:
            status = served.end()
        self.assertEqual((waiting["summaries/waiting"], waiting["summaries/sent"], waiting["summaries/dropped"]), (4, 0, 0))
        self.assertEqual((ended["summaries/waiting"], ended["summaries/sent"], ended["summaries/dropped"]), (0, 0, 4))
        self.assertEqual(status, 1)
        self.assertRegex(served.said, r"summaries +4 = 0 sent \+ 0 waiting \+ 4 dropped")

    def test_results_that_redis_takes_and_nobody_hears(self):
        for broken in (0, 1):
            redis = Redis(broken)
            port = redis.listener.getsockname()[1]
            served = Served(self.file("run.toml", BY_CLIENT.replace("null:", f"redis://127.0.0.1:{port}/")), self.capture(PCAP))
            try:
                ended = flat(served.status_when(lambda status: status["state"] == "ended")["balance"])
            finally:
                served.end()
                redis.listener.close()
            self.assertEqual({name: ended[name] for name in ended if name.startswith("summaries") and ended[name]},
                             {"summaries/pushed": 1, "summaries/sent": 1, "summaries/unheard": 1,
                              **({"summaries/perhaps_twice": broken} if broken else {})})

    def test_every_reason_and_every_loss_has_a_case(self):
        listed = {f"{row[2]}/{row[0]}".replace(" ", "/", 1) for row in self.reasons()}
        self.assertGreater(len(listed), 25)
        listed = {name if "NAME: MEMBER" not in name else "reducers/lacking" for name in listed}
        told = set(flat(json.loads(run("summary", "--json", self.capture(PCAP)).stdout)["balance"]))
        self.assertEqual(sorted((listed | told) - SOUND - set(CASES) - set(WINDOW_CASES) - set(ELSEWHERE)), [])

    def reasons(self):
        """The rows of `ratadns list reasons`: name, help, where it is counted."""
        rows = run("list", "reasons", "--format", "markdown").stdout.splitlines()
        return [[cell.strip(" `") for cell in row.split("|")[1:-1]] for row in rows if row.startswith("| `")]


if __name__ == "__main__":
    unittest.main()
