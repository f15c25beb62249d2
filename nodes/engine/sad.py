"""The IPsec databases of a router: crypto maps (the SPD) and security associations (the SAD) (RFC 4301 §4.4).

It decides, counts and keeps time; packets are sealed and opened elsewhere, and IKE makes the associations. The order is
that of IOS: :meth:`Sad.outbound` looks an outbound packet up, after routing, in the crypto map of its egress interface.
An inbound ESP packet finds its association by SPI, and :meth:`Sad.inbound_opened` checks what comes out of it. A packet
in the clear is checked by :meth:`Sad.inbound_clear`, for a map also says what may not arrive unprotected. IKE to and
from the router itself is exempt from maps: its caller asks about all other packets only.

Associations come in pairs, one each way, named by the inbound SPI. Of several pairs for the same traffic the newest is
used outbound; the older ones still receive until they end. Near the end of a lifetime, in seconds or kilobytes, the
device is asked to have the pair renewed, and at the end to have it removed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, NamedTuple, Protocol

from nodes.base.drops import Drop, DropCounters
from nodes.esp.association import Association, Direction, Proxies

#: Seconds before the end of a lifetime at which the initiator of a pair has it renewed, at most half of the lifetime;
#: the responder waits until three quarters of that are over. IKE can send everything six times in a minute.
RENEWAL_MARGIN: Final = 60.0
RESPONDER_FACTOR: Final = 0.75
#: Parts of the kilobytes, and of the sequence numbers, after which a pair is renewed.
RENEWAL_VOLUME: Final = 0.8
RESPONDER_VOLUME: Final = 0.85
SEQUENCE_MAX: Final = 0xFFFFFFFF
KILOBYTE: Final = 1024
#: The least path MTU that is believed, and for how many seconds (IOS: ten minutes).
PATH_MTU_MIN: Final = 256
PATH_MTU_AGE: Final = 600.0


class Packet(NamedTuple):
    """What selectors look at. Ports are 0 where there are none."""

    source: int
    destination: int
    protocol: int
    source_port: int = 0
    destination_port: int = 0

    @property
    def mirrored(self) -> Packet:
        """The packet as its answer would look."""
        return Packet(self.destination, self.source, self.protocol, self.destination_port, self.source_port)


class TrafficList(Protocol):
    """The access list of a crypto map entry."""

    def find(self, packet: Packet, *, count: bool) -> Proxies | None:
        """The proxies of the permit line that decides over an outbound packet; None when it is denied, or unmatched.

        ``count``: it is a packet on its way out, which the list's counters shall show.
        """


@dataclass(frozen=True, slots=True)
class MapEntry:
    """An entry of a crypto map. ``peers`` is empty, or ``traffic`` None, in one that is not complete."""

    map_name: str
    sequence: int
    peers: tuple[int, ...]
    traffic: TrafficList | None

    @property
    def complete(self) -> bool:
        return bool(self.peers) and self.traffic is not None


class Bypass(NamedTuple):
    """No entry protects the packet: it goes out as it is."""


class Protect(NamedTuple):
    """Seal the packet under the outbound SA of this pair."""

    pair: int


class Acquire(NamedTuple):
    """An entry protects the packet and there is no SA: drop it, and have IKE negotiate for these proxies."""

    entry: MapEntry
    proxies: Proxies


Decision = Bypass | Protect | Acquire
_BYPASS: Final = Bypass()


class Renew(NamedTuple):
    """The pair is near the end of its life."""

    pair: int


class Expire(NamedTuple):
    """The pair is at the end of its life: neither of its SAs may be used any more."""

    pair: int


Effect = Renew | Expire


@dataclass(slots=True)
class Traffic:
    """Counters of one SA. ``octets`` are those of the packets inside the tunnel."""

    packets: int = 0
    octets: int = 0
    errors: int = 0


@dataclass(slots=True, eq=False)
class SaPair:
    """Both directions of protected traffic. ``outbound`` is None until the peer has confirmed.

    Lifetimes as negotiated; ``kilobytes`` 0 is no limit. Connection ids are those that consoles show.
    """

    inbound: Association
    proxies: Proxies
    peer: int
    interface: str
    map_name: str
    sequence: int
    initiator: bool
    seconds: int
    kilobytes: int
    installed_at: float
    inbound_id: int
    inbound_traffic: Traffic
    outbound_traffic: Traffic
    outbound: Association | None = None
    outbound_id: int = 0
    pfs_group: int | None = None
    path_mtu: int | None = None
    """What a router on the way said that it can carry (RFC 1191), until ``path_mtu_until``; outer headers included."""
    path_mtu_until: float = 0.0
    last_sequence: int = 0
    """The highest sequence number that came in and was authentic, as the one who has the window tells it."""
    renewed: bool = False
    expired: bool = False

    def room(self, mtu: int, now: float) -> int:
        """Octets that a sealed packet may have on its way over an interface with this MTU."""
        return mtu if self.path_mtu is None or now >= self.path_mtu_until else min(mtu, self.path_mtu)

    @property
    def spi(self) -> int:
        return self.inbound.spi

    @property
    def expires_at(self) -> float:
        return self.installed_at + self.seconds

    @property
    def renew_at(self) -> float:
        margin = min(RENEWAL_MARGIN, self.seconds / 2)
        return self.expires_at - margin * (1.0 if self.initiator else RESPONDER_FACTOR)

    def used(self, direction: Direction) -> int:
        """Octets that went one way."""
        return (self.inbound_traffic if direction is Direction.INBOUND else self.outbound_traffic).octets

    def remaining(self, direction: Direction, now: float) -> tuple[int, int]:
        """(kilobytes, seconds) that an SA has left; 0 kilobytes also when there is no limit."""
        kilobytes = max(0, self.kilobytes - self.used(direction) // KILOBYTE) if self.kilobytes else 0
        return kilobytes, max(0, int(self.expires_at - now))


class Counters:
    """Counters of one proxy identity, over all its SAs: what ``show crypto ipsec sa`` shows."""

    __slots__ = ("decaps", "encaps", "reasons", "recv_errors", "send_errors")

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.encaps = self.decaps = self.send_errors = self.recv_errors = 0
        #: How many of the errors had which reason.
        self.reasons: dict[Drop, int] = {}

    def failed(self, reason: Drop, packets: int = 1) -> None:
        self.reasons[reason] = self.reasons.get(reason, 0) + packets


class IdentityView(NamedTuple):
    """A proxy identity under an interface, with its pairs (the newest first); for show commands."""

    interface: str
    map_name: str
    sequence: int
    proxies: Proxies
    peer: int
    encaps: int
    decaps: int
    send_errors: int
    recv_errors: int
    pairs: tuple[SaPair, ...]
    reasons: Mapping[Drop, int] = MappingProxyType({})
    """How many of the errors had which reason."""


class Sad:
    """SPD and SAD of one router. Times are monotonic seconds; drops are counted by name in ``drops``."""

    def __init__(self, drops: DropCounters | None = None) -> None:
        self.drops = drops if drops is not None else DropCounters()
        self._maps: Mapping[str, Sequence[MapEntry]] = {}
        self._pairs: dict[int, SaPair] = {}
        self._by_proxies: dict[tuple[str, str, int, Proxies], list[SaPair]] = {}
        self._counters: dict[tuple[str, str, int, Proxies], Counters] = {}
        self._effects: list[Effect] = []

    # Configuration and associations ----------------------------------------------------------------------------------

    def configure(self, maps: Mapping[str, Iterable[MapEntry]]) -> None:
        """Interface -> entries of the crypto map applied there. Pairs stay until they are removed."""
        self._maps = {
            name: tuple(sorted((entry for entry in entries if entry.complete), key=lambda entry: entry.sequence))
            for name, entries in maps.items()
        }

    def install(
        self,
        association: Association,
        pair: int,
        proxies: Proxies,
        peer: int,
        lifetime: tuple[int, int],
        connection_id: int,
        owner: tuple[str, str, int],
        now: float,
        *,
        initiator: bool,
        pfs_group: int | None = None,
    ) -> None:
        """Take one direction of a pair into use: first the inbound one, whose SPI is ``pair``.

        ``lifetime`` is (seconds, kilobytes), ``owner`` (interface, crypto map, sequence). Raises ValueError for an
        outbound SA without its inbound one, and for an SPI in use.
        """
        if association.direction is Direction.OUTBOUND:
            existing = self._pairs.get(pair)
            if existing is None or existing.outbound is not None:
                raise ValueError(f"no pair {pair:#x} waits for an outbound SA")
            existing.outbound, existing.outbound_id = association, connection_id
            return
        if pair in self._pairs or pair != association.spi:
            raise ValueError(f"SPI {association.spi:#x} cannot begin pair {pair:#x}")
        record = SaPair(
            association,
            proxies,
            peer,
            *owner,
            initiator,
            *lifetime,
            now,
            connection_id,
            Traffic(),
            Traffic(),
            pfs_group=pfs_group,
        )
        self._pairs[pair] = record
        key = (*owner, proxies)
        self._by_proxies.setdefault(key, []).append(record)
        self._counters.setdefault(key, Counters())

    def remove(self, pair: int) -> SaPair | None:
        """Forget a pair; the record that was kept, or None. Counters of its traffic stay, as on IOS."""
        record = self._pairs.pop(pair, None)
        if record is not None:
            key = _key(record)
            self._by_proxies[key].remove(record)
            if not self._by_proxies[key]:
                del self._by_proxies[key]
        return record

    def pair(self, spi: int) -> SaPair | None:
        """The pair with this inbound SPI."""
        return self._pairs.get(spi)

    def too_big(self, spi: int, peer: int, mtu: int, now: float) -> bool:
        """A router on the way to a peer cannot carry our ESP packets with this (outbound) SPI (RFC 4301 §8.2.1)."""
        for record in self._pairs.values():
            if record.outbound is not None and (record.outbound.spi, record.peer) == (spi, peer):
                # Anybody can say so: not below what every link carries (RFC 791), and not for ever (RFC 1191 §6.3).
                record.path_mtu = max(mtu, PATH_MTU_MIN)
                record.path_mtu_until = now + PATH_MTU_AGE
                return True
        return False

    # Packets ---------------------------------------------------------------------------------------------------------

    def outbound(self, interface: str, packet: Packet) -> Decision:
        """What to do with a packet that leaves by an interface, after routing."""
        for entry in self._maps.get(interface, ()):
            assert entry.traffic is not None
            proxies = entry.traffic.find(packet, count=True)
            if proxies is None:
                continue
            record = self._current((interface, entry.map_name, entry.sequence, proxies))
            if record is not None:
                return Protect(record.spi)
            self.drops.count(Drop.IPSEC_NO_SA)
            counters = self._counters.setdefault((interface, entry.map_name, entry.sequence, proxies), Counters())
            counters.send_errors += 1
            counters.failed(Drop.IPSEC_NO_SA)
            return Acquire(entry, proxies)
        return _BYPASS

    def inbound_clear(self, interface: str, packet: Packet) -> bool:
        """Whether a packet may come in unprotected: no entry of the interface's map protects its answers.

        A packet that may not is counted as a drop; the device logs RECVD_PKT_NOT_IPSEC.
        """
        for entry in self._maps.get(interface, ()):
            assert entry.traffic is not None
            if entry.traffic.find(packet.mirrored, count=False) is not None:
                self.drops.count(Drop.IPSEC_CLEARTEXT)
                return False
        return True

    def inbound(self, spi: int, destination: int) -> SaPair | None:
        """The pair that an ESP packet for our address ``destination`` came for; None is counted as unknown SPI."""
        record = self._pairs.get(spi)
        if record is None or record.inbound.destination != destination or record.expired:
            self.drops.count(Drop.ESP_UNKNOWN_SPI)
            return None
        return record

    def inbound_opened(self, spi: int, packet: Packet) -> bool:
        """Whether a packet that came out of an SA is of the traffic that the SA is for (RFC 4301 §5.2 step 4)."""
        record = self._pairs.get(spi)
        if record is not None and record.proxies.matches(
            packet.destination, packet.source, packet.protocol, packet.destination_port, packet.source_port
        ):
            return True
        self.drops.count(Drop.IPSEC_POLICY)
        if record is not None:
            counters = self._counters[_key(record)]
            counters.recv_errors += 1
            counters.failed(Drop.IPSEC_POLICY)
        return False

    def sealed(self, pair: int, packets: int, octets: int) -> None:
        """Packets went out under a pair; ``octets`` are those of the packets inside."""
        record = self._pairs.get(pair)
        if record is not None:
            self._counters[_key(record)].encaps += packets
            self._count(record, record.outbound_traffic, packets, octets)

    def opened(self, spi: int, packets: int, octets: int) -> None:
        """Packets came in under a pair and were authenticated and decrypted."""
        record = self._pairs.get(spi)
        if record is not None:
            self._counters[_key(record)].decaps += packets
            self._count(record, record.inbound_traffic, packets, octets)

    def failed(self, pair: int, direction: Direction, packets: int = 1, reason: Drop | None = None) -> None:
        """Packets could not be sealed, or not be opened, for a reason that was counted as a drop already."""
        record = self._pairs.get(pair)
        if record is None:
            return
        counters = self._counters[_key(record)]
        if reason is not None:
            counters.failed(reason, packets)
        if direction is Direction.OUTBOUND:
            counters.send_errors += packets
            record.outbound_traffic.errors += packets
        else:
            counters.recv_errors += packets
            record.inbound_traffic.errors += packets

    def _count(self, record: SaPair, traffic: Traffic, packets: int, octets: int) -> None:
        traffic.packets += packets
        traffic.octets += octets
        share = RENEWAL_VOLUME if record.initiator else RESPONDER_VOLUME
        limit = record.kilobytes * KILOBYTE
        if (limit and traffic.octets >= limit) or record.outbound_traffic.packets >= SEQUENCE_MAX:
            self._expire(record)
        elif (limit and traffic.octets >= limit * share) or record.outbound_traffic.packets >= SEQUENCE_MAX * share:
            self._renew(record)

    # Time ------------------------------------------------------------------------------------------------------------

    def next_deadline(self) -> float | None:
        return min(self._deadlines(), default=None)

    def _deadlines(self) -> Iterator[float]:
        for record in self._pairs.values():
            if not record.expired:
                yield record.expires_at if record.renewed else record.renew_at

    def handle_timer(self, now: float) -> None:
        for record in list(self._pairs.values()):
            if record.expires_at <= now:
                self._expire(record)
            elif record.renew_at <= now:
                self._renew(record)

    def drain(self) -> list[Effect]:
        """Which pairs are to be renewed, and which to be removed, by whoever made them."""
        effects, self._effects = self._effects, []
        return effects

    def _renew(self, record: SaPair) -> None:
        if not record.renewed:
            record.renewed = True
            self._effects.append(Renew(record.spi))

    def _expire(self, record: SaPair) -> None:
        if not record.expired:
            record.renewed = record.expired = True
            self._effects.append(Expire(record.spi))

    # Show ------------------------------------------------------------------------------------------------------------

    def pairs(self) -> tuple[SaPair, ...]:
        return tuple(self._pairs.values())

    def identities(self) -> tuple[IdentityView, ...]:
        """Every proxy identity that has SAs or counters, in order of its interface and crypto map."""
        views = []
        for key in sorted(self._counters, key=lambda item: item[:3]):
            counters = self._counters[key]
            pairs = tuple(reversed(self._by_proxies.get(key, ())))
            peer = pairs[0].peer if pairs else self._peer_of(key)
            numbers = counters.encaps, counters.decaps, counters.send_errors, counters.recv_errors
            views.append(IdentityView(*key, peer, *numbers, pairs, dict(counters.reasons)))
        return tuple(views)

    def clear_counters(self) -> None:
        """``clear crypto sa counters``"""
        for counters in self._counters.values():
            counters.clear()

    def _peer_of(self, key: tuple[str, str, int, Proxies]) -> int:
        interface, map_name, sequence, _ = key
        for entry in self._maps.get(interface, ()):
            if (entry.map_name, entry.sequence) == (map_name, sequence):
                return entry.peers[0]
        return 0

    def _current(self, key: tuple[str, str, int, Proxies]) -> SaPair | None:
        """The pair to send with: the newest that is complete."""
        for record in reversed(self._by_proxies.get(key, ())):
            if record.outbound is not None and not record.expired:
                return record
        return None


def _key(record: SaPair) -> tuple[str, str, int, Proxies]:
    return record.interface, record.map_name, record.sequence, record.proxies
