"""Phase 1 by main mode with pre-shared keys (RFC 2409 §5.4): one function for each step of the table in states.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from nodes.base.drops import Drop
from nodes.base.errors import WireError
from nodes.engine.ike import envelope, nat, phase1, proposals, vendors
from nodes.engine.ike.core import Core
from nodes.engine.ike.phase1 import Message, Step
from nodes.engine.ike.sa import IsakmpSa
from nodes.engine.ike.states import Event, Role, State, phase_1
from nodes.wire import isakmp
from nodes.wire.doi import Exchange, PayloadType
from nodes.wire.isakmp import Header, Payload

_MODE: Final = Exchange.IDENTITY_PROTECTION


def receive(core: Core, sa: IsakmpSa, header: Header, body: bytes, datagram: bytes, now: float) -> bool:
    """A message for an SA that exists; False for a duplicate.

    Raises WireError, NotAuthenticError or IllegalEventError.
    """
    if datagram in sa.received:
        if datagram == sa.received[-1]:
            core.answer_again(sa, sa.outbox, now, 1)
        else:
            # Older than the last one: it was on its way for long, its answer is no longer of use.
            core.drops.count(Drop.IKE_DUPLICATE)
        return False
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
    phase1.step(core, sa, event, Message(header, payloads, datagram), now, STEPS)
    return True


def begin(core: Core, sa: IsakmpSa, message: Message, now: float) -> None:
    """Message 1 of a peer, for an SA that was just made. Raises WireError, or PolicyRefusedError."""
    phase1.step(core, sa, Event.MM1, message, now, STEPS)


def start(core: Core, sa: IsakmpSa, now: float) -> None:
    """Begin main mode as the initiator: policies and key were found, the SA is in its table."""
    phase1.step(core, sa, Event.START, phase1.NO_MESSAGE, now, STEPS)


# Messages 1 and 2: the policy ----------------------------------------------------------------------------------------


def _offer(core: Core, sa: IsakmpSa, message: Message, now: float) -> None:
    """-> HDR, SA"""
    offered = proposals.offer_phase_1(proposals.usable_policies(core.config.policies))
    sa.sai_b = offered.build()
    payloads = [Payload(PayloadType.SA, sa.sai_b), *nat.vendor_ids(core, sa)]
    core.say(sa, " beginning Main Mode exchange")
    phase1.send(core, sa, _MODE, payloads, now)


def _choose(core: Core, sa: IsakmpSa, message: Message, now: float) -> None:
    """HDR, SA -> HDR, SA"""
    sai_b = message.one(PayloadType.SA)
    phase1.read_vendors(core, sa, message)
    chosen = phase1.choose(core, sa, sai_b, phase1.pre_shared_key(core, sa))
    payloads = [chosen, *(nat.vendor_ids(core, sa) if sa.peer_nat_t else ())]
    phase1.send(core, sa, _MODE, payloads, now, showing=State.R_MM2)


def _agreed(core: Core, sa: IsakmpSa, message: Message, now: float) -> None:
    """HDR, SA -> HDR, KE, Ni"""
    choice = phase1.agree(core, sa, message)
    psk = phase1.pre_shared_key(core, sa)
    if psk is None:
        raise WireError("the configuration changed in the middle of the exchange")
    phase1.read_vendors(core, sa, message)
    sa.psk, sa.policy, sa.lifetime = psk, choice.policy, choice.lifetime
    sa.private, sa.g_xi = phase1.own_key(core, choice.policy.group)
    sa.ni_b = core.entropy(phase1.NONCE_LENGTH)
    core.learn_cookie(sa, message.header.responder_cookie)
    payloads = [*phase1.key_payloads(sa.g_xi, sa.ni_b), *vendors.capabilities(), *nat.discovery(core, sa)]
    phase1.send(core, sa, _MODE, payloads, now, showing=State.I_MM3)


# Messages 3 and 4: the keys ------------------------------------------------------------------------------------------


def _exchange_keys(core: Core, sa: IsakmpSa, message: Message, now: float) -> None:
    """HDR, KE, Ni -> HDR, KE, Nr"""
    assert sa.policy is not None
    g_xi, ni_b = phase1.key_values(core, sa, message)
    private, g_xr = phase1.own_key(core, sa.policy.group)
    g_xy = phase1.shared(core, sa, sa.policy.group, private, g_xi)
    phase1.read_vendors(core, sa, message)
    sa.g_xi, sa.ni_b = g_xi, ni_b
    sa.g_xr = g_xr
    sa.nr_b = core.entropy(phase1.NONCE_LENGTH)
    phase1.derive(core, sa, g_xy)
    nat.discover(core, sa, message.all(PayloadType.NAT_D))
    payloads = [*phase1.key_payloads(sa.g_xr, sa.nr_b), *vendors.capabilities(), *nat.discovery(core, sa)]
    phase1.send(core, sa, _MODE, payloads, now, showing=State.R_MM4)


def _identify(core: Core, sa: IsakmpSa, message: Message, now: float) -> None:
    """HDR, KE, Nr -> HDR*, IDii, HASH_I"""
    assert sa.policy is not None
    g_xr, nr_b = phase1.key_values(core, sa, message)
    g_xy = phase1.shared(core, sa, sa.policy.group, sa.private, g_xr)
    phase1.read_vendors(core, sa, message)
    sa.g_xr, sa.nr_b = g_xr, nr_b
    phase1.derive(core, sa, g_xy)
    nat.discover(core, sa, message.all(PayloadType.NAT_D))
    nat.float_ports(sa)
    identity = phase1.our_identity(core, sa)
    payloads = [
        Payload(PayloadType.ID, identity),
        Payload(PayloadType.HASH, phase1.hash_of(sa, identity, Role.INITIATOR)),
        *phase1.initial_contact(core, sa),
    ]
    phase1.send_encrypted(core, sa, _MODE, payloads, now, State.I_MM5, awaits_answer=True)


# Messages 5 and 6: the proof -----------------------------------------------------------------------------------------


def _verify_initiator(core: Core, sa: IsakmpSa, message: Message, now: float) -> None:
    """HDR*, IDii, HASH_I -> HDR*, IDir, HASH_R"""
    assert sa.keys is not None
    phase1.proof(core, sa, message, Role.INITIATOR)
    sa.iv = envelope.last_block(sa.keys, message.datagram)
    identity = phase1.our_identity(core, sa)
    payloads = [
        Payload(PayloadType.ID, identity),
        Payload(PayloadType.HASH, phase1.hash_of(sa, identity, Role.RESPONDER)),
        *phase1.lifetime_notices(sa),
    ]
    phase1.send_encrypted(core, sa, _MODE, payloads, now, State.R_MM5, awaits_answer=False)


def _verify_responder(core: Core, sa: IsakmpSa, message: Message, now: float) -> None:
    """HDR*, IDir, HASH_R"""
    assert sa.keys is not None
    phase1.proof(core, sa, message, Role.RESPONDER)
    sa.iv = envelope.last_block(sa.keys, message.datagram)
    # Nothing is left to be sent: a duplicate of message 6 needs no answer.
    sa.outbox.due = None
    sa.outbox.datagram = b""


STEPS: Final[Mapping[str, Step]] = {
    "offer": _offer,
    "choose": _choose,
    "agreed": _agreed,
    "exchange_keys": _exchange_keys,
    "identify": _identify,
    "verify_initiator": _verify_initiator,
    "verify_responder": _verify_responder,
}
