"""Between frames and packets: the Ethernet side of a device that owns addresses, its VLANs and its ARP table.

::

    frames -> [whose are they? the port's, or by their tag a subinterface's] -> IPv4 packets, ARP
    packets -> [the next hop's MAC address, from the ARP table] -> frames, with the tag of their interface
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Final

from nodes.base.addr import BROADCAST_MAC, IPV4_MAX
from nodes.base.drops import Drop
from nodes.base.errors import WireError
from nodes.device.base import Device, DeviceSpec, Services
from nodes.device.interface import ARP, OTHER, Interface, Port, Subinterface
from nodes.device.packet import Packet
from nodes.device.traffic import Traffic
from nodes.engine.arp import ArpPolicy, ArpTable, DuplicateAddress, GaveUp, Release, SendArp
from nodes.wire import arp, ethernet, icmp, ipv4

_IPV4: Final = ethernet.ETH_IPV4.to_bytes(2, "big")


class LinkDevice(Device):
    """A device that is a station on its links."""

    def __init__(self, spec: DeviceSpec, services: Services, now: float, policy: ArpPolicy) -> None:
        super().__init__(spec, services, now)
        self.arp: ArpTable[Packet] = ArpTable(policy, self.drops)
        self.traffic = Traffic(self.drops)
        self._broadcasts: frozenset[int] = frozenset((IPV4_MAX,))

    def remove_interface(self, interface: Interface) -> None:
        self.arp.interface_down(interface.index)
        super().remove_interface(interface)

    # In ------------------------------------------------------------------------------------------------------------

    def _input(self, port: Port, frames: Sequence[bytes]) -> None:
        native = port.untagged
        if isinstance(native, Subinterface):
            own = [frame for frame in frames if frame[12:14] != ethernet.TPID or not _vlan(frame)]
            native.input.count(own, self.now)
            native.ip_received += sum(map(_has_ipv4, own))
        self._take(port, port.untagged, port.tagged, frames)

    def _take(
        self, receiver: Interface, untagged: Interface, tagged: Mapping[int, Subinterface], frames: Sequence[bytes]
    ) -> None:
        """Frames that came to the station ``receiver``; whose they are tells their tag."""
        vector: list[Packet] = []
        mac = receiver.mac
        for frame in frames:
            try:
                header = ethernet.peek(frame)
            except WireError:
                self.drops.count(Drop.ETHERNET_MALFORMED)
                receiver.input.account(OTHER, len(frame))
                continue
            interface = untagged
            if header.dst != mac and not header.dst[0] & 1:
                self.drops.count(Drop.ETHERNET_NOT_FOR_US)
                receiver.input.account(OTHER, len(frame))
                continue
            # A tag with VLAN 0 is a priority alone: the frame counts as untagged (IEEE 802.1Q 6.9).
            if header.vid:
                found = self._subinterface(tagged, header.vid, frame)
                if found is None:
                    continue
                interface = found
            if header.ethertype == ethernet.ETH_IPV4:
                self._packet_input(interface, header, frame[header.length :], vector)
            elif header.ethertype == ethernet.ETH_ARP:
                receiver.input.account(ARP, len(frame))
                self._arp_input(interface, frame[header.length :])
            else:
                self._other_input(receiver, frame)
        self._run_arp()
        if vector:
            self.traffic.received += len(vector)
            self._packets_input(vector)

    @abstractmethod
    def _packets_input(self, vector: list[Packet]) -> None:
        """IPv4 packets came in, whose headers are well-formed."""

    def _subinterface(self, tagged: Mapping[int, Subinterface], vlan: int, frame: bytes) -> Subinterface | None:
        found = tagged.get(vlan)
        if found is None:
            self.drops.count(Drop.ETHERNET_UNKNOWN_VLAN if tagged else Drop.ETHERNET_TAGGED)
        elif not found.up:
            self.drops.count(Drop.PORT_DOWN)
        else:
            found.input.count((frame,), self.now)
            found.ip_received += _has_ipv4(frame)
            return found
        return None

    def _packet_input(self, interface: Interface, link: ethernet.Header, data: bytes, vector: list[Packet]) -> None:
        try:
            header = ipv4.peek(data)
        except ipv4.ChecksumError:
            self.drops.count(Drop.IP_CHECKSUM)
            return
        except WireError:
            self.drops.count(Drop.IP_MALFORMED)
            return
        if len(data) != header.total_length:
            data = data[: header.total_length]
        packet = Packet(data, header, interface.index)
        packet.group = bool(link.dst[0] & 1)
        packet.sender = link.src
        vector.append(packet)

    def _arp_input(self, interface: Interface, data: bytes) -> None:
        try:
            message = arp.parse(data)
        except WireError:
            self.drops.count(Drop.ARP_MALFORMED)
            return
        self.traffic.arp_in[message.op] += 1
        self.arp.receive(interface.index, message, self.now)
        self._arp_seen(interface, message)

    def _other_input(self, receiver: Interface, frame: bytes) -> None:
        """A frame that is neither IPv4 nor ARP."""
        self.drops.count(Drop.ETHERNET_UNKNOWN_TYPE)
        receiver.input.account(OTHER, len(frame))

    def _arp_seen(self, interface: Interface, message: arp.Arp) -> None:
        """A router answers for others here (proxy ARP)."""

    # Out -----------------------------------------------------------------------------------------------------------

    def resolve(self, vector: list[Packet]) -> list[Packet]:
        """Find the next hop's MAC address and send; packets without one wait or are dropped."""
        ready: dict[int, list[bytes]] = {}
        for packet in vector:
            egress = packet.egress
            interface = self.interfaces[egress]
            mac = self._link_address(packet)
            if mac is not None:
                ready.setdefault(egress, []).append(mac + interface.ip_header + packet.data)
            elif not interface.has_link:
                # IOS drops what is routed to a loopback interface and is not for the device itself.
                self.drops.count(Drop.IP_LOOPBACK)
            elif packet.patient:
                self.arp.wait(egress, packet.next_hop, packet)
            else:
                self.drops.count(Drop.ARP_INCOMPLETE)
        for number, frames in ready.items():
            self._send(self.interfaces[number], frames)
        self._run_arp()
        return []

    def _link_address(self, packet: Packet) -> bytes | None:
        if packet.next_hop in self._broadcasts:
            return BROADCAST_MAC
        return self.arp.resolve(packet.egress, packet.next_hop, self.now)

    def _send(self, interface: Interface, frames: list[bytes]) -> None:
        """Send frames with IPv4 packets, which may still be too short for Ethernet."""
        if isinstance(interface, Subinterface):
            interface.ip_sent += len(frames)
        minimum = ethernet.FRAME_MIN + len(interface.tag)
        self.send_frames(
            interface, [frame if len(frame) >= minimum else frame.ljust(minimum, b"\0") for frame in frames]
        )

    def send_frames(self, interface: Interface, frames: list[bytes]) -> None:
        """Whole frames of ours leave by an interface: by the port that it belongs to."""
        if isinstance(interface, Subinterface):
            interface.output.count(frames, self.now)
            interface = interface.port
        if isinstance(interface, Port):
            self.transmit(interface, frames)
        else:
            self.drops.count(Drop.IP_LOOPBACK, len(frames))

    def _run_arp(self) -> None:
        """Carry out what the ARP table wants."""
        for effect in self.arp.drain():
            interface = self.interfaces[effect.interface]
            if isinstance(effect, SendArp):
                self.send_arp(interface, effect.destination, effect.arp)
            elif isinstance(effect, Release):
                header = effect.mac + interface.ip_header
                self._send(interface, [header + packet.data for packet in effect.packets])
            elif isinstance(effect, GaveUp):
                for packet in effect.packets:
                    self._undeliverable(packet, icmp.HOST_UNREACHABLE)
            elif isinstance(effect, DuplicateAddress):
                self._duplicate_address(interface, effect)

    def send_arp(self, interface: Interface, destination: bytes, message: arp.Arp) -> None:
        frame = interface.frame(destination, ethernet.ETH_ARP, message.build())
        self.traffic.arp_out[message.op] += 1
        self._account_out(interface, ARP, frame)
        self.send_frames(interface, [frame])

    def _account_out(self, interface: Interface, protocol: str, frame: bytes) -> None:
        """A frame that is no IPv4 leaves: it is counted where its port is."""
        owner = interface.port if isinstance(interface, Subinterface) else interface
        if owner.up:
            owner.output.account(protocol, len(frame))

    @abstractmethod
    def _undeliverable(self, packet: Packet, code: int) -> None:
        """A packet of our own cannot leave; ``code`` is what an ICMP unreachable would say."""

    def _duplicate_address(self, interface: Interface, effect: DuplicateAddress) -> None:
        """Another station uses our address."""

    def clear_arp(self) -> None:
        """Forget every neighbour that was learnt."""
        self.arp.clear()
        self._run_arp()

    # Time ----------------------------------------------------------------------------------------------------------

    def handle_timer(self, now: float) -> None:
        super().handle_timer(now)
        self.arp.handle_timer(now)
        self._run_arp()

    def next_deadline(self) -> float | None:
        return self.arp.next_deadline()


def _vlan(frame: bytes) -> int:
    """The VLAN of a frame with a tag; 0 is a priority alone."""
    return int.from_bytes(frame[14:16], "big") & 0xFFF


def _has_ipv4(frame: bytes) -> bool:
    at = 16 if frame[12:14] == ethernet.TPID else 12
    return frame[at : at + 2] == _IPV4
