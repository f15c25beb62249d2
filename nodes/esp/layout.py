"""How a batch lies in memory, and the sizes that follow from a transform.

A batch of one SA goes through its cipher in one call, in place, so its packets lie in one *arena*: records one after
the other, each starting on a multiple of 16 octets, with holes for what sealing adds. AES-CBC and HMAC-SHA1-96::

    seal   | spare 4 | outer IPv4 20 | ESP 8 | IV 16 | packet, padding, trailer | ICV 12 | spare 4 |
    open   | spare 8 | ESP 8 | IV 16 | ciphertext | ICV 12 | spare to 16 |

A UDP header (RFC 3948) makes the first spare 12 and stands in front of ESP. In transport mode the packet's own header
is where the outer one goes, without options, and to be opened comes in front of ESP::

    open   | spare 4 | IPv4 20 | ESP 8 | IV 16 | ciphertext | ICV 12 | spare to 16 |

The cipher runs over everything, holes included; headers and ICVs are written into the holes afterwards. Behind the
records come SLACK octets that the cipher's interface wants to see but never touches.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from nodes.esp.association import Association, EspTransform, Mode

ALIGNMENT: Final = 16
SLACK: Final = 16
_SLACK: Final = bytes(SLACK)
OUTER_HEADER: Final = 20
UDP_HEADER: Final = 8
ESP_HEADER: Final = 8
#: Pad length and next header.
TRAILER: Final = 2
NEXT_HEADER_IPV4: Final = 4
NEXT_HEADER_NONE: Final = 59

SEAL_SPARE: Final = 4
UDP_SPARE: Final = 12
OPEN_SPARE: Final = 8
TRANSPORT_SPARE: Final = 4


class SealLayout(NamedTuple):
    """The parts of a record that do not depend on the packet; none of it is secret.

    ``tails[length % 16]`` is padding, pad length, next header, and the hole for the ICV up to the next record.
    ``body_extra[length % 16]`` is how much of it is encrypted, ``holes[length % 16]`` the rest. ``spare`` octets stand
    before the outer header. In transport mode lengths are those of what the packets carry.
    """

    head: bytes
    tails: tuple[bytes, ...]
    body_extra: tuple[int, ...]
    holes: tuple[int, ...]
    spare: int
    mode: Mode

    def lengths(self, packets: Sequence[bytes]) -> list[int]:
        """For each packet the octets that are sealed, without what is added."""
        if self.mode is Mode.TUNNEL:
            return [len(packet) for packet in packets]
        return [len(packet) - ((packet[0] & 15) << 2) for packet in packets]

    def parts(self, packets: Sequence[bytes]) -> list[bytes]:
        """What makes, joined, the arena of a batch, with SLACK at its end."""
        if self.mode is Mode.TRANSPORT:
            return self._transport_parts(packets)
        head, tails = self.head, self.tails
        parts: list[bytes] = []
        for packet in packets:
            parts += (head, packet, tails[len(packet) & 15])
        parts.append(_SLACK)
        return parts

    def _transport_parts(self, packets: Sequence[bytes]) -> list[bytes]:
        before, behind = self.head[: self.spare], self.head[self.spare + OUTER_HEADER :]
        parts: list[bytes] = []
        for packet in packets:
            payload = packet[(packet[0] & 15) << 2 :]
            tail, last = self.tails[len(payload) & 15], self.body_extra[len(payload) & 15] - 1
            # The next header is the packet's protocol.
            parts += (before, packet[:OUTER_HEADER], behind, payload, tail[:last], packet[9:10], tail[last + 1 :])
        parts.append(_SLACK)
        return parts

    def lay_out(self, packets: Sequence[bytes]) -> bytearray:
        """The arena of a batch, with SLACK at its end."""
        return bytearray().join(self.parts(packets))


def layout_of(association: Association) -> SealLayout:
    """For what an outbound SA seals."""
    return seal_layout(association.transform, association.mode, udp=association.ports is not None)


def seal_layout(transform: EspTransform, mode: Mode = Mode.TUNNEL, *, udp: bool = False) -> SealLayout:
    cipher = transform.cipher_suite
    icv = transform.icv_length
    spare = UDP_SPARE if udp else SEAL_SPARE
    start = spare + OUTER_HEADER + (UDP_HEADER if udp else 0) + ESP_HEADER + cipher.iv_length
    tails, extras, holes = [], [], []
    for length in range(ALIGNMENT):
        padding = -(length + TRAILER) % cipher.block
        # RFC 4303 §2.4: the padding counts 1, 2, 3…
        trailer = bytes(range(1, padding + 1)) + bytes([padding, NEXT_HEADER_IPV4])
        hole = icv + -(start + length + len(trailer) + icv) % ALIGNMENT
        tails.append(trailer + bytes(hole))
        extras.append(len(trailer))
        holes.append(hole)
    return SealLayout(bytes(start), tuple(tails), tuple(extras), tuple(holes), spare, mode)


def open_spare(mode: Mode) -> int:
    """Octets before a record to be opened."""
    return OPEN_SPARE if mode is Mode.TUNNEL else TRANSPORT_SPARE


def parts_to_open(packets: Sequence[bytes], mode: Mode = Mode.TUNNEL) -> list[bytes]:
    """What makes, joined, the arena of a batch of received ESP packets.

    Each is from its SPI to the end of its ICV, and in transport mode with an IPv4 header of 20 octets before it.
    """
    spare = open_spare(mode)
    head = bytes(spare)
    parts: list[bytes] = []
    for packet in packets:
        parts += (head, packet, bytes(-(spare + len(packet)) & 15))
    parts.append(_SLACK)
    return parts


def lay_out_to_open(packets: Sequence[bytes], mode: Mode = Mode.TUNNEL) -> bytearray:
    """The arena of a batch of received ESP packets, of whatever lengths."""
    return bytearray().join(parts_to_open(packets, mode))


def sealed_length(transform: EspTransform, length: int, mode: Mode = Mode.TUNNEL, *, udp: bool = False) -> int:
    """Octets of the IPv4 packet that holds a packet of ``length`` octets."""
    cipher = transform.cipher_suite
    length -= OUTER_HEADER if mode is Mode.TRANSPORT else 0
    body = length + TRAILER + -(length + TRAILER) % cipher.block
    return _around(transform, udp) + body


def plaintext_mtu(transform: EspTransform, path_mtu: int, mode: Mode = Mode.TUNNEL, *, udp: bool = False) -> int:
    """The longest packet that fits, sealed, into ``path_mtu`` octets; IOS shows it as ``plaintext mtu``."""
    block = transform.cipher_suite.block
    room = (path_mtu - _around(transform, udp)) // block * block - TRAILER
    return room + (OUTER_HEADER if mode is Mode.TRANSPORT else 0)


def overhead(association: Association) -> int:
    """Octets of a sealed packet that the cipher was not applied to: headers, IV and ICV."""
    return _around(association.transform, association.ports is not None)


def _around(transform: EspTransform, udp: bool) -> int:
    headers = OUTER_HEADER + (UDP_HEADER if udp else 0) + ESP_HEADER
    return headers + transform.cipher_suite.iv_length + transform.icv_length
