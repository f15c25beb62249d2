"""ISAKMP payloads in the clear as fields, under the names that RFC 2407, 2408 and 2409 give to their numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from nodes.base.addr import format_ipv4
from nodes.base.errors import WireError
from nodes.decode.layers import Field, octet_fields, octets, printable
from nodes.wire.doi import (
    IPSEC_DOI,
    ISAKMP_DOI,
    KEY_IKE,
    SIT_IDENTITY_ONLY,
    Encapsulation,
    EspTransform,
    IdType,
    IkeAttribute,
    IkeAuthentication,
    IkeCipher,
    IkeHash,
    IpsecAttribute,
    IpsecAuthentication,
    LifeType,
    Notify,
    PayloadType,
    Protocol,
)
from nodes.wire.isakmp import (
    GENERIC,
    PAYLOADS_MAX,
    parse_delete,
    parse_generic,
    parse_id,
    parse_notify,
    parse_original_address,
)
from nodes.wire.isakmp_sa import Attribute, Proposal, parse_sa

_Names = Mapping[int, str]

#: Octets that are shown on one line at most.
_SHOWN: Final = 64

#: RFC 2408 §3.1; 20 and 21: RFC 3947 §6.
NAMES: Final[_Names] = {
    PayloadType.NONE: "none",
    PayloadType.SA: "security association",
    PayloadType.PROPOSAL: "proposal",
    PayloadType.TRANSFORM: "transform",
    PayloadType.KE: "key exchange",
    PayloadType.ID: "identification",
    PayloadType.CERTIFICATE: "certificate",
    PayloadType.CERTIFICATE_REQUEST: "certificate request",
    PayloadType.HASH: "hash",
    PayloadType.SIGNATURE: "signature",
    PayloadType.NONCE: "nonce",
    PayloadType.NOTIFY: "notification",
    PayloadType.DELETE: "delete",
    PayloadType.VENDOR: "vendor ID",
    PayloadType.NAT_D: "NAT discovery",
    PayloadType.NAT_OA: "NAT original address",
}

_DOIS: Final[_Names] = {ISAKMP_DOI: "ISAKMP", IPSEC_DOI: "IPSEC"}
_PROTOCOLS: Final[_Names] = {
    Protocol.ISAKMP: "PROTO_ISAKMP",
    Protocol.AH: "PROTO_IPSEC_AH",
    Protocol.ESP: "PROTO_IPSEC_ESP",
    Protocol.IPCOMP: "PROTO_IPCOMP",
}
_ESP_TRANSFORMS: Final[_Names] = {
    kind: {EspTransform.TRIPLE_DES: "ESP_3DES", EspTransform.AES: "ESP_AES-CBC"}.get(kind, f"ESP_{kind.name}")
    for kind in EspTransform
}
_TRANSFORMS: Final[Mapping[int, _Names]] = {Protocol.ISAKMP: {KEY_IKE: "KEY_IKE"}, Protocol.ESP: _ESP_TRANSFORMS}

#: RFC 2409 §6, RFC 3526 and RFC 5903.
_GROUPS: Final[_Names] = {
    1: "default 768-bit MODP group",
    2: "alternate 1024-bit MODP group",
    5: "1536-bit MODP group",
    14: "2048-bit MODP group",
    15: "3072-bit MODP group",
    16: "4096-bit MODP group",
    19: "256-bit random ECP group",
    20: "384-bit random ECP group",
}
_LIFE_TYPES: Final[_Names] = {LifeType.SECONDS: "seconds", LifeType.KILOBYTES: "kilobytes"}

#: RFC 2409 Appendix A: attribute -> its name, and the names of its values where they are an enumeration.
_IKE_ATTRIBUTES: Final[Mapping[int, tuple[str, _Names]]] = {
    IkeAttribute.ENCRYPTION: (
        "Encryption Algorithm",
        {
            IkeCipher.DES: "DES-CBC",
            IkeCipher.IDEA: "IDEA-CBC",
            IkeCipher.BLOWFISH: "Blowfish-CBC",
            IkeCipher.RC5: "RC5-R16-B64-CBC",
            IkeCipher.TRIPLE_DES: "3DES-CBC",
            IkeCipher.CAST: "CAST-CBC",
            IkeCipher.AES: "AES-CBC",
        },
    ),
    IkeAttribute.HASH: (
        "Hash Algorithm",
        {
            IkeHash.MD5: "MD5",
            IkeHash.SHA: "SHA",
            IkeHash.TIGER: "Tiger",
            IkeHash.SHA256: "SHA2-256",
            IkeHash.SHA384: "SHA2-384",
            IkeHash.SHA512: "SHA2-512",
        },
    ),
    IkeAttribute.AUTHENTICATION: (
        "Authentication Method",
        {
            IkeAuthentication.PRE_SHARED: "pre-shared key",
            IkeAuthentication.DSS_SIGNATURES: "DSS signatures",
            IkeAuthentication.RSA_SIGNATURES: "RSA signatures",
            IkeAuthentication.RSA_ENCRYPTION: "encryption with RSA",
            IkeAuthentication.REVISED_RSA_ENCRYPTION: "revised encryption with RSA",
        },
    ),
    IkeAttribute.GROUP: ("Group Description", _GROUPS),
    IkeAttribute.GROUP_TYPE: ("Group Type", {1: "MODP", 2: "ECP", 3: "EC2N"}),
    IkeAttribute.GROUP_PRIME: ("Group Prime", {}),
    IkeAttribute.LIFE_TYPE: ("Life Type", _LIFE_TYPES),
    IkeAttribute.LIFE_DURATION: ("Life Duration", {}),
    IkeAttribute.PRF: ("PRF", {}),
    IkeAttribute.KEY_LENGTH: ("Key Length", {}),
}
#: RFC 2407 §4.5, in the same form.
_IPSEC_ATTRIBUTES: Final[Mapping[int, tuple[str, _Names]]] = {
    IpsecAttribute.LIFE_TYPE: ("SA Life Type", _LIFE_TYPES),
    IpsecAttribute.LIFE_DURATION: ("SA Life Duration", {}),
    IpsecAttribute.GROUP: ("Group Description", _GROUPS),
    IpsecAttribute.ENCAPSULATION: (
        "Encapsulation Mode",
        {
            Encapsulation.TUNNEL: "Tunnel",
            Encapsulation.TRANSPORT: "Transport",
            Encapsulation.UDP_TUNNEL: "UDP-Encapsulated-Tunnel",
            Encapsulation.UDP_TRANSPORT: "UDP-Encapsulated-Transport",
        },
    ),
    IpsecAttribute.AUTHENTICATION: (
        "Authentication Algorithm",
        {
            IpsecAuthentication.HMAC_MD5: "HMAC-MD5",
            IpsecAuthentication.HMAC_SHA: "HMAC-SHA",
            IpsecAuthentication.DES_MAC: "DES-MAC",
            IpsecAuthentication.KPDK: "KPDK",
            IpsecAuthentication.HMAC_SHA256: "HMAC-SHA2-256",
            IpsecAuthentication.HMAC_SHA384: "HMAC-SHA2-384",
            IpsecAuthentication.HMAC_SHA512: "HMAC-SHA2-512",
        },
    ),
    IpsecAttribute.KEY_LENGTH: ("Key Length", {}),
    IpsecAttribute.KEY_ROUNDS: ("Key Rounds", {}),
    IpsecAttribute.EXTENDED_SEQUENCE: ("Extended Sequence Number", {}),
}
_ID_TYPES: Final[_Names] = {kind: f"ID_{kind.name}" for kind in IdType}
_NOTIFICATIONS: Final[_Names] = {kind: kind.name.replace("_", "-") for kind in Notify}

#: Vendor IDs by how they start: what follows is a version. Most are the MD5 of a text, often of the name shown here.
_VENDORS: Final[Mapping[bytes, str]] = {
    bytes.fromhex(start): name
    for start, name in {
        "09002689dfd6b712": "XAUTH",
        "12f5f28c457168a9702d9fe274cc": "Cisco Unity",
        "4048b7d56ebce88525e7de7f00d6c2d3": "FRAGMENTATION",
        "4485152d18b6bbcd0be8a8469579ddcc": "draft-ietf-ipsec-nat-t-ike-00",
        "cd60464335df21f87cfdb2fc68b6a448": "draft-ietf-ipsec-nat-t-ike-02",
        "90cb80913ebb696e086381b5ec427b1f": "draft-ietf-ipsec-nat-t-ike-02 (with a line feed)",
        "7d9419a65310ca6f2c179d9215529d56": "draft-ietf-ipsec-nat-t-ike-03",
        "4a131c81070358455c5728f20e95452f": "RFC 3947 (NAT traversal)",
        "882fe56d6fd20dbc2251613b2ebe5beb": "strongSwan",
        "afcad71368a1f1c96b8696fc7757": "RFC 3706 (dead peer detection)",
        "b4d49b0edea266eeca396b61e98d06a6": "wirelab",
    }.items()
}


def named(names: _Names, number: int) -> str:
    """``named(NAMES, 8)`` -> ``"hash (8)"``."""
    return f"{names.get(number, 'unknown')} ({number})"


@dataclass(frozen=True, slots=True)
class Payloads:
    """A chain of payloads as fields. ``notes`` are for the summary: what is notified; ``broken`` says what was wrong
    with the first payload that could not be read, "" when all could."""

    fields: list[Field]
    notes: list[str]
    broken: str


def payload_fields(first: int, data: bytes) -> Payloads:
    """The payloads in ``data``, of which the first is of type ``first`` (RFC 2408 §3.2). Never raises."""
    fields: list[Field] = []
    notes: list[str] = []
    broken = ""
    kind, at = first, 0
    for _ in range(PAYLOADS_MAX):
        if kind == PayloadType.NONE:
            if at < len(data):
                fields += octet_fields("Padding", data[at:])
            return Payloads(fields, notes, broken)
        name = NAMES.get(kind, f"payload {kind}")
        try:
            following, length = parse_generic(data, at, len(data))
        except WireError as error:
            if at < len(data):
                fields += octet_fields(f"Beginning of a {name}", data[at:])
            return Payloads(fields, notes, broken or f"{name}: {error}")
        body = data[at + GENERIC.size : at + length]
        fields.append(Field(name[0].upper() + name[1:], octets(length)))
        try:
            fields += _READERS.get(kind, _plain)(body)
        except WireError as error:
            fields += octet_fields("Content", body, 1)
            broken = broken or f"{name}: {error}"
        else:
            if kind == PayloadType.NOTIFY:
                number = parse_notify(body).type
                notes.append(_NOTIFICATIONS.get(number, f"notification {number}"))
            elif kind == PayloadType.DELETE:
                notes.append("delete")
        kind, at = following, at + length
    return Payloads(fields, notes, broken or f"more than {PAYLOADS_MAX} payloads")


def _plain(body: bytes) -> list[Field]:
    return list(octet_fields("Content", body, 1)) if body else []


def _security_association(body: bytes) -> list[Field]:
    proposals = parse_sa(body).proposals
    fields = [
        Field("Domain of interpretation", named(_DOIS, IPSEC_DOI), 1),
        Field("Situation", f"SIT_IDENTITY_ONLY ({SIT_IDENTITY_ONLY})", 1),
    ]
    for proposal in proposals:
        fields += _proposal(proposal)
    return fields


def _proposal(proposal: Proposal) -> list[Field]:
    fields = [Field(f"Proposal {proposal.number}", named(_PROTOCOLS, proposal.protocol), 1)]
    if proposal.spi:
        fields.append(Field("SPI", _spi(proposal.spi), 2))
    identifiers = _TRANSFORMS.get(proposal.protocol, {})
    attributes = _IKE_ATTRIBUTES if proposal.protocol == Protocol.ISAKMP else _IPSEC_ATTRIBUTES
    for transform in proposal.transforms:
        fields.append(Field(f"Transform {transform.number}", named(identifiers, transform.id), 2))
        fields += [_attribute(attributes, item) for item in transform.attributes]
    return fields


def _attribute(known: Mapping[int, tuple[str, _Names]], item: Attribute) -> Field:
    name, values = known.get(item.type, (f"Attribute {item.type}", {}))
    # Numbers are at most a lifetime of 64 bits; what is longer, such as a prime, is octets.
    value = str(item.number) if len(item.value) <= 8 else _hex(item.value)
    return Field(name, named(values, item.number) if values else value, 3)


def _identification(body: bytes) -> list[Field]:
    found = parse_id(body)
    match found.type:
        case IdType.IPV4_ADDR:
            data = _ipv4(found.data)
        case IdType.IPV4_ADDR_SUBNET:
            data = f"{_ipv4(found.data[:4])}/{_ipv4(found.data[4:])}"
        case IdType.IPV4_ADDR_RANGE:
            data = f"{_ipv4(found.data[:4])}-{_ipv4(found.data[4:])}"
        case IdType.FQDN | IdType.USER_FQDN:
            data = printable(found.data[:_SHOWN])
        case _:
            data = _hex(found.data)
    return [
        Field("Type", named(_ID_TYPES, found.type), 1),
        Field("Protocol", str(found.protocol), 1),
        Field("Port", str(found.port), 1),
        Field("Identity", data, 1),
    ]


def _notification(body: bytes) -> list[Field]:
    found = parse_notify(body)
    fields = [
        Field("Domain of interpretation", named(_DOIS, found.doi), 1),
        Field("Protocol", named(_PROTOCOLS, found.protocol), 1),
        Field("Type", named(_NOTIFICATIONS, found.type), 1),
    ]
    if found.spi:
        fields.append(Field("SPI", _spi(found.spi), 1))
    if found.data:
        fields += octet_fields("Notification data", found.data, 1)
    return fields


def _delete(body: bytes) -> list[Field]:
    found = parse_delete(body)
    return [
        Field("Domain of interpretation", named(_DOIS, found.doi), 1),
        Field("Protocol", named(_PROTOCOLS, found.protocol), 1),
        *(Field("SPI", _spi(spi), 1) for spi in found.spis),
    ]


def _vendor(body: bytes) -> list[Field]:
    name = next((name for start, name in _VENDORS.items() if body.startswith(start)), "unknown")
    return [Field("Vendor", name, 1), Field("ID", _hex(body), 1)]


def _original_address(body: bytes) -> list[Field]:
    found = parse_original_address(body)
    data = _ipv4(found.data) if found.type == IdType.IPV4_ADDR else found.data.hex(":", 2)
    return [Field("Type", named(_ID_TYPES, found.type), 1), Field("Address", data, 1)]


def _spi(spi: bytes) -> str:
    """Four octets are ESP's or AH's; sixteen are both cookies of an ISAKMP SA."""
    return f"0x{spi.hex()}" if len(spi) == 4 else _hex(spi)


def _hex(data: bytes) -> str:
    return data.hex() if len(data) <= _SHOWN else f"{data[:_SHOWN].hex()}... ({octets(len(data))})"


def _ipv4(data: bytes) -> str:
    return format_ipv4(int.from_bytes(data, "big"))


_READERS: Final[Mapping[int, Callable[[bytes], list[Field]]]] = {
    PayloadType.SA: _security_association,
    PayloadType.ID: _identification,
    PayloadType.NOTIFY: _notification,
    PayloadType.DELETE: _delete,
    PayloadType.VENDOR: _vendor,
    PayloadType.NAT_OA: _original_address,
}
