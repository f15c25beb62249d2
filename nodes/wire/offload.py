"""What a network card would have done: frames of a Linux host as they were before checksum and segmentation offload.

Between two virtual interfaces no card ever finishes a frame: a checksum holds the pseudo header's sum only, and one TCP
"frame" may carry 64 kB. The kernel says so in a header of its own before each frame (struct virtio_net_hdr, VIRTIO 1.2
§5.1.6)::

     0       1          2         4          6            8             10
     +-------+----------+---------+----------+------------+-------------+
     | flags | gso type | hdr len | gso size | csum start | csum offset |   host byte order
     +-------+----------+---------+----------+------------+-------------+
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

from nodes.base.errors import WireError
from nodes.wire.checksum import checksum
from nodes.wire.ethernet import ETH_IPV4, ETH_IPV6, ETH_VLAN, HEADER_LENGTH, TAG_LENGTH

LENGTH: Final = 10
#: A header that asks for nothing, for frames that are complete.
NOTHING: Final = bytes(LENGTH)

NEEDS_CHECKSUM: Final = 1
GSO_NONE: Final = 0
GSO_TCPV4: Final = 1
GSO_TCPV6: Final = 4
_GSO_ECN: Final = 0x80

_HEADER = struct.Struct("=BBHHHH")
_WORD = struct.Struct("!H")
_TCP: Final = 6
_FIN_PSH: Final = 0x09
_CWR: Final = 0x80


class Offload(NamedTuple):
    """What the kernel left undone. ``start`` and ``offset`` are octets; ``size`` is a segment's payload."""

    flags: int
    gso: int
    size: int
    start: int
    offset: int


def parse(data: bytes) -> Offload:
    """The header before a frame; WireError when it is too short."""
    if len(data) < LENGTH:
        raise WireError("a virtio_net_hdr has ten octets")
    flags, gso, _, size, start, offset = _HEADER.unpack_from(data)
    return Offload(flags, gso & ~_GSO_ECN, size, start, offset)


def finish(frame: bytes, offload: Offload) -> list[bytes]:
    """The frames that a card would have sent for this one; WireError when nobody can say which."""
    if offload.gso in (GSO_TCPV4, GSO_TCPV6):
        return _segments(frame, offload.size)
    if offload.gso != GSO_NONE:
        raise WireError(f"segmentation of type {offload.gso}")
    if offload.flags & NEEDS_CHECKSUM:
        return [_summed(frame, offload.start, offload.offset)]
    return [frame]


def _summed(frame: bytes, start: int, offset: int) -> bytes:
    """The field holds the sum over the pseudo header already, so the sum from ``start`` on is the whole one."""
    at = start + offset
    if at + 2 > len(frame):
        raise WireError("a checksum behind the end of the frame")
    # A result of 0 would say "no checksum" in UDP; 0xFFFF is the same number (RFC 768).
    value = checksum(frame[start:]) or 0xFFFF
    return frame[:at] + _WORD.pack(value) + frame[at + 2 :]


def _segments(frame: bytes, size: int) -> list[bytes]:
    """A TCP super-frame cut as TSO would: headers repeated, lengths, numbers, flags and checksums made for each."""
    network = HEADER_LENGTH
    (kind,) = _WORD.unpack_from(frame, network - 2) if len(frame) >= network else (0,)
    if kind == ETH_VLAN and len(frame) >= network + TAG_LENGTH:
        network += TAG_LENGTH
        (kind,) = _WORD.unpack_from(frame, network - 2)
    if size < 1 or len(frame) < network + 40:
        raise WireError("a super-frame without room for its headers")
    if kind == ETH_IPV4:
        transport = network + (frame[network] & 15) * 4
        protocol, ends = frame[network + 9], frame[network + 12 : network + 20]
    elif kind == ETH_IPV6:
        transport = network + 40
        protocol, ends = frame[network + 6], frame[network + 8 : network + 40]
    else:
        raise WireError(f"segmentation of EtherType 0x{kind:04x}")
    if protocol != _TCP or len(frame) < transport + 20:
        raise WireError("segmentation of something else than TCP")
    body = transport + (frame[transport + 12] >> 4) * 4
    if not transport + 20 <= body <= len(frame):
        raise WireError("a TCP header longer than its frame")
    segments = []
    payload = frame[body:]
    for index, at in enumerate(range(0, len(payload), size) if payload else [0]):
        piece = payload[at : at + size]
        segment = bytearray(frame[:body] + piece)
        sequence = int.from_bytes(frame[transport + 4 : transport + 8], "big") + at & 0xFFFFFFFF
        segment[transport + 4 : transport + 8] = sequence.to_bytes(4, "big")
        if at + size < len(payload):
            segment[transport + 13] &= ~_FIN_PSH & 0xFF
        if index:
            segment[transport + 13] &= ~_CWR & 0xFF
        length = len(segment) - transport
        if kind == ETH_IPV4:
            _WORD.pack_into(segment, network + 2, len(segment) - network)
            (ident,) = _WORD.unpack_from(frame, network + 4)
            _WORD.pack_into(segment, network + 4, ident + index & 0xFFFF)
            _WORD.pack_into(segment, network + 10, 0)
            _WORD.pack_into(segment, network + 10, checksum(bytes(segment[network:transport])))
            pseudo = ends + bytes((0, _TCP)) + length.to_bytes(2, "big")
        else:
            _WORD.pack_into(segment, network + 4, length)
            pseudo = ends + length.to_bytes(4, "big") + bytes((0, 0, 0, _TCP))
        _WORD.pack_into(segment, transport + 16, 0)
        _WORD.pack_into(segment, transport + 16, checksum(pseudo + bytes(segment[transport:])))
        segments.append(bytes(segment))
    return segments
