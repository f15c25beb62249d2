"""Phase 2, quick mode with and without PFS (RFC 2409 §5.5): one function for each step of the table in states.py.

Every message is authenticated before anything is done with it. The responder takes its inbound SA into use before its
answer leaves, and the initiator both SAs before its confirmation does: no packet under the new keys comes too early.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from nodes.base.addr import format_ipv4
from nodes.base.drops import Drop
from nodes.base.errors import WireError
from nodes.crypto import CryptoError, ikev1
from nodes.crypto.groups import GROUPS
from nodes.engine.ike import envelope, peers, proposals, words
from nodes.engine.ike.config import MapEntry
from nodes.engine.ike.core import Core
from nodes.engine.ike.envelope import Keys
from nodes.engine.ike.sa import LINGER, IsakmpSa, Pair, QuickMode
from nodes.engine.ike.states import QuickEvent, Role, phase_2
from nodes.esp.association import Direction, Proxies, Selector
from nodes.wire import doi, isakmp, isakmp_sa
from nodes.wire.doi import Exchange, Notify, PayloadType, Protocol
from nodes.wire.isakmp import Header, Notification, Payload
from nodes.wire.isakmp_sa import Proposal, SecurityAssociation

NONCE_LENGTH: Final = 20

#: The reasons for which IOS "invalidates" a proposal, by its numbers.
INVALID_LOCAL_ADDRESS: Final = 8
PROXIES_NOT_SUPPORTED: Final = 32
TRANSFORM_NOT_SUPPORTED: Final = 256


class QuickModeRefusedError(WireError):
    """The peer asks for what no crypto map of ours allows; it is told so."""


class Message(NamedTuple):
    """``rest`` is what the HASH covers of the message itself; ``datagram`` as it came."""

    payloads: tuple[Payload, ...]
    datagram: bytes

    @property
    def rest(self) -> bytes:
        return isakmp.join(self.payloads[1:])

    def bodies(self, kind: PayloadType) -> list[bytes]:
        return [payload.body for payload in self.payloads if payload.type == kind]

    def one(self, kind: PayloadType) -> bytes:
        bodies = self.bodies(kind)
        if len(bodies) != 1:
            raise WireError(f"{len(bodies)} payloads of type {kind.name} where one belongs")
        return bodies[0]


Step = Callable[[Core, IsakmpSa, QuickMode, Message, float], None]


def start(core: Core, sa: IsakmpSa, entry: MapEntry, proxies: Proxies, now: float) -> None:
    """Begin a quick mode for some traffic under a complete ISAKMP SA."""
    exchange = QuickMode(core.new_message_id(sa), Role.INITIATOR, entry, proxies)
    sa.exchanges[exchange.message_id] = exchange
    _step(core, sa, exchange, QuickEvent.START, Message((), b""), now)


def receive(core: Core, sa: IsakmpSa, header: Header, body: bytes, datagram: bytes, now: float) -> bool:
    """A message under a complete SA; False for a duplicate. Raises as main mode does."""
    if not header.encrypted or not header.message_id:
        raise WireError("a quick mode message is encrypted and has a message ID")
    assert sa.keys is not None
    exchange = sa.exchanges.get(header.message_id)
    if exchange is None:
        if header.message_id in sa.message_ids:
            core.drops.count(Drop.IKE_DUPLICATE)
            return False
        exchange = QuickMode(header.message_id, Role.RESPONDER, None, None)
        exchange.iv = sa.keys.phase2_iv(sa.iv, header.message_id)
        event = QuickEvent.QM1
    elif datagram == exchange.received:
        core.answer_again(sa, exchange.outbox, now, 2)
        return False
    else:
        event = QuickEvent.QM2 if exchange.role is Role.INITIATOR else QuickEvent.QM3
    phase_2(exchange.state, event)
    message = Message(envelope.decrypt(sa.keys, exchange.iv, header, body), datagram)
    if not message.payloads:
        raise envelope.NotAuthenticError("an encrypted message without payloads")
    envelope.check_hash(message.payloads, _expected_hash(sa.keys, exchange, event, message.rest))
    core.say(sa, f" processing HASH payload. message ID = {words.signed(exchange.message_id)}")
    core.say_engine(f"CryptoEngine0: generate hmac context for conn id {sa.connection_id}")
    # From here on the message is the peer's.
    sa.exchanges[exchange.message_id] = exchange
    sa.message_ids.add(exchange.message_id)
    try:
        _step(core, sa, exchange, event, message, now)
    except QuickModeRefusedError as error:
        _refuse(core, sa, exchange, message, str(error), now)
    except WireError as error:
        _refuse(core, sa, exchange, message, str(error), now, Notify.PAYLOAD_MALFORMED)
    return True


def _expected_hash(keys: Keys, exchange: QuickMode, event: QuickEvent, rest: bytes) -> bytes:
    message_id = exchange.message_id
    if event is QuickEvent.QM1:
        return ikev1.hash_1(keys.hash, keys.skeyids.a, message_id, rest)
    if event is QuickEvent.QM2:
        return ikev1.hash_2(keys.hash, keys.skeyids.a, message_id, exchange.ni_b, rest)
    return ikev1.hash_3(keys.hash, keys.skeyids.a, message_id, exchange.ni_b, exchange.nr_b)


def _step(core: Core, sa: IsakmpSa, exchange: QuickMode, event: QuickEvent, message: Message, now: float) -> None:
    transition = phase_2(exchange.state, event)
    old = exchange.state
    STEPS[transition.step](core, sa, exchange, message, now)
    exchange.received = message.datagram
    exchange.state = transition.next
    node = f"Node {words.signed(exchange.message_id)}, Input = "
    origin = "IKE_MESG_INTERNAL, IKE_INIT_QM" if event is QuickEvent.START else "IKE_MESG_FROM_PEER, IKE_QM_EXCH"
    core.say(sa, node + origin)
    core.say(sa, f"Old State = {old.value}  New State = {exchange.state.value}")


def _refuse(
    core: Core,
    sa: IsakmpSa,
    exchange: QuickMode,
    message: Message,
    reason: str,
    now: float,
    notify: Notify = Notify.NO_PROPOSAL_CHOSEN,
) -> None:
    """Tell the peer, in an exchange of its own; the same octets answer a retransmission."""
    spi = b""
    for body in message.bodies(PayloadType.SA):
        try:
            spi = isakmp_sa.parse_sa(body).proposals[0].spi
        except WireError:
            continue
    core.drops.count(Drop.IKE_REFUSED)
    word = "PROPOSAL_NOT_CHOSEN" if notify is Notify.NO_PROPOSAL_CHOSEN else notify.name
    core.say(sa, f"Sending NOTIFY {word} protocol 3")
    core.say(sa, f"     spi {int.from_bytes(spi, 'big')}, message ID = {words.signed(exchange.message_id)}")
    exchange.outbox.datagram = core.notify(sa, Notification(Protocol.ESP, notify, spi))
    exchange.outbox.sent_at = now
    exchange.received = message.datagram
    core.say(sa, f"{reason}")
    core.close_exchange(sa, exchange, now, "QM rejected")
    peer = format_ipv4(sa.remote)
    core.log_peer(6, "IKMP_MODE_FAILURE", sa.remote, f"Processing of Quick mode failed with peer at {peer}", now)


# Steps ---------------------------------------------------------------------------------------------------------------


def _offer(core: Core, sa: IsakmpSa, exchange: QuickMode, message: Message, now: float) -> None:
    """-> HDR*, HASH(1), SA, Ni, [KE], IDci, IDcr"""
    entry, proxies = exchange.entry, exchange.proxies
    assert sa.keys is not None
    assert entry is not None
    assert proxies is not None
    exchange.iv = sa.keys.phase2_iv(sa.iv, exchange.message_id)
    pair = core.new_pair(sa, entry, proxies, Role.INITIATOR, core.new_spi())
    exchange.pair = pair
    exchange.ni_b = core.entropy(NONCE_LENGTH)
    payloads = [
        Payload(PayloadType.SA, proposals.offer_phase_2(entry, pair.inbound_spi, _path(sa, proxies)).build()),
        Payload(PayloadType.NONCE, exchange.ni_b),
    ]
    if entry.pfs_group is not None:
        group = GROUPS[entry.pfs_group]
        exchange.private = core.entropy(group.private_length)
        payloads.append(Payload(PayloadType.KE, group.public(exchange.private)))
    payloads += _identities(proxies)
    core.say(sa, f"beginning Quick Mode exchange, M-ID of {words.signed(exchange.message_id)}")
    core.say(sa, "QM Initiator gets spi")
    digest = ikev1.hash_1(sa.keys.hash, sa.keys.skeyids.a, exchange.message_id, isakmp.join(payloads))
    _send(core, sa, exchange, [Payload(PayloadType.HASH, digest), *payloads], now, awaits_answer=True)


def _choose(core: Core, sa: IsakmpSa, exchange: QuickMode, message: Message, now: float) -> None:
    """HDR*, HASH(1), SA, Ni, [KE], [IDci, IDcr] -> HDR*, HASH(2), SA, Nr, [KE], [IDci, IDcr]"""
    assert sa.keys is not None
    message_id = exchange.message_id
    core.say(sa, f" processing SA payload. message ID = {words.signed(message_id)}")
    offered = isakmp_sa.parse_sa(message.one(PayloadType.SA))
    ni_b = message.one(PayloadType.NONCE)
    identities = message.bodies(PayloadType.ID)
    # The initiator's identities are our remote and local side.
    proxies = _proxies(sa, identities).mirrored
    entry, choice = _acceptable(core, sa, offered, proxies)
    payloads = [_chosen(choice, spi := core.new_spi())]
    nr_b = core.entropy(NONCE_LENGTH)
    payloads.append(Payload(PayloadType.NONCE, nr_b))
    g_xy = b""
    if choice.pfs_group is not None:
        group = GROUPS[choice.pfs_group]
        private = core.entropy(group.private_length)
        g_xy = _shared(choice.pfs_group, private, message.one(PayloadType.KE))
        payloads.append(Payload(PayloadType.KE, group.public(private)))
    payloads += [Payload(PayloadType.ID, body) for body in identities]
    life = proposals.lifetimes(choice.transform.attributes, phase=2)
    if choice.lifetime_seconds < life.get(doi.LifeType.SECONDS, 0) or choice.lifetime_kilobytes < life.get(
        doi.LifeType.KILOBYTES, 0
    ):
        notice = proposals.lifetime_notice(choice.lifetime_seconds, choice.lifetime_kilobytes, phase=2)
        shorter = Notification(Protocol.ESP, Notify.RESPONDER_LIFETIME, spi.to_bytes(4, "big"), notice)
        payloads.append(Payload(PayloadType.NOTIFY, shorter.build()))

    pair = core.new_pair(sa, entry, proxies, Role.RESPONDER, spi)
    exchange.entry, exchange.proxies, exchange.pair = entry, proxies, pair
    exchange.ni_b, exchange.nr_b = ni_b, nr_b
    inbound, outbound = _take(sa.keys, exchange, pair, choice, g_xy)
    pair.installed_at = now
    pair.outbound_key = outbound
    core.say(sa, f" Creating IPSec SAs ({format_ipv4(sa.remote)} -> {format_ipv4(sa.local)})")
    core.install(pair, Direction.INBOUND, inbound)
    digest = ikev1.hash_2(sa.keys.hash, sa.keys.skeyids.a, message_id, ni_b, isakmp.join(payloads))
    exchange.iv = envelope.last_block(sa.keys, message.datagram)
    _send(core, sa, exchange, [Payload(PayloadType.HASH, digest), *payloads], now, awaits_answer=True)


def _agreed(core: Core, sa: IsakmpSa, exchange: QuickMode, message: Message, now: float) -> None:
    """HDR*, HASH(2), SA, Nr, [KE], [IDci, IDcr] -> HDR*, HASH(3)"""
    entry, proxies, pair = exchange.entry, exchange.proxies, exchange.pair
    assert sa.keys is not None
    assert entry is not None
    assert proxies is not None
    assert pair is not None
    core.say(sa, f" processing SA payload. message ID = {words.signed(exchange.message_id)}")
    answer = isakmp_sa.parse_sa(message.one(PayloadType.SA))
    nr_b = message.one(PayloadType.NONCE)
    identities = message.bodies(PayloadType.ID)
    # RFC 2409 §5.5: identities come back as they were sent. A responder may leave out none that we sent.
    if _proxies(sa, identities, ours=True) != proxies:
        raise QuickModeRefusedError("the responder answers for other traffic")
    choice = proposals.choose_phase_2(entry, answer, _path(sa, proxies), lambda line: core.say(sa, line))
    if choice is None or len(answer.proposals) != 1 or len(answer.proposals[0].transforms) != 1:
        raise QuickModeRefusedError("the responder did not choose one of our proposals")
    g_xy = b""
    if choice.pfs_group is not None:
        if choice.pfs_group != entry.pfs_group:
            raise QuickModeRefusedError("the responder chose a group that was not offered")
        g_xy = _shared(choice.pfs_group, exchange.private, message.one(PayloadType.KE))
    for body in message.bodies(PayloadType.NOTIFY):
        choice = _shortened(choice, isakmp.parse_notify(body))

    exchange.nr_b = nr_b
    inbound, outbound = _take(sa.keys, exchange, pair, choice, g_xy)
    pair.installed_at = now
    core.say(sa, " Creating IPSec SAs")
    core.install(pair, Direction.INBOUND, inbound)
    core.install(pair, Direction.OUTBOUND, outbound)
    exchange.iv = envelope.last_block(sa.keys, message.datagram)
    digest = ikev1.hash_3(sa.keys.hash, sa.keys.skeyids.a, exchange.message_id, exchange.ni_b, nr_b)
    _send(core, sa, exchange, [Payload(PayloadType.HASH, digest)], now, awaits_answer=False)
    _finished(core, sa, exchange, now)


def _confirmed(core: Core, sa: IsakmpSa, exchange: QuickMode, message: Message, now: float) -> None:
    """HDR*, HASH(3): the initiator is there and has the keys."""
    pair = exchange.pair
    assert pair is not None
    core.install(pair, Direction.OUTBOUND, pair.outbound_key)
    pair.outbound_key = b""
    # Nothing is left to be sent: a duplicate of the last message needs no answer.
    exchange.outbox.datagram = b""
    _finished(core, sa, exchange, now)


def _finished(core: Core, sa: IsakmpSa, exchange: QuickMode, now: float) -> None:
    exchange.outbox.due = None
    exchange.private = b""
    exchange.purge_at = now + LINGER
    if exchange.entry is not None:
        peers.answered(core, exchange.entry, sa.remote)
    core.say(sa, f'deleting node {words.signed(exchange.message_id)} error FALSE reason "No Error"')


# Common pieces -------------------------------------------------------------------------------------------------------


def _send(
    core: Core, sa: IsakmpSa, exchange: QuickMode, payloads: Sequence[Payload], now: float, *, awaits_answer: bool
) -> None:
    assert sa.keys is not None
    header = Header(*sa.cookies, 0, Exchange.QUICK_MODE, 0, exchange.message_id, 0)
    datagram = envelope.encrypt(sa.keys, exchange.iv, header, payloads)
    exchange.iv = envelope.last_block(sa.keys, datagram)
    core.post(sa, exchange.outbox, datagram, now, awaits_answer=awaits_answer)


def _identities(proxies: Proxies) -> list[Payload]:
    return [
        Payload(PayloadType.ID, proposals.identification(proxies.local).build()),
        Payload(PayloadType.ID, proposals.identification(proxies.remote).build()),
    ]


def _proxies(sa: IsakmpSa, identities: Sequence[bytes], *, ours: bool = False) -> Proxies:
    """IDci and IDcr as selectors; without them the SA is for the two addresses (RFC 2409 §5.5).

    ``ours``: the exchange is ours, so IDci is our side.
    """
    if not identities:
        local, remote = Selector(sa.local), Selector(sa.remote)
        return Proxies(local, remote) if ours else Proxies(remote, local)
    if len(identities) != 2:
        raise WireError(f"{len(identities)} identities where two or none belong")
    return Proxies(*(proposals.selector(isakmp.parse_id(body)) for body in identities))


def _acceptable(
    core: Core, sa: IsakmpSa, offered: SecurityAssociation, proxies: Proxies
) -> tuple[MapEntry, proposals.Phase2Choice]:
    """The first entry of a crypto map on the interface at which the peer called, that allows what is offered.

    Raises QuickModeRefusedError with IOS's reason: the traffic is no line of an access list, or the entry for it
    is on another interface, or no transform set fits.
    """
    core.say_engine("CryptoEngine0: validate proposal request")
    core.say_ipsec(lambda: words.validated(sa.local, sa.remote, proxies, None))
    candidates = [entry for entry in core.config.entries if sa.remote in entry.peers and proxies in entry.proxies]
    here = [entry for entry in candidates if entry.local_address == sa.local]
    for entry in here:
        choice = proposals.choose_phase_2(entry, offered, _path(sa, proxies), lambda line: core.say(sa, line))
        if choice is not None:
            return entry, choice
    if here:
        number, reason = TRANSFORM_NOT_SUPPORTED, "transform proposal not supported for identity:"
    elif candidates:
        number, reason = INVALID_LOCAL_ADDRESS, f"invalid local address {format_ipv4(sa.local)}"
    else:
        number, reason = PROXIES_NOT_SUPPORTED, "proxy identities not supported"
    core.say_ipsec(lambda: [f"IPSEC(ipsec_process_proposal): {reason}"])
    core.say(sa, f" IPSec policy invalidated proposal with error {number}")
    ends = f"(local {format_ipv4(sa.local)} remote {format_ipv4(sa.remote)})"
    core.say(sa, f" phase 2 SA policy not acceptable! {ends}")
    raise QuickModeRefusedError(reason)


def _path(sa: IsakmpSa, proxies: Proxies) -> proposals.Path:
    return proposals.Path(sa.local, sa.remote, proxies, sa.natted)


def _chosen(choice: proposals.Phase2Choice, spi: int) -> Payload:
    """The chosen transform as it came, in a proposal of the same number with our SPI (RFC 2408 §4.2)."""
    proposal = Proposal(choice.proposal.number, choice.proposal.protocol, spi.to_bytes(4, "big"), (choice.transform,))
    return Payload(PayloadType.SA, SecurityAssociation((proposal,)).build())


def _shared(number: int, private: bytes, peer: bytes) -> bytes:
    try:
        return GROUPS[number].shared(private, peer)
    except CryptoError as error:
        raise WireError(str(error)) from None


def _shortened(choice: proposals.Phase2Choice, notification: Notification) -> proposals.Phase2Choice:
    """Heed a RESPONDER-LIFETIME (RFC 2407 §4.6.3.1)."""
    if notification.type != Notify.RESPONDER_LIFETIME or notification.protocol != Protocol.ESP:
        return choice
    life = proposals.read_lifetime_notice(notification.data, phase=2)
    return choice._replace(
        lifetime_seconds=min(life.get(doi.LifeType.SECONDS, choice.lifetime_seconds), choice.lifetime_seconds),
        lifetime_kilobytes=min(life.get(doi.LifeType.KILOBYTES, choice.lifetime_kilobytes), choice.lifetime_kilobytes),
    )


def _take(
    keys: Keys, exchange: QuickMode, pair: Pair, choice: proposals.Phase2Choice, g_xy: bytes
) -> tuple[bytes, bytes]:
    """Note what was agreed, and derive the keys of both directions: (inbound, outbound) (RFC 2409 §5.5)."""
    # Offer or answer: the SPI in it is the one that the peer receives with.
    pair.outbound_spi = int.from_bytes(choice.proposal.spi, "big")
    pair.transform = choice.esp
    pair.mode = choice.mode
    pair.lifetime_seconds = choice.lifetime_seconds
    pair.lifetime_kilobytes = choice.lifetime_kilobytes
    pair.pfs_group = choice.pfs_group

    def keymat(spi: int) -> bytes:
        return ikev1.keymat(
            keys.hash,
            keys.skeyids.d,
            Protocol.ESP,
            spi.to_bytes(4, "big"),
            exchange.ni_b,
            exchange.nr_b,
            choice.esp.key_length,
            g_xy,
        )

    return keymat(pair.inbound_spi), keymat(pair.outbound_spi)


STEPS: Final[Mapping[str, Step]] = {
    "offer": _offer,
    "choose": _choose,
    "agreed": _agreed,
    "confirmed": _confirmed,
}
