"""SPAN and RSPAN: ``monitor session``, and the VLANs that carry its copies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any, Final

from nodes.base.ifname import ranges, short, split
from nodes.base.vlans import vlan_list
from nodes.cli.context import Args, Context, Rejected
from nodes.cli.params import Accept, IntRange, Match, Param, Reject
from nodes.cli.table import Table
from nodes.commands.params import InterfaceParam, Interfaces
from nodes.commands.sections import Section
from nodes.commands.vlan import VlanScope
from nodes.device.config import SwitchConfig
from nodes.device.switch import DEFAULT_VLAN, LEGACY_VLANS, Switch
from nodes.device.views import MonitorView, RemoteSpanView
from nodes.engine.span.sessions import Destination, Direction, Editor, Encapsulation, Kind, Session, SpanError
from nodes.show import span, switching

table = Table()

# Lists -------------------------------------------------------------------------------------------------------------

_PORTS: Final = "<port:monitor-port> [, <port:monitor-port>|- <port:monitor-port-end>]*"
_VLANS: Final = "<vlan:monitor-vlan> [, <vlan:monitor-vlan>|- <vlan:monitor-vlan>]*"
#: VLANs that may be made RSPAN VLANs.
_REMOTE: Final = "<remote-vlan:2-1001,1006-4094>"
_WAY: Final = "[rx|tx|both]$direction"

_RUNS: Final = {",": "Specify another range of interfaces", "-": "Specify a range of interfaces"}
_VLAN_RUNS: Final = {",": "Specify another range of VLANs", "-": "Specify a range of VLANs"}


class _PortEnd(InterfaceParam):
    """The last port of a range: ``3``, ``0/3`` or ``Fa0/3``."""

    def completions(self, prefix: str) -> list[tuple[str, str]]:
        number = [] if prefix else [("<1-65535>", "Last interface number of the range")]
        return [*number, *super().completions(prefix)]

    def consume(self, words: Sequence[str]) -> Match:
        if words[0].replace("/", "").isdigit() and words[0].isascii():
            return Accept(words[0], 1)
        return super().consume(words)


class _VlanItem:
    """``10``, or without blanks ``10-12`` and ``10,20-22``; its value are the first and last numbers of its ranges."""

    label = "<1-4094>"

    def consume(self, words: Sequence[str]) -> Match:
        runs: list[tuple[int, int]] = []
        offset = 0
        for part in words[0].split(","):
            first, dash, last = part.partition("-")
            if not all(text.isascii() and text.isdigit() and len(text) < 9 for text in (first, last or first)):
                return Reject(offset)
            low, high = int(first), int(last) if dash else int(first)
            if (dash and not last) or not 1 <= low <= high <= 4094:
                return Reject(offset)
            runs.append((low, high))
            offset += len(part) + 1
        return Accept(runs, 1)


class _SessionList:
    """``1-3,5``: its value is the set of numbers."""

    label = "WORD"

    def consume(self, words: Sequence[str]) -> Match:
        found = _VlanItem().consume(words)
        if isinstance(found, Reject):
            return found
        return Accept(frozenset(number for low, high in found.value for number in range(low, high + 1)), 1)


def params(device: Switch) -> dict[str, Param]:
    ports = Interfaces(device.port_by_name)
    return {
        "monitor-session": IntRange(1, device.spec.span.sessions),
        "monitor-sessions": _SessionList(),
        "monitor-port": InterfaceParam(ports),
        "monitor-port-end": _PortEnd(ports),
        "monitor-vlan": _VlanItem(),
    }


def _signed(args: Args, name: str) -> Iterator[tuple[str, Any]]:
    """The items of a list, each with the sign before it."""
    return zip([",", *(word for word in args.words if word in ",-")], args.all(name), strict=True)


def _ports(ctx: Context, args: Args) -> list[str]:
    """The ports of a list, each once."""
    names = list(ctx.device.port_by_name)
    chosen: dict[str, None] = {}
    first = ""
    for sign, name in _signed(args, "port"):
        if sign == ",":
            first = name
            chosen[name] = None
        else:
            last = _end_of_range(first, name)
            if last not in names or names.index(last) < names.index(first):
                raise Rejected("%Command rejected: Bad interface range")
            chosen |= dict.fromkeys(names[names.index(first) : names.index(last) + 1])
    return list(chosen)


def _end_of_range(first: str, last: str) -> str:
    """The name of a range's last port, of which only the number may have been typed, or the end of it."""
    if not last[0].isdigit():
        return last
    kind, number = split(first)
    return f"{kind}{last}" if "/" in last or "/" not in number else f"{kind}{number.rpartition('/')[0]}/{last}"


