"""Which clients a line takes, and for how long: ``transport``, ``access-class``, ``exec``, time limits, its banners."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from nodes.cli.context import Args, Context
from nodes.cli.table import Table
from nodes.commands.sections import LineSection
from nodes.device.config import LineConfig

table = Table()

#: In the order in which IOS prints them.
_PROTOCOLS: Final = {
    "pad": "X.3 PAD",
    "telnet": "TCP/IP Telnet protocol",
    "rlogin": "Unix rlogin protocol",
    "lapb-ta": "LAPB Terminal Adapter",
    "mop": "DEC MOP Remote Console Protocol",
    "udptn": "UDPTN async via UDP protocol",
    "v120": "Async over ISDN",
    "ssh": "TCP/IP SSH protocol",
}
_CHOICE: Final = "{all|none|{" + "|".join(_PROTOCOLS) + "}+}"
_HELP: Final = _PROTOCOLS | {
    "transport": "Define transport protocols for line",
    "input": "Define which protocols to use when connecting to the terminal server",
    "output": "Define which protocols to use for outgoing connections",
    "preferred": "Specify the preferred protocol to use",
    "all": "All protocols",
    "none": "No protocols",
}


def _chosen(args: Args) -> str:
    for word in ("all", "none"):
        if args.has(word):
            return word
    return " ".join(protocol for protocol in _PROTOCOLS if args.has(protocol))


def _lines(ctx: Context) -> Iterator[LineConfig]:
    """The lines under configuration; sessions on them follow behind the last."""
    yield from ctx.scope
    ctx.device.lines_changed()


@table.command(
    "config-line",
    f"transport preferred {{none|{'|'.join(_PROTOCOLS)}}}$protocol",
    help=_HELP,
    no="transport preferred",
    prints=lambda line: [f"transport preferred {line.transport_preferred}"] if line.transport_preferred else [],
    section=LineSection.TRANSPORT,
)
def preferred(ctx: Context, args: Args) -> None:
    """With ``none`` a word that is no command is just that, and no name of a host."""
    for line in _lines(ctx):
        line.transport_preferred = "" if ctx.negated else args["protocol"]


@table.command(
    "config-line",
    f"transport input {_CHOICE}",
    help=_HELP,
    no=f"transport input [{_CHOICE}]",
    prints=lambda line: [f"transport input {line.transport_input}"] if line.transport_input else [],
    section=LineSection.TRANSPORT,
)
def transport_input(ctx: Context, args: Args) -> None:
    """A client comes by telnet. Who is on a line stays there."""
    for line in _lines(ctx):
        line.transport_input = "" if ctx.negated else _chosen(args)


@table.command(
    "config-line",
    f"transport output {_CHOICE}",
    help=_HELP,
    no=f"transport output [{_CHOICE}]",
    prints=lambda line: [f"transport output {line.transport_output}"] if line.transport_output else [],
    section=LineSection.TRANSPORT,
)
def transport_output(ctx: Context, args: Args) -> None:
    for line in _lines(ctx):
        line.transport_output = "" if ctx.negated else _chosen(args)


_LIST: Final = "{<number:1-199,1300-2699>|<name:word>}"


def _print_classes(line: LineConfig) -> Iterator[str]:
    for name, direction in ((line.access_in, "in"), (line.access_out, "out")):
        if name:
            yield f"access-class {name} {direction}"


@table.command(
    "config-line",
    f"access-class {_LIST} {{in|out}}$direction",
    help={
        "access-class": "Filter connections based on an IP access list",
        "number": "IP access list",
        "name": "Access-list name",
        "in": "Filter incoming connections",
        "out": "Filter outgoing connections",
    },
    no=f"access-class [{_LIST}] {{in|out}}$direction",
    prints=_print_classes,
    section=LineSection.ACCESS,
)
def access_class(ctx: Context, args: Args) -> None:
    name = "" if ctx.negated else str(args["number"] if args.has("number") else args["name"])
    for line in _lines(ctx):
        if args["direction"] == "in":
            line.access_in = name
        else:
            line.access_out = name


@table.command(
    "config-line",
    "exec",
    help={"exec": "Configure EXEC"},
    no=True,
    default="exec",
    prints=lambda line: [] if line.executes else ["no exec"],
    section=LineSection.EXEC,
)
def executes(ctx: Context, args: Args) -> None:
    """A line without it begins no session: the next one has to do."""
    for line in _lines(ctx):
        line.executes = not ctx.negated


for _word, _field, _text in (
    ("motd-banner", "motd_banner", "Enable the display of the MOTD banner"),
    ("exec-banner", "exec_banner", "Enable the display of the EXEC banner"),
):

    def _banner(ctx: Context, args: Args, field: str = _field) -> None:
        for line in _lines(ctx):
            setattr(line, field, not ctx.negated)

    def _print_banner(line: LineConfig, field: str = _field, word: str = _word) -> list[str]:
        return [] if getattr(line, field) else [f"no {word}"]

    table.command(
        "config-line",
        _word,
        help={_word: _text},
        no=True,
        default=_word,
        prints=_print_banner,
        section=LineSection.EXEC,
    )(_banner)


@table.command(
    "config-line",
    "session-timeout <minutes:0-35791>",
    help={
        "session-timeout": "Set interval for closing connection when there is no input traffic",
        "minutes": "Session timeout interval in minutes",
    },
    no="session-timeout [<minutes:0-35791>]",
    prints=lambda line: [f"session-timeout {line.session_timeout} "] if line.session_timeout else [],
    section=LineSection.SESSION,
)
def session_timeout(ctx: Context, args: Args) -> None:
    for line in _lines(ctx):
        line.session_timeout = 0 if ctx.negated else args["minutes"]


@table.command(
    "config-line",
    "absolute-timeout <minutes:0-10000>",
    help={"absolute-timeout": "Set absolute timeout for line disconnection", "minutes": "Absolute timeout in minutes"},
    no="absolute-timeout [<minutes:0-10000>]",
    prints=lambda line: [f"absolute-timeout {line.absolute_timeout}"] if line.absolute_timeout else [],
    section=LineSection.ABSOLUTE,
)
def absolute_timeout(ctx: Context, args: Args) -> None:
    for line in _lines(ctx):
        line.absolute_timeout = 0 if ctx.negated else args["minutes"]


@table.command(
    "config-line",
    "timeout login response <seconds:0-300>",
    help={
        "timeout": "Timeouts for the line",
        "login": "Timeouts related to the login sequence",
        "response": "Timeout for any user input during login sequences",
        "seconds": "Timeout in seconds",
    },
    no="timeout login response [<seconds:0-300>]",
    prints=lambda line: [] if line.login_timeout == 30 else [f"timeout login response {line.login_timeout}"],
    section=LineSection.ABSOLUTE,
)
def login_timeout(ctx: Context, args: Args) -> None:
    for line in _lines(ctx):
        line.login_timeout = 30 if ctx.negated else args["seconds"]
