# Shared by the lab's commands; sourced, not run.
# shellcheck shell=bash
#
# A lab host is one QEMU process with a directory of its own under $lab_hosts:
#
#   disk.img      what the host has written: an ext4 file system laid over the read-only base image
#   project.img   the built project, read-only (a hard link into the cache)
#   qemu.pid      QEMU's process id
#   ssh.port      port on the outer machine's 127.0.0.1 that leads to the host's sshd
#   console.log   kernel and boot messages, and QEMU's own complaints
#   tap           name of the TAP device on the outer bridge, when the host is on the common network

# Exit codes of the lab itself. Anything else is the command's own.
readonly LAB_TIMEOUT=124 # the time was up and everything was killed
readonly LAB_FAILED=125  # no command was run: tool missing, host did not boot, wrong usage
readonly LAB_LOST=123    # QEMU died or stopped answering while the command ran

readonly LAB_BRIDGE=understudy0
readonly LAB_SUBNET=10.77.0

lab_home="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)"
lab_project="${lab_home%/*}"
lab_cache="${UNDERSTUDY_LAB_CACHE:-$HOME/.cache/understudy/lab}"
lab_hosts="$lab_cache/hosts"

lab_say() {
  echo "lab: $*" >&2
}

lab_fail() {
  lab_say "$*"
  exit "$LAB_FAILED"
}

# lab_need TOOL PACKAGE: stops when a program is missing and says what to install.
lab_need() {
  command -v "$1" > /dev/null \
    || lab_fail "$1 is missing: install it first (Debian: apt-get install $2)"
}

# Milliseconds since boot; unlike the wall clock it does not jump.
lab_millis() {
  local up
  read -r up _ < /proc/uptime
  up="${up/./}0"
  echo "${up#"${up%%[!0]*}"}"
}

# The directory of the image that this version of the scripts asks for. What goes into an image is
# said in lab/build alone, so its content is the image's name.
lab_image() {
  local key
  key="$(sha256sum < "$lab_home/build")"
  echo "$lab_cache/image-${key:0:16}"
}

# Builds the image when it is not there.
lab_require_image() {
  if [[ ! -f "$(lab_image)/complete" ]]; then
    "$lab_home/build" || exit "$LAB_FAILED"
  fi
}

# lab_check_name NAME: names become directories, TAP devices and host names.
lab_check_name() {
  [[ "$1" =~ ^[a-z][a-z0-9-]{0,10}$ ]] \
    || lab_fail "a host's name is at most 11 of a-z, 0-9 and -, beginning with a letter: name=$1"
}

# lab_is_running NAME
lab_is_running() {
  local pid
  pid="$(cat "$lab_hosts/$1/qemu.pid" 2> /dev/null)" || return 1
  # Process ids are used again; the directory in the command line is ours alone.
  [[ -r "/proc/$pid/cmdline" ]] && grep -q -F -z -e "$lab_hosts/$1/disk.img" "/proc/$pid/cmdline"
}

# lab_require_running NAME
lab_require_running() {
  lab_is_running "$1" || lab_fail "no such host is running: name=$1: start it with lab/start $1," \
    "or see lab/list"
}

# The files that the understudy command needs at run time, relative to the project.
lab_project_files() {
  local jars=("$lab_project"/cli/target/understudy-cli-*.jar)
  [[ -f "${jars[0]}" && -d "$lab_project/cli/target/lib" ]] \
    || lab_fail "the project is not built: cd $lab_project && mvn -B -DskipTests package -pl cli -am"
  (cd "$lab_project" && find understudy cli/target/understudy-cli-*.jar cli/target/lib guests \
    -name target -prune -o -type f -print | LC_ALL=C sort)
}

# lab_project_image FILE: puts a read-only image of the built project at FILE. Images are cached by
# the names, sizes and times of their files.
lab_project_image() {
  local files key cached work
  files="$(lab_project_files)" || exit "$LAB_FAILED"
  key="$(cd "$lab_project" && xargs -d '\n' stat -c '%n %s %Y' <<< "$files" | sha256sum)"
  cached="$lab_cache/project-${key:0:16}.img"
  exec 8> "$lab_cache/project.lock"
  flock 8
  if [[ ! -f "$cached" ]]; then
    work="$(mktemp -d "$lab_cache/project.XXXXXX")"
    mkdir "$work/tree"
    (cd "$lab_project" && xargs -d '\n' cp --parents --preserve=mode,timestamps -t "$work/tree") \
      <<< "$files"
    local kib
    kib="$(du -sk "$work/tree" | cut -f1)"
    truncate -s "$((kib * 5 / 4 + 16384))K" "$work/image"
    mke2fs -q -t ext4 -O ^has_journal -m 0 -d "$work/tree" "$work/image"
    # Nobody will ask again for those that no host uses, but for other checkouts.
    find "$lab_cache" -maxdepth 1 -name 'project-*.img' -links 1 -mtime +1 -delete
    mv "$work/image" "$cached"
    rm -rf "$work"
  fi
  ln -f "$cached" "$1"
  exec 8>&-
}

