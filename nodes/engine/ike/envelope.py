"""Messages once keys exist: encryption (RFC 2409 Appendix B), and the hash of INFORMATIONAL (§5.7)."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field

from nodes.base.errors import WireError
from nodes.crypto import ikev1
from nodes.crypto.suites import CIPHERS
from nodes.wire import isakmp
from nodes.wire.doi import Exchange, PayloadType
from nodes.wire.isakmp import FLAG_ENCRYPTION, Header, Payload


class NotAuthenticError(WireError):
    """What decryption gave is no ISAKMP, or its hash is wrong: a wrong key, or not from the peer."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of an ISAKMP SA. ``hash`` and ``cipher`` are names of :mod:`nodes.crypto.suites`."""

    hash: str
    cipher: str
    skeyid: bytes = field(repr=False)
    skeyids: ikev1.Skeyids = field(repr=False)
    cipher_key: bytes = field(repr=False)

    @property
    def block(self) -> int:
        return CIPHERS[self.cipher].block

    def phase2_iv(self, last_block: bytes, message_id: int) -> bytes:
        return ikev1.phase2_iv(self.hash, last_block, message_id, self.block)


def derive(
    hash_name: str, cipher: str, psk: bytes, g_xy: bytes, cookies: tuple[bytes, bytes], nonces: tuple[bytes, bytes]
) -> Keys:
    """The keys that follow from a key exchange; cookies and nonces are (initiator's, responder's)."""
    skeyid = ikev1.skeyid_pre_shared(hash_name, psk, *nonces)
    skeyids = ikev1.skeyids(hash_name, skeyid, g_xy, *cookies)
    cipher_key = ikev1.cipher_key(hash_name, skeyids.e, CIPHERS[cipher].key_length)
    return Keys(hash_name, cipher, skeyid, skeyids, cipher_key)


def encrypt(keys: Keys, iv: bytes, header: Header, payloads: Sequence[Payload]) -> bytes:
    """A whole message; its last block is the IV of the next one in the exchange."""
    plain = isakmp.join(payloads)
    plain += bytes(-len(plain) % keys.block)
    body = CIPHERS[keys.cipher].encryptor(keys.cipher_key, iv).update(plain)
    return isakmp.with_body(header._replace(flags=header.flags | FLAG_ENCRYPTION), payloads[0].type, body)


def decrypt(keys: Keys, iv: bytes, header: Header, body: bytes) -> tuple[Payload, ...]:
    """The payloads of an encrypted message; NotAuthenticError when it makes no sense under these keys."""
    if not body or len(body) % keys.block:
        raise WireError(f"{len(body)} octets are not a whole number of cipher blocks")
    plain = CIPHERS[keys.cipher].decryptor(keys.cipher_key, iv).update(body)
    try:
        return isakmp.split(header.next_payload, plain)
    except WireError as error:
        raise NotAuthenticError(str(error)) from None


def last_block(keys: Keys, datagram: bytes) -> bytes:
    return datagram[-keys.block :]


def check_hash(payloads: Sequence[Payload], expected: bytes) -> None:
    """The first payload must be a HASH with the expected value (RFC 2409 §5.5)."""
    if payloads[0].type != PayloadType.HASH or not hmac.compare_digest(payloads[0].body, expected):
        raise NotAuthenticError("the hash of the message is wrong")


def seal_informational(
    keys: Keys, final_block: bytes, cookies: tuple[bytes, bytes], message_id: int, payloads: Sequence[Payload]
) -> bytes:
    """HDR*, HASH(1), N or D (RFC 2409 §5.7). ``final_block`` is phase 1's last block of ciphertext."""
    digest = ikev1.hash_1(keys.hash, keys.skeyids.a, message_id, isakmp.join(payloads))
    header = Header(*cookies, 0, Exchange.INFORMATIONAL, 0, message_id, 0)
    iv = keys.phase2_iv(final_block, message_id)
    return encrypt(keys, iv, header, [Payload(PayloadType.HASH, digest), *payloads])


def open_informational(keys: Keys, final_block: bytes, header: Header, body: bytes) -> tuple[Payload, ...]:
    """The payloads behind the HASH, once that has proved right."""
    payloads = decrypt(keys, keys.phase2_iv(final_block, header.message_id), header, body)
    if not payloads:
        raise NotAuthenticError("an encrypted message without payloads")
    rest = payloads[1:]
    check_hash(payloads, ikev1.hash_1(keys.hash, keys.skeyids.a, header.message_id, isakmp.join(rest)))
    return rest
