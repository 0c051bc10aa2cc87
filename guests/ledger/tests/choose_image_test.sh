#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Runs choose-image.sh with Debian 12's tools, with others and with none, on a copy of the guest.
set -eu
cd "$(dirname "$0")/.."
unset MAKEFLAGS MAKELEVEL MFLAGS

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
guest=$work/guest
real_gcc=$(command -v gcc)

# A path with everything but a compiler.
mkdir "$work/no-gcc" "$work/other-gcc" "$work/broken-gcc"
for tool in sh mkdir dirname cmp cp mv rm cat head grep sha256sum; do
  ln -s "$(command -v "$tool")" "$work/no-gcc/$tool"
done
cat >"$work/other-gcc/gcc" <<FAKE
#!/bin/sh
case \$1 in
  --version) echo "gcc (Other) 99.1.0" ;;
  -dumpfullversion) echo 99.1.0 ;;
  -c | -static) exec $real_gcc "\$@" ;;
  *) exec $real_gcc "\$@" -O1 ;;
esac
FAKE
cat >"$work/broken-gcc/gcc" <<'FAKE'
#!/bin/sh
case $1 in
  -dumpfullversion) echo 98.0.0 ;;
  *) echo "gcc (Broken) 98.0.0"; exit 1 ;;
esac
FAKE
chmod +x "$work"/*/gcc

fresh() {
  rm -rf "$guest" "$work/out"
  run_path=$PATH
  mkdir "$guest"
  cp -R src image Makefile choose-image.sh sources.sh "$guest"
}

change_source() {
  sed -i 's/PONG/PANG/' "$guest/src/commands.c"
}

# expect STATUS WORDS: runs it and looks for the words in what it says.
expect() {
  status=0
  PATH=$run_path "$guest/choose-image.sh" "$work/out" >"$work/said" 2>&1 || status=$?
  if [ "$status" -ne "$1" ] || ! grep -q "$2" "$work/said"; then
    echo "choose_image_test: $name: expected status $1 and '$2', got status $status and:" >&2
    cat "$work/said" >&2
    exit 1
  fi
}

# is_checked_in yes|no: what is in the output directory?
is_checked_in() {
  found=no
  cmp -s "$work/out/image/ledger.elf" image/ledger.elf && found=yes
  if [ "$found" != "$1" ]; then
    echo "choose_image_test: $name: is the checked-in image: expected=$1 actual=$found" >&2
    exit 1
  fi
}

name="Debian 12's tools, same source"
fresh
expect 0 "built from source"
is_checked_in yes

name="again"
touch -d '2001-01-01' "$work/out/image/ledger.elf"
expect 0 "built from source"
[ -z "$(find "$work/out/image/ledger.elf" -newermt '2001-01-02')" ] || {
  echo "choose_image_test: an image that is the same was written again" >&2
  exit 1
}

name="Debian 12's tools, changed source"
change_source
expect 0 "WARNING: image built from changed source"
is_checked_in no

name="the change taken back"
cp src/commands.c "$guest/src/commands.c"
expect 0 "built from source"
is_checked_in yes

name="Debian 12's tools, changed flags"
fresh
sed -i 's/-O2/-O1/' "$guest/Makefile"
expect 1 "is not the checked-in one"

name="another gcc, same source"
fresh
run_path=$work/other-gcc:$PATH
expect 0 "checked-in image, of the same source (gcc 99.1.0"
is_checked_in yes

name="another gcc, changed source"
change_source
run_path=$work/other-gcc:$PATH
expect 0 "WARNING: image built from changed source with gcc 99.1.0"
is_checked_in no

name="a gcc that cannot build it, same source"
fresh
run_path=$work/broken-gcc:$PATH
expect 0 "it cannot be built with gcc 98.0.0"
is_checked_in yes

name="a gcc that cannot build it, changed source"
change_source
run_path=$work/broken-gcc:$PATH
expect 1 "cannot be built with gcc 98.0.0"

name="no gcc, same source"
fresh
run_path=$work/no-gcc
expect 0 "no gcc"
is_checked_in yes

name="no gcc, changed source"
change_source
run_path=$work/no-gcc
expect 1 "there is no gcc"

name="no gcc, a file more"
fresh
touch "$guest/src/more.c"
run_path=$work/no-gcc
expect 1 "there is no gcc"

echo "choose_image_test: ok"
