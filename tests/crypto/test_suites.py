"""Ciphers, MACs and groups against published vectors."""

from __future__ import annotations

import subprocess
import sys

import pytest

from nodes.crypto import CryptoError, ikev1
from nodes.crypto.groups import GROUPS
from nodes.crypto.modp import ModpGroup
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
    assert {row[0] for row in CIPHER_VECTORS} | {"null"} == {
        name for name, suite in CIPHERS.items() if not suite.icv_length
    }


#: A packet of draft-mcgrew-gcm-test-01: key and salt, IV, additional data, plaintext, ciphertext with ICV.
GCM_VECTORS = [
    (
        "feffe9928665731c6d6a8f9467308308cafebabe",
        "facedbaddecaf888",
        "0000a5f80000000a",
        (
            "4500003e698f000080114dccc0a80102c0a801010a980035002a2343b2d00100000100000000000003736970096379626572636974790264"
            "6b00000100010001"
        ),
        (
            "deb22cd9b07c72c16e3a65beeb8df304a5a5897d33ae530f1ba76d5d114d2a5c3de81827c10e9a4f51330d0eec416642cfbb85a5b47e48a4"
            "ec3b9ba95d918bd183b70d3aa8bc6ee4c309e9d85a41ad4a"
        ),
    ),
]


@pytest.mark.parametrize(("key", "iv", "additional", "plain", "sealed"), GCM_VECTORS)
def test_aead(key: str, iv: str, additional: str, plain: str, sealed: str) -> None:
    aead = CIPHERS["aes-gcm-128"].aead(H(key))
    assert aead.seal(H(iv), H(plain), H(additional)).hex() == sealed
    assert aead.open(H(iv), H(sealed), H(additional)) == H(plain)
    assert aead.open(H(iv), H(sealed), H(additional)[:-1] + b"x") is None
    with pytest.raises(ValueError, match="20 octets"):
        CIPHERS["aes-gcm-128"].aead(bytes(16))


