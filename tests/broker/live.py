"""A real broker process, over ipc or with keys over TCP, and device clients driven as a process's loop drives them."""

from __future__ import annotations

import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgpack

from broker import keygen
from broker.client import ClientKeys, DeviceClient, Event, Frames, Links, Operator, Reason

DEADLINE = 15.0


class Device:
    """A client, and what it has seen. It is asked only when its descriptor or ``pending`` says so."""

    def __init__(
        self,
        endpoint: str,
        node: str,
        *up: int,
        mirrors: tuple[dict[str, Any], ...] = (),
        keys: ClientKeys | None = None,
    ) -> None:
        self.client = DeviceClient(endpoint, "test", node, keys)
        self.client.set_view(ready=True, up=up, mirrors=mirrors)
        self.events: list[Event] = []

    @property
    def frames(self) -> list[tuple[int, list[bytes]]]:
        return [(event.port, event.frames) for event in self.events if isinstance(event, Frames)]

    def reason(self, port: int) -> Reason | None:
        known = [event.links for event in self.events if isinstance(event, Links)]
        return known[-1][port].reason if known and port in known[-1] else None

    def saw(self, kind: type[Event]) -> int:
        return sum(isinstance(event, kind) for event in self.events)


def pump(condition: Callable[[], object], *devices: Device, seconds: float = DEADLINE) -> None:
    """Drive the devices until the condition holds; it is an error if it does not come to hold."""
    end = time.monotonic() + seconds
    tick_at = time.monotonic() + 1
    while not condition():
        now = time.monotonic()
        assert now < end, [device.events[-5:] for device in devices]
        if now >= tick_at:
            tick_at = now + 1
            for device in devices:
                device.client.tick(now)
        wait = 0.0 if any(device.client.pending for device in devices) else 0.05
        readable, _, _ = select.select([device.client for device in devices], [], [], wait)
        for device in devices:
            if device.client in readable or device.client.pending:
                device.events += device.client.receive()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Lab:
    """The small lab's folder, and the broker that runs in it."""

    #: Where the keys are, if there are any.
    keys: Path | None = None

    def __init__(self, folder: Path, description: dict[str, Any]) -> None:
        self.socket = folder / "socket"
        self.endpoint = f"ipc://{self.socket}"
        self.file = folder / "lab.msgpack"
        self.describe(description)
        self.devices: list[Device] = []
        self.process: subprocess.Popen[bytes] | None = None

    def describe(self, description: dict[str, Any]) -> None:
        self.file.write_bytes(msgpack.packb({**description, "endpoint": self.endpoint}))

    def keys_of(self, name: str) -> ClientKeys | None:
        """``name``: operator, or nodes/NAME."""
        return None if self.keys is None else ClientKeys.read(self.keys / name)

    def start(self, stdout: int = subprocess.DEVNULL, stderr: int | None = None) -> subprocess.Popen[bytes]:
        self.process = subprocess.Popen([sys.executable, "-m", "broker", str(self.file)], stdout=stdout, stderr=stderr)
        return self.process

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def device(self, node: str, *up: int, mirrors: tuple[dict[str, Any], ...] = ()) -> Device:
        device = Device(self.endpoint, node, *up, mirrors=mirrors, keys=self.keys_of(f"nodes/{node}"))
        self.devices.append(device)
        return device

    def all(self, mirrors: tuple[dict[str, Any], ...] = ()) -> tuple[Device, Device, Device, Device]:
        """a, b, s, n, with carrier everywhere."""
        a, b, n = self.device("a", 1), self.device("b", 2), self.device("n", 3)
        s = self.device("s", 10, 11, 12, mirrors=mirrors)
        pump(
            lambda: (
                all(s.reason(port) is Reason.UP for port in (10, 11, 12))
                and [a.reason(1), b.reason(2), n.reason(3)] == [Reason.UP] * 3
            ),
            *self.devices,
        )
        return a, b, s, n

    def status(self) -> dict[str, Any]:
        with Operator(self.endpoint, "test", timeout=DEADLINE, keys=self.keys_of("operator")) as operator:
            body: dict[str, Any] = operator.request(None, "status").body
        return body

    def drops(self) -> dict[str, int]:
        counts: dict[str, int] = self.status()["drops"]
        return counts

    def wait_for_drop(self, label: str, count: int = 1) -> None:
        end = time.monotonic() + DEADLINE
        while (drops := self.drops()).get(label, 0) < count:
            assert time.monotonic() < end, drops
            time.sleep(0.02)

    def close(self) -> None:
        for device in self.devices:
            device.client.close()
        if self.process is not None:
            self.kill()


class CurveLab(Lab):
    """The same over TCP, with keys; its health socket is ``health``, and its log is kept."""

    def __init__(self, folder: Path, description: dict[str, Any]) -> None:
        self.keys = folder / "keys"
        self.health = folder / "health"
        self.log = folder / "log"
        self.port = free_port()
        keygen.make(self.keys, description["nodes"])
        super().__init__(folder, description)

    def describe(self, description: dict[str, Any], address: str = "127.0.0.1") -> None:
        self.endpoint = f"tcp://{address}:{self.port}"
        super().describe({**description, "curve": "keys/broker", "health": "health"})

    def start(self, stdout: int = subprocess.DEVNULL, stderr: int | None = None) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return super().start(log.fileno(), stderr)

    def wait_for_line(self, text: str) -> str:
        """The first line of the broker's log with this text in it."""
        end = time.monotonic() + DEADLINE
        while not (found := [line for line in self.log.read_text().splitlines() if text in line]):
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.02)
        return found[0]
