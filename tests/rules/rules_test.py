#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each rule catches what it is for, and leaves the rest in peace."""

import unittest

import hygiene
import layering
from tree import Tree

HEAD = f"// {hygiene.SPDX}\n#pragma once\n"
SFU_CMAKE = """
carillon_library(sfu_core SOURCES slot.cc LINK rtp)
carillon_library(sfu_control SOURCES control.cc)
carillon_library(sfu_server SOURCES shell.cc)
carillon_executable(carillon SOURCES main.cc)
"""
DOCUMENTS = {name: "" for name in ("ARCHITECTURE.md", "CONTRIBUTING.md",
                                   "README.md", "SECURITY.md")}


class Layering(unittest.TestCase):
    def includes(self, path, header):
        text = f"#include {header}\n"
        return layering.includes(Tree({"sfu/CMakeLists.txt": SFU_CMAKE,
                                       path: text}))

    def test_refuses_what_a_layer_may_not_see(self):
        for path, header in (
                ("rtp/base/time.h", '"rtp/seq.h"'),
                ("rtp/a.h", '"ice/b.h"'),
                ("rtp/a.cc", "<openssl/evp.h>"),
                ("rtp/a.cc", "<gloox/tag.h>"),
                ("rtp/a.cc", "<sys/socket.h>"),
                ("rtp/a.cc", "<boost/asio.hpp>"),
                ("ice/a.cc", '"rtp/seq.h"'),
                ("signaling/a.h", '"rtp/seq.h"'),
                ("signaling/focus.cc", "<gloox/tag.h>"),
                ("signaling/a.h", '"sfu/messages.h"'),
                ("sfu/slot.cc", '"signaling/a.h"'),
                ("sfu/slot.cc", '"sfu/shell.h"'),
                ("sfu/slot.h", '"sfu/control.h"'),
                ("sfu/slot.cc", "<spdlog/spdlog.h>"),
                ("sfu/new.h", '"signaling/a.h"'),
                ("sfu/control.cc", '"sfu/slot.h"'),
                ("sfu/control.cc", '"rtp/seq.h"'),
                ("sfu/shell.h", "<boost/asio.hpp>"),
                ("tools/bot/bot.h", '"sfu/slot.h"'),
        ):
            with self.subTest(path=path, header=header):
                self.assertEqual(len(self.includes(path, header)), 1)

    def test_accepts_what_it_may(self):
        for path, header in (
                ("rtp/a.h", '"rtp/base/time.h"'),
                ("rtp/a.h", "<vector>"),
                ("rtp/srtp_session.cc", "<openssl/evp.h>"),
                ("ice/a.cc", '"rtp/base/time.h"'),
                ("signaling/xmpp_stream.cc", "<gloox/tag.h>"),
                ("sfu/slot.cc", '"ice/a.h"'),
                ("sfu/control.cc", '"sfu/messages.h"'),
                ("sfu/control.cc", '"signaling/a.h"'),
                ("sfu/shell.cc", "<boost/asio.hpp>"),
                ("sfu/main.cc", '"sfu/slot.h"'),
                ("tests/rtp/a_test.cc", '"sfu/slot.h"'),
        ):
            with self.subTest(path=path, header=header):
                self.assertEqual(self.includes(path, header), [])

    def test_keeps_clock_chance_and_world_to_the_shells(self):
        for line in ("auto t = std::chrono::steady_clock::now();",
                     "clock_gettime(CLOCK_REALTIME, &ts);",
                     "time(nullptr);", "int x = rand();",
                     "std::random_device device;", "RAND_bytes(p, 4);",
                     "std::mutex mutex_;", 'printf("x");'):
            for path in ("rtp/a.cc", "ice/a.h", "signaling/a.cc",
                         "sfu/slot.cc", "sfu/new.h", "tools/bot/bot.cc"):
                with self.subTest(path=path, line=line):
                    self.assertEqual(len(layering.purity(Tree({
                        "sfu/CMakeLists.txt": SFU_CMAKE, path: line}))), 1)
            for path in ("sfu/shell.cc", "sfu/main.cc", "tests/a_test.cc",
                         "bench/a.cc", "tools/bot/main.cc"):
                with self.subTest(path=path, line=line):
                    self.assertEqual(layering.purity(Tree({
                        "sfu/CMakeLists.txt": SFU_CMAKE, path: line})), [])

    def test_reads_no_clock_out_of_comments_and_other_words(self):
        for line in ("// steady_clock::now() is for shells",
                     "NextTime(now);", "uint32_t capture_time(0);",
                     "random_.Fill(bytes);"):
            with self.subTest(line=line):
                self.assertEqual(layering.purity(Tree({"rtp/a.cc": line})),
                                 [])


