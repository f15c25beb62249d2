"""Policies and transform sets as SA payloads, and the choice among what a peer offers.

Order and encoding of what we offer are those of IOS. What a peer offers may differ in both; only values are compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from nodes.base.addr import IPV4_MAX
from nodes.base.errors import WireError
from nodes.crypto.groups import GROUPS
from nodes.engine.ike.config import MapEntry, Policy, TransformSet
from nodes.esp.association import EspTransform, Mode, Proxies, Selector
from nodes.wire import doi, isakmp, isakmp_sa
from nodes.wire.doi import IkeAttribute, IpsecAttribute
from nodes.wire.isakmp import Identification
from nodes.wire.isakmp_sa import Attribute, Proposal, SecurityAssociation, Transform, basic, shortest, variable

#: Where debug lines go.
Say = Callable[[str], None]

IKE_CIPHERS: Final = {
    "des": (doi.IkeCipher.DES, 0),
    "3des": (doi.IkeCipher.TRIPLE_DES, 0),
    "aes-128": (doi.IkeCipher.AES, 128),
    "aes-192": (doi.IkeCipher.AES, 192),
    "aes-256": (doi.IkeCipher.AES, 256),
}
IKE_HASHES: Final = {
    "md5": doi.IkeHash.MD5,
    "sha1": doi.IkeHash.SHA,
    "sha256": doi.IkeHash.SHA256,
    "sha384": doi.IkeHash.SHA384,
    "sha512": doi.IkeHash.SHA512,
}
ESP_CIPHERS: Final = {
    "null": (doi.EspTransform.NULL, 0),
    "des": (doi.EspTransform.DES, 0),
    "3des": (doi.EspTransform.TRIPLE_DES, 0),
    "aes-128": (doi.EspTransform.AES, 128),
    "aes-192": (doi.EspTransform.AES, 192),
    "aes-256": (doi.EspTransform.AES, 256),
    "aes-gcm-128": (doi.EspTransform.AES_GCM_16, 128),
    "aes-gcm-192": (doi.EspTransform.AES_GCM_16, 192),
    "aes-gcm-256": (doi.EspTransform.AES_GCM_16, 256),
}
ESP_INTEGRITIES: Final = {
    "none": 0,
    "md5": doi.IpsecAuthentication.HMAC_MD5,
    "sha1": doi.IpsecAuthentication.HMAC_SHA,
    "sha256": doi.IpsecAuthentication.HMAC_SHA256,
    "sha384": doi.IpsecAuthentication.HMAC_SHA384,
    "sha512": doi.IpsecAuthentication.HMAC_SHA512,
}

_IKE_CIPHER_WORDS: Final = {1: "DES-CBC", 5: "3DES-CBC", 7: "AES-CBC"}
_IKE_HASH_WORDS: Final = {1: "MD5", 2: "SHA", 4: "SHA256", 5: "SHA384", 6: "SHA512"}
_IKE_AUTH_WORDS: Final = {1: "pre-share", 2: "DSS sig", 3: "RSA sig", 4: "RSA encr"}
_ESP_WORDS: Final = {2: "ESP_DES", 3: "ESP_3DES", 11: "ESP_NULL", 12: "ESP_AES", 20: "ESP_GCM"}
_ESP_AUTH_WORDS: Final = {1: "HMAC-MD5", 2: "HMAC-SHA", 5: "HMAC-SHA256", 6: "HMAC-SHA384", 7: "HMAC-SHA512"}


def usable_policies(policies: Iterable[Policy]) -> list[Policy]:
    """Those that can be offered or accepted with pre-shared keys, in priority order."""
    return [item for item in policies if item.authentication == "pre-share" and item.group in GROUPS]


# Phase 1 -------------------------------------------------------------------------------------------------------------


def offer_phase_1(policies: Sequence[Policy]) -> SecurityAssociation:
    """One proposal, with one transform for each policy in order (RFC 2409 §5)."""
    transforms = tuple(_policy_transform(number, policy) for number, policy in enumerate(policies, 1))
    return SecurityAssociation((Proposal(1, doi.Protocol.ISAKMP, b"", transforms),))


def _policy_transform(number: int, policy: Policy) -> Transform:
    cipher, bits = IKE_CIPHERS[policy.cipher]
    attributes = [basic(IkeAttribute.ENCRYPTION, cipher)]
    if bits:
        attributes.append(basic(IkeAttribute.KEY_LENGTH, bits))
    attributes += (
        basic(IkeAttribute.HASH, IKE_HASHES[policy.hash]),
        basic(IkeAttribute.GROUP, policy.group),
        basic(IkeAttribute.AUTHENTICATION, doi.IkeAuthentication.PRE_SHARED),
        basic(IkeAttribute.LIFE_TYPE, doi.LifeType.SECONDS),
        variable(IkeAttribute.LIFE_DURATION, policy.lifetime),
    )
    return Transform(number, doi.KEY_IKE, tuple(attributes))


def phase_1_mismatch(policy: Policy, transform: Transform) -> str:
    """Why the policy does not allow the transform, in the words of IOS; "" when it does. Lifetimes do not matter."""
    values = _values(transform.attributes)
    cipher, bits = IKE_CIPHERS[policy.cipher]
    if transform.id != doi.KEY_IKE or values.get(IkeAttribute.ENCRYPTION) != cipher:
        return "Encryption algorithm offered does not match policy!"
    if bits and values.get(IkeAttribute.KEY_LENGTH) != bits:
        return "Proposed key length does not match policy"
    if values.get(IkeAttribute.HASH) != IKE_HASHES[policy.hash]:
        return "Hash algorithm offered does not match policy!"
    if values.get(IkeAttribute.GROUP) != policy.group:
        return "Diffie-Hellman group offered does not match policy!"
    if values.get(IkeAttribute.AUTHENTICATION) != doi.IkeAuthentication.PRE_SHARED:
        return "Authentication method offered does not match policy!"
    return ""


class Phase1Choice(NamedTuple):
    """``lifetime`` is the shorter of both sides', in seconds."""

    policy: Policy
    proposal: Proposal
    transform: Transform
    lifetime: int


