"""The reference lab between two engines: handshakes, what both ends show, and the table of causes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nodes.base.drops import Drop
from nodes.engine.ike.config import Policy, PreSharedKey, TransformSet
from nodes.esp.association import EspTransform, Proxies, Selector
from nodes.wire import isakmp
from nodes.wire.doi import Exchange
from tests.engine.ike.world import (
    AES_SHA,
    LAN_B,
    MASK,
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
NO_STATE = ("MM_NO_STATE", "ACTIVE")
DELETED = ("MM_NO_STATE", "ACTIVE (deleted)")


def test_the_first_packet_is_dropped_and_the_next_passes() -> None:
    world, a, b = lab()
    assert a.states == b.states == []
    assert not world.ping(a, b)
    assert a.counts["no-sa"] == 1
    assert world.ping(a, b)
    assert a.states == b.states == [UP]
    for gate in (a, b):
        (view,) = gate.ike.isakmp_sas(world.now)
        assert (view.destination, view.source, view.connection_id) == (B, A, 1001)
        assert (view.cipher, view.hash, view.group, view.lifetime) == ("aes-256", "sha1", 2, 86400)
        (pair,) = gate.sad.pairs()
        assert (pair.inbound_id, pair.outbound_id) == (2001, 2002)
        assert (pair.seconds, pair.kilobytes, pair.pfs_group) == (3600, 4608000, None)
    (pair_a,), (pair_b,) = a.sad.pairs(), b.sad.pairs()
    assert pair_b.outbound is not None
    assert pair_a.inbound.spi == pair_b.outbound.spi
    assert pair_a.proxies == pair_b.proxies.mirrored == PROXIES_A
    assert b.logged("ISAKMP is ON") == 1
    exchanges = [isakmp.parse(data)[0].exchange for _, _, data in world.wire]
    assert exchanges == [Exchange.IDENTITY_PROTECTION] * 6 + [Exchange.QUICK_MODE] * 3


def test_debug_lines_are_those_of_ios() -> None:
    world, a, b = lab()
    world.ping(a, b)
    for text in (
        "ISAKMP:(0): beginning Main Mode exchange",
        "ISAKMP:(0):Old State = IKE_READY  New State = IKE_I_MM1",
        "ISAKMP:(0):Old State = IKE_I_MM1  New State = IKE_I_MM2",
        "ISAKMP:(0):atts are acceptable. Next payload is 0",
        "ISAKMP:(0): sending packet to 10.0.10.20 my_port 500 peer_port 500 (I) MM_SA_SETUP",
        "ISAKMP:(1001): sending packet to 10.0.10.20 my_port 500 peer_port 500 (I) MM_KEY_EXCH",
        "ISAKMP:(1001):SA has been authenticated with 10.0.10.20",
        "New State = IKE_P1_COMPLETE",
        "ISAKMP:(1001):beginning Quick Mode exchange, M-ID of ",
        "IPSEC(sa_request): ,",
        "    local_proxy= 192.168.1.0/255.255.255.0/0/0 (type=4),",
        "IPSEC(create_sa): sa created,",
        "sa_trans= esp-aes esp-sha-hmac , sa_conn_id= 2001",
    ):
        assert a.said(text), text
    for text in ("(R) MM_SA_SETUP", "(R) MM_KEY_EXCH", "New State = IKE_R_MM4", "New State = IKE_QM_R_QM2"):
        assert b.said(text), text


def test_debug_of_the_engine() -> None:
    world, a, b = lab()
    a.ike.debug(("engine",))
    world.ping(a, b)
    assert a.lines == [
        "CryptoEngine0: generate alg parameter",
        "CRYPTO_ENGINE: Dh phase 1 status: 0",
        "CryptoEngine0: create ISAKMP SKEYID for conn id 1001",
        "CryptoEngine0: generate hmac context for conn id 1001",
        "CryptoEngine0: clear dh number for conn id 1001",
        "CryptoEngine0: generate hmac context for conn id 1001",
        "CryptoEngine0: ipsec allocate flow",
        "CryptoEngine0: ipsec allocate flow",
    ]


@pytest.mark.parametrize("cipher", ["des", "3des", "aes-128", "aes-192", "aes-256"])
@pytest.mark.parametrize(
    ("hash_name", "group"),
    [
        ("md5", 1),
        ("sha1", 5),
        ("sha256", 14),
        ("sha512", 2),
        ("sha384", 19),
        ("sha512", 20),
        ("sha256", 15),
        ("md5", 16),
    ],
)
def test_every_policy(cipher: str, hash_name: str, group: int) -> None:
    policy = Policy(10, cipher, hash_name, group, "pre-share", 3600)
    transform = TransformSet("T", EspTransform(cipher, hash_name))
    pfs = group if hash_name != "sha1" else None
    world, a, b = lab(
        a=config_a(policies=(policy,), entries=(entry(A, B, PROXIES_A, transform_sets=(transform,), pfs_group=pfs),)),
        b=config_b(
            policies=(policy,), entries=(entry(B, A, PROXIES_A.mirrored, transform_sets=(transform,), pfs_group=pfs),)
        ),
    )
    world.ping(b, a)
    assert world.ping(b, a)
    (pair,) = a.sad.pairs()
    assert pair.inbound.transform == transform.transform
    assert pair.pfs_group == pfs
    assert not pair.initiator


@pytest.mark.parametrize("cipher", ["null", "aes-gcm-128", "aes-gcm-192", "aes-gcm-256"])
def test_ciphers_of_phase_2_alone(cipher: str) -> None:
    transform = TransformSet("T", EspTransform(cipher, "sha1" if cipher == "null" else "none"))
    world, a, b = lab(
        a=config_a(entries=(entry(A, B, PROXIES_A, transform_sets=(AES_SHA, transform)),)),
        b=config_b(entries=(entry(B, A, PROXIES_A.mirrored, transform_sets=(transform,)),)),
    )
    world.ping(a, b)
    assert world.ping(a, b)
    (pair,) = a.sad.pairs()
    assert pair.inbound.transform == transform.transform
    assert len(a.inbound[pair.spi].cipher_key) == transform.transform.cipher_suite.key_length


def test_the_policy_of_the_responders_priority_is_chosen() -> None:
    strong, weak = Policy(10, "aes-256", "sha256", 14, "pre-share"), Policy(20, "3des", "md5", 2, "pre-share")
    signatures = Policy(5, "aes-256", "sha256", 14, "rsa-sig")
    world, a, b = lab(
        a=config_a(policies=(weak, strong)), b=config_b(policies=(signatures, replace(strong, lifetime=600), weak))
    )
    world.ping(a, b)
    assert world.ping(a, b)
    for gate in (a, b):
        (view,) = gate.ike.isakmp_sas(world.now)
        # The responder's shorter lifetime is told to the initiator (RFC 2407 §4.6.3.1).
        assert (view.cipher, view.group, view.lifetime) == ("aes-256", 14, 600)
    assert b.said("Checking ISAKMP transform 2 against priority 10 policy")


def test_the_shorter_lifetimes_hold_at_both_ends() -> None:
    world, a, b = lab(
        b=config_b(entries=(entry(B, A, PROXIES_A.mirrored, lifetime_seconds=300, lifetime_kilobytes=2560),))
    )
    world.ping(a, b)
    assert world.ping(a, b)
    for gate in (a, b):
        assert [(pair.seconds, pair.kilobytes) for pair in gate.sad.pairs()] == [(300, 2560)]


def test_several_transform_sets_and_entries() -> None:
    first, second = (
        TransformSet("ONE", EspTransform("3des", "md5")),
        TransformSet("TWO", EspTransform("aes-256", "sha256")),
    )
    other = Proxies(Selector(PROXIES_A.local.address, MASK), Selector(LAN_B + 0x100, MASK))
    world, a, b = lab(
        a=config_a(
            entries=(
                entry(A, B, other, sequence=5),
                entry(A, B, PROXIES_A, sequence=10, transform_sets=(first, second)),
            )
        ),
        b=config_b(entries=(entry(B, A, PROXIES_A.mirrored, transform_sets=(AES_SHA, second), sequence=20),)),
    )
    world.ping(a, b)
    assert world.ping(a, b)
    (pair,) = b.sad.pairs()
    assert (pair.inbound.transform, pair.sequence) == (second.transform, 20)


def test_proxies_of_one_host_and_port() -> None:
    proxies = Proxies(Selector(PROXIES_A.local.address, MASK, 1), Selector(LAN_B + 1, protocol=1))
    world, a, b = lab(a=config_a(entries=(entry(A, B, proxies),)), b=config_b(entries=(entry(B, A, proxies.mirrored),)))
    world.ping(a, b)
    assert world.ping(a, b)


# The table of causes (PC-A pings) ------------------------------------------------------------------------------------


def mended(world: World, a: Gateway, b: Gateway) -> None:
    """The right configuration works, at once after a clear."""
    for gate in (a, b):
        gate.ike.clear_ipsec(world.now)
        gate.ike.clear_isakmp(world.now)
        gate.settle()
    a.configure(config_a())
    b.configure(config_b())
    world.ping(a, b)
    assert world.ping(a, b)
    assert UP in a.states
    assert UP in b.states
    # Every trace of the failure is gone a little later.
    world.run(130)
    assert a.states == b.states == [UP]


def nothing(gate: Gateway) -> bool:
    return not gate.states and not gate.sad.pairs() and not gate.ike.pairs()


def test_no_map_at_a() -> None:
    world, a, b = lab(a=config_a(enabled=False, entries=()))
    assert a.send(b.host)
    world.run(1)
    assert a.counts["clear"] == b.counts["not-ipsec"] == 1
    assert b.drops[Drop.IPSEC_CLEARTEXT] == 1
    assert nothing(a)
    assert nothing(b)
    mended(world, a, b)


@pytest.mark.parametrize("wrong", ["key", "peer"])
def test_no_key_for_the_peer(wrong: str) -> None:
    slip = (B & ~0xFFFF) | 20
    config = (
        config_a(keys=(PreSharedKey(b"TEST1", slip),))
        if wrong == "key"
        else config_a(entries=(entry(A, slip, PROXIES_A),))
    )
    world, a, b = lab(a=config)
    a.send(b.host)
    world.run(1)
    assert nothing(a)
    assert nothing(b)
    assert a.said("No pre-shared key with 10.0." + ("10.20!" if wrong == "key" else "0.20!"))
    assert a.said("Can not start Main mode")
    mended(world, a, b)


@pytest.mark.parametrize("cause", ["off", "unreachable", "acl"])
def test_the_peer_does_not_answer(cause: str) -> None:
    world, a, b = lab(b=config_b(enabled=False, entries=()) if cause == "off" else None)
    if cause == "unreachable":
        del world.gateways[B]
    if cause == "acl":
        b.filter = lambda kind: kind != "udp"
    a.send(b.host)
    for _ in range(5):
        world.run(9.9)
        assert a.states == [NO_STATE]
        world.run(0.1)
    world.run(9)
    assert a.states == [NO_STATE]
    world.run(1.1)
    # Six transmissions, ten seconds apart, of the same octets.
    assert len(a.sent) == 6
    assert len(set(a.sent)) == 1
    assert a.states == [DELETED]
    assert a.said('deleting SA reason "Death by retransmission P1" state (I) MM_NO_STATE   (peer 10.0.10.20)')
    assert nothing(b)
    world.run(61)
    assert nothing(a)
    world.gateways[B] = b
    b.filter = lambda kind: True
    mended(world, a, b)


def test_policy_mismatch() -> None:
    world, a, b = lab(b=config_b(policies=(replace(POLICY, group=5),)))
    a.send(b.host)
    world.run(1)
    assert a.states == [NO_STATE]
    assert a.said("processing NOTIFY PROPOSAL_NOT_CHOSEN protocol 1")
    assert a.said("Notify has no hash. Rejected.")
    assert a.logged("%CRYPTO-6-IKMP_MODE_FAILURE: Processing of Informational mode failed with peer at 10.0.10.20")
    assert b.states == [DELETED]
    assert b.said("phase 1 SA policy not acceptable! (local 10.0.10.20 remote 10.0.10.10)")
    assert b.said("Diffie-Hellman group offered does not match policy!")
    assert b.logged("Processing of Main mode failed with peer at 10.0.10.10") == 1
    world.run(60)
    # The same refusal for each of the same offers.
    assert len(b.sent) == 6
    assert len(set(b.sent)) == 1
    assert a.states == [DELETED]
    world.run(120)
    assert nothing(a)
    assert nothing(b)
    mended(world, a, b)


def test_a_policy_that_is_mended_works_without_a_clear() -> None:
    world, a, b = lab(b=config_b(policies=(replace(POLICY, group=5),)))
    a.send(b.host)
    world.run(5)
    b.configure(config_b())
    world.run(6)
    assert a.states == b.states == [UP]
    assert world.ping(a, b)


def test_keys_differ() -> None:
    world, a, b = lab(b=config_b(keys=(PreSharedKey(b"TEST2", A),)))
    a.send(b.host)
    world.run(1)
    assert a.states == b.states == [("MM_KEY_EXCH", "ACTIVE")]
    bad = "%CRYPTO-4-IKMP_BAD_MESSAGE: IKE message from 10.0.10.10 failed its sanity check or is malformed"
    assert b.logged(bad) == 1
    assert b.drops[Drop.IKE_NOT_AUTHENTIC] == 1
    world.run(50)
    assert a.states == b.states == [("MM_KEY_EXCH", "ACTIVE")]
    assert b.logged(bad) == 6
    world.run(10)
    assert a.states == b.states == [DELETED]
    world.run(61)
    assert nothing(a)
    assert nothing(b)
    mended(world, a, b)


def _phase_2_refused(world: World, a: Gateway, b: Gateway, reason: str, number: int) -> None:
    a.send(b.host)
    world.run(1)
    assert a.states == b.states == [UP]
    assert not a.sad.pairs()
    assert not b.sad.pairs()
    assert not a.ike.pairs()
    assert not b.ike.pairs()
    assert a.said("processing NOTIFY PROPOSAL_NOT_CHOSEN protocol 3")
    assert b.said(f"IPSec policy invalidated proposal with error {number}")
    assert b.said(reason)
    assert b.said("phase 2 SA policy not acceptable! (local 10.0.10.20 remote 10.0.10.10)")
    assert b.logged("%CRYPTO-6-IKMP_MODE_FAILURE: Processing of Quick mode failed with peer at 10.0.10.10") == 1
    world.run(120)
    assert a.states == b.states == [UP]
    mended(world, a, b)


def test_transform_sets_differ() -> None:
    other = TransformSet("T", EspTransform("3des", "md5"))
    world, a, b = lab(b=config_b(entries=(entry(B, A, PROXIES_A.mirrored, transform_sets=(other,)),)))
    _phase_2_refused(world, a, b, "transform proposal not supported for identity", 256)


def test_access_lists_are_no_mirror_images() -> None:
    wider = Proxies(Selector(LAN_B, 0xFFFF0000), PROXIES_A.local)
    world, a, b = lab(b=config_b(entries=(entry(B, A, wider),)))
    _phase_2_refused(world, a, b, "proxy identities not supported", 32)


def test_the_map_is_on_the_wrong_interface_of_b() -> None:
    inside = entry(LAN_B + 254, A, PROXIES_A.mirrored, interface="FastEthernet0/1")
    world, a, b = lab(b=config_b(entries=(inside,)))
    _phase_2_refused(world, a, b, "invalid local address 10.0.10.20", 8)


def test_pfs_is_asked_for_and_not_offered() -> None:
    world, a, b = lab(b=config_b(entries=(entry(B, A, PROXIES_A.mirrored, pfs_group=2),)))
    _phase_2_refused(world, a, b, "transform proposal not supported for identity", 256)


def test_pfs_is_offered_and_not_asked_for() -> None:
    world, a, b = lab(a=config_a(entries=(entry(A, B, PROXIES_A, pfs_group=5),)))
    world.ping(a, b)
    assert world.ping(a, b)
    assert [pair.pfs_group for gate in (a, b) for pair in gate.sad.pairs()] == [5, 5]


def test_no_return_route_at_b() -> None:
    world, a, b = lab()
    for _ in range(4):
        a.send(b.host)
        world.run(1)
    assert a.states == b.states == [UP]
    ((_, _, _, _, _, encaps, decaps, *_),) = a.sad.identities()
    assert (encaps, decaps) == (3, 0)
    ((_, _, _, _, _, encaps, decaps, *_),) = b.sad.identities()
    assert (encaps, decaps) == (0, 3)
    mended(world, a, b)


def test_an_access_list_stops_protocol_50() -> None:
    world, a, b = lab()
    b.filter = lambda kind: kind != "esp"
    for _ in range(4):
        a.send(b.host)
        world.run(1)
    assert a.states == b.states == [UP]
    assert [view.encaps for view in a.sad.identities()] == [3]
    assert [view.decaps for view in b.sad.identities()] == [0]
    b.filter = lambda kind: True
    mended(world, a, b)


# Remedies ------------------------------------------------------------------------------------------------------------


def test_clear_tells_the_peer() -> None:
    world, a, b = lab()
    world.ping(a, b)
    assert world.ping(a, b)
    a.ike.clear_ipsec(world.now)
    a.settle()
    world.run(1)
    assert not a.sad.pairs()
    assert not b.sad.pairs()
    assert a.states == b.states == [UP]
    world.ping(a, b)
    assert world.ping(a, b)
    b.ike.clear_isakmp(world.now)
    b.settle()
    world.run(1)
    assert a.states == b.states == [DELETED]
    assert len(a.sad.pairs()) == len(b.sad.pairs()) == 1
    assert world.ping(a, b)
    assert a.said('deleting SA reason "No reason" state (I) QM_IDLE')


@pytest.mark.parametrize("who", ["initiator", "responder"])
def test_a_reload_mends(who: str) -> None:
    world, a, b = lab()
    world.ping(a, b)
    assert world.ping(a, b)
    (a if who == "initiator" else b).restart()
    sender, receiver = (a, b) if who == "initiator" else (b, a)
    world.ping(sender, receiver)
    assert world.ping(sender, receiver)
    # INITIAL-CONTACT has cleared what the other end still had.
    assert len(a.sad.pairs()) == len(b.sad.pairs()) == 1
    world.run(61)
    assert a.states == b.states == [UP]


def test_a_peer_that_lost_the_sa_is_noticed_by_phase_2() -> None:
    world, a, b = lab()
    world.ping(a, b)
    b.restart()
    a.ike.clear_ipsec(world.now)
    a.settle()
    a.send(b.host)
    world.run(61)
    assert DELETED in a.states
    assert a.said('reason "Death by retransmission P2"')
    assert b.logged("has no SA and is not an initialization offer") >= 1
    world.ping(a, b)
    assert world.ping(a, b)


def test_taking_the_map_off_removes_its_sas() -> None:
    world, a, b = lab()
    world.ping(a, b)
    assert world.ping(a, b)
    a.configure(config_a(enabled=False, entries=()))
    world.run(1)
    assert nothing(a)
    assert not b.sad.pairs()
    assert b.states == [DELETED]
    assert a.logs[-1] == "%CRYPTO-6-ISAKMP_ON_OFF: ISAKMP is OFF"
    mended(world, a, b)
