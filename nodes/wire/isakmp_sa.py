"""The SA payload of ISAKMP: proposals, transforms and their attributes (RFC 2408 §3.3 to §3.6).

::

    +---------------------------------------------------------------+
    |               Domain of interpretation (IPsec: 1)             |   SA, with its proposals inside
    +---------------------------------------------------------------+
    |               Situation (SIT_IDENTITY_ONLY: 1)                |
    +---------------+---------------+---------------+---------------+
    |  Proposal #   |   Protocol    |   SPI size    | # transforms  |   proposal, then SPI and transforms
    +---------------+---------------+---------------+---------------+
    |  Transform #  | Transform ID  |           Reserved            |   transform, then attributes
    +---------------+---------------+-------------------------------+
    |1|  Attribute type (basic)     |           Value               |
    |0|  Attribute type (variable)  |     Length, then the value    |
    +-------------------------------+-------------------------------+

Attributes keep their order and encoding, so that a responder can return the chosen transform unchanged (RFC 2408
§4.2), and ``build`` of what was parsed gives the same octets.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from nodes.base.errors import WireError
from nodes.wire.doi import IPSEC_DOI, SIT_IDENTITY_ONLY, PayloadType
from nodes.wire.isakmp import GENERIC, PAYLOADS_MAX, parse_generic, with_generic

_U16 = struct.Struct("!H")
_ATTRIBUTE = struct.Struct("!HH")
_SA_FIXED = struct.Struct("!II")
_PROPOSAL_FIXED = struct.Struct("!BBBB")
_TRANSFORM_FIXED = struct.Struct("!BBH")
_BASIC: Final = 0x8000


class Attribute(NamedTuple):
    """A data attribute (RFC 2408 §3.3): in the basic form two octets of value, in the variable form any number."""

    type: int
    value: bytes
    basic: bool

    @property
    def number(self) -> int:
        return int.from_bytes(self.value, "big")

    def build(self) -> bytes:
        if not 0 <= self.type < _BASIC:
            raise ValueError(f"{self.type} is no attribute type")
        if self.basic:
            if len(self.value) != 2:
                raise ValueError("a basic attribute has two octets of value")
            return _U16.pack(self.type | _BASIC) + self.value
        return _ATTRIBUTE.pack(self.type, len(self.value)) + self.value


def basic(kind: int, number: int) -> Attribute:
    """An attribute in the basic form; ``number`` is in 0..65535."""
    return Attribute(kind, number.to_bytes(2, "big"), True)


def variable(kind: int, number: int, length: int = 4) -> Attribute:
    """An attribute in the variable form with ``length`` octets of value."""
    return Attribute(kind, number.to_bytes(length, "big"), False)


def shortest(kind: int, number: int) -> Attribute:
    """Basic when the number fits into 16 bits, else variable with four octets: as IOS sends lifetimes."""
    return basic(kind, number) if number < 0x10000 else variable(kind, number)


@dataclass(frozen=True, slots=True)
class Transform:
    """RFC 2408 §3.6: ``id`` is a transform of the proposal's protocol (KEY_IKE, an EspTransform…)."""

    number: int
    id: int
    attributes: tuple[Attribute, ...]

    def build(self) -> bytes:
        return _TRANSFORM_FIXED.pack(self.number, self.id, 0) + b"".join(item.build() for item in self.attributes)


@dataclass(frozen=True, slots=True)
class Proposal:
    """RFC 2408 §3.5. Proposals of one number belong together (AND); different numbers are alternatives (OR)."""

    number: int
    protocol: int
    spi: bytes
    transforms: tuple[Transform, ...]

    def build(self) -> bytes:
        body = _PROPOSAL_FIXED.pack(self.number, self.protocol, len(self.spi), len(self.transforms)) + self.spi
        return body + _chain(PayloadType.TRANSFORM, [item.build() for item in self.transforms])


