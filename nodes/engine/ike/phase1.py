"""What both ways through phase 1 share, main mode and aggressive mode with pre-shared keys (RFC 2409 §5.4).

A step reads its whole message first; when something is wrong it raises, and the record is as it was. Only the messages
in the clear can be forged, by who sees the first of them; what they set up becomes valid with HASH_I and HASH_R.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from nodes.base.addr import format_ipv4
from nodes.base.errors import WireError
from nodes.crypto import CryptoError, ikev1
from nodes.crypto.groups import GROUPS
from nodes.engine.ike import dpd, envelope, informational, nat, proposals, quick_mode, vendors
from nodes.engine.ike.core import Core
from nodes.engine.ike.effects import IsakmpKeys
from nodes.engine.ike.envelope import NotAuthenticError
from nodes.engine.ike.sa import IsakmpSa
from nodes.engine.ike.states import Event, Role, State, phase_1
from nodes.wire import doi, isakmp, isakmp_sa
from nodes.wire.doi import IdType, PayloadType
from nodes.wire.isakmp import Header, Identification, Notification, Payload
from nodes.wire.isakmp_sa import SecurityAssociation

#: RFC 2409 §5: a nonce has 8 to 256 octets. IOS sends 20.
NONCE_LENGTH: Final = 20
NONCE_MIN: Final = 8
NONCE_MAX: Final = 256


class PolicyRefusedError(WireError):
    """The peer offers nothing that our policies allow."""


class Message(NamedTuple):
    header: Header
    payloads: tuple[Payload, ...]
    datagram: bytes

    def one(self, kind: PayloadType) -> bytes:
        """The body of the only payload of a kind."""
        bodies = self.all(kind)
        if len(bodies) != 1:
            raise WireError(f"{len(bodies)} payloads of type {kind.name} where one belongs")
        return bodies[0]

    def all(self, kind: PayloadType) -> list[bytes]:
        return [payload.body for payload in self.payloads if payload.type == kind]


#: A step of ours, to which no message led.
NO_MESSAGE: Final = Message(Header(b"", b"", 0, 0, 0, 0, 0), (), b"")

Step = Callable[[Core, IsakmpSa, Message, float], None]


def step(core: Core, sa: IsakmpSa, event: Event, message: Message, now: float, steps: Mapping[str, Step]) -> None:
    """Run one transition of the table. Whatever a step raises, the SA is in its old state then."""
    transition = phase_1(sa.state, event)
    old = sa.state
    from_peer = message is not NO_MESSAGE
    exchange = "IKE_AM_EXCH" if sa.aggressive else "IKE_MM_EXCH"
    source = f"IKE_MESG_FROM_PEER, {exchange}" if from_peer else f"IKE_MESG_FROM_IPSEC, {event.value}"
    _said(core, sa, source, old, transition.passing if from_peer else transition.next)
    sa.state = transition.passing
    try:
        steps[transition.step](core, sa, message, now)
    except Exception:
        _said(core, sa, "IKE_MESG_INTERNAL, IKE_PROCESS_ERROR", transition.passing, old)
        sa.state = old
        raise
    if from_peer:
        sa.received.append(message.datagram)
        _said(core, sa, "IKE_MESG_INTERNAL, IKE_PROCESS_COMPLETE", transition.passing, transition.next)
    sa.state = transition.next
    if sa.state is State.COMPLETE:
        _completed(core, sa, message, now)


def _said(core: Core, sa: IsakmpSa, source: str, old: State, new: State) -> None:
    core.say(sa, f"Input = {source}")
    core.say(sa, f"Old State = {old.value}  New State = {new.value}")


def _completed(core: Core, sa: IsakmpSa, message: Message, now: float) -> None:
    """Phase 1 is complete on our side."""
    peer = format_ipv4(sa.remote)
    core.say(sa, "SA authentication status:")
    core.say(sa, "     authenticated")
    core.say(sa, f"SA has been authenticated with {peer}")
    sa.established_at = now
    sa.errors = 0
    sa.private = b""
    core.say_engine(f"CryptoEngine0: clear dh number for conn id {sa.connection_id}")
    sa.live_for(sa.lifetime)
    dpd.begin(core, sa, now)
    nat.begin(core, sa, now)
    for body in message.all(PayloadType.NOTIFY):
        informational.notified(core, sa, body, now)
    requests = list(sa.requests)
    sa.requests.clear()
    for request in requests:
        quick_mode.start(core, sa, request.entry, request.proxies, now)


# The policy ----------------------------------------------------------------------------------------------------------


def choose(core: Core, sa: IsakmpSa, sai_b: bytes, psk: bytes | None) -> Payload:
    """The responder returns the chosen transform as it came (RFC 2408 §4.2). Raises PolicyRefusedError."""
    offered = isakmp_sa.parse_sa(sai_b)
    core.say(sa, " processing SA payload. message ID = 0")
    choice = None
    if psk is not None:
        policies = proposals.usable_policies(core.config.policies)
        choice = proposals.choose_phase_1(policies, offered, lambda line: core.say(sa, line))
    if psk is None or choice is None:
        ends = f"(local {format_ipv4(sa.local)} remote {format_ipv4(sa.remote)})"
        core.say(sa, f" phase 1 SA policy not acceptable! {ends}")
        raise PolicyRefusedError("no proposal chosen")
    sa.psk = psk
    sa.policy = choice.policy
    sa.lifetime = choice.lifetime
    sa.sai_b = sai_b
    proposal = replace(choice.proposal, transforms=(choice.transform,))
    return Payload(PayloadType.SA, SecurityAssociation((proposal,)).build())


def agree(core: Core, sa: IsakmpSa, message: Message) -> proposals.Phase1Choice:
    """The initiator checks that the choice is one of its offers (RFC 2408 §4.2)."""
    answer = isakmp_sa.parse_sa(message.one(PayloadType.SA))
    core.say(sa, " processing SA payload. message ID = 0")
    if len(answer.proposals) != 1 or len(answer.proposals[0].transforms) != 1:
        raise WireError("the responder did not choose one transform")
    (transform,) = answer.proposals[0].transforms
    offered = isakmp_sa.parse_sa(sa.sai_b).proposals[0].transforms
    if not any(proposals.same_values(item, transform) for item in offered):
        raise WireError("the responder chose what was not offered")
    policies = proposals.usable_policies(core.config.policies)
    choice = proposals.choose_phase_1(policies, answer, lambda line: core.say(sa, line))
    if choice is None:
        raise WireError("the configuration changed in the middle of the exchange")
    return choice


def lifetime_notices(sa: IsakmpSa) -> list[Payload]:
    """RFC 2407 §4.6.3.1: a responder whose lifetime is shorter than what was offered says so."""
    if sa.lifetime >= _offered_lifetime(sa):
        return []
    notice = proposals.lifetime_notice(sa.lifetime, None, phase=1)
    shorter = Notification(doi.Protocol.ISAKMP, doi.Notify.RESPONDER_LIFETIME, b"".join(sa.cookies), notice)
    return [Payload(PayloadType.NOTIFY, shorter.build())]


def _offered_lifetime(sa: IsakmpSa) -> int:
    """The lifetime in the transform that we chose, in seconds."""
    assert sa.policy is not None
    for proposal in isakmp_sa.parse_sa(sa.sai_b).proposals:
        for transform in proposal.transforms:
            if not proposals.phase_1_mismatch(sa.policy, transform):
                return proposals.lifetimes(transform.attributes, phase=1).get(doi.LifeType.SECONDS, sa.lifetime)
    return sa.lifetime


def initial_contact(core: Core, sa: IsakmpSa) -> list[Payload]:
    """RFC 2407 §4.6.3.3: without an SA with the peer, whatever it still has from us is from before a restart."""
    if core.usable_sa(sa.local, sa.remote) is not None or any(core.pairs_with(sa.local, sa.remote)):
        return []
    core.say(sa, "Send initial contact")
    contact = Notification(doi.Protocol.ISAKMP, doi.Notify.INITIAL_CONTACT, b"".join(sa.cookies))
    return [Payload(PayloadType.NOTIFY, contact.build())]


# The keys ------------------------------------------------------------------------------------------------------------


def pre_shared_key(core: Core, sa: IsakmpSa) -> bytes | None:
    key = core.config.key_for(sa.remote)
    peer = format_ipv4(sa.remote)
    core.say(sa, f"No pre-shared key with {peer}!" if key is None else f"found peer pre-shared key matching {peer}")
    return key


def own_key(core: Core, group: int) -> tuple[bytes, bytes]:
    """A new private value of a group, and the public one that belongs to it."""
    core.say_engine("CryptoEngine0: generate alg parameter")
    private = core.entropy(GROUPS[group].private_length)
    return private, GROUPS[group].public(private)


def key_payloads(public: bytes, nonce: bytes) -> list[Payload]:
    return [Payload(PayloadType.KE, public), Payload(PayloadType.NONCE, nonce)]


def key_values(core: Core, sa: IsakmpSa, message: Message) -> tuple[bytes, bytes]:
    """The peer's public value and nonce."""
    public, nonce = message.one(PayloadType.KE), message.one(PayloadType.NONCE)
    if not NONCE_MIN <= len(nonce) <= NONCE_MAX:
        raise WireError(f"a nonce of {len(nonce)} octets")
    return public, nonce


