"""What the IPsec engines must know, derived from a router's configuration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from nodes.base.addr import IPV4_MAX, mask_to_length
from nodes.base.errors import AddressError
from nodes.device.config import InterfaceAddress, RouterConfig
from nodes.device.cryptoconfig import CryptoConfig, CryptoMapConfig
from nodes.engine.acl import ABSENT, AccessList, AclRule, Action, Flow, PortMatch, PortOperator
from nodes.engine.ike.config import (
    AggressivePeer,
    HostKey,
    IkeConfig,
    Keepalive,
    MapEntry,
    Policy,
    PreSharedKey,
    TransformSet,
)
from nodes.engine.sad import MapEntry as SpdEntry
from nodes.engine.sad import Packet as Traffic
from nodes.esp.association import DfBit, EspTransform, Mode, Proxies, Selector

#: Words of the configuration -> names of nodes.crypto.suites.
CIPHERS: Final = {
    "des": "des",
    "3des": "3des",
    "aes 128": "aes-128",
    "aes": "aes-128",
    "aes 192": "aes-192",
    "aes 256": "aes-256",
    "esp-null": "null",
    "esp-des": "des",
    "esp-3des": "3des",
    "esp-aes": "aes-128",
    "esp-aes 192": "aes-192",
    "esp-aes 256": "aes-256",
    "esp-gcm": "aes-gcm-128",
    "esp-gcm 192": "aes-gcm-192",
    "esp-gcm 256": "aes-gcm-256",
}
HASHES: Final = {
    "sha": "sha1",
    "md5": "md5",
    "sha256": "sha256",
    "sha384": "sha384",
    "sha512": "sha512",
    "esp-sha-hmac": "sha1",
    "esp-md5-hmac": "md5",
    "esp-sha256-hmac": "sha256",
    "esp-sha384-hmac": "sha384",
    "esp-sha512-hmac": "sha512",
}


def transform_of(transforms: tuple[str, ...]) -> EspTransform:
    """``("esp-aes 256", "esp-sha-hmac")`` -> the suites' names; a part that is not there is null or none."""
    cipher = next((CIPHERS[word] for word in transforms if word in CIPHERS), "null")
    integrity = next((HASHES[word] for word in transforms if word in HASHES), "none")
    return EspTransform(cipher, integrity)


def proxies_of(rule: AclRule) -> Proxies | None:
    """The proxy identities of a permit line (RFC 2407 4.6.2); None for a line that no pair of subnets can express."""
    local = _selector(rule.source, rule.source_wildcard, rule.protocol, rule.source_port)
    remote = _selector(rule.destination, rule.destination_wildcard, rule.protocol, rule.destination_port)
    return None if local is None or remote is None else Proxies(local, remote)


def _selector(address: int, wildcard: int, protocol: int | None, port: PortMatch | None) -> Selector | None:
    mask = ~wildcard & IPV4_MAX
    try:
        mask_to_length(mask)
    except AddressError:
        return None
    if port is not None and (port.operator is not PortOperator.EQ or len(port.ports) > 1):
        return None
    return Selector(address, mask, protocol or 0, 0 if port is None else port.ports[0])


class CryptoList:
    """The access list of a crypto map entry, as the SPD asks it."""

    __slots__ = ("_list",)

    def __init__(self, access_list: AccessList) -> None:
        self._list = access_list

    def find(self, packet: Traffic, *, count: bool) -> Proxies | None:
        """The proxies of the permit line that decides over a packet; None when it is denied, or not matched."""
        flow = Flow(
            packet.source,
            packet.destination,
            packet.protocol,
            packet.source_port or ABSENT,
            packet.destination_port or ABSENT,
        )
        entry = self._list.hit(flow) if count else self._list.match(flow)
        if entry is None or entry.rule.action is not Action.PERMIT:
            return None
        return proxies_of(entry.rule)


