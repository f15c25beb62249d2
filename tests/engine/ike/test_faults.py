"""Loss, duplication and reorder on the WAN; renewal, collisions, and what is left behind."""

from __future__ import annotations

import gc
from dataclasses import replace

import pytest

from nodes.base.drops import Drop
from nodes.engine.ike.config import IkeConfig
from nodes.esp.association import Proxies, Selector
from tests.engine.ike.world import LAN_B, MASK, POLICY, PROXIES_A, A, B, Gateway, World, config_a, config_b, entry, lab

#: Loss, duplication and reorder, as probabilities for each datagram.
FAULTS = (0.1, 0.1, 0.2)


def short_lived(config: IkeConfig, isakmp: int, ipsec: int, kilobytes: int = 4608000) -> IkeConfig:
    return replace(
        config,
        policies=(replace(POLICY, lifetime=isakmp),),
        entries=tuple(replace(item, lifetime_seconds=ipsec, lifetime_kilobytes=kilobytes) for item in config.entries),
    )


def both_ways(world: World, a: Gateway, b: Gateway) -> bool:
    """Whether each end can send to the other now (apart from what the WAN loses)."""
    (pairs_a, pairs_b) = a.sad.pairs(), b.sad.pairs()
    return bool(a.send(b.host) and b.send(a.host) and pairs_a and pairs_b)


@pytest.mark.parametrize("part", range(3))
def test_300_handshakes_come_up_and_leave_nothing(part: int) -> None:
    for seed in range(100 * part, 100 * (part + 1)):
        world, a, b = lab(seed, None, None, *FAULTS)
        starters = ((a, b), (b, a)) if seed % 4 == 0 else ((a, b),) if seed % 2 else ((b, a),)
        for sender, receiver in starters:
            sender.send(receiver.host)
        for _ in range(12):
            # Traffic goes on, as it does when a person pings again.
            world.run(10)
            if both_ways(world, a, b):
                break
        else:
            pytest.fail(f"seed {seed} did not come up: {a.states} {b.states}")
        world.run(1)
        for gate in (a, b):
            assert gate.counts["unknown-spi"] == gate.counts["policy"] == 0
            assert ("QM_IDLE", "ACTIVE") in gate.states
        world.run(400)
        for gate in (a, b):
            # What failed on the way is purged; what is left is complete, and of use.
            assert set(gate.states) == {("QM_IDLE", "ACTIVE")}
            assert not any(view.larval for view in gate.ike.pairs())
            assert {view.inbound_spi for view in gate.ike.pairs()} == {pair.spi for pair in gate.sad.pairs()}
            assert len(gate.inbound) == len(gate.outbound) == len(gate.sad.pairs())


@pytest.mark.parametrize(("seed", "faults"), [(1, (0.0, 0.0, 0.0)), (2, (0.05, 0.05, 0.2))], ids=["clean", "faulty"])
def test_24_hours_of_renewals_lose_no_packet(seed: int, faults: tuple[float, float, float]) -> None:
    world, a, b = lab(seed, short_lived(config_a(), 600, 300), short_lived(config_b(), 600, 300), *faults)
    world.ping(a, b)
    world.run(60)
    a.counts.clear()
    b.counts.clear()
    world.counts.clear()
    for _ in range(24 * 360):
        a.send(b.host)
        world.run(5)
        b.send(a.host)
        world.run(5)
    world.run(1)
    for gate in (a, b):
        assert gate.counts["no-sa"] == gate.counts["unknown-spi"] == gate.counts["policy"] == 0
        assert gate.counts["sent"] == 24 * 360
    assert a.counts["received"] + b.counts["received"] >= 2 * 24 * 360 - world.counts["lost-esp"]
    # Every five minutes less a margin a new pair, every ten a new phase 1; no heap of old ones.
    assert 24 * 12 <= max(pair.inbound_id for pair in a.sad.pairs()) - 2000 <= 24 * 12 * 4
    for gate in (a, b):
        assert len(gate.sad.pairs()) <= 4
        assert len(gate.states) <= 5
        assert not any(view.larval for view in gate.ike.pairs())
    # And the two ends agree on what exists.
    assert {pair.inbound.spi for pair in a.sad.pairs()} == {
        pair.outbound.spi for pair in b.sad.pairs() if pair.outbound is not None
    }


def test_renewal_by_volume() -> None:
    world, a, b = lab(a=short_lived(config_a(), 86400, 3600, 2560), b=short_lived(config_b(), 86400, 3600, 2560))
    world.ping(a, b)
    for _ in range(20000):
        assert a.send(b.host, 1400)
        world.run(0.005)
    world.run(1)
    assert a.counts["no-sa"] == 1
    assert b.counts["unknown-spi"] == 0
    assert b.counts["received"] == 20000
    # 28 MB at 80 % of 2560 kilobytes each.
    assert 10 <= (max(pair.inbound_id for pair in a.sad.pairs()) - 1999) / 2 <= 16
    for pair in a.sad.pairs():
        assert pair.outbound_traffic.octets <= 2560 * 1024


def test_the_volume_ends_an_sa_that_is_not_renewed() -> None:
    world, a, b = lab(a=short_lived(config_a(), 86400, 3600, 2560))
    world.ping(a, b)
    a.filter = b.filter = lambda kind: kind != "udp"
    while a.send(b.host, 1400):
        world.run(0.001)
    assert a.counts["no-sa"] == 2
    assert not a.sad.pairs()


def test_the_seconds_end_an_sa_that_is_not_renewed() -> None:
    world, a, b = lab(a=short_lived(config_a(), 86400, 120))
    world.ping(a, b)
    assert world.ping(a, b)
    a.filter = b.filter = lambda kind: kind != "udp"
    world.run(118)
    assert a.sad.pairs()
    world.run(3)
    assert not a.sad.pairs()
    assert not b.sad.pairs()


