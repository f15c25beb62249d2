"""Views of the box itself: what its processes use. Like :mod:`nodes.device.views`, frozen and plain."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProcessView:
    """Processor time in milliseconds, and in percent of the last seconds, minute, five minutes; memory in octets."""

    pid: int
    name: str
    runtime: int
    invoked: int
    """How often a processor was given to it."""
    microseconds: int
    """Of a processor, each time, on average."""
    five_seconds: float
    minute: float
    five_minutes: float
    holding: int
    most: int
    """The most memory that it ever held."""


@dataclass(frozen=True, slots=True)
class PoolView:
    """Memory, in octets: ``Processor`` is what the processes have or could have, ``I/O`` holds packets for ESP."""

    name: str
    total: int
    used: int
    free: int
    lowest: int
    """The least that was ever free."""
    largest: int


@dataclass(frozen=True, slots=True)
class MemoryView:
    pools: tuple[PoolView, ...]


@dataclass(frozen=True, slots=True)
class ProcessesView:
    """The load of all processes together, in percent of one processor, and each of them."""

    five_seconds: int
    minute: int
    five_minutes: int
    processes: tuple[ProcessView, ...]


@dataclass(frozen=True, slots=True)
class ProcessMemoryView:
    memory: MemoryView
    processes: tuple[ProcessView, ...]


@dataclass(frozen=True, slots=True)
class LoadHistoryView:
    """Load in percent, the most recent first; of minutes and hours the average and the most."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    minutes_most: tuple[int, ...]
    hours: tuple[int, ...]
    hours_most: tuple[int, ...]
