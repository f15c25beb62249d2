"""Monitor sessions as configured.

The texts of :class:`SpanError` are those of a Catalyst's console, without the leading ``% ``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from enum import Enum, Flag
from typing import Final, NamedTuple, TypeVar

from nodes.base.errors import WirelabError
from nodes.base.limits import SpanLimits


class SpanError(WirelabError, ValueError):
    """The sessions cannot be what was asked."""


class Direction(Flag):
    """Which frames of a source are copied, as seen from the switch."""

    RX = 1
    TX = 2
    BOTH = 3


class Encapsulation(Enum):
    """Which 802.1Q tags the copies have that leave by a destination port."""

    NATIVE = "native"
    """None."""
    DOT1Q = "dot1q"
    """Always one: their VLAN's."""
    REPLICATE = "replicate"
    """Those that they had on the source port."""


class Destination(NamedTuple):
    """A destination port's settings. ``ingress``: the VLAN of untagged frames that it takes; None: it takes none."""

    encapsulation: Encapsulation = Encapsulation.NATIVE
    ingress: int | None = None
    ingress_tagged: bool = False
    """Whether frames with a tag are taken too, each into its VLAN."""


class Kind(Enum):
    """What a session is, by what it has."""

    LOCAL = "Local Session"
    REMOTE_SOURCE = "Remote Source Session"
    REMOTE_DESTINATION = "Remote Destination Session"


@dataclass(slots=True)
class Session:
    """One session. Ports by name; it copies something once it has a source and a destination."""

    ports: dict[str, Direction] = field(default_factory=dict)
    vlans: dict[int, Direction] = field(default_factory=dict)
    filter: frozenset[int] = frozenset()
    """Of trunks among the source ports, only these VLANs; empty: all."""
    from_remote: int | None = None
    """The RSPAN VLAN whose frames are copied."""
    destinations: dict[str, Destination] = field(default_factory=dict)
    to_remote: int | None = None
    """The RSPAN VLAN that the copies go into."""
    reflector: str = ""
    """The port that older switches give up for the way into the RSPAN VLAN; here it is only out of use."""

    @property
    def kind(self) -> Kind:
        if self.to_remote is not None:
            return Kind.REMOTE_SOURCE
        return Kind.LOCAL if self.from_remote is None else Kind.REMOTE_DESTINATION

    @property
    def taken(self) -> set[str]:
        """The ports that monitor and do nothing else. A destination does so even while its session has no source."""
        return {*self.destinations, self.reflector} - {""}

    def grouped_destinations(self) -> list[tuple[Destination, list[str]]]:
        """The destination ports, those of the same settings together."""
        groups: dict[Destination, list[str]] = {}
        for port, settings in self.destinations.items():
            groups.setdefault(settings, []).append(port)
        return list(groups.items())

    @property
    def empty(self) -> bool:
        return self == Session()


Sessions = dict[int, Session]
_K = TypeVar("_K", int, str)

_MIXED: Final = "Cannot mix source interfaces and source VLANs in SPAN session {number}"
_FILTERED: Final = "Cannot have both source VLANs and a VLAN filter in SPAN session {number}"
_NOT_DESTINATION: Final = "Cannot add {what} to SPAN session {number} as it is a RSPAN Destination session"
_NOT_SOURCE: Final = "Cannot add {what} to SPAN session {number} as it is not a RSPAN Destination session"


