"""``show interfaces``, ``show ip interface brief``, ``show interfaces status``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from nodes.base.ifname import short
from nodes.base.spans import ago
from nodes.device.views import InterfacesView, InterfaceView, IpInterfacesView, IpInterfaceView
from nodes.show import personality


def _negotiated(interface: InterfaceView, switch: bool) -> str:
    carrier = interface.status == "up"
    if interface.duplex == "auto":
        duplex = "Full-duplex" if carrier else "Auto-duplex"
    else:
        duplex = f"{interface.duplex.capitalize()}-duplex"
    if interface.speed == "auto":
        speed = "100Mb/s" if carrier else "Auto Speed" if not switch else "Auto-speed"
    else:
        speed = f"{interface.speed}Mb/s"
    return f"{duplex}, {speed}, " + ("media type is 100BaseTX" if switch else "100BaseTX/FX")


def _load(bit_rate: int, interface: InterfaceView) -> int:
    """Load as IOS has it: 1..255 of 255 parts of the interface's bandwidth."""
    return max(1, min(255, round(bit_rate * 255 / (interface.bandwidth * 1000))))


def thousands(bit_rate: int) -> int:
    """IOS gives bit rates in whole thousands."""
    return round(bit_rate, -3)


def _one(interface: InterfaceView, view: InterfacesView) -> Iterator[str]:
    words = personality.of(view.personality)
    port, loopback = interface.family == "port", interface.family == "loopback"
    condition = f" ({interface.condition})" if view.switch and port else "" if view.switch else " "
    yield f"{interface.name} is {interface.status}, line protocol is {interface.protocol}{condition}"
    yield from _hardware(interface, view.switch)
    if interface.description:
        yield f"  Description: {interface.description}"
    if interface.address is not None:
        yield f"  Internet address is {interface.address}/{interface.prefix_length}"
    bandwidth = f"BW {interface.bandwidth} {words.bandwidth_unit}"
    yield f"  MTU {interface.mtu} bytes, {bandwidth}, DLY {interface.delay} usec, "
    inbound, outbound = interface.input, interface.output
    yield (
        f"     reliability 255/255, txload {_load(outbound.bit_rate, interface)}/255, "
        f"rxload {_load(inbound.bit_rate, interface)}/255"
    )
    if interface.family == "subinterface":
        # The rest is its port's.
        yield f"  Encapsulation {interface.encapsulation}"
        yield "  ARP type: ARPA, ARP Timeout 04:00:00"
        yield f'  Last clearing of "show interface" counters {ago(interface.cleared)}'
        return
    yield f"  Encapsulation {interface.encapsulation}, loopback not set"
    if port:
        yield f"  Keepalive set ({interface.keepalive} sec)" if interface.keepalive else "  Keepalive not set"
        yield f"  {_negotiated(interface, view.switch)}"
    if view.switch and port:
        yield "  input flow-control is unsupported output flow-control is unsupported "
    if not loopback:
        yield "  ARP type: ARPA, ARP Timeout 04:00:00"
    yield f"  Last input {ago(inbound.last)}, output {ago(outbound.last)}, output hang never"
    yield f'  Last clearing of "show interface" counters {ago(interface.cleared)}'
    yield from _counters(interface, view, words)


def _hardware(interface: InterfaceView, switch: bool) -> Iterator[str]:
    if interface.family == "loopback":
        yield "  Hardware is Loopback"
        return
    kind = "CPU Interface" if interface.family == "vlan" else "Fast Ethernet" if switch else "Gt96k FE"
    yield f"  Hardware is {kind}, address is {interface.mac} (bia {interface.burnt_in})"


def _counters(interface: InterfaceView, view: InterfacesView, words: personality.Personality) -> Iterator[str]:
    inbound, outbound = interface.input, interface.output
    port = interface.family == "port"
    yield (f"  Input queue: 0/75/{inbound.drops}/0 (size/max/drops/flushes); Total output drops: {outbound.drops}")
    yield "  Queueing strategy: fifo"
    yield f"  Output queue: 0/{0 if interface.family == 'loopback' else 40} (size/max)"
    span = _span(interface.load_interval)
    yield f"  {span} input rate {thousands(inbound.bit_rate)} bits/sec, {inbound.packet_rate} packets/sec"
    yield f"  {span} output rate {thousands(outbound.bit_rate)} bits/sec, {outbound.packet_rate} packets/sec"
    no_buffer = ", 0 no buffer" if view.switch or not port else ""
    yield f"     {inbound.packets} packets input, {inbound.octets} bytes{no_buffer}"
    runts = f"0 runts, {inbound.giants} giants, 0 throttles"
    if words.broadcast_note:
        note = words.broadcast_note.format(multicasts=inbound.multicasts, ip_multicasts=inbound.ip_multicasts)
        yield f"     Received {inbound.broadcasts} broadcasts{note}"
        yield f"     {runts}"
    else:
        yield f"     Received {inbound.broadcasts} broadcasts, {runts}"
    abort = ", 0 abort" if interface.family == "loopback" else ""
    yield f"     {inbound.giants} input errors, 0 CRC, 0 frame, 0 overrun, 0 ignored{abort}"
    if port:
        yield f"     0 watchdog, {inbound.multicasts} multicast, 0 pause input" if view.switch else "     0 watchdog"
        yield "     0 input packets with dribble condition detected"
    yield f"     {outbound.packets} packets output, {outbound.octets} bytes, 0 underruns"
    collisions = "" if interface.family == "vlan" else " 0 collisions,"
    yield f"     0 output errors,{collisions} {interface.resets} interface resets"
    if words.unknown_protocols:
        yield "     0 unknown protocol drops"
    if port:
        yield "     0 babbles, 0 late collision, 0 deferred"
        yield "     0 lost carrier, 0 no carrier" + (", 0 PAUSE output" if view.switch else "")
    yield "     0 output buffer failures, 0 output buffers swapped out"


