"""A container engine and the images that compose.yaml names, on a machine without a registry."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
import zipfile

PROJECT = pathlib.Path(__file__).resolve().parent.parent
STAND_INS = PROJECT / "system-tests" / "stand-ins"
VERSION = "0.1.0-SNAPSHOT"
UNDERSTUDY = f"understudy:{VERSION}"
KAFKA = "apache/kafka:4.3.1"
BASE = "debian:bookworm-slim"

# From here when an engine has to be started: a compose of the present interface and an engine that
# Testcontainers takes; those of Debian 12 are too old for both.
ENGINE_SUITE = "trixie"
ENGINE_PACKAGES = ["docker.io", "docker-cli", "containerd", "docker-compose", "docker-buildx"]

# Images that a check has made in the place of others, which it may make again.
STAND_IN = "io.understudy.stand-in"

_began = time.monotonic()


class Lacking(Exception):
    """This machine cannot run the check."""


class Broken(Exception):
    """Something is not as it must be."""


def seconds():
    """How long the check has been running."""
    return time.monotonic() - _began


def say(text):
    print(f"{seconds():5.0f} s  {text}", file=sys.stderr, flush=True)


def run(*command, env=None, timeout=300, cwd=PROJECT, check=True):
    """What a command printed on standard output; the rest is in the exception if it fails."""
    try:
        done = subprocess.run(
            [str(word) for word in command], env=env, cwd=cwd, timeout=timeout, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
    except subprocess.TimeoutExpired as expired:
        raise Broken(f"no end within {timeout} s: {' '.join(map(str, command))}") from expired
    if check and done.returncode:
        raise Broken(
            f"exit code {done.returncode}: {' '.join(map(str, command))}\n"
            f"{done.stdout[-2000:]}{done.stderr[-4000:]}"
        )
    return done if not check else done.stdout


class Engine:
    """The engine that is used: whose socket it is, and what commands are to know of it."""

    def __init__(self, work, stack):
        self.work = work
        self.own = False
        self.env = dict(os.environ)
        self.env["BUILDKIT_PROGRESS"] = "plain"
        self.env["COMPOSE_ANSI"] = "never"
        host = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
        if not host.startswith("unix://"):
            raise Lacking(f"the engine must be on this machine: DOCKER_HOST={host}")
        self.socket = host.removeprefix("unix://")
        if not (shutil.which("docker") and self.answers()):
            self.start(stack)
        for plugin in ("compose", "buildx"):
            if self.docker(plugin, "version", check=False).returncode:
                raise Lacking(f"docker {plugin} is missing: install Docker's {plugin} plugin")

    def docker(self, *words, timeout=300, check=True):
        return run("docker", *words, env=self.env, timeout=timeout, check=check)

    def answers(self):
        return os.path.exists(self.socket) and not run(
            "docker", "version", env=self.env, timeout=20, check=False
        ).returncode

    def start(self, stack):
        if os.geteuid():
            raise Lacking(
                f"no container engine answers at {self.socket}: start one, or run this as root"
            )
        for program, package in (("runc", "runc"), ("iptables", "iptables"), ("ip", "iproute2")):
            if not shutil.which(program):
                raise Lacking(f"{program} is missing: apt-get install {package}")
        say("no container engine answers; starting one")
        kit = unpack_engine(self.work)
        self.own = True
        self.socket = str(self.work / "docker.sock")
        config = self.work / "docker-config"
        config.mkdir()
        plugins = str(kit / "usr/libexec/docker/cli-plugins")
        (config / "config.json").write_text(json.dumps({"cliPluginsExtraDirs": [plugins]}))
        path = f"{kit}/usr/bin:{kit}/usr/sbin:{os.environ['PATH']}"
        self.env |= {
            "DOCKER_HOST": f"unix://{self.socket}", "DOCKER_CONFIG": str(config), "PATH": path,
        }  # fmt: skip
        os.environ["PATH"] = path
        bridge = not pathlib.Path("/sys/class/net/docker0").exists()
        log = stack.enter_context(open(self.work / "engine.log", "wb"))
        # No rules of the host's firewall, no forwarding: containers reach each other and the host.
        daemon = subprocess.Popen(
            ["dockerd", "--data-root", self.work / "data", "--exec-root", self.work / "exec",
             "--pidfile", self.work / "pid", "--host", f"unix://{self.socket}",
             "--iptables=false", "--ip6tables=false", "--ip-forward=false"],
            env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
        stack.callback(self.stop, daemon, bridge)
        deadline = time.monotonic() + 60
        while not self.answers():
            if daemon.poll() is not None or time.monotonic() > deadline:
                tail = (self.work / "engine.log").read_text(errors="replace")[-1500:]
                raise Lacking(f"no engine can run on this machine; what dockerd said:\n{tail}")
            time.sleep(0.2)

    def stop(self, daemon, bridge):
        daemon.send_signal(signal.SIGTERM)
        try:
            daemon.wait(60)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()
        if bridge:
            run("ip", "link", "delete", "docker0", check=False)


def unpack_engine(work):
    """Fetches the engine's packages and unpacks them below work; nothing is installed."""
    apt = work / "apt"
    for directory in ("lists/partial", "cache/archives/partial"):
        (apt / directory).mkdir(parents=True)
    mirror = "http://deb.debian.org/debian"
    keys = "/usr/share/keyrings/debian-archive-keyring.gpg"
    (apt / "sources.list").write_text(f"deb [signed-by={keys}] {mirror} {ENGINE_SUITE} main\n")
    (apt / "apt.conf").write_text(
        f'Dir::Etc::SourceList "{apt}/sources.list";\nDir::Etc::SourceParts "/dev/null";\n'
        f'Dir::State::Lists "{apt}/lists";\nDir::Cache "{apt}/cache";\nAPT::Sandbox::User "root";\n'
    )
    env = os.environ | {"APT_CONFIG": str(apt / "apt.conf")}
    run("apt-get", "-qq", "update", env=env)
    run("apt-get", "-qq", "download", *ENGINE_PACKAGES, env=env, cwd=apt)
    kit = work / "kit"
    for package in apt.glob("*.deb"):
        run("dpkg-deb", "-x", package, kit)
    return kit


