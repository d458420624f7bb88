# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules on files, names and documents."""

import os
import re

MAX_LINES = 600
SPDX = "SPDX-License-Identifier: GPL-3.0-or-later"
COMMENTED = (".h", ".cc", ".py", ".sh", ".ts", ".js", ".mjs", ".lua")

# Spelled in parts, so that this file keeps its own rule.
HOSTS = re.compile("|".join((
    r"registry\." r"\w+\.\w+", r"npmjs\." r"(org|com)", r"deb\." r"debian",
    r"pypi\." r"org", r"pythonhosted\." r"org", r"crates\." r"io",
    r"proxy\." r"golang")))
MACHINE_PATHS = re.compile(r"(?<![\w.$}/-])/(work|root|home)/")

PARSES = re.compile(r"\b(Parse\w*|Read[A-Z]\w*)\(")
# Headers that parse but not what a stranger sends, and why.
NOT_FUZZED = {
    "rtp/base/bytes.h": "the reader itself, fuzzed through all that use it",
    "ice/socket_address.h": "the C library parses the text",
}
# Headers that a fuzzer reaches through another one, which it includes.
FUZZED_THROUGH = {
    "signaling/muji_codec.h": "signaling/stanza_codec.h",
    "signaling/call_message_codec.h": "signaling/stanza_codec.h",
    "signaling/command_codec.h": "signaling/stanza_codec.h",
    "signaling/data_form.h": "signaling/stanza_codec.h",
    "signaling/description_codec.h": "signaling/stanza_codec.h",
    "signaling/jingle_codec.h": "signaling/stanza_codec.h",
    "signaling/muc_codec.h": "signaling/stanza_codec.h",
    "signaling/room_codec.h": "signaling/stanza_codec.h",
    "signaling/stanza.h": "signaling/stanza_codec.h",
}


def size(tree):
    """No file of code beyond 600 lines, tests excepted."""
    return [f"{path}: {count} lines, {MAX_LINES} is the most"
            for path, text in tree.matching(*COMMENTED, ".css", ".cmake")
            if not path.startswith("tests/")
            and (count := len(text.splitlines())) > MAX_LINES]


def licence(tree):
    """Sources name their licence first; headers are guarded."""
    problems = []
    for path, text in sorted(tree.texts.items()):
        if text is None or not (path.endswith(COMMENTED)
                                or text.startswith("#!")):
            continue
        lines = text.splitlines()
        while lines and (lines[0].startswith("#!")
                         or lines[0].startswith("# shellcheck shell")):
            lines.pop(0)
        if not lines or SPDX not in lines[0]:
            problems.append(f"{path}: the first line is to be {SPDX}")
        if path.endswith(".h") and "#pragma once" not in text:
            problems.append(f"{path}: no #pragma once")
    return problems


def places(tree):
    """No package registry's host and no path of somebody's machine."""
    problems = []
    for path, text in sorted(tree.texts.items()):
        for number, line in enumerate((text or "").splitlines(), 1):
            for pattern in (HOSTS, MACHINE_PATHS):
                match = pattern.search(line)
                if match:
                    problems.append(f"{path}:{number}: {match.group(0)}")
    return problems


def names(tree):
    """No empty words in names, nothing left to do in the code."""
    problems = []
    empty = re.compile(r"\b(class|struct)\s+\w*(Manager|Helper|Utils?)\b")
    to_do = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX)\b")
    for path, text in tree.matching(*COMMENTED, ".css", ".html", ".cmake"):
        for number, line in enumerate(text.splitlines(), 1):
            for pattern in (empty, to_do):
                match = pattern.search(line)
                if match:
                    problems.append(f"{path}:{number}: {match.group(0)}")
    return problems


def documents(tree):
    """Each path in back-ticks in a document of the top level exists."""
    problems = []
    path_like = re.compile(r"^[\w.-]+(/[\w.-]+)+/?$|^[\w-]+\.(md|h|cc|json)$")
    made = ("build/", ".state/", "DIR/")
    for document in ("ARCHITECTURE.md", "CONTRIBUTING.md", "README.md",
                     "SECURITY.md"):
        text = tree.texts.get(document)
        if text is None:
            problems.append(f"{document}: is missing")
            continue
        prose = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
        for word in re.findall(r"`([^`\n]+)`", prose):
            path = word.rstrip("/")
            if not path_like.match(word) or word.startswith(made):
                continue
            if not (path in tree.texts or path in tree.folders):
                problems.append(f"{document}: there is no {word}")
    return problems


def fuzzing(tree):
    """Each header that parses a stranger's bytes is seen by a fuzzer."""
    seen = "".join(text for _, text in tree.sources(under="tests/fuzz/"))
    problems = []
    for folder in ("rtp/", "ice/", "signaling/"):
        for path, text in tree.matching(".h", under=folder):
            code = re.sub(r"//.*", "", text)
            included = FUZZED_THROUGH.get(path, path)
            if (PARSES.search(code) and path not in NOT_FUZZED
                    and f'#include "{included}"' not in seen):
                problems.append(f"{path}: parses, but no program in "
                                "tests/fuzz/ includes it")
    return problems


def flags(tree):
    """Each flag of the server is told to the operator."""
    told = "".join(tree.texts.get(name) or ""
                   for name in ("README.md", "docs/configuration.md"))
    return [f"sfu/config.cc: --{name} is not in docs/configuration.md"
            for name in re.findall(r"ABSL_FLAG\([^,]+,\s*(\w+),",
                                   tree.texts.get("sfu/config.cc") or "")
            if not re.search(rf"--{name}\b", told)]


def scripts(tree):
    """Paths of the shell scripts, for shellcheck."""
    return [path for path, text in sorted(tree.texts.items())
            if text is not None and
            (path.endswith(".sh") or
             re.match(r"#!\s*/(usr/)?bin/(env )?(ba)?sh\b", text))
            and os.path.basename(path) != "gradlew"]
