"""What a host has been told by ICMP redirects (RFC 1122 §3.2.2.2, §3.3.1.2): destination -> a better first hop.

A redirect is believed when it comes from the hop that is used for the destination now, and only as long as the routes
still say what they said then; an entry also goes after a while without use, so that a hop which is gone is not used for
ever. The one unused for longest gives way when the table is full.
"""

from __future__ import annotations

from typing import Final, NamedTuple

LIFETIME: Final = 600.0  # seconds without use
CAPACITY: Final = 256


class Redirected(NamedTuple):
    """Packets to ``destination`` go to ``gateway`` instead of to ``hop``; ``interface`` is the device's own number.

    ``used`` is when that last happened, ``uses`` how often.
    """

    destination: int
    gateway: int
    hop: int
    interface: int
    used: float
    uses: int


class Redirects:
    """The redirect cache of one device."""

    __slots__ = ("_entries",)

    def __init__(self) -> None:
        self._entries: dict[int, Redirected] = {}  # the one unused for longest first

    def receive(self, destination: int, gateway: int, sender: int, hop: int, interface: int, now: float) -> bool:
        """``sender`` says so, and ``hop`` is where the routes lead; False: it is not the sender's to say.

        That ``gateway`` is a neighbour on ``interface`` the caller has seen.
        """
        entry = self._valid(destination, hop, now)
        if sender != (hop if entry is None else entry.gateway):
            return False
        self._entries.pop(destination, None)
        if len(self._entries) >= CAPACITY:
            del self._entries[next(iter(self._entries))]
        self._entries[destination] = Redirected(destination, gateway, hop, interface, now, 0)
        return True

    def use(self, destination: int, hop: int, now: float) -> Redirected | None:
        """Where a packet goes that the routes send to ``hop``; None: there."""
        entry = self._valid(destination, hop, now)
        if entry is not None:
            del self._entries[destination]
            entry = self._entries[destination] = entry._replace(used=now, uses=entry.uses + 1)
        return entry

    def entries(self, now: float) -> list[Redirected]:
        return sorted(entry for entry in self._entries.values() if now - entry.used < LIFETIME)

    def clear(self) -> None:
        self._entries.clear()

    def __len__(self) -> int:
        return len(self._entries)

    def _valid(self, destination: int, hop: int, now: float) -> Redirected | None:
        entry = self._entries.get(destination)
        if entry is not None and (entry.hop != hop or now - entry.used >= LIFETIME):
            del self._entries[destination]
            return None
        return entry