def _vlans(args: Args) -> set[int]:
    runs: list[tuple[int, int]] = []
    for sign, items in _signed(args, "vlan"):
        if sign == "-":
            (low, high), (end, last) = runs.pop(), items[0]
            if low != high or end != last or len(items) > 1 or last < low:
                raise Rejected("%Command rejected: Bad VLAN list")
            runs.append((low, last))
        else:
            runs += items
    return {vlan for low, high in runs for vlan in range(low, high + 1)}


# Sessions ----------------------------------------------------------------------------------------------------------

_HELP: Final = {
    "monitor": "SPAN information and configuration",
    "session": "Configure a SPAN session",
    "number": "SPAN session number",
    "numbers": "SPAN session numbers, as 1-3,5",
    "all": "All SPAN sessions",
    "local": "Local SPAN sessions",
    "remote": "Remote SPAN sessions",
    "range": "Range of SPAN sessions",
}
_SOURCE: Final = _HELP | {
    "source": "SPAN source interface, VLAN",
    "interface": "SPAN source interface",
    "port": "SPAN source interface",
    "vlan": "SPAN source VLAN",
    "<vlan>": "SPAN source VLAN number",
    "remote": "SPAN source Remote",
    "remote-vlan": "Remote SPAN source VLAN number",
    "rx": "Monitor received traffic only",
    "tx": "Monitor transmitted traffic only",
    "both": "Monitor received and transmitted traffic",
}
_DESTINATION: Final = _HELP | {
    "destination": "SPAN destination interface or VLAN",
    "interface": "SPAN destination interface",
    "port": "SPAN destination interface",
    "remote": "SPAN destination Remote",
    "vlan": "Remote SPAN destination VLAN",
    "remote-vlan": "Remote SPAN destination VLAN number",
}
_WORDS: Final = {"rx": Direction.RX, "tx": Direction.TX, "both": Direction.BOTH}
_SUFFIXES: Final = ((Direction.BOTH, ""), (Direction.RX, " rx"), (Direction.TX, " tx"))
_SESSION: Final = "monitor session <number:monitor-session>"


def _edit(ctx: Context, change: Callable[[Editor], None]) -> None:
    """Change a copy of the sessions, so that a refusal leaves everything as it was."""
    device: Switch = ctx.device
    sessions = deepcopy(device.config.monitors)
    try:
        change(Editor(sessions, device.spec.span, ranges))
    except SpanError as error:
        raise Rejected(f"% {error}") from None
    device.config.monitors = sessions
    device.configured()


def _direction(args: Args) -> Direction:
    return _WORDS[args.get("direction", "both")]


def _print_sessions(config: SwitchConfig) -> Iterator[str]:
    for number, session in sorted(config.monitors.items()):
        for line in _lines(session):
            yield f"monitor session {number} {line}"


def _lines(session: Session) -> Iterator[str]:
    for direction, suffix in _SUFFIXES:
        if ports := [port for port, which in session.ports.items() if which is direction]:
            yield f"source interface {_port_list(ports)}{suffix}"
    for direction, suffix in _SUFFIXES:
        if vlans := [vlan for vlan, which in session.vlans.items() if which is direction]:
            yield f"source vlan {_vlan_list(vlans)}{suffix}"
    if session.from_remote is not None:
        yield f"source remote vlan {session.from_remote}"
    if session.filter:
        yield f"filter vlan {_vlan_list(session.filter)}"
    for settings, ports in session.grouped_destinations():
        yield f"destination interface {_port_list(ports)}{_options(settings)}"
    if session.to_remote is not None:
        reflector = f" reflector-port {short(session.reflector)}" if session.reflector else ""
        yield f"destination remote vlan {session.to_remote}{reflector}"


