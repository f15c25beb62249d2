"""The engine's records: ISAKMP SA, quick mode exchange, and pair of IPsec SAs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from nodes.engine.ike.config import MapEntry, Policy
from nodes.engine.ike.envelope import Keys
from nodes.engine.ike.states import AGGRESSIVE_WORDS, WORDS, QuickState, Role, State
from nodes.esp.association import EspTransform, Mode, Proxies
from nodes.wire.doi import NAT_T_PORT
from nodes.wire.isakmp import ZERO_COOKIE

#: IOS: the first transmission, then five more ten seconds apart, then "Death by retransmission".
RETRANSMIT_INTERVAL: Final = 10.0
RETRANSMIT_LIMIT: Final = 5
#: Seconds for which a deleted SA stays listed as ``ACTIVE (deleted)`` before it is purged.
LINGER: Final = 60.0
#: Seconds before its end at which the initiator of an SA begins to renew it, so that all retransmissions fit in; at
#: most half of the lifetime. The responder waits until three quarters of that are over.
RENEWAL_MARGIN: Final = 60.0
#: A duplicate is answered again at most this often (seconds): two peers must not answer each other's answers for ever.
DUPLICATE_INTERVAL: Final = 1.0


def renewal_margin(lifetime: float, role: Role) -> float:
    """Seconds before the end of ``lifetime`` at which to renew."""
    margin = min(RENEWAL_MARGIN, lifetime / 2)
    return margin if role is Role.INITIATOR else margin * 0.75


@dataclass(slots=True)
class Outbox:
    """The last message of an exchange: sent again, unchanged, on a timer while ``due`` is set, or for a duplicate."""

    datagram: bytes = b""
    sent_at: float = 0.0
    attempts: int = 0
    due: float | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """A wish for a pair of IPsec SAs, that waits for phase 1. ``tried`` are the peers that did not answer it."""

    entry: MapEntry
    proxies: Proxies
    tried: tuple[int, ...] = ()


@dataclass(slots=True, eq=False)
class QuickMode:
    """One quick mode exchange. ``iv`` is that of the next message; ``received`` and ``outbox`` serve duplicates."""

    message_id: int
    role: Role
    entry: MapEntry | None
    proxies: Proxies | None
    state: QuickState = QuickState.READY
    iv: bytes = b""
    received: bytes = b""
    outbox: Outbox = field(default_factory=Outbox)
    purge_at: float | None = None
    ni_b: bytes = b""
    nr_b: bytes = b""
    private: bytes = field(default=b"", repr=False)
    pair: Pair | None = None


@dataclass(slots=True, eq=False)
class Pair:
    """Two IPsec SAs, one each way. ``outbound_spi`` is 0 until the peer has named it.

    ``inbound`` and ``outbound`` tell what has been handed out; until both are, the pair is larval, and a responder
    keeps the outbound SA's key here. ``renewed``: we were asked for the next pair.
    """

    inbound_spi: int
    owner: IsakmpSa
    entry: MapEntry
    proxies: Proxies
    peer: int
    role: Role
    inbound_id: int
    outbound_id: int
    outbound_spi: int = 0
    transform: EspTransform | None = None
    mode: Mode = Mode.TUNNEL
    lifetime_seconds: int = 0
    lifetime_kilobytes: int = 0
    pfs_group: int | None = None
    inbound: bool = False
    outbound: bool = False
    outbound_key: bytes = field(default=b"", repr=False)
    installed_at: float = 0.0
    renewed: bool = False

    @property
    def expires_at(self) -> float:
        return self.installed_at + self.lifetime_seconds

    @property
    def rank(self) -> bytes:
        """The same on both ends, so that both choose the same one of two twins (see IkeEngine.renew)."""
        return b"".join(spi.to_bytes(4, "big") for spi in sorted((self.inbound_spi, self.outbound_spi)))


@dataclass(slots=True, eq=False)
class IsakmpSa:
    """An ISAKMP SA, from its first message until it is purged. Times are monotonic seconds."""

    role: Role
    local: int
    remote: int
    initiator_cookie: bytes
    created_at: float
    local_port: int = 500
    remote_port: int = 500
    responder_cookie: bytes = ZERO_COOKIE
    state: State = State.READY
    connection_id: int = 0
    errors: int = 0
    aggressive: bool = False
    #: Who the peer says it is, once that is authenticated; for shows.
    peer_identity: str = ""

    # What the peer can do, and where translators were found.
    peer_dpd: bool = False
    peer_nat_t: bool = False
    nat_here: bool = False
    nat_there: bool = False
    keepalive_due: float | None = None

    # Dead peer detection: the number of the last question and its time, whether it was answered, how often in vain.
    dpd_due: float | None = None
    dpd_asked_at: float = 0.0
    dpd_sequence: int = 0
    dpd_waiting: bool = False
    dpd_misses: int = 0

    # Negotiation.
    psk: bytes = field(default=b"", repr=False)
    policy: Policy | None = None
    sai_b: bytes = b""
    private: bytes = field(default=b"", repr=False)
    #: Body of the initiator's ID payload, in aggressive mode.
    identity: bytes = b""
    g_xi: bytes = b""
    g_xr: bytes = b""
    ni_b: bytes = b""
    nr_b: bytes = b""
    keys: Keys | None = None
    #: IV of the next message of phase 1; after its end, phase 1's last block of ciphertext.
    iv: bytes = b""

    # Transport of phase 1.
    received: list[bytes] = field(default_factory=list)
    outbox: Outbox = field(default_factory=Outbox)

    # Life.
    lifetime: int = 0
    established_at: float | None = None
    renew_at: float | None = None
    expires_at: float | None = None
    purge_at: float | None = None

    # Phase 2.
    requests: list[Request] = field(default_factory=list)
    early: list[bytes] = field(default_factory=list)
    exchanges: dict[int, QuickMode] = field(default_factory=dict)
    #: Every message ID ever used under this SA: an old message that is replayed finds its number here.
    message_ids: set[int] = field(default_factory=set)

    @property
    def word(self) -> str:
        """The state as IOS names it, ``QM_IDLE`` once phase 1 is complete."""
        return (AGGRESSIVE_WORDS.get(self.state) if self.aggressive else None) or WORDS[self.state]

    @property
    def natted(self) -> bool:
        """A translator is between the two ends, so that ESP goes inside UDP.

        What was found is not authenticated, and may differ at the two ends; the port that the initiator went to, after
        it, is the same at both.
        """
        return self.local_port == NAT_T_PORT

    @property
    def deleted(self) -> bool:
        return self.state is State.DELETED

    @property
    def usable(self) -> bool:
        """Phase 1 is complete: phase 2 can run under it."""
        return self.state is State.COMPLETE

    @property
    def half_open(self) -> bool:
        """Made by a peer's first message, and not (or never) completed."""
        return self.role is Role.RESPONDER and self.established_at is None

    @property
    def cookies(self) -> tuple[bytes, bytes]:
        return self.initiator_cookie, self.responder_cookie

    @property
    def rank(self) -> bytes:
        """The same on both ends, so that both choose the same one of two twins."""
        return self.initiator_cookie + self.responder_cookie

    def live_for(self, lifetime: int) -> None:
        """Set the end of an established SA, and when to renew it. ``lifetime`` in seconds."""
        assert self.established_at is not None
        self.lifetime = lifetime
        self.expires_at = self.established_at + lifetime
        self.renew_at = self.expires_at - renewal_margin(lifetime, self.role)
