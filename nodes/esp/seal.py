"""Plaintext packets -> ESP packets, a batch at a time."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Final

from nodes.esp.association import Association, DfBit, Direction, Mode
from nodes.esp.layout import ESP_HEADER, OUTER_HEADER, UDP_HEADER, layout_of
from nodes.esp.outcomes import Outcome
from nodes.wire import l4
from nodes.wire.esp import PROTOCOL

SEQUENCE_MAX: Final = 0xFFFFFFFF
PACKET_MAX: Final = 65535
#: The TTL of the outer header, which is a packet of our own; in transport mode it is the packet's.
TTL: Final = 255

#: Outer headers kept; more combinations of length, type of service and DF than any real traffic has.
TEMPLATES_MAX: Final = 4096

#: The 28 octets of outer IPv4 header and ESP header: version to fragment offset, TTL to source, destination, SPI,
#: sequence number.
_HEADS = struct.Struct("!QQIII")
#: The same with a UDP header between the two: ports; length, and a checksum of zero (RFC 3948 §2.1).
_UDP_HEADS = struct.Struct("!QQIIIII")

#: First and second of these integers; the sum of the header's words when an identification has to be added, else 0;
#: the destination, 0 when no packet can be that long.
_Template = tuple[int, int, int, int]

#: (outcome, where the outer packet starts in the arena, where it ends); both 0 without a packet.
Span = tuple[Outcome, int, int]


class Sealer:
    """The sender's side of one SA: its sequence number, and its cipher and MAC with their keys.

    All packets go through one running CBC encryptor, a batch in one call, and to the receiver each is an ordinary one
    with an explicit IV. That IV is the ciphertext of a block in front of the packet: of fresh entropy for the first of
    a batch; for the others of the block before, which lies in the hole for the headers and is never sent. So each IV
    is the cipher of a value that nobody knows, and unpredictable (RFC 3602 §3, NIST SP 800-38A Appendix C).

    A cipher that authenticates takes packet by packet instead. Its IV need only be new each time under its key, so it
    is the sequence number (RFC 4106 §3.1).
    """

    def __init__(self, association: Association, entropy: Callable[[int], bytes]) -> None:
        if association.direction is not Direction.OUTBOUND:
            raise ValueError("only an outbound SA seals")
        transform = association.transform
        cipher, integrity = transform.cipher_suite, transform.integrity_suite
        self.layout = layout_of(association)
        self._df = association.df
        ports = association.ports
        self._ports = ports[0] << 16 | ports[1] if ports else 0
        self.sequence = 0
        self._spi = association.spi
        self._ends = association.source, association.destination
        self._entropy = entropy
        self._icv_length = transform.icv_length
        self._iv_length = cipher.iv_length
        key, iv_length = association.cipher_key, cipher.iv_length
        self._aead = cipher.aead(key) if cipher.icv_length else None
        self._encryptor = cipher.encryptor(key, entropy(iv_length)) if iv_length and self._aead is None else None
        self._mac = integrity.context(association.integrity_key) if integrity.hash else None
        self._templates: dict[int, _Template] = {}

    def seal(self, packets: Sequence[bytes]) -> list[tuple[Outcome, bytes]]:
        """Outcome and outer IPv4 packet for each IPv4 packet, in order; b"" for one that could not be sealed."""
        arena = self.layout.lay_out(packets)
        spans = self.seal_in_place(arena, self.layout.lengths(packets))
        return [(outcome, bytes(arena[start:end])) for outcome, start, end in spans]

    def seal_in_place(self, arena: bytearray | memoryview, lengths: Sequence[int]) -> list[Span]:
        """Seal a batch that was laid out for this SA's transform; ``lengths`` are the layout's."""
        view = memoryview(arena)
        layout, templates, make_template = self.layout, self._templates, self._template
        head, extras, holes, spare = len(layout.head), layout.body_extra, layout.holes, layout.spare
        tunnel = layout.mode is Mode.TUNNEL
        iv_at = head - self._iv_length
        records = []
        at = 0
        for length in lengths:
            body = at + head
            end = body + length + extras[length & 15]
            # RFC 4301 §5.1.2.1: the outer header takes DSCP, ECN and (as IOS does by default) DF from the inner one.
            inner = body if tunnel else at + spare
            key = end - at << 9 | arena[inner + 1] << 1 | arena[inner + 6] >> 6 & 1
            if not tunnel:
                key |= arena[inner + 8] << 32
            records.append((at + spare, end, templates.get(key) or make_template(key)))
            at = end + holes[length & 15]
        if self._encryptor is not None and records:
            arena[iv_at:head] = self._entropy(head - iv_at)
            self._encryptor.update_into(view[:at], view)

        spi, mac, aead, icv_length, pack_into = self._spi, self._mac, self._aead, self._icv_length, _HEADS.pack_into
        sequence, ports = self.sequence, self._ports
        esp_at = OUTER_HEADER + (UDP_HEADER if ports else 0)
        spans: list[Span] = []
        ok = Outcome.OK
        for start, end, (first, second, complement, destination) in records:
            if sequence == SEQUENCE_MAX or not destination:
                spans.append((Outcome.SEQUENCE_OVERFLOW if destination else Outcome.TOO_LONG, 0, 0))
                continue
            sequence += 1
            if complement:
                # May be fragmented on its way, so it needs an identification: the sequence number's low half.
                ident = sequence & 0xFFFF
                total = complement + ident
                first |= ident << 16
                second |= ((total & 0xFFFF) + (total >> 16) ^ 0xFFFF) << 32
            if ports:
                length = end + icv_length - start - OUTER_HEADER
                _UDP_HEADS.pack_into(arena, start, first, second, destination, ports, length << 16, spi, sequence)
            else:
                pack_into(arena, start, first, second, destination, spi, sequence)
            if mac is not None:
                digest = mac.copy()
                digest.update(view[start + esp_at : end])
                arena[end : end + icv_length] = digest.finalize()[:icv_length]
            elif aead is not None:
                iv = sequence.to_bytes(8, "big")
                body, head_at = start - spare + head, start + esp_at
                sealed = aead.seal(iv, view[body:end], view[head_at : head_at + ESP_HEADER])
                arena[body - 8 : body] = iv
                arena[body : end + icv_length] = sealed
            spans.append((ok, start, end + icv_length))
        self.sequence = sequence
        return spans

    def _template(self, key: int) -> _Template:
        """The outer header for a length, type of service and DF bit (and TTL), made once and kept."""
        body, tos, dont_fragment = key >> 9 & 0x7FFFFF, key >> 1 & 0xFF, key & 1
        ttl = key >> 32 or TTL
        if self._df is not DfBit.COPY and self.layout.mode is Mode.TUNNEL:
            dont_fragment = int(self._df is DfBit.SET)
        total = body - self.layout.spare + self._icv_length
        if total > PACKET_MAX:
            return 0, 0, 0, 0
        source, destination = self._ends
        first = 0x45 << 56 | tos << 48 | total << 32 | dont_fragment << 14
        second = ttl << 56 | (l4.UDP if self._ports else PROTOCOL) << 48 | source
        words = first >> 48, total, first & 0xFFFF, second >> 48, source >> 16, source, destination >> 16, destination
        # The sum's value modulo 65535 is what the end-around carry gives (RFC 1071); it is not zero here.
        complement = sum(word & 0xFFFF for word in words) % 0xFFFF or 0xFFFF
        if dont_fragment:
            # An atomic datagram needs no identification (RFC 6864 §4.1): this header is complete.
            template = first, second | (complement ^ 0xFFFF) << 32, 0, destination
        else:
            template = first, second, complement, destination
        if len(self._templates) >= TEMPLATES_MAX:
            self._templates.clear()
        self._templates[key] = template
        return template
