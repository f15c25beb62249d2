"""Shows of a switch's ports, of its VLANs in sum, and of its address table in sum."""

from __future__ import annotations

from collections import Counter
from typing import Final

from nodes.base.vlans import vlan_list
from nodes.cli.context import Args, Context
from nodes.cli.table import Table
from nodes.commands.mactable import MAC_HELP
from nodes.device.interface import Port
from nodes.device.portviews import (
    AgingTimeView,
    CapabilitiesView,
    MacCountsView,
    MacCountView,
    SwitchportsView,
    SwitchportView,
    VlanSummaryView,
)
from nodes.device.switch import LEGACY_VLANS, Switch
from nodes.engine.bridge import CAPACITY
from nodes.show import ports as show

table = Table()

_HELP: Final = {
    "name": "Interface",
    "switchport": "Show interface switchport information",
    "capabilities": "Show interface capabilities information",
}
#: The last VLAN of the normal range.
_NORMAL: Final = 1005


def _ports(device: Switch, args: Args) -> list[Port]:
    return [port for port in device.ports if args.get("name", port.name) == port.name]


@table.show("exec", "show interfaces [<name:interface>] switchport", text=show.switchports, help=_HELP)
def show_switchport(ctx: Context, args: Args) -> SwitchportsView:
    device: Switch = ctx.device
    protocols = {entry.name: entry.protocol for entry in device.interfaces_view().interfaces}
    return SwitchportsView(tuple(_switchport(device, port, protocols[port.name]) for port in _ports(device, args)))


def _switchport(device: Switch, port: Port, protocol: str) -> SwitchportView:
    config = device.config.interfaces[port.name]
    names = device.vlans()
    allowed = "ALL" if config.allowed is None else vlan_list(config.allowed) or "NONE"
    return SwitchportView(
        port.name,
        {"": "dynamic desirable", "access": "static access"}.get(config.mode, config.mode),
        not config.nonegotiate and config.mode != "access",
        config.voice or "none",
        config.protected,
        "down" if protocol != "up" else "trunk" if config.trunk else "static access",
        config.access_vlan,
        names.get(config.access_vlan, "Inactive"),
        config.native,
        names.get(config.native, "Inactive"),
        allowed,
    )


@table.show("exec", "show interfaces [<name:interface>] capabilities", text=show.capabilities, help=_HELP)
def show_capabilities(ctx: Context, args: Args) -> CapabilitiesView:
    device: Switch = ctx.device
    return CapabilitiesView("WS-C2950-24", tuple(port.name for port in _ports(device, args)))


@table.show(
    "exec",
    "show vlan summary",
    text=show.vlan_summary,
    help={"vlan": "VTP VLAN status", "summary": "VLAN summary information"},
)
def show_vlan_summary(ctx: Context, args: Args) -> VlanSummaryView:
    device: Switch = ctx.device
    vlans = [*device.vlans(), *LEGACY_VLANS]
    return VlanSummaryView(len(vlans), sum(number > _NORMAL for number in vlans))


def show_mac_count(ctx: Context, args: Args) -> MacCountsView:
    device: Switch = ctx.device
    entries = device.mac_view().entries
    counted = Counter((entry.vlan, entry.kind) for entry in entries)
    vlans = tuple(
        MacCountView(vlan, counted[vlan, "DYNAMIC"], counted[vlan, "STATIC"])
        for vlan in sorted(device.vlans())
        if args.get("number", vlan) == vlan
    )
    return MacCountsView(vlans, CAPACITY - sum(counted.values()))


def show_aging_time(ctx: Context, args: Args) -> AgingTimeView:
    device: Switch = ctx.device
    return AgingTimeView(device.config.aging_time)


for _words in ("mac address-table", "mac-address-table"):
    table.show("exec", f"show {_words} count [vlan <number:1-4094>]", text=show.mac_counts, help=MAC_HELP)(
        show_mac_count
    )
    table.show("exec", f"show {_words} aging-time", text=show.aging_time, help=MAC_HELP)(show_aging_time)
