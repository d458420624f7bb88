#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real server's HTTPS under tools/run: page, WebSocket, renewal.

tls_test.py BUILD_DIR; the variable CARILLON_BUILD_DIR names another one.
"""

import base64
import hashlib
import http.client
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import unittest

from running import Running, wait_until

BUILD_DIR = None  # set from the arguments
HOST = "127.0.0.1"


def make_certificate(folder, name):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:prime256v1", "-noenc", "-days", "90",
         "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}",
         "-keyout", folder / "key.pem", "-out", folder / "certificate.pem"],
        stdin=subprocess.DEVNULL, capture_output=True, check=True)


class Tls(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="carillon-tls-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def start(self, *options):
        run = Running(BUILD_DIR, *options)
        self.addCleanup(run.__exit__)
        return run

    def connect(self, port, authority, name):
        """A connection to the server that must prove to be `name`."""
        context = ssl.create_default_context(cafile=authority)
        made = http.client.HTTPSConnection(HOST, port, timeout=20,
                                          context=context)
        made.connect = lambda: None
        made.sock = context.wrap_socket(
            socket.create_connection((HOST, port), 20),
            server_hostname=name)
        self.addCleanup(made.close)
        return made

    def test_page_and_websocket_with_a_self_signed_certificate(self):
        run = self.start("--tls", "self-signed", "--domain", "meet.example",
                         "--host", HOST)
        facts = run.wait_until_up()
        port = facts["http_port"]
        authority = run.state / "tls/certificate.pem"
        for name in ("meet.example", HOST, "localhost"):
            with self.subTest(name=name):
                page = self.connect(port, authority, name)
                page.request("GET", "/tea")
                self.assertEqual(page.getresponse().status, 200)
        with self.assertRaises(ssl.SSLCertVerificationError):
            self.connect(port, authority, "evil.example")
        page = self.connect(port, authority, "meet.example")
        key = base64.b64encode(os.urandom(16)).decode()
        page.request("GET", "/xmpp-websocket", headers={
            "Host": f"meet.example:{port}",
            "Origin": f"https://meet.example:{port}",
            "Connection": "Upgrade", "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": key,
            "Sec-WebSocket-Protocol": "xmpp"})
        answer = page.getresponse()
        self.assertEqual(answer.status, 101)
        accept = hashlib.sha1(
            (key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
        self.assertEqual(answer.getheader("Sec-WebSocket-Accept"),
                         base64.b64encode(accept).decode())
        plain = http.client.HTTPConnection(HOST, port, timeout=20)
        self.addCleanup(plain.close)
        plain.request("GET", "/")
        told = plain.getresponse()
        self.assertEqual(told.status, 400)
        self.assertIn(b"https://", told.read())
        self.assertEqual(run.interrupt(), 0)

    def test_hangup_shows_a_renewed_certificate(self):
        make_certificate(self.folder, "one.example")
        authority = self.folder / "certificate.pem"
        run = self.start("--tls-certificate", authority,
                         "--tls-key", self.folder / "key.pem")
        facts = run.wait_until_up()
        port = facts["http_port"]
        old = self.connect(port, authority, "one.example")
        make_certificate(self.folder, "two.example")
        (self.folder / "key.pem").rename(self.folder / "aside")
        os.kill(facts["server_pid"], signal.SIGHUP)
        wait_until(lambda: "tls_reload_failed" in run.log(), "the refusal")
        self.assertIn("No such file", run.log())
        with self.assertRaises(ssl.SSLCertVerificationError):
            self.connect(port, authority, "two.example")
        (self.folder / "aside").rename(self.folder / "key.pem")
        os.kill(facts["server_pid"], signal.SIGHUP)

        def renewed():
            try:
                return self.connect(port, authority, "two.example")
            except ssl.SSLCertVerificationError:
                return None
        new = wait_until(renewed, "the new certificate", 20)
        for connection in (new, old):
            connection.request("GET", "/")
            self.assertEqual(connection.getresponse().status, 200)
        self.assertEqual(run.facts()["server_pid"], facts["server_pid"])

    def test_a_wrong_pair_ends_the_start_with_its_reason(self):
        make_certificate(self.folder, "one.example")
        (self.folder / "key.pem").rename(self.folder / "first.pem")
        make_certificate(self.folder, "two.example")
        run = self.start("--tls-certificate", self.folder / "certificate.pem",
                         "--tls-key", self.folder / "first.pem")
        self.assertEqual(run.process.wait(60), 1)
        self.assertIn("carillon exited with status 2", run.log())
        self.assertIn("first.pem is not the key of", run.log())

    def test_redirects_to_https(self):
        run = self.start("--tls", "self-signed", "--",
                         f"--http_redirect_listen={HOST}:0",
                         "--log_level=debug")
        facts = run.wait_until_up()
        found = wait_until(lambda: [
            line for line in run.log().splitlines()
            if "event=http_redirect_open" in line], "the port", 20)
        port = int(found[0].rpartition("port=")[2])
        plain = http.client.HTTPConnection(HOST, port, timeout=20)
        self.addCleanup(plain.close)
        plain.request("GET", "/tea?a=b")
        answer = plain.getresponse()
        self.assertEqual(answer.status, 308)
        self.assertEqual(answer.getheader("Location"),
                         f"{facts['page']}tea?a=b")


if __name__ == "__main__":
    BUILD_DIR = os.environ.get("CARILLON_BUILD_DIR") or sys.argv[1]
    unittest.main(argv=sys.argv[:1])
