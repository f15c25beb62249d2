"""What the engine must know of the device's configuration: frozen values, replaced as a whole."""

from __future__ import annotations

from dataclasses import dataclass, field

from nodes.base.addr import IPV4_MAX
from nodes.esp.association import DfBit, EspTransform, Mode, Proxies


@dataclass(frozen=True, slots=True)
class Policy:
    """``crypto isakmp policy``. ``cipher`` and ``hash`` are names of :mod:`nodes.crypto.suites`, lifetime in seconds.

    The defaults are those of IOS. A policy with another authentication than ``pre-share`` is never offered or accepted.
    """

    priority: int
    cipher: str = "des"
    hash: str = "sha1"
    group: int = 1
    authentication: str = "rsa-sig"
    lifetime: int = 86400


@dataclass(frozen=True, slots=True)
class PreSharedKey:
    """``crypto isakmp key … address A [mask]``; mask 0 makes a key for every peer."""

    key: bytes = field(repr=False)
    address: int
    mask: int = IPV4_MAX


@dataclass(frozen=True, slots=True)
class HostKey:
    """``crypto isakmp key … hostname H``: for a peer that states this name in aggressive mode."""

    key: bytes = field(repr=False)
    hostname: str


@dataclass(frozen=True, slots=True)
class AggressivePeer:
    """``crypto isakmp peer address A``: call it in aggressive mode, with this key and as this endpoint.

    ``endpoint`` is (kind, value): ``fqdn``, ``user-fqdn`` or ``ipv4-address``.
    """

    address: int
    key: bytes | None = field(default=None, repr=False)
    endpoint: tuple[str, str] | None = None

    @property
    def calls(self) -> bool:
        """Both are set, so that we begin in aggressive mode."""
        return self.key is not None and self.endpoint is not None


@dataclass(frozen=True, slots=True)
class Keepalive:
    """``crypto isakmp keepalive``, in seconds."""

    interval: int
    retry: int = 2
    periodic: bool = False


@dataclass(frozen=True, slots=True)
class TransformSet:
    """``crypto ipsec transform-set``, of one ESP transform. Mode transport is for traffic between the ends."""

    name: str
    transform: EspTransform
    mode: Mode = Mode.TUNNEL

    def mode_for(self, proxies: Proxies, local: int, remote: int) -> Mode:
        """Transport mode only for what the two ends say to each other; all else needs a tunnel (RFC 4301 §4.1)."""
        ends = proxies.local.address, proxies.remote.address
        hosts = proxies.local.mask == proxies.remote.mask == IPV4_MAX
        return self.mode if hosts and ends == (local, remote) else Mode.TUNNEL


@dataclass(frozen=True, slots=True)
class MapEntry:
    """A complete entry of a crypto map that is applied to an interface.

    ``proxies`` are the permit lines of its access list, as seen from here (source is local). ``local_address`` is the
    interface's. Lifetimes in seconds and kilobytes (of 1024 octets).
    """

    map_name: str
    sequence: int
    interface: str
    local_address: int
    peers: tuple[int, ...]
    transform_sets: tuple[TransformSet, ...]
    proxies: tuple[Proxies, ...]
    pfs_group: int | None = None
    lifetime_seconds: int = 3600
    lifetime_kilobytes: int = 4608000
    default_peer: int | None = None
    """``set peer A default``: the one to begin with again."""
    window: int = 64
    df: DfBit = DfBit.COPY

    @property
    def name(self) -> tuple[str, str, int]:
        """What tells entries apart."""
        return self.interface, self.map_name, self.sequence

    @property
    def first_peer(self) -> int:
        return self.peers[0] if self.default_peer is None else self.default_peer


@dataclass(frozen=True, slots=True)
class IkeConfig:
    """``enabled``: a crypto map is applied to an interface, so ISAKMP is on. ``policies`` come in priority order.

    ``entries`` are those of all maps on all interfaces; one map on two interfaces gives its entries twice.
    """

    enabled: bool = False
    policies: tuple[Policy, ...] = ()
    keys: tuple[PreSharedKey, ...] = ()
    entries: tuple[MapEntry, ...] = ()
    host_keys: tuple[HostKey, ...] = ()
    aggressive_peers: tuple[AggressivePeer, ...] = ()
    accept_aggressive: bool = True
    identity: str = "address"
    """How we name ourselves: ``address`` or ``hostname`` (which is ``fqdn``)."""
    fqdn: str = ""
    keepalive: Keepalive | None = None
    nat_traversal: bool = True
    nat_keepalive: int = 0
    """Seconds between two octets that keep a translator's entry alive; 0 for none."""
    log_sessions: bool = False

    def key_for(self, peer: int) -> bytes | None:
        """The pre-shared key for a peer: the most specific that matches its address."""
        matching = [key for key in self.keys if peer & key.mask == key.address & key.mask]
        return max(matching, key=lambda key: key.mask).key if matching else None

    def key_named(self, hostname: str) -> bytes | None:
        """The pre-shared key for a peer by the name that it states."""
        return next((key.key for key in self.host_keys if key.hostname.lower() == hostname.lower()), None)

    def aggressive_peer(self, address: int) -> AggressivePeer | None:
        return next((peer for peer in self.aggressive_peers if peer.address == address), None)

    def calls_aggressively(self, address: int) -> bool:
        """Whether we begin phase 1 with this peer in aggressive mode."""
        known = self.aggressive_peer(address)
        return known is not None and known.calls

    def initiators_key(self, address: int) -> bytes | None:
        """The key to begin phase 1 with: that of aggressive mode, where it is configured for the peer."""
        known = self.aggressive_peer(address)
        return known.key if known is not None and known.calls else self.key_for(address)
