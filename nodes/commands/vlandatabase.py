"""``vlan database``: the mode in which older switches know VLANs. What is done in it counts from ``apply`` on.

The proposed database is a copy of the VLANs, and the running one is only touched when it is applied, as a whole.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import Final

from nodes.cli.builtin import describe_help
from nodes.cli.context import Args, Context, Rejected
from nodes.cli.table import Mode, Table
from nodes.commands import vlan as vlans
from nodes.commands.vlan import BUILT_IN
from nodes.device.config import SwitchConfig
from nodes.device.switch import LEGACY_VLANS, Switch, default_vlan_name
from nodes.device.views import VlansView, VlanView
from nodes.show import switching

table = Table()

MODE: Final = Mode("vlan-database", "(vlan)", "exec", "VLAN database editing buffer manipulation commands:")

_WARNING: Final = """\
% Warning: It is recommended to configure VLAN from config mode,
  as VLAN database mode is being deprecated. Please consult user
  documentation for configuring VTP/VLAN in config mode.

"""


@dataclass(slots=True)
class Proposal:
    """The VLANs as they are to be: number -> name, "" for the default one; and those that are suspended."""

    vlans: dict[int, str]
    suspended: set[int]

    @classmethod
    def of(cls, config: SwitchConfig) -> Proposal:
        return cls(dict(config.vlans), set(config.suspended))


@table.command(
    "exec",
    "vlan database",
    help={"vlan": "Configure VLAN parameters", "database": "Configure VLAN database"},
    privilege=15,
)
def enter(ctx: Context, args: Args) -> str:
    ctx.enter(MODE.name, Proposal.of(ctx.device.config))
    return _WARNING


_HELP: Final = {
    "vlan": "Add, delete, or modify values associated with a single VLAN",
    "number": "ISL VLAN index",
    "name": "Ascii name of the VLAN",
    "<name>": "The ascii name for the VLAN",
    "state": "Operational state of the VLAN",
    "active": "VLAN Active State",
    "suspend": "VLAN Suspended State",
}


@table.command(
    MODE.name,
    "vlan <number:1-1005> [name <name:word>|state {active|suspend}$state]*",
    help=_HELP,
    no="vlan <number:1-1005>",
)
def edit(ctx: Context, args: Args) -> list[str]:
    proposal: Proposal = ctx.scope
    number: int = args["number"]
    if ctx.negated:
        if number in BUILT_IN:
            raise Rejected("A default VLAN may not be deleted.")
        if proposal.vlans.pop(number, None) is None:
            raise Rejected(f"VLAN {number} not found in proposed VLAN database")
        proposal.suspended.discard(number)
        return [f"Deleting VLAN {number}..."]
    if number in BUILT_IN:
        raise Rejected(f"Default VLAN {number} may not be changed.")
    said = [f"VLAN {number} {'modified' if number in proposal.vlans else 'added'}:"]
    name = args.get("name", proposal.vlans.get(number, ""))
    if len(name) > 32:
        raise Rejected("VLAN name is too long: 32 characters at most")
    if args.get("name") is not None or number not in proposal.vlans:
        said.append(f"    Name: {name or default_vlan_name(number)}")
    proposal.vlans[number] = "" if name == default_vlan_name(number) else name
    if args.has("state"):
        (proposal.suspended.add if args["state"] == "suspend" else proposal.suspended.discard)(number)
        said.append(f"    State {'SUSPENDED' if args['state'] == 'suspend' else 'ACTIVE'}")
    return said


def _apply(ctx: Context) -> None:
    """Make the running VLANs those that are proposed, or refuse all of it."""
    device: Switch = ctx.device
    proposal: Proposal = ctx.scope
    names: dict[str, int] = {"default": 1, **{name: number for number, name in LEGACY_VLANS.items()}}
    for number, name in proposal.vlans.items():
        full = name or default_vlan_name(number)
        if full in names:
            raise Rejected(f"VLAN #{number} and #{names[full]} have an identical name: {full}\nAPPLY failed.")
        names[full] = number
    vlans.remove(device.config, device.config.vlans.keys() - proposal.vlans.keys())
    device.config.vlans = deepcopy(proposal.vlans)
    device.config.suspended = set(proposal.suspended)
    device.configured()


@table.command(MODE.name, "apply", help={"apply": "Apply current changes and bump revision number"})
def apply(ctx: Context, args: Args) -> str:
    _apply(ctx)
    return "APPLY completed."


@table.command(MODE.name, "exit", help={"exit": "Apply changes, bump revision number, and exit"})
def leave(ctx: Context, args: Args) -> list[str]:
    _apply(ctx)
    ctx.session.frames.clear()
    return ["APPLY completed.", "Exiting...."]


table.command(MODE.name, "help", help={"help": "Description of the interactive help system"})(describe_help)


@table.command(MODE.name, "abort", help={"abort": "Exit mode without applying the changes"})
def abort(ctx: Context, args: Args) -> str:
    ctx.session.frames.clear()
    return "Aborting...."


@table.command(MODE.name, "reset", help={"reset": "Abandon current changes and reread current database"})
def reset(ctx: Context, args: Args) -> str:
    proposal, now = ctx.scope, Proposal.of(ctx.device.config)
    proposal.vlans, proposal.suspended = now.vlans, now.suspended
    return "RESET completed."


@table.show(
    MODE.name,
    "show {current|proposed}$which",
    text=switching.vlan_brief,
    help={
        "show": "Show database information",
        "current": "Database currently installed in this switch",
        "proposed": "Database as it would be modified if applied",
    },
    privilege=15,
)
def show_database(ctx: Context, args: Args) -> VlansView:
    device: Switch = ctx.device
    current = device.vlans_view()
    if args["which"] == "current":
        return current
    proposal: Proposal = ctx.scope
    members = {view.number: view.ports for view in current.vlans}
    proposed = [view for view in current.vlans if view.number in BUILT_IN]
    proposed += [
        VlanView(
            number,
            name or default_vlan_name(number),
            "suspended" if number in proposal.suspended else "active",
            members.get(number, ()),
        )
        for number, name in proposal.vlans.items()
    ]
    return VlansView(tuple(sorted(proposed, key=lambda view: view.number)))
