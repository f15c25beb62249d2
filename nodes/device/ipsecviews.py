"""The views behind ``show crypto``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nodes.base.addr import format_ipv4, parse_ipv4
from nodes.base.drops import Drop
from nodes.device import acltext, cryptoderive
from nodes.device.cryptoconfig import CryptoMapConfig, TransformSetConfig
from nodes.device.cryptoviews import (
    CryptoMapEntryView,
    CryptoMapsView,
    CryptoSessionsView,
    CryptoSessionView,
    DebuggingView,
    EngineConnectionsView,
    EngineConnectionView,
    EspSaView,
    IpsecFlowView,
    IpsecInterfaceView,
    IpsecLifetimeView,
    IpsecSasView,
    IsakmpKeysView,
    IsakmpKeyView,
    IsakmpPeersView,
    IsakmpPeerView,
    IsakmpPoliciesView,
    IsakmpPolicyView,
    IsakmpSasView,
    IsakmpSaView,
    SessionFlowView,
    TransformSetsView,
    TransformSetView,
)
from nodes.device.interface import ETHERNET_MTU
from nodes.engine.acl import AccessList, Action
from nodes.engine.ike.views import IsakmpView
from nodes.engine.sad import IdentityView, SaPair
from nodes.esp.association import Direction
from nodes.esp.layout import plaintext_mtu
from nodes.wire.doi import ISAKMP_PORT

if TYPE_CHECKING:
    from nodes.device.router import Router
    from nodes.engine.ike.engine import IkeEngine
    from nodes.engine.sad import Sad

_HASH_WORDS = {"sha1": "SHA", "md5": "MD5", "sha256": "SHA256", "sha384": "SHA384", "sha512": "SHA512"}
_CIPHER_WORDS = {
    "des": "DES",
    "3des": "3DES",
    "aes-128": "AES",
    "aes-192": "AES192",
    "aes-256": "AES256",
    "aes-gcm-128": "AES-GCM",
    "aes-gcm-192": "AES192-GCM",
    "aes-gcm-256": "AES256-GCM",
    "null": "NULL",
}


class IpsecViews:
    """The half of :class:`nodes.device.ipsec.Ipsec` that only looks."""

    _router: Router
    sad: Sad
    ike: IkeEngine
    debugging: set[str]

    def isakmp_sas_view(self) -> IsakmpSasView:
        sas = self.ike.isakmp_sas(self._router.now)
        return IsakmpSasView(self._router.version, tuple(_isakmp(view) for view in sas))

    def isakmp_policies_view(self) -> IsakmpPoliciesView:
        policies = sorted(self._router.config.crypto.policies.items())
        return IsakmpPoliciesView(
            self._router.version,
            tuple(
                IsakmpPolicyView(
                    priority, policy.encryption, policy.hash, policy.authentication, policy.group, policy.lifetime
                )
                for priority, policy in policies
            ),
        )

    def isakmp_keys_view(self) -> IsakmpKeysView:
        crypto = self._router.config.crypto
        addresses = [IsakmpKeyView(format_ipv4(key.address), format_ipv4(key.mask), key.key) for key in crypto.keys]
        names = [IsakmpKeyView(key.hostname, "255.255.255.255", key.key) for key in crypto.host_keys]
        return IsakmpKeysView((*addresses, *names))

    def isakmp_peers_view(self) -> IsakmpPeersView:
        """Each peer once, by its newest SA."""
        found: dict[tuple[int, int], IsakmpPeerView] = {}
        for sa in map(_isakmp, self.ike.isakmp_sas(self._router.now)):
            if sa.remaining is not None:
                view = IsakmpPeerView(sa.remote, sa.remote_port, sa.local, sa.identity or sa.remote)
                found.setdefault((parse_ipv4(sa.remote), parse_ipv4(sa.local)), view)
        return IsakmpPeersView(tuple(view for _, view in sorted(found.items())))

    def transform_sets_view(self) -> TransformSetsView:
        sets = self._router.config.crypto.transform_sets.values()
        return TransformSetsView(tuple(_transform_set(entry) for entry in sets))

    def lifetime_view(self) -> IpsecLifetimeView:
        crypto = self._router.config.crypto
        return IpsecLifetimeView(crypto.lifetime_kilobytes, crypto.lifetime_seconds)

    def debugging_view(self) -> DebuggingView:
        return DebuggingView(tuple(sorted(self.debugging)))

    # Crypto maps -----------------------------------------------------------------------------------------------------

    def maps_view(self, name: str | None = None) -> CryptoMapsView:
        crypto = self._router.config.crypto
        return CryptoMapsView(
            self._router.version,
            tuple(
                self._map_entry(entry)
                for map_name in sorted(crypto.maps)
                for _, entry in sorted(crypto.maps[map_name].items())
                if name in (None, map_name)
            ),
        )

    def _map_entry(self, entry: CryptoMapConfig) -> CryptoMapEntryView:
        config = self._router.config
        access_list = config.access_lists.get(entry.match)
        rules = () if access_list is None else _rules(access_list)
        sets = [
            config.crypto.transform_sets[name] for name in entry.transform_sets if name in config.crypto.transform_sets
        ]
        return CryptoMapEntryView(
            name=entry.name,
            sequence=entry.sequence,
            description=entry.description,
            complete=entry.complete,
            peers=tuple(format_ipv4(peer) for peer in entry.peers),
            current_peer=format_ipv4(self._current_peer(entry)) if entry.peers else None,
            access_list=entry.match,
            rules=rules,
            kilobytes=config.crypto.lifetime_kilobytes
            if entry.lifetime_kilobytes is None
            else entry.lifetime_kilobytes,
            seconds=config.crypto.lifetime_seconds if entry.lifetime_seconds is None else entry.lifetime_seconds,
            pfs_group=entry.pfs_group,
            transform_sets=tuple(_transform_set(known) for known in sets),
            interfaces=tuple(name for name, port in config.interfaces.items() if port.crypto_map == entry.name),
        )

    def _current_peer(self, entry: CryptoMapConfig) -> int:
        """The peer in use; the first (or default) one of an entry that is not applied."""
        for applied in self._router.ipsec.config.entries:
            if (applied.map_name, applied.sequence) == (entry.name, entry.sequence):
                return self.ike.current_peer(applied)
        return entry.peers[0] if entry.default_peer is None else entry.default_peer

    # SAs -------------------------------------------------------------------------------------------------------------

    def ipsec_sas_view(
        self, peer: int | None = None, map_name: str | None = None, interface_name: str | None = None
    ) -> IpsecSasView:
        """Every interface with a crypto map, and its flows: those that have SAs or counters, and those that might.

        Of all of them those with a peer, a map or an interface.
        """
        chosen_map = map_name
        router = self._router
        identities = self.sad.identities()
        interfaces = []
        for interface in router.interfaces_named():
            map_name = router.config.interfaces[interface.name].crypto_map
            if map_name not in router.config.crypto.maps or chosen_map not in (None, map_name):
                continue
            if interface_name not in (None, interface.name):
                continue
            address = router.config.interfaces[interface.name].address
            flows = [self._flow(view) for view in identities if view.interface == interface.name]
            flows += self._idle_flows(
                interface.name, {(view.map_name, view.sequence, view.proxies) for view in identities}
            )
            interfaces.append(
                IpsecInterfaceView(
                    interface.name,
                    map_name,
                    "0.0.0.0" if address is None else format_ipv4(address.address),
                    interface.ip_mtu,
                    tuple(flow for flow in flows if peer is None or flow.peer == format_ipv4(peer)),
                )
            )
        return IpsecSasView(router.version, tuple(interfaces))

    def _idle_flows(self, interface: str, known: set[tuple[str, int, object]]) -> list[IpsecFlowView]:
        """The flows that the configuration protects and that had no traffic yet."""
        flows = []
        for entry in self._router.ipsec.config.entries:
            for proxies in entry.proxies if entry.interface == interface else ():
                if (entry.map_name, entry.sequence, proxies) not in known:
                    view = IdentityView(
                        interface, entry.map_name, entry.sequence, proxies, self.ike.current_peer(entry), 0, 0, 0, 0, ()
                    )
                    flows.append(self._flow(view))
        return flows

    def _flow(self, view: IdentityView) -> IpsecFlowView:
        local, remote = view.proxies
        current = next((pair for pair in view.pairs if pair.outbound is not None), None)
        entry = self._router.config.crypto.maps.get(view.map_name, {}).get(view.sequence)
        interface = self._router.interface_by_name.get(view.interface)
        mtu = ETHERNET_MTU if interface is None else interface.ip_mtu
        path = mtu if current is None else current.room(mtu, self._router.now)
        room, peer_port = path, ISAKMP_PORT
        if current is not None and current.outbound is not None:
            outbound = current.outbound
            room = plaintext_mtu(outbound.transform, path, outbound.mode, udp=outbound.ports is not None)
            peer_port = outbound.ports[1] if outbound.ports else ISAKMP_PORT
        return IpsecFlowView(
            local_address=format_ipv4(local.address),
            local_mask=format_ipv4(local.mask),
            remote_address=format_ipv4(remote.address),
            remote_mask=format_ipv4(remote.mask),
            protocol=local.protocol,
            local_port=local.port,
            remote_port=remote.port,
            peer=format_ipv4(view.peer),
            map_name=view.map_name,
            encaps=view.encaps,
            decaps=view.decaps,
            send_errors=view.send_errors,
            recv_errors=view.recv_errors,
            outbound_spi=current.outbound.spi if current is not None and current.outbound is not None else 0,
            plaintext_mtu=room,
            pfs_group=entry.pfs_group
            if entry is not None and current is None
            else current.pfs_group
            if current
            else None,
            inbound=tuple(self._esp_sa(pair, Direction.INBOUND) for pair in view.pairs),
            outbound=tuple(self._esp_sa(pair, Direction.OUTBOUND) for pair in view.pairs if pair.outbound is not None),
            no_sa=view.reasons.get(Drop.IPSEC_NO_SA, 0),
            not_verified=view.reasons.get(Drop.ESP_BAD_ICV, 0),
            wrong_identity=view.reasons.get(Drop.IPSEC_POLICY, 0),
            replayed=view.reasons.get(Drop.ESP_REPLAY, 0),
            peer_port=peer_port,
            path_mtu=path,
        )

    def _esp_sa(self, pair: SaPair, direction: Direction) -> EspSaView:
        inbound = direction is Direction.INBOUND
        association = pair.inbound if inbound else pair.outbound
        assert association is not None  # the caller asks for directions that exist
        kilobytes, seconds = pair.remaining(direction, self._router.now)
        traffic = pair.inbound_traffic if inbound else pair.outbound_traffic
        return EspSaView(
            spi=association.spi,
            transform=association.transform.listing,
            connection_id=pair.inbound_id if inbound else pair.outbound_id,
            remaining_kilobytes=kilobytes,
            remaining_seconds=seconds,
            iv_octets=association.transform.cipher_suite.iv_length,
            replay_window=association.window,
            packets=traffic.packets,
            settings=association.mode.name.capitalize() + (" UDP-Encaps" if association.ports else ""),
        )

    def connections_view(self) -> EngineConnectionsView:
        rows = [
            EngineConnectionView(
                view.connection_id,
                "IKE",
                f"{_HASH_WORDS[view.hash]}+{_CIPHER_WORDS[view.cipher]}",
                0,
                0,
                format_ipv4(view.local),
            )
            for view in self.ike.isakmp_sas(self._router.now)
            if view.connection_id and view.status == "ACTIVE"
        ]
        for pair in self.sad.pairs():
            transform = pair.inbound.transform
            algorithm = "+".join(
                word for word in (_CIPHER_WORDS[transform.cipher], _HASH_WORDS.get(transform.integrity, "")) if word
            )
            own = format_ipv4(pair.inbound.destination)
            rows.append(
                EngineConnectionView(
                    pair.inbound_id, "IPsec", algorithm, 0, pair.inbound_traffic.packets, own, pair.last_sequence
                )
            )
            if pair.outbound is not None:
                rows.append(
                    EngineConnectionView(pair.outbound_id, "IPsec", algorithm, pair.outbound_traffic.packets, 0, own)
                )
        return EngineConnectionsView(tuple(sorted(rows, key=lambda row: row.connection_id)))

    # Sessions --------------------------------------------------------------------------------------------------------

    def sessions_view(self, detail: bool) -> CryptoSessionsView:
        """A session for each interface and peer that a crypto map names."""
        sas = self.ike.isakmp_sas(self._router.now)
        sessions = []
        for interface in self.ipsec_sas_view().interfaces:
            peers = dict.fromkeys(flow.peer for flow in interface.flows)
            for peer in peers:
                flows = [flow for flow in interface.flows if flow.peer == peer]
                ike = tuple(_isakmp(view) for view in sas if format_ipv4(view.remote) == peer)
                sessions.append(self._session(interface.interface, peer, flows, ike))
        return CryptoSessionsView(detail, tuple(sessions))

    def _session(
        self, interface: str, peer: str, flows: list[IpsecFlowView], ike: tuple[IsakmpSaView, ...]
    ) -> CryptoSessionView:
        alive = [sa for sa in ike if sa.status == "ACTIVE"]
        complete = any(sa.remaining is not None for sa in alive)
        active = any(flow.outbound for flow in flows)
        if active:
            status = "UP-ACTIVE" if complete else "UP-NO-IKE"
        elif complete:
            status = "UP-IDLE"
        else:
            status = "DOWN-NEGOTIATING" if alive else "DOWN"
        starts = [pair.installed_at for pair in self.sad.pairs() if format_ipv4(pair.peer) == peer]
        return CryptoSessionView(
            interface=interface,
            status=status,
            peer=peer,
            uptime=self._router.now - min(starts) if starts and active else None,
            ike=ike,
            flows=tuple(_session_flow(flow) for flow in flows),
        )


def _rules(access_list: AccessList) -> tuple[str, ...]:
    """The lines that decide over packets; a remark does not."""
    return tuple(
        acltext.rule_text(line.rule, access_list.extended)
        for line in access_list
        if line.rule.action is not Action.REMARK
    )


def _session_flow(flow: IpsecFlowView) -> SessionFlowView:
    newest = flow.outbound[0] if flow.outbound else None
    return SessionFlowView(
        local_address=flow.local_address,
        local_mask=flow.local_mask,
        remote_address=flow.remote_address,
        remote_mask=flow.remote_mask,
        protocol=str(flow.protocol) if flow.protocol else "ip",
        active_sas=len(flow.inbound) + len(flow.outbound),
        decrypted=flow.decaps,
        encrypted=flow.encaps,
        inbound_drops=flow.recv_errors,
        outbound_drops=flow.send_errors,
        remaining_kilobytes=0 if newest is None else newest.remaining_kilobytes,
        remaining_seconds=0 if newest is None else newest.remaining_seconds,
    )


def _isakmp(view: IsakmpView) -> IsakmpSaView:
    cipher, _, bits = view.cipher.partition("-")
    return IsakmpSaView(
        destination=format_ipv4(view.destination),
        source=format_ipv4(view.source),
        state=view.state,
        connection_id=view.connection_id,
        status=view.status,
        local=format_ipv4(view.local),
        remote=format_ipv4(view.remote),
        encryption=cipher,
        key_bits=int(bits or 0),
        hash=view.hash.replace("sha1", "sha"),
        authentication="psk",
        group=view.group,
        remaining=view.remaining,
        lifetime=view.lifetime,
        capabilities="D" * view.dpd + "N" * view.natted,
        local_port=view.local_port,
        remote_port=view.remote_port,
        identity=view.peer_identity,
    )


def _transform_set(entry: TransformSetConfig) -> TransformSetView:
    return TransformSetView(entry.name, cryptoderive.transform_of(entry.transforms).listing, entry.mode)
