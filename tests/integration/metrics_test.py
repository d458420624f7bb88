#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every metric of docs/metrics.md moves when it should, /metrics is as
Prometheus wants it, and /debug shows what is there.

metrics_test.py BUILD_DIR; the variable CARILLON_BUILD_DIR names another one.
Runs in a network namespace of its own, whose loopback it breaks.
"""

import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

import exposition
import xmpp_wire
from raw_caller import RawCaller
from running import ROOT, Running, wait_until

SKIPPED = 77
BUILD_DIR = None  # set from the arguments
DOCUMENT = ROOT / "docs/metrics.md"
PROMTOOL = shutil.which("promtool") or str(
    ROOT / "build/unpacked/prometheus/usr/bin/promtool")

# What never changes while a server runs.
CONSTANT = {"carillon_build_info", "carillon_process_start_time_seconds",
            "carillon_pool_packets_limit"}

# Of these each value of the label is to move, of all others any series.
EACH_OF = {"carillon_dropped_total": "reason",
           "carillon_participants_failed_total": "reason"}

# What this test cannot bring about, and the test of a unit that does:
# (metric, value of its label in EACH_OF): (file, suite, test).
MOVED_ELSEWHERE = {
    ("carillon_command_backlog", None): (
        "tests/sfu/worker_links_test.cc", "WorkerLinksTest",
        "LosesNoCommandWhenTheRingIsFull"),
    ("carillon_event_backlog", None): (
        "tests/sfu/worker_loop_test.cc", "WorkerLoopTest",
        "TellsOfEventsThatWaitForAFullRing"),
    ("carillon_stanzas_dropped_total", None): (
        "tests/sfu/xmpp_socket_test.cc", "XmppSocketTest",
        "DropsAndCountsWhatIsSentWithoutALink"),
    ("carillon_participants_failed_total", "dtls_failed"): (
        "tests/signaling/focus_stats_test.cc", "FocusStatsTest",
        "EachWayOfFailingHasItsCountAndItsReason"),
    ("carillon_participants_failed_total", "closed_by_peer"): (
        "tests/signaling/focus_stats_test.cc", "FocusStatsTest",
        "EachWayOfFailingHasItsCountAndItsReason"),
    ("carillon_paired_mucs", None): (
        "tests/sfu/debug_site_test.cc", "DebugSiteTest",
        "ShowsTheMucAndWhatItAllows"),
    ("carillon_paired_mucs_blind", None): (
        "tests/signaling/paired_muc_standing_test.cc", "MucStandingTest",
        "HiddenJidsTellNothing"),
    ("carillon_joins_refused_total", None): (
        "tests/signaling/focus_policy_test.cc", "FocusPolicyTest",
        "OpensNoRoomForWhoMayNot"),
    ("carillon_dropped_total", "rate_limited"): (
        "tests/sfu/worker_media_test.cc", "WorkerMediaTest",
        "AFloodIsCutAndNobodyElseSuffers"),
    ("carillon_dropped_total", "relay_full"): (
        "tests/sfu/relay_test.cc", "RelayTest",
        "AsksAgainForWhatAFullRingSwallowed"),
    ("carillon_dropped_total", "pool_full"): (
        "tests/sfu/worker_stats_test.cc", "SmallPoolTest",
        "CountsPacketsForWhichThereIsNoMemory"),
    ("carillon_dropped_total", "outbox_full"): (
        "tests/sfu/worker_stats_test.cc", "WorkerStatsTest",
        "CountsPacketsBeyondWhatATurnHolds"),
}


def documented():
    """{metric: type} of the document."""
    return dict(re.findall(r"^\| `(carillon_\w+)` \| (\w+) \|",
                           DOCUMENT.read_text(), re.M))


def has_test(path, suite, name):
    """Whether a file defines this test."""
    return re.search(rf"TEST(_[FP])?\(\s*{suite},\s*{name}\)",
                     (ROOT / path).read_text()) is not None


class Operate(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="carillon-metrics-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.token = "an-admin-token-of-this-test"
        token_file = self.folder / "token"
        token_file.write_text(self.token + "\n")
        self.run_ = Running(BUILD_DIR, "--host", "127.0.0.1", "--workers", "2",
                            "--", f"--admin_token_file={token_file}",
                            "--spread_after=1", "--drain_timeout_s=10")
        self.addCleanup(self.run_.__exit__)
        self.facts = self.run_.wait_until_up()
        self.admin = self.run_.admin("")

    def caller(self, room, **options):
        made = RawCaller(self.facts["c2s_port"], self.facts["guest_domain"],
                         f"{room}@{self.facts['component']}", **options)
        self.addCleanup(made.close)
        return made

    def wait_until_moved(self, watch, name, patience=60, **labels):
        wait_until(lambda: watch.moved(name, **labels),
                   f"{name} {labels or ''} to move", patience)

    def debug(self, path, token=None):
        request = urllib.request.Request(self.admin + path)
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, dict(error.headers)

    # ---- what people and strangers do ----

    def send_from_nowhere(self):
        """Datagrams of a stranger."""
        bad_stun = bytes.fromhex("000100002112a442") + bytes(12)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for datagram in (b"\xff\0\0\0", b"\x80" + bytes(1599),
                             b"\x80\x6f" + bytes(60), bad_stun):
                stranger.sendto(datagram,
                                ("127.0.0.1", self.facts["media_ports"][0]))

    def refuse_sends(self, refuse):
        """The kernel takes no datagram of the media ports, or does again."""
        ports = ", ".join(map(str, self.facts["media_ports"]))
        rule = ("add table inet cut\nadd chain inet cut output { type filter "
                "hook output priority 0; }\nadd rule inet cut output udp "
                f"sport {{ {ports} }} drop\n")
        subprocess.run(["nft", "-f", "-"], check=True, text=True,
                       input=rule if refuse else "delete table inet cut\n")

    def signal_badly(self, watch):
        """Returns two callers that will be thrown out in 30 seconds: one has
        no path, one never answers."""
        unreachable, silent = self.caller("raw"), self.caller("mute",
                                                              answers=None)
        unreachable.call()
        silent.call()
        self.caller("raw2", answers="error").call()
        wait_until(lambda: unreachable.token, "the roster")
        unreachable.restart_ice()
        unreachable.ask_nonsense()
        unreachable.send_too_deep()
        self.wait_until_moved(watch, "carillon_ice_restarts_total")
        heir = self.caller("raw")
        heir.resume(unreachable)
        heir.ping_often(80)
        return heir, silent

    def look_around(self, room):
        """/debug as long as somebody is in the room."""
        self.assertEqual(self.debug("/debug")[0], 401)
        self.assertIn("Bearer", self.debug("/debug")[1]["WWW-Authenticate"])
        self.assertEqual(self.debug("/debug", self.token + "x")[0], 401)
        status, rooms = self.debug("/debug", self.token)
        self.assertEqual(status, 200)
        self.assertIn(room, [each["name"] for each in rooms["rooms"]])
        _, shown = self.debug(f"/debug/rooms/{room}", self.token)
        first = shown["participants"][0]
        self.assertEqual({each["worker"] for each in shown["participants"]},
                         {0, 1})
        self.assertIn(f"@{self.facts['guest_domain']}/", first["jid"])
        self.assertEqual({source["kind"] for source in first["sources"]},
                         {"audio", "video"})
        _, one = self.debug(f"/debug/participants/{first['peer']}",
                            self.token)
        self.assertEqual((one["room"], one["id"]), (room, first["id"]))
        self.assertTrue(one["session"]["contents"])
        self.assertEqual(self.debug("/debug/rooms/none", self.token)[0], 404)

    # ---- the tests ----

    def check_with_promtool(self):
        self.assertTrue(
            os.access(PROMTOOL, os.X_OK),
            "no promtool; tools/test unpacks it, or install prometheus")
        run = subprocess.run([PROMTOOL, "check", "metrics"], text=True,
                             input=exposition.fetch(self.admin + "/metrics"),
                             capture_output=True, check=False)
        self.assertEqual((run.returncode, run.stdout + run.stderr), (0, ""))

    def unmoved(self, watch):
        """What nobody moved, as far as the document tells of it."""
        wanted = {(name, None) for name in documented()
                  if name not in EACH_OF}
        for name, label in EACH_OF.items():
            wanted |= {(name, value) for value in watch.labels(name, label)}
        return {(name, value) for name, value in wanted
                if name not in CONSTANT
                and (name, value) not in MOVED_ELSEWHERE
                and not watch.moved(
                    name, **({EACH_OF[name]: value} if value else {}))}

    def test_every_metric_moves(self):
        self.check_with_promtool()
        watch = exposition.Watch(self.admin + "/metrics")
        self.addCleanup(watch.stop)
        self.assertEqual(watch.types, documented())

        frozen = self.run_.bots("frozen", "--bots=1", "--duration_s=300")
        self.assertIn("joined", frozen.stdout.readline())
        frozen.send_signal(signal.SIGSTOP)
        heir, silent = self.signal_badly(watch)
        page = self.open_page()
        talk = self.run_.bots("talk", "--bots=3", "--duration_s=20",
                              "--lose=0.05", "--speakers=0:4,1:4,2:4")
        self.send_from_nowhere()
        self.assertEqual(talk.stdout.readline(), "joined: 3\n")
        self.look_around("talk")
        faulty = [self.run_.bots("faulty", "--bots=2", "--duration_s=3",
                                 "--faults=packets"),
                  self.run_.bots("faulty", "--bots=1", "--duration_s=1",
                                 "--faults=fingerprint")]
        self.wait_until_moved(watch, "carillon_resent_packets_total")
        self.refuse_sends(True)
        self.wait_until_moved(watch, "carillon_dropped_total",
                              reason="send_failed")
        self.refuse_sends(False)
        for child in (talk, *faulty):
            child.communicate(timeout=90)
        page.close()
        wait_until(lambda: heir.ended and silent.ended, "their ends", 60)
        self.wait_until_moved(watch, "carillon_participants_failed_total",
                              reason="consent_lost")
        frozen.kill()
        os.kill(self.facts["run_pid"], signal.SIGUSR1)  # restarts Prosody
        self.wait_until_moved(watch, "carillon_component_connects_total")
        self.check_with_promtool()
        self.check_constants(watch)
        self.drain(watch)
        watch.stop()
        self.assertEqual(self.unmoved(watch), set(),
                         "moved by nobody; see MOVED_ELSEWHERE")
        self.check_log()

    def check_log(self):
        """The server's lines are key=value and tell who nobody is."""
        lines = [line[line.index("time="):]
                 for line in self.run_.log().splitlines()
                 if "time=" in line and " event=" in line]
        events = {re.search(r" event=(\S+)", line)[1] for line in lines}
        self.assertLessEqual({"participant_failed", "component_down"}, events)
        for line in lines:
            self.assertRegex(
                line, r'^(\w+=([^\s"=]+|"([^"\\]|\\.)*")( |$))+$')
            for personal in (f"@{self.facts['guest_domain']}", "frozen",
                             "127.0.0.1"):
                self.assertNotIn(personal, line)

    def open_page(self):
        return xmpp_wire.WebSocketClient(self.facts["http_port"],
                                         self.facts["guest_domain"])

    def drain(self, watch):
        """The server goes away with somebody in it."""
        wait_until(lambda: watch.value("carillon_component_connected"),
                   "the link to Prosody")
        last = self.run_.bots("last", "--bots=1", "--duration_s=60")
        self.assertIn("joined", last.stdout.readline())
        os.kill(self.facts["server_pid"], signal.SIGTERM)
        self.wait_until_moved(watch, "carillon_draining")

    def check_constants(self, watch):
        self.assertEqual(watch.value("carillon_build_info"), 1)
        age = time.time() - watch.value("carillon_process_start_time_seconds")
        self.assertTrue(0 < age < 600, age)
        self.assertGreater(watch.value("carillon_pool_packets_limit"), 0)
        for name in CONSTANT:
            self.assertFalse(watch.moved(name), name)


