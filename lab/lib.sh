# Shared by the lab's commands; sourced, not run.
# shellcheck shell=bash
#
# A lab host is one QEMU process with a directory of its own under $lab_hosts:
#
#   disk.img      what the host has written: an ext4 file system laid over the read-only base image
#   project.img   the built project, read-only (a hard link into the cache)
#   image         link to the directory of the base image
#   initrd.gz     initial RAM disk of the last boot
#   options       memory, ports and network of the last boot
#   number        last part of its address on the common network, once it has joined it
#   qemu.pid      QEMU's process id
#   ssh.port      port on the outer machine's 127.0.0.1 that leads to the host's sshd
#   owner         process id of the lab/run that throws the host away at its end
#   console.log   kernel and boot messages, and QEMU's own complaints

# Exit codes of the lab itself. Anything else is the command's own.
readonly LAB_LOST=123    # QEMU died or stopped answering while the command ran
readonly LAB_TIMEOUT=124 # the time was up and the command was killed
readonly LAB_FAILED=125  # no command was run: tool missing, host did not boot, wrong usage

# The common network; the outer machine is number 1.
readonly LAB_BRIDGE=understudy0
readonly LAB_SUBNET=10.77.0

lab_home="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)"
lab_project="${lab_home%/*}"
lab_cache="${UNDERSTUDY_LAB_CACHE:-${HOME:?}/.cache/understudy/lab}"
lab_hosts="$lab_cache/hosts"

# When everything must be over, in bash's SECONDS; empty: no limit.
lab_deadline=""
# The ssh that runs a command now, so that a trap can end it.
lab_ssh_pid=""

lab_say() {
  echo "lab: $*" >&2
}

lab_fail() {
  lab_say "$*"
  exit "$LAB_FAILED"
}

# lab_usage FILE: the comment at the beginning of a command is its help.
lab_usage() {
  sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$1"
}

# lab_need TOOL PACKAGE: stops when a program is missing and says what to install.
lab_need() {
  command -v "$1" > /dev/null \
    || lab_fail "$1 is missing: install it first (Debian: apt-get install $2)"
}

lab_need_tools() {
  lab_need qemu-system-x86_64 qemu-system-x86
  lab_need ssh openssh-client
  lab_need mke2fs e2fsprogs
  lab_need cpio cpio
  lab_need setpriv util-linux
  lab_need flock util-linux
}

# lab_check_number VALUE WHAT
lab_check_number() {
  [[ "$1" =~ ^[1-9][0-9]{0,6}$ ]] || lab_fail "$2 must be a positive whole number: $1"
}

# lab_check_name NAME: names become directories, TAP devices and host names.
lab_check_name() {
  [[ "$1" =~ ^[a-z][a-z0-9-]{0,10}$ ]] \
    || lab_fail "a host's name is at most 11 of a-z, 0-9 and -, beginning with a letter: name=$1"
}

# lab_check_pair SRC:DST
lab_check_pair() {
  [[ "$1" == ?*:?* ]] || lab_fail "expected SRC:DST, got: $1"
}

# --- images -----------------------------------------------------------------------------------

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
  local files key cached work kib image
  image="$(lab_image)"
  files="$(lab_project_files)" || exit "$LAB_FAILED"
  key="$(cd "$lab_project" && (echo "$image" && cat lab/prepare-classes \
    && xargs -d '\n' stat -c '%n %s %Y' <<< "$files") | sha256sum)"
  cached="$lab_cache/project-${key:0:16}.img"
  exec 8> "$lab_cache/project.lock"
  flock 8
  if [[ ! -f "$cached" ]]; then
    work="$(mktemp -d "$lab_cache/project.XXXXXX")"
    mkdir "$work/tree"
    (cd "$lab_project" && xargs -d '\n' cp --parents --preserve=mode,timestamps -t "$work/tree") \
      <<< "$files"
    lab_say "preparing this build of the project for lab hosts (once, half a minute)"
    if ! "$lab_home/prepare-classes" "$image" "$work/tree" > "$work/classes.log" 2>&1; then
      cat "$work/classes.log" >&2
      lab_say "cannot prepare class data, see above: Java programs will start slowly in lab hosts"
    fi
    kib="$(du -sk "$work/tree" | cut -f1)"
    truncate -s "$((kib * 5 / 4 + 16384))K" "$work/image"
    mke2fs -q -t ext4 -O ^has_journal -m 0 -d "$work/tree" "$work/image"
    # Old ones that no host uses; new ones may belong to other checkouts.
    find "$lab_cache" -maxdepth 1 -name 'project-*.img' -links 1 -mmin +600 -delete
    mv "$work/image" "$cached"
    rm -rf "$work"
  fi
  ln -f "$cached" "$1"
  exec 8>&-
}

