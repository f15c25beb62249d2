"""Interface mode and the shows of interfaces: what router and switch share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from nodes.base.ifname import Family, family, sort_key
from nodes.cli.context import Args, Context, Rejected
from nodes.cli.table import Block, Table
from nodes.commands.modes import INTERFACE, PORT, interface_mode
from nodes.commands.sections import InterfaceSection, Section
from nodes.device.config import DEFAULT_SVI, KEEPALIVE, InterfaceConfig, RouterConfig, SwitchConfig
from nodes.device.interface import LOAD_INTERVAL
from nodes.device.ios import IosDevice
from nodes.device.replace import replace
from nodes.device.views import InterfacesView
from nodes.show import interfaces as show

table = Table()

_NAME_HELP: Final = {"name": "Interface"}
_RANGE_HELP: Final = {
    "range": "interface range command",
    "names": "Interfaces: FastEthernet 0/1 - 4 , FastEthernet 0/7",
}


def _print_interfaces(config: RouterConfig | SwitchConfig) -> Iterator[Block]:
    """On a router the loopback interfaces come first, and on a switch those in VLANs last."""
    names = sorted(config.interfaces, key=lambda name: (family(name) is not Family.LOOPBACK, sort_key(name)))
    interfaces: list[InterfaceConfig] = [config.interfaces[name] for name in names]
    if isinstance(config, SwitchConfig):
        interfaces += [config.svis[name] for name in sorted(config.svis, key=sort_key)]
    for interface in interfaces:
        yield Block(f"interface {interface.name}", interface_mode(interface.name), interface)


@table.command(
    "config",
    "default interface {<name:interface>|range <names:interface-range>}",
    help=_NAME_HELP | _RANGE_HELP,
)
def default_interface(ctx: Context, args: Args) -> list[str]:
    """Takes back everything; the interfaces are up then, as on IOS."""
    device: IosDevice = ctx.device
    names = args["names"] if args.has("range") else (args["name"],)
    for name in names:
        found = device.interface_configs[name]
        blank = type(found)(found.name)
        blank.shutdown = False
        replace(found, blank)
    device.configured()
    return [f"Interface {name} set to default configuration" for name in names]


@table.command(
    "config",
    "interface <name:new-interface>",
    help=_NAME_HELP,
    no="interface <name:interface>",
    prints=_print_interfaces,
    section=Section.INTERFACE,
)
def interface(ctx: Context, args: Args) -> str | None:
    """An interface without a wire is made by being named, and removed by the ``no`` form."""
    device: IosDevice = ctx.device
    name = args["name"]
    if ctx.negated:
        if family(name) is Family.PORT:
            raise Rejected("% Removal of physical interfaces is not permitted")
        if name == DEFAULT_SVI:
            raise Rejected(f"% Removal of interface {name} is not permitted")
        device.unconfigure_interface(name)
        device.configured()
        return None
    if name not in device.interface_configs:
        device.configure_interface(name)
        device.configured()
    _enter(ctx, interface_mode(name), [name])
    return None


@table.command(
    "config",
    "interface range <names:interface-range>",
    help=_RANGE_HELP,
)
def interface_range(ctx: Context, args: Args) -> None:
    _enter(ctx, interface_mode(args["names"][0], several=True), args["names"])


def _enter(ctx: Context, mode: str, names: Iterable[str]) -> None:
    device: IosDevice = ctx.device
    configs = device.interface_configs
    interfaces = [configs[name] for name in names]
    if not device.ready:
        # "no shutdown" is in no configuration file: an interface of which one speaks is up unless it says otherwise.
        for interface in interfaces:
            interface.shutdown = False
        device.configured()
    ctx.enter(mode, interfaces)


@table.command(
    INTERFACE,
    "description <text:line>",
    help={"description": "Interface specific description", "text": "Up to 240 characters describing this interface"},
    no="description [<text:line>]",
    prints=lambda interface: [f"description {interface.description}"] if interface.description else [],
    section=InterfaceSection.DESCRIPTION,
)
def description(ctx: Context, args: Args) -> None:
    interface: InterfaceConfig
    for interface in ctx.scope:
        interface.description = "" if ctx.negated else args["text"][:240].rstrip()


@table.command(
    INTERFACE,
    "bandwidth <kilobits:1-10000000>",
    help={"bandwidth": "Set bandwidth informational parameter", "kilobits": "Bandwidth in kilobits"},
    no="bandwidth [<kilobits:1-10000000>]",
    prints=lambda interface: [] if interface.bandwidth is None else [f"bandwidth {interface.bandwidth}"],
    section=InterfaceSection.BANDWIDTH,
)
def bandwidth(ctx: Context, args: Args) -> None:
    interface: InterfaceConfig
    for interface in ctx.scope:
        interface.bandwidth = None if ctx.negated else args["kilobits"]


@table.command(
    INTERFACE,
    "delay <tens:1-16777215>",
    help={"delay": "Specify interface throughput delay", "tens": "Throughput delay (tens of microseconds)"},
    no="delay [<tens:1-16777215>]",
    prints=lambda interface: [] if interface.delay is None else [f"delay {interface.delay}"],
    section=InterfaceSection.DELAY,
)
def delay(ctx: Context, args: Args) -> None:
    interface: InterfaceConfig
    for interface in ctx.scope:
        interface.delay = None if ctx.negated else args["tens"]


@table.command(
    INTERFACE,
    "load-interval <seconds:30-600>",
    help={
        "load-interval": "Specify interval for load calculation for an interface",
        "seconds": "Load interval delay in seconds",
    },
    no="load-interval [<seconds:30-600>]",
    prints=lambda interface: (
        [] if interface.load_interval == LOAD_INTERVAL else [f"load-interval {interface.load_interval}"]
    ),
    section=InterfaceSection.LOAD_INTERVAL,
)
def load_interval(ctx: Context, args: Args) -> None:
    seconds = LOAD_INTERVAL if ctx.negated else args["seconds"]
    if seconds % 30:
        raise Rejected("% Load interval must be a multiple of 30 seconds")
    interface: InterfaceConfig
    for interface in ctx.scope:
        interface.load_interval = seconds
    ctx.device.configured()


@table.command(
    PORT,
    "keepalive [<seconds:0-32767>]",
    help={"keepalive": "Enable keepalive", "seconds": "Keepalive period (default 10 seconds)"},
    no="keepalive [<seconds:0-32767>]",
    default="keepalive",
    prints=lambda interface: _keepalive(interface.keepalive),
    section=InterfaceSection.KEEPALIVE,
)
def keepalive(ctx: Context, args: Args) -> None:
    interface: InterfaceConfig
    for interface in ctx.scope:
        interface.keepalive = 0 if ctx.negated else args.get("seconds", KEEPALIVE)


def _keepalive(seconds: int) -> list[str]:
    return [] if seconds == KEEPALIVE else [f"keepalive {seconds}" if seconds else "no keepalive"]


@table.command(
    PORT,
    "duplex {auto|full|half}$duplex",
    help={
        "duplex": "Configure duplex operation.",
        "auto": "Enable AUTO duplex configuration",
        "full": "Force full duplex operation",
        "half": "Force half-duplex operation",
    },
    no="duplex [{auto|full|half}]",
    prints=lambda interface: _shown("duplex", interface.duplex, interface),
    section=InterfaceSection.DUPLEX,
)
def duplex(ctx: Context, args: Args) -> None:
    interface: InterfaceConfig
    for interface in ctx.scope:
        interface.duplex = "auto" if ctx.negated else args["duplex"]


@table.command(
    PORT,
    "speed {10|100|auto}$speed",
    help={
        "speed": "Configure speed operation.",
        "10": "Force 10 Mbps operation",
        "100": "Force 100 Mbps operation",
        "auto": "Enable AUTO speed configuration",
    },
    no="speed [{10|100|auto}]",
    prints=lambda interface: _shown("speed", interface.speed, interface),
    section=InterfaceSection.SPEED,
)
def speed(ctx: Context, args: Args) -> None:
    interface: InterfaceConfig
    for interface in ctx.scope:
        interface.speed = "auto" if ctx.negated else args["speed"]


def _shown(word: str, value: str, interface: InterfaceConfig) -> list[str]:
    """A router of this series prints ``duplex auto`` and ``speed auto``; a switch leaves the default out."""
    return [f"{word} {value}"] if value != "auto" or interface.prints_auto else []


@table.command(
    INTERFACE,
    "shutdown",
    help={"shutdown": "Shutdown the selected interface"},
    no=True,
    prints=lambda interface: ["shutdown"] if interface.shutdown else [],
    section=InterfaceSection.SHUTDOWN,
)
def shutdown(ctx: Context, args: Args) -> None:
    device: IosDevice = ctx.device
    interface: InterfaceConfig
    for interface in ctx.scope:
        interface.shutdown = not ctx.negated
        if ctx.negated:
            device.brought_up(interface)
    device.configured()


@table.show("exec", "show interfaces [<name:interface>]", text=show.interfaces, help=_NAME_HELP)
def show_interfaces(ctx: Context, args: Args) -> InterfacesView:
    return _view(ctx, args)


@table.show(
    "exec",
    "show interfaces [<name:interface>] description",
    text=show.descriptions,
    help=_NAME_HELP | {"description": "Show interface description"},
)
def show_descriptions(ctx: Context, args: Args) -> InterfacesView:
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
    help={"counters": "Clear counters on one or all interfaces"} | _NAME_HELP,
    privilege=15,
)
def clear_counters(ctx: Context, args: Args) -> None:
    device: IosDevice = ctx.device
    for found in device.interfaces_named(args.get("name")):
        found.clear_counters(device.now)
        device.log("CLEAR", 5, "COUNTERS", f"Clear counter on interface {found.name} by console")
