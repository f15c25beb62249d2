"""``line``: the settings of the console and of the vty lines."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Final

from nodes.cli.context import Args, Context, Rejected
from nodes.cli.params import IntRange, Param
from nodes.cli.table import Block, Table
from nodes.commands.sections import LineSection, Section
from nodes.device.config import VTY_LINES, IosConfig, LineConfig, vty_lines
from nodes.device.ios import IosDevice

table = Table()

_MINUTES: Final = 35791


def vty_param(count: int) -> dict[str, Param]:
    """The numbers that vty lines of a kind of device can have: below ``count``."""
    return {"vty": IntRange(0, count - 1)}


def _blocks(config: IosConfig) -> Iterator[tuple[str, list[LineConfig]]]:
    """Lines side by side that are alike share a header; the first five, which every box has, do so among themselves."""
    yield "con 0", [config.console]
    if config.aux is not None:
        yield "aux 0", [config.aux]
    for _, numbered in groupby(config.vty.items(), key=lambda item: (item[0] < VTY_LINES, item[1])):
        run = list(numbered)
        first, last = run[0][0], run[-1][0]
        yield f"vty {first}" + (f" {last}" if last > first else ""), [line for _, line in run]


def _print_lines(config: IosConfig) -> Iterator[Block]:
    blocks = list(_blocks(config))
    for at, (name, lines) in enumerate(blocks, 1):
        yield Block(f"line {name}", "config-line", lines[0], closed=at == len(blocks))


_LINE_HELP: Final = {
    "line": "Configure a terminal line",
    "console": "Primary terminal line",
    "con": "Primary terminal line",
    "vty": "Virtual terminal",
    "first": "First Line number",
    "first-vty": "First Line number",
    "last-vty": "Last Line number",
}


@table.command(
    "config",
    "line {console|con} <first:0-0>",
    help=_LINE_HELP,
    prints=_print_lines,
    section=Section.LINE,
)
def line_console(ctx: Context, args: Args) -> None:
    config: IosConfig = ctx.device.config
    ctx.enter("config-line", [config.console])


@table.command(
    "config",
    "line vty <first-vty:vty> [<last-vty:vty>]",
    help=_LINE_HELP,
    no=True,
    section=Section.LINE,
)
def line_vty(ctx: Context, args: Args) -> None:
    """Lines that were not there are made, with all below them; only the last ones can go again."""
    device: IosDevice = ctx.device
    config = device.config
    first, last = args["first-vty"], args.get("last-vty", args["first-vty"])
    if not ctx.negated:
        config.vty |= {number: line for number, line in vty_lines(last + 1).items() if number not in config.vty}
        ctx.enter("config-line", [line for number, line in config.vty.items() if first <= number <= last])
        return
    if first < device.vty_count:
        raise Rejected(f"% Can't delete last {device.vty_count} VTY lines")
    config.vty = {number: line for number, line in config.vty.items() if number < first}
    device.lines_changed()


#: The auxiliary port, of routers alone.
aux = Table()


@aux.command("config", "line aux <first:0-0>", help=_LINE_HELP | {"aux": "Auxiliary line"})
def line_aux(ctx: Context, args: Args) -> None:
    config: IosConfig = ctx.device.config
    ctx.enter("config-line", [config.aux])


def _print_timeout(line: LineConfig) -> list[str]:
    # The seconds may be more than a minute, and more than there is room for among the minutes.
    minutes = min(line.exec_timeout // 60, _MINUTES)
    return [] if line.exec_timeout == 600 else [f"exec-timeout {minutes} {line.exec_timeout - minutes * 60}"]


@table.command(
    "config-line",
    f"exec-timeout <minutes:0-{_MINUTES}> [<seconds:0-2147483>]",
    help={"exec-timeout": "Set the EXEC timeout", "minutes": "Timeout in minutes", "seconds": "Timeout in seconds"},
    no="exec-timeout",
    default="exec-timeout 10 0",
    prints=_print_timeout,
    section=LineSection.TIMEOUT,
)
def exec_timeout(ctx: Context, args: Args) -> None:
    """``no exec-timeout`` is no timeout at all, as on IOS."""
    line: LineConfig
    for line in ctx.scope:
        line.exec_timeout = 0 if ctx.negated else args["minutes"] * 60 + args.get("seconds", 0)
    ctx.device.lines_changed()


@table.command(
    "config-line",
    "logging synchronous",
    help={
        "logging": "Modify message logging facilities",
        "synchronous": "Synchronized message output",
    },
    no=True,
    prints=lambda line: ["logging synchronous"] if line.logging_synchronous else [],
    section=LineSection.LOGGING,
)
def logging_synchronous(ctx: Context, args: Args) -> None:
    line: LineConfig
    for line in ctx.scope:
        line.logging_synchronous = not ctx.negated
    ctx.device.lines_changed()


@table.command(
    "config-line",
    "length <lines:0-512>",
    help={"length": "Set number of lines on a screen", "lines": "Number of lines on screen (0 for no pausing)"},
    no="length",
    prints=lambda line: [] if line.length == 24 else [f"length {line.length}"],
    section=LineSection.SCREEN,
)
def length(ctx: Context, args: Args) -> None:
    line: LineConfig
    for line in ctx.scope:
        line.length = 24 if ctx.negated else args["lines"]
    ctx.device.lines_changed()


@table.command(
    "config-line",
    "width <columns:0-512>",
    help={"width": "Set width of the display terminal", "columns": "Number of characters on a screen line"},
    no="width",
    prints=lambda line: [] if line.width == 80 else [f"width {line.width}"],
    section=LineSection.SCREEN,
)
def width(ctx: Context, args: Args) -> None:
    line: LineConfig
    for line in ctx.scope:
        line.width = 80 if ctx.negated else args["columns"]
    ctx.device.lines_changed()


@table.command(
    "config-line",
    "history size <commands:0-256>",
    help={
        "history": "Enable and control the command history function",
        "size": "Set history buffer size",
        "commands": "Size of history buffer",
    },
    no="history size",
    prints=lambda line: [] if line.history_size == 20 else [f"history size {line.history_size}"],
    section=LineSection.SCREEN,
)
def history_size(ctx: Context, args: Args) -> None:
    line: LineConfig
    for line in ctx.scope:
        line.history_size = 20 if ctx.negated else args["commands"]
    ctx.device.lines_changed()


@table.command(
    "config-line",
    "history",
    help={"history": "Enable and control the command history function"},
    no=True,
    default="history",
    prints=lambda line: [] if line.keeps_history else ["no history"],
    section=LineSection.SCREEN,
)
def history(ctx: Context, args: Args) -> None:
    line: LineConfig
    for line in ctx.scope:
        line.keeps_history = not ctx.negated
    ctx.device.lines_changed()


@table.command(
    "config-line",
    "editing",
    help={"editing": "Enable command line editing"},
    no=True,
    default="editing",
    prints=lambda line: [] if line.editing else ["no editing"],
    section=LineSection.SCREEN,
)
def editing(ctx: Context, args: Args) -> None:
    line: LineConfig
    for line in ctx.scope:
        line.editing = not ctx.negated
    ctx.device.lines_changed()


@table.command(
    "config-line",
    "lockable",
    help={"lockable": "Allow users to lock a line"},
    no=True,
    prints=lambda line: ["lockable"] if line.lockable else [],
    section=LineSection.LOCK,
)
def lockable(ctx: Context, args: Args) -> None:
    line: LineConfig
    for line in ctx.scope:
        line.lockable = not ctx.negated
