"""The ways of data: for each port its owner's connection, the receiver's, and who else sees the frames. No I/O here.

A way is found when a port first sends after a change, and noted by the prefix of its messages: neither a frame nor a
change costs more in a larger lab.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from broker.copies import Copies, Copy
from broker.fabric import Fabric
from broker.protocol import DATA, HEADER, PREFIX
from broker.taps import Tapper


class Route(NamedTuple):
    """From the owner of the port ``source`` by a wire to the receiver's ``port``; who taps that wire, and by which port
    the frames enter it; the copies that are made on the way. ``receiver`` is empty without carrier."""

    owner: bytes
    source: int
    receiver: bytes
    port: int
    taps: tuple[tuple[Tapper, int], ...] = ()
    copies: tuple[Copy, ...] = ()


class Routes:
    def __init__(self, fabric: Fabric, copies: Copies) -> None:
        #: By a message's prefix: the ports that have carrier and sent since the last change.
        self.table: dict[bytes, Route] = {}
        self._fabric = fabric
        self._copies = copies
        self._owners: dict[int, bytes] = {}

    def owner(self, port: int) -> bytes | None:
        """The connection that sends and receives for the port."""
        return self._owners.get(port)

    def own(self, ports: Sequence[int], owner: bytes) -> None:
        self._owners.update(dict.fromkeys(ports, owner))

    def disown(self, ports: Sequence[int]) -> None:
        for port in ports:
            del self._owners[port]

    def clear(self) -> None:
        """Something changed: every way is to be found anew."""
        self.table.clear()

    def find(self, port: int) -> Route:
        """The way of what a port with an owner sends; noted in the table if it leads anywhere."""
        owner = self._owners[port]
        # A port with carrier belongs to a device that is present, which has a connection.
        hops = self._fabric.hops(port)
        if not hops:
            return Route(owner, port, b"", 0)
        copies = tuple(
            Copy(
                self._owners[hop.target],
                hop.target,
                hop.original,
                hop.program,
                self._copies.counts(hop.mirror),
                self._taps(hop.target),
            )
            for hop in hops
            if hop.mirror is not None
        )
        target = hops[0].target
        route = Route(owner, port, self._owners[target], target, self._taps(target), copies)
        self.table[HEADER.pack(DATA, port, 0)[:PREFIX]] = route
        return route

    def _taps(self, target: int) -> tuple[tuple[Tapper, int], ...]:
        return tuple((tap, enters) for tap, enters in self._fabric.taps(target) if isinstance(tap, Tapper))
