#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server is asked to go away with a call on: drain_test.py BUILD_DIR.

The variable CARILLON_BUILD_DIR names another build.
"""

import json
import os
import re
import signal
import sys
import time
import unittest

from running import Running, get, is_alive, wait_until

BOTS = 3
DRAIN_SECONDS = 10
AT_ONCE = 4  # seconds, far below DRAIN_SECONDS even on a busy machine
# As each bot tells it; the table sums them up.
ENDED = re.compile(r"(?m)^Bot \d+: ended by the room: gone")
BUILD_DIR = None  # set from the arguments


class Drain(unittest.TestCase):
    def start(self, patience=DRAIN_SECONDS):
        self.run_ = Running(BUILD_DIR, "--", f"--drain_timeout_s={patience}")
        self.addCleanup(self.run_.__exit__)
        self.facts = self.run_.wait_until_up()
        self.server = self.facts["server_pid"]
        self.report = self.run_.state / "bots.json"

    def call(self):
        """Starts a call and waits until all are in it."""
        bots = self.run_.bots("tea", f"--bots={BOTS}", "--video_slots=2",
                              "--duration_s=120", f"--report={self.report}")
        self.assertEqual(bots.stdout.readline(), f"joined: {BOTS}\n")
        return bots

    def end(self, bots):
        """Ends the call; returns what the bots say, and their report."""
        bots.send_signal(signal.SIGINT)
        said = bots.communicate(timeout=30)[0]
        report = json.loads(self.report.read_text())
        return said, report["bots"]

    def admin(self, path):
        """Status and text of the admin listener."""
        return get(self.run_.admin(path))

    def ask(self, number=signal.SIGTERM):
        os.kill(self.server, number)
        return time.monotonic()

    def wait_for_end(self):
        """When the server ended; it must be with status 0."""
        wait_until(lambda: not is_alive(self.server), "the server's end", 30)
        ended = time.monotonic()
        wait_until(lambda: "carillon exited with status" in self.run_.log(),
                   "its status", 10)
        self.assertIn("carillon exited with status 0", self.run_.log())
        return ended

    def assert_refused(self, room):
        newcomer = self.run_.bots(room, "--duration_s=0.1")
        said = newcomer.communicate(timeout=60)[0]
        self.assertIn("refused: service-unavailable", said)
        self.assertEqual(newcomer.returncode, 1)

    def test_a_call_goes_on_until_the_deadline(self):
        self.start()
        bots = self.call()
        self.assertEqual(self.admin("/readyz")[0], 200)
        self.assertEqual(self.run_.metric("draining"), 0)
        asked = self.ask()
        wait_until(lambda: self.admin("/readyz") == (503, "draining\n"),
                   "not ready", 1)
        self.assertEqual(self.admin("/healthz")[0], 200)
        self.assertEqual(self.run_.metric("draining"), 1)
        for room in ("tea", "another"):
            self.assert_refused(room)
        forwarded = self.run_.metric("rtp_forwarded_total")
        while time.monotonic() < asked + DRAIN_SECONDS - 2:
            time.sleep(1)
            before, forwarded = forwarded, self.run_.metric("rtp_forwarded_total")
            # Each hears two others, 50 packets a second.
            self.assertGreater(forwarded - before, BOTS * 2 * 25)
            self.assertEqual(self.run_.metric("participants"), BOTS)
        took = self.wait_for_end() - asked
        self.assertGreaterEqual(took, DRAIN_SECONDS)
        self.assertLess(took, DRAIN_SECONDS + AT_ONCE)
        for line in (f"event=draining participants={BOTS} "
                     f"deadline_s={DRAIN_SECONDS}\n",
                     f"event=drained participants={BOTS}\n"):
            self.assertIn(line, self.run_.log())
        said, report = self.end(bots)
        print(said)
        self.assertEqual(len(ENDED.findall(said)), BOTS, said)
        for one in report:
            received = [s for s in one["slots"] if s["packets"] > 0]
            self.assertGreaterEqual(len(received), 4)
            for slot in received:
                self.assertEqual(slot["lost"], 0, slot)
                self.assertLess(slot["longest_gap"], 1000, slot)
        # What took its place takes those who come.
        again = wait_until(lambda: self.run_.facts()["server_pid"]
                           != self.server, "a new server")
        self.assertTrue(again)
        newcomer = self.run_.bots("tea", "--duration_s=0.1")
        said = newcomer.communicate(timeout=60)[0]
        self.assertEqual(newcomer.returncode, 0, said)

    def test_ends_when_everybody_has_left(self):
        self.start(patience=600)
        bots = self.call()
        self.ask()
        wait_until(lambda: self.run_.metric("draining") == 1, "draining", 1)
        said, _ = self.end(bots)
        left = time.monotonic()
        self.assertNotIn("ended by the room", said)
        self.assertLess(self.wait_for_end() - left, AT_ONCE)
        self.assertIn("event=drained participants=0\n", self.run_.log())

    def test_one_more_signal_ends_it_now(self):
        for second in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(second=second):
                self.start(patience=600)
                bots = self.call()
                self.ask()
                wait_until(lambda: self.run_.metric("draining") == 1, "draining", 1)
                asked = self.ask(second)
                self.assertLess(self.wait_for_end() - asked, AT_ONCE)
                said, _ = self.end(bots)
                self.assertEqual(len(ENDED.findall(said)), BOTS)
                self.assertEqual(self.run_.interrupt(), 0)

    def test_without_patience_it_ends_at_once(self):
        self.start(patience=0)
        bots = self.call()
        asked = self.ask()
        self.assertLess(self.wait_for_end() - asked, AT_ONCE)
        said, _ = self.end(bots)
        self.assertEqual(len(ENDED.findall(said)), BOTS)

    def test_tools_run_does_not_wait_for_calls(self):
        self.start(patience=600)
        bots = self.call()
        asked = time.monotonic()
        self.assertEqual(self.run_.interrupt(), 0)
        self.assertLess(time.monotonic() - asked, 2 * AT_ONCE)
        self.assertNotIn("killing it", self.run_.log())
        said, _ = self.end(bots)
        self.assertEqual(len(ENDED.findall(said)), BOTS)


if __name__ == "__main__":
    BUILD_DIR = os.environ.get("CARILLON_BUILD_DIR") or sys.argv[1]
    unittest.main(argv=sys.argv[:1])
