"""Numbers of ISAKMP, IKEv1 and the IPsec DOI, with the names that RFCs and consoles use.

Sources: RFC 2408 (ISAKMP), RFC 2407 (the IPsec domain of interpretation), RFC 2409 Appendix A (IKE), RFC 3526 (groups),
RFC 3602 (AES), RFC 3947 (NAT traversal), and the IANA registries for what came later. Every number of an open registry
is a plain int on the wire: an IntEnum here names those we know, :func:`name` shows the rest as numbers.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

ISAKMP_PORT: Final = 500
#: IKE and ESP behind a translator (RFC 3947 §4).
NAT_T_PORT: Final = 4500

#: RFC 2407 §4.2: the situation of a peer that uses no labels.
SIT_IDENTITY_ONLY: Final = 1
IPSEC_DOI: Final = 1
ISAKMP_DOI: Final = 0


class PayloadType(IntEnum):
    """RFC 2408 §3.1; 20 and 21: RFC 3947 §6."""

    NONE = 0
    SA = 1
    PROPOSAL = 2
    TRANSFORM = 3
    KE = 4
    ID = 5
    CERTIFICATE = 6
    CERTIFICATE_REQUEST = 7
    HASH = 8
    SIGNATURE = 9
    NONCE = 10
    NOTIFY = 11
    DELETE = 12
    VENDOR = 13
    NAT_D = 20
    NAT_OA = 21


class Exchange(IntEnum):
    """RFC 2408 §3.1; 32 and 33: RFC 2409 Appendix A."""

    BASE = 1
    IDENTITY_PROTECTION = 2
    AUTHENTICATION_ONLY = 3
    AGGRESSIVE = 4
    INFORMATIONAL = 5
    QUICK_MODE = 32
    NEW_GROUP = 33


class Protocol(IntEnum):
    """RFC 2407 §4.4.1."""

    ISAKMP = 1
    AH = 2
    ESP = 3
    IPCOMP = 4


#: RFC 2407 §4.4.2: the only transform identifier of phase 1.
KEY_IKE: Final = 1


class EspTransform(IntEnum):
    """RFC 2407 §4.4.4; 12: RFC 3602."""

    DES_IV64 = 1
    DES = 2
    TRIPLE_DES = 3
    RC5 = 4
    IDEA = 5
    CAST = 6
    BLOWFISH = 7
    NULL = 11
    AES = 12
    AES_CTR = 13
    AES_GCM_8 = 18
    AES_GCM_12 = 19
    AES_GCM_16 = 20


class IkeAttribute(IntEnum):
    """Attributes of a phase 1 transform, RFC 2409 Appendix A."""

    ENCRYPTION = 1
    HASH = 2
    AUTHENTICATION = 3
    GROUP = 4
    GROUP_TYPE = 5
    GROUP_PRIME = 6
    LIFE_TYPE = 11
    LIFE_DURATION = 12
    PRF = 13
    KEY_LENGTH = 14


class IkeCipher(IntEnum):
    DES = 1
    IDEA = 2
    BLOWFISH = 3
    RC5 = 4
    TRIPLE_DES = 5
    CAST = 6
    AES = 7


class IkeHash(IntEnum):
    """4 to 6: the IANA registry."""

    MD5 = 1
    SHA = 2
    TIGER = 3
    SHA256 = 4
    SHA384 = 5
    SHA512 = 6


class IkeAuthentication(IntEnum):
    PRE_SHARED = 1
    DSS_SIGNATURES = 2
    RSA_SIGNATURES = 3
    RSA_ENCRYPTION = 4
    REVISED_RSA_ENCRYPTION = 5


class LifeType(IntEnum):
    """The same numbers in both phases: RFC 2409 Appendix A, RFC 2407 §4.5."""

    SECONDS = 1
    KILOBYTES = 2


class IpsecAttribute(IntEnum):
    """Attributes of a phase 2 transform, RFC 2407 §4.5."""

    LIFE_TYPE = 1
    LIFE_DURATION = 2
    GROUP = 3
    ENCAPSULATION = 4
    AUTHENTICATION = 5
    KEY_LENGTH = 6
    KEY_ROUNDS = 7
    EXTENDED_SEQUENCE = 11


class Encapsulation(IntEnum):
    """3 and 4: RFC 3947 §5.1."""

    TUNNEL = 1
    TRANSPORT = 2
    UDP_TUNNEL = 3
    UDP_TRANSPORT = 4


class IpsecAuthentication(IntEnum):
    """5 to 7: the IANA registry, used by RFC 4868."""

    HMAC_MD5 = 1
    HMAC_SHA = 2
    DES_MAC = 3
    KPDK = 4
    HMAC_SHA256 = 5
    HMAC_SHA384 = 6
    HMAC_SHA512 = 7


class IdType(IntEnum):
    """RFC 2407 §4.6.2.1."""

    IPV4_ADDR = 1
    FQDN = 2
    USER_FQDN = 3
    IPV4_ADDR_SUBNET = 4
    IPV6_ADDR = 5
    IPV6_ADDR_SUBNET = 6
    IPV4_ADDR_RANGE = 7
    IPV6_ADDR_RANGE = 8
    DER_ASN1_DN = 9
    DER_ASN1_GN = 10
    KEY_ID = 11


class Notify(IntEnum):
    """RFC 2408 §3.14.1; from 24576 on: RFC 2407 §4.6.3; 36136 and 36137: RFC 3706."""

    INVALID_PAYLOAD_TYPE = 1
    DOI_NOT_SUPPORTED = 2
    SITUATION_NOT_SUPPORTED = 3
    INVALID_COOKIE = 4
    INVALID_MAJOR_VERSION = 5
    INVALID_MINOR_VERSION = 6
    INVALID_EXCHANGE_TYPE = 7
    INVALID_FLAGS = 8
    INVALID_MESSAGE_ID = 9
    INVALID_PROTOCOL_ID = 10
    INVALID_SPI = 11
    INVALID_TRANSFORM_ID = 12
    ATTRIBUTES_NOT_SUPPORTED = 13
    NO_PROPOSAL_CHOSEN = 14
    BAD_PROPOSAL_SYNTAX = 15
    PAYLOAD_MALFORMED = 16
    INVALID_KEY_INFORMATION = 17
    INVALID_ID_INFORMATION = 18
    INVALID_CERT_ENCODING = 19
    INVALID_CERTIFICATE = 20
    CERT_TYPE_UNSUPPORTED = 21
    INVALID_CERT_AUTHORITY = 22
    INVALID_HASH_INFORMATION = 23
    AUTHENTICATION_FAILED = 24
    INVALID_SIGNATURE = 25
    ADDRESS_NOTIFICATION = 26
    NOTIFY_SA_LIFETIME = 27
    CERTIFICATE_UNAVAILABLE = 28
    UNSUPPORTED_EXCHANGE_TYPE = 29
    UNEQUAL_PAYLOAD_LENGTHS = 30
    CONNECTED = 16384
    RESPONDER_LIFETIME = 24576
    REPLAY_STATUS = 24577
    INITIAL_CONTACT = 24578
    R_U_THERE = 36136
    R_U_THERE_ACK = 36137


#: Below this a notify message reports an error, from here on a status (RFC 2408 §3.14.1).
NOTIFY_STATUS: Final = 16384


def name(kind: type[IntEnum], number: int) -> str:
    """``name(Notify, 14)`` -> ``"NO_PROPOSAL_CHOSEN"``; a number that ``kind`` does not know -> the number."""
    try:
        return kind(number).name
    except ValueError:
        return str(number)
