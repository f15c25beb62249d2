"""The switch: a learning bridge with VLANs, and SPAN, whose copies the broker makes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from nodes.base import ifname
from nodes.base.addr import Prefix, format_ipv4, format_mac
from nodes.base.drops import Drop
from nodes.base.vlans import vlan_list
from nodes.device.base import DeviceSpec, DeviceView, Services
from nodes.device.cdp import Self
from nodes.device.config import (
    InterfaceConfig,
    RoutedInterfaceConfig,
    SwitchConfig,
    SwitchPortConfig,
    vty_lines,
)
from nodes.device.effects import Effect
from nodes.device.interface import Interface, Port, Svi
from nodes.device.iosip import IosIpDevice
from nodes.device.monitoring import Monitoring
from nodes.device.packet import Packet
from nodes.device.portguard import PortGuard
from nodes.device.views import (
    GatewayView,
    InterfacesView,
    MacEntryView,
    MacTableView,
    RedirectView,
    TrunksView,
    TrunkView,
    VlansView,
    VlanView,
)
from nodes.engine.bridge import VLAN_MAX, AccessPort, Bridge, HostPort, PortMode, TrunkPort
from nodes.engine.fib import DISTANCE_STATIC, Route, RouteKind
from nodes.wire import icmp
from nodes.wire.cdp import Capability

#: VLANs that every switch has; those above 1000 carry no traffic here or on a 2950.
DEFAULT_VLAN: Final = 1
LEGACY_VLANS: Final = {
    1002: "fddi-default",
    1003: "token-ring-default",
    1004: "fddinet-default",
    1005: "trnet-default",
}
#: What a switch says in CDP that it is.
CAPABILITIES: Final = Capability.SWITCH | Capability.IGMP


class Switch(IosIpDevice):
    """A VLAN switch with an IOS-like console, and a station in the VLANs in which it has an interface.

    It does not route between them: what is not for itself is nobody's.
    """

    config: SwitchConfig
    vty_count = 16

    def __init__(self, spec: DeviceSpec, services: Services, now: float) -> None:
        super().__init__(spec, services, now)
        interfaces = {port.name: SwitchPortConfig(port.name) for port in spec.ports}
        self._init_ios(SwitchConfig(hostname=spec.name, vty=vty_lines(self.vty_count), interfaces=interfaces))
        self.input_stages = [self.validate, self.access_in, self.local, self.refuse]
        self.bridge = Bridge(self.drops)
        self.monitoring = Monitoring(self.ports, self.bridge, self.config)
        self.guard = PortGuard(self.ports, self.config, self.drops, self.log, self._follow_shutdown)
        self._secured = 0
        # One address for the switch in all its VLANs, behind those of its ports.
        last = max(int.from_bytes(port.mac, "big") for port in spec.ports)
        self.mac = (last + 1).to_bytes(6, "big")
        for port in self.ports:
            self.bridge.configure_port(port.index, AccessPort())
        self.configured()

    # Configuration -------------------------------------------------------------------------------------------------

    def _derive(self) -> None:
        self._follow_interfaces()
        self.bridge.set_vlans(self.vlans().keys() - self.config.suspended - self.config.shut)
        self.bridge.set_remote_span(self.config.remote_span)
        for svi in self.svis():
            if svi.vlan in self.bridge.vlans:
                self.bridge.add_static(svi.vlan, svi.mac, svi.index)
        self.bridge.set_ageing(self.config.aging_time, self.now, self.config.vlan_aging_times)
        self.guard.configure(self.now)
        for port in self.ports:
            interface = self.config.interfaces[port.name]
            self.bridge.configure_port(port.index, _mode(interface))
            self.bridge.set_protected(port.index, interface.protected)
            self._follow_shutdown(port)
        self._follow_statics()
        self._follow_addresses()
        for svi in self.svis():
            config = self.config.svis[svi.name]
            self.set_admin(svi, not config.shutdown)
        for port in self.monitoring.configure(self.config):
            self._follow(port)
        self._follow_vlans()
        self.rebuild()
        self.cdp.follow()

    def takes_part(self, port: Port) -> bool:
        """The destination of a monitor session takes part in no protocol."""
        return port not in self.monitoring

    def cdp_self(self, port: Port) -> Self:
        interface = self.config.interfaces[port.name]
        native = interface.native if interface.trunk else interface.access_vlan
        # A switch is managed at one address: that of its lowest VLAN.
        svis = sorted((svi for svi in self.svis() if svi.up), key=lambda svi: svi.vlan)
        return Self(CAPABILITIES, self.first_address(svis), native)

    def _follow_shutdown(self, port: Port) -> None:
        """A port is up unless somebody, or the switch itself, has put it out of service."""
        self.set_admin(port, not self.config.interfaces[port.name].shutdown and port.index not in self.guard.disabled)

    def _follow_statics(self) -> None:
        """The stations that are where they are because the configuration, or port security, says so."""
        secured = self.guard.security.statics()
        static = {key: self.port_by_name[name].index for key, name in self.config.static_macs.items()}
        self.bridge.set_statics({**secured, **static})
        self._secured = self.guard.security.revision

    def _follow_security(self) -> None:
        if self.guard.security.revision != self._secured:
            self._follow_statics()

    @property
    def interface_configs(self) -> Mapping[str, InterfaceConfig]:
        return {**self.config.interfaces, **self.config.svis}

    def configure_interface(self, name: str) -> RoutedInterfaceConfig:
        made = self.config.svis[name] = RoutedInterfaceConfig(name)
        return made

    def unconfigure_interface(self, name: str) -> None:
        del self.config.svis[name]

    def brought_up(self, interface: InterfaceConfig) -> None:
        """A 2950 is managed in one VLAN at a time: an interface that comes up there takes the other one's place."""
        if interface.name in self.config.svis:
            for other in self.config.svis.values():
                other.shutdown = other is not interface

    def _new_interface(self, name: str) -> Svi:
        svi = Svi(self.new_index(), name, self.mac, int(ifname.split(name)[1]))
        self.bridge.configure_port(svi.index, HostPort(svi.vlan))
        return svi

    def remove_interface(self, interface: Interface) -> None:
        super().remove_interface(interface)
        self.bridge.remove_port(interface.index)

    def svis(self) -> list[Svi]:
        return [interface for interface in self.interfaces.values() if isinstance(interface, Svi)]

    def _rank(self, interface: Interface) -> int:
        return int(isinstance(interface, Port))

    @property
    def routed_configs(self) -> Mapping[str, RoutedInterfaceConfig]:
        return self.config.svis

    def static_routes(self) -> Iterator[Route]:
        if self.config.default_gateway is not None:
            yield Route(Prefix(0, 0), RouteKind.STATIC, DISTANCE_STATIC, None, self.config.default_gateway)

    def vlans(self) -> dict[int, str]:
        """The VLANs that carry traffic, with their names."""
        named = {number: name or default_vlan_name(number) for number, name in self.config.vlans.items()}
        return {DEFAULT_VLAN: "default", **named}

    def view(self) -> DeviceView:
        base = super().view()
        return DeviceView(base.ready, base.up, self.monitoring.mirrors())

    def drain(self) -> list[Effect]:
        if self.monitoring.stale and self.monitoring.follow():
            self.changed()
        return super().drain()

    @property
    def has_effects(self) -> bool:
        return super().has_effects or self.monitoring.stale

    # Traffic -------------------------------------------------------------------------------------------------------

    def _input(self, port: Port, frames: Sequence[bytes]) -> None:
        if port.index in self.guard:
            frames = self.guard.admit(port, frames, self.now)
            self._follow_security()
        self._deliver(self.bridge.receive(port.index, frames, self.now))
        control, self.bridge.control = self.bridge.control, []
        for index, frame in control:
            if not self.cdp.take(self.ports[index], frame):
                self.drops.count(Drop.BRIDGE_RESERVED)

    def _deliver(self, copies: Mapping[int, list[bytes]]) -> None:
        """Frames that the bridge sends to its ports, of which the switch itself is one in each of its VLANs."""
        for number, frames in copies.items():
            if number < len(self.ports):
                self.transmit(self.ports[number], frames)
            else:
                interface = self.interfaces[number]
                interface.input.count(frames, self.now)
                self._take(interface, interface, {}, frames)

    def send_frames(self, interface: Interface, frames: list[bytes]) -> None:
        interface.output.count(frames, self.now)
        self._deliver(self.bridge.receive(interface.index, frames, self.now))

    def _port_changed(self, interface: Interface) -> None:
        # First the bridge: what the protocols above want to send now has to find it ready.
        self.bridge.set_up(interface.index, interface.up)
        super()._port_changed(interface)
        if isinstance(interface, Port):
            if not interface.up:
                self.guard.security.link_lost(interface.index)
                self._follow_security()
            self._follow_vlans()

    def _follow_vlans(self) -> None:
        """The line protocol of an interface in a VLAN is up while the VLAN has a port that forwards."""
        for svi in self.svis():
            was_up, svi.active = svi.up, self.bridge.is_active(svi.vlan)
            if svi.up != was_up:
                self._port_changed(svi)

    def handle_timer(self, now: float) -> None:
        super().handle_timer(now)
        self.guard.handle_timer(now)
        self._follow_security()
        self.bridge.handle_timer(now)

    def next_deadline(self) -> float | None:
        deadlines = (super().next_deadline(), self.bridge.next_deadline(), self.guard.next_deadline())
        return min((at for at in deadlines if at is not None), default=None)

    def redirected(self, packet: Packet, message: icmp.Redirect) -> bool:
        return self.follow_redirect(packet, message)

    # Views ---------------------------------------------------------------------------------------------------------

    def _status(self, interface: Interface) -> tuple[str, str, str]:
        if interface.up and interface in self.monitoring:
            return "up", "down", "monitoring"
        if interface.index in self.guard.disabled:
            return "down", "down", "err-disabled"
        return super()._status(interface)

    def _vlan_word(self, interface: Interface) -> str:
        if isinstance(interface, Svi):
            return str(interface.vlan)
        config = self.config.interfaces[interface.name]
        return "trunk" if config.trunk and interface.up else str(config.access_vlan)

    def interfaces_view(self, name: str | None = None) -> InterfacesView:
        return InterfacesView(
            self.version, True, tuple(self._interface_view(interface) for interface in self.interfaces_named(name))
        )

    def gateway_view(self) -> GatewayView:
        gateway = self.config.default_gateway
        return GatewayView(
            None if gateway is None else format_ipv4(gateway),
            tuple(
                RedirectView(
                    format_ipv4(entry.destination),
                    format_ipv4(entry.gateway),
                    self.now - entry.used,
                    entry.uses,
                    self.interfaces[entry.interface].name,
                )
                for entry in self.redirects.entries(self.now)
                if entry.interface in self.interfaces
            ),
        )

    def mac_view(
        self, vlan: int | None = None, port: str | None = None, mac: bytes | None = None, kind: str | None = None
    ) -> MacTableView:
        own = MacEntryView(None, format_mac(self.mac), "STATIC", "CPU")
        learnt = (
            MacEntryView(
                entry.vlan,
                format_mac(entry.mac),
                "STATIC" if entry.age is None else "DYNAMIC",
                self.ports[entry.port].name,
            )
            for entry in self.bridge.entries(self.now)
            # The switch's own address is listed once, for all VLANs, whether it has an interface there or not.
            if entry.port < len(self.ports)
        )
        return MacTableView(
            tuple(
                entry
                for entry in (own, *learnt)
                if (vlan is None or entry.vlan in (None, vlan))
                and port in (None, entry.port)
                and (mac is None or entry.mac == format_mac(mac))
                and kind in (None, entry.kind.lower())
            )
        )

    def vlans_view(self) -> VlansView:
        members: dict[int, list[str]] = {}
        for port in self.ports:
            interface = self.config.interfaces[port.name]
            # A trunk that works is nobody's member; one without carrier is listed in its access VLAN.
            if not (interface.trunk and port.up) and port not in self.monitoring:
                members.setdefault(interface.access_vlan, []).append(port.name)
        vlans = [
            VlanView(
                number,
                name,
                self._vlan_state(number),
                tuple(members.get(number, ())),
                number in self.config.remote_span,
            )
            for number, name in sorted(self.vlans().items())
        ]
        vlans += [VlanView(number, name, "act/unsup", ()) for number, name in LEGACY_VLANS.items()]
        return VlansView(tuple(sorted(vlans, key=lambda vlan: vlan.number)))

    def _vlan_state(self, number: int) -> str:
        suspended, shut = number in self.config.suspended, number in self.config.shut
        if shut:
            return "sus/lshut" if suspended else "act/lshut"
        return "suspended" if suspended else "active"

    def trunks_view(self) -> TrunksView:
        trunks = []
        for port in self.ports:
            interface = self.config.interfaces[port.name]
            if interface.trunk and port.up:
                allowed = range(1, VLAN_MAX + 1) if interface.allowed is None else interface.allowed
                active = sorted(set(self.vlans()) & set(allowed))
                trunks.append(
                    TrunkView(port.name, interface.native, vlan_list(allowed) or "none", vlan_list(active) or "none")
                )
        return TrunksView(tuple(trunks))


def default_vlan_name(number: int) -> str:
    """``VLAN0010``: what a VLAN is called until somebody names it."""
    return f"VLAN{number:04}"


def _mode(interface: SwitchPortConfig) -> PortMode:
    if interface.trunk:
        return TrunkPort(interface.native, interface.allowed)
    return AccessPort(interface.access_vlan, interface.voice_vlan)
