# SPDX-License-Identifier: GPL-3.0-or-later
"""A pod of a manifest without a cluster: its containers' unpacked roots, each
in a mount namespace of its own, in this process's network. What the manifest's
securityContext says is set by util-linux; seccomp is not."""

import base64
import pathlib
import subprocess

import manifests

# $1 the root, $2 uid, $3 gid, $4 a file of mounts, then NAME=VALUE..., --,
# the command. All in one process: Popen's pid is the program's.
ENTER = r"""
set -euo pipefail
root=$1 uid=$2 gid=$3 mounts=$4
shift 4
mount --make-rprivate /
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for device in null zero random urandom; do
  : >"$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
mount -o remount,ro "$root/dev"
while read -r kind path source; do
  if [[ $kind == empty ]]; then
    mount -t tmpfs -o "$source" tmpfs "$root$path"
  else
    mount --bind "$source" "$root$path"
    mount -o remount,bind,ro "$root$path"
  fi
done <"$mounts"
mount -o remount,bind,ro "$root"
cd /
variables=()
while [[ $1 != -- ]]; do variables+=("$1"); shift; done
shift
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  HOME=/ "${variables[@]}" chroot "$root" /usr/bin/setpriv --reuid "$uid" \
  --regid "$gid" --groups "$gid" --bounding-set=-all --inh-caps=-all \
  --ambient-caps=-all --no-new-privs -- "$@"
"""


class Container:
    """One container of the pod; `stage` is its image's, unpacked in `root`."""

    def __init__(self, objects, name, stage, root, scratch, node_ip):
        self.name = name
        self.root = pathlib.Path(root)
        self.spec = manifests.container(objects, name)
        self.log_path = pathlib.Path(scratch) / f"{name}.log"
        context = manifests.pod_of(objects)["spec"]["securityContext"]
        self.ids = (context["runAsUser"], context["runAsGroup"])
        assert self.ids == stage.user, f"{name}: the image's user is another"
        self.command = self.spec.get("command") or stage.command["ENTRYPOINT"]
        if "args" in self.spec:
            self.command = self.command + manifests.arguments(
                objects, name, node_ip)
        elif "command" not in self.spec:
            self.command = self.command + stage.command["CMD"]
        self.variables = [f"{key}={value}" for key, value in
                          manifests.environment(objects, name,
                                                node_ip).items()]
        self._mounts = pathlib.Path(scratch) / f"{name}.mounts"
        self._mounts.write_text("".join(
            self._mount(objects, mount, pathlib.Path(scratch))
            for mount in self.spec["volumeMounts"]))
        self.process = None

    def _mount(self, objects, mount, scratch):
        """A line for ENTER; makes the folder that is mounted."""
        volume, = [each for each in manifests.pod_of(objects)["spec"]["volumes"]
                   if each["name"] == mount["name"]]
        path = mount["mountPath"]
        (self.root / path[1:]).mkdir(parents=True, exist_ok=True)
        if "emptyDir" in volume:
            return f"empty {path} mode=2770,uid=0,gid={self.ids[1]}\n"
        assert mount.get("readOnly"), f"{self.name}: {path} is writable"
        folder = scratch / f"{self.name}-{mount['name']}"
        folder.mkdir()
        if "configMap" in volume:
            files = manifests.data_of(objects, "ConfigMap",
                                      volume["configMap"]["name"])
            files = {key: text.encode() for key, text in files.items()}
            mode = 0o644
        else:
            files = manifests.data_of(objects, "Secret",
                                      volume["secret"]["secretName"])
            files = {key: base64.b64decode(text)
                     for key, text in files.items()}
            mode = volume["secret"]["defaultMode"]
        for key, content in files.items():
            file = folder / key
            file.write_bytes(content)
            subprocess.run(["chown", f"0:{self.ids[1]}", file], check=True)
            file.chmod(mode)
        return f"bind {path} {folder}\n"

    def enter(self, *command, **how):
        """Runs a command as the container's user in its file system."""
        return subprocess.Popen(
            ["unshare", "--mount", "/bin/bash", "-c", ENTER, "enter",
             self.root, *map(str, self.ids), self._mounts, *self.variables,
             "--", *command], stdin=subprocess.DEVNULL, **how)

    def start(self):
        with open(self.log_path, "wb") as log:
            self.process = self.enter(*self.command, stdout=log,
                                      stderr=subprocess.STDOUT)

    def log(self):
        return self.log_path.read_text(errors="replace")

    def status(self):
        """/proc/PID/status as a dictionary of lists of words."""
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return {key: value.split() for key, _, value in
                (line.partition(":") for line in text.splitlines())}

    def writable(self):
        """Mount points of the program's that can be written to."""
        points = set()
        with open(f"/proc/{self.process.pid}/mountinfo") as lines:
            for line in lines:
                words = line.split()
                options = words[5].split(",") + words[-1].split(",")
                # An own mount is read-only, or all of its file system is.
                if "ro" not in options:
                    points.add(words[4])
        return points
