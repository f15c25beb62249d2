"""How a batch lies in memory, and the sizes that follow from a transform.

A batch of one SA goes through its cipher in one call, in place, so its packets lie in one *arena*: records one after
the other, each starting on a multiple of 16 octets, with holes for what sealing adds. AES-CBC and HMAC-SHA1-96::

    seal   | spare 4 | outer IPv4 20 | ESP 8 | IV 16 | packet, padding, trailer | ICV 12 | spare 4 |
    open   | spare 8 | ESP 8 | IV 16 | ciphertext | ICV 12 | spare to 16 |

The cipher runs over everything, holes included; headers and ICVs are written into the holes afterwards. Behind the
records come SLACK octets that the cipher's interface wants to see but never touches.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from nodes.esp.association import EspTransform

ALIGNMENT: Final = 16
SLACK: Final = 16
_SLACK: Final = bytes(SLACK)
OUTER_HEADER: Final = 20
ESP_HEADER: Final = 8
#: Pad length and next header.
TRAILER: Final = 2
NEXT_HEADER_IPV4: Final = 4
NEXT_HEADER_NONE: Final = 59

SEAL_SPARE: Final = 4
OPEN_SPARE: Final = 8
#: Where the IV of a record to be sealed starts.
SEAL_IV: Final = SEAL_SPARE + OUTER_HEADER + ESP_HEADER


class SealLayout(NamedTuple):
    """The parts of a record that do not depend on the packet; none of it is secret.

    ``tails[length % 16]`` is padding, pad length, next header, and the hole for the ICV up to the next record.
    ``body_extra[length % 16]`` is how much of it is encrypted, ``holes[length % 16]`` the rest.
    """

    head: bytes
    tails: tuple[bytes, ...]
    body_extra: tuple[int, ...]
    holes: tuple[int, ...]

    def parts(self, packets: Sequence[bytes]) -> list[bytes]:
        """What makes, joined, the arena of a batch, with SLACK at its end."""
        head, tails = self.head, self.tails
        parts: list[bytes] = []
        for packet in packets:
            parts += (head, packet, tails[len(packet) & 15])
        parts.append(_SLACK)
        return parts

    def lay_out(self, packets: Sequence[bytes]) -> bytearray:
        """The arena of a batch, with SLACK at its end."""
        return bytearray().join(self.parts(packets))


def seal_layout(transform: EspTransform) -> SealLayout:
    cipher = transform.cipher_suite
    icv = transform.icv_length
    start = SEAL_IV + cipher.iv_length
    tails, extras, holes = [], [], []
    for length in range(ALIGNMENT):
        padding = -(length + TRAILER) % cipher.block
        # RFC 4303 §2.4: the padding counts 1, 2, 3…
        trailer = bytes(range(1, padding + 1)) + bytes([padding, NEXT_HEADER_IPV4])
        hole = icv + -(start + length + len(trailer) + icv) % ALIGNMENT
        tails.append(trailer + bytes(hole))
        extras.append(len(trailer))
        holes.append(hole)
    return SealLayout(bytes(start), tuple(tails), tuple(extras), tuple(holes))


_OPEN_HEAD: Final = bytes(OPEN_SPARE)
_OPEN_TAILS: Final = tuple(bytes(-(OPEN_SPARE + length) % ALIGNMENT) for length in range(ALIGNMENT))


def parts_to_open(packets: Sequence[bytes]) -> list[bytes]:
    """What makes, joined, the arena of a batch of received ESP packets (each from its SPI to the end of its ICV)."""
    parts: list[bytes] = []
    for packet in packets:
        parts += (_OPEN_HEAD, packet, _OPEN_TAILS[len(packet) & 15])
    parts.append(_SLACK)
    return parts


def lay_out_to_open(packets: Sequence[bytes]) -> bytearray:
    """The arena of a batch of received ESP packets, of whatever lengths."""
    return bytearray().join(parts_to_open(packets))


def open_stride(length: int) -> int:
    """Octets from one record to the next, for a received packet of ``length`` octets."""
    return OPEN_SPARE + length + 15 & ~15


def sealed_length(transform: EspTransform, length: int) -> int:
    """Octets of the outer IPv4 packet that holds a packet of ``length`` octets."""
    cipher = transform.cipher_suite
    body = length + TRAILER + -(length + TRAILER) % cipher.block
    return OUTER_HEADER + ESP_HEADER + cipher.iv_length + body + transform.icv_length


def plaintext_mtu(transform: EspTransform, path_mtu: int) -> int:
    """The longest packet that fits, sealed, into ``path_mtu`` octets; IOS shows it as ``plaintext mtu``."""
    cipher = transform.cipher_suite
    room = path_mtu - OUTER_HEADER - ESP_HEADER - cipher.iv_length - transform.icv_length
    return room // cipher.block * cipher.block - TRAILER
