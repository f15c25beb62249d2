"""pcapng capture files, block by block (draft-ietf-opsawg-pcapng). Functions return octets; the caller writes them.

::

     0               4               8                            length-4     length
     +---------------+---------------+-----------------------------+---------------+
     |  block type   | block length  |  body, options, padded to 4 | block length  |
     +---------------+---------------+-----------------------------+---------------+

    an option:  code (2)  length (2)  value, padded to 4;  the list ends with code 0, length 0

A file is one :func:`section_header`, an :func:`interface_description` for each interface (numbered from 0 in their
order), then packets in any order, and at the end an :func:`interface_statistics` for each interface. Numbers are
little-endian, times are nanoseconds since the epoch.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from enum import IntEnum
from typing import Final

_SECTION: Final = 0x0A0D0D0A
_INTERFACE: Final = 1
_STATISTICS: Final = 5
_PACKET: Final = 6
_BYTE_ORDER: Final = 0x1A2B3C4D
_LINKTYPE_ETHERNET: Final = 1

_OPT_END: Final = b"\0\0\0\0"
_OPT_COMMENT: Final = 1
_SHB_USERAPPL: Final = 4
_IF_NAME: Final = 2
_IF_DESCRIPTION: Final = 3
_IF_TSRESOL: Final = 9
_EPB_FLAGS: Final = 2
_ISB_IFRECV: Final = 4
_ISB_IFDROP: Final = 5

_OPTION_MAX: Final = 0xFFFF
_NANOSECONDS: Final = 9


class Direction(IntEnum):
    """Which way a packet crossed the interface: the low two bits of epb_flags (§4.3.1)."""

    UNKNOWN = 0
    INBOUND = 1
    OUTBOUND = 2


def section_header(application: str = "wirelab") -> bytes:
    """The start of a file (§4.1): version 1.0, a section of unknown length."""
    body = struct.pack("<IHHq", _BYTE_ORDER, 1, 0, -1)
    return _block(_SECTION, body + _options([(_SHB_USERAPPL, application.encode())]))


def interface_description(name: str, description: str = "") -> bytes:
    """An Ethernet interface without a limit on the length of packets, times in nanoseconds (§4.2)."""
    options = [(_IF_NAME, name.encode())]
    if description:
        options.append((_IF_DESCRIPTION, description.encode()))
    options.append((_IF_TSRESOL, bytes((_NANOSECONDS,))))
    return _block(_INTERFACE, struct.pack("<HHI", _LINKTYPE_ETHERNET, 0, 0) + _options(options))


def enhanced_packet(
    interface: int,
    time_ns: int,
    frame: bytes,
    direction: Direction = Direction.UNKNOWN,
    comments: Sequence[str] = (),
    original_length: int | None = None,
) -> bytes:
    """One frame without FCS (§4.3). ``original_length``: its length on the wire, if only a part of it was kept."""
    length = len(frame) if original_length is None else original_length
    body = struct.pack("<IIIII", interface, time_ns >> 32, time_ns & 0xFFFFFFFF, len(frame), length)
    options = [(_OPT_COMMENT, _cut(comment)) for comment in comments]
    if direction:
        options.append((_EPB_FLAGS, struct.pack("<I", direction)))
    return _block(_PACKET, body + _padded(frame) + _options(options))


def interface_statistics(interface: int, time_ns: int, received: int, dropped: int) -> bytes:
    """How many packets an interface saw since the capture began, and how many of them are not in the file (§4.6)."""
    body = struct.pack("<III", interface, time_ns >> 32, time_ns & 0xFFFFFFFF)
    options = [(_ISB_IFRECV, struct.pack("<Q", received)), (_ISB_IFDROP, struct.pack("<Q", dropped))]
    return _block(_STATISTICS, body + _options(options))


def _block(kind: int, body: bytes) -> bytes:
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


def _options(options: Sequence[tuple[int, bytes]]) -> bytes:
    if not options:
        return b""
    return b"".join(struct.pack("<HH", code, len(value)) + _padded(value) for code, value in options) + _OPT_END


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def _cut(text: str) -> bytes:
    """UTF-8 of at most 65535 octets, cut between characters."""
    return text.encode(errors="replace")[:_OPTION_MAX].decode(errors="ignore").encode()
