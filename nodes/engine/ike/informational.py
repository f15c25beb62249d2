"""INFORMATIONAL exchanges: notify and delete (RFC 2408 §3.14, §3.15; RFC 2409 §5.7).

What comes in the clear may come from anybody: it is shown and logged, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from nodes.base.addr import format_ipv4
from nodes.base.drops import Drop
from nodes.base.errors import WireError
from nodes.engine.ike import dpd, envelope, proposals, words
from nodes.engine.ike.core import Core
from nodes.engine.ike.sa import IsakmpSa, QuickMode
from nodes.engine.ike.states import QuickState, Role
from nodes.wire import doi, isakmp
from nodes.wire.doi import Notify, PayloadType, Protocol
from nodes.wire.isakmp import Header, Notification

#: IOS has its own names for these.
_NAMES: Final[Mapping[int, str]] = {
    Notify.NO_PROPOSAL_CHOSEN: "PROPOSAL_NOT_CHOSEN",
    Notify.R_U_THERE: "DPD/R_U_THERE",
    Notify.R_U_THERE_ACK: "DPD/R_U_THERE_ACK",
}


def receive(core: Core, sa: IsakmpSa, header: Header, body: bytes, now: float) -> bool:
    """Whether it was authentic and new. Raises WireError, or NotAuthenticError when the hash is wrong."""
    if not header.encrypted:
        _in_the_clear(core, sa, header, body, now)
        return False
    if not sa.usable or sa.keys is None:
        # RFC 2409 §5.7: protection needs a complete phase 1, on whose last block the IV depends.
        core.drops.count(Drop.IKE_UNEXPECTED)
        return False
    if header.message_id in sa.message_ids:
        core.drops.count(Drop.IKE_DUPLICATE)
        return False
    payloads = envelope.open_informational(sa.keys, sa.iv, header, body)
    sa.message_ids.add(header.message_id)
    core.say(sa, f" processing HASH payload. message ID = {words.signed(header.message_id)}")
    for payload in payloads:
        if payload.type == PayloadType.NOTIFY:
            notified(core, sa, payload.body, now, header.message_id)
        elif payload.type == PayloadType.DELETE:
            _deleted(core, sa, payload.body, now, header.message_id)
    return True


def _in_the_clear(core: Core, sa: IsakmpSa, header: Header, body: bytes, now: float) -> None:
    for payload in isakmp.split(header.next_payload, body):
        if payload.type == PayloadType.NOTIFY:
            _show(core, sa, isakmp.parse_notify(payload.body), header.message_id)
    core.say(sa, "Notify has no hash. Rejected.")
    core.say(sa, f"Unknown Input IKE_MESG_FROM_PEER, IKE_INFO_NOTIFY:  state = {sa.state.value}")
    peer = format_ipv4(sa.remote)
    core.log_peer(
        6, "IKMP_MODE_FAILURE", sa.remote, f"Processing of Informational mode failed with peer at {peer}", now
    )
    core.drops.count(Drop.IKE_NOT_AUTHENTIC)


def _show(core: Core, sa: IsakmpSa, notification: Notification, message_id: int) -> None:
    kind = _NAMES.get(notification.type) or doi.name(Notify, notification.type)
    spi = int.from_bytes(notification.spi, "big") if len(notification.spi) == 4 else 0
    core.say(sa, f" processing NOTIFY {kind} protocol {notification.protocol}")
    core.say(sa, f"     spi {spi}, message ID = {words.signed(message_id)}")


def notified(core: Core, sa: IsakmpSa, body: bytes, now: float, message_id: int = 0) -> None:
    """An authenticated notify, on its own or within phase 1; one that cannot be read is passed over."""
    try:
        notification = isakmp.parse_notify(body)
    except WireError:
        core.drops.count(Drop.IKE_MALFORMED)
        return
    _show(core, sa, notification, message_id)
    if notification.type == Notify.INITIAL_CONTACT:
        _initial_contact(core, sa, now)
    elif notification.type in (Notify.R_U_THERE, Notify.R_U_THERE_ACK):
        dpd.received(core, sa, notification, now)
    elif notification.type == Notify.RESPONDER_LIFETIME and notification.protocol == Protocol.ISAKMP:
        _responder_lifetime(core, sa, notification)
    elif notification.type < doi.NOTIFY_STATUS and notification.protocol == Protocol.ESP:
        exchange = _refused_exchange(sa, notification)
        if exchange is not None:
            core.close_exchange(sa, exchange, now, "Delete Larval")


def _initial_contact(core: Core, sa: IsakmpSa, now: float) -> None:
    """The peer has restarted: what it had before this SA is gone (RFC 2407 §4.6.3.3).

    What came into being while this SA was negotiated is the work of a simultaneous initiation, and stays.
    """
    here, there = format_ipv4(sa.local), format_ipv4(sa.remote)
    core.say(
        sa,
        f"Process initial contact,\nbring down existing phase 1 and 2 SA's with local {here} remote {there} "
        f"remote port {sa.remote_port}",
    )
    for other in list(core.sas.values()):
        before = other.established_at is not None and other.established_at < sa.created_at
        if before and not other.deleted and (other.local, other.remote) == (sa.local, sa.remote):
            core.delete_sa(other, now, "Receive initial contact")
    for pair in list(core.pairs_with(sa.local, sa.remote)):
        if pair.installed_at < sa.created_at:
            core.remove_pair(pair)


def _responder_lifetime(core: Core, sa: IsakmpSa, notification: Notification) -> None:
    """The responder keeps the SA for a shorter time than we offered (RFC 2407 §4.6.3.1)."""
    try:
        seconds = proposals.read_lifetime_notice(notification.data, phase=1).get(doi.LifeType.SECONDS, 0)
    except WireError:
        core.drops.count(Drop.IKE_MALFORMED)
        return
    if 0 < seconds < sa.lifetime:
        sa.live_for(seconds)


def _refused_exchange(sa: IsakmpSa, notification: Notification) -> QuickMode | None:
    """The quick mode of ours that an error refuses: the one with its SPI, or the only one that waits."""
    waiting = [item for item in sa.exchanges.values() if item.role is Role.INITIATOR and item.state is QuickState.I_QM1]
    for exchange in waiting:
        if exchange.pair is not None and notification.spi == exchange.pair.inbound_spi.to_bytes(4, "big"):
            return exchange
    return waiting[0] if len(waiting) == 1 else None


def _deleted(core: Core, sa: IsakmpSa, body: bytes, now: float, message_id: int) -> None:
    try:
        deletion = isakmp.parse_delete(body)
    except WireError:
        core.drops.count(Drop.IKE_MALFORMED)
        return
    core.say(sa, f" processing DELETE payload. message ID = {words.signed(message_id)}")
    core.say(sa, "peer does not do paranoid keepalives.")
    if deletion.protocol == Protocol.ESP:
        # The SPIs are those that the peer receives with, so we send with them.
        gone = {int.from_bytes(spi, "big") for spi in deletion.spis}
        for pair in list(core.pairs_with(sa.local, sa.remote)):
            if pair.outbound_spi in gone:
                core.remove_pair(pair)
    elif deletion.protocol == Protocol.ISAKMP:
        for spi in deletion.spis:
            other = core.sas.get((spi[:8], spi[8:]))
            if other is not None and not other.deleted and (other.local, other.remote) == (sa.local, sa.remote):
                core.delete_sa(other, now, "No reason")
