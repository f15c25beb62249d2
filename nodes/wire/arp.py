"""ARP for IPv4 on Ethernet (RFC 826; gratuitous: RFC 5944 §4.6).

::

     0       2       4   5   6       8              14          18              24          28
     +-------+-------+---+---+-------+---------------+-----------+---------------+-----------+
     | hrd 1 | 0800  | 6 | 4 |  op   |  sender MAC   | sender IP |  target MAC   | target IP |
     +-------+-------+---+---+-------+---------------+-----------+---------------+-----------+
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from nodes.base.addr import ZERO_MAC
from nodes.base.errors import WireError

REQUEST: Final = 1
REPLY: Final = 2
LENGTH: Final = 28

_FORM: Final = b"\x00\x01\x08\x00\x06\x04"
_BODY = struct.Struct("!6sH6sI6sI")


@dataclass(frozen=True, slots=True)
class Arp:
    """``op`` is REQUEST, REPLY or another 16-bit number; the receiver ignores those it does not know."""

    op: int
    sender_mac: bytes
    sender_ip: int
    target_mac: bytes
    target_ip: int

    def build(self) -> bytes:
        if len(self.sender_mac) != 6 or len(self.target_mac) != 6:
            raise ValueError("a MAC address has six octets")
        try:
            return _BODY.pack(_FORM, self.op, self.sender_mac, self.sender_ip, self.target_mac, self.target_ip)
        except struct.error as error:
            raise ValueError(f"no ARP packet can hold {self}: {error}") from None


def parse(data: bytes) -> Arp:
    """``data`` is a frame's payload; what follows the 28 octets (padding) is ignored."""
    if len(data) < LENGTH:
        raise WireError(f"an ARP packet for IPv4 on Ethernet has 28 octets, not {len(data)}")
    form, op, sender_mac, sender_ip, target_mac, target_ip = _BODY.unpack_from(data)
    if form != _FORM:
        raise WireError(f"not ARP for IPv4 on Ethernet: hardware, protocol and address lengths are {form.hex()}")
    return Arp(op, sender_mac, sender_ip, target_mac, target_ip)


def request(sender_mac: bytes, sender_ip: int, target_ip: int) -> Arp:
    """Who has ``target_ip``? A sender address of 0 makes it a probe (RFC 5227 §2.1.1)."""
    return Arp(REQUEST, sender_mac, sender_ip, ZERO_MAC, target_ip)


def reply(to: Arp, mac: bytes) -> Arp:
    """The answer to a request: the address that it asked for is at ``mac`` (RFC 826, packet reception)."""
    return Arp(REPLY, mac, to.target_ip, to.sender_mac, to.sender_ip)


def gratuitous(mac: bytes, ip: int) -> Arp:
    """The announcement of one's own address: a request for it, sent to all (RFC 5227 §3)."""
    return Arp(REQUEST, mac, ip, ZERO_MAC, ip)
