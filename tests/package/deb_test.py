"""The Debian package: what is in it, that lintian and systemd have nothing against it, that it comes and goes without a
trace, and that the program and the configuration in it work together."""
import gzip
import os
import pathlib
import re
import shutil
import stat
import subprocess
import tempfile
import unittest
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
RATADNS = os.environ.get("RATADNS", str(ROOT / "build/release/bin/ratadns"))
TIMEOUT_S = 120
SERVICES = ("ratadns-aggregator.service", "ratadns-monitor.service", "ratadns.service")
CONFFILES = ("/etc/ratadns/aggregate.toml", "/etc/ratadns/monitor.toml", "/etc/ratadns/run.toml")
CONTENT = ["/usr/bin/ratadns", "/usr/share/man/man1/ratadns.1.gz", "/usr/share/man/man5/ratadns.toml.5.gz",
           "/usr/share/bash-completion/completions/ratadns", "/usr/share/zsh/vendor-completions/_ratadns",
           "/usr/share/fish/vendor_completions.d/ratadns.fish", "/usr/share/doc/ratadns/copyright",
           "/usr/share/doc/ratadns/changelog.gz", "/usr/share/doc/ratadns/reference/README.md",
           "/usr/share/doc/ratadns/examples/on-the-name-server/monitor.toml",
           "/usr/share/doc/ratadns/operations.md", "/usr/share/doc/ratadns/openapi.json",
           "/usr/share/doc/ratadns/prometheus-alerts.yml",
           *(f"/lib/systemd/system/{service}" for service in SERVICES), *CONFFILES]


def done(*command, **options):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=TIMEOUT_S, **options)


@unittest.skipUnless(shutil.which("dpkg-deb") and shutil.which("dpkg-shlibdeps") and shutil.which("strip"),
                     "no dpkg-dev here: the package is not made")
