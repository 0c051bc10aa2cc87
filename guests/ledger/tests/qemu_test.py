#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Boots the image in QEMU and talks to it: redis-cli and redis-benchmark in stream mode, then 50
clients over the channel protocol. Everything has a deadline; the whole run takes some seconds.

usage: qemu_test.py IMAGE
"""

import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

OPEN, DATA, CLOSE, SYNC, ERROR = 1, 2, 3, 4, 5
DEADLINE_SECONDS = 50
CLIENTS = 50
ROUNDS = 10


def check(condition, *facts):
    if not condition:
        raise AssertionError(" ".join(repr(fact) for fact in facts))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Guest:
    """A guest whose console is a TCP port that takes one connection at a time."""

    def __init__(self, image, directory, options="", mebibytes=32):
        self.port = free_port()
        self.log = open(os.path.join(directory, "qemu.log"), "w+")
        self.process = subprocess.Popen(
            ["timeout", str(DEADLINE_SECONDS), "qemu-system-x86_64", "-M", "pc", "-m", str(mebibytes),
             "-accel", "tcg", "-kernel", image, "-append", options, "-nodefaults",
             "-display", "none", "-no-reboot",
             "-serial", f"tcp:127.0.0.1:{self.port},server=on,wait=off,nodelay=on"],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    def connect(self):
        deadline = time.monotonic() + 10
        while True:
            try:
                connection = socket.create_connection(("127.0.0.1", self.port), timeout=10)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return connection
            except ConnectionRefusedError:
                check(self.process.poll() is None, "QEMU has ended")
                check(time.monotonic() < deadline, "QEMU does not listen")
                time.sleep(0.02)

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.log.close()


def wait_for_boot(guest):
    """What the host sends before the guest runs is answered later; nothing may be lost."""
    with guest.connect() as connection:
        connection.sendall(b"PING\r\n")
        check(receive(connection, 7) == b"+PONG\r\n")


def receive(connection, length):
    data = b""
    while len(data) < length:
        part = connection.recv(length - len(data))
        check(part, "the console was closed")
        data += part
    return data


def test_cli(guest):
    def cli(*words):
        done = subprocess.run(["redis-cli", "-p", str(guest.port), *words], timeout=10,
                              capture_output=True, text=True, check=False)
        return done.stdout.rstrip("\n")

    check(cli("PING") == "PONG")
    check(cli("SET", "key", "value") == "OK")
    check(cli("GET", "key") == "value")
    check(cli("GET", "none") == "")
    check(cli("INCR", "n") == "1")
    check(cli("INCRBY", "n", "41") == "42")
    check(cli("EXISTS", "key", "n", "none") == "2")
    check(cli("DEL", "key", "none") == "1")
    check(cli("DBSIZE") == "1")
    check(cli("ECHO", "a\tb") == "a\tb")
    check(cli("CONFIG", "GET", "save") == "save")
    check(cli("COMMAND") == "")
    check(cli("NOPE").startswith("ERR unknown command 'NOPE'"))
    check("irq0_timer:" in cli("INFO"))
    check("console_mode:stream" in cli("INFO", "clients"))
    first, second = cli("RANDOM"), cli("RANDOM")
    check(first.isdigit() and second.isdigit() and first != second, first, second)
    first, second = cli("BURN", "1"), cli("BURN", "1")
    check(first.isdigit() and second.isdigit() and first != second, first, second)
    check(cli("BURN", "0") == "ERR milliseconds must be from 1 to 60000")
    seconds, microseconds = cli("TIME").split()
    check(abs(int(seconds) - time.time()) < 30 and int(microseconds) < 10**6, seconds)


def test_benchmark(guest):
    done = subprocess.run(
        ["redis-benchmark", "-p", str(guest.port), "-c", "1", "-n", "500",
         "-t", "ping,set,get,incr", "--csv"],
        timeout=30, capture_output=True, text=True, check=False)
    lines = done.stdout.strip().splitlines()
    check(done.returncode == 0 and len(lines) == 6, done.stdout, done.stderr)
    for line in lines[1:]:
        name, rate = line.replace('"', "").split(",")[:2]
        print(f"  {name}: {rate} per second")


def test_pipeline(guest):
    """Far more than the guest can hold at once, with values of every byte."""
    value = bytes(range(256)) * 16
    request = b"*3\r\n$3\r\nSET\r\n$1\r\nv\r\n$4096\r\n" + value + b"\r\n"
    request += b"*2\r\n$3\r\nGET\r\n$1\r\nv\r\n"
    expected = b"+OK\r\n$4096\r\n" + value + b"\r\n"
    with guest.connect() as connection:
        for _ in range(20):
            connection.sendall(request)
        check(receive(connection, 20 * len(expected)) == 20 * expected)


def frame(kind, channel, payload=b""):
    return struct.pack("<BBH", kind, channel, len(payload)) + payload


def receive_frame(connection):
    kind, channel, length = struct.unpack("<BBH", receive(connection, 4))
    check(length <= 1024, length)
    return kind, channel, receive(connection, length)


def synchronize(connection, nonce):
    connection.sendall(frame(SYNC, 0, nonce))
    check(receive_frame(connection) == (SYNC, 0, nonce))


def test_channels(guest):
    with guest.connect() as connection:
        synchronize(connection, b"00000001")
        connection.sendall(b"".join(frame(OPEN, i) for i in range(CLIENTS)))
        expected = {i: b"" for i in range(CLIENTS)}
        replies = {i: b"" for i in range(CLIENTS)}
        for number in range(1, ROUNDS + 1):
            requests = b""
            for i in range(CLIENTS):
                own = b"own%d" % i
                request = b"INCR %s\r\nSET s%d %s\r\nGET s%d\r\n" % (own, i, own * number, i)
                cut = (7 * i + number) % len(request)
                requests += frame(DATA, i, request[:cut]) + frame(DATA, i, request[cut:])
                reply = own * number
                expected[i] += b":%d\r\n+OK\r\n$%d\r\n%s\r\n" % (number, len(reply), reply)
            connection.sendall(requests)
            while any(len(replies[i]) < len(expected[i]) for i in replies):
                kind, channel, payload = receive_frame(connection)
                check(kind == DATA, kind, channel, payload)
                replies[channel] += payload
            check(replies == expected)

        # The guest closes first on QUIT; then the host does. What the host closes is echoed.
        connection.sendall(frame(DATA, 0, b"QUIT\r\n") + frame(CLOSE, 1))
        check(receive_frame(connection) == (DATA, 0, b"+OK\r\n"))
        check(receive_frame(connection) == (CLOSE, 0, b""))
        check(receive_frame(connection) == (CLOSE, 1, b""))
        connection.sendall(frame(CLOSE, 0) + frame(OPEN, 0) + frame(DATA, 0, b"EXISTS s0 s1 s\r\n"))
        check(receive_frame(connection) == (DATA, 0, b":2\r\n"))

        # A second SYNC at once: all channels are gone.
        synchronize(connection, b"00000002")
        connection.sendall(frame(OPEN, 7) + frame(DATA, 7, b"INFO clients\r\n"))
        kind, channel, payload = receive_frame(connection)
        check(kind == DATA and channel == 7, kind, channel)
        check(b"console_mode:channels\r\nconnected_clients:1\r\n" in payload, payload)

        # A malformed frame: an ERROR, then nothing counts until SYNC.
        connection.sendall(frame(9, 9) + frame(DATA, 7, b"PING\r\n"))
        check(receive_frame(connection)[0] == ERROR)
        synchronize(connection, b"00000003")

    # The host may go away and come back.
    with guest.connect() as connection:
        synchronize(connection, b"00000004")
        connection.sendall(frame(OPEN, 3) + frame(DATA, 3, b"INCR own7\r\n"))
        check(receive_frame(connection) == (DATA, 3, b":%d\r\n" % (ROUNDS + 1)))


def test_burn(guest):
    """It takes its time, by the guest's clock and by ours; another client waits and is served."""
    with guest.connect() as connection:
        synchronize(connection, b"burn....")
        started = time.monotonic()
        connection.sendall(frame(OPEN, 1) + frame(DATA, 1, b"TIME\r\nBURN 50\r\nTIME\r\n")
                           + frame(OPEN, 2) + frame(DATA, 2, b"PING\r\n"))
        replies = {1: b"", 2: b""}
        while replies[1].count(b"\r\n") < 11 or replies[2].count(b"\r\n") < 1:
            kind, channel, payload = receive_frame(connection)
            check(kind == DATA, kind, channel, payload)
            replies[channel] += payload
        took = time.monotonic() - started
        check(replies[2] == b"+PONG\r\n", replies)
        lines = replies[1].split(b"\r\n")
        result = lines[5]
        check(result[:1] == b":" and 0 <= int(result[1:]) < 2**63, result)
        before, after = (int(lines[i]) * 10**6 + int(lines[i + 2]) for i in (2, 8))
        check(50_000 <= after - before, before, after)
        check(0.05 <= took, took)
        connection.sendall(frame(DATA, 1, b"BURN 10\r\n"))
        kind, channel, payload = receive_frame(connection)
        check((kind, channel) == (DATA, 1) and payload[:1] == b":", kind, channel, payload)
        check(payload != result + b"\r\n", payload)


