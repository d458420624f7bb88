#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The images of the Dockerfile hold what the programs need, and the pod of k8s/
starts from them as an unprivileged user on a read-only root, and ends.

container_test.py BUILD_DIR; the variable CARILLON_BUILD_DIR names another one.
Needs root for its namespaces. Docker and a cluster are not needed: image.py
unpacks the images, pod.py starts them.
"""

import base64
import errno
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import unittest
import urllib.request

import image
import manifests
import xmpp_wire
from pod import Container
from running import ROOT, get, is_alive, wait_until
from xmpp_wire import DISCO_INFO

BUILD_DIR = None  # set from the arguments
NODE_IP = "192.0.2.1"
BUILT_PROGRAM = "/carillon/build/release/sfu/carillon"
BUILT_PAGE = "/carillon/tools/room/dist"


def built():
    """What the Dockerfile's build stage makes, as it lies here."""
    page = ROOT / "tools/room/dist"
    if not (page / "index.html").is_file():
        page = pathlib.Path(tempfile.mkdtemp(prefix="carillon-page-"))
        (page / "index.html").write_text("<!doctype html>")
    return {BUILT_PROGRAM: BUILD_DIR / "sfu/carillon", BUILT_PAGE: page}


class Pod(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="carillon-pod-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.stages = image.read_dockerfile()
        parts = built()
        cls.roots = {name: image.unpack(cls.stages[name], cls.folder / name,
                                        parts)
                     for name in ("carillon", "prosody")}
        copy = manifests.copy_with_secrets(folder.name)
        _, cls.example = manifests.render(copy / "overlays/example")
        _, cls.base = manifests.render(copy / "base")
        secret, = [each for each in cls.example if each["kind"] == "Secret"
                   and "component_secret" in each["data"]]
        cls.base.append(
            {**secret, "metadata": {"name": "carillon-secrets"}})
        cls.certificate = copy / "overlays/example/secrets/tls.crt"

    def setUp(self):
        self.make(self.base)

    def make(self, objects):
        scratch = tempfile.TemporaryDirectory(prefix="carillon-pod-")
        self.addCleanup(scratch.cleanup)
        self.objects = objects
        self.server, self.prosody = [
            Container(objects, name, self.stages[name], self.roots[name],
                      scratch.name, NODE_IP) for name in ("carillon",
                                                          "prosody")]

    def start(self):
        for each in (self.prosody, self.server):
            each.start()
            self.addCleanup(each.process.wait)
            self.addCleanup(each.process.kill)
        wait_until(self.ready, "readiness, " + self.logs())

    def logs(self):
        return self.server.log() + self.prosody.log()

    def probe(self, kind):
        probe = self.server.spec[kind]["httpGet"]
        port, = [each["containerPort"] for each in self.server.spec["ports"]
                 if each["name"] == probe["port"]]
        try:
            return get(f"http://127.0.0.1:{port}{probe['path']}")[0] == 200
        except OSError:
            return False

    def ready(self):
        for each in (self.server, self.prosody):
            if each.process.poll() is not None:
                raise AssertionError(f"{each.name} ended:\n{each.log()}")
        return self.probe("readinessProbe")

    def prosody_lives(self):
        probe = self.prosody.spec["livenessProbe"]["exec"]["command"]
        return self.prosody.enter(
            *probe, stderr=subprocess.DEVNULL).wait() == 0

    def test_images_hold_what_is_needed_and_no_more(self):
        libraries = self.server.enter("/usr/bin/ldd", "/usr/bin/carillon",
                                      stdout=subprocess.PIPE)
        listed = libraries.communicate()[0].decode()
        self.assertEqual(libraries.returncode, 0)
        self.assertIn("libgloox", listed)
        self.assertNotIn("not found", listed)
        packages = set(self.stages["carillon"].packages)
        wanted = set(image.needed(BUILD_DIR / "sfu/carillon"))
        for package in packages:
            files = subprocess.run(["dpkg-query", "-L", package], check=True,
                                   capture_output=True, text=True).stdout
            self.assertTrue(
                wanted & {os.path.basename(each) for each in files.split()},
                f"{package} is not needed")
        for stage in self.stages.values():
            self.assertEqual([each for each in image.closure(stage.packages)
                              if each.endswith("-dev")], [])

    def test_serves_without_any_right(self):
        self.start()
        self.assertTrue(self.probe("livenessProbe"))
        self.assertTrue(self.prosody_lives(), self.prosody.log())
        flags = manifests.flags(self.objects, NODE_IP)
        page = int(flags["http_listen"].rpartition(":")[2])
        status, body = get(f"http://{NODE_IP}:{page}/lobby")
        self.assertEqual(status, 200)
        self.assertTrue(body.lower().startswith("<!doctype html"))
        with xmpp_wire.WebSocketClient(page, flags["guest_domain"]) as guest:
            answer = guest.request("get", f"tea@{flags['component']}",
                                   f"<query xmlns='{DISCO_INFO}'/>")
            self.assertIn("urn:xmpp:jingle:1", {
                each.get("var") for each in answer.iter(
                    f"{{{DISCO_INFO}}}feature")})
        self.debug_is_open_to_the_token_only(flags)
        for each, may_write in ((self.server, set()),
                                (self.prosody, {"/var/lib/prosody"})):
            with self.subTest(each.name):
                self.has_no_right(each, may_write)
        media = int(flags["media_port"])
        with open("/proc/net/udp") as lines:
            bound = {int(line.split()[1].partition(":")[2], 16)
                     for line in list(lines)[1:]}
        self.assertEqual(bound, set(range(
            media, media + int(flags["workers"]))))

    def debug_is_open_to_the_token_only(self, flags):
        port = flags["admin_listen"].rpartition(":")[2]
        url = f"http://{NODE_IP}:{port}/debug"
        self.assertEqual(get(url)[0], 401)
        secret = manifests.data_of(self.objects, "Secret", "carillon-secrets")
        token = base64.b64decode(secret["admin_token"]).decode().strip()
        request = urllib.request.Request(
            url, headers={"Authorization": f"Bearer {token}"})
        self.assertEqual(get(request)[0], 200)

    def has_no_right(self, each, may_write):
        status = each.status()
        self.assertEqual(status["Uid"], ["65532"] * 4)
        self.assertEqual(status["Gid"], ["65532"] * 4)
        self.assertEqual(status["Groups"], ["65532"])
        self.assertEqual(status["NoNewPrivs"], ["1"])
        for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            self.assertEqual(int(status[kind][0], 16), 0, kind)
        inside = f"/proc/{each.process.pid}/root"
        devices = {"/dev/" + name for name in os.listdir(inside + "/dev")}
        self.assertEqual(each.writable(), may_write | devices | {"/proc"})
        for path in ("/", "/tmp", "/usr/bin", "/etc", "/etc/carillon",
                     "/etc/carillon-secrets", "/var/tmp", "/dev"):
            with self.assertRaises(OSError) as refused:  # even for root
                os.open(f"{inside}{path}/a", os.O_CREAT | os.O_WRONLY)
            self.assertEqual(refused.exception.errno, errno.EROFS, path)

    def test_the_example_speaks_https(self):
        self.make(self.example)
        self.start()
        flags = manifests.flags(self.objects, NODE_IP)
        self.assertEqual(flags["component"], "sfu.meet.example.org")
        port = int(flags["http_listen"].rpartition(":")[2])
        context = ssl.create_default_context(cafile=self.certificate)
        with socket.create_connection((NODE_IP, port), 10) as plain, \
                context.wrap_socket(
                    plain, server_hostname="meet.example.org") as page:
            page.sendall(b"GET /lobby HTTP/1.0\r\n"
                         b"Host: meet.example.org\r\n\r\n")
            self.assertIn(b" 200 ", page.makefile("rb").readline())
        self.has_no_right(self.server, set())

    def test_ends_in_order(self):
        self.start()
        hook = self.prosody.enter(*self.prosody.spec["lifecycle"]["preStop"][
            "exec"]["command"])
        self.addCleanup(hook.wait)
        self.addCleanup(hook.kill)
        # It must wait while the server is there; then both end by themselves.
        with self.assertRaises(subprocess.TimeoutExpired):
            hook.wait(2)
        self.server.process.send_signal(signal.SIGTERM)
        grace = manifests.pod_of(self.objects)["spec"][
            "terminationGracePeriodSeconds"]
        self.assertEqual(self.server.process.wait(grace), 0, self.logs())
        self.assertTrue(is_alive(self.prosody.process.pid))
        self.assertEqual(hook.wait(10), 0)
        self.assertTrue(self.prosody_lives())
        self.prosody.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.prosody.process.wait(30), 0, self.logs())
        self.assertFalse(self.prosody_lives())

    def test_is_not_ready_without_prosody(self):
        self.start()
        self.prosody.process.kill()
        wait_until(lambda: not self.probe("readinessProbe"), "not ready")
        self.assertTrue(self.probe("livenessProbe"))
        self.prosody.process.wait()
        self.prosody.start()
        self.addCleanup(self.prosody.process.wait)
        self.addCleanup(self.prosody.process.kill)
        wait_until(self.ready, "readiness after a restart")


def enter_namespaces():
    """Runs this script again where mounts, network, processes are its own."""
    enter = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child",
             "--mount-proc"]
    if subprocess.run([*enter, "true"], check=False).returncode:
        print("no rights to make namespaces: run as root")
        sys.exit(77)
    os.environ["CARILLON_IN_POD"] = "1"
    os.execvp(enter[0], [*enter, sys.executable, __file__, *sys.argv[1:]])


if __name__ == "__main__":
    BUILD_DIR = pathlib.Path(os.environ.get("CARILLON_BUILD_DIR")
                             or sys.argv[1])
    if any(name.startswith(("libasan", "libtsan"))
           for name in image.needed(BUILD_DIR / "sfu/carillon")):
        print("a sanitizer's program is in no image")
        sys.exit(77)
    if "CARILLON_IN_POD" not in os.environ:
        enter_namespaces()
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["ip", "address", "add", f"{NODE_IP}/32", "dev", "lo"],
                   check=True)
    unittest.main(argv=sys.argv[:1])
