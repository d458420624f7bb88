# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A Debian 12 in a folder, booted in namespaces of its own. Its network reaches
# out through slirp4netns, so nothing of the host's network is changed, and it
# cannot reach the host's loopback. Needs packages.sh.
# shellcheck disable=SC2016  # $(REPO_URI) and the like are apt's

container_nspawn=  # process ids, empty while there is none
container_slirp=
container_leader=

# container_install DIR: debootstrap, from the host's own mirror.
container_install() {
  local dir=$1 mirror log=$1.log
  mirror=$(apt-get indextargets --format '$(REPO_URI)' \
    'Created-By: Packages' 'Origin: Debian' 'Codename: bookworm' | sed -n 1p)
  if [[ -z $mirror ]]; then
    carillon_fail "apt here has no Debian 12 (bookworm) source to install from"
  fi
  if ! debootstrap bookworm "$dir" "$mirror" >"$log" 2>&1; then
    tail -n 15 "$log" >&2
    carillon_fail "debootstrap failed; all it said is in $log"
  fi
  rm -f "$log"
  # debootstrap's own list has the release only.
  apt-get indextargets --format 'deb $(REPO_URI) $(CODENAME) $(COMPONENT)' \
    'Created-By: Packages' 'Origin: Debian' |
    awk '$3 ~ /^bookworm/' | sort -u >"$dir/etc/apt/sources.list"
}

# container_configure DIR: the way out to package registries, as the host has
# it. No password and no token is copied.
container_configure() {
  local dir=$1 key value
  rm -f "$dir/etc/resolv.conf"
  echo 'nameserver 10.0.2.3' >"$dir/etc/resolv.conf"  # slirp4netns
  {
    printf '127.0.0.1 localhost fresh\n::1 localhost\n'
  } >"$dir/etc/hosts"
  for key in http https; do
    value=$(apt-config shell v "Acquire::$key::Proxy" |
      sed "s/^v='\(.*\)'$/\1/")
    if [[ -n $value ]]; then
      printf 'Acquire::%s::Proxy "%s";\n' "$key" "$value"
    fi
  done >"$dir/etc/apt/apt.conf.d/80host-proxy"
  mkdir -p "$dir/usr/local/share/ca-certificates"
  cp -R /usr/local/share/ca-certificates/. \
    "$dir/usr/local/share/ca-certificates/"
  if command -v npm >/dev/null; then
    for key in registry proxy https-proxy noproxy cafile; do
      value=$(cd / && npm config get "$key")
      if [[ $value != null && $value != undefined && -n $value ]]; then
        printf '%s=%s\n' "$key" "$value"
      fi
    done >"$dir/etc/npmrc"
  fi
}

# container_boot DIR: returns once its systemd has come up.
container_boot() {
  local dir=$1 log=$1/srv/boot.log i
  systemd-nspawn --quiet --register=no --keep-unit --directory="$dir" \
    --machine="carillon-fresh-$$" --hostname=fresh --resolv-conf=off \
    --timezone=off --link-journal=no --private-network --console=pipe \
    --boot >"$log" 2>&1 </dev/null &
  container_nspawn=$!
  for ((i = 0; i < 300; ++i)); do
    container_leader=$(pgrep -P "$container_nspawn" | head -n 1 || true)
    if [[ -n $container_leader ]] &&
      container_run test -S /run/systemd/private 2>/dev/null; then
      break
    fi
    if ! kill -0 "$container_nspawn" 2>/dev/null; then break; fi
    sleep 0.2
  done
  slirp4netns --configure --mtu=65520 --disable-host-loopback \
    "$container_leader" tap0 >"$dir/srv/slirp.log" 2>&1 </dev/null &
  container_slirp=$!
  for ((i = 0; i < 300; ++i)); do
    case $(container_run systemctl is-system-running 2>/dev/null || true) in
      running | degraded)
        if container_run ip route | grep -q '^default'; then return 0; fi ;;
    esac
    sleep 0.2
  done
  tail -n 15 "$log" "$dir/srv/slirp.log" >&2
  carillon_fail "that Debian does not boot; see above"
}

# container_run COMMAND...: as root in the booted Debian, with nothing of the
# host's environment but its proxies.
container_run() {
  local environment=(HOME=/root USER=root LOGNAME=root LANG=C.UTF-8 TERM=dumb
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin) name
  for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY
  do
    if [[ -n ${!name:-} ]]; then environment+=("$name=${!name}"); fi
  done
  nsenter --target "$container_leader" --mount --uts --ipc --net --pid \
    --root --wd -- /usr/bin/env -i "${environment[@]}" "$@"
}

# container_stop: ends it, whatever state it is in.
container_stop() {
  if [[ -n $container_nspawn ]]; then
    kill -TERM "$container_nspawn" 2>/dev/null || true
    for ((i = 0; i < 100; ++i)); do
      if ! kill -0 "$container_nspawn" 2>/dev/null; then break; fi
      sleep 0.1
    done
    kill -KILL "$container_nspawn" 2>/dev/null || true
    wait "$container_nspawn" 2>/dev/null || true
  fi
  if [[ -n $container_slirp ]]; then
    kill "$container_slirp" 2>/dev/null || true
  fi
  container_nspawn='' container_slirp=''
}
