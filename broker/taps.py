"""What operators see of the wires: stamped copies of data messages, and the counts of what they missed. No I/O.

A tap must not slow a wire, nor take memory without bound: an operator says what it has read, and has TAP_WINDOW octets
under way at most. What comes beyond that is counted and not sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from broker.description import Port
from broker.drops import Drop, DropCounters
from broker.fabric import Fabric
from broker.protocol import TAP_WINDOW, pack_control, readdress

#: Operators that tap wires at one time, and so the memory that may wait for them.
MAX_TAPPING: Final = 32


@dataclass(slots=True)
class Count:
    """Of one tapped wire: ``frames`` counts the lost ones too."""

    frames: int = 0
    lost: int = 0


@dataclass(slots=True, eq=False)
class Tapper:
    """An operator that taps wires. Equal only to itself, so that it can stand for itself in the fabric."""

    ident: bytes
    number: int = 0
    counts: dict[int, Count] = field(default_factory=dict)
    """the ports by which the wires were named"""
    wires: dict[int, Count] = field(default_factory=dict)
    """the same counts by the ports at both ends"""
    tapping: bool = False
    sent: int = 0
    read: int = 0


class Taps:
    def __init__(
        self,
        ports: Mapping[int, Port],
        fabric: Fabric,
        drops: DropCounters,
        deliver: Callable[[bytes, bytes], bool],
    ) -> None:
        """``deliver`` sends a message, and tells whether it could."""
        self._ports = ports
        self._fabric = fabric
        self._drops = drops
        self._deliver = deliver
        self._tappers: dict[bytes, Tapper] = {}

    def __contains__(self, operator: bytes) -> bool:
        """Whether wires are tapped on this connection."""
        return operator in self._tappers and self._tappers[operator].tapping

    def __iter__(self) -> Iterator[Tapper]:
        """Everybody who taps wires now."""
        return (tapper for tapper in self._tappers.values() if tapper.tapping)

    def set(self, operator: bytes, body: Mapping[str, Any]) -> bool:
        """An operator's ``tap``; whether who sees which wire may have changed."""
        number, ports = body.get("number"), body.get("ports")
        if not isinstance(number, int) or not isinstance(ports, list):
            self._drops.count(Drop.BAD_MESSAGE)
            return False
        reason = self._objection(operator, ports)
        if reason is not None:
            self._deliver(operator, pack_control("tapped", number=number, refused=reason))
            return False
        tapper = self._tappers.setdefault(operator, Tapper(operator))
        tapper.number = number
        tapper.tapping = bool(ports)
        if ports:  # the counts outlive the end of the taps, since its answer may have to be asked for again
            tapper.counts = {port: Count() for port in ports}
            tapper.wires = {
                end: count
                for port, count in tapper.counts.items()
                for end in (port, self._fabric.far_end(port))
                if end is not None
            }
        self._fabric.set_tap(tapper, ports)
        self._report(tapper)
        return True

    def read(self, operator: bytes, body: Mapping[str, Any]) -> None:
        """An operator tells what it has read."""
        octets, tapper = body.get("octets"), self._tappers.get(operator)
        if not isinstance(octets, int) or tapper is None or not tapper.read <= octets <= tapper.sent:
            self._drops.count(Drop.BAD_MESSAGE)
        else:
            tapper.read = octets

    def gone(self, operator: bytes) -> bool:
        """The connection ended; whether it had taps."""
        tapper = self._tappers.pop(operator, None)
        if tapper is None:
            return False
        self._fabric.set_tap(tapper, ())
        return tapper.tapping

    def copy(self, seen: Sequence[tuple[Tapper, int]], message: bytes, stamp: int, frames: int) -> None:
        """Frames that crossed wires: for each tapper, with the port by which they entered."""
        for tapper, port in seen:
            count = tapper.wires[port]
            count.frames += frames
            under_way = tapper.sent + len(message)
            if under_way - tapper.read <= TAP_WINDOW and self._deliver(tapper.ident, readdress(message, port, stamp)):
                tapper.sent = under_way
            else:
                count.lost += frames
                self._drops.count(Drop.TAP_LOST, frames)

    def report(self) -> None:
        """Tell everybody who taps how much there was; to be called about once a second."""
        for tapper in self:
            self._report(tapper)

    def _report(self, tapper: Tapper) -> None:
        """If there is no room for it now: another follows, or the operator asks again."""
        counts = {port: {"frames": count.frames, "lost": count.lost} for port, count in tapper.counts.items()}
        self._deliver(tapper.ident, pack_control("tapped", number=tapper.number, taps=counts))

    def _objection(self, operator: bytes, ports: Sequence[object]) -> str | None:
        """Why these taps are not to be had."""
        named: set[int] = set()
        for port in ports:
            if not isinstance(port, int) or port not in self._ports:
                return f"the lab has no port {port}" if isinstance(port, int) else "a tap is named by a port's number"
            if port in named:
                return f"{self._ports[port]} is named twice, or both ends of its wire are"
            far = self._fabric.far_end(port)
            if far is None:
                return f"no cable is plugged into {self._ports[port]}"
            named |= {port, far}
        if ports and sum(tapper.ident != operator for tapper in self) >= MAX_TAPPING:
            return f"{MAX_TAPPING} captures run already, which is as many as may"
        return None
