"""Where log messages go and with which time: ``logging``, ``service timestamps``, ``clear logging``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from nodes.cli.context import Args, Ask, Context, Job
from nodes.cli.table import Table
from nodes.commands.sections import Section
from nodes.device.config import IosConfig
from nodes.device.ios import IosDevice
from nodes.device.logconfig import BUFFER_OCTETS, DEBUGGING, INFORMATIONAL, SEVERITIES, LogConfig, Stamp
from nodes.device.views import LogView
from nodes.show import system

table = Table()

_LEVELS: Final = "{" + "|".join(SEVERITIES) + "}"
_LEVEL: Final = f"[{{<level:0-7>|{_LEVELS}$name}}]"
_HELP: Final = {
    "logging": "Modify message logging facilities",
    "level": "Logging severity level",
    "emergencies": "System is unusable                (severity=0)",
    "alerts": "Immediate action needed           (severity=1)",
    "critical": "Critical conditions               (severity=2)",
    "errors": "Error conditions                  (severity=3)",
    "warnings": "Warning conditions                (severity=4)",
    "notifications": "Normal but significant conditions (severity=5)",
    "informational": "Informational messages            (severity=6)",
    "debugging": "Debugging messages                (severity=7)",
    "console": "Set console logging parameters",
    "monitor": "Set terminal line (monitor) logging parameters",
    "buffered": "Set buffered logging parameters",
    "size": "Logging buffer size",
    "trap": "Set syslog server logging level",
    "on": "Enable logging to all enabled destinations",
}


def _level(args: Args, default: int = DEBUGGING) -> int:
    if args.has("name"):
        return SEVERITIES.index(args["name"])
    level: int = args.get("level", default)
    return level


def _logging(ctx: Context) -> LogConfig:
    device: IosDevice = ctx.device
    return device.config.logging


def _print_target(name: str, level: int | None, default: int = DEBUGGING) -> list[str]:
    if level == default:
        return []
    return [f"no logging {name}" if level is None else f"logging {name} {SEVERITIES[level]}"]


# Destinations, in the order in which IOS prints them ---------------------------------------------------------------


@table.command(
    "config",
    "logging on",
    help=_HELP,
    no=True,
    default="logging on",
    prints=lambda config: [] if config.logging.on else ["no logging on"],
    section=Section.LOGGING,
)
def logging_on(ctx: Context, args: Args) -> None:
    """Without it messages reach the console alone."""
    _logging(ctx).on = not ctx.negated


def _print_buffered(config: IosConfig) -> list[str]:
    logging = config.logging
    if logging.buffered is None:
        return ["no logging buffered"]
    words = [str(logging.buffer_octets)] if logging.buffer_octets != BUFFER_OCTETS else []
    words += [SEVERITIES[logging.buffered]] if logging.buffered != DEBUGGING else []
    return [" ".join(["logging buffered", *words])] if words else []


@table.command(
    "config",
    f"logging buffered [<size:4096-2147483647>] {_LEVEL}",
    help=_HELP,
    no=True,
    default=f"logging buffered {BUFFER_OCTETS} debugging",
    prints=_print_buffered,
    section=Section.LOGGING,
)
def logging_buffered(ctx: Context, args: Args) -> None:
    """As on IOS, what a line does not mention goes back to its default."""
    device: IosDevice = ctx.device
    config = device.config.logging
    config.buffered = None if ctx.negated else _level(args)
    config.buffer_octets = BUFFER_OCTETS if ctx.negated else args.get("size", BUFFER_OCTETS)
    if ctx.negated:
        device.syslog.clear()
    device.syslog.trim()


@table.command(
    "config",
    f"logging console {_LEVEL}",
    help=_HELP,
    no=True,
    default="logging console debugging",
    prints=lambda config: _print_target("console", config.logging.console),
    section=Section.LOGGING,
)
def logging_console(ctx: Context, args: Args) -> None:
    _logging(ctx).console = None if ctx.negated else _level(args)


@table.command(
    "config",
    f"logging monitor {_LEVEL}",
    help=_HELP,
    no=True,
    default="logging monitor debugging",
    prints=lambda config: _print_target("monitor", config.logging.monitor),
    section=Section.LOGGING,
)
def logging_monitor(ctx: Context, args: Args) -> None:
    _logging(ctx).monitor = None if ctx.negated else _level(args)


@table.command(
    "config",
    f"logging trap {_LEVEL}",
    help=_HELP,
    no=True,
    default="logging trap informational",
    prints=lambda config: _print_target("trap", config.logging.trap, INFORMATIONAL),
    section=Section.TRAP,
)
def logging_trap(ctx: Context, args: Args) -> None:
    _logging(ctx).trap = None if ctx.negated else _level(args, INFORMATIONAL)


# Time stamps -------------------------------------------------------------------------------------------------------


def _stamp_text(stamp: Stamp) -> str:
    options = [
        ("msec", stamp.msec),
        ("localtime", stamp.localtime),
        ("show-timezone", stamp.show_timezone),
        ("year", stamp.year),
    ]
    given = [word for word, wanted in options if wanted and stamp.style == "datetime"]
    return " ".join([stamp.style, *given])


def _print_stamps(config: IosConfig) -> Iterator[str]:
    """IOS prints both lines always, whether they are set or not."""
    for kind, stamp in (("debug", config.logging.debug_stamp), ("log", config.logging.log_stamp)):
        yield f"service timestamps {kind} {_stamp_text(stamp)}" if stamp.style else f"no service timestamps {kind}"


_STAMPS_HELP: Final = {
    "service": "Modify use of network based services",
    "timestamps": "Timestamp debug/log messages",
    "debug": "Timestamp debug messages",
    "log": "Timestamp log messages",
    "uptime": "Timestamp with system uptime",
    "datetime": "Timestamp with date and time",
    "msec": "Include milliseconds in timestamp",
    "localtime": "Use local time zone for timestamps",
    "show-timezone": "Add time zone information to timestamp",
    "year": "Include year in timestamp",
}
_STYLE: Final = "[uptime|datetime [msec|localtime|show-timezone|year]*]"


def service_timestamps(ctx: Context, args: Args) -> None:
    """Without a style it is the uptime; without a kind of message debugging gets it, or both kinds lose it."""
    if ctx.negated:
        stamp = Stamp("", False)
    elif args.has("datetime"):
        stamp = Stamp("datetime", *(args.has(word) for word in ("msec", "localtime", "show-timezone", "year")))
    else:
        stamp = Stamp("uptime", False)
    config = _logging(ctx)
    if not args.has("log"):
        config.debug_stamp = stamp
    if args.has("log") or (ctx.negated and not args.has("debug")):
        config.log_stamp = stamp


for _grammar, _kind in ((f"service timestamps [debug {_STYLE}]", "debug"), (f"service timestamps log {_STYLE}", "log")):
    table.command(
        "config",
        _grammar,
        help=_STAMPS_HELP,
        no=True,
        default=f"service timestamps {_kind} datetime msec",
        prints=_print_stamps if _kind == "debug" else None,
        section=Section.SERVICE,
    )(service_timestamps)


# The buffer --------------------------------------------------------------------------------------------------------


@table.show(
    "exec", "show logging", text=system.logging, help={"logging": "Show the contents of logging buffers"}, privilege=15
)
def show_logging(ctx: Context, args: Args) -> LogView:
    device: IosDevice = ctx.device
    return device.log_view()


@table.command("exec", "clear logging", help={"logging": "Clear logging buffer"}, privilege=15)
def clear_logging(ctx: Context, args: Args) -> Job:
    answer = yield Ask("Clear logging buffer [confirm]", confirm=True)
    if answer in ("", "y", "Y"):
        device: IosDevice = ctx.device
        device.syslog.clear()
