"""How many messages and frames a second a broker passes on, against libzmq's own zmq_proxy in the same run, and what
TCP and keys (CURVE) cost.

    python tests/bench/broker_rate.py [seconds]

Three processes each: a sender, the broker (or the proxy, ROUTER to DEALER: the same two parts a message), and a
receiver that counts. The receiver acknowledges every CREDIT messages and the sender has WINDOW of them under way at
most, so that nothing is dropped: a broker that drops and a proxy that waits would not compare. Medians of several
rounds, taken in turn; quote the ratios, the absolute figures move with the machine. What keys cost is told in processor
time of the broker for a message, which others on the machine disturb less.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

import msgpack
import zmq

from broker import keygen
from broker.keys import BROKER, NODES, ClientKeys
from broker.protocol import CONTROL, DATA, PROTO, pack_control, pack_data, unpack_control
from broker.server import QUEUE
from broker.server import main as broker_main

ROUNDS = 5
WINDOW = 192
CREDIT = 32
CASES = ((1, 100), (32, 100), (128, 100), (128, 1400))


def dealer(endpoint: str, keys: Path | None) -> zmq.Socket[bytes]:
    socket: zmq.Socket[bytes] = zmq.Context().socket(zmq.DEALER)
    socket.set(zmq.SNDHWM, QUEUE)
    socket.set(zmq.RCVHWM, QUEUE)
    socket.set(zmq.IMMEDIATE, 1)
    socket.set(zmq.LINGER, 0)
    if keys is not None:
        ClientKeys.read(keys).use(socket)
    socket.connect(endpoint)
    return socket


def join(socket: zmq.Socket[bytes], node: str, port: int) -> None:
    """Say hello and wait until the wire has carrier."""
    view = {"ready": True, "up": [port], "mirrors": []}
    socket.send(pack_control("hello", proto=PROTO, lab="rate", node=node, view=view))
    while True:
        message = socket.recv()
        if message[0] == CONTROL and unpack_control(message).get("links", {}).get(port, {}).get("carrier"):
            return


def send(endpoint: str, message: bytes, hello: bool, keys: Path | None) -> None:
    socket = dealer(endpoint, keys)
    if hello:
        join(socket, "a", 1)
    for _ in range(WINDOW):
        socket.send(message)
    while True:
        if socket.recv()[0] == DATA:
            for _ in range(CREDIT):
                socket.send(message)


def count(endpoint: str, seconds: float, hello: bool, keys: Path | None, result: Connection) -> None:
    """Data messages, and in how many seconds, after a quarter of a second's run-up, whose end is told by a 0."""
    socket = dealer(endpoint, keys)
    if hello:
        join(socket, "b", 2)
    ack = pack_data(2, [b"ack"])

    def until(end: float) -> int:
        seen = 0
        while time.perf_counter() < end:
            ident = b""
            for _ in range(CREDIT):
                if not hello:  # the proxy hands on the sender's routing id, and wants it back
                    ident = socket.recv()
                while socket.recv()[0] != DATA:
                    pass
            seen += CREDIT
            if not hello:
                socket.send(ident, zmq.SNDMORE)
            socket.send(ack)
        return seen

    start = time.perf_counter()
    until(start + 0.25)
    result.send(0)
    start = time.perf_counter()
    seen = until(start + seconds)
    result.send((seen, time.perf_counter() - start))


def run_broker(file: str) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # its log
    broker_main([file])


def run_proxy(front: str, back: str) -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    sockets: list[zmq.Socket[bytes]] = []
    for kind, endpoint in ((zmq.ROUTER, front), (zmq.DEALER, back)):
        socket = context.socket(kind)
        socket.set(zmq.SNDHWM, QUEUE)
        socket.set(zmq.RCVHWM, QUEUE)
        socket.bind(endpoint)
        sockets.append(socket)
    zmq.proxy(sockets[0], sockets[1])


class Result(NamedTuple):
    rate: float
    """messages a second, from end to end"""
    cost: float
    """microseconds of processor time in the middle for a message"""


def processor_time(pid: int | None) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def median(results: Sequence[Result]) -> Result:
    return Result(*(statistics.median(column) for column in zip(*results, strict=True)))


def measure(
    middle: Callable[..., object],
    arguments: tuple[object, ...],
    ends: tuple[str, str],
    message: bytes,
    seconds: float,
    keys: Path | None = None,
) -> Result:
    """``keys``: the folder of a lab's keys."""
    hello = ends[0] == ends[1]
    own = [None if keys is None else keys / NODES / node for node in ("a", "b")]
    ours, theirs = multiprocessing.Pipe(duplex=False)
    jobs = [
        multiprocessing.Process(target=middle, args=arguments),
        multiprocessing.Process(target=count, args=(ends[1], seconds, hello, own[1], theirs)),
        multiprocessing.Process(target=send, args=(ends[0], message, hello, own[0])),
    ]
    for job in jobs:
        job.start()
    try:
        if not ours.poll(20):
            raise SystemExit("nothing came through")
        ours.recv()
        before = processor_time(jobs[0].pid)
        seen, elapsed = ours.recv()
        return Result(seen / elapsed, (processor_time(jobs[0].pid) - before) / seen * 1e6)
    finally:
        for job in jobs:
            job.kill()
            job.join()


def free_ports(number: int) -> list[int]:
    with contextlib.ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(number)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    with tempfile.TemporaryDirectory(prefix="wl") as name:
        folder = Path(name)
        endpoint, front, back = (f"ipc://{folder}/{end}" for end in ("b", "f", "k"))
        description = {
            "proto": PROTO,
            "lab": "rate",
            "nodes": {
                "a": {"ports": [{"id": 1, "name": "e0", "mdi": "mdi"}]},
                "b": {"ports": [{"id": 2, "name": "e0", "mdi": "mdix"}]},
            },
            "wires": [{"a": 1, "b": 2, "cable": "straight"}],
        }
        keys = folder / "keys"
        keygen.make(keys, ("a", "b"))
        # Over TCP without keys, and with them.
        plain, sealed = (f"tcp://127.0.0.1:{port}" for port in free_ports(2))
        files = {end: folder / f"{number}.msgpack" for number, end in enumerate((endpoint, plain, sealed))}
        for end, file in files.items():
            own = {"curve": str(keys / BROKER)} if end == sealed else {}
            file.write_bytes(msgpack.packb({**description, **own, "endpoint": end}))

        def through(end: str, message: bytes) -> Result:
            own = keys if end == sealed else None
            return measure(run_broker, (str(files[end]),), (end, end), message, seconds, own)

        print("frames octets  broker msg/s    frames/s  Mbit/s  proxy msg/s ratio | CURVE msg/s  µs each  TCP µs ratio")
        for batch, octets in CASES:
            message = pack_data(1, [bytes(octets)] * batch)
            broker, proxy, tcp, curve = [], [], [], []
            for _ in range(ROUNDS):
                broker.append(through(endpoint, message))
                proxy.append(measure(run_proxy, (front, back), (front, back), message, seconds))
                tcp.append(through(plain, message))
                curve.append(through(sealed, message))
            ours, theirs, open_, closed = map(median, (broker, proxy, tcp, curve))
            rate = ours.rate * batch
            print(
                f"{batch:6} {octets:6} {ours.rate:13,.0f} {rate:11,.0f} {rate * octets * 8e-6:7,.0f} "
                f"{theirs.rate:12,.0f} {ours.rate / theirs.rate:5.2f} | "
                f"{closed.rate:11,.0f} {closed.cost:8.1f} {open_.cost:7.1f} {closed.cost / open_.cost:5.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
