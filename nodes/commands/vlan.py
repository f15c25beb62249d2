"""VLANs, switch ports and the MAC address table of a switch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from nodes.base.vlans import vlan_list
from nodes.cli.context import Args, Context, Rejected
from nodes.cli.table import Block, Table
from nodes.commands.modes import PORT
from nodes.commands.sections import InterfaceSection, Section
from nodes.device.config import SwitchConfig, SwitchPortConfig
from nodes.device.switch import DEFAULT_VLAN, LEGACY_VLANS, Switch, default_vlan_name
from nodes.device.views import InterfacesView, MacTableView, TrunksView, VlansView
from nodes.engine.bridge import VLAN_MAX
from nodes.show import interfaces as show_interfaces
from nodes.show import switching

table = Table()


# VLANs -------------------------------------------------------------------------------------------------------------


class VlanScope:
    """The VLANs that ``vlan 10,20`` is working on."""

    def __init__(self, config: SwitchConfig, numbers: frozenset[int]) -> None:
        self.config = config
        self.numbers = numbers


def _print_vlans(config: SwitchConfig) -> Iterator[Block]:
    for number in sorted(config.vlans):
        yield Block(f"vlan {number}", "config-vlan", VlanScope(config, frozenset((number,))))


@table.command(
    "config",
    "vlan <vlans:vlans>",
    help={"vlan": "Vlan commands", "vlans": "ISL VLAN IDs 1-4094"},
    no=True,
    prints=_print_vlans,
    section=Section.VLAN,
)
def vlan(ctx: Context, args: Args) -> None:
    device: Switch = ctx.device
    config, numbers = device.config, args["vlans"]
    builtin = sorted(numbers & {DEFAULT_VLAN, *LEGACY_VLANS})
    if ctx.negated:
        if builtin:
            raise Rejected("%Default VLAN " + vlan_list(builtin) + " may not be deleted.")
        for number in numbers:
            config.vlans.pop(number, None)
        config.remote_span -= numbers
        device.configured()
        return
    for number in numbers - {DEFAULT_VLAN, *LEGACY_VLANS}:
        config.vlans.setdefault(number, "")
    device.configured()
    ctx.enter("config-vlan", VlanScope(config, numbers))


def _print_name(scope: VlanScope) -> list[str]:
    (number,) = scope.numbers
    name = scope.config.vlans[number]
    return [f"name {name}"] if name else []


@table.command(
    "config-vlan",
    "name <name:word>",
    help={"name": "Ascii name of the VLAN", "<name>": "The ascii name for the VLAN"},
    no="name [<name:word>]",
    prints=_print_name,
)
def vlan_name(ctx: Context, args: Args) -> None:
    device: Switch = ctx.device
    scope: VlanScope = ctx.scope
    name = "" if ctx.negated else args["name"]
    if len(name) > 32:
        raise Rejected("%VLAN name is too long: 32 characters at most")
    if len(scope.numbers) > 1 and name:
        raise Rejected("%A name can be given to one VLAN at a time")
    if scope.numbers & {DEFAULT_VLAN, *LEGACY_VLANS}:
        raise Rejected(f"%Default VLAN {vlan_list(scope.numbers)} may not have its name changed.")
    if any(name == other and number not in scope.numbers for number, other in device.vlans().items()):
        raise Rejected(f"%VLAN name {name} is in use by another VLAN")
    for number in scope.numbers:
        # The name that a VLAN has anyway is not a setting.
        device.config.vlans[number] = "" if name == default_vlan_name(number) else name
    device.configured()


@table.show(
    "exec",
    "show vlan brief",
    text=switching.vlan_brief,
    help={"vlan": "VTP VLAN status", "brief": "VTP all VLAN status in brief"},
)
def show_vlan_brief(ctx: Context, args: Args) -> VlansView:
    device: Switch = ctx.device
    return device.vlans_view()


@table.show(
    "exec",
    "show vlan [id <number:1-4094>|name <name:word>]",
    text=switching.vlans,
    help={
        "vlan": "VTP VLAN status",
        "id": "VTP VLAN status by VLAN id",
        "number": "ISL VLAN IDs 1-1005",
        "name": "VTP VLAN status by VLAN name",
        "<name>": "A VLAN name",
    },
)
def show_vlan(ctx: Context, args: Args) -> VlansView:
    device: Switch = ctx.device
    view = device.vlans_view()
    found = tuple(
        vlan
        for vlan in view.vlans
        if args.get("number", vlan.number) == vlan.number and args.get("name", vlan.name) == vlan.name
    )
    if not found:
        asked = f"id {args['number']}" if args.has("number") else f"name {args['name']}"
        raise Rejected(f"VLAN {asked} not found in current VLAN database")
    return VlansView(found, one=len(found) < len(view.vlans))


# Ports -------------------------------------------------------------------------------------------------------------

_HELP = {
    "switchport": "Set switching mode characteristics",
    "mode": "Set trunking mode of the interface",
    "access": "Set access mode characteristics of the interface",
    "trunk": "Set trunking characteristics of the interface",
    "vlan": "Set VLAN when interface is in access mode",
    "number": "VLAN ID of the VLAN",
    "native": "Set trunking native characteristics when interface is in trunking mode",
    "allowed": "Set allowed VLAN characteristics when interface is in trunking mode",
    "vlans": "VLAN IDs of the allowed VLANs when this port is in trunking mode",
    "all": "all VLANs",
    "none": "no VLANs",
    "add": "add VLANs to the current list",
    "remove": "remove VLANs from the current list",
    "except": "all VLANs except the following",
}


def _print_mode(port: SwitchPortConfig) -> list[str]:
    return ["switchport mode trunk"] if port.trunk else ["switchport mode access"] if port.access_mode else []


@table.command(
    PORT,
    "switchport mode {access|trunk}$mode",
    help=_HELP
    | {"access": "Set trunking mode to ACCESS unconditionally", "trunk": "Set trunking mode to TRUNK unconditionally"},
    no="switchport mode",
    prints=_print_mode,
    section=InterfaceSection.MODE,
)
def switchport_mode(ctx: Context, args: Args) -> None:
    port: SwitchPortConfig
    for port in ctx.scope:
        mode = None if ctx.negated else args["mode"]
        port.trunk, port.access_mode = mode == "trunk", mode == "access"
    ctx.device.configured()


@table.command(
    PORT,
    f"switchport access vlan <number:1-{VLAN_MAX}>",
    help=_HELP,
    no="switchport access vlan",
    prints=lambda port: [f"switchport access vlan {port.access_vlan}"] if port.access_vlan != DEFAULT_VLAN else [],
    section=InterfaceSection.ACCESS_VLAN,
)
def access_vlan(ctx: Context, args: Args) -> str | None:
    device: Switch = ctx.device
    number = DEFAULT_VLAN if ctx.negated else args["number"]
    created = None
    if number not in device.vlans():
        if number in LEGACY_VLANS:
            raise Rejected(f"%VLAN {number} carries no Ethernet traffic")
        device.config.vlans[number] = ""
        created = f"% Access VLAN does not exist. Creating vlan {number}"
    port: SwitchPortConfig
    for port in ctx.scope:
        port.access_vlan = number
    device.configured()
    return created


@table.command(
    PORT,
    f"switchport trunk native vlan <number:1-{VLAN_MAX}>",
    help=_HELP | {"vlan": "Set native VLAN when interface is in trunking mode"},
    no="switchport trunk native vlan",
    prints=lambda port: [f"switchport trunk native vlan {port.native}"] if port.native != DEFAULT_VLAN else [],
    section=InterfaceSection.NATIVE_VLAN,
)
def native_vlan(ctx: Context, args: Args) -> None:
    port: SwitchPortConfig
    for port in ctx.scope:
        port.native = DEFAULT_VLAN if ctx.negated else args["number"]
    ctx.device.configured()


def _print_allowed(port: SwitchPortConfig) -> list[str]:
    if port.allowed is None:
        return []
    return [f"switchport trunk allowed vlan {vlan_list(port.allowed) or 'none'}"]


@table.command(
    PORT,
    "switchport trunk allowed vlan {all|none|<vlans:vlans>|{add|remove|except}$edit <vlans:vlans>}",
    help=_HELP | {"vlan": "Set allowed VLANs when interface is in trunking mode"},
    no="switchport trunk allowed vlan",
    prints=_print_allowed,
    section=InterfaceSection.ALLOWED_VLANS,
)
def allowed_vlans(ctx: Context, args: Args) -> None:
    every = frozenset(range(1, VLAN_MAX + 1))
    port: SwitchPortConfig
    for port in ctx.scope:
        now = every if port.allowed is None else port.allowed
        if ctx.negated or "all" in args.words:
            chosen = every
        elif "none" in args.words:
            chosen = frozenset()
        elif args.has("edit"):
            listed = args["vlans"]
            chosen = {"add": now | listed, "remove": now - listed, "except": every - listed}[args["edit"]]
        else:
            chosen = args["vlans"]
        port.allowed = None if chosen == every else chosen
    ctx.device.configured()


@table.command(
    PORT,
    "spanning-tree portfast",
    help={
        "spanning-tree": "Spanning Tree Subsystem",
        "portfast": "Allow a change from blocking to forwarding",
    },
    no=True,
    prints=lambda port: ["spanning-tree portfast"] if port.portfast else [],
    section=InterfaceSection.SPANNING_TREE,
)
def portfast(ctx: Context, args: Args) -> list[str] | None:
    port: SwitchPortConfig
    for port in ctx.scope:
        port.portfast = not ctx.negated
    if ctx.negated:
        return None
    return [
        "%Warning: portfast should only be enabled on ports connected to a single",
        " host. Connecting hubs, concentrators, switches, bridges, etc... to this",
        " interface  when portfast is enabled, can cause temporary bridging loops.",
        " Use with CAUTION",
        "",
        *(f"%Portfast has been configured on {port.name} but will only" for port in ctx.scope),
        " have effect when the interface is in a non-trunking mode.",
    ]


@table.show(
    "exec",
    "show interfaces [<name:interface>] status",
    text=show_interfaces.status,
    help={"status": "Show interface line status", "name": "Interface"},
)
def show_status(ctx: Context, args: Args) -> InterfacesView:
    device: Switch = ctx.device
    return ports_of(device.interfaces_view(args.get("name")))


def ports_of(view: InterfacesView) -> InterfacesView:
    """The ports among the interfaces: what there are to tell of only for them."""
    return replace(view, interfaces=tuple(entry for entry in view.interfaces if entry.family == "port"))


@table.show(
    "exec",
    "show interfaces trunk",
    text=switching.trunks,
    help={"trunk": "Show interface trunk information"},
)
def show_trunks(ctx: Context, args: Args) -> TrunksView:
    device: Switch = ctx.device
    return device.trunks_view()


# MAC addresses -----------------------------------------------------------------------------------------------------

MAC_HELP = {
    "mac": "MAC configuration",
    "address-table": "MAC forwarding table",
    "mac-address-table": "MAC forwarding table",
    "dynamic": "dynamic entry type",
    "static": "static entry type",
    "vlan": "VLAN keyword",
    "number": "Vlan interface number",
    "interface": "interface keyword",
    "port": "Interface",
    "address": "address keyword",
    "mac-address": "48 bit mac address",
    "aging-time": "MAC address table entry maximum age",
    "count": "MAC address count",
    "seconds": "Maximum age in seconds",
}

_MAC_SELECTION = (
    f"[dynamic|static]$kind [vlan <number:1-{VLAN_MAX}>|interface <port:interface>|address <mac-address:mac>]*"
)


def show_mac(ctx: Context, args: Args) -> MacTableView:
    device: Switch = ctx.device
    return device.mac_view(args.get("number"), args.get("port"), args.get("mac-address"), args.get("kind"))


def clear_mac(ctx: Context, args: Args) -> None:
    device: Switch = ctx.device
    name = args.get("port")
    port = device.port_by_name.get(name)
    if name is None or port is not None:  # on a VLAN interface nothing is learnt
        device.bridge.flush(port=None if port is None else port.index, vlan=args.get("number"))


for _words in ("mac address-table", "mac-address-table"):
    table.show("exec", f"show {_words} {_MAC_SELECTION}", text=switching.mac_table, help=MAC_HELP)(show_mac)
    table.command(
        "exec",
        f"clear {_words} dynamic [vlan <number:1-{VLAN_MAX}>|interface <port:interface>]",
        help=MAC_HELP,
        privilege=15,
    )(clear_mac)


def _print_aging(config: SwitchConfig) -> list[str]:
    return [] if config.aging_time == 300 else [f"mac address-table aging-time {config.aging_time}"]


def aging_time(ctx: Context, args: Args) -> None:
    device: Switch = ctx.device
    device.config.aging_time = 300 if ctx.negated else args["seconds"]
    device.configured()


for _words in ("mac address-table", "mac-address-table"):
    table.command(
        "config",
        f"{_words} aging-time {{<seconds:10-1000000>|<seconds:0-0>}}",
        help=MAC_HELP,
        no=f"{_words} aging-time",
        prints=_print_aging if _words == "mac address-table" else None,
        section=Section.MAC,
    )(aging_time)
