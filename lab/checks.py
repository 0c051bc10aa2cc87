"""What the lab's checks of Linux guests share: processes of the outer machine, lab hosts, and a
client of the console. Used by check-linux and check-failover."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

LAB = pathlib.Path(__file__).resolve().parent
PROJECT = LAB.parent
BRIDGE = "understudy0"

# Exit codes of the checks.
EQUAL = 0
NOT_EQUAL = 1
USAGE = 2
LACKING = 3

# A tick of the guest's timer, 250 a second, takes an emulated processor some milliseconds.
GUEST_SPEED = 0.25

# One emulated processor runs the guest, its machine and Kafka's client: what is lively on real
# hosts would leave no time for the guest here.
SLOW_HOST_OPTIONS = [
    "--epoch-max-age", "500ms", "--output-max-hold", "200ms", "--time-resolution", "4ms",
    "--guest-speed", str(GUEST_SPEED),
    # While the guest boots its standby trails, and is not waited for.
    "--max-lag", "30s",
]  # fmt: skip

_began = time.monotonic()


class Lacking(Exception):
    """This machine cannot run the check."""


class Broken(Exception):
    """Something did not happen that must."""


def say(text):
    print(f"{time.monotonic() - _began:5.0f} s  {text}", file=sys.stderr, flush=True)


def elapsed():
    """Seconds since the check began."""
    return time.monotonic() - _began


def need(program, package):
    if not shutil.which(program):
        raise Lacking(f"{program} is missing: install it first (Debian: apt-get install {package})")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def add_guest_options(parser):
    """The options by which both checks are told what to run."""
    parser.add_argument("--kernel", help="vmlinuz; guests/linux/build makes one when not given")
    parser.add_argument("--initrd", help="its initial file system, as guests/linux/build makes it")
    parser.add_argument("--disk", help="disk.img of guests/linux/build; it is not changed")
    parser.add_argument("--keep", metavar="DIR", help="keep logs and consoles in this directory")
    parser.add_argument("--json", action="store_true", help="the result as one JSON object only")


def check_guest_options(parser, options):
    if bool(options.kernel) != bool(options.initrd) or (options.disk and not options.kernel):
        parser.error("--kernel and --initrd are given together, and --disk with them")
    for name in filter(None, (options.kernel, options.initrd, options.disk)):
        if not os.path.isfile(name):
            parser.error(f"no such file: {name}")


class Guest:
    """The files of a guest."""

    def __init__(self, options):
        if options.kernel:
            self.files = {"kernel": options.kernel, "initrd": options.initrd}
            if options.disk:
                self.files["disk"] = options.disk
        else:
            cache = os.environ.get("UNDERSTUDY_LAB_CACHE") or os.path.expanduser(
                "~/.cache/understudy/lab"
            )
            out = pathlib.Path(cache) / "linux-guest"
            say(f"making the guest in {out}")
            made = subprocess.run(
                [PROJECT / "guests/linux/build", "--out", out], stdout=sys.stderr, check=False
            )
            if made.returncode != 0:
                raise Lacking("guests/linux/build failed, see above")
            self.files = {
                "kernel": str(out / "vmlinuz"),
                "initrd": str(out / "initrd.cpio"),
                "disk": str(out / "disk.img"),
            }

    def puts(self):
        """Options of lab/exec that copy the files into a host."""
        return [
            part
            for name, path in self.files.items()
            for part in ("--put", f"{os.path.abspath(path)}:/root/guest/{name}")
        ]

    def options(self):
        """Options of understudy, in a host, that name the files."""
        return [
            part for name in self.files for part in (f"--{name}", f"/root/guest/{name}")
        ]


class Outer:
    """This machine: a directory, and processes that end with the check, however that ends."""

    def __init__(self, keep):
        self.stack = contextlib.ExitStack()
        self.node_stack = contextlib.ExitStack()
        if keep:
            self.directory = pathlib.Path(keep).resolve()
            self.directory.mkdir(parents=True, exist_ok=True)
        else:
            self.directory = pathlib.Path(
                self.stack.enter_context(tempfile.TemporaryDirectory(prefix="understudy-check-"))
            )
        self.environment = dict(os.environ, UNDERSTUDY_NO_BUILD="1")
        self.prefix = f"c{os.getpid() % 100000}-"

    def __enter__(self):
        for program, package in (
            ("setpriv", "util-linux"), ("qemu-system-x86_64", "qemu-system-x86"), ("ip", "iproute2"),
        ):  # fmt: skip
            need(program, package)
        if os.geteuid() != 0:
            raise Lacking("the common network of lab hosts takes root: run as root")
        jars = list((PROJECT / "cli/target").glob("understudy-cli-*.jar"))
        if not jars or not (PROJECT / "cli/target/lib").is_dir():
            raise Lacking(
                f"the project is not built: cd {PROJECT} && mvn -B -DskipTests package -pl cli -am"
            )
        # A copy: somebody may build while the check runs, and a JVM does not survive that.
        product = pathlib.Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        (product / "cli/target").mkdir(parents=True)
        shutil.copy2(PROJECT / "understudy", product)
        for jar in jars:
            shutil.copy2(jar, product / "cli/target")
        shutil.copytree(PROJECT / "cli/target/lib", product / "cli/target/lib")
        self.understudy = str(product / "understudy")
        return self

    def __exit__(self, *failure):
        self.node_stack.close()
        self.stack.close()

    def spawn(self, name, command):
        process = Process(name, [str(part) for part in command], self)
        stack = self.stack if name == "broker" else self.node_stack
        stack.callback(process.kill)
        return process

    def stop_nodes(self):
        """Ends all processes and hosts but the broker."""
        self.node_stack.close()

    def start_broker(self):
        """Starts a broker; its port is the same here and in hosts that forward it."""
        self.broker_port = free_port()
        self.data = self.directory / "broker"
        shutil.rmtree(self.data, ignore_errors=True)
        broker = self.spawn(
            "broker",
            [self.understudy, "broker", "--data", self.data, "--port", self.broker_port],
        )
        broker.await_line("broker ready", 60)

    def server_options(self):
        return ["--bootstrap-server", f"127.0.0.1:{self.broker_port}"]

    def start_coordinator(self, vm, *options):
        """Starts a coordinator with a front; returns the console's port."""
        port = free_port()
        coordinator = self.spawn(
            "coordinator",
            [self.understudy, "coordinator", *self.server_options(),
             "--front", f"{vm}=127.0.0.1:{port}:stream", *options],
        )  # fmt: skip
        coordinator.await_line("coordinator ready", 60)
        return port

    def understudy_json(self, *arguments):
        """What a command of the product says on stdout."""
        done = subprocess.run(
            [self.understudy, *arguments, *self.server_options(), "--json"],
            capture_output=True, text=True, env=self.environment, check=False, timeout=120,
        )  # fmt: skip
        if done.returncode != 0:
            raise Broken(f"understudy {' '.join(arguments)} failed: {done.stderr.strip()}")
        return json.loads(done.stdout)

    def log_bytes(self, vm):
        """Bytes of the VM's log on the broker's disk: all that Kafka keeps of it, compressed."""
        return sum(
            file.stat().st_size for file in self.data.glob(f"**/understudy.{vm}.events.v1-*/*.log")
        )


