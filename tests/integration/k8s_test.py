#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The manifests in k8s/ render, fit Kubernetes' schema and the server.

k8s_test.py BUILD_DIR; the variable CARILLON_BUILD_DIR names another one. No
cluster is needed: container_test.py starts what they describe.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import manifests
from running import ROOT

import prosody_config  # of tools/lib, which running.py adds

BUILD_DIR = None  # set from the arguments


class Manifests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="carillon-k8s-")
        cls.addClassCleanup(folder.cleanup)
        copy = manifests.copy_with_secrets(folder.name)
        cls.rendered = {
            "base": manifests.render(copy / "base"),
            "example": manifests.render(copy / "overlays/example"),
        }

    def each(self):
        return [objects for _, objects in self.rendered.values()]

    def test_has_one_of_each(self):
        for objects in self.each():
            for kind in ("Deployment", "Service", "NetworkPolicy",
                         "PodDisruptionBudget"):
                manifests.one(objects, kind)

    def test_the_schema_refuses_what_is_wrong(self):
        text, _ = self.rendered["base"]
        for right, wrong in ((" containerPort:", " containerport:"),
                             ("replicas: 1", "replicas: one"),
                             ("  selector:", "  selektor:"),
                             ("apiVersion: apps/v1", "apiVersion: apps/v0")):
            self.assertIn(right, text)
            with self.subTest(wrong), self.assertRaises(AssertionError):
                manifests.check(text.replace(right, wrong))

    def test_everything_named_is_there(self):
        for objects in self.each():
            pod = manifests.pod_of(objects)["spec"]
            volumes = {each["name"]: each for each in pod["volumes"]}
            for volume in volumes.values():
                if "configMap" in volume:
                    self.assertTrue(manifests.data_of(
                        objects, "ConfigMap", volume["configMap"]["name"]))
                elif "secret" in volume:
                    name = volume["secret"]["secretName"]
                    # The base's is made by an overlay, or by hand.
                    if name != "carillon-secrets":
                        self.assertTrue(
                            manifests.data_of(objects, "Secret", name), name)
            for each in pod["containers"]:
                manifests.environment(objects, each["name"], "192.0.2.1")
                for mount in each["volumeMounts"]:
                    self.assertIn(mount["name"], volumes)
        _, example = self.rendered["example"]
        self.assertTrue(any(each["kind"] == "Secret" and "component_secret" in
                            each["data"] for each in example))

    def test_selects_its_pod(self):
        for objects in self.each():
            labels = manifests.pod_of(objects)["metadata"]["labels"]
            spec = {kind: manifests.one(objects, kind)["spec"] for kind in (
                "Deployment", "Service", "NetworkPolicy",
                "PodDisruptionBudget")}
            for selector in (
                    spec["Service"]["selector"],
                    spec["Deployment"]["selector"]["matchLabels"],
                    spec["NetworkPolicy"]["podSelector"]["matchLabels"],
                    spec["PodDisruptionBudget"]["selector"]["matchLabels"]):
                self.assertTrue(selector.items() <= labels.items())

    def test_ports_are_those_of_the_flags(self):
        for objects in self.each():
            flags = manifests.flags(objects)
            ports = {each["name"]: each for each in
                     manifests.container(objects, "carillon")["ports"]}
            page = ports["http"]["containerPort"]
            admin = ports["admin"]["containerPort"]
            self.assertEqual(flags["http_listen"], f"0.0.0.0:{page}")
            self.assertEqual(flags["admin_listen"], f"0.0.0.0:{admin}")
            media = [each["containerPort"] for each in ports.values()
                     if each.get("protocol") == "UDP"]
            first = int(flags["media_port"])
            self.assertEqual(
                media, list(range(first, first + int(flags["workers"]))))
            for each in ports.values():
                self.assertEqual(each.get("hostPort"),
                                 each["containerPort"]
                                 if each["containerPort"] in media else None)
            service = manifests.one(objects, "Service")["spec"]["ports"]
            self.assertEqual([each["targetPort"] for each in service],
                             ["http"])
            policy = manifests.one(objects, "NetworkPolicy")["spec"]
            public, private = policy["ingress"]
            self.assertNotIn("from", public)
            self.assertEqual([each["port"] for each in public["ports"]],
                             [page, *media])
            self.assertTrue(private["from"])
            self.assertEqual([each["port"] for each in private["ports"]],
                             [admin])
            annotations = manifests.pod_of(objects)["metadata"]["annotations"]
            self.assertEqual(annotations["prometheus.io/port"], str(admin))

    def test_gives_no_rights(self):
        for objects in self.each():
            pod = manifests.pod_of(objects)["spec"]
            self.assertIs(pod["automountServiceAccountToken"], False)
            self.assertFalse(pod.get("hostNetwork") or pod.get("hostPID"))
            context = pod["securityContext"]
            self.assertIs(context["runAsNonRoot"], True)
            self.assertEqual(context["runAsUser"], 65532)
            self.assertEqual(context["seccompProfile"],
                             {"type": "RuntimeDefault"})
            for each in pod["containers"]:
                self.assertEqual(each["securityContext"], {
                    "allowPrivilegeEscalation": False,
                    "readOnlyRootFilesystem": True,
                    "capabilities": {"drop": ["ALL"]}})
            for volume in pod["volumes"]:
                self.assertNotIn("hostPath", volume)

    def test_probes_what_the_server_answers(self):
        site = (ROOT / "sfu/admin_site.cc").read_text(encoding="utf-8")
        for objects in self.each():
            server = manifests.container(objects, "carillon")
            self.assertEqual(
                {kind: server[kind]["httpGet"] for kind in
                 ("livenessProbe", "readinessProbe")},
                {"livenessProbe": {"path": "/healthz", "port": "admin"},
                 "readinessProbe": {"path": "/readyz", "port": "admin"}})
            for path in ("/healthz", "/readyz", "/metrics"):
                self.assertIn(f'"{path}"', site)

    def test_ends_after_the_drain(self):
        config = (ROOT / "sfu/config.cc").read_text(encoding="utf-8")
        default = re.search(r"drain_timeout_s, (\d+)", config)
        for objects in self.each():
            drain = int(manifests.flags(objects).get(
                "drain_timeout_s", default.group(1) if default else 60))
            grace = manifests.pod_of(objects)["spec"][
                "terminationGracePeriodSeconds"]
            self.assertGreaterEqual(grace, drain + 15)
            strategy = manifests.one(objects, "Deployment")["spec"]["strategy"]
            self.assertEqual(strategy["type"], "Recreate")
            # Whom Prosody serves is told of the end by XMPP.
            hook = manifests.container(objects, "prosody")["lifecycle"][
                "preStop"]["exec"]["command"]
            self.assertIn(manifests.flags(objects)["admin_listen"].rpartition(
                ":")[2], hook[-1])

    def test_the_server_takes_each_flag(self):
        for objects in self.each():
            with tempfile.NamedTemporaryFile("w") as file:
                file.write(manifests.mounted_file(
                    objects, "carillon", "/etc/carillon/carillon.flags"))
                file.flush()
                arguments = [
                    each.replace("/etc/carillon/carillon.flags", file.name)
                    for each in manifests.arguments(objects, "carillon",
                                                    "192.0.2.1")]
                # An unknown flag or a bad value would be named before this.
                refused = subprocess.run(
                    [BUILD_DIR / "sfu/carillon", *arguments, "--max_peers=0"],
                    capture_output=True, text=True, check=False)
                self.assertEqual(refused.returncode, 2)
                self.assertTrue(refused.stderr.startswith(
                    "carillon: --max_peers: 0 is out of range"),
                    refused.stderr)

    def test_prosody_is_configured_as_by_tools_run(self):
        _, objects = self.rendered["base"]
        flags = manifests.flags(objects)
        ours = manifests.mounted_file(objects, "prosody",
                                      "/etc/carillon/prosody.cfg.lua")
        ours = re.sub(r'"(\w+)\." \.\. domain', r'"\1.localhost"', ours)
        ours = re.sub(r"^(VirtualHost|Component)\(([^)]*)\)(?:\((.*)\))?$",
                      lambda match: " ".join(filter(None, match.groups())),
                      ours, flags=re.M)
        theirs = prosody_config.prosody_config(
            "/var/lib/prosody", 5222, int(flags["component_port"]), 5280, "s")
        lines = [{line.strip() for line in text.splitlines()
                  if line.strip() and not line.strip().startswith("--")}
                 for text in (ours, theirs)]
        # Where files are, and what belongs to accounts.
        own = re.compile(
            r"local domain = |run_as_root|data_path|certificates|c2s_ports|"
            r"component_secret =|authentication = \"internal|"
            r'VirtualHost "localhost"|disco_items = {.*}$|{ "sfu')
        different = [line for line in lines[0] ^ lines[1]
                     if not own.match(line)]
        self.assertEqual(different, [])
        self.assertIn(f'ws://127.0.0.1:5280/', flags["xmpp_websocket"])


if __name__ == "__main__":
    BUILD_DIR = pathlib.Path(os.environ.get("CARILLON_BUILD_DIR")
                             or sys.argv[1])
    unittest.main(argv=sys.argv[:1])
