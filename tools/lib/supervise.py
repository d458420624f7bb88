#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a private Prosody and Carillon together; tools/run ends in this.

SIGINT, SIGTERM, SIGHUP: stop everything. SIGUSR1: restart Prosody. SIGUSR2:
stop Prosody and leave it stopped until SIGUSR1. The last two are for tests.
"""

import fcntl
import json
import os
import resource
import secrets
import selectors
import signal
import sys
import time
import urllib.error
import urllib.request

import ports
import prosody_config
import tls_files
from child import Child
from greeting import greeting
from run_options import (LOOPBACK, certificate_names, choose_addresses,
                         has_tls, page_name, parse_options)

START_SECONDS = 60  # the longest start that is still one
STOP_SECONDS = 8
TICK = 0.05


class Refused(Exception):
    """A reason not to run, in one line."""


def with_port(address, port):
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def page_address(options):
    scheme, default_port = ("https", 443) if has_tls(options) else ("http", 80)
    place = with_port(page_name(options), options.http_port)
    return f"{scheme}://{place.removesuffix(f':{default_port}')}/"


class Run:
    """Both programs, from their start to their end."""

    def __init__(self, options):
        self.options = options
        self.state = os.path.abspath(options.state)
        self.page_address, self.media_address, self.advertised = (
            choose_addresses(options))
        self.page = page_address(options)
        self.fingerprint = None  # of a self-signed certificate
        self.stops_asked = 0
        self.restart_asked = False
        self.pause_asked = False
        self.muted = False  # nobody reads our output any more
        self.children = ()
        self.lock = None

    def say(self, text, who="run"):
        if self.muted:
            return
        try:
            print(f"{who:8} | {text}", flush=True)
        except OSError:
            self.muted = True

    # Before the start.

    def prepare(self):
        """Checks what can be checked and writes all files."""
        os.umask(0o077)
        os.makedirs(self.state, exist_ok=True)
        os.chmod(self.state, 0o700)
        self.lock = open(self._file("lock"), "a", encoding="ascii")
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(f"already running with the state in {self.state}; "
                          "choose another with --state") from None
        self._forget_run()
        self._check_ports()
        server = os.path.join(self.options.build_dir, "sfu", "carillon")
        if not os.access(server, os.X_OK):
            raise Refused(f"there is no {server}; build it, or leave out "
                          "--no-build")
        if not os.path.isfile(os.path.join(self.options.page_dir,
                                           "index.html")):
            raise Refused(f"there is no page in {self.options.page_dir}; "
                          "build it, or leave out --no-build")
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft < hard:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self._make_certificate()
        secret = secrets.token_hex(32)
        self._write("component.secret", secret + "\n")
        directory = self._file("prosody")
        for name in ("data", "certs"):  # Prosody looks into both
            os.makedirs(os.path.join(directory, name), exist_ok=True)
        options = self.options
        self._write("prosody/prosody.cfg.lua", prosody_config.prosody_config(
            directory, options.c2s_port, options.component_port,
            options.prosody_http_port, secret, options.xmpp_certificate,
            options.xmpp_key))
        self._write("carillon.flags", "".join(
            f"--{name}={value}\n" for name, value in self._flags()))
        self.prosody = Child(
            "prosody",
            ["prosody", "--config", self._file("prosody/prosody.cfg.lua"),
             "-F"],
            self._file("prosody.log"), self._prosody_ready)
        self.carillon = Child(
            "carillon",
            [server, "--flagfile=" + self._file("carillon.flags"),
             *options.server_flags],
            self._file("carillon.log"), self._carillon_ready,
            signal.SIGINT)  # SIGTERM would wait for calls to end
        self.children = (self.prosody, self.carillon)

    def _make_certificate(self):
        if not self.options.tls:
            return
        try:
            files = tls_files.self_signed(self._file("tls"),
                                          certificate_names(self.options))
            self.fingerprint = tls_files.fingerprint(files[0])
        except OSError as error:
            raise Refused(f"no self-signed certificate: {error}") from None
        self.options.tls_certificate, self.options.tls_key = files

    def _check_ports(self):
        o = self.options
        wanted = [
            ("page", "tcp", self.page_address, o.http_port, "--http-port"),
            ("admin", "tcp", LOOPBACK, o.admin_port, "--admin-port"),
        ] + [
            (f"Prosody, {what}", "tcp", LOOPBACK, port, "--prosody-port-base")
            for what, port in (("clients", o.c2s_port),
                               ("component", o.component_port),
                               ("WebSocket", o.prosody_http_port))
        ] + [
            ("media", "udp", self.media_address, o.media_port + i,
             "--media-port") for i in range(o.workers)
        ]
        for what, kind, address, port, flag in wanted:
            problem = ports.can_bind(kind, address, port)
            if problem:
                raise Refused(f"{kind} port {port} ({what}) {problem}; "
                              f"choose another with {flag}")

    def _flags(self):
        o = self.options
        return [
            ("component_host", LOOPBACK),
            ("component_port", o.component_port),
            ("component", prosody_config.COMPONENT),
            ("component_secret_file", self._file("component.secret")),
            ("guest_domain", prosody_config.GUEST_DOMAIN),
            ("muc", prosody_config.MUC),
            ("xmpp_websocket", self._websocket()),
            ("http_listen", with_port(self.page_address, o.http_port)),
            *((("tls_certificate", o.tls_certificate),
               ("tls_key", o.tls_key)) if has_tls(o) else ()),
            ("admin_listen", with_port(LOOPBACK, o.admin_port)),
            ("page_dir", os.path.abspath(o.page_dir)),
            ("media_address", self.media_address),
            ("media_port", o.media_port),
            ("advertise", ",".join(self.advertised)),
            ("workers", o.workers),
        ]

    def _websocket(self):
        port = self.options.prosody_http_port
        return f"ws://{LOOPBACK}:{port}/xmpp-websocket"

    # Files.

    def _file(self, name):
        return os.path.join(self.state, name)

    def _write(self, name, text):
        """Replaces the file at once: readers see the old or the new one."""
        path = self._file(name)
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(path + ".new", path)

    def _write_run(self):
        o = self.options
        self._write("run.json", json.dumps({
            "page": self.page,
            "room": self.page + o.room,
            "websocket": self._websocket(),
            "guest_domain": prosody_config.GUEST_DOMAIN,
            "accounts_domain": prosody_config.ACCOUNTS_DOMAIN,
            "component": prosody_config.COMPONENT,
            "muc": prosody_config.MUC,
            "c2s_port": o.c2s_port,
            "component_port": o.component_port,
            "prosody_http_port": o.prosody_http_port,
            "http_port": o.http_port,
            "admin_port": o.admin_port,
            "media_ports": [o.media_port + i for i in range(o.workers)],
            "advertise": self.advertised,
            "workers": o.workers,
            "run_pid": os.getpid(),
            "server_pid": self.carillon.pid,
            "prosody_pid": self.prosody.pid,
        }, indent=2) + "\n")

    def _forget_run(self):
        try:
            os.unlink(self._file("run.json"))
        except FileNotFoundError:
            pass

    # Health.

    def _prosody_ready(self):
        o = self.options
        return all(ports.listens(port) for port in (
            o.c2s_port, o.component_port, o.prosody_http_port))

    def _carillon_ready(self):
        """/readyz answers 200 once the component link is up."""
        url = f"http://{LOOPBACK}:{self.options.admin_port}/readyz"
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with direct.open(url, timeout=1) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    # The run.

    def run(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP,
                       signal.SIGUSR1, signal.SIGUSR2):
            signal.signal(number, self._on_signal)
        self.prepare()
        try:
            self._start_all()
            while not self.stops_asked:
                self._turn()
        finally:
            for child in reversed(self.children):
                self._stop(child)
            self._forget_run()
        self.say("stopped")

    def _on_signal(self, number, _):
        if number == signal.SIGUSR1:
            self.restart_asked = True
        elif number == signal.SIGUSR2:
            self.pause_asked = True
        else:
            self.stops_asked += 1

    def _start_all(self):
        deadline = time.monotonic() + START_SECONDS
        for child in (self.prosody, self.carillon):
            child.start()
            while not child.check_ready():
                self._show_output()
                if self.stops_asked:
                    return
                if self._finished(child):
                    raise Refused(self._last_words(
                        child, child.plan_restart(time.monotonic())))
                if time.monotonic() > deadline:
                    raise Refused(self._last_words(
                        child, "did not become ready"))
        self._write_run()
        self._greet()

    def _turn(self):
        """One look at everything: output, deaths, restarts, signals."""
        self._show_output()
        now = time.monotonic()
        for child in self.children:
            if self._finished(child):
                end = child.plan_restart(now)
                if child.early_deaths >= child.MAX_EARLY_DEATHS:
                    raise Refused(self._last_words(child, end + " again"))
                pause = child.start_at - now
                self.say(f"{child.name} {end}; starting it again in "
                         f"{pause:.1f} s")
            if child.start_at is not None and now >= child.start_at:
                child.start()
            if child.check_ready():
                self.say(f"{child.name} is up again (pid {child.pid})")
                self._write_run()
        if self.pause_asked:
            self.pause_asked = False
            self.say("stopping prosody until SIGUSR1, as asked by SIGUSR2")
            self._stop(self.prosody)
        if self.restart_asked:
            self.restart_asked = False
            self.say("restarting prosody, as asked by SIGUSR1")
            self._stop(self.prosody)
            self.prosody.start()

    def _show(self, child):
        lines = child.read_lines()
        for line in lines:
            self.say(line, child.name)
        return bool(lines)

    def _show_output(self):
        """Waits up to a tick for output and shows it."""
        with selectors.DefaultSelector() as selector:
            for child in self.children:
                if child.process is not None:
                    selector.register(child.process.stdout,
                                      selectors.EVENT_READ)
            if selector.get_map():
                selector.select(TICK)
        if not any([self._show(child) for child in self.children]):
            time.sleep(TICK)  # nothing to read, or pipes at their end

    def _finished(self, child):
        """Whether it has ended; then all it wrote has been shown."""
        if not child.has_ended():
            return False
        self._show(child)
        return True

    def _last_words(self, child, end):
        last = [line for line in child.tail if line.strip()]
        return f"{child.name} {end}; its last lines:" + "".join(
            f"\n  {line}" for line in last or ["(none)"])

    def _stop(self, child):
        """Ends `child`: asks it first, SIGKILL when it takes too long."""
        child.start_at = None
        child.send(child.stop_signal)
        deadline = time.monotonic() + STOP_SECONDS
        stops_seen = self.stops_asked
        while child.process is not None:
            self._show_output()
            if self._finished(child):
                child.forget()
            elif (self.stops_asked > stops_seen
                  or time.monotonic() > deadline):
                self.say(f"{child.name} does not stop; killing it")
                child.send(signal.SIGKILL)
                deadline = time.monotonic() + STOP_SECONDS
                stops_seen = self.stops_asked

    def _greet(self):
        for line in greeting(self.options, self.page + self.options.room,
                             self.state, self.advertised, self.fingerprint):
            self.say(line)


def main():
    run = Run(parse_options(sys.argv[1:]))
    try:
        run.run()
    except Refused as reason:
        sys.stdout.flush()
        print(f"tools/run: {reason}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
