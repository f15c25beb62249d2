"""Scapy, an independent implementation, reads the frames built here and builds frames that are read here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nodes.base.addr import format_ipv4, format_mac_colons, parse_ipv4, parse_mac
from nodes.wire import arp, ethernet, icmp, ipv4, l4
from nodes.wire.arp import Arp
from nodes.wire.ethernet import ETH_ARP, ETH_IPV4, Frame, Tag
from nodes.wire.ipv4 import Ipv4

Ask = Callable[..., Any]

# One child process serves all examples, so the fixture's scope is wanted; its first answer comes late (an import).
with_scapy = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

MACS = st.binary(min_size=5, max_size=5).map(lambda rest: b"\x02" + rest)
IPS = st.integers(0, 2**32 - 1)
U8, U16, U32 = st.integers(0, 255), st.integers(0, 0xFFFF), st.integers(0, 2**32 - 1)
TAGS = st.none() | st.builds(Tag, vid=st.integers(0, 4095), pcp=st.integers(0, 7), dei=st.booleans())


@with_scapy
@given(MACS, MACS, TAGS, U16, IPS, IPS)
def test_arp(scapy: Ask, src: bytes, dst: bytes, tag: Tag | None, op: int, asker: int, asked: int) -> None:
    packet = Arp(op, src, asker, dst, asked)
    octets = Frame(dst, src, ETH_ARP, packet.build(), tag).build()
    layers: list[Any] = [["Ether", {"dst": format_mac_colons(dst), "src": format_mac_colons(src)}]]
    if tag is not None:
        layers.append(["Dot1Q", {"vlan": tag.vid, "prio": tag.pcp, "dei": int(tag.dei)}])
    fields = {
        "op": op,
        "hwsrc": format_mac_colons(src),
        "psrc": format_ipv4(asker),
        "hwdst": format_mac_colons(dst),
        "pdst": format_ipv4(asked),
    }
    theirs = bytes.fromhex(scapy("build", layers=[*layers, ["ARP", fields]]))
    assert octets == theirs.ljust(60, b"\0")
    assert arp.parse(ethernet.parse(theirs).payload) == packet

    read = dict(scapy("read", **{"as": "Ether", "data": octets.hex()}))
    assert read["ARP"].items() >= fields.items()
    if tag is not None:
        assert read["Dot1Q"].items() >= {"vlan": tag.vid, "prio": tag.pcp, "dei": tag.dei}.items()


@with_scapy
@given(
    st.builds(
        Ipv4,
        src=IPS,
        dst=IPS,
        proto=st.sampled_from([0, 50, 89, 255]),
        payload=st.binary(max_size=60),
        ttl=U8,
        ident=U16,
        dont_fragment=st.booleans(),
        more_fragments=st.booleans(),
        offset=st.integers(0, 8191).map(lambda units: units * 8),
        tos=U8,
        options=st.sampled_from([b"", bytes.fromhex("94040000"), bytes.fromhex("07070400000000000101010101010100")]),
    )
)
def test_ipv4(scapy: Ask, packet: Ipv4) -> None:
    octets = packet.build()
    assert bytes.fromhex(scapy("rebuild", **{"as": "IP", "data": octets.hex()})) == octets
    [[name, read], *_] = scapy("read", **{"as": "IP", "data": octets.hex()})
    assert name == "IP"
    assert (read["src"], read["dst"]) == (format_ipv4(packet.src), format_ipv4(packet.dst))
    assert (read["proto"], read["ttl"], read["id"], read["tos"]) == (packet.proto, packet.ttl, packet.ident, packet.tos)
    assert read["frag"] * 8 == packet.offset
    assert ("DF" in read["flags"], "MF" in read["flags"]) == (packet.dont_fragment, packet.more_fragments)


@with_scapy
@given(IPS, IPS, U16, U16, st.binary(max_size=60), U8.filter(bool))
def test_udp_from_scapy(scapy: Ask, src: int, dst: int, sport: int, dport: int, load: bytes, ttl: int) -> None:
    ip = {"src": format_ipv4(src), "dst": format_ipv4(dst), "ttl": ttl}
    udp = {"sport": sport, "dport": dport}
    theirs = bytes.fromhex(scapy("build", layers=[["IP", ip], ["UDP", udp], ["Raw", {"load": {"hex": load.hex()}}]]))
    packet = ipv4.parse(theirs)
    assert (packet.src, packet.dst, packet.ttl) == (src, dst, ttl)
    datagram = l4.parse_udp(packet.payload, src, dst)
    assert datagram == l4.Udp(sport, dport, load)
    assert datagram.build(src, dst) == packet.payload


@with_scapy
@given(IPS, IPS, U16, U16, U32, U32, st.integers(0, 63), U16, st.binary(max_size=40))
def test_tcp_from_scapy(
    scapy: Ask, src: int, dst: int, sport: int, dport: int, seq: int, ack: int, flags: int, window: int, load: bytes
) -> None:
    ip = {"src": format_ipv4(src), "dst": format_ipv4(dst)}
    tcp: dict[str, Any] = {"sport": sport, "dport": dport, "seq": seq, "ack": ack, "flags": flags, "window": window}
    tcp["options"] = [["MSS", 1460], ["NOP", None], ["WScale", 7]]
    theirs = bytes.fromhex(scapy("build", layers=[["IP", ip], ["TCP", tcp], ["Raw", {"load": {"hex": load.hex()}}]]))
    packet = ipv4.parse(theirs)
    segment = l4.parse_tcp(packet.payload, src, dst)
    assert segment == l4.Tcp(
        sport, dport, seq, ack, flags, window, options=bytes.fromhex("020405b401030307"), payload=load
    )
    assert segment.build(src, dst) == packet.payload


@with_scapy
@given(U8, U8, U16, U16, st.binary(max_size=60))
def test_icmp_from_scapy(scapy: Ask, kind: int, code: int, ident: int, seq: int, load: bytes) -> None:
    layers = [["ICMP", {"type": kind, "code": code, "id": ident, "seq": seq}], ["Raw", {"load": {"hex": load.hex()}}]]
    theirs = bytes.fromhex(scapy("build", layers=layers))
    message = icmp.parse(theirs)
    if kind == icmp.ECHO_REQUEST and code == 0:
        assert message == icmp.EchoRequest(ident, seq, load)
    if kind == icmp.ECHO_REPLY and code == 0:
        assert message == icmp.EchoReply(ident, seq, load)


@pytest.mark.parametrize(
    "message",
    [
        icmp.EchoRequest(1, 2, b"abc"),
        icmp.EchoReply(1, 2, b"abc"),
        icmp.Unreachable(icmp.HOST_UNREACHABLE, icmp.quote(Ipv4(1, 2, 17, bytes(30)).build())),
        icmp.Unreachable(icmp.FRAGMENTATION_NEEDED, icmp.quote(Ipv4(1, 2, 17, bytes(30)).build()), 1400),
        icmp.TimeExceeded(0, icmp.quote(Ipv4(1, 2, 17, bytes(30)).build())),
        icmp.Redirect(1, 0x0A000001, icmp.quote(Ipv4(1, 2, 17, bytes(30)).build())),
    ],
    ids=lambda message: type(message).__name__,
)
def test_icmp_to_scapy(scapy: Ask, message: icmp.Message) -> None:
    packet = Ipv4(parse_ipv4("10.0.10.10"), parse_ipv4("10.0.10.20"), l4.ICMP, message.build())
    octets = Frame(parse_mac("0200.0000.0001"), parse_mac("0200.0000.0002"), ETH_IPV4, packet.build()).build()
    read = scapy("read", **{"as": "IP", "data": packet.build().hex()})
    assert [name for name, _ in read[:2]] == ["IP", "ICMP"]
    assert scapy("rebuild", **{"as": "IP", "data": packet.build().hex()}) == packet.build().hex()
    fields = read[1][1]
    assert fields["type"] == message.build()[0]
    if isinstance(message, icmp.Unreachable):
        assert (fields["code"], fields["nexthopmtu"]) == (message.code, message.mtu)
        assert read[2][0] == "IPerror"
    if isinstance(message, icmp.Redirect):
        assert fields["gw"] == format_ipv4(message.gateway)
    assert scapy("read", **{"as": "Ether", "data": octets.hex()})[0][1]["src"] == "02:00:00:00:00:02"


@with_scapy
@given(st.binary(min_size=60, max_size=400), st.integers(68, 200))
def test_scapy_puts_our_fragments_together(scapy: Ask, payload: bytes, mtu: int) -> None:
    packet = Ipv4(0x0A000A0A, 0x0A000A14, 50, payload, ident=77, ttl=64)
    pieces = ipv4.fragment(packet.build(), mtu)
    [whole] = scapy("defragment", packets=[piece.hex() for piece in pieces])
    assert bytes.fromhex(whole)[20:] == payload
