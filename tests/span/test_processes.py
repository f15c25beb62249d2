"""The mirror of real processes: a broker, three switches, and stations that the test plays."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

import msgpack
import pytest

from broker.client import Operator
from labs.describe import describe_broker, describe_nodes
from labs.load import load
from tests.broker.live import DEADLINE, Device, pump
from tests.span.model import RX, TX, PortModel, SessionModel, SwitchModel, between_neighbours, tagged, untagged
from tests.span.world import LAB, RSPAN, UPLINK, host_port

pytestmark = pytest.mark.processes

SWITCHES: Final = {
    "SW1": f"""\
vlan 10
vlan 20
vlan {RSPAN}
 remote-span
interface range fa0/1 - 4
 switchport access vlan 10
 spanning-tree portfast
interface fa0/2
 switchport access vlan 20
interface fa0/3
 switchport mode trunk
 switchport trunk native vlan 10
 switchport trunk allowed vlan 10,20
interface fa0/10
 switchport mode trunk
 switchport trunk allowed vlan 1,{RSPAN}
monitor session 1 source interface fa0/1
monitor session 1 source interface fa0/3 rx
monitor session 1 destination remote vlan {RSPAN}
monitor session 2 source vlan 10 rx
monitor session 2 source vlan 20 tx
monitor session 2 destination interface fa0/24 encapsulation dot1q
""",
    "SW2": f"vlan {RSPAN}\n remote-span\ninterface range fa0/10 - 11\n switchport mode trunk\n",
    "SW3": f"""\
vlan {RSPAN}
 remote-span
interface fa0/11
 switchport mode trunk
