"""What the tests with monitors and an aggregator share: starting both, feeding, asking."""
import http.client
import json
import os
import re
import signal
import subprocess
import time

from support import RATADNS, TIMEOUT_S

REDUCERS = {
    "queries": 'type = "QueriesPerSecond"',
    "qtypes": 'type = "count_by"\nby = "qtype"\nwhere = "query"',
    "rcodes": 'type = "count_by"\nby = "rcode"\nwhere = "response"',
}


def wait_until(happens, what, patience_s=TIMEOUT_S):
    """The first true value of `happens()`, asked again and again up to a deadline."""
    deadline = time.monotonic() + patience_s
    while True:
        value = happens()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {patience_s} s: {what()}")
        time.sleep(.02)


class Server:
    """Where programs answer: at an address, over TLS where a context is given, perhaps to who shows a token."""

    def __init__(self, address="127.0.0.1", context=None, token=None):
        self.address, self.context = address, context
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def get(self, port, path):
        """Status and text. Errors: OSError, when nobody answers."""
        kind = http.client.HTTPSConnection if self.context else http.client.HTTPConnection
        more = {"context": self.context} if self.context else {}
        connection = kind(self.address, port, timeout=TIMEOUT_S, **more)
        try:
            connection.request("GET", path, headers=self.headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except http.client.HTTPException as error:
            raise OSError(str(error)) from error
        finally:
            connection.close()

    def metrics(self, port):
        """Those without labels, by name."""
        status, text = self.get(port, "/metrics")
        assert status == 200, text
        return {name: float(value) for name, value in re.findall(r"^ratadns_(\w+) ([0-9.e+-]+)$", text, re.MULTILINE)}


class Program:
    """`ratadns` with its output in a log, which grows over restarts."""

    def __init__(self, folder, name):
        self.folder, self.name = folder, name
        self.log = folder / f"{name}.log"
        self.log.touch()
        self.process, self.begin = None, 0

    def command(self):
        return [RATADNS]

    def start(self, *arguments, stdin=subprocess.DEVNULL):
        self.begin = self.log.stat().st_size
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([*self.command(), *map(str, arguments)], stdin=stdin, stdout=log,
                                            stderr=log)

    def said(self):
        """Since the last start."""
        with self.log.open("rb") as log:
            log.seek(self.begin)
            return log.read().decode(errors="replace")

    def port(self, pattern):
        """The port in what it says. None while it has not said so. Errors: it ended."""
        found = re.search(pattern + r"https?://[^ ]*?:(\d+)/", self.said())
        if not found and self.process.poll() is not None:
            raise AssertionError(f"{self.name} ended with status {self.process.returncode}: {self.said()}")
        return int(found[1]) if found else None

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        if self.is_running():
            self.process.kill()
            self.process.wait()

    def finish(self, how=signal.SIGTERM):
        """It ends in order."""
        self.process.send_signal(how)
        status = self.process.wait(TIMEOUT_S)
        assert status == 0, f"{self.name} ended with status {status}: {self.said()}"


class Aggregator(Program):
    def __init__(self, folder, more="", server=None):
        super().__init__(folder, "aggregator")
        self.config = folder / "aggregator.toml"
        self.config.write_text(f'{more}\n[store]\npath = "{folder}/history.db"\nsettle_seconds = 0\n')
        self.server, self.listens = server or Server(), None

    def start(self, listen="127.0.0.1:0"):
        super().start("aggregate", "-c", self.config, "--listen", listen)
        self.listens = wait_until(lambda: self.port("aggregates: "), self.said)

    def ask(self, path):
        status, text = self.server.get(self.listens, path)
        assert status == 200, f"{path}: {status} {text}"
        return json.loads(text)

    def wait_for_history(self):
        """After a start: what had come before it is written. Later this tells nothing: metrics may be a second old."""
        wait_until(lambda: self.server.metrics(self.listens)["history_open_panes"] == 0,
                   lambda: "all panes are written")

    def wait_for_publication(self):
        """What has come by now shows in status, metrics and views, which are made once a second."""
        begin = time.time()

        def made():
            status = self.ask("/api/v1/status")
            return float(status["watermark"] or 0) + (status["behind_seconds"] or 0)
        wait_until(lambda: made() >= begin, lambda: f"a status of {begin}, the newest is of {made()}")

    def rows(self, view, minutes=15):
        """What a view of a table shows."""
        return {row["key"]: row["count"] for row in self.ask(f"/api/v1/views/{view}?span={minutes}")["rows"]}

    def panes(self, reducer, begin, end, resolution, server=""):
        """[(start, data)]: as many as the answer has, so that one that is there twice shows."""
        answer = self.ask(f"/api/v1/history?reducer={reducer}&server={server}&from={begin}&to={end}"
                          f"&resolution={resolution}&points=20000")
        return [(int(float(pane["window"]["start"])), pane["data"]) for pane in answer["panes"]]

    def gaps(self, server, begin, end):
        return self.ask(f"/api/v1/gaps?server={server}&from={begin}&to={end}")["gaps"]

    def check_balance(self):
        """All that came is accounted for, and nothing of it was lost."""
        balance = self.ask("/api/v1/balance")["balance"]["summaries"]
        assert balance["in"] == sum(balance[name] for name in ("committed", "repeated", "too_old", "refused", "put_off", "lost")), balance
        assert balance["too_old"] == balance["refused"] == 0, balance


class Monitor(Program):
    """Reads standard input, or what `source` says, and sends to an aggregator by way of a spool."""

    def __init__(self, folder, server, url, source='file = "-"', channel="", fsync="never", reducers=None):
        super().__init__(folder, server)
        self.server, self.spool = server, folder / f"{server}.spool"
        self.config = folder / f"{server}.toml"
        text = f'server = "{server}"\nwindow = {{ seconds = 1 }}\n[[source]]\n{source}\n' \
               f'[serve]\nlisten = "127.0.0.1:0"\n[[channel]]\nname = "up"\nurl = "{url}"\n' \
               f'spool = {{ path = "{self.spool}", fsync = "{fsync}" }}\n{channel}\n'
        for name, reducer in (reducers or REDUCERS).items():
            text += f'[[reducer]]\n{reducer}\nname = "{name}"\nsend = ["up"]\n'
        self.config.write_text(text)

    def start(self, *options, stdin=subprocess.PIPE):
        super().start("monitor", "-c", self.config, *options, stdin=stdin)
        if stdin == subprocess.PIPE:
            os.set_blocking(self.process.stdin.fileno(), False)

    def kill(self):
        super().kill()
        if self.process is not None and self.process.stdin:
            self.process.stdin.close()

    def feed(self, octets):
        """Writes what there is room for; returns how many octets that were."""
        try:
            return os.write(self.process.stdin.fileno(), octets)
        except BlockingIOError:
            return 0

    def summaries(self):
        """Its metrics of summaries, "sent" and others; nothing while nobody answers."""
        port = self.port("metrics: ")
        try:
            metrics = Server().metrics(port) if port else {}
        except OSError:
            return {}
        return {name.removeprefix("summaries_").removesuffix("_total"): int(value) for name, value in metrics.items()
                if name.startswith("summaries_")}

    def drain(self, capture):
        """After a run's end: starts again until nothing is left in the spool. Errors: it does not get empty."""
        for _ in range(20):
            status = self.process.wait(TIMEOUT_S)
            assert status == 0, f"{self.name} ended with status {status}: {self.said()}"
            if "stay in the spool" not in self.said():
                return
            with capture.open("rb") as stdin:
                self.start(stdin=stdin)
        raise AssertionError(f"{self.name}: the spool does not get empty: {self.said()}")
