"""SPAN: ``monitor session``."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Final

from nodes.base.ifname import short, sort_key
from nodes.cli.context import Args, Context, Rejected
from nodes.cli.table import Table
from nodes.commands.sections import Section
from nodes.device.config import MonitorConfig, SwitchConfig
from nodes.device.switch import Switch
from nodes.device.views import MonitorView
from nodes.engine.span import SpanError
from nodes.show import switching

table = Table()

#: Sessions of a Catalyst 2950.
SESSIONS: Final = 2

_HELP: Final = {
    "monitor": "SPAN information and configuration",
    "session": "Configure a SPAN session",
    "number": "SPAN session number",
    "source": "SPAN source interface",
    "destination": "SPAN destination interface",
    "interface": "SPAN interface",
    "port": "Interface",
    "rx": "Monitor received traffic only",
    "tx": "Monitor transmitted traffic only",
    "both": "Monitor received and transmitted traffic",
    "all": "Show all SPAN sessions",
}


def _print_monitors(config: SwitchConfig) -> Iterator[str]:
    for number, monitor in sorted(config.monitors.items()):
        for name, direction in sorted(monitor.sources.items(), key=lambda source: sort_key(source[0])):
            suffix = "" if direction == "both" else f" {direction}"
            yield f"monitor session {number} source interface {short(name)}{suffix}"
        if monitor.destination:
            yield f"monitor session {number} destination interface {short(monitor.destination)}"


@table.command(
    "config",
    f"monitor session <number:1-{SESSIONS}> "
    "{source interface <port:interface> [rx|tx|both]$direction|destination interface <port:interface>}",
    help=_HELP,
    no=f"monitor session {{all|<number:1-{SESSIONS}> "
    "[source interface <port:interface> [rx|tx|both]$direction|destination interface <port:interface>]}",
    prints=_print_monitors,
    section=Section.MONITOR,
)
def monitor_session(ctx: Context, args: Args) -> None:
    device: Switch = ctx.device
    # The sessions are changed as a copy, so that a refusal leaves everything as it was.
    monitors = deepcopy(device.config.monitors)
    if ctx.negated:
        _remove(monitors, args)
    else:
        _add(monitors, args)
    try:
        device.sessions_of(monitors)
    except SpanError as error:
        raise Rejected(f"% {error}") from None
    device.config.monitors = monitors
    device.configured()


def _add(monitors: dict[int, MonitorConfig], args: Args) -> None:
    monitor = monitors.setdefault(args["number"], MonitorConfig())
    if "source" in args.words:
        if any(args["port"] == other.destination for other in monitors.values()):
            raise Rejected(f"% Interface(s) {short(args['port'])} already configured as monitor destinations")
        known, direction = monitor.sources.get(args["port"]), args.get("direction", "both")
        # rx after tx makes both.
        monitor.sources[args["port"]] = direction if known in (None, direction) else "both"
    elif monitor.destination not in ("", args["port"]):
        raise Rejected(f"% One destination port per SPAN session: {short(monitor.destination)} is configured already")
    else:
        monitor.destination = args["port"]


def _remove(monitors: dict[int, MonitorConfig], args: Args) -> None:
    if "all" in args.words:
        monitors.clear()
        return
    monitor = monitors.get(args["number"])
    if monitor is None:
        return
    if "source" in args.words:
        known, direction = monitor.sources.pop(args["port"], ""), args.get("direction", "both")
        if known == "both" and direction != "both":
            monitor.sources[args["port"]] = "tx" if direction == "rx" else "rx"
        elif known not in ("", direction) and direction != "both":
            monitor.sources[args["port"]] = known
    elif "destination" in args.words:
        if monitor.destination == args["port"]:
            monitor.destination = ""
    else:
        monitor.sources.clear()
        monitor.destination = ""
    if not monitor.sources and not monitor.destination:
        del monitors[args["number"]]


@table.show(
    "exec",
    f"show monitor [session {{all|<number:1-{SESSIONS}>}}]",
    text=switching.monitor,
    help=_HELP | {"session": "SPAN session"},
)
def show_monitor(ctx: Context, args: Args) -> MonitorView:
    device: Switch = ctx.device
    return device.monitor_view(args.get("number"))
