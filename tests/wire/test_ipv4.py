"""IPv4 headers, TTL and fragmentation."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodes.base.errors import WireError
from nodes.wire import ipv4
from nodes.wire.ipv4 import ChecksumError, Ipv4

# A router alert (copied into fragments, RFC 2113), a record route (not copied), no-operations and ends.
OPTION_PARTS = st.sampled_from([bytes.fromhex("94040000"), bytes.fromhex("0707040000000000"), b"\1" * 4, b"\1\1\1\0"])
OPTIONS = st.lists(OPTION_PARTS, max_size=5).map(b"".join)
IPS = st.integers(0, 2**32 - 1)
PACKETS = st.builds(
    Ipv4,
    src=IPS,
    dst=IPS,
    proto=st.integers(0, 255),
    payload=st.binary(max_size=300),
    ttl=st.integers(0, 255),
    ident=st.integers(0, 0xFFFF),
    dont_fragment=st.booleans(),
    more_fragments=st.booleans(),
    offset=st.integers(0, 8191).map(lambda units: units * 8),
    tos=st.integers(0, 255),
    options=OPTIONS,
)
# Packets that must often be cut: hypothesis draws numbers evenly, but octet strings mostly short.
LONG = st.builds(
    lambda packet, size, units: replace(packet, payload=bytes(n % 251 for n in range(size)), offset=units * 8),
    PACKETS.filter(lambda packet: not packet.dont_fragment),
    st.integers(0, 900),
    st.integers(0, 8000),
)
# The header of "IPv4 header checksum" in the textbooks: 192.168.0.1 -> 192.168.0.199, UDP, 115 octets.
TEXTBOOK = bytes.fromhex("45000073000040004011b861c0a80001c0a800c7")


@given(PACKETS, st.binary(max_size=30))
def test_round_trip_with_padding(packet: Ipv4, padding: bytes) -> None:
    octets = packet.build()
    assert ipv4.parse(octets + padding) == packet
    assert ipv4.checksum(octets[: ipv4.peek(octets).header_length]) == 0


def test_pinned() -> None:
    packet = ipv4.parse(TEXTBOOK + bytes(95))
    assert packet == Ipv4(0xC0A80001, 0xC0A800C7, 17, bytes(95), ttl=64, dont_fragment=True)
    assert packet.build() == TEXTBOOK + bytes(95)


def test_options_are_padded() -> None:
    assert ipv4.parse(Ipv4(1, 2, 3, b"x", options=b"\x94\x04\0\0\1").build()).options == b"\x94\x04\0\0\1\0\0\0"


@given(PACKETS)
def test_every_truncation_is_refused(packet: Ipv4) -> None:
    octets = packet.build()
    for length in range(len(octets)):
        with pytest.raises(WireError):
            ipv4.parse(octets[:length])


@given(st.binary(max_size=80) | st.binary(max_size=80).map(lambda data: b"\x45" + data))
def test_arbitrary_bytes(data: bytes) -> None:
    try:
        packet = ipv4.parse(data)
    except WireError:
        return
    assert len(packet.build()) <= len(data)


@given(PACKETS, st.data())
def test_a_flipped_bit_in_the_header_is_noticed(packet: Ipv4, data: st.DataObject) -> None:
    octets = bytearray(packet.build())
    # Not in the first octet: another header length is another sum, which may by chance be right.
    bit = data.draw(st.integers(8, 8 * 4 * (octets[0] & 15) - 1))
    octets[bit >> 3] ^= 0x80 >> (bit & 7)
    with pytest.raises(WireError):
        ipv4.parse(bytes(octets) + bytes(70000))


def test_a_bad_checksum_is_told_from_a_malformed_header() -> None:
    wrong = TEXTBOOK[:10] + b"\0\0" + TEXTBOOK[12:] + bytes(95)
    with pytest.raises(ChecksumError):
        ipv4.parse(wrong)
    for first in (0x35, 0x65, 0x44, 0x4F):
        with pytest.raises(WireError) as caught:
            ipv4.parse(bytes((first,)) + wrong[1:30])
        assert not isinstance(caught.value, ChecksumError)


def test_total_length_below_the_header() -> None:
    with pytest.raises(WireError, match="total length 19"):
        ipv4.parse(bytes.fromhex("45000013") + TEXTBOOK[4:])


@given(PACKETS)
def test_peek_agrees_with_parse(packet: Ipv4) -> None:
    octets = packet.build()
    header = ipv4.peek(octets)
    assert header == ipv4.peek_header(octets)
    assert (header.src, header.dst, header.proto, header.ttl) == (packet.src, packet.dst, packet.proto, packet.ttl)
    assert (header.ident, header.tos, header.offset) == (packet.ident, packet.tos, packet.offset)
    assert (header.dont_fragment, header.more_fragments) == (packet.dont_fragment, packet.more_fragments)
    assert header.is_fragment == (packet.more_fragments or packet.offset > 0)
    assert octets[header.header_length : header.total_length] == packet.payload


@given(PACKETS.filter(lambda packet: packet.ttl > 0))
def test_decrement_ttl_is_what_a_new_checksum_would_be(packet: Ipv4) -> None:
    octets = packet.build()
    after = ipv4.decrement_ttl(octets)
    assert ipv4.peek(after).ttl == packet.ttl - 1
    assert after == ipv4.parse(after).build()
    assert after[:8] + after[12:] == octets[:8] + octets[12:]


@pytest.mark.parametrize("before", [0xFEFE, 0xFEFF, 0xFF00, 0xFFFE, 0x0000, 0x0001])
def test_decrement_ttl_carries_as_rfc_1624_says(before: int) -> None:
    """The identification is chosen so that the header has the checksum ``before``; 0xFEFF must become 0, not 0xFFFF."""
    blank = Ipv4(0x0A000A0A, 0x0A000A14, 1, b"", ttl=64).build()
    ident = -(before - int.from_bytes(blank[10:12], "big")) % 0xFFFF
    octets = Ipv4(0x0A000A0A, 0x0A000A14, 1, b"", ttl=64, ident=ident).build()
    assert int.from_bytes(octets[10:12], "big") == before
    assert ipv4.decrement_ttl(octets) == Ipv4(0x0A000A0A, 0x0A000A14, 1, b"", ttl=63, ident=ident).build()


def test_decrement_ttl_of_zero() -> None:
    with pytest.raises(WireError, match="TTL"):
        ipv4.decrement_ttl(Ipv4(1, 2, 3, b"", ttl=0).build())


def put_together(pieces: list[Ipv4]) -> tuple[bytes, int, bool]:
    """The payload of the pieces, the offset of its start, and whether more follows."""
    payload = b""
    for piece in pieces:
        assert piece.offset == pieces[0].offset + len(payload)
        payload += piece.payload
    assert all(piece.more_fragments for piece in pieces[:-1])
    return payload, pieces[0].offset, pieces[-1].more_fragments


@given(LONG, st.integers(68, 250))
def test_fragments_put_together_are_the_packet(packet: Ipv4, mtu: int) -> None:
    octets = packet.build()
    raw = ipv4.fragment(octets + b"padding", mtu)
    if len(octets) <= mtu:
        assert raw == [octets]
        return
    pieces = [ipv4.parse(each) for each in raw]
    assert all(len(each) <= mtu for each in raw)
    assert all(len(piece.payload) % 8 == 0 for piece in pieces[:-1])
    assert put_together(pieces) == (packet.payload, packet.offset, packet.more_fragments)
    for piece in pieces:
        assert (piece.src, piece.dst, piece.proto, piece.ident) == (packet.src, packet.dst, packet.proto, packet.ident)
        assert (piece.ttl, piece.tos) == (packet.ttl, packet.tos)
    assert pieces[0].options == packet.options


@given(LONG, st.integers(150, 250), st.integers(68, 150))
def test_fragments_of_fragments(packet: Ipv4, first: int, second: int) -> None:
    once = ipv4.fragment(packet.build(), first)
    twice = [ipv4.parse(piece) for each in once for piece in ipv4.fragment(each, second)]
    assert put_together(twice) == (packet.payload, packet.offset, packet.more_fragments)


def test_fragment_copies_only_options_with_the_flag() -> None:
    options = bytes.fromhex("0703040194040000000000")  # record route, no-operation, router alert, end
    pieces = [ipv4.parse(each) for each in ipv4.fragment(Ipv4(1, 2, 3, bytes(200), options=options).build(), 120)]
    assert [piece.options.hex() for piece in pieces] == [options.hex() + "00", "94040000", "94040000"]
    assert [len(piece.payload) for piece in pieces] == [88, 96, 16]


def test_fragment_of_a_ping_with_3000_octets() -> None:
    """RFC 791 §3.2 by hand: 3008 octets of ICMP over an MTU of 1500."""
    pieces = [ipv4.peek(each) for each in ipv4.fragment(Ipv4(1, 2, 1, bytes(3008)).build(), 1500)]
    assert [(p.total_length, p.offset, p.more_fragments) for p in pieces] == [
        (1500, 0, True),
        (1500, 1480, True),
        (68, 2960, False),
    ]


def test_the_last_fragment_may_fill_the_mtu_to_the_octet() -> None:
    pieces = [ipv4.peek(each) for each in ipv4.fragment(Ipv4(1, 2, 3, bytes(98)).build(), 70)]
    assert [p.total_length for p in pieces] == [68, 70]


def test_fragment_refuses() -> None:
    with pytest.raises(WireError, match="DF"):
        ipv4.fragment(Ipv4(1, 2, 3, bytes(100), dont_fragment=True).build(), 68)
    with pytest.raises(WireError, match="option 7"):
        ipv4.fragment(Ipv4(1, 2, 3, bytes(100), options=b"\x07\x09\0\0").build(), 68)
    with pytest.raises(WireError, match="beyond any datagram"):
        ipv4.fragment(Ipv4(1, 2, 3, bytes(100), offset=65528).build(), 68)
    with pytest.raises(ValueError, match="below IPv4's least"):
        ipv4.fragment(Ipv4(1, 2, 3, bytes(100)).build(), 67)


@given(st.binary(max_size=120).map(lambda data: b"\x48\x00\x00\x78" + data))
def test_fragment_of_arbitrary_bytes(data: bytes) -> None:
    with contextlib.suppress(WireError):
        ipv4.fragment(data, 68)


@pytest.mark.parametrize(
    "packet",
    [
        Ipv4(1, 2, 3, b"", options=bytes(41)),
        Ipv4(1, 2, 3, bytes(65516)),
        Ipv4(1, 2, 3, b"", offset=4),
        Ipv4(1, 2, 3, b"", offset=65536),
        Ipv4(1, 2, 3, b"", ttl=256),
        Ipv4(2**32, 2, 3, b""),
    ],
)
def test_impossible_values(packet: Ipv4) -> None:
    with pytest.raises(ValueError, match=r"."):
        packet.build()
