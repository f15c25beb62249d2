"""``show ip traffic`` and ``show interfaces accounting``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from nodes.device.trafficviews import AccountingView, IpTrafficView, TransportCountersView

#: Sections of protocols that no device here speaks; IOS has them whether they run or not.
_BGP: Final = (
    "BGP statistics:",
    "  Rcvd: 0 total, 0 opens, 0 notifications, 0 updates",
    "        0 keepalives, 0 route-refresh, 0 unrecognized",
    "  Sent: 0 total, 0 opens, 0 notifications, 0 updates",
    "        0 keepalives, 0 route-refresh",
    "",
)
_ROUTING: Final = (
    "EIGRP-IPv4 statistics:",
    "  Rcvd: 0 total",
    "  Sent: 0 total",
    "",
    "PIMv2 statistics: Sent/Received",
    "  Total: 0/0, 0 checksum errors, 0 format errors",
    "  Registers: 0/0 (0 non-rp, 0 non-sm-group), Register Stops: 0/0,  Hellos: 0/0",
    "  Join/Prunes: 0/0, Asserts: 0/0, grafts: 0/0",
    "  Bootstraps: 0/0, Candidate_RP_Advertisements: 0/0",
    "  State-Refresh: 0/0",
    "",
    "IGMP statistics: Sent/Received",
    "  Total: 0/0, Format errors: 0/0, Checksum errors: 0/0",
    "  Host Queries: 0/0, Host Reports: 0/0, Host Leaves: 0/0 ",
    "  DVMRP: 0/0, PIM: 0/0",
    "",
)
_OSPF: Final = (
    "OSPF statistics:",
    "  Rcvd: 0 total, 0 checksum errors",
    "  \t0 hello, 0 database desc, 0 link state req",
    "  \t0 link state updates, 0 link state acks",
    "",
    "  Sent: 0 total",
    "  \t0 hello, 0 database desc, 0 link state req",
    "  \t0 link state updates, 0 link state acks",
    "",
)


def ip_traffic(view: IpTrafficView) -> Iterator[str]:
    """What this stack does not do is counted all the same, and the count is true."""
    ip, received, sent, arp = view.ip, view.icmp_received, view.icmp_sent, view.arp
    yield "IP statistics:"
    yield f"  Rcvd:  {ip.received} total, {ip.delivered} local destination"
    yield (
        f"         {ip.format_errors} format errors, {ip.checksum_errors} checksum errors, "
        f"{ip.hops_exceeded} bad hop count"
    )
    yield f"         {ip.unknown_protocol} unknown protocol, {ip.not_a_gateway} not a gateway"
    yield "         0 security failures, 0 bad options, 0 with options"
    yield "  Opts:  0 end, 0 nop, 0 basic security, 0 loose source route"
    yield "         0 timestamp, 0 extended security, 0 record route"
    yield "         0 stream ID, 0 strict source route, 0 alert, 0 cipso, 0 ump"
    yield "         0 other"
    yield (
        f"  Frags: {ip.reassembled} reassembled, {ip.reassembly_timeouts} timeouts, "
        f"{ip.reassembly_failures} couldn't reassemble"
    )
    yield f"         {ip.fragmented} fragmented, {ip.fragments} fragments, {ip.not_fragmented} couldn't fragment"
    yield f"  Bcast: {ip.broadcasts_received} received, {ip.broadcasts_sent} sent"
    yield f"  Mcast: {ip.multicasts_received} received, 0 sent"
    yield f"  Sent:  {ip.generated} generated, {ip.forwarded} forwarded"
    yield f"  Drop:  {ip.not_encapsulated} encapsulation failed, 0 unresolved, 0 no adjacency"
    yield f"         {ip.no_route} no route, 0 unicast RPF, 0 forced drop"
    yield "         0 options denied, 0 source IP address zero"
    yield ""
    yield "ICMP statistics:"
    yield (
        f"  Rcvd: {received.errors} format errors, 0 checksum errors, {received.redirects} redirects, "
        f"{received.unreachables} unreachable"
    )
    yield (
        f"        {received.echoes} echo, {received.echo_replies} echo reply, 0 mask requests, 0 mask replies, "
        f"{received.quenches} quench"
    )
    yield f"        {received.parameter_problems} parameter, 0 timestamp, 0 info request, {received.others} other"
    yield "        0 irdp solicitations, 0 irdp advertisements"
    yield f"        {received.time_exceeded} time exceeded, 0 info replies"
    yield (
        f"  Sent: {sent.redirects} redirects, {sent.unreachables} unreachable, {sent.echoes} echo, "
        f"{sent.echo_replies} echo reply"
    )
    yield f"        0 mask requests, 0 mask replies, {sent.quenches} quench, 0 timestamp"
    yield f"        0 info reply, {sent.time_exceeded} time exceeded, {sent.parameter_problems} parameter problem"
    yield "        0 irdp solicitations, 0 irdp advertisements"
    yield ""
    yield from _BGP
    yield from _transport("TCP", view.tcp, "total")
    yield ""
    yield from _ROUTING
    yield from _transport("UDP", view.udp, "total, 0 forwarded broadcasts")
    yield ""
    yield from _OSPF
    yield "ARP statistics:"
    yield (
        f"  Rcvd: {arp.requests_received} requests, {arp.replies_received} replies, 0 reverse, "
        f"{arp.others_received} other"
    )
    yield f"  Sent: {arp.requests_sent} requests, {arp.replies_sent} replies ({arp.proxied} proxy), 0 reverse"
    yield "  Drop due to input queue full: 0"


def _transport(name: str, counters: TransportCountersView, sent: str) -> Iterator[str]:
    yield f"{name} statistics:"
    yield f"  Rcvd: {counters.received} total, {counters.errors} checksum errors, {counters.no_port} no port"
    yield f"  Sent: {counters.sent} {sent}"


def accounting(view: AccountingView) -> Iterator[str]:
    for interface in view.interfaces:
        if not interface.enabled:
            yield f"Interface {interface.name} is disabled"
            yield ""
            continue
        yield f"{interface.name} {interface.description}"
        yield "                Protocol    Pkts In   Chars In   Pkts Out  Chars Out"
        for protocol in interface.protocols:
            figures = (protocol.packets_in, protocol.octets_in, protocol.packets_out, protocol.octets_out)
            yield f"{protocol.name:>24}" + "".join(f"{figure:>11}" for figure in figures)
        if not interface.protocols:
            yield "No traffic sent or received on this interface."
