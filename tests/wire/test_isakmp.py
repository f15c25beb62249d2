"""ISAKMP messages: round trips, hostile octets, and the messages of real daemons (tests/vectors/ikev1)."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodes.base.errors import WireError
from nodes.wire import doi, esp, isakmp, isakmp_sa
from nodes.wire.doi import IdType, PayloadType
from nodes.wire.isakmp import Header, Payload
from nodes.wire.isakmp_sa import Attribute, Proposal, SecurityAssociation, Transform

VECTORS = Path(__file__).parent.parent / "vectors" / "ikev1"
NAMES = ("lab", "pfs", "aes128", "p1mismatch", "delete")

u8 = st.integers(0, 255)
u16 = st.integers(0, 0xFFFF)
u32 = st.integers(0, 0xFFFFFFFF)
cookies = st.binary(min_size=8, max_size=8).filter(any)

attributes = st.one_of(
    st.builds(isakmp_sa.basic, st.integers(0, 0x7FFF), u16),
    st.builds(lambda kind, value: Attribute(kind, value, False), st.integers(0, 0x7FFF), st.binary(max_size=12)),
)
transforms = st.builds(Transform, u8, u8, st.lists(attributes, max_size=6).map(tuple))
proposals = st.builds(Proposal, u8, u8, st.binary(max_size=16), st.lists(transforms, min_size=1, max_size=4).map(tuple))
associations = st.builds(SecurityAssociation, st.lists(proposals, min_size=1, max_size=3).map(tuple))
notifications = st.builds(isakmp.Notification, u8, u16, st.binary(max_size=16), st.binary(max_size=16), u32)


def _identification() -> st.SearchStrategy[isakmp.Identification]:
    def sized(kind: IdType, length: int) -> st.SearchStrategy[isakmp.Identification]:
        return st.builds(isakmp.Identification, st.just(kind), u8, u16, st.binary(min_size=length, max_size=length))

    names = st.builds(isakmp.Identification, st.just(IdType.FQDN), u8, u16, st.binary(min_size=1, max_size=30))
    return st.one_of(sized(IdType.IPV4_ADDR, 4), sized(IdType.IPV4_ADDR_SUBNET, 8), names)


@st.composite
def deletions(draw: st.DrawFn) -> isakmp.Deletion:
    length = draw(st.integers(1, 16))
    spis = draw(st.lists(st.binary(min_size=length, max_size=length), min_size=1, max_size=5))
    return isakmp.Deletion(draw(u8), tuple(spis), draw(u32))


def datagrams(name: str) -> Iterator[bytes]:
    """The UDP payloads of a vector's pcap (little-endian classic format, Ethernet)."""
    data = (VECTORS / f"{name}.pcap").read_bytes()
    at = 24
    while at < len(data):
        length = struct.unpack_from("<I", data, at + 8)[0]
        frame = data[at + 16 : at + 16 + length]
        at += 16 + length
        if frame[12:14] == b"\x08\x00" and frame[23] == 17:
            udp = 14 + (frame[14] & 15) * 4
            yield frame[udp + 8 : udp + int.from_bytes(frame[udp + 4 : udp + 6], "big")]


@given(cookies, st.binary(min_size=8, max_size=8), u8, u8, u32, st.lists(st.tuples(st.integers(1, 255), st.binary())))
def test_message_round_trip(
    icookie: bytes, rcookie: bytes, exchange: int, flags: int, mid: int, parts: list[tuple[int, bytes]]
) -> None:
    payloads = tuple(Payload(*part) for part in parts)
    datagram = isakmp.build(Header(icookie, rcookie, 0, exchange, flags, mid, 0), payloads)
    header, body = isakmp.parse(datagram)
    assert header.length == len(datagram)
    assert (header.initiator_cookie, header.responder_cookie) == (icookie, rcookie)
    assert (header.exchange, header.flags, header.message_id) == (exchange, flags, mid)
    assert isakmp.split(header.next_payload, body) == payloads
    # The padding of an encrypted message does not show.
    assert isakmp.split(header.next_payload, body + bytes(13)) == payloads


@given(associations)
def test_sa_round_trip_keeps_order_and_encoding(association: SecurityAssociation) -> None:
    body = association.build()
    assert isakmp_sa.parse_sa(body) == association
    assert isakmp_sa.parse_sa(body).build() == body


@given(_identification())
def test_id_round_trip(identification: isakmp.Identification) -> None:
    assert isakmp.parse_id(identification.build()) == identification


@given(notifications)
def test_notify_round_trip(notification: isakmp.Notification) -> None:
    assert isakmp.parse_notify(notification.build()) == notification


@given(deletions())
def test_delete_round_trip(deletion: isakmp.Deletion) -> None:
    assert isakmp.parse_delete(deletion.build()) == deletion


@given(st.binary(min_size=4, max_size=4))
def test_original_address_round_trip(address: bytes) -> None:
    value = isakmp.OriginalAddress(IdType.IPV4_ADDR, address)
    assert isakmp.parse_original_address(value.build()) == value


