"""Passwords as IOS writes them into a configuration.

====  =====================================================================================================
type  text
====  =====================================================================================================
0     the password itself
5     ``$1$salt$hash``: the MD5-based crypt of Poul-Henning Kamp (FreeBSD's ``lib/libcrypt/crypt-md5.c``)
7     two decimal digits, where in the published key the text begins, and the text XORed with the key in hexadecimal:
      keeps a password from being read over somebody's shoulder, and from nothing else
8     ``$8$salt$hash``: PBKDF2 (RFC 8018) with HMAC-SHA-256, 20,000 rounds, 32 octets
9     ``$9$salt$hash``: scrypt (RFC 7914) with N = 16384, r = 1, p = 1, 32 octets
====  =====================================================================================================

Salts are text from the alphabet of crypt and are hashed as that text: four characters in type 5, fourteen in 8 and 9.
Nothing here makes random numbers: salts come from the caller.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Final

CLEAR: Final = 0
MD5: Final = 5
OBSCURED: Final = 7
PBKDF2: Final = 8
SCRYPT: Final = 9

#: The types that cannot be turned back into the password.
HASHED: Final = frozenset({MD5, PBKDF2, SCRYPT})
#: Characters of the salts that IOS makes, and the octets of entropy for them: three for every four characters.
SALT_LENGTH: Final = {MD5: 4, PBKDF2: 14, SCRYPT: 14}
SALT_OCTETS: Final = {kind: (length * 6 + 7) // 8 for kind, length in SALT_LENGTH.items()}
#: Where a text of type 7 may begin in the key.
OBSCURED_SEEDS: Final = 16

_ALPHABET: Final = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BASE64: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_TO_CISCO: Final = str.maketrans(_BASE64, _ALPHABET)
_KEY: Final = b"dsfd;kfoA,.iyewrkldJKDHSUBsgvca69834ncxv9873254k;fg87"
_SALT_LENGTHS: Final = {MD5: (1, 8), PBKDF2: (14, 14), SCRYPT: (14, 14)}
_HASH_LENGTHS: Final = {MD5: 22, PBKDF2: 43, SCRYPT: 43}
#: The order in which the MD5-based crypt writes the octets of its digest, three to a group.
_MD5_ORDER: Final = ((0, 6, 12), (1, 7, 13), (2, 8, 14), (3, 9, 15), (4, 10, 5))


def salt(entropy: bytes) -> str:
    """Octets as characters of a salt: four for every three octets."""
    return base64.b64encode(entropy).decode("ascii").rstrip("=").translate(_TO_CISCO)


def hashed(kind: int, password: str, salt: str) -> str:
    """The text of type 5, 8 or 9 for a password."""
    data, seed = password.encode(), salt.encode()
    if kind == MD5:
        return f"$1${salt}${_md5_crypt(data, seed)}"
    if kind == PBKDF2:
        digest = hashlib.pbkdf2_hmac("sha256", data, seed, 20000, 32)
    elif kind == SCRYPT:
        digest = hashlib.scrypt(data, salt=seed, n=16384, r=1, p=1, dklen=32)
    else:
        raise ValueError(f"type {kind} is no hash")
    return f"${kind}${salt}${base64.b64encode(digest).decode('ascii').rstrip('=').translate(_TO_CISCO)}"


def obscured(password: str, seed: int) -> str:
    """The text of type 7 that begins at ``seed``, 0..15, of the key."""
    data = password.encode()
    return f"{seed:02}" + bytes(octet ^ _KEY[(seed + at) % len(_KEY)] for at, octet in enumerate(data)).hex().upper()


def revealed(text: str) -> str | None:
    """The password behind a text of type 7; None when it is no such text."""
    if not is_valid(OBSCURED, text):
        return None
    seed, data = int(text[:2]), bytes.fromhex(text[2:])
    password = bytes(octet ^ _KEY[(seed + at) % len(_KEY)] for at, octet in enumerate(data))
    return password.decode("utf-8", "replace")


def is_valid(kind: int, text: str) -> bool:
    """Whether ``text`` can be a password of this type."""
    if kind == CLEAR:
        return bool(text)
    if kind == OBSCURED:
        digits = set("0123456789abcdefABCDEF")
        well_formed = len(text) >= 4 and len(text) % 2 == 0 and set(text) <= digits and text[:2].isdecimal()
        return well_formed and int(text[:2]) < OBSCURED_SEEDS
    parts = text.split("$")
    if len(parts) != 4 or parts[0] or parts[1] != ("1" if kind == MD5 else str(kind)):
        return False
    shortest, longest = _SALT_LENGTHS[kind]
    return (
        shortest <= len(parts[2]) <= longest
        and len(parts[3]) == _HASH_LENGTHS[kind]
        and set(parts[3]) <= set(_ALPHABET)
        and parts[2].isascii()
    )


def verify(kind: int, text: str, password: str) -> bool:
    """Whether ``password`` is what ``text`` of this type stands for; a text that is none fits no password.

    A hash is made to take its time: some 20 ms for type 9.
    """
    if not is_valid(kind, text):
        return False
    if kind == CLEAR:
        expected, given = text, password
    elif kind == OBSCURED:
        expected, given = revealed(text) or "", password
    else:
        expected, given = text, hashed(kind, password, text.split("$")[2])
    return hmac.compare_digest(expected.encode(), given.encode())


def _md5_crypt(password: bytes, seed: bytes) -> str:
    """The 22 characters behind the salt. The steps and their oddities are crypt-md5.c's."""
    inner = _md5(password + seed + password)
    text = password + b"$1$" + seed
    text += (inner * (len(password) // 16 + 1))[: len(password)]
    length = len(password)
    while length:
        text += b"\0" if length & 1 else password[:1]
        length >>= 1
    digest = _md5(text)
    for turn in range(1000):
        text = password if turn & 1 else digest
        if turn % 3:
            text += seed
        if turn % 7:
            text += password
        digest = _md5(text + (digest if turn & 1 else password))
    groups = [(digest[high] << 16 | digest[middle] << 8 | digest[low], 4) for high, middle, low in _MD5_ORDER]
    groups.append((digest[11], 2))
    # The least significant six bits come first.
    return "".join(_ALPHABET[value >> 6 * at & 63] for value, count in groups for at in range(count))


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()
