"""A way between monitors and an aggregator that breaks: for the fault tests."""
import contextlib
import random
import socket
import struct
import threading
import time

CHUNK = 4096


class Proxy:
    """Passes TCP connections on to `target`, a port of loopback. While it is faulty, a connection may be cut at any
    octet in either direction (an answer lost after the aggregator committed is one of these), stand still and then go,
    be slow, or be refused. What happens to each of them in turn, the seed decides."""

    def __init__(self, seed):
        self.chance = random.Random(f"{seed} proxy")
        self.target = None  # nobody is there
        self.faulty = True
        self.open = set()
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def calm(self):
        """From now on everything goes through. What was faulty ends."""
        self.faulty = False
        self.cut()

    def cut(self):
        with self.lock:
            for connection in self.open:
                connection.end()

    def close(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.cut()

    def _accept(self):
        with contextlib.suppress(OSError):  # it was closed
            while True:
                client, _ = self.listener.accept()
                fault = self._fault() if self.faulty else {}
                threading.Thread(target=self._serve, args=(client, fault), daemon=True).start()

    def _fault(self):
        kind = self.chance.choice(["none", "none", "up", "up", "down", "down", "slow", "stall", "refuse"])
        octets = self.chance.choice([0, 1, 40, 300, 3000, 20_000])
        if kind in ("up", "down"):
            return {kind: self.chance.randint(0, octets)}
        return {"none": {}, "slow": {"pause": self.chance.uniform(.005, .03)},
                "stall": {"stall": self.chance.uniform(.05, .3)}, "refuse": {"refuse": True}}[kind]

    def _serve(self, client, fault):
        if fault.get("refuse") or self.target is None:
            return reset(client)
        if "stall" in fault:
            time.sleep(fault["stall"])
            return reset(client)
        try:
            server = socket.create_connection(("127.0.0.1", self.target), timeout=5)
        except OSError:
            return reset(client)
        server.settimeout(None)
        connection = Connection(client, server, fault)
        with self.lock:
            self.open.add(connection)
        connection.run()
        with self.lock:
            self.open.discard(connection)


class Connection:
    def __init__(self, client, server, fault):
        self.client, self.server, self.fault = client, server, fault

    def run(self):
        """Until either side ends it, or its fault does."""
        back = threading.Thread(target=self._copy, args=(self.server, self.client, self.fault.get("down")), daemon=True)
        back.start()
        self._copy(self.client, self.server, self.fault.get("up"))
        back.join()
        reset(self.client)
        reset(self.server)

    def end(self):
        for side in (self.client, self.server):
            with contextlib.suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)

    def _copy(self, source, sink, limit):
        """`limit`: after so many octets it ends. None: it never does."""
        with contextlib.suppress(OSError):
            while octets := source.recv(CHUNK):
                time.sleep(self.fault.get("pause", 0))
                sink.sendall(octets[:limit])
                if limit is not None and len(octets) >= limit:
                    break
                limit = None if limit is None else limit - len(octets)
        self.end()


def reset(side):
    """The other end learns at once that nothing more comes, in the middle of whatever it does."""
    with contextlib.suppress(OSError):
        side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    side.close()
