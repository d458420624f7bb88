# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2034  # the lists are read by what sources this file
# The Debian packages that Carillon needs, in one place, and how they get on
# the machine. docs/dependencies.md says what each library is for.

CARILLON_BUILD_PACKAGES=(
  cmake g++ ninja-build pkg-config
  libabsl-dev libaom-dev libbenchmark-dev libboost-dev libgloox-dev
  libgmock-dev libgtest-dev libopus-dev libspdlog-dev libsrtp2-dev libssl-dev
  libvpx-dev libx264-dev nlohmann-json3-dev prometheus-cpp-dev
)
# nodejs and npm are left out where node and npm came from elsewhere.
CARILLON_PAGE_PACKAGES=(ca-certificates nodejs npm)
CARILLON_PACKAGE_PACKAGES=(dpkg-dev fakeroot file gzip python3)
CARILLON_RUN_PACKAGES=(lua-unbound openssl prosody python3)
CARILLON_TEST_PACKAGES=("${CARILLON_PACKAGE_PACKAGES[@]}" ccache chromium
  ejabberd firefox-esr fonts-dejavu-core git iproute2 mandoc nftables shellcheck
  systemd util-linux)
# Left out where kubectl came from elsewhere.
CARILLON_TEST_PACKAGES+=(kubernetes-client)
# For tests/dino: Dino, a desktop without a screen, and what drives it.
CARILLON_DINO_PACKAGES=(dbus-daemon dino-im gstreamer1.0-pipewire
  gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-tools
  imagemagick iproute2 libglib2.0-bin openbox pipewire pipewire-bin
  pulseaudio-utils sqlite3 util-linux wireplumber xdotool xvfb)
# What the unpacked pulseaudio links.
CARILLON_DINO_PACKAGES+=(libasound2 libcap2 libfftw3-single3 libltdl7 libsm6
  libsoxr0 libspeexdsp1 libtdb1 libwrap0 libx11-xcb1 libxtst6)
# PACKAGE:FILE, not installed, as that would bring a service or drive out what
# a desktop needs: carillon_unpack takes the file, or the folder, out.
CARILLON_UNPACKED_PACKAGES=(prometheus:usr/bin/promtool)
CARILLON_DINO_UNPACKED_PACKAGES=(pulseaudio:usr)
CARILLON_LONG_TEST_PACKAGES=(clang-16 clang-tidy-16 libclang-rt-16-dev)
CARILLON_FRESH_ROOT_PACKAGES=(debootstrap git procps slirp4netns
  systemd-container util-linux)

# carillon_fail MESSAGE: one line for the person who ran us, and out.
carillon_fail() {
  printf '%s: %s\n' "${CARILLON_COMMAND:-carillon}" "$1" >&2
  exit 1
}

# carillon_say MESSAGE: what is going on.
carillon_say() { printf '%-8s | %s\n' "${CARILLON_COMMAND##*/}" "$1"; }

# carillon_missing PACKAGE...: prints those that are not installed.
carillon_missing() {
  local package status
  declare -A have=()
  while read -r package status; do
    if [[ $status == ii* ]]; then have[$package]=1; fi
  done < <(dpkg-query -W -f '${Package} ${db:Status-Abbrev}\n' "$@" 2>/dev/null)
  for package in "$@"; do
    case $package in
      nodejs | npm)
        if command -v node >/dev/null && command -v npm >/dev/null; then
          continue
        fi
        ;;
      kubernetes-client)
        if command -v kubectl >/dev/null; then continue; fi
        ;;
    esac
    if [[ -z ${have[$package]:-} ]]; then printf '%s\n' "$package"; fi
  done
}

# carillon_install PACKAGE...: installs what is missing. Services of these
# packages are neither started now nor at the next boot: Carillon starts
# private ones. Ends the script with one line if that cannot be done.
carillon_install() {
  local missing
  mapfile -t missing < <(carillon_missing "$@")
  if ((${#missing[@]} == 0)); then return 0; fi
  command -v apt-get >/dev/null ||
    carillon_fail "these Debian packages are missing: ${missing[*]}"
  local as_root=()
  if ((EUID != 0)); then
    command -v sudo >/dev/null || carillon_fail \
      "run as root once, or install these Debian packages: ${missing[*]}"
    as_root=(sudo)
  fi
  carillon_say "installing Debian packages: ${missing[*]}"
  local log
  log=$(mktemp)
  if ! "${as_root[@]}" /bin/bash "$CARILLON_ROOT/tools/lib/apt_install.sh" \
    "${missing[@]}" >"$log" 2>&1 </dev/null; then
    tail -n 15 "$log" >&2
    rm -f "$log"
    carillon_fail "cannot install these Debian packages: ${missing[*]}"
  fi
  rm -f "$log"
}

# carillon_unpack PACKAGE FILE: puts a file or folder of a Debian package under
# build/unpacked/PACKAGE, once. The package is not installed.
carillon_unpack() {
  local package=$1 file=$2 folder=$CARILLON_ROOT/build/unpacked/$1 work
  if [[ -x $folder/$file ]]; then return 0; fi
  carillon_say "unpacking $file of $package"
  mkdir -p "$folder"
  work=$(mktemp -d)
  if ! (
    cd "$work"
    apt-get -o Acquire::Retries=3 download "$package" &&
      dpkg-deb --fsys-tarfile "$package"_*.deb |
      tar -x -C "$folder" "./$file"
  ) >"$work/log" 2>&1 </dev/null; then
    tail -n 5 "$work/log" >&2
    rm -rf "$work"
    carillon_fail "cannot get the Debian package $package; run apt-get update"
  fi
  rm -rf "$work"
}