def test_an_idle_isakmp_sa_ends_without_a_successor() -> None:
    world, a, b = lab(a=short_lived(config_a(), 600, 120), b=short_lived(config_b(), 600, 120))
    world.ping(a, b)
    for gate in (a, b):
        gate.ike.clear_ipsec(world.now)
        gate.settle()
    world.run(601)
    assert a.states == b.states == [("MM_NO_STATE", "ACTIVE (deleted)")]
    world.run(61)
    assert a.states == b.states == []


@pytest.mark.parametrize("seed", range(8))
def test_simultaneous_initiation_and_colliding_renewals(seed: int) -> None:
    """Both ends begin in the same instant; the twins become one at the next renewal, and no packet is lost."""
    world, a, b = lab(seed, short_lived(config_a(), 900, 300), short_lived(config_b(), 900, 300))
    a.send(b.host)
    b.send(a.host)
    world.run(1)
    assert a.states == b.states == [("QM_IDLE", "ACTIVE")] * 2
    assert len(a.sad.pairs()) == len(b.sad.pairs()) == 2
    for gate in (a, b):
        gate.counts.clear()
    for _ in range(350):
        a.send(b.host)
        b.send(a.host)
        world.run(1)
    for gate in (a, b):
        assert gate.counts["no-sa"] == gate.counts["unknown-spi"] == 0
        assert len(gate.sad.pairs()) == 1
    world.run(1000)
    assert len(a.sad.pairs()) + len(a.states) <= 4


def test_both_ends_renew_at_once() -> None:
    world, a, b = lab(a=short_lived(config_a(), 900, 300), b=short_lived(config_b(), 900, 300))
    world.ping(a, b)
    (pair_a,), (pair_b,) = a.sad.pairs(), b.sad.pairs()
    a.ike.renew(pair_a.spi, world.now)
    b.ike.renew(pair_b.spi, world.now)
    a.settle()
    b.settle()
    world.run(1)
    assert len(a.sad.pairs()) == len(b.sad.pairs()) == 3
    # The first pair is outlived, so nobody renews it; of the twins one is renewed.
    for _ in range(310):
        assert a.send(b.host)
        assert b.send(a.host)
        world.run(1)
    assert len(a.sad.pairs()) == len(b.sad.pairs()) == 1
    assert a.counts["unknown-spi"] == b.counts["unknown-spi"] == 0


def test_a_lost_delete_is_no_harm() -> None:
    world, a, b = lab()
    world.ping(a, b)
    b.filter = lambda kind: False
    a.ike.clear_ipsec(world.now)
    a.ike.clear_isakmp(world.now)
    a.settle()
    world.run(1)
    b.filter = lambda kind: True
    assert b.sad.pairs()
    world.ping(a, b)
    assert world.ping(a, b)


def test_a_lost_worker_costs_its_pairs_only() -> None:
    other = Proxies(PROXIES_A.local, Selector(LAN_B + 0x100, MASK))
    world, a, b = lab(
        a=config_a(entries=(entry(A, B, PROXIES_A), entry(A, B, other, sequence=20))),
        b=config_b(entries=(entry(B, A, PROXIES_A.mirrored), entry(B, A, other.mirrored, sequence=20))),
    )
    world.ping(a, b)
    a.send(LAN_B + 0x101)
    world.run(1)
    first, second = a.sad.pairs()
    a.ike.expire([first.spi], world.now)
    a.settle()
    world.run(1)
    assert [pair.spi for pair in a.sad.pairs()] == [second.spi]
    assert len(b.sad.pairs()) == 1
    world.ping(a, b)
    assert world.ping(a, b)


def test_the_last_message_of_phase_1_overtaken_by_phase_2() -> None:
    """The responder is complete first; its quick mode must wait at the initiator for message 6."""
    world, a, b = lab()
    a.send(b.host)
    world.run(0.0099)  # messages 1 to 4 have arrived, message 5 is on its way
    b.send(a.host)
    held: list[bytes] = []
    deliver = a.receive

    def receive(kind: str, source: int, content: object, ports: tuple[int, int] | None = (500, 500)) -> None:
        if kind == "udp" and isinstance(content, bytes) and content[18] == 2 and content[19] & 1 and not held:
            held.append(content)
            return
        deliver(kind, source, content, ports)

    a.receive = receive  # type: ignore[method-assign]
    world.run(0.5)
    assert ("MM_KEY_EXCH", "ACTIVE") in a.states
    b.ike.initiate(b.config.entries[0], b.config.entries[0].proxies[0], world.now)
    b.settle()
    world.run(0.5)
    assert held
    before = len(a.sad.pairs())
    deliver("udp", B, held[0])
    world.run(0.5)
    assert len(a.sad.pairs()) > before
    assert a.send(b.host)
    world.run(1)
    assert b.counts["received"]


def test_memory_stays_flat() -> None:
    world, a, b = lab(3, short_lived(config_a(), 300, 120), short_lived(config_b(), 300, 120), *FAULTS)
    world.ping(a, b)

    def hours(count: int) -> int:
        for _ in range(count * 60):
            a.send(b.host)
            b.send(a.host)
            world.run(60)
            world.wire.clear()
            for gate in (a, b):
                gate.lines.clear()
                gate.sent.clear()
                gate.logs.clear()
                gate.keys.clear()
        gc.collect()
        return len(gc.get_objects())

    hours(2)
    before = hours(1)
    after = hours(5)
    assert after - before < 1500
    assert a.drops[Drop.IKE_DUPLICATE] > 0
