"""The key log of a router, and the same keys as options of tshark and Wireshark. Pure.

A key log is text, one key a line, appended as SAs are made, like the SSLKEYLOGFILE of browsers::

    ISAKMP <initiator cookie> <cipher key> <cipher>
    ESP <source address> <destination address> 0x<SPI> <cipher> <cipher key> <integrity> <integrity key>

Octets are in hex, a key of no octets is ``-``; ciphers and integrity algorithms have the names of
:mod:`nodes.crypto.suites`. The cipher key of an ISAKMP SA is what RFC 2409 Appendix B makes of SKEYID_e.

Wireshark keeps such keys in two tables (``ikev1_decryption_table`` of its ISAKMP dissector, ``esp_sa`` of ESP's), whose
rows can be given as ``-o`` options. It finds out the cipher of an ISAKMP SA by itself, from the negotiation, which must
therefore be in the capture.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from nodes.base.addr import format_ipv4, parse_ipv4
from nodes.base.errors import AddressError, WirelabError

#: What Wireshark calls the ciphers and integrity algorithms of ESP (epan/dissectors/packet-ipsec.c).
CIPHERS: Final[Mapping[str, str]] = {
    "null": "NULL",
    "des": "DES-CBC [RFC2405]",
    "3des": "TripleDES-CBC [RFC2451]",
    "aes-128": "AES-CBC [RFC3602]",
    "aes-192": "AES-CBC [RFC3602]",
    "aes-256": "AES-CBC [RFC3602]",
    "aes-gcm-128": "AES-GCM with 16 octet ICV [RFC4106]",
    "aes-gcm-192": "AES-GCM with 16 octet ICV [RFC4106]",
    "aes-gcm-256": "AES-GCM with 16 octet ICV [RFC4106]",
}
INTEGRITIES: Final[Mapping[str, str]] = {
    "none": "NULL",
    "md5": "HMAC-MD5-96 [RFC2403]",
    "sha1": "HMAC-SHA-1-96 [RFC2404]",
    "sha256": "HMAC-SHA-256-128 [RFC4868]",
    "sha384": "HMAC-SHA-384-192 [RFC4868]",
    "sha512": "HMAC-SHA-512-256 [RFC4868]",
}
#: Preferences without which Wireshark leaves ESP as it is, whatever keys it has.
PREFERENCES: Final = ("esp.enable_encryption_decode:TRUE", "esp.enable_authentication_check:TRUE")

_HEX = re.compile(r"(?:[0-9a-fA-F]{2})+")
_SPI = re.compile(r"0x[0-9a-fA-F]{1,8}")


class KeyLogError(WirelabError):
    """A line that is not a key log's. The text says why, and never holds a key."""


@dataclass(frozen=True, slots=True)
class IsakmpKey:
    """The cipher key of an ISAKMP SA; ``cookie`` is the initiator's, of 8 octets."""

    cookie: bytes
    key: bytes
    cipher: str

    def line(self) -> str:
        """Without its line feed."""
        return f"ISAKMP {self.cookie.hex()} {_word(self.key)} {self.cipher}"

    def option(self) -> str:
        """The value of an ``-o`` option of tshark and Wireshark."""
        return f"uat:ikev1_decryption_table:{self.cookie.hex()},{self.key.hex()}"


@dataclass(frozen=True, slots=True)
class EspKey:
    """The keys of one ESP SA, which has one direction. ``src`` and ``dst`` are the tunnel's IPv4 addresses."""

    src: int
    dst: int
    spi: int
    cipher: str
    cipher_key: bytes
    integrity: str
    integrity_key: bytes

    def line(self) -> str:
        """Without its line feed."""
        return (
            f"ESP {format_ipv4(self.src)} {format_ipv4(self.dst)} 0x{self.spi:08x} "
            f"{self.cipher} {_word(self.cipher_key)} {self.integrity} {_word(self.integrity_key)}"
        )

    def option(self) -> str:
        """The value of an ``-o`` option of tshark and Wireshark.

        Versions after 4.0 have two more columns, for extended sequence numbers; left out, they mean none.
        """
        row = (
            "IPv4",
            format_ipv4(self.src),
            format_ipv4(self.dst),
            f"0x{self.spi:08x}",
            CIPHERS[self.cipher],
            _number(self.cipher_key),
            INTEGRITIES[self.integrity],
            _number(self.integrity_key),
        )
        return "uat:esp_sa:" + ",".join(f'"{column}"' for column in row)


Key: TypeAlias = IsakmpKey | EspKey


def parse_line(line: str) -> Key:
    """One line of a key log; raises KeyLogError."""
    match line.split():
        case ["ISAKMP", cookie, key, cipher]:
            if len(cookie) != 16:
                raise KeyLogError("a cookie of 8 octets expected")
            return IsakmpKey(_octets(cookie), _octets(key), _known(cipher, CIPHERS))
        case ["ESP", src, dst, spi, cipher, cipher_key, integrity, integrity_key]:
            if _SPI.fullmatch(spi) is None:
                raise KeyLogError("an SPI as 0x and up to eight hex digits expected")
            try:
                ends = parse_ipv4(src), parse_ipv4(dst)
            except AddressError as error:
                raise KeyLogError(str(error)) from None
            return EspKey(
                *ends,
                int(spi, 16),
                _known(cipher, CIPHERS),
                _octets(cipher_key),
                _known(integrity, INTEGRITIES),
                _octets(integrity_key),
            )
    raise KeyLogError("ISAKMP with 3 words or ESP with 7 words expected")


def options(keys: Iterable[Key]) -> list[str]:
    """The values of the ``-o`` options with which tshark and Wireshark decrypt.

    Both ends of a tunnel log its keys: each is given once, in the order of the first appearance.
    """
    return [*PREFERENCES, *dict.fromkeys(key.option() for key in keys)]


def _octets(word: str) -> bytes:
    if word == "-":
        return b""
    if _HEX.fullmatch(word) is None:
        raise KeyLogError("octets in hex, or - for none, expected")
    return bytes.fromhex(word)


def _known(word: str, names: Mapping[str, str]) -> str:
    if word not in names:
        raise KeyLogError(f"one of {', '.join(names)} expected")
    return word


def _word(octets: bytes) -> str:
    return octets.hex() or "-"


def _number(octets: bytes) -> str:
    return f"0x{octets.hex()}" if octets else ""