# lab_create NAME: makes the directory and the disks of a host that has none.
lab_create() {
  local directory="$lab_hosts/$1"
  mkdir -p "$directory"
  lab_project_image "$directory/project.img"
  rm -f "$directory/disk.img.new"
  truncate -s "${UNDERSTUDY_LAB_DISK:-16G}" "$directory/disk.img.new"
  mke2fs -q -t ext4 -m 0 "$directory/disk.img.new"
  mv "$directory/disk.img.new" "$directory/disk.img"
}

# lab_boot NAME MEMORY FORWARD NETWORK LAUNCHER...: starts QEMU through LAUNCHER, which decides how
# long it lives, and waits until the host takes commands. FORWARD is a list of ports with commas
# between them, NETWORK the host's number on the common network; both may be empty.
lab_boot() {
  local name="$1" memory="$2" forward="$3" network="$4"
  shift 4
  local directory="$lab_hosts/$name" image append port try qemu
  image="$(lab_image)"
  # The kernel unpacks archives that follow each other one over the other.
  (cat "$image/initrd.gz" && cd "$lab_home/host" \
    && printf '%s\n' init boot exec tap | cpio --quiet -o -H newc -R 0:0 | gzip -1) \
    > "$directory/initrd.gz"
  # The kernel is trusted and alone here: defences against its users only cost time. The time stamp
  # counter is the quickest clock, and QEMU's does not go wrong.
  append="quiet console=ttyS0 panic=-1 mitigations=off nokaslr no5lvl tsc=reliable audit=0"
  append+=" random.trust_cpu=on lab.name=$name${forward:+ lab.forward=$forward}"
  local cards=(-device virtio-net-pci,netdev=user,mac=52:54:00:77:01:01)
  if [[ -n "$network" ]]; then
    append+=" lab.address=$LAB_SUBNET.$network/24"
    cards+=(-netdev "tap,id=common,ifname=$(cat "$directory/tap"),script=no,downscript=no"
      -device "virtio-net-pci,netdev=common,mac=$(printf '52:54:00:77:02:%02x' "$network")")
  fi
  for try in 1 2 3 4 5; do
    port=$((20000 + RANDOM % 20000))
    : > "$directory/console.log"
    "$@" qemu-system-x86_64 -name "lab-$name" -nodefaults -no-user-config -no-reboot \
      -accel tcg,thread=single -cpu max -smp 1 -m "$memory" -display none \
      -kernel "$image/kernel" -initrd "$directory/initrd.gz" -append "$append" \
      -chardev "file,id=console,path=$directory/console.log,append=on" -serial chardev:console \
      -drive "file=$image/base.img,format=raw,if=none,id=base,readonly=on" \
      -device virtio-blk-pci,drive=base,serial=lab-base \
      -drive "file=$directory/disk.img,format=raw,if=none,id=disk" \
      -device virtio-blk-pci,drive=disk,serial=lab-disk \
      -drive "file=$directory/project.img,format=raw,if=none,id=project,readonly=on" \
      -device virtio-blk-pci,drive=project,serial=lab-project \
      -netdev "user,id=user,hostfwd=tcp:127.0.0.1:$port-:22" "${cards[@]}" \
      -device virtio-rng-pci -pidfile "$directory/qemu.pid" \
      < /dev/null >> "$directory/console.log" 2>&1 8>&- 9>&- &
    qemu=$!
    echo "$port" > "$directory/ssh.port"
    if lab_await_boot "$name" "$qemu"; then
      return 0
    fi
    # The one failure that another try can cure.
    grep -q 'Could not set up host forwarding' "$directory/console.log" || break
  done
  lab_say "host $name did not boot; end of $directory/console.log:"
  tail -n 15 "$directory/console.log" >&2
  kill -KILL "$qemu" 2> /dev/null || true
  return 1
}

