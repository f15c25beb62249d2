"""Crypto maps, SA lookup, lifetimes and counters, without IKE."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from nodes.base.addr import parse_ipv4
from nodes.base.drops import Drop
from nodes.engine.sad import Acquire, Bypass, Expire, MapEntry, Packet, Protect, Renew, Sad
from nodes.esp.association import Association, Direction, EspTransform, Proxies, Selector

HERE, THERE = parse_ipv4("10.0.10.10"), parse_ipv4("10.0.10.20")
A1, B1 = parse_ipv4("192.168.1.1"), parse_ipv4("192.168.2.1")
MASK = 0xFFFFFF00
PROXIES = Proxies(Selector(A1 & MASK, MASK), Selector(B1 & MASK, MASK))
OWNER = ("FastEthernet0/0", "CMAP", 10)
TRANSFORM = EspTransform("aes-128", "sha1")
OUT, BACK = Packet(A1, B1, 1), Packet(B1, A1, 1)


@dataclass
class Lines:
    """An access list: permit and deny lines, with a count of what was looked up on its way out."""

    lines: list[tuple[bool, Proxies]]
    counted: list[Packet] = field(default_factory=list)

    def find(self, packet: Packet, *, count: bool) -> Proxies | None:
        if count:
            self.counted.append(packet)
        for permit, proxies in self.lines:
            if proxies.matches(*packet[:3], *packet[3:]):
                return proxies if permit else None
        return None


def association(spi: int, direction: Direction) -> Association:
    ends = (THERE, HERE) if direction is Direction.INBOUND else (HERE, THERE)
    return Association(spi, direction, *ends, TRANSFORM, bytes(16), bytes(20))


def sad_with(*entries: MapEntry) -> Sad:
    sad = Sad()
    sad.configure({"FastEthernet0/0": entries})
    return sad


def cmap(lines: Lines | None = None, sequence: int = 10) -> MapEntry:
    return MapEntry("CMAP", sequence, (THERE,), lines or Lines([(True, PROXIES)]))


def install(
    sad: Sad,
    spi: int,
    now: float = 0.0,
    lifetime: tuple[int, int] = (3600, 4608000),
    initiator: bool = True,
    outbound: bool = True,
) -> None:
    for direction, number in ((Direction.INBOUND, spi), (Direction.OUTBOUND, spi + 1))[: 1 + outbound]:
        sad.install(
            association(number, direction), spi, PROXIES, THERE, lifetime, number, OWNER, now, initiator=initiator
        )


def test_outbound_in_the_order_of_ios() -> None:
    lines = Lines([(False, Proxies(Selector(A1), Selector(B1))), (True, PROXIES)])
    second = Lines([(True, Proxies(Selector(A1), Selector(B1)))])
    sad = sad_with(cmap(second, 20), cmap(lines, 10))
    # A deny line is not "send in the clear" but "look at the next entry".
    decision = sad.outbound("FastEthernet0/0", OUT)
    assert isinstance(decision, Acquire)
    assert (decision.entry.sequence, decision.proxies.local) == (20, Selector(A1))
    assert len(lines.counted) == 1
    assert isinstance(sad.outbound("FastEthernet0/1", OUT), Bypass)
    assert isinstance(sad.outbound("FastEthernet0/0", BACK), Bypass)
    assert sad.drops[Drop.IPSEC_NO_SA] == 1


def test_an_incomplete_entry_is_disabled() -> None:
    sad = sad_with(MapEntry("CMAP", 10, (), Lines([(True, PROXIES)])), MapEntry("CMAP", 20, (THERE,), None))
    assert isinstance(sad.outbound("FastEthernet0/0", OUT), Bypass)
    assert sad.inbound_clear("FastEthernet0/0", BACK)


def test_the_newest_complete_pair_sends() -> None:
    sad = sad_with(cmap())
    install(sad, 1000)
    assert sad.outbound("FastEthernet0/0", OUT) == Protect(1000)
    install(sad, 2000, outbound=False)
    assert sad.outbound("FastEthernet0/0", OUT) == Protect(1000)
    sad.install(association(2001, Direction.OUTBOUND), 2000, PROXIES, THERE, (60, 0), 2, OWNER, 0.0, initiator=True)
    assert sad.outbound("FastEthernet0/0", OUT) == Protect(2000)
    # The older one still receives.
    assert sad.inbound(1000, HERE) is sad.pair(1000)
    sad.remove(2000)
    assert sad.outbound("FastEthernet0/0", OUT) == Protect(1000)
    sad.remove(1000)
    assert sad.remove(1000) is None
    assert isinstance(sad.outbound("FastEthernet0/0", OUT), Acquire)
    assert sad.pairs() == ()


def test_inbound_lookups_and_checks() -> None:
    lines = Lines([(True, PROXIES)])
    sad = sad_with(cmap(lines))
    install(sad, 1000)
    assert sad.inbound(1000, HERE) is not None
    assert sad.inbound(1001, HERE) is None
    assert sad.inbound(1000, THERE) is None
    assert sad.drops[Drop.ESP_UNKNOWN_SPI] == 2
    assert sad.inbound_opened(1000, BACK)
    assert not sad.inbound_opened(1000, OUT)
    assert not sad.inbound_opened(1000, Packet(THERE, HERE, 1))
    assert not sad.inbound_opened(4711, BACK)
    assert sad.drops[Drop.IPSEC_POLICY] == 3
    # What the map would protect on its way out may not come in unprotected; the list's counters do not move.
    assert not sad.inbound_clear("FastEthernet0/0", BACK)
    assert sad.inbound_clear("FastEthernet0/0", OUT)
    assert sad.inbound_clear("FastEthernet0/1", BACK)
    assert sad.drops[Drop.IPSEC_CLEARTEXT] == 1
    assert lines.counted == []


def test_ports_decide() -> None:
    web = Proxies(Selector(A1 & MASK, MASK, 6), Selector(B1, protocol=6, port=80))
    sad = sad_with(cmap(Lines([(True, web)])))
    assert isinstance(sad.outbound("FastEthernet0/0", Packet(A1, B1, 6, 1025, 80)), Acquire)
    assert isinstance(sad.outbound("FastEthernet0/0", Packet(A1, B1, 6, 1025, 81)), Bypass)
    assert not sad.inbound_clear("FastEthernet0/0", Packet(B1, A1, 6, 80, 1025))


@pytest.mark.parametrize(("initiator", "at"), [(True, 3540.0), (False, 3555.0)])
def test_seconds(initiator: bool, at: float) -> None:
    sad = sad_with(cmap())
    install(sad, 1000, now=0.0, initiator=initiator)
    assert sad.next_deadline() == at
    sad.handle_timer(at - 1)
    assert sad.drain() == []
    sad.handle_timer(at)
    sad.handle_timer(at + 1)
    assert sad.drain() == [Renew(1000)]
    assert sad.next_deadline() == 3600.0
    assert isinstance(sad.outbound("FastEthernet0/0", OUT), Protect)
    sad.handle_timer(3600.0)
    sad.handle_timer(3601.0)
    assert sad.drain() == [Expire(1000)]
    assert sad.next_deadline() is None
    # Until it is removed it is not used.
    assert isinstance(sad.outbound("FastEthernet0/0", OUT), Acquire)
    assert sad.inbound(1000, HERE) is None


def test_kilobytes_count_down_one_way_each() -> None:
    sad = sad_with(cmap())
    install(sad, 1000, lifetime=(3600, 100))
    pair = sad.pair(1000)
    assert pair is not None
    sad.sealed(1000, 50, 50 * 1024)
    sad.opened(1000, 20, 20 * 1024)
    assert pair.remaining(Direction.OUTBOUND, 600.0) == (50, 3000)
    assert pair.remaining(Direction.INBOUND, 600.0) == (80, 3000)
    assert sad.drain() == []
    sad.sealed(1000, 30, 30 * 1024)
    assert sad.drain() == [Renew(1000)]
    sad.sealed(1000, 20, 20 * 1024)
    sad.sealed(1000, 20, 20 * 1024)
    assert sad.drain() == [Expire(1000)]
    assert pair.remaining(Direction.OUTBOUND, 600.0)[0] == 0


def test_sequence_numbers_run_out_like_kilobytes() -> None:
    sad = sad_with(cmap())
    install(sad, 1000, lifetime=(3600, 0))
    sad.sealed(1000, 3_600_000_000, 0)
    assert sad.drain() == [Renew(1000)]
    sad.sealed(1000, 700_000_000, 0)
    assert sad.drain() == [Expire(1000)]


def test_counters_outlive_their_pairs() -> None:
    sad = sad_with(cmap())
    sad.outbound("FastEthernet0/0", OUT)
    install(sad, 1000)
    sad.sealed(1000, 4, 400)
    sad.opened(1000, 3, 300)
    sad.failed(1000, Direction.INBOUND, 2)
    sad.failed(1000, Direction.OUTBOUND)
    sad.failed(4711, Direction.OUTBOUND)
    sad.remove(1000)
    install(sad, 3000)
    sad.sealed(3000, 1, 100)
    sad.sealed(4711, 1, 100)
    sad.opened(4711, 1, 100)
    (view,) = sad.identities()
    assert (view.interface, view.map_name, view.sequence, view.proxies, view.peer) == (*OWNER, PROXIES, THERE)
    assert (view.encaps, view.decaps, view.send_errors, view.recv_errors) == (5, 3, 2, 2)
    assert [pair.spi for pair in view.pairs] == [3000]
    sad.clear_counters()
    assert [item.encaps for item in sad.identities()] == [0]


def test_installation_in_the_wrong_order_is_refused() -> None:
    sad = sad_with(cmap())
    with pytest.raises(ValueError, match="waits for an outbound SA"):
        sad.install(association(1, Direction.OUTBOUND), 1000, PROXIES, THERE, (1, 1), 1, OWNER, 0.0, initiator=True)
    install(sad, 1000)
    with pytest.raises(ValueError, match="cannot begin"):
        install(sad, 1000, outbound=False)
