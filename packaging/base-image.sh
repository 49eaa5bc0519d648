#!/usr/bin/env bash
# Makes a small Debian base image where no registry of images can be reached:
#   packaging/base-image.sh [name]      (default name: bitorch-base)
#   packaging/base-image.sh -           only prints the path of the tree's tar file; needs no Docker
# Needs root, debootstrap and a running Docker; takes the mirror that apt is set up with. The tree is kept as a tar
# file in $BITORCH_BASE_CACHE (default /var/cache/bitorch), so that the second time takes seconds.
set -euo pipefail

name=${1:-bitorch-base}
suite=bookworm
cache=${BITORCH_BASE_CACHE:-/var/cache/bitorch}
archive=$cache/base-$suite-$(dpkg --print-architecture).tar

make_archive() {
  local mirror
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Codename: $suite" | head -n 1)
  root=$(mktemp -d)
  trap 'rm -rf "$root"' EXIT
  debootstrap --variant=minbase --include=libstdc++6 "$suite" "$root" "${mirror:-http://deb.debian.org/debian}"
  # Nothing is ever installed in this image, and nobody reads manuals in it.
  rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/var/log/* \
    "$root"/usr/share/{doc,info,locale,man,zoneinfo}/* "$root"/debootstrap
  mkdir -p "$cache"
  tar --numeric-owner --exclude='./dev/*' -C "$root" -cf "$archive.part" .
  mv "$archive.part" "$archive"
}

[ -s "$archive" ] || make_archive >&2
if [ "$name" = - ]; then
  echo "$archive"
  exit
fi
docker import --change 'CMD ["bash"]' "$archive" "$name"