def choose_phase_1(policies: Sequence[Policy], offered: SecurityAssociation, say: Say) -> Phase1Choice | None:
    """The first transform that our most preferred policy allows, as IOS looks for it: policy by policy."""
    candidates = [
        (proposal, transform)
        for proposal in offered.proposals
        if proposal.protocol == doi.Protocol.ISAKMP
        for transform in proposal.transforms
    ]
    for policy in policies:
        for index, (proposal, transform) in enumerate(candidates):
            say(f"Checking ISAKMP transform {transform.number} against priority {policy.priority} policy")
            for line in describe_phase_1(transform):
                say(line)
            following = 3 if index + 1 < len(candidates) else 0
            mismatch = phase_1_mismatch(policy, transform)
            if not mismatch:
                say(f"atts are acceptable. Next payload is {following}")
                lifetime = lifetimes(transform.attributes, phase=1).get(doi.LifeType.SECONDS, policy.lifetime)
                return Phase1Choice(policy, proposal, transform, min(lifetime, policy.lifetime))
            say(mismatch)
            say(f"atts are not acceptable. Next payload is {following}")
    say("no offers accepted!")
    return None


def describe_phase_1(transform: Transform) -> Iterator[str]:
    """The lines of ``debug crypto isakmp`` for a transform."""
    for item in transform.attributes:
        match item.type:
            case IkeAttribute.ENCRYPTION:
                yield f"     encryption {_IKE_CIPHER_WORDS.get(item.number, f'{item.number}?')}"
            case IkeAttribute.KEY_LENGTH:
                yield f"     keylength of {item.number}"
            case IkeAttribute.HASH:
                yield f"     hash {_IKE_HASH_WORDS.get(item.number, f'{item.number}?')}"
            case IkeAttribute.GROUP:
                yield f"     default group {item.number}"
            case IkeAttribute.AUTHENTICATION:
                yield f"     auth {_IKE_AUTH_WORDS.get(item.number, f'{item.number}?')}"
            case IkeAttribute.LIFE_TYPE:
                yield f"     life type in {_life_word(item.number)}"
            case IkeAttribute.LIFE_DURATION:
                yield f"     life duration {_duration(item)}"
            case _:
                yield f"     unknown attribute {item.type}"


# Phase 2 -------------------------------------------------------------------------------------------------------------


#: Mode -> its attribute, as it is and inside UDP (RFC 2407 §4.5, RFC 3947 §5.1).
ENCAPSULATIONS: Final = {
    (Mode.TUNNEL, False): doi.Encapsulation.TUNNEL,
    (Mode.TRANSPORT, False): doi.Encapsulation.TRANSPORT,
    (Mode.TUNNEL, True): doi.Encapsulation.UDP_TUNNEL,
    (Mode.TRANSPORT, True): doi.Encapsulation.UDP_TRANSPORT,
}
_ENCAPSULATION_WORDS: Final = {1: "Tunnel", 2: "Transport", 3: "Tunnel-UDP", 4: "Transport-UDP"}


class Path(NamedTuple):
    """The ends of a quick mode, the traffic between them, and whether a translator is there."""

    local: int
    remote: int
    proxies: Proxies
    natted: bool = False