class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="ratadns-package-")))
        made = done(ROOT / "scripts/make-deb", "--program", RATADNS, "--output", cls.folder)
        if made.returncode != 0:
            raise AssertionError(made.stdout + made.stderr)
        cls.package = pathlib.Path(made.stdout.strip())
        cls.root = cls.folder / "root"
        subprocess.run(["dpkg-deb", "-x", cls.package, cls.root], check=True, timeout=TIMEOUT_S)

    def field(self, name):
        return done("dpkg-deb", "-f", self.package, name).stdout.strip()

    def test_it_holds_what_belongs_to_it(self):
        for path in CONTENT:
            self.assertTrue(self.root.joinpath(path[1:]).is_file(), path)
        control = self.folder / "control"
        subprocess.run(["dpkg-deb", "-e", self.package, control], check=True, timeout=TIMEOUT_S)
        self.assertEqual(sorted((control / "conffiles").read_text().split()), sorted(CONFFILES))
        listed = dict(reversed(line.split("  ")) for line in (control / "md5sums").read_text().splitlines())
        files = {str(path.relative_to(self.root)) for path in self.root.rglob("*") if path.is_file()}
        self.assertEqual(set(listed), files)

    def test_files_are_for_everyone_to_read_and_for_nobody_to_write(self):
        for path in self.root.rglob("*"):
            if path.is_symlink():
                continue
            program = path.is_dir() or path == self.root / "usr/bin/ratadns"
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o755 if program else 0o644, path)
        owners = {line.split()[1] for line in done("dpkg-deb", "-c", self.package).stdout.splitlines()}
        self.assertEqual(owners, {"root/root"})

    def test_it_depends_on_the_libraries_that_the_program_is_linked_with(self):
        version = re.search(r"project\(ratadns VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text())[1]
        self.assertEqual(self.field("Version"), version)
        self.assertRegex(self.field("Depends"), r"libc6 \(>= .*libpcap0\.8")

    def test_manual_and_completions_are_those_of_the_program(self):
        page = gzip.decompress((self.root / "usr/share/man/man1/ratadns.1.gz").read_bytes()).decode()
        self.assertEqual(page, done(RATADNS, "manual").stdout)
        for shell, path in (("bash", CONTENT[3]), ("zsh", CONTENT[4]), ("fish", CONTENT[5])):
            self.assertEqual(self.root.joinpath(path[1:]).read_text(), done(RATADNS, "completion", shell).stdout)

    def test_the_same_sources_make_the_same_package(self):
        again = self.folder / "again"
        epoch = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}
        packages = []
        for _ in range(2):
            made = done(ROOT / "scripts/make-deb", "--program", RATADNS, "--output", again, env=epoch)
            packages.append(pathlib.Path(made.stdout.strip()).read_bytes())
        self.assertTrue(packages[0] == packages[1])

    def test_its_program_accepts_its_configuration(self):
        logs = self.folder / "logs"
        logs.mkdir()
        for path in CONFFILES:
            with self.subTest(path):
                text = self.root.joinpath(path[1:]).read_text()
                # Where it would log and listen on a machine of its own.
                text = text.replace("/var/log/ratadns", str(logs)).replace("/var/lib/ratadns-aggregator", str(logs))
                text = re.sub(r'"127\.0\.0\.1:\d+"', '"127.0.0.1:0"', text)
                config = self.folder / "config.toml"
                config.write_text(text)
                checked = done(self.root / "usr/bin/ratadns", "check", config)
                self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)
                sign = "history .*: will be made" if "aggregate" in path else "source: none configured"
                self.assertRegex(checked.stdout, sign)
        self.assertEqual(list(logs.iterdir()), [])

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("setpriv"), "not root: nobody gets the service's rights")
    def test_the_rights_of_the_service_are_enough_to_capture(self):
        text = self.root.joinpath("etc/ratadns/monitor.toml").read_text()
        text = text.replace('#[[source]]\n#interface = "eth0"', '[[source]]\ninterface = "lo"')
        self.folder.chmod(0o755)
        logs = self.folder / "journal"
        logs.mkdir(mode=0o777)
        logs.chmod(0o777)
        config = self.folder / "live.toml"
        config.write_text(re.sub(r'"127\.0\.0\.1:\d+"', '"127.0.0.1:0"', text.replace("/var/log/ratadns", str(logs))))
        rights = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all,+net_raw",
                  "--ambient-caps=-all,+net_raw", "--bounding-set=-all,+net_raw", "--no-new-privs")
        with subprocess.Popen([*rights, self.root / "usr/bin/ratadns", "monitor", "-c", config], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True) as monitor:
            said = ""
            while "metrics: http" not in said:
                line = monitor.stderr.readline()
                self.assertTrue(line, f"it ended: {said}")
                said += line
            address = re.search(r"metrics: (http://\S+/)metrics", said)[1]
            self.assertEqual(urllib.request.urlopen(address + "healthz", timeout=TIMEOUT_S).status, 200)
            monitor.terminate()
            said += monitor.communicate(timeout=TIMEOUT_S)[1]
        self.assertEqual(monitor.returncode, 0, said)
        self.assertRegex(said, r"frames +\d+ = ")

    @unittest.skipUnless(shutil.which("lintian"), "lintian is not installed: nobody looks at the package")
    def test_lintian_has_nothing_against_it(self):
        looked = done("lintian", "--profile", "debian", "--allow-root", "--fail-on", "error,warning,info", self.package)
        self.assertEqual((looked.returncode, looked.stdout), (0, ""), looked.stderr)

    @unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not installed: the units are not checked")
    def test_systemd_understands_its_units_and_finds_them_closed(self):
        for service in SERVICES:
            with self.subTest(service):
                text = (self.root / "lib/systemd/system" / service).read_text()
                unit = self.folder / service
                unit.write_text(text.replace("ExecStart=/usr", f"ExecStart={self.root}/usr"))
                verified = done("systemd-analyze", "verify", "--man=no", unit)
                self.assertEqual((verified.returncode, verified.stdout + verified.stderr), (0, ""))
                closed = done("systemd-analyze", "security", "--offline=yes", "--threshold=21", unit)
                self.assertEqual(closed.returncode, 0, closed.stdout[-200:])

    def test_a_service_has_the_rights_that_it_needs_and_can_be_told_to_read_its_configuration_again(self):
        for service in SERVICES:
            text = (self.root / "lib/systemd/system" / service).read_text()
            captures = service != "ratadns-aggregator.service"
            self.assertIn(f"\nCapabilityBoundingSet={'CAP_NET_RAW' if captures else ''}\n", text, service)
            self.assertIn("ExecReload=/bin/kill -HUP $MAINPID\n", text, service)
            config = re.search(r"ExecStart=/usr/bin/ratadns \w+ -c (\S+)", text)[1]
            self.assertIn(config, CONFFILES)
            # What it writes goes with the package: every folder of its own is known to who purges.
            for folder in re.findall(r"^(?:State|Logs)Directory=(\S+)", text, re.MULTILINE):
                self.assertRegex((ROOT / "packaging/debian/postrm").read_text(), rf"for name in .*\b{folder}\b")
            for script in ("postinst", "prerm", "postrm"):
                self.assertIn(service, (ROOT / "packaging/debian" / script).read_text(), script)

    @unittest.skipUnless(os.geteuid() == 0, "not root: the package is not installed")
    def test_it_comes_and_goes_without_a_trace(self):
        root = self.folder / "machine"
        admin = root / "var/lib/dpkg"
        for folder in (admin / "info", admin / "updates", admin / "triggers", root / "var/log/private/ratadns"):
            folder.mkdir(parents=True)
        (admin / "status").write_text("")
        (root / "var/log/private/ratadns/summaries.jsonl").write_text("{}\n")
        (root / "var/log/ratadns").symlink_to("private/ratadns")
        dpkg = ("dpkg", f"--root={root}", "--force-script-chrootless", "--force-depends", "--log=/dev/null")

        def ours():
            return sorted(str(path.relative_to(root)) for path in root.rglob("*ratadns*") if admin not in path.parents)

        installed = done(*dpkg, "-i", self.package)
        self.assertEqual(installed.returncode, 0, installed.stderr)
        self.assertIn("usr/bin/ratadns", ours())
        (root / "etc/ratadns/monitor.toml").write_text("# changed by the operator\n")
        self.assertEqual(done(*dpkg, "-i", self.package).returncode, 0)
        self.assertEqual((root / "etc/ratadns/monitor.toml").read_text(), "# changed by the operator\n")
        self.assertEqual(done(*dpkg, "--remove", "ratadns").returncode, 0)
        self.assertEqual({f"/etc/ratadns/{path.name}" for path in (root / "etc/ratadns").iterdir()}, set(CONFFILES))
        self.assertTrue((root / "var/log/ratadns/summaries.jsonl").exists())
        purged = done(*dpkg, "--purge", "ratadns")
        self.assertEqual((purged.returncode, ours()), (0, []), purged.stderr)


if __name__ == "__main__":
    unittest.main()
