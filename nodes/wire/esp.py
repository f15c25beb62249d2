"""The head of an ESP packet (RFC 4303 §2), all that can be read of it without keys.

::

     0                   1                   2                   3
     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
    +---------------------------------------------------------------+
    |               Security parameters index (SPI)                 |
    +---------------------------------------------------------------+
    |                      Sequence number                          |
    +---------------------------------------------------------------+
    |   IV, ciphertext with padding and next header, then the ICV   |
    +---------------------------------------------------------------+

Sealing and opening are in :mod:`nodes.esp`.
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

from nodes.base.errors import WireError

HEADER_LENGTH: Final = 8
PROTOCOL: Final = 50
#: RFC 4303 §2.1: 0 is for local use, 1 to 255 are reserved.
SPI_MIN: Final = 256

_HEAD = struct.Struct("!II")


class EspHeader(NamedTuple):
    spi: int
    sequence: int


def peek(payload: bytes, at: int = 0) -> EspHeader:
    """SPI and sequence number of the ESP packet that starts at ``at`` (behind the IP header)."""
    if len(payload) - at < HEADER_LENGTH:
        raise WireError(f"an ESP header has 8 octets, only {max(0, len(payload) - at)} are there")
    return EspHeader._make(_HEAD.unpack_from(payload, at))