def offer_phase_2(entry: MapEntry, spi: int, path: Path) -> SecurityAssociation:
    """One proposal of one transform for each transform set, alternatives in the order of the configuration."""
    packed = spi.to_bytes(4, "big")
    return SecurityAssociation(
        tuple(
            Proposal(number, doi.Protocol.ESP, packed, (_esp_transform(1, item, entry, path),))
            for number, item in enumerate(entry.transform_sets, 1)
        )
    )


def _esp_transform(number: int, item: TransformSet, entry: MapEntry, path: Path) -> Transform:
    transform = item.transform
    identifier, bits = ESP_CIPHERS[transform.cipher]
    mode = item.mode_for(path.proxies, path.local, path.remote)
    attributes = [
        basic(IpsecAttribute.ENCAPSULATION, ENCAPSULATIONS[mode, path.natted]),
        basic(IpsecAttribute.LIFE_TYPE, doi.LifeType.SECONDS),
        shortest(IpsecAttribute.LIFE_DURATION, entry.lifetime_seconds),
        basic(IpsecAttribute.LIFE_TYPE, doi.LifeType.KILOBYTES),
        variable(IpsecAttribute.LIFE_DURATION, entry.lifetime_kilobytes),
    ]
    if transform.integrity != "none":
        attributes.append(basic(IpsecAttribute.AUTHENTICATION, ESP_INTEGRITIES[transform.integrity]))
    if bits:
        attributes.append(basic(IpsecAttribute.KEY_LENGTH, bits))
    if entry.pfs_group is not None:
        attributes.append(basic(IpsecAttribute.GROUP, entry.pfs_group))
    return Transform(number, identifier, tuple(attributes))


class Phase2Choice(NamedTuple):
    """Lifetimes are the shorter of both sides', in seconds and kilobytes; ``pfs_group`` is None without PFS."""

    proposal: Proposal
    transform: Transform
    esp: EspTransform
    lifetime_seconds: int
    lifetime_kilobytes: int
    pfs_group: int | None
    mode: Mode = Mode.TUNNEL


def choose_phase_2(entry: MapEntry, offered: SecurityAssociation, path: Path, say: Say) -> Phase2Choice | None:
    """The first transform offered that one of our transform sets allows."""
    numbers = [proposal.number for proposal in offered.proposals]
    for proposal in offered.proposals:
        say(f"Checking IPSec proposal {proposal.number}")
        # Proposals of one number belong together, ESP with AH say; of such bundles we offer and accept none.
        if proposal.protocol != doi.Protocol.ESP or numbers.count(proposal.number) > 1 or len(proposal.spi) != 4:
            continue
        if int.from_bytes(proposal.spi, "big") < 256:
            continue
        for transform in proposal.transforms:
            for line in describe_phase_2(transform):
                say(line)
            chosen = _acceptable(entry, transform, path)
            if chosen is not None:
                say("atts are acceptable.")
                return chosen._replace(proposal=proposal)
            say("atts not acceptable.")
    return None


def _acceptable(entry: MapEntry, transform: Transform, path: Path) -> Phase2Choice | None:
    values = _values(transform.attributes)
    group = values.get(IpsecAttribute.GROUP)
    # As IOS: who asks for PFS must get this group, who does not takes what is offered.
    if (entry.pfs_group is not None and group != entry.pfs_group) or (group is not None and group not in GROUPS):
        return None
    for item in entry.transform_sets:
        identifier, bits = ESP_CIPHERS[item.transform.cipher]
        mode = item.mode_for(path.proxies, path.local, path.remote)
        wanted = ENCAPSULATIONS[mode, path.natted]
        if (
            transform.id == identifier
            # RFC 2407 §4.5: without the attribute the mode is ours to choose.
            and values.get(IpsecAttribute.ENCAPSULATION, wanted) == wanted
            and values.get(IpsecAttribute.AUTHENTICATION, 0) == ESP_INTEGRITIES[item.transform.integrity]
            # A peer may leave out the length of AES-128's key (RFC 3602 §5.3 asks for it, not everybody sends it).
            and (not bits or values.get(IpsecAttribute.KEY_LENGTH, 128) == bits)
        ):
            life = lifetimes(transform.attributes, phase=2)
            seconds = min(life.get(doi.LifeType.SECONDS, entry.lifetime_seconds), entry.lifetime_seconds)
            kilobytes = min(life.get(doi.LifeType.KILOBYTES, entry.lifetime_kilobytes), entry.lifetime_kilobytes)
            return Phase2Choice(_NO_PROPOSAL, transform, item.transform, seconds, kilobytes, group, mode)
    return None


_NO_PROPOSAL: Final = Proposal(0, 0, b"", ())


