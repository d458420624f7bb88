#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# new_user.sh USER STEP...: what tools/fresh_root does inside a fresh Debian,
# as its root. Steps: run, test, package.
set -euo pipefail

user=$1
shift
before=$(mktemp -d)
home=$(getent passwd "$user" | cut -d: -f6 || true)

say() { printf 'new user | %s\n' "$*"; }

# as_user COMMAND: a line of shell, typed into the user's checkout.
as_user() { runuser -u "$user" -- bash -c "cd ~/carillon && $1"; }

minutes() {  # since START, "3.4 minutes"
  awk -v s="$1" -v e="$EPOCHREALTIME" 'BEGIN {printf "%.1f minutes", (e-s)/60}'
}

# What is on, one thing a line: listeners, services, processes that are nobody's
# child any more.
what_is_on() {
  ss --no-header -lntup | awk '{print "listens:", $1, $5, $7}'
  systemctl list-units --plain --no-legend --type=service,socket \
    --state=running,listening | awk '{print "runs:", $1}'
  systemctl list-units --plain --no-legend --state=failed |
    awk '{print "failed:", $1}'
  systemctl list-unit-files --no-legend --state=enabled |
    awk '{print "enabled:", $1}'
  # A script with a unit of its name is not looked at by systemd.
  find /etc/rc?.d -name 'S*' -printf '%f\n' | sort -u | while read -r script
  do
    if ! [[ -e /lib/systemd/system/${script#S??}.service ]]; then
      echo "boots: $script"
    fi
  done
  ps -eo ppid=,comm= | awk '$1 == 1 {print "process:", $2}'
}

# left_over WHEN: fails if more is on than at first.
left_over() {
  local more
  more=$(comm -13 "$before/on" <(what_is_on | sort -u))
  if [[ -n $more ]]; then
    say "left on after $1:"
    printf '%s\n' "$more"
    exit 1
  fi
  say "after $1: nothing listens, runs or is enabled that was not before"
}

# show_log LOG PID: each line as it comes, with the minutes since START.
show_log() {
  local line
  tail -n +1 -F -s 0.2 --pid="$2" "$1" 2>/dev/null |
    while IFS= read -r line; do
      printf '%12s > %s\n' "$(minutes "$started")" "$line"
    done
}

# until_up LOG PID: waits for the line with the address.
until_up() {
  until grep -q 'Carillon is up' "$1"; do
    if ! kill -0 "$2" 2>/dev/null; then
      wait "$shown"
      say "tools/run ended before it was up"
      exit 1
    fi
    sleep 0.1
  done
}

# run_once WHAT LOG: tools/run until it is up, the page fetched, then Ctrl-C.
run_once() {
  local log=$2 job shown status=0 answer
  : >"$log"
  set -m  # a process group of its own, which Ctrl-C goes to
  as_user tools/run >"$log" 2>&1 </dev/null &
  job=$!
  set +m
  show_log "$log" "$job" &
  shown=$!
  until_up "$log" "$job"
  say "$1: $(minutes "$started")," \
    "$(nproc) processors, load $(cut -d' ' -f1-3 /proc/loadavg)"
  exec 3<>/dev/tcp/127.0.0.1/8080
  printf 'GET /lobby HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n' >&3
  read -r answer <&3
  exec 3>&-
  [[ $answer == *' 200 '* ]] || { say "the page answers $answer"; exit 1; }
  kill -INT -- "-$job"
  wait "$job" || status=$?
  wait "$shown"
  # 130 is of runuser or bash, which Ctrl-C ends as well.
  say "tools/run ended with $status after Ctrl-C"
  ((status == 0 || status == 130)) || exit 1
}

step_run() {
  run_once "from git clone to the address" "$before/run.log"
  times >"$before/times"
  say "processor time of it: $(tail -n 1 "$before/times") (user, system)"
  left_over tools/run
  started=$EPOCHREALTIME
  run_once "the second start" "$before/run2.log"
  left_over "the second tools/run"
}

step_test() {
  local status=0
  started=$EPOCHREALTIME
  as_user tools/test </dev/null || status=$?
  say "tools/test took $(minutes "$started") and ended with $status"
  left_over tools/test
  ((status == 0)) || exit "$status"
}

# until_true COMMAND: runs a command until it succeeds, for 20 seconds.
until_true() {
  local i
  for ((i = 0; i < 200; ++i)); do
    if "$@" >/dev/null 2>&1; then return 0; fi
    sleep 0.1
  done
  say "waited in vain for: $*"
  systemctl --no-pager --full status carillon || true
  exit 1
}

# serves BUT_NOT: the server answers, its port for media is open, and its
# process is not that one.
serves() {
  systemctl --quiet is-active carillon &&
    [[ $(systemctl show --property=MainPID --value carillon) != "$1" ]] &&
    ss --no-header -lun 'sport = :10000' | grep -q . &&
    (exec 3<>/dev/tcp/127.0.0.1/8081)
}

step_package() {
  local deb conf=/etc/carillon/carillon.conf pid killed
  as_user tools/package </dev/null
  deb=$(echo "$home"/carillon/build/release/carillon_*.deb)
  apt-get install -y -qq --no-install-recommends "$deb" \
    >"$before/apt.log" 2>&1 || { cat "$before/apt.log"; exit 1; }
  left_over "installing the package"
  if systemctl start carillon 2>"$before/start.log"; then
    say "the service starts without a secret"
    exit 1
  fi
  say "without a secret: $(head -n 1 "$before/start.log")"
  (umask 077 && head -c 24 /dev/urandom | base64 >/etc/carillon/component_secret)
  sed -i 's/^#--advertise=.*/--advertise=127.0.0.1/' "$conf"
  grep -q '^--advertise=' "$conf"
  systemctl --quiet enable --now carillon
  until_true serves 0
  pid=$(systemctl show --property=MainPID --value carillon)
  say "the service runs as $(ps -o user= -p "$pid")"
  systemctl reload carillon
  until_true serves 0
  [[ $pid == "$(systemctl show --property=MainPID --value carillon)" ]] ||
    { say "a reload restarts it"; exit 1; }
  killed=$EPOCHREALTIME
  kill -KILL "$pid"
  until_true serves "$pid"
  say "after kill -9 it serves again within" \
    "$(awk -v s="$killed" -v e="$EPOCHREALTIME" 'BEGIN {print e - s}') s"
  systemctl stop carillon
  say "stopped: $(systemctl show --property=Result,ExecMainStatus carillon |
    tr '\n' ' ')"
  [[ $(systemctl show --property=Result --value carillon) == success ]]
  systemctl start carillon
  until_true serves 0
  apt-get purge -y -qq carillon >"$before/apt.log" 2>&1 ||
    { cat "$before/apt.log"; exit 1; }
  [[ ! -e /etc/carillon ]] || { say "/etc/carillon is left"; exit 1; }
  left_over "purging the package"
}

# What a person has who can clone at all.
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends git ca-certificates \
  >"$before/apt.log" 2>&1 || { cat "$before/apt.log"; exit 1; }
if [[ $user != root ]]; then
  apt-get install -y -qq --no-install-recommends sudo >"$before/apt.log" 2>&1
  id "$user" >/dev/null 2>&1 || useradd --create-home --shell /bin/bash "$user"
  echo "$user ALL=(ALL) NOPASSWD: ALL" >/etc/sudoers.d/carillon
  home=$(getent passwd "$user" | cut -d: -f6)
fi
export HOME=$home
rm -rf "$home/carillon"
what_is_on | sort -u >"$before/on"
say "at first: $(grep -c ^listens "$before/on") listeners"

started=$EPOCHREALTIME
runuser -u "$user" -- git -c advice.detachedHead=false clone --quiet /srv/carillon.git "$home/carillon"
for step in "$@"; do "step_$step"; done
