"""ICMP messages (RFC 792; next-hop MTU: RFC 1191 §4).

::

     0                   1                   2                   3
     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
    +---------------+---------------+-------------------------------+
    |     Type      |     Code      |           Checksum            |
    +---------------+---------------+-------------------------------+
    |  echo: identifier             |  echo: sequence number        |
    |  unreachable: zero            |  unreachable: next-hop MTU    |
    |  redirect: gateway address                                    |
    +---------------------------------------------------------------+
    |  echo: data; errors: IP header and 8 octets of the original   |
    +---------------------------------------------------------------+
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from nodes.base.errors import WireError
from nodes.wire.checksum import ChecksumError as ChecksumError
from nodes.wire.checksum import checksum
from nodes.wire.ipv4 import peek_header

HEADER_LENGTH: Final = 8

ECHO_REPLY: Final = 0
UNREACHABLE: Final = 3
SOURCE_QUENCH: Final = 4
REDIRECT: Final = 5
ECHO_REQUEST: Final = 8
TIME_EXCEEDED: Final = 11
PARAMETER_PROBLEM: Final = 12
MASK_REQUEST: Final = 17  # RFC 950
MASK_REPLY: Final = 18
#: Messages about another packet. None may be sent about one of these (RFC 1122 §3.2.2).
ERRORS: Final = frozenset({UNREACHABLE, SOURCE_QUENCH, REDIRECT, TIME_EXCEEDED, PARAMETER_PROBLEM})

# Codes of Unreachable (RFC 792; 13: RFC 1812 §5.2.7.1).
NET_UNREACHABLE: Final = 0
HOST_UNREACHABLE: Final = 1
PROTOCOL_UNREACHABLE: Final = 2
PORT_UNREACHABLE: Final = 3
FRAGMENTATION_NEEDED: Final = 4
SOURCE_ROUTE_FAILED: Final = 5
ADMIN_PROHIBITED: Final = 13

# Codes of TimeExceeded.
TTL_EXPIRED: Final = 0
REASSEMBLY_EXPIRED: Final = 1

# Codes of Redirect.
REDIRECT_NET: Final = 0
REDIRECT_HOST: Final = 1

_HEADER = struct.Struct("!BBHI")


@dataclass(frozen=True, slots=True)
class EchoRequest:
    ident: int
    seq: int
    data: bytes = b""

    def build(self) -> bytes:
        return _build(ECHO_REQUEST, 0, _halves(self.ident, self.seq), self.data)

    def reply(self) -> EchoReply:
        return EchoReply(self.ident, self.seq, self.data)


@dataclass(frozen=True, slots=True)
class EchoReply:
    ident: int
    seq: int
    data: bytes = b""

    def build(self) -> bytes:
        return _build(ECHO_REPLY, 0, _halves(self.ident, self.seq), self.data)


@dataclass(frozen=True, slots=True)
class Unreachable:
    """``original``: :func:`quote` of the packet. ``mtu``: of the next hop, with FRAGMENTATION_NEEDED; otherwise 0."""

    code: int
    original: bytes
    mtu: int = 0

    def build(self) -> bytes:
        return _build(UNREACHABLE, self.code, _halves(0, self.mtu), self.original)


@dataclass(frozen=True, slots=True)
class TimeExceeded:
    code: int
    original: bytes

    def build(self) -> bytes:
        return _build(TIME_EXCEEDED, self.code, 0, self.original)


@dataclass(frozen=True, slots=True)
class Redirect:
    """``gateway`` is the better next hop towards the destination of ``original``."""

    code: int
    gateway: int
    original: bytes

    def build(self) -> bytes:
        return _build(REDIRECT, self.code, self.gateway, self.original)


@dataclass(frozen=True, slots=True)
class Other:
    """Any other type (or an echo with a code, which RFC 792 does not know). ``rest`` is the header's second word."""

    type: int
    code: int
    rest: int
    data: bytes = b""

    def build(self) -> bytes:
        return _build(self.type, self.code, self.rest, self.data)


Message = EchoRequest | EchoReply | Unreachable | TimeExceeded | Redirect | Other


def parse(data: bytes) -> Message:
    """``data`` is the payload of an IPv4 packet. Raises ChecksumError, or WireError when shorter than eight octets."""
    if len(data) < HEADER_LENGTH:
        raise WireError(f"an ICMP message has at least 8 octets, not {len(data)}")
    if checksum(data):
        raise ChecksumError("wrong ICMP checksum")
    kind, code, _, rest = _HEADER.unpack_from(data)
    body = data[HEADER_LENGTH:]
    if kind == ECHO_REQUEST and code == 0:
        return EchoRequest(rest >> 16, rest & 0xFFFF, body)
    if kind == ECHO_REPLY and code == 0:
        return EchoReply(rest >> 16, rest & 0xFFFF, body)
    if kind == UNREACHABLE:
        return Unreachable(code, body, rest & 0xFFFF)
    if kind == TIME_EXCEEDED:
        return TimeExceeded(code, body)
    if kind == REDIRECT:
        return Redirect(code, rest, body)
    return Other(kind, code, rest, body)


def quote(packet: bytes) -> bytes:
    """What an error message carries of the packet that caused it: its header and 8 octets (RFC 792)."""
    header = peek_header(packet)
    return packet[: min(header.header_length + 8, header.total_length)]


def is_error(message: bytes) -> bool:
    """Whether the payload of an ICMP packet is an error message, or too short to tell: answer neither with an error."""
    return not message or message[0] in ERRORS


def _halves(high: int, low: int) -> int:
    if not (0 <= high <= 0xFFFF and 0 <= low <= 0xFFFF):
        raise ValueError(f"{high} or {low} is not a 16-bit number")
    return high << 16 | low


def _build(kind: int, code: int, rest: int, body: bytes) -> bytes:
    try:
        blank = _HEADER.pack(kind, code, 0, rest) + body
    except struct.error as error:
        raise ValueError(f"no ICMP message has type {kind}, code {code}, {rest}: {error}") from None
    return blank[:2] + checksum(blank).to_bytes(2, "big") + blank[4:]
