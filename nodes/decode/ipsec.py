"""ISAKMP and ESP as layers: what anybody on the way can read of them.

ISAKMP's header (RFC 2408 §3.1) is in the clear even when the payloads behind it are encrypted::

     0                              8                              16
     +------------------------------+------------------------------+
     |      initiator's cookie      |      responder's cookie      |
     +-------+-------+------+-------+--------------+---------------+
     | next  |version| exch.| flags |  message ID  |    length     |
     +-------+-------+------+-------+--------------+---------------+
     16                             20             24             28

Payloads in the clear are taken apart by :mod:`nodes.decode.payloads`. Of ESP (RFC 4303 §2) the SPI and the sequence
number can be read, four octets each.
"""

from __future__ import annotations

import struct
from typing import Final

from nodes.base.errors import WireError
from nodes.decode.layers import Field, Result, Step, layer_of, octet_fields, octets
from nodes.decode.payloads import NAMES, named, payload_fields
from nodes.wire import esp
from nodes.wire.doi import Exchange
from nodes.wire.isakmp import FLAG_AUTHENTICATION_ONLY, FLAG_COMMIT, FLAG_ENCRYPTION, HEADER_LENGTH

_HEADER = struct.Struct("!8s8sBBBBII")
_FLAGS: Final = (
    (FLAG_ENCRYPTION, "encrypted"),
    (FLAG_COMMIT, "commit"),
    (FLAG_AUTHENTICATION_ONLY, "authentication only"),
)
_EXCHANGES: Final = {
    0: "None",
    Exchange.BASE: "Base",
    Exchange.IDENTITY_PROTECTION: "Identity Protection (Main Mode)",
    Exchange.AUTHENTICATION_ONLY: "Authentication Only",
    Exchange.AGGRESSIVE: "Aggressive",
    Exchange.INFORMATIONAL: "Informational",
    Exchange.QUICK_MODE: "Quick Mode",
    Exchange.NEW_GROUP: "New Group Mode",
}


def isakmp_layer(step: Step) -> Result:
    if len(step.data) < HEADER_LENGTH:
        if step.quoted:
            return Result(layer_of(step, f"the first {octets(len(step.data))} of a message"))
        raise WireError(f"an ISAKMP header has 28 octets, only {len(step.data)} are there")
    initiator, responder, payload, version, exchange, flags, message_id, length = _HEADER.unpack_from(step.data)
    flag_names = ", ".join(name for bit, name in _FLAGS if flags & bit)
    # The numbers of exchanges and payloads are IKEv1's; another major version counts anew.
    ours = version >> 4 == 1
    known = _EXCHANGES.get(exchange) if ours else None
    fields = [
        Field("Initiator cookie", initiator.hex()),
        Field("Responder cookie", responder.hex()),
        Field("Next payload", named(NAMES, payload)),
        Field("Version", f"{version >> 4}.{version & 15}"),
        Field("Exchange type", f"{known or 'unknown'} ({exchange})"),
        Field("Flags", f"0x{flags:02x} ({flag_names or 'none'})"),
        Field("Message ID", f"0x{message_id:08x}"),
        Field("Length", octets(length)),
    ]
    text = known or f"version {version >> 4}.{version & 15}, exchange type {exchange}"
    if flags & FLAG_ENCRYPTION:
        text += ", encrypted"
    if step.whole and not HEADER_LENGTH <= length <= len(step.data):
        reason = f"ISAKMP length {length}, but {octets(len(step.data))} are there"
        return Result(layer_of(step, text, tuple(fields)), None, reason)
    body = step.data[HEADER_LENGTH : max(length, HEADER_LENGTH)]
    broken = ""
    if flags & FLAG_ENCRYPTION:
        fields += octet_fields("Encrypted payloads", body) if body else ()
    elif not ours:
        fields += octet_fields("Payloads", body) if body else ()
    else:
        found = payload_fields(payload, body)
        fields += found.fields
        text = ", ".join((text, *found.notes))
        # Of a part of a message the last payload is cut short, and that is not its sender's fault.
        broken = found.broken if step.whole else ""
    return Result(layer_of(step, text, tuple(fields)), None, broken)


def esp_layer(step: Step) -> Result:
    spi, sequence = esp.peek(step.data)
    fields = [Field("SPI", f"0x{spi:08x} ({spi})"), Field("Sequence number", str(sequence))]
    if len(step.data) > esp.HEADER_LENGTH:
        fields += octet_fields("Encrypted data", step.data[esp.HEADER_LENGTH :])
    return Result(layer_of(step, f"SPI=0x{spi:08x} seq={sequence}", tuple(fields)))
