"""ESP packets -> plaintext packets a batch at a time, with a named outcome for each."""

from __future__ import annotations

import hmac
import struct
from collections.abc import Callable, Sequence
from typing import Final

from nodes.esp.association import Association, Direction, Mode
from nodes.esp.layout import (
    ESP_HEADER,
    NEXT_HEADER_IPV4,
    NEXT_HEADER_NONE,
    OUTER_HEADER,
    TRAILER,
    lay_out_to_open,
    open_spare,
)
from nodes.esp.outcomes import Outcome
from nodes.esp.replay import ReplayWindow
from nodes.wire import ipv4

_HEAD = struct.Struct("!II")
#: By pad length: padding that counts 1, 2, 3… and the pad length (RFC 4303 §2.4).
_TRAILERS: Final = tuple(bytes(range(1, length + 1)) + bytes([length]) for length in range(256))

#: Sequence number, and where the ciphertext starts and ends in the arena. The number is negated when the ICV is wrong;
#: packets that get no further than their header have one of the two below, which are no numbers of packets.
_Record = tuple[int, int, int]
_MALFORMED: Final[_Record] = (-1 << 32, 0, 0)
_SEQUENCE_ZERO: Final[_Record] = (0, 0, 0)
_FAILURES: Final = {_MALFORMED[0]: Outcome.MALFORMED, _SEQUENCE_ZERO[0]: Outcome.SEQUENCE_ZERO}

#: (outcome, where the inner packet starts in the arena, where it ends); both 0 without a packet.
Span = tuple[Outcome, int, int]
_REPLAY: Final[Span] = (Outcome.REPLAY, 0, 0)
#: A member of an enumeration is slow to look up, for what happens once per packet.
_OK: Final = Outcome.OK


