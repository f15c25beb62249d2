"""Phase 1 by main mode with pre-shared keys (RFC 2409 §5.4): one function for each step of the table in states.py.

A step reads its whole message first; when something is wrong it raises, and the record is as it was. Only the messages
in the clear can be forged, by who sees the first of them; what they set up becomes valid with HASH_I and HASH_R.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from nodes.base.addr import format_ipv4
from nodes.base.drops import Drop
from nodes.base.errors import WireError
from nodes.crypto import CryptoError, ikev1
from nodes.crypto.groups import GROUPS
from nodes.engine.ike import envelope, informational, proposals, quick_mode, vendors
from nodes.engine.ike.core import Core
from nodes.engine.ike.effects import IsakmpKeys
from nodes.engine.ike.envelope import NotAuthenticError
from nodes.engine.ike.sa import IsakmpSa
from nodes.engine.ike.states import Event, Role, State, phase_1
from nodes.wire import doi, isakmp, isakmp_sa
from nodes.wire.doi import Exchange, IdType, PayloadType
from nodes.wire.isakmp import Header, Notification, Payload
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
        bodies = [payload.body for payload in self.payloads if payload.type == kind]
        if len(bodies) != 1:
            raise WireError(f"{len(bodies)} payloads of type {kind.name} where one belongs")
        return bodies[0]


Step = Callable[[Core, IsakmpSa, Message, float], None]


def receive(core: Core, sa: IsakmpSa, header: Header, body: bytes, datagram: bytes, now: float) -> None:
    """A main mode message for an SA that exists. Raises WireError, NotAuthenticError or IllegalEventError."""
    if datagram in sa.received:
        if datagram == sa.received[-1]:
            core.answer_again(sa, sa.outbox, now, 1)
        else:
            # Older than the last one: it was on its way for long, its answer is no longer of use.
            core.drops.count(Drop.IKE_DUPLICATE)
        return
    initiator = sa.role is Role.INITIATOR
    if header.encrypted:
        event = Event.MM6 if initiator else Event.MM5
        phase_1(sa.state, event)
        assert sa.keys is not None
        payloads = envelope.decrypt(sa.keys, sa.iv, header, body)
    else:
        payloads = isakmp.split(header.next_payload, body)
        kinds = {payload.type for payload in payloads}
        if PayloadType.SA in kinds:
            event = Event.MM2 if initiator else Event.MM1
        elif PayloadType.KE in kinds:
            event = Event.MM4 if initiator else Event.MM3
        else:
            raise WireError("a main mode message with neither SA nor KE")
    step(core, sa, event, Message(header, payloads, datagram), now)


def step(core: Core, sa: IsakmpSa, event: Event, message: Message, now: float) -> None:
    """Run one transition of the table. Whatever a step raises, the SA is in its old state then."""
    transition = phase_1(sa.state, event)
    old = sa.state
    from_peer = event is not Event.START
    source = "IKE_MESG_FROM_PEER, IKE_MM_EXCH" if from_peer else "IKE_MESG_FROM_IPSEC, IKE_SA_REQ_MM"
    _said(core, sa, source, old, transition.passing if from_peer else transition.next)
    sa.state = transition.passing
    try:
        STEPS[transition.step](core, sa, message, now)
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


def start(core: Core, sa: IsakmpSa, now: float) -> None:
    """Begin main mode as the initiator: policies and key were found, the SA is in its table."""
    step(core, sa, Event.START, Message(Header(*sa.cookies, 0, 0, 0, 0, 0), (), b""), now)


# Messages 1 and 2: the policy ----------------------------------------------------------------------------------------


def _offer(core: Core, sa: IsakmpSa, message: Message, now: float) -> None:
    """-> HDR, SA"""
    offered = proposals.offer_phase_1(proposals.usable_policies(core.config.policies))
    sa.sai_b = offered.build()
    core.say(sa, " beginning Main Mode exchange")
    _send(core, sa, [Payload(PayloadType.SA, sa.sai_b)], now)


def _choose(core: Core, sa: IsakmpSa, message: Message, now: float) -> None:
    """HDR, SA -> HDR, SA: the responder returns the chosen transform as it came (RFC 2408 §4.2)."""
    sai_b = message.one(PayloadType.SA)
    offered = isakmp_sa.parse_sa(sai_b)
    core.say(sa, " processing SA payload. message ID = 0")
    _read_vendors(core, sa, message)
    policies = proposals.usable_policies(core.config.policies)
    psk = _pre_shared_key(core, sa)
    choice = None
    if psk is not None:
        choice = proposals.choose_phase_1(policies, offered, lambda line: core.say(sa, line))
    if psk is None or choice is None:
        core.say(
            sa,
            f" phase 1 SA policy not acceptable! (local {format_ipv4(sa.local)} remote {format_ipv4(sa.remote)})",
        )
        raise PolicyRefusedError("no proposal chosen")
    sa.psk = psk
    sa.policy = choice.policy
    sa.lifetime = choice.lifetime
    sa.sai_b = sai_b
    proposal = isakmp_sa.Proposal(
        choice.proposal.number, choice.proposal.protocol, choice.proposal.spi, (choice.transform,)
    )
    _send(core, sa, [Payload(PayloadType.SA, SecurityAssociation((proposal,)).build())], now, showing=State.R_MM2)


def _agreed(core: Core, sa: IsakmpSa, message: Message, now: float) -> None:
    """HDR, SA -> HDR, KE, Ni: the initiator checks that the choice is one of its offers (RFC 2408 §4.2)."""
    answer = isakmp_sa.parse_sa(message.one(PayloadType.SA))
    core.say(sa, " processing SA payload. message ID = 0")
    if len(answer.proposals) != 1 or len(answer.proposals[0].transforms) != 1:
        raise WireError("the responder did not choose one transform")
    (transform,) = answer.proposals[0].transforms
    offered = isakmp_sa.parse_sa(sa.sai_b).proposals[0].transforms
    if not any(proposals.same_values(item, transform) for item in offered):
        raise WireError("the responder chose what was not offered")
    choice = proposals.choose_phase_1(
        proposals.usable_policies(core.config.policies), answer, lambda line: core.say(sa, line)
    )
    psk = _pre_shared_key(core, sa)
    if choice is None or psk is None:
        raise WireError("the configuration changed in the middle of the exchange")
    _read_vendors(core, sa, message)
    group = GROUPS[choice.policy.group]
    private = core.entropy(group.private_length)
    sa.psk, sa.policy, sa.lifetime = psk, choice.policy, choice.lifetime
    sa.private = private
    sa.g_xi = group.public(private)
    sa.ni_b = core.entropy(NONCE_LENGTH)
    # The SA is now known by both cookies.
    del core.sas[sa.cookies]
    sa.responder_cookie = message.header.responder_cookie
    core.sas[sa.cookies] = sa
    _send(core, sa, _key_payloads(sa.g_xi, sa.ni_b), now, showing=State.I_MM3)


# Messages 3 and 4: the keys ------------------------------------------------------------------------------------------


def _exchange_keys(core: Core, sa: IsakmpSa, message: Message, now: float) -> None:
    """HDR, KE, Ni -> HDR, KE, Nr"""
    assert sa.policy is not None
    group = GROUPS[sa.policy.group]
    g_xi, ni_b = message.one(PayloadType.KE), _nonce(message)
    private = core.entropy(group.private_length)
    g_xy = _shared(group.shared, private, g_xi)
    core.say(sa, " processing KE payload. message ID = 0")
    core.say(sa, " processing NONCE payload. message ID = 0")
    _read_vendors(core, sa, message)
    sa.g_xi, sa.ni_b = g_xi, ni_b
    sa.g_xr = group.public(private)
    sa.nr_b = core.entropy(NONCE_LENGTH)
    _derive(core, sa, g_xy)
    _send(core, sa, _key_payloads(sa.g_xr, sa.nr_b), now, showing=State.R_MM4)


def _identify(core: Core, sa: IsakmpSa, message: Message, now: float) -> None:
    """HDR, KE, Nr -> HDR*, IDii, HASH_I"""
    assert sa.policy is not None
    g_xr, nr_b = message.one(PayloadType.KE), _nonce(message)
    g_xy = _shared(GROUPS[sa.policy.group].shared, sa.private, g_xr)
    core.say(sa, " processing KE payload. message ID = 0")
    core.say(sa, " processing NONCE payload. message ID = 0")
    _read_vendors(core, sa, message)
    sa.g_xr, sa.nr_b = g_xr, nr_b
    _derive(core, sa, g_xy)
    identity = _identity(sa)
    payloads = [Payload(PayloadType.ID, identity), Payload(PayloadType.HASH, _hash_i(sa, identity))]
    if core.usable_sa(sa.local, sa.remote) is None and not any(core.pairs_with(sa.local, sa.remote)):
        # RFC 2407 §4.6.3.3: whatever the peer still has from us is from before a restart.
        core.say(sa, "Send initial contact")
        contact = Notification(doi.Protocol.ISAKMP, doi.Notify.INITIAL_CONTACT, b"".join(sa.cookies))
        payloads.append(Payload(PayloadType.NOTIFY, contact.build()))
    _send_encrypted(core, sa, payloads, now, showing=State.I_MM5, awaits_answer=True)


# Messages 5 and 6: the proof -----------------------------------------------------------------------------------------


def _verify_initiator(core: Core, sa: IsakmpSa, message: Message, now: float) -> None:
    """HDR*, IDii, HASH_I -> HDR*, IDir, HASH_R"""
    assert sa.keys is not None
    peer_identity, digest = _proof(core, sa, message)
    if not hmac.compare_digest(digest, _hash_i(sa, peer_identity)):
        raise NotAuthenticError("HASH_I is wrong")
    sa.iv = envelope.last_block(sa.keys, message.datagram)
    identity = _identity(sa)
    payloads = [Payload(PayloadType.ID, identity), Payload(PayloadType.HASH, _hash_r(sa, identity))]
    if sa.lifetime < _offered_lifetime(sa):
        # RFC 2407 §4.6.3.1: ours is shorter than what was offered.
        notice = proposals.lifetime_notice(sa.lifetime, None, phase=1)
        shorter = Notification(doi.Protocol.ISAKMP, doi.Notify.RESPONDER_LIFETIME, b"".join(sa.cookies), notice)
        payloads.append(Payload(PayloadType.NOTIFY, shorter.build()))
    _send_encrypted(core, sa, payloads, now, showing=State.R_MM5, awaits_answer=False)


def _verify_responder(core: Core, sa: IsakmpSa, message: Message, now: float) -> None:
    """HDR*, IDir, HASH_R"""
    assert sa.keys is not None
    peer_identity, digest = _proof(core, sa, message)
    if not hmac.compare_digest(digest, _hash_r(sa, peer_identity)):
        raise NotAuthenticError("HASH_R is wrong")
    sa.iv = envelope.last_block(sa.keys, message.datagram)
    # Nothing is left to be sent: a duplicate of message 6 needs no answer.
    sa.outbox.due = None
    sa.outbox.datagram = b""


def _completed(core: Core, sa: IsakmpSa, message: Message, now: float) -> None:
    """Phase 1 is complete on our side."""
    peer = format_ipv4(sa.remote)
    core.say(sa, "SA authentication status:")
    core.say(sa, "     authenticated")
    core.say(sa, f"SA has been authenticated with {peer}")
    sa.established_at = now
    sa.errors = 0
    sa.private = b""
    sa.live_for(sa.lifetime)
    for payload in message.payloads:
        if payload.type == PayloadType.NOTIFY:
            informational.notified(core, sa, payload.body, now)
    requests = list(sa.requests)
    sa.requests.clear()
    for request in requests:
        quick_mode.start(core, sa, request.entry, request.proxies, now)


# Common pieces -------------------------------------------------------------------------------------------------------


def _pre_shared_key(core: Core, sa: IsakmpSa) -> bytes | None:
    key = core.config.key_for(sa.remote)
    peer = format_ipv4(sa.remote)
    core.say(sa, f"No pre-shared key with {peer}!" if key is None else f"found peer pre-shared key matching {peer}")
    return key


def _offered_lifetime(sa: IsakmpSa) -> int:
    """The lifetime in the transform that we chose, in seconds."""
    assert sa.policy is not None
    for proposal in isakmp_sa.parse_sa(sa.sai_b).proposals:
        for transform in proposal.transforms:
            if not proposals.phase_1_mismatch(sa.policy, transform):
                return proposals.lifetimes(transform.attributes, phase=1).get(doi.LifeType.SECONDS, sa.lifetime)
    return sa.lifetime


def _key_payloads(public: bytes, nonce: bytes) -> list[Payload]:
    return [
        Payload(PayloadType.KE, public),
        Payload(PayloadType.NONCE, nonce),
        Payload(PayloadType.VENDOR, vendors.OURS),
    ]


def _nonce(message: Message) -> bytes:
    nonce = message.one(PayloadType.NONCE)
    if not NONCE_MIN <= len(nonce) <= NONCE_MAX:
        raise WireError(f"a nonce of {len(nonce)} octets")
    return nonce


def _shared(shared: Callable[[bytes, bytes], bytes], private: bytes, peer: bytes) -> bytes:
    try:
        return shared(private, peer)
    except CryptoError as error:
        raise WireError(str(error)) from None


def _derive(core: Core, sa: IsakmpSa, g_xy: bytes) -> None:
    assert sa.policy is not None
    sa.keys = envelope.derive(sa.policy.hash, sa.policy.cipher, sa.psk, g_xy, sa.cookies, (sa.ni_b, sa.nr_b))
    sa.iv = ikev1.phase1_iv(sa.policy.hash, sa.g_xi, sa.g_xr, sa.keys.block)
    core.give_connection_id(sa)
    core.effects.append(IsakmpKeys(sa.initiator_cookie, sa.keys.cipher, sa.keys.cipher_key))
    core.say(sa, "SKEYID state generated")


def _identity(sa: IsakmpSa) -> bytes:
    """Our identity as IOS states it: the address, for UDP port 500."""
    return isakmp.id_ipv4(sa.local, 17, 500).build()


def _proof(core: Core, sa: IsakmpSa, message: Message) -> tuple[bytes, bytes]:
    """(body of the ID payload, hash) of message 5 or 6.

    A pre-shared key in main mode belongs to an address, so the identity decides nothing; its form is checked.
    """
    try:
        identity_b, digest = message.one(PayloadType.ID), message.one(PayloadType.HASH)
        identity = isakmp.parse_id(identity_b)
    except WireError as error:
        raise NotAuthenticError(str(error)) from None
    # RFC 2407 §4.6.2: phase 1 identities are for any protocol and port, or for UDP 500 (NAT traversal: 4500, 0).
    if (identity.protocol, identity.port) not in ((0, 0), (17, 500), (17, 0), (17, 4500)):
        raise NotAuthenticError("an identity for another protocol than IKE")
    core.say(sa, " processing ID payload. message ID = 0")
    core.say(sa, "ID payload")
    core.say(sa, f"     next-payload : {PayloadType.HASH.value}")
    core.say(sa, f"     type         : {identity.type}")
    if identity.type == IdType.IPV4_ADDR:
        core.say(sa, f"     address      : {format_ipv4(int.from_bytes(identity.data, 'big'))}")
    core.say(sa, f"     protocol     : {identity.protocol}")
    core.say(sa, f"     port         : {identity.port}")
    core.say(sa, f"     length       : {len(identity_b) + 4}")
    core.say(sa, " processing HASH payload. message ID = 0")
    return identity_b, digest


def _hash_i(sa: IsakmpSa, idii_b: bytes) -> bytes:
    assert sa.keys is not None
    return ikev1.hash_i(sa.keys.hash, sa.keys.skeyid, sa.g_xi, sa.g_xr, *sa.cookies, sa.sai_b, idii_b)


def _hash_r(sa: IsakmpSa, idir_b: bytes) -> bytes:
    assert sa.keys is not None
    return ikev1.hash_r(sa.keys.hash, sa.keys.skeyid, sa.g_xi, sa.g_xr, *sa.cookies, sa.sai_b, idir_b)


def _send(core: Core, sa: IsakmpSa, payloads: list[Payload], now: float, showing: State | None = None) -> None:
    """Send a message in the clear; ``showing`` is the state whose word the debug line shows."""
    header = Header(*sa.cookies, 0, Exchange.IDENTITY_PROTECTION, 0, 0, 0)
    _post(core, sa, isakmp.build(header, payloads), now, showing, awaits_answer=True)


def _send_encrypted(
    core: Core, sa: IsakmpSa, payloads: list[Payload], now: float, showing: State, *, awaits_answer: bool
) -> None:
    assert sa.keys is not None
    header = Header(*sa.cookies, 0, Exchange.IDENTITY_PROTECTION, 0, 0, 0)
    datagram = envelope.encrypt(sa.keys, sa.iv, header, payloads)
    sa.iv = envelope.last_block(sa.keys, datagram)
    _post(core, sa, datagram, now, showing, awaits_answer=awaits_answer)


def _post(core: Core, sa: IsakmpSa, datagram: bytes, now: float, showing: State | None, *, awaits_answer: bool) -> None:
    if showing is not None:
        sa.state = showing
    core.post(sa, sa.outbox, datagram, now, awaits_answer=awaits_answer)


def _read_vendors(core: Core, sa: IsakmpSa, message: Message) -> None:
    for payload in message.payloads:
        if payload.type != PayloadType.VENDOR:
            continue
        core.say(sa, " processing vendor id payload")
        if text := vendors.describe(payload.body):
            core.say(sa, text)


STEPS: Final[Mapping[str, Step]] = {
    "offer": _offer,
    "choose": _choose,
    "agreed": _agreed,
    "exchange_keys": _exchange_keys,
    "identify": _identify,
    "verify_initiator": _verify_initiator,
    "verify_responder": _verify_responder,
}
