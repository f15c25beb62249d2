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


@dataclass(frozen=True, slots=True)
class ItemView:
    """A part of the box with a number of its own."""

    name: str
    description: str
    product: str
    revision: str
    serial: str


@dataclass(frozen=True, slots=True)
class InventoryView:
    items: tuple[ItemView, ...]


@dataclass(frozen=True, slots=True)
class SensorView:
    name: str
    present: bool


@dataclass(frozen=True, slots=True)
class EnvironmentView:
    sensors: tuple[SensorView, ...]


@dataclass(frozen=True, slots=True)
class FileSystemView:
    """Octets of a file system, None for one that has no size of its own."""

    prefix: str
    kind: str
    flags: str
    octets: int | None
    free: int | None
    current: bool


@dataclass(frozen=True, slots=True)
class FileSystemsView:
    systems: tuple[FileSystemView, ...]


@dataclass(frozen=True, slots=True)
class HostView:
    """An entry of the table of hosts."""

    name: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HostsView:
    domain: str
    """"" for none."""
    lookup: bool
    """Whether names are asked for; there is no name server that would answer."""
    servers: tuple[str, ...]
    hosts: tuple[HostView, ...]


@dataclass(frozen=True, slots=True)
class FeatureView:
    """A feature that is not there."""

    name: str
    enabled: bool


@dataclass(frozen=True, slots=True)
class LineView:
    number: int
    kind: str
    """``CTY`` for the console, ``VTY`` for a line that comes over the network."""
    name: str
    active: bool
    access_in: str
    access_out: str
    """The access lists of who may come in, and go on from here; "" for none."""
    uses: int
    """Sessions that there have been."""


@dataclass(frozen=True, slots=True)
class LinesView:
    lines: tuple[LineView, ...]


@dataclass(frozen=True, slots=True)
class ConnectionsView:
    """TCP connections of the device itself."""

    connections: tuple[str, ...]
