"""Hostile packets at a router while traffic flows: each a named, counted drop, no good packet lost."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from nodes.base.drops import Drop
from nodes.wire import ipv4, l4
from nodes.wire.ipv4 import Ipv4
from tests.sim import LabSim

PEER = 0x0A000A0A  # 10.0.10.10
OWN = 0x0A000A14  # 10.0.10.20
WAN = 0  # R-B's FastEthernet0/0
_HEADERS = 14 + 20


def esp_frames(sim: LabSim) -> list[bytes]:
    """The ESP frames that R-B received so far, the youngest last."""
    wan = sim.nodes["R-B"].ids[WAN]
    return [frame for _, port, frame in sim.trace if port == wan and frame[23] == l4.ESP]


def inject(sim: LabSim, *frames: bytes) -> None:
    """Frames reach R-B by its WAN port, from whoever is on that wire."""
    node = sim.nodes["R-B"]
    node.device.receive(WAN, list(frames), sim.now)
    sim.turn(node)


def repacked(frame: bytes, payload: bytes) -> bytes:
    """The frame with another payload in its IP packet, lengths and checksum right."""
    packet = ipv4.parse(frame[14:])
    return frame[:14] + Ipv4(packet.src, packet.dst, packet.proto, payload, ttl=packet.ttl).build()


def flipped(data: bytes, at: int) -> bytes:
    changed = bytearray(data)
    changed[at] ^= 0x40
    return bytes(changed)


def to_r_b(frame: bytes, packet: bytes) -> bytes:
    return frame[:12] + b"\x08\x00" + packet


def payload_of(frame: bytes) -> bytes:
    return ipv4.parse(frame[14:]).payload


Attack = Callable[[bytes], bytes]
ATTACKS: dict[str, tuple[Attack, Drop]] = {
    "replay": (lambda frame: frame, Drop.ESP_REPLAY),
    "corrupt ICV": (lambda frame: repacked(frame, ahead(flipped(payload_of(frame), -1), 1)), Drop.ESP_BAD_ICV),
    "corrupt body": (lambda frame: repacked(frame, ahead(flipped(payload_of(frame), 40), 1)), Drop.ESP_BAD_ICV),
    "truncated": (lambda frame: repacked(frame, payload_of(frame)[:21]), Drop.ESP_MALFORMED),
    "shorter than a header": (lambda frame: repacked(frame, payload_of(frame)[:5]), Drop.ESP_MALFORMED),
    "sequence 0": (lambda frame: repacked(frame, sequenced(payload_of(frame), 0)), Drop.ESP_SEQUENCE_ZERO),
    "far ahead": (lambda frame: repacked(frame, ahead(payload_of(frame), 1_000_000)), Drop.ESP_BAD_ICV),
    "unknown SPI": (
        lambda frame: repacked(frame, bytes((payload_of(frame)[0] ^ 0x5A,)) + payload_of(frame)[1:]),
        Drop.ESP_UNKNOWN_SPI,
    ),
    "cleartext": (
        lambda frame: to_r_b(frame, Ipv4(0xC0A80101, 0xC0A80201, l4.ICMP, b"\x08\x00" + bytes(30), ttl=127).build()),
        Drop.IPSEC_CLEARTEXT,
    ),
    "rubbish on UDP 500": (
        lambda frame: to_r_b(
            frame, Ipv4(PEER, OWN, l4.UDP, l4.Udp(500, 500, random.Random(7).randbytes(200)).build(PEER, OWN)).build()
        ),
        Drop.IKE_MALFORMED,
    ),
}


def sequenced(payload: bytes, sequence: int) -> bytes:
    return payload[:4] + sequence.to_bytes(4, "big") + payload[8:]


def ahead(payload: bytes, by: int) -> bytes:
    """The payload with a sequence number that was not used yet."""
    return sequenced(payload, int.from_bytes(payload[4:8], "big") + by)


@pytest.mark.parametrize("name", ATTACKS)
def test_each_attack_is_a_named_drop_and_harms_no_traffic(tunnel: LabSim, name: str) -> None:
    attack, reason = ATTACKS[name]
    drops = tunnel.nodes["R-B"].device.drops
    before, before_all = drops[reason], drops.total
    ping = tunnel.start("PC-A", "ping -n 20 192.168.2.1")
    attacks = 0
    while not ping.done:
        tunnel.run(0.7)
        inject(tunnel, attack(esp_frames(tunnel)[-1]))
        attacks += 1
    assert ping.output.count("TTL=126") == 20, "a good packet was lost"
    assert attacks > 20
    assert drops[reason] == before + attacks
    assert drops.total == before_all + attacks, "each is counted once, under one name"
    text = "\n".join(tunnel.nodes["R-B"].log)
    logged = {
        "replay": "%CRYPTO-4-PKT_REPLAY_ERR",
        "unknown SPI": "%CRYPTO-4-RECVD_PKT_INV_SPI",
        "cleartext": "%CRYPTO-4-RECVD_PKT_NOT_IPSEC",
        "corrupt body": "%CRYPTO-4-RECVD_PKT_MAC_ERR",
    }.get(name)
    if logged is not None:
        assert 1 <= text.count(logged) <= 3, "logged, and not once per packet"


def test_an_unauthenticated_packet_does_not_move_the_window(tunnel: LabSim) -> None:
    """A forged number far ahead must not make the numbers before it look old."""
    frame = esp_frames(tunnel)[-1]
    inject(tunnel, repacked(frame, ahead(payload_of(frame), 100_000)))
    assert tunnel.exec("PC-A", "ping -n 3 192.168.2.1").count("TTL=126") == 3


def test_any_bytes_in_place_of_isakmp_and_esp(tunnel: LabSim) -> None:
    """Random bodies, and real messages with random octets changed: nothing raises, the tunnel stays."""
    rng = random.Random(11)
    wan = tunnel.nodes["R-B"].ids[WAN]
    seen = [frame for _, port, frame in tunnel.trace if port == wan and frame[23] in (l4.UDP, l4.ESP)]
    drops = tunnel.nodes["R-B"].device.drops
    before, sent = drops.total, 0
    for _ in range(600):
        frame = rng.choice(seen)
        body = bytearray(payload_of(frame))
        if rng.random() < 0.3:
            body = bytearray(rng.randbytes(rng.randrange(0, 300)))
        else:
            for _ in range(rng.randrange(1, 6)):
                body[rng.randrange(len(body))] = rng.randrange(256)
        inject(tunnel, repacked(frame, bytes(body)))
        sent += 1
    assert drops.total > before + sent // 2
    tunnel.run(1)
    assert tunnel.exec("PC-A", "ping 192.168.2.1").count("TTL=126") == 4
    assert len(tunnel.view("R-B", "show crypto isakmp sa")["sas"]) <= 70, "half-open exchanges are bounded"


def test_the_last_sequence_number_is_the_one_on_the_wire(tunnel: LabSim) -> None:
    """Packets that were lost on the way leave a gap between what was decrypted and the last number."""
    wan = tunnel.nodes["R-B"].ids[WAN]
    lost = iter([True, False, True])
    tunnel.tamper = lambda port, frame: [] if port == wan and frame[23] == l4.ESP and next(lost, False) else [frame]
    tunnel.exec("PC-A", "ping -n 6 -w 500 192.168.2.1")
    last = int.from_bytes(payload_of(esp_frames(tunnel)[-1])[4:8], "big")
    (row,) = [
        row for row in tunnel.view("R-B", "show crypto engine connections active")["connections"] if row["decrypted"]
    ]
    assert (row["last_sequence"], row["decrypted"]) == (last, last - 2)


def test_fragments_of_esp_are_put_together_before_decryption(tunnel: LabSim) -> None:
    """A hop with a smaller MTU cut the ESP packets: they are decrypted as if they had come whole, in any order."""
    wan = tunnel.nodes["R-B"].ids[WAN]
    tunnel.tamper = lambda port, frame: (
        [frame[:14] + piece for piece in reversed(ipv4.fragment(unlocked(frame[14:]), 600))]
        if port == wan and frame[23] == l4.ESP
        else [frame]
    )
    before = tunnel.view("R-B", "show crypto ipsec sa")["interfaces"][0]["flows"][0]["decaps"]
    assert tunnel.exec("PC-A", "ping -n 5 -l 1200 192.168.2.1").count("TTL=126") == 5
    after = tunnel.view("R-B", "show crypto ipsec sa")["interfaces"][0]["flows"][0]["decaps"]
    assert after == before + 5
    assert tunnel.nodes["R-B"].device.drops[Drop.ESP_BAD_ICV] == 0


def unlocked(packet: bytes) -> bytes:
    """The packet without its padding and without DF."""
    value = ipv4.parse(packet)
    return Ipv4(value.src, value.dst, value.proto, value.payload, ttl=value.ttl, ident=value.ident).build()
