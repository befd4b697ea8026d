"""Random names from random sources: memory stays below its ceiling, and what is on top stays within its stated bound."""
import json
import subprocess
import sys
import unittest

from support import RATADNS, ProgramTest

CEILING_MIB = 64  # the least that can be configured: the flood need not be so large
CONFIG = f"""
server = "ns1"
window = {{ seconds = 60 }}
[limits]
memory_mib = {CEILING_MIB}
[[channel]]
name = "out"
url = "file://%s"
"""
REDUCERS = [("NameCounter", ""), ("QueriesNameCounter", ""), ("AnswersNameCounter", ""), ("TopNQ", "n = 10"),
            ("AlonePackets", ""),
            ("ClientSubnet", ""), ("PacketSummary", ""), ("Qtype", ""),
            ("count_by", 'name = "names_by_client"\nby = ["client", "qname"]\nlimit = [100, 10]'),
            ("count_by", 'name = "askers"\nby = ["qname"]\nmeasure = ["count", "distinct:client", "top:client:3"]')]



# A process of its own: peak memory begins with that of whoever starts one.
MEASURE = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stderr=subprocess.DEVNULL)
_, status, used = os.wait4(process.pid, 0)
print(used.ru_maxrss / 1024)
sys.exit(os.waitstatus_to_exitcode(status))
"""


class Flood(ProgramTest):
    def peak_mib(self, *command):
        done = subprocess.run([sys.executable, "-c", MEASURE, *command], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return float(done.stdout)

    def flood(self, packets, clients=4_000_000):
        return self.traffic("--packets", packets, "--seed", 9, "--clients", clients, "--zipf-clients", 0,
                            "--attack", "0:1000:.9", "--names", 1000)[0]

    def monitor(self, capture):
        """What it has written, and its peak of memory in MiB."""
        out = self.folder / "out.jsonl"
        text = CONFIG % out + "".join(f'[[reducer]]\ntype = "{name}"\n{more}\nsend = ["out"]\n' for name, more in REDUCERS)
        peak_mib = self.peak_mib(RATADNS, "monitor", "-c", self.file("flood.toml", text), "--source", capture)
        lines = [json.loads(line) for line in out.read_text().splitlines()]
        out.unlink()
        return {line["type"]: line for line in lines}, peak_mib

    def exact(self, reducer, capture):
        """What it counts when memory is no bound."""
        out = self.folder / "exact.jsonl"
        text = (CONFIG % out).replace(f"memory_mib = {CEILING_MIB}", "memory_mib = 8192")
        config = self.file("exact.toml", text + f'[[reducer]]\ntype = "{reducer}"\nsend = ["out"]\n')
        subprocess.run([RATADNS, "monitor", "-c", config, "--source", capture], check=True, capture_output=True)
        summary = json.loads(out.read_text())
        out.unlink()
        self.assertEqual(summary["loss"]["key_error"], 0)
        return summary["data"]

    def test_memory_stays_below_the_ceiling_and_top_lists_within_their_bound(self):
        capture = self.flood(800_000)
        found, peak_mib = self.monitor(capture)
        self.assertLess(peak_mib, CEILING_MIB)
        truth = json.loads(subprocess.run([RATADNS, "summary", "--json", "--only", "names", capture], check=True,
                                          capture_output=True).stdout)
        self.assertEqual(truth["dns"]["top_qnames_error"], 0)
        names = found["QueriesNameCounter"]
        error = names["loss"]["key_error"]
        self.assertGreater(error, 0, "the flood is too small to reach the bound")
        largest = max(count for name, count in names["data"].items() if not name.startswith("-:"))
        for name, count in truth["dns"]["top_qnames"][:10]:
            shown = names["data"].get(name + ".", 0)
            self.assertLessEqual(shown, count)
            self.assertGreaterEqual(shown + error, count, name)
        top, exact = found["TopNQ"], self.exact("QueriesNameCounter", capture)
        self.assertGreater(top["loss"]["key_error"], 0)
        for name, count in top["data"]:
            self.assertLessEqual(count, exact[name])
            self.assertLessEqual(exact[name], count + top["loss"]["key_error"])
        # The sum of two counters, each of which had to drop keys.
        both, exact = found["NameCounter"], self.exact("NameCounter", capture)
        self.assertEqual(both["loss"]["key_error"], error + found["AnswersNameCounter"]["loss"]["key_error"])
        for name, count in sorted(exact.items(), key=lambda item: -item[1])[:100]:
            shown = both["data"].get(name, 0)
            self.assertLessEqual(shown, count)
            self.assertLessEqual(count, shown + both["loss"]["key_error"], name)
        self.assertEqual(sum(count for name, count in both["data"].items() if name != "-:SKIPPED:-"), sum(exact.values()))
        self.assertLessEqual(largest, truth["dns"]["top_qnames"][0][1])
        # Every message is in a row or in the rest.
        self.assertEqual(sum(count for name, count in names["data"].items() if name != "-:SKIPPED:-"),
                         truth["dns"]["queries"])
        self.assertEqual(sum(found["Qtype"]["data"].values()), truth["dns"]["queries"])

    def test_memory_stays_below_the_ceiling_window_after_window_and_with_limits_that_are_large(self):
        capture = self.flood(500_000)
        peaks = {}
        for options in ("", 'by = ["qname", "qtype"]\nlimit = [0, 5]', 'by = ["qname"]\nlimit = [1000000]'):
            reducer = f'type = "count_by"\n{options}' if options else 'type = "AlonePackets"'
            text = (CONFIG % "/dev/null").replace("seconds = 60", "seconds = 1") + f'[[reducer]]\n{reducer}\nsend = ["out"]\n'
            peaks[reducer] = self.peak_mib(RATADNS, "monitor", "-c", self.file("limits.toml", text), "--source", capture)
        self.assertLess(max(peaks.values()), CEILING_MIB, peaks)

    def test_sketches_of_many_keys_stay_below_the_ceiling_also_when_they_are_written(self):
        capture = self.flood(700_000, clients=2000)  # each asks for some hundred names
        for measure in ("distinct:qname", "top:qname:100", "quantiles:client_port"):
            out = self.folder / "sketches.jsonl"
            reducer = f'type = "count_by"\nby = ["client"]\nmeasure = ["count", "{measure}"]'
            text = CONFIG % out + f'[[reducer]]\n{reducer}\nsend = ["out"]\n'
            peak_mib = self.peak_mib(RATADNS, "monitor", "-c", self.file("sketches.toml", text), "--source", capture)
            self.assertLess(peak_mib, CEILING_MIB, measure)
            record = json.loads(out.read_text())
            rows = {key: row for key, row in record["data"].items() if not key.startswith("-:")}
            self.assertGreater(len(rows), 20, measure)
            # Every message is in a row or in the rest.
            self.assertEqual(sum(row["count"] for row in rows.values()) + record["data"].get("-:SKIPPED_SUM:-", 0),
                             record["window"]["packets"] - sum(record["loss"].get("lacking", {}).values()))
            out.unlink()

    def test_memory_stays_below_the_ceiling_with_lists_in_several_files(self):
        capture, names = self.flood(400_000), [f"out{i}" for i in range(4)]
        text = f'server = "ns1"\nwindow = {{ seconds = 1 }}\n[limits]\nmemory_mib = {CEILING_MIB}\n'
        for name in names:
            text += f'[[channel]]\nname = "{name}"\nurl = "file://{self.folder / name}.jsonl"\n'
        for reducer in ("Identity", "QueriesSummary", "AlonePackets"):
            text += f'[[reducer]]\ntype = "{reducer}"\nsend = {json.dumps(names)}\n'
        peak_mib = self.peak_mib(RATADNS, "monitor", "-c", self.file("lists.toml", text), "--source", capture)
        self.assertLess(peak_mib, CEILING_MIB)

    def test_a_flood_leaves_the_same_bytes_however_the_input_is_cut(self):
        capture = self.flood(300_000)
        config = self.folder / "flood.toml"
        text = CONFIG.replace("file://%s", "stdout:") + "".join(
            f'[[reducer]]\ntype = "{name}"\n{more}\nsend = ["out"]\n' for name, more in REDUCERS)
        config.write_text(text)
        whole = subprocess.run([RATADNS, "monitor", "-c", config, "--source", capture], check=True,
                               capture_output=True).stdout
        threads = subprocess.run([RATADNS, "monitor", "-c", config, "--source", capture, "--threads", "3"], check=True,
                                 capture_output=True).stdout
        piped = subprocess.run(f"cat {capture} | {RATADNS} monitor -c {config} --source -", shell=True, check=True,
                               capture_output=True).stdout
        self.assertTrue(whole == threads, "another number of threads, other bytes")
        self.assertTrue(self.data(whole) == self.data(piped), "read in other pieces, other bytes")

    @staticmethod
    def data(output):
        return [json.loads(line)["data"] for line in output.splitlines()]


if __name__ == "__main__":
    unittest.main()