def _applied(config: RouterConfig) -> Iterator[tuple[str, CryptoMapConfig]]:
    """(interface, entry) for each entry of each map that is applied, in order."""
    for name, interface in config.interfaces.items():
        entries = config.crypto.maps.get(interface.crypto_map, {})
        for sequence in sorted(entries):
            yield name, entries[sequence]


def sad_maps(config: RouterConfig) -> dict[str, list[SpdEntry]]:
    """Interface -> the SPD entries there. An entry whose access list does not exist is idle, as on IOS."""
    maps: dict[str, list[SpdEntry]] = {}
    for interface, entry in _applied(config):
        access_list = config.access_lists.get(entry.match)
        if not entry.transform_sets:
            continue
        traffic = None if access_list is None else CryptoList(access_list)
        maps.setdefault(interface, []).append(SpdEntry(entry.name, entry.sequence, tuple(entry.peers), traffic))
    return maps


def ike_config(config: RouterConfig, addresses: Mapping[str, InterfaceAddress | None]) -> IkeConfig:
    """``addresses``: interface -> its address, None while it has none or is down."""
    crypto = config.crypto
    policies = tuple(
        Policy(
            priority,
            CIPHERS[policy.encryption],
            HASHES[policy.hash],
            policy.group,
            policy.authentication,
            policy.lifetime,
        )
        for priority, policy in sorted(crypto.policies.items())
    )
    keys = tuple(PreSharedKey(key.key.encode(), key.address, key.mask) for key in crypto.keys)
    entries = []
    for interface, entry in _applied(config):
        address = addresses.get(interface)
        access_list = config.access_lists.get(entry.match)
        if address is None or access_list is None or not entry.complete:
            continue
        entries.append(_map_entry(crypto, entry, interface, address.address, access_list))
    enabled = any(interface.crypto_map in crypto.maps for interface in config.interfaces.values())
    return IkeConfig(
        enabled,
        policies,
        keys,
        tuple(entries),
        host_keys=tuple(HostKey(key.key.encode(), key.hostname) for key in crypto.host_keys),
        aggressive_peers=tuple(
            AggressivePeer(peer.address, peer.password.encode() or None, peer.endpoint)
            for peer in crypto.peers.values()
        ),
        accept_aggressive=crypto.accept_aggressive,
        identity=crypto.identity,
        fqdn=f"{config.hostname}.{config.domain_name}".rstrip("."),
        keepalive=None if crypto.keepalive is None else Keepalive(*crypto.keepalive),
        nat_traversal=crypto.nat_transparency,
        nat_keepalive=crypto.nat_keepalive,
        log_sessions=crypto.log_sessions,
    )


def _map_entry(
    crypto: CryptoConfig, entry: CryptoMapConfig, interface: str, address: int, access_list: AccessList
) -> MapEntry:
    sets = tuple(
        TransformSet(
            name,
            transform_of(crypto.transform_sets[name].transforms),
            Mode.TRANSPORT if crypto.transform_sets[name].mode == "transport" else Mode.TUNNEL,
        )
        for name in entry.transform_sets
        if name in crypto.transform_sets
    )
    permitted = (proxies_of(line.rule) for line in access_list if line.rule.action is Action.PERMIT)
    return MapEntry(
        map_name=entry.name,
        sequence=entry.sequence,
        interface=interface,
        local_address=address,
        peers=tuple(entry.peers),
        transform_sets=sets,
        proxies=tuple(proxies for proxies in permitted if proxies is not None),
        pfs_group=entry.pfs_group,
        lifetime_seconds=crypto.lifetime_seconds if entry.lifetime_seconds is None else entry.lifetime_seconds,
        lifetime_kilobytes=crypto.lifetime_kilobytes if entry.lifetime_kilobytes is None else entry.lifetime_kilobytes,
        default_peer=entry.default_peer if entry.default_peer in entry.peers else None,
        window=crypto.replay_window,
        df=DfBit[crypto.df_bit.upper()],
    )
