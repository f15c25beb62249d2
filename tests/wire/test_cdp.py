"""CDP, with packets that real boxes sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nodes.base.addr import format_ipv4, parse_ipv4
from nodes.base.errors import WireError
from nodes.wire import cdp, ethernet
from nodes.wire.cdp import Capability, Cdp, Element, HeaderError, Raw
from nodes.wire.checksum import ChecksumError

Ask = Callable[..., Any]

MAC = bytes.fromhex("02aaaaaaaa01")
OCTETS = st.text(st.characters(max_codepoint=255), max_size=40)
ADDRESSES = st.lists(st.integers(0, 2**32 - 1), max_size=4).map(tuple)
KNOWN = frozenset(Element) - {Element.HELLO}
RAW = st.builds(Raw, st.integers(0, 0xFFFF).filter(lambda kind: kind not in KNOWN), st.binary(max_size=40))
PACKETS = st.builds(
    Cdp,
    device_id=OCTETS,
    version=st.sampled_from(cdp.VERSIONS),
    ttl=st.integers(0, 255),
    addresses=ADDRESSES,
    port_id=OCTETS,
    capabilities=st.none() | st.integers(0, 2**32 - 1),
    software=OCTETS,
    platform=OCTETS,
    vtp_domain=st.none() | OCTETS,
    native_vlan=st.none() | st.integers(0, 0xFFFF),
    full_duplex=st.none() | st.booleans(),
    management=st.none() | ADDRESSES,
    others=st.lists(RAW, max_size=3).map(tuple),
)

#: A Catalyst 2950 (from scapy's test/contrib/cdp.uts).
CATALYST = bytes.fromhex(
    "02b48cfa"
    "0001000c6d79737769746368"
    "000200110000000101 01cc0004c0a800fd"
    "000300134661737445746865726e6574302f31"
    "0004000800000028"
    "00050114436973636f20496e7465726e6574776f726b204f7065726174696e672053797374656d20536f667477617265200a494f532028746d"
    "29204332393530 20536f667477617265202843323935302d49364b324c3251342d4d292c2056657273696f6e2031322e3128323229454131"
    "342c2052454c4541534520534f4654574152452028666331290a546563686e6963616c20537570706f72743a20687474703a2f2f7777772e63"
    "6973636f2e636f6d2f74656368737570706f72740a436f707972696768742028632920313938362d3230313020627920636973636f20537973"
    "74656d732c20496e632e0a436f6d70696c6564205475652032362d4f63742d31302031303a3335206279206e6275727261"
    "00060015636973636f2057532d43323935302d3132"
    "0008002400000c011200000000ffffffff010221ff0000000000000 00bbe189a40ff0000"
    "0009000c4d59444f4d41494e"
    "000a00060001"
    "000b000501"
    "000e000701000a"
    "0012000500"
    "0013000500"
    "001600110000000101 01cc0004c0a800fd".replace(" ", "")
)
#: An IP phone: capabilities of a host, an element that asks for a VLAN, another on power (same source).
PHONE = bytes.fromhex(
    "02b4f3f1"
    "00010013534950303031313232333334343535"
    "00020011000000010101cc0004c0a80121"
    "0003000a506f72742031"
    "0004000800000010"
    "00050010503030332d30382d322d3030"
    "00060017436973636f2049502050686f6e652037393630"
    "000f000820020001"
    "000b000501"
    "00100006189c"
)


@given(PACKETS)
def test_round_trip(packet: Cdp) -> None:
    octets = packet.build()
    assert cdp.checksum(octets) == 0
    assert cdp.parse(octets) == packet
    frame = packet.frame(MAC)
    assert cdp.packet_of(frame) == octets
    header = ethernet.peek(frame)
    assert (header.dst, header.src) == (cdp.GROUP, MAC)
    assert header.ethertype == len(octets) + 8


def test_a_catalyst() -> None:
    packet = cdp.parse(CATALYST)
    address = parse_ipv4("192.168.0.253")
    assert packet == Cdp(
        device_id="myswitch",
        addresses=(address,),
        port_id="FastEthernet0/1",
        capabilities=Capability.SWITCH | Capability.IGMP,
        software=packet.software,
        platform="cisco WS-C2950-12",
        vtp_domain="MYDOMAIN",
        native_vlan=1,
        full_duplex=True,
        management=(address,),
        others=packet.others,
    )
    assert packet.software.splitlines()[1].startswith("IOS (tm) C2950 Software")
    assert [raw.type for raw in packet.others] == [Element.HELLO, 0x0E, 0x12, 0x13]


def test_a_phone() -> None:
    packet = cdp.parse(PHONE)
    assert (packet.device_id, packet.port_id) == ("SIP001122334455", "Port 1")
    assert packet.capabilities == Capability.HOST
    assert (packet.vtp_domain, packet.native_vlan, packet.management) == (None, None, None)
    assert packet.others == (Raw(0x0F, b" \x02\x00\x01"), Raw(0x10, b"\x18\x9c"))


def test_version_1() -> None:
    packet = Cdp(device_id="old", version=1, port_id="Ethernet0", capabilities=Capability.ROUTER, platform="cisco 2500")
    assert packet.build()[:2] == b"\x01\xb4"
    assert cdp.parse(packet.build()) == packet


@given(PACKETS.map(Cdp.build))
def test_every_truncation_is_refused(octets: bytes) -> None:
    for length in range(len(octets)):
        with pytest.raises(WireError):
            cdp.parse(octets[:length])


@given(st.binary(max_size=80) | st.binary(max_size=80).map(lambda rest: b"\x02\xb4" + rest))
def test_arbitrary_bytes(data: bytes) -> None:
    try:
        cdp.parse(data)
    except WireError:
        return
    assert cdp.checksum(data) == 0


@given(st.lists(st.tuples(st.sampled_from([*Element, 0x1234]), st.binary(max_size=20)), max_size=6))
def test_arbitrary_elements(found: list[tuple[int, bytes]]) -> None:
    body = b"".join(kind.to_bytes(2, "big") + (len(value) + 4).to_bytes(2, "big") + value for kind, value in found)
    octets = b"\x02\xb4" + cdp.checksum(b"\x02\xb4\0\0" + body).to_bytes(2, "big") + body
    try:
        packet = cdp.parse(octets)
    except WireError:
        return
    assert packet.device_id == [value for kind, value in found if kind == Element.DEVICE_ID][-1].decode("latin-1")


@given(st.binary(max_size=80), st.binary(max_size=20))
def test_arbitrary_frames(data: bytes, rest: bytes) -> None:
    for frame in (data, cdp.GROUP + data, cdp.GROUP + MAC + len(rest).to_bytes(2, "big") + cdp.SNAP + rest):
        try:
            cdp.packet_of(frame)
        except WireError:
            continue


def test_other_protocols_of_the_group_are_not_cdp() -> None:
    payload = bytes.fromhex("aaaa0300000c2003 0101")  # VTP
    assert cdp.packet_of(ethernet.Frame(cdp.GROUP, MAC, len(payload), payload).build()) is None
    elsewhere = b"\x01\0\x5e\0\0\1" + Cdp(device_id="R").frame(MAC)[6:]
    assert cdp.packet_of(elsewhere) is None


def test_what_is_wrong_is_told_apart() -> None:
    octets = Cdp(device_id="R1", port_id="Fa0").build()
    with pytest.raises(HeaderError):
        cdp.parse(b"\x03" + octets[1:])
    with pytest.raises(ChecksumError):
        cdp.parse(octets[:-1] + b"x")
    with pytest.raises(WireError, match="does not say from whom"):
        cdp.parse(bytes.fromhex("02b4fd4b"))


def test_values_that_no_packet_can_hold() -> None:
    good = Cdp(device_id="R1")
    for bad in (
        replace(good, ttl=256),
        replace(good, device_id="☃"),
        replace(good, native_vlan=65536),
        replace(good, capabilities=-1),
        replace(good, software="x" * 1500),
    ):
        with pytest.raises(ValueError, match="CDP packet"):
            bad.build()


# Scapy, an independent implementation. ------------------------------------------------------------------------------

with_scapy = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@with_scapy
@given(PACKETS)
def test_scapy_computes_the_same_checksum(scapy: Ask, packet: Cdp) -> None:
    octets = packet.build()
    theirs = bytes.fromhex(scapy("rebuild", **{"as": "CDPv2_HDR", "data": octets.hex()}))
    # Of the last octets that are negative numbers scapy takes the lowest one for a positive number.
    assert theirs == octets or (len(octets) % 2 and octets[-1] == 0x80)


@with_scapy
@given(PACKETS.filter(lambda packet: not packet.others))
def test_scapy_reads_what_we_send(scapy: Ask, packet: Cdp) -> None:
    layers = scapy("elements", data=packet.frame(MAC).hex())
    read = dict(layers)
    assert read["CDPv2_HDR"]["vers"] == packet.version
    assert read["CDPv2_HDR"]["ttl"] == packet.ttl
    assert read["CDPMsgDeviceID"]["val"] == {"hex": packet.device_id.encode("latin-1").hex()}
    if packet.addresses:
        assert read["CDPMsgAddr"]["addr"] == [format_ipv4(address) for address in packet.addresses]
    if packet.port_id:
        assert read["CDPMsgPortID"]["iface"] == {"hex": packet.port_id.encode("latin-1").hex()}
    if packet.capabilities is not None:
        assert read["CDPMsgCapabilities"]["cap"] == packet.capabilities
    if packet.native_vlan is not None:
        assert read["CDPMsgNativeVLAN"]["vlan"] == packet.native_vlan
    if packet.full_duplex is not None:
        assert read["CDPMsgDuplex"]["duplex"] == int(packet.full_duplex)
    if packet.management is not None:
        assert read["CDPMsgMgmtAddr"]["addr"] == [format_ipv4(address) for address in packet.management]
