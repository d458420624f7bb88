#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program that people run is hardened: binary_test.py BUILD_DIR.

Skipped (status 77) unless that is a release build.
"""

import os
import pathlib
import re
import subprocess
import sys
import unittest

BUILD_DIR = None  # set from the arguments


def readelf(*options):
    return subprocess.run(
        ["readelf", "--wide", *options, BUILD_DIR / "sfu/carillon"],
        capture_output=True, text=True, check=True).stdout


class Binary(unittest.TestCase):
    def test_loads_anywhere(self):
        self.assertRegex(readelf("--file-header"), r"Type:\s+DYN")

    def test_is_read_only_once_it_is_linked(self):
        self.assertIn("GNU_RELRO", readelf("--program-headers"))
        self.assertRegex(readelf("--dynamic"), r"BIND_NOW|FLAGS_1.*\bNOW\b")

    def test_has_no_executable_stack(self):
        stack, = re.findall(r"GNU_STACK.*", readelf("--program-headers"))
        self.assertRegex(stack, r"\sRW\s")

    def test_checks_its_stack_and_its_buffers(self):
        symbols = readelf("--dyn-syms")
        self.assertIn("__stack_chk_fail", symbols)
        self.assertRegex(symbols, r"__(mem|str|read|v?s?n?printf|fprintf)\w*_chk")


if __name__ == "__main__":
    BUILD_DIR = pathlib.Path(os.environ.get("CARILLON_BUILD_DIR")
                             or sys.argv[1])
    if "CMAKE_BUILD_TYPE:STRING=Release" not in (
            BUILD_DIR / "CMakeCache.txt").read_text(encoding="utf-8"):
        print("no release build")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
