"""``show cdp`` and what stands below it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from nodes.device.cdpviews import (
    CdpInterfacesView,
    CdpNeighborsView,
    CdpNeighborView,
    CdpTrafficView,
    CdpView,
)
from nodes.show import personality

#: Where the columns of ``show cdp neighbors`` begin that all software versions agree on.
_LOCAL: Final = 17
_PLATFORM: Final = 58
_PORT: Final = 68

_CODES: Final = {
    "Router": "R",
    "Trans-Bridge": "T",
    "Source-Route-Bridge": "B",
    "Switch": "S",
    "Host": "H",
    "IGMP": "I",
    "Repeater": "r",
    "Phone": "P",
    "Remote": "D",
    "CVTA": "C",
    "Two-port Mac Relay": "M",
}
#: Interface types that IOS writes with their first three letters here.
_INTERFACE: Final = re.compile(r"([A-Za-z]*Ethernet|Serial)(\d.*)")


def _short(name: str) -> str:
    """``FastEthernet0/1`` -> ``Fas 0/1``; what is no interface of IOS stays as it is."""
    match = _INTERFACE.fullmatch(name)
    return f"{match[1][:3]} {match[2]}" if match else name


def summary(view: CdpView) -> Iterator[str]:
    yield "Global CDP information:"
    yield f"\tSending CDP packets every {view.timer} seconds"
    yield f"\tSending a holdtime value of {view.holdtime} seconds"
    yield f"\tSending CDPv2 advertisements is {'' if view.version == 2 else 'not'} enabled"


def neighbors(view: CdpNeighborsView) -> Iterator[str]:
    words = personality.cdp_of(view.personality)
    yield from words.legend
    yield ""
    yield "Device ID        Local Intrfce     Holdtme    Capability  Platform  Port ID"
    for neighbor in view.neighbors:
        name = neighbor.device_id
        if len(name) >= _LOCAL:
            # A name too long for its column has a line of its own.
            yield name
            name = ""
        codes = " ".join(_CODES[capability] for capability in neighbor.capabilities)
        platform = re.sub("^[Cc]isco ", "", neighbor.platform)[: _PORT - _PLATFORM - 1]
        line = f"{name:<{_LOCAL}}{_short(neighbor.interface)}"
        line = f"{line:<{words.holdtime}}{neighbor.holdtime}"
        line = f"{line:<{words.capability - len(neighbor.capabilities)}}{codes}"
        line = f"{line:<{_PLATFORM}}{platform}"
        yield f"{line:<{_PORT}}{_short(neighbor.port_id)}"
    yield from _total(view)


def _total(view: CdpNeighborsView) -> Iterator[str]:
    if personality.cdp_of(view.personality).total:
        yield ""
        yield f"Total cdp entries displayed : {len(view.neighbors)}"


def detail(view: CdpNeighborsView) -> Iterator[str]:
    yield from entries(view)
    if personality.cdp_of(view.personality).total:
        yield f"Total cdp entries displayed : {len(view.neighbors)}"


def entries(view: CdpNeighborsView) -> Iterator[str]:
    """``show cdp entry``."""
    for neighbor in view.neighbors:
        yield from _entry(neighbor)


def _entry(neighbor: CdpNeighborView) -> Iterator[str]:
    yield "-------------------------"
    yield f"Device ID: {neighbor.device_id}"
    yield "Entry address(es): "
    yield from (f"  IP address: {address}" for address in neighbor.addresses)
    yield f"Platform: {neighbor.platform},  Capabilities: {''.join(f'{name} ' for name in neighbor.capabilities)}"
    yield f"Interface: {neighbor.interface},  Port ID (outgoing port): {neighbor.port_id}"
    yield f"Holdtime : {neighbor.holdtime} sec"
    yield ""
    yield "Version :"
    yield from neighbor.software
    yield ""
    yield f"advertisement version: {neighbor.version}"
    if neighbor.hello is not None:
        yield _hello(neighbor.hello)
    if neighbor.vtp_domain is not None:
        yield f"VTP Management Domain: '{neighbor.vtp_domain}'"
    if neighbor.native_vlan is not None:
        yield f"Native VLAN: {neighbor.native_vlan}"
    if neighbor.duplex is not None:
        yield f"Duplex: {neighbor.duplex}"
    if neighbor.management is not None:
        yield "Management address(es): "
        yield from (f"  IP address: {address}" for address in neighbor.management)
    yield ""


def _hello(digits: str) -> str:
    """An organization (3 octets), its protocol (2), and what that says."""
    value = digits[10:]
    payload = f"payload len={len(value) // 2}, value={value}"
    return f"Protocol Hello:  OUI=0x{digits[:6]}, Protocol ID=0x{digits[6:10]}; {payload}"


def protocols(view: CdpNeighborsView) -> Iterator[str]:
    """``show cdp entry * protocol``."""
    for neighbor in view.neighbors:
        yield f"Protocol information for {neighbor.device_id} :"
        yield from (f"  IP address: {address}" for address in neighbor.addresses)


def versions(view: CdpNeighborsView) -> Iterator[str]:
    """``show cdp entry * version``."""
    for neighbor in view.neighbors:
        yield f"Version information for {neighbor.device_id} :"
        yield from (f"  {line}" for line in neighbor.software)


def interfaces(view: CdpInterfacesView) -> Iterator[str]:
    for interface in view.interfaces:
        if interface.enabled:
            yield f"{interface.name} is {interface.status}, line protocol is {interface.protocol}"
            yield "  Encapsulation ARPA"
            yield f"  Sending CDP packets every {interface.timer} seconds"
            yield f"  Holdtime is {interface.holdtime} seconds"
        elif view.asked is not None:
            yield f" CDP is not enabled on interface {interface.name}"


def traffic(view: CdpTrafficView) -> Iterator[str]:
    yield "CDP counters :"
    yield f"\tTotal packets output: {view.output_1 + view.output_2}, Input: {view.input_1 + view.input_2}"
    yield f"\tHdr syntax: {view.header}, Chksum error: {view.checksum}, Encaps failed: 0"
    fragmented = "Fragmented: 0" if personality.cdp_of(view.personality).fragmented else ""
    yield f"\tNo memory: {view.no_memory}, Invalid packet: {view.invalid}, {fragmented}"
    yield f"\tCDP version 1 advertisements output: {view.output_1}, Input: {view.input_1}"
    yield f"\tCDP version 2 advertisements output: {view.output_2}, Input: {view.input_2}"
