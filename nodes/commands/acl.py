"""Access lists: numbered and named, standard and extended, their counters, and where they are applied."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from nodes.base.addr import IPV4_MAX
from nodes.cli.context import Args, Context, Rejected
from nodes.cli.table import Block, Table
from nodes.commands.modes import ROUTED
from nodes.commands.sections import InterfaceSection, Section
from nodes.device.acltext import rule_text
from nodes.device.config import IosConfig, RoutedInterfaceConfig
from nodes.device.ios import IosDevice
from nodes.device.views import AclsView
from nodes.engine.acl import AccessList, AclError, AclRule, Action, PortMatch, PortOperator, numbered_list_is_extended
from nodes.show import routing
from nodes.wire import names

table = Table()
#: Lists on interfaces that route.
groups = Table()

_NUMBER: Final = "1-199,1300-2699"
_SEQUENCE: Final = "1-2147483647"

# Any protocol, one endpoint after the other; ports only where they mean something.
_SOURCE: Final = "{any|host <source-host:ipv4>|<source:ipv4> <source-wildcard:ipv4>}"
_DESTINATION: Final = "{any|host <destination-host:ipv4>|<destination:ipv4> <destination-wildcard:ipv4>}"


#: Ports that may follow ``eq``: the grammar's own repetition has no upper end.
_MOST_PORTS: Final = 10


def _ports(kind: str, end: str) -> str:
    port = f"<{end}-port:{kind}-port>"
    several = " [".join([port] * _MOST_PORTS) + "]" * (_MOST_PORTS - 1)
    return f"[{{eq|neq}}${end}_operator {several}|{{lt|gt}}${end}_operator {port}|range {port} {port}]"


_OTHER_PROTOCOLS: Final = "|".join(sorted({*names.PROTOCOLS, "ip"} - {"icmp", "tcp", "udp"}))
_OPTIONS: Final = "precedence <precedence:precedence>|tos <tos:tos>|dscp <dscp:dscp>|log|log-input"

_EXTENDED: Final = (
    "{permit|deny}$action {"
    f"{{{_OTHER_PROTOCOLS}|<protocol-number:0-255>}}$protocol {_SOURCE} {_DESTINATION} [fragments|{_OPTIONS}]*"
    f"|icmp {_SOURCE} {_DESTINATION} "
    f"[{{{'|'.join(names.ICMP_MESSAGES)}}}$icmp_name|<icmp-type:0-255> [<icmp-code:0-255>]] [fragments|{_OPTIONS}]*"
    f"|tcp {_SOURCE} {_ports('tcp', 'source')} {_DESTINATION} {_ports('tcp', 'destination')} "
    f"[established|fragments|{'|'.join(names.TCP_FLAGS)}|{_OPTIONS}]*"
    f"|udp {_SOURCE} {_ports('udp', 'source')} {_DESTINATION} {_ports('udp', 'destination')} [fragments|{_OPTIONS}]*"
    "}"
)
_STANDARD: Final = "{permit|deny}$action {any|host <source-host:ipv4>|<source:ipv4> [<source-wildcard:ipv4>]} [log]"
_REMARK: Final = "remark <remark:line>"

#: What IOS says of an ICMP message is mostly its name, spelled out.
_ICMP_HELP: Final = {name: name.replace("-", " ").capitalize() for name in names.ICMP_MESSAGES} | {
    "echo": "Echo (ping)",
    "packet-too-big": "Fragmentation needed and DF set",
    "redirect": "All redirects",
    "time-exceeded": "All time exceededs",
    "ttl-exceeded": "TTL exceeded",
    "unreachable": "All unreachables",
}
_HELP: Final = {
    "permit": "Specify packets to forward",
    "deny": "Specify packets to reject",
    "remark": "Access list entry comment",
    "<remark>": "Comment up to 100 characters",
    "any": "Any host",
    "host": "A single host",
    "source": "Source address",
    "source-wildcard": "Source wildcard bits",
    "source-host": "Source address",
    "destination": "Destination address",
    "destination-wildcard": "Destination wildcard bits",
    "destination-host": "Destination address",
    "ip": "Any Internet Protocol",
    "icmp": "Internet Control Message Protocol",
    "tcp": "Transmission Control Protocol",
    "udp": "User Datagram Protocol",
    "ahp": "Authentication Header Protocol",
    "eigrp": "Cisco's EIGRP routing protocol",
    "esp": "Encapsulation Security Payload",
    "gre": "Cisco's GRE tunneling",
    "igmp": "Internet Gateway Message Protocol",
    "ipinip": "IP in IP tunneling",
    "nos": "KA9Q NOS compatible IP over IP tunneling",
    "ospf": "OSPF routing protocol",
    "pcp": "Payload Compression Protocol",
    "pim": "Protocol Independent Multicast",
    "protocol-number": "An IP protocol number",
    "eq": "Match only packets on a given port number",
    "neq": "Match only packets not on a given port number",
    "lt": "Match only packets with a lower port number",
    "gt": "Match only packets with a greater port number",
    "range": "Match only packets in the range of port numbers",
    "source-port": "Port number",
    "destination-port": "Port number",
    "established": "Match established connections",
    "fragments": "Check non-initial fragments",
    "log": "Log matches against this entry",
    "icmp-type": "ICMP message type",
    "icmp-code": "ICMP message code",
    **_ICMP_HELP,
    "ack": "Match on the ACK bit",
    "fin": "Match on the FIN bit",
    "psh": "Match on the PSH bit",
    "rst": "Match on the RST bit",
    "syn": "Match on the SYN bit",
    "urg": "Match on the URG bit",
    "log-input": "Log matches against this entry, including input interface",
    "precedence": "Match packets with given precedence value",
    "<precedence>": "Precedence value",
    "tos": "Match packets with given TOS value",
    "<tos>": "Type of service value",
    "dscp": "Match packets with given dscp value",
    "<dscp>": "Differentiated services codepoint value",
    "access-list": "Add an access list entry",
    "number": "IP access list number",
    "sequence": "Sequence Number",
    "rest": "Anything: the whole list goes",
}


# Between rules and the words of a command --------------------------------------------------------------------------


def _end(args: Args, end: str) -> tuple[int, int]:
    if args.has(f"{end}-host"):
        return args[f"{end}-host"], 0
    if args.has(end):
        return args[end], args.get(f"{end}-wildcard", 0)
    return 0, IPV4_MAX


def _port(args: Args, end: str) -> PortMatch | None:
    ports = tuple(args.all(f"{end}-port"))
    if not ports:
        return None
    if args.has(f"{end}_operator"):
        return PortMatch(PortOperator(args[f"{end}_operator"]), tuple(dict.fromkeys(ports)))
    return PortMatch(PortOperator.RANGE, (min(ports), max(ports)))


def _protocol(args: Args) -> int | None:
    for name in ("icmp", "tcp", "udp"):
        if name in args.words:
            return names.PROTOCOLS[name]
    if args.has("protocol-number"):
        number: int = args["protocol-number"]
        return number
    return names.protocol_number(args["protocol"]) if args.has("protocol") else None


def _rule(args: Args) -> AclRule:
    if args.has("remark"):
        return AclRule(Action.REMARK, remark=args["remark"].rstrip())
    source, source_wildcard = _end(args, "source")
    destination, destination_wildcard = _end(args, "destination")
    icmp_type, icmp_code = args.get("icmp-type"), args.get("icmp-code")
    if args.has("icmp_name"):
        icmp_type, icmp_code = names.ICMP_MESSAGES[args["icmp_name"]]
    try:
        return AclRule(
            Action(args["action"]),
            _protocol(args),
            source,
            source_wildcard,
            destination,
            destination_wildcard,
            _port(args, "source"),
            _port(args, "destination"),
            icmp_type,
            icmp_code,
            established=args.has("established"),
            fragments=args.has("fragments"),
            log=args.has("log") or args.has("log-input"),
            log_input=args.has("log-input"),
            tcp_flags=sum(flag for name, flag in names.TCP_FLAGS.items() if args.has(name)),
            dscp=args.get("dscp"),
            precedence=args.get("precedence"),
            tos=args.get("tos"),
        )
    except AclError as error:
        raise Rejected(f"% Invalid access list entry: {error}") from None


# Numbered lists ----------------------------------------------------------------------------------------------------


def _is_numbered(name: str) -> bool:
    return name.isdigit() and numbered_list_is_extended(int(name)) is not None


def _print_numbered(config: IosConfig) -> Iterator[str]:
    for name in sorted((name for name in config.access_lists if _is_numbered(name)), key=int):
        access_list = config.access_lists[name]
        for entry in access_list:
            yield f"access-list {name} {rule_text(entry.rule, access_list.extended)}"


def _list(device: IosDevice, name: str, extended: bool) -> AccessList:
    return device.config.access_lists.setdefault(name, AccessList(name, extended=extended))


@table.command(
    "config",
    f"access-list {{<number:1-99,1300-1999> {{{_STANDARD}|{_REMARK}}}"
    f"|<number:100-199,2000-2699> {{{_EXTENDED}|{_REMARK}}}}}",
    help=_HELP,
    no=f"access-list <number:{_NUMBER}> [<rest:line>]",
    prints=_print_numbered,
    section=Section.NUMBERED_ACL,
)
def access_list(ctx: Context, args: Args) -> None:
    device: IosDevice = ctx.device
    name = str(args["number"])
    if ctx.negated:
        # As on IOS, whatever follows the number, the whole list goes.
        device.config.access_lists.pop(name, None)
    else:
        _add(_list(device, name, bool(numbered_list_is_extended(args["number"]))), _rule(args), None)
    device.configured()


def _add(access_list: AccessList, rule: AclRule, sequence: int | None) -> None:
    try:
        access_list.add(rule, sequence)
    except AclError:
        raise Rejected(f"% Duplicate sequence number {sequence}") from None


# Named lists -------------------------------------------------------------------------------------------------------


def _print_named(config: IosConfig) -> Iterator[Block]:
    for name in sorted(name for name in config.access_lists if not _is_numbered(name)):
        access_list = config.access_lists[name]
        kind, mode = ("extended", "config-ext-nacl") if access_list.extended else ("standard", "config-std-nacl")
        yield Block(f"ip access-list {kind} {name}", mode, access_list)


@table.command(
    "config",
    "ip access-list {standard|extended}$kind <name:word>",
    help={
        "access-list": "Named access-list",
        "standard": "Standard Access List",
        "extended": "Extended Access List",
        "name": "Access-list name or number",
    },
    no=True,
    prints=_print_named,
    section=Section.NAMED_ACL,
)
def ip_access_list(ctx: Context, args: Args) -> None:
    device: IosDevice = ctx.device
    name, extended = args["name"], args["kind"] == "extended"
    if ctx.negated:
        device.config.access_lists.pop(name, None)
        device.configured()
        return
    known = device.config.access_lists.get(name)
    numbered = numbered_list_is_extended(int(name)) if name.isdigit() and len(name) < 6 else None
    if name.isdigit() and numbered is not extended:
        raise Rejected("% Invalid access list name.")
    if known is not None and known.extended != extended:
        raise Rejected(
            "% A named " + ("standard" if extended else "extended") + " IP access list with this name exists"
        )
    ctx.enter("config-ext-nacl" if extended else "config-std-nacl", _list(device, name, extended))


@table.command(
    "config",
    "ip access-list log-update threshold <packets:1-2147483647>",
    help={
        "access-list": "Named access-list",
        "log-update": "Control access list log updates",
        "threshold": "Set access list logging threshold",
        "packets": "Access list logging threshold value",
    },
    no="ip access-list log-update threshold [<packets:1-2147483647>]",
    prints=lambda config: [f"ip access-list log-update threshold {config.log_update}"] if config.log_update else [],
    section=Section.ICMP,
)
def log_update(ctx: Context, args: Args) -> None:
    """Without one, a flow that is logged is heard of every five minutes."""
    device: IosDevice = ctx.device
    device.config.log_update = 0 if ctx.negated else args["packets"]


@table.command(
    "config",
    "ip access-list resequence <name:word> <start:1-2147483647> <step:1-2147483647>",
    help={
        "access-list": "Named access-list",
        "resequence": "Resequence Access List",
        "name": "Access-list name or number",
        "start": "Starting Sequence Number",
        "step": "Step to increment the sequence number",
    },
)
def resequence(ctx: Context, args: Args) -> None:
    device: IosDevice = ctx.device
    access_list = device.config.access_lists.get(args["name"])
    if access_list is None:
        raise Rejected(f"% Access-list {args['name']} does not exist")
    try:
        access_list.resequence(args["start"], args["step"])
    except AclError:
        raise Rejected("% The last sequence number would exceed the maximum") from None
    device.configured()


def _print_entries(access_list: AccessList) -> Iterator[str]:
    for entry in access_list:
        yield rule_text(entry.rule, access_list.extended)


def _edit_named(ctx: Context, args: Args) -> None:
    device: IosDevice = ctx.device
    access_list: AccessList = ctx.scope
    sequence = args.get("sequence")
    if not ctx.negated:
        _add(access_list, _rule(args), sequence)
    elif args.has("action") or args.has("remark"):
        access_list.remove_rule(_rule(args))
    elif not access_list.remove(sequence):
        raise Rejected("% Specified sequence number does not exist")
    device.configured()


for _mode, _grammar in (("config-ext-nacl", _EXTENDED), ("config-std-nacl", _STANDARD)):
    _alternatives = f"{{{_grammar}|{_REMARK}}}"
    table.command(
        _mode,
        f"[<sequence:{_SEQUENCE}>] {_alternatives}",
        help=_HELP,
        no=f"{{<sequence:{_SEQUENCE}> [{_alternatives}]|{_alternatives}}}",
        prints=_print_entries,
    )(_edit_named)


# Where lists are applied, and what they counted --------------------------------------------------------------------


def _print_groups(interface: RoutedInterfaceConfig) -> Iterator[str]:
    for name, direction in ((interface.access_in, "in"), (interface.access_out, "out")):
        if name:
            yield f"ip access-group {name} {direction}"


@groups.command(
    ROUTED,
    f"ip access-group {{<number:{_NUMBER}>|<name:word>}} {{in|out}}$direction",
    help={
        "access-group": "Specify access control for packets",
        "number": "IP access list (standard or extended)",
        "name": "Access-list name",
        "in": "inbound packets",
        "out": "outbound packets",
    },
    no=f"ip access-group [<number:{_NUMBER}>|<name:word>] {{in|out}}$direction",
    prints=_print_groups,
    section=InterfaceSection.ACCESS_GROUP,
)
def access_group(ctx: Context, args: Args) -> None:
    name = "" if ctx.negated else str(args["number"] if args.has("number") else args["name"])
    interface: RoutedInterfaceConfig
    for interface in ctx.scope:
        if args["direction"] == "in":
            interface.access_in = name
        else:
            interface.access_out = name
    ctx.device.configured()


_WHICH: Final = f"[<number:{_NUMBER}>|<name:word>]"
_WHICH_HELP: Final = {
    "access-lists": "List access lists",
    "number": "ACL number",
    "name": "ACL name",
}


def _named(args: Args) -> str | None:
    if args.has("number"):
        return str(args["number"])
    return str(args["name"]) if args.has("name") else None


def show_access_lists(ctx: Context, args: Args) -> AclsView:
    device: IosDevice = ctx.device
    return device.access_lists_view(_named(args))


for _grammar in (f"show access-lists {_WHICH}", f"show ip access-lists {_WHICH}"):
    table.show("exec", _grammar, text=routing.access_lists, help=_WHICH_HELP)(show_access_lists)


@table.command(
    "exec",
    f"clear {{access-list counters|ip access-list counters}} {_WHICH}",
    help={"access-list": "Clear access list statistical information", "counters": "Clear access list counters"}
    | _WHICH_HELP,
    privilege=15,
)
def clear_counters(ctx: Context, args: Args) -> None:
    device: IosDevice = ctx.device
    name = _named(args)
    lists: Iterable[AccessList] = device.config.access_lists.values()
    for access_list in lists:
        if name in (None, access_list.name):
            access_list.clear_counters()
