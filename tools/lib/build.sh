# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Building the server and the page. Needs packages.sh.

# carillon_build PRESET [CMAKE_ARGUMENT...] [-- NINJA_ARGUMENT...]: configures
# and builds build/PRESET. Output goes to build/PRESET.log and is shown on
# failure only.
carillon_build() {
  local preset=$1 log=$CARILLON_ROOT/build/$1.log
  shift
  local configure=()
  while (($#)) && [[ $1 != -- ]]; do
    configure+=("$1")
    shift
  done
  if (($#)); then shift; fi
  mkdir -p "$CARILLON_ROOT/build"
  local launcher=
  if command -v ccache >/dev/null; then launcher=ccache; fi
  carillon_say "building (${preset}${*:+: $*}); minutes at first, then seconds"
  if ! (
    cd "$CARILLON_ROOT"
    CARILLON_LAUNCHER=$launcher cmake --preset "$preset" "${configure[@]}" &&
      cmake --build "build/$preset" -- "$@"
  ) >"$log" 2>&1 </dev/null; then
    tail -n 40 "$log" >&2
    carillon_fail "the build failed; all of its output is in build/$preset.log"
  fi
}

# carillon_digest FILE_OR_FOLDER...: one hash over names and contents, what is
# made there (node_modules, dist) left out.
carillon_digest() {
  find "$@" \( -name node_modules -o -name dist \) -prune -o -type f -print0 |
    LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1
}

# carillon_npm_ci FOLDER: installs what its lock file names, once per lock
# file.
carillon_npm_ci() {
  local folder=$CARILLON_ROOT/$1 stamp log digest
  stamp=$folder/node_modules/.carillon-lock
  log=$CARILLON_ROOT/build/npm.log
  digest=$(carillon_digest "$folder/package-lock.json")
  if [[ -f $stamp && $(<"$stamp") == "$digest" ]]; then return 0; fi
  mkdir -p "$CARILLON_ROOT/build"
  carillon_say "installing npm packages of $1"
  if ! (cd "$folder" && npm ci --no-audit --no-fund) \
    >"$log" 2>&1 </dev/null; then
    tail -n 15 "$log" >&2
    carillon_fail "npm ci failed in $1"
  fi
  mkdir -p "$folder/node_modules"  # not made for a page without packages
  printf '%s\n' "$digest" >"$stamp"
}

# carillon_build_page: tools/room to tools/room/dist, if anything changed.
carillon_build_page() {
  local room=$CARILLON_ROOT/tools/room stamp=$CARILLON_ROOT/build/room.stamp
  local log=$CARILLON_ROOT/build/room.log digest
  digest=$(carillon_digest "$room")
  if [[ -f $room/dist/index.html && -f $stamp && $(<"$stamp") == "$digest" ]]
  then
    return 0
  fi
  carillon_npm_ci tools/room
  carillon_say "building the page"
  mkdir -p "$CARILLON_ROOT/build"
  if ! (cd "$room" && npm run build) >"$log" 2>&1 </dev/null; then
    tail -n 15 "$log" >&2
    carillon_fail "the page did not build; its output is in build/room.log"
  fi
  printf '%s\n' "$digest" >"$stamp"
}
