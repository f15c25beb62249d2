"""Frames of a Linux host as a card would have finished them."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodes.base.errors import WireError
from nodes.wire import ipv4, l4, offload
from nodes.wire.checksum import checksum, pseudo_header
from nodes.wire.offload import Offload

SRC, DST = 0x0A090002, 0x0A090001
ETHERNET = b"\x02\0\0\0\0\x01" + b"\x02\0\0\0\0\x02"
TAG = b"\x81\0\0\x1e"


def test_header() -> None:
    packed = struct.pack("=BBHHHH", 1, 0x81, 54, 1448, 34, 16)
    assert offload.parse(packed + b"rest") == Offload(1, offload.GSO_TCPV4, 1448, 34, 16)
    assert offload.parse(offload.NOTHING) == Offload(0, 0, 0, 0, 0)
    with pytest.raises(WireError):
        offload.parse(bytes(9))


@given(st.binary(max_size=1400), st.integers(0, 65535), st.integers(0, 65535))
def test_a_half_made_udp_checksum_is_finished(data: bytes, source: int, destination: int) -> None:
    """The field holds the sum of the pseudo header, as net/ipv4/udp.c leaves it."""
    whole = l4.Udp(source, destination, data).build(SRC, DST)
    partial = checksum(pseudo_header(SRC, DST, l4.UDP, len(whole))) ^ 0xFFFF
    half = whole[:6] + partial.to_bytes(2, "big") + whole[8:]
    (frame,) = offload.finish(bytes(34) + half, Offload(offload.NEEDS_CHECKSUM, 0, 0, 34, 6))
    assert frame == bytes(34) + whole


def super_frame(segment: l4.Tcp, tag: bytes) -> bytes:
    """With an IPv4 header whose lengths and checksum the kernel did not bother to make right."""
    packet = ipv4.Ipv4(SRC, DST, l4.TCP, b"", ident=65535, dont_fragment=True).build()
    return ETHERNET + tag + b"\x08\0" + packet + segment.build(SRC, DST)


@given(
    payload=st.binary(min_size=1, max_size=5000),
    size=st.integers(1, 1460).filter(lambda size: size > 20),
    seq=st.integers(0, 0xFFFFFFFF),
    flags=st.integers(0, 255),
    tag=st.sampled_from([b"", TAG]),
)
def test_a_super_frame_becomes_segments(payload: bytes, size: int, seq: int, flags: int, tag: bytes) -> None:
    segment = l4.Tcp(1000, 2000, seq, 7, flags, 512, payload=payload)
    frames = offload.finish(super_frame(segment, tag), Offload(1, offload.GSO_TCPV4, size, 0, 0))
    assert len(frames) == -(-len(payload) // size)
    collected = b""
    for index, frame in enumerate(frames):
        assert frame[: 12 + len(tag)] == ETHERNET + tag
        packet = ipv4.parse(frame[14 + len(tag) :])  # checks lengths and checksum
        assert packet.ident == 65535 + index & 0xFFFF
        part = l4.parse_tcp(packet.payload, SRC, DST)  # checks the checksum
        assert part.seq == seq + len(collected) & 0xFFFFFFFF
        last = index + 1 == len(frames)
        expected = flags if last else flags & ~(l4.FIN | 0x08)
        assert part.flags == (expected if index == 0 else expected & ~0x80)
        collected += part.payload
    assert collected == payload


def test_ipv6_segments_have_their_checksums() -> None:
    ends = bytes(range(32))
    tcp = l4.Tcp(1, 2, 3, 4, l4.ACK, 5, payload=b"x" * 100).build(0, 0)
    frame = ETHERNET + b"\x86\xdd" + b"\x60\0\0\0" + b"\0\0" + b"\x06\x40" + ends + tcp
    frames = offload.finish(frame, Offload(1, offload.GSO_TCPV6, 60, 0, 0))
    assert [len(frame) - 74 for frame in frames] == [60, 40]
    for frame in frames:
        length = len(frame) - 54
        assert frame[18:20] == length.to_bytes(2, "big")
        assert checksum(ends + length.to_bytes(4, "big") + b"\0\0\0\x06" + frame[54:]) == 0


@given(st.binary(max_size=200), st.binary(min_size=10, max_size=10))
def test_whatever_the_kernel_says_only_wire_errors(frame: bytes, header: bytes) -> None:
    try:
        frames = offload.finish(frame, offload.parse(header))
    except WireError:
        return
    assert all(isinstance(one, bytes) for one in frames)
