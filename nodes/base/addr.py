"""Addresses as the engines hold them: IPv4 as an int in 0..2**32-1, MAC as six octets.

Plain ints and bytes rather than objects: they are dictionary keys on the data path, and Python hashes and compares them
in C. Text is made at the edges, by the functions here.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from nodes.base.errors import AddressError

BROADCAST_MAC: Final = b"\xff" * 6
ZERO_MAC: Final = bytes(6)
IPV4_MAX: Final = 0xFFFFFFFF


class Prefix(NamedTuple):
    """An IPv4 network: ``address`` with its host bits zero, and ``length`` in 0..32."""

    address: int
    length: int

    @property
    def mask(self) -> int:
        return length_to_mask(self.length)

    def contains(self, address: int) -> bool:
        return address & length_to_mask(self.length) == self.address

    def __str__(self) -> str:
        return f"{format_ipv4(self.address)}/{self.length}"


def parse_ipv4(text: str) -> int:
    """``"10.0.10.20"`` -> 167774740. Four decimal octets; raises AddressError otherwise."""
    parts = text.split(".")
    if len(parts) != 4:
        raise AddressError(f"{text!r} is not an IPv4 address: four numbers with dots expected")
    value = 0
    for part in parts:
        if not (part.isascii() and part.isdigit() and len(part) <= 3 and int(part) <= 255):
            raise AddressError(f"{text!r} is not an IPv4 address: {part!r} is not in 0..255")
        value = value << 8 | int(part)
    return value


def format_ipv4(address: int) -> str:
    return f"{address >> 24 & 255}.{address >> 16 & 255}.{address >> 8 & 255}.{address & 255}"


def length_to_mask(length: int) -> int:
    """24 -> 0xFFFFFF00."""
    return IPV4_MAX << (32 - length) & IPV4_MAX


def mask_to_length(mask: int) -> int:
    """0xFFFFFF00 -> 24; raises AddressError when the ones are not contiguous."""
    inverted = ~mask & IPV4_MAX
    if inverted & (inverted + 1):
        raise AddressError(f"{format_ipv4(mask)} is not a network mask")
    return 32 - inverted.bit_length()


def network_of(address: int, length: int) -> Prefix:
    return Prefix(address & length_to_mask(length), length)


def classful_network(address: int) -> Prefix:
    """The class A, B or C network that an address lies in (RFC 791 3.2), by which IOS groups its routes."""
    top = address >> 24
    return network_of(address, 8 if top < 128 else 16 if top < 192 else 24)


def broadcast_of(prefix: Prefix) -> int:
    return prefix.address | ~length_to_mask(prefix.length) & IPV4_MAX


def is_multicast(address: int) -> bool:
    """Class D, 224.0.0.0/4 (RFC 1112)."""
    return address >> 28 == 0xE


def parse_mac(text: str) -> bytes:
    """Six octets in hex with any of the usual separators (``:``, ``-``, ``.``); raises AddressError otherwise."""
    digits = text.replace(":", "").replace("-", "").replace(".", "")
    try:
        mac = bytes.fromhex(digits)
    except ValueError:
        mac = b""
    if len(mac) != 6 or not digits.isascii() or " " in digits:
        raise AddressError(f"{text!r} is not a MAC address: twelve hexadecimal digits expected")
    return mac


def format_mac(mac: bytes) -> str:
    """The form of IOS: ``001b.d4aa.0100``."""
    digits = mac.hex()
    return f"{digits[:4]}.{digits[4:8]}.{digits[8:]}"


def format_mac_colons(mac: bytes) -> str:
    return mac.hex(":")


def format_mac_windows(mac: bytes) -> str:
    return mac.hex("-").upper()
