#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# apt_install.sh PACKAGE...: installs Debian packages, as root, without
# starting or enabling any service that comes with them.
set -euo pipefail

policy=/usr/sbin/policy-rc.d
exec 9>/run/carillon-install.lock
flock 9  # two installs at once would restore each other's policy

# Packages that enable a service of theirs for the next boot, and its units.
declare -A units=(
  [ejabberd]=ejabberd.service
  [erlang-base]="epmd.service epmd.socket"
  [prosody]=prosody.service
)
is_there() {
  dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null | grep -q ^ii
}
brought=()
for package in "${!units[@]}"; do
  if ! is_there "$package"; then brought+=("$package"); fi
done

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

for package in "${brought[@]}"; do
  if ! is_there "$package"; then continue; fi
  if command -v systemctl >/dev/null; then
    # shellcheck disable=SC2086  # a list of units
    systemctl disable --quiet ${units[$package]} || true
  fi
  if [[ -e /etc/init.d/$package ]] && command -v update-rc.d >/dev/null; then
    update-rc.d "$package" disable || true
  fi
done
