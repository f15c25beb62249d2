"""What an IPsec security association is: the values that its makers, keepers and users share."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

from nodes.base.addr import IPV4_MAX, format_ipv4
from nodes.crypto.suites import CIPHERS, INTEGRITIES, CipherSuite, IntegritySuite


class Selector(NamedTuple):
    """One side of protected traffic: a network, and protocol and port, where 0 is any."""

    address: int
    mask: int = IPV4_MAX
    protocol: int = 0
    port: int = 0

    def __str__(self) -> str:
        return f"{format_ipv4(self.address)}/{format_ipv4(self.mask)}/{self.protocol}/{self.port}"


class Proxies(NamedTuple):
    """The proxy identities of an SA: which traffic it protects, seen from one end (RFC 2407 §4.6.2)."""

    local: Selector
    remote: Selector

    @property
    def mirrored(self) -> Proxies:
        """The same traffic seen from the other end."""
        return Proxies(self.remote, self.local)

    def matches(self, local: int, remote: int, protocol: int = 0, local_port: int = 0, remote_port: int = 0) -> bool:
        """Whether a packet between these addresses is of this traffic; ports are 0 where there are none."""
        ours, theirs = self
        return (
            local & ours.mask == ours.address
            and remote & theirs.mask == theirs.address
            and ours.protocol in (0, protocol)
            and ours.port in (0, local_port)
            and theirs.port in (0, remote_port)
        )


_CIPHER_WORDS = {
    "null": "esp-null",
    "des": "esp-des",
    "3des": "esp-3des",
    "aes-128": "esp-aes",
    "aes-192": "esp-192-aes",
    "aes-256": "esp-256-aes",
    "aes-gcm-128": "esp-gcm",
    "aes-gcm-192": "esp-gcm 192",
    "aes-gcm-256": "esp-gcm 256",
}
_INTEGRITY_WORDS = {
    "none": "",
    "md5": "esp-md5-hmac",
    "sha1": "esp-sha-hmac",
    "sha256": "esp-sha256-hmac",
    "sha384": "esp-sha384-hmac",
    "sha512": "esp-sha512-hmac",
}


class EspTransform(NamedTuple):
    """Names from :data:`nodes.crypto.suites.CIPHERS` and ``INTEGRITIES``."""

    cipher: str
    integrity: str

    @property
    def cipher_suite(self) -> CipherSuite:
        return CIPHERS[self.cipher]

    @property
    def integrity_suite(self) -> IntegritySuite:
        return INTEGRITIES[self.integrity]

    @property
    def icv_length(self) -> int:
        """Octets of the integrity check value, whichever of the two makes it; 0 without authentication."""
        return self.cipher_suite.icv_length or self.integrity_suite.icv_length

    @property
    def listing(self) -> str:
        """As ``show`` and ``debug`` commands of IOS list it: ``esp-256-aes esp-sha-hmac``."""
        return " ".join(word for word in (_CIPHER_WORDS[self.cipher], _INTEGRITY_WORDS[self.integrity]) if word)

    @property
    def key_length(self) -> int:
        """Octets of key material: first the cipher's, with its salt, then the integrity's (RFC 4301 §4.5.2)."""
        return self.cipher_suite.key_length + self.integrity_suite.key_length


class Direction(IntEnum):
    INBOUND = 0
    OUTBOUND = 1


class Mode(IntEnum):
    """What ESP protects: whole packets, or what packets between the two ends themselves carry (RFC 4301 §3.2)."""

    TUNNEL = 0
    TRANSPORT = 1


class DfBit(IntEnum):
    """Where the outer header's "don't fragment" comes from (RFC 4301 §8.1)."""

    COPY = 0
    CLEAR = 1
    SET = 2


@dataclass(frozen=True, slots=True)
class Association:
    """One direction of protected traffic, with its keys. ``source`` and ``destination`` are the tunnel's ends.

    ``window`` is the size of the anti-replay window in packets (0: no replay detection), of use inbound. ``ports`` are
    source and destination port of the UDP header in front of ESP (RFC 3948), None without one; ``df`` is of use
    outbound and in tunnel mode.
    """

    spi: int
    direction: Direction
    source: int
    destination: int
    transform: EspTransform
    cipher_key: bytes = field(repr=False)
    integrity_key: bytes = field(repr=False)
    window: int = 64
    mode: Mode = Mode.TUNNEL
    ports: tuple[int, int] | None = None
    df: DfBit = DfBit.COPY

    def pack(self) -> bytes:
        return (
            _FIXED.pack(
                self.spi,
                self.source,
                self.destination,
                self.window,
                self.direction,
                _CIPHER_NAMES.index(self.transform.cipher),
                _INTEGRITY_NAMES.index(self.transform.integrity),
                self.mode,
                self.df,
                *(self.ports or (0, 0)),
            )
            + self.cipher_key
            + self.integrity_key
        )

    @classmethod
    def unpack(cls, data: bytes) -> Association:
        """The opposite of :meth:`pack`, for octets that our own process made."""
        spi, source, destination, window, direction, cipher, integrity, mode, df, *ports = _FIXED.unpack_from(data)
        transform = EspTransform(_CIPHER_NAMES[cipher], _INTEGRITY_NAMES[integrity])
        middle = _FIXED.size + transform.cipher_suite.key_length
        keys = data[_FIXED.size : middle], data[middle : _FIXED.size + transform.key_length]
        udp = (ports[0], ports[1]) if any(ports) else None
        return cls(spi, Direction(direction), source, destination, transform, *keys, window, Mode(mode), udp, DfBit(df))


_FIXED = struct.Struct("<IIIHBBBBBHH")
_CIPHER_NAMES = tuple(CIPHERS)
_INTEGRITY_NAMES = tuple(INTEGRITIES)
