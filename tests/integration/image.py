# SPDX-License-Identifier: GPL-3.0-or-later
"""The Dockerfile's final stages, unpacked into folders without Docker.

A stage's packages come from this machine's own, as far as they are installed:
exactly their files and those of what they depend on, beside Debian's required
packages. So a package that the Dockerfile forgot is missing in the folder too.
"""

import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess

from running import ROOT


class Stage:
    """What one stage of the Dockerfile puts into its image."""

    def __init__(self):
        self.packages = []
        self.copies = []  # (source, destination, of another stage?)
        self.user = None
        self.command = {"ENTRYPOINT": [], "CMD": []}
        self.signal = None


def read_dockerfile(path=ROOT / "k8s/Dockerfile"):
    """Stage by name. Instructions that are not understood are refused."""
    text = re.sub(r"^#.*\n", "", path.read_text(encoding="utf-8"), flags=re.M)
    stages, stage = {}, None
    for line in text.replace("\\\n", " ").splitlines():
        instruction, _, rest = line.strip().partition(" ")
        if instruction in ("", "ARG", "LABEL", "EXPOSE", "WORKDIR", "VOLUME"):
            continue
        if instruction == "FROM":
            stage = stages[rest.rpartition(" AS ")[2]] = Stage()
        elif instruction == "RUN":
            stage.packages += packages_of(rest)
        elif instruction == "COPY":
            *words, destination = rest.split()
            other = words[0].startswith("--from=")
            for source in words[other:]:
                stage.copies.append((source, destination, other))
        elif instruction == "USER":
            stage.user = tuple(int(each) for each in rest.split(":"))
        elif instruction in stage.command:
            stage.command[instruction] = json.loads(rest)
        elif instruction == "STOPSIGNAL":
            stage.signal = rest
        else:
            raise AssertionError(f"Dockerfile: {instruction} is not known here")
    return stages


def packages_of(command):
    words = shlex.split(command)
    if "install" not in words:
        return []
    words = words[words.index("install") + 1:]
    return [word for word in words[:words.index("&&")]
            if not word.startswith("-")]


def _lines(*command):
    return subprocess.run(command, capture_output=True, text=True,
                          check=True).stdout.splitlines()


def closure(packages):
    """Those packages, all that they depend on, and Debian's required ones."""
    installed = {}
    for line in _lines("dpkg-query", "-W", "-f",
                       "${Package} ${Priority} ${Essential}\n"):
        name, priority, essential = line.split(" ")
        installed[name] = priority == "required" or essential == "yes"
    missing = set(packages) - set(installed)
    if missing:
        raise AssertionError(f"not installed here: {sorted(missing)}")
    found, new = set(), {*packages, *(each for each in installed
                                      if installed[each])}
    while new:  # --recurse would leave out who provides a virtual one
        found |= new
        lines = _lines(
            "apt-cache", "depends", "--no-recommends",
            "--no-suggests", "--no-conflicts", "--no-breaks", "--no-replaces",
            "--no-enhances", *sorted(new))
        new = {line.split()[-1] for line in lines} & installed.keys() - found
    return found


def unpack(stage, folder, built):
    """Fills `folder`; `built` maps paths of the build stage to real ones."""
    files = set(_lines("dpkg-query", "-L", *sorted(closure(stage.packages))))
    # Packages still say /bin for what is in /usr/bin.
    paths = {os.path.join(os.path.realpath(os.path.dirname(each)),
                          os.path.basename(each))
             for each in files if each.startswith("/") and each != "/."}
    paths |= {"/bin", "/lib", "/lib64", "/sbin"}
    existing = [each for each in paths if os.path.lexists(each)]
    folder.mkdir(parents=True)
    archive = subprocess.Popen(
        ["tar", "-C", "/", "--no-recursion", "-cf", "-", "--null", "-T", "-"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    extract = subprocess.Popen(["tar", "-C", folder, "-xpf", "-"],
                               stdin=archive.stdout)
    archive.stdout.close()
    archive.stdin.write("\0".join(
        each[1:] for each in sorted(existing)).encode())
    archive.stdin.close()
    if archive.wait() or extract.wait():
        raise AssertionError("tar failed")
    for source, destination, other in stage.copies:
        source = built[source] if other else ROOT / source
        target = folder / destination.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        if pathlib.Path(source).is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copy(source, target)
    for name in ("hosts", "resolv.conf"):  # engines put them there
        shutil.copy(f"/etc/{name}", folder / "etc")
    return folder


def needed(program):
    """The shared libraries that a program names itself."""
    return re.findall(r"NEEDED\s+(\S+)", "\n".join(_lines(
        "objdump", "-p", program)))
