"""What the engine must know of the device's configuration: frozen values, replaced as a whole."""

from __future__ import annotations

from dataclasses import dataclass, field

from nodes.base.addr import IPV4_MAX
from nodes.esp.association import EspTransform, Proxies


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
class TransformSet:
    """``crypto ipsec transform-set``, of one ESP transform in tunnel mode."""

    name: str
    transform: EspTransform


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


@dataclass(frozen=True, slots=True)
class IkeConfig:
    """``enabled``: a crypto map is applied to an interface, so ISAKMP is on. ``policies`` come in priority order.

    ``entries`` are those of all maps on all interfaces; one map on two interfaces gives its entries twice.
    """

    enabled: bool = False
    policies: tuple[Policy, ...] = ()
    keys: tuple[PreSharedKey, ...] = ()
    entries: tuple[MapEntry, ...] = ()

    def key_for(self, peer: int) -> bytes | None:
        """The pre-shared key for a peer: the most specific that matches its address."""
        matching = [key for key in self.keys if peer & key.mask == key.address & key.mask]
        return max(matching, key=lambda key: key.mask).key if matching else None
