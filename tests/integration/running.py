# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts tools/run for a test, in a state folder and on ports of its own."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

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
    """A tools/run; ends it when the `with` block is left."""

    def __init__(self, build_dir, *options, port_base=None, page_dir=None,
                 environment=None):
        port_base = port_base or free_port_base()
        self._folder = tempfile.TemporaryDirectory(prefix="carillon-test-")
        self.state = pathlib.Path(self._folder.name) / "state"
        self.log_path = pathlib.Path(self._folder.name) / "run.log"
        self.port_base = port_base
        command = [ROOT / "tools/run", "--no-build", "--state", self.state,
                   "--build-dir", build_dir, "--port-base", str(port_base)]
        if page_dir:
            command += ["--page-dir", page_dir]
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [*command, *options], stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})})

    def __enter__(self):
        return self

    def __exit__(self, *_):
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

    def interrupt(self):
        """Ctrl-C; returns the exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE)
