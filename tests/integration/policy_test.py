#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What moderators do, measured at the sockets of those concerned:
policy_test.py BUILD_DIR.

The variable CARILLON_BUILD_DIR names another build.
"""

import json
import os
import pathlib
import signal
import sys
import tempfile
import time
import unittest

import ad_hoc
from loopback_tap import LoopbackTap, udp_ports
from raw_caller import RawCaller
from running import Running, wait_until
from xmpp_wire import WebSocketClient

ROOM = "tea"
PASSWORD = "correct horse battery"
AT_ONCE = 1  # second, until somebody who was removed receives nothing more
WHILE = 2  # seconds after that, in which nothing may come
BUILD_DIR = None  # set from the arguments


class Policy(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="carillon-policy-")
        self.addCleanup(folder.cleanup)
        policy = pathlib.Path(folder.name) / "rooms.json"
        policy.write_text(json.dumps(
            {"default": {"moderators": ["boss@localhost"]}}))
        self.run_ = Running(BUILD_DIR, "--", f"--room_policy_file={policy}")
        self.addCleanup(self.run_.__exit__)
        self.facts = self.run_.wait_until_up()
        self.run_.add_account("boss", PASSWORD)
        self.boss = WebSocketClient(self.facts["http_port"], "localhost",
                                    account=("boss", PASSWORD))
        self.addCleanup(self.boss.close)
        self.room = f"{ROOM}@{self.facts['component']}"
        # One who is seen and heard, and one who only watches.
        self.speaker = self.bot()
        self.watcher = self.bot("--send=")
        self.tap = LoopbackTap(udp_ports(self.watcher.pid))
        self.addCleanup(self.tap.close)
        wait_until(lambda: len(self.tap.times(media=True)) > 100,
                   "the watcher receives media")

    def bot(self, *options):
        bot = self.run_.bots(ROOM, "--duration_s=120", "--video_slots=1",
                             *options)
        self.assertRegex(bot.stdout.readline(), "joined: ")
        return bot

    def participant(self, sends):
        """The id of the one who sends something, or nothing."""
        rows = ad_hoc.table(ad_hoc.run(self.boss, self.room, "list"))
        ids = [row["id"] for row in rows if bool(row["sends"]) == sends]
        self.assertEqual(len(ids), 1, rows)
        return ids[0]

    def test_a_kicked_one_stops_receiving_within_a_second(self):
        self.assertIn("kick", ad_hoc.nodes(self.boss, self.room))
        speaker_tap = LoopbackTap({self.run_.port_base + 10})
        self.addCleanup(speaker_tap.close)
        watcher = self.participant(sends=False)
        asked = time.monotonic()
        done = ad_hoc.run(self.boss, self.room, "kick", reason="tea is over",
                          participants=[watcher])
        kicked = time.monotonic()
        self.assertEqual(done.get("status"), "completed")
        time.sleep(AT_ONCE + WHILE)
        late = self.tap.times(kicked)
        last = max(self.tap.times())
        print(f"kicked: the result came {(kicked - asked) * 1000:.0f} ms after "
              f"the command was begun, the last datagram "
              f"{(last - asked) * 1000:.0f} ms after; {len(late)} after the "
              "result")
        self.assertLess(last, kicked + AT_ONCE)
        # There would have been something to forward.
        self.assertGreater(
            len(speaker_tap.times(kicked + AT_ONCE, media=True)), 50)
        self.watcher.send_signal(signal.SIGINT)
        said = self.watcher.communicate(timeout=30)[0]
        self.assertIn("ended by the room: decline", said)
        self.assertEqual(self.run_.metric("participants"), 1)

    def test_a_muted_one_is_not_forwarded(self):
        speaker = self.participant(sends=True)
        ad_hoc.run(self.boss, self.room, "mute", participants=[speaker],
                   what="both")
        muted = time.monotonic()
        time.sleep(AT_ONCE + WHILE)
        late = self.tap.times(muted, media=True)
        last = max(self.tap.times(media=True))
        print(f"muted: {len(late)} packets of media after the result, the "
              f"last one {(last - muted) * 1000:.0f} ms after it")
        self.assertLess(last, muted + AT_ONCE)
        ad_hoc.run(self.boss, self.room, "unmute", participants=[speaker],
                   what="both")
        again = time.monotonic()
        wait_until(lambda: len(self.tap.times(again, media=True)) > 100,
                   "media flows again")

    def test_a_locked_room_takes_nobody_new(self):
        ad_hoc.run(self.boss, self.room, "lock")
        caller = RawCaller(self.facts["c2s_port"], self.facts["guest_domain"],
                           self.room)
        self.addCleanup(caller.close)
        caller.call()
        wait_until(lambda: caller.refused, "an answer")
        self.assertEqual(caller.refused, "forbidden")
        self.assertEqual(self.run_.metric("joins_refused_total",
                                          reason="locked"), 1)
        ad_hoc.run(self.boss, self.room, "unlock")
        caller.call()
        wait_until(lambda: self.run_.metric("participants") == 3, "he is in")

    def test_others_do_not_moderate(self):
        guest = WebSocketClient(self.facts["http_port"],
                                self.facts["guest_domain"])
        self.addCleanup(guest.close)
        self.assertEqual(ad_hoc.nodes(guest, self.room), [])
        for node in ("kick", "lock", "mute", "configure", "list"):
            with self.assertRaisesRegex(ad_hoc.CommandError, "forbidden"):
                ad_hoc.run(guest, self.room, node)


if __name__ == "__main__":
    BUILD_DIR = os.environ.get("CARILLON_BUILD_DIR") or sys.argv[1]
    try:
        LoopbackTap([]).close()
    except PermissionError:
        print("skipped: watching the loopback interface needs CAP_NET_RAW")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1], verbosity=2)
