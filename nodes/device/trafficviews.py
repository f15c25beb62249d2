"""``show ip traffic`` and ``show interfaces accounting``: views, and how they come out of the counters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from nodes.base.drops import Drop
from nodes.device.interface import ARP, CDP, OTHER, Interface
from nodes.device.stack import IpDevice
from nodes.wire import arp, icmp, l4


@dataclass(frozen=True, slots=True)
class IpCountersView:
    """Packets, but for ``fragments``, which are the pieces that ``fragmented`` packets were cut into."""

    received: int
    delivered: int
    generated: int
    forwarded: int
    format_errors: int
    checksum_errors: int
    hops_exceeded: int
    unknown_protocol: int
    not_a_gateway: int
    reassembled: int
    reassembly_timeouts: int
    reassembly_failures: int
    fragmented: int
    fragments: int
    not_fragmented: int
    broadcasts_received: int
    broadcasts_sent: int
    multicasts_received: int
    not_encapsulated: int
    no_route: int


@dataclass(frozen=True, slots=True)
class IcmpCountersView:
    """Messages of one direction; ``errors`` were received and unreadable."""

    errors: int
    redirects: int
    unreachables: int
    echoes: int
    echo_replies: int
    quenches: int
    parameter_problems: int
    time_exceeded: int
    others: int


@dataclass(frozen=True, slots=True)
class TransportCountersView:
    """Segments or datagrams of TCP or UDP."""

    received: int
    errors: int
    no_port: int
    sent: int


@dataclass(frozen=True, slots=True)
class ArpCountersView:
    requests_received: int
    replies_received: int
    others_received: int
    requests_sent: int
    replies_sent: int
    proxied: int
    """Of the replies that were sent, those on behalf of another."""


@dataclass(frozen=True, slots=True)
class IpTrafficView:
    ip: IpCountersView
    icmp_received: IcmpCountersView
    icmp_sent: IcmpCountersView
    udp: TransportCountersView
    tcp: TransportCountersView
    arp: ArpCountersView


@dataclass(frozen=True, slots=True)
class ProtocolView:
    """What an interface received and sent of one protocol, in packets and octets."""

    name: str
    packets_in: int
    octets_in: int
    packets_out: int
    octets_out: int


@dataclass(frozen=True, slots=True)
class InterfaceAccountingView:
    name: str
    description: str
    enabled: bool
    protocols: tuple[ProtocolView, ...]


@dataclass(frozen=True, slots=True)
class AccountingView:
    interfaces: tuple[InterfaceAccountingView, ...]


def ip_traffic(device: IpDevice) -> IpTrafficView:
    traffic = device.traffic
    dropped = traffic.dropped
    format_errors, checksum_errors = dropped(Drop.IP_MALFORMED), dropped(Drop.IP_CHECKSUM)
    ip = IpCountersView(
        traffic.received + format_errors + checksum_errors,
        traffic.delivered,
        traffic.generated,
        traffic.forwarded,
        format_errors,
        checksum_errors,
        dropped(Drop.IP_TTL_EXPIRED),
        dropped(Drop.IP_UNKNOWN_PROTOCOL),
        dropped(Drop.IP_NOT_FOR_US),
        traffic.reassembled,
        dropped(Drop.IP_REASSEMBLY_TIMEOUT),
        dropped(Drop.IP_REASSEMBLY_FULL, Drop.IP_REASSEMBLY_BAD),
        traffic.fragmented,
        traffic.fragments,
        dropped(Drop.IP_FRAGMENTATION_NEEDED),
        traffic.broadcasts_in,
        traffic.broadcasts_out,
        traffic.multicasts_in,
        dropped(Drop.ARP_INCOMPLETE, Drop.ARP_QUEUE_FULL),
        dropped(Drop.IP_NO_ROUTE),
    )
    return IpTrafficView(
        ip,
        _icmp(traffic.icmp_in, dropped(Drop.ICMP_MALFORMED)),
        _icmp(traffic.icmp_out, 0),
        _transport(device, l4.UDP, Drop.UDP_MALFORMED, Drop.UDP_NO_PORT),
        _transport(device, l4.TCP, Drop.TCP_MALFORMED, Drop.TCP_NO_PORT),
        _arp(device),
    )


#: The types that have a counter of their own, by its name.
_ICMP_TYPES: Final = {
    "redirects": icmp.REDIRECT,
    "unreachables": icmp.UNREACHABLE,
    "echoes": icmp.ECHO_REQUEST,
    "echo_replies": icmp.ECHO_REPLY,
    "quenches": icmp.SOURCE_QUENCH,
    "parameter_problems": icmp.PARAMETER_PROBLEM,
    "time_exceeded": icmp.TIME_EXCEEDED,
}


def _icmp(counts: Mapping[int, int], errors: int) -> IcmpCountersView:
    counters = {name: counts.get(number, 0) for name, number in _ICMP_TYPES.items()}
    return IcmpCountersView(errors=errors, others=sum(counts.values()) - sum(counters.values()), **counters)


def _transport(device: IpDevice, protocol: int, errors: Drop, no_port: Drop) -> TransportCountersView:
    traffic = device.traffic
    return TransportCountersView(
        traffic.protocols_in[protocol],
        traffic.dropped(errors),
        traffic.dropped(no_port),
        traffic.protocols_out[protocol],
    )


def _arp(device: IpDevice) -> ArpCountersView:
    traffic = device.traffic
    known = traffic.arp_in[arp.REQUEST], traffic.arp_in[arp.REPLY]
    others = traffic.arp_in.total() - sum(known)
    return ArpCountersView(
        *known, others, traffic.arp_out[arp.REQUEST], traffic.arp_out[arp.REPLY], traffic.arp_proxied
    )


# Accounting --------------------------------------------------------------------------------------------------------


def accounting(interfaces: Iterable[tuple[Interface, str]]) -> AccountingView:
    """Of interfaces and their descriptions."""
    return AccountingView(tuple(_accounting(interface, description) for interface, description in interfaces))


def _accounting(interface: Interface, description: str) -> InterfaceAccountingView:
    protocols = []
    for name in (OTHER, "IP", ARP, CDP):
        columns = [
            column
            for direction in (interface.input, interface.output)
            for column in (
                # What was not looked at closer than that it is IPv4.
                (
                    direction.packets - sum(packets for packets, _ in direction.others.values()),
                    direction.octets - sum(octets for _, octets in direction.others.values()),
                )
                if name == "IP"
                else direction.others.get(name, (0, 0))
            )
        ]
        if any(columns):
            protocols.append(ProtocolView(name, *columns))
    return InterfaceAccountingView(interface.name, description, interface.admin_up, tuple(protocols))
