"""The messages: round trips, and any octets at all."""

from __future__ import annotations

import contextlib
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.protocol import (
    CONTROL,
    DATA,
    HEADER,
    MAX_BATCH,
    MAX_FRAME,
    ProtocolError,
    count_frames,
    pack_control,
    pack_data,
    readdress,
    unpack_control,
    unpack_data,
)

PORTS = st.integers(0, 2**32 - 1)
STAMPS = st.integers(0, 2**64 - 1)
FRAMES = st.lists(st.binary(max_size=64), min_size=1, max_size=MAX_BATCH)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@given(PORTS, STAMPS, FRAMES)
def test_data_round_trip(port: int, stamp: int, frames: list[bytes]) -> None:
    message = pack_data(port, frames, stamp)
    assert unpack_data(message) == (port, stamp, frames)
    assert count_frames(message) == len(frames)


@given(PORTS, STAMPS, FRAMES)
def test_readdress_touches_nothing_but_the_header(port: int, stamp: int, frames: list[bytes]) -> None:
    message = pack_data(7, frames)
    assert unpack_data(readdress(message, port, stamp)) == (port, stamp, frames)


def test_readdress_of_a_large_message() -> None:
    frames = [bytes([n]) * 1500 for n in range(MAX_BATCH)]
    assert unpack_data(readdress(pack_data(7, frames), 8, 9)) == (8, 9, frames)


@given(st.dictionaries(st.text(max_size=8).filter(lambda key: key != "op"), VALUES, max_size=5))
def test_control_round_trip(rest: dict[str, Any]) -> None:
    assert unpack_control(pack_control("test", **rest)) == {"op": "test", **rest}


@given(st.binary(), st.sampled_from([b"", bytes([DATA]), bytes([CONTROL]), pack_data(1, [b"x"])[: HEADER.size]]))
def test_any_octets_raise_protocol_error_only(octets: bytes, start: bytes) -> None:
    message = start + octets
    assert count_frames(message) >= 0
    for unpack in (unpack_data, unpack_control):
        with contextlib.suppress(ProtocolError):
            unpack(message)


@given(st.one_of(VALUES, st.lists(VALUES, max_size=3)))
def test_data_must_be_an_array_of_octet_strings(value: Any) -> None:
    message = HEADER.pack(DATA, 1, 0) + msgpack.packb(value)
    if isinstance(value, list) and value and all(isinstance(item, bytes) for item in value):
        assert unpack_data(message)[2] == value
    else:
        with pytest.raises(ProtocolError):
            unpack_data(message)


@pytest.mark.parametrize(
    "frames", [[], [b"x"] * (MAX_BATCH + 1), [bytes(MAX_FRAME + 1)]], ids=["none", "too many", "too long"]
)
def test_limits_of_a_batch(frames: list[bytes]) -> None:
    with pytest.raises(ProtocolError):
        unpack_data(HEADER.pack(DATA, 1, 0) + msgpack.packb(frames))


@pytest.mark.parametrize(("depth", "fine"), [(400, True), (100_000, False)])
def test_deep_nesting_is_an_error_like_any_other(depth: int, fine: bool) -> None:
    message = bytes([CONTROL]) + b"\x82\xa2op\xa1x\xa1b" + b"\x91" * depth + b"\xc0"
    with contextlib.nullcontext() if fine else pytest.raises(ProtocolError):
        assert unpack_control(message)["op"] == "x"
