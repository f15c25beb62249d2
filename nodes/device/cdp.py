"""CDP of a router or switch: what its packets say, who hears it, and what it finds wrong with its neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from nodes.base.addr import format_ipv4
from nodes.base.drops import Drop
from nodes.base.errors import WireError
from nodes.device import images
from nodes.device.cdpviews import (
    CdpInterfacesView,
    CdpInterfaceView,
    CdpNeighborsView,
    CdpNeighborView,
    CdpTrafficView,
    CdpView,
)
from nodes.device.interface import CDP, Port
from nodes.engine.cdp import Discovery, Neighbor
from nodes.engine.ratelimit import KeyedLimiter
from nodes.wire.cdp import Capability, Cdp, Element, packet_of

if TYPE_CHECKING:
    from nodes.device.ios import IosDevice

#: Seconds between two reports of the same mismatch. IOS repeats them with each packet, about once a minute; that a
#: neighbour sends three when its link comes up must not triple them.
MISMATCH_REPORT: Final = 30.0

_CAPABILITIES: Final = {
    Capability.ROUTER: "Router",
    Capability.TRANS_BRIDGE: "Trans-Bridge",
    Capability.SOURCE_ROUTE_BRIDGE: "Source-Route-Bridge",
    Capability.SWITCH: "Switch",
    Capability.HOST: "Host",
    Capability.IGMP: "IGMP",
    Capability.REPEATER: "Repeater",
    Capability.PHONE: "Phone",
    Capability.REMOTE: "Remote",
    Capability.CVTA: "CVTA",
    Capability.MAC_RELAY: "Two-port Mac Relay",
}


class Self(NamedTuple):
    """What depends on the kind of device in a packet that leaves a port."""

    capabilities: Capability
    addresses: tuple[int, ...]
    native_vlan: int | None


class CdpSpeaker:
    """CDP of one device. The device tells it of changes, of frames and of the time."""

    def __init__(self, device: IosDevice) -> None:
        self._device = device
        self._engine = Discovery(device.drops)
        self._mismatches = KeyedLimiter(MISMATCH_REPORT)

    # Driven by the device ------------------------------------------------------------------------------------------

    def follow(self) -> None:
        """The configuration or the state of a port has changed."""
        device, config = self._device, self._device.config.cdp
        if not config.run:
            self._engine.clear()
        self._engine.configure(config.timer, config.holdtime, 2 if config.advertise_v2 else 1, device.now)
        interfaces = device.interface_configs
        active = [
            port.index
            for port in device.ports
            if config.run and port.up and interfaces[port.name].cdp and device.takes_part(port)
        ]
        self._engine.set_active(active, device.now)
        self._send()

    def leave(self, port: Port) -> None:
        """The port is about to be shut down: its neighbour is told before that."""
        self._engine.leave(port.index)
        self._send()

    def take(self, port: Port, frame: bytes) -> bool:
        """Work off a frame that came in; False when it is not CDP."""
        try:
            packet = packet_of(frame)
        except WireError:
            self._device.drops.count(Drop.CDP_MALFORMED)
            port.input.account(CDP, len(frame))
            return True
        if packet is None:
            return False
        port.input.account(CDP, len(frame))
        heard = self._engine.receive(port.index, packet, self._device.now)
        if heard is not None and heard.ttl:
            self._compare(port, heard)
        return True

    def handle_timer(self, now: float) -> None:
        self._engine.handle_timer(now)
        self._send()

    def next_deadline(self) -> float | None:
        return self._engine.next_deadline()

    def clear_table(self) -> None:
        self._engine.clear()

    def clear_counters(self) -> None:
        self._engine.clear_counters()

    # What is said --------------------------------------------------------------------------------------------------

    def _send(self) -> None:
        for number, ttl in self._engine.drain():
            port = self._device.ports[number]
            frame = self._packet(port, ttl).frame(port.mac)
            port.output.account(CDP, len(frame))
            self._device.transmit(port, [frame])

    def _packet(self, port: Port, ttl: int) -> Cdp:
        device = self._device
        about = device.cdp_self(port)
        second = self._engine.version == 2
        return Cdp(
            device_id=device.config.hostname,
            version=self._engine.version,
            ttl=ttl,
            addresses=about.addresses,
            port_id=port.name,
            capabilities=about.capabilities,
            software="\n".join(images.banner(device.version)),
            platform=images.of(device.version).platform,
            vtp_domain="" if second else None,
            native_vlan=about.native_vlan if second else None,
            full_duplex=self._is_full_duplex(port) if second else None,
            management=about.addresses or None if second else None,
        )

    def _is_full_duplex(self, port: Port) -> bool:
        """What ``auto`` negotiates is full duplex."""
        return self._device.interface_configs[port.name].duplex != "half"

    # What is heard -------------------------------------------------------------------------------------------------

    def _compare(self, port: Port, heard: Cdp) -> None:
        """Both ends of a cable must have the same native VLAN and the same duplex."""
        device = self._device
        far_end = f"{_plain(heard.device_id)} {_plain(heard.port_id)}"
        native = device.cdp_self(port).native_vlan
        if None not in (native, heard.native_vlan) and native != heard.native_vlan and self._may_report(port, "vlan"):
            vlans = f"{port.name} ({native}), with {far_end} ({heard.native_vlan})"
            device.log("CDP", 4, "NATIVE_VLAN_MISMATCH", f"Native VLAN mismatch discovered on {vlans}.")
        differs = heard.full_duplex is not None and heard.full_duplex != self._is_full_duplex(port)
        if differs and device.config.cdp.log_duplex and self._may_report(port, "duplex"):
            word = "full" if heard.full_duplex else "half"
            where = f"{port.name} (not {word} duplex), with {far_end} ({word} duplex)"
            device.log("CDP", 4, "DUPLEX_MISMATCH", f"duplex mismatch discovered on {where}.")

    def _may_report(self, port: Port, what: str) -> bool:
        return self._mismatches.allow((port.index, what), self._device.now)

    # Views ---------------------------------------------------------------------------------------------------------

    def view(self) -> CdpView:
        config = self._device.config.cdp
        return CdpView(config.timer, config.holdtime, self._engine.version)

    def neighbors_view(self, interface: str | None = None, device_id: str | None = None) -> CdpNeighborsView:
        """Those at an interface, or of a name; None: all."""
        views = (self._neighbor_view(neighbor) for neighbor in self._engine.neighbors(self._device.now))
        return CdpNeighborsView(
            self._device.version,
            tuple(
                view for view in views if interface in (None, view.interface) and device_id in (None, view.device_id)
            ),
        )

    def _neighbor_view(self, neighbor: Neighbor) -> CdpNeighborView:
        packet = neighbor.packet
        bits = packet.capabilities or 0
        hello = next((raw.value for raw in packet.others if raw.type == Element.HELLO), None)
        return CdpNeighborView(
            device_id=_plain(packet.device_id),
            interface=self._device.ports[neighbor.port].name,
            holdtime=int(neighbor.holdtime),
            capabilities=tuple(name for bit, name in _CAPABILITIES.items() if bits & bit),
            platform=_plain(packet.platform),
            port_id=_plain(packet.port_id),
            addresses=tuple(map(format_ipv4, packet.addresses)),
            software=tuple(_plain(line.removesuffix("\r")) for line in packet.software.split("\n")),
            version=packet.version,
            hello=None if hello is None else hello.hex().upper(),
            vtp_domain=None if packet.vtp_domain is None else _plain(packet.vtp_domain),
            native_vlan=packet.native_vlan,
            duplex=None if packet.full_duplex is None else "full" if packet.full_duplex else "half",
            management=None if packet.management is None else tuple(map(format_ipv4, packet.management)),
        )

    def interfaces_view(self, name: str | None = None) -> CdpInterfacesView:
        device, config = self._device, self._device.config.cdp
        views = []
        for interface in device.ports if name is None else device.interfaces_named(name):
            # Only a port speaks CDP.
            enabled = isinstance(interface, Port) and device.interface_configs[interface.name].cdp
            status = device.status_of(interface)
            views.append(CdpInterfaceView(interface.name, *status, enabled, config.timer, config.holdtime))
        return CdpInterfacesView(name, tuple(views))

    def traffic_view(self) -> CdpTrafficView:
        counters = self._engine.counters
        return CdpTrafficView(
            personality=self._device.version,
            output_1=counters.output[1],
            output_2=counters.output[2],
            input_1=counters.input[1],
            input_2=counters.input[2],
            header=counters.header,
            checksum=counters.checksum,
            no_memory=counters.no_memory,
            invalid=counters.invalid,
        )


def _plain(text: str) -> str:
    """Text from the wire for a console: printable ASCII, with a dot for the rest, without what pads a string in C."""
    return "".join(char if " " <= char <= "~" else "." for char in text.rstrip("\0"))