def _span(seconds: int) -> str:
    """``5 minute`` or ``30 second``."""
    return f"{seconds // 60} minute" if seconds % 60 == 0 else f"{seconds} second"


def interfaces(view: InterfacesView) -> Iterator[str]:
    for interface in view.interfaces:
        yield from _one(interface, view)


def ip_brief(view: InterfacesView) -> Iterator[str]:
    name, address, ok, method, status = personality.of(view.personality).brief_columns
    yield f"{'Interface':<{name}}{'IP-Address':<{address}}{'OK?':<{ok}}{'Method':<{method}}{'Status':<{status}}Protocol"
    for entry in view.interfaces:
        yield (
            f"{entry.name:<{name}}{entry.address or 'unassigned':<{address}}{'YES':<{ok}}{entry.method:<{method}}"
            f"{entry.status:<{status}}{entry.protocol:<8}"
        )


def descriptions(view: InterfacesView) -> Iterator[str]:
    yield "Interface                      Status         Protocol Description"
    for entry in view.interfaces:
        state = "admin down" if entry.status == "administratively down" else entry.status
        yield f"{short(entry.name):<31}{state:<15}{entry.protocol:<9}{entry.description}"


def protocols(view: InterfacesView) -> Iterator[str]:
    yield "Global values:"
    yield "  Internet Protocol routing is enabled"
    for entry in view.interfaces:
        yield f"{entry.name} is {entry.status}, line protocol is {entry.protocol}"
        if entry.address is not None:
            yield f"  Internet address is {entry.address}/{entry.prefix_length}"


_METHODS: Final = {"NVRAM": "non-volatile memory", "manual": "setup command"}


def ip_interfaces(view: IpInterfacesView) -> Iterator[str]:
    for entry in view.interfaces:
        yield from _ip_interface(entry)


def _sent(on: bool) -> str:
    return "always" if on else "never"


def _ip_interface(view: IpInterfaceView) -> Iterator[str]:
    """What is not emulated is said to be off, which is the truth."""
    interface = view.interface
    yield f"{interface.name} is {interface.status}, line protocol is {interface.protocol}"
    if interface.address is None:
        yield "  Internet protocol processing disabled"
        return
    yield f"  Internet address is {interface.address}/{interface.prefix_length}"
    yield "  Broadcast address is 255.255.255.255"
    yield f"  Address determined by {_METHODS.get(interface.method, interface.method)}"
    yield f"  MTU is {view.mtu} bytes"
    yield "  Helper address is not set"
    yield f"  Directed broadcast forwarding is {'enabled' if view.directed_broadcast else 'disabled'}"
    for secondary in view.secondaries:
        yield f"  Secondary address {secondary}"
    yield f"  Outgoing access list is {view.access_out or 'not set'}"
    yield f"  Inbound  access list is {view.access_in or 'not set'}"
    yield f"  Proxy ARP is {'enabled' if view.proxy_arp else 'disabled'}"
    yield "  Local Proxy ARP is disabled"
    yield "  Security level is default"
    yield "  Split horizon is enabled"
    yield f"  ICMP redirects are {_sent(view.redirects)} sent"
    yield f"  ICMP unreachables are {_sent(view.unreachables)} sent"
    yield f"  ICMP mask replies are {_sent(view.mask_reply)} sent"
    yield "  IP fast switching is enabled"
    yield "  IP fast switching on the same interface is disabled"
    yield "  IP Flow switching is disabled"
    yield "  IP CEF switching is enabled"
    yield "  IP multicast fast switching is disabled"
    yield "  IP multicast distributed fast switching is disabled"
    yield "  IP route-cache flags are Fast, CEF"
    yield "  Router Discovery is disabled"
    yield "  IP output packet accounting is disabled"
    yield "  IP access violation accounting is disabled"
    yield "  TCP/IP header compression is disabled"
    yield "  RTP/IP header compression is disabled"
    yield "  Probe proxy name replies are disabled"
    yield "  Policy routing is disabled"
    yield "  Network address translation is disabled"
    yield "  BGP Policy Mapping is disabled"


def status(view: InterfacesView) -> Iterator[str]:
    yield ""
    yield "Port      Name               Status       Vlan       Duplex  Speed Type"
    for entry in view.interfaces:
        linked = entry.condition in ("connected", "monitoring")
        duplex = ("a-full" if linked else "auto") if entry.duplex == "auto" else entry.duplex
        speed = ("a-100" if linked else "auto") if entry.speed == "auto" else entry.speed
        yield (
            f"{short(entry.name):<10}{entry.description[:18]:<19}{entry.condition:<13}{entry.vlan:<10} "
            f"{duplex:>6}  {speed:>5} 10/100BaseTX"
        )
