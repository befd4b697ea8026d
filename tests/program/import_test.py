"""ratadns import: older configurations in TOML that the program itself accepts; what it cannot take is named."""
import json
import tomllib
import unittest

from support import ProgramTest, pcap, query, query_frame, run

RATA_CFG = """
# a comment
[core]
serverid = ns1
WINDOWSIZE: 500     ; a comment behind a value
InputMethod = file
FileName = speedy.json
PreliminarReducersPackage = prers
PreliminarReducers = qps.QueriesPerSecond , aps.AnswersPerSecond,
    qnamecounter.QueriesNameCounter

[QueriesPerSecond]
OutputMethod = redis
RedisHost = hub.example
RedisChannel = QueriesPerSecond

[AnswersPerSecond]
OutputMethod = file
FileName = rates.log

[QueriesNameCounter]
File = -
"""


class Import(ProgramTest):
    def imported(self, content, status=0, name="old"):
        done = run("import", self.file(name, content))
        self.assertEqual(done.returncode, status, done.stderr)
        return tomllib.loads(done.stdout), done

    def is_accepted(self, done, says="reducers"):
        """`check` reads it whole. What it finds out about the world (a host that is not there) is not the import's."""
        checked = run("check", self.file("new.toml", done.stdout))
        self.assertNotEqual(checked.returncode, 2, checked.stderr + done.stdout)
        self.assertIn(says, checked.stdout)
        return checked

    def test_rata_cfg_becomes_toml_that_means_the_same(self):
        new, done = self.imported(RATA_CFG)
        self.assertEqual(done.stderr, "")
        self.assertEqual(new["server"], "ns1")
        self.assertEqual(new["window"], {"packets": 500})
        source, = new["source"]
        self.assertTrue(source["speedy"].endswith("/speedy.json"), source)
        self.assertTrue(source["arrival_time"])
        channels = {channel["name"]: channel for channel in new["channel"]}
        self.assertEqual(channels["redis"], {"name": "redis", "url": "redis://hub.example:6379", "form": "older"})
        self.assertTrue(channels["file"]["url"].startswith("file:///") and channels["file"]["url"].endswith("/rates.log"))
        self.assertEqual(channels["stdout"]["url"], "stdout:")
        self.assertEqual([(one["type"], one["send"]) for one in new["reducer"]], [
            ("QueriesPerSecond", [{"channel": "redis", "topic": "QueriesPerSecond"}]),
            ("AnswersPerSecond", [{"channel": "file"}]), ("QueriesNameCounter", [{"channel": "stdout"}])])
        self.is_accepted(done, "3 reducers, 3 channels")

    def test_what_cannot_be_taken_is_named_by_section_and_option_and_the_rest_is_written(self):
        old = RATA_CFG.replace("serverid", "Speed = 3\nserverid").replace("WINDOWSIZE: 500", "WindowSize = many")
        old = old.replace("qps.Q", "nowhere.NoSuchReducer, qps.Q").replace("[AnswersPerSecond]", "[AnswersPerSecond]\nFoo = 7")
        new, done = self.imported(old + "\n[Unused]\nx = 1\n", status=1)
        for says in ('[core] WindowSize: "many', "[core] Speed: there is no such option here (it was 3)",
                     '[NoSuchReducer]: there is no reducer "nowhere.NoSuchReducer" here',
                     "[AnswersPerSecond] Foo: AnswersPerSecond takes no such parameter (it was 7)",
                     "[Unused]: no reducer in PreliminarReducers has this section"):
            self.assertIn(f"not taken: {says}", done.stderr)
            self.assertIn(f"# NOT TAKEN: {says}", done.stdout)
        self.assertEqual([one["type"] for one in new["reducer"]],
                         ["QueriesPerSecond", "AnswersPerSecond", "QueriesNameCounter"])
        self.is_accepted(done, "3 reducers, 3 channels")

    def test_a_parameter_that_the_type_has_is_taken(self):
        old = RATA_CFG.replace("File = -", "File = -\nLimit = 20")
        new, done = self.imported(old)
        self.assertEqual(new["reducer"][2]["limit"], 20)
        self.is_accepted(done)

    def test_fievels_json_becomes_toml_that_means_the_same(self):
        capture = self.file("x.pcap", pcap([(i, query_frame(query())) for i in range(4)]))
        output = {"OutputMethod": "redis", "RedisServer": "hub.example", "RedisPort": 6380}
        new, done = self.imported(json.dumps({
            "ServerId": "", "WindowSize": 1000, "Threads": True, "InputMethod": "capture_file",
            "InputSource": str(capture), "EthHeader": False, "Speed": 1, "Filter": "udp and port 53",
            "PreliminarReducers": [
                {"Path": "/var/fievel/prers/qnamecounter.lua", **output, "RedisChannel": "topk"},
                {"Path": "prers/summary.lua", **output, "RedisChannel": "QueriesSummary"},
                {"path": "/var/fievel/prers/qps.lua", **output, "RedisChannel": "QueriesPerSecond"},
                {"Path": "/var/fievel/prers/qps.lua", "outputmethod": "file", "FileName": "/var/tmp/qps.log"},
                {"Path": "/var/fievel/prers/qps.lua", **output, "RedisChannel": "qps"}]}))
        self.assertNotIn("server", new)
        self.assertEqual(new["source"], [{"file": str(capture)}])
        self.assertEqual([(one["name"], one["url"]) for one in new["channel"]], [
            ("redis", "redis://hub.example:6380"), ("file", "file:///var/tmp/qps.log"),
            ("redis2", "redis://hub.example:6380")])
        self.assertEqual([(one["type"], one["send"]) for one in new["reducer"]], [
            ("QueriesNameCounter", [{"channel": "redis", "topic": "topk"}]),
            ("QueriesSummary", [{"channel": "redis", "topic": "QueriesSummary"}]),
            ("QueriesPerSecond", [{"channel": "redis", "topic": "QueriesPerSecond"}, {"channel": "file"},
                                  {"channel": "redis2", "topic": "qps"}])])
        self.is_accepted(done, "3 reducers, 3 channels")

    def test_a_reducer_that_is_there_twice_is_sent_once_to_each_output(self):
        old = RATA_CFG.replace("aps.Ans", "qps.QueriesPerSecond, aps.Ans")
        new, done = self.imported(old, status=1)
        self.assertIn("[QueriesPerSecond]: is there twice with one output; what it counts is sent there once", done.stderr)
        self.assertEqual(new, self.imported(RATA_CFG)[0])
        output = {"OutputMethod": "redis", "RedisServer": "hub.example"}
        twice = [{"Path": "qps.lua", **output}, {"Path": "qps.lua", **output, "RedisChannel": "QueriesPerSecond"}]
        new, _ = self.imported(json.dumps({"WindowSize": 1, "InputMethod": "stdin", "PreliminarReducers": twice}), status=1)
        self.assertEqual([one["name"] for one in new["channel"]], ["redis"])
        self.assertEqual(new["reducer"][0]["send"], [{"channel": "redis", "topic": "QueriesPerSecond"}])

    def test_a_window_size_that_is_missing_is_said_with_what_stands_in_its_place(self):
        new, done = self.imported(RATA_CFG.replace("WINDOWSIZE", "#"), status=1)
        self.assertIn("[core] WindowSize: is missing; windows of 1000 packets stand in its place", done.stderr)
        self.assertEqual(new["window"], {"packets": 1000})

    def test_what_fievel_read_and_nobody_knows_is_named(self):
        old = {"WindowSize": 10, "InputMethod": "telepathy", "Filter": "host 192.0.2.1", "Colour": "red",
               "PreliminarReducers": [{"Path": "own.lua", "OutputMethod": "stdout"}]}
        new, done = self.imported(json.dumps(old), status=1)
        for says in ('InputMethod: what "telepathy" read is not known', "Colour: there is no such option here",
                     'PreliminarReducers 1: there is no reducer "own.lua" here'):
            self.assertIn(says, done.stderr)
        self.is_accepted(done, "0 reducers")

    def test_values_with_odd_characters_stay_what_they_are(self):
        new, _ = self.imported(json.dumps({"ServerId": 'a"b\\c\nd\u00e9', "WindowSize": 1, "InputMethod": "stdin",
                                           "PreliminarReducers": []}))
        self.assertEqual(new["server"], 'a"b\\c\nd\u00e9')

    def test_what_is_no_older_configuration_is_refused(self):
        for content, says in (("x\n", ':1: "x" is neither [section] nor option = value'), ("[a]\nb = c\n", "no section [core]"),
                              ("{", "is no JSON"), ("{}", 'has no list "PreliminarReducers"'),
                              ('{"PreliminarReducers": [3]}', "PreliminarReducers 1: is no object")):
            with self.subTest(content):
                done = run("import", self.file("old", content))
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn(says, done.stderr)
        done = run("import", self.folder / "absent")
        self.assertEqual(done.returncode, 2)
        self.assertIn("absent: cannot be read: No such file or directory", done.stderr)


if __name__ == "__main__":
    unittest.main()