# --- hosts ------------------------------------------------------------------------------------

# lab_pid NAME: QEMU's process id, if it runs.
lab_pid() {
  local pid
  pid="$(cat "$lab_hosts/$1/qemu.pid" 2> /dev/null)" || return 1
  # Process ids are used again; the directory in the command line is this host's alone.
  grep -q -s -F -z -e "file=$lab_hosts/$1/disk.img" "/proc/$pid/cmdline" || return 1
  echo "$pid"
}

# lab_is_running NAME
lab_is_running() {
  lab_pid "$1" > /dev/null
}

# lab_require_running NAME
lab_require_running() {
  lab_check_name "$1"
  lab_is_running "$1" || lab_fail "no such host is running: name=$1: start it with" \
    "lab/start $1, or see lab/list"
}

# lab_require_stopped NAME
lab_require_stopped() {
  lab_check_name "$1"
  if lab_is_running "$1"; then
    lab_fail "a host of this name is running: name=$1: choose another, or lab/stop $1"
  fi
}

# lab_delete_orphans: a lab/run that was killed could not throw its host away.
lab_delete_orphans() {
  local file pid
  for file in "$lab_hosts"/*/owner; do
    pid="$(cat "$file" 2> /dev/null)" || continue
    if [[ ! -d "/proc/$pid" ]] && ! lab_is_running "$(basename "${file%/owner}")"; then
      rm -rf "${file%/owner}"
    fi
  done
}

# lab_create NAME [PID]: makes the directory and the disks of a new host; what was there is deleted.
# With PID the host is an orphan when that process is gone.
lab_create() {
  local directory="$lab_hosts/$1"
  # One at a time: what this one makes must not be taken for what was there before.
  exec 8> "$lab_cache/hosts.lock"
  flock 8
  lab_delete_orphans
  rm -rf "${lab_hosts:?}/$1"
  mkdir -p "$directory"
  if [[ -n "${2:-}" ]]; then
    echo "$2" > "$directory/owner"
  fi
  exec 8>&-
  ln -s "$(lab_image)" "$directory/image"
  lab_project_image "$directory/project.img"
  truncate -s "${UNDERSTUDY_LAB_DISK:-16G}" "$directory/disk.img"
  mke2fs -q -t ext4 -m 0 "$directory/disk.img"
}

# lab_boot NAME MEMORY FORWARD PUBLISH NETWORK LAUNCHER...: starts QEMU through LAUNCHER, which
# decides how long it lives, and waits until the host takes commands. FORWARD and PUBLISH are lists
# of ports with commas between them, NETWORK is not empty when the host joins the common network.
lab_boot() {
  local name="$1" memory="$2" forward="$3" publish="$4" network="$5"
  shift 5
  local directory="$lab_hosts/$name" append user number port launched cards published
  echo "memory=$memory forward=$forward publish=$publish network=$network" > "$directory/options"
  # The kernel unpacks archives that follow each other one over the other.
  (cat "$directory/image/initrd.gz" && cd "$lab_home/host" \
    && printf '%s\n' init boot exec tap halt | cpio --quiet -o -H newc -R 0:0 | gzip -1) \
    > "$directory/initrd.gz"
  # The host's users are trusted: defences against them only cost time. The time stamp counter is
  # the quickest clock, and QEMU's does not go wrong.
  append="quiet console=ttyS0 panic=-1 mitigations=off nokaslr no5lvl tsc=unstable clocksource=hpet audit=0"
  append+=" random.trust_cpu=on lab.name=$name"
  append+="${forward:+ lab.forward=$forward}${publish:+ lab.publish=$publish}"
  cards=(-device "virtio-net-pci,netdev=user,mac=52:54:00:77:01:01")
  if [[ -n "$network" ]]; then
    number="$(lab_number "$name")"
    append+=" lab.address=$LAB_SUBNET.$number/24"
    # QEMU makes the TAP device, so it is gone when QEMU is gone, however that dies.
    cards+=(-netdev "tap,id=common,ifname=lab-$name,script=$lab_home/outer-tap,downscript=no"
      -device "virtio-net-pci,netdev=common,mac=$(printf '52:54:00:77:02:%02x' "$number")")
  fi
  while true; do
    port=$((20000 + RANDOM % 20000))
    user="user,id=user,hostfwd=tcp:127.0.0.1:$port-:22"
    for published in ${publish//,/ }; do
      user+=",hostfwd=tcp:127.0.0.1:$published-:$published"
    done
    : > "$directory/console.log"
    rm -f "$directory/qemu.pid"
    "$@" qemu-system-x86_64 -name "lab-$name" -nodefaults -no-user-config -no-reboot \
      -accel tcg,thread=single -cpu max -smp 1 -m "$memory" -display none \
      -kernel "$directory/image/kernel" -initrd "$directory/initrd.gz" -append "$append" \
      -chardev "file,id=console,path=$directory/console.log,append=on" -serial chardev:console \
      -drive "file=$directory/image/base.img,format=raw,if=none,id=base,readonly=on" \
      -device virtio-blk-pci,drive=base,serial=lab-base \
      -drive "file=$directory/disk.img,format=raw,if=none,id=disk" \
      -device virtio-blk-pci,drive=disk,serial=lab-disk \
      -drive "file=$directory/project.img,format=raw,if=none,id=project,readonly=on" \
      -device virtio-blk-pci,drive=project,serial=lab-project \
      -netdev "$user" "${cards[@]}" -device virtio-rng-pci -pidfile "$directory/qemu.pid" \
      < /dev/null >> "$directory/console.log" 2>&1 8>&- 9>&- &
    launched=$!
    # Its end is told by what waits for it; bash would print the whole command line.
    disown "$launched"
    echo "$port" > "$directory/ssh.port"
    if lab_await_boot "$name" "$launched"; then
      lab_set_clock "$name"
      return 0
    fi
    lab_power_off "$name"
    kill -KILL "$launched" 2> /dev/null || true
    # The one failure that another try with another port can cure.
    grep -q "host forwarding rule '[^']*:$port-" "$directory/console.log" || break
  done
  lab_say "host $name did not boot; end of $directory/console.log:"
  tail -n 15 "$directory/console.log" >&2
  return 1
}

# lab_await_boot NAME PID
lab_await_boot() {
  local limit="${UNDERSTUDY_LAB_BOOT_TIMEOUT:-120}" deadline
  deadline=$((SECONDS + limit))
  if [[ -n "$lab_deadline" ]] && ((lab_deadline < deadline)); then
    deadline="$lab_deadline"
  fi
  until grep -q '^lab: ready' "$lab_hosts/$1/console.log"; do
    kill -0 "$2" 2> /dev/null || return 1
    if ((SECONDS >= deadline)); then
      lab_say "host $1 did not boot in time: it has $limit s, or until the command's time is up"
      return 1
    fi
    sleep 0.2
  done
}

# lab_set_clock NAME: QEMU's clock knows whole seconds only. Two machines that are compared by their
# logs should agree to some milliseconds, so the time is sent when the other side waits for it.
lab_set_clock() {
  local now
  # shellcheck disable=SC2016 # expanded in the host
  coproc lab_clock { lab_ssh "$1" 'echo go; read -r now; date -u -s "@$now"' 8>&- 9>&-; }
  if read -r -t 60 _ <&"${lab_clock[0]}"; then
    now="${EPOCHREALTIME/,/.}"
    echo "$now" >&"${lab_clock[1]}"
  fi
  # shellcheck disable=SC2154 # coproc sets it
  wait "$lab_clock_PID" || lab_say "cannot set the clock of host $1"
}

# lab_power_off NAME: SIGKILL for its QEMU: the host loses what it had not written to its disks, as
# in a power failure. Returns when the process is gone.
lab_power_off() {
  local pid
  pid="$(lab_pid "$1")" || return 0
  kill -KILL "$pid"
  while lab_is_running "$1"; do
    sleep 0.02
  done
}

# lab_address NAME: its address on the common network.
lab_address() {
  echo "$LAB_SUBNET.$(cat "$lab_hosts/$1/number")"
}

# lab_number NAME: the host's number on the common network; the first free one when it has none. A
# host keeps it, so it has the same address when it boots again.
lab_number() {
  local file="$lab_hosts/$1/number" number
  (
    flock 7
    if [[ ! -f "$file" ]]; then
      for ((number = 11; number < 250; number++)); do
        if ! grep -q -s -x "$number" "$lab_hosts"/*/number; then
          echo "$number" > "$file"
          break
        fi
      done
    fi
  ) 7> "$lab_cache/number.lock"
  cat "$file"
}

