# SPDX-License-Identifier: GPL-3.0-or-later
"""k8s/ as kubectl renders it, held against the schema, and its parts."""

import json
import pathlib
import re
import shutil
import subprocess

from running import ROOT

def copy_with_secrets(folder):
    """A copy of k8s/ in `folder` with the files that operators make."""
    copy = pathlib.Path(folder) / "k8s"
    shutil.copytree(ROOT / "k8s", copy,
                    ignore=shutil.ignore_patterns("secrets"))
    secrets = copy / "overlays/example/secrets"
    secrets.mkdir()
    for name in ("component_secret", "admin_token"):
        (secrets / name).write_text(f"{name}: 0123456789abcdef\n")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
         "/CN=meet.example.org", "-addext",
         "subjectAltName=DNS:meet.example.org", "-keyout",
         secrets / "tls.key", "-out", secrets / "tls.crt"],
        capture_output=True, check=True)
    return copy


def check(text):
    """The objects of YAML `text`; what the schema refuses, as an error."""
    checked = subprocess.run(
        ["node", ROOT / "tests/k8s/check_schema.mjs"], input=text,
        capture_output=True, text=True, check=False)
    if checked.returncode:
        raise AssertionError(checked.stderr)
    return json.loads(checked.stdout)


def render(folder):
    """(YAML, objects) of a kustomization."""
    rendered = subprocess.run(["kubectl", "kustomize", folder],
                              capture_output=True, text=True, check=False)
    if rendered.returncode:
        raise AssertionError(rendered.stderr)
    return rendered.stdout, check(rendered.stdout)


def one(objects, kind, name=None):
    found, = [each for each in objects if each["kind"] == kind
              and name in (None, each["metadata"]["name"])]
    return found


def pod_of(objects):
    return one(objects, "Deployment")["spec"]["template"]


def container(objects, name):
    found, = [each for each in pod_of(objects)["spec"]["containers"]
              if each["name"] == name]
    return found


def data_of(objects, kind, name):
    """What a ConfigMap or Secret holds; None if there is no such object."""
    for each in objects:
        if each["kind"] == kind and each["metadata"]["name"] == name:
            return each.get("data", {})
    return None


def environment(objects, name, node_ip):
    """The environment of a container on a node of that address."""
    result = {}
    for variable in container(objects, name).get("env", []):
        source = variable.get("valueFrom", {})
        if "configMapKeyRef" in source:
            reference = source["configMapKeyRef"]
            value = data_of(objects, "ConfigMap",
                            reference["name"])[reference["key"]]
        elif source.get("fieldRef") == {"fieldPath": "status.hostIP"}:
            value = node_ip
        else:
            value = variable["value"]
        result[variable["name"]] = value
    return result


def arguments(objects, name, node_ip):
    """A container's args as the kubelet expands them."""
    variables = environment(objects, name, node_ip)
    return [re.sub(r"\$\((\w+)\)", lambda match: variables[match.group(1)],
                   argument)
            for argument in container(objects, name).get("args", [])]


def flags(objects, node_ip="192.0.2.1"):
    """The server's flags, flag file included, as a dictionary."""
    result = {}
    for argument in arguments(objects, "carillon", node_ip):
        name, _, value = argument.removeprefix("--").partition("=")
        if name != "flagfile":
            result[name] = value
            continue
        for line in mounted_file(objects, "carillon", value).splitlines():
            if line and not line.startswith("#"):
                key, _, text = line.removeprefix("--").partition("=")
                result.setdefault(key, text)
    return result


def mounted_file(objects, name, path):
    """The text of a file that a ConfigMap puts there."""
    folder, _, file = path.rpartition("/")
    mount, = [each for each in container(objects, name)["volumeMounts"]
              if each["mountPath"] == folder]
    volume, = [each for each in pod_of(objects)["spec"]["volumes"]
               if each["name"] == mount["name"]]
    return data_of(objects, "ConfigMap", volume["configMap"]["name"])[file]
