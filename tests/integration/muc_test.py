#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A room that is tied to a chat room of a real XMPP server: muc_test.py
BUILD_DIR.

The variable CARILLON_BUILD_DIR names another build.
"""

import json
import os
import signal
import sys
import time
import unittest

from muc_occupant import MucOccupant, enter
from raw_caller import RawCaller
from running import Running, wait_until

ROOM = "tea"
WHILE = 2  # seconds in which packets would come, 50 and more of them each
AT_ONCE = 1  # second, until somebody who was put out receives nothing more
BUILD_DIR = None  # set from the arguments


class PairedMuc(unittest.TestCase):
    def setUp(self):
        self.run_ = Running(BUILD_DIR, "--", "--paired_muc=auto")
        self.addCleanup(self.run_.__exit__)
        self.facts = self.run_.wait_until_up()
        self.muc = f"{ROOM}@muc.localhost"

    def open_muc(self, **options):
        """A MUC with its owner in it."""
        owner = MucOccupant(self.facts["c2s_port"], self.facts["guest_domain"],
                            self.muc, "owner")
        self.addCleanup(owner.close)
        wait_until(lambda: "owner" in owner.occupants, "the owner is in")
        if options:
            owner.configure(**options)
        return owner

    def raw_caller(self, nick=None):
        caller = RawCaller(self.facts["c2s_port"], self.facts["guest_domain"],
                           f"{ROOM}@{self.facts['component']}")
        self.addCleanup(caller.close)
        if nick:
            enter(caller.client, self.muc, nick)
        return caller

    def bots(self, *options):
        """Bots of which the first is "Bot 0", in the call."""
        bots = self.run_.bots(ROOM, "--duration_s=120", "--video_slots=1",
                              *options)
        self.assertRegex(bots.stdout.readline(), "joined: ")
        return bots

    def forwarded(self):
        return self.run_.metric("rtp_forwarded_total")

    def listen(self):
        """Packets of media that somebody gets who comes for a while."""
        report = self.run_.state / "listener.json"
        listener = self.run_.bots(ROOM, "--send=", "--video_slots=1",
                                  f"--duration_s={WHILE}",
                                  f"--report={report}")
        said = listener.communicate(timeout=60)[0]
        self.assertEqual(listener.returncode, 0, said)
        bot, = json.loads(report.read_text())["bots"]
        return sum(slot["packets"] for slot in bot["slots"])

    def assert_flows(self, what):
        before = self.forwarded()
        wait_until(lambda: self.forwarded() > before + 50, what, 10)

    def assert_ends(self, asked, what):
        """Nothing is forwarded any more, soon after `asked`."""
        wait_until(lambda: self.run_.metric("slots_filled") == 0, what,
                   AT_ONCE)
        last = self.forwarded()
        print(f"{what}: {time.monotonic() - asked:.2f} s")
        time.sleep(WHILE)
        self.assertEqual(self.forwarded(), last, what)

    def test_without_voice_nobody_is_forwarded(self):
        owner = self.open_muc(moderatedroom=1)
        self.bots(f"--muc={self.muc}")
        wait_until(lambda: owner.occupants.get("Bot 0", [""])[0] == "visitor",
                   "the speaker is a visitor")
        self.bots("--send=")  # listens all the time
        wait_until(lambda: self.run_.metric("participants_connected") == 2,
                   "both are connected")
        wait_until(lambda: self.run_.metric("dropped_total",
                                            reason="unknown_ssrc") > 100,
                   "the speaker sends what nobody takes")
        self.assertEqual(self.listen(), 0)
        self.assertEqual(self.forwarded(), 0)
        owner.set_role("Bot 0", "participant")
        self.assert_flows("voice was given")
        self.assertGreater(self.listen(), WHILE * 50)
        asked = time.monotonic()
        owner.set_role("Bot 0", "visitor")
        self.assert_ends(asked, "voice was taken")
        self.assertEqual(self.listen(), 0)

    def test_moderation_begins_and_ends(self):
        owner = self.open_muc()
        self.bots("--bots=2")  # not in the MUC
        self.assert_flows("a MUC that is not moderated")
        asked = time.monotonic()
        owner.configure(moderatedroom=1)
        self.assert_ends(asked, "it is moderated now")
        owner.configure(moderatedroom=0)
        self.assert_flows("it is not moderated any more")

    def test_kicked_is_out_of_the_call(self):
        owner = self.open_muc()
        listener = self.bots("--send=", f"--muc={self.muc}")
        self.bots()
        self.assert_flows("the listener hears")
        asked = time.monotonic()
        owner.set_role("Bot 0", "none")
        self.assert_ends(asked, "the listener was kicked")
        # Media ends with the call; which of both a bot hears first is chance.
        self.assertRegex(self.end(listener),
                         "ended by the room: decline|the server closed DTLS")
        self.assertEqual(self.run_.metric("participants"), 1)

    def end(self, bots):
        bots.send_signal(signal.SIGINT)
        return bots.communicate(timeout=30)[0]

    def test_banned_stays_out(self):
        owner = self.open_muc()
        caller = self.raw_caller("eve")
        caller.call()
        self.bots()
        wait_until(lambda: "eve" in owner.occupants, "she is in the MUC")
        wait_until(lambda: self.run_.metric("participants") == 2, "and calls")
        owner.ban(owner.occupants["eve"][1].partition("/")[0])
        wait_until(lambda: caller.ended, "her call is over", AT_ONCE)
        self.assertEqual(caller.ended, "decline")
        caller.call()
        wait_until(lambda: caller.refused, "an answer")
        self.assertEqual(caller.refused, "forbidden")

    def test_the_call_is_seen_in_the_muc(self):
        owner = self.open_muc()
        bots = self.bots("--bots=2", f"--muc={self.muc}")
        sends = ["audio", "video"]
        wait_until(lambda: owner.call() == {"Bot 0": sends, "Bot 1": sends},
                   "both are shown by their nicks")
        self.assertEqual(owner.status(), "2 in call")
        self.assertEqual(owner.occupants["focus"][1],
                         f"{ROOM}@{self.facts['component']}/focus")
        self.end(bots)
        wait_until(lambda: "focus" not in owner.occupants, "the focus left")

    def test_a_muc_that_comes_later_is_found(self):
        self.bots("--bots=2")
        self.assert_flows("there is no MUC")
        self.assertEqual(self.run_.metric("paired_mucs", state="absent"), 1)
        owner = self.open_muc()
        wait_until(lambda: "focus" in owner.occupants, "the focus comes")

    def test_comes_back_after_the_xmpp_server_was_away(self):
        self.open_muc(moderatedroom=1, persistentroom=1)
        joined = lambda: self.run_.metric("paired_mucs", state="joined") == 1
        self.raw_caller().call()
        wait_until(joined, "the focus is in")
        # The caller has no media, so is not enough; somebody who stays.
        bots = self.bots("--reconnect")
        prosody = self.facts["prosody_pid"]
        self.run_.process.send_signal(signal.SIGUSR1)
        wait_until(lambda: self.run_.facts()["prosody_pid"] != prosody,
                   "another Prosody")
        wait_until(joined, "the focus is in again")
        self.assertIsNone(bots.poll())


if __name__ == "__main__":
    BUILD_DIR = os.environ.get("CARILLON_BUILD_DIR") or sys.argv[1]
    unittest.main(argv=sys.argv[:1], verbosity=2)
