#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Loads Janus with the bots' own media, by SDP: janus.py [--help].

A private Janus (Debian's package) with one video room, in a network namespace
of its own, so it needs root. Prints what it costs: CPU per packet that came to
a subscriber, loss, latency, memory.
"""

import argparse
import http.client
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[2]
ADDRESS = "10.77.0.1"  # Janus gathers no candidates of loopback interfaces
ROOM = 1234
PORT = 8088
MISSING = 3  # exit status: something that is needed is not installed


def fail(message, status=1):
    print(f"janus.py: {message}", file=sys.stderr)
    sys.exit(status)


def options():
    parser = argparse.ArgumentParser(
        description="Loads Janus with carillon-bot and prints what it costs.")
    parser.add_argument("--publishers", type=int, default=1)
    parser.add_argument("--subscribers", type=int, default=50,
                        help="each of them takes every publisher; default 50")
    parser.add_argument("--kbps", type=int, default=1000,
                        help="of each publisher's video; default 1000")
    parser.add_argument("--seconds", type=float, default=20,
                        help="how long is measured; default 20")
    parser.add_argument("--event-loops", type=int, default=1,
                        help="of Janus; 0: a thread for each handle; default 1")
    parser.add_argument("--build-dir", type=pathlib.Path,
                        default=ROOT / "build/release")
    chosen = parser.parse_args()
    if min(chosen.publishers, chosen.subscribers) < 1:
        parser.error("at least one publisher and one subscriber")
    return chosen


class Janus:
    """The process and its HTTP API."""

    def __init__(self, folder, event_loops):
        programs = shutil.which("janus")
        library = pathlib.Path("/usr/lib") / os.uname().machine
        library = next(iter(pathlib.Path("/usr/lib").glob(
            "*/janus/plugins/libjanus_videoroom.so")), library)
        janus_files = library.parents[1]
        (folder / "janus.jcfg").write_text(f"""
general: {{
  configs_folder = "{folder}"
  plugins_folder = "{janus_files}/plugins"
  transports_folder = "{janus_files}/transports"
  events_folder = "{folder}"
  loggers_folder = "{folder}"
  debug_level = 3
  event_loops = {event_loops}
}}
nat: {{
  ice_lite = true
  full_trickle = false
  ice_enforce_list = "{ADDRESS}"
}}
plugins: {{ disable = "libjanus_audiobridge.so,libjanus_duktape.so,\
libjanus_echotest.so,libjanus_lua.so,libjanus_nosip.so,\
libjanus_recordplay.so,libjanus_sip.so,libjanus_streaming.so,\
libjanus_textroom.so,libjanus_videocall.so,libjanus_voicemail.so" }}
transports: {{ disable = "libjanus_mqtt.so,libjanus_nanomsg.so,\
libjanus_pfunix.so,libjanus_rabbitmq.so,libjanus_websockets.so" }}
""")
        (folder / "janus.transport.http.jcfg").write_text(f"""
general: {{ json = "compact", base_path = "/janus", http = true, \
port = {PORT}, ip = "127.0.0.1", https = false }}
admin: {{ admin_http = false }}
""")
        (folder / "janus.plugin.videoroom.jcfg").write_text(f"""
room-{ROOM}: {{ description = "load", publishers = 100, bitrate = 0, \
audiocodec = "opus", videocodec = "vp8", notify_joining = false }}
""")
        self.log = folder / "log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [programs, f"--configs-folder={folder}",
                 f"--config={folder}/janus.jcfg"],
                stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT)
        self.session = None
        self.waiting = {}
        self.condition = threading.Condition()

    def request(self, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
        if body is not None:
            body = json.dumps({**body, "transaction": uuid.uuid4().hex})
        connection.request("GET" if body is None else "POST", path, body)
        answer = json.loads(connection.getresponse().read())
        connection.close()
        return answer

    def open(self):
        deadline = time.monotonic() + 20
        while True:
            try:
                answer = self.request("/janus", {"janus": "create"})
                break
            except OSError:
                if time.monotonic() > deadline or self.process.poll():
                    fail("Janus does not start:\n" +
                         self.log.read_text(errors="replace")[-2000:])
                time.sleep(0.1)
        self.session = f"/janus/{answer['data']['id']}"
        threading.Thread(target=self._poll, daemon=True).start()

    def _poll(self):
        while True:
            try:
                events = self.request(self.session + "?maxev=50")
            except (OSError, ValueError, http.client.HTTPException):
                return  # it is over
            with self.condition:
                for event in events if isinstance(events, list) else [events]:
                    if "sender" in event and event.get("janus") == "event":
                        self.waiting.setdefault(event["sender"], []).append(
                            event)
                self.condition.notify_all()

    def attach(self):
        answer = self.request(self.session, {
            "janus": "attach", "plugin": "janus.plugin.videoroom"})
        return answer["data"]["id"]

    def message(self, handle, body, jsep=None):
        """Says it and waits for what the plugin says to it."""
        request = {"janus": "message", "body": body}
        if jsep:
            request["jsep"] = jsep
        self.request(f"{self.session}/{handle}", request)
        with self.condition:
            if not self.condition.wait_for(
                    lambda: self.waiting.get(handle), 20):
                fail(f"Janus does not answer {body}")
            event = self.waiting[handle].pop(0)
        data = event["plugindata"]["data"]
        if "error" in data:
            fail(f"Janus refuses {body}: {data['error']}")
        return data, event.get("jsep")

    def cpu(self):
        """Seconds of CPU so far."""
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self):
        """Resident bytes."""
        with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGESIZE")


class Bots:
    """carillon-bot --sdp=stdio."""

    def __init__(self, build_dir, kbps):
        program = build_dir / "tools/bot/carillon-bot"
        if not program.exists():
            fail(f"{program} is not there; tools/run builds it", MISSING)
        self.process = subprocess.Popen(
            [program, "--sdp=stdio", f"--video_kbps={kbps}", "--video_fps=25",
             "--sound=synthetic", "--decrypt_one_in=16", "--feedback=rr"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True)

    def say(self, **request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()

    def ask(self, **request):
        self.say(**request)
        answer = json.loads(self.process.stdout.readline())
        if answer["type"] == "error":
            fail(f"carillon-bot: {answer['error']}")
        return answer

    def stats(self):
        return self.ask(type="stats")


def join(janus, bots, chosen):
    feeds = []
    for i in range(chosen.publishers):
        handle = janus.attach()
        offer = bots.ask(type="publish", id=f"p{i}")
        janus.message(handle, {"request": "join", "ptype": "publisher",
                               "room": ROOM, "display": f"p{i}",
                               "id": 1000 + i})
        _, jsep = janus.message(handle, {"request": "publish"},
                                {"type": "offer", "sdp": offer["sdp"]})
        bots.say(type="answer", id=f"p{i}", sdp=jsep["sdp"])
        feeds.append(1000 + i)
    wait_connected(bots, chosen.publishers)
    for i in range(chosen.subscribers):
        for feed in feeds:
            handle = janus.attach()
            name = f"s{i}-{feed}"
            _, jsep = janus.message(handle, {
                "request": "join", "ptype": "subscriber", "room": ROOM,
                "streams": [{"feed": feed}]})
            answer = bots.ask(type="offer", id=name, sdp=jsep["sdp"])
            janus.message(handle, {"request": "start"},
                          {"type": "answer", "sdp": answer["sdp"]})
    wait_connected(bots, chosen.publishers * (1 + chosen.subscribers))


def wait_connected(bots, count):
    deadline = time.monotonic() + 30
    while True:
        stats = bots.stats()
        if stats["failures"]:
            fail("\n".join(stats["failures"][:5]))
        if stats["connected"] >= count:
            return
        if time.monotonic() > deadline:
            fail(f"only {stats['connected']} of {count} are connected")
        time.sleep(0.1)


def measure(janus, bots, chosen):
    empty = janus.memory()
    join(janus, bots, chosen)
    time.sleep(3)  # what is sent at the beginning is no measure
    bots.stats()
    before, cpu, begin = bots.stats(), janus.cpu(), time.monotonic()
    time.sleep(chosen.seconds)
    after, used = bots.stats(), janus.cpu() - cpu
    took = time.monotonic() - begin
    packets = after["received"] - before["received"]
    lost = after["lost"] - before["lost"]
    if packets == 0:
        fail("no packet came to a subscriber")
    handles = chosen.publishers * (1 + chosen.subscribers)
    rows = [
        ("load", f"{chosen.publishers} x {chosen.subscribers}, video of "
                 f"{chosen.kbps} kbit/s"),
        ("packets out", f"{packets / took / 1000:.1f} k/s"),
        ("CPU of Janus", f"{100 * used / took:.0f} % of a processor"),
        ("CPU a packet out", f"{1e6 * used / packets:.2f} us"),
        ("lost", f"{100 * lost / (packets + lost):.3f} %"),
        ("latency p50", f"{after['latency_p50_ms']:.2f} ms"),
        ("latency p99", f"{after['latency_p99_ms']:.2f} ms"),
        ("memory a handle", f"{(janus.memory() - empty) / handles / 1024:.0f} "
                            "KiB"),
    ]
    print("Janus " + version() + f", event_loops = {chosen.event_loops}")
    for name, value in rows:
        print(f"  {name:18} {value}")


def version():
    done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "janus"],
                          capture_output=True, text=True, check=False)
    return done.stdout or "of unknown version"


def in_namespace():
    """Runs this script again in a network namespace of its own."""
    if os.environ.get("CARILLON_IN_NAMESPACE"):
        return
    for program in ("janus", "ip", "unshare"):
        if shutil.which(program) is None:
            package = {"janus": "janus", "ip": "iproute2",
                       "unshare": "util-linux"}[program]
            fail(f"{program} is not installed: apt-get install {package}",
                 MISSING)
    if os.geteuid() != 0:
        fail("run it as root: it makes a network namespace", MISSING)
    script = ("ip link set lo up && "
              "ip link add load0 type veth peer name load1 && "
              f"ip addr add {ADDRESS}/24 dev load0 && ip link set load0 up && "
              "ip link set load1 up && "
              'exec "$0" "$@"')
    os.environ["CARILLON_IN_NAMESPACE"] = "1"
    os.execvp("unshare", ["unshare", "--net", "sh", "-c", script,
                          sys.executable, *sys.argv])


def main():
    chosen = options()
    in_namespace()
    with tempfile.TemporaryDirectory(prefix="carillon-janus-") as folder:
        janus = Janus(pathlib.Path(folder), chosen.event_loops)
        bots = None
        try:
            bots = Bots(chosen.build_dir, chosen.kbps)
            janus.open()
            measure(janus, bots, chosen)
        finally:
            if bots is not None:
                bots.process.stdin.close()
                bots.process.stdout.close()
                bots.process.wait(30)
            janus.process.terminate()
            janus.process.wait(30)


if __name__ == "__main__":
    main()
