"""Shows of the box: its parts, its file systems, the names it knows, and features that are not there."""

from __future__ import annotations

from typing import Final

from nodes.base.addr import format_ipv4
from nodes.cli.context import Args, Context
from nodes.cli.table import Table
from nodes.commands.files import directory
from nodes.device import images
from nodes.device.boxviews import (
    ConnectionsView,
    EnvironmentView,
    FeatureView,
    FileSystemsView,
    FileSystemView,
    HostsView,
    HostView,
    InventoryView,
    ItemView,
    SensorView,
)
from nodes.device.config import IosConfig
from nodes.device.cryptoviews import DebuggingView
from nodes.device.ios import IosDevice
from nodes.show import box as show

table = Table()
#: What a router has and a switch of this time has not, and the other way round.
router = Table()
switch = Table()


@table.show(
    "exec", "show inventory", text=show.inventory, help={"inventory": "Show the physical inventory"}, privilege=1
)
def show_inventory(ctx: Context, args: Args) -> InventoryView:
    device: IosDevice = ctx.device
    image = images.of(device.version)
    serial = device.version_view().board_id
    return InventoryView((ItemView("chassis", image.description, image.product, image.revision, serial),))


# Health ------------------------------------------------------------------------------------------------------------

_SENSORS_HELP: Final = {
    "environment": "Environmental monitor statistics",
    "env": "Environmental facilities",
    "all": "Show all environmental status",
    "fan": "Show fan status",
    "power": "Show power supply status",
    "rps": "Show RPS status",
    "temperature": "Show temperature status",
    "status": "Show temperature status and value",
}


def show_environment(ctx: Context, args: Args) -> EnvironmentView:
    """A process has nothing that grows hot or turns."""
    device: IosDevice = ctx.device
    sensors = images.of(device.version).sensors
    asked = args.get("sensor", "all").upper()
    return EnvironmentView(tuple(SensorView(name, False) for name in sensors if asked in ("ALL", name)))


for _table, _word, _sensors in (
    (router, "environment", "all|fan|power|temperature"),
    (switch, "env", "all|fan|power|rps|temperature"),
):
    _table.show("exec", f"show {_word} [{_sensors}]$sensor", text=show.environment, help=_SENSORS_HELP)(
        show_environment
    )
    _table.show("exec", f"show {_word} temperature status", text=show.temperature_status, help=_SENSORS_HELP)(
        show_environment
    )


# Files -------------------------------------------------------------------------------------------------------------


@table.show(
    "exec",
    "show file systems",
    text=show.file_systems,
    help={"file": "Show filesystem information", "systems": "List filesystems"},
)
def show_file_systems(ctx: Context, args: Args) -> FileSystemsView:
    flash, nvram = (directory(ctx.device, system) for system in ("flash", "nvram"))
    return FileSystemsView(
        (
            FileSystemView("system", "opaque", "ro", None, None, False),
            FileSystemView("flash", "disk", "rw", flash.octets, flash.free, True),
            FileSystemView("nvram", "nvram", "rw", nvram.octets, nvram.free, False),
        )
    )


# Names and connections ---------------------------------------------------------------------------------------------


@table.show(
    "exec", "show hosts", text=show.hosts, help={"hosts": "IP domain-name, lookup style, nameservers, and host table"}
)
def show_hosts(ctx: Context, args: Args) -> HostsView:
    config: IosConfig = ctx.device.config
    hosts = tuple(HostView(name, tuple(map(format_ipv4, known))) for name, known in sorted(config.hosts.items()))
    servers = tuple(map(format_ipv4, config.name_servers))
    return HostsView(config.domain_name, config.domain_lookup, servers, hosts)


_TCP_HELP: Final = {"tcp": "Status of TCP connections", "brief": "Brief display"}


def show_tcp(ctx: Context, args: Args) -> ConnectionsView:
    """The consoles are connections of the machine, not of the device: its own stack has none."""
    return ConnectionsView(())


table.show("exec", "show tcp", text=show.tcp, help=_TCP_HELP)(show_tcp)
table.show("exec", "show tcp brief", text=show.tcp_brief, help=_TCP_HELP)(show_tcp)


# Debugging ---------------------------------------------------------------------------------------------------------

_DEBUG_HELP: Final = {
    "no": "Disable debugging functions",
    "debug": "Debugging functions (see also 'undebug')",
    "undebug": "Disable debugging functions (see also 'debug')",
    "debugging": "State of each debugging option",
    "all": "Enable/Disable all debugging",
}


@switch.command("exec", "{no debug|undebug} all", help=_DEBUG_HELP, privilege=15)
def undebug_all(ctx: Context, args: Args) -> str:
    return "All possible debugging has been turned off"


@switch.show("exec", "show debugging", text=lambda view: (), help=_DEBUG_HELP)
def show_debugging(ctx: Context, args: Args) -> DebuggingView:
    """A switch has nothing that could be debugged."""
    return DebuggingView(())


# What is not there -------------------------------------------------------------------------------------------------


@router.show("exec", "show archive", text=show.archive, help={"archive": "Archive functions"}, privilege=15)
def show_archive(ctx: Context, args: Args) -> FeatureView:
    return FeatureView("archive", False)


@table.show("exec", "show snmp", text=show.snmp, help={"snmp": "snmp statistics"})
def show_snmp(ctx: Context, args: Args) -> FeatureView:
    return FeatureView("snmp", False)


@table.show(
    "exec",
    "show ntp {status|associations}",
    text=show.ntp,
    help={
        "ntp": "Network time protocol",
        "status": "NTP status",
        "associations": "NTP associations",
    },
)
def show_ntp(ctx: Context, args: Args) -> FeatureView:
    return FeatureView("ntp", False)
