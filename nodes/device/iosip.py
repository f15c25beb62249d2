"""IPv4 with the habits of IOS: what a router and a switch that has addresses share.

Access lists on interfaces, limits on ICMP errors, what is logged and what ``show`` tells.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Final

from nodes.base import ifname
from nodes.base.addr import format_ipv4, format_mac, length_to_mask
from nodes.base.drops import Drop
from nodes.base.ifname import Family
from nodes.device.base import DeviceSpec, Services
from nodes.device.config import InterfaceAddress, RoutedInterfaceConfig
from nodes.device.interface import ETHERNET_MTU, LOOPBACK_MTU, Interface
from nodes.device.ios import IosDevice
from nodes.device.packet import Packet
from nodes.device.stack import IpDevice
from nodes.device.views import ArpEntryView, ArpView, IpInterfacesView, IpInterfaceView
from nodes.engine.acl import AccessList
from nodes.engine.arp import ROUTER, DuplicateAddress, EntryState
from nodes.engine.ratelimit import UNREACHABLE_INTERVAL, IntervalLimiter, KeyedLimiter
from nodes.wire import icmp

#: The TTL of packets that IOS makes (RFC 1700 has 64; IOS uses the most).
TTL: Final = 255
#: Seconds between two reports of the same duplicate address.
DUPLICATE_REPORT: Final = 30.0


class IosIpDevice(IosDevice, IpDevice):
    """An IOS-like device with addresses."""

    def __init__(self, spec: DeviceSpec, services: Services, now: float) -> None:
        IpDevice.__init__(self, spec, services, now, ROUTER, TTL)
        self._unreachables = IntervalLimiter(UNREACHABLE_INTERVAL)
        self._duplicates = KeyedLimiter(DUPLICATE_REPORT)
        self._applied: dict[int, tuple[AccessList | None, AccessList | None]] = {}

    @property
    @abstractmethod
    def routed_configs(self) -> Mapping[str, RoutedInterfaceConfig]:
        """The configuration of each interface that may have addresses, by its name."""

    def _follow_addresses(self) -> None:
        """Whose addresses come from where, and which access lists apply."""
        self._applied = {}
        lists = self.config.access_lists
        for name, config in self.routed_configs.items():
            interface = self.interface_by_name[name]
            self._applied[interface.index] = (lists.get(config.access_in), lists.get(config.access_out))
            self._note_method(interface, config.address)
            interface.carries(self.interface_mtu(name), config.ip_mtu)

    def rebuild(self) -> None:
        """``arp``: a neighbour belongs to the interface whose network its address is in, while that is up."""
        super().rebuild()
        self.arp.set_statics(
            {
                (number, address): mac
                for address, mac in self.config.arps.items()
                for number, networks in self._networks.items()
                if self.interfaces[number].has_link and any(own.network.contains(address) for own in networks)
            }
        )
        self._run_arp()

    def interface_mtu(self, name: str) -> int:
        """The MTU that the configuration gives an interface; a subinterface has its port's."""
        if ifname.family(name) is Family.LOOPBACK:
            return LOOPBACK_MTU
        config = self.interface_configs[ifname.parent(name)]
        return ETHERNET_MTU if config.mtu is None else config.mtu

    def addresses_of(self, interface: Interface) -> Sequence[InterfaceAddress]:
        config = self.routed_configs.get(interface.name)
        return () if config is None else config.addresses

    def address_on(self, interface: Interface) -> InterfaceAddress | None:
        """The primary address in use on an interface; None while it is down or has none."""
        return self._addresses.get(interface.index)

    # Access lists --------------------------------------------------------------------------------------------------

    def access_in(self, vector: list[Packet]) -> list[Packet]:
        """``ip access-group ... in``: also what is for the device itself."""
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
                self.acl_reports.match(access_list, entry, packet.flow, self._came_from(packet))
            if access_list.permits(entry):
                passed.append(packet)
            else:
                self.drops.count(reason)
                self.send_unreachable(packet, icmp.ADMIN_PROHIBITED)
        return passed

    def _came_from(self, packet: Packet) -> str:
        """The interface and the station that a packet came from, for those who log it."""
        interface = None if packet.ingress is None else self.interfaces.get(packet.ingress)
        return "" if interface is None else f"{interface.name} {format_mac(packet.sender)}"

    # Errors --------------------------------------------------------------------------------------------------------

    def _ingress_config(self, packet: Packet) -> RoutedInterfaceConfig | None:
        """The configuration of the interface by which a packet came in; None: it is gone, or the packet our own."""
        interface = None if packet.ingress is None else self.interfaces.get(packet.ingress)
        return None if interface is None else self.routed_configs.get(interface.name)

    def send_unreachable(self, packet: Packet, code: int, mtu: int = 0) -> None:
        """Unless the interface sends none (``no ip unreachables``) or one was sent just before (``rate-limit``)."""
        config = self._ingress_config(packet)
        if config is None or not config.unreachables or not self.may_answer(packet):
            return
        # "Fragmentation needed" has a limit of its own on IOS, without which path MTU discovery would starve.
        if code != icmp.FRAGMENTATION_NEEDED and not self._unreachables.allow(self.now):
            self.drops.count(Drop.ICMP_RATE_LIMITED)
            return
        super().send_unreachable(packet, code, mtu)

    def mask_for(self, packet: Packet) -> int | None:
        config = self._ingress_config(packet)
        if config is None or not config.mask_reply or config.address is None:
            return None
        return length_to_mask(config.address.length)

    def _undeliverable(self, packet: Packet, code: int) -> None:
        """A ping of IOS is not told what kept its own packet from leaving: it times out."""

    def _duplicate_address(self, interface: Interface, effect: DuplicateAddress) -> None:
        if self._duplicates.allow(effect.address, self.now):
            where = f"{format_ipv4(effect.address)} on {interface.name}, sourced by {format_mac(effect.mac)}"
            self.log("IP", 4, "DUPADDR", f"Duplicate address {where}")

    # Views ---------------------------------------------------------------------------------------------------------

    def ip_interfaces_view(self, name: str | None = None) -> IpInterfacesView:
        views = []
        for interface in self.interfaces_named(name):
            config = self.routed_configs.get(interface.name)
            # A switch port has no settings of IPv4: it says what one without an address says.
            settings = config or RoutedInterfaceConfig(interface.name)
            views.append(
                IpInterfaceView(
                    self._interface_view(interface),
                    tuple(f"{format_ipv4(address.address)}/{address.length}" for address in settings.secondaries),
                    interface.ip_mtu,
                    settings.access_in,
                    settings.access_out,
                    settings.proxy_arp,
                    settings.redirects,
                    settings.unreachables,
                    settings.mask_reply,
                    settings.directed_broadcast,
                )
            )
        return IpInterfacesView(self.version, tuple(views))

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
