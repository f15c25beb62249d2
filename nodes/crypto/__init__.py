"""Cryptography, and the only importer of the package of that name.

    groups  Diffie-Hellman groups by number, from
    modp    modular exponentiation (RFC 2409 §6, RFC 3526) and
    ecp     elliptic curves (RFC 5903)
    suites  ciphers and integrity algorithms by name, as IPsec uses them
    ikev1   prf, SKEYIDs, keys, IVs, hashes and KEYMAT of IKEv1 (RFC 2409 §5, Appendix B)

Everything here is a function of its arguments: entropy comes in as octets. ``cryptography`` is imported when a cipher
or a curve is first used, so a device that encrypts nothing does not pay for it.
"""

from __future__ import annotations

from nodes.base.errors import WirelabError


class CryptoError(WirelabError):
    """A peer's value that no cryptographic step may use, or an algorithm that is not known here."""
