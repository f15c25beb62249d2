"""UDP (RFC 768), TCP headers (RFC 9293 §3.1) and the protocols above IPv4 by number.

::

    UDP   0                   1                   2                   3
          0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
         +-------------------------------+-------------------------------+
         |          Source port          |       Destination port        |
         +-------------------------------+-------------------------------+
         |            Length             |     Checksum, 0 for none      |
         +-------------------------------+-------------------------------+

    TCP  +-------------------------------+-------------------------------+
         |          Source port          |       Destination port        |
         +-------------------------------+-------------------------------+
         |                        Sequence number                        |
         +---------------------------------------------------------------+
         |                     Acknowledgment number                     |
         +-------+-------+---------------+-------------------------------+
         |Offset | zero  |CEUAPRSF flags |            Window             |
         +-------+-------+---------------+-------------------------------+
         |           Checksum            |        Urgent pointer         |
         +-------------------------------+-------------------------------+
         |            Options, padded to a multiple of 4 octets          |
         +---------------------------------------------------------------+

Both checksums cover a pseudo header with the IPv4 addresses, so ``parse_*`` and ``build`` take them.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from nodes.base.errors import WireError
from nodes.wire.checksum import ChecksumError as ChecksumError
from nodes.wire.checksum import checksum, pseudo_header

ICMP: Final = 1
IGMP: Final = 2
IPIP: Final = 4
TCP: Final = 6
UDP: Final = 17
GRE: Final = 47
ESP: Final = 50
AH: Final = 51
EIGRP: Final = 88
OSPF: Final = 89

FIN: Final = 0x01
SYN: Final = 0x02
RST: Final = 0x04
PSH: Final = 0x08
ACK: Final = 0x10
URG: Final = 0x20

UDP_HEADER: Final = 8
TCP_HEADER_MIN: Final = 20

_UDP = struct.Struct("!HHHH")
_TCP = struct.Struct("!HHIIBBHHH")


@dataclass(frozen=True, slots=True)
class Udp:
    src_port: int
    dst_port: int
    payload: bytes

    def build(self, src: int, dst: int) -> bytes:
        length = UDP_HEADER + len(self.payload)
        try:
            blank = _UDP.pack(self.src_port, self.dst_port, length, 0) + self.payload
        except struct.error as error:
            raise ValueError(f"no UDP datagram can hold these values: {error}") from None
        # A sum that comes out as zero is sent as its other form, for zero says "no checksum" (RFC 768).
        value = checksum(pseudo_header(src, dst, UDP, length) + blank) or 0xFFFF
        return blank[:6] + value.to_bytes(2, "big") + self.payload


@dataclass(frozen=True, slots=True)
class Tcp:
    """A segment. ``flags`` is an OR of FIN, SYN…; ``options`` are raw octets, padded with zeros by ``build``."""

    src_port: int
    dst_port: int
    seq: int
    ack: int
    flags: int
    window: int
    urgent: int = 0
    options: bytes = b""
    payload: bytes = b""

    def build(self, src: int, dst: int) -> bytes:
        options = self.options + bytes(-len(self.options) % 4)
        offset = TCP_HEADER_MIN + len(options) << 2
        try:
            header = _TCP.pack(
                self.src_port, self.dst_port, self.seq, self.ack, offset, self.flags, self.window, 0, self.urgent
            )
        except struct.error as error:
            raise ValueError(f"no TCP header can hold these values: {error}") from None
        segment = header + options + self.payload
        value = checksum(pseudo_header(src, dst, TCP, len(segment)) + segment)
        return segment[:16] + value.to_bytes(2, "big") + segment[18:]


def parse_udp(data: bytes, src: int, dst: int) -> Udp:
    """``data`` is the payload of a whole IPv4 datagram; what follows the UDP length is ignored.

    Raises ChecksumError for a wrong checksum, WireError for everything else.
    """
    if len(data) < UDP_HEADER:
        raise WireError(f"a UDP header has 8 octets, only {len(data)} are there")
    src_port, dst_port, length, value = _UDP.unpack_from(data)
    if not UDP_HEADER <= length <= len(data):
        raise WireError(f"UDP length {length}, and {len(data)} octets are there")
    if value and checksum(pseudo_header(src, dst, UDP, length) + data[:length]):
        raise ChecksumError("wrong UDP checksum")
    return Udp(src_port, dst_port, data[UDP_HEADER:length])


def parse_tcp(data: bytes, src: int, dst: int) -> Tcp:
    """``data`` is the payload of a whole IPv4 datagram. Raises ChecksumError or WireError as :func:`parse_udp`."""
    if len(data) < TCP_HEADER_MIN:
        raise WireError(f"a TCP header has at least 20 octets, only {len(data)} are there")
    src_port, dst_port, seq, ack, offset, flags, window, _, urgent = _TCP.unpack_from(data)
    start = offset >> 4 << 2
    if not TCP_HEADER_MIN <= start <= len(data):
        raise WireError(f"a TCP header length of {start} octets, and {len(data)} are there")
    if checksum(pseudo_header(src, dst, TCP, len(data)) + data):
        raise ChecksumError("wrong TCP checksum")
    return Tcp(src_port, dst_port, seq, ack, flags, window, urgent, data[TCP_HEADER_MIN:start], data[start:])


def ports(segment: bytes) -> tuple[int, int]:
    """Source and destination port of a UDP datagram or TCP segment, of which four octets are enough."""
    if len(segment) < 4:
        raise WireError(f"no ports in {len(segment)} octets")
    return segment[0] << 8 | segment[1], segment[2] << 8 | segment[3]
