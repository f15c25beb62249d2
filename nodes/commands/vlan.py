"""The VLANs of a switch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from nodes.base.vlans import vlan_list
from nodes.cli.context import Args, Context, Rejected
from nodes.cli.table import Block, Table
from nodes.commands.sections import Section
from nodes.device.config import SwitchConfig
from nodes.device.switch import DEFAULT_VLAN, LEGACY_VLANS, Switch, default_vlan_name
from nodes.device.views import VlansView
from nodes.show import switching

table = Table()

BUILT_IN: Final = frozenset({DEFAULT_VLAN, *LEGACY_VLANS})


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
    builtin = sorted(numbers & BUILT_IN)
    if ctx.negated:
        if builtin:
            raise Rejected("%Default VLAN " + vlan_list(builtin) + " may not be deleted.")
        remove(config, numbers)
        device.configured()
        return
    for number in numbers - BUILT_IN:
        config.vlans.setdefault(number, "")
    device.configured()
    ctx.enter("config-vlan", VlanScope(config, numbers))


def remove(config: SwitchConfig, numbers: Iterable[int]) -> None:
    """Take VLANs away, with all that was said of them. Their ports stay in them, and carry nothing."""
    for number in numbers:
        config.vlans.pop(number, None)
    for some in (config.remote_span, config.suspended, config.shut):
        some.difference_update(numbers)


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
    if len(scope.numbers) > 1 and name:
        raise Rejected("%A name can be given to one VLAN at a time")
    for number in scope.numbers:
        rename(device, number, name)
    device.configured()


def rename(device: Switch, number: int, name: str) -> None:
    """Call a VLAN by another name, "" for the one that it has anyway; raises Rejected."""
    if len(name) > 32:
        raise Rejected("%VLAN name is too long: 32 characters at most")
    if number in BUILT_IN:
        raise Rejected(f"%Default VLAN {number} may not have its name changed.")
    for other, known in device.vlans().items():
        if name == known and number != other:
            raise Rejected(f"VLAN #{number} and #{other} have an identical name: {name}")
    # The name that a VLAN has anyway is not a setting.
    device.config.vlans[number] = "" if name == default_vlan_name(number) else name


def _numbers(ctx: Context, what: str) -> frozenset[int]:
    """The VLANs under configuration, which are none of those that every switch has."""
    scope: VlanScope = ctx.scope
    if scope.numbers & BUILT_IN:
        raise Rejected(f"%Default VLAN {vlan_list(scope.numbers)} may not be {what}.")
    return scope.numbers


@table.command(
    "config-vlan",
    "state {active|suspend}$state",
    help={
        "state": "Operational state of the VLAN",
        "active": "VLAN Active State",
        "suspend": "VLAN Suspended State",
    },
    no="state [active|suspend]",
    prints=lambda scope: ["state suspend"] if scope.numbers <= scope.config.suspended else [],
)
def vlan_state(ctx: Context, args: Args) -> None:
    """A suspended VLAN carries nothing."""
    suspended = ctx.device.config.suspended
    if not ctx.negated and args["state"] == "suspend":
        suspended.update(_numbers(ctx, "suspended"))
    else:
        suspended.difference_update(ctx.scope.numbers)
    ctx.device.configured()


@table.command(
    "config-vlan",
    "shutdown",
    help={"shutdown": "Shutdown VLAN switching"},
    no=True,
    prints=lambda scope: ["shutdown"] if scope.numbers <= scope.config.shut else [],
)
def vlan_shutdown(ctx: Context, args: Args) -> None:
    """On this switch alone, where there are others that would hear of a suspended one."""
    shut = ctx.device.config.shut
    if ctx.negated:
        shut.difference_update(ctx.scope.numbers)
    else:
        shut.update(_numbers(ctx, "shutdown"))
    ctx.device.configured()


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
