"""IPv4 headers (RFC 791 §3.1), the TTL on the way (RFC 1624) and fragmentation (RFC 791 §3.2).

::

     0                   1                   2                   3
     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
    +-------+-------+---------------+-------------------------------+
    |   4   |  IHL  |Type of service|         Total length          |
    +-------+-------+---------------+-----+-------------------------+
    |        Identification         |0|D|M|  Offset, in 8 octets    |
    +---------------+---------------+-----+-------------------------+
    | Time to live  |   Protocol    |        Header checksum        |
    +---------------+---------------+-------------------------------+
    |                        Source address                         |
    +---------------------------------------------------------------+
    |                      Destination address                      |
    +---------------------------------------------------------------+
    |              Options, padded to a multiple of 4 octets        |
    +---------------------------------------------------------------+

:class:`Ipv4` is the value for those who make or consume packets. A router keeps the packet's bytes and works on them
with :func:`peek`, :func:`decrement_ttl` and :func:`fragment`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final, NamedTuple

from nodes.base.errors import WireError
from nodes.wire.checksum import ChecksumError as ChecksumError
from nodes.wire.checksum import checksum as checksum

HEADER_MIN: Final = 20
OPTIONS_MAX: Final = 40
PACKET_MAX: Final = 65535
#: The smallest MTU that a link may have (RFC 791 §3.2): the longest header and one unit of eight octets.
MTU_MIN: Final = 68

DONT_FRAGMENT: Final = 0x4000
MORE_FRAGMENTS: Final = 0x2000
OFFSET_MASK: Final = 0x1FFF

_HEADER = struct.Struct("!BBHHHBBHII")
_HALVES = struct.Struct("!H")
_OPTION_END: Final = 0
_OPTION_NOP: Final = 1
_OPTION_COPIED: Final = 0x80
_SOURCE_ROUTES: Final = (131, 137)


@dataclass(frozen=True, slots=True)
class Ipv4:
    """A packet. ``src`` and ``dst`` are ints, ``offset`` is in octets (a multiple of 8), ``options`` are raw octets.

    ``build`` pads the options with zeros (end of list) to a multiple of four octets.
    """

    src: int
    dst: int
    proto: int
    payload: bytes
    ttl: int = 255
    ident: int = 0
    dont_fragment: bool = False
    more_fragments: bool = False
    offset: int = 0
    tos: int = 0
    options: bytes = b""

    def build(self) -> bytes:
        options = self.options + bytes(-len(self.options) % 4)
        header_length = HEADER_MIN + len(options)
        total = header_length + len(self.payload)
        if len(options) > OPTIONS_MAX or total > PACKET_MAX:
            raise ValueError(f"no IPv4 packet has {len(options)} octets of options and {total} in all")
        if self.offset % 8 or not 0 <= self.offset >> 3 <= OFFSET_MASK:
            raise ValueError(f"{self.offset} cannot be the offset of a fragment")
        word = self.offset >> 3 | self.dont_fragment * DONT_FRAGMENT | self.more_fragments * MORE_FRAGMENTS
        first = 0x40 | header_length >> 2
        try:
            header = _HEADER.pack(first, self.tos, total, self.ident, word, self.ttl, self.proto, 0, self.src, self.dst)
        except struct.error as error:
            raise ValueError(f"no IPv4 header can hold these values: {error}") from None
        return _seal(header + options) + self.payload


class Header(NamedTuple):
    """An IPv4 header as a router looks at it. Lengths in octets; ``fragment`` is the raw word of flags and offset."""

    src: int
    dst: int
    proto: int
    ttl: int
    header_length: int
    total_length: int
    fragment: int
    ident: int
    tos: int

    @property
    def dont_fragment(self) -> bool:
        return bool(self.fragment & DONT_FRAGMENT)

    @property
    def more_fragments(self) -> bool:
        return bool(self.fragment & MORE_FRAGMENTS)

    @property
    def offset(self) -> int:
        """Where this fragment's payload belongs, in octets."""
        return (self.fragment & OFFSET_MASK) << 3

    @property
    def is_fragment(self) -> bool:
        return bool(self.fragment & (MORE_FRAGMENTS | OFFSET_MASK))


def parse(data: bytes) -> Ipv4:
    """``data`` starts with a header; what follows the total length (Ethernet's padding) is cut.

    Raises ChecksumError for a wrong header checksum, WireError for everything else.
    """
    header = peek(data)
    return Ipv4(
        header.src,
        header.dst,
        header.proto,
        data[header.header_length : header.total_length],
        header.ttl,
        header.ident,
        header.dont_fragment,
        header.more_fragments,
        header.offset,
        header.tos,
        data[HEADER_MIN : header.header_length],
    )


def peek(packet: bytes) -> Header:
    """The header of a packet as it came from a wire, with every check of RFC 1812 §5.2.2.

    Raises WireError for a header that is cut short or contradicts itself, ChecksumError when only the checksum is
    wrong. The packet may be followed by padding: ``packet[:header.total_length]`` is the packet.
    """
    header = peek_header(packet)
    if not header.header_length <= header.total_length <= len(packet):
        raise WireError(
            f"total length {header.total_length} with a header of {header.header_length} octets, "
            f"and {len(packet)} are there"
        )
    # The sum of a correct header is -0, that is a multiple of 65535 (see checksum()); it is never all zeros.
    if int.from_bytes(packet[: header.header_length], "big") % 0xFFFF:
        raise ChecksumError("wrong IPv4 header checksum")
    return header


