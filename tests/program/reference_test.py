"""What is written from the program itself: docs/reference, the manual pages and the completions say all that it takes."""
import os
import pathlib
import re
import shutil
import subprocess
import unittest

from support import RATADNS, ROOT, TIMEOUT_S, ProgramTest, run

SHELLS = ("bash", "zsh", "fish")


def commands():
    """Every command, as --help lists them."""
    listed = run("--help").stdout.split("Subcommands:")[1].split("Examples:")[0]
    return re.findall(r"^  (\w+) ", listed, re.MULTILINE)


def long_options(command):
    """Every option of a command with all its names, as --help lists them."""
    return sorted(set(re.findall(r"^  (?:-\w,)?(--[\w-]+)", run(command, "--help").stdout, re.MULTILINE)))


def words_of(command, option):
    """{a,b,c} behind an option in --help: what it accepts."""
    return re.search(rf"{option} [\w-]*:\{{([^}}]*)\}}", run(command, "--help").stdout)[1].split(",")


class Reference(ProgramTest):
    def test_docs_reference_is_what_the_program_says(self):
        done = subprocess.run([ROOT / "scripts/reference", "--check"], env={**os.environ, "RATADNS": RATADNS},
                              capture_output=True, text=True, timeout=TIMEOUT_S)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_list_has_its_entries_in_every_form(self):
        names = run("list", "dimensions", "--format", "names").stdout.split()
        self.assertIn("qname", names)
        table = run("list", "dimensions", "--format", "markdown").stdout
        text = run("list", "dimensions").stdout
        for name in names:
            self.assertIn(f"\n| `{name}` |", table)
            self.assertRegex(text, rf"(?m)^  {re.escape(name)}  ")
        one = run("list", "reducers", "count_by").stdout
        self.assertIn("options: by where", one)
        self.assertNotIn("QueriesPerSecond", one)

    def test_an_entry_that_is_not_there_gets_the_nearest(self):
        done = run("list", "dimensions", "qnmae")
        self.assertEqual(done.returncode, 2)
        self.assertIn('did you mean "qname"?', done.stderr)
        self.assertEqual(run("list", "all", "qname").returncode, 2)

    def test_every_key_of_the_configuration_is_documented(self):
        text = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
        for kind, least_tables in (("", 8), ("[store]\n", 6)):
            keys = self.keys(f"zzz = 1\n{kind}")
            tables = 0
            for key in list(keys):
                for head in (f"[{key}]\n", f"[[{key}]]\n"):
                    type_of_reducer = 'type = "count_by"\n' if key == "reducer" else ""
                    rest = "" if key == "store" else kind
                    inside = self.keys(f"{head}{type_of_reducer}zzz = 1\n{rest}", inner=True)
                    tables += bool(inside)
                    keys |= inside
            self.assertGreater(tables, least_tables)
            self.assertIn("settle_seconds" if kind else "server", keys)
            self.assertEqual(sorted(key for key in keys if not re.search(rf"[`\[ {{]{key}[`\] =.]", text)), [])

    def test_a_key_in_the_wrong_table_is_told_where_it_belongs(self):
        """Whatever some table takes is known by its name at the top of a file, and the other way round."""
        top = self.keys("zzz = 1\n")
        inner = 0
        for table in sorted(top):
            for head in (f"[{table}]", f"[[{table}]]"):
                kind = 'type = "count_by"\n' if table == "reducer" else ""
                keys = self.keys(f"{head}\n{kind}zzz = 1\n", inner=True)
                for key in sorted(keys - top):
                    self.assertIn(f"in {head}", self.said(f"{key} = 1\n"), key)
                    inner += 1
        self.assertGreater(inner, 40)
        plain = [key for key in sorted(top - {"server"}) if " table" not in self.said(f"{key} = 1.5\n")]
        self.assertGreater(len(plain), 8)
        for key in plain:
            self.assertIn("it belongs at the top of the file", self.said(f'[[source]]\nfile = "x"\n{key} = 1\n'), key)
        self.assertIn('"threads" here; it belongs at the top of the file, before the first [table]. Here are: arrival_time',
                      self.said('[[source]]\nfile = "x"\nthreads = 2\n'))
        self.assertIn('"limit" here; other types of [[reducer]] take it. Here are: name, send, type',
                      self.said('[[reducer]]\ntype = "QueriesPerSecond"\nlimit = 2\n'))
        self.assertIn("it belongs inside send = ", self.said('[[reducer]]\ntype = "QueriesPerSecond"\ntopic = "x"\n'))

    def said(self, text):
        return run("check", self.file("keys.toml", text)).stderr

    def keys(self, text, inner=False):
        """What is accepted where `zzz` is not."""
        said = self.said(text)
        found = re.search(r'there is no key "zzz".*; there are: (.*)', said)
        if not found:
            self.assertTrue(inner, said)
            return set()
        return set(found[1].split(", "))


