#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# image_build.sh packages|programs: the steps of the Dockerfile's build stage,
# which are those of tools/run.
set -euo pipefail

CARILLON_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
CARILLON_COMMAND=image_build
# shellcheck source=tools/lib/packages.sh
source "$CARILLON_ROOT/tools/lib/packages.sh"
# shellcheck source=tools/lib/build.sh
source "$CARILLON_ROOT/tools/lib/build.sh"

case ${1:-} in
  packages)
    carillon_install "${CARILLON_BUILD_PACKAGES[@]}" \
      "${CARILLON_PAGE_PACKAGES[@]}"
    ;;
  programs)
    carillon_build release -- carillon
    strip --strip-unneeded "$CARILLON_ROOT/build/release/sfu/carillon"
    carillon_build_page
    ;;
  *) carillon_fail "say packages or programs" ;;
esac
