#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""carillon-bot as its users have it: bot_test.py BUILD_DIR.

That it tells the truth about what was done to it, and one clear line about what
it cannot do. The variable CARILLON_BUILD_DIR names another build.
"""

import json
import os
import pathlib
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest

from running import Running, wait_until

BUILD_DIR = None  # set from the arguments


def bot(*arguments, patience=120):
    """Runs carillon-bot; its status, what it says, what it complains of."""
    done = subprocess.run(
        [pathlib.Path(BUILD_DIR) / "tools/bot/carillon-bot", *arguments],
        stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=patience, check=False)
    return done.returncode, done.stdout, done.stderr


class Server(unittest.TestCase):
    OPTIONS = ()

    @classmethod
    def setUpClass(cls):
        cls.run_ = Running(BUILD_DIR, *cls.OPTIONS)
        cls.addClassCleanup(cls.run_.__exit__)
        cls.run_.wait_until_up()
        cls.folder = pathlib.Path(
            cls.enterClassContext(tempfile.TemporaryDirectory())
            if hasattr(cls, "enterClassContext") else tempfile.mkdtemp())

    def load(self, *arguments, patience=120):
        """A run against the server: status, report, complaints."""
        report = self.folder / "report.json"
        report.unlink(missing_ok=True)
        status, said, complained = bot(
            f"--run_json={self.run_.state}/run.json", "--live=off",
            f"--report={report}", *arguments, patience=patience)
        self.said = said
        return status, json.loads(report.read_text()), complained

    def scenario(self, **keys):
        """A scenario's file; returns the flag that names it."""
        path = self.folder / "scenario.json"
        path.write_text(json.dumps(keys))
        return f"--scenario={path}"