LARGE_KEY = b"Test Using Larger Than Block-Size Key - Hash Key First"
LARGE_BOTH = b"Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data"
#: RFC 2202 (MD5, SHA-1; all seven) and RFC 4231 (SHA-2; cases 1 and 2), as hash, key, data, digest.
MAC_VECTORS = [
    ("md5", "0b" * 16, b"Hi There", "9294727a3638bb1c13f48ef8158bfc9d"),
    ("md5", b"Jefe".hex(), b"what do ya want for nothing?", "750c783e6ab0b503eaa86e310a5db738"),
    ("md5", "aa" * 16, b"\xdd" * 50, "56be34521d144c88dbb8c733f0e8b3f6"),
    ("md5", "0c" * 16, b"Test With Truncation", "56461ef2342edc00f9bab995690efd4c"),
    ("sha1", "0b" * 20, b"Hi There", "b617318655057264e28bc0b6fb378c8ef146be00"),
    ("sha1", b"Jefe".hex(), b"what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
    ("sha1", "aa" * 20, b"\xdd" * 50, "125d7342b9ac11cd91a39af48aa17b4f63f175d3"),
    ("sha1", "0c" * 20, b"Test With Truncation", "4c1a03424b55e07fe7f27be1d58bb9324a9a5a04"),
    ("md5", bytes(range(1, 26)).hex(), b"\xcd" * 50, "697eaf0aca3a3aea3a75164746ffaa79"),
    ("sha1", bytes(range(1, 26)).hex(), b"\xcd" * 50, "4c9007f4026250c6bc8414f9bf50c86c2d7235da"),
    ("md5", "aa" * 80, LARGE_KEY, "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd"),
    ("sha1", "aa" * 80, LARGE_KEY, "aa4ae5e15272d00e95705637ce8a3b55ed402112"),
    ("md5", "aa" * 80, LARGE_BOTH, "6f630fad67cda0ee1fb1f562db3aa53e"),
    ("sha1", "aa" * 80, LARGE_BOTH, "e8e99d0f45237d786d6bbaa7965c7808bbff1a91"),
    ("sha256", "0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    (
        "sha256",
        b"Jefe".hex(),
        b"what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ),
    (
        "sha384",
        b"Jefe".hex(),
        b"what do ya want for nothing?",
        "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
    ),
    (
        "sha512",
        b"Jefe".hex(),
        b"what do ya want for nothing?",
        (
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b"
            "636e070a38bce737"
        ),
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


#: RFC 5903 §8.1, §8.2: group, i, g^i, r, g^r, and the secret, which is x of g^ir.
ECP_VECTORS = [
    (
        19,
        "C88F01F510D9AC3F70A292DAA2316DE544E9AAB8AFE84049C62A9C57862D1433",
        (
            "DAD0B65394221CF9B051E1FECA5787D098DFE637FC90B9EF945D0C37725811805271A0461CDB8252D61F1C456FA3E59AB1F45B33ACCF5F58"
            "389E0577B8990BB3"
        ),
        "C6EF9C5D78AE012A011164ACB397CE2088685D8F06BF9BE0B283AB46476BEE53",
        (
            "D12DFB5289C8D4F81208B70270398C342296970A0BCCB74C736FC7554494BF6356FBF3CA366CC23E8157854C13C58D6AAC23F046ADA30F83"
            "53E74F33039872AB"
        ),
        "D6840F6B42F6EDAFD13116E0E12565202FEF8E9ECE7DCE03812464D04B9442DE",
    ),
    (
        20,
        "099F3C7034D4A2C699884D73A375A67F7624EF7C6B3C0F160647B67414DCE655E35B538041E649EE3FAEF896783AB194",
        (
            "667842D7D180AC2CDE6F74F37551F55755C7645C20EF73E31634FE72B4C55EE6DE3AC808ACB4BDB4C88732AEE95F41AA9482ED1FC0EEB9CA"
            "FC4984625CCFC23F65032149E0E144ADA024181535A0F38EEB9FCFF3C2C947DAE69B4C634573A81C"
        ),
        "41CB0779B4BDB85D47846725FBEC3C9430FAB46CC8DC5060855CC9BDA0AA2942E0308312916B8ED2960E4BD55A7448FC",
        (
            "E558DBEF53EECDE3D3FCCFC1AEA08A89A987475D12FD950D83CFA41732BC509D0D1AC43A0336DEF96FDA41D0774A3571DCFBEC7AACF31964"
            "72169E838430367F66EEBE3C6E70C416DD5F0C68759DD1FFF83FA40142209DFF5EAAD96DB9E6386C"
        ),
        "11187331C279962D93D604243FD592CB9D0A926F422E47187521287E7156C5C4D603135569B9E9D09CF5D4A270F59746",
    ),
]


@pytest.mark.parametrize(("number", "i", "g_i", "r", "g_r", "g_ir"), ECP_VECTORS)
def test_elliptic_groups(number: int, i: str, g_i: str, r: str, g_r: str, g_ir: str) -> None:
    group = GROUPS[number]
    # The private value is one more than the entropy that it is made of (FIPS 186-4 B.4.1).
    mine, theirs = ((int(value, 16) - 1).to_bytes(group.private_length, "big") for value in (i, r))
    assert (group.public(mine), group.public(theirs)) == (H(g_i), H(g_r))
    assert group.shared(mine, H(g_r)) == group.shared(theirs, H(g_i)) == H(g_ir)
    for bad in (H(g_r)[:-1], H(g_r)[:-1] + bytes([H(g_r)[-1] ^ 1]), bytes(len(H(g_r)))):
        with pytest.raises(CryptoError):
            group.shared(mine, bad)


def test_every_group_is_there() -> None:
    assert sorted(GROUPS) == [1, 2, 5, 14, 15, 16, 19, 20]


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
        "import nodes.crypto.suites, nodes.crypto.ikev1, nodes.crypto.groups, sys; print('cryptography' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
