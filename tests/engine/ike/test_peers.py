"""Dead peers, several peers, translators, aggressive mode and transport mode, on the virtual clock."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodes.engine.ike import proposals
from nodes.engine.ike.config import AggressivePeer, HostKey, Keepalive, PreSharedKey, TransformSet
from nodes.engine.ike.core import HALF_OPEN_LIMIT
from nodes.engine.ike.sa import LINGER
from nodes.esp.association import EspTransform, Mode, Proxies, Selector
from nodes.wire import isakmp
from nodes.wire.doi import Exchange, PayloadType
from tests.engine.ike.world import (
    AES_SHA,
    LAN_B,
    NAT_SHIFT,
    POLICY,
    PROXIES_A,
    A,
    B,
    Gateway,
    World,
    config_a,
    config_b,
    entry,
    lab,
)

UP = ("QM_IDLE", "ACTIVE")
C, N = B + 1, A + 100


def up(world: World, a: Gateway, b: Gateway) -> None:
    world.ping(a, b)
    assert world.ping(a, b)


# Dead peer detection ---------------------------------------------------------------------------------------------


def test_periodic_questions_are_answered() -> None:
    world, a, b = lab(a=config_a(keepalive=Keepalive(10, 3, True)))
    up(world, a, b)
    assert a.ike.isakmp_sas(world.now)[0].dpd
    assert not b.ike.isakmp_sas(world.now)[0].dpd, "b answers, and does not ask"
    world.run(3600 - 100)
    assert a.states == b.states == [UP]
    asked = [line for line in b.lines if "DPD/R_U_THERE received from peer" in line]
    assert 340 < len(asked) < 355
    assert a.said("DPD/R_U_THERE_ACK received from peer 10.0.10.20, sequence 0x")
    assert not a.said("DPD incrementing error counter")


def test_a_dead_peer_is_noticed_and_everything_of_it_goes() -> None:
    world, a, b = lab(a=config_a(keepalive=Keepalive(10, 3, True), log_sessions=True))
    up(world, a, b)
    assert a.logged("%CRYPTO-5-SESSION_STATUS: Crypto tunnel is UP  .  Peer 10.0.10.20:500       Id: 10.0.10.20") == 1
    del world.gateways[B]
    # Silent for up to 10 seconds, then the question and five more of it, three seconds apart.
    world.run(10 + 6 * 3 + 1)
    assert a.states == [("MM_NO_STATE", "ACTIVE (deleted)")]
    assert a.sad.pairs() == ()
    assert a.said("peer 10.0.10.20 not responding!")
    assert a.said('deleting SA reason "P1 errcounter exceeded (PEERS_ALIVE_TIMER)" state (I) QM_IDLE')
    assert a.logged("Crypto tunnel is DOWN.  Peer 10.0.10.20:500") == 1
    world.gateways[B] = b
    b.restart()
    up(world, a, b)


def test_on_demand_asks_only_who_is_silent_while_it_is_sent_to() -> None:
    world, a, b = lab(a=config_a(keepalive=Keepalive(10)))
    up(world, a, b)
    world.run(500)
    assert not b.said("DPD/R_U_THERE received"), "without traffic nobody is asked"
    a.send(b.host)
    world.run(1)
    assert sum("DPD/R_U_THERE received" in line for line in b.lines) == 1
    for _ in range(30):
        assert world.ping(a, b)
        world.run(2)
    assert sum("DPD/R_U_THERE received" in line for line in b.lines) == 1, "traffic comes back: it lives"
    del world.gateways[B]
    for _ in range(40):
        a.send(b.host)
        world.run(1)
    assert a.sad.pairs() == ()


@pytest.mark.parametrize("keepalive", [None, Keepalive(10, 2, True)])
def test_a_peer_that_restarts(keepalive: Keepalive | None) -> None:
    """With detection the old SAs go after seconds; without it they stay until their time comes, or the peer calls."""
    world, a, b = lab(a=config_a(keepalive=keepalive))
    up(world, a, b)
    b.restart()
    world.run(60)
    assert bool(a.sad.pairs()) == (keepalive is None)
    if keepalive is None:
        world.ping(b, a)
        assert world.ping(b, a), "its INITIAL-CONTACT"
    else:
        up(world, a, b)


def test_an_answer_to_another_question_is_none() -> None:
    world, a, b = lab(a=config_a(keepalive=Keepalive(10, 3, True)))
    up(world, a, b)
    (sa,) = b.ike._core.sas.values()
    sa.dpd_waiting, sa.dpd_sequence = True, 5
    for data, spi in ((b"\0\0\0\4", sa.cookies), (b"\0\0\0\5", (b"x" * 8, b"y" * 8)), (b"\5", sa.cookies)):
        (theirs,) = a.ike._core.sas.values()
        a.ike._core.notify(theirs, isakmp.Notification(1, 36137, b"".join(spi), data))
        a.settle()
        world.run(1)
        assert sa.dpd_waiting


def test_an_older_sa_that_the_peer_forgot_is_no_dead_peer() -> None:
    world, a, b = lab(a=config_a(keepalive=Keepalive(10, 2, True)))
    up(world, a, b)
    a.ike._begin(A, B, world.now)
    a.settle()
    world.run(1)
    assert len(a.states) == 2
    # The older one goes at b without a word.
    del b.ike._core.sas[next(iter(b.ike._core.sas))]
    world.run(300)
    assert a.states == [UP, UP]
    assert world.ping(a, b)


def test_traffic_is_as_good_as_an_answer() -> None:
    """The peer has lost its ISAKMP SA and not the others: what comes under them shows that it lives."""
    world, a, b = lab(a=config_a(keepalive=Keepalive(10, 2, True)))
    up(world, a, b)
    b.ike._core.sas.clear()
    for _ in range(60):
        assert world.ping(a, b)
        world.run(1)
    assert a.states == [UP]


# Several peers -----------------------------------------------------------------------------------------------------


def three(**changes: object) -> tuple[World, Gateway, Gateway, Gateway]:
    keys = (PreSharedKey(b"TEST1", 0, 0),)
    world, a, b = lab(a=config_a(keys=keys, entries=(entry(A, B, PROXIES_A, peers=(C, B), **changes),)))
    third = config_b(entries=(entry(C, A, PROXIES_A.mirrored),))
    return world, a, b, world.add(C, LAN_B + 1, third)


def test_the_next_peer_is_tried_when_one_is_silent() -> None:
    world, a, b, _ = three()
    del world.gateways[C]
    a.send(b.host)
    world.run(55)
    assert a.ike.current_peer(a.config.entries[0]) == C
    world.run(10)
    assert a.ike.current_peer(a.config.entries[0]) == B, "sixty seconds of silence are enough"
    assert world.ping(a, b)
    assert {pair.peer for pair in a.sad.pairs()} == {B}


def test_when_all_are_silent_the_next_traffic_begins_again() -> None:
    world, a, b, c = three()
    world.gateways.pop(B), world.gateways.pop(C)
    a.send(b.host)
    world.run(130 + LINGER)
    assert a.states == []
    world.gateways[C] = c
    a.send(c.host)
    world.run(1)
    assert world.ping(a, c)


@pytest.mark.parametrize("default", [None, C])
def test_a_dead_peer_gives_way(default: int | None) -> None:
    world, a, b, c = three(default_peer=default)
    a.configure(replace(a.config, keepalive=Keepalive(10, 2, True)))
    up(world, a, c)
    del world.gateways[C]
    world.run(30)
    assert a.sad.pairs() == ()
    a.send(b.host)
    world.run(70)
    assert {pair.peer for pair in a.sad.pairs()} == {B}
    # The default peer is back; it is preferred once the connection with the other has ended.
    world.gateways[C] = c
    c.restart()
    del world.gateways[B]
    world.run(30)
    a.send(c.host)
    world.run(1)
    assert {pair.peer for pair in a.sad.pairs()} == {C}


def test_the_default_peer_is_first_again_after_a_clear() -> None:
    world, a, b, _ = three(default_peer=C)
    silent = world.gateways.pop(C)
    a.send(b.host)
    world.run(70)
    assert a.ike.current_peer(a.config.entries[0]) == B
    world.gateways[C] = silent
    a.ike.clear_ipsec(world.now)
    a.settle()
    assert a.ike.current_peer(a.config.entries[0]) == C
    up(world, a, silent)


def test_a_peer_without_a_key_gives_way_at_once() -> None:
    world, a, b, _ = three()
    a.configure(replace(a.config, keys=(PreSharedKey(b"TEST1", B),)))
    a.send(b.host)
    world.run(1)
    assert world.ping(a, b)


def test_several_peers_on_one_interface() -> None:
    other = Proxies(PROXIES_A.local, Selector(LAN_B + 0x100, 0xFFFFFF00))
    entries = (entry(A, B, PROXIES_A), entry(A, C, other, sequence=20))
    world, a, b = lab(a=config_a(keys=(PreSharedKey(b"TEST1", A, 0xFFFFFF00),), entries=entries))
    c = world.add(C, LAN_B + 0x101, config_b(entries=(entry(C, A, other.mirrored),)))
    up(world, a, b)
    a.send(c.host)
    world.run(1)
    a.send(c.host)
    world.run(1)
    assert c.counts["received"] == 1
    assert {pair.peer for pair in a.sad.pairs()} == {B, C}
    assert len(a.states) == 2


# Translators -------------------------------------------------------------------------------------------------------


def translated(**changes: object) -> tuple[World, Gateway, Gateway]:
    """R-A is behind a translator and R-B sees it as N."""
    b = config_b(keys=(PreSharedKey(b"TEST1", N),), entries=(entry(B, N, PROXIES_A.mirrored),))
    world, gate_a, gate_b = lab(a=config_a(**changes), b=b)
    world.nat[A] = N
    return world, gate_a, gate_b


@pytest.mark.parametrize("aggressive", [False, True])
def test_through_a_translator(aggressive: bool) -> None:
    peers = (AggressivePeer(B, b"TEST1", ("ipv4-address", "10.0.10.10")),) if aggressive else ()
    world, a, b = translated(nat_keepalive=20, aggressive_peers=peers)
    up(world, a, b)
    (mine,), (theirs,) = a.ike.isakmp_sas(world.now), b.ike.isakmp_sas(world.now)
    assert (mine.local_port, mine.remote_port, mine.natted) == (4500, 4500, True)
    assert (theirs.local_port, theirs.remote_port, theirs.natted) == (4500, 4500 + NAT_SHIFT, True)
    (pair,) = b.sad.pairs()
    assert pair.outbound is not None
    assert pair.outbound.ports == (4500, 4500 + NAT_SHIFT)
    assert a.said("NAT found, the node inside NAT")
    assert b.said("His hash no match - this node outside NAT")
    assert world.counts["untranslated"] == 0
    sent = len(a.sent)
    world.run(100)
    assert a.sent[sent:] == [b"\xff"] * 5
    assert a.states == b.states == [UP]
    # A renewal from either side goes the same way.
    b.ike.renew(pair.spi, world.now)
    b.settle()
    world.run(1)
    assert world.ping(b, a)
    assert len(b.sad.pairs()) == 2


@pytest.mark.parametrize("lost", [5, 6])
def test_what_is_sent_again_goes_to_the_new_port_too(lost: int) -> None:
    world, a, b = translated()
    seen = 0

    def loses(kind: str) -> bool:
        nonlocal seen
        seen += kind == "udp"
        return seen != lost

    a.filter = b.filter = loses
    a.send(b.host)
    world.run(15)
    assert world.ping(a, b)
    assert b.ike.isakmp_sas(world.now)[0].remote_port == 4500 + NAT_SHIFT
    assert world.counts["untranslated"] == 0


def test_without_a_translator_nothing_floats() -> None:
    world, a, b = lab()
    up(world, a, b)
    assert a.said("No NAT Found for self or peer")
    (view,) = a.ike.isakmp_sas(world.now)
    assert (view.local_port, view.natted) == (500, False)
    assert a.sad.pairs()[0].inbound.ports is None


@pytest.mark.parametrize("who", ["a", "b"])
def test_traversal_can_be_off(who: str) -> None:
    """``no crypto ipsec nat-transparency udp-encapsulation``: IKE works, ESP is lost at the translator."""
    world, a, b = translated()
    gate = a if who == "a" else b
    gate.configure(replace(gate.config, nat_traversal=False))
    world.ping(a, b)
    assert not world.ping(a, b)
    assert a.states == [UP]
    assert world.counts["untranslated"] >= 1


def test_a_forged_message_does_not_lead_the_answers_elsewhere() -> None:
    world, a, b = translated()
    up(world, a, b)
    (view,) = b.ike.isakmp_sas(world.now)
    header = isakmp.Header(view.initiator_cookie, view.responder_cookie, 8, Exchange.INFORMATIONAL, 1, 77, 0)
    b.receive("udp", N, bytes(4) + isakmp.with_body(header, 8, bytes(48)), (666, 4500))
    assert b.ike.isakmp_sas(world.now)[0].remote_port == 4500 + NAT_SHIFT
    # Nor does an authentic one that is sent again from elsewhere.
    for _, source, data in list(world.wire):
        if source == A and data[:4] == bytes(4):
            b.receive("udp", N, data, (666, 4500))
    assert b.ike.isakmp_sas(world.now)[0].remote_port == 4500 + NAT_SHIFT
    assert world.ping(b, a)


# Aggressive mode ---------------------------------------------------------------------------------------------------


def aggressive(**changes: object) -> tuple[World, Gateway, Gateway]:
    """R-A calls itself branch.lab; R-B has a key for that name alone."""
    peer = AggressivePeer(B, b"SECRET", ("fqdn", "branch.lab"))
    b = config_b(keys=(), host_keys=(HostKey(b"SECRET", "Branch.lab"),), **changes)
    return lab(a=config_a(keys=(), aggressive_peers=(peer,)), b=b)


def test_aggressive_mode_by_name() -> None:
    world, a, b = aggressive()
    a.send(b.host)
    assert a.states == [("AG_INIT_EXCH", "ACTIVE")]
    world.run(0.003)
    assert b.states == [("AG_INIT_EXCH", "ACTIVE")]
    world.run(1)
    assert world.ping(a, b)
    assert a.states == b.states == [UP]
    assert b.ike.isakmp_sas(world.now)[0].peer_identity == "branch.lab"
    exchanges = [isakmp.parse(data)[0].exchange for _, _, data in world.wire]
    assert exchanges == [Exchange.AGGRESSIVE] * 3 + [Exchange.QUICK_MODE] * 3
    for line in (" beginning Aggressive Mode exchange", "New State = IKE_I_AM1", "Old State = IKE_I_AM1  New State"):
        assert a.said(line), line
    for line in ("New State = IKE_R_AM2", "Old State = IKE_R_AM2", "FQDN name    : branch.lab", "IKE_AM_EXCH"):
        assert b.said(line), line


@pytest.mark.parametrize("lost", [1, 2, 3])
def test_each_message_of_aggressive_mode_may_be_lost(lost: int) -> None:
    world, a, b = aggressive()
    seen = 0

    def loses(kind: str) -> bool:
        nonlocal seen
        seen += kind == "udp"
        return seen != lost

    a.filter = b.filter = loses
    a.send(b.host)
    world.run(25)
    assert a.states == b.states == [UP]
    assert world.ping(a, b)


def test_aggressive_mode_disabled() -> None:
    world, a, b = aggressive(accept_aggressive=False)
    a.send(b.host)
    world.run(61)
    assert b.states == []
    assert a.states == [("AG_NO_STATE", "ACTIVE (deleted)")]
    assert b.drops.as_dict()["ike-unsupported"] == 6


def test_aggressive_mode_with_a_wrong_key() -> None:
    world, a, b = aggressive()
    b.configure(replace(b.config, host_keys=(HostKey(b"OTHER", "branch.lab"),)))
    a.send(b.host)
    world.run(1)
    assert a.states == [("AG_INIT_EXCH", "ACTIVE")]
    assert a.logged("%CRYPTO-6-IKMP_MODE_FAILURE: Processing of Aggressive mode failed with peer at 10.0.10.20") == 1
    world.run(200)
    assert a.states == b.states == []


def test_aggressive_mode_refused() -> None:
    world, a, b = aggressive(policies=(replace(POLICY, group=5),))
    a.send(b.host)
    world.run(1)
    assert b.states == [("AG_NO_STATE", "ACTIVE (deleted)")]
    assert b.logged("Processing of Aggressive mode failed with peer at 10.0.10.10") == 1


def test_a_name_as_identity_in_main_mode() -> None:
    world, a, b = lab(a=config_a(identity="hostname", fqdn="R-A.lab"))
    up(world, a, b)
    assert b.ike.isakmp_sas(world.now)[0].peer_identity == "R-A.lab"
    assert a.ike.isakmp_sas(world.now)[0].peer_identity == "10.0.10.20"


# Transport mode ----------------------------------------------------------------------------------------------------

TRANSPORT = TransformSet("T", EspTransform("aes-128", "sha1"), Mode.TRANSPORT)
ENDS = Proxies(Selector(A), Selector(B))


@pytest.mark.parametrize(
    ("proxies", "mode"),
    [
        (ENDS, Mode.TRANSPORT),
        (PROXIES_A, Mode.TUNNEL),
        (Proxies(Selector(A, protocol=47), Selector(B, protocol=47)), Mode.TRANSPORT),
    ],
)
def test_transport_mode_is_for_the_ends_alone(proxies: Proxies, mode: Mode) -> None:
    world, a, b = lab(
        a=config_a(entries=(entry(A, B, proxies, transform_sets=(AES_SHA, TRANSPORT)),)),
        b=config_b(entries=(entry(B, A, proxies.mirrored, transform_sets=(TRANSPORT,)),)),
    )
    a.ike.initiate(a.config.entries[0], proxies, world.now)
    a.settle()
    world.run(1)
    for gate in (a, b):
        (pair,) = gate.sad.pairs()
        assert pair.inbound.mode is mode
        assert pair.outbound is not None
        assert pair.outbound.mode is mode


def test_modes_differ() -> None:
    world, a, b = lab(
        a=config_a(entries=(entry(A, B, ENDS, transform_sets=(TRANSPORT,)),)),
        b=config_b(entries=(entry(B, A, ENDS.mirrored),)),
    )
    a.ike.initiate(a.config.entries[0], ENDS, world.now)
    a.settle()
    world.run(1)
    assert a.sad.pairs() == b.sad.pairs() == ()
    assert b.said("encaps is 2 (Transport)")


# Hostile -------------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(
    where=st.integers(0, 5),
    at=st.integers(0, 500),
    octet=st.integers(0, 255),
    cut=st.booleans(),
    natted=st.booleans(),
)
def test_any_octet_of_aggressive_mode_may_be_wrong(where: int, at: int, octet: int, cut: bool, natted: bool) -> None:
    """A message arrives changed, and then as it was sent: nothing raises, and the tunnel comes up."""
    world, a, b = aggressive()
    if natted:
        world.nat[A] = N
        b.configure(replace(b.config, entries=(entry(B, N, PROXIES_A.mirrored),)))
    seen = 0

    def tampering(gate: Gateway) -> None:
        deliver = gate.receive

        def receive(kind: str, source: int, content: object, ports: tuple[int, int] | None = (500, 500)) -> None:
            nonlocal seen
            if kind == "udp" and isinstance(content, bytes):
                if seen == where:
                    index = at % len(content)
                    rest = b"" if cut else content[index + 1 :]
                    deliver(kind, source, content[:index] + bytes([octet]) + rest, ports)
                seen += 1
            deliver(kind, source, content, ports)

        gate.receive = receive  # type: ignore[method-assign]

    tampering(a)
    tampering(b)
    a.send(b.host)
    world.run(200)
    world.ping(a, b)
    world.run(1)
    assert world.ping(a, b)


def first_message(source: int, aggressive: bool) -> bytes:
    """A good first message of a stranger, which costs us an exchange."""
    cookie = source.to_bytes(8, "big")
    body = proposals.offer_phase_1([POLICY]).build()
    exchange = Exchange.AGGRESSIVE if aggressive else Exchange.IDENTITY_PROTECTION
    payloads = [isakmp.Payload(PayloadType.SA, body)]
    if aggressive:
        payloads += [
            isakmp.Payload(PayloadType.KE, b"\2" * 128),
            isakmp.Payload(PayloadType.NONCE, bytes(20)),
            isakmp.Payload(PayloadType.ID, isakmp.id_ipv4(source).build()),
        ]
    return isakmp.build(isakmp.Header(cookie, isakmp.ZERO_COOKIE, 0, exchange, 0, 0, 0), payloads)


@pytest.mark.parametrize(("aggressive", "count"), [(False, 3000), (True, 300)])
def test_a_flood_of_first_messages_starves_nobody(aggressive: bool, count: int) -> None:
    """From another address each, a thousand in a second, at a router with a key for everybody."""
    everybody = (PreSharedKey(b"TEST1", 0, 0),)
    world, a, b = lab(b=config_b(keys=everybody))
    up(world, a, b)
    b.ike.debug(())
    a.ike.debug(())
    sizes = []
    for number in range(1, count + 1):
        world.at(
            world.now + number / 1000,
            partial(b.receive, "udp", 0x0B000000 + number, first_message(0x0B000000 + number, aggressive)),
        )
    for step in range(count // 100):
        assert world.ping(a, b), "who is established goes on"
        if step == 1:
            # A whole new handshake comes through in the middle of it, for who is there answers.
            a.ike.clear_ipsec(world.now)
            a.ike.clear_isakmp(world.now)
            a.settle()
            world.ping(a, b)
            world.run(0.1)
        sizes.append(len(b.ike._core.sas))
    assert max(sizes) <= HALF_OPEN_LIMIT + 4
    assert len(b.ike._core._logged) <= 256
    world.run(200)
    assert b.states == a.states == [UP]
    assert len(b.ike._core.heard) == 1
