#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tools/run promises, with a real Prosody and a stand-in server."""

import hashlib
import os
import pathlib
import shutil
import signal
import socket
import ssl
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

    def wait_for_greeting(self, run):
        wait_until(lambda: "Stop: Ctrl-C" in run.log(), "the greeting", 10)

    def flags(self, run):
        """What the server was told."""
        lines = (run.state / "carillon.flags").read_text().splitlines()
        return dict(line[2:].split("=", 1) for line in lines)

    def test_a_public_address_is_advertised_and_not_listened_on(self):
        run = self.start("--public-address", "203.0.113.7",
                         "--domain", "meet.example", "--workers", "2")
        facts = run.wait_until_up()
        self.assertEqual(facts["page"], f"http://meet.example:{PORT_BASE}/")
        self.assertEqual(facts["advertise"], ["203.0.113.7"])
        flags = self.flags(run)
        self.assertEqual(flags["http_listen"], f"0.0.0.0:{PORT_BASE}")
        self.assertEqual(flags["media_address"], "0.0.0.0")
        self.assertNotIn("tls_key", flags)
        self.wait_for_greeting(run)
        self.assertIn(f"Open to everybody: tcp {PORT_BASE} (page), "
                      f"udp {PORT_BASE + 10}-{PORT_BASE + 11} (media)",
                      run.log())
        self.assertIn(f"Keep closed: tcp {PORT_BASE + 1} (metrics), "
                      f"{PORT_BASE + 2}, {PORT_BASE + 3}, {PORT_BASE + 4} ",
                      run.log())
        self.assertIn("camera and microphone to https://", run.log())

    def test_a_loopback_host_stays_on_loopback_whatever_its_name(self):
        run = self.start("--host", "127.0.0.1", "--domain", "Meet.example",
                         "--tls-certificate", "a.pem", "--tls-key", "b.pem")
        facts = run.wait_until_up()
        self.assertEqual(facts["page"], f"https://meet.example:{PORT_BASE}/")
        self.assertEqual(facts["advertise"], ["127.0.0.1"])
        flags = self.flags(run)
        self.assertEqual(flags["http_listen"], f"127.0.0.1:{PORT_BASE}")
        self.assertEqual(flags["tls_certificate"], os.path.abspath("a.pem"))
        self.assertEqual(flags["tls_key"], os.path.abspath("b.pem"))
        self.wait_for_greeting(run)
        self.assertNotIn("camera and microphone", run.log())

    def test_keeps_a_self_signed_certificate_that_names_all_addresses(self):
        def made(*options):
            """The certificate of a run with these options."""
            run = self.start("--state", str(self.build_dir / "state"),
                             "--tls", "self-signed", *options)
            run.state = self.build_dir / "state"
            facts = run.wait_until_up()
            certificate = self.build_dir / "state/tls/certificate.pem"
            self.assertTrue(facts["page"].startswith("https://"))
            self.assertEqual(self.flags(run)["tls_certificate"],
                             str(certificate))
            pem = certificate.read_text()
            digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).digest()
            self.wait_for_greeting(run)
            self.assertIn(digest.hex(":").upper(), run.log())
            self.assertEqual(run.interrupt(), 0)
            return pem

        def fits(option, name):
            told = subprocess.run(
                ["openssl", "x509", "-noout", option, name],
                input=certificate, capture_output=True, text=True, check=True)
            return "does match" in told.stdout

        first = made()
        key = self.build_dir / "state/tls/key.pem"
        self.assertEqual(stat.S_IMODE(os.stat(key).st_mode), 0o600)
        self.assertEqual(made(), first)
        certificate = made("--domain", "meet.example",
                           "--public-address", "203.0.113.7")
        self.assertNotEqual(certificate, first)
        self.assertTrue(fits("-checkhost", "meet.example"))
        self.assertTrue(fits("-checkhost", "localhost"))
        self.assertTrue(fits("-checkip", "203.0.113.7"))
        self.assertTrue(fits("-checkip", "127.0.0.1"))
        self.assertFalse(fits("-checkip", "203.0.113.8"))
        self.assertEqual(made(), certificate)

    def test_wrong_options_give_one_line(self):
        for options in (
                ["--colour=red"], ["room"], ["--workers"],
                ["--no-build", "--tls-key", "a.pem"],
                ["--no-build", "--tls-certificate", "a.pem"],
                ["--no-build", "--tls", "self-signed", "--tls-key", "a.pem",
                 "--tls-certificate", "a.pem"],
                ["--no-build", "--tls", "maybe"],
                ["--no-build", "--domain", "a_b.example"],
                ["--no-build", "--public-address", "meet.example"],
                ["--no-build", "--public-address", "192.0.2.1",
                 "--host", "127.0.0.1"]):
            with self.subTest(options=options):
                refused = subprocess.run(
                    [ROOT / "tools/run", *options], stdin=subprocess.DEVNULL,
                    capture_output=True, text=True, timeout=30, check=False)
                self.assertEqual(refused.returncode, 1)
                self.assertEqual(len(refused.stderr.splitlines()), 1)
                self.assertIn("--help", refused.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