def shared(core: Core, sa: IsakmpSa, group: int, private: bytes, peer: bytes) -> bytes:
    try:
        secret = GROUPS[group].shared(private, peer)
    except CryptoError as error:
        raise WireError(str(error)) from None
    core.say(sa, " processing KE payload. message ID = 0")
    core.say(sa, " processing NONCE payload. message ID = 0")
    core.say_engine("CRYPTO_ENGINE: Dh phase 1 status: 0")
    return secret


def derive(core: Core, sa: IsakmpSa, g_xy: bytes) -> None:
    assert sa.policy is not None
    sa.keys = envelope.derive(sa.policy.hash, sa.policy.cipher, sa.psk, g_xy, sa.cookies, (sa.ni_b, sa.nr_b))
    sa.iv = ikev1.phase1_iv(sa.policy.hash, sa.g_xi, sa.g_xr, sa.keys.block)
    if not sa.connection_id:
        core.give_connection_id(sa)
    core.effects.append(IsakmpKeys(sa.initiator_cookie, sa.keys.cipher, sa.keys.cipher_key))
    core.say_engine(f"CryptoEngine0: create ISAKMP SKEYID for conn id {sa.connection_id}")
    core.say(sa, "SKEYID state generated")


# The proof -----------------------------------------------------------------------------------------------------------


