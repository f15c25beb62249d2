"""The Cisco Discovery Protocol of one device: when to speak on which port, and who was heard.

Theory of operation. A port speaks while it is *active*: up, and CDP runs on it. From the moment on at which it becomes
active it sends QUICK packets QUICK_INTERVAL apart, since the far end may have missed the first, and then one every
``timer`` seconds. Before a port is shut down it sends a last one with a TTL of 0. There is no handshake: whoever hears
something keeps it for as long as the packet says, and a TTL of 0 takes it back.

A neighbour is known by the port at which it is heard, its device ID and the port that it names. Nothing of that
disappears with the link: what was heard stays until it is too old, as on IOS.

What a packet says of us is the caller's business: :class:`Advertise` asks for one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf
from typing import Final, NamedTuple

from nodes.base.drops import Drop, DropCounters
from nodes.base.errors import WireError
from nodes.wire.cdp import Cdp, HeaderError, parse
from nodes.wire.checksum import ChecksumError

TIMER: Final = 60  # seconds between two packets
HOLDTIME: Final = 180  # seconds for which others keep what we say
QUICK: Final = 3
QUICK_INTERVAL: Final = 1.0
CAPACITY: Final = 256  # neighbours of a device; more are refused and counted


class Advertise(NamedTuple):
    """Send a packet about ourselves out of ``port``, which others keep for ``ttl`` seconds."""

    port: int
    ttl: int


class Neighbor(NamedTuple):
    """Somebody heard at ``port``; ``holdtime`` is the seconds left until that is forgotten."""

    port: int
    holdtime: float
    packet: Cdp


@dataclass(slots=True)
class Counters:
    """What ``show cdp traffic`` counts: packets by version, and those that could not be used."""

    output: dict[int, int]
    input: dict[int, int]
    header: int = 0
    checksum: int = 0
    invalid: int = 0
    no_memory: int = 0

    @classmethod
    def zero(cls) -> Counters:
        return cls({1: 0, 2: 0}, {1: 0, 2: 0})


@dataclass(slots=True)
class _Port:
    """An active port: when it speaks next, and how many of the quick packets are left."""

    due: float
    quick: int


class _Entry(NamedTuple):
    expires: float
    packet: Cdp


class Discovery:
    """The CDP engine of one device. Ports are numbers of the caller's choice."""

    def __init__(self, drops: DropCounters) -> None:
        self.timer = TIMER
        self.holdtime = HOLDTIME
        self.version = 2
        """Of what is sent. What is received may be of either version."""
        self.counters = Counters.zero()
        self._drops = drops
        self._active: dict[int, _Port] = {}
        self._entries: dict[tuple[int, str, str], _Entry] = {}
        self._effects: list[Advertise] = []
        self._wake = inf  # not after the first thing that is due; may be before it

    # Configuration.

    def configure(self, timer: int, holdtime: int, version: int, now: float) -> None:
        """A shorter timer takes hold at once, a longer one after the next packet."""
        self.timer, self.holdtime, self.version = timer, holdtime, version
        for port in self._active.values():
            self._set_due(port, min(port.due, now + timer))

    def set_active(self, ports: Iterable[int], now: float) -> None:
        """The ports that are up and on which CDP runs. One that was not among them speaks at once."""
        active = frozenset(ports)
        for number in self._active.keys() - active:
            del self._active[number]
        for number in sorted(active - self._active.keys()):
            self._active[number] = _Port(inf, QUICK)
            self._speak(number, now)

    def leave(self, port: int) -> None:
        """The port is about to go down because somebody wants it: take back what was said there."""
        if self._active.pop(port, None) is not None:
            self._send(port, 0)

    def is_active(self, port: int) -> bool:
        return port in self._active

    # Traffic.

    def receive(self, port: int, packet: bytes, now: float) -> Cdp | None:
        """A packet came in. What it says, if it could be kept; None for one that is counted as a drop."""
        if port not in self._active:
            self._drops.count(Drop.CDP_OFF)
            return None
        try:
            heard = parse(packet)
        except WireError as error:
            self._refuse(error)
            return None
        self.counters.input[heard.version] += 1
        key = port, heard.device_id, heard.port_id
        if not heard.ttl:
            self._entries.pop(key, None)
        elif key in self._entries or self._has_room(now):
            self._entries[key] = _Entry(now + heard.ttl, heard)
            self._wake = min(self._wake, now + heard.ttl)
        else:
            self.counters.no_memory += 1
            self._drops.count(Drop.CDP_TABLE_FULL)
            return None
        return heard

    def drain(self) -> list[Advertise]:
        """What has to be sent since the last drain, in order."""
        effects, self._effects = self._effects, []
        return effects

    # Time.

    def next_deadline(self) -> float | None:
        return None if self._wake == inf else self._wake

    def handle_timer(self, now: float) -> None:
        if now < self._wake:
            return
        self._wake = inf
        for number, port in self._active.items():
            if port.due <= now:
                self._speak(number, now)
            self._wake = min(self._wake, port.due)
        self._forget_the_old(now)
        for entry in self._entries.values():
            self._wake = min(self._wake, entry.expires)

    # Views.

    def neighbors(self, now: float) -> list[Neighbor]:
        """Who is known, by port, device ID and the port at the far end."""
        return [
            Neighbor(key[0], entry.expires - now, entry.packet)
            for key, entry in sorted(self._entries.items(), key=lambda item: item[0])
            if entry.expires > now
        ]

    def clear(self) -> None:
        """Forget everybody."""
        self._entries.clear()

    def clear_counters(self) -> None:
        self.counters = Counters.zero()

    # Steps.

    def _speak(self, number: int, now: float) -> None:
        port = self._active[number]
        port.quick -= port.quick > 0
        self._set_due(port, now + (QUICK_INTERVAL if port.quick else self.timer))
        self._send(number, self.holdtime)

    def _set_due(self, port: _Port, due: float) -> None:
        port.due = due
        self._wake = min(self._wake, due)

    def _send(self, port: int, ttl: int) -> None:
        self.counters.output[self.version] += 1
        self._effects.append(Advertise(port, ttl))

    def _refuse(self, error: WireError) -> None:
        if isinstance(error, ChecksumError):
            self.counters.checksum += 1
            self._drops.count(Drop.CDP_CHECKSUM)
            return
        if isinstance(error, HeaderError):
            self.counters.header += 1
        else:
            self.counters.invalid += 1
        self._drops.count(Drop.CDP_MALFORMED)

    def _has_room(self, now: float) -> bool:
        if len(self._entries) >= CAPACITY:
            self._forget_the_old(now)
        return len(self._entries) < CAPACITY

    def _forget_the_old(self, now: float) -> None:
        for key in [key for key, entry in self._entries.items() if entry.expires <= now]:
            del self._entries[key]
