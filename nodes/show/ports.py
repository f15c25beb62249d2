"""``show interfaces switchport`` and ``capabilities``, ``show mac address-table count`` and ``aging-time``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from nodes.base.ifname import short
from nodes.device.portviews import (
    AgingTimeView,
    CapabilitiesView,
    MacCountsView,
    SwitchportsView,
    SwitchportView,
    VlanSummaryView,
)

_WIDTH: Final = 78


def switchports(view: SwitchportsView) -> Iterator[str]:
    for port in view.ports:
        yield from _switchport(port)
        yield ""


def _switchport(port: SwitchportView) -> Iterator[str]:
    yield f"Name: {short(port.name)}"
    yield "Switchport: Enabled"
    yield f"Administrative Mode: {port.administrative}"
    yield f"Operational Mode: {port.operational}"
    yield "Administrative Trunking Encapsulation: dot1q"
    if port.operational != "down":
        yield f"Operational Trunking Encapsulation: {'dot1q' if port.operational == 'trunk' else 'native'}"
    yield f"Negotiation of Trunking: {'On' if port.negotiates else 'Off'}"
    yield f"Access Mode VLAN: {port.access_vlan} ({port.access_vlan_name})"
    yield f"Trunking Native Mode VLAN: {port.native_vlan} ({port.native_vlan_name})"
    yield f"Voice VLAN: {port.voice}"
    yield "Administrative private-vlan host-association: none "
    yield "Administrative private-vlan mapping: none "
    yield "Operational private-vlan: none "
    yield from _wrapped("Trunking VLANs Enabled: ", port.allowed)
    yield "Pruning VLANs Enabled: 2-1001"
    yield "Capture Mode Disabled"
    yield "Capture VLANs Allowed: ALL"
    yield ""
    yield f"Protected: {'true' if port.protected else 'false'}"
    yield "Unknown unicast blocked: disabled"
    yield "Unknown multicast blocked: disabled"
    yield "Appliance trust: none"


def _wrapped(title: str, listed: str) -> Iterator[str]:
    """A list with commas, broken behind one where a line is full."""
    line, *others = (f"{title}{listed}").split(",")
    for part in others:
        if len(line) + len(part) + 2 > _WIDTH:
            yield f"{line},"
            line = f"     {part}"
        else:
            line += f",{part}"
    yield line


#: What a port of this model has, and of that what is here.
_CAPABILITIES: Final = (
    ("Type", "10/100BaseTX"),
    ("Speed", "10,100,auto"),
    ("Duplex", "half,full,auto"),
    ("UDLD", "no"),
    ("Trunk encap. type", "802.1Q"),
    ("Trunk mode", "on,off"),
    ("Channel", "no"),
    ("Broadcast suppression", "none"),
    ("Flowcontrol", "rx-(none),tx-(none)"),
    ("Fast Start", "yes"),
    ("CoS rewrite", "no"),
    ("ToS rewrite", "no"),
    ("Inline power", "no"),
    ("SPAN", "source/destination"),
    ("PortSecure", "no"),
    ("Dot1x", "no"),
)


def capabilities(view: CapabilitiesView) -> Iterator[str]:
    for port in view.ports:
        yield port
        for name, value in (("Model", view.model), *_CAPABILITIES):
            yield f"  {name + ':':<23}{value}"
        yield ""


def mac_counts(view: MacCountsView) -> Iterator[str]:
    for vlan in view.vlans:
        yield ""
        yield f"Mac Entries for Vlan {vlan.vlan}:"
        yield "---------------------------"
        yield f"Dynamic Address Count  : {vlan.dynamic}"
        yield f"Static  Address Count  : {vlan.static}"
        yield f"Total Mac Addresses    : {vlan.dynamic + vlan.static}"
    yield ""
    yield f"Total Mac Address Space Available: {view.free}"
    yield ""


def aging_time(view: AgingTimeView) -> Iterator[str]:
    yield f"Global Aging Time:{view.seconds:>5}"
    yield "Vlan    Aging Time"
    yield "----    ----------"


def vlan_summary(view: VlanSummaryView) -> Iterator[str]:
    yield f"Number of existing VLANs           : {view.existing}"
    yield f" Number of existing VTP VLANs       : {view.existing - view.extended}"
    yield f" Number of existing extended VLANS  : {view.extended}"
    yield ""
