"""The router: IPv4 forwarding over vectors of packets, in IOS's order of operations.

::

    in:   validate -> access-in -> decrypt -> local -> forward -> access-out -> encrypt -> fragment -> resolve -> wire

Packets of the router's own begin at ``encrypt``. What ``decrypt`` and ``encrypt`` hand over to the ESP workers comes
back later and goes on behind them (see :mod:`nodes.device.ipsec`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Final

from nodes.base import ifname
from nodes.base.addr import Prefix, broadcast_of, classful_network, format_ipv4, is_multicast
from nodes.base.drops import Drop
from nodes.base.ifname import Family
from nodes.device.base import DeviceSpec, Services
from nodes.device.cdp import Self
from nodes.device.config import NULL0, LineConfig, RoutedInterfaceConfig, RouterConfig, SubinterfaceConfig
from nodes.device.effects import Effect
from nodes.device.interface import DEFAULT_VLAN, Direction, Interface, Loopback, Port, Subinterface
from nodes.device.iosip import IosIpDevice
from nodes.device.packet import Packet
from nodes.device.views import (
    InterfacesView,
    NextHopView,
    RouteEntryView,
    RoutesView,
    RouteView,
    VlanInterfacesView,
    VlanInterfaceView,
)
from nodes.engine.fib import NULL, Resolved, Route, RouteKind
from nodes.engine.ratelimit import IntervalLimiter, KeyedLimiter
from nodes.wire import arp, icmp, ipv4, l4
from nodes.wire.cdp import Capability

if TYPE_CHECKING:
    # Not at run time: a router without crypto loads nothing of it.
    from nodes.device.ipsec import Ipsec
    from nodes.esp.outcomes import Outcome

#: What a router of this series says in CDP that it is: its slots may hold a switch.
CAPABILITIES: Final = Capability.ROUTER | Capability.SWITCH | Capability.IGMP
#: Seconds between two redirects to one sender about one destination: it may not listen.
REDIRECT_INTERVAL: Final = 1.0


class Router(IosIpDevice):
    """A router with an IOS-like console."""

    config: RouterConfig

    def __init__(self, spec: DeviceSpec, services: Services, now: float) -> None:
        super().__init__(spec, services, now)
        interfaces = {port.name: RoutedInterfaceConfig(port.name) for port in spec.ports}
        self._init_ios(RouterConfig(hostname=spec.name, aux=LineConfig("aux 0"), interfaces=interfaces))
        self.input_stages = [self.validate, self.access_in, self.decrypt, self.local, self.forward]
        self.output_stages = [self.encrypt, self.fragment, self.resolve]
        self.forward_stages = [self.access_out, *self.output_stages]
        self._ipsec: Ipsec | None = None
        self._directed: dict[int, int] = {}
        """Broadcast address -> the interface that broadcasts to its network are let out of."""
        self._redirects = KeyedLimiter(REDIRECT_INTERVAL)
        self.configured()

    # Configuration -------------------------------------------------------------------------------------------------

    def _derive(self) -> None:
        interval = self.config.unreachable_interval / 1000
        if self._unreachables.interval != interval:
            self._unreachables = IntervalLimiter(interval)
        self._follow_interfaces()
        self._follow_addresses()
        self._follow_encapsulations()
        for interface in self.interfaces.values():
            self.set_admin(interface, not self.config.interfaces[interface.name].shutdown)
        self.rebuild()
        self._derive_ipsec()
        self.cdp.follow()

    def _follow_encapsulations(self) -> None:
        """What stations the ports are, and which frames belong to which subinterface."""
        for port in self.ports:
            port.untagged = port
            port.tagged = {}
            mac = self.config.interfaces[port.name].mac or port.burnt_in
            if port.mac != mac:
                port.address_as(mac, b"")
        for interface in self.interfaces.values():
            config = self.config.interfaces[interface.name]
            if not isinstance(interface, Subinterface) or not isinstance(config, SubinterfaceConfig):
                continue
            if (interface.vlan, interface.native) != (config.vlan, config.native):
                # Whoever was heard in another VLAN is not there.
                self.arp.interface_down(interface.index)
                interface.carry(config.vlan, config.native)
            elif interface.mac != interface.port.mac:
                interface.carry(config.vlan, config.native)
            if config.vlan is not None:
                interface.port.tagged[config.vlan] = interface
                if config.native:
                    interface.port.untagged = interface

    @property
    def interface_configs(self) -> Mapping[str, RoutedInterfaceConfig]:
        return self.config.interfaces

    def configure_interface(self, name: str) -> RoutedInterfaceConfig:
        make = SubinterfaceConfig if ifname.family(name) is Family.SUBINTERFACE else RoutedInterfaceConfig
        made = self.config.interfaces[name] = make(name, shutdown=False)
        return made

    def unconfigure_interface(self, name: str) -> None:
        """As on IOS, what leads to the interface goes with it: routes, and lines that name it as a source."""
        del self.config.interfaces[name]
        for words, lines in list(self.config.kept.items()):
            self.config.kept[words] = tuple(line for line in lines if not line.endswith(f" {name}"))
            if lines and not self.config.kept[words]:
                del self.config.kept[words]
        for route in [route for route in self.config.routes if route.interface == name]:
            del self.config.routes[route]

    def _new_interface(self, name: str) -> Interface:
        if ifname.family(name) is Family.LOOPBACK:
            return Loopback(self.new_index(), name)
        return Subinterface(self.new_index(), name, self.port_by_name[ifname.parent(name)])

    def _rank(self, interface: Interface) -> int:
        return int(isinstance(interface, Loopback))

    @property
    def routed_configs(self) -> Mapping[str, RoutedInterfaceConfig]:
        return self.config.interfaces

    def static_routes(self) -> Iterator[Route]:
        for (prefix, gateway, interface), settings in self.config.routes.items():
            if interface in (None, NULL0):
                out = None if interface is None else NULL
                yield Route(prefix, RouteKind.STATIC, settings.distance, out, gateway)
                continue
            found = self.interface_by_name.get(interface)
            if found is not None and (found.index in self._addresses or settings.permanent):
                yield Route(prefix, RouteKind.STATIC, settings.distance, found.index, gateway)

    def cdp_self(self, port: Port) -> Self:
        """The address is the port's, or that of the first of its subinterfaces that has one."""
        below = [
            interface
            for interface in self.interfaces_named()
            if isinstance(interface, Subinterface) and interface.port is port and interface.up
        ]
        return Self(CAPABILITIES, self.first_address([port, *below]), None)

    # Stages --------------------------------------------------------------------------------------------------------

    @property
    def ipsec(self) -> Ipsec:
        """IPsec of this router. It, and the cryptography with it, is loaded by the first who asks."""
        if self._ipsec is None:
            from nodes.device.ipsec import Ipsec

            self._ipsec = Ipsec(self)
        return self._ipsec

    def _derive_ipsec(self) -> None:
        crypto_mapped = any(interface.crypto_map for interface in self.config.interfaces.values())
        if self._ipsec is not None or crypto_mapped:
            self.ipsec.configured()

    def _port_changed(self, interface: Interface) -> None:
        super()._port_changed(interface)
        if self._ipsec is not None:
            self._ipsec.configured()

    def _other_input(self, receiver: Interface, frame: bytes) -> None:
        if not (isinstance(receiver, Port) and self.cdp.take(receiver, frame)):
            super()._other_input(receiver, frame)

    def decrypt(self, vector: list[Packet]) -> list[Packet]:
        """ESP for us goes to be opened, and what should have been ESP is dropped."""
        return vector if self._ipsec is None else self._ipsec.inbound(vector)

    def encrypt(self, vector: list[Packet]) -> list[Packet]:
        """What a crypto map protects goes to be sealed."""
        return vector if self._ipsec is None else self._ipsec.outbound(vector)

    def rebuild(self) -> None:
        super().rebuild()
        self._directed = {
            broadcast_of(address.network): number
            for number, addresses in self._networks.items()
            if self.config.interfaces[self.interfaces[number].name].directed_broadcast
            for address in addresses
            if address.length < 31
        }

    def local(self, vector: list[Packet]) -> list[Packet]:
        """A broadcast to a network of ours is for us, and, with ``ip directed-broadcast`` there, for that network."""
        if self._directed:
            self._run(self.forward_stages, [copy for packet in vector for copy in self._broadcast_copies(packet)])
        return super().local(vector)

    def _broadcast_copies(self, packet: Packet) -> Iterator[Packet]:
        number = self._directed.get(packet.header.dst)
        if number not in (None, packet.ingress) and packet.header.ttl > 1 and not packet.group:
            copy = packet.with_data(ipv4.decrement_ttl(packet.data))
            copy.egress, copy.next_hop = number, packet.header.dst
            yield copy

    def forward(self, vector: list[Packet]) -> list[Packet]:
        """Route what is not for us: longest prefix, TTL, and on to the output stages."""
        onward: list[Packet] = []
        for packet in vector:
            header = packet.header
            if packet.group or is_multicast(header.dst) or header.dst in self._broadcasts:
                # Neither link-layer broadcasts nor directed ones are forwarded (RFC 1812 5.3.4, RFC 2644).
                self.traffic.multicasts_in += is_multicast(header.dst)
                self.drops.count(Drop.IP_NOT_FORWARDED)
                continue
            resolved = self.fib.lookup(header.dst)
            if resolved is None:
                self.drops.count(Drop.IP_NO_ROUTE)
                # The code that IOS uses, where RFC 1812 5.2.7.1 would have "network unreachable".
                self.send_unreachable(packet, icmp.HOST_UNREACHABLE)
                continue
            if header.ttl <= 1:
                self.drops.count(Drop.IP_TTL_EXPIRED)
                self.send_error(packet, icmp.TimeExceeded(icmp.TTL_EXPIRED, icmp.quote(packet.data)))
                continue
            if resolved.interface == NULL:
                self.drops.count(Drop.IP_NULL)
                self.send_unreachable(packet, icmp.HOST_UNREACHABLE)
                continue
            self._aim(packet, resolved)
            if resolved.interface == packet.ingress:
                self._redirect(packet)
            packet.data = ipv4.decrement_ttl(packet.data)
            packet.header = header._replace(ttl=header.ttl - 1)
            onward.append(packet)
        if onward:
            self.traffic.forwarded += len(onward)
            self._run(self.forward_stages, onward)
        return []

    def _redirect(self, packet: Packet) -> None:
        """Tell a neighbour of a better way than by us: to the next hop on the link that it sent on (RFC 1812 5.2.7.2).

        Not one whom the next hop is no neighbour of, and not about a packet that says itself which way it goes.
        """
        assert packet.ingress is not None  # only what came in is forwarded
        source, hop = packet.header.src, packet.next_hop
        config = self._ingress_config(packet)
        if config is None or not config.redirects or hop == source or ipv4.is_source_routed(packet.data):
            return
        networks = (address.network for address in self._networks[packet.ingress])
        if not any(network.contains(source) and network.contains(hop) for network in networks):
            return
        if self._redirects.allow((source, packet.header.dst), self.now):
            self.send_error(packet, icmp.Redirect(icmp.REDIRECT_HOST, hop, icmp.quote(packet.data)))

    # IPsec ---------------------------------------------------------------------------------------------------------

    def emit(self, effect: Effect) -> None:
        self._effects.append(effect)

    def send_sealed(self, packets: Sequence[bytes]) -> None:
        """ESP packets of our own, on their way to the peer."""
        vector = []
        for data in packets:
            packet = Packet(data, ipv4.peek_header(data), None)
            packet.exempt = True
            resolved = self.fib.lookup(packet.header.dst)
            if resolved is None or resolved.interface not in self._addresses:
                self.drops.count(Drop.IP_NO_ROUTE)
                continue
            self._aim(packet, resolved)
            vector.append(packet)
        if vector:
            self._run(self.output_stages, vector)

    def opened(self, vector: list[Packet]) -> None:
        """Packets that came out of ESP go on as if they had come in by the interface that the tunnel ends on."""
        if vector:
            self._run([self.validate, self.local, self.forward], vector)

    def udp_received(self, packet: Packet, datagram: l4.Udp) -> bool:
        ipsec = self._ipsec
        if ipsec is None or not ipsec.enabled or datagram.dst_port not in ipsec.ports:
            return False
        ipsec.datagram(packet, datagram)
        return True

    def icmp_received(self, packet: Packet, message: icmp.Message) -> bool:
        if self._ipsec is not None and isinstance(message, icmp.Unreachable) and self._ipsec.refused(message):
            return True
        return super().icmp_received(packet, message)

    def esp_sealed(self, sa: int, results: Sequence[tuple[Outcome, bytes]], now: float) -> None:
        """A worker has sealed packets, see :class:`nodes.device.effects.EspUser`."""
        self.now = now
        self.ipsec.esp_sealed(sa, results)

    def esp_opened(self, sa: int, results: Sequence[tuple[Outcome, bytes]], now: float, highest: int = 0) -> None:
        """A worker has opened packets."""
        self.now = now
        self.ipsec.esp_opened(sa, results, highest)

    def esp_lost(self, sas: Sequence[int], now: float) -> None:
        """A worker died, and its SAs with it."""
        self.now = now
        self.ipsec.esp_lost(sas)

    # Time ----------------------------------------------------------------------------------------------------------

    def handle_timer(self, now: float) -> None:
        super().handle_timer(now)
        if self._ipsec is not None:
            self._ipsec.handle_timer(now)

    def next_deadline(self) -> float | None:
        mine = self._ipsec.next_deadline() if self._ipsec is not None else None
        return min((at for at in (super().next_deadline(), mine) if at is not None), default=None)

    # ARP -----------------------------------------------------------------------------------------------------------

    def _arp_seen(self, interface: Interface, message: arp.Arp) -> None:
        """Proxy ARP (RFC 1027): answer for a host that we reach through another interface."""
        if (
            message.op != arp.REQUEST
            or message.target_ip in self.own
            or message.target_ip in self._broadcasts
            or is_multicast(message.target_ip)
            or message.sender_ip == message.target_ip
            or interface.index not in self._addresses
            or not self.config.interfaces[interface.name].proxy_arp
        ):
            return
        resolved = self.fib.lookup(message.target_ip)
        if resolved is None or resolved.interface in (interface.index, NULL):
            return
        self.traffic.arp_proxied += 1
        self.send_arp(interface, message.sender_mac, arp.reply(message, interface.mac))

    # Views ---------------------------------------------------------------------------------------------------------

    def interfaces_view(self, name: str | None = None) -> InterfacesView:
        return InterfacesView(
            self.version, False, tuple(self._interface_view(interface) for interface in self.interfaces_named(name))
        )

    def vlan_interfaces_view(self) -> VlanInterfacesView:
        """The VLANs of every port that has subinterfaces; the port's own frames are those of VLAN 1."""
        views: list[VlanInterfaceView] = []
        for port in self.ports:
            subinterfaces = list(port.tagged.values())
            if subinterfaces and port.untagged is port:
                counts = (
                    *_without(port.input, [interface.input for interface in subinterfaces]),
                    *_without(port.output, [interface.output for interface in subinterfaces]),
                )
                views.append(VlanInterfaceView(DEFAULT_VLAN, port.name, port.name, True, None, *counts, 0, 0))
            views += [self._vlan_view(interface) for interface in subinterfaces]
        return VlanInterfacesView(tuple(sorted(views, key=lambda view: (view.number, view.port))))

    def _vlan_view(self, interface: Subinterface) -> VlanInterfaceView:
        assert interface.vlan is not None  # it is found by its VLAN
        address = self.config.interfaces[interface.name].address
        return VlanInterfaceView(
            interface.vlan,
            interface.name,
            interface.port.name,
            interface.native,
            None if address is None else format_ipv4(address.address),
            interface.input.packets,
            interface.input.octets,
            interface.output.packets,
            interface.output.octets,
            interface.ip_received,
            interface.ip_sent,
        )

    def routes_view(self) -> RoutesView:
        routes = tuple(
            self._route_view(prefix, list(paths))
            for prefix, paths in groupby(self.fib.installed(), key=lambda path: path.route.prefix)
        )
        default = self.fib.default
        gateway = None
        if default:
            gateway = "0.0.0.0" if default[0].next_hop is None else format_ipv4(default[0].next_hop)
        return RoutesView(self.version, gateway, routes)

    def _route_view(self, prefix: Prefix, paths: Sequence[Resolved]) -> RouteView:
        route = paths[0].route
        hops = tuple(self._next_hop(path) for path in paths)
        return RouteView(format_ipv4(prefix.address), prefix.length, route.kind.value, route.distance, hops)

    def _next_hop(self, path: Resolved) -> NextHopView:
        gateway = None if path.route.gateway is None else format_ipv4(path.route.gateway)
        number = path.route.interface
        interface = None if number is None else NULL0 if number == NULL else self.interfaces[number].name
        return NextHopView(gateway, interface)

    def route_entry_view(self, address: int) -> RouteEntryView:
        covering = (
            (prefix, list(paths))
            for prefix, paths in groupby(self.fib.installed(), key=lambda path: path.route.prefix)
            if prefix.contains(address) and (prefix.length or not address)
        )
        routes = tuple(self._route_view(prefix, paths) for prefix, paths in covering)
        major = classful_network(address)
        subnets = any(major.contains(path.route.prefix.address) for path in self.fib.installed())
        # From the longest prefix to the shortest.
        return RouteEntryView(self.version, format_ipv4(address), routes[::-1], subnets)


def _without(total: Direction, parts: Sequence[Direction]) -> tuple[int, int]:
    """Frames and octets of a port that belong to none of its subinterfaces."""
    packets = total.packets - sum(part.packets for part in parts)
    return packets, total.octets - sum(part.octets for part in parts)
