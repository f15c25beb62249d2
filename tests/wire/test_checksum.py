"""The Internet checksum against RFC 1071's example, its textbook definition and its own property."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from nodes.wire.checksum import checksum, pseudo_header


def textbook(data: bytes) -> int:
    """RFC 1071 §4.1, word by word."""
    total = 0
    for at in range(0, len(data), 2):
        total += int.from_bytes(data[at : at + 2].ljust(2, b"\0"), "big")
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def test_rfc_1071_section_3_example() -> None:
    assert checksum(bytes.fromhex("0001f203f4f5f6f7")) == ~0xDDF2 & 0xFFFF


def test_both_zeros() -> None:
    assert checksum(b"") == 0xFFFF
    assert checksum(bytes(20)) == 0xFFFF
    assert checksum(b"\xff\xff") == 0
    assert checksum(b"\x80\x00\x7f\xff") == 0


@given(st.binary(max_size=80) | st.lists(st.sampled_from([b"\0", b"\xff"]), max_size=40).map(b"".join))
def test_equals_the_textbook(data: bytes) -> None:
    assert checksum(data) == textbook(data)


@given(st.binary(max_size=64).filter(lambda data: len(data) % 2 == 0))
def test_data_with_its_checksum_sums_to_zero(data: bytes) -> None:
    assert checksum(data + checksum(data).to_bytes(2, "big")) == 0


def test_pseudo_header_layout() -> None:
    assert pseudo_header(0x0A000A0A, 0x0A000A14, 17, 192).hex() == "0a000a0a0a000a14001100c0"