@dataclass(frozen=True, slots=True)
class SecurityAssociation:
    """The SA payload (RFC 2408 §3.4) of the IPsec DOI with SIT_IDENTITY_ONLY, the only situation in use."""

    proposals: tuple[Proposal, ...]

    def build(self) -> bytes:
        fixed = _SA_FIXED.pack(IPSEC_DOI, SIT_IDENTITY_ONLY)
        return fixed + _chain(PayloadType.PROPOSAL, [item.build() for item in self.proposals])


def parse_sa(body: bytes) -> SecurityAssociation:
    if len(body) < _SA_FIXED.size:
        raise WireError(f"an SA payload of {len(body)} octets")
    domain, situation = _SA_FIXED.unpack_from(body)
    # A phase 1 proposal may also come under the general ISAKMP DOI (RFC 2408 §3.4), but it has no meaning for us.
    if domain != IPSEC_DOI:
        raise WireError(f"domain of interpretation {domain}, not IPsec")
    if situation != SIT_IDENTITY_ONLY:
        raise WireError(f"situation {situation:#x}, not SIT_IDENTITY_ONLY")
    return SecurityAssociation(
        tuple(_parse_proposal(item) for item in _unchain(PayloadType.PROPOSAL, body, _SA_FIXED.size))
    )


def _parse_proposal(body: bytes) -> Proposal:
    if len(body) < _PROPOSAL_FIXED.size:
        raise WireError(f"a proposal payload of {len(body)} octets")
    number, protocol, spi_length, count = _PROPOSAL_FIXED.unpack_from(body)
    at = _PROPOSAL_FIXED.size + spi_length
    if at > len(body):
        raise WireError(f"an SPI of {spi_length} octets in a proposal of {len(body)}")
    transforms = tuple(_parse_transform(item) for item in _unchain(PayloadType.TRANSFORM, body, at))
    if len(transforms) != count:
        raise WireError(f"{len(transforms)} transforms in a proposal that announces {count}")
    return Proposal(number, protocol, body[_PROPOSAL_FIXED.size : at], transforms)


def _parse_transform(body: bytes) -> Transform:
    if len(body) < _TRANSFORM_FIXED.size:
        raise WireError(f"a transform payload of {len(body)} octets")
    number, identifier, _ = _TRANSFORM_FIXED.unpack_from(body)
    return Transform(number, identifier, parse_attributes(body[_TRANSFORM_FIXED.size :]))


def parse_attributes(data: bytes) -> tuple[Attribute, ...]:
    """A run of attributes that fills ``data`` exactly."""
    attributes = []
    at = 0
    while at < len(data):
        if len(data) - at < _ATTRIBUTE.size:
            raise WireError("an attribute is cut short")
        kind, length = _ATTRIBUTE.unpack_from(data, at)
        if kind & _BASIC:
            attributes.append(Attribute(kind & ~_BASIC, data[at + 2 : at + 4], True))
            at += 4
            continue
        end = at + 4 + length
        if end > len(data):
            raise WireError(f"an attribute of {length} octets, and {len(data) - at - 4} are there")
        attributes.append(Attribute(kind, data[at + 4 : end], False))
        at = end
    return tuple(attributes)


def _chain(kind: int, bodies: Sequence[bytes]) -> bytes:
    """Proposals or transforms: each names its own kind as the next payload, the last names 0 (RFC 2408 §3.5, §3.6)."""
    last = len(bodies) - 1
    return b"".join(with_generic(kind if index < last else 0, body) for index, body in enumerate(bodies))


def _unchain(kind: int, data: bytes, start: int) -> list[bytes]:
    """The bodies of a run of proposals or transforms that fills ``data`` from ``start`` to its end."""
    bodies: list[bytes] = []
    at = start
    more = True
    while more:
        if len(bodies) == PAYLOADS_MAX:
            raise WireError(f"more than {PAYLOADS_MAX} proposals or transforms")
        following, length = parse_generic(data, at, len(data))
        if following not in (PayloadType.NONE, kind):
            raise WireError(f"payload {following} among those of type {kind}")
        bodies.append(data[at + GENERIC.size : at + length])
        at += length
        more = following == kind
    if at != len(data):
        raise WireError(f"{len(data) - at} octets after the last payload of type {kind}")
    return bodies