# lab_require_network: the outer side of the common network, made when it is not there.
lab_require_network() {
  lab_need ip iproute2
  ((EUID == 0)) || lab_fail "the common network takes root (a bridge and TAP devices on this" \
    "machine): run as root, or do without --network"
  [[ -c /dev/net/tun ]] || lab_fail "/dev/net/tun is missing: load the module tun, or give the" \
    "container the device; or do without --network"
  "$lab_home/outer-tap" || lab_fail "cannot make the bridge $LAB_BRIDGE, see above"
}

# --- commands in a host -----------------------------------------------------------------------

# lab_prepare_ssh NAME: sets the array lab_ssh to what runs a shell command in a host and ends at
# lab_deadline.
lab_prepare_ssh() {
  local directory="$lab_hosts/$1"
  lab_ssh=()
  if [[ -n "$lab_deadline" ]]; then
    lab_ssh+=(timeout --foreground -k 5
      $((lab_deadline > SECONDS ? lab_deadline - SECONDS : 1)))
  fi
  # The host's key was made with the image, so it is known beforehand. A host that says nothing for
  # two minutes is lost.
  lab_ssh+=(ssh -F none -q -T -p "$(cat "$directory/ssh.port")"
    -i "$directory/image/key" -o IdentitiesOnly=yes -o BatchMode=yes -o HostKeyAlias=lab
    -o StrictHostKeyChecking=yes -o UserKnownHostsFile="$directory/image/known_hosts"
    -o GlobalKnownHostsFile=none -o ConnectTimeout=30 -o ControlPath=none
    -o ServerAliveInterval=15 -o ServerAliveCountMax=8 root@127.0.0.1)
}

