#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Puts the guest's image into a directory, for the Maven build:
#
#   choose-image.sh DIRECTORY     writes DIRECTORY/image/ledger.elf
#
# The image is built from source where a usable gcc is present; otherwise the checked-in one is
# taken. Nodes compare images, so two hosts must come to the same bytes: while the source is the one
# the checked-in image was made of, no other bytes are ever used.
#
#   tools          source as checked in           source changed since
#   Debian 12's    built; must be the same bytes  built, with a warning
#   another gcc    built if the same bytes,       built, with a warning
#                  else checked-in
#   none           checked-in                     fails
set -eu

if [ $# -ne 1 ]; then
  echo "usage: choose-image.sh DIRECTORY" >&2
  exit 2
fi
mkdir -p "$1"
chosen=$(cd "$1" && pwd)
cd "$(dirname "$0")"
checked_in=image/ledger.elf
objects=$chosen/objects
built=$objects/ledger.stripped.elf

say() {
  echo "guest ledger: $*"
}

fail() {
  echo "guest ledger: $*" >&2
  exit 1
}

# use FILE: a copy that is the same already keeps its time, so that nothing is built again.
use() {
  cmp -s "$1" "$chosen/image/ledger.elf" && return
  mkdir -p "$chosen/image"
  cp "$1" "$chosen/image/ledger.elf.new"
  mv "$chosen/image/ledger.elf.new" "$chosen/image/ledger.elf"
}

has_tools() {
  for tool in gcc ld objcopy make; do
    command -v "$tool" >/dev/null || return 1
  done
}

# With these tools the checked-in image is made.
are_debian_12() {
  gcc --version | head -n 1 | grep -q 'Debian 12\.2\.0-' && ld --version | head -n 1 | grep -q '2\.40$'
}

./sources.sh | cmp -s - image/sources.sha256 && is_same_source=yes || is_same_source=no

if ! has_tools; then
  [ "$is_same_source" = yes ] \
    || fail "the source is not that of $checked_in, and there is no gcc, ld, objcopy and make to build it"
  use "$checked_in"
  say "checked-in image, of the same source (no gcc, ld, objcopy and make here)"
  exit
fi

tools="gcc $(gcc -dumpfullversion), $(ld --version | head -n 1)"
# Make does not see that the compiler has changed.
if [ "$tools" != "$(cat "$objects/tools" 2>/dev/null)" ]; then
  rm -rf "$objects"
  mkdir -p "$objects"
  echo "$tools" >"$objects/tools"
fi
if ! make --silent --no-print-directory OUT="$objects" "$built" >"$chosen/make.log" 2>&1; then
  if [ "$is_same_source" = no ] || are_debian_12; then
    cat "$chosen/make.log" >&2
    fail "cannot be built with $tools"
  fi
  use "$checked_in"
  say "checked-in image, of the same source (it cannot be built with $tools: $chosen/make.log)"
elif cmp -s "$built" "$checked_in"; then
  use "$built"
  say "image built from source with $tools; the checked-in one is the same"
elif [ "$is_same_source" = no ]; then
  use "$built"
  say "WARNING: image built from changed source with $tools:" \
    "nodes with another image refuse its runs; before a commit: make -C guests/ledger image" >&2
elif are_debian_12; then
  fail "the image built from source with $tools is not the checked-in one, of the same source:" \
    "if the Makefile has changed: make -C guests/ledger image"
else
  use "$checked_in"
  say "checked-in image, of the same source ($tools make another," \
    "and hosts with different images refuse one another)"
fi
