"""Reassembly: shuffled, repeated, overlapping, too many, too late."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodes.base.drops import Drop, DropCounters
from nodes.engine.reassembly import TIMEOUT, Reassembler, TimedOut
from nodes.wire.ipv4 import Ipv4, fragment, parse


def datagram(size: int, ident: int = 1, options: bytes = b"") -> bytes:
    payload = bytes(n * 7 + (n >> 8) & 255 for n in range(size))
    return Ipv4(0x0A000001, 0x0A000002, 17, payload, ident=ident, options=options).build()


def piece(offset: int, payload: bytes, *, more: bool, ident: int = 1, options: bytes = b"") -> bytes:
    return Ipv4(
        0x0A000001, 0x0A000002, 17, payload, ident=ident, more_fragments=more, offset=offset, options=options
    ).build()


@pytest.fixture
def drops() -> DropCounters:
    return DropCounters()


@pytest.fixture
def reassembler(drops: DropCounters) -> Reassembler:
    return Reassembler(drops)


def test_in_order_and_reversed(reassembler: Reassembler, drops: DropCounters) -> None:
    whole = datagram(4000)
    pieces = fragment(whole, 1500)
    assert len(pieces) == 3
    for order in (pieces, pieces[::-1]):
        assert [reassembler.receive(each, 0.0) for each in order] == [None, None, whole]
    assert len(reassembler) == reassembler.octets == drops.total == 0
    assert reassembler.next_deadline() is None


def test_whole_packets_and_padding(reassembler: Reassembler) -> None:
    small = datagram(10)
    assert reassembler.receive(small + b"padding", 0.0) == small
    first, second = fragment(datagram(1500), 1500)
    assert reassembler.receive(second + b"padding", 0.0) is None
    assert reassembler.receive(first, 0.0) == datagram(1500)


def test_options_of_the_first_fragment_are_kept(reassembler: Reassembler) -> None:
    whole = datagram(2000, options=b"\x07\x07\x04\0\0\0\0\0")  # record route: not copied into later fragments
    first, second = fragment(whole, 1500)
    assert len(second) - len(first) < 0
    reassembler.receive(second, 0.0)
    assert reassembler.receive(first, 0.0) == whole


def test_interleaved_datagrams(reassembler: Reassembler) -> None:
    a, b = datagram(2000, 1), datagram(2000, 2)
    (a1, a2), (b1, b2) = fragment(a, 1500), fragment(b, 1500)
    assert [reassembler.receive(each, 0.0) for each in (a1, b2, a2, b1)] == [None, None, a, b]


def test_timeout_tells_of_the_first_fragment(reassembler: Reassembler, drops: DropCounters) -> None:
    one, two = fragment(datagram(4000, 1), 1500), fragment(datagram(4000, 2), 1500)
    reassembler.receive(one[0], 10.0)
    reassembler.receive(one[1], 20.0)
    reassembler.receive(two[1], 15.0)
    assert reassembler.next_deadline() == 10.0 + TIMEOUT
    assert reassembler.handle_timer(39.0) == []
    assert reassembler.handle_timer(40.0) == [TimedOut(one[0])]
    assert reassembler.next_deadline() == 15.0 + TIMEOUT
    assert reassembler.handle_timer(50.0) == [TimedOut(None)]
    assert drops.as_dict() == {"ip-reassembly-timeout": 3}
    assert reassembler.octets == 0


def test_overlap_drops_everything_even_what_comes_later(reassembler: Reassembler, drops: DropCounters) -> None:
    reassembler.receive(piece(0, bytes(16), more=True), 0.0)
    reassembler.receive(piece(8, bytes(16), more=True), 0.0)
    assert drops.as_dict() == {"ip-reassembly-bad": 2}
    assert reassembler.receive(piece(16, bytes(8), more=False), 0.0) is None
    assert drops.as_dict() == {"ip-reassembly-bad": 3}
    assert reassembler.octets == 0
    assert reassembler.handle_timer(TIMEOUT) == []
    assert len(reassembler) == 0


BAD_PIECES = {
    "other contents": piece(8, b"\1" * 8, more=True),
    "longer": piece(8, bytes(16), more=True),
    "not eight octets": piece(16, bytes(12), more=True),
    "empty": piece(16, b"", more=True),
    "beyond 65535": piece(65528, bytes(16), more=False),
    "the same, but last": piece(8, bytes(8), more=False),
    "beyond the end": piece(32, bytes(8), more=True),
    "another end": piece(24, bytes(16), more=False),
}


@pytest.mark.parametrize("bad", BAD_PIECES.values(), ids=BAD_PIECES.keys())
def test_pieces_that_cannot_be(reassembler: Reassembler, drops: DropCounters, bad: bytes) -> None:
    reassembler.receive(piece(8, bytes(8), more=True), 0.0)
    reassembler.receive(piece(24, bytes(8), more=False), 0.0)
    assert reassembler.receive(bad, 0.0) is None
    assert drops.as_dict() == {"ip-reassembly-bad": 3}


@pytest.mark.parametrize("offset", [8, 16])
def test_an_end_where_or_before_something_is(reassembler: Reassembler, drops: DropCounters, offset: int) -> None:
    reassembler.receive(piece(16, bytes(8), more=True), 0.0)
    reassembler.receive(piece(offset, bytes(8), more=False), 0.0)
    assert drops.as_dict() == {"ip-reassembly-bad": 2}


def test_longest_datagram_and_four_octets_more(reassembler: Reassembler, drops: DropCounters) -> None:
    head, rest, tail = (
        piece(0, bytes(8), more=True),
        piece(8, bytes(65504), more=True),
        piece(65512, b"abc", more=False),
    )
    assert [reassembler.receive(each, 0.0) for each in (head, rest)] == [None, None]
    longest = reassembler.receive(tail, 0.0)
    assert longest is not None
    assert len(longest) == 65535
    with_options = piece(0, bytes(8), more=True, options=bytes(4))
    assert [reassembler.receive(each, 0.0) for each in (tail, rest, with_options)] == [None] * 3
    assert drops.as_dict() == {"ip-reassembly-bad": 3}
    assert reassembler.octets == 0


def test_memory_is_bounded(drops: DropCounters) -> None:
    few = Reassembler(drops, max_datagrams=3)
    for ident in range(5):
        few.receive(piece(0, bytes(8), more=True, ident=ident), float(ident))
    assert len(few) == 3
    assert drops.as_dict() == {"ip-reassembly-full": 2}
    assert few.next_deadline() == 2.0 + TIMEOUT
    small = Reassembler(drops, max_octets=1000)
    for ident in range(5):
        small.receive(piece(0, bytes(400), more=True, ident=ident), 0.0)
        assert small.octets <= 1000
    small.receive(piece(0, bytes(1600), more=True, ident=9), 0.0)
    assert len(small) == small.octets == 0
    assert drops[Drop.IP_REASSEMBLY_FULL] == 2 + 5 + 1


@given(
    st.integers(1, 6000),
    st.sampled_from([68, 100, 576, 1500]),
    st.booleans(),
    st.randoms(use_true_random=False),
)
def test_any_order_and_any_repetition(size: int, mtu: int, refragment: bool, order: random.Random) -> None:
    whole = datagram(size)
    pieces = fragment(whole, mtu)
    if refragment:
        pieces = [smaller for each in pieces for smaller in fragment(each, 68)]
    last = pieces.pop(order.randrange(len(pieces)))
    arrivals = pieces * 2
    order.shuffle(arrivals)
    drops = DropCounters()
    reassembler = Reassembler(drops)
    for each in arrivals:
        assert reassembler.receive(each, 0.0) is None
    assert reassembler.receive(last, 1.0) == whole
    parse(whole)
    assert drops.total == len(reassembler) == reassembler.octets == 0


@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(1, 4), st.booleans(), st.integers(0, 1)), max_size=12),
)
def test_against_a_model_of_octets(arrivals: list[tuple[int, int, bool, int]]) -> None:
    """A datagram as an array of octets: complete when all up to a known end are there; two writers make it bad."""
    drops = DropCounters()
    reassembler = Reassembler(drops)
    written: dict[int, int] = {}
    seen: set[tuple[int, int, bool, int]] = set()
    end: int | None = None
    bad = False
    for start, length, more, fill in arrivals:
        got = reassembler.receive(piece(start * 8, bytes([fill]) * length * 8, more=more), 0.0)
        units = range(start, start + length)
        if start == 0 and not more:
            assert got is not None  # a whole packet is none of this engine's business
            continue
        repeated = (start, length, more, fill) in seen
        if not bad and not repeated:
            bad = any(unit in written for unit in units)
            bad = bad or (end is not None and (units[-1] >= end or (not more and units[-1] + 1 != end)))
            bad = bad or (not more and any(unit > units[-1] for unit in written))
        if bad:
            assert got is None
            continue
        if not repeated:
            seen.add((start, length, more, fill))
            written |= dict.fromkeys(units, fill)
            if not more:
                end = units[-1] + 1
        if end is not None and len(written) == end:
            assert got is not None
            assert parse(got).payload == b"".join(bytes([written[unit]]) * 8 for unit in range(end))
            written, seen, end = {}, set(), None
        else:
            assert got is None


@given(st.lists(st.binary(max_size=64), max_size=8))
def test_any_bytes(packets: list[bytes]) -> None:
    reassembler = Reassembler(DropCounters())
    for packet in packets:
        reassembler.receive(packet, 0.0)
        reassembler.receive(b"\x45" + packet, 0.0)
    reassembler.handle_timer(TIMEOUT)
    assert len(reassembler) == reassembler.octets == 0
