"""ICMP messages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodes.base.errors import WireError
from nodes.wire import icmp
from nodes.wire.icmp import ChecksumError, EchoReply, EchoRequest, Message, Other, Redirect, TimeExceeded, Unreachable
from nodes.wire.ipv4 import Ipv4

U8, U16, U32 = st.integers(0, 255), st.integers(0, 0xFFFF), st.integers(0, 2**32 - 1)
BODY = st.binary(max_size=60)
NAMED = {icmp.ECHO_REPLY, icmp.ECHO_REQUEST, icmp.UNREACHABLE, icmp.TIME_EXCEEDED, icmp.REDIRECT}
MESSAGES: st.SearchStrategy[Message] = st.one_of(
    st.builds(EchoRequest, U16, U16, BODY),
    st.builds(EchoReply, U16, U16, BODY),
    st.builds(Unreachable, U8, BODY, U16),
    st.builds(TimeExceeded, U8, BODY),
    st.builds(Redirect, U8, U32, BODY),
    st.builds(Other, U8.filter(lambda kind: kind not in NAMED), U8, U32, BODY),
)
# What Windows sends: `ping`, 32 octets of alphabet. The checksum is the well-known one of its first request.
WINDOWS_PING = bytes.fromhex("08004d5a00010001") + b"abcdefghijklmnopqrstuvwabcdefghi"


@given(MESSAGES)
def test_round_trip(message: Message) -> None:
    assert icmp.parse(message.build()) == message


def test_pinned() -> None:
    assert icmp.parse(WINDOWS_PING) == EchoRequest(1, 1, b"abcdefghijklmnopqrstuvwabcdefghi")
    assert EchoRequest(1, 1, WINDOWS_PING[8:]).build() == WINDOWS_PING
    assert EchoRequest(1, 1, WINDOWS_PING[8:]).reply().build().hex().startswith("0000555a")


def test_next_hop_mtu_is_the_low_half() -> None:
    """RFC 1191 §4."""
    octets = Unreachable(icmp.FRAGMENTATION_NEEDED, b"", 1400).build()
    assert octets[4:8].hex() == "00000578"


@given(MESSAGES)
def test_every_truncation_is_refused(message: Message) -> None:
    octets = message.build()
    for length in range(8):
        with pytest.raises(WireError):
            icmp.parse(octets[:length])


@given(MESSAGES, st.data())
def test_a_flipped_bit_is_noticed(message: Message, data: st.DataObject) -> None:
    octets = bytearray(message.build())
    bit = data.draw(st.integers(0, 8 * len(octets) - 1))
    octets[bit >> 3] ^= 0x80 >> (bit & 7)
    with pytest.raises(ChecksumError):
        icmp.parse(bytes(octets))


@given(st.binary(max_size=60))
def test_arbitrary_bytes(data: bytes) -> None:
    try:
        message = icmp.parse(data)
    except WireError:
        return
    assert len(message.build()) == len(data)


@given(st.integers(0, 255), st.binary(min_size=2, max_size=60))
def test_arbitrary_bytes_with_a_good_checksum(kind: int, rest: bytes) -> None:
    built = Other(kind, rest[0], rest[1], rest[2:]).build()
    assert icmp.parse(built).build()[:1] == built[:1]


def test_an_echo_with_a_code_is_no_echo() -> None:
    assert icmp.parse(Other(icmp.ECHO_REQUEST, 9, 0x00010002).build()) == Other(icmp.ECHO_REQUEST, 9, 0x00010002)


def test_quote() -> None:
    packet = Ipv4(1, 2, 17, b"12345678 and more", options=bytes(4)).build()
    assert icmp.quote(packet) == packet[:32]
    short = Ipv4(1, 2, 17, b"123").build()
    assert icmp.quote(short + b"padding") == short
    with pytest.raises(WireError):
        icmp.quote(b"E")


def test_is_error() -> None:
    assert icmp.is_error(TimeExceeded(0, b"").build())
    assert icmp.is_error(b"")
    assert not icmp.is_error(EchoRequest(1, 1).build())


def test_impossible_values() -> None:
    with pytest.raises(ValueError, match="16-bit"):
        EchoRequest(65536, 0).build()
    with pytest.raises(ValueError, match="no ICMP message"):
        Other(256, 0, 0).build()
