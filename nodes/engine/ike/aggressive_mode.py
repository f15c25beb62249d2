"""Phase 1 by aggressive mode with pre-shared keys (RFC 2409 §5.4): a function for each step of the table in states.py.

The identity comes before the keys, so the key may belong to a name; for the same reason anybody who is on the way can
guess at it. The group cannot be negotiated: the first message carries a public value of the first policy's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from nodes.base.addr import format_ipv4
from nodes.base.errors import WireError
from nodes.engine.ike import envelope, nat, phase1, proposals, vendors
from nodes.engine.ike.core import Core
from nodes.engine.ike.envelope import NotAuthenticError
from nodes.engine.ike.phase1 import Message, Step
from nodes.engine.ike.sa import IsakmpSa
from nodes.engine.ike.states import Event, Role, State, phase_1
from nodes.wire import isakmp
from nodes.wire.doi import Exchange, IdType, PayloadType
from nodes.wire.isakmp import Header, Identification, Payload

_MODE: Final = Exchange.AGGRESSIVE
_ENDPOINTS: Final = {"fqdn": IdType.FQDN, "user-fqdn": IdType.USER_FQDN}


def receive(core: Core, sa: IsakmpSa, header: Header, body: bytes, datagram: bytes, now: float) -> bool:
    """A message for an SA that exists; False for a duplicate. Raises as main mode does."""
    if datagram in sa.received:
        core.answer_again(sa, sa.outbox, now, 1)
        return False
    event = Event.AM2 if sa.role is Role.INITIATOR else Event.AM3
    phase_1(sa.state, event)
    if header.encrypted:
        if sa.keys is None:
            raise WireError("message 2 of aggressive mode is in the clear")
        payloads = envelope.decrypt(sa.keys, sa.iv, header, body)
    else:
        payloads = isakmp.split(header.next_payload, body)
    phase1.step(core, sa, event, Message(header, payloads, datagram), now, STEPS)
    return True


def begin(core: Core, sa: IsakmpSa, message: Message, now: float) -> None:
    """Message 1 of a peer, for an SA that was just made. Raises WireError, or PolicyRefusedError."""
    phase1.step(core, sa, Event.AM1, message, now, STEPS)


def start(core: Core, sa: IsakmpSa, now: float) -> None:
    """Begin as the initiator: policies and key were found, the SA is in its table."""
    phase1.step(core, sa, Event.START_AM, phase1.NO_MESSAGE, now, STEPS)


def _offer(core: Core, sa: IsakmpSa, message: Message, now: float) -> None:
    """-> HDR, SA, KE, Ni, IDii"""
    policies = proposals.usable_policies(core.config.policies)
    group = policies[0].group
    offered = proposals.offer_phase_1([item for item in policies if item.group == group])
    sa.sai_b = offered.build()
    sa.private, sa.g_xi = phase1.own_key(core, group)
    sa.ni_b = core.entropy(phase1.NONCE_LENGTH)
    sa.identity = _initiators_identity(core, sa)
    core.say(sa, " beginning Aggressive Mode exchange")
    payloads = [
        Payload(PayloadType.SA, sa.sai_b),
        *phase1.key_payloads(sa.g_xi, sa.ni_b),
        Payload(PayloadType.ID, sa.identity),
        *vendors.capabilities(),
        *nat.vendor_ids(core, sa),
    ]
    phase1.send(core, sa, _MODE, payloads, now, showing=State.I_AM1)


def _initiators_identity(core: Core, sa: IsakmpSa) -> bytes:
    """``set aggressive-mode client-endpoint``, or what ``crypto isakmp identity`` says."""
    known = core.config.aggressive_peer(sa.remote)
    if known is not None and known.endpoint is not None:
        kind, value = known.endpoint
        if kind in _ENDPOINTS:
            return Identification(_ENDPOINTS[kind], 17, 0, value.encode("ascii", "replace")).build()
    return phase1.our_identity(core, sa)


def _answer(core: Core, sa: IsakmpSa, message: Message, now: float) -> None:
    """HDR, SA, KE, Ni, IDii -> HDR, SA, KE, Nr, IDir, HASH_R"""
    sai_b, identity_b = message.one(PayloadType.SA), message.one(PayloadType.ID)
    g_xi, ni_b = phase1.key_values(core, sa, message)
    phase1.read_vendors(core, sa, message)
    identity = phase1.peer_identity(core, sa, identity_b)
    chosen = phase1.choose(core, sa, sai_b, _key_of(core, sa, identity))
    assert sa.policy is not None
    private, g_xr = phase1.own_key(core, sa.policy.group)
    g_xy = phase1.shared(core, sa, sa.policy.group, private, g_xi)
    sa.g_xi, sa.ni_b, sa.identity = g_xi, ni_b, identity_b
    sa.g_xr = g_xr
    sa.nr_b = core.entropy(phase1.NONCE_LENGTH)
    phase1.derive(core, sa, g_xy)
    ours = phase1.our_identity(core, sa)
    payloads = [
        chosen,
        *phase1.key_payloads(sa.g_xr, sa.nr_b),
        Payload(PayloadType.ID, ours),
        Payload(PayloadType.HASH, phase1.hash_of(sa, ours, Role.RESPONDER)),
        *vendors.capabilities(),
        *(nat.vendor_ids(core, sa) if sa.peer_nat_t else ()),
        *nat.discovery(core, sa),
    ]
    phase1.send(core, sa, _MODE, payloads, now, showing=State.R_AM2)


def _key_of(core: Core, sa: IsakmpSa, identity: Identification) -> bytes | None:
    """The key for the name that the peer states, or for the address that it calls from."""
    if identity.type in (IdType.FQDN, IdType.USER_FQDN):
        name = phase1.identity_text(identity)
        key = core.config.key_named(name)
        if key is not None:
            core.say(sa, f"found peer pre-shared key matching {name}")
            return key
    return phase1.pre_shared_key(core, sa)


def _verify_responder(core: Core, sa: IsakmpSa, message: Message, now: float) -> None:
    """HDR, SA, KE, Nr, IDir, HASH_R -> HDR*, HASH_I"""
    identity_b = message.one(PayloadType.ID)
    identity = phase1.peer_identity(core, sa, identity_b)
    choice = phase1.agree(core, sa, message)
    g_xr, nr_b = phase1.key_values(core, sa, message)
    psk = core.config.initiators_key(sa.remote)
    if psk is None:
        raise WireError("the configuration changed in the middle of the exchange")
    g_xy = phase1.shared(core, sa, choice.policy.group, sa.private, g_xr)
    phase1.read_vendors(core, sa, message)
    cookie = sa.responder_cookie
    core.learn_cookie(sa, message.header.responder_cookie)
    sa.psk, sa.policy, sa.lifetime = psk, choice.policy, choice.lifetime
    sa.g_xr, sa.nr_b = g_xr, nr_b
    phase1.derive(core, sa, g_xy)
    try:
        phase1.verify(core, sa, message, identity_b, Role.RESPONDER)
    except NotAuthenticError:
        # Whoever sent this does not have the key; the peer's own answer may still come.
        core.learn_cookie(sa, cookie)
        sa.keys = None
        peer = format_ipv4(sa.remote)
        core.log_peer(
            6, "IKMP_MODE_FAILURE", sa.remote, f"Processing of Aggressive mode failed with peer at {peer}", now
        )
        raise
    sa.peer_identity = phase1.identity_text(identity)
    nat.discover(core, sa, message.all(PayloadType.NAT_D))
    nat.float_ports(sa)
    payloads = [
        Payload(PayloadType.HASH, phase1.hash_of(sa, sa.identity, Role.INITIATOR)),
        *nat.discovery(core, sa),
        *phase1.initial_contact(core, sa),
    ]
    phase1.send_encrypted(core, sa, _MODE, payloads, now, State.I_AM2, awaits_answer=False)


def _verify_initiator(core: Core, sa: IsakmpSa, message: Message, now: float) -> None:
    """HDR*, HASH_I"""
    assert sa.keys is not None
    phase1.verify(core, sa, message, sa.identity, Role.INITIATOR)
    sa.peer_identity = phase1.identity_text(isakmp.parse_id(sa.identity))
    if message.header.encrypted:
        sa.iv = envelope.last_block(sa.keys, message.datagram)
    nat.discover(core, sa, message.all(PayloadType.NAT_D))
    sa.outbox.due = None
    sa.outbox.datagram = b""


STEPS: Final[Mapping[str, Step]] = {
    "offer": _offer,
    "answer": _answer,
    "verify_initiator": _verify_initiator,
    "verify_responder": _verify_responder,
}
