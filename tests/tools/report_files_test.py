#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reports of an invented run: the page is well-formed, with nothing of
what bots were told as markup, the JSON is what docs/load-testing.md says.

report_files_test.py REPORT_DEMO
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ET

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs/load-testing.md"


class ReportFiles(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory(prefix="carillon-report-") as folder:
            subprocess.run([DEMO, folder], check=True)
            path = pathlib.Path(folder)
            cls.html = (path / "run.html").read_text(encoding="utf-8")
            cls.json = json.loads((path / "run.json").read_text("utf-8"))
            cls.text = (path / "run.txt").read_text(encoding="utf-8")

    def test_the_page_is_well_formed(self):
        page = ET.fromstring(self.html.replace("<!DOCTYPE html>", ""))
        self.assertEqual(len(page.findall(".//svg")), 6)
        self.assertEqual(len(page.findall(".//script")), 1)
        bots = page.findall(".//table")[-2]
        self.assertEqual(len(bots.findall("./tbody/tr")), 50)
        heads = len(bots.findall("./thead/tr/th"))
        for row in bots.findall("./tbody/tr"):
            self.assertEqual(len(row), heads)
        failures = [cell.text for cell in page.iter("td")
                    if cell.text and "alert(1)" in cell.text]
        self.assertTrue(failures)
        for cell in failures:
            self.assertIn("<script>", cell)

    def test_the_plots_stay_within_their_frame(self):
        page = ET.fromstring(self.html.replace("<!DOCTYPE html>", ""))
        for svg in page.iter("svg"):
            _, _, width, height = map(float, svg.get("viewBox").split())
            for line in svg.iter("polyline"):
                for point in line.get("points").split():
                    x, y = map(float, point.split(","))
                    self.assertTrue(0 <= x <= width and 0 <= y <= height)
            for text in svg.iter("text"):
                self.assertTrue(0 <= float(text.get("x")) <= width)
                self.assertTrue(0 <= float(text.get("y")) <= height)

    def test_every_field_of_the_json_is_documented(self):
        fields = set()

        def collect(value):
            if isinstance(value, dict):
                fields.update(value)
                for one in value.values():
                    collect(one)
            elif isinstance(value, list):
                for one in value:
                    collect(one)

        collect(self.json)
        documented = set(re.findall(r"`([a-z0-9_]+)`", DOCUMENT.read_text()))
        self.assertEqual(sorted(fields - documented), [])

    def test_three_reports_agree(self):
        self.assertEqual(self.json["summary"]["joined"], 48)
        self.assertIn("48 of 50 joined", self.text)
        self.assertIn("<b class=\"\">48 of 50</b>", self.html)


if __name__ == "__main__":
    DEMO = sys.argv.pop(1)
    unittest.main()
