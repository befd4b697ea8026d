"""docs/prometheus-alerts.yml and `ratadns list metrics`: rules ask for what the program tells, and it tells what it
lists."""
import re
import subprocess
import unittest
import urllib.request

from support import RATADNS, ROOT, TIMEOUT_S, ProgramTest, run

try:
    import yaml
except ImportError:
    yaml = None

ALERTS = ROOT / "docs/prometheus-alerts.yml"


def listed():
    """Every metric, and whose it is."""
    text = run("list", "metrics", "--format", "markdown").stdout
    return dict(re.findall(r"^\| `(\w+)` \|.*\| `(\w+)` \|$", text, re.MULTILINE))


class Alerts(ProgramTest):
    def test_every_metric_in_them_is_one_of_the_program(self):
        text = ALERTS.read_text(encoding="utf-8")
        asked = set(re.findall(r"\bratadns_\w+", text))
        self.assertGreater(len(asked), 15)
        self.assertEqual(sorted(asked - set(listed())), [])

    def test_rules_of_aggregators_and_of_monitors_ask_them_for_what_they_have(self):
        _, aggregator, monitor = ALERTS.read_text(encoding="utf-8").split("- name: ")
        owners = listed()
        for part, of in ((aggregator, {"aggregator", "both"}), (monitor, {"monitor", "both"})):
            for name in re.findall(r"\bratadns_\w+", part):
                self.assertIn(owners[name], of, name)

    def test_every_rule_is_whole(self):
        rules = re.split(r"- alert: ", ALERTS.read_text(encoding="utf-8"))[1:]
        names = [rule.split("\n", 1)[0] for rule in rules]
        self.assertEqual(len(names), len(set(names)))
        for name, rule in zip(names, rules):
            for key in ("expr:", "severity:", "summary:"):
                self.assertIn(key, rule, name)

    @unittest.skipUnless(yaml, "no PyYAML here: the file is not parsed")
    def test_it_is_yaml_of_the_shape_that_prometheus_reads(self):
        for group in yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"]:
            self.assertEqual(set(group), {"name", "rules"})
            for rule in group["rules"]:
                self.assertLessEqual(set(rule), {"alert", "expr", "for", "labels", "annotations"})
                self.assertIsInstance(rule["expr"], str)

    def test_an_aggregator_tells_all_of_its_metrics_and_no_others(self):
        hub = subprocess.Popen([RATADNS, "aggregate", "--listen", "127.0.0.1:0", "--store", self.folder / "history.db"],
                               stderr=subprocess.PIPE, text=True)
        try:
            address = re.search(r"http://\S+/", hub.stderr.readline())[0]
            text = urllib.request.urlopen(address + "metrics", timeout=TIMEOUT_S).read().decode()
        finally:
            hub.terminate()
            hub.communicate(timeout=TIMEOUT_S)
        told = re.findall(r"^# TYPE (\w+) ", text, re.MULTILINE)
        self.assertEqual(len(told), len(set(told)))
        self.assertEqual(sorted(told), sorted(name for name, of in listed().items() if of != "monitor"))


if __name__ == "__main__":
    unittest.main()