def is_older(archive):
    """Whether the archive is missing, or a file that it is made of has changed since."""
    if not archive.exists():
        return True
    patterns = ("pom.xml", "*/pom.xml", "*/src/main/**/*", "guests/ledger/*", "guests/ledger/src/**/*",
                "guests/ledger/image/**/*", "guests/linux/README.md", "schemas/released/**/*",
                "docs/**/*", "understudy", "LICENSE", "*.md")  # fmt: skip
    built = archive.stat().st_mtime
    for pattern in patterns:
        for file in PROJECT.glob(pattern):
            if file.is_file() and file.stat().st_mtime > built:
                return True
    return False


def content(directory):
    """Names of all files below a directory, and of all entries of its jars, but for those of
    RocksDB, of which an image has one platform's."""
    names = set()
    for file in directory.rglob("*"):
        name = str(file.relative_to(directory))
        if file.is_file():
            names.add(name)
        if file.suffix == ".jar" and not file.name.startswith("rocksdbjni-"):
            with zipfile.ZipFile(file) as jar:
                names.update(f"{name}!{entry}" for entry in jar.namelist())
    return names


class Images:
    """Builds what the compose file names, without a registry."""

    def __init__(self, engine, work, figures, stack):
        self.engine = engine
        self.work = work
        self.figures = figures
        self.stack = stack

    def build(self, compile_it, compose):
        self.base()
        self.prepare(compile_it, compose)
        self.timed("understudy", lambda: compose("build", timeout=1500))
        if compile_it:
            self.compare()
        if self.genuine(KAFKA):
            say(f"the image is there: {KAFKA}")
        else:
            self.timed("kafka", self.kafka)
        for name, image in (("understudy", UNDERSTUDY), ("kafka", KAFKA)):
            size = self.engine.docker("image", "inspect", "--format", "{{.Size}}", image)
            self.figures["imageBytes"][name] = int(size)
        # So that "up" finds none and builds it, as a user's first one does; it takes what was just built.
        self.engine.docker("image", "rm", UNDERSTUDY)

    def timed(self, name, build):
        say(f"building the image of {name}")
        began = time.monotonic()
        build()
        self.figures["buildSeconds"][name] = round(time.monotonic() - began, 1)

    def genuine(self, image):
        """Whether the engine has it, and not as a stand-in that a killed check has left."""
        found = self.engine.docker("image", "inspect", image, check=False)
        if found.returncode:
            return False
        config = json.loads(found.stdout)[0].get("Config") or {}
        return STAND_IN not in (config.get("Labels") or {})

    def stand_in(self, image):
        """Somebody's engine must not take it for the real one after the check."""
        if not self.engine.own:
            self.stack.callback(self.engine.docker, "image", "rm", image, check=False)

    def base(self):
        if self.genuine(BASE):
            return
        if os.geteuid():
            raise Lacking(f"the image is not there: {BASE}: pull it, or run this as root")
        if not shutil.which("debootstrap"):
            raise Lacking("debootstrap is missing: apt-get install debootstrap")
        say("building a stand-in of Debian's image")
        root = self.work / "base"
        run("debootstrap", "--variant=minbase", "bookworm", root, timeout=600)
        for waste in ("var/cache/apt/archives", "var/lib/apt/lists", "usr/share/doc",
                      "usr/share/man", "usr/share/locale"):  # fmt: skip
            shutil.rmtree(root / waste)
            (root / waste).mkdir()
        archive = self.work / "base.tar"
        run("tar", "-C", root, "-cf", archive, ".")
        self.stand_in(BASE)
        self.engine.docker("import", "--change", f"LABEL {STAND_IN}={BASE}", archive, BASE)
        shutil.rmtree(root)
        archive.unlink()

    def docker_build(self, *words):
        self.engine.docker("build", "--network", "host", *words, timeout=900)

    def prepare(self, compile_it, compose):
        """Says where the build that compose.yaml names finds what a network would give it."""
        if compile_it:
            contexts = {"maven-repository": str(pathlib.Path.home() / ".m2/repository")}
            args = {"MAVEN_OPTIONS": "-o -Dmaven.repo.local=/maven-repository"}
        else:
            contexts = {"release": str(self.release())}
            args = {}
        build = {"network": "host", "additional_contexts": contexts, "args": args}
        compose.override({"services": {"init": {"build": build}}})

    def release(self):
        """The release of the sources as they are now, unpacked."""
        archive = PROJECT / "dist/target" / f"understudy-{VERSION}.tar.gz"
        if is_older(archive):
            say("building the release")
            run("mvn", "-q", "-B", "-DskipTests", "-Dspotless.check.skip=true", "package",
                "-pl", "dist", "-am", timeout=900)  # fmt: skip
        release = self.work / "release"
        release.mkdir()
        run("tar", "-xzf", archive, "-C", release, "--strip-components", "1")
        return release

    def compare(self):
        """What was compiled in the image has all files that the release of this checkout has."""
        container = self.engine.docker("create", UNDERSTUDY).strip()
        compiled = self.work / "compiled"
        try:
            self.engine.docker("cp", f"{container}:/opt/understudy", compiled)
        finally:
            self.engine.docker("rm", container)
        # The bill of materials comes with the profile release, which neither has to be built with.
        beside = {"healthcheck", "understudy.cdx.json"}
        expected, actual = content(self.release()) - beside, content(compiled) - beside
        if expected != actual:
            raise Broken(
                "the image that was compiled is not the release:"
                f" missing={sorted(expected - actual)[:20]} more={sorted(actual - expected)[:20]}"
            )

    def kafka(self):
        context = self.work / "kafka"
        shutil.copytree(STAND_INS / "kafka", context)
        run("mvn", "-q", "-B", "dependency:copy", "-DoutputDirectory=" + str(context / "lib"),
            "-Dartifact=org.apache.kafka:kafka-tools:" + KAFKA.partition(":")[2])  # fmt: skip
        self.stand_in(KAFKA)
        self.docker_build("--label", f"{STAND_IN}={KAFKA}", "-t", KAFKA, context)