class Bookkeeping(unittest.TestCase):
    def test_what_is_moved_elsewhere_is(self):
        names = documented()
        self.assertGreater(len(names), 60)
        for (name, value), (path, suite, test) in MOVED_ELSEWHERE.items():
            self.assertIn(name, names)
            self.assertEqual(value is not None, name in EACH_OF, name)
            self.assertTrue(has_test(path, suite, test),
                            f"{path}: no {suite}.{test}")
        self.assertLessEqual(CONSTANT | EACH_OF.keys(), names.keys())


def enter_namespace():
    """Runs this program again where its loopback is its own."""
    if os.environ.get("CARILLON_OWN_NETWORK"):
        return
    alone = ["unshare", "--net"]
    if os.geteuid() != 0:
        alone.append("--map-root-user")
    if subprocess.run([*alone, "nft", "list", "ruleset"], check=False,
                      capture_output=True).returncode != 0:
        print("skipped: no network namespace with nftables can be made here")
        sys.exit(SKIPPED)
    os.environ["CARILLON_OWN_NETWORK"] = "1"
    os.execvp(alone[0], [*alone, "bash", "-c",
                         'ip link set lo up && exec "$@"', "-",
                         sys.executable, *sys.argv])


if __name__ == "__main__":
    enter_namespace()
    BUILD_DIR = os.environ.get("CARILLON_BUILD_DIR") or sys.argv[1]
    unittest.main(argv=sys.argv[:1])
