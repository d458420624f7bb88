#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Debian package of what was built: package_test.py BUILD_DIR.

Skipped (status 77) where there is nothing to pack. That it installs, starts
and goes again is shown by tools/fresh_root --package.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

BUILD_DIR = None  # set from the arguments
PAGE = pathlib.Path(__file__).resolve().parents[2] / "tools/room/dist"
MAX_EXPOSURE = 2.0  # of systemd-analyze security, 0 to 10
ABSL = {"flagfile"}  # which the file cannot have


def run(*command, ok=True):
    """Standard output and error, in one, of a command that succeeds."""
    done = subprocess.run([str(word) for word in command], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False, timeout=120)
    if ok and done.returncode != 0:
        raise AssertionError(f"{command}: {done.returncode}\n{done.stdout}")
    return done.stdout


def flags_of(program):
    """{name: line for a flag file} of --help."""
    flags = {}
    for line in run(program, "--help").splitlines():
        match = re.fullmatch(r"  --(\[no\])?(\w+)(?:=(.*))?", line)
        if match:
            boolean, name, value = match.groups()
            value = "" if value == '""' else value
            flags[name] = f"--{name}" if boolean else f"--{name}={value}"
    return {name: line for name, line in flags.items() if name not in ABSL}


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="carillon-package-")
        folder = pathlib.Path(cls.folder.name)
        run("cpack", "-G", "DEB", "-B", folder, "--config",
            BUILD_DIR / "CPackConfig.cmake")
        cls.deb, = folder.glob("carillon_*.deb")
        cls.root = folder / "root"
        run("dpkg-deb", "-x", cls.deb, cls.root)
        cls.server = cls.root / "usr/bin/carillon"
        cls.conf = cls.root / "etc/carillon/carillon.conf"
        cls.unit = cls.root / "lib/systemd/system/carillon.service"

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_has_what_it_is_to_have_and_nothing_writable(self):
        listing = run("dpkg-deb", "-c", self.deb).splitlines()
        paths = {line.split()[-1].lstrip(".") for line in listing}
        for path in ("/usr/bin/carillon", "/usr/bin/carillon-bot",
                     "/usr/share/carillon/page/index.html",
                     "/etc/carillon/carillon.conf",
                     "/lib/systemd/system/carillon.service",
                     "/usr/share/man/man8/carillon.8.gz",
                     "/usr/share/man/man1/carillon-bot.1.gz",
                     "/usr/share/doc/carillon/copyright"):
            self.assertIn(path, paths)
        for line in listing:
            self.assertRegex(line, r"^(d|-)rw[x-]r-[x-]r-[x-] root/root ")
            self.assertRegex(line, r" \./(etc|lib|usr)/")

    def test_names_libraries_and_conffile(self):
        depends = run("dpkg-deb", "-f", self.deb, "Depends")
        for library in ("libc6", "libgloox", "libssl3"):
            self.assertRegex(depends, rf"\b{library}")
        self.assertEqual(run("dpkg-deb", "-I", self.deb, "conffiles").split(),
                         ["/etc/carillon/carillon.conf"])

    def test_conf_has_each_flag_with_its_default(self):
        flags = flags_of(self.server)
        self.assertGreater(len(flags), 15)
        lines = self.conf.read_text().splitlines()
        switched = {re.split("=", line[3:])[0]: line[1:] for line in lines
                    if line.startswith("#--")}
        switched = {name.removeprefix("no") if name not in flags else name:
                    line for name, line in switched.items()}
        self.assertEqual(sorted(switched), sorted(flags))
        for name, line in flags.items():
            if line.startswith(f"--{name}="):
                self.assertEqual(switched[name], line)
        self.assertEqual([line for line in lines
                          if line and not line.startswith("#")], [])

    def test_conf_is_a_flag_file_that_wins_over_the_units_flags(self):
        answer = run(self.server, "--workers=65", f"--flagfile={self.conf}",
                     ok=False)
        self.assertIn("--workers: 65 is out of range", answer)
        answer = run(self.server, f"--flagfile={self.conf}", ok=False)
        self.assertIn("--component_secret_file: is required", answer)
        secret = self.root / "secret"
        secret.write_text("too short")
        own = self.root / "own.conf"
        own.write_text(self.conf.read_text().replace(
            "#--component_secret_file=", f"--component_secret_file={secret}"))
        answer = run(self.server, "--component_secret_file=/nowhere",
                     f"--flagfile={own}", ok=False)
        self.assertIn("the secret is too short", answer)

    def test_unit_is_one(self):
        text = self.unit.read_text().replace("=/usr/bin/",
                                             f"={self.root}/usr/bin/")
        unit = self.root / "carillon.service"
        unit.write_text(text)
        self.assertEqual(run("systemd-analyze", "verify", "--man=no",
                             "--recursive-errors=no", unit, ok=False), "")

    def test_unit_starts_it_again_within_a_second(self):
        unit = self.unit.read_text()
        self.assertRegex(unit, r"(?m)^Restart=always$")
        self.assertRegex(unit, r"(?m)^RestartSec=[1-9]\d\dms$")
        self.assertRegex(unit, r"(?m)^StartLimitIntervalSec=0$")

    def test_unit_leaves_it_little_of_the_machine(self):
        report = run("systemd-analyze", "security", "--offline=true",
                     self.unit, ok=False)
        exposure = re.search(r"exposure level for .*: ([\d.]+)", report)
        self.assertTrue(exposure, report)
        print("exposure:", exposure.group(1))
        self.assertLess(float(exposure.group(1)), MAX_EXPOSURE)

    def test_manual_pages_render_and_have_each_flag(self):
        for page, program in (("man8/carillon.8.gz", "carillon"),
                              ("man1/carillon-bot.1.gz", "carillon-bot")):
            path = self.root / "usr/share/man" / page
            self.assertEqual(
                run("mandoc", "-T", "lint", "-W", "warning", path), "")
            text = re.sub(".\b", "", run("mandoc", "-T", "ascii", path))
            told = set(re.findall(r"(?m)^ +--(\w+)", text))
            missing = set(flags_of(self.root / "usr/bin" / program)) - told
            self.assertEqual(missing, set())
            self.assertNotIn("@", text)


if __name__ == "__main__":
    BUILD_DIR = pathlib.Path(os.environ.get("CARILLON_BUILD_DIR")
                             or sys.argv[1])
    for needed in (BUILD_DIR / "CPackConfig.cmake", PAGE / "index.html",
                   BUILD_DIR / "tools/bot/carillon-bot"):
        if not needed.exists():
            print(f"nothing to pack: there is no {needed}")
            sys.exit(77)
    unittest.main(argv=sys.argv[:1])
