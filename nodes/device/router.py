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
from nodes.base.addr import Prefix, classful_network, format_ipv4, format_mac, is_multicast
from nodes.base.drops import Drop
from nodes.base.ifname import Family
from nodes.device.base import DeviceSpec, Services
from nodes.device.config import InterfaceAddress, LineConfig, RoutedInterfaceConfig, RouterConfig, SubinterfaceConfig
from nodes.device.effects import Effect
from nodes.device.interface import Interface, Loopback, Subinterface
from nodes.device.ios import IosDevice
from nodes.device.packet import Packet
from nodes.device.stack import IpDevice
from nodes.device.views import (
    ArpEntryView,
    ArpView,
    InterfacesView,
    IpInterfacesView,
    IpInterfaceView,
    NextHopView,
    RouteEntryView,
    RoutesView,
    RouteView,
)
from nodes.engine.acl import AccessList
from nodes.engine.arp import ROUTER, DuplicateAddress, EntryState
from nodes.engine.fib import Resolved, Route, RouteKind
from nodes.engine.ratelimit import IntervalLimiter, KeyedLimiter
from nodes.wire import arp, ethernet, icmp, ipv4, l4

if TYPE_CHECKING:
    # Not at run time: a router without crypto loads nothing of it.
    from nodes.device.ipsec import Ipsec
    from nodes.esp.outcomes import Outcome

#: The TTL of packets that IOS makes (RFC 1700 has 64; IOS uses the most).
TTL: Final = 255
#: Seconds between two reports of the same duplicate address.
DUPLICATE_REPORT: Final = 30.0


