"""docs/openapi.json against the program: every documented answer is asked for and is as it says, and every path that
the program has is documented."""
import http.client
import json
import re
import subprocess
import time
import unittest

from json_schema import faults, resolved
from support import RATADNS, ROOT, TIMEOUT_S, ProgramTest

DOCUMENT = json.loads((ROOT / "docs/openapi.json").read_text(encoding="utf-8"))
TOKENS = {"reader": "reads-7-of-the-test", "sender": "sends-7-of-the-test"}


def is_asked_for(path, method, status):
    """Not what needs a program that is in trouble, or at the very moment of its start, or an answer of over 32 MiB."""
    return status != 503 and not (method == "GET" and status == 413 and "history" in path)


MONITOR = """
server = "ns1"
[[channel]]
name = "hub"
url = "{url}"
{token}
"""
REDUCERS = ("""
[[reducer]]
type = "QueriesPerSecond"
send = ["hub"]
[[reducer]]
type = "AnswersPerSecond"
send = ["hub"]
""" + "".join(f"""
[[reducer]]
type = "count_by"
name = "{name}"
by = {by}
{more}
send = ["hub"]
""" for name, by, more in (("client_by_qname", '["qname", "client"]', 'where = "query"\nlimit = [50, 5]'),
                           ("rcode_by_transport", '["rcode", "transport"]', 'where = "response"'),
                           ("latency", '["qtype"]', 'measure = ["count", "quantiles:message_size"]'))))


