"""Diffie-Hellman groups of IKE over elliptic curves of prime fields: 19 and 20 (RFC 5903).

A public value is x | y, each as long as the field's prime, and the shared secret is x alone (RFC 5903 §7). The package
``cryptography`` does the arithmetic, and is loaded when the first value is computed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from nodes.crypto import CryptoError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurve, EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class EcpGroup:
    """``curve`` is the class's name in ``cryptography``, ``order`` that of the generator."""

    number: int
    bits: int
    curve: str
    order: int

    @property
    def private_length(self) -> int:
        """64 bits more than the order has, so that what :meth:`_key` makes of them is not biased (FIPS 186-4 B.4.1)."""
        return self.bits // 8 + 8

    @property
    def coordinate(self) -> int:
        """Octets of x, of y and of the secret."""
        return self.bits // 8

    def public(self, private: bytes) -> bytes:
        numbers = self._key(private).public_key().public_numbers()
        return b"".join(value.to_bytes(self.coordinate, "big") for value in (numbers.x, numbers.y))

    def shared(self, private: bytes, peer: bytes) -> bytes:
        from cryptography.hazmat.primitives.asymmetric import ec

        size = self.coordinate
        if len(peer) != 2 * size:
            raise CryptoError(f"a public value of {len(peer)} octets for group {self.number}, which has {2 * size}")
        x, y = (int.from_bytes(part, "big") for part in (peer[:size], peer[size:]))
        try:
            point = ec.EllipticCurvePublicNumbers(x, y, self._curve()).public_key()
        except ValueError:
            # Also the point at infinity, which these coordinates cannot express (RFC 5903 §7).
            raise CryptoError(f"a public value that is no point of group {self.number}'s curve") from None
        return self._key(private).exchange(ec.ECDH(), point)

    def _curve(self) -> EllipticCurve:
        from cryptography.hazmat.primitives.asymmetric import ec

        curve: EllipticCurve = getattr(ec, self.curve)()
        return curve

    def _key(self, private: bytes) -> EllipticCurvePrivateKey:
        from cryptography.hazmat.primitives.asymmetric import ec

        if len(private) != self.private_length:
            raise ValueError(f"group {self.number} takes {self.private_length} octets of entropy")
        scalar = int.from_bytes(private, "big") % (self.order - 1) + 1
        return ec.derive_private_key(scalar, self._curve())


#: number -> group; the orders are n of RFC 5903 §3.
ECP_GROUPS: Final[Mapping[int, EcpGroup]] = {
    group.number: group
    for group in (
        EcpGroup(19, 256, "SECP256R1", 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551),
        EcpGroup(
            20,
            384,
            "SECP384R1",
            0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
        ),
    )
}
