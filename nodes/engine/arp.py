"""Address resolution (RFC 826) for all interfaces of one device.

Theory of operation. An entry is keyed by (interface, IPv4 address) and is in one of these states:

    INCOMPLETE   a request was sent and no answer has come; ``resolve`` gives None
    REACHABLE    the MAC address is known and fresh
    REFRESHING   still usable, but old: the station is asked again, by unicast (RFC 1122 §2.3.2.1)
    STATIC       configured; traffic never changes it

    on the timer        from           to
    ------------------  -------------  ----------------------------------------------------------------
    tries are left      INCOMPLETE     INCOMPLETE: ask again (broadcast)
    no tries are left   INCOMPLETE     gone; waiting packets are given up
    nearly too old      REACHABLE      REFRESHING: ask; or gone, when nobody used it and the policy says so
    tries are left      REFRESHING     REFRESHING: ask again
    no tries are left   REFRESHING     gone

Any ARP packet from the station makes its entry REACHABLE. An entry is *made* only by our own wish to send or by a
packet whose target address is ours (RFC 826, packet reception); a gratuitous ARP therefore updates, it never creates.

Requests leave at most once per ``retry_interval`` and address, because an entry in need of an answer is driven by the
timer alone, however many packets ask for it.

Policies differ: a router drops the packet that finds no entry (the caller does, on None), a host lets it wait, and so
does a router with its own IKE messages: :meth:`ArpTable.wait` after ``resolve`` gave None. The queue is bounded and the
oldest packet gives way, since RFC 1122 §2.3.2.2 asks to save the latest.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from math import inf
from typing import Final, Generic, NamedTuple, TypeVar

from nodes.base.addr import BROADCAST_MAC, IPV4_MAX, ZERO_MAC, is_multicast
from nodes.base.drops import Drop, DropCounters
from nodes.wire import arp as wire
from nodes.wire.arp import Arp

P = TypeVar("P")  # a waiting packet, whatever the device makes of it

CAPACITY: Final = 4096  # entries of a device; more are refused and counted


@dataclass(frozen=True, slots=True)
class ArpPolicy:
    """``lifetime`` and ``retry_interval`` in seconds; an answer is awaited for ``tries`` intervals.

    ``refresh_unused``: ask again for old entries that nothing has used (IOS does; hosts let them go).
    """

    lifetime: float
    refresh_unused: bool
    retry_interval: float = 1.0
    tries: int = 3
    queue_limit: int = 8


ROUTER: Final = ArpPolicy(lifetime=4 * 3600.0, refresh_unused=True)
HOST: Final = ArpPolicy(lifetime=60.0, refresh_unused=False)


class EntryState(Enum):
    INCOMPLETE = "incomplete"
    REACHABLE = "reachable"
    REFRESHING = "refreshing"
    STATIC = "static"
    OWN = "own"  # only in views: an address of this device


class SendArp(NamedTuple):
    """Put ``arp`` into a frame to ``destination`` and send it out of ``interface``."""

    interface: int
    destination: bytes
    arp: Arp


class Release(NamedTuple, Generic[P]):
    """The answer came: send these packets, oldest first, to ``mac``."""

    interface: int
    address: int
    mac: bytes
    packets: tuple[P, ...]


class GaveUp(NamedTuple, Generic[P]):
    """Nobody answered. The packets are lost and already counted (ARP_INCOMPLETE); their sender may be told."""

    interface: int
    address: int
    packets: tuple[P, ...]


class DuplicateAddress(NamedTuple):
    """Another station (``mac``) says that it has our ``address``."""

    interface: int
    address: int
    mac: bytes


class ArpView(NamedTuple):
    """One line of ``show arp``. ``age`` in whole minutes; None for entries that do not age."""

    interface: int
    address: int
    mac: bytes | None
    age: int | None
    state: EntryState


@dataclass(slots=True, eq=False)
class _Entry(Generic[P]):
    state: EntryState
    mac: bytes | None = None
    confirmed: float = 0.0  # when the station was last heard
    tries: int = 0  # requests sent since then
    deadline: float = inf
    used: bool = False
    waiting: deque[P] = field(default_factory=deque)


class _Interface(NamedTuple):
    mac: bytes
    addresses: tuple[int, ...]  # primary first
    masks: tuple[int, ...]

    def towards(self, target: int) -> int:
        """The address that a question about ``target`` bears: the one in its network, else the primary one."""
        for address, mask in zip(self.addresses, self.masks, strict=False):
            if not (address ^ target) & mask:
                return address
        return self.addresses[0]


_Key = tuple[int, int]


class ArpTable(Generic[P]):
    """The ARP cache of one device. Interfaces are numbers of the caller's choice; only those that are up take part."""

    def __init__(self, policy: ArpPolicy, drops: DropCounters) -> None:
        self.policy = policy
        self._drops = drops
        self._interfaces: dict[int, _Interface] = {}
        self._entries: dict[_Key, _Entry[P]] = {}
        self._effects: list[SendArp | Release[P] | GaveUp[P] | DuplicateAddress] = []
        self._wake = inf  # not after the first deadline; may be before it

    # Configuration.

    def interface_up(self, interface: int, mac: bytes, addresses: Iterable[int], masks: Iterable[int] = ()) -> None:
        """The interface has carrier and these addresses, primary first; new ones are announced (RFC 5227 §3).

        ``masks`` are those of the addresses, where there are several. To be called again when the addresses change.
        """
        known = self._interfaces.get(interface)
        self._interfaces[interface] = _Interface(mac, tuple(addresses), tuple(masks))
        for address in self._interfaces[interface].addresses:
            if known is None or known.mac != mac or address not in known.addresses:
                self._send(interface, BROADCAST_MAC, wire.gratuitous(mac, address))
            self._forget((interface, address))

    def interface_down(self, interface: int) -> None:
        """Everything learnt on the interface is forgotten; what waited there is lost (PORT_DOWN)."""
        self._interfaces.pop(interface, None)
        for key in [key for key in self._entries if key[0] == interface]:
            self._forget(key, Drop.PORT_DOWN)

    def set_statics(self, statics: Mapping[tuple[int, int], bytes]) -> None:
        """(interface, address) -> MAC address: entries that no traffic changes; those that were before, and are not
        among them, go."""
        for key in [key for key, entry in self._entries.items() if entry.state is EntryState.STATIC]:
            if key not in statics:
                self.remove_static(*key)
        for key, mac in statics.items():
            entry = self._entries.get(key)
            if entry is None or entry.state is not EntryState.STATIC or entry.mac != mac:
                self.add_static(*key, mac)

    def add_static(self, interface: int, address: int, mac: bytes) -> None:
        entry = self._entries.get((interface, address))
        waiting = entry.waiting if entry is not None else ()
        self._entries[interface, address] = _Entry(EntryState.STATIC, mac)
        if waiting:
            self._effects.append(Release(interface, address, mac, tuple(waiting)))

    def remove_static(self, interface: int, address: int) -> bool:
        """False when there is no such static entry."""
        entry = self._entries.get((interface, address))
        if entry is None or entry.state is not EntryState.STATIC:
            return False
        del self._entries[interface, address]
        return True

    def clear(self, interface: int | None = None) -> None:
        """Forget what was learnt, on one interface or on all; what waited is lost (ARP_INCOMPLETE)."""
        for key in [key for key in self._entries if interface in (None, key[0])]:
            self._forget(key)

    # Traffic.

    def resolve(self, interface: int, address: int, now: float) -> bytes | None:
        """The MAC address of a neighbour; None: not known (yet). A request is then under way, if one may be sent.

        On None the caller drops the packet and counts ARP_INCOMPLETE, or has it :meth:`wait`.
        """
        entry = self._entries.get((interface, address))
        if entry is not None:
            entry.used = True
            return entry.mac
        if interface in self._interfaces:
            entry = self._make((interface, address))
            if entry is not None:
                entry.used = True
                self._ask((interface, address), entry, now)
        return None

    def wait(self, interface: int, address: int, packet: P) -> None:
        """Keep a packet for which ``resolve`` just gave None until Release or GaveUp; the oldest gives way."""
        entry = self._entries.get((interface, address))
        if entry is None or entry.state is not EntryState.INCOMPLETE or self.policy.queue_limit < 1:
            self._drops.count(Drop.ARP_INCOMPLETE)  # no entry: the interface is down, or the table full
            return
        if len(entry.waiting) >= self.policy.queue_limit:
            entry.waiting.popleft()
            self._drops.count(Drop.ARP_QUEUE_FULL)
        entry.waiting.append(packet)

    def receive(self, interface: int, arp: Arp, now: float) -> None:
        """An ARP packet came in (RFC 826, "Packet Reception")."""
        own = self._interfaces.get(interface)
        if own is None or arp.sender_mac == own.mac or arp.op not in (wire.REQUEST, wire.REPLY):
            return
        if not _is_station(arp.sender_mac) or arp.sender_ip == IPV4_MAX or is_multicast(arp.sender_ip):
            self._drops.count(Drop.ARP_BAD_SENDER)
            return
        for_us = arp.target_ip in own.addresses
        if arp.sender_ip in own.addresses:
            self._effects.append(DuplicateAddress(interface, arp.sender_ip, arp.sender_mac))
        elif arp.sender_ip:  # a probe has no sender address to learn (RFC 5227 §2.1.1)
            self._merge((interface, arp.sender_ip), arp.sender_mac, for_us, now)
        if for_us and arp.op == wire.REQUEST:
            self._send(interface, arp.sender_mac, wire.reply(arp, own.mac))

    def drain(self) -> list[SendArp | Release[P] | GaveUp[P] | DuplicateAddress]:
        """What has to happen since the last drain, in order."""
        effects, self._effects = self._effects, []
        return effects

    # Time.

    def next_deadline(self) -> float | None:
        return None if self._wake == inf else self._wake

    def handle_timer(self, now: float) -> None:
        if now < self._wake:
            return
        for key, entry in list(self._entries.items()):
            if entry.deadline <= now:
                self._timed_out(key, entry, now)
        self._wake = min((entry.deadline for entry in self._entries.values()), default=inf)

    # Views.

    def entries(self, now: float) -> list[ArpView]:
        """Everything in the table and the device's own addresses, by interface and address."""
        views = [
            ArpView(number, address, interface.mac, None, EntryState.OWN)
            for number, interface in self._interfaces.items()
            for address in interface.addresses
        ]
        for (number, address), entry in self._entries.items():
            ages = entry.state in (EntryState.REACHABLE, EntryState.REFRESHING)
            age = int((now - entry.confirmed) // 60) if ages else None
            views.append(ArpView(number, address, entry.mac, age, entry.state))
        return sorted(views, key=lambda view: view[:2])

    def __len__(self) -> int:
        """Entries, without the device's own addresses."""
        return len(self._entries)

    # Transitions.

    def _merge(self, key: _Key, mac: bytes, for_us: bool, now: float) -> None:
        entry = self._entries.get(key)
        if entry is None:
            entry = self._make(key) if for_us else None
            if entry is None:
                return
        if entry.state is EntryState.STATIC:
            return
        entry.state = EntryState.REACHABLE
        entry.mac = mac
        entry.confirmed = now
        entry.tries = 0
        entry.used = False
        self._set_deadline(entry, now + self.policy.lifetime - self._patience)
        if entry.waiting:
            self._effects.append(Release(*key, mac, tuple(entry.waiting)))
            entry.waiting.clear()

    def _timed_out(self, key: _Key, entry: _Entry[P], now: float) -> None:
        if entry.tries >= self.policy.tries:
            self._give_up(key, entry)
        elif entry.state is EntryState.REACHABLE and not (entry.used or self.policy.refresh_unused):
            del self._entries[key]
        else:
            if entry.state is EntryState.REACHABLE:
                entry.state = EntryState.REFRESHING
            self._ask(key, entry, now)

    def _ask(self, key: _Key, entry: _Entry[P], now: float) -> None:
        entry.tries += 1
        self._set_deadline(entry, now + self.policy.retry_interval)
        own = self._interfaces[key[0]]
        if own.addresses:
            destination = BROADCAST_MAC if entry.mac is None else entry.mac
            self._send(key[0], destination, wire.request(own.mac, own.towards(key[1]), key[1]))

    def _give_up(self, key: _Key, entry: _Entry[P]) -> None:
        del self._entries[key]
        if entry.state is EntryState.INCOMPLETE:
            self._drops.count(Drop.ARP_INCOMPLETE, len(entry.waiting))
            self._effects.append(GaveUp(*key, tuple(entry.waiting)))

    def _make(self, key: _Key) -> _Entry[P] | None:
        if len(self._entries) >= CAPACITY:
            self._drops.count(Drop.ARP_TABLE_FULL)
            return None
        entry = self._entries[key] = _Entry(EntryState.INCOMPLETE)
        return entry

    def _forget(self, key: _Key, reason: Drop = Drop.ARP_INCOMPLETE) -> None:
        entry = self._entries.get(key)
        if entry is not None and entry.state is not EntryState.STATIC:
            del self._entries[key]
            if entry.waiting:
                self._drops.count(reason, len(entry.waiting))

    def _set_deadline(self, entry: _Entry[P], deadline: float) -> None:
        entry.deadline = deadline
        self._wake = min(self._wake, deadline)

    def _send(self, interface: int, destination: bytes, arp: Arp) -> None:
        self._effects.append(SendArp(interface, destination, arp))

    @property
    def _patience(self) -> float:
        """How long an answer is awaited, all tries together. A refresh begins so long before an entry is too old."""
        return self.policy.tries * self.policy.retry_interval


def _is_station(mac: bytes) -> bool:
    """A MAC address that one station can have: neither a group (IEEE 802: lowest bit of the first octet) nor zero."""
    return not mac[0] & 1 and mac != ZERO_MAC