def peek_header(packet: bytes) -> Header:
    """As :func:`peek`, but neither the total length nor the checksum is checked.

    For packets that are shown rather than used, and for those that an ICMP error quotes, which are cut short.
    """
    if len(packet) < HEADER_MIN:
        raise WireError(f"an IPv4 header has at least 20 octets, only {len(packet)} are there")
    first, tos, total, ident, word, ttl, proto, _, src, dst = _HEADER.unpack_from(packet)
    if first >> 4 != 4:
        raise WireError(f"IP version {first >> 4}, not 4")
    header_length = (first & 15) << 2
    if not HEADER_MIN <= header_length <= len(packet):
        raise WireError(f"a header length of {header_length} octets, and {len(packet)} are there")
    return Header(src, dst, proto, ttl, header_length, total, word, ident, tos)


def rewrite(header: bytes, protocol: int, length: int) -> bytes:
    """The header of a whole packet without its options, for another protocol and total length."""
    fixed = b"\x45%b%b%b%b\0\0%b" % (
        header[1:2],
        length.to_bytes(2, "big"),
        header[4:9],
        bytes([protocol]),
        header[12:20],
    )
    return fixed[:10] + checksum(fixed).to_bytes(2, "big") + fixed[12:]


def decrement_ttl(packet: bytes) -> bytes:
    """The packet with its TTL less by one and the checksum updated, not computed anew (RFC 1624 §3, equation 3).

    The caller has looked at the header; raises WireError when the TTL is 0 already.
    """
    # HC' = ~(~HC + ~m + m') with m' = m - 0x0100 comes to HC + 0x0100, carry brought around. A sum of 0xFFFF becomes 0:
    # that is RFC 1624's form; RFC 1141's left it.
    word = int.from_bytes(packet[8:12], "big")  # TTL, protocol, checksum
    if word < 0x0100_0000:
        raise WireError("the TTL is 0 already")
    carry = 0xFFFF if (word & 0xFFFF) >= 0xFEFF else 0
    return b"%b%b%b" % (packet[:8], (word - 0x0100_0000 + 0x0100 - carry).to_bytes(4, "big"), packet[12:])


def fragment(packet: bytes, mtu: int) -> list[bytes]:
    """The packet in pieces of at most ``mtu`` octets, the example procedure of RFC 791 §3.2.

    A packet that fits comes back alone (without padding behind it). Of the options, later fragments carry only those
    with the copied flag. Works on fragments too. Raises WireError when the packet may not be fragmented (the caller
    answers that with ICMP, so it asks first) or its options cannot be read; ValueError for an MTU below 68.
    """
    if mtu < MTU_MIN:
        raise ValueError(f"an MTU of {mtu} octets is below IPv4's least, 68")
    header = peek_header(packet)
    if header.total_length <= mtu:
        return [packet[: header.total_length]]
    if header.dont_fragment:
        raise WireError(f"{header.total_length} octets with DF set do not fit into {mtu}")
    head = packet[: header.header_length]
    later_head = head[:HEADER_MIN] + _copied_options(head[HEADER_MIN:])
    data = packet[header.header_length : header.total_length]
    if header.offset + len(data) > PACKET_MAX:
        raise WireError(f"a fragment that ends at octet {header.offset + len(data)}, beyond any datagram")
    pieces = []
    start = 0
    while start < len(data):
        room = (mtu - len(head)) & ~7
        # The last piece may fill the MTU to the octet: only the others must end on a multiple of eight.
        end = len(data) if len(data) - start <= mtu - len(head) else start + room
        more = header.more_fragments or end < len(data)
        word = header.fragment + (start >> 3) & OFFSET_MASK | more * MORE_FRAGMENTS
        first = 0x40 | len(head) >> 2
        fixed = b"%c%c%b%b%b" % (first, head[1], _HALVES.pack(len(head) + end - start), head[4:6], _HALVES.pack(word))
        pieces.append(_seal(fixed + head[8:10] + b"\0\0" + head[12:]) + data[start:end])
        head = later_head
        start = end
    return pieces


def is_source_routed(packet: bytes) -> bool:
    """Whether the sender says which way a packet goes: a loose or strict source route option (RFC 791 §3.1)."""
    header_length = (packet[0] & 15) << 2
    at = HEADER_MIN
    while at < header_length and packet[at] != _OPTION_END:
        if packet[at] in _SOURCE_ROUTES:
            return True
        # An option that cannot be read is the last one.
        at += 1 if packet[at] == _OPTION_NOP else max(packet[at + 1], 2) if at + 1 < header_length else 40
    return False


def _seal(header: bytes) -> bytes:
    """A header whose checksum field is zero, with its checksum."""
    return header[:10] + _HALVES.pack(checksum(header)) + header[12:]


def _copied_options(options: bytes) -> bytes:
    """The options that go into every fragment (RFC 791 §3.1, copied flag), padded to a multiple of four octets."""
    copied = b""
    at = 0
    while at < len(options) and options[at] != _OPTION_END:
        if options[at] == _OPTION_NOP:
            at += 1
            continue
        length = options[at + 1] if at + 1 < len(options) else 0
        if length < 2 or at + length > len(options):
            raise WireError(f"IPv4 option {options[at]} with a length of {length}")
        if options[at] & _OPTION_COPIED:
            copied += options[at : at + length]
        at += length
    return copied + bytes(-len(copied) % 4)