def our_identity(core: Core, sa: IsakmpSa) -> bytes:
    """Our identity as IOS states it (``crypto isakmp identity``), for UDP port 500 (with NAT traversal: 0)."""
    port = 0 if sa.natted else 500
    if core.config.identity == "hostname":
        return Identification(IdType.FQDN, 17, port, core.config.fqdn.encode("ascii", "replace")).build()
    return isakmp.id_ipv4(sa.local, 17, port).build()


def peer_identity(core: Core, sa: IsakmpSa, body: bytes) -> Identification:
    """The peer's ID payload, its form checked. Raises WireError."""
    identity = isakmp.parse_id(body)
    # RFC 2407 §4.6.2: phase 1 identities are for any protocol and port, or for UDP 500 (NAT traversal: 4500, 0).
    if (identity.protocol, identity.port) not in ((0, 0), (17, 500), (17, 0), (17, 4500)):
        raise WireError("an identity for another protocol than IKE")
    core.say(sa, " processing ID payload. message ID = 0")
    core.say(sa, "ID payload")
    core.say(sa, f"     next-payload : {PayloadType.HASH.value}")
    core.say(sa, f"     type         : {identity.type}")
    if identity.type == IdType.IPV4_ADDR:
        core.say(sa, f"     address      : {identity_text(identity)}")
    elif identity.type in (IdType.FQDN, IdType.USER_FQDN):
        core.say(sa, f"     FQDN name    : {identity_text(identity)}")
    core.say(sa, f"     protocol     : {identity.protocol}")
    core.say(sa, f"     port         : {identity.port}")
    core.say(sa, f"     length       : {len(body) + 4}")
    return identity