class Honesty(Server):
    def test_what_is_set_is_measured(self):
        status, report, complained = self.load(self.scenario(
            duration_s=20, groups=[{"room_name": "rain", "bots": 3}],
            media={"feedback": "none", "audio": {"kind": "synthetic"}},
            speakers={"kind": "script", "script": [
                {"bot": 1, "seconds": 20}]},
            impairments={"set": {"loss": 0.05, "delay_ms": 80, "jitter_ms": 10,
                                 "keep_order": False}},
            impaired=[{"who": 0, "direction": "down", "profile": "set"}]))
        self.assertEqual(status, 0, complained)
        streams = [s for s in report["bots"][0]["slots"]
                   if s["kind"] == "audio" and s["packets"] > 500]
        self.assertTrue(streams, "somebody was heard")
        taken = sum(s["packets"] for s in streams)
        lost = sum(s["lost"] for s in streams)
        # 2000 packets: three deviations of 5 % are 1.5 %.
        self.assertAlmostEqual(lost / (taken + lost), 0.05, delta=0.015)
        for stream in streams:
            # Told to 1 in 16, above what it is.
            self.assertGreater(stream["latency"]["p50"], 78)
            self.assertLess(stream["latency"]["p50"], 82 * 17 / 16)
            self.assertAlmostEqual(stream["latency"]["mean"], 80, delta=2)
            # Two deviations over the root of pi, smoothed (RFC 3550 s6.4.1).
            self.assertAlmostEqual(stream["jitter"], 11.3, delta=4)
        for other in report["bots"][1:]:
            for stream in other["slots"]:
                self.assertEqual(stream["lost"], 0)
                if stream["packets"]:
                    self.assertLess(stream["latency"]["p50"], 20)

    def test_a_server_that_stands_still_is_a_gap(self):
        status, report, complained = self.load(self.scenario(
            duration_s=8, groups=[{"room_name": "still", "bots": 3}],
            events=[{"action": "server_signal", "signal": "STOP", "at_s": 3},
                    {"action": "server_signal", "signal": "CONT", "at_s": 5}]))
        self.assertEqual(status, 0, complained)
        seen = [s for b in report["bots"] for s in b["slots"]
                if s["kind"] == "video" and s["packets"] > 50]
        self.assertEqual(len(seen), 6)
        for stream in seen:
            self.assertGreater(stream["longest_gap"], 1900)
            self.assertLess(stream["longest_gap"], 2400)
            self.assertGreaterEqual(stream["freezes"], 1)
        self.assertEqual([m["text"].split()[0] for m in report["marks"]][:1],
                         ["server_signal"])

    def test_fifty_in_a_room(self):
        html = self.folder / "report.html"
        status, report, complained = self.load(
            "--room=fifty", "--bots=50", "--duration_s=5", "--video_senders=5",
            "--require=failed_joins==0", f"--html={html}")
        self.assertEqual(status, 0, complained)
        self.assertIn("50 of 50 joined", self.said)
        self.assertIn("PASS", self.said)
        self.assertGreater(report["summary"]["memory_per_bot_kb"], 0)
        self.assertTrue(report["passed"])
        self.assertIn("<svg", html.read_text())

    def test_a_requirement_that_is_missed(self):
        status, report, _ = self.load("--bots=2", "--duration_s=1",
                                      "--require=streams>100")
        self.assertEqual(status, 1)
        self.assertFalse(report["passed"])
        self.assertIn("FAIL", self.said)

    def test_profiles(self):
        for profile in ("plain", "av-conferences"):
            status, report, complained = self.load(
                "--bots=3", "--duration_s=4", f"--profile={profile}",
                "--speakers=0:2,1:2", "--decode")
            self.assertEqual(status, 0, complained)
            self.assertGreater(report["summary"]["frames"], 100, profile)
            self.assertEqual(report["summary"]["decode_errors"], 0)

    def test_codecs(self):
        for codec in ("vp9", "h264", "av1"):
            status, report, complained = self.load(
                "--bots=2", "--duration_s=3", f"--video_codec={codec}",
                "--decode", f"--room={codec}")
            self.assertEqual(status, 0, complained)
            self.assertGreater(report["summary"]["frames"], 30, codec)
            self.assertEqual(report["summary"]["decode_errors"], 0, codec)
            self.assertEqual(
                {s["codec"] for b in report["bots"] for s in b["slots"]
                 if s["kind"] == "video" and s["packets"]}, {codec.upper()})

    def test_what_happens_to_clients(self):
        status, report, complained = self.load(
            self.scenario(
                duration_s=12, groups=[{"room_name": "paths", "bots": 4}],
                events=[
                    {"action": "nat_rebind", "at_s": 2, "who": 0},
                    {"action": "ice_restart", "at_s": 4, "who": 1},
                    {"action": "xmpp_drop", "at_s": 4, "for_s": 2, "who": 2},
                    {"action": "stop_receiving", "at_s": 6, "for_s": 1,
                     "who": 3}]),
            "--video_slots=3")
        self.assertEqual(status, 0, complained)
        self.assertEqual([b["state"] for b in report["bots"]], ["joined"] * 4)
        for each in report["bots"][:3]:
            for stream in each["slots"]:
                if stream["kind"] == "video" and stream["packets"]:
                    self.assertLess(stream["longest_gap"], 1000, each["name"])
        self.assertEqual(len(report["marks"]), 4)

    def test_an_account_with_a_password(self):
        self.run_.add_account("bot0", "sesame")
        password = self.folder / "password"
        for secret, expected in (("sesame", 0), ("wrong", 1)):
            password.write_text(secret + "\n")
            status, report, complained = self.load(
                "--domain=localhost", "--user=bot%d", "--duration_s=1",
                f"--password_file={password}")
            self.assertEqual(status, expected, complained)
            if expected:
                self.assertIn("refused the login", complained)
                self.assertEqual(report["bots"][0]["state"], "failed")

    def test_a_server_that_vanishes(self):
        gone = Running(BUILD_DIR)
        self.addCleanup(gone.__exit__)
        gone.wait_until_up()
        report = self.folder / "vanished.json"
        bots = gone.bots("cut", "--bots=3", "--duration_s=60",
                         f"--report={report}")
        self.assertEqual(bots.stdout.readline(), "joined: 3\n")
        gone.interrupt()
        said = bots.communicate(timeout=90)[0]
        self.assertEqual(bots.returncode, 1)
        self.assertRegex(said, "Bot 0: ")
        told = json.loads(report.read_text())
        self.assertEqual([b["state"] for b in told["bots"]], ["failed"] * 3)
        self.assertGreater(told["summary"]["received_packets"], 0)


class Refusals(Server):
    OPTIONS = ("--", "--max_participants_per_room=2")

    def test_a_room_that_is_full(self):
        status, report, complained = self.load("--bots=3", "--duration_s=1")
        self.assertEqual(status, 1)
        self.assertRegex(complained, r"^Bot \d: refused: ")
        self.assertEqual(len(complained.splitlines()), 1, complained)
        self.assertEqual(report["summary"]["joined"], 2)