class Router(IosDevice, IpDevice):
    """A router with an IOS-like console."""

    config: RouterConfig

    def __init__(self, spec: DeviceSpec, services: Services, now: float) -> None:
        IpDevice.__init__(self, spec, services, now, ROUTER, TTL)
        interfaces = {port.name: RoutedInterfaceConfig(port.name) for port in spec.ports}
        self._init_ios(RouterConfig(hostname=spec.name, aux=LineConfig("aux 0"), interfaces=interfaces))
        self.input_stages = [self.validate, self.access_in, self.decrypt, self.local, self.forward]
        self.output_stages = [self.encrypt, self.fragment, self.resolve]
        self.forward_stages = [self.access_out, *self.output_stages]
        self._ipsec: Ipsec | None = None
        self._unreachables = IntervalLimiter(0.0)
        self._duplicates = KeyedLimiter(DUPLICATE_REPORT)
        self._applied: dict[int, tuple[AccessList | None, AccessList | None]] = {}
        self.configured()

    # Configuration -------------------------------------------------------------------------------------------------

    def _derive(self) -> None:
        interval = self.config.unreachable_interval / 1000
        if self._unreachables.interval != interval:
            self._unreachables = IntervalLimiter(interval)
        self._follow_interfaces()
        self._applied = {}
        lists = self.config.access_lists
        for interface in self.interfaces.values():
            config = self.config.interfaces[interface.name]
            self._applied[interface.index] = (lists.get(config.access_in), lists.get(config.access_out))
            self._note_method(interface, config.address)
        self._follow_encapsulations()
        for interface in self.interfaces.values():
            self.set_admin(interface, not self.config.interfaces[interface.name].shutdown)
        self.rebuild()
        self._derive_ipsec()

    def _follow_encapsulations(self) -> None:
        """Which frames belong to which subinterface."""
        for port in self.ports:
            port.untagged = port
            port.tagged = {}
        for interface in self.interfaces.values():
            config = self.config.interfaces[interface.name]
            if not isinstance(interface, Subinterface) or not isinstance(config, SubinterfaceConfig):
                continue
            if (interface.vlan, interface.native) != (config.vlan, config.native):
                # Whoever was heard in another VLAN is not there.
                self.arp.interface_down(interface.index)
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
        """As on IOS, the routes that lead to the interface go with it."""
        del self.config.interfaces[name]
        for route in [route for route in self.config.routes if route.interface == name]:
            del self.config.routes[route]

    def _new_interface(self, name: str) -> Interface:
        if ifname.family(name) is Family.LOOPBACK:
            return Loopback(self.new_index(), name)
        return Subinterface(self.new_index(), name, self.port_by_name[ifname.parent(name)])

    def _rank(self, interface: Interface) -> int:
        return int(isinstance(interface, Loopback))

    def addresses_of(self, interface: Interface) -> Sequence[InterfaceAddress]:
        config = self.config.interfaces.get(interface.name)
        return () if config is None else config.addresses

    def static_routes(self) -> Iterator[Route]:
        for (prefix, gateway, interface), distance in self.config.routes.items():
            if interface is None:
                yield Route(prefix, RouteKind.STATIC, distance, None, gateway)
                continue
            out = self.interface_by_name.get(interface)
            if out is not None and out.index in self._addresses:
                yield Route(prefix, RouteKind.STATIC, distance, out.index, gateway)

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

    def decrypt(self, vector: list[Packet]) -> list[Packet]:
        """ESP for us goes to be opened, and what should have been ESP is dropped."""
        return vector if self._ipsec is None else self._ipsec.inbound(vector)

    def encrypt(self, vector: list[Packet]) -> list[Packet]:
        """What a crypto map protects goes to be sealed."""
        return vector if self._ipsec is None else self._ipsec.outbound(vector)

    def access_in(self, vector: list[Packet]) -> list[Packet]:
        """``ip access-group ... in``: also what is for the router itself."""
        return self._filter(vector, inbound=True)

    def access_out(self, vector: list[Packet]) -> list[Packet]:
        """``ip access-group ... out``: what is forwarded; packets of the router's own are not checked, as on IOS."""
        return self._filter(vector, inbound=False)

    def _filter(self, vector: list[Packet], *, inbound: bool) -> list[Packet]:
        passed = []
        reason = Drop.IP_ACL_IN if inbound else Drop.IP_ACL_OUT
        for packet in vector:
            index = packet.ingress if inbound else packet.egress
            access_list = self._applied[index][0 if inbound else 1] if index is not None else None
            if access_list is None:
                passed.append(packet)
                continue
            entry = access_list.hit(packet.flow)
            if entry is not None and entry.rule.log:
                self.log_match(access_list, entry, packet.flow)
            if access_list.permits(entry):
                passed.append(packet)
            else:
                self.drops.count(reason)
                self.send_unreachable(packet, icmp.ADMIN_PROHIBITED)
        return passed

    def forward(self, vector: list[Packet]) -> list[Packet]:
        """Route what is not for us: longest prefix, TTL, and on to the output stages."""
        onward: list[Packet] = []
        for packet in vector:
            header = packet.header
            if packet.group or is_multicast(header.dst) or header.dst in self._broadcasts:
                # Neither link-layer broadcasts nor directed ones are forwarded (RFC 1812 5.3.4, RFC 2644).
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
            packet.data = ipv4.decrement_ttl(packet.data)
            packet.header = header._replace(ttl=header.ttl - 1)
            self._aim(packet, resolved)
            onward.append(packet)
        if onward:
            self._run(self.forward_stages, onward)
        return []

    def send_unreachable(self, packet: Packet, code: int, mtu: int = 0) -> None:
        """Unless the interface sends none (``no ip unreachables``) or one was sent just before (``rate-limit``)."""
        if packet.ingress is None or not self.may_answer(packet):
            return
        ingress = self.interfaces.get(packet.ingress)
        if ingress is None or not self.config.interfaces[ingress.name].unreachables:
            return
        # "Fragmentation needed" has a limit of its own on IOS, without which path MTU discovery would starve.
        if code != icmp.FRAGMENTATION_NEEDED and not self._unreachables.allow(self.now):
            self.drops.count(Drop.ICMP_RATE_LIMITED)
            return
        super().send_unreachable(packet, code, mtu)

    def _undeliverable(self, packet: Packet, code: int) -> None:
        """A ping of IOS is not told what kept its own packet from leaving: it times out."""

    # IPsec ---------------------------------------------------------------------------------------------------------

    def address_on(self, interface: Interface) -> InterfaceAddress | None:
        """The address in use on an interface; None while it is down or has none."""
        return self._addresses.get(interface.index)

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
        if ipsec is None or not ipsec.enabled or datagram.dst_port != ipsec.port:
            return False
        ipsec.datagram(packet, datagram)
        return True

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
        if resolved is None or resolved.interface == interface.index:
            return
        answer = arp.reply(message, interface.mac)
        self.send_frames(interface, [interface.frame(message.sender_mac, ethernet.ETH_ARP, answer.build())])

    def _duplicate_address(self, interface: Interface, effect: DuplicateAddress) -> None:
        if self._duplicates.allow(effect.address, self.now):
            where = f"{format_ipv4(effect.address)} on {interface.name}, sourced by {format_mac(effect.mac)}"
            self.log("IP", 4, "DUPADDR", f"Duplicate address {where}")

    # Views ---------------------------------------------------------------------------------------------------------

    def interfaces_view(self, name: str | None = None) -> InterfacesView:
        return InterfacesView(
            self.version, False, tuple(self._interface_view(interface) for interface in self.interfaces_named(name))
        )

    def ip_interfaces_view(self, name: str | None = None) -> IpInterfacesView:
        views = []
        for interface in self.interfaces_named(name):
            config = self.config.interfaces[interface.name]
            views.append(
                IpInterfaceView(
                    self._interface_view(interface),
                    config.access_in,
                    config.access_out,
                    config.proxy_arp,
                    config.unreachables,
                )
            )
        return IpInterfacesView(self.version, tuple(views))

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
        interface = None if path.route.interface is None else self.interfaces[path.route.interface].name
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

    def arp_view(self) -> ArpView:
        entries = [
            ArpEntryView(
                format_ipv4(entry.address),
                0 if entry.state is EntryState.INCOMPLETE else entry.age,
                None if entry.mac is None else format_mac(entry.mac),
                self.interfaces[entry.interface].name,
            )
            for entry in self.arp.entries(self.now)
        ]
        return ArpView(tuple(entries))
