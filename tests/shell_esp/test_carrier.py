"""From a device's effects to packets and back: through the pump with real workers, and on a virtual clock."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, cast

import pytest

from broker.client import DeviceClient
from nodes.base.drops import Drop
from nodes.commands.router import console as make_console
from nodes.device.base import DeviceSpec, Services
from nodes.device.effects import Effect, InstallEsp, OpenPackets, RemoveEsp, SealPackets
from nodes.device.interface import PortSpec
from nodes.device.router import Router
from nodes.esp.association import Direction
from nodes.esp.jobs import Result
from nodes.esp.outcomes import Outcome
from nodes.shell.esp.carrier import EspCarrier, EspDevice
from nodes.shell.esp.local import LocalPool
from nodes.shell.esp.pool import Pool
from nodes.shell.esp.template import Template
from nodes.shell.pump import Pump
from tests.shell_esp.bench import DEADLINE, alive, association, packet
from tests.sim import LabSim, MemoryNvram

OUT, IN = Direction.OUTBOUND, Direction.INBOUND


class EspCalls:
    """The three methods of a device with IPsec, put into a router: what was sealed it has opened."""

    def __init__(self, device: Any) -> None:
        self._device = device
        self.opened: list[bytes] = []
        self.lost: list[int] = []
        self.times: list[float] = []
        device.esp_sealed, device.esp_opened, device.esp_lost = self.esp_sealed, self.esp_opened, self.esp_lost

    def emit(self, *effects: Effect) -> None:
        self._device._effects.extend(effects)

    def esp_sealed(self, sa: int, results: Sequence[tuple[Outcome, bytes]], now: float) -> None:
        assert sa == 1
        self.times.append(now)
        self.emit(OpenPackets(2, [outer[20:] for _, outer in results]))

    def esp_opened(self, sa: int, results: Sequence[tuple[Outcome, bytes]], now: float, highest: int = 0) -> None:
        assert sa == 2
        assert all(outcome is Outcome.OK for outcome, _ in results)
        self.times.append(now)
        self.opened += [inner for _, inner in results]

    def esp_lost(self, sas: Sequence[int], now: float) -> None:
        self.lost += sas
        self.times.append(now)


PACKETS = [packet(100, number) for number in range(300)]


def start() -> tuple[Effect, ...]:
    return InstallEsp(1, association(OUT)), InstallEsp(2, association(IN)), SealPackets(1, PACKETS)


class NoWires:
    """As much of a DeviceClient as an unconnected device needs."""

    pending = False

    def __init__(self) -> None:
        self._fd = os.eventfd(0)

    def fileno(self) -> int:
        return self._fd

    def tick(self, now: float) -> None: ...
    def set_view(self, **view: object) -> None: ...
    def receive(self, limit: int) -> list[object]:
        return []

    def close(self) -> None:
        os.close(self._fd)


def make_router() -> Router:
    ports = PortSpec("FastEthernet0/0", b"\x02\0\0\0\0\1"), PortSpec("FastEthernet0/1", b"\x02\0\0\0\0\2")
    spec = DeviceSpec("test", "R", "router", "1841", "15.1(4)M12a", ports)
    return Router(spec, Services(random.randbytes, lambda: 0.0, MemoryNvram()), 0.0)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(DEADLINE):
        while not condition():
            await asyncio.sleep(0.002)


async def through_the_pump(template: Template) -> None:
    device, log = make_router(), list[str]()
    calls = EspCalls(device)
    pump = Pump(device, make_console(device), cast(DeviceClient, NoWires()), [1, 2], log.append)
    pump.template = template
    pump.start()
    assert pump.esp is None  # no SA, no worker
    calls.emit(*start())
    pump.turn()
    await until(lambda: len(calls.opened) == len(PACKETS))
    assert calls.opened == PACKETS
    assert pump.esp is not None
    pool = pump.esp.pool
    assert isinstance(pool, Pool)
    (pid,) = pool.pids
    os.kill(pid, signal.SIGSTOP)
    calls.emit(SealPackets(1, PACKETS), RemoveEsp(2))
    pump.turn()
    os.kill(pid, signal.SIGKILL)
    await until(lambda: calls.lost)
    assert calls.lost == [1]
    assert device.drops[Drop.ESP_WORKER_LOST] == len(PACKETS)
    assert any("ESP worker has died" in line for line in log)
    calls.opened.clear()
    calls.emit(*start())
    pump.turn()
    await until(lambda: len(calls.opened) == len(PACKETS))
    pids = [*pool.pids, template.pid]
    pump.close()
    assert not any(alive(pid) for pid in pids)
    assert calls.times == sorted(calls.times)


def test_through_the_pump() -> None:
    template = Template.fork("wirelab test: R")
    asyncio.run(through_the_pump(template))


def test_what_finds_no_room_is_counted() -> None:
    class FullPool(LocalPool):
        def flush(self) -> int:
            return 7

    device = make_router()
    calls = EspCalls(device)
    carrier = EspCarrier(
        cast(EspDevice, device), partial(FullPool, random.randbytes), lambda: 1.0, lambda: None, lambda line: None
    )
    carrier.carry_out(SealPackets(1, PACKETS))
    carrier.flush()
    assert device.drops[Drop.ESP_QUEUE_FULL] == 7
    assert not calls.opened


def test_on_the_virtual_clock() -> None:
    sim = LabSim()
    calls = EspCalls(sim.nodes["R-A"].device)
    calls.emit(*start())
    now = sim.now
    sim.exec("R-A", "show clock")  # anything that lets the device have its turn
    assert calls.opened == PACKETS
    assert now <= calls.times[0] == calls.times[-1]  # no time passes between a packet and its result
    sim.kill_esp("R-A")
    assert calls.lost == [1, 2]
    calls.opened.clear()
    calls.emit(*start())
    sim.exec("R-A", "show clock")
    assert calls.opened == PACKETS


def test_a_local_pool_does_as_the_processes_do() -> None:
    results: list[Result] = []
    pool = LocalPool(random.Random(1).randbytes, results.extend, lambda sas, packets: None)
    pool.install(1, association(OUT))
    with pytest.raises(ValueError, match="installed"):
        pool.install(1, association(OUT))
    pool.seal(1, PACKETS, tag=4)
    pool.open(1, [bytes(100)])
    pool.remove(1)
    pool.remove(1)
    pool.seal(1, PACKETS[:1])
    assert pool.flush() == 0
    assert {result.tag for result in results[:3]} == {4}
    outcomes = [outcome for result in results for outcome, _ in result.packets]
    assert outcomes == [Outcome.OK] * 300 + [Outcome.NO_ASSOCIATION] * 2
    pool.close()