monitor session 1 source remote vlan {RSPAN}
monitor session 1 destination interface fa0/24
""",
}
#: The same as SW1.
MODEL: Final = SwitchModel(
    ports={
        host_port(1): PortModel(10),
        host_port(2): PortModel(20),
        host_port(3): PortModel(10, trunk=True, allowed=frozenset({10, 20})),
        host_port(4): PortModel(10),
        UPLINK: PortModel(1, trunk=True, allowed=frozenset({1, RSPAN})),
    },
    vlans={1, 10, 20, RSPAN},
    sessions={
        1: SessionModel(ports={host_port(1): RX + TX, host_port(3): RX}, destination=RSPAN),
        2: SessionModel(vlans={10: RX, 20: TX}, destination=("FastEthernet0/24", "dot1q")),
    },
    remote={RSPAN},
)
BROADCAST: Final = b"\xff" * 6


class Lab:
    """Processes for the broker and the switches, and a client for each station and sniffer."""

    def __init__(self, folder: Path) -> None:
        file = folder / "span.lab.yml"
        file.write_text(LAB)
        lab = load(file)
        self.endpoint = f"ipc://{folder / 'b'}"
        consoles = {node.name: str(folder / f"{node.name}.console") for node in lab.nodes}
        described = describe_nodes(lab, "test", self.endpoint, "", consoles, folder)
        self.processes: list[subprocess.Popen[bytes]] = []
        self._start(folder / "lab", describe_broker(lab, "test", self.endpoint), "broker")
        self.stations: dict[str, Device] = {}
        self.port: dict[str, int] = {}
        for name, description in described.items():
            if name in SWITCHES:
                self._start(folder / name, {**description, "startup_config": SWITCHES[name]}, "nodes")
            else:
                port = description["ports"][0]["id"]
                self.stations[name] = Device(self.endpoint, name, port)
                self.port[name] = port

    def _start(self, file: Path, description: object, module: str) -> None:
        file.write_bytes(msgpack.packb(description))
        self.processes.append(subprocess.Popen([sys.executable, "-m", module, str(file)], stdout=subprocess.DEVNULL))

    def pump(self, condition: Callable[[], object]) -> None:
        pump(condition, *self.stations.values())

    def send(self, name: str, *frames: bytes) -> None:
        assert self.stations[name].client.send(self.port[name], frames) == len(frames)

    def seen(self, name: str) -> list[bytes]:
        """What a station got, without what switches say to their neighbours."""
        return [frame for _, frames in self.stations[name].frames for frame in frames if not between_neighbours(frame)]

    def status(self) -> list[dict[str, object]]:
        with Operator(self.endpoint, "test", timeout=DEADLINE) as operator:
            mirrors: list[dict[str, object]] = operator.request(None, "status").body["mirrors"]
        return mirrors

    def close(self) -> None:
        for station in self.stations.values():
            station.client.close()
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait()


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    lab = Lab(tmp_path)
    try:
        yield lab
    finally:
        lab.close()


class Dice:
    """Frames, each of them another one."""

    def __init__(self) -> None:
        self._random = random.Random(7)
        self._number = 0

    def frame(self, source: int, *, to: bytes | None = None, vlan: int | None = None) -> bytes:
        self._number += 1
        target = to or self._random.choice([bytes((2, 0, 0, 0, 0, station)) for station in range(1, 6)] + [BROADCAST])
        plain = target + bytes((2, 0, 0, 0, 0, source)) + b"\x88\xb5" + self._number.to_bytes(4, "big").ljust(46, b"\0")
        return plain if vlan is None else tagged(plain, vlan)

    def batch(self, source: int) -> list[bytes]:
        vlans = [None, 10, 20, 30, 0] if source == 3 else [None, None, 10, 0, 20]
        size = self._random.randrange(1, 40)
        return [self.frame(source, vlan=self._random.choice(vlans)) for _ in range(size)]


def _contains(lab: Lab, name: str, frame: bytes) -> bool:
    return frame in lab.seen(name)


def test_every_copy_and_no_other(lab: Lab) -> None:
    """Batches from three stations of VLAN 10, of which H3 is on a trunk and reaches H2 in VLAN 20 too. Each ends with
    frames that all others must have got before the next, so that the order of what crossed the ports is known."""
    dice = Dice()
    expected: dict[str | int, list[bytes]] = {RSPAN: [], "FastEthernet0/24": []}
    heard = {"H1": 0, "H2": 0}

    def last(source: int) -> list[bytes]:
        return [dice.frame(source, to=BROADCAST), *([dice.frame(3, to=BROADCAST, vlan=20)] if source == 3 else [])]

    def all_got(source: int, frames: list[bytes]) -> None:
        for name in {"H1", "H3", "H4"} - {f"H{source}"}:
            lab.pump(partial(_contains, lab, name, frames[0]))
        if source == 3:
            lab.pump(lambda: untagged(frames[1]) in lab.seen("H2"))

    def note(port: str, direction: str, frames: list[bytes]) -> None:
        for frame in frames:
            for destination, copy in MODEL.copies(port, direction, frame):
                expected[destination].append(copy)

    # Until the copies find their way: the trunks come up in their own time.
    lab.pump(lambda: lab.stations["H1"].client.send(lab.port["H1"], [dice.frame(1, to=BROADCAST)]) and lab.seen("X3"))
    ready = last(3)
    lab.send("H3", *ready)
    all_got(3, ready)
    # As H3's port received it, and as H1's sent it; and what H2's port sent.
    lab.pump(lambda: lab.seen("X3").count(ready[0]) == 2 and tagged(untagged(ready[1]), 20) in lab.seen("X2"))
    for station in lab.stations.values():
        station.events.clear()

    for source in (1, 3, 4, 3, 1, 4, 1, 3):
        end = last(source)
        batch = [*dice.batch(source), *end]
        lab.send(f"H{source}", *batch)
        all_got(source, end)
        note(host_port(source), RX, batch)
        for name, port in (("H1", host_port(1)), ("H2", host_port(2))):
            news = lab.seen(name)[heard[name] :]
            heard[name] += len(news)
            note(port, TX, news)

    lab.pump(lambda: len(lab.seen("X3")) >= len(expected[RSPAN]))
    lab.pump(lambda: len(lab.seen("X2")) >= len(expected["FastEthernet0/24"]))
    assert len(expected[RSPAN]) > 50
    assert lab.seen("X3") == expected[RSPAN]
    assert len(expected["FastEthernet0/24"]) > 50
    assert lab.seen("X2") == expected["FastEthernet0/24"]
    assert lab.seen("X1") == []
    assert all(mirror["lost"] == 0 for mirror in lab.status())