def identity_text(identity: Identification) -> str:
    """What shows say of who a peer is."""
    if identity.type == IdType.IPV4_ADDR:
        return format_ipv4(int.from_bytes(identity.data, "big"))
    if identity.type in (IdType.FQDN, IdType.USER_FQDN):
        return "".join(chr(octet) if 32 < octet < 127 else "?" for octet in identity.data[:80])
    return identity.data.hex()[:80]


def verify(core: Core, sa: IsakmpSa, message: Message, identity_b: bytes, by: Role) -> None:
    """Check HASH_I or HASH_R. Raises NotAuthenticError."""
    core.say(sa, " processing HASH payload. message ID = 0")
    core.say_engine(f"CryptoEngine0: generate hmac context for conn id {sa.connection_id}")
    expected = hash_of(sa, identity_b, by)
    if not hmac.compare_digest(message.one(PayloadType.HASH), expected):
        raise NotAuthenticError("HASH_I is wrong" if by is Role.INITIATOR else "HASH_R is wrong")


def proof(core: Core, sa: IsakmpSa, message: Message, by: Role) -> None:
    """The ID payload and the hash of message 5 or 6.

    A pre-shared key in main mode belongs to an address, so the identity decides nothing; its form is checked.
    """
    try:
        identity_b = message.one(PayloadType.ID)
        identity = peer_identity(core, sa, identity_b)
        message.one(PayloadType.HASH)
    except WireError as error:
        raise NotAuthenticError(str(error)) from None
    verify(core, sa, message, identity_b, by)
    sa.peer_identity = identity_text(identity)


def hash_of(sa: IsakmpSa, identity_b: bytes, by: Role) -> bytes:
    """HASH_I or HASH_R over the identity of the one who sends it."""
    assert sa.keys is not None
    function = ikev1.hash_i if by is Role.INITIATOR else ikev1.hash_r
    return function(sa.keys.hash, sa.keys.skeyid, sa.g_xi, sa.g_xr, *sa.cookies, sa.sai_b, identity_b)


# Messages ------------------------------------------------------------------------------------------------------------


def send(
    core: Core, sa: IsakmpSa, exchange: int, payloads: Sequence[Payload], now: float, showing: State | None = None
) -> None:
    """Send a message in the clear; ``showing`` is the state whose word the debug line shows."""
    header = Header(*sa.cookies, 0, exchange, 0, 0, 0)
    if showing is not None:
        sa.state = showing
    core.post(sa, sa.outbox, isakmp.build(header, payloads), now, awaits_answer=True)


def send_encrypted(
    core: Core,
    sa: IsakmpSa,
    exchange: int,
    payloads: Sequence[Payload],
    now: float,
    showing: State,
    *,
    awaits_answer: bool,
) -> None:
    assert sa.keys is not None
    header = Header(*sa.cookies, 0, exchange, 0, 0, 0)
    datagram = envelope.encrypt(sa.keys, sa.iv, header, payloads)
    sa.iv = envelope.last_block(sa.keys, datagram)
    sa.state = showing
    core.post(sa, sa.outbox, datagram, now, awaits_answer=awaits_answer)


def read_vendors(core: Core, sa: IsakmpSa, message: Message) -> None:
    """What the peer can do, by its vendor IDs."""
    for body in message.all(PayloadType.VENDOR):
        core.say(sa, " processing vendor id payload")
        if text := vendors.describe(body):
            core.say(sa, text)
        sa.peer_dpd |= body.startswith(vendors.DPD[:14])
        sa.peer_nat_t |= body == vendors.NAT_T
