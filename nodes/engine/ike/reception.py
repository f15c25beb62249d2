"""What comes from the wire: which SA a datagram is for, which exchange, and what is not worth an answer."""

from __future__ import annotations

from typing import Final

from nodes.base.addr import format_ipv4
from nodes.base.drops import Drop
from nodes.base.errors import WireError
from nodes.engine.ike import aggressive_mode, informational, main_mode, phase1, quick_mode
from nodes.engine.ike.core import Core
from nodes.engine.ike.envelope import NotAuthenticError
from nodes.engine.ike.sa import IsakmpSa
from nodes.engine.ike.states import IllegalEventError, Role
from nodes.wire import doi, isakmp
from nodes.wire.doi import Exchange, Notify
from nodes.wire.isakmp import KEEPALIVE, NON_ESP_MARKER, ZERO_COOKIE, Header, Notification

#: Quick mode messages kept that came before main mode's last message was worked off.
EARLY_LIMIT: Final = 4

#: Address and UDP port.
End = tuple[int, int]


def receive(core: Core, datagram: bytes, source_end: End, destination_end: End, now: float) -> None:
    """A datagram for one of our addresses and UDP port 500, or 4500 where it is not ESP. Never raises."""
    (source, source_port), (destination, port) = source_end, destination_end
    if not core.config.enabled:
        core.drops.count(Drop.IKE_OFF)
        return
    if port == doi.NAT_T_PORT:
        if datagram == KEEPALIVE:
            return
        datagram = datagram.removeprefix(NON_ESP_MARKER)
    try:
        header, body = isakmp.parse(datagram)
    except WireError:
        core.drops.count(Drop.IKE_MALFORMED)
        return
    sa = _find(core, header, source, destination)
    if sa is None:
        _stranger(core, header, body, datagram, source_end, destination_end, now)
        return
    ports = sa.local_port, sa.remote_port
    floated = port == doi.NAT_T_PORT
    if floated:
        # RFC 3947 §4: who is behind a translator is answered where its last authentic message came from.
        sa.local_port, sa.remote_port = port, source_port
    if not _dispatch(core, sa, header, body, datagram, now) and floated:
        sa.local_port, sa.remote_port = ports
    while sa.usable and sa.early:
        early = sa.early.pop(0)
        _dispatch(core, sa, *isakmp.parse(early), early, now)


def _find(core: Core, header: Header, source: int, destination: int) -> IsakmpSa | None:
    initiator, responder = header.initiator_cookie, header.responder_cookie
    sa = core.sas.get((initiator, responder))
    if sa is None and responder != ZERO_COOKIE:
        # Message 2 tells the initiator its peer's cookie; so does a refusal of message 1.
        sa = core.sas.get((initiator, ZERO_COOKIE))
    elif sa is None:
        # Message 1 once more, to a responder that knows it already.
        for other in core.sas.values():
            if other.role is Role.RESPONDER and other.initiator_cookie == initiator and other.remote == source:
                sa = other
    if sa is None or (sa.remote, sa.local) != (source, destination):
        return None
    # Our own first message, sent back to us, is not from a peer.
    return None if sa.role is Role.INITIATOR and responder == ZERO_COOKIE else sa


def _dispatch(core: Core, sa: IsakmpSa, header: Header, body: bytes, datagram: bytes, now: float) -> bool:
    """A message for an SA that exists; whether it was new, and the peer's (that is, encrypted with the right key)."""
    peer = format_ipv4(sa.remote)
    core.say(
        sa,
        f"received packet from {peer} dport {sa.local_port} sport {sa.remote_port} Global ({sa.role.value}) {sa.word}",
    )
    if sa.deleted:
        if sa.received and datagram == sa.received[-1]:
            core.answer_again(sa, sa.outbox, now, 1)
        else:
            core.drops.count(Drop.IKE_NO_SA)
        return False
    try:
        match header.exchange:
            case Exchange.IDENTITY_PROTECTION if header.message_id == 0 and not sa.aggressive:
                return main_mode.receive(core, sa, header, body, datagram, now) and header.encrypted
            case Exchange.AGGRESSIVE if header.message_id == 0 and sa.aggressive:
                return aggressive_mode.receive(core, sa, header, body, datagram, now) and header.encrypted
            case Exchange.INFORMATIONAL:
                return informational.receive(core, sa, header, body, now)
            case Exchange.QUICK_MODE if sa.usable:
                return quick_mode.receive(core, sa, header, body, datagram, now)
            case Exchange.QUICK_MODE if sa.keys is not None:
                _keep(core, sa, datagram)
            case _:
                core.drops.count(Drop.IKE_UNSUPPORTED)
    except IllegalEventError:
        core.drops.count(Drop.IKE_UNEXPECTED)
    except NotAuthenticError as error:
        core.drops.count(Drop.IKE_NOT_AUTHENTIC)
        _bad_message(core, sa, str(error), now)
    except WireError as error:
        core.drops.count(Drop.IKE_MALFORMED)
        _bad_message(core, sa, str(error), now)
    return False


