"""CDP's timers and its table."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from nodes.base.drops import DropCounters
from nodes.engine.cdp import CAPACITY, Advertise, Discovery
from nodes.wire.cdp import Cdp

PEER = Cdp(device_id="SW-1", port_id="FastEthernet0/1")


class World:
    """An engine with ports 0 and 1 active, and the time."""

    def __init__(self) -> None:
        self.drops = DropCounters()
        self.engine = Discovery(self.drops)
        self.now = 100.0
        self.engine.set_active((0, 1), self.now)

    def sent(self, port: int, seconds: float) -> list[tuple[float, int]]:
        """(seconds since now, TTL) of what leaves ``port`` until ``seconds`` from now."""
        start, end = self.now, self.now + seconds
        found = []
        while True:
            found += [(self.now - start, ttl) for number, ttl in self.engine.drain() if number == port]
            deadline = self.engine.next_deadline()
            if deadline is None or deadline > end:
                self.now = end
                return found
            assert deadline >= self.now
            self.now = deadline
            self.engine.handle_timer(self.now)

    def hear(self, packet: Cdp, port: int = 0) -> Cdp | None:
        return self.engine.receive(port, packet.build(), self.now)

    def names(self) -> list[tuple[int, str, int]]:
        return [(port, packet.device_id, round(left)) for port, left, packet in self.engine.neighbors(self.now)]


def test_three_packets_at_once_and_then_one_a_minute() -> None:
    assert World().sent(0, 190.0) == [(at, 180) for at in (0.0, 1.0, 2.0, 62.0, 122.0, 182.0)]


def test_a_port_that_is_not_active_says_nothing() -> None:
    world = World()
    world.engine.set_active((1,), world.now)
    assert world.sent(0, 0.0) == [(0.0, 180)]  # what was said before
    assert world.sent(0, 200.0) == []
    world.engine.set_active((0, 1), world.now)
    assert [at for at, _ in world.sent(0, 5.0)] == [0.0, 1.0, 2.0]


def test_nothing_to_say_is_no_deadline() -> None:
    world = World()
    world.engine.set_active((), world.now)
    world.engine.handle_timer(world.now + 300.0)
    assert world.engine.next_deadline() is None


def test_a_port_that_is_shut_takes_back_what_it_said() -> None:
    world = World()
    world.sent(0, 10.0)
    world.engine.leave(0)
    assert world.engine.drain() == [Advertise(0, 0)]
    assert world.sent(0, 200.0) == []
    world.engine.leave(0)
    assert world.engine.drain() == []


def test_a_shorter_timer_takes_hold_at_once_a_longer_one_after_the_next_packet() -> None:
    world = World()
    world.sent(0, 10.0)
    world.engine.configure(5, 15, 2, world.now)
    assert world.sent(0, 12.0) == [(5.0, 15), (10.0, 15)]
    world.engine.configure(100, 180, 2, world.now)
    assert world.sent(0, 110.0) == [(3.0, 180), (103.0, 180)]


def test_who_is_heard_is_known_until_the_time_is_over() -> None:
    world = World()
    assert world.hear(replace(PEER, ttl=30)) == replace(PEER, ttl=30)
    world.hear(replace(PEER, device_id="R-A", ttl=180), port=1)
    assert world.names() == [(0, "SW-1", 30), (1, "R-A", 180)]
    world.now += 29.5
    assert len(world.names()) == 2
    world.now += 0.5
    assert world.names() == [(1, "R-A", 150)]
    world.hear(replace(PEER, device_id="R-A", ttl=180), port=1)
    assert world.names() == [(1, "R-A", 180)]


def test_a_ttl_of_0_takes_it_back() -> None:
    world = World()
    world.hear(PEER)
    world.hear(replace(PEER, port_id="FastEthernet0/2"))
    assert len(world.names()) == 2
    world.hear(replace(PEER, ttl=0))
    assert [packet.port_id for _, _, packet in world.engine.neighbors(world.now)] == ["FastEthernet0/2"]
    assert world.hear(replace(PEER, device_id="nobody", ttl=0)) is not None
    assert len(world.names()) == 1


def test_what_was_heard_stays_when_the_link_goes() -> None:
    world = World()
    world.hear(PEER)
    world.engine.set_active((), world.now)
    assert world.names() == [(0, "SW-1", 180)]
    assert world.hear(PEER) is None
    assert world.drops.as_dict() == {"cdp-off": 1}
    world.engine.clear()
    assert world.names() == []


def test_counters() -> None:
    world = World()
    world.sent(0, 5.0)
    world.hear(PEER)
    world.hear(replace(PEER, version=1))
    good = PEER.build()
    for bad in (b"", b"\x07" + good[1:], good[:-1] + b"x", b"\x02\xb4\xfd\x4b"):
        assert world.engine.receive(0, bad, world.now) is None
    counters = world.engine.counters
    assert (counters.output, counters.input) == ({1: 0, 2: 6}, {1: 1, 2: 1})
    assert (counters.header, counters.checksum, counters.invalid) == (2, 1, 1)
    assert world.drops.as_dict() == {"cdp-malformed": 3, "cdp-checksum": 1}
    world.engine.clear_counters()
    assert world.engine.counters.input == {1: 0, 2: 0}


def test_the_table_is_bounded_and_makes_room_when_somebody_is_too_old() -> None:
    world = World()
    for number in range(CAPACITY + 10):
        world.hear(replace(PEER, device_id=f"D{number}", ttl=50 if number % 2 else 180))
    assert len(world.names()) == CAPACITY
    assert world.drops.as_dict() == {"cdp-table-full": 10}
    assert world.engine.counters.no_memory == 10
    # Who is known already is still heard.
    assert world.hear(replace(PEER, device_id="D0")) is not None
    world.now += 60.0
    assert world.hear(replace(PEER, device_id="late")) is not None
    assert len(world.names()) == CAPACITY // 2 + 1


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 255), st.floats(0.0, 100.0)), max_size=30))
def test_what_is_due_never_lies_in_the_past(steps: list[tuple[int, int, float]]) -> None:
    world = World()
    for number, ttl, wait in steps:
        world.hear(replace(PEER, device_id=f"D{number}", ttl=ttl))
        world.sent(0, wait)
        deadline = world.engine.next_deadline()
        assert deadline is not None
        assert deadline > world.now
        assert all(left > 0 for _, left, _ in world.engine.neighbors(world.now))
