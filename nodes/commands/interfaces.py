"""Interface mode and the shows of interfaces: what router and switch share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from nodes.cli.context import Args, Context
from nodes.cli.table import Block, Table
from nodes.commands.sections import Section
from nodes.device.config import InterfaceConfig, RouterConfig, SwitchConfig
from nodes.device.ios import IosDevice
from nodes.device.views import InterfacesView
from nodes.show import interfaces as show

table = Table()


def _print_interfaces(config: RouterConfig | SwitchConfig) -> Iterator[Block]:
    for interface in config.interfaces.values():
        yield Block(f"interface {interface.name}", "config-if", interface)


@table.command(
    "config",
    "interface <name:interface>",
    help={"name": "Interface"},
    prints=_print_interfaces,
    section=Section.INTERFACE,
)
def interface(ctx: Context, args: Args) -> None:
    ctx.enter("config-if", [ctx.device.config.interfaces[args["name"]]])


@table.command(
    "config-if",
    "description <text:line>",
    help={"description": "Interface specific description", "text": "Up to 240 characters describing this interface"},
    no="description [<text:line>]",
    prints=lambda interface: [f"description {interface.description}"] if interface.description else [],
    section=0,
)
def description(ctx: Context, args: Args) -> None:
    interface: InterfaceConfig
    for interface in ctx.scope:
        interface.description = "" if ctx.negated else args["text"].rstrip()[:240]


_DUPLEX_HELP: Final = {
    "duplex": "Configure duplex operation.",
    "auto": "Enable AUTO duplex configuration",
    "full": "Force full duplex operation",
    "half": "Force half-duplex operation",
}


@table.command(
    "config-if",
    "duplex {auto|full|half}$duplex",
    help=_DUPLEX_HELP,
    no="duplex [{auto|full|half}]",
    prints=lambda interface: _shown("duplex", interface.duplex, interface),
    section=30,
)
def duplex(ctx: Context, args: Args) -> None:
    interface: InterfaceConfig
    for interface in ctx.scope:
        interface.duplex = "auto" if ctx.negated else args["duplex"]
    ctx.device.configured()


@table.command(
    "config-if",
    "speed {10|100|auto}$speed",
    help={
        "speed": "Configure speed operation.",
        "10": "Force 10 Mbps operation",
        "100": "Force 100 Mbps operation",
        "auto": "Enable AUTO speed configuration",
    },
    no="speed [{10|100|auto}]",
    prints=lambda interface: _shown("speed", interface.speed, interface),
    section=31,
)
def speed(ctx: Context, args: Args) -> None:
    interface: InterfaceConfig
    for interface in ctx.scope:
        interface.speed = "auto" if ctx.negated else args["speed"]
    ctx.device.configured()


def _shown(word: str, value: str, interface: InterfaceConfig) -> list[str]:
    """A router of this series prints ``duplex auto`` and ``speed auto``; a switch leaves the default out."""
    return [f"{word} {value}"] if value != "auto" or interface.prints_auto else []


@table.command(
    "config-if",
    "shutdown",
    help={"shutdown": "Shutdown the selected interface"},
    no=True,
    prints=lambda interface: ["shutdown"] if interface.shutdown else [],
    section=12,
)
def shutdown(ctx: Context, args: Args) -> None:
    interface: InterfaceConfig
    for interface in ctx.scope:
        interface.shutdown = not ctx.negated
    ctx.device.configured()


_NAME_HELP: Final = {"name": "Interface"}


@table.show("exec", "show interfaces [<name:interface>]", text=show.interfaces, help=_NAME_HELP)
def show_interfaces(ctx: Context, args: Args) -> InterfacesView:
    return _view(ctx, args)


@table.show(
    "exec",
    "show ip interface brief",
    text=show.ip_brief,
    help={"interface": "IP interface status and configuration", "brief": "Brief summary of IP status"},
)
def show_brief(ctx: Context, args: Args) -> InterfacesView:
    return _view(ctx, args)


def _view(ctx: Context, args: Args) -> InterfacesView:
    view: InterfacesView = ctx.device.interfaces_view(args.get("name"))
    return view


@table.command(
    "exec",
    "clear counters [<name:interface>]",
    help={"counters": "Clear counters on one or all interfaces", "name": "Interface"},
    privilege=15,
)
def clear_counters(ctx: Context, args: Args) -> None:
    device: IosDevice = ctx.device
    device.clear_interface_counters([args["name"]] if args.has("name") else None)
    for port in device.ports:
        if args.get("name", port.name) == port.name:
            device.log("CLEAR", 5, "COUNTERS", f"Clear counter on interface {port.name} by console")
