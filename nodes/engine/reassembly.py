"""Putting IPv4 datagrams together again (RFC 791 §3.2, RFC 1122 §3.3.2).

Fragments of one datagram have source, destination, protocol and identification in common. They may come in any order
and more than once. Pieces that overlap are an attack rather than an accident, so the whole datagram is dropped with
everything of it that still comes (RFC 5722 §4, written for IPv6 and as good here); an exact copy of a piece is no
overlap but a duplicate, and ignored (RFC 8200 §4.5).

Memory is bounded twice, in datagrams and in octets; when a bound is passed the oldest datagram gives way.
"""

from __future__ import annotations

from bisect import bisect
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from nodes.base.drops import Drop, DropCounters
from nodes.base.errors import WireError
from nodes.wire.checksum import checksum
from nodes.wire.ipv4 import DONT_FRAGMENT, PACKET_MAX, Header, peek_header

TIMEOUT: Final = 30.0  # seconds after the first piece
DATAGRAMS: Final = 64
OCTETS: Final = 1 << 20


class TimedOut(NamedTuple):
    """A datagram that was given up because time ran out.

    ``first_fragment`` is the piece at offset 0 (header and payload), when it came: the sender is then told by ICMP time
    exceeded, code 1, and without it nobody is (RFC 1122 §3.3.2).
    """

    first_fragment: bytes | None


@dataclass(slots=True, eq=False)
class _Datagram:
    deadline: float
    header: bytes | None = None  # of the piece at offset 0
    total: int | None = None  # octets of payload, known once the last piece came
    offsets: list[int] = field(default_factory=list)  # ascending
    pieces: dict[int, bytes] = field(default_factory=dict)
    octets: int = 0
    packets: int = 0  # received and held
    bad: bool = False  # dropped; kept as a mark until the deadline


_Key = tuple[int, int, int, int]


class Reassembler:
    """The incomplete datagrams of one device."""

    def __init__(
        self,
        drops: DropCounters,
        timeout: float = TIMEOUT,
        max_datagrams: int = DATAGRAMS,
        max_octets: int = OCTETS,
    ) -> None:
        self._drops = drops
        self._timeout = timeout
        self._max_datagrams = max_datagrams
        self._max_octets = max_octets
        self._datagrams: dict[_Key, _Datagram] = {}  # oldest first, so the first deadline is the first one's
        self._octets = 0

    def receive(self, packet: bytes, now: float) -> bytes | None:
        """Take a fragment whose header was checked; the whole packet when it was the missing one, else None.

        The whole packet has the header of the first fragment (options too) with the new length and checksum and without
        fragment offset, and no padding. A packet that is no fragment comes back as it is, cut to its length.
        """
        try:
            header = peek_header(packet)
        except WireError:
            self._drops.count(Drop.IP_MALFORMED)
            return None
        if not header.is_fragment:
            return packet[: header.total_length]
        payload = packet[header.header_length : header.total_length]
        key = header.src, header.dst, header.proto, header.ident
        datagram = self._datagrams.get(key)
        if datagram is None:
            datagram = self._datagrams[key] = _Datagram(now + self._timeout)
        datagram.packets += 1
        if datagram.bad or not _fits(datagram, header, payload):
            self._spoil(datagram)
        elif datagram.pieces.get(header.offset) == payload:
            datagram.packets -= 1  # a copy of what we have
        else:
            self._insert(datagram, header, packet, payload)
            if datagram.total == datagram.octets and datagram.header is not None:
                if len(datagram.header) + datagram.total <= PACKET_MAX:
                    self._take_out(key)
                    return _join(datagram.header, datagram)
                self._spoil(datagram)  # the first fragment has more options than those that fitted
        self._make_room()
        return None

    def next_deadline(self) -> float | None:
        for datagram in self._datagrams.values():
            return datagram.deadline
        return None

    def handle_timer(self, now: float) -> list[TimedOut]:
        """The datagrams whose time is up, oldest first. Counted under IP_REASSEMBLY_TIMEOUT, by fragment."""
        expired = []
        for key, datagram in list(self._datagrams.items()):
            if datagram.deadline > now:
                break
            self._take_out(key)
            if not datagram.bad:
                self._drops.count(Drop.IP_REASSEMBLY_TIMEOUT, datagram.packets)
                first = None if datagram.header is None else datagram.header + datagram.pieces[0]
                expired.append(TimedOut(first))
        return expired

    def __len__(self) -> int:
        """Incomplete datagrams, bad ones that are still remembered included."""
        return len(self._datagrams)

    @property
    def octets(self) -> int:
        """Octets of payload held."""
        return self._octets

    def _insert(self, datagram: _Datagram, header: Header, packet: bytes, payload: bytes) -> None:
        datagram.offsets.insert(bisect(datagram.offsets, header.offset), header.offset)
        datagram.pieces[header.offset] = payload
        datagram.octets += len(payload)
        self._octets += len(payload)
        if not header.more_fragments:
            datagram.total = header.offset + len(payload)
        if header.offset == 0:
            datagram.header = packet[: header.header_length]

    def _spoil(self, datagram: _Datagram) -> None:
        """Drop all of a datagram and remember that it is bad."""
        self._drops.count(Drop.IP_REASSEMBLY_BAD, datagram.packets)
        self._octets -= datagram.octets
        datagram.bad = True
        datagram.packets = datagram.octets = 0
        datagram.pieces.clear()
        datagram.offsets.clear()

    def _take_out(self, key: _Key) -> None:
        self._octets -= self._datagrams.pop(key).octets

    def _make_room(self) -> None:
        while len(self._datagrams) > self._max_datagrams or self._octets > self._max_octets:
            oldest = next(iter(self._datagrams))
            self._drops.count(Drop.IP_REASSEMBLY_FULL, self._datagrams[oldest].packets)
            self._take_out(oldest)


def _fits(datagram: _Datagram, header: Header, payload: bytes) -> bool:
    """May this piece be part of the datagram: of a legal size, within its end, overlapping no other piece?"""
    start, end = header.offset, header.offset + len(payload)
    if not payload or end + header.header_length > PACKET_MAX or (header.more_fragments and len(payload) & 7):
        return False
    if datagram.total is not None and (end > datagram.total or (not header.more_fragments and end != datagram.total)):
        return False
    if datagram.pieces.get(start) == payload:
        return header.more_fragments or datagram.total is not None
    at = bisect(datagram.offsets, start)
    if at and datagram.offsets[at - 1] + len(datagram.pieces[datagram.offsets[at - 1]]) > start:
        return False
    following = datagram.offsets[at] if at < len(datagram.offsets) else None
    return following is None or (end <= following and header.more_fragments)


def _join(first_header: bytes, datagram: _Datagram) -> bytes:
    payload = b"".join(datagram.pieces[offset] for offset in datagram.offsets)
    total_length = len(first_header) + len(payload)
    flags = int.from_bytes(first_header[6:8], "big") & DONT_FRAGMENT
    unsealed = b"%b%b%b%b%b\0\0%b" % (
        first_header[:2],
        total_length.to_bytes(2, "big"),
        first_header[4:6],
        flags.to_bytes(2, "big"),
        first_header[8:10],
        first_header[12:],
    )
    return unsealed[:10] + checksum(unsealed[: len(first_header)]).to_bytes(2, "big") + unsealed[12:] + payload
