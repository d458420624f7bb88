#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""`carillon doctor` with set-ups that are well and that are not.

doctor_test.py BUILD_DIR; the variable CARILLON_BUILD_DIR names another one.
"""

import http.server
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

from running import PATIENCE, ROOT, Running, free_port_base, wait_until

sys.path.insert(0, str(ROOT / "tools/lib"))
import ports  # noqa: E402
import prosody_config  # noqa: E402

BUILD_DIR = None  # set from the arguments
SECRET = "0123456789abcdef0123456789abcdef"


class OtherSite(http.server.BaseHTTPRequestHandler):
    """Some other program's."""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


def doctor(*flags):
    """Exit code and lines."""
    done = subprocess.run([BUILD_DIR / "sfu/carillon", "doctor", *flags],
                          stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=PATIENCE, check=False)
    return done.returncode, (done.stdout + done.stderr).splitlines()


class DoctorTest(unittest.TestCase):
    def assertSays(self, lines, verdict, check, words=""):
        """One of the lines is such a finding."""
        pattern = re.compile(
            rf"{verdict} +{check} .*{re.escape(words)}")
        self.assertTrue(any(pattern.match(line) for line in lines),
                        f"no {verdict} {check} … {words}\n" + "\n".join(lines))

    def folder(self):
        folder = tempfile.TemporaryDirectory(prefix="carillon-doctor-")
        self.addCleanup(folder.cleanup)
        return pathlib.Path(folder.name)


