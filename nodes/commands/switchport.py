"""Ports of a switch: access and trunk, their VLANs, and what they do with each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from nodes.base.vlans import vlan_list
from nodes.cli.context import Args, Context, Rejected
from nodes.cli.table import Table
from nodes.commands.modes import PORT
from nodes.commands.sections import InterfaceSection
from nodes.device.config import SwitchPortConfig
from nodes.device.switch import DEFAULT_VLAN, LEGACY_VLANS, Switch
from nodes.device.views import InterfacesView, TrunksView
from nodes.engine.bridge import VLAN_MAX
from nodes.show import interfaces as show_interfaces
from nodes.show import switching

table = Table()

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


def _print_mode(port: SwitchPortConfig) -> Iterator[str]:
    if port.mode:
        yield f"switchport mode {port.mode}"
    if port.nonegotiate:
        yield "switchport nonegotiate"


_DYNAMIC_CONFLICT: Final = "Command rejected: Conflict between 'nonegotiate' and 'dynamic' status."


@table.command(
    PORT,
    "switchport mode {access|trunk|dynamic {auto|desirable}}$mode",
    help=_HELP
    | {
        "access": "Set trunking mode to ACCESS unconditionally",
        "trunk": "Set trunking mode to TRUNK unconditionally",
        "dynamic": "Set trunking mode to dynamically negotiate access or trunk mode",
        "auto": "Set trunking mode dynamic negotiation parameter to AUTO",
        "desirable": "Set trunking mode dynamic negotiation parameter to DESIRABLE",
    },
    no="switchport mode",
    prints=_print_mode,
    section=InterfaceSection.MODE,
)
def switchport_mode(ctx: Context, args: Args) -> None:
    """Nobody negotiates here: a dynamic port ends up in its access VLAN. ``dynamic desirable`` is the default."""
    mode = "" if ctx.negated or args["mode"] == "dynamic desirable" else args["mode"]
    port: SwitchPortConfig
    for port in ctx.scope:
        if port.nonegotiate and mode not in ("access", "trunk"):
            raise Rejected(_DYNAMIC_CONFLICT)
        if port.security.enabled and mode != "access":
            raise Rejected(f"Command rejected: {port.name} is a secure port.")
        port.mode = mode
    ctx.device.configured()


@table.command(
    PORT,
    "switchport nonegotiate",
    help=_HELP | {"nonegotiate": "Device will not engage in negotiation protocol on this interface"},
    no=True,
)
def nonegotiate(ctx: Context, args: Args) -> None:
    port: SwitchPortConfig
    for port in ctx.scope:
        if not ctx.negated and port.mode not in ("access", "trunk"):
            raise Rejected(_DYNAMIC_CONFLICT)
        port.nonegotiate = not ctx.negated


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
        _check_carries(number)
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


_VOICE: Final = f"{{<number:1-{VLAN_MAX}>|dot1p|none|untagged}}"


@table.command(
    PORT,
    f"switchport voice vlan {_VOICE}",
    help=_HELP
    | {
        "voice": "Voice appliance attributes",
        "vlan": "Vlan for voice traffic",
        "number": "Vlan for voice traffic",
        "dot1p": "Priority tagged on PVID",
        "none": "Don't tell telephone about voice vlan",
        "untagged": "Untagged on PVID",
    },
    no=f"switchport voice vlan [{_VOICE}]",
    prints=lambda port: [f"switchport voice vlan {port.voice}"] if port.voice else [],
    section=InterfaceSection.VOICE_VLAN,
)
def voice_vlan(ctx: Context, args: Args) -> str | None:
    """Frames of this VLAN come and go with a tag, beside those of the access VLAN, which have none."""
    device: Switch = ctx.device
    words = [word for word in ("dot1p", "untagged") if args.has(word)]
    voice = "" if ctx.negated or args.has("none") else words[0] if words else str(args["number"])
    created = None
    if voice.isdigit() and int(voice) not in device.vlans():
        _check_carries(int(voice))
        device.config.vlans[int(voice)] = ""
        created = f"% Voice VLAN does not exist. Creating vlan {voice}"
    port: SwitchPortConfig
    for port in ctx.scope:
        port.voice = voice
    device.configured()
    return created


def _check_carries(number: int) -> None:
    if number in LEGACY_VLANS:
        raise Rejected(f"%VLAN {number} carries no Ethernet traffic")


@table.command(
    PORT,
    "switchport protected",
    help=_HELP | {"protected": "Configure an interface to be a protected port"},
    no=True,
    prints=lambda port: ["switchport protected"] if port.protected else [],
    section=InterfaceSection.PROTECTED,
)
def protected(ctx: Context, args: Args) -> None:
    """Protected ports of a switch do not see each other."""
    port: SwitchPortConfig
    for port in ctx.scope:
        port.protected = not ctx.negated
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
    "show interfaces [<name:interface>] trunk",
    text=switching.trunks,
    help={"trunk": "Show interface trunk information", "name": "Interface"},
)
def show_trunks(ctx: Context, args: Args) -> TrunksView:
    device: Switch = ctx.device
    trunks = device.trunks_view().trunks
    return TrunksView(tuple(trunk for trunk in trunks if args.get("name", trunk.port) == trunk.port))
