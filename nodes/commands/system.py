"""What router and switch both have: names, configuration files, reload, and the shows about the box itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from nodes.cli.commandset import CommandSet
from nodes.cli.context import Args, Context, Rejected
from nodes.cli.render import render
from nodes.cli.table import Table
from nodes.cli.terminal import Terminal
from nodes.commands.modes import interface_mode
from nodes.commands.sections import Section
from nodes.device.base import Device
from nodes.device.config import IosConfig
from nodes.device.ios import IosDevice, drops_view
from nodes.device.views import ConfigView, DropsView, VersionView
from nodes.show import personality, system

table = Table()
#: Shows and clears that a sniffer or a host has as well.
common = Table()

_HOSTNAME: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."


# Names -------------------------------------------------------------------------------------------------------------


@table.command(
    "config",
    "hostname <name:word>",
    help={"hostname": "Set system's network name", "name": "This system's network name"},
    no="hostname [<name:word>]",
    prints=lambda config: [f"hostname {config.hostname}"],
    section=Section.HOSTNAME,
)
def hostname(ctx: Context, args: Args) -> str | None:
    config: IosConfig = ctx.device.config
    if ctx.negated:
        config.hostname = "Router" if ctx.device.spec.kind == "router" else "Switch"
        return None
    name: str = args["name"]
    if not name[0].isalpha() or not name[-1].isalnum() or not set(name) <= set(_HOSTNAME) or len(name) > 63:
        raise Rejected("% Hostname contains one or more illegal characters.")
    config.hostname = name
    return None


# Configuration files -----------------------------------------------------------------------------------------------


def configuration_text(device: IosDevice, commands: CommandSet, reader: Terminal | None = None) -> list[str]:
    """The configuration proper, from ``!`` to ``end``: what NVRAM holds, and of which running-config shows what the
    ``reader`` might have typed."""
    body = render(commands, "config", device.config, None if reader is None else reader.permits)
    # The services follow the version without a mark between them.
    return ["!", f"version {personality.of(device.version).running_version}", *body, "end"]


@table.command(
    "config",
    "version <number:word>",
    help={"version": "The software that wrote a configuration", "number": "Software version"},
    hidden=True,
)
def version(ctx: Context, args: Args) -> None:
    """The line that heads each configuration says who wrote it; IOS takes any, and so do we."""


def _config_view(device: IosDevice, lines: Sequence[str]) -> ConfigView:
    capacity = personality.of(device.version).nvram_octets
    return ConfigView(tuple(lines), sum(len(line) + 1 for line in lines), capacity)


_RUNNING_HELP: Final = {
    "running-config": "Current operating configuration",
    "startup-config": "Contents of startup configuration",
    "configuration": "Contents of Non-Volatile memory",
    "interface": "Show interface configuration",
    "name": "Interface",
    # Of both nothing is left out here: there are no certificates.
    "brief": "configuration without certificate data",
    "full": "full configuration",
}


@table.show("exec", "show running-config [brief|full]", text=system.running_config, help=_RUNNING_HELP, privilege=15)
def show_running(ctx: Context, args: Args) -> ConfigView:
    return _config_view(ctx.device, configuration_text(ctx.device, ctx.session.commands, ctx.session))


@table.show(
    "exec",
    "show running-config interface <name:interface>",
    text=system.running_config,
    help=_RUNNING_HELP,
    privilege=15,
)
def show_running_interface(ctx: Context, args: Args) -> ConfigView:
    device: IosDevice = ctx.device
    interface = device.interface_configs[args["name"]]
    body = render(ctx.session.commands, interface_mode(interface.name), interface, ctx.session.permits)
    return _config_view(ctx.device, ["!", f"interface {args['name']}", *(f" {line}" for line in body), "end"])


@table.show("exec", "show configuration", text=system.startup_config, help=_RUNNING_HELP, privilege=15)
@table.show("exec", "show startup-config", text=system.startup_config, help=_RUNNING_HELP, privilege=15)
def show_startup(ctx: Context, args: Args) -> ConfigView:
    device: IosDevice = ctx.device
    text = device.services.nvram.read()
    if not text:
        raise Rejected("startup-config is not present")
    return _config_view(device, text.splitlines())


def save(ctx: Context) -> None:
    """Write the running configuration to NVRAM."""
    device: IosDevice = ctx.device
    text = "\n".join(configuration_text(device, ctx.session.commands)) + "\n"
    try:
        device.services.nvram.write(text)
    except OSError as error:
        raise Rejected(f"% Error writing nvram:startup-config ({error.strerror or error})") from None


@table.command("exec", "write [memory]", help={"memory": "Write to NV memory"}, privilege=15)
def write(ctx: Context, args: Args) -> list[str]:
    save(ctx)
    return ["Building configuration...", "[OK]"]


@table.command("exec", "write terminal", help={"terminal": "Write to terminal"}, privilege=15, pipe=True)
def write_terminal(ctx: Context, args: Args) -> list[str]:
    device: IosDevice = ctx.device
    lines = configuration_text(device, ctx.session.commands, ctx.session)
    return list(system.running_config(_config_view(device, lines)))


# The box -----------------------------------------------------------------------------------------------------------


@table.show("exec", "show version", text=system.version, help={"version": "System hardware and software status"})
def show_version(ctx: Context, args: Args) -> VersionView:
    device: IosDevice = ctx.device
    return device.version_view()


@common.show(
    "exec",
    "show drops",
    text=system.drops,
    help={"show": "Show running system information", "drops": "Packets dropped, by reason"},
)
def show_drops(ctx: Context, args: Args) -> DropsView:
    return drops_view(ctx.device)


@common.command(
    "exec",
    "clear drops",
    help={"clear": "Reset functions", "drops": "Counters of dropped packets"},
)
def clear_drops(ctx: Context, args: Args) -> None:
    device: Device = ctx.device
    device.drops.clear()
