"""A double of the older aggregator's reading side: subscribes to Redis by channel name and works out what its processors
would show over one span. As strict as the original: what that could not read ends a processor, and here the test."""
import collections
import json
import socket

CHANNELS = ["QueriesSummary", "QueriesPerSecond", "AnswersPerSecond", "topk"]
MNEMONICS = {"1": "A", "2": "NS", "5": "CNAME", "6": "SOA", "12": "PTR", "15": "MX", "16": "TXT", "28": "AAAA",
             "255": "*"}


class Connection:
    """Commands and replies of Redis' protocol (RESP2)."""

    def __init__(self, port, buffer=None):
        self.socket = socket.socket()
        if buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.socket.settimeout(15)
        self.socket.connect(("127.0.0.1", port))
        self.stream = self.socket.makefile("rb")

    def close(self):
        self.stream.close()
        self.socket.close()

    def send(self, *words):
        parts = [str(word).encode() for word in words]
        self.socket.sendall(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(one), one) for one in parts))

    def reply(self):
        line = self.stream.readline()
        if not line.endswith(b"\r\n"):
            raise EOFError("the connection was closed")
        kind, rest = line[:1], line[1:-2]
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return self.stream.read(int(rest) + 2)[:-2].decode() if rest != b"-1" else None
        if kind == b"*":
            return [self.reply() for _ in range(int(rest))]
        if kind == b"-":
            raise RuntimeError(rest.decode())
        return rest.decode()

    def ask(self, *words):
        self.send(*words)
        return self.reply()


def address_text(ip):
    """Text with a colon is taken as it is; of anything else the first eight digits are an IPv4 address."""
    return ip if ":" in ip else ".".join(str(int(ip[i:i + 2], 16)) for i in range(0, 8, 2))


class Aggregator:
    def __init__(self, port, channels=CHANNELS):
        self.connection = Connection(port)
        for number, channel in enumerate(channels, 1):
            assert self.connection.ask("SUBSCRIBE", channel) == ["subscribe", channel, number]
        self.messages = []  # (channel, text)

    def close(self):
        self.connection.close()

    def hear(self, count):
        """Waits for so many messages."""
        while len(self.messages) < count:
            kind, channel, text = self.connection.reply()
            assert kind == "message", kind
            self.messages.append((channel, text))

    def hear_rest(self, patience_s=0.5):
        self.connection.socket.settimeout(patience_s)
        try:
            self.hear(1 << 30)
        except (TimeoutError, EOFError, OSError):
            pass

    def envelopes(self, *channels):
        return [json.loads(text) for channel, text in self.messages if channel in channels]

    def queries_summary(self, limit):
        by_server, total = {}, 0
        for envelope in self.envelopes("QueriesSummary"):
            clients = by_server.setdefault(envelope["serverId"], {})
            for row in envelope["data"]:
                counts = clients.setdefault(address_text(row["ip"]), collections.Counter())
                for qtype, qnames in row["queries"].items():
                    counts[MNEMONICS[qtype]] += len(qnames)
                    total += len(qnames)
        return {server: [(ip, dict(counts), 100 * counts.total() / total) for ip, counts in
                         sorted(clients.items(), key=lambda item: -item[1].total())[:limit]]
                for server, clients in by_server.items()}

    def queries_by_qtype(self, limit):
        by_type, total = {}, 0
        for envelope in self.envelopes("QueriesSummary"):
            for row in envelope["data"]:
                for qtype, qnames in row["queries"].items():
                    counts = by_type.setdefault(str(int(qtype)), collections.Counter())
                    counts[row["ip"], envelope["serverId"]] += len(qnames)
                    total += len(qnames)
        return {qtype: [(ip, server, count, 100 * count / total) for (ip, server), count in
                        sorted(counts.items(), key=lambda item: -item[1])[:limit]]
                for qtype, counts in by_type.items()}

    def server_data(self):
        """The plain mean of the windows' values, which have to be bare numbers."""
        rates = collections.defaultdict(lambda: {"QueriesPerSecond": [], "AnswersPerSecond": []})
        for envelope in self.envelopes("QueriesPerSecond", "AnswersPerSecond"):
            rates[envelope["serverId"]][envelope["type"]].append(envelope["data"])
        return {server: tuple(sum(values) / len(values) for values in kinds.values()) for server, kinds in rates.items()}

    def top_qnames(self, limit):
        by_server, total = {}, 0
        for envelope in self.envelopes("topk"):
            counts = by_server.setdefault(envelope["serverId"], collections.Counter())
            for qname, count in envelope["data"].items():
                counts[qname] += count
                total += count
        return {server: [(qname, count, 100 * count / total) for qname, count in
                         sorted(counts.items(), key=lambda item: -item[1])[:limit]]
                for server, counts in by_server.items()}
