"""The ``crypto`` part of a router's configuration as plain values; nothing here loads any cryptography."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple

#: Defaults of IOS: an IPsec SA lives an hour or 4.6 million kilobytes, an ISAKMP SA a day.
DEFAULT_SECONDS: Final = 3600
DEFAULT_KILOBYTES: Final = 4608000
DEFAULT_ISAKMP_SECONDS: Final = 86400
DEFAULT_WINDOW: Final = 64


@dataclass(slots=True)
class IsakmpPolicyConfig:
    """``crypto isakmp policy``: ``encryption`` ``des``, ``3des`` or ``aes 128|192|256``; ``hash`` ``sha``, ``md5``…"""

    priority: int
    encryption: str = "des"
    hash: str = "sha"
    authentication: str = "rsa-sig"
    group: int = 1
    lifetime: int = DEFAULT_ISAKMP_SECONDS


class IsakmpKeyConfig(NamedTuple):
    """``crypto isakmp key``: ``mask`` 0xFFFFFFFF for a single peer, 0 for all."""

    key: str
    address: int
    mask: int = 0xFFFFFFFF


class HostKeyConfig(NamedTuple):
    """``crypto isakmp key … hostname``"""

    key: str
    hostname: str


class KeepaliveConfig(NamedTuple):
    """``crypto isakmp keepalive``, in seconds."""

    interval: int
    retry: int = 2
    periodic: bool = False


@dataclass(slots=True)
class IsakmpPeerConfig:
    """``crypto isakmp peer address``: how to call this peer in aggressive mode.

    ``endpoint`` is a kind (``fqdn``, ``user-fqdn``, ``ipv4-address``) and a value.
    """

    address: int
    password: str = ""
    endpoint: tuple[str, str] | None = None


@dataclass(slots=True)
class TransformSetConfig:
    """``crypto ipsec transform-set``; ``transforms`` in full: ``("esp-aes 256", "esp-sha-hmac")``."""

    name: str
    transforms: tuple[str, ...]
    mode: str = "tunnel"


@dataclass(slots=True)
class CryptoMapConfig:
    """One entry of a crypto map. Empty ``peers``, ``transform_sets`` or ``match`` leave it incomplete, and idle."""

    name: str
    sequence: int
    description: str = ""
    peers: list[int] = field(default_factory=list)
    transform_sets: list[str] = field(default_factory=list)
    match: str = ""
    pfs_group: int | None = None
    lifetime_seconds: int | None = None
    lifetime_kilobytes: int | None = None
    default_peer: int | None = None
    """One of ``peers``: the one to begin with again after a connection has ended."""

    @property
    def complete(self) -> bool:
        return bool(self.peers and self.transform_sets and self.match)


@dataclass(slots=True)
class CryptoConfig:
    """Everything that begins with ``crypto`` in configuration mode."""

    policies: dict[int, IsakmpPolicyConfig] = field(default_factory=dict)
    keys: list[IsakmpKeyConfig] = field(default_factory=list)
    transform_sets: dict[str, TransformSetConfig] = field(default_factory=dict)
    maps: dict[str, dict[int, CryptoMapConfig]] = field(default_factory=dict)
    lifetime_seconds: int = DEFAULT_SECONDS
    lifetime_kilobytes: int = DEFAULT_KILOBYTES
    host_keys: list[HostKeyConfig] = field(default_factory=list)
    peers: dict[int, IsakmpPeerConfig] = field(default_factory=dict)
    identity: str = "address"
    keepalive: KeepaliveConfig | None = None
    nat_keepalive: int = 0
    accept_aggressive: bool = True
    invalid_spi_recovery: bool = True
    nat_transparency: bool = True
    log_sessions: bool = False
    replay_window: int = DEFAULT_WINDOW
    """0: replay detection is disabled."""
    df_bit: str = "copy"
    fragment_before: bool = True
