"""How often ``log`` of an access list speaks: of a flow's first packet at once, of the rest every five minutes.

Without that, a scan would fill the log (Cisco's "Access Control List Logging"; ``ip access-list log-update threshold``
says after how many packets a flow is reported early). A flow that was silent for a whole interval is forgotten, and its
next packet is a first one again. What a flow is called, the caller decides.
"""

from __future__ import annotations

from math import inf
from typing import Final

#: Seconds between two reports of a flow.
INTERVAL: Final = 300.0
#: Flows remembered at a time; a further one takes the place of the oldest.
CAPACITY: Final = 1024


class AclLog:
    """The flows under way: name -> packets since the last report."""

    __slots__ = ("_counts", "_next")

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._next = inf

    def hit(self, name: str, now: float, threshold: int = 0) -> int:
        """A packet of a flow; how many are to be reported now. With a ``threshold`` so many are, whatever the time."""
        known = self._counts.get(name)
        if known is None:
            if len(self._counts) >= CAPACITY:
                del self._counts[next(iter(self._counts))]
            self._counts[name] = 0
            self._next = min(self._next, now + INTERVAL)
            return 1
        if threshold and known + 1 >= threshold:
            self._counts[name] = 0
            return known + 1
        self._counts[name] = known + 1
        return 0

    def due(self, now: float) -> list[tuple[str, int]]:
        """The reports whose time has come: (flow, packets)."""
        if now < self._next:
            return []
        reports = [(name, count) for name, count in self._counts.items() if count]
        self._counts = {name: 0 for name, _ in reports}
        self._next = now + INTERVAL if self._counts else inf
        return reports

    def next_deadline(self) -> float | None:
        return None if self._next == inf else self._next