PARSERS = (
    isakmp.parse,
    isakmp_sa.parse_sa,
    isakmp_sa.parse_attributes,
    isakmp.parse_id,
    isakmp.parse_notify,
    isakmp.parse_delete,
    isakmp.parse_original_address,
    esp.peek,
    lambda data: isakmp.split(data[0] if data else 1, data[1:]),
)


@pytest.mark.parametrize("parse", PARSERS)
@given(data=st.one_of(st.binary(max_size=120), associations.map(lambda item: item.build())), cut=st.integers(0, 60))
def test_hostile_octets_raise_wire_error_only(parse: Any, data: bytes, cut: int) -> None:
    for octets in (data, data[: len(data) - cut], data[:cut] + b"\xff" + data[cut + 1 :]):
        try:
            parse(octets)
        except WireError:
            continue


def test_a_truncated_message_is_malformed() -> None:
    datagram = next(datagrams("lab"))
    for length in range(len(datagram)):
        with pytest.raises(WireError):
            isakmp.parse(datagram[:length])
    with pytest.raises(WireError):
        isakmp.parse(datagram + b"\0")


@pytest.mark.parametrize("name", NAMES)
def test_clear_messages_of_a_real_daemon_rebuild_to_the_octet(name: str) -> None:
    seen = 0
    for datagram in datagrams(name):
        header, body = isakmp.parse(datagram)
        if header.encrypted:
            continue
        payloads = isakmp.split(header.next_payload, body)
        assert isakmp.build(header, payloads) == datagram
        for payload in payloads:
            if payload.type == PayloadType.SA:
                assert isakmp_sa.parse_sa(payload.body).build() == payload.body
        seen += 1
    assert seen >= 2


def test_the_sa_of_the_reference_lab() -> None:
    vector = json.loads((VECTORS / "lab.json").read_text())["vectors"]["ike"][0]
    (proposal,) = isakmp_sa.parse_sa(bytes.fromhex(vector["SAi_b"])).proposals
    assert (proposal.number, proposal.protocol, proposal.spi) == (1, doi.Protocol.ISAKMP, b"")
    (transform,) = proposal.transforms
    assert [(item.type, item.number, item.basic) for item in transform.attributes] == [
        (doi.IkeAttribute.ENCRYPTION, doi.IkeCipher.AES, True),
        (doi.IkeAttribute.KEY_LENGTH, 256, True),
        (doi.IkeAttribute.HASH, doi.IkeHash.SHA, True),
        (doi.IkeAttribute.GROUP, 2, True),
        (doi.IkeAttribute.AUTHENTICATION, doi.IkeAuthentication.PRE_SHARED, True),
        (doi.IkeAttribute.LIFE_TYPE, doi.LifeType.SECONDS, True),
        (doi.IkeAttribute.LIFE_DURATION, 86400, False),
    ]


def test_the_refusal_of_a_real_daemon() -> None:
    refusal = list(datagrams("p1mismatch"))[-1]
    header, body = isakmp.parse(refusal)
    (payload,) = isakmp.split(header.next_payload, body)
    notification = isakmp.parse_notify(payload.body)
    assert notification.type == doi.Notify.NO_PROPOSAL_CHOSEN
    assert notification.spi == header.initiator_cookie + header.responder_cookie
    assert doi.name(doi.Notify, notification.type) == "NO_PROPOSAL_CHOSEN"
    assert doi.name(doi.Notify, 40000) == "40000"


def test_build_refuses_what_the_format_cannot_hold() -> None:
    for value in (isakmp_sa.Attribute(1, b"abc", True), isakmp_sa.Attribute(0x8000, b"", False)):
        with pytest.raises(ValueError, match="attribute"):
            value.build()
    with pytest.raises(ValueError, match="SPIs"):
        isakmp.Deletion(3, (b"\0\0\0\1", b"\0")).build()
    with pytest.raises(ValueError, match="no payload has"):
        isakmp.join([Payload(13, bytes(70000))])


def test_identities_of_several_types() -> None:
    assert isakmp.id_fqdn("r-a.lab").build() == b"\2\0\0\0r-a.lab"
    assert isakmp.id_ipv4(0x0A000A0A, 17, 500).build().hex() == "011101f40a000a0a"
    assert isakmp.id_ipv4_subnet(0xC0A80100, 0xFFFFFF00).build().hex() == "04000000c0a80100ffffff00"
    for wrong in (b"\1\0\0\0abc", b"\4\0\0\0abcd", b"\2\0\0\0", b"\1"):
        with pytest.raises(WireError):
            isakmp.parse_id(wrong)


def test_esp_peek() -> None:
    assert esp.peek(b"pad" + bytes.fromhex("3c720c5d00000001"), 3) == (0x3C720C5D, 1)
    with pytest.raises(WireError):
        esp.peek(bytes(7))
