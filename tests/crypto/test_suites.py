"""Ciphers, MACs and groups against published vectors."""

from __future__ import annotations

import subprocess
import sys

import pytest

from nodes.crypto import CryptoError, ikev1
from nodes.crypto.modp import GROUPS, ModpGroup
from nodes.crypto.suites import CIPHERS, INTEGRITIES, hash_length

H = bytes.fromhex

#: RFC 3602 §4, cases 1, 3 (AES-128-CBC), and NIST SP 800-38A F.2.3, F.2.5 (first block of AES-192 and AES-256).
#: DES and 3DES: FIPS 81 Appendix C (CBC) and NIST SP 800-67's example, in CBC with an IV of zeros (first block).
CIPHER_VECTORS = [
    (
        "aes-128",
        "06a9214036b8a15b512e03d534120006",
        "3dafba429d9eb430b422da802c9fac41",
        b"Single block msg".hex(),
        "e353779c1079aeb82708942dbe77181a",
    ),
    (
        "aes-128",
        "6c3ea0477630ce21a2ce334aa746c2cd",
        "c782dc4c098c66cbd9cd27d825682c81",
        b"This is a 48-byte message (exactly 3 AES blocks)".hex(),
        "d0a02b3836451753d493665d33f0e8862dea54cdb293abc7506939276772f8d5021c19216bad525c8579695d83ba2684",
    ),
    (
        "aes-192",
        "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
        "000102030405060708090a0b0c0d0e0f",
        "6bc1bee22e409f96e93d7e117393172a",
        "4f021db243bc633d7178183a9fa071e8",
    ),
    (
        "aes-256",
        "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
        "000102030405060708090a0b0c0d0e0f",
        "6bc1bee22e409f96e93d7e117393172a",
        "f58c4c04d6e5f1ba779eabfb5f7bfbd6",
    ),
    (
        "des",
        "0123456789abcdef",
        "1234567890abcdef",
        b"Now is the time for all ".hex(),
        "e5c7cdde872bf27c43e934008c389c0f683788499a7c05f6",
    ),
    (
        "3des",
        "0123456789abcdef23456789abcdef01456789abcdef0123",
        "0000000000000000",
        b"The qufc".hex(),
        "a826fd8ce53b855f",
    ),
]


@pytest.mark.parametrize(("name", "key", "iv", "plain", "cipher"), CIPHER_VECTORS)
def test_cipher(name: str, key: str, iv: str, plain: str, cipher: str) -> None:
    suite = CIPHERS[name]
    assert suite.encryptor(H(key), H(iv)).update(H(plain)).hex() == cipher
    assert suite.decryptor(H(key), H(iv)).update(H(cipher)).hex() == plain


def test_every_cipher_has_a_vector() -> None:
    assert {row[0] for row in CIPHER_VECTORS} | {"null"} == set(CIPHERS)