class Running:
    """A command that serves, on a free port."""

    def __init__(self, test, *arguments):
        command = [RATADNS, *map(str, arguments), "--listen", "127.0.0.1:0"]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        test.addCleanup(self.end)
        line = self.process.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)/", line)
        test.assertTrue(found, line)
        self.port = int(found[1])
        self.asked = set()  # (path, method, status)

    def end(self):
        self.process.terminate()
        self.process.communicate(timeout=TIMEOUT_S)

    def ask(self, target, method="GET", body=None, headers=None, until=None):
        """Status, media type and text; of an event stream as far as `until`, of which "" is there at once."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_S)
        try:
            connection.request(method, target, body, headers or {})
            answer = connection.getresponse()
            media = (answer.getheader("Content-Type") or "").split(";")[0]
            text = ""
            while until is not None and media == "text/event-stream" and until not in text:
                text += answer.readline().decode()
            return answer.status, media, text or ("" if until == "" else answer.read().decode())
        finally:
            connection.close()


class OpenApi(ProgramTest):
    def monitor(self, capture, port, token=""):
        """What the monitor counted of the capture is at the aggregator."""
        config = self.file("monitor.toml", MONITOR.format(url=f"http://127.0.0.1:{port}", token=token) + REDUCERS)
        done = subprocess.run([RATADNS, "monitor", "-c", config, "--source", capture], capture_output=True, text=True,
                              timeout=TIMEOUT_S)
        self.assertEqual(done.returncode, 0, done.stderr)

    def fresh_traffic(self):
        """Of the last half minute, so that views and history take it for now."""
        return self.traffic("--seconds", 8, "--qps", 200, "--start", int(time.time()) - 15)[0]

    def aggregator(self, access=()):
        """One with a group, and whoever may come in."""
        config = self.file("aggregate.toml", f'[store]\npath = "{self.folder}/history-{len(access)}.db"\n'
                           'settle_seconds = 0\n[[group]]\nname = "all"\nservers = ["ns1"]\n[[location]]\nserver = "ns1"\n'
                           + "".join(access))
        return Running(self, "aggregate", "-c", config)

    def access(self, name, may):
        self.file(name, TOKENS[name]).chmod(0o600)
        return f'[[access]]\nname = "{name}"\ntoken_file = "{self.folder}/{name}"\nmay = ["{may}"]\nservers = ["ns1"]\n'

    def expect(self, running, path, status, query="", method="GET", **request):
        """The documented answer, whose body fits its schema; returns the text."""
        answer = DOCUMENT["paths"][path][method.lower()]["responses"].get(str(status))
        self.assertIsNotNone(answer, f"{method} {path} {status} is not documented")
        answer = resolved(DOCUMENT, answer)
        target = path.replace("{name}", request.pop("name", "rates")) + query
        got, media, text = running.ask(target, method, **request)
        self.assertEqual(got, status, f"{method} {target}: {text[:300]}")
        running.asked.add((path, method, status))
        content = answer.get("content", {})
        self.assertIn(media, content if content else {""}, target)
        if media == "application/json":
            self.assertEqual(faults(DOCUMENT, content[media]["schema"], json.loads(text))[:3], [], target)
        return text

    def until(self, running, target, wanted):
        """Views and history follow within a second or two."""
        end = time.monotonic() + TIMEOUT_S
        while True:
            text = running.ask(target)[2]
            if wanted in text:
                return text
            self.assertLess(time.monotonic(), end, text)
            time.sleep(0.05)

    def test_every_answer_of_an_aggregator_is_as_documented(self):
        hub = self.aggregator()
        self.monitor(self.fresh_traffic(), hub.port)
        self.until(hub, "/api/v1/status", '"latency"')
        self.until(hub, "/api/v1/history?reducer=rcode_by_transport", '"NOERROR"')
        for path in ("status", "views", "servers", "balance", "reducers"):
            self.expect(hub, f"/api/v1/{path}", 200)
        for path in ("/metrics", "/healthz"):
            self.expect(hub, path, 200)
        self.assertEqual(json.loads(self.expect(hub, "/servers_location", 200))[0]["name"], "ns1")
        older = DOCUMENT["paths"]["/sse/{name}"]["get"]["parameters"][0]["schema"]["enum"]
        named = json.loads(self.expect(hub, "/sse/{name}", 404, name="nothing"))["error"].split("there are ")[1]
        self.assertEqual(sorted(older), named.split(", "))
        for name in older:
            self.expect(hub, "/sse/{name}", 200, name=name, until="")
        kinds = set()
        for name in ("rates", "top_names", "rcode_by_transport", "latency"):
            for query in ("", "?span=5&server=ns1", "?group=all"):
                kinds.add(json.loads(self.expect(hub, "/api/v1/views/{name}", 200, query, name=name))["kind"])
        self.assertEqual(kinds, {"rates", "table", "merged"})
        for query, has_buckets in (("", False), ("?sketches=1", True)):
            text = self.expect(hub, "/api/v1/views/{name}", 200, query, name="latency")
            self.assertEqual('"buckets"' in text, has_buckets)
        self.expect(hub, "/api/v1/views/{name}", 400, "?sketches=2")
        for path in ("/api/v1/history", "/api/v1/history/sum"):
            for query in ("", "&server=ns1", "&group=all", f"&from={int(time.time()) - 60}"):
                self.expect(hub, path, 200, "?reducer=latency" + query)
            self.expect(hub, path, 400)
            self.expect(hub, path, 404, "?reducer=nothing")
            self.expect(hub, path, 404, "?reducer=latency&server=nobody")
            self.expect(hub, path, 404, "?reducer=latency&group=nobody")
        self.expect(hub, "/api/v1/gaps", 404, "?server=nobody")
        self.expect(hub, "/api/v1/history", 200, "?reducer=latency&resolution=60&points=10")
        self.expect(hub, "/api/v1/gaps", 200, "?server=ns1")
        self.expect(hub, "/api/v1/gaps", 400)
        self.expect(hub, "/api/v1/views/{name}", 404, name="nothing")
        self.expect(hub, "/api/v1/views/{name}", 400, "?server=ns1&group=all")
        self.expect(hub, "/api/v1/live", 400, "?server=ns1&group=all")
        self.expect(hub, "/api/v1/live", 404, "?span=7")
        self.deliveries(hub)
        self.events(self.expect(hub, "/api/v1/live", 200, until="\nid: "))
        documented = {(path, method.upper(), int(status)) for path, item in DOCUMENT["paths"].items()
                      for method, operation in item.items() for status in operation["responses"]}
        asked = hub.asked | self.asked_of_a_guarded_one()
        self.assertEqual(sorted(one for one in documented - asked if is_asked_for(*one)), [])

    def deliveries(self, hub):
        lines = {"Content-Type": "application/x-ndjson"}
        said = self.expect(hub, "/api/v1/summaries", 200, method="POST", body=b'{"no": "summary"}\n', headers=lines)
        self.assertEqual(len(json.loads(said)["refused"]), 1)
        self.expect(hub, "/api/v1/summaries", 415, method="POST", body=b"{}", headers={"Content-Type": "text/plain"})
        self.expect(hub, "/api/v1/summaries", 400, method="POST", body=b"no zstd",
                    headers={**lines, "Content-Encoding": "zstd"})
        self.expect(hub, "/api/v1/summaries", 411, method="POST", body=iter([b"{}"]), headers=lines)
        self.expect(hub, "/api/v1/summaries", 413, method="POST", body=b"",
                    headers={**lines, "Content-Length": str(17 << 20)})

    def events(self, text):
        """Each event of a live stream is a view or the status."""
        seen = set()
        for name, data in re.findall(r"^event: (.*)\ndata: (.*)$", text, re.MULTILINE):
            kind = "Status" if name == "status" else "View"
            self.assertEqual(faults(DOCUMENT, {"$ref": f"#/components/schemas/{kind}"}, json.loads(data))[:3], [], name)
            seen.add(name)
        self.assertLessEqual({"status", "rates", "latency", "rcode_by_transport"}, seen)

    def asked_of_a_guarded_one(self):
        """What needs tokens."""
        hub = self.aggregator([self.access("reader", "read"), self.access("sender", "send")])
        reader, sender = ({"Authorization": f"Bearer {TOKENS[name]}"} for name in ("reader", "sender"))
        for path, item in DOCUMENT["paths"].items():
            operation = item.get("get", {"responses": {}})
            if "401" not in operation["responses"]:
                continue
            query = "".join(f"?{one['name']}={one['example']}" for one in operation.get("parameters", ())
                            if one.get("required") and one["in"] == "query")
            self.expect(hub, path, 401, query)
            self.expect(hub, path, 403, query, headers=sender)
            target = path.replace("{name}", "server_data" if path.startswith("/sse/") else "rates") + query
            self.assertEqual(hub.ask(target, headers=reader, until="")[0], 200, path)
        lines = {"Content-Type": "application/x-ndjson"}
        self.expect(hub, "/api/v1/summaries", 401, method="POST", body=b"", headers=lines)
        self.expect(hub, "/api/v1/summaries", 403, method="POST", body=b"", headers={**lines, **reader})
        for server, status in (("ns1", 200), ("ns2", 403)):
            self.expect(hub, "/api/v1/summaries", status, f"?server={server}", method="POST", body=b"",
                        headers={**lines, **sender})
        self.sessions(hub)
        return hub.asked

    def sessions(self, hub):
        typed = {"Content-Type": "application/json"}
        path = "/api/v1/session"
        self.expect(hub, path, 204, method="POST", body=json.dumps({"token": TOKENS["reader"]}), headers=typed)
        self.expect(hub, path, 204, method="DELETE")
        self.expect(hub, path, 400, method="POST", body="{}", headers=typed)
        self.expect(hub, path, 415, method="POST", body="{}", headers={"Content-Type": "text/plain"})
        self.expect(hub, path, 401, method="POST", body='{"token":"guess"}', headers=typed)
        # More than ten in a second, whenever that begins.
        for _ in range(500):
            status, _, text = hub.ask(path, "POST", '{"token":"guess"}', typed)
            if status == 429:
                break
        self.assertEqual((status, list(json.loads(text))), (429, ["error"]))
        hub.asked.add((path, "POST", 429))

    def test_what_run_answers_is_as_documented(self):
        capture = self.traffic("--packets", 2000)[0]
        run = Running(self, "run", capture)
        self.until(run, "/api/v1/status", '"ended"')
        status = json.loads(self.expect(run, "/api/v1/status", 200))
        self.assertEqual(faults(DOCUMENT, {"$ref": "#/components/schemas/RunStatus"}, status), [])
        for name in status["views"]:
            self.expect(run, "/api/v1/views/{name}", 200, name=name)
        self.expect(run, "/api/v1/views/{name}", 404, name="nothing")
        for path in ("/api/v1/views", "/metrics", "/healthz"):
            self.expect(run, path, 200)

    def test_every_path_of_the_program_is_documented(self):
        """Those that stand in its source, and those that it names to who asks for another."""
        source = "".join(path.read_text(encoding="utf-8") for folder in ("serve", "hub")
                         for path in (ROOT / "src" / folder).glob("*.cpp"))
        paths = set(re.findall(r'"(/api/v1/[\w/]+)"', source))
        self.assertGreater(len(paths), 9)
        named = json.loads(self.aggregator().ask("/api/v1/status/nowhere")[2])["error"]
        paths |= set(re.findall(r"/api/v1/[\w/]+|/sse/\w+|/servers_location|/metrics|/healthz", named.split("there", 1)[1]))
        documented = {path.replace("{name}", "") for path in DOCUMENT["paths"]}
        self.assertEqual(sorted(path for path in paths if path.removesuffix("NAME") not in documented), [])

    def test_what_is_not_documented_is_noticed(self):
        schema = {"$ref": "#/components/schemas/Trust"}
        good = {"level": "red", "reasons": ["x"]}
        self.assertEqual(faults(DOCUMENT, schema, good), [])
        for bad in ({**good, "more": 1}, {"level": "red"}, {**good, "level": "blue"}, {**good, "reasons": [1]}, []):
            self.assertNotEqual(faults(DOCUMENT, schema, bad), [], bad)


if __name__ == "__main__":
    unittest.main()
