"""``show crypto engine connections active``, ``show crypto session``, ``show debugging``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from nodes.base.spans import stamp
from nodes.device.cryptoviews import (
    CryptoSessionsView,
    CryptoSessionView,
    DebuggingView,
    EngineConnectionsView,
    IsakmpSaView,
    SessionFlowView,
)
from nodes.show.isakmp import clock


def connections(view: EngineConnectionsView) -> Iterator[str]:
    yield "Crypto Engine Connections"
    yield ""
    yield "   ID  Type    Algorithm           Encrypt  Decrypt LastSeqN IP-Address"
    for row in view.connections:
        counters = f"{row.encrypted:>8}{row.decrypted:>9}{row.last_sequence:>9}"
        yield f"{row.connection_id:>5}  {row.kind:<8}{row.algorithm:<19}{counters} {row.address}"
    yield ""


# Sessions ----------------------------------------------------------------------------------------------------------

_DETAIL_CODES: Final = (
    "Code: C - IKE Configuration mode, D - Dead Peer Detection     ",
    "K - Keepalives, N - NAT-traversal, T - cTCP encapsulation     ",
    "X - IKE Extended Authentication, F - IKE Fragmentation",
    "R - IKE Auto Reconnect, U - IKE Dynamic Route Update",
    "S - SIP VPN",
)


def _end(address: str, mask: str) -> str:
    return f"host {address}" if mask == "255.255.255.255" else f"{address}/{mask}"


def _ike(sa: IsakmpSaView, detail: bool) -> Iterator[str]:
    up = sa.status == "ACTIVE" and sa.remaining is not None
    yield "  Session ID: 0  "
    ends = f"local {sa.local}/{sa.local_port} remote {sa.remote}/{sa.remote_port}"
    yield f"  IKEv1 SA: {ends} {'Active' if up else 'Inactive'} "
    if detail:
        lifetime = clock(sa.remaining) if sa.remaining else "0"
        yield f"          Capabilities:{sa.capabilities or '(none)'} connid:{sa.connection_id} lifetime:{lifetime}"


def _flow(flow: SessionFlowView, detail: bool) -> Iterator[str]:
    local, remote = _end(flow.local_address, flow.local_mask), _end(flow.remote_address, flow.remote_mask)
    life = f"life (KB/Sec) {flow.remaining_kilobytes}/{flow.remaining_seconds}"
    yield f"  IPSEC FLOW: permit {flow.protocol} {local} {remote} "
    yield f"        Active SAs: {flow.active_sas}, origin: crypto map"
    if detail:
        yield f"        Inbound:  #pkts dec'ed {flow.decrypted} drop {flow.inbound_drops} {life}"
        yield f"        Outbound: #pkts enc'ed {flow.encrypted} drop {flow.outbound_drops} {life}"


def _session(session: CryptoSessionView, detail: bool) -> Iterator[str]:
    yield f"Interface: {session.interface}"
    if detail and session.uptime is not None:
        yield f"Uptime: {stamp(session.uptime)}"
    yield f"Session status: {session.status:<14}"
    if detail:
        yield f"Peer: {session.peer} port {session.port} fvrf: (none) ivrf: (none)"
        if any(sa.remaining is not None for sa in session.ike):
            yield f"      Phase1_id: {session.identity}"
            yield "      Desc: (none)"
        else:
            # Before a peer has said who it is, IOS has the two in the other order.
            yield "      Desc: (none)"
            yield "      Phase1_id: (none)"
    else:
        yield f"Peer: {session.peer} port {session.port} "
    for sa in session.ike:
        yield from _ike(sa, detail)
    for flow in session.flows:
        yield from _flow(flow, detail)
    yield ""


def sessions(view: CryptoSessionsView) -> Iterator[str]:
    yield "Crypto session current status"
    yield ""
    if view.detail:
        yield from _DETAIL_CODES
        yield ""
    for session in view.sessions:
        yield from _session(session, view.detail)


# Debug -------------------------------------------------------------------------------------------------------------

_TOPICS: Final = {"isakmp": "Crypto ISAKMP", "ipsec": "Crypto IPSEC", "engine": "Crypto Engine"}


def debug_line(topic: str, on: bool) -> str:
    """What ``debug crypto isakmp`` answers."""
    return f"{_TOPICS[topic]} debugging is {'on' if on else 'off'}"


def debugging(view: DebuggingView) -> Iterator[str]:
    if not view.topics:
        return
    yield "Cryptographic Subsystem:"
    for topic, name in _TOPICS.items():
        if topic in view.topics:
            yield f"  {name} debugging is on"
    yield ""
