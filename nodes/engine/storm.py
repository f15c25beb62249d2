"""Storm control: broadcasts, multicasts or unicasts beyond a share of the port's speed are dropped.

Time runs in windows of one second. When the frames of a kind that came in during a window exceed the rising level, that
kind is blocked from there on, until a whole window stays below the falling level.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from math import inf
from typing import Final, NamedTuple

WINDOW: Final = 1.0
_BROADCAST: Final = b"\xff" * 6


class Traffic(Enum):
    BROADCAST = "broadcast"
    MULTICAST = "multicast"
    UNICAST = "unicast"


class Level(NamedTuple):
    """Rising and falling level, in hundredths of a percent of the port's speed."""

    rising: int
    falling: int


class Storm(NamedTuple):
    """A kind of traffic was blocked, or (``over``) is so no longer."""

    port: int
    traffic: Traffic
    over: bool


@dataclass(slots=True)
class _Meter:
    level: Level
    octets: int = 0
    before: int = 0
    """Octets of the window before, which ``show`` tells."""
    blocked: bool = False


@dataclass(slots=True)
class _Port:
    octets_per_window: float
    meters: dict[Traffic, _Meter] = field(default_factory=dict)
    begun: float = -inf


class StormControl:
    """The metered ports of a switch. Ports are numbers of the caller's choice."""

    def __init__(self) -> None:
        self._ports: dict[int, _Port] = {}
        #: What happened since the caller last emptied it.
        self.events: list[Storm] = []

    def __contains__(self, port: int) -> bool:
        return port in self._ports

    def configure(self, port: int, levels: Mapping[Traffic, Level], speed: int) -> None:
        """Levels by kind of traffic, none to leave the port alone; ``speed`` in bits a second."""
        if not levels:
            self._ports.pop(port, None)
            return
        known = self._ports.setdefault(port, _Port(0.0))
        known.octets_per_window = speed / 8 * WINDOW
        known.meters = {
            traffic: meter
            if (meter := known.meters.get(traffic)) is not None and meter.level == level
            else _Meter(level)
            for traffic, level in levels.items()
        }

    def filter(self, port: int, frames: Sequence[bytes], now: float) -> list[bytes]:
        """Of the frames that came in by a metered port, those that may go on."""
        known = self._ports[port]
        self._turn(port, known, now)
        return [frame for frame in frames if self._admit(port, known, frame)]

    def _admit(self, port: int, known: _Port, frame: bytes) -> bool:
        meter = known.meters.get(_kind(frame))
        if meter is None:
            return True
        meter.octets += len(frame)
        if not meter.blocked and self._share(known, meter.octets) > meter.level.rising:
            meter.blocked = True
            self.events.append(Storm(port, _kind(frame), over=False))
        return not meter.blocked

    @staticmethod
    def _share(known: _Port, octets: int) -> float:
        """Octets of a window in hundredths of a percent of what the port could carry."""
        return octets / known.octets_per_window * 10_000

    def _turn(self, port: int, known: _Port, now: float) -> None:
        """Begin a new window if the old one is over."""
        if now - known.begun < WINDOW:
            return
        for traffic, meter in known.meters.items():
            # A window that nothing was heard in lies between, if it is that long ago.
            meter.before = meter.octets if now - known.begun < 2 * WINDOW else 0
            meter.octets = 0
            if meter.blocked and self._share(known, meter.before) < max(meter.level.falling, 1):
                meter.blocked = False
                self.events.append(Storm(port, traffic, over=True))
        known.begun = now

    def state(self, port: int, traffic: Traffic, now: float) -> tuple[Level, bool, float] | None:
        """(levels, whether it is blocked, present share in hundredths of a percent); None for what is not metered."""
        known = self._ports.get(port)
        if known is None or traffic not in known.meters:
            return None
        self._turn(port, known, now)
        meter = known.meters[traffic]
        return meter.level, meter.blocked, self._share(known, max(meter.before, meter.octets))


def _kind(frame: bytes) -> Traffic:
    if frame[:6] == _BROADCAST:
        return Traffic.BROADCAST
    return Traffic.MULTICAST if frame[:1] and frame[0] & 1 else Traffic.UNICAST
