"""What a type of device can do at most, where types differ; :mod:`nodes.kinds` says it of each."""

from __future__ import annotations

from typing import Final, NamedTuple


class SpanLimits(NamedTuple):
    """Monitor sessions."""

    sessions: int
    """The highest number of a session."""
    sources: int
    """Sessions that copy traffic of this switch itself: local ones, and those to an RSPAN VLAN."""
    destinations: int
    """Destination ports of one session."""


#: Of a small Catalyst, the 2950.
SPAN_LIMITS: Final = SpanLimits(sessions=2, sources=2, destinations=1)