class Editor:
    """Changes sessions, or raises SpanError; then they may be half changed, and belong thrown away.

    ``names`` writes a list of ports for messages.
    """

    def __init__(self, sessions: Sessions, limits: SpanLimits, names: Callable[[Collection[str]], str]) -> None:
        self.sessions = sessions
        self._limits = limits
        self._names = names

    # Sources.

    def add_ports(self, number: int, ports: Collection[str], direction: Direction = Direction.BOTH) -> None:
        """Copy also these frames: RX after TX makes BOTH."""
        session = self._source(number, "source interface")
        if session.vlans:
            raise SpanError(_MIXED.format(number=number))
        self._refuse(ports, self._destinations(), "destinations")
        self._refuse(ports, self._reflectors(), "reflector ports")
        for port in ports:
            session.ports[port] = session.ports.get(port, direction) | direction

    def add_vlans(self, number: int, vlans: Iterable[int], direction: Direction = Direction.BOTH) -> None:
        session = self._source(number, "source VLAN")
        if session.ports:
            raise SpanError(_MIXED.format(number=number))
        if session.filter:
            raise SpanError(_FILTERED.format(number=number))
        for vlan in vlans:
            session.vlans[vlan] = session.vlans.get(vlan, direction) | direction

    def add_filter(self, number: int, vlans: Collection[int]) -> None:
        session = self._source(number, "a VLAN filter")
        if session.vlans:
            raise SpanError(_FILTERED.format(number=number))
        session.filter |= frozenset(vlans)

    def set_from_remote(self, number: int, vlan: int) -> None:
        """All that comes in the RSPAN VLAN; another one takes the place of the first."""
        session = self._at(number)
        if session.ports or session.vlans or session.filter or session.to_remote is not None:
            raise SpanError(_NOT_SOURCE.format(number=number, what="a source RSPAN VLAN"))
        if any(other.to_remote == vlan for other in self.sessions.values()):
            raise SpanError(f"VLAN {vlan} is the destination RSPAN VLAN of another SPAN session")
        session.from_remote = vlan

    def remove_ports(self, number: int, ports: Iterable[str], direction: Direction = Direction.BOTH) -> None:
        """Stop copying these frames; what is not copied anyway is no mistake."""
        session = self.sessions.get(number, Session())
        for port in ports:
            _take_away(session.ports, port, direction)
        self._tidy(number)

    def remove_vlans(self, number: int, vlans: Iterable[int], direction: Direction = Direction.BOTH) -> None:
        session = self.sessions.get(number, Session())
        for vlan in vlans:
            _take_away(session.vlans, vlan, direction)
        self._tidy(number)

    def remove_filter(self, number: int, vlans: Collection[int] | None = None) -> None:
        """All of it without ``vlans``."""
        session = self.sessions.get(number, Session())
        session.filter = session.filter - frozenset(vlans) if vlans is not None else frozenset()
        self._tidy(number)

    def remove_from_remote(self, number: int, vlan: int) -> None:
        session = self.sessions.get(number, Session())
        if session.from_remote == vlan:
            session.from_remote = None
        self._tidy(number)

    # Destinations.

    def add_destinations(self, number: int, ports: Collection[str], settings: Destination) -> None:
        """Copy also to these ports; the settings of one that is there already become these."""
        session = self._at(number)
        if session.to_remote is not None:
            raise SpanError(f"SPAN session {number} has a destination RSPAN VLAN already")
        for other in self.sessions.values():
            self._refuse(ports, other.ports, "sources")
        others = {port for other in self.sessions.values() if other is not session for port in other.destinations}
        self._refuse(ports, others, "destinations in other monitor sessions")
        self._refuse(ports, self._reflectors(), "reflector ports")
        session.destinations |= dict.fromkeys(ports, settings)
        if len(session.destinations) > self._limits.destinations:
            few = self._limits.destinations
            raise SpanError("Only one Dst port is supported" if few == 1 else f"Only {few} Dst ports are supported")

    def set_to_remote(self, number: int, vlan: int, reflector: str = "") -> None:
        """Into the RSPAN VLAN; another one takes the place of the first."""
        session = self._source(number, "a destination RSPAN VLAN")
        if session.destinations:
            raise SpanError(f"SPAN session {number} has destination interfaces already")
        if any(other.from_remote == vlan for other in self.sessions.values()):
            raise SpanError(f"VLAN {vlan} is the source RSPAN VLAN of another SPAN session")
        session.to_remote, session.reflector = vlan, ""
        if reflector:
            for other in self.sessions.values():
                self._refuse([reflector], other.ports, "sources")
            self._refuse([reflector], self._destinations(), "destinations")
            self._refuse([reflector], self._reflectors(), "reflector ports")
            session.reflector = reflector

    def remove_destinations(self, number: int, ports: Iterable[str]) -> None:
        session = self.sessions.get(number, Session())
        for port in ports:
            session.destinations.pop(port, None)
        self._tidy(number)

    def remove_to_remote(self, number: int, vlan: int) -> None:
        session = self.sessions.get(number, Session())
        if session.to_remote == vlan:
            session.to_remote, session.reflector = None, ""
        self._tidy(number)

    # Whole sessions.

    def remove(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            self.sessions.pop(number, None)

    # Rules.

    def _at(self, number: int) -> Session:
        return self.sessions.setdefault(number, Session())

    def _source(self, number: int, what: str) -> Session:
        """The session, which copies traffic of this switch: not all of them may."""
        session = self._at(number)
        if session.from_remote is not None:
            raise SpanError(_NOT_DESTINATION.format(number=number, what=what))
        sources = sum(
            other is session or bool(other.ports or other.vlans or other.to_remote) for other in self.sessions.values()
        )
        if sources > self._limits.sources:
            raise SpanError(f"Platform can support a maximum of {self._limits.sources} source sessions")
        return session

    def _destinations(self) -> set[str]:
        return {port for session in self.sessions.values() for port in session.destinations}

    def _reflectors(self) -> set[str]:
        return {session.reflector for session in self.sessions.values()}

    def _refuse(self, ports: Iterable[str], taken: Collection[str], what: str) -> None:
        found = [port for port in ports if port in taken]
        if found:
            raise SpanError(f"Interface(s) {self._names(found)} already configured as monitor {what}")

    def _tidy(self, number: int) -> None:
        """A session with nothing in it is gone from the configuration."""
        if number in self.sessions and self.sessions[number].empty:
            del self.sessions[number]


def _take_away(sources: dict[_K, Direction], source: _K, direction: Direction) -> None:
    left = sources.get(source, Direction(0)) & ~direction
    if left:
        sources[source] = left
    else:
        sources.pop(source, None)
