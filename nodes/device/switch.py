"""The switch: a learning bridge with VLANs, and SPAN, whose copies the broker makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from nodes.base.addr import format_mac
from nodes.base.drops import Drop
from nodes.base.ifname import short
from nodes.base.vlans import vlan_list
from nodes.device.base import DeviceSpec, DeviceView, Mirror, Port, Services
from nodes.device.config import MonitorConfig, SwitchConfig, SwitchPortConfig, vty_lines
from nodes.device.ios import IosDevice
from nodes.device.views import (
    InterfacesView,
    MacEntryView,
    MacTableView,
    MonitorSessionView,
    MonitorView,
    TrunksView,
    TrunkView,
    VlansView,
    VlanView,
)
from nodes.engine.bridge import VLAN_MAX, AccessPort, Bridge, PortMode, TrunkPort
from nodes.engine.span import Direction, MonitorSessions

#: VLANs that every switch has; those above 1000 carry no traffic here or on a 2950.
DEFAULT_VLAN: Final = 1
LEGACY_VLANS: Final = {
    1002: "fddi-default",
    1003: "token-ring-default",
    1004: "fddinet-default",
    1005: "trnet-default",
}
_DIRECTIONS: Final = {"rx": Direction.RX, "tx": Direction.TX, "both": Direction.BOTH}
_WORDS: Final = {direction: word for word, direction in _DIRECTIONS.items()}


class Switch(IosDevice):
    """A VLAN switch with an IOS-like console."""

    config: SwitchConfig
    vty_count = 16

    def __init__(self, spec: DeviceSpec, services: Services, now: float) -> None:
        super().__init__(spec, services, now)
        interfaces = {port.name: SwitchPortConfig(port.name) for port in spec.ports}
        self._init_ios(SwitchConfig(hostname=spec.name, vty=vty_lines(self.vty_count), interfaces=interfaces))
        self.bridge = Bridge(self.drops)
        self.monitors = self.sessions_of({})
        for port in self.ports:
            self.bridge.configure_port(port.index, AccessPort())
        self.configured()

    # Configuration -------------------------------------------------------------------------------------------------

    def _derive(self) -> None:
        self.bridge.set_vlans(self.vlans())
        if self.bridge.ageing != self.config.aging_time:
            self.bridge.set_ageing(self.config.aging_time, self.now)
        for port in self.ports:
            interface = self.config.interfaces[port.name]
            self.bridge.configure_port(port.index, _mode(interface))
            self.set_admin(port, not interface.shutdown)
        before = self.monitors.rules(), self.monitors.destinations
        self.monitors = self.sessions_of(self.config.monitors)
        if (self.monitors.rules(), self.monitors.destinations) != before:
            for port in self.ports:
                self.bridge.set_span_destination(port.index, port.index in self.monitors.destinations)
                self._follow_protocol(port)
            self.changed()

    def sessions_of(self, monitors: Mapping[int, MonitorConfig]) -> MonitorSessions:
        """The monitor sessions that a configuration makes; raises SpanError when they cannot be."""
        sessions = MonitorSessions(lambda index: short(self.ports[index].name))
        for number, monitor in sorted(monitors.items()):
            for name, word in monitor.sources.items():
                sessions.add_source(number, self.port_by_name[name].index, _DIRECTIONS[word])
            if monitor.destination:
                sessions.set_destination(number, self.port_by_name[monitor.destination].index)
        return sessions

    def vlans(self) -> dict[int, str]:
        """The VLANs that carry traffic, with their names."""
        named = {number: name or default_vlan_name(number) for number, name in self.config.vlans.items()}
        return {DEFAULT_VLAN: "default", **named}

    def interface_config(self, port: Port) -> SwitchPortConfig:
        return self.config.interfaces[port.name]

    def view(self) -> DeviceView:
        base = super().view()
        mirrors: dict[int, Mirror] = {}
        for session in self.monitors.sessions():
            if session.sources and session.destination is not None:
                sources = tuple((port, _WORDS[direction]) for port, direction in session.sources.items())
                mirrors[session.id] = Mirror(session.id, sources, session.destination)
        return DeviceView(base.ready, base.up, tuple(mirrors.values()))

    # Traffic -------------------------------------------------------------------------------------------------------

    def _input(self, port: Port, frames: Sequence[bytes]) -> None:
        for index, copies in self.bridge.receive(port.index, frames, self.now).items():
            self.transmit(self.ports[index], copies)
        if self.bridge.control:
            # Frames to the bridge group addresses: no protocol of this switch uses them.
            self.drops.count(Drop.BRIDGE_RESERVED, len(self.bridge.control))
            self.bridge.control.clear()

    def _port_changed(self, port: Port) -> None:
        super()._port_changed(port)
        self.bridge.set_up(port.index, port.up)

    def handle_timer(self, now: float) -> None:
        super().handle_timer(now)
        self.bridge.handle_timer(now)

    def next_deadline(self) -> float | None:
        deadlines = (super().next_deadline(), self.bridge.next_deadline())
        return min((at for at in deadlines if at is not None), default=None)

    # Views ---------------------------------------------------------------------------------------------------------

    def _status(self, port: Port) -> tuple[str, str, str]:
        if port.up and port.index in self.monitors.destinations:
            return "up", "down", "monitoring"
        return super()._status(port)

    def _vlan_word(self, port: Port) -> str:
        interface = self.config.interfaces[port.name]
        return "trunk" if interface.trunk and port.up else str(interface.access_vlan)

    def interfaces_view(self, name: str | None = None) -> InterfacesView:
        ports = [port for port in self.ports if name in (None, port.name)]
        return InterfacesView(self.version, True, tuple(self._interface_view(port) for port in ports))

    def mac_view(
        self, vlan: int | None = None, port: str | None = None, mac: bytes | None = None, kind: str | None = None
    ) -> MacTableView:
        entries = tuple(
            MacEntryView(
                entry.vlan,
                format_mac(entry.mac),
                "STATIC" if entry.age is None else "DYNAMIC",
                self.ports[entry.port].name,
            )
            for entry in self.bridge.entries(self.now)
            if vlan in (None, entry.vlan)
            and port in (None, self.ports[entry.port].name)
            and mac in (None, entry.mac)
            and kind in (None, "static" if entry.age is None else "dynamic")
        )
        return MacTableView(entries)

    def vlans_view(self) -> VlansView:
        members: dict[int, list[str]] = {}
        for port in self.ports:
            interface = self.config.interfaces[port.name]
            # A trunk that works is nobody's member; one without carrier is listed in its access VLAN.
            if not (interface.trunk and port.up) and port.index not in self.monitors.destinations:
                members.setdefault(interface.access_vlan, []).append(port.name)
        vlans = [
            VlanView(number, name, "active", tuple(members.get(number, ())))
            for number, name in sorted(self.vlans().items())
        ]
        vlans += [VlanView(number, name, "act/unsup", ()) for number, name in LEGACY_VLANS.items()]
        return VlansView(tuple(sorted(vlans, key=lambda vlan: vlan.number)))

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

    def monitor_view(self, number: int | None = None) -> MonitorView:
        def names(monitor: MonitorConfig, word: str) -> tuple[str, ...]:
            return tuple(port.name for port in self.ports if monitor.sources.get(port.name) == word)

        return MonitorView(
            number,
            tuple(
                MonitorSessionView(
                    session, names(monitor, "rx"), names(monitor, "tx"), names(monitor, "both"), monitor.destination
                )
                for session, monitor in sorted(self.config.monitors.items())
                if number in (None, session)
            ),
        )


def default_vlan_name(number: int) -> str:
    """``VLAN0010``: what a VLAN is called until somebody names it."""
    return f"VLAN{number:04}"


def _mode(interface: SwitchPortConfig) -> PortMode:
    if interface.trunk:
        return TrunkPort(interface.native, interface.allowed)
    return AccessPort(interface.access_vlan)
