"""ISAKMP and ESP as layers: what anybody on the way can read of them.

ISAKMP's header (RFC 2408 §3.1) is in the clear even when the payloads behind it are encrypted::

     0                              8                              16
     +------------------------------+------------------------------+
     |      initiator's cookie      |      responder's cookie      |
     +-------+-------+------+-------+--------------+---------------+
     | next  |version| exch.| flags |  message ID  |    length     |
     +-------+-------+------+-------+--------------+---------------+
     16                             20             24             28

Of ESP (RFC 4303 §2) it is the SPI and the sequence number, four octets each.
"""

from __future__ import annotations

import struct
from typing import Final

from nodes.base.errors import WireError
from nodes.decode.layers import Field, Result, Step, layer_of, octet_fields, octets

_HEADER = struct.Struct("!8s8sBBBBII")
_ENCRYPTED: Final = 0x01
_FLAGS: Final = ((_ENCRYPTED, "encrypted"), (0x02, "commit"), (0x04, "authentication only"))
_EXCHANGES: Final = {
    0: "None",
    1: "Base",
    2: "Identity Protection (Main Mode)",
    3: "Authentication Only",
    4: "Aggressive",
    5: "Informational",
    32: "Quick Mode",
    33: "New Group Mode",
}
_PAYLOADS: Final = {
    0: "none",
    1: "security association",
    2: "proposal",
    3: "transform",
    4: "key exchange",
    5: "identification",
    6: "certificate",
    7: "certificate request",
    8: "hash",
    9: "signature",
    10: "nonce",
    11: "notification",
    12: "delete",
    13: "vendor ID",
    20: "NAT discovery",
    21: "NAT original address",
}


def isakmp_layer(step: Step) -> Result:
    if len(step.data) < _HEADER.size:
        if step.quoted:
            return Result(layer_of(step, f"the first {octets(len(step.data))} of a message"))
        raise WireError(f"an ISAKMP header has 28 octets, only {len(step.data)} are there")
    initiator, responder, payload, version, exchange, flags, message_id, length = _HEADER.unpack_from(step.data)
    flag_names = ", ".join(name for bit, name in _FLAGS if flags & bit)
    # The numbers of exchanges are IKEv1's; another major version counts anew.
    known = _EXCHANGES.get(exchange) if version >> 4 == 1 else None
    fields = [
        Field("Initiator cookie", initiator.hex()),
        Field("Responder cookie", responder.hex()),
        Field("Next payload", f"{_PAYLOADS.get(payload, 'unknown')} ({payload})"),
        Field("Version", f"{version >> 4}.{version & 15}"),
        Field("Exchange type", f"{known or 'unknown'} ({exchange})"),
        Field("Flags", f"0x{flags:02x} ({flag_names or 'none'})"),
        Field("Message ID", f"0x{message_id:08x}"),
        Field("Length", octets(length)),
    ]
    text = known or f"version {version >> 4}.{version & 15}, exchange type {exchange}"
    if flags & _ENCRYPTED:
        text += ", encrypted"
    if step.whole and not _HEADER.size <= length <= len(step.data):
        reason = f"ISAKMP length {length}, but {octets(len(step.data))} are there"
        return Result(layer_of(step, text, tuple(fields)), None, reason)
    body = step.data[_HEADER.size : max(length, _HEADER.size)]
    if body:
        fields += octet_fields("Encrypted payloads" if flags & _ENCRYPTED else "Payloads", body)
    return Result(layer_of(step, text, tuple(fields)))


def esp_layer(step: Step) -> Result:
    if len(step.data) < 8:
        raise WireError(f"an ESP header has 8 octets, only {len(step.data)} are there")
    spi, sequence = struct.unpack_from("!II", step.data)
    fields = [Field("SPI", f"0x{spi:08x} ({spi})"), Field("Sequence number", str(sequence))]
    if len(step.data) > 8:
        fields += octet_fields("Encrypted data", step.data[8:])
    return Result(layer_of(step, f"SPI=0x{spi:08x} seq={sequence}", tuple(fields)))
