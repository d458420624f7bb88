#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tools/run promises, with a real Prosody and a stand-in server."""

import os
import pathlib
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import unittest

import xmpp_wire
from running import ROOT, Running, free_port_base, is_alive, wait_until

HERE = pathlib.Path(__file__).resolve().parent
PORT_BASE = free_port_base()


class ToolsRun(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="carillon-stand-in-")
        self.addCleanup(folder.cleanup)
        self.build_dir = pathlib.Path(folder.name)
        (self.build_dir / "sfu").mkdir()
        shutil.copy(HERE / "stand_in_server.py",
                    self.build_dir / "sfu/carillon")
        (self.build_dir / "sfu/carillon").chmod(0o755)
        (self.build_dir / "index.html").write_text("<p>page</p>")

    def start(self, *options):
        run = Running(self.build_dir, *options, port_base=PORT_BASE,
                      page_dir=self.build_dir,
                      environment={"CARILLON_INTEGRATION": str(HERE)})
        self.addCleanup(run.__exit__)
        return run

    def restarted(self, run, before, key):
        """The facts once the process id under `key` has changed."""
        def changed():
            facts = run.facts()
            return facts if facts and facts[key] != before[key] else None
        return wait_until(changed, f"a new {key}")

    def test_tells_its_facts_and_stops_all_on_interrupt(self):
        run = self.start("--workers", "2", "--room", "tea")
        facts = run.wait_until_up()
        self.assertEqual(facts["room"], f"http://127.0.0.1:{PORT_BASE}/tea")
        self.assertEqual(facts["media_ports"],
                         [PORT_BASE + 10, PORT_BASE + 11])
        self.assertIn(facts["room"], run.log())
        self.assertEqual(stat.S_IMODE(os.stat(run.state).st_mode), 0o700)
        secret = os.stat(run.state / "component.secret")
        self.assertEqual(stat.S_IMODE(secret.st_mode), 0o600)
        self.assertEqual(run.interrupt(), 0)
        self.assertFalse(is_alive(facts["server_pid"]))
        self.assertFalse(is_alive(facts["prosody_pid"]))
        self.assertIsNone(run.facts())

    def test_children_end_with_a_killed_parent(self):
        run = self.start()
        facts = run.wait_until_up()
        run.process.kill()
        for key in ("server_pid", "prosody_pid"):
            wait_until(lambda key=key: not is_alive(facts[key]),
                       f"the end of {key}", 10)

    def test_guests_log_in_over_tcp_and_websocket(self):
        run = self.start()
        facts = run.wait_until_up()
        domain = facts["guest_domain"]
        with xmpp_wire.Client(facts["c2s_port"], domain) as guest, \
                xmpp_wire.WebSocketClient(facts["prosody_http_port"],
                                          domain) as page:
            self.assertNotEqual(guest.jid, page.jid)
            items = guest.request(
                "get", domain,
                "<query xmlns='http://jabber.org/protocol/disco#items'/>")
            self.assertIn(facts["component"],
                          [item.get("jid") for item in items.iter()])
            page.send("<presence xmlns='jabber:client' "
                      f"to='tea@{facts['muc']}/page'>"
                      "<x xmlns='http://jabber.org/protocol/muc'/></presence>")
            self.assertEqual(page.receive().get("from"),
                             f"tea@{facts['muc']}/page")

    def test_restarts_what_ends_by_itself(self):
        run = self.start()
        facts = run.wait_until_up()
        os.kill(facts["server_pid"], signal.SIGKILL)
        facts = self.restarted(run, facts, "server_pid")
        self.assertIn("carillon was ended by SIGKILL", run.log())
        os.kill(facts["prosody_pid"], signal.SIGKILL)
        self.restarted(run, facts, "prosody_pid")
        self.assertEqual(run.interrupt(), 0)

    def test_signals_restart_and_stop_prosody(self):
        run = self.start()
        facts = run.wait_until_up()
        run.process.send_signal(signal.SIGUSR1)
        facts = self.restarted(run, facts, "prosody_pid")
        run.process.send_signal(signal.SIGUSR2)
        wait_until(lambda: not is_alive(facts["prosody_pid"]), "Prosody's end")
        run.process.send_signal(signal.SIGUSR1)
        again = self.restarted(run, facts, "prosody_pid")
        self.assertEqual(again["server_pid"], facts["server_pid"])
        self.assertEqual(run.interrupt(), 0)

    def test_names_the_port_that_is_in_use_and_by_whom(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", PORT_BASE))
            taken.listen()
            run = self.start()
            self.assertEqual(run.process.wait(30), 1)
            line, = run.log().splitlines()
            self.assertIn(f"tcp port {PORT_BASE} (page) is in use by ", line)
            self.assertIn(f"(pid {os.getpid()})", line)
            self.assertIn("--http-port", line)

    def test_shows_the_last_words_of_a_server_that_does_not_start(self):
        (self.build_dir / "sfu/refuse").touch()
        run = self.start()
        self.assertEqual(run.process.wait(60), 1)
        self.assertIn("tools/run: carillon exited with status 3", run.log())
        self.assertIn("\n  no room at the inn", run.log())

    def test_a_second_run_with_the_same_state_is_refused(self):
        run = self.start()
        run.wait_until_up()
        second = subprocess.run(
            [ROOT / "tools/run", "--no-build", "--state", run.state,
             "--build-dir", self.build_dir, "--page-dir", self.build_dir],
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=30, check=False)
        self.assertEqual(second.returncode, 1)
        self.assertIn("already running", second.stderr)
        self.assertIsNotNone(run.facts())

    def test_passes_flags_behind_two_dashes_on(self):
        run = self.start("--", "--log_level=debug")
        run.wait_until_up()
        wait_until(lambda: "stand-in started --log_level=debug" in run.log(),
                   "the flag", 10)

    def test_wrong_options_give_one_line(self):
        for options in (["--colour=red"], ["room"], ["--workers"]):
            with self.subTest(options=options):
                refused = subprocess.run(
                    [ROOT / "tools/run", *options], stdin=subprocess.DEVNULL,
                    capture_output=True, text=True, timeout=30, check=False)
                self.assertEqual(refused.returncode, 1)
                self.assertEqual(len(refused.stderr.splitlines()), 1)
                self.assertIn("--help", refused.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
