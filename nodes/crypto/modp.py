"""Diffie-Hellman groups of IKE: modular exponentiation groups with generator 2.

Groups 1 and 2 are RFC 2409 §6.1 and §6.2, the others RFC 3526. The primes are
2^n - 2^(n-64) - 1 + 2^64 * (floor(2^(n-130) * pi) + c) with the c given beside each; a test computes them.

Python's ``pow`` does the arithmetic: it is fast enough (group 14: some milliseconds), and the package ``cryptography``
is retiring finite-field Diffie-Hellman. It does not run in constant time, which a lab can bear.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from nodes.crypto import CryptoError


@dataclass(frozen=True, slots=True)
class ModpGroup:
    """``private_length`` is twice the strength that RFC 3526 §8 estimates for the group, rounded up."""

    number: int
    bits: int
    prime: int
    private_length: int

    @property
    def length(self) -> int:
        """Octets of a public value."""
        return self.bits // 8

    def public(self, private: bytes) -> bytes:
        # Leading zero octets stay: hashes and keys cover the value at the prime's length (RFC 2409 §5).
        return pow(2, self._exponent(private), self.prime).to_bytes(self.length, "big")

    def shared(self, private: bytes, peer: bytes) -> bytes:
        if len(peer) != self.length:
            raise CryptoError(f"a public value of {len(peer)} octets for group {self.number}, which has {self.length}")
        value = int.from_bytes(peer, "big")
        # 0, 1 and p-1 would fix the secret, whatever our exponent (RFC 2631 §2.1.5).
        if not 1 < value < self.prime - 1:
            raise CryptoError(f"a degenerate public value for group {self.number}")
        return pow(value, self._exponent(private), self.prime).to_bytes(self.length, "big")

    def _exponent(self, private: bytes) -> int:
        if len(private) != self.private_length:
            raise ValueError(f"group {self.number} takes {self.private_length} octets of entropy")
        # The top bit keeps every exponent at full length, also one whose entropy begins with zeros.
        return int.from_bytes(private, "big") | 1 << (8 * self.private_length - 1)


_P768: Final = (
    "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404dd"
    "ef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a63a3620ffffffffffffffff"
)
_P1024: Final = (
    "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404dd"
    "ef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7ed"
    "ee386bfb5a899fa5ae9f24117c4b1fe649286651ece65381ffffffffffffffff"
)
_P1536: Final = (
    "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404dd"
    "ef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7ed"
    "ee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf0598da48361c55d39a69163fa8fd24cf5f"
    "83655d23dca3ad961c62f356208552bb9ed529077096966d670c354e4abc9804f1746c08ca237327ffffffffffffffff"
)
_P2048: Final = (
    "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404dd"
    "ef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7ed"
    "ee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf0598da48361c55d39a69163fa8fd24cf5f"
    "83655d23dca3ad961c62f356208552bb9ed529077096966d670c354e4abc9804f1746c08ca18217c32905e462e36ce3b"
    "e39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9de2bcbf6955817183995497cea956ae515d2261898fa0510"
    "15728e5a8aacaa68ffffffffffffffff"
)
_P3072: Final = (
    "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404dd"
    "ef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7ed"
    "ee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf0598da48361c55d39a69163fa8fd24cf5f"
    "83655d23dca3ad961c62f356208552bb9ed529077096966d670c354e4abc9804f1746c08ca18217c32905e462e36ce3b"
    "e39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9de2bcbf6955817183995497cea956ae515d2261898fa0510"
    "15728e5a8aaac42dad33170d04507a33a85521abdf1cba64ecfb850458dbef0a8aea71575d060c7db3970f85a6e1e4c7"
    "abf5ae8cdb0933d71e8c94e04a25619dcee3d2261ad2ee6bf12ffa06d98a0864d87602733ec86a64521f2b18177b200c"
    "bbe117577a615d6c770988c0bad946e208e24fa074e5ab3143db5bfce0fd108e4b82d120a93ad2caffffffffffffffff"
)
_P4096: Final = (
    "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404dd"
    "ef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7ed"
    "ee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf0598da48361c55d39a69163fa8fd24cf5f"
    "83655d23dca3ad961c62f356208552bb9ed529077096966d670c354e4abc9804f1746c08ca18217c32905e462e36ce3b"
    "e39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9de2bcbf6955817183995497cea956ae515d2261898fa0510"
    "15728e5a8aaac42dad33170d04507a33a85521abdf1cba64ecfb850458dbef0a8aea71575d060c7db3970f85a6e1e4c7"
    "abf5ae8cdb0933d71e8c94e04a25619dcee3d2261ad2ee6bf12ffa06d98a0864d87602733ec86a64521f2b18177b200c"
    "bbe117577a615d6c770988c0bad946e208e24fa074e5ab3143db5bfce0fd108e4b82d120a92108011a723c12a787e6d7"
    "88719a10bdba5b2699c327186af4e23c1a946834b6150bda2583e9ca2ad44ce8dbbbc2db04de8ef92e8efc141fbecaa6"
    "287c59474e6bc05d99b2964fa090c3a2233ba186515be7ed1f612970cee2d7afb81bdd762170481cd0069127d5b05aa9"
    "93b4ea988d8fddc186ffb7dc90a6c08f4df435c934063199ffffffffffffffff"
)

#: number -> group. c: 149686, 129093, 741804, 124476, 1690314, 240904.
MODP_GROUPS: Final[Mapping[int, ModpGroup]] = {
    number: ModpGroup(number, len(prime) * 4, int(prime, 16), private_length)
    for number, prime, private_length in (
        (1, _P768, 24),
        (2, _P1024, 24),
        (5, _P1536, 32),
        (14, _P2048, 40),
        (15, _P3072, 48),
        (16, _P4096, 56),
    )
}
