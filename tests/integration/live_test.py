"""Live capture: several interfaces, interfaces that go and come back, loss, privileges."""
import os
import pathlib
import signal
import subprocess
import time
import unittest

from live_capture import LiveTest, query, remove_pair
from namespace import PATIENCE_S, RATADNS, call, main, wait_until
from support import response_frame


class Interfaces(LiveTest):
    def test_two_interfaces_are_one_input(self):
        self.add_pair(0)
        self.add_pair(1)
        capture = self.capture('interface = ["far0", "far1"]')
        self.send("near0", self.queries(300))
        self.send("near1", (response_frame(query(flags=0x8180), (192, 0, 2, i % 250 + 1)) for i in range(200)))
        self.assertEqual(capture.end(), (500, 0))
        self.assertEqual(capture.process.returncode, 0)

    def test_an_interface_that_is_removed_is_waited_for_without_privileges(self):
        self.add_pair(0)
        self.add_pair(1)
        capture = self.capture('interface = ["far0", "far1"]', options=["--user", "nobody"] if is_full_root() else [])
        for again in range(2):
            self.send("near0", self.queries(10))
            remove_pair(0)
            wait_until(lambda: capture.text().count("far0: is gone; waits for it to come back") == again + 1, capture.text)
            self.send("near1", self.queries(10))
            self.add_pair(0)
            wait_until(lambda: capture.text().count("far0: is back") == again + 1, capture.text)
        self.send("near0", self.queries(10))
        self.assertEqual(capture.end(), (50, 0))
        self.assertEqual(capture.process.returncode, 0, "an interface that was away is no failure")

    def test_what_the_kernel_lost_while_the_reader_stood_still_is_counted_in_its_second(self):
        self.lose_while_it_stands_still("1")

    def test_what_several_rings_lost_is_counted_in_its_second_too(self):
        self.lose_while_it_stands_still("3")

    def lose_while_it_stands_still(self, threads):
        self.add_pair(0)
        capture = self.capture('interface = "far0"\nring_mib = 1', options=["--threads", threads])
        self.send("near0", self.queries(100))
        wait_until(lambda: capture.out.exists() and capture.summaries(), capture.text)
        capture.process.send_signal(signal.SIGSTOP)
        stopped_at = time.time()
        self.send("near0", self.queries(4000, padding=1000))
        capture.process.send_signal(signal.SIGCONT)
        lost_in = lambda: [one for one in capture.summaries() if one["loss"]["kernel"]]  # noqa: E731
        wait_until(lost_in, capture.text)
        frames, lost = capture.end()
        self.assertEqual(frames + lost, 4100)
        self.assertGreater(lost, 1000)
        self.assertGreater(frames, 500)
        self.assertEqual(sum(one["loss"]["kernel"] for one in capture.summaries()), lost)
        for one in lost_in():
            self.assertGreater(float(one["window"]["start"]) + one["window"]["seconds"], stopped_at)

    def test_threads_with_rings_of_their_own_count_each_packet_once(self):
        self.add_pair(0)
        by = '[[reducer]]\ntype = "count_by"\nname = "{0}"\nby = "{0}"\nwhere = "{1}"\nsend = ["out"]\n'
        capture = self.capture('interface = "far0"', options=["--threads", "3"],
                               more=by.format("client", "query") + by.format("rcode", "response"))
        self.assertGreaterEqual(len(capture.statuses()), 4)
        frames = list(self.queries(2000))
        answers = [response_frame(query(flags=0x8180), (192, 0, 2, i % 250 + 1)) for i in range(1000)]
        self.send("near0", [frame for pair in zip(frames, frames[1000:]) for frame in pair] + answers)
        self.assertEqual(capture.end(), (2000 + 1000, 0), capture.text())
        clients, rcodes = {}, {}
        for one in capture.summaries():
            into = {"client": clients, "rcode": rcodes}.get(one["type"], {})
            for key, count in one["data"].items():
                into[key] = into.get(key, 0) + count
        self.assertEqual(sum(clients.values()), 2000)
        self.assertEqual(len(clients), 250)
        self.assertEqual(rcodes, {"NOERROR": 1000})

    def test_a_missing_interface_is_an_error_at_the_start(self):
        self.add_pair(0)
        capture = self.capture('interface = ["far0", "far9"]')
        self.assertEqual(capture.process.wait(PATIENCE_S), 1)
        self.assertIn("far9: neither a file (No such file or directory) nor a network interface; interfaces here: ",
                      capture.text())

    def test_interfaces_and_files_do_not_mix_on_the_command_line_either(self):
        self.add_pair(0)
        (self.folder / "x.pcap").touch()
        done = subprocess.run([RATADNS, "run", "far0", self.folder / "x.pcap"], capture_output=True, text=True,
                              timeout=PATIENCE_S)
        self.assertEqual(done.returncode, 1)
        self.assertIn("far0: is live, and cannot be read together with others", done.stderr)

    def test_a_filter_that_cannot_be_understood_is_named(self):
        self.add_pair(0)
        capture = self.capture('interface = "far0"\nfilter = "prot 53"')
        self.assertEqual(capture.process.wait(PATIENCE_S), 1)
        self.assertIn('far0: the capture filter "prot 53" cannot be understood: ', capture.text())


