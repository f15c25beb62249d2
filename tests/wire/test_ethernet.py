"""Frames, tags, and the functions that a switch calls on raw bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodes.base.errors import WireError
from nodes.wire import ethernet
from nodes.wire.ethernet import ETH_IPV4, ETH_TYPE_MIN, ETH_VLAN, FRAME_MIN, Frame, Tag

MACS = st.binary(min_size=6, max_size=6)
TAGS = st.builds(Tag, vid=st.integers(0, 4095), pcp=st.integers(0, 7), dei=st.booleans())
TYPES = st.integers(ETH_TYPE_MIN, 0xFFFF).filter(lambda value: value != ETH_VLAN)
FRAMES = st.builds(Frame, MACS, MACS, TYPES, st.binary(max_size=200), st.none() | TAGS)
DST, SRC = bytes.fromhex("001bd4aa0100"), bytes.fromhex("001bd4bb0100")


@given(FRAMES)
def test_round_trip(frame: Frame) -> None:
    octets = frame.build()
    again = ethernet.parse(octets)
    assert len(octets) >= FRAME_MIN
    assert again.payload[: len(frame.payload)] == frame.payload
    assert not any(again.payload[len(frame.payload) :])
    assert (again.dst, again.src, again.ethertype, again.tag) == (frame.dst, frame.src, frame.ethertype, frame.tag)
    assert again.build() == octets


@given(MACS, MACS, st.binary(max_size=1500), st.none() | TAGS)
def test_round_trip_of_802_3_loses_the_padding(dst: bytes, src: bytes, payload: bytes, tag: Tag | None) -> None:
    frame = Frame(dst, src, len(payload), payload, tag)
    assert ethernet.parse(frame.build()) == frame


def test_pinned_tagged_frame() -> None:
    frame = Frame(DST, SRC, ETH_IPV4, b"E", Tag(vid=10, pcp=5, dei=True))
    assert frame.build().hex() == "001bd4aa0100001bd4bb01008100b00a080045" + "00" * 41


def test_802_3_length_beyond_the_frame() -> None:
    with pytest.raises(WireError, match="length 47, but only 46"):
        ethernet.parse(DST + SRC + b"\x00\x2f" + bytes(46))


@given(FRAMES)
def test_every_truncation_of_the_header_is_refused(frame: Frame) -> None:
    octets = frame.build()
    for length in range(14 if frame.tag is None else 18):
        with pytest.raises(WireError):
            ethernet.parse(octets[:length])
        with pytest.raises(WireError):
            ethernet.peek(octets[:length])


@given(st.binary(max_size=80))
def test_arbitrary_bytes(data: bytes) -> None:
    try:
        frame = ethernet.parse(data)
    except WireError:
        return
    assert ethernet.parse(frame.build()).payload.startswith(frame.payload)


@given(FRAMES)
def test_peek_agrees_with_parse(frame: Frame) -> None:
    header = ethernet.peek(frame.build())
    assert (header.dst, header.src, header.ethertype) == (frame.dst, frame.src, frame.ethertype)
    assert header.vid == (frame.tag.vid if frame.tag else None)
    assert header.pcp == (frame.tag.pcp if frame.tag else 0)
    assert frame.build()[header.length :].startswith(frame.payload)


@given(FRAMES.filter(lambda frame: frame.tag is None), st.integers(0, 4095), st.integers(0, 7))
def test_push_then_pop(frame: Frame, vid: int, pcp: int) -> None:
    octets = frame.build()
    tagged = ethernet.push_tag(octets, vid, pcp)
    assert ethernet.parse(tagged) == Frame(frame.dst, frame.src, frame.ethertype, octets[14:], Tag(vid=vid, pcp=pcp))
    assert ethernet.pop_tag(tagged) == octets


def test_pop_pads_again_and_leaves_untagged_frames_alone() -> None:
    shortest = Frame(DST, SRC, ETH_IPV4, b"x", Tag(vid=1)).build()
    assert len(shortest) == FRAME_MIN
    assert len(ethernet.pop_tag(shortest)) == FRAME_MIN
    plain = Frame(DST, SRC, ETH_IPV4, b"x").build()
    assert ethernet.pop_tag(plain) is plain


def test_pop_takes_the_outermost_tag_only() -> None:
    once = Frame(DST, SRC, ETH_IPV4, bytes(46), Tag(vid=7)).build()
    twice = ethernet.push_tag(once, 100)
    assert ethernet.peek(twice).vid == 100
    assert ethernet.peek(twice).ethertype == ETH_VLAN
    assert ethernet.pop_tag(twice) == once


@given(st.binary(max_size=20))
def test_pop_of_arbitrary_bytes(data: bytes) -> None:
    ethernet.pop_tag(data)


@pytest.mark.parametrize(
    "frame",
    [
        Frame(b"short", SRC, ETH_IPV4, b""),
        Frame(DST, SRC, 0x10000, b""),
        Frame(DST, SRC, ETH_IPV4, b"", Tag(vid=4096)),
        Frame(DST, SRC, ETH_IPV4, b"", Tag(vid=1, pcp=8)),
    ],
)
def test_impossible_values(frame: Frame) -> None:
    with pytest.raises(ValueError, match=r"."):
        frame.build()


def test_group_addresses() -> None:
    assert ethernet.is_group(b"\xff" * 6)
    assert ethernet.is_group(bytes.fromhex("0180c2000000"))
    assert not ethernet.is_group(DST)
