"""A packet on its way through a device: the octets, what was read of them once, and where it is going."""

from __future__ import annotations

from nodes.base.errors import WireError
from nodes.engine.acl import Flow
from nodes.wire import icmp, ipv4, l4


class Packet:
    """An IPv4 packet inside a device.

    ``data`` is the packet from its IP header on, without padding, and ``header`` what was read of it; stages that
    rewrite the packet replace both. ``ingress`` and ``egress`` are port numbers; ``ingress`` is None for a packet that
    the device made itself. ``next_hop`` is the address to ask ARP for. ``patient`` packets wait for ARP in a bounded
    queue, others are dropped when they find no entry. ``exempt`` ones (IKE, and what IPsec has sealed) pass by
    the crypto maps.
    """

    __slots__ = ("_flow", "data", "egress", "exempt", "group", "header", "ingress", "next_hop", "patient", "sender")

    def __init__(self, data: bytes, header: ipv4.Header, ingress: int | None, *, patient: bool = False) -> None:
        self.data = data
        self.header = header
        self.ingress = ingress
        self.egress = -1
        self.next_hop = 0
        self.patient = patient
        self.exempt = False
        self.group = False
        """The frame came to a group address (broadcast or multicast)."""
        self.sender = bytes(6)
        """The MAC address of the station that the packet came from."""
        self._flow: Flow | None = None

    def with_data(self, data: bytes) -> Packet:
        """The same packet with other octets: one of its fragments, or all of them together."""
        other = Packet(data, ipv4.peek_header(data), self.ingress, patient=self.patient)
        other.egress, other.next_hop, other.group = self.egress, self.next_hop, self.group
        other.exempt, other.sender = self.exempt, self.sender
        return other

    @property
    def payload(self) -> bytes:
        return self.data[self.header.header_length :]

    @property
    def flow(self) -> Flow:
        """What access lists ask about, read on first use."""
        if self._flow is None:
            self._flow = flow_of(self.data, self.header)
        return self._flow


def flow_of(data: bytes, header: ipv4.Header) -> Flow:
    """The fields of a packet that an access list may ask about; ABSENT where it has none."""
    if header.offset:
        return Flow(header.src, header.dst, header.proto, later_fragment=True, tos=header.tos)
    payload = data[header.header_length : header.header_length + 20]
    if header.proto in (l4.TCP, l4.UDP):
        try:
            source, destination = l4.ports(payload)
        except WireError:
            return Flow(header.src, header.dst, header.proto, tos=header.tos)
        flags = payload[13] & 0x3F if header.proto == l4.TCP and len(payload) > 13 else 0
        return Flow(header.src, header.dst, header.proto, source, destination, flags, tos=header.tos)
    if header.proto == l4.ICMP and len(payload) >= 2:
        kind, code = payload[0], payload[1]
        return Flow(header.src, header.dst, header.proto, icmp_type=kind, icmp_code=code, tos=header.tos)
    return Flow(header.src, header.dst, header.proto, tos=header.tos)


def is_icmp_error(packet: Packet) -> bool:
    """Is the packet an ICMP error message, about which no other error may be sent (RFC 1122 3.2.2)?"""
    return packet.header.proto == l4.ICMP and icmp.is_error(packet.payload)