def describe_phase_2(transform: Transform) -> Iterator[str]:
    yield f"transform {transform.number}, {_ESP_WORDS.get(transform.id, f'ESP_{transform.id}')}"
    yield "  attributes in transform:"
    for item in transform.attributes:
        match item.type:
            case IpsecAttribute.ENCAPSULATION:
                yield f"     encaps is {item.number} ({_ENCAPSULATION_WORDS.get(item.number, '?')})"
            case IpsecAttribute.LIFE_TYPE:
                yield f"     SA life type in {_life_word(item.number)}"
            case IpsecAttribute.LIFE_DURATION:
                yield f"     SA life duration {_duration(item)}"
            case IpsecAttribute.AUTHENTICATION:
                yield f"     authenticator is {_ESP_AUTH_WORDS.get(item.number, f'{item.number}?')}"
            case IpsecAttribute.KEY_LENGTH:
                yield f"     key length is {item.number}"
            case IpsecAttribute.GROUP:
                yield f"     group is {item.number}"
            case _:
                yield f"     unknown attribute {item.type}"


# Both ----------------------------------------------------------------------------------------------------------------


def lifetimes(attributes: Iterable[Attribute], phase: int) -> dict[int, int]:
    """Life type -> duration: a duration belongs to the type before it (RFC 2407 §4.5, RFC 2409 Appendix A)."""
    type_of, duration_of = (
        (IkeAttribute.LIFE_TYPE, IkeAttribute.LIFE_DURATION)
        if phase == 1
        else (IpsecAttribute.LIFE_TYPE, IpsecAttribute.LIFE_DURATION)
    )
    found: dict[int, int] = {}
    kind: int = doi.LifeType.SECONDS
    for item in attributes:
        if item.type == type_of:
            kind = item.number
        elif item.type == duration_of and item.number:
            # RFC 2407 §4.5.1.3: any length; more than 32 bits of seconds or kilobytes is for ever.
            found[kind] = min(item.number, 0xFFFFFFFF)
    return found


def same_values(offered: Transform, returned: Transform) -> bool:
    """Whether a responder returned a transform as we offered it, whatever it did to order and encoding."""
    return offered.id == returned.id and sorted((item.type, item.number) for item in offered.attributes) == sorted(
        (item.type, item.number) for item in returned.attributes
    )


def lifetime_notice(seconds: int, kilobytes: int | None, phase: int) -> bytes:
    """The data of a RESPONDER-LIFETIME notify (RFC 2407 §4.6.3.1)."""
    kind, duration = (
        (IkeAttribute.LIFE_TYPE, IkeAttribute.LIFE_DURATION)
        if phase == 1
        else (IpsecAttribute.LIFE_TYPE, IpsecAttribute.LIFE_DURATION)
    )
    attributes = [basic(kind, doi.LifeType.SECONDS), variable(duration, seconds)]
    if kilobytes is not None:
        attributes += (basic(kind, doi.LifeType.KILOBYTES), variable(duration, kilobytes))
    return b"".join(item.build() for item in attributes)


def read_lifetime_notice(data: bytes, phase: int) -> dict[int, int]:
    """The opposite of :func:`lifetime_notice`; WireError when it cannot be read."""
    return lifetimes(isakmp_sa.parse_attributes(data), phase)


def identification(selector: Selector) -> Identification:
    """A proxy identity as IOS sends it: one address, or a subnet."""
    if selector.mask == IPV4_MAX:
        return isakmp.id_ipv4(selector.address, selector.protocol, selector.port)
    return isakmp.id_ipv4_subnet(selector.address, selector.mask, selector.protocol, selector.port)


def selector(identity: Identification) -> Selector:
    """The network that a proxy identity means; WireError for what is none (names, IPv6, ragged ranges)."""
    first, last = int.from_bytes(identity.data[:4], "big"), int.from_bytes(identity.data[4:8], "big")
    match identity.type:
        case doi.IdType.IPV4_ADDR:
            mask = IPV4_MAX
        case doi.IdType.IPV4_ADDR_SUBNET:
            mask = last
        case doi.IdType.IPV4_ADDR_RANGE if last == first | (first ^ last) and not (first ^ last) & (first ^ last) + 1:
            mask = IPV4_MAX ^ first ^ last
        case _:
            raise WireError(f"an ID of type {doi.name(doi.IdType, identity.type)} as a selector")
    return Selector(first & mask, mask, identity.protocol, identity.port)


def _values(attributes: Iterable[Attribute]) -> dict[int, int]:
    return {item.type: item.number for item in attributes}


def _life_word(number: int) -> str:
    return {1: "seconds", 2: "kilobytes"}.get(number, f"{number}?")


def _duration(item: Attribute) -> str:
    if item.basic:
        return f"(basic) of {item.number}"
    return "(VPI) of  " + " ".join(f"0x{octet:X}" for octet in item.value)
