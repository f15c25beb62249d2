"""What ``show crypto`` commands are made from: frozen values with addresses as text, like :mod:`nodes.device.views`.

``personality`` names the software version whose wording the text uses.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class IsakmpSaView:
    """A row of ``show crypto isakmp sa``: dst is the responder, src the initiator, on both routers the same."""

    destination: str
    source: str
    state: str
    connection_id: int
    status: str
    local: str
    remote: str
    encryption: str
    """``aes``, ``3des``, ``des`` or "" before a policy is agreed."""
    key_bits: int
    hash: str
    authentication: str
    group: int
    remaining: int | None
    """Seconds of the lifetime that are left; None before the SA is complete."""
    lifetime: int
    capabilities: str = ""
    """``D`` with dead peer detection, ``N`` with a translator on the way."""
    local_port: int = 500
    remote_port: int = 500
    identity: str = ""
    """Who the peer has proved to be."""


@dataclass(frozen=True, slots=True)
class IsakmpSasView:
    personality: str
    sas: tuple[IsakmpSaView, ...]


@dataclass(frozen=True, slots=True)
class IsakmpPolicyView:
    priority: int
    encryption: str
    """As configured: ``des``, ``3des``, ``aes 256``."""
    hash: str
    authentication: str
    group: int
    lifetime: int


@dataclass(frozen=True, slots=True)
class IsakmpPoliciesView:
    personality: str
    policies: tuple[IsakmpPolicyView, ...]


@dataclass(frozen=True, slots=True)
class IsakmpPeerView:
    """A peer with which phase 1 is complete."""

    peer: str
    port: int
    local: str
    identity: str


@dataclass(frozen=True, slots=True)
class IsakmpPeersView:
    peers: tuple[IsakmpPeerView, ...]


@dataclass(frozen=True, slots=True)
class IsakmpKeyView:
    address: str
    """Or a host's name, with the mask of a single host."""
    mask: str
    key: str


@dataclass(frozen=True, slots=True)
class IsakmpKeysView:
    keys: tuple[IsakmpKeyView, ...]


@dataclass(frozen=True, slots=True)
class EspSaView:
    """One direction of a pair."""

    spi: int
    transform: str
    """``esp-256-aes esp-sha-hmac``"""
    connection_id: int
    remaining_kilobytes: int
    remaining_seconds: int
    iv_octets: int
    replay_window: int
    packets: int
    settings: str = "Tunnel"
    """``Tunnel``, ``Transport``, with `` UDP-Encaps`` behind a translator."""


@dataclass(frozen=True, slots=True)
class IpsecFlowView:
    """A proxy identity with its counters and its SAs, the newest pair first."""

    local_address: str
    local_mask: str
    remote_address: str
    remote_mask: str
    protocol: int
    local_port: int
    remote_port: int
    peer: str
    map_name: str
    encaps: int
    decaps: int
    send_errors: int
    recv_errors: int
    outbound_spi: int
    """Of the pair that is used for sending; 0 without one."""
    plaintext_mtu: int
    pfs_group: int | None
    inbound: tuple[EspSaView, ...]
    outbound: tuple[EspSaView, ...]
    no_sa: int = 0
    """Of the send errors: packets for which there was no SA."""
    not_verified: int = 0
    """Of the receive errors: packets whose integrity check failed."""
    wrong_identity: int = 0
    """Of the receive errors: packets that are none of this identity's traffic."""
    replayed: int = 0
    """Of the receive errors: packets seen before, or too old."""
    peer_port: int = 500
    path_mtu: int = 1500


@dataclass(frozen=True, slots=True)
class IpsecInterfaceView:
    interface: str
    map_name: str
    local: str
    mtu: int
    flows: tuple[IpsecFlowView, ...]


@dataclass(frozen=True, slots=True)
class IpsecSasView:
    personality: str
    interfaces: tuple[IpsecInterfaceView, ...]


@dataclass(frozen=True, slots=True)
class TransformSetView:
    name: str
    transforms: str
    """``esp-256-aes esp-sha-hmac``"""
    mode: str


@dataclass(frozen=True, slots=True)
class TransformSetsView:
    sets: tuple[TransformSetView, ...]


@dataclass(frozen=True, slots=True)
class IpsecLifetimeView:
    kilobytes: int
    seconds: int


@dataclass(frozen=True, slots=True)
class CryptoMapEntryView:
    name: str
    sequence: int
    description: str
    complete: bool
    peers: tuple[str, ...]
    current_peer: str | None
    access_list: str
    rules: tuple[str, ...]
    """The list's lines as configured; empty when there is no such list."""
    kilobytes: int
    seconds: int
    pfs_group: int | None
    transform_sets: tuple[TransformSetView, ...]
    interfaces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CryptoMapsView:
    personality: str
    entries: tuple[CryptoMapEntryView, ...]


@dataclass(frozen=True, slots=True)
class EngineConnectionView:
    """A row of ``show crypto engine connections active``: one-way SAs and ISAKMP SAs."""

    connection_id: int
    kind: str
    """``IKE`` or ``IPsec``."""
    algorithm: str
    """``SHA+AES256``, ``AES+SHA``."""
    encrypted: int
    decrypted: int
    address: str
    last_sequence: int = 0
    """The highest sequence number that came in and was authentic."""


@dataclass(frozen=True, slots=True)
class EngineConnectionsView:
    connections: tuple[EngineConnectionView, ...]


@dataclass(frozen=True, slots=True)
class SessionFlowView:
    local_address: str
    local_mask: str
    remote_address: str
    remote_mask: str
    protocol: str
    """``ip`` or a protocol's number."""
    active_sas: int
    decrypted: int
    encrypted: int
    inbound_drops: int
    outbound_drops: int
    remaining_kilobytes: int
    remaining_seconds: int


@dataclass(frozen=True, slots=True)
class CryptoSessionView:
    """A peer of ``show crypto session``. ``status`` is UP-ACTIVE, UP-NO-IKE, UP-IDLE, DOWN-NEGOTIATING
    or DOWN."""

    interface: str
    status: str
    peer: str
    uptime: float | None
    ike: tuple[IsakmpSaView, ...]
    flows: tuple[SessionFlowView, ...]

    @property
    def port(self) -> int:
        """The peer's UDP port."""
        return next((sa.remote_port for sa in self.ike if sa.remaining is not None), 500)

    @property
    def identity(self) -> str:
        """Who the peer has proved to be."""
        return next((sa.identity for sa in self.ike if sa.identity), self.peer)


@dataclass(frozen=True, slots=True)
class CryptoSessionsView:
    detail: bool
    sessions: tuple[CryptoSessionView, ...]


@dataclass(frozen=True, slots=True)
class DebuggingView:
    """``show debugging``: topics that are on, of ``isakmp``, ``ipsec`` and ``engine``."""

    topics: tuple[str, ...]