class BeforeTheStart(DoctorTest):
    """An XMPP server, and no Carillon yet."""

    @classmethod
    def setUpClass(cls):
        cls._folder = tempfile.TemporaryDirectory(prefix="carillon-doctor-")
        cls.addClassCleanup(cls._folder.cleanup)
        folder = pathlib.Path(cls._folder.name)
        cls.base = base = free_port_base()
        for name in ("data", "certs"):
            (folder / name).mkdir()
        (folder / "prosody.cfg.lua").write_text(prosody_config.prosody_config(
            folder, base + 2, base + 3, base + 4, SECRET))
        with open(folder / "prosody.log", "wb") as log:
            prosody = subprocess.Popen(
                ["prosody", "--config", folder / "prosody.cfg.lua", "-F"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        cls.addClassCleanup(prosody.wait)
        cls.addClassCleanup(prosody.terminate)
        wait_until(lambda: ports.listens(base + 3) and ports.listens(base + 4),
                   "Prosody")
        page = folder / "page"
        page.mkdir()
        (page / "index.html").write_text("<!doctype html>")
        cls.secret = folder / "secret"
        cls.secret.write_text(SECRET + "\n")
        cls.secret.chmod(0o600)
        cls.flag_file = folder / "carillon.flags"
        cls.flag_file.write_text(
            f"--component_port={base + 3}\n"
            f"--component_secret_file={cls.secret}\n"
            f"--xmpp_websocket=ws://127.0.0.1:{base + 4}/xmpp-websocket\n"
            f"--http_listen=127.0.0.1:{base}\n"
            f"--admin_listen=127.0.0.1:{base + 1}\n"
            f"--page_dir={page}\n"
            f"--media_port={base + 10}\n"
            "--advertise=127.0.0.1\n--workers=2\n")

    def doctor(self, *flags):
        return doctor(f"--flagfile={self.flag_file}", *flags)

    def test_finds_a_good_set_up_well(self):
        code, lines = self.doctor()
        for check in ("configuration", "secret", "media_port", "component",
                      "websocket", "muc", "advertise", "udp", "http_listen",
                      "admin_listen", "page"):
            self.assertSays(lines, "ok", check)
        self.assertSays(lines, "(ok|warning)", "buffers", "MiB")
        self.assertSays(lines, "(ok|warning)", "clock", "UTC")
        self.assertEqual(code, 0, lines)

    def test_says_the_same_as_json(self):
        done = subprocess.run(
            [BUILD_DIR / "sfu/carillon", "doctor", "--json",
             f"--flagfile={self.flag_file}"],
            stdin=subprocess.DEVNULL, capture_output=True, check=True)
        findings = json.loads(done.stdout)
        self.assertIn({"health": "ok", "check": "admin_listen",
                       "seen": f"127.0.0.1:{self.base + 1} is free",
                       "remedy": ""}, findings)

    def test_names_flags_that_cannot_be_used(self):
        code, lines = self.doctor("--workers=0")
        self.assertSays(lines, "FAILED", "configuration", "--workers")
        self.assertEqual(code, 1)
        self.assertEqual(self.doctor("--listen=x")[0], 2)

    def assertFails(self, check, words, *flags):
        code, lines = self.doctor(*flags)
        self.assertSays(lines, "FAILED", check, words)
        self.assertEqual(code, 1)
        return lines

    def test_tells_what_is_wrong_with_the_component_link(self):
        other = self.folder() / "secret"
        other.write_text("another secret, long enough\n")
        lines = self.assertFails("component", "refuses the secret",
                                 f"--component_secret_file={other}")
        self.assertSays(lines, "warning", "secret", "chmod 600")
        self.assertFails("component", "knows no component sfu.example",
                         "--component=sfu.example")
        self.assertFails("component", "Connection refused",
                         f"--component_port={self.base + 19}")
        # A web server has no XEP-0114.
        self.assertFails("component", "XEP-0114",
                         f"--component_port={self.base + 4}")

    def test_tells_what_is_wrong_with_the_way_of_guests(self):
        nobody = f"--xmpp_websocket=ws://127.0.0.1:{self.base + 19}/"
        self.assertFails("websocket", "start the XMPP server", nobody)
        url = f"--xmpp_websocket=ws://127.0.0.1:{self.base + 4}"
        self.assertFails("websocket", "HTTP status 404", url + "/elsewhere")
        self.assertFails("websocket", "host-unknown",
                         "--guest_domain=guest.example")
        self.assertFails("websocket", "no anonymous login, but",
                         "--guest_domain=localhost")
        self.assertFails("muc", "muc.example", "--muc=muc.example")

    def test_tells_what_is_wrong_with_addresses(self):
        self.assertFails("advertise", "can be no address",
                         "--advertise=239.1.1.1")
        self.assertFails("advertise", "set --media_address=::",
                         "--advertise=2a00::1")

    def test_tells_whose_port_is_taken(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.bind(("127.0.0.1", self.base + 11))
            lines = self.assertFails("media_port", f":{self.base + 11}/udp")
            # It could be a server whose link this would end.
            self.assertSays(lines, "warning", "component", "not tried")
        with socket.create_server(("127.0.0.1", self.base)):
            self.assertFails("http_listen", "ss -lntp")
        other = http.server.HTTPServer(("127.0.0.1", self.base + 1), OtherSite)
        threading.Thread(target=other.serve_forever, daemon=True).start()
        try:
            self.assertFails("server", "another program answers")
        finally:
            other.shutdown()
            other.server_close()

    def test_looks_for_the_page(self):
        empty = self.folder()
        self.assertFails("page", "no index.html", f"--page_dir={empty}")
        self.assertFails("page", "--page_dir", f"--page_dir={empty}/none")

    def make_certificate(self, days):
        """Options that name a certificate which ends in so many days."""
        folder = self.folder()
        key, request, names, certificate = (
            folder / name for name in ("k.pem", "r.pem", "names", "c.pem"))
        names.write_text("subjectAltName=DNS:a.example,IP:127.0.0.1\n")
        openssl = lambda *words: subprocess.run(
            ["openssl", *words], check=True, capture_output=True)
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out",
                request, "-subj", "/CN=a.example")
        openssl("x509", "-req", "-in", request, "-key", key, "-days",
                str(days), "-extfile", names, "-out", certificate)
        return [f"--certificate={certificate}", f"--key={key}"]

    def test_looks_at_the_certificate(self):
        self.assertFails("certificate", "expired",
                         *self.make_certificate(-1))
        good = self.make_certificate(90)
        self.assertFails("certificate", "not for b.example",
                         "--page_host=b.example", *good)
        other_key = self.make_certificate(90)[1]
        self.assertFails("certificate", "is not the key", good[0], other_key)
        self.assertFails("certificate", "No such file", good[0],
                         good[1] + ".none")
        self.assertFails("certificate", "cannot read", good[1].replace(
            "--key", "--certificate"), good[1])
        for host in ("a.example", "127.0.0.1"):
            code, lines = self.doctor(f"--page_host={host}", *good)
            self.assertSays(lines, "warning", "certificate", "self-signed")
            self.assertEqual(code, 0)
        _, lines = self.doctor(*self.make_certificate(13))
        self.assertSays(lines, "warning", "certificate", "renew it now")

    def test_listens_for_probes_from_elsewhere(self):
        first, last = self.base + 10, self.base + 11
        probe = f"--probe=127.0.0.1:{first}-{last}"
        code, lines = doctor(probe)
        self.assertSays(lines, "FAILED", "probe", "nothing listens there")
        self.assertEqual(code, 1)
        with subprocess.Popen(
                [BUILD_DIR / "sfu/carillon", "doctor", "--listen",
                 f"--flagfile={self.flag_file}"],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                text=True) as listener:
            told = []
            while not any("answering STUN" in line for line in told):
                told.append(listener.stdout.readline())
                self.assertTrue(told[-1], told)
            code, lines = doctor(f"--probe=localhost:{first}-{last},{last + 1}")
            for port in (first, last):
                self.assertSays(lines, "ok", "probe",
                                f"127.0.0.1:{port}/udp answers")
            self.assertSays(lines, "FAILED", "probe",
                            f"127.0.0.1:{last + 1}/udp is reached, but")
            self.assertEqual(code, 1)
            self.assertEqual(doctor(probe)[0], 0)
            listener.send_signal(signal.SIGINT)
            told += listener.stdout.read().splitlines()
            self.assertEqual(listener.wait(PATIENCE), 0)
        self.assertSays(told, "ok", "listen", "every media port was reached")

    def test_says_when_no_probe_came(self):
        code, lines = self.doctor("--listen=1")
        self.assertSays(lines, "FAILED", "listen",
                        f"nothing came to {self.base + 10}-{self.base + 11}")
        self.assertEqual(code, 1)


class WhileItRuns(DoctorTest):
    def setUp(self):
        self.run_ = Running(BUILD_DIR, "--workers", "2", "--host", "127.0.0.1")
        self.addCleanup(self.run_.__exit__)
        self.facts = self.run_.wait_until_up()
        self.flags = f"--flagfile={self.run_.state}/carillon.flags"

    def test_leaves_the_server_alone(self):
        before = self.run_.metric("component_connects_total")
        self.assertTrue(before)
        code, lines = doctor(self.flags)
        self.assertEqual(code, 0, lines)
        self.assertSays(lines, "ok", "server", "runs and is ready")
        self.assertSays(lines, "ok", "muc")
        first = self.run_.port_base + 10
        self.assertSays(lines, "ok", "udp", f"{first}-{first + 1}/udp")
        self.assertFalse([line for line in lines if " component " in line])
        self.assertEqual(self.run_.metric("component_connects_total"), before)

    def test_says_why_it_is_not_ready(self):
        self.run_.process.send_signal(signal.SIGUSR2)  # stops Prosody
        wait_until(lambda: not ports.listens(self.facts["prosody_http_port"]),
                   "the end of Prosody")

        def unlinked():
            code, lines = doctor(self.flags)
            return code == 1 and any(
                re.match("FAILED +server ", line) for line in lines) and lines
        lines = wait_until(unlinked, "what doctor says")
        self.assertSays(lines, "FAILED", "server", "XMPP")
        self.assertSays(lines, "FAILED", "component", "start the XMPP server")

    def test_lets_the_server_count_probes(self):
        first = self.run_.port_base + 10
        with subprocess.Popen(
                [BUILD_DIR / "sfu/carillon", "doctor", "--listen", self.flags],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                text=True) as listener:
            self.assertIn("counts at", listener.stdout.readline())
            code, lines = doctor(f"--probe=127.0.0.1:{first}")
            self.assertSays(lines, "FAILED", "probe", "does not answer")
            self.assertEqual(code, 1)
            self.assertIn(f"came to {first}/udp", listener.stdout.readline())
            listener.send_signal(signal.SIGINT)
            told = listener.stdout.read().splitlines()
            self.assertEqual(listener.wait(PATIENCE), 1)
        self.assertSays(told, "FAILED", "listen",
                        f"nothing came to {first + 1}/udp")


if __name__ == "__main__":
    BUILD_DIR = pathlib.Path(os.environ.get("CARILLON_BUILD_DIR")
                             or sys.argv[1])
    unittest.main(argv=sys.argv[:1])