def _keep(core: Core, sa: IsakmpSa, datagram: bytes) -> None:
    """The peer is complete and begins phase 2, while its last message of phase 1 is still on its way."""
    if datagram in sa.early:
        core.drops.count(Drop.IKE_DUPLICATE)
    elif len(sa.early) == EARLY_LIMIT:
        core.drops.count(Drop.IKE_QUEUE_FULL)
    else:
        sa.early.append(datagram)


def _bad_message(core: Core, sa: IsakmpSa, reason: str, now: float) -> None:
    core.say(sa, f" {reason}")
    if not sa.usable:
        sa.errors += 1
        core.say(sa, f" incrementing error counter on sa, attempt {min(sa.errors, 5)} of 5: reset_retransmission")
    peer = format_ipv4(sa.remote)
    text = f"IKE message from {peer} failed its sanity check or is malformed"
    core.log_peer(4, "IKMP_BAD_MESSAGE", sa.remote, text, now)


def _stranger(
    core: Core,
    header: Header,
    body: bytes,
    datagram: bytes,
    source_end: tuple[int, int],
    destination_end: tuple[int, int],
    now: float,
) -> None:
    """A message that belongs to no SA: message 1 of phase 1, or nothing of use."""
    (source, source_port), (destination, port) = source_end, destination_end
    if header.responder_cookie != ZERO_COOKIE or header.message_id or header.encrypted:
        core.drops.count(Drop.IKE_NO_SA)
        peer = format_ipv4(source)
        text = f"IKE message from {peer} has no SA and is not an initialization offer"
        core.log_peer(4, "IKMP_NO_SA", source, text, now)
        return
    aggressive = header.exchange == Exchange.AGGRESSIVE and core.config.accept_aggressive
    if header.exchange != Exchange.IDENTITY_PROTECTION and not aggressive:
        core.drops.count(Drop.IKE_UNSUPPORTED)
        return
    if any(sa.role is Role.INITIATOR and sa.initiator_cookie == header.initiator_cookie for sa in core.sas.values()):
        # Our own first message, sent back to us: we would negotiate with ourselves.
        core.drops.count(Drop.IKE_UNEXPECTED)
        return
    core.make_room()
    sa = IsakmpSa(
        Role.RESPONDER,
        destination,
        source,
        header.initiator_cookie,
        now,
        local_port=port,
        remote_port=source_port,
        responder_cookie=core.new_cookie(),
        aggressive=aggressive,
    )
    core.say(
        None,
        f"received packet from {format_ipv4(source)} dport {sa.local_port} sport {source_port} Global (N) NEW SA",
    )
    core.sas[sa.cookies] = sa
    try:
        payloads = isakmp.split(header.next_payload, body)
        message = phase1.Message(header, payloads, datagram)
        (aggressive_mode if aggressive else main_mode).begin(core, sa, message, now)
    except phase1.PolicyRefusedError:
        _refuse(core, sa, datagram, now)
    except WireError:
        del core.sas[sa.cookies]
        core.drops.count(Drop.IKE_MALFORMED)


def _refuse(core: Core, sa: IsakmpSa, datagram: bytes, now: float) -> None:
    """No policy allows what the peer offers; it is told so in the clear, and again when it repeats the offer."""
    core.drops.count(Drop.IKE_REFUSED)
    spi = sa.initiator_cookie + sa.responder_cookie
    notification = Notification(doi.Protocol.ISAKMP, Notify.NO_PROPOSAL_CHOSEN, spi)
    refusal = core.notify(sa, notification)
    core.delete_sa(sa, now, "Phase1 SA policy proposal not accepted")
    sa.received.append(datagram)
    sa.outbox.datagram = refusal
    sa.outbox.sent_at = now
    peer, mode = format_ipv4(sa.remote), "Aggressive" if sa.aggressive else "Main"
    core.log_peer(6, "IKMP_MODE_FAILURE", sa.remote, f"Processing of {mode} mode failed with peer at {peer}", now)