def _port_list(ports: Iterable[str]) -> str:
    return ranges(ports, dash=" - ", comma=" , ")


def _vlan_list(vlans: Iterable[int]) -> str:
    return vlan_list(vlans, dash=" - ", comma=" , ")


def _options(settings: Destination) -> str:
    tagged = settings.encapsulation is Encapsulation.DOT1Q
    text = "" if settings.encapsulation is Encapsulation.NATIVE else f" encapsulation {settings.encapsulation.value}"
    if settings.ingress is None:
        return text
    # Which frames are taken follows the encapsulation unless it is said.
    word = "" if settings.ingress_tagged is tagged else "dot1q " if settings.ingress_tagged else "untagged "
    return f"{text} ingress {word}vlan {settings.ingress}"


@table.command(
    "config",
    f"{_SESSION} source interface {_PORTS} {_WAY}",
    help=_SOURCE | _RUNS | {"remote": _HELP["remote"]},
    no="monitor session {all|local|remote|range <numbers:monitor-sessions>|"
    f"<number:monitor-session> [source interface {_PORTS} {_WAY}]}}",
    prints=_print_sessions,
    section=Section.MONITOR,
)
def source_interface(ctx: Context, args: Args) -> None:
    if ctx.negated and "source" not in args.words:
        _edit(ctx, lambda editor: editor.remove(_chosen(editor.sessions, args)))
        return
    ports, direction = _ports(ctx, args), _direction(args)
    if ctx.negated:
        _edit(ctx, lambda editor: editor.remove_ports(args["number"], ports, direction))
    else:
        _edit(ctx, lambda editor: editor.add_ports(args["number"], ports, direction))


def _chosen(sessions: Mapping[int, Session], args: Args) -> list[int]:
    """The numbers of the sessions that are meant by ``all``, ``local``, ``remote``, ``range 1-2`` or a number."""
    if "local" in args.words:
        return [number for number, session in sessions.items() if session.kind is Kind.LOCAL]
    if "remote" in args.words:
        return [number for number, session in sessions.items() if session.kind is not Kind.LOCAL]
    if args.has("numbers"):
        return [number for number in sessions if number in args["numbers"]]
    return [number for number in sessions if args.get("number", number) == number]


@table.command(
    "config",
    f"{_SESSION} source vlan {_VLANS} {_WAY}",
    help=_SOURCE | _VLAN_RUNS,
    no=True,
)
def source_vlan(ctx: Context, args: Args) -> None:
    vlans, direction = _vlans(args), _direction(args)
    if ctx.negated:
        _edit(ctx, lambda editor: editor.remove_vlans(args["number"], vlans, direction))
    else:
        _edit(ctx, lambda editor: editor.add_vlans(args["number"], vlans, direction))


@table.command("config", f"{_SESSION} source remote vlan {_REMOTE}", help=_SOURCE, no=True)
def source_remote(ctx: Context, args: Args) -> None:
    if ctx.negated:
        _edit(ctx, lambda editor: editor.remove_from_remote(args["number"], args["remote-vlan"]))
    else:
        _edit(ctx, lambda editor: editor.set_from_remote(args["number"], args["remote-vlan"]))


@table.command(
    "config",
    f"{_SESSION} filter vlan {_VLANS}",
    help=_HELP
    | _VLAN_RUNS
    | {"filter": "SPAN filter", "vlan": "SPAN filter VLAN", "<vlan>": "SPAN filter VLAN number"},
    no=f"{_SESSION} filter [vlan {_VLANS}]",
)
def filter_vlan(ctx: Context, args: Args) -> None:
    vlans = _vlans(args) if args.has("vlan") else None
    if ctx.negated or vlans is None:
        _edit(ctx, lambda editor: editor.remove_filter(args["number"], vlans))
    else:
        _edit(ctx, lambda editor: editor.add_filter(args["number"], vlans))


