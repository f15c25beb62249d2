"""Frozen pictures of the engine's records, for show commands and tests."""

from __future__ import annotations

from dataclasses import dataclass

from nodes.engine.ike.sa import IsakmpSa, Pair
from nodes.engine.ike.states import Role
from nodes.esp.association import Proxies


@dataclass(frozen=True, slots=True)
class IsakmpView:
    """A row of ``show crypto isakmp sa [detail]``. ``destination`` is the responder, ``source`` the initiator.

    ``state`` is IOS's word, ``status`` ``ACTIVE`` or ``ACTIVE (deleted)``. ``connection_id`` is 0 before keys exist.
    ``remaining`` is the rest of the lifetime in whole seconds, None before the SA is complete. Cipher and hash are
    names of nodes.crypto.suites, "" before a policy is agreed. ``dpd``: dead peer detection is on; ``natted``: a
    translator was found on the way. ``peer_identity`` is who the peer has proved to be.
    """

    destination: int
    source: int
    state: str
    connection_id: int
    status: str
    local: int
    remote: int
    local_port: int
    remote_port: int
    initiator: bool
    initiator_cookie: bytes
    responder_cookie: bytes
    cipher: str
    hash: str
    group: int
    lifetime: int
    remaining: int | None
    dpd: bool = False
    natted: bool = False
    peer_identity: str = ""


@dataclass(frozen=True, slots=True)
class PairView:
    """A pair of IPsec SAs as IKE knows it; ``larval`` until both directions are in use."""

    inbound_spi: int
    outbound_spi: int
    proxies: Proxies
    peer: int
    initiator: bool
    larval: bool
    map_name: str
    sequence: int
    interface: str


def isakmp_view(sa: IsakmpSa, now: float, *, keepalives: bool = False) -> IsakmpView:
    initiator = sa.role is Role.INITIATOR
    policy = sa.policy
    dpd = keepalives and sa.peer_dpd and sa.usable
    return IsakmpView(
        sa.remote if initiator else sa.local,
        sa.local if initiator else sa.remote,
        sa.word,
        sa.connection_id,
        "ACTIVE (deleted)" if sa.deleted else "ACTIVE",
        sa.local,
        sa.remote,
        sa.local_port,
        sa.remote_port,
        initiator,
        sa.initiator_cookie,
        sa.responder_cookie,
        policy.cipher if policy else "",
        policy.hash if policy else "",
        policy.group if policy else 0,
        sa.lifetime,
        max(0, int(sa.expires_at - now)) if sa.expires_at is not None else None,
        dpd,
        sa.natted,
        sa.peer_identity,
    )


def pair_view(pair: Pair) -> PairView:
    return PairView(
        pair.inbound_spi,
        pair.outbound_spi,
        pair.proxies,
        pair.peer,
        pair.role is Role.INITIATOR,
        not (pair.inbound and pair.outbound),
        pair.entry.map_name,
        pair.entry.sequence,
        pair.entry.interface,
    )
