# SPDX-License-Identifier: GPL-3.0-or-later
"""One program that tools/run keeps running."""

import collections
import ctypes
import os
import resource
import signal
import subprocess

_PR_SET_PDEATHSIG = 1
_TAIL_LINES = 15
_LOG_BYTES = 20 << 20
_LIBC = ctypes.CDLL(None, use_errno=True)


def _die_with_parent(parent):
    """Between fork and exec: whoever kills tools/run kills the child too."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # cores hold secrets


class Child:
    """A child process, its output and when to start it again."""

    FIRST_PAUSE = 0.2  # seconds until a restart, doubled each time
    LONGEST_PAUSE = 10.0
    MAX_EARLY_DEATHS = 5  # deaths in a row before it was ready

    def __init__(self, name, argv, log_path, ready,
                 stop_signal=signal.SIGTERM):
        """`ready()` tells whether the running program does its work."""
        self.name = name
        self.stop_signal = stop_signal
        self.argv = argv
        self.ready = ready
        self.process = None
        self.is_ready = False
        self.early_deaths = 0
        self.start_at = None  # when to start again, None: not planned
        self.tail = collections.deque(maxlen=_TAIL_LINES)
        self._log_path = log_path
        self._log = open(log_path, "wb")
        self._partial = b""
        self._pause = self.FIRST_PAUSE

    @property
    def pid(self):
        return self.process.pid if self.process else None

    def start(self):
        self.start_at = None
        self.is_ready = False
        parent = os.getpid()
        self.process = subprocess.Popen(
            self.argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, bufsize=0, start_new_session=True,
            preexec_fn=lambda: _die_with_parent(parent))
        os.set_blocking(self.process.stdout.fileno(), False)

    def read_lines(self):
        """The whole lines written since the last call, as text."""
        if self.process is None:
            return []
        data = b""
        while chunk := self.process.stdout.read(65536):
            data += chunk
        if self._log.tell() > _LOG_BYTES:  # keep one old file
            self._log.close()
            os.replace(self._log_path, self._log_path + ".1")
            self._log = open(self._log_path, "wb")
        self._log.write(data)
        self._log.flush()
        *lines, self._partial = (self._partial + data).split(b"\n")
        lines = [line.decode(errors="replace") for line in lines]
        self.tail.extend(lines)
        return lines

    def check_ready(self):
        """True once per start, when the program has become ready."""
        if self.process is None or self.is_ready or not self.ready():
            return False
        self.is_ready = True
        self.early_deaths = 0
        return True

    def has_ended(self):
        return self.process is not None and self.process.poll() is not None

    def plan_restart(self, now):
        """After it ended by itself; returns how it ended."""
        code = self.process.returncode
        if self.is_ready:
            self._pause = self.FIRST_PAUSE
        else:
            self.early_deaths += 1
        self.forget()
        self.start_at = now + self._pause
        self._pause = min(2 * self._pause, self.LONGEST_PAUSE)
        if code < 0:
            return f"was ended by {signal.Signals(-code).name}"
        return f"exited with status {code}"

    def send(self, number):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    def forget(self):
        """Lets go of the process that has ended."""
        self.process.stdout.close()
        self.process = None
        self.is_ready = False
        self._partial = b""