class Manual(ProgramTest):
    def page(self):
        return run("manual").stdout.replace("\\-", "-")

    def test_every_option_of_every_command_is_in_it(self):
        page = self.page()
        self.assertGreater(len(commands()), 8)
        for command in commands():
            section = re.search(rf"^\.SS {command}\n(.*?)(?=^\.S[SH] )", page, re.MULTILINE | re.DOTALL)[1]
            for option in long_options(command):
                self.assertIn(f"\\fB{option}\\fR", section, command)
        self.assertIn("SIGUSR1", page)

    @unittest.skipUnless(shutil.which("groff"), "groff is not installed: the pages are not set")
    def test_both_pages_can_be_set(self):
        configuration = subprocess.run([ROOT / "scripts/manual-page", "0"], check=True, capture_output=True, text=True).stdout
        for name, page in (("ratadns.1", run("manual").stdout), ("ratadns.toml.5", configuration)):
            done = subprocess.run(["groff", "-man", "-t", "-wall", "-Tutf8", "-Kutf8", self.file(name, page)],
                                  capture_output=True, text=True, timeout=TIMEOUT_S)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            said = re.sub(".\b", "", done.stdout)  # bold is a letter over itself
            self.assertTrue("NAME" in said and "SEE ALSO" in said, name)
            for key in ("streams_octets", "arrival_time") if name.endswith("5") else ("--keep-malformed",):
                self.assertTrue(key in said, f"{name} without {key}")


