"""ISAKMP messages (RFC 2408 §3) as IKEv1 uses them (RFC 2407, RFC 2409).

::

     0                   1                   2                   3
     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
    +---------------------------------------------------------------+
    |                  Initiator cookie (8 octets)                  |
    +---------------------------------------------------------------+
    |          Responder cookie (8 octets; 0 in message 1)          |
    +---------------+-------+-------+---------------+---------------+
    | Next payload  | Major | Minor | Exchange type | Flags   A C E |
    +---------------+-------+-------+---------------+---------------+
    |                  Message ID (0 in phase 1)                    |
    +---------------------------------------------------------------+
    |                Length of the message, in octets               |
    +---------------------------------------------------------------+

    +---------------+---------------+-------------------------------+
    | Next payload  |   Reserved    | Length with these four octets |   the generic header of each payload
    +---------------+---------------+-------------------------------+

A message is parsed in two steps. :func:`parse` and :func:`split` give payloads as octets, for hashes cover the octets
that were sent (RFC 2409 §5: ``SAi_b``, ``IDii_b``), and the payloads of an encrypted message can only be split after
decryption. Then the ``parse_*`` functions, here and for the SA payload in :mod:`nodes.wire.isakmp_sa`, make values of
those whose content matters. KE, HASH, NONCE, VENDOR and NAT-D bodies are plain octets and need no function.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from nodes.base.errors import WireError
from nodes.wire.doi import IPSEC_DOI, IdType, PayloadType

HEADER_LENGTH: Final = 28
VERSION: Final = 0x10
ZERO_COOKIE: Final = bytes(8)

FLAG_ENCRYPTION: Final = 1
FLAG_COMMIT: Final = 2
FLAG_AUTHENTICATION_ONLY: Final = 4

#: Payloads in one message, and transforms in one proposal, that are looked at: far above what any implementation
#: sends, and a bound for what a hostile message can make us do.
PAYLOADS_MAX: Final = 64

#: What stands before IKE on port 4500, where ESP has an SPI (RFC 3948 §2.2), and a keepalive (§2.3).
NON_ESP_MARKER: Final = bytes(4)
KEEPALIVE: Final = b"\xff"

_HEADER = struct.Struct("!8s8sBBBBII")
GENERIC = struct.Struct("!BBH")
_ID_FIXED = struct.Struct("!BBH")
_NOTIFY_FIXED = struct.Struct("!IBBH")


class Header(NamedTuple):
    """The fixed header. ``exchange`` and ``next_payload`` are raw numbers, ``length`` counts the whole message."""

    initiator_cookie: bytes
    responder_cookie: bytes
    next_payload: int
    exchange: int
    flags: int
    message_id: int
    length: int
    version: int = VERSION

    @property
    def encrypted(self) -> bool:
        return bool(self.flags & FLAG_ENCRYPTION)

    def build(self) -> bytes:
        try:
            return _HEADER.pack(
                self.initiator_cookie,
                self.responder_cookie,
                self.next_payload,
                self.version,
                self.exchange,
                self.flags,
                self.message_id,
                self.length,
            )
        except struct.error as error:
            raise ValueError(f"no ISAKMP header can hold {self}: {error}") from None


class Payload(NamedTuple):
    """A payload as octets: ``body`` is what follows the generic header."""

    type: int
    body: bytes


def parse(datagram: bytes) -> tuple[Header, bytes]:
    """Header and the octets behind it (payloads, or ciphertext when the encryption flag is set).

    The length field must be the datagram's: what a sender did not mean to send is not looked at, and less than it meant
    is malformed.
    """
    if len(datagram) < HEADER_LENGTH:
        raise WireError(f"an ISAKMP header has 28 octets, only {len(datagram)} are there")
    initiator, responder, next_payload, version, exchange, flags, message_id, length = _HEADER.unpack_from(datagram)
    if version >> 4 != VERSION >> 4:
        raise WireError(f"ISAKMP version {version >> 4}.{version & 15}, not 1.0")
    if length != len(datagram):
        raise WireError(f"an ISAKMP length of {length}, and {len(datagram)} octets are there")
    if initiator == ZERO_COOKIE:
        raise WireError("the initiator cookie is zero")
    header = Header(initiator, responder, next_payload, exchange, flags, message_id, length, version)
    return header, datagram[HEADER_LENGTH:]


def split(first: int, data: bytes) -> tuple[Payload, ...]:
    """The chain of payloads in ``data``; ``first`` is the type of the first, from the header.

    What follows the last payload is the padding of an encrypted message and ignored (RFC 2409 Appendix B).
    """
    payloads: list[Payload] = []
    kind, at = first, 0
    while kind != PayloadType.NONE:
        if len(payloads) == PAYLOADS_MAX:
            raise WireError(f"more than {PAYLOADS_MAX} payloads")
        following, length = parse_generic(data, at, len(data))
        payloads.append(Payload(kind, data[at + GENERIC.size : at + length]))
        kind = following
        at += length
    return tuple(payloads)


def join(payloads: Sequence[Payload]) -> bytes:
    """The octets of a chain of payloads, the opposite of :func:`split`."""
    following = [payload.type for payload in payloads] + [PayloadType.NONE]
    return b"".join(with_generic(following[index + 1], payload.body) for index, payload in enumerate(payloads))


def build(header: Header, payloads: Sequence[Payload]) -> bytes:
    """A whole message in the clear; ``next_payload`` and ``length`` of ``header`` are filled in."""
    return with_body(header, payloads[0].type if payloads else PayloadType.NONE, join(payloads))


def with_body(header: Header, first: int, body: bytes) -> bytes:
    """A whole message whose body is ready (ciphertext, or joined payloads of which the first is of type ``first``)."""
    return header._replace(next_payload=first, length=HEADER_LENGTH + len(body)).build() + body


@dataclass(frozen=True, slots=True)
class Identification:
    """The ID payload of the IPsec DOI (RFC 2407 §4.6.2): phase 1 identities and phase 2 selectors."""

    type: int
    protocol: int
    port: int
    data: bytes

    def build(self) -> bytes:
        return _ID_FIXED.pack(self.type, self.protocol, self.port) + self.data


#: Octets of data that an ID type must have.
_ID_LENGTHS: Final = {
    IdType.IPV4_ADDR: 4,
    IdType.IPV4_ADDR_SUBNET: 8,
    IdType.IPV4_ADDR_RANGE: 8,
    IdType.IPV6_ADDR: 16,
    IdType.IPV6_ADDR_SUBNET: 32,
    IdType.IPV6_ADDR_RANGE: 32,
}


def parse_id(body: bytes) -> Identification:
    """Also checks that the data of an address type has its length."""
    if len(body) < _ID_FIXED.size:
        raise WireError(f"an ID payload of {len(body)} octets")
    kind, protocol, port = _ID_FIXED.unpack_from(body)
    data = body[_ID_FIXED.size :]
    expected = _ID_LENGTHS.get(kind)
    if len(data) != expected if expected is not None else not data:
        raise WireError(f"an ID of type {kind} with {len(data)} octets of data")
    return Identification(kind, protocol, port, data)


def id_ipv4(address: int, protocol: int = 0, port: int = 0) -> Identification:
    return Identification(IdType.IPV4_ADDR, protocol, port, address.to_bytes(4, "big"))


def id_ipv4_subnet(address: int, mask: int, protocol: int = 0, port: int = 0) -> Identification:
    return Identification(IdType.IPV4_ADDR_SUBNET, protocol, port, address.to_bytes(4, "big") + mask.to_bytes(4, "big"))


def id_fqdn(text: str) -> Identification:
    return Identification(IdType.FQDN, 0, 0, text.encode("ascii"))


@dataclass(frozen=True, slots=True)
class Notification:
    """RFC 2408 §3.14. ``spi`` is both cookies for ISAKMP, four octets for ESP, or empty."""

    protocol: int
    type: int
    spi: bytes = b""
    data: bytes = b""
    doi: int = IPSEC_DOI

    def build(self) -> bytes:
        return _NOTIFY_FIXED.pack(self.doi, self.protocol, len(self.spi), self.type) + self.spi + self.data


def parse_notify(body: bytes) -> Notification:
    if len(body) < _NOTIFY_FIXED.size:
        raise WireError(f"a notify payload of {len(body)} octets")
    domain, protocol, spi_length, kind = _NOTIFY_FIXED.unpack_from(body)
    at = _NOTIFY_FIXED.size + spi_length
    if at > len(body):
        raise WireError(f"an SPI of {spi_length} octets in a notify payload of {len(body)}")
    return Notification(protocol, kind, body[_NOTIFY_FIXED.size : at], body[at:], domain)


@dataclass(frozen=True, slots=True)
class Deletion:
    """RFC 2408 §3.15: the sender has deleted the SAs with these SPIs, all of one length."""

    protocol: int
    spis: tuple[bytes, ...]
    doi: int = IPSEC_DOI

    def build(self) -> bytes:
        length = len(self.spis[0]) if self.spis else 0
        if any(len(spi) != length for spi in self.spis):
            raise ValueError("the SPIs of one delete payload have one length")
        return _NOTIFY_FIXED.pack(self.doi, self.protocol, length, len(self.spis)) + b"".join(self.spis)


def parse_delete(body: bytes) -> Deletion:
    if len(body) < _NOTIFY_FIXED.size:
        raise WireError(f"a delete payload of {len(body)} octets")
    domain, protocol, length, count = _NOTIFY_FIXED.unpack_from(body)
    data = body[_NOTIFY_FIXED.size :]
    if len(data) != length * count or (count and not length):
        raise WireError(f"{count} SPIs of {length} octets in {len(data)}")
    return Deletion(protocol, tuple(data[at : at + length] for at in range(0, len(data), length or 1)), domain)


@dataclass(frozen=True, slots=True)
class OriginalAddress:
    """The NAT-OA payload (RFC 3947 §5.2): an address as its owner sees it."""

    type: int
    data: bytes

    def build(self) -> bytes:
        return GENERIC.pack(self.type, 0, 0) + self.data


def parse_original_address(body: bytes) -> OriginalAddress:
    expected = _ID_LENGTHS.get(IdType(body[0])) if body and body[0] in (IdType.IPV4_ADDR, IdType.IPV6_ADDR) else None
    if expected is None or len(body) != 4 + expected:
        raise WireError("a NAT-OA payload holds one address")
    return OriginalAddress(body[0], body[4:])


def parse_generic(data: bytes, at: int, end: int) -> tuple[int, int]:
    """(next payload, length with the generic header) of the payload that starts at ``at``."""
    if end - at < GENERIC.size:
        raise WireError("a payload header is cut short")
    following, reserved, length = GENERIC.unpack_from(data, at)
    # RFC 2408 §3.2: reserved is zero. After decryption with a wrong key this is the first thing that does not fit.
    if reserved:
        raise WireError("a reserved octet is not zero")
    if length < GENERIC.size or at + length > end:
        raise WireError(f"a payload of {length} octets, and {end - at} are there")
    return following, length


def with_generic(following: int, body: bytes) -> bytes:
    length = GENERIC.size + len(body)
    if length > 0xFFFF:
        raise ValueError(f"no payload has {length} octets")
    return GENERIC.pack(following, 0, length) + body
