"""Port security: a port knows its stations, so many at most, and a stranger is a violation.

A station becomes secure by being configured, or by speaking while there is room for it; ``sticky`` ones outlive the
loss of the link, the others go with it, or with time. Frames from secure stations pass. A station that is secure on one
port and speaks on another, or one too many, is a violation: its frames are dropped, and the caller is told what to do
about it by what the policy says. Which VLAN a port is in, and that a secure address is a static entry of the bridge, is
the caller's business.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from math import inf
from typing import Final, NamedTuple

#: Stations that a switch can have secured beyond one for each port (Catalyst 2950).
SYSTEM_LIMIT: Final = 1024


class Violation(Enum):
    """What a violation has for consequences, beside the loss of the frame."""

    PROTECT = "protect"
    RESTRICT = "restrict"
    SHUTDOWN = "shutdown"


class Origin(Enum):
    """How a station became secure."""

    CONFIGURED = "SecureConfigured"
    STICKY = "SecureSticky"
    DYNAMIC = "SecureDynamic"


@dataclass(frozen=True, slots=True)
class Policy:
    """What a port demands. ``ageing`` in seconds, 0 for never; of configured stations only if ``ages_configured``."""

    vlan: int
    maximum: int = 1
    violation: Violation = Violation.SHUTDOWN
    sticky: bool = False
    ageing: float = 0.0
    by_silence: bool = False
    """Whether the age counts from the last frame instead of from the first."""
    ages_configured: bool = False
    configured: frozenset[bytes] = frozenset()
    stuck: frozenset[bytes] = frozenset()
    """Sticky stations that the configuration knows."""


class SecureStation(NamedTuple):
    """A station as it is shown. ``left`` is the age that remains in seconds, None for no end."""

    port: int
    vlan: int
    mac: bytes
    origin: Origin
    left: float | None


class Learnt(NamedTuple):
    """A station became secure by speaking."""

    port: int
    mac: bytes
    origin: Origin


class Violated(NamedTuple):
    """A stranger spoke, and more is to be done than to drop what was said."""

    port: int
    mac: bytes
    violation: Violation


@dataclass(slots=True)
class _Station:
    origin: Origin
    since: float
    heard: float


class _Port:
    """One secure port."""

    __slots__ = ("last", "policy", "stations", "violations")

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.stations: dict[bytes, _Station] = {}
        self.violations = 0
        self.last = bytes(6)

    def end(self, station: _Station) -> float:
        """When a station is too old."""
        policy = self.policy
        ages = station.origin is Origin.DYNAMIC or (station.origin is Origin.CONFIGURED and policy.ages_configured)
        if not policy.ageing or not ages:
            return inf
        return (station.heard if policy.by_silence else station.since) + policy.ageing

    def forget(self, *origins: Origin) -> None:
        self.stations = {mac: station for mac, station in self.stations.items() if station.origin not in origins}


class PortSecurity:
    """The secure ports of a switch. Ports are numbers of the caller's choice."""

    def __init__(self) -> None:
        self._ports: dict[int, _Port] = {}
        #: What happened since the caller last emptied it.
        self.events: list[Learnt | Violated] = []
        #: Grows whenever a station becomes secure or ceases to be.
        self.revision = 0

    def __contains__(self, port: int) -> bool:
        return port in self._ports

    # Configuration.

    def configure(self, port: int, policy: Policy | None, now: float) -> None:
        """Make a port secure, change what it demands, or (None) make it one like any other."""
        known = self._ports.get(port)
        if policy is None or (known is not None and known.policy == policy):
            if policy is None and known is not None:
                del self._ports[port]
                self.revision += 1
            return
        if known is None:
            known = self._ports[port] = _Port(policy)
        elif known.policy.vlan != policy.vlan:
            known.forget(Origin.DYNAMIC)
        before, known.policy = known.policy, policy
        self.revision += 1
        for mac, station in list(known.stations.items()):
            self._follow(port, known, before, mac, station)
        for origin, listed in ((Origin.CONFIGURED, policy.configured), (Origin.STICKY, policy.stuck)):
            for mac in sorted(listed):
                known.stations.setdefault(mac, _Station(origin, now, now)).origin = origin

    def _follow(self, port: int, known: _Port, before: Policy, mac: bytes, station: _Station) -> None:
        """Bring a station into line with a new policy."""
        policy = known.policy
        if station.origin is Origin.DYNAMIC and policy.sticky:
            station.origin = Origin.STICKY
            self.events.append(Learnt(port, mac, Origin.STICKY))
        elif station.origin is Origin.STICKY and before.sticky and not policy.sticky:
            station.origin = Origin.DYNAMIC
        elif (station.origin is Origin.STICKY and mac in before.stuck and mac not in policy.stuck) or (
            station.origin is Origin.CONFIGURED and mac not in policy.configured
        ):
            del known.stations[mac]

    def link_lost(self, port: int) -> None:
        """Stations that were only heard go with the link."""
        known = self._ports.get(port)
        if known is not None:
            known.forget(Origin.DYNAMIC)
            self.revision += 1

    def clear(self, port: int | None = None, mac: bytes | None = None, origin: Origin | None = None) -> None:
        """Forget stations: of a port or all, one address or all, of an origin or of any."""
        for number, known in self._ports.items():
            if port in (None, number):
                known.stations = {
                    address: station
                    for address, station in known.stations.items()
                    if mac not in (None, address) or origin not in (None, station.origin)
                }
        self.revision += 1

    # Traffic.

    def filter(self, port: int, frames: Sequence[bytes], now: float) -> list[bytes]:
        """Of the frames that came in by a secure port, those that may go on."""
        known = self._ports[port]
        passed: list[bytes] = []
        head, good = bytes(6), False
        for frame in frames:
            source = frame[6:12]
            if len(source) < len(head):
                passed.append(frame)  # it has no source: the bridge has something to say about that
                continue
            if source != head or not good:
                # A stranger is looked at each time: the counts are of frames.
                head, good = source, self._admit(port, known, source, now)
            if good:
                passed.append(frame)
        return passed

    def _admit(self, port: int, known: _Port, mac: bytes, now: float) -> bool:
        known.last = mac
        station = known.stations.get(mac)
        if station is not None and now < known.end(station):
            station.heard = now
            return True
        if station is not None:
            del known.stations[mac]
        self._expire(known, now)
        if len(known.stations) < known.policy.maximum and not self._elsewhere(port, known.policy.vlan, mac):
            origin = Origin.STICKY if known.policy.sticky else Origin.DYNAMIC
            known.stations[mac] = _Station(origin, now, now)
            self.revision += 1
            self.events.append(Learnt(port, mac, origin))
            return True
        if known.policy.violation is not Violation.PROTECT:
            known.violations += 1
            self.events.append(Violated(port, mac, known.policy.violation))
        return False

    def _elsewhere(self, port: int, vlan: int, mac: bytes) -> bool:
        """Whether another port of the VLAN has secured the station."""
        return any(
            number != port and known.policy.vlan == vlan and mac in known.stations
            for number, known in self._ports.items()
        )

    # Time.

    def _expire(self, known: _Port, now: float) -> bool:
        """Let the stations go that are too old; whether there were any."""
        left = {mac: station for mac, station in known.stations.items() if now < known.end(station)}
        gone = len(left) < len(known.stations)
        if gone:
            known.stations = left
            self.revision += 1
        return gone

    def handle_timer(self, now: float) -> bool:
        """Whether any station was too old."""
        gone = [known for known in self._ports.values() if self._expire(known, now)]
        return bool(gone)

    def next_deadline(self) -> float | None:
        ends = (known.end(station) for known in self._ports.values() for station in known.stations.values())
        soonest = min(ends, default=inf)
        return None if soonest == inf else soonest

    # Looking.

    def stations(self, now: float) -> Iterator[SecureStation]:
        """The secure stations by port and address."""
        for port, known in sorted(self._ports.items()):
            for mac, station in sorted(known.stations.items()):
                end = known.end(station)
                if now < end:
                    left = None if end == inf else end - now
                    yield SecureStation(port, known.policy.vlan, mac, station.origin, left)

    def statics(self) -> Mapping[tuple[int, bytes], int]:
        """(VLAN, address) -> port: what the bridge has to know as static."""
        return {(known.policy.vlan, mac): port for port, known in self._ports.items() for mac in known.stations}

    def violations(self, port: int) -> int:
        """How often a stranger spoke on a port."""
        return self._ports[port].violations if port in self._ports else 0

    def clear_violations(self, port: int) -> None:
        if port in self._ports:
            self._ports[port].violations = 0

    def last(self, port: int) -> bytes:
        """The source of the last frame on a port."""
        return self._ports[port].last if port in self._ports else bytes(6)