class Completion(ProgramTest):
    def setUp(self):
        super().setUp()
        self.path = {"PATH": f"{self.folder}:{os.environ['PATH']}"}
        (self.folder / "ratadns").symlink_to(pathlib.Path(RATADNS).resolve())
        (self.folder / "one.pcap").write_bytes(b"")

    def script(self, shell):
        return self.file(f"ratadns.{shell}", run("completion", shell).stdout)

    def shell(self, *command):
        done = subprocess.run(command, env={**os.environ, **self.path}, cwd=self.folder, capture_output=True, text=True,
                              timeout=TIMEOUT_S, stdin=subprocess.DEVNULL)
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def bash(self, *words):
        """What bash offers for the last word."""
        line = " ".join(f"'{word}'" for word in words)
        return self.shell("bash", "-c", f"source {self.script('bash')}; COMP_WORDS=(ratadns {line}); "
                          f"COMP_CWORD={len(words)}; _ratadns; printf '%s\\n' \"${{COMPREPLY[@]}}\"")

    def fish(self, *words):
        line = " ".join(words)
        return self.shell("fish", "--no-config", "-c", f"source {self.script('fish')}; complete -C'ratadns {line}' "
                          "| string replace -r '\\t.*' ''")

    def test_bash_completes_every_command_option_and_word(self):
        self.assertEqual(sorted(set(commands()) - set(self.bash(""))), [])
        self.assertEqual(self.bash("seri"), ["serialize"])
        for command in commands():
            offered = self.bash(command, "--")
            self.assertEqual(sorted(set(long_options(command)) - set(offered)), [], command)
        self.assertEqual(self.bash("show", "--no-tunnel", "g"), ["gre", "geneve", "gtp"])
        self.assertEqual(sorted(self.bash("show", "--no-tunnel", "")), sorted(words_of("show", "--no-tunnel")))
        self.assertEqual(self.bash("serialize", "--fields", "addresses,qu"), ["addresses,queries"])
        self.assertEqual(self.bash("summary", "--only", "=", "c"), ["counts"])
        self.assertEqual(self.bash("summary", "--keep-malformed", "o"), ["one.pcap"])
        self.assertEqual(self.bash("show", "--from", "o"), [])

    def test_bash_completes_files_interfaces_and_names_of_the_registries(self):
        self.assertEqual(self.bash("summary", "o"), ["one.pcap"])
        self.assertEqual(self.bash("run", "one"), ["one.pcap"])
        self.assertEqual(self.bash("monitor", "--source", "l"), [name for name in os.listdir("/sys/class/net") if name[0] == "l"])
        self.assertIn("reducers", self.bash("list", ""))
        self.assertEqual(self.bash("list", "reducers", "QueriesPer"), ["QueriesPerSecond"])

    def test_every_shell_reads_its_script(self):
        for shell in SHELLS:
            with self.subTest(shell):
                if shutil.which(shell):
                    self.assertEqual(self.shell(shell, "-n", str(self.script(shell))), [])
                else:
                    self.skipTest(f"{shell} is not installed")
        self.assertEqual(run("completion", "tcsh").returncode, 2)

    @unittest.skipUnless(shutil.which("fish"), "fish is not installed")
    def test_fish_completes_every_command_and_option(self):
        self.assertEqual(sorted(set(commands()) - set(self.fish(""))), [])
        for command in commands():
            offered = self.fish(command, "--")
            self.assertEqual(sorted(set(long_options(command)) - set(offered)), [], command)
        self.assertEqual(self.fish("list", "reducers", "QueriesPer"), ["QueriesPerSecond"])
        self.assertEqual(sorted(self.fish("show", "--no-tunnel", "g")), ["geneve", "gre", "gtp"])
        self.assertEqual(self.fish("summary", "o"), ["one.pcap"])

    @unittest.skipUnless(shutil.which("zsh"), "zsh is not installed")
    def test_zsh_completes_every_command_and_option(self):
        self.assertEqual(sorted(set(commands()) - set(self.zsh("ratadns "))), [])
        for command in commands():
            offered = self.zsh(f"ratadns {command} --")
            self.assertEqual(sorted(set(long_options(command)) - set(offered)), [], command)
        self.assertEqual(self.zsh("ratadns list reducers QueriesPer"), ["QueriesPerSecond"])

    def zsh(self, line):
        """zsh completes only on a terminal: one is made for it, and what compadd gets is written down instead of shown."""
        got = self.folder / "got"
        got.unlink(missing_ok=True)
        self.file(".zshrc", f"""
autoload -Uz compinit && compinit -u -D
source {self.script('zsh')}
compadd() {{
  local -a offered
  builtin compadd -O offered "$@"
  print -rl -- $offered >> {got}
  builtin compadd "$@"
}}
complete-all() {{ zle list-choices; print done >> {got}.done; exit }}
zle -N complete-all
bindkey '^X' complete-all
PS1=ready
""")
        done = self.folder / "got.done"
        done.unlink(missing_ok=True)
        environment = {**os.environ, **self.path, "ZDOTDIR": str(self.folder), "TERM": "dumb"}
        drive = ("import os,pty,sys\npid,fd=pty.fork()\nif pid==0: os.execvp('zsh',['zsh','-i'])\nseen=b''\n"
                 "while b'ready' not in seen: seen+=os.read(fd,4096)\nos.write(fd,sys.argv[1].encode()+b'\\x18')\n"
                 "try:\n  while os.read(fd,4096): pass\nexcept OSError: pass\nos.waitpid(pid,0)\n")
        subprocess.run(["python3", "-c", drive, line], env=environment, cwd=self.folder, timeout=TIMEOUT_S, check=True)
        return got.read_text(encoding="utf-8").split() if got.exists() else []


if __name__ == "__main__":
    unittest.main()
