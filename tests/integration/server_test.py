#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real server under tools/run: page, XMPP and ends.

server_test.py BUILD_DIR; the variable CARILLON_BUILD_DIR names another one.
"""

import json
import os
import signal
import sys
import unittest

import xmpp_wire
from running import ROOT, Running, get, is_alive, wait_until
from xmpp_wire import DISCO_INFO

BUILD_DIR = None  # set from the arguments


class Server(unittest.TestCase):
    def setUp(self):
        built = ROOT / "tools/room/dist"
        self.run_ = Running(BUILD_DIR,
                            page_dir=built if built.is_dir() else None)
        self.addCleanup(self.run_.__exit__)
        self.facts = self.run_.wait_until_up()

    def features(self, client, to):
        answer = client.request("get", to, f"<query xmlns='{DISCO_INFO}'/>")
        self.assertEqual(answer.get("type"), "result", to)
        return {feature.get("var")
                for feature in answer.iter(f"{{{DISCO_INFO}}}feature")}

    def answers_again(self):
        """Whether the component answers a new guest; for after an outage."""
        try:
            with xmpp_wire.Client(self.facts["c2s_port"],
                                  self.facts["guest_domain"]) as guest:
                answer = guest.request("get", self.facts["component"],
                                       "<ping xmlns='urn:xmpp:ping'/>")
                return answer.get("type") == "result"
        except OSError:
            return False

    def test_serves_page_configuration_and_metrics(self):
        for path in ("", "tea"):
            status, body = get(self.facts["page"] + path)
            self.assertEqual(status, 200)
            self.assertTrue(body.lower().startswith("<!doctype html"))
        status, body = get(self.facts["page"] + "config.json")
        self.assertEqual(status, 200)
        self.assertEqual(json.loads(body)["component"],
                         self.facts["component"])
        status, _ = get(self.facts["page"] + "../../etc/passwd")
        self.assertEqual(status, 404)
        admin = f"http://127.0.0.1:{self.facts['admin_port']}"
        status, body = get(admin + "/metrics")
        self.assertEqual(status, 200)
        self.assertIn("# TYPE ", body)
        self.assertEqual(get(admin + "/healthz")[0], 200)

    def test_rooms_and_component_answer_guests(self):
        with xmpp_wire.Client(self.facts["c2s_port"],
                              self.facts["guest_domain"]) as guest:
            component = self.facts["component"]
            self.assertIn(DISCO_INFO, self.features(guest, component))
            room = self.features(guest, f"tea@{component}")
            self.assertIn("urn:xmpp:jingle:1", room)
            self.assertIn("urn:xmpp:jingle:apps:rtp:video", room)
            pong = guest.request("get", component,
                                 "<ping xmlns='urn:xmpp:ping'/>")
            self.assertEqual(pong.get("type"), "result")
            unknown = guest.request("get", component, "<q xmlns='urn:no'/>")
            self.assertEqual(unknown.get("type"), "error")

    def test_carries_the_stream_of_a_page(self):
        with xmpp_wire.WebSocketClient(self.facts["http_port"],
                                       self.facts["guest_domain"]) as page:
            self.assertIn(
                "urn:xmpp:jingle:1",
                self.features(page, f"tea@{self.facts['component']}"))

    def test_comes_back_when_prosody_was_restarted(self):
        self.run_.process.send_signal(signal.SIGUSR1)
        wait_until(lambda: not is_alive(self.facts["prosody_pid"]),
                   "Prosody's end")
        wait_until(self.answers_again, "an answer after the restart", 30)
        self.assertTrue(is_alive(self.facts["server_pid"]))

    def test_comes_back_when_it_was_killed(self):
        os.kill(self.facts["server_pid"], signal.SIGKILL)
        wait_until(self.answers_again, "an answer after the restart", 30)

        def is_another():  # the server answers before run.json tells of it
            facts = self.run_.facts()
            return facts and facts["server_pid"] != self.facts["server_pid"]
        wait_until(is_another, "another process in run.json", 30)

    def test_ends_by_itself_when_asked(self):
        self.assertEqual(self.run_.interrupt(), 0)
        self.assertNotIn("killing it", self.run_.log())
        self.assertFalse(is_alive(self.facts["server_pid"]))
        self.assertFalse(is_alive(self.facts["prosody_pid"]))


if __name__ == "__main__":
    BUILD_DIR = os.environ.get("CARILLON_BUILD_DIR") or sys.argv[1]
    unittest.main(argv=sys.argv[:1])