@table.command(
    "config",
    f"{_SESSION} destination interface {_PORTS} [encapsulation {{dot1q|replicate}}$encapsulation] "
    "[ingress [dot1q|untagged]$tagging vlan <ingress-vlan:1-4094>]",
    help=_DESTINATION
    | _RUNS
    | {
        "encapsulation": "Set encapsulation for destination interface",
        "dot1q": "Use 802.1Q encapsulation, every frame with the tag of its VLAN",
        "replicate": "Use the encapsulation that frames have at the source",
        "ingress": "Enable ingress traffic forwarding",
        "untagged": "Use untagged encapsulation",
        "vlan": "Set default VLAN for ingress traffic",
        "ingress-vlan": "Default VLAN for ingress traffic",
    },
    no=True,
)
def destination_interface(ctx: Context, args: Args) -> None:
    ports = _ports(ctx, args)
    if ctx.negated:
        _edit(ctx, lambda editor: editor.remove_destinations(args["number"], ports))
        return
    encapsulation = Encapsulation(args.get("encapsulation", "native"))
    tagging = args.get("tagging", encapsulation.value)
    settings = Destination(encapsulation, args.get("ingress-vlan"), args.has("ingress") and tagging == "dot1q")
    _edit(ctx, lambda editor: editor.add_destinations(args["number"], ports, settings))


@table.command(
    "config",
    f"{_SESSION} destination remote vlan {_REMOTE} [reflector-port <port:monitor-port>]",
    help=_DESTINATION
    | {"reflector-port": "Interface that is given up for the way into the VLAN", "port": "Reflector interface"},
    no=True,
)
def destination_remote(ctx: Context, args: Args) -> None:
    if ctx.negated:
        _edit(ctx, lambda editor: editor.remove_to_remote(args["number"], args["remote-vlan"]))
    else:
        _edit(ctx, lambda editor: editor.set_to_remote(args["number"], args["remote-vlan"], args.get("port", "")))


@table.show(
    "exec",
    "show monitor [session {<number:monitor-session>|all|local|remote|range <numbers:monitor-sessions>} [detail]]",
    text=span.monitor,
    help=_HELP | {"session": "SPAN session", "detail": "Detailed SPAN information"},
)
def show_monitor(ctx: Context, args: Args) -> MonitorView:
    device: Switch = ctx.device
    chosen = _chosen(device.config.monitors, args)
    return device.monitoring.view(chosen, asked=args.get("number"), detail=args.has("detail"))


# RSPAN VLANs -------------------------------------------------------------------------------------------------------


def _print_remote_span(scope: VlanScope) -> list[str]:
    return ["remote-span"] if scope.numbers <= scope.config.remote_span else []


@table.command(
    "config-vlan",
    "remote-span",
    help={"remote-span": "Configure as Remote SPAN VLAN"},
    no=True,
    prints=_print_remote_span,
)
def remote_span(ctx: Context, args: Args) -> None:
    device: Switch = ctx.device
    scope: VlanScope = ctx.scope
    builtin = scope.numbers & {DEFAULT_VLAN, *LEGACY_VLANS}
    if builtin and not ctx.negated:
        raise Rejected(f"%VLAN {vlan_list(builtin)} can not be configured as a RSPAN VLAN")
    if ctx.negated:
        device.config.remote_span -= scope.numbers
    else:
        device.config.remote_span |= scope.numbers
    device.configured()


@table.show(
    "exec",
    "show vlan remote-span",
    text=switching.remote_span,
    help={"vlan": "VTP VLAN status", "remote-span": "Remote SPAN VLANs"},
)
def show_remote_span(ctx: Context, args: Args) -> RemoteSpanView:
    device: Switch = ctx.device
    return RemoteSpanView(tuple(sorted(device.config.remote_span)))