class Opener:
    """The receiver's side of one SA: its replay window, and its cipher and MAC with their keys.

    Every packet of a batch is authenticated before any is believed (RFC 4303 §3.4.4): all ICVs of a batch are compared
    at once, and one by one only when that fails. Then one call of a running CBC decryptor turns the whole batch into
    plaintext in place; what it makes of headers and IVs is not looked at. A cipher that authenticates takes packet by
    packet, and leaves the plaintext where the ciphertext was.
    """

    def __init__(self, association: Association) -> None:
        if association.direction is not Direction.INBOUND:
            raise ValueError("only an inbound SA opens")
        transform = association.transform
        cipher, integrity = transform.cipher_suite, transform.integrity_suite
        # Without authentication anybody could move the window (RFC 4303 §3.4.3).
        self.window = ReplayWindow(association.window if transform.icv_length else 0)
        self._spi = association.spi
        self._mode = association.mode
        self._spare = open_spare(association.mode)
        #: Octets of the IPv4 header in front of each ESP packet.
        self._outer = OUTER_HEADER if association.mode is Mode.TRANSPORT else 0
        self._block = cipher.block
        self._iv_length = cipher.iv_length
        self._icv_length = transform.icv_length
        key, iv = association.cipher_key, bytes(cipher.iv_length)
        self._aead = cipher.aead(key) if cipher.icv_length else None
        self._decryptor = cipher.decryptor(key, iv) if iv and self._aead is None else None
        self._mac = integrity.context(association.integrity_key) if integrity.hash else None

    def open(self, packets: Sequence[bytes]) -> list[tuple[Outcome, bytes]]:
        """Outcome and inner IPv4 packet for each ESP packet (SPI to ICV), in order; b"" unless the outcome is OK."""
        arena = lay_out_to_open(packets, self._mode)
        spans = self.open_in_place(arena, [len(packet) for packet in packets])
        return [(outcome, bytes(arena[start:end])) for outcome, start, end in spans]

    def open_in_place(self, arena: bytearray | memoryview, lengths: Sequence[int]) -> list[Span]:
        """Open a batch that was laid out by :func:`lay_out_to_open`; ``lengths`` are those of the ESP packets."""
        view = memoryview(arena)
        records = self._authenticate(view, lengths)
        good = [sequence for sequence, _, _ in records if sequence > 0]
        if not good:
            return [(_FAILURES.get(sequence) or self._forged(sequence), 0, 0) for sequence, _, _ in records]
        inner = self._inner if self._mode is Mode.TUNNEL else self._behind(view, records)
        if self._decryptor is not None:
            spare = self._spare
            self._decryptor.update_into(view[: sum(spare + length + 15 & ~15 for length in lengths)], view)
        if len(good) == len(records):
            return [
                inner(view, start, end) if new else _REPLAY
                for (_, start, end), new in zip(records, self.window.accept(good), strict=True)
            ]
        spans: list[Span] = []
        for sequence, start, end in records:
            if sequence <= 0:
                spans.append((_FAILURES.get(sequence) or self._forged(sequence), 0, 0))
            elif self.window.accept((sequence,))[0]:
                spans.append(inner(view, start, end))
            else:
                spans.append(_REPLAY)
        return spans

    def _forged(self, sequence: int) -> Outcome:
        """The outcome of a packet whose ICV is wrong; its number would be looked at first (RFC 4303 §3.4.3)."""
        return Outcome.BAD_ICV if self.window.is_new(-sequence) else Outcome.REPLAY

    def _authenticate(self, view: memoryview, lengths: Sequence[int]) -> list[_Record]:
        spi, block, mac, aead, icv_length = self._spi, self._block, self._mac, self._aead, self._icv_length
        plain_at = ESP_HEADER + self._iv_length
        spare = self._spare
        before = spare + self._outer
        overhead = plain_at + icv_length + self._outer
        unpack_from = _HEAD.unpack_from
        records: list[_Record] = []
        computed: list[bytes] = []
        received: list[memoryview] = []
        at = 0
        for length in lengths:
            start = at + before
            at = at + spare + length + 15 & ~15
            body = length - overhead
            if body < TRAILER or body % block:
                records.append(_MALFORMED)
                continue
            packet_spi, sequence = unpack_from(view, start)
            if packet_spi != spi or not sequence:
                records.append(_SEQUENCE_ZERO if packet_spi == spi else _MALFORMED)
                continue
            end = start + length - self._outer - icv_length
            if aead is not None:
                body = start + plain_at
                plain = aead.open(
                    bytes(view[start + ESP_HEADER : body]),
                    view[body : end + icv_length],
                    view[start : start + ESP_HEADER],
                )
                if plain is None:
                    records.append((-sequence, 0, 0))
                    continue
                view[body:end] = plain
            records.append((sequence, start + plain_at, end))
            if mac is not None:
                digest = mac.copy()
                digest.update(view[start:end])
                computed.append(digest.finalize()[:icv_length])
                received.append(view[end : end + icv_length])
        if mac is None or hmac.compare_digest(b"".join(computed), b"".join(received)):
            return records
        verdicts = iter([hmac.compare_digest(*pair) for pair in zip(computed, received, strict=True)])
        return [record if record[0] in _FAILURES or next(verdicts) else (-record[0], 0, 0) for record in records]

    def _behind(self, view: memoryview, records: Sequence[_Record]) -> Callable[[memoryview, int, int], Span]:
        """What makes packets in transport mode; their headers are kept from the decryptor, that runs over all."""
        distance = ESP_HEADER + self._iv_length + OUTER_HEADER
        headers = {
            start: bytes(view[start - distance : start - distance + OUTER_HEADER]) for _, start, _ in records if start
        }

        def inner(view: memoryview, start: int, end: int) -> Span:
            return _transported(view, start, end, headers[start])

        return inner

    @staticmethod
    def _inner(view: memoryview, start: int, end: int) -> Span:
        """The packet in the decrypted octets from ``start`` to ``end``: packet, padding, pad length, next header."""
        padding = view[end - 2]
        stop = end - TRAILER - padding
        # As bytes, for a view is compared item by item.
        if stop < start or view[stop : end - 1].tobytes() != _TRAILERS[padding]:
            return Outcome.BAD_PADDING, 0, 0
        if view[end - 1] != NEXT_HEADER_IPV4:
            # RFC 4303 §2.6: next header 59 is a dummy packet.
            return Outcome.DUMMY if view[end - 1] == NEXT_HEADER_NONE else Outcome.BAD_NEXT_HEADER, 0, 0
        room = stop - start
        if room < 20 or not 0x45 <= view[start] <= 0x4F:
            return Outcome.BAD_INNER, 0, 0
        # What follows the inner packet's total length is filler for traffic flow confidentiality (RFC 4303 §2.7).
        total = view[start + 2] << 8 | view[start + 3]
        if not (view[start] & 15) << 2 <= total <= room:
            return Outcome.BAD_INNER, 0, 0
        return _OK, start, start + total


def _transported(view: memoryview, start: int, end: int, header: bytes) -> Span:
    """Transport mode (RFC 4303 §3.4.4): the packet's own header, with the protocol that ESP hid, goes before it."""
    padding, protocol = view[end - 2], view[end - 1]
    stop = end - TRAILER - padding
    if stop < start or view[stop : end - 1].tobytes() != _TRAILERS[padding]:
        return Outcome.BAD_PADDING, 0, 0
    if protocol == NEXT_HEADER_NONE:
        return Outcome.DUMMY, 0, 0
    first = start - OUTER_HEADER
    view[first:start] = ipv4.rewrite(header, protocol, stop - first)
    return _OK, first, stop