class BadInput(unittest.TestCase):
    def refuse(self, *arguments):
        status, said, complained = bot(*arguments)
        self.assertEqual(status, 2, said + complained)
        return complained.splitlines()

    def refuse_scenario(self, text):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            file.write(text)
            file.flush()
            lines = self.refuse(f"--scenario={file.name}", "--server=127.0.0.1",
                                "--domain=d", "--component=c")
        self.assertEqual(len(lines), 1, lines)
        return lines[0]

    def test_scenarios(self):
        self.assertRegex(
            self.refuse_scenario('{"groups": [{"bot": 3}]}'),
            r"groups\[0\]\.bot.*bots")
        self.assertRegex(
            self.refuse_scenario('{"join": {"rate_per_s": -1}}'),
            r"rate_per_s.*-1")
        self.assertRegex(self.refuse_scenario('{"groups": ['), "is no JSON")

    def test_flags(self):
        for flag, word in (("--bots=-1", "--bots"), ("--send_video", "send_video"),
                           ("--require=freeze<1", "freeze"),
                           ("--tls=maybe", "starttls"), ("--lose=2", "--lose"),
                           ("--scenario=/nowhere", "/nowhere")):
            lines = self.refuse(flag, "--server=127.0.0.1", "--domain=d",
                                "--component=c") if flag != "--send_video" \
                else bot(flag)[2].splitlines()
            self.assertTrue(any(word in line for line in lines), lines)
        self.assertIn("tools/run", self.refuse("--run_json=/nowhere")[0])

    def test_nobody_listens(self):
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            port = unused.getsockname()[1]
            status, said, complained = bot(
                f"--server=127.0.0.1:{port}", "--domain=d", "--component=c",
                "--tls=off", "--live=off", "--duration_s=1")
        self.assertEqual(status, 1)
        self.assertIn(f"no connection to the XMPP server at 127.0.0.1:{port}",
                      complained)
        self.assertIn("0 of 1 joined", said)


class OtherServers(unittest.TestCase):
    def test_publisher_and_errors_by_lines(self):
        bots = subprocess.Popen(
            [pathlib.Path(BUILD_DIR) / "tools/bot/carillon-bot", "--sdp=stdio"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)
        lines = [{"type": "publish", "id": "p"}, {"type": "stats"},
                 {"type": "offer", "id": "s", "sdp": "v=0"}, {"id": "x"},
                 {"type": "answer", "id": "nobody", "sdp": ""}]
        said, table = bots.communicate(
            "".join(json.dumps(line) + "\n" for line in lines), timeout=60)
        answers = [json.loads(line) for line in said.splitlines()]
        self.assertEqual([answer["type"] for answer in answers],
                         ["offer", "stats", "error", "error", "error"])
        self.assertIn("m=video", answers[0]["sdp"])
        self.assertEqual(answers[1]["clients"], 1)
        self.assertIn("no media section", answers[2]["error"])
        self.assertIn("TRAFFIC", table)

    def test_janus_that_is_missing(self):
        driver = (pathlib.Path(__file__).resolve().parents[2] /
                  "bench/peers/janus.py")
        with tempfile.TemporaryDirectory() as nothing:
            done = subprocess.run(
                [sys.executable, driver], capture_output=True, text=True,
                env={"PATH": nothing}, check=False)
        self.assertEqual(done.returncode, 3)
        self.assertEqual(done.stderr, "janus.py: janus is not installed: "
                                      "apt-get install janus\n")


class Encrypted(unittest.TestCase):
    """A stand-in server that does no more than STARTTLS."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.files = [os.path.join(cls.folder.name, name)
                     for name in ("certificate.pem", "key.pem")]
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj",
             "/CN=xmpp.test", "-addext", "subjectAltName=DNS:xmpp.test",
             "-out", cls.files[0], "-keyout", cls.files[1]],
            check=True, capture_output=True)

    def serve(self, listener, heard):
        connection, _ = listener.accept()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.files)

        def read(end):
            text = b""
            while end not in text:
                some = connection.recv(4096)
                if not some:
                    return
                text += some

        read(b"<stream:stream")
        connection.sendall(
            b"<?xml version='1.0'?><stream:stream xmlns='jabber:client' "
            b"xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
            b"<stream:features><starttls "
            b"xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>")
        read(b"<starttls")
        connection.sendall(
            b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
        try:
            with context.wrap_socket(connection, server_side=True) as secure:
                heard.append(secure.recv(4096))
        except (ssl.SSLError, OSError):
            pass

    def call(self, *arguments):
        """What the server heard inside TLS, and what the bot complained of."""
        heard = []
        with socket.create_server(("127.0.0.1", 0)) as listener:
            thread = threading.Thread(target=self.serve,
                                      args=(listener, heard))
            thread.start()
            _, _, complained = bot(
                f"--server=127.0.0.1:{listener.getsockname()[1]}",
                "--domain=xmpp.test", "--component=c", "--live=off",
                "--duration_s=1", *arguments)
            thread.join(30)
        return b"".join(heard), complained

    def test_a_certificate_of_its_authority(self):
        heard, _ = self.call(f"--ca_file={self.files[0]}")
        self.assertIn(b"to='xmpp.test'", heard)

    def test_a_certificate_of_nobody(self):
        heard, complained = self.call()
        self.assertEqual(heard, b"")
        self.assertRegex(complained, "TLS with it failed: .*certificate")

    def test_a_certificate_that_is_not_looked_at(self):
        heard, _ = self.call("--tls_insecure")
        self.assertIn(b"<stream:stream", heard)


if __name__ == "__main__":
    BUILD_DIR = os.environ.get("CARILLON_BUILD_DIR", sys.argv[1])
    unittest.main(argv=sys.argv[:1], verbosity=2)