def test_memory_ends(guest):
    with guest.connect() as connection:
        synchronize(connection, b"memory..")
        connection.sendall(frame(OPEN, 1))
        stored = 0
        for i in range(100):
            value = b"v" * 900
            connection.sendall(frame(DATA, 1, b"SET k%d %s\r\n" % (i, value)))
            kind, _, payload = receive_frame(connection)
            check(kind == DATA)
            if payload == b"+OK\r\n":
                stored += 1
            else:
                check(payload.startswith(b"-OOM "), payload)
        check(10 < stored < 100, stored)
        connection.sendall(frame(DATA, 1, b"DEL k0\r\nSET k0 small\r\n"))
        check(receive_frame(connection)[2].startswith(b":1\r\n"))


def test_memory_sizes(image, directory):
    """From the smallest machine that is promised to a large one; most of it is for keys."""
    for mebibytes in (16, 512):
        guest = Guest(image, directory, mebibytes=mebibytes)
        try:
            wait_for_boot(guest)
            with guest.connect() as connection:
                connection.sendall(b"CONFIG GET maxmemory\r\n")
                reply = b""
                while reply.count(b"\r\n") < 5:
                    reply += receive(connection, 1)
                limit = int(reply.split(b"\r\n")[4])
            check((mebibytes - 4) << 20 < limit < mebibytes << 20, mebibytes, limit)
        finally:
            guest.stop()


def run(image, directory):
    guest = Guest(image, directory)
    small = Guest(image, directory, "maxmemory=65536")
    try:
        wait_for_boot(guest)
        test_cli(guest)
        test_benchmark(guest)
        test_pipeline(guest)
        test_channels(guest)
        test_burn(guest)
        wait_for_boot(small)
        test_memory_ends(small)
    finally:
        guest.stop()
        small.stop()


def main():
    for tool in ("qemu-system-x86_64", "redis-cli", "redis-benchmark"):
        if shutil.which(tool) is None:
            sys.exit(f"{tool} is not installed (Debian: qemu-system-x86, redis-tools)")
    with tempfile.TemporaryDirectory() as directory:
        started = time.monotonic()
        run(sys.argv[1], directory)
        print(f"QEMU tests passed in {time.monotonic() - started:.1f} s")


if __name__ == "__main__":
    main()
