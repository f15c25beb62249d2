"""The keyed steps of IKEv1 with pre-shared keys (RFC 2409 §5 and Appendix B), as pure functions.

Names are the RFC's: ``CKY`` a cookie, ``SAi_b`` the body of the initiator's SA payload, ``IDii_b`` the body of an ID
payload (each without its generic header), ``Ni_b`` and ``Nr_b`` the nonces' bodies, ``g_xy`` the shared secret. The prf
is HMAC with the negotiated hash, given by its name in hashlib. All values are octets; public values and secrets have
their group's full length.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import NamedTuple


class Skeyids(NamedTuple):
    """RFC 2409 §5: ``d`` derives phase 2 keys, ``a`` authenticates messages, ``e`` encrypts them."""

    d: bytes
    a: bytes
    e: bytes


def prf(hash_name: str, key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, hash_name)


def skeyid_pre_shared(hash_name: str, psk: bytes, ni_b: bytes, nr_b: bytes) -> bytes:
    """SKEYID = prf(pre-shared-key, Ni_b | Nr_b)"""
    return prf(hash_name, psk, ni_b + nr_b)


def skeyids(hash_name: str, skeyid: bytes, g_xy: bytes, cky_i: bytes, cky_r: bytes) -> Skeyids:
    """SKEYID_d = prf(SKEYID, g^xy | CKY-I | CKY-R | 0), then _a with _d and 1, _e with _a and 2."""
    common = g_xy + cky_i + cky_r
    d = prf(hash_name, skeyid, common + b"\0")
    a = prf(hash_name, skeyid, d + common + b"\1")
    e = prf(hash_name, skeyid, a + common + b"\2")
    return Skeyids(d, a, e)


def cipher_key(hash_name: str, skeyid_e: bytes, length: int) -> bytes:
    """The key that encrypts ISAKMP messages (Appendix B).

    When SKEYID_e is too short: K1 = prf(SKEYID_e, 0), K2 = prf(SKEYID_e, K1)…
    """
    if len(skeyid_e) >= length:
        return skeyid_e[:length]
    block = prf(hash_name, skeyid_e, b"\0")
    key = block
    while len(key) < length:
        block = prf(hash_name, skeyid_e, block)
        key += block
    return key[:length]


def phase1_iv(hash_name: str, g_xi: bytes, g_xr: bytes, length: int) -> bytes:
    """The IV of the first encrypted message: hash(g^xi | g^xr), cut to a block (Appendix B)."""
    return hashlib.new(hash_name, g_xi + g_xr, usedforsecurity=False).digest()[:length]


def phase2_iv(hash_name: str, last_block: bytes, message_id: int, length: int) -> bytes:
    """The IV of an exchange under the SA: hash(last block of phase 1 | M-ID) (Appendix B)."""
    data = last_block + message_id.to_bytes(4, "big")
    return hashlib.new(hash_name, data, usedforsecurity=False).digest()[:length]


def hash_i(
    hash_name: str, skeyid: bytes, g_xi: bytes, g_xr: bytes, cky_i: bytes, cky_r: bytes, sai_b: bytes, idii_b: bytes
) -> bytes:
    """HASH_I = prf(SKEYID, g^xi | g^xr | CKY-I | CKY-R | SAi_b | IDii_b)"""
    return prf(hash_name, skeyid, g_xi + g_xr + cky_i + cky_r + sai_b + idii_b)


def hash_r(
    hash_name: str, skeyid: bytes, g_xi: bytes, g_xr: bytes, cky_i: bytes, cky_r: bytes, sai_b: bytes, idir_b: bytes
) -> bytes:
    """HASH_R = prf(SKEYID, g^xr | g^xi | CKY-R | CKY-I | SAi_b | IDir_b)"""
    return prf(hash_name, skeyid, g_xr + g_xi + cky_r + cky_i + sai_b + idir_b)


def hash_1(hash_name: str, skeyid_a: bytes, message_id: int, rest: bytes) -> bytes:
    """HASH(1) of quick mode and of INFORMATIONAL = prf(SKEYID_a, M-ID | rest of the message) (§5.5, §5.7).

    ``rest`` is what follows the HASH payload, without the padding of encryption.
    """
    return prf(hash_name, skeyid_a, message_id.to_bytes(4, "big") + rest)


def hash_2(hash_name: str, skeyid_a: bytes, message_id: int, ni_b: bytes, rest: bytes) -> bytes:
    """HASH(2) = prf(SKEYID_a, M-ID | Ni_b | rest of the message) (§5.5)"""
    return prf(hash_name, skeyid_a, message_id.to_bytes(4, "big") + ni_b + rest)


def hash_3(hash_name: str, skeyid_a: bytes, message_id: int, ni_b: bytes, nr_b: bytes) -> bytes:
    """HASH(3) = prf(SKEYID_a, 0 | M-ID | Ni_b | Nr_b) (§5.5)"""
    return prf(hash_name, skeyid_a, b"\0" + message_id.to_bytes(4, "big") + ni_b + nr_b)


def keymat(
    hash_name: str,
    skeyid_d: bytes,
    protocol: int,
    spi: bytes,
    ni_b: bytes,
    nr_b: bytes,
    length: int,
    g_qm_xy: bytes = b"",
) -> bytes:
    """Keys of one SA of phase 2 (§5.5).

    KEYMAT = K1 | K2 | … with Kn = prf(SKEYID_d, Kn-1 | [g(qm)^xy |] protocol | SPI | Ni_b | Nr_b).
    ``spi`` is the one that the receiver of the traffic chose; ``g_qm_xy`` is empty without PFS.
    """
    seed = g_qm_xy + bytes([protocol]) + spi + ni_b + nr_b
    block = prf(hash_name, skeyid_d, seed)
    material = block
    while len(material) < length:
        block = prf(hash_name, skeyid_d, block + seed)
        material += block
    return material[:length]