def is_full_root():
    """Root of more than a user namespace of its own."""
    return os.geteuid() == 0 and len(pathlib.Path("/proc/self/uid_map").read_text().split()) == 3 and \
        pathlib.Path("/proc/self/uid_map").read_text().split()[2] != "1"


class Privileges(LiveTest):
    def setUp(self):
        super().setUp()
        if not is_full_root():
            self.skipTest("only root can become somebody else")
        self.add_pair(0)

    def test_the_program_becomes_the_user_in_all_threads(self):
        capture = self.capture('interface = "far0"', top='user = "nobody"')
        capture.says(" watches ")
        statuses = capture.statuses()
        self.assertGreater(len(statuses), 3)
        for status in statuses:
            self.assertEqual(set(status["Uid"].split()) | set(status["Gid"].split()), {"65534"})
            self.assertEqual(status["Groups"].split(), ["65534"])
            self.assertEqual([status[name].strip("0") for name in ("CapEff", "CapPrm", "CapInh", "CapAmb")], [""] * 4)
            self.assertEqual(status["NoNewPrivs"], "1")
        self.send("near0", self.queries(10))
        self.assertEqual(capture.end(), (10, 0))
        self.assertNotIn("runs as root", capture.text())

    def test_capabilities_of_the_file_are_given_up_too(self):
        program = self.folder / "ratadns"
        program.write_bytes(pathlib.Path(RATADNS).read_bytes())
        program.chmod(0o755)
        call("setcap", "cap_net_raw,cap_net_admin=eip", program)
        out = self.folder / "log"
        self.folder.chmod(0o755)
        with open(out, "wb") as log:
            process = subprocess.Popen([program, "run", "far0", "--listen", "127.0.0.1:0"], stderr=log, stdin=log,
                                       stdout=log, user="nobody", group="nogroup", extra_groups=[])
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        wait_until(lambda: " watches " in out.read_text() or process.poll() is not None, out.read_text)
        if "peration not permitted" in out.read_text():
            self.skipTest("this file system keeps no capabilities")
        for task in pathlib.Path(f"/proc/{process.pid}/task").iterdir():
            self.assertRegex((task / "status").read_text(), r"CapPrm:\t0+\nCapEff:\t0+\n")

    def test_root_is_told_what_would_help(self):
        capture = self.capture('interface = "far0"')
        capture.end()
        self.assertEqual(capture.text().count("runs as root, and need not: --user NAME"), 1)

    def test_who_does_not_exist_is_named(self):
        capture = self.capture('interface = "far0"', top='user = "nobody-here"')
        self.assertEqual(capture.process.wait(PATIENCE_S), 1)
        self.assertIn("user nobody-here: there is none of that name here; ", capture.text())

    def test_who_may_not_become_another_is_told(self):
        done = subprocess.run([RATADNS, "run", "--user", "daemon", "--listen", "127.0.0.1:0", "-"], capture_output=True,
                              stdin=subprocess.DEVNULL, text=True, timeout=PATIENCE_S, user="nobody", group="nogroup",
                              extra_groups=[])
        self.assertEqual(done.returncode, 1)
        self.assertIn("user daemon: this program may not become that user: Operation not permitted", done.stderr)


if __name__ == "__main__":
    main()
