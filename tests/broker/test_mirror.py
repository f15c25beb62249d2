"""Programs: what a mirror copies and how its copies differ, against a reading of the same rules octet by octet."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.mirror import MAX_CASES, MAX_KNOWN, WHOLE, Mirror, MirrorError, Program

OWN = (10, 11, 12)


def program(cases: Any) -> Program:
    mirror = {"session": 1, "sources": [[10, "rx", 0]], "destination": 12, "programs": [cases]}
    return Mirror.parse(mirror, OWN).rx[10]


def naive(cases: Any, frame: bytes) -> bytes | None:
    for at, mask, ranges, edit in cases:
        number, missing = 0, False
        for offset, bits in enumerate(mask):
            missing = missing or at + offset >= len(frame)
            number = number * 256 + (0 if missing else frame[at + offset] & bits)
        if mask and (missing or not any(number in range(low, high + 1) for low, high in ranges)):
            continue
        if edit is None:
            return None
        place, cut, insert = edit
        octets = list(frame)
        octets[place : place + cut] = insert
        return bytes(octets)
    return None


@st.composite
def cases(draw: st.DrawFn) -> list[Any]:
    at = draw(st.integers(0, 4))
    mask = draw(st.binary(max_size=2))
    bounds = sorted(draw(st.sets(st.integers(0, 700), max_size=6)))
    ranges = [list(pair) for pair in zip(bounds[::2], bounds[1::2], strict=False)]
    edit = draw(st.none() | st.tuples(st.integers(0, 5), st.integers(0, 4), st.binary(max_size=4)).map(list))
    return [at, mask, ranges, edit]


@given(st.lists(cases(), max_size=3), st.lists(st.binary(max_size=8), max_size=5))
def test_as_read_octet_by_octet(listed: list[Any], frames: list[bytes]) -> None:
    expected = [copy for copy in (naive(listed, frame) for frame in frames) if copy is not None]
    assert program(listed).select(frames) == expected


TAG10 = bytes.fromhex("8100000a")
MACS = bytes(range(12))
#: VLAN 10 without its tag, no other one, and what has no tag as it is.
UNTAGGED_10 = [
    [12, b"\xff\xff\x0f\xff", [[0x8100000A, 0x8100000A]], [12, 4, b""]],
    [12, b"\xff\xff", [[0x8100, 0x8100]], None],
    [0, b"", [], [0, 0, b""]],
]


@pytest.mark.parametrize(
    ("frame", "copy"),
    [
        (MACS + TAG10 + b"\x08\x00x", [MACS + b"\x08\x00x"]),
        (MACS + b"\x81\x00\xe0\x0a" + b"\x08\x00x", [MACS + b"\x08\x00x"]),
        (MACS + b"\x81\x00\x00\x0b" + b"\x08\x00x", []),
        (MACS + b"\x08\x00x", [MACS + b"\x08\x00x"]),
        (MACS + b"\x81\x00", []),
        (MACS, [MACS]),
        (b"", [b""]),
    ],
)
def test_what_a_switch_says_of_a_vlan(frame: bytes, copy: list[bytes]) -> None:
    assert program(UNTAGGED_10).select([frame]) == copy


def test_what_a_program_remembers_is_bounded() -> None:
    frames = [MACS[:8] + number.to_bytes(4, "big") + TAG10 for number in range(3 * MAX_KNOWN)]
    chosen = program(UNTAGGED_10)
    for _ in range(2):
        assert chosen.select(frames) == [frame[:12] for frame in frames]
        assert len(chosen._known) <= MAX_KNOWN


def test_without_a_program_everything_is_copied() -> None:
    mirror = Mirror.parse({"session": 1, "sources": [[10, "both"]], "destination": 12}, OWN)
    assert mirror.rx == mirror.tx == {10: WHOLE}
    frames = [b"x", b""]
    assert WHOLE.select(frames) is frames


def test_each_direction_of_a_source_has_its_own_program_and_the_first_counts() -> None:
    sources = [[10, "rx", 0], [10, "tx"], [10, "both", 1], [11, "tx", 1]]
    mirror = Mirror.parse({"session": 1, "sources": sources, "destination": 12, "programs": [UNTAGGED_10, []]}, OWN)
    assert mirror.rx == {10: program(UNTAGGED_10)}
    assert mirror.tx == {10: WHOLE, 11: program([])}
    assert mirror.sources() == [(10, "both"), (11, "tx")]
    assert mirror.tx[11].select([b"x"]) == []


@pytest.mark.parametrize(
    "programs",
    [
        None,
        [7],
        [[7]],
        [[[0, b"", [], None]] * (MAX_CASES + 1)],
        [[[-1, b"", [], None]]],
        [[[0, bytes(9), [], None]]],
        [[[0, "", [], None]]],
        [[[0, b"", [[1, 0]], None]]],
        [[[0, b"", [[0, 5], [5, 6]], None]]],
        [[[0, b"", [0], None]]],
        [[[0, b"", [], 0]]],
        [[[0, b"", [], [0, 5, b""]]]],
        [[[0, b"", [], [0, 0, bytes(5)]]]],
        [[[0, b"", [], [65, 0, b""]]]],
        [],
    ],
)
def test_a_program_that_makes_no_sense_is_refused(programs: Any) -> None:
    with pytest.raises(MirrorError, match="session 1: "):
        Mirror.parse({"session": 1, "sources": [[10, "rx", 0]], "destination": 12, "programs": programs}, OWN)
