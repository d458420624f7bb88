# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may include what, and who may touch clock, chance and the world.

ARCHITECTURE.md tells the reasons. A file belongs to the layer that the tables
below give; under sfu/ that is the CMake target that lists its .cc file.
"""

import os
import re

from tree import code_lines

INCLUDE = re.compile(r'\s*#\s*include\s+([<"])([^>"]+)[>"]')

# Folders of ours that a layer may include. sfu/ is looked at apart.
OURS = {
    "rtp_base": ("rtp/base/",),
    "rtp": ("rtp/",),
    "ice": ("ice/", "rtp/base/"),
    "signaling": ("signaling/", "rtp/base/"),
    "sfu_core": ("sfu/", "rtp/", "ice/"),
    "sfu_control": ("sfu/", "signaling/", "rtp/base/"),
    "bot": ("tools/", "rtp/", "ice/", "signaling/"),
}

# Third-party headers, by beginning, and the files that may include them;
# a folder's name allows all its files. Shells may include anything.
THIRD_PARTY = {
    "openssl/": ("rtp/srtp_session", "rtp/srtp_kdf", "rtp/srtp_transform",
                 "ice/dtls_endpoint", "ice/certificate", "ice/stun_message"),
    "gloox/": ("signaling/xmpp_stream", "signaling/xml_element",
               "signaling/disco",  # SHA-1 and base64 of entity caps
               "signaling/jid"),  # preparation of addresses
    "absl/": ("rtp/", "ice/", "signaling/", "sfu/", "tools/bot/"),
    "srtp2/": ("tools/bot/",),
    "vpx/": ("tools/bot/",),
    "opus/": ("rtp/opus_level", "tools/bot/samples/"),
    "aom/": ("tools/bot/samples/",),
    "x264.h": ("tools/bot/samples/",),
    "nlohmann/": ("tools/bot/",),
}

# System headers that only declare types and byte order.
HARMLESS_SYSTEM = {
    "ice/socket_address": {"arpa/inet.h", "netinet/in.h", "sys/socket.h"},
    "ice/dtls_endpoint": {"sys/time.h"},
    "sfu/socket_address_ip": {"arpa/inet.h"},
}

# Headers without a .cc file that see signaling; others are taken as core.
CONTROL_HEADERS = set()

SHELL_TARGETS = {"sfu_system", "sfu_server", "carillon"}
BOT_SHELLS = {"tools/bot/bot_flags", "tools/bot/bot_loop",
              "tools/bot/main",
              "tools/bot/report/live_terminal",
              "tools/bot/report/metrics_site", "tools/bot/runner",
              "tools/bot/samples/maker_main", "tools/bot/sdp_driver",
              "tools/bot/udp_socket",
              "tools/bot/xmpp_connection"}

CLOCK = re.compile(
    r"(steady|system|high_resolution)_clock|MonotonicNow|WallClock\(|"
    r"\bclock_gettime|\bgettimeofday|\btime\(\s*(NULL|nullptr|0)?\s*\)")
CHANCE = re.compile(
    r"\b(s?rand|random|drand48)\(|random_device|mt19937|\bRAND_|getrandom|"
    r"default_random_engine|SystemRandom")
WORLD = re.compile(
    r"std::(thread|jthread|mutex|shared_mutex|condition_variable|cout|cerr|"
    r"cin|ofstream|ifstream)\b|\b(f?printf|puts|fopen|getenv|usleep|"
    r"recvmmsg|sendmmsg)\(|sleep_for|::(socket|bind|sendto|recvfrom)\(")

# (file, what) that is right in spite of the rule, and why.
EXEMPT = {
    ("rtp/base/check.h", "world"): "the last words before an abort",
    ("ice/certificate.cc", "chance"):
        "serial of a certificate whose key OpenSSL draws as well",
}


def stem(path):
    return os.path.splitext(path)[0]


def targets_of_sfu(tree):
    """{stem: target} for the .cc files that sfu/CMakeLists.txt lists."""
    targets = {}
    text = re.sub(r"#.*", "", tree.texts.get("sfu/CMakeLists.txt") or "")
    for body in re.findall(r"\w+\(([^()]*)\)", text):
        words = body.split()
        for word in words:
            if word.endswith(".cc"):
                targets["sfu/" + stem(word)] = words[0]
    return targets


def layer_of(path, targets):
    """A key of OURS, "shell", or None for tests, bench and the like."""
    if path.startswith("rtp/base/"):
        return "rtp_base"
    folder = path.split("/")[0]
    if folder in ("rtp", "ice", "signaling"):
        return folder
    if folder == "sfu":
        target = targets.get(stem(path))
        if target in SHELL_TARGETS:
            return "shell"
        if target is None and path in CONTROL_HEADERS:
            return "sfu_control"
        return target or "sfu_core"
    if path.startswith("tools/bot/"):
        return "shell" if stem(path) in BOT_SHELLS else "bot"
    return None


def _allowed_third_party(path, header):
    for prefix, users in THIRD_PARTY.items():
        if header.startswith(prefix):
            return any(path.startswith(user) if user.endswith("/")
                       else stem(path) == user for user in users)
    # Of the standard library: a name without a dot or slash.
    return ("/" not in header and "." not in header or
            header in HARMLESS_SYSTEM.get(stem(path), ()))


def _sfu_problem(layer, header, targets):
    """Why a core or control file may not include this header of sfu/."""
    target = targets.get(stem(header))
    if target in SHELL_TARGETS:
        return "which is a shell"
    if layer == "sfu_core" and (target == "sfu_control"
                                or header in CONTROL_HEADERS):
        return "which is of the control side"
    if layer == "sfu_control" and target == "sfu_core":
        return "which is of the worker side (sfu/messages.h is for both)"
    return None


def includes(tree):
    """Include only what the layer may see."""
    targets = targets_of_sfu(tree)
    problems = []
    for path, text in tree.sources():
        layer = layer_of(path, targets)
        for number, line in enumerate(text.splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            quote, header = match.groups()
            reason = None
            if layer is None:
                continue
            if path.endswith(".h") and header.startswith("boost/"):
                reason = "Boost belongs into .cc files"
            elif layer == "shell":
                continue
            elif quote == "<":
                if not _allowed_third_party(path, header):
                    reason = f"a file of {layer} may not"
            elif not header.startswith(OURS.get(layer, ())):
                reason = f"{layer} may not see it"
            elif header.startswith("sfu/"):
                reason = _sfu_problem(layer, header, targets)
            if reason:
                problems.append(f"{path}:{number}: includes {header}; "
                                f"{reason}")
    return problems


def purity(tree):
    """No clock, chance, threads or input and output outside the shells."""
    targets = targets_of_sfu(tree)
    problems = []
    for path, text in tree.sources():
        if layer_of(path, targets) in (None, "shell"):
            continue
        for number, line in code_lines(text):
            for what, pattern in (("clock", CLOCK), ("chance", CHANCE),
                                  ("world", WORLD)):
                match = pattern.search(line)
                if match and (path, what) not in EXEMPT:
                    problems.append(f"{path}:{number}: {match.group(0)} is "
                                    f"for shells only ({what})")
    return problems
