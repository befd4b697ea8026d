"""An aggregator that starts again, or reads its configuration again, under monitors that go on; and two of one name."""
import json
import pathlib
import sys
import tempfile
import time
import unittest
import urllib.request

from fleet import Aggregator, wait_until
from support import TIMEOUT_S

READ_AGAIN = "configuration read again"
VIEW = "names"
KEYS = 100  # more than single seconds are kept of


def summary(start, sequence, boot="boot", server="ns1"):
    """A table of a window, in which every key has one message."""
    return json.dumps({
        "type": VIEW, "serverId": server, "monitor": server, "version": 1, "merge": "sum",
        "form": {"kind": "counts", "by": ["qname"]}, "data": {f"name-{key}.": 1 for key in range(KEYS)},
        "window": {"start": f"{start}.000000000", "seconds": 1, "packets": KEYS, "late": 0},
        "id": {"boot": boot, "sequence": sequence, "revision": 0}, "loss": {"kernel": 0, "queue": 0, "malformed": 0}})


class RestartTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.aggregator = Aggregator(pathlib.Path(folder.name))
        self.addCleanup(self.aggregator.kill)
        self.aggregator.start()
        # All of it within one pane of 10 s, a while ago.
        self.begin = int(time.time()) // 10 * 10 - 60

    def post(self, *summaries):
        request = urllib.request.Request(f"http://127.0.0.1:{self.aggregator.listens}/api/v1/summaries",
                                         "\n".join(summaries).encode(), {"Content-Type": "application/x-ndjson"})
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            return json.load(answer)

    def total(self, scope=""):
        """None while there is no such view yet."""
        status, text = self.aggregator.server.get(self.aggregator.listens, f"/api/v1/views/{VIEW}?span=15{scope}")
        return json.loads(text)["total"] if status == 200 else None

    def await_total(self, expected, scope=""):
        wait_until(lambda: self.total(scope) == expected, lambda: f"{expected}, there are {self.total(scope)}")

    def status(self):
        return self.aggregator.ask("/api/v1/status")

    def reload(self, more):
        config = self.aggregator.config.read_text()
        self.aggregator.config.write_text(config + more)
        before = self.aggregator.said().count(READ_AGAIN)
        self.aggregator.process.send_signal(1)
        wait_until(lambda: self.aggregator.said().count(READ_AGAIN) > before, self.aggregator.said)

    def taken_by_views(self):
        """By the views that are shown now."""
        self.aggregator.wait_for_publication()
        return self.aggregator.server.metrics(self.aggregator.listens)["aggregator_summaries_total"]

    def test_a_killed_aggregator_shows_what_it_showed(self):
        self.post(*(summary(self.begin + i, i) for i in range(10)))
        self.aggregator.kill()
        self.aggregator.start()
        # What is sent while it may still restore counts once.
        self.assertEqual(self.post(summary(self.begin + 9, 9), summary(self.begin + 11, 11))["repeated"], 1)
        wait_until(lambda: self.status()["restoring"] is None, lambda: "all is restored")
        self.await_total(11 * KEYS)

    def test_a_reload_leaves_views_alone_that_do_not_change(self):
        self.post(*(summary(self.begin + i, i) for i in range(5)))
        self.assertEqual(self.taken_by_views(), 5)
        self.reload("# nothing\n")
        self.assertEqual(self.taken_by_views(), 5, "they were not filled anew, which would be one pane")

    def test_a_reload_that_changes_views_fills_them(self):
        self.post(*(summary(self.begin + i, i) for i in range(5)))
        self.reload('[[group]]\nname = "all"\nservers = ["ns1"]\n')
        self.await_total(5 * KEYS)
        self.await_total(5 * KEYS, "&group=all")
        self.assertEqual(self.taken_by_views(), 5, "counters go on, and what fills views counts once")
        self.post(summary(self.begin + 5, 5))
        self.await_total(6 * KEYS, "&group=all")
        self.assertEqual(self.taken_by_views(), 6)

    def test_what_the_views_show_the_history_knows(self):
        self.post(summary(self.begin, 0))
        wait_until(lambda: self.aggregator.ask("/api/v1/reducers")["reducers"], lambda: "the history has something")
        self.post(summary(self.begin, 0, server="ns2"))
        wait_until(lambda: self.total("&server=ns2"), lambda: "the view has it")
        for path in (f"history?reducer={VIEW}", f"history/sum?reducer={VIEW}", "gaps?"):
            self.aggregator.ask(f"/api/v1/{path}&server=ns2")
            status, text = self.aggregator.server.get(self.aggregator.listens, f"/api/v1/{path}&server=nobody")
            self.assertEqual(status, 404, text)

    def test_two_processes_under_one_name_are_told_of(self):
        def told():
            return any(monitor["double"] for server in self.status()["servers"] for monitor in server["monitors"])
        now = int(time.time()) - 10
        for second in range(3):
            self.post(summary(now + second, second, "first"))
            self.post(summary(now + second, second, "second"))
        wait_until(told, self.status)
        self.assertEqual(self.status()["trust"]["level"], "red")
        self.assertIn("two processes", " ".join(self.status()["trust"]["reasons"]))
        self.post(summary(now + 3, 3, "first"), summary(now + 3, 3, "second"))
        self.aggregator.wait_for_publication()
        self.assertEqual(self.aggregator.said().count("two processes send under this name"), 1)


if __name__ == "__main__":
    unittest.main()
