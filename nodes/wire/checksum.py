"""The Internet checksum: the one's complement of the one's complement sum of 16-bit words (RFC 1071)."""

from __future__ import annotations

from nodes.base.errors import WireError


class ChecksumError(WireError):
    """A well-formed header or message whose checksum is wrong: damaged on the way, rather than built wrongly."""


def checksum(data: bytes) -> int:
    """The checksum of ``data`` (an odd length counts as if a zero octet followed), in 0..65535.

    Over data that already holds its correct checksum the result is 0.
    """
    # 2**16 = 1 (mod 65535): adding the words with end-around carry is taking the whole number modulo 65535, which
    # Python does in C. The two zeros of one's complement: only an all-zero sum is +0, any other multiple is -0 (65535).
    number = int.from_bytes(data, "big")
    if not number:
        return 0xFFFF
    if len(data) & 1:
        number <<= 8
    return -number % 0xFFFF


def pseudo_header(src: int, dst: int, proto: int, length: int) -> bytes:
    """What UDP (RFC 768) and TCP (RFC 9293 §3.1) put before the segment when they compute its checksum.

    ``length`` is that of the segment, header included, in octets.
    """
    return (src << 64 | dst << 32 | proto << 16 | length).to_bytes(12, "big")
