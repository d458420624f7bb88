#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# apt_install.sh PACKAGE...: installs Debian packages, as root, without
# starting or enabling any service that comes with them.
set -euo pipefail

policy=/usr/sbin/policy-rc.d
exec 9>/run/carillon-install.lock
flock 9  # two installs at once would restore each other's policy

# What dpkg knows of services before, to tell what we brought.
prosody_was_there=no
if dpkg-query -W -f '${db:Status-Abbrev}' prosody 2>/dev/null | grep -q ^ii; then
  prosody_was_there=yes
fi

saved=
restore() {
  if [[ -n $saved ]]; then
    mv -f "$saved" "$policy"
  else
    rm -f "$policy"
  fi
}
if [[ -e $policy.carillon-saved ]]; then  # an install before us was killed
  mv -f "$policy.carillon-saved" "$policy"
fi
if [[ -e $policy || -L $policy ]]; then
  saved=$policy.carillon-saved
  mv -f "$policy" "$saved"
fi
trap restore EXIT
trap 'exit 1' INT TERM HUP
# policy-rc.d: 101 is "forbidden by policy" for invoke-rc.d.
printf '#!/bin/sh\nexit 101\n' >"$policy"
chmod 755 "$policy"

export DEBIAN_FRONTEND=noninteractive
options=(-o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
apt-get "${options[@]}" update -qq
apt-get "${options[@]}" install -y --no-install-recommends "$@"

if [[ " $* " == *" prosody "* && $prosody_was_there == no ]]; then
  # The package enables its own service for the next boot, on public ports.
  if command -v systemctl >/dev/null; then
    systemctl disable --quiet prosody.service || true
  fi
  if command -v update-rc.d >/dev/null; then
    update-rc.d prosody disable || true
  fi
fi
