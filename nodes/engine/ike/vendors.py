"""Vendor IDs (RFC 2408 §3.16): those that we send, and those that we can name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from nodes.wire.doi import PayloadType
from nodes.wire.isakmp import Payload

#: The first 16 octets of SHA-256 of "wirelab": a vendor ID is a hash that nobody else has.
OURS: Final = bytes.fromhex("b4d49b0edea266eeca396b61e98d06a6")

#: RFC 3947 §3.1: the MD5 of "RFC 3947".
NAT_T: Final = bytes.fromhex("4a131c81070358455c5728f20e95452f")
#: RFC 3706 §5.2: version 1.0 of dead peer detection.
DPD: Final = bytes.fromhex("afcad71368a1f1c96b8696fc77570100")

#: By their first octets (what follows is a version), in the words of IOS.
_KNOWN: Final[Mapping[bytes, str]] = {
    OURS: " speaking to another IOS box!",
    NAT_T: " vendor ID is NAT-T RFC 3947",
    bytes.fromhex("7d9419a65310ca6f2c179d9215529d56"): " vendor ID is NAT-T v3",
    bytes.fromhex("90cb80913ebb696e086381b5ec427b1f"): " vendor ID is NAT-T v2",
    DPD[:14]: " vendor ID is DPD",
    bytes.fromhex("09002689dfd6b712"): " vendor ID is XAUTH",
    bytes.fromhex("12f5f28c457168a9702d9fe274cc"): " vendor ID is Unity",
    bytes.fromhex("4048b7d56ebce88525e7de7f00d6c2d3"): " vendor ID is IKE Fragmentation",
}


def capabilities() -> list[Payload]:
    """What we are, and that we answer dead peer detection."""
    return [Payload(PayloadType.VENDOR, DPD), Payload(PayloadType.VENDOR, OURS)]


def describe(body: bytes) -> str:
    """What ``debug crypto isakmp`` says about a vendor ID; "" for one that nobody knows."""
    for prefix, text in _KNOWN.items():
        if body.startswith(prefix):
            return text
    return ""