# lab_ssh NAME COMMAND: a shell command in a host, until lab_deadline.
lab_ssh() {
  local lab_ssh
  lab_prepare_ssh "$1"
  "${lab_ssh[@]}" "$2"
}

# lab_answers NAME: whether the host runs a command within 20 s.
lab_answers() {
  local lab_deadline=$((SECONDS + 20))
  lab_is_running "$1" && lab_ssh "$1" true < /dev/null 2> /dev/null
}

# lab_exec NAME COMMAND [ARGUMENT...]: runs a command in a host until lab_deadline. Returns its exit
# code, or LAB_TIMEOUT or LAB_LOST after saying so.
lab_exec() {
  local name="$1" id line code=0 own lab_ssh
  shift
  id="$$.$RANDOM"
  printf -v line '%q ' /usr/lib/lab/exec "$id" "$@"
  # In the background, because a trap waits for the end of what is in the foreground. Programs in
  # the background would get no standard input, but for a descriptor with another number.
  lab_prepare_ssh "$name"
  { "${lab_ssh[@]}" "$line" <&6 6<&- & } 6<&0
  lab_ssh_pid=$!
  wait "$lab_ssh_pid" || code=$?
  lab_ssh_pid=""
  if [[ "$code" == 124 && -n "$lab_deadline" ]] && ((SECONDS >= lab_deadline)); then
    if lab_answers "$name"; then
      lab_say "time is up: host=$name command: $*"
      lab_deadline=$((SECONDS + 20)) lab_ssh "$name" "/usr/lib/lab/exec --kill $id" || true
      return "$LAB_TIMEOUT"
    fi
  elif [[ "$code" != 255 ]]; then
    return "$code"
  elif own="$(lab_exit_code "$name" "$id")"; then
    # ssh uses 255 for troubles of its own; so may the command.
    return "$own"
  fi
  if lab_is_running "$name"; then
    lab_say "host $name does not answer any more; it ran: $*"
  else
    lab_say "host $name died (its QEMU is gone); it ran: $*"
  fi
  lab_say "end of its console:"
  tail -n 10 "$lab_hosts/$name/console.log" >&2 || true
  return "$LAB_LOST"
}

