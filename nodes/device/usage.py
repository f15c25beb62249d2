"""What the processes of a device cost the machine they run on, and how busy they were, as far back as IOS shows it.

The figures come from the operating system, through :attr:`nodes.device.base.Services.usage`; whoever drives the device
sees to it that :meth:`UsageMeter.sample` is called every SAMPLE seconds.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from math import exp
from typing import Final

#: Seconds between two samples; IOS, too, measures its load every five seconds.
SAMPLE: Final = 5.0
SECONDS: Final = 60
MINUTES: Final = 60
HOURS: Final = 72


@dataclass(frozen=True, slots=True)
class ProcessUsage:
    """A process: its number on the machine, and what it has used since it started."""

    pid: int
    name: str
    seconds: float
    """Of a processor."""
    invoked: int
    """How often a processor was given to it."""
    octets: int
    """Of memory, now and at most."""
    peak: int


@dataclass(frozen=True, slots=True)
class Usage:
    """The processes of a device, the device's own first; octets of memory that the machine has left for it."""

    processes: tuple[ProcessUsage, ...] = ()
    free: int = 0
    buffers: int = 0
    """Octets of packet memory shared between the processes, and how many of them are taken."""
    buffers_used: int = 0


class Load:
    """The part of a processor that was used: in the last sample, and on average over a minute and five minutes."""

    __slots__ = ("five_minutes", "five_seconds", "minute")

    def __init__(self) -> None:
        self.five_seconds = self.minute = self.five_minutes = 0.0

    def add(self, part: float, seconds: float) -> None:
        self.five_seconds = part
        self.minute += (part - self.minute) * (1 - exp(-seconds / 60))
        self.five_minutes += (part - self.five_minutes) * (1 - exp(-seconds / 300))


class History:
    """Percentages of the last seconds, minutes and hours, the most recent first; of minutes and hours also the most."""

    __slots__ = ("_elapsed", "hours", "hours_most", "minutes", "minutes_most", "seconds")

    def __init__(self) -> None:
        self._elapsed = 0
        self.seconds = array("B")
        self.minutes = array("B")
        self.minutes_most = array("B")
        self.hours = array("B")
        self.hours_most = array("B")

    def add(self, percent: int, seconds: int) -> None:
        """The load was ``percent`` for that many seconds."""
        # What is longer ago than everything shown is not worth its time.
        for _ in range(min(seconds, HOURS * 3600)):
            self.seconds.insert(0, percent)
            del self.seconds[SECONDS:]
            self._elapsed += 1
            if self._elapsed % 60 == 0:
                self._close(self.seconds, self.seconds, self.minutes, self.minutes_most, MINUTES)
                if self._elapsed % 3600 == 0:
                    self._close(self.minutes, self.minutes_most, self.hours, self.hours_most, HOURS)

    @staticmethod
    def _close(
        values: array[int], most: array[int], averages: array[int], averages_most: array[int], kept: int
    ) -> None:
        """Sixty of a kind are one of the next."""
        averages.insert(0, round(sum(values) / len(values)))
        averages_most.insert(0, max(most))
        del averages[kept:], averages_most[kept:]


class UsageMeter:
    """What was measured of a device's processes."""

    def __init__(self) -> None:
        self.total = Load()
        self.history = History()
        self.lowest: int | None = None
        """The least memory that there ever was left, in octets."""
        self._loads: dict[int, Load] = {}
        self._used: dict[int, float] = {}
        self._sampled: float | None = None
        self._rest = 0.0

    def load(self, pid: int) -> Load:
        return self._loads.get(pid) or Load()

    def sample(self, usage: Usage, now: float) -> None:
        self.lowest = usage.free if self.lowest is None else min(self.lowest, usage.free)
        before, self._sampled = self._sampled, now
        used_before, self._used = self._used, {process.pid: process.seconds for process in usage.processes}
        if before is None or now <= before:
            return
        elapsed = now - before
        # What a process used before it was first seen is nobody's load.
        parts = {pid: (used - used_before.get(pid, used)) / elapsed for pid, used in self._used.items()}
        self._loads = {pid: self.load(pid) for pid in parts}
        for pid, part in parts.items():
            self._loads[pid].add(part, elapsed)
        busy = sum(parts.values())
        self.total.add(busy, elapsed)
        self._rest += elapsed
        self.history.add(min(round(busy * 100), 100), int(self._rest))
        self._rest %= 1.0
