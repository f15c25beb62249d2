"""Dead peer detection (RFC 3706): ``crypto isakmp keepalive S [R] [periodic | on-demand]``.

``periodic`` asks the peer every S seconds. ``on-demand``, the default, asks when there is traffic for a peer from which
nothing came for S seconds. An answer that does not come is asked for again every R seconds; when that was in vain five
times, the peer is dead, and everything that was negotiated with it goes.
"""

from __future__ import annotations

from typing import Final

from nodes.base.addr import format_ipv4
from nodes.engine.ike import peers
from nodes.engine.ike.core import Core
from nodes.engine.ike.sa import IsakmpSa
from nodes.wire import doi
from nodes.wire.doi import Notify
from nodes.wire.isakmp import Notification

#: As IOS: after so many retries without an answer the peer is dead.
RETRIES: Final = 5


def begin(core: Core, sa: IsakmpSa, now: float) -> None:
    """Phase 1 is complete: the peer was there just now."""
    sa.dpd_sequence = int.from_bytes(core.entropy(4), "big") & 0x7FFFFFFF
    core.heard[sa.local, sa.remote] = now
    keepalive = core.config.keepalive
    if keepalive is not None and keepalive.periodic and sa.peer_dpd:
        sa.dpd_due = now + keepalive.interval


def sent(core: Core, local: int, remote: int, now: float) -> None:
    """Traffic went to a peer: ask whether it is there, if it was silent for long."""
    keepalive = core.config.keepalive
    if keepalive is None or keepalive.periodic or now - core.heard.get((local, remote), now) < keepalive.interval:
        return
    sa = core.usable_sa(local, remote)
    if sa is not None and sa.peer_dpd and sa.dpd_due is None:
        _ask(core, sa, now, keepalive.retry)


def heard(core: Core, local: int, remote: int, now: float) -> None:
    """Traffic, or an authenticated message, came from a peer: it is alive."""
    core.heard[local, remote] = now


def timer(core: Core, sa: IsakmpSa, now: float) -> None:
    """Ask, ask again, or give the peer up."""
    keepalive = core.config.keepalive
    if sa.dpd_due is None or sa.dpd_due > now:
        return
    ends = sa.local, sa.remote
    if keepalive is None or core.usable_sa(*ends) is not sa:
        # Only the newest SA asks: the peer may have forgotten an older one.
        sa.dpd_due = None
    elif sa.dpd_waiting and core.heard.get(ends, 0.0) > sa.dpd_asked_at:
        _alive(core, sa, now)
    elif not sa.dpd_waiting:
        _ask(core, sa, now, keepalive.retry)
    elif sa.dpd_misses == RETRIES:
        _dead(core, sa, now)
    else:
        sa.dpd_misses += 1
        core.say(sa, f"DPD incrementing error counter ({sa.dpd_misses}/{RETRIES})")
        sa.dpd_due = now + keepalive.retry
        _send(core, sa, Notify.R_U_THERE, sa.dpd_sequence)


def _ask(core: Core, sa: IsakmpSa, now: float, retry: int) -> None:
    sa.dpd_sequence = sa.dpd_sequence + 1 & 0xFFFFFFFF
    sa.dpd_waiting, sa.dpd_misses = True, 0
    sa.dpd_due, sa.dpd_asked_at = now + retry, now
    _send(core, sa, Notify.R_U_THERE, sa.dpd_sequence)


def _alive(core: Core, sa: IsakmpSa, now: float) -> None:
    """An answer came, or traffic, which is as good (RFC 3706 §5.5)."""
    keepalive = core.config.keepalive
    sa.dpd_waiting, sa.dpd_misses = False, 0
    sa.dpd_due = now + keepalive.interval if keepalive is not None and keepalive.periodic else None


def received(core: Core, sa: IsakmpSa, notification: Notification, now: float) -> None:
    """An authenticated R-U-THERE, or its answer (RFC 3706 §5.3, §6)."""
    if len(notification.data) != 4 or notification.spi != b"".join(sa.cookies):
        return
    sequence = int.from_bytes(notification.data, "big")
    peer = format_ipv4(sa.remote)
    if notification.type == Notify.R_U_THERE:
        core.say(sa, f"DPD/R_U_THERE received from peer {peer}, sequence 0x{sequence:X}")
        _send(core, sa, Notify.R_U_THERE_ACK, sequence)
        return
    core.say(sa, f"DPD/R_U_THERE_ACK received from peer {peer}, sequence 0x{sequence:X}")
    # A replayed answer is to another question.
    if not sa.dpd_waiting or sequence != sa.dpd_sequence:
        return
    heard(core, sa.local, sa.remote, now)
    _alive(core, sa, now)


def _send(core: Core, sa: IsakmpSa, kind: Notify, sequence: int) -> None:
    core.say(sa, f"Sending NOTIFY DPD/{kind.name} protocol 1")
    data = sequence.to_bytes(4, "big")
    core.notify(sa, Notification(doi.Protocol.ISAKMP, kind, b"".join(sa.cookies), data))


def _dead(core: Core, sa: IsakmpSa, now: float) -> None:
    """The peer has gone: all that was negotiated with it goes, and the next peer of its entries comes."""
    core.say(sa, f"peer {format_ipv4(sa.remote)} not responding!")
    ends = sa.local, sa.remote
    for other in list(core.sas.values()):
        if (other.local, other.remote) == ends and other.usable:
            core.delete_sa(other, now, "P1 errcounter exceeded (PEERS_ALIVE_TIMER)")
    for pair in list(core.pairs.values()):
        if (pair.owner.local, pair.peer) == ends:
            core.remove_pair(pair)
    peers.gone(core, *ends)
