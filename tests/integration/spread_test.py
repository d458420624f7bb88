#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A room whose bots are spread over two workers: spread_test.py BUILD_DIR.

The variable CARILLON_BUILD_DIR names another build. With the TSan build this is
the test of the rings between workers.
"""

import json
import os
import sys
import unittest

from running import Running

BOTS = 5
ORDER = (4, 1, 3, 0, 2)  # who speaks
STEP_SECONDS = 3
BUILD_DIR = None  # set from the arguments


class Spread(unittest.TestCase):
    def setUp(self):
        self.run_ = Running(BUILD_DIR, "--workers", "2", "--",
                            "--spread_after=1")
        self.addCleanup(self.run_.__exit__)
        self.run_.wait_until_up()

    def test_nobody_notices_that_there_are_two_workers(self):
        report_path = self.run_.state / "bots.json"
        speakers = ",".join(f"{bot}:{STEP_SECONDS}" for bot in ORDER)
        bots = self.run_.bots(
            "tea", f"--bots={BOTS}", "--video_slots=2",
            f"--speakers={speakers}", "--duration_s=1", "--decode",
            f"--report={report_path}")
        self.assertEqual(bots.stdout.readline(), f"joined: {BOTS}\n")
        peers = [self.run_.metric("peers", worker=i) for i in "01"]
        self.assertEqual(sorted(peers), [BOTS // 2, BOTS - BOTS // 2])
        said = bots.communicate(timeout=120)[0]
        self.assertEqual(bots.returncode, 0, said)
        self.assertGreater(self.run_.metric("relayed_received_total"), 0)
        self.assertEqual(
            self.run_.metric("dropped_total", reason="relay_full"), 0)

        report = json.loads(report_path.read_text())
        for index, viewer in enumerate(report["bots"]):
            self.assertEqual(viewer["unauthentic"], 0)
            for slot in viewer["slots"]:
                for fault in ("lost", "decode_errors", "backward_timestamps"):
                    self.assertEqual(slot[fault], 0, (index, slot))
            self.assert_follows_the_speakers(report, index, viewer)
        self.assertEqual(self.run_.interrupt(), 0)
        self.assertNotIn("Sanitizer", self.run_.log())

    def assert_follows_the_speakers(self, report, index, viewer):
        for step in report["speakers"]:
            if step["bot"] == index:
                continue
            end = step["at"] + STEP_SECONDS * 1000
            shown = {}
            for event in viewer["slot_events"]:
                if event["at"] < end and event["content"].startswith("video"):
                    shown[event["content"]] = event["source"]
            speaker = report["bots"][step["bot"]]["participant"]
            self.assertIn(f"{speaker}-v0", shown.values(),
                          f"bot {index} is shown bot {step['bot']}")


if __name__ == "__main__":
    BUILD_DIR = os.environ.get("CARILLON_BUILD_DIR") or sys.argv[1]
    unittest.main(argv=sys.argv[:1])