#: RFC 2202 (MD5, SHA-1; cases 1 to 3, 5) and RFC 4231 (SHA-2; cases 1 to 3), as hash, key, data, digest.
MAC_VECTORS = [
    ("md5", "0b" * 16, b"Hi There", "9294727a3638bb1c13f48ef8158bfc9d"),
    ("md5", b"Jefe".hex(), b"what do ya want for nothing?", "750c783e6ab0b503eaa86e310a5db738"),
    ("md5", "aa" * 16, b"\xdd" * 50, "56be34521d144c88dbb8c733f0e8b3f6"),
    ("md5", "0c" * 16, b"Test With Truncation", "56461ef2342edc00f9bab995690efd4c"),
    ("sha1", "0b" * 20, b"Hi There", "b617318655057264e28bc0b6fb378c8ef146be00"),
    ("sha1", b"Jefe".hex(), b"what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
    ("sha1", "aa" * 20, b"\xdd" * 50, "125d7342b9ac11cd91a39af48aa17b4f63f175d3"),
    ("sha1", "0c" * 20, b"Test With Truncation", "4c1a03424b55e07fe7f27be1d58bb9324a9a5a04"),
    ("sha256", "0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    (
        "sha256",
        b"Jefe".hex(),
        b"what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ),
]


@pytest.mark.parametrize(("name", "key", "data", "digest"), MAC_VECTORS)
def test_mac(name: str, key: str, data: bytes, digest: str) -> None:
    suite = INTEGRITIES[name]
    assert ikev1.prf(name, H(key), data).hex() == digest
    assert suite.icv(H(key), data).hex() == digest[: 2 * suite.icv_length]
    if len(H(key)) == suite.key_length:
        context = suite.context(H(key))
        for _ in range(2):
            copy = context.copy()
            copy.update(memoryview(data))
            assert copy.finalize().hex() == digest


@pytest.mark.parametrize("name", [name for name in INTEGRITIES if name != "none"])
def test_mac_context_equals_the_one_shot(name: str) -> None:
    suite = INTEGRITIES[name]
    key = bytes(range(suite.key_length))
    context = suite.context(key)
    context.update(b"some data")
    assert context.finalize()[: suite.icv_length] == suite.icv(key, b"some data")
    assert hash_length(suite.hash) == suite.key_length


def test_suites_refuse_keys_of_another_length() -> None:
    with pytest.raises(ValueError, match="16 octets"):
        CIPHERS["aes-128"].encryptor(bytes(24), bytes(16))
    with pytest.raises(ValueError, match="20 octets"):
        INTEGRITIES["sha1"].context(bytes(16))


def _pi(bits: int) -> int:
    """floor(2^bits * pi), by Machin's formula."""
    one = 1 << bits + 64

    def arctan_of_inverse(x: int) -> int:
        total = term = one // x
        sign, n = -1, 3
        while term:
            term //= x * x
            total += sign * (term // n)
            sign, n = -sign, n + 2
        return total

    return 4 * (4 * arctan_of_inverse(5) - arctan_of_inverse(239)) >> 64


@pytest.mark.parametrize(
    ("number", "constant"), [(1, 149686), (2, 129093), (5, 741804), (14, 124476), (15, 1690314), (16, 240904)]
)
def test_primes_follow_their_formula(number: int, constant: int) -> None:
    group = GROUPS[number]
    assert isinstance(group, ModpGroup)
    n = group.bits
    assert group.prime == 2**n - 2 ** (n - 64) - 1 + 2**64 * (_pi(n - 130) + constant)


@pytest.mark.parametrize("number", GROUPS)
def test_both_sides_get_the_same_secret(number: int) -> None:
    group = GROUPS[number]
    a, b = bytes(range(group.private_length)), bytes(range(1, group.private_length + 1))
    assert group.shared(a, group.public(b)) == group.shared(b, group.public(a))


def test_leading_zero_octets_are_kept() -> None:
    group = GROUPS[1]
    # Search deterministically for a public value and a secret that begin with a zero octet.
    privates = [number.to_bytes(24, "big") for number in range(1500)]
    public = next(value for value in map(group.public, privates) if value[0] == 0)
    assert len(public) == 96
    secret = next(value for value in (group.shared(item, public) for item in privates) if value[0] == 0)
    assert len(secret) == 96


@pytest.mark.parametrize("value", [0, 1, -1, -2])
def test_degenerate_public_values_are_refused(value: int) -> None:
    group = GROUPS[2]
    assert isinstance(group, ModpGroup)
    number = value if value >= 0 else group.prime + 1 + value
    with pytest.raises(CryptoError):
        group.shared(bytes(24), number.to_bytes(128, "big"))
    with pytest.raises(CryptoError):
        group.shared(bytes(24), bytes(127))


def test_the_package_is_imported_only_when_needed() -> None:
    code = (
        "import nodes.crypto.suites, nodes.crypto.ikev1, nodes.crypto.modp, sys; print('cryptography' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