# lab_await_boot NAME PID
lab_await_boot() {
  local deadline=$((SECONDS + ${UNDERSTUDY_LAB_BOOT_TIMEOUT:-90}))
  while ((SECONDS < deadline)); do
    if grep -q '^lab: ready' "$lab_hosts/$1/console.log"; then
      return 0
    fi
    kill -0 "$2" 2> /dev/null || return 1
    sleep 0.2
  done
  lab_say "host $1 did not boot in time: expected=${UNDERSTUDY_LAB_BOOT_TIMEOUT:-90} s" \
    "(UNDERSTUDY_LAB_BOOT_TIMEOUT)"
  return 1
}

# lab_ssh NAME SECONDS COMMAND: a shell command in a host; 0 seconds mean no limit.
lab_ssh() {
  local name="$1" seconds="$2" image limit=()
  shift 2
  image="$(lab_image)"
  if [[ "$seconds" != 0 ]]; then
    limit=(timeout --foreground -k 5 "$seconds")
  fi
  ${limit[@]+"${limit[@]}"} ssh -F none -q -T -p "$(cat "$lab_hosts/$name/ssh.port")" -i "$image/key" \
    -o IdentitiesOnly=yes -o BatchMode=yes -o HostKeyAlias=lab \
    -o StrictHostKeyChecking=yes -o UserKnownHostsFile="$image/known_hosts" \
    -o GlobalKnownHostsFile=none -o ConnectTimeout=20 -o ControlPath=none \
    -o ServerAliveInterval=15 -o ServerAliveCountMax=8 root@127.0.0.1 "$@"
}

# lab_exec NAME SECONDS COMMAND [ARGUMENT...]: runs a command in a host; 0 seconds mean no limit.
# Returns the command's exit code, or LAB_TIMEOUT or LAB_LOST after saying so.
lab_exec() {
  local name="$1" seconds="$2" id line code=0
  shift 2
  id="$$.$RANDOM"
  printf -v line '%q ' /usr/lib/lab/exec "$id" "$@"
  lab_ssh "$name" "$seconds" "$line" || code=$?
  case "$code" in
    124)
      if [[ "$seconds" != 0 ]] && ! lab_exit_code "$name" "$id" > /dev/null; then
        lab_say "time is up: host=$name limit=$seconds s command=$*"
        return "$LAB_TIMEOUT"
      fi
      ;;
    255)
      if code="$(lab_exit_code "$name" "$id")"; then
        return "$code"
      fi
      if lab_is_running "$name"; then
        lab_say "host $name stopped answering while it ran: $*"
      else
        lab_say "host $name died (its QEMU is gone) while it ran: $*"
      fi
      return "$LAB_LOST"
      ;;
  esac
  return "$code"
}

# lab_exit_code NAME ID: what the command left behind, if it came to its end.
lab_exit_code() {
  lab_is_running "$1" && lab_ssh "$1" 20 "cat /run/lab/exit.$2" < /dev/null 2> /dev/null
}

# lab_put NAME SRC DST: copies a file or a directory into a host, under the name DST. Relative names
# are relative to this directory outside, and to the project inside.
lab_put() {
  local line
  [[ -e "$2" ]] || {
    lab_say "no such file or directory: $2"
    return 1
  }
  printf -v line 'cd /understudy && mkdir -p "$(dirname %q)" && ' "$3"
  if [[ -d "$2" ]]; then
    printf -v line '%s mkdir -p %q && tar -C %q -xf -' "$line" "$3" "$3"
    tar -C "$2" -cf - . | lab_ssh "$1" 0 "$line"
  else
    printf -v line '%s cat > %q && chmod %s %q' "$line" "$3" "$(stat -c %a "$2")" "$3"
    lab_ssh "$1" 0 "$line" < "$2"
  fi
}

# lab_get NAME SRC DST: copies a file or a directory out of a host, under the name DST.
lab_get() {
  local line kind
  printf -v line 'cd /understudy && if [ -d %q ]; then echo d; elif [ -e %q ]; then echo f; fi' \
    "$2" "$2"
  kind="$(lab_ssh "$1" 20 "$line" < /dev/null)" || return 1
  mkdir -p "$(dirname "$3")"
  case "$kind" in
    d)
      mkdir -p "$3"
      printf -v line 'cd /understudy && tar -C %q -cf - .' "$2"
      lab_ssh "$1" 0 "$line" < /dev/null | tar -C "$3" -xf -
      ;;
    f)
      printf -v line 'cd /understudy && cat %q' "$2"
      lab_ssh "$1" 0 "$line" < /dev/null > "$3"
      ;;
    *)
      lab_say "no such file or directory in host $1: $2"
      return 1
      ;;
  esac
}
