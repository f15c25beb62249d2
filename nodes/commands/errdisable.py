"""``errdisable``: what a port is disabled for, and what it comes back from by itself; ``storm-control``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from nodes.cli.context import Args, Context, Rejected
from nodes.cli.params import Accept, Match, Param, Reject
from nodes.cli.table import Table
from nodes.commands.modes import PORT
from nodes.commands.sections import InterfaceSection, Section
from nodes.device.config import RECOVERY_INTERVAL, SwitchConfig, SwitchPortConfig
from nodes.device.portguard import CAUSES
from nodes.device.portviews import DetectView, DisabledPortsView, RecoveryView, StormsView
from nodes.device.switch import Switch
from nodes.show import portsecurity as show

table = Table()

_CAUSE: Final = "{all|" + "|".join(CAUSES) + "}$cause"
_HELP: Final = {cause: f"Enable error disable recovery from {cause}" for cause in CAUSES} | {
    "errdisable": "Error disable",
    "detect": "Error disable detection",
    "recovery": "Error disable recovery",
    "cause": "Enable error disable recovery for application",
    "all": "Enable timer to recover from all error causes",
    "interval": "Error disable recovery timer value",
    "seconds": "timer-interval(sec)",
}


def _causes(args: Args) -> Sequence[str]:
    return CAUSES if args["cause"] == "all" else (args["cause"],)


def _print_recovery(config: SwitchConfig) -> Iterator[str]:
    for cause in CAUSES:
        if cause in config.recovers:
            yield f"errdisable recovery cause {cause}"
    if config.recovery_interval != RECOVERY_INTERVAL:
        yield f"errdisable recovery interval {config.recovery_interval}"


@table.command(
    "config",
    f"errdisable recovery cause {_CAUSE}",
    help=_HELP,
    no=True,
    prints=_print_recovery,
    section=Section.ERRDISABLE,
)
def recovery_cause(ctx: Context, args: Args) -> None:
    device: Switch = ctx.device
    if ctx.negated:
        device.config.recovers.difference_update(_causes(args))
    else:
        device.config.recovers.update(_causes(args))
    device.configured()


@table.command(
    "config",
    "errdisable recovery interval <seconds:30-86400>",
    help=_HELP,
    no="errdisable recovery interval [<seconds:30-86400>]",
)
def recovery_interval(ctx: Context, args: Args) -> None:
    """Of ports that are disabled from then on."""
    device: Switch = ctx.device
    device.config.recovery_interval = RECOVERY_INTERVAL if ctx.negated else args["seconds"]


@table.command(
    "config",
    f"errdisable detect cause {_CAUSE}",
    help=_HELP | {"cause": "Enable error disable detection for application"},
    no=True,
    default="errdisable detect cause all",
    prints=lambda config: [f"no errdisable detect cause {cause}" for cause in CAUSES if cause in config.undetected],
    section=Section.ERRDISABLE,
)
def detect_cause(ctx: Context, args: Args) -> None:
    device: Switch = ctx.device
    if ctx.negated:
        device.config.undetected.update(_causes(args))
    else:
        device.config.undetected.difference_update(_causes(args))


@table.show("exec", "show errdisable recovery", text=show.recovery, help=_HELP | {"recovery": "Error disable recovery"})
def show_recovery(ctx: Context, args: Args) -> RecoveryView:
    device: Switch = ctx.device
    return device.guard.recovery_view(ctx.now)


@table.show("exec", "show errdisable detect", text=show.detect, help=_HELP)
def show_detect(ctx: Context, args: Args) -> DetectView:
    device: Switch = ctx.device
    return DetectView(tuple((cause, cause not in device.config.undetected) for cause in CAUSES))


@table.show(
    "exec",
    "show interfaces [<name:interface>] status err-disabled",
    text=show.disabled,
    help={
        "name": "Interface",
        "status": "Show interface line status",
        "err-disabled": "Show interface error disabled state",
    },
)
def show_disabled(ctx: Context, args: Args) -> DisabledPortsView:
    device: Switch = ctx.device
    return device.guard.disabled_view(ctx.now, args.get("name"))


# Storm control -----------------------------------------------------------------------------------------------------


class LevelParam:
    """A share of a port's speed, ``50`` or ``50.25`` percent; its value is in hundredths of a percent."""

    label = "<0 - 100>"

    def consume(self, words: Sequence[str]) -> Match:
        found = re.fullmatch(r"(\d{1,3})(?:\.(\d{1,2}))?", words[0], re.ASCII)
        if found is None:
            return Reject(0)
        level = int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))
        return Accept(level) if level <= 10_000 else Reject(0)


PARAMS: Final[dict[str, Param]] = {"storm-level": LevelParam()}
_STORM_HELP: Final = {
    "storm-control": "storm configuration",
    "broadcast": "Broadcast address storm control",
    "multicast": "Multicast address storm control",
    "unicast": "Unicast address storm control",
    "level": "Set storm suppression level on this interface",
    "rising": "Enter rising threshold",
    "falling": "Enter falling threshold",
    "action": "Action to take for storm-control",
    "shutdown": "Shutdown this interface if a storm occurs",
    "trap": "Send SNMP trap if a storm occurs",
    "name": "Interface",
}
_KINDS: Final = ("broadcast", "multicast", "unicast")


def _percent(level: int) -> str:
    return f"{level / 100:.2f}"


def _print_storms(port: SwitchPortConfig) -> Iterator[str]:
    for kind in _KINDS:
        if kind in port.storms:
            rising, falling = port.storms[kind]
            lower = "" if rising == falling else f" {_percent(falling)}"
            yield f"storm-control {kind} level {_percent(rising)}{lower}"
    if port.storm_action:
        yield f"storm-control action {port.storm_action}"


@table.command(
    PORT,
    "storm-control {broadcast|multicast|unicast}$kind level <rising:storm-level> [<falling:storm-level>]",
    help=_STORM_HELP,
    no="storm-control {broadcast|multicast|unicast}$kind level [<rising:storm-level> [<falling:storm-level>]]",
    prints=_print_storms,
    section=InterfaceSection.STORM,
)
def storm_level(ctx: Context, args: Args) -> None:
    """The share of the speed above which frames of a kind are dropped, and that below which they are let in again."""
    port: SwitchPortConfig
    for port in ctx.scope:
        if ctx.negated:
            port.storms.pop(args["kind"], None)
            continue
        falling = args.get("falling", args["rising"])
        if falling > args["rising"]:
            raise Rejected("%Lower threshold must not be greater than the upper threshold")
        port.storms[args["kind"]] = args["rising"], falling
    ctx.device.configured()


@table.command(
    PORT,
    "storm-control action {shutdown|trap}$action",
    help=_STORM_HELP,
    no="storm-control action [shutdown|trap]",
)
def storm_action(ctx: Context, args: Args) -> None:
    """``trap`` says no more than the log does."""
    port: SwitchPortConfig
    for port in ctx.scope:
        port.storm_action = "" if ctx.negated else args["action"]
    ctx.device.configured()


@table.show(
    "exec",
    "show storm-control [<name:interface>] [broadcast|multicast|unicast]$kind",
    text=show.storms,
    help=_STORM_HELP | {"storm-control": "Show storm control configuration"},
)
def show_storms(ctx: Context, args: Args) -> StormsView:
    """Broadcasts unless another kind is asked for."""
    device: Switch = ctx.device
    return device.guard.storms_view(ctx.now, args.get("kind", "broadcast"), args.get("name"))