class Process:
    """A process of this machine; its output is kept with the moment at which each line came."""

    def __init__(self, name, command, outer):
        self.name = name
        self.lines = []
        self._news = threading.Condition()
        self._file = (outer.directory / f"{name}.log").open("w", encoding="utf-8")
        # The kernel ends it with us.
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=outer.environment,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for raw in self.process.stdout:
            line = raw.decode(errors="replace").rstrip("\r\n")
            self._file.write(line + "\n")
            self._file.flush()
            with self._news:
                self.lines.append((time.monotonic(), line))
                self._news.notify_all()
        with self._news:
            self._news.notify_all()

    def find(self, pattern, since=0.0):
        """The first line that has the pattern: its moment and the match; or None."""
        with self._news:
            for moment, line in self.lines:
                match = re.search(pattern, line)
                if match and moment >= since:
                    return moment, match
        return None

    def await_line(self, pattern, seconds):
        deadline = time.monotonic() + seconds
        while True:
            found = self.find(pattern)
            if found:
                return found
            ended = self.process.poll() is not None and not self._reader.is_alive()
            if ended or time.monotonic() >= deadline:
                why = f"ended with {self.process.returncode}" if ended else "is silent"
                raise Broken(
                    f"{self.name} {why} and never said '{pattern}' in {seconds} s\n{self.tail()}"
                )
            with self._news:
                self._news.wait(0.2)

    def await_end(self, seconds):
        """Waits for the end; returns the exit code."""
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Broken(f"{self.name} did not end in {seconds} s\n{self.tail()}") from None
        self._reader.join(10)
        return code

    def require_success(self, seconds):
        code = self.await_end(seconds)
        if code != 0:
            raise Broken(f"{self.name} ended with exit code {code}\n{self.tail()}")

    def text(self):
        with self._news:
            return "\n".join(line for _, line in self.lines)

    def tail(self):
        with self._news:
            return "\n".join(f"  {self.name}: {line}" for _, line in self.lines[-15:])

    def kill(self):
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()


