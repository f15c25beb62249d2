"""A learning bridge with VLANs (IEEE 802.1D-2004 §7, 802.1Q).

The path of a frame: the ingress port classifies it into a VLAN (an access port by its configuration, a trunk by the
tag or its native VLAN); the source address is learnt in that VLAN; the destination is looked up there; the frame leaves
through one port, or through every other port of the VLAN (unknown unicast, multicast, broadcast); each egress port
sends it with or without a tag. A trunk's native VLAN travels untagged, and the priority of a tag is kept from trunk to
trunk.

Frames come and go in vectors, and most belong to conversations already known: a decision is remembered by ingress port
and the first octets of the frame (addresses, tag) until a station or the configuration changes; only adding or removing
the tag is done per frame.

Which ports may learn and forward in a VLAN is told by the caller (:meth:`Bridge.set_state`): that is where a spanning
tree engine takes hold. A port may also be taken out of bridging altogether: down, or destination of a SPAN session. An
RSPAN VLAN is flooded by trunks, and nothing is learnt in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Final, NamedTuple

from nodes.base.drops import Drop, DropCounters
from nodes.wire.cdp import GROUP

DEFAULT_AGEING: Final = 300.0  # seconds (802.1D table 7-5)
CAPACITY: Final = 8192  # MAC addresses of a Catalyst 2950
VLAN_MAX: Final = 4094  # 4095 is reserved

_TPID: Final = b"\x81\x00"
_HEADER: Final = 14
_TAGGED_HEADER: Final = 18
_DECIDING: Final = 16  # octets of a frame that a decision depends on
_MEMORY_LIMIT: Final = 4096
_RESERVED_PREFIX: Final = b"\x01\x80\xc2\x00\x00"  # …:00 to …:0f (802.1D table 7-10)


@dataclass(frozen=True, slots=True)
class AccessPort:
    """Carries one VLAN, untagged, and may carry another one, that of a telephone, with tags."""

    vlan: int = 1
    voice: int | None = None


@dataclass(frozen=True, slots=True)
class TrunkPort:
    """Carries many VLANs with tags, and ``native`` without. ``allowed`` None: every VLAN."""

    native: int = 1
    allowed: frozenset[int] | None = None

    def carries(self, vlan: int) -> bool:
        return self.allowed is None or vlan in self.allowed


@dataclass(frozen=True, slots=True)
class HostPort:
    """The device itself as a station of one VLAN: it gets what a static entry sends it and frames to groups, and is
    spared the flood of frames to stations that nobody knows."""

    vlan: int


PortMode = AccessPort | TrunkPort


class MacView(NamedTuple):
    """One line of ``show mac address-table``. ``age`` in seconds since the station was heard; None: static."""

    vlan: int
    mac: bytes
    port: int
    age: float | None


@dataclass(slots=True)
class _Station:
    port: int
    seen: float  # inf for static entries: never too old


@dataclass(slots=True)
class _Port:
    mode: PortMode | HostPort
    up: bool = False
    span_destination: bool = False
    protected: bool = False
    ingress: PortMode | None = None
    """How a SPAN destination takes frames, if it does."""


class _Copy(NamedTuple):
    """How the frame leaves, and where: ``frame[:12] + tag + frame[skip:]``, or as it is when ``skip`` is 0."""

    skip: int
    tag: bytes
    ports: tuple[int, ...]


_Decision = tuple[_Copy, ...] | Drop | None  # None: a control frame


class _Memory(NamedTuple):
    """A decision and the entries that it rests on: ``source`` is heard again, ``destination`` must not be too old."""

    decision: _Decision
    source: _Station | None
    destination: _Station | None
    age: float = 0.0
    """How long the destination is remembered."""


class _Ingress(NamedTuple):
    """A frame after classification: its VLAN, the length of its header up to the EtherType, its priority bits."""

    vlan: int
    skip: int  # 12 or 16: where the EtherType of the frame proper is
    priority: int


class Bridge:
    """The forwarding of one switch. Ports are numbers of the caller's choice, configured before they are used."""

    def __init__(self, drops: DropCounters, vlans: Iterable[int] = (1,), ageing: float = DEFAULT_AGEING) -> None:
        """``ageing`` in seconds; 0 keeps what was learnt until the port goes down."""
        self.ageing = ageing
        #: Frames to reserved group addresses, (port, frame), for the switch itself: those of 802.1D, and the one of
        #: Cisco's protocols, which a Catalyst never forwards, whether it speaks them or not. The caller empties it.
        self.control: list[tuple[int, bytes]] = []
        self._drops = drops
        #: Moves whenever it may be that other ports forward in some VLAN than before.
        self.revision = 0
        self._vlans = frozenset(vlans)
        self._remote_span: frozenset[int] = frozenset()
        self._ports: dict[int, _Port] = {}
        self._states: dict[tuple[int, int], tuple[bool, bool]] = {}
        self._stations: dict[int, dict[bytes, _Station]] = {}
        self._statics: dict[tuple[int, bytes], int] = {}
        self._ages: dict[int, float] = {}
        self._members: dict[int, dict[int, bool]] = {}  # VLAN -> egress port -> tagged; made when needed
        self._memory: dict[tuple[int, bytes], _Memory] = {}
        self._count = 0
        self._sweep = inf

    # Configuration.

    @property
    def vlans(self) -> frozenset[int]:
        return self._vlans

    def set_vlans(self, vlans: Iterable[int]) -> None:
        """The VLANs that exist. Frames of others are dropped, and what was learnt in them is forgotten."""
        self._vlans = frozenset(vlans)
        for vlan in self._stations.keys() - self._vlans:
            self._count -= len(self._stations.pop(vlan))
        self._reconfigured()

    def configure_port(self, port: int, mode: PortMode | HostPort) -> None:
        """Add a port (down) or change its mode; a change forgets what was learnt on it."""
        known = self._ports.get(port)
        if known is None:
            self._ports[port] = _Port(mode)
        elif known.mode != mode:
            known.mode = mode
            self.flush(port=port)
        self._reconfigured()

    def remove_port(self, port: int) -> None:
        """Take a port away, and all that was learnt or configured for it."""
        self.flush(port=port)
        for vlan, table in self._stations.items():
            for mac in [mac for mac, at in table.items() if at.port == port]:
                self._remove(vlan, mac)
        del self._ports[port]
        self._reconfigured()

    def is_active(self, vlan: int) -> bool:
        """Whether the VLAN exists and a port other than the device itself forwards in it."""
        return vlan in self._vlans and any(not self._is_host(port) for port in self._vlan_members(vlan))

    def set_up(self, port: int, up: bool) -> None:
        """Carrier came or went; without it the stations behind the port are forgotten."""
        self._ports[port].up = up
        if not up:
            self.flush(port=port)
        self._reconfigured()

    def set_remote_span(self, vlans: Iterable[int]) -> None:
        """These VLANs carry copies: trunks flood them, nothing is learnt in them, and access ports have no part."""
        self._remote_span = frozenset(vlans)
        for vlan in self._remote_span:
            self.flush(vlan=vlan)
        self._reconfigured()

    def set_span_destination(self, port: int, monitoring: bool, ingress: PortMode | None = None) -> None:
        """A SPAN destination forwards no frames of the bridge, and takes none either, unless it is said how; then it
        learns nothing from them."""
        self._ports[port].span_destination = monitoring
        self._ports[port].ingress = ingress if monitoring else None
        if monitoring:
            self.flush(port=port)
        self._reconfigured()

    def set_protected(self, port: int, protected: bool) -> None:
        """Protected ports send each other nothing."""
        if self._ports[port].protected != protected:
            self._ports[port].protected = protected
            self._reconfigured()

    def set_state(self, port: int, vlan: int, *, learning: bool, forwarding: bool) -> None:
        """What a port may do in a VLAN (802.1D §7.4: blocking, listening, learning, forwarding). Default: both."""
        self._states[port, vlan] = (learning, forwarding)
        self._reconfigured()

    def set_ageing(self, seconds: float, now: float, by_vlan: Mapping[int, float] | None = None) -> None:
        """How long a silent station is remembered, in some VLANs differently; 0: for ever."""
        if (seconds, by_vlan or {}) != (self.ageing, self._ages):
            self.ageing, self._ages = seconds, dict(by_vlan or {})
            self._sweep = now
            self._reconfigured()

    def _age(self, vlan: int) -> float:
        return self._ages.get(vlan, self.ageing)

    def forwarding(self, vlan: int) -> Mapping[int, bool]:
        """The ports through which frames of a VLAN may leave -> whether they get a tag there."""
        return self._vlan_members(vlan) if vlan in self._vlans else {}

    def _reconfigured(self) -> None:
        self.revision += 1
        self._members.clear()
        self._memory.clear()

    # Traffic.

    def receive(self, port: int, frames: Sequence[bytes], now: float) -> dict[int, list[bytes]]:
        """Frames (without FCS) that came in by ``port`` -> frames to send by port, in the order of arrival.

        What goes nowhere is counted as a drop or put into :attr:`control`.
        """
        out: dict[int, list[bytes]] = {}
        head: bytes | None = None
        decision: _Decision = None
        for frame in frames:
            if frame[:_DECIDING] != head or len(frame) < _TAGGED_HEADER:
                decision = self._decide(port, frame, now)
                head = frame[:_DECIDING] if len(frame) >= _TAGGED_HEADER else None
            if decision is None:
                self.control.append((port, frame))
            elif isinstance(decision, Drop):
                self._drops.count(decision)
            else:
                for skip, tag, ports in decision:
                    copy = frame[:12] + tag + frame[skip:] if skip else frame
                    for number in ports:
                        bucket = out.get(number)
                        if bucket is None:
                            out[number] = [copy]
                        else:
                            bucket.append(copy)
        return out

    def forward(self, port: int, frame: bytes, now: float) -> list[tuple[int, bytes]]:
        """:meth:`receive` for one frame: (port, frame) for each copy."""
        return [(number, copy) for number, copies in self.receive(port, [frame], now).items() for copy in copies]

    # The table of stations.

    def set_statics(self, statics: Mapping[tuple[int, bytes], int]) -> None:
        """(VLAN, address) -> port: entries that never age and that no frame moves; those that were before, and are not
        among them, go. In a VLAN that does not exist they wait for it."""
        for vlan, mac in self._statics.keys() - statics.keys():
            self.remove_static(vlan, mac)
        for (vlan, mac), port in statics.items():
            station = self._stations.get(vlan, {}).get(mac)
            if vlan in self._vlans and (station is None or station.port != port or station.seen != inf):
                self.add_static(vlan, mac, port)
        self._statics = dict(statics)

    def add_static(self, vlan: int, mac: bytes, port: int) -> None:
        """An entry that never ages and that no frame moves."""
        table = self._stations.setdefault(vlan, {})
        self._count += mac not in table
        table[mac] = _Station(port, inf)
        self._memory.clear()

    def remove_static(self, vlan: int, mac: bytes) -> bool:
        """False when there is no such static entry."""
        station = self._stations.get(vlan, {}).get(mac)
        if station is None or station.seen != inf:
            return False
        self._remove(vlan, mac)
        return True

    def flush(self, *, port: int | None = None, vlan: int | None = None, mac: bytes | None = None) -> None:
        """Forget what was learnt, on one port or all, in one VLAN or all, of one station or all."""
        for number, table in self._stations.items():
            if vlan in (None, number):
                for known, at in list(table.items()):
                    if port in (None, at.port) and mac in (None, known) and at.seen != inf:
                        self._remove(number, known)

    def entries(self, now: float) -> list[MacView]:
        """The table by VLAN and address, without what is too old."""
        return [
            MacView(vlan, mac, at.port, None if at.seen == inf else now - at.seen)
            for vlan, table in sorted(self._stations.items())
            for mac, at in sorted(table.items(), key=lambda item: item[0])
            if not _too_old(at, self._age(vlan), now)
        ]

    def __len__(self) -> int:
        """Addresses held, those too old but not yet swept out included."""
        return self._count

    # Time.

    def next_deadline(self) -> float | None:
        """When old entries should be swept out. Look-ups ignore them before that."""
        return None if self._sweep == inf else self._sweep

    def handle_timer(self, now: float) -> None:
        if now < self._sweep:
            return
        self._sweep = inf
        for vlan, table in self._stations.items():
            age = self._age(vlan)
            for mac, at in list(table.items()):
                if _too_old(at, age, now):
                    self._remove(vlan, mac)
                elif age:
                    self._sweep = min(self._sweep, at.seen + age)

    # Decisions.

    def _decide(self, port: int, frame: bytes, now: float) -> _Decision:
        """What becomes of a frame from ``port``; its source is learnt on the way."""
        if len(frame) < _TAGGED_HEADER:  # never on a real wire; and its tag, if it has one, is cut
            return self._work_out(port, frame, now).decision
        key = port, frame[:_DECIDING]
        memory = self._memory.get(key)
        if memory is not None and (memory.destination is None or not _too_old(memory.destination, memory.age, now)):
            if memory.source is not None:
                memory.source.seen = now
            return memory.decision
        memory = self._work_out(port, frame, now)
        if len(self._memory) >= _MEMORY_LIMIT:
            self._memory.clear()
        self._memory[key] = memory
        return memory.decision

    def _work_out(self, port: int, frame: bytes, now: float) -> _Memory:
        refusal = self._refusal(port, frame)
        if refusal is not None:
            return _Memory(refusal, None, None)
        if (frame[:5] == _RESERVED_PREFIX and frame[5] < 0x10) or frame[:6] == GROUP:
            return _Memory(None, None, None)
        entry = self._ports[port]
        ingress = self._classify(entry.ingress or entry.mode, frame)
        if isinstance(ingress, Drop):
            return _Memory(ingress, None, None)
        learning, forwarding = self._states.get((port, ingress.vlan), (True, True))
        if entry.ingress is not None:
            learning, forwarding = False, True
        elif ingress.vlan in self._remote_span:
            learning = False
        source = self._learn(ingress.vlan, frame[6:12], port, now) if learning else None
        if not forwarding:
            return _Memory(Drop.BRIDGE_BLOCKED, source, None)
        destination = None
        if not frame[0] & 1:
            destination = self._stations.get(ingress.vlan, {}).get(frame[:6])
            if destination is not None and _too_old(destination, self._age(ingress.vlan), now):
                self._remove(ingress.vlan, frame[:6])  # so that it is news when the station speaks again
                destination = None
        decision = self._egress(port, ingress, destination, bool(frame[0] & 1))
        return _Memory(decision, source, destination, self._age(ingress.vlan))

    def _refusal(self, port: int, frame: bytes) -> Drop | None:
        """Why a frame may not even be looked at in its VLAN."""
        if not self._ports[port].up:
            return Drop.PORT_DOWN
        if self._ports[port].span_destination and self._ports[port].ingress is None:
            return Drop.SPAN_DESTINATION
        if len(frame) < _HEADER:
            return Drop.ETHERNET_MALFORMED
        return Drop.BRIDGE_BAD_SOURCE if frame[6] & 1 else None

    def _classify(self, mode: PortMode | HostPort, frame: bytes) -> _Ingress | Drop:
        """The VLAN of a frame (802.1Q §6.9). VID 0 is a priority alone: the frame counts as untagged."""
        vid, skip, priority = 0, 12, 0
        if frame[12:14] == _TPID:
            if len(frame) < _TAGGED_HEADER:
                return Drop.ETHERNET_MALFORMED
            tci = frame[14] << 8 | frame[15]
            vid, skip, priority = tci & 0x0FFF, 16, tci & 0xF000
        if not isinstance(mode, TrunkPort):
            vlan = vid if isinstance(mode, AccessPort) and mode.voice == vid and vid else mode.vlan
            if vid not in (0, vlan) or vlan in self._remote_span:
                return Drop.BRIDGE_VLAN_NOT_ALLOWED
        else:
            vlan = vid or mode.native
            if vlan > VLAN_MAX or not mode.carries(vlan):
                return Drop.BRIDGE_VLAN_NOT_ALLOWED
        if vlan not in self._vlans:
            return Drop.BRIDGE_UNKNOWN_VLAN
        return _Ingress(vlan, skip, priority)

    def _learn(self, vlan: int, mac: bytes, port: int, now: float) -> _Station | None:
        """The entry that says that ``mac`` was heard at ``port`` just now; None: it is static, or the table full."""
        table = self._stations.setdefault(vlan, {})
        station = table.get(mac)
        if station is None:
            if self._count >= CAPACITY:
                return None
            station = table[mac] = _Station(port, now)
            self._count += 1
            if age := self._age(vlan):
                self._sweep = min(self._sweep, now + age)
            self._memory.clear()
        elif station.seen == inf:
            return None
        elif station.port != port:
            station.port = port
            self._memory.clear()
        station.seen = now
        return station

    def _egress(self, port: int, ingress: _Ingress, station: _Station | None, group: bool) -> _Decision:
        members = self._vlan_members(ingress.vlan)
        if station is None:
            targets = [number for number in members if number != port and (group or not self._is_host(number))]
        elif station.port == port:
            return Drop.BRIDGE_SAME_PORT
        else:
            targets = [station.port] if station.port in members else []
        if self._ports[port].protected:
            targets = [number for number in targets if not self._ports[number].protected]
        if not targets:
            return Drop.BRIDGE_NO_OUTPUT
        arrived_tagged = ingress.skip == 16
        plain = tuple(number for number in targets if not members[number])
        tagged = tuple(number for number in targets if members[number])
        copies = []
        if plain:
            copies.append(_Copy(16 if arrived_tagged else 0, b"", plain))
        if tagged:
            tci = ingress.priority | ingress.vlan
            copies.append(_Copy(ingress.skip, _TPID + tci.to_bytes(2, "big"), tagged))
        return tuple(copies)

    def _vlan_members(self, vlan: int) -> dict[int, bool]:
        """The ports through which frames of a VLAN may leave -> whether they get a tag there."""
        members = self._members.get(vlan)
        if members is None:
            members = self._members[vlan] = {
                number: _is_tagged(port.mode, vlan)
                for number, port in self._ports.items()
                if port.up
                and not port.span_destination
                and self._is_member(port.mode, vlan)
                and self._states.get((number, vlan), (True, True))[1]
            }
        return members

    def _is_host(self, port: int) -> bool:
        return isinstance(self._ports[port].mode, HostPort)

    def _is_member(self, mode: PortMode | HostPort, vlan: int) -> bool:
        if isinstance(mode, TrunkPort):
            return mode.carries(vlan)
        return vlan in (mode.vlan, getattr(mode, "voice", None)) and vlan not in self._remote_span

    def _remove(self, vlan: int, mac: bytes) -> None:
        del self._stations[vlan][mac]
        self._count -= 1
        self._memory.clear()


def _too_old(station: _Station, age: float, now: float) -> bool:
    return age > 0 and now - station.seen >= age


def _is_tagged(mode: PortMode | HostPort, vlan: int) -> bool:
    """Whether frames of a VLAN leave with a tag."""
    if isinstance(mode, TrunkPort):
        return mode.native != vlan
    return mode.vlan != vlan
