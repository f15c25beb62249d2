"""What can become of a packet that is sealed or opened. The numbers travel in job results."""

from __future__ import annotations

from enum import IntEnum, unique


@unique
class Outcome(IntEnum):
    OK = 0
    """Sealed; or authenticated, decrypted and well-formed."""
    MALFORMED = 1
    """Too short, not a whole number of blocks, or another SPI (RFC 4303 §2)."""
    SEQUENCE_ZERO = 2
    """Sequence number 0, which no sender uses (RFC 4303 §2.2)."""
    REPLAY = 3
    """A sequence number that was seen before or is left of the window (RFC 4303 §3.4.3)."""
    BAD_ICV = 4
    """The integrity check value was wrong (RFC 4303 §3.4.4)."""
    BAD_PADDING = 5
    """Authenticated, but the padding is not 1, 2, 3… (RFC 4303 §2.4)."""
    BAD_NEXT_HEADER = 6
    """Authenticated, but what is inside is not IPv4."""
    BAD_INNER = 7
    """Authenticated, but the packet inside is no well-formed IPv4 packet."""
    DUMMY = 8
    """Filler for traffic flow confidentiality, discarded as meant (RFC 4303 §2.6)."""
    SEQUENCE_OVERFLOW = 9
    """The sequence numbers of this SA are used up (RFC 4303 §3.3.3)."""
    TOO_LONG = 10
    """Sealed, the packet would exceed 65535 octets."""
    NO_ASSOCIATION = 11
    """The worker does not have the SA (any more)."""