class Hygiene(unittest.TestCase):
    def assert_one(self, rule, bad, good):
        self.assertEqual(len(rule(Tree(bad))), 1, rule(Tree(bad)))
        self.assertEqual(rule(Tree(good)), [])

    def test_size(self):
        self.assert_one(hygiene.size, {"rtp/a.cc": "x\n" * 601},
                        {"rtp/a.cc": "x\n" * 600,
                         "tests/a_test.cc": "x\n" * 601})

    def test_licence(self):
        self.assert_one(hygiene.licence, {"rtp/a.h": "#pragma once\n"},
                        {"rtp/a.h": HEAD})
        self.assert_one(hygiene.licence, {"rtp/a.h": f"// {hygiene.SPDX}\n"},
                        {"tools/x": f"#!/bin/sh\n# {hygiene.SPDX}\n"})
        self.assert_one(hygiene.licence, {"tools/x": "#!/bin/sh\nls\n"},
                        {"rtp/a.cc": f"// {hygiene.SPDX}\n"})

    def test_places(self):
        self.assert_one(
            hygiene.places,
            {"package-lock.json": "https://registry.npm" "js.org/ws"},
            {"package-lock.json": '"version": "8.0.0"'})
        self.assert_one(hygiene.places, {"README.md": "cd /ho" "me/me/x"},
                        {"README.md": "cd tests/home/x, DIR/work/x"})

    def test_names(self):
        self.assert_one(hygiene.names, {"a.h": "class SlotMan" "ager {"},
                        {"a.h": "class Slot {"})
        self.assert_one(hygiene.names, {"a.ts": "// TO" "DO: later"},
                        {"a.ts": "// later"})

    def test_documents(self):
        self.assert_one(
            hygiene.documents,
            {**DOCUMENTS, "ARCHITECTURE.md": "`rtp/a.h` and `rtp/gone.h`",
             "rtp/a.h": ""},
            {**DOCUMENTS, "README.md": "`rtp/` `rtp/a.h` `/metrics` `a b/c`"
             "\n```\n`x/y`\n```\n", "rtp/a.h": ""})
        missing = dict(DOCUMENTS)
        del missing["README.md"]
        self.assert_one(hygiene.documents, missing, DOCUMENTS)

    def test_fuzzing(self):
        header = {"rtp/a.h": "bool ParseA(std::span<const uint8_t> in);"}
        self.assert_one(
            hygiene.fuzzing, {**header, "tests/rtp/a_test.cc":
                              '#include "rtp/a.h"'},
            {**header, "tests/fuzz/a_fuzzer.cc": '#include "rtp/a.h"\n',
             "rtp/b.h": "// ParseB() was here\n"})

    def test_flags(self):
        flag = {"sfu/config.cc": 'ABSL_FLAG(int, media_port, 1,\n"port");'}
        self.assert_one(
            hygiene.flags,
            {**flag, "docs/configuration.md": "`--media_port_base`"},
            {**flag, "docs/configuration.md": "`--media_port`"})

    def test_shellcheck_sees_all_scripts(self):
        self.assertEqual(
            hygiene.scripts(Tree({"tools/run": "#!/bin/bash\n",
                                  "a.sh": "x", "b.py": "#!/usr/bin/python3\n"
                                  })), ["a.sh", "tools/run"])


if __name__ == "__main__":
    unittest.main()