# lab_abandon: ends the ssh of a command that is running, for traps.
lab_abandon() {
  if [[ -n "$lab_ssh_pid" ]]; then
    kill -TERM "$lab_ssh_pid" 2> /dev/null || true
  fi
}

# lab_exit_code NAME ID: what the command left behind, if it came to its end.
lab_exit_code() {
  local lab_deadline=$((SECONDS + 20))
  lab_is_running "$1" && lab_ssh "$1" "cat /run/lab/exit.$2" < /dev/null 2> /dev/null
}

# lab_put NAME SRC DST: copies a file or a directory into a host, under the name DST. Relative names
# are relative to this directory outside, and to the project inside.
lab_put() {
  local line
  [[ -e "$2" ]] || {
    lab_say "no such file or directory: $2"
    return 1
  }
  # shellcheck disable=SC2016 # expanded in the host
  printf -v line 'cd /understudy && mkdir -p "$(dirname %q)" && ' "$3"
  if [[ -d "$2" ]]; then
    printf -v line '%s mkdir -p %q && tar -C %q -xf -' "$line" "$3" "$3"
    tar -C "$2" -cf - . | lab_ssh "$1" "$line"
  else
    printf -v line '%s cat > %q && chmod %s %q' "$line" "$3" "$(stat -c %a "$2")" "$3"
    lab_ssh "$1" "$line" < "$2"
  fi
}

# lab_get NAME SRC DST: copies a file or a directory out of a host, under the name DST.
lab_get() {
  local line kind
  printf -v line 'cd /understudy && if [ -d %q ]; then echo d; elif [ -e %q ]; then echo f; fi' \
    "$2" "$2"
  kind="$(lab_ssh "$1" "$line" < /dev/null)" || return 1
  mkdir -p "$(dirname "$3")"
  case "$kind" in
    d)
      mkdir -p "$3"
      printf -v line 'cd /understudy && tar -C %q -cf - .' "$2"
      lab_ssh "$1" "$line" < /dev/null | tar -C "$3" -xf -
      ;;
    f)
      printf -v line 'cd /understudy && cat %q' "$2"
      lab_ssh "$1" "$line" < /dev/null > "$3"
      ;;
    *)
      lab_say "no such file or directory in host $1: $2"
      return 1
      ;;
  esac
}

# lab_session NAME: copies in what the array puts names, runs the array command, copies out what the
# array gets names, and returns the command's exit code. The caller has set the arrays.
# shellcheck disable=SC2154
lab_session() {
  local name="$1" pair code=0
  for pair in ${puts[@]+"${puts[@]}"}; do
    lab_put "$name" "${pair%%:*}" "${pair#*:}" || {
      lab_say "cannot copy into host $name: $pair"
      return "$LAB_FAILED"
    }
  done
  lab_exec "$name" "${command[@]}" || code=$?
  if [[ "$code" != "$LAB_LOST" ]] && ((${#gets[@]})); then
    if [[ -n "$lab_deadline" ]]; then
      lab_deadline=$((SECONDS + 30 > lab_deadline ? SECONDS + 30 : lab_deadline))
    fi
    for pair in "${gets[@]}"; do
      if ! lab_get "$name" "${pair%%:*}" "${pair#*:}"; then
        lab_say "cannot copy out of host $name: $pair"
        # A command that went well has not delivered what it should.
        code=$((code == 0 ? LAB_FAILED : code))
      fi
    done
  fi
  return "$code"
}
