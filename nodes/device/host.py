"""PCs and servers: one port, one address, one gateway, and the habits of Windows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from nodes.base.addr import Prefix, format_ipv4, format_mac_windows, length_to_mask
from nodes.device.base import DeviceSpec, Services
from nodes.device.config import HostConfig, InterfaceAddress
from nodes.device.interface import Interface
from nodes.device.packet import Packet
from nodes.device.stack import IpDevice
from nodes.device.views import AdapterView, ArpEntryView, HostArpView
from nodes.engine.arp import HOST, EntryState
from nodes.engine.fib import DISTANCE_STATIC, Route, RouteKind
from nodes.wire import icmp

#: The TTL that Windows gives its packets.
TTL: Final = 128


class Host(IpDevice):
    """A PC or a server."""

    is_patient = True

    def __init__(self, spec: DeviceSpec, services: Services, now: float) -> None:
        super().__init__(spec, services, now, HOST, TTL)
        self.config = HostConfig(hostname=spec.name)
        self.input_stages = [self.validate, self.local, self.refuse]
        self.configured()

    def _derive(self) -> None:
        for port in self.ports:
            self.set_admin(port, True)
        self.rebuild()

    def addresses_of(self, interface: Interface) -> Sequence[InterfaceAddress]:
        return () if self.config.address is None else (self.config.address,)

    def static_routes(self) -> Iterator[Route]:
        if self.config.gateway is not None:
            yield Route(Prefix(0, 0), RouteKind.STATIC, DISTANCE_STATIC, None, self.config.gateway)

    def redirected(self, packet: Packet, message: icmp.Redirect) -> bool:
        return self.follow_redirect(packet, message)

    # Views ---------------------------------------------------------------------------------------------------------

    def adapter_view(self, detail: bool) -> AdapterView:
        port, address = self.ports[0], self.config.address
        return AdapterView(
            name=port.name,
            hostname=self.config.hostname,
            connected=port.up,
            mac=format_mac_windows(port.mac),
            address=None if address is None else format_ipv4(address.address),
            mask=None if address is None else format_ipv4(length_to_mask(address.length)),
            gateway=None if self.config.gateway is None else format_ipv4(self.config.gateway),
            detail=detail,
        )

    def arp_view(self) -> HostArpView:
        entries = tuple(
            ArpEntryView(format_ipv4(entry.address), entry.age, format_mac_windows(entry.mac), self.ports[0].name)
            for entry in self.arp.entries(self.now)
            if entry.mac is not None and entry.state is not EntryState.OWN
        )
        address = self.config.address
        return HostArpView(None if address is None else format_ipv4(address.address), entries)
