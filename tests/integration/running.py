# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts tools/run for a test, in a state folder and on ports of its own, and
bots for it."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import exposition

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools/lib"))
import ports  # noqa: E402

PATIENCE = 90  # seconds; sanitizer builds on a busy machine are slow


def wait_until(condition, what, patience=PATIENCE):
    """Returns what `condition` returns once that is true."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        result = condition()
        if result:
            return result
        time.sleep(0.05)
    raise AssertionError(f"waited {patience} s in vain: {what}")


def get(url):
    """Status and text."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def free_port_base():
    """A number from which 20 ports are free: several checkouts may test."""
    for step in range(500):
        base = 20000 + (os.getpid() + step) % 500 * 20
        if all(ports.can_bind(kind, "0.0.0.0", base + i) is None
               for kind in ("tcp", "udp") for i in range(20)):
            return base
    raise AssertionError("no free ports between 20000 and 30000")


class Running:
    """A tools/run; ends it, and its bots, when the `with` block is left.

    Without `page_dir` the page is empty.
    """

    def __init__(self, build_dir, *options, port_base=None, page_dir=None,
                 environment=None):
        port_base = port_base or free_port_base()
        self._folder = tempfile.TemporaryDirectory(prefix="carillon-test-")
        folder = pathlib.Path(self._folder.name)
        self.state = folder / "state"
        self.log_path = folder / "run.log"
        self.port_base = port_base
        self._build_dir = pathlib.Path(build_dir)
        self._bots = []
        if page_dir is None:
            page_dir = folder / "page"
            page_dir.mkdir()
            (page_dir / "index.html").write_text("<!doctype html>")
        command = [ROOT / "tools/run", "--no-build", "--state", self.state,
                   "--build-dir", build_dir, "--port-base", str(port_base),
                   "--page-dir", page_dir]
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [*command, *options], stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for bots in self._bots:
            bots.kill()
            bots.wait()
            bots.stdout.close()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._folder.cleanup()

    def log(self):
        return self.log_path.read_text(errors="replace")

    def facts(self):
        """run.json, or None while there is none."""
        try:
            return json.loads((self.state / "run.json").read_text())
        except FileNotFoundError:
            return None

    def wait_until_up(self):
        def up_or_over():
            return self.facts() or self.process.poll() is not None
        wait_until(up_or_over, "run.json")
        facts = self.facts()
        if not facts:
            raise AssertionError("tools/run ended:\n" + self.log())
        return facts

    def admin(self, path):
        """Address of a page of the admin listener."""
        return f"http://127.0.0.1:{self.port_base + 1}{path}"

    def metric(self, name, **labels):
        """The sum of the metric carillon_NAME with these labels."""
        _, values = exposition.parse(exposition.fetch(self.admin("/metrics")))
        return exposition.total(values[f"carillon_{name}"], labels)

    def add_account(self, name, password):
        """An account at the domain `localhost`."""
        subprocess.run(
            ["prosodyctl", "--config", self.state / "prosody/prosody.cfg.lua",
             "register", name, "localhost", password],
            check=True, capture_output=True)

    def bots(self, room, *options):
        """Starts a carillon-bot."""
        bots = subprocess.Popen(
            [self._build_dir / "tools/bot/carillon-bot",
             f"--run_json={self.state}/run.json", f"--room={room}",
             "--live=off", *options],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True)
        self._bots.append(bots)
        return bots

    def interrupt(self):
        """Ctrl-C; returns the exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE)
