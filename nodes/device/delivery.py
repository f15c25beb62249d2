"""Local delivery: packets for the device itself, put together again and handed to their protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nodes.base.drops import Drop
from nodes.base.errors import WireError
from nodes.device.packet import Packet
from nodes.engine.reassembly import Reassembler
from nodes.wire import icmp, ipv4, l4

if TYPE_CHECKING:
    from nodes.device.stack import IpDevice


class Delivery:
    """What a device does with the packets that are addressed to it."""

    def __init__(self, device: IpDevice) -> None:
        self._device = device
        self._drops = device.drops
        self._reassembler = Reassembler(device.drops)

    def deliver(self, packet: Packet) -> None:
        """A packet for this device: reassembled if it is a fragment, then handed to its protocol."""
        whole = self.whole(packet)
        if whole is None:
            return
        packet = whole
        proto = packet.header.proto
        traffic = self._device.traffic
        traffic.delivered += 1
        traffic.protocols_in[proto] += 1
        if packet.header.dst not in self._device.own:
            traffic.broadcasts_in += 1
        if proto == l4.ICMP:
            self._icmp(packet)
        elif proto == l4.UDP:
            self._udp(packet)
        elif proto == l4.TCP:
            self._tcp(packet)
        else:
            self._drops.count(Drop.IP_UNKNOWN_PROTOCOL)
            self._device.send_unreachable(packet, icmp.PROTOCOL_UNREACHABLE)

    def whole(self, packet: Packet) -> Packet | None:
        """The packet itself, or what its fragments make; None as long as some are missing."""
        if not packet.header.is_fragment:
            return packet
        data = self._reassembler.receive(packet.data, self._device.now)
        if data is None:
            return None
        self._device.traffic.reassembled += 1
        return packet.with_data(data)

    def _icmp(self, packet: Packet) -> None:
        try:
            message = icmp.parse(packet.payload)
        except WireError:
            self._drops.count(Drop.ICMP_MALFORMED)
            return
        header = packet.header
        self._device.traffic.icmp_in[packet.payload[0]] += 1
        if isinstance(message, icmp.EchoRequest):
            if header.dst not in self._device.own:
                # An echo to a broadcast address may be ignored (RFC 1122 3.2.2.6); answering it is an amplifier.
                self._drops.count(Drop.ICMP_UNEXPECTED)
                return
            self._device.originate(header.src, l4.ICMP, message.reply().build(), source=header.dst, tos=header.tos)
        elif isinstance(message, icmp.Redirect):
            if not self._device.redirected(packet, message):
                self._drops.count(Drop.ICMP_UNEXPECTED)
        elif isinstance(message, icmp.Other) and message.type == icmp.MASK_REQUEST:
            self._mask_request(packet, message)
        elif not self._device.icmp_received(packet, message):
            self._drops.count(Drop.ICMP_UNEXPECTED)

    def _mask_request(self, packet: Packet, message: icmp.Other) -> None:
        mask = self._device.mask_for(packet)
        if mask is None:
            self._drops.count(Drop.ICMP_UNEXPECTED)
            return
        reply = icmp.Other(icmp.MASK_REPLY, 0, message.rest, mask.to_bytes(4, "big"))
        self._device.originate(packet.header.src, l4.ICMP, reply.build())

    def _udp(self, packet: Packet) -> None:
        header = packet.header
        try:
            datagram = l4.parse_udp(packet.payload, header.src, header.dst)
        except WireError:
            self._drops.count(Drop.UDP_MALFORMED)
            return
        if not self._device.udp_received(packet, datagram):
            self._drops.count(Drop.UDP_NO_PORT)
            self._device.send_unreachable(packet, icmp.PORT_UNREACHABLE)

    def _tcp(self, packet: Packet) -> None:
        header = packet.header
        try:
            segment = l4.parse_tcp(packet.payload, header.src, header.dst)
        except WireError:
            self._drops.count(Drop.TCP_MALFORMED)
            return
        self._drops.count(Drop.TCP_NO_PORT)
        if segment.flags & l4.RST or header.dst not in self._device.own:
            return
        # A reset to a segment for a connection that does not exist (RFC 9293 3.5.2).
        if segment.flags & l4.ACK:
            reset = l4.Tcp(segment.dst_port, segment.src_port, segment.ack, 0, l4.RST, 0)
        else:
            length = len(segment.payload) + bool(segment.flags & l4.SYN) + bool(segment.flags & l4.FIN)
            following = (segment.seq + length) & 0xFFFFFFFF
            reset = l4.Tcp(segment.dst_port, segment.src_port, 0, following, l4.RST | l4.ACK, 0)
        self._device.originate(header.src, l4.TCP, reset.build(header.dst, header.src), source=header.dst)

    # Time ----------------------------------------------------------------------------------------------------------

    def handle_timer(self, now: float) -> None:
        """Give up what stayed incomplete; its sender is told if the first fragment came (RFC 792, RFC 1122 3.3.2)."""
        for timed_out in self._reassembler.handle_timer(now):
            first = timed_out.first_fragment
            if first is not None:
                # It came over some wire, whichever: only packets of our own have no ingress.
                packet = Packet(first, ipv4.peek_header(first), 0)
                self._device.send_error(packet, icmp.TimeExceeded(icmp.REASSEMBLY_EXPIRED, icmp.quote(first)))

    def next_deadline(self) -> float | None:
        return self._reassembler.next_deadline()
