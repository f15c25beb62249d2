"""The IPv4 stack of a device that owns addresses: what router and host share.

Packets move in vectors through named stages; a stage takes the vector and returns those that go on::

    link -> [validate, ..., local] -> (router: forwarding) -> [route, ..., fragment, resolve] -> link
               |              |
               drops          delivery: reassembly, ICMP, UDP, TCP

Subclasses put their stages between these (:attr:`IpDevice.input_stages`, :attr:`IpDevice.output_stages`). A packet
that a stage does not return has been delivered, answered or dropped under a name.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence

from nodes.base.addr import IPV4_MAX, Prefix, broadcast_of, is_multicast, length_to_mask
from nodes.base.drops import Drop
from nodes.base.errors import WireError
from nodes.device.base import DeviceSpec, Services
from nodes.device.config import InterfaceAddress
from nodes.device.delivery import Delivery
from nodes.device.interface import ETHERNET_MTU, Interface
from nodes.device.link import LinkDevice
from nodes.device.packet import Packet, is_icmp_error
from nodes.device.probes import Probes
from nodes.engine.arp import ArpPolicy
from nodes.engine.fib import DISTANCE_CONNECTED, Fib, Resolved, Route, RouteKind
from nodes.engine.redirects import Redirects
from nodes.wire import icmp, ipv4, l4

Stage = Callable[[list[Packet]], list[Packet]]


class IpDevice(LinkDevice):
    """A device with IPv4 addresses: routes, ICMP, local delivery, and packets of its own."""

    def __init__(self, spec: DeviceSpec, services: Services, now: float, policy: ArpPolicy, ttl: int) -> None:
        super().__init__(spec, services, now, policy)
        self.fib = Fib()
        self.delivery = Delivery(self)
        self.probes = Probes(self)
        self.redirects = Redirects()
        """Empty for ever in a router, which believes its routes alone."""
        self.default_ttl = ttl
        self.own: dict[int, int] = {}
        """Own address -> the number of its interface, for interfaces that are up."""
        self._addresses: dict[int, InterfaceAddress] = {}
        """Interface number -> its primary address, which packets of our own bear."""
        self._networks: dict[int, tuple[InterfaceAddress, ...]] = {}
        """Interface number -> all its addresses, the primary one first."""
        self._least_mtu = ETHERNET_MTU
        self._ident = int.from_bytes(services.entropy(2), "big")
        self.input_stages: list[Stage] = [self.validate, self.local]
        self.output_stages: list[Stage] = [self.fragment, self.resolve]

    # Configuration -> tables ---------------------------------------------------------------------------------------

    @abstractmethod
    def addresses_of(self, interface: Interface) -> Sequence[InterfaceAddress]:
        """The configured addresses of an interface, the primary one first; without a primary one, none."""

    def first_address(self, interfaces: Iterable[Interface]) -> tuple[int, ...]:
        """The primary address of the first interface that has one; empty if none has."""
        for interface in interfaces:
            for address in self.addresses_of(interface):
                return (address.address,)
        return ()

    @abstractmethod
    def static_routes(self) -> Iterator[Route]:
        """Candidate routes beyond the connected ones."""

    def rebuild(self) -> None:
        """Derive own addresses, ARP's view of the interfaces and the routes from configuration and link state."""
        before, self._networks = self._networks, {}
        self._addresses = {}
        self.own = {}
        broadcasts = {IPV4_MAX}
        for number, interface in self.interfaces.items():
            addresses = tuple(self.addresses_of(interface)) if interface.up else ()
            if not addresses:
                self.arp.interface_down(number)
                continue
            if before.get(number, addresses) != addresses:
                self.arp.clear(number)
            self._networks[number] = addresses
            self._addresses[number] = addresses[0]
            for address in addresses:
                self.own[address.address] = number
                if address.length < 31:
                    # A /31 or /32 has no broadcast address (RFC 3021).
                    broadcasts.add(broadcast_of(address.network))
            if interface.has_link:
                masks = [length_to_mask(address.length) for address in addresses]
                self.arp.interface_up(number, interface.mac, [address.address for address in addresses], masks)
        self._least_mtu = min(interface.ip_mtu for interface in self.interfaces.values())
        self._broadcasts = frozenset(broadcasts)
        self.fib.invalidate(self._routes)
        self._run_arp()

    def _routes(self) -> Iterator[Route]:
        """Every candidate: the connected networks, our own addresses, the static routes."""
        for number, addresses in self._networks.items():
            for address in addresses:
                yield Route(address.network, RouteKind.CONNECTED, DISTANCE_CONNECTED, number)
                if address.length < 32:
                    yield Route(Prefix(address.address, 32), RouteKind.LOCAL, DISTANCE_CONNECTED, number)
        yield from self.static_routes()

    def _port_changed(self, interface: Interface) -> None:
        super()._port_changed(interface)
        self.rebuild()

    # In ------------------------------------------------------------------------------------------------------------

    def _packets_input(self, vector: list[Packet]) -> None:
        self._run(self.input_stages, vector)

    def _run(self, stages: Sequence[Stage], vector: list[Packet]) -> None:
        for stage in stages:
            vector = stage(vector)
            if not vector:
                return

    # Input stages --------------------------------------------------------------------------------------------------

    def validate(self, vector: list[Packet]) -> list[Packet]:
        """Addresses that no packet may have (RFC 1812 5.3.7), and interfaces without IPv4."""
        passed = []
        for packet in vector:
            source, destination = packet.header.src, packet.header.dst
            if packet.ingress not in self._addresses:
                self.drops.count(Drop.IP_NO_ADDRESS)
            elif _is_martian(source) or is_multicast(source) or source in self._broadcasts or source in self.own:
                self.drops.count(Drop.IP_BAD_SOURCE)
            elif _is_martian(destination) and destination != IPV4_MAX:
                self.drops.count(Drop.IP_BAD_DESTINATION)
            else:
                passed.append(packet)
        return passed

    def local(self, vector: list[Packet]) -> list[Packet]:
        """Deliver what is for this device; what is not goes on."""
        onward = []
        for packet in vector:
            destination = packet.header.dst
            if destination in self.own or destination in self._broadcasts:
                self.delivery.deliver(packet)
            else:
                onward.append(packet)
        return onward

    def refuse(self, vector: list[Packet]) -> list[Packet]:
        """What a host does with the packets of others: it does not forward (RFC 1122 3.3.1)."""
        self.drops.count(Drop.IP_NOT_FOR_US, len(vector))
        return []

    def redirected(self, packet: Packet, message: icmp.Redirect) -> bool:
        """Somebody knows a better way; False: we do not follow (RFC 1122 3.2.2.2, RFC 1812 5.2.7.2 for routers)."""
        return False

    def follow_redirect(self, packet: Packet, message: icmp.Redirect) -> bool:
        """What a host does then: if the sender is its own first hop, and the better one a neighbour of both."""
        try:
            quoted = ipv4.peek_header(message.original)
        except WireError:
            return False
        resolved = self.fib.lookup(quoted.dst)
        if resolved is None or packet.ingress != resolved.interface or quoted.src not in self.own:
            return False
        gateway, networks = message.gateway, self._networks.get(resolved.interface, ())
        if gateway in self.own or not any(own.network.contains(gateway) for own in networks):
            return False
        hop = quoted.dst if resolved.next_hop is None else resolved.next_hop
        return self.redirects.receive(quoted.dst, gateway, packet.header.src, hop, resolved.interface, self.now)

    def mask_for(self, packet: Packet) -> int | None:
        """What to answer one who asks for the mask of the network (RFC 950); None: nothing."""
        return None

    def udp_received(self, packet: Packet, datagram: l4.Udp) -> bool:
        """A datagram for this device; False when nobody listens on its port."""
        return False

    # Out -----------------------------------------------------------------------------------------------------------

    def icmp_received(self, packet: Packet, message: icmp.Message) -> bool:
        """An ICMP message other than an echo request; False when it answers nothing of ours."""
        return self.probes.receive(packet, message)

    def originate(
        self,
        destination: int,
        proto: int,
        payload: bytes,
        *,
        source: int | None = None,
        ttl: int | None = None,
        tos: int = 0,
        dont_fragment: bool = False,
        patient: bool | None = None,
        exempt: bool = False,
    ) -> bool:
        """Send a packet of our own; False when there is no route. ``source`` None is the outgoing interface's address.

        ``patient`` packets wait for ARP; None leaves it to the device's habit (hosts wait, routers do not). ``exempt``:
        past the crypto maps.
        """
        resolved = self.fib.lookup(destination)
        if resolved is None or resolved.interface not in self._addresses:
            self.drops.count(Drop.IP_NO_ROUTE)
            return False
        if source is None:
            source = self._addresses[resolved.interface].address
        self._ident = (self._ident + 1) & 0xFFFF
        data = ipv4.Ipv4(
            source,
            destination,
            proto,
            payload,
            ttl=self.default_ttl if ttl is None else ttl,
            ident=self._ident,
            dont_fragment=dont_fragment,
            tos=tos,
        ).build()
        packet = Packet(data, ipv4.peek_header(data), None, patient=self.is_patient if patient is None else patient)
        packet.exempt = exempt
        self.traffic.generated += 1
        self.traffic.protocols_out[proto] += 1
        if proto == l4.ICMP:
            self.traffic.icmp_out[payload[0]] += 1
        if destination in self._broadcasts:
            self.traffic.broadcasts_out += 1
        if destination in self.own:
            # To ourselves: it never reaches a wire.
            self.delivery.deliver(packet)
            return True
        self._aim(packet, resolved)
        if self.redirects:
            told = self.redirects.use(destination, packet.next_hop, self.now)
            if told is not None:
                packet.egress, packet.next_hop = told.interface, told.gateway
        self._run(self.output_stages, [packet])
        return True

    is_patient = False
    """Whether packets of our own wait for ARP (hosts) or are dropped when they find no entry (routers)."""

    def _aim(self, packet: Packet, resolved: Resolved) -> None:
        packet.egress = resolved.interface
        packet.next_hop = packet.header.dst if resolved.next_hop is None else resolved.next_hop

    def source_towards(self, destination: int) -> int | None:
        """The address that a packet of ours to ``destination`` would carry; None without a route."""
        resolved = self.fib.lookup(destination)
        if resolved is None or resolved.interface not in self._addresses:
            return None
        return self._addresses[resolved.interface].address

    def may_answer(self, packet: Packet) -> bool:
        """Whether an ICMP error may be sent about a packet (RFC 1122 3.2.2)."""
        header = packet.header
        return not (
            packet.ingress is None
            or packet.group
            or header.offset
            or header.dst in self._broadcasts
            or is_multicast(header.dst)
            or is_icmp_error(packet)
        )

    def send_error(self, packet: Packet, message: icmp.Message) -> None:
        """An ICMP error about ``packet`` to its sender, if one may be sent."""
        if self.may_answer(packet):
            self.originate(packet.header.src, l4.ICMP, message.build(), tos=0xC0)

    def send_unreachable(self, packet: Packet, code: int, mtu: int = 0) -> None:
        self.send_error(packet, icmp.Unreachable(code, icmp.quote(packet.data), mtu))

    # Output stages -------------------------------------------------------------------------------------------------

    def fragment(self, vector: list[Packet]) -> list[Packet]:
        """Cut what is longer than the MTU (RFC 791 3.2), or say that it must not be cut (RFC 1191)."""
        fitting = []
        least = self._least_mtu
        for packet in vector:
            if packet.header.total_length <= least:
                fitting.append(packet)
            else:
                mtu = self.interfaces[packet.egress].ip_mtu
                fitting += [packet.with_data(data) for data in self.cut(packet, mtu)]
        return fitting

    def cut(self, packet: Packet, mtu: int) -> list[bytes]:
        """The packet in pieces of at most ``mtu`` octets; none, and its sender is told, when it must not be cut."""
        if packet.header.total_length <= mtu:
            return [packet.data]
        if packet.header.dont_fragment:
            self.drops.count(Drop.IP_FRAGMENTATION_NEEDED)
            if packet.ingress is None:
                self._undeliverable(packet, icmp.FRAGMENTATION_NEEDED)
            else:
                self.send_unreachable(packet, icmp.FRAGMENTATION_NEEDED, mtu)
            return []
        try:
            pieces = ipv4.fragment(packet.data, mtu)
        except WireError:
            self.drops.count(Drop.IP_MALFORMED)
            return []
        self.traffic.fragmented += 1
        self.traffic.fragments += len(pieces)
        return pieces

    def _undeliverable(self, packet: Packet, code: int) -> None:
        """A packet of our own cannot leave; ``code`` is what an ICMP unreachable would say."""
        self.probes.undeliverable(packet, code)

    # Time ----------------------------------------------------------------------------------------------------------

    def handle_timer(self, now: float) -> None:
        super().handle_timer(now)
        self.delivery.handle_timer(now)
        self.probes.handle_timer()

    def next_deadline(self) -> float | None:
        deadlines = (super().next_deadline(), self.delivery.next_deadline(), self.probes.next_deadline())
        return min((deadline for deadline in deadlines if deadline is not None), default=None)


def _is_martian(address: int) -> bool:
    """0.0.0.0/8, 127.0.0.0/8 and 240.0.0.0/4 are never on a wire (RFC 1812 5.3.7)."""
    return address >> 24 in (0, 127) or address >> 28 == 0xF
