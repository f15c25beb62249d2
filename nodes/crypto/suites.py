"""Ciphers and integrity algorithms by name.

The names are those of the console without their ornaments: ``aes-128``, ``3des``, ``sha1``. A suite knows its sizes and
makes contexts; the sizes are plain numbers, so layouts can be computed without importing ``cryptography``.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm, Cipher
    from cryptography.hazmat.primitives.ciphers.modes import CBC


#: Octets of the salt at the end of an AES-GCM key (RFC 4106 §4), and of its ICV.
GCM_SALT: Final = 4
GCM_ICV: Final = 16


class CipherContext(Protocol):
    """A running CBC encryptor or decryptor: every call goes on where the last one ended."""

    def update(self, data: bytes, /) -> bytes: ...

    def update_into(self, data: memoryview, buf: memoryview, /) -> int:
        """``buf`` may be ``data``'s memory, and is longer than ``data`` by at least a block less one."""


class MacContext(Protocol):
    """A keyed MAC, prepared once and copied for each packet: a copy costs a fraction of a new one."""

    def copy(self) -> MacContext: ...
    def update(self, data: bytes | memoryview, /) -> None: ...
    def finalize(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class CipherSuite:
    """A block cipher in CBC mode, one that authenticates too (AES-GCM), or none at all (``null``). Lengths in octets.

    ``block`` is what plaintext is padded to: the cipher's block, and 4 for ESP where there is none (RFC 4303 §2.4).
    ``icv_length`` is not 0 for a cipher that authenticates; its key ends with the salt (RFC 4106 §8.1).
    """

    name: str
    key_length: int
    block: int
    iv_length: int
    icv_length: int = 0

    def encryptor(self, key: bytes, iv: bytes) -> CipherContext:
        return self._cipher(key, iv).encryptor()

    def decryptor(self, key: bytes, iv: bytes) -> CipherContext:
        return self._cipher(key, iv).decryptor()

    def aead(self, key: bytes) -> Aead:
        """For a cipher that authenticates: a keyed one."""
        if len(key) != self.key_length or not self.icv_length:
            raise ValueError(f"{self.name} takes a key of {self.key_length} octets, not {len(key)}")
        return Aead(key)

    def _cipher(self, key: bytes, iv: bytes) -> Cipher[CBC]:
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
        from cryptography.hazmat.primitives.ciphers.modes import CBC

        if len(key) != self.key_length or not key:
            raise ValueError(f"{self.name} takes a key of {self.key_length} octets, not {len(key)}")
        algorithm: BlockCipherAlgorithm
        if self.block == 8:
            from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES

            # Encrypt-decrypt-encrypt with one key three times over is DES itself.
            algorithm = TripleDES(key * (24 // len(key)))
        else:
            algorithm = algorithms.AES(key)
        return Cipher(algorithm, CBC(iv))


class Aead:
    """AES-GCM as ESP uses it (RFC 4106): the nonce is salt and IV, the ICV has 16 octets."""

    __slots__ = ("_cipher", "_refused", "_salt")

    def __init__(self, key: bytes) -> None:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._cipher, self._salt = AESGCM(key[:-GCM_SALT]), key[-GCM_SALT:]
        self._refused = InvalidTag

    def seal(self, iv: bytes, plain: bytes | memoryview, additional: bytes | memoryview) -> bytes:
        """Ciphertext and ICV. An IV must never come twice under one key."""
        return self._cipher.encrypt(self._salt + iv, plain, additional)

    def open(self, iv: bytes, sealed: bytes | memoryview, additional: bytes | memoryview) -> bytes | None:
        """The opposite of :meth:`seal`; None when the ICV is wrong."""
        try:
            return self._cipher.decrypt(self._salt + iv, sealed, additional)
        except self._refused:
            return None


@dataclass(frozen=True, slots=True)
class IntegritySuite:
    """An HMAC and how much of it ESP sends. ``hash`` is its name in hashlib; lengths in octets.

    ``none`` (no hash) is for ESP without authentication.
    """

    name: str
    hash: str
    key_length: int
    icv_length: int

    def context(self, key: bytes) -> MacContext:
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.hmac import HMAC

        if len(key) != self.key_length or not key:
            raise ValueError(f"{self.name} takes a key of {self.key_length} octets, not {len(key)}")
        algorithm: hashes.HashAlgorithm = getattr(hashes, self.hash.upper())()
        return HMAC(key, algorithm)

    def icv(self, key: bytes, data: bytes) -> bytes:
        """The truncated MAC of one packet."""
        return hmac.digest(key, data, self.hash)[: self.icv_length]


CIPHERS: Final[Mapping[str, CipherSuite]] = {
    suite.name: suite
    for suite in (
        CipherSuite("null", 0, 4, 0),  # RFC 2410
        CipherSuite("des", 8, 8, 8),  # RFC 2405
        CipherSuite("3des", 24, 8, 8),  # RFC 2451
        CipherSuite("aes-128", 16, 16, 16),  # RFC 3602, also the next two
        CipherSuite("aes-192", 24, 16, 16),
        CipherSuite("aes-256", 32, 16, 16),
        CipherSuite("aes-gcm-128", 16 + GCM_SALT, 4, 8, GCM_ICV),  # RFC 4106, also the next two
        CipherSuite("aes-gcm-192", 24 + GCM_SALT, 4, 8, GCM_ICV),
        CipherSuite("aes-gcm-256", 32 + GCM_SALT, 4, 8, GCM_ICV),
    )
}

INTEGRITIES: Final[Mapping[str, IntegritySuite]] = {
    suite.name: suite
    for suite in (
        IntegritySuite("none", "", 0, 0),
        IntegritySuite("md5", "md5", 16, 12),  # RFC 2403
        IntegritySuite("sha1", "sha1", 20, 12),  # RFC 2404
        IntegritySuite("sha256", "sha256", 32, 16),  # RFC 4868, also the next two
        IntegritySuite("sha384", "sha384", 48, 24),
        IntegritySuite("sha512", "sha512", 64, 32),
    )
}


def hash_length(name: str) -> int:
    """Octets of a digest of the hash that hashlib knows as ``name``."""
    return hashlib.new(name, usedforsecurity=False).digest_size