class Host:
    """A lab host on the common network."""

    def __init__(self, outer, name, memory):
        self.outer = outer
        self.name = outer.prefix + name
        self.memory = memory
        self.console_port = free_port()
        outer.node_stack.callback(self.delete)

    def start(self):
        say(f"starting lab host {self.name}")
        self._lab(
            "start", self.name, "--network", "--fresh", "--memory", str(self.memory),
            "--lifetime", "7200", "--forward", str(self.outer.broker_port),
            "--publish", str(self.console_port),
        )  # fmt: skip

    def start_with(self, guest, tap="tap0"):
        """Starts it, with the guest's files and a TAP device in it."""
        self.start()
        self._lab("exec", self.name, *guest.puts(), "--", "lab-tap", tap)

    def _lab(self, command, *arguments):
        done = subprocess.run(
            [LAB / command, *arguments],
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            env=self.outer.environment, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise Broken(f"lab/{command} {arguments[0]} failed: {done.stderr.strip()}")
        return done.stdout

    def spawn(self, name, command):
        """Runs a command in it; the output comes here."""
        return self.outer.spawn(name, [LAB / "exec", self.name, "--", *command])

    def node(self, name, role, vm, guest, *options):
        """Starts a primary or a standby in it."""
        return self.spawn(
            name,
            ["./understudy", role, *self.outer.server_options(), "--vm", vm, "--node", name,
             "--state", "/root/state", "--console-listen", f"127.0.0.1:{self.console_port}",
             "--tap", "tap0", *guest.options(), *SLOW_HOST_OPTIONS, *options],
        )  # fmt: skip

    def read(self, path):
        """The bytes of a file in it."""
        done = subprocess.run(
            [LAB / "exec", self.name, "--", "cat", path],
            stdin=subprocess.DEVNULL, capture_output=True, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise Broken(f"cannot read {path} in {self.name}: {done.stderr.decode().strip()}")
        return done.stdout

    def cpu_seconds(self):
        """Processor time that its QEMU has used: other work on this machine hardly counts there."""
        cache = pathlib.Path(
            os.environ.get("UNDERSTUDY_LAB_CACHE") or pathlib.Path.home() / ".cache/understudy/lab"
        )
        pid = (cache / "hosts" / self.name / "qemu.pid").read_text().strip()
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
        ticks = stat.rsplit(")", 1)[1].split()[11:13]
        return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")

    def dump_threads(self):
        """Makes its JVMs write what their threads do to their output."""
        self._lab("exec", self.name, "--", "pkill", "-QUIT", "java")

    def interfaces(self):
        """What its network interfaces have carried and lost."""
        return self._lab("exec", self.name, "--", "ip", "-s", "link")

    def power_off(self):
        """SIGKILL for its QEMU."""
        self._lab("kill", self.name)

    def delete(self):
        subprocess.run(
            [LAB / "kill", self.name], capture_output=True, check=False, stdin=subprocess.DEVNULL
        )
        subprocess.run(
            [LAB / "stop", self.name, "--delete"],
            capture_output=True, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip


class Console:
    """A client of a front: keeps what it gets, and never connects a second time."""

    def __init__(self, port):
        self.data = b""
        self.pieces = []
        self.error = None
        self.ended = False
        self._port = port
        self._socket = None
        self._news = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        try:
            while self._socket is None:
                try:
                    self._socket = socket.create_connection(("127.0.0.1", self._port), 5)
                except ConnectionRefusedError:
                    time.sleep(0.1)  # The front opens with the run.
            self._socket.settimeout(None)
            while True:
                piece = self._socket.recv(65536)
                with self._news:
                    if not piece:
                        break
                    self.data += piece
                    self.pieces.append((time.monotonic(), len(self.data)))
                    self._news.notify_all()
        except OSError as failure:
            self.error = str(failure)
        with self._news:
            self.ended = True
            self._news.notify_all()

    def send(self, text):
        self._socket.sendall(text.encode())

    def has(self, text, start=0):
        return self.data.find(text.encode(), start) >= 0

    def moment(self, text):
        """When the client had seen the text."""
        end = self.data.index(text.encode()) + len(text)
        return next(moment for moment, size in self.pieces if size >= end)

    def await_text(self, text, seconds, process=None, start=0):
        """Waits for a text; ends early when the process that should cause it is gone."""
        deadline = time.monotonic() + seconds
        with self._news:
            while not self.has(text, start):
                gone = process is not None and process.process.poll() is not None
                if self.ended or gone or time.monotonic() >= deadline:
                    raise Broken(
                        f"the guest never said '{text}' (waited {seconds} s,"
                        f" connection {self.error or 'good'}); its last words:"
                        f" {self.data[-400:].decode(errors='replace')!r}"
                        + (f"\n{process.tail()}" if process else "")
                    )
                self._news.wait(0.2)


def http_get(address, path, seconds):
    """The answer's body, and how long it took in milliseconds."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    began = time.monotonic()
    with opener.open(f"http://{address}{path}", timeout=seconds) as answer:
        body = answer.read()
    return body, round((time.monotonic() - began) * 1000)


def know_neighbour(address, mac):
    """The outer machine never forgets where the guest is; TCP alone decides how long it waits."""
    subprocess.run(
        ["ip", "neigh", "replace", address, "lladdr", mac, "dev", BRIDGE, "nud", "permanent"],
        check=True,
    )


def forget_neighbour(address):
    subprocess.run(
        ["ip", "neigh", "del", address, "dev", BRIDGE], capture_output=True, check=False
    )


def finish(check, options):
    """Runs a check and ends the process with its exit code; result and verdict are printed."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(129))
    try:
        with Outer(options.keep) as outer:
            result = check(outer, options)
    except Lacking as lacking:
        print(f"{os.path.basename(sys.argv[0])}: {lacking}", file=sys.stderr)
        sys.exit(LACKING)
    except Broken as broken:
        print(f"{os.path.basename(sys.argv[0])}: {broken}", file=sys.stderr)
        if options.json:
            print(json.dumps({"verdict": "FAIL", "failure": str(broken)}, indent=2))
        sys.exit(NOT_EQUAL)
    except KeyboardInterrupt:
        sys.exit(130)
    result["seconds"] = round(elapsed(), 1)
    if result["verdict"] != "PASS":
        # Also for logs that keep their last lines alone.
        say(f"FAIL: {json.dumps(result)}")
    if options.json:
        print(json.dumps(result, indent=2))
    else:
        width = max(len(name) for name in result)
        for name, value in result.items():
            print(f"{name:{width}}  {value}")
    sys.exit(EQUAL if result["verdict"] == "PASS" else NOT_EQUAL)
