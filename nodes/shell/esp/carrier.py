"""Between a device and its pool: the device's effects go out, results and losses come back as calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from nodes.base.drops import Drop, DropCounters
from nodes.device.effects import EspEffect, EspUser, InstallEsp, RemoveEsp, SealPackets
from nodes.esp.jobs import JobKind, Result
from nodes.shell.esp.pool import EspPool, OnLost, OnResults


class EspDevice(EspUser, Protocol):
    """A device that emits :data:`EspEffect` effects, and counts what it drops."""

    drops: DropCounters


class EspCarrier:
    """Carries between ``device`` and the pool that ``make_pool`` makes of the two callbacks.

    ``clock`` gives the time for the device's methods, and ``turn`` is called after them: the device may want something.
    ``log`` gets a line when a worker has died.
    """

    def __init__(
        self,
        device: EspDevice,
        make_pool: Callable[[OnResults, OnLost], EspPool],
        clock: Callable[[], float],
        turn: Callable[[], None],
        log: Callable[[str], None],
    ) -> None:
        self._device = device
        self._clock = clock
        self._turn = turn
        self._log = log
        self.pool = make_pool(self._results, self._lost)

    def carry_out(self, effect: EspEffect) -> None:
        pool = self.pool
        if isinstance(effect, InstallEsp):
            pool.install(effect.sa, effect.association)
        elif isinstance(effect, RemoveEsp):
            pool.remove(effect.sa)
        elif isinstance(effect, SealPackets):
            pool.seal(effect.sa, effect.packets)
        else:
            pool.open(effect.sa, effect.packets)

    def flush(self) -> None:
        """Send off what the effects of a turn queued."""
        refused = self.pool.flush()
        if refused:
            self._device.drops.count(Drop.ESP_QUEUE_FULL, refused)

    def _results(self, results: Sequence[Result]) -> None:
        device, now = self._device, self._clock()
        for result in results:
            if result.kind is JobKind.SEAL:
                device.esp_sealed(result.sa, result.packets, now)
            else:
                device.esp_opened(result.sa, result.packets, now, result.highest)
        self._turn()

    def _lost(self, sas: Sequence[int], packets: int) -> None:
        self._log(f"an ESP worker has died, and with it {len(sas)} SAs and {packets} packets")
        if packets:
            self._device.drops.count(Drop.ESP_WORKER_LOST, packets)
        self._device.esp_lost(sas, self._clock())
        self._turn()
