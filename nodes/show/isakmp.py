"""``show crypto isakmp sa``, ``policy``, ``key``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from nodes.device.cryptoconfig import DEFAULT_ISAKMP_SECONDS
from nodes.device.cryptoviews import (
    IsakmpKeysView,
    IsakmpPeersView,
    IsakmpPoliciesView,
    IsakmpPolicyView,
    IsakmpSasView,
    IsakmpSaView,
)
from nodes.show import personality

_ENCRYPTIONS: Final = {
    "des": "DES - Data Encryption Standard (56 bit keys).",
    "3des": "Three key triple DES",
    "aes 128": "AES - Advanced Encryption Standard (128 bit keys).",
    "aes 192": "AES - Advanced Encryption Standard (192 bit keys).",
    "aes 256": "AES - Advanced Encryption Standard (256 bit keys).",
}
_HASHES: Final = {
    "sha": "Secure Hash Standard",
    "md5": "Message Digest 5",
    "sha256": "Secure Hash Standard 2 (256 bit)",
    "sha384": "Secure Hash Standard 2 (384 bit)",
    "sha512": "Secure Hash Standard 2 (512 bit)",
}
_METHODS: Final = {
    "pre-share": "Pre-Shared Key",
    "rsa-sig": "Rivest-Shamir-Adleman Signature",
    "rsa-encr": "Rivest-Shamir-Adleman Encryption",
}
_GROUP_BITS: Final = {1: 768, 2: 1024, 5: 1536, 14: 2048, 15: 3072, 16: 4096, 19: 256, 20: 384}

_DEFAULT_SUITE: Final = IsakmpPolicyView(65535, "des", "sha", "rsa-sig", 1, DEFAULT_ISAKMP_SECONDS)

#: Connection identifiers of ISAKMP SAs count from here; the crypto engine has numbers of its own, from 1.
_CONNECTIONS: Final = 1000


def clock(seconds: int) -> str:
    """86348 -> ``23:59:08``."""
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def sas(view: IsakmpSasView) -> Iterator[str]:
    slot = personality.crypto_of(view.personality).isakmp_slot
    yield "IPv4 Crypto ISAKMP SA"
    yield f"dst             src             state          conn-id {'slot ' if slot else ''}status"
    for sa in view.sas:
        # Everything sits in slot 0 of this router.
        number = f"{sa.connection_id:>7} " + ("   0 " if slot else "")
        yield f"{sa.destination:<16}{sa.source:<16}{sa.state:<15}{number}{sa.status}"
    yield ""
    yield "IPv6 Crypto ISAKMP SA"
    yield ""


def peers(view: IsakmpPeersView) -> Iterator[str]:
    for peer in view.peers:
        yield f"Peer: {peer.peer} Port: {peer.port} Local: {peer.local}"
        yield f" Phase1 id: {peer.identity}"


_DETAIL_CODES: Final = (
    "Codes: C - IKE configuration mode, D - Dead Peer Detection",
    "       K - Keepalives, N - NAT-traversal",
    "       T - cTCP encapsulation, X - IKE Extended Authentication",
    "       psk - Preshared key, rsig - RSA signature",
    "       renc - RSA encryption",
)


def _detail(sa: IsakmpSaView) -> Iterator[str]:
    remaining = "" if sa.remaining is None else clock(sa.remaining)
    group = sa.group or ""
    negotiated = f"{sa.encryption:<5}{sa.hash:<7}{sa.authentication:<5}{group:<3}{remaining:<9}"
    yield f"{sa.connection_id:<6}{sa.local:<16}{sa.remote:<16}{'':<7}{sa.status:<7}{negotiated}{sa.capabilities:<4}"
    if sa.connection_id > _CONNECTIONS:
        yield f"       Engine-id:Conn-id =  SW:{sa.connection_id - _CONNECTIONS}"
    yield ""


def sas_detail(view: IsakmpSasView) -> Iterator[str]:
    yield from _DETAIL_CODES
    yield "IPv4 Crypto ISAKMP SA"
    yield ""
    yield "C-id  Local           Remote          I-VRF  Status Encr Hash   Auth DH Lifetime Cap."
    yield ""
    for sa in view.sas:
        yield from _detail(sa)
    yield "IPv6 Crypto ISAKMP SA"
    yield ""


def _suite(policy: IsakmpPolicyView) -> Iterator[str]:
    yield f"\tencryption algorithm:\t{_ENCRYPTIONS[policy.encryption]}"
    yield f"\thash algorithm:\t\t{_HASHES[policy.hash]}"
    yield f"\tauthentication method:\t{_METHODS[policy.authentication]}"
    yield f"\tDiffie-Hellman group:\t#{policy.group} ({_GROUP_BITS[policy.group]} bit)"
    yield f"\tlifetime:\t\t{policy.lifetime} seconds, no volume limit"


def policies(view: IsakmpPoliciesView) -> Iterator[str]:
    yield ""
    yield "Global IKE policy"
    for policy in view.policies:
        yield f"Protection suite of priority {policy.priority}"
        yield from _suite(policy)
    if personality.crypto_of(view.personality).default_policy:
        yield "Default protection suite"
        yield from _suite(_DEFAULT_SUITE)


def keys(view: IsakmpKeysView) -> Iterator[str]:
    yield f"{'Keyring':<13}{'Hostname/Address':<44}Preshared Key"
    yield ""
    for entry in view.keys:
        mask = "" if entry.mask == "255.255.255.255" else f"[{entry.mask:<15}]"
        yield f"{'default':<13}{f'{entry.address:<15}{mask}':<44}{entry.key}"
