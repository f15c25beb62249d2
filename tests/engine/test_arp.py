"""Address resolution: RFC 826's reception rule, requests and their limits, ageing, queues."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodes.base.addr import BROADCAST_MAC, ZERO_MAC, parse_ipv4
from nodes.base.drops import Drop, DropCounters
from nodes.engine.arp import (
    CAPACITY,
    HOST,
    ROUTER,
    ArpPolicy,
    ArpTable,
    ArpView,
    DuplicateAddress,
    EntryState,
    GaveUp,
    Release,
    SendArp,
)
from nodes.wire import arp as wire
from nodes.wire.arp import Arp

ME, PEER, OTHER = (bytes([2, 0, 0, 0, 0, n]) for n in (1, 2, 3))
MY_IP, PEER_IP, OTHER_IP = (parse_ipv4(f"192.168.1.{n}") for n in (254, 1, 2))
INTERFACE = 7


class Bench:
    """A table with one interface up, whose announcement is already taken away."""

    def __init__(self, policy: ArpPolicy) -> None:
        self.drops = DropCounters()
        self.table: ArpTable[str] = ArpTable(policy, self.drops)
        self.table.interface_up(INTERFACE, ME, [MY_IP])
        self.announcement = self.table.drain()

    def resolve(self, now: float, address: int = PEER_IP) -> bytes | None:
        return self.table.resolve(INTERFACE, address, now)

    def reply(self, now: float, mac: bytes = PEER, address: int = PEER_IP) -> None:
        self.table.receive(INTERFACE, Arp(wire.REPLY, mac, address, ME, MY_IP), now)

    def states(self, now: float = 0.0) -> dict[int, EntryState]:
        return {view.address: view.state for view in self.table.entries(now) if view.state is not EntryState.OWN}


@pytest.fixture
def router() -> Bench:
    return Bench(ROUTER)


@pytest.fixture
def host() -> Bench:
    return Bench(HOST)


def question(destination: bytes = BROADCAST_MAC, address: int = PEER_IP) -> SendArp:
    return SendArp(INTERFACE, destination, wire.request(ME, MY_IP, address))


def test_addresses_are_announced_when_they_come(router: Bench) -> None:
    assert router.announcement == [SendArp(INTERFACE, BROADCAST_MAC, wire.gratuitous(ME, MY_IP))]
    router.table.interface_up(INTERFACE, ME, [MY_IP, OTHER_IP])
    assert router.table.drain() == [SendArp(INTERFACE, BROADCAST_MAC, wire.gratuitous(ME, OTHER_IP))]
    router.table.interface_down(INTERFACE)
    router.table.interface_up(INTERFACE, ME, [MY_IP])
    assert router.table.drain() == router.announcement


def test_request_and_reply(router: Bench) -> None:
    assert router.resolve(0.0) is None
    assert router.table.drain() == [question()]
    assert router.states() == {PEER_IP: EntryState.INCOMPLETE}
    router.reply(0.25)
    assert router.resolve(0.5) == PEER
    assert router.table.drain() == []
    assert router.table.entries(125.0) == [
        ArpView(INTERFACE, PEER_IP, PEER, 2, EntryState.REACHABLE),
        ArpView(INTERFACE, MY_IP, ME, None, EntryState.OWN),
    ]


def test_one_request_a_second_then_gone(router: Bench) -> None:
    sent = []
    now = 0.0
    while now < 3.0:
        router.resolve(now)
        router.table.handle_timer(now)
        sent += [now for effect in router.table.drain() if isinstance(effect, SendArp)]
        now += 0.125
    assert sent == [0.0, 1.0, 2.0]
    router.table.handle_timer(3.0)
    assert router.table.drain() == [GaveUp(INTERFACE, PEER_IP, ())]
    assert router.states() == {}
    assert router.table.next_deadline() is None
    assert router.resolve(3.0) is None
    assert router.table.drain() == [question()]


def test_questions_for_us_are_answered_and_make_an_entry(router: Bench) -> None:
    asked = Arp(wire.REQUEST, PEER, PEER_IP, ZERO_MAC, MY_IP)
    router.table.receive(INTERFACE, asked, 0.0)
    assert router.table.drain() == [SendArp(INTERFACE, PEER, wire.reply(asked, ME))]
    assert router.resolve(0.0) == PEER


def test_other_packets_update_but_never_create(router: Bench) -> None:
    router.table.receive(INTERFACE, wire.gratuitous(PEER, PEER_IP), 0.0)
    router.table.receive(INTERFACE, wire.request(PEER, PEER_IP, OTHER_IP), 0.0)
    assert router.states() == {}
    router.reply(1.0)
    router.table.receive(INTERFACE, wire.gratuitous(OTHER, PEER_IP), 2.0)
    assert router.resolve(2.0) == OTHER
    assert router.table.drain() == []


def test_interfaces_are_apart(router: Bench) -> None:
    router.table.interface_up(8, OTHER, [parse_ipv4("10.0.0.1")])
    router.reply(0.0)
    assert router.table.resolve(8, PEER_IP, 0.0) is None
    assert router.table.resolve(9, PEER_IP, 0.0) is None, "an interface that is not up asks nothing"
    assert len(router.table) == 2
    router.table.interface_down(8)
    assert len(router.table) == 1


def test_bad_senders_are_counted(router: Bench) -> None:
    for mac, address in ((BROADCAST_MAC, PEER_IP), (ZERO_MAC, PEER_IP), (PEER, 0xFFFFFFFF), (PEER, 0xE0000001)):
        router.reply(0.0, mac, address)
    assert router.drops[Drop.ARP_BAD_SENDER] == 4
    router.table.receive(INTERFACE, Arp(77, PEER, PEER_IP, ME, MY_IP), 0.0)
    router.table.receive(99, Arp(wire.REPLY, PEER, PEER_IP, ME, MY_IP), 0.0)
    assert router.states() == {}


def test_duplicate_addresses_and_probes(router: Bench) -> None:
    router.table.receive(INTERFACE, wire.gratuitous(ME, MY_IP), 0.0)
    assert router.table.drain() == [], "our own announcement, come back"
    rival = wire.gratuitous(OTHER, MY_IP)
    router.table.receive(INTERFACE, rival, 0.0)
    assert router.table.drain() == [
        DuplicateAddress(INTERFACE, MY_IP, OTHER),
        SendArp(INTERFACE, OTHER, wire.reply(rival, ME)),
    ]
    probe = wire.request(OTHER, 0, MY_IP)
    router.table.receive(INTERFACE, probe, 0.0)
    assert router.table.drain() == [SendArp(INTERFACE, OTHER, wire.reply(probe, ME))]
    assert router.states() == {}


def test_router_asks_again_before_four_hours_are_over(router: Bench) -> None:
    router.reply(0.0)
    deadline = router.table.next_deadline()
    assert deadline == 4 * 3600.0 - 3.0
    router.table.handle_timer(deadline)
    assert router.table.drain() == [question(PEER)]
    assert router.states() == {PEER_IP: EntryState.REFRESHING}
    assert router.resolve(deadline) == PEER
    router.reply(deadline + 0.5)
    assert router.states() == {PEER_IP: EntryState.REACHABLE}
    for now in (2 * deadline, 2 * deadline + 1, 2 * deadline + 2, 2 * deadline + 3, 2 * deadline + 4):
        router.table.handle_timer(now)
    assert router.table.drain() == [question(PEER)] * 3
    assert router.states() == {}


def test_host_asks_again_only_for_what_it_used(host: Bench) -> None:
    host.reply(0.0)
    host.reply(0.0, OTHER, OTHER_IP)
    assert host.resolve(10.0) == PEER
    host.table.handle_timer(57.0)
    assert host.table.drain() == [question(PEER)]
    assert host.states() == {PEER_IP: EntryState.REFRESHING}
    host.reply(57.5)
    host.table.handle_timer(114.5)
    assert host.table.drain() == []
    assert host.states() == {}


def test_waiting_packets_are_released_in_order(host: Bench) -> None:
    assert host.resolve(0.0) is None
    for packet in "abc":
        host.table.wait(INTERFACE, PEER_IP, packet)
    host.table.drain()
    host.reply(0.5)
    host.reply(0.75)
    assert host.table.drain() == [Release(INTERFACE, PEER_IP, PEER, ("a", "b", "c"))]
    assert host.drops.total == 0


def test_the_queue_is_bounded_and_given_up(host: Bench) -> None:
    host.resolve(0.0)
    for packet in "abcdefghij":
        host.table.wait(INTERFACE, PEER_IP, packet)
    assert host.drops[Drop.ARP_QUEUE_FULL] == 2
    host.table.drain()
    for now in (1.0, 2.0, 3.0):
        host.table.handle_timer(now)
    assert host.table.drain() == [question(), question(), GaveUp(INTERFACE, PEER_IP, tuple("cdefghij"))]
    assert host.drops[Drop.ARP_INCOMPLETE] == 8


def test_what_waits_is_counted_when_it_cannot_go(host: Bench) -> None:
    host.table.wait(INTERFACE, PEER_IP, "nobody asked")
    assert host.drops[Drop.ARP_INCOMPLETE] == 1
    host.resolve(0.0)
    host.table.wait(INTERFACE, PEER_IP, "a")
    host.table.clear(INTERFACE + 1)
    assert len(host.table) == 1
    host.table.clear()
    assert host.drops[Drop.ARP_INCOMPLETE] == 2
    host.resolve(0.0)
    host.table.wait(INTERFACE, PEER_IP, "a")
    host.table.interface_down(INTERFACE)
    assert host.drops[Drop.PORT_DOWN] == 1
    assert len(host.table) == 0


def test_static_entries(host: Bench) -> None:
    host.resolve(0.0)
    host.table.wait(INTERFACE, PEER_IP, "a")
    host.table.drain()
    host.table.add_static(INTERFACE, PEER_IP, PEER)
    assert host.table.drain() == [Release(INTERFACE, PEER_IP, PEER, ("a",))]
    host.reply(1.0, OTHER)
    host.table.clear()
    host.table.handle_timer(1e6)
    assert host.table.next_deadline() is None
    assert host.resolve(1e6) == PEER
    assert host.table.entries(1e6)[0] == ArpView(INTERFACE, PEER_IP, PEER, None, EntryState.STATIC)
    assert host.table.remove_static(INTERFACE, PEER_IP)
    assert not host.table.remove_static(INTERFACE, PEER_IP)


def test_the_table_is_bounded(router: Bench) -> None:
    for number in range(CAPACITY + 5):
        router.reply(0.0, PEER, 0x0A000000 + number)
    assert len(router.table) == CAPACITY
    assert router.drops[Drop.ARP_TABLE_FULL] == 5
    assert router.resolve(0.0) is None
    assert router.table.drain() == []


def test_a_question_bears_the_address_of_the_network_that_it_is_about(router: Bench) -> None:
    other = parse_ipv4("10.0.0.1")
    router.table.interface_up(INTERFACE, ME, [MY_IP, other], [0xFFFFFF00, 0xFF000000])
    router.table.drain()
    for target, sender in (("10.9.9.9", other), ("192.168.1.77", MY_IP), ("172.16.0.1", MY_IP)):
        router.resolve(0.0, parse_ipv4(target))
        assert router.table.drain() == [SendArp(INTERFACE, BROADCAST_MAC, wire.request(ME, sender, parse_ipv4(target)))]


def test_an_interface_without_address_asks_nothing() -> None:
    table: ArpTable[str] = ArpTable(HOST, DropCounters())
    table.interface_up(INTERFACE, ME, [])
    assert table.resolve(INTERFACE, PEER_IP, 0.0) is None
    assert table.drain() == []


peers = st.integers(0, 2)
steps = st.lists(
    st.tuples(
        st.sampled_from(["resolve", "wait", "answer", "gossip", "clear", "flap"]),
        peers,
        st.sampled_from([0.0, 0.25, 1.0, 20.0, 60.0]),
    ),
    max_size=60,
)


@given(st.sampled_from([ROUTER, HOST]), steps)
def test_any_history_is_limited_and_loses_nothing(policy: ArpPolicy, history: list[tuple[str, int, float]]) -> None:
    """Requests keep their distance, every packet that waited is released once or counted, and the timer ends."""
    bench = Bench(policy)
    now, waited, released = 0.0, 0, 0
    asked: dict[int, list[float]] = {}

    def drain() -> None:
        nonlocal released
        for effect in bench.table.drain():
            if isinstance(effect, Release):
                released += len(effect.packets)
            elif isinstance(effect, SendArp) and effect.arp.target_ip != MY_IP:
                asked.setdefault(effect.arp.target_ip, []).append(now)

    def wait_until(end: float) -> None:
        nonlocal now
        while (deadline := bench.table.next_deadline()) is not None and deadline <= end:
            now = max(now, deadline)
            bench.table.handle_timer(now)
            drain()
        now = end

    for action, peer, pause in history:
        wait_until(now + pause)
        address, mac = PEER_IP + peer, bytes([2, 0, 0, 0, 1, peer])
        if action == "resolve":
            assert bench.resolve(now, address) in (None, mac)
        elif action == "wait" and bench.resolve(now, address) is None:
            bench.table.wait(INTERFACE, address, "packet")
            waited += 1
        elif action == "answer":
            bench.reply(now, mac, address)
            asked.pop(address, None)  # answered: what follows is a new need
        elif action == "gossip":
            bench.table.receive(INTERFACE, wire.gratuitous(mac, address), now)
            asked.pop(address, None)
        elif action == "clear":
            bench.table.clear()
            asked.clear()
        elif action == "flap":
            bench.table.interface_down(INTERFACE)
            bench.table.interface_up(INTERFACE, ME, [MY_IP])
            asked.clear()
        drain()
    for moments in asked.values():
        assert all(later - earlier >= policy.retry_interval for earlier, later in pairwise(moments))
    wait_until(now + 5 * 3600.0)
    assert len(bench.table) == 0
    assert released + bench.drops.total == waited
