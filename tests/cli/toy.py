"""A small device and its commands, on which the console's tests run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from nodes.cli import (
    WAIT,
    Accept,
    Args,
    Ask,
    Block,
    Break,
    CommandSet,
    Context,
    IosDialect,
    Job,
    Line,
    Match,
    Mode,
    Reject,
    Rejected,
    Session,
    Table,
    Wait,
    WindowsDialect,
)
from nodes.cli.builtin import IOS, WINDOWS


@dataclass
class Port:
    description: str = ""
    address: str = ""
    up: bool = True


@dataclass
class Toy:
    hostname: str = "R1"
    routes: dict[str, str] = field(default_factory=dict)
    ports: dict[str, Port] = field(default_factory=dict)
    banner: str = ""
    replies: int = 0
    pinged: list[int] = field(default_factory=list)
    lookup: bool = True


class Address:
    """A dotted quad, as text."""

    label = "A.B.C.D"

    def consume(self, words: Sequence[str]) -> Match:
        good = 0
        parts = words[0].split(".")
        for part in parts[:4]:
            if not part.isdigit() or int(part) > 255:
                return Reject(good)
            good += len(part) + 1
        return Accept(words[0]) if len(parts) == 4 else Reject(min(good, len(words[0])))


class PortName:
    """``Fa0/1`` or ``FastEthernet 0/1``: one word or two."""

    label = "FastEthernet"

    def consume(self, words: Sequence[str]) -> Match:
        word = words[0].lower()
        letters = word.rstrip("0123456789/")
        if not letters or not "fastethernet".startswith(letters):
            fits = 0
            while fits < len(word) and "fastethernet".startswith(word[: fits + 1]):
                fits += 1
            return Reject(fits)
        number, count = word[len(letters) :], 1
        if not number:
            if len(words) == 1:
                return Reject(0, 1)
            number, count = words[1], 2
        if number not in ("0/0", "0/1"):
            return Reject(0, 1) if count == 2 else Reject(len(letters))
        return Accept(f"FastEthernet{number}", count)

    def completions(self, prefix: str) -> Sequence[tuple[str, str]]:
        return [("FastEthernet", "FastEthernet IEEE 802.3")] if "fastethernet".startswith(prefix.lower()) else []

    def following(self, words: Sequence[str]) -> Sequence[tuple[str, str]]:
        return [("<0-0>", "FastEthernet interface number")]


@dataclass(frozen=True)
class RouteView:
    routes: tuple[tuple[str, str], ...]


TOY: Final = Table()


@TOY.command(
    "config",
    "hostname <name:word>",
    help={"hostname": "Set system's network name", "name": "This system's network name"},
    no="hostname [<name:word>]",
    prints=lambda device: [f"hostname {device.hostname}"],
    section=1,
)
def hostname(ctx: Context, args: Args) -> None:
    ctx.device.hostname = "Router" if ctx.negated else args["name"]


@TOY.command(
    "config",
    "interface <port:port>",
    help={"interface": "Select an interface to configure", "port": "FastEthernet IEEE 802.3"},
    prints=lambda device: [Block(f"interface {name}", "config-if", port) for name, port in device.ports.items()],
    section=2,
)
def interface(ctx: Context, args: Args) -> None:
    ctx.enter("config-if", ctx.device.ports.setdefault(args["port"], Port()))


@TOY.command(
    "config",
    "ip route <prefix:address> <mask:address> {<gateway:address>|<out:port>} [<distance:1-255>] [permanent]",
    help={"route": "Establish static routes", "prefix": "Destination prefix", "mask": "Destination prefix mask"}
    | {"gateway": "Forwarding router's address", "out": "Interface", "distance": "Distance metric for this route"}
    | {"permanent": "permanent route"},
    no="ip route <prefix:address> <mask:address> [{<gateway:address>|<out:port>}]",
    prints=lambda device: [f"ip route {prefix} {rest}" for prefix, rest in device.routes.items()],
    section=3,
)
def ip_route(ctx: Context, args: Args) -> None:
    if ctx.negated:
        if ctx.device.routes.pop(args["prefix"], None) is None:
            raise Rejected("%No matching route to delete")
        return
    target = args.get("gateway") or args.get("out")
    distance = f" {args['distance']}" if "distance" in args else ""
    permanent = " permanent" if args.has("permanent") else ""
    ctx.device.routes[args["prefix"]] = f"{args['mask']} {target}{distance}{permanent}"


@TOY.command("config", "banner motd <delimiter:line>", help={"motd": "Set Message of the Day banner"})
def banner(ctx: Context, args: Args) -> Job:
    delimiter = args["delimiter"][0]
    lines: list[str] = []
    while True:
        answer = yield Ask("", body=True)
        if delimiter in answer:
            break
        lines.append(answer)
    ctx.device.banner = "\n".join(lines)


@TOY.command(
    "config-if",
    "description <text:line>",
    help={"description": "Interface specific description", "text": "Up to 240 characters"},
    no="description [<text:line>]",
    prints=lambda port: [f"description {port.description}"] if port.description else [],
)
def description(ctx: Context, args: Args) -> None:
    ctx.scope.description = "" if ctx.negated else args["text"]


@TOY.command(
    "config-if",
    "ip address <address:address> <mask:address>",
    help={"address": "Set the IP address of an interface", "<address>": "IP address", "mask": "IP subnet mask"},
    no="ip address",
    prints=lambda port: [f"ip address {port.address}"] if port.address else ["no ip address"],
)
def ip_address(ctx: Context, args: Args) -> None:
    ctx.scope.address = "" if ctx.negated else f"{args['address']} {args['mask']}"


@TOY.command(
    "config-if",
    "shutdown",
    no=True,
    help={"shutdown": "Shutdown the selected interface"},
    prints=lambda port: [] if port.up else ["shutdown"],
)
def shutdown(ctx: Context, args: Args) -> None:
    ctx.scope.up = ctx.negated


def route_lines(view: RouteView) -> Iterable[str]:
    yield "Gateway of last resort is not set"
    for prefix, rest in view.routes:
        yield f"S    {prefix} {rest}"


@TOY.show(
    "exec",
    "show ip route [<prefix:address>]",
    text=route_lines,
    help={"route": "IP routing table", "prefix": "Network to display information about"},
)
def show_ip_route(ctx: Context, args: Args) -> RouteView:
    wanted = args.get("prefix")
    return RouteView(tuple(item for item in ctx.device.routes.items() if wanted in (None, item[0])))


@TOY.show("exec", "show version", text=lambda view: [view], help={"version": "System hardware and software status"})
def show_version(ctx: Context, args: Args) -> str:
    return "Toy Software, Version 1.0"


@TOY.show("exec", "show lines <count:0-99999>", text=lambda count: (f"line {n}" for n in range(count)))
def show_lines(ctx: Context, args: Args) -> int:
    count: int = args["count"]
    return count


@TOY.command(
    "exec",
    "ping <host:word> [repeat <count:1-99>|size <size:36-18024>]*",
    help={"ping": "Send echo messages", "host": "Ping destination address or hostname", "repeat": "repeat count"},
)
def ping(ctx: Context, args: Args) -> Job:
    """A reply is a unit of ``device.replies``; one that does not come in two seconds is a dot."""
    count, good, sent = args.get("count", 5), 0, 0
    yield "Type escape sequence to abort.\n"
    try:
        while sent < count:
            sent += 1
            deadline = ctx.now + 2.0
            while not ctx.device.replies and ctx.now < deadline:
                yield Wait(deadline)
            if ctx.device.replies:
                ctx.device.replies -= 1
                good += 1
                yield "!"
            else:
                yield "."
    except Break:
        pass
    yield f"\nSuccess rate is {100 * good // sent} percent ({good}/{sent})\n"


@TOY.command("exec", "wait", help={"wait": "Wait for ever"})
def wait(ctx: Context, args: Args) -> Job:
    while True:
        yield WAIT


@TOY.command("exec", "reload", privilege=15, help={"reload": "Halt and perform a cold restart"})
def reload(ctx: Context, args: Args) -> Job:
    answer = yield Ask("Proceed with reload? [confirm]", confirm=True)
    if answer.lower() in ("", "y"):
        ctx.session.close()
    else:
        yield "Stays up\n"


@TOY.command("exec", "copy running-config startup-config", privilege=15)
def copy(ctx: Context, args: Args) -> Job:
    name = yield Ask("Destination filename [startup-config]? ")
    return ["Building configuration...", f"[OK] {name}"]


@TOY.command("exec", "ask secret", help={"ask": "Ask"})
def ask_secret(ctx: Context, args: Args) -> Job:
    secret = yield Ask("Password: ", echo=False)
    yield f"<{secret}>\n"


GLOSSARY: Final[Mapping[str, str | Mapping[str, str]]] = {
    "show": "Show running system information",
    "ip": "Global IP configuration subcommands",
    "lines": "Print lines",
    "count": "How many",
    "size": "datagram size",
    "banner": "Define a login banner",
    "delimiter": "c banner-text c, where 'c' is a delimiting character",
    "copy": "Copy from one file to another",
    "running-config": "Current system configuration",
    "startup-config": "Startup configuration",
    "secret": "A secret",
    "config-if": {"ip": "Interface Internet Protocol config commands"},
}

CONFIG_IF: Final = Mode("config-if", "(config-if)", "config", "Interface configuration commands:")
COMMANDS: Final = CommandSet(
    [IOS, TOY], params={"address": Address(), "port": PortName()}, modes=[CONFIG_IF], glossary=GLOSSARY
)

HOST: Final = Table()


@HOST.command("exec", "ping [-n <count:1-9999>|-t]* <host:word>", help={"ping": "Ping", "host": "Host", "-n": "Count"})
def host_ping(ctx: Context, args: Args) -> str:
    return f"Pinging {args['host']} {args.get('count', 4)} {args.has('-t')}"


HOST_COMMANDS: Final = CommandSet([WINDOWS, HOST], glossary={"count": "Count", "-t": "For ever"})


def dialect_of(device: Toy) -> IosDialect:
    return IosDialect(lambda: device.hostname, domain_lookup=lambda: device.lookup)


def session_of(device: Toy, *, privilege: int = 15, name: str = "con 0") -> Session:
    return Session(COMMANDS, dialect_of(device), device, line=Line(name, 0), privilege=privilege)


def host_session() -> Session:
    usage = {"ping": ["Usage: ping host"]}
    return Session(HOST_COMMANDS, WindowsDialect(usage=usage), Toy(), line=Line("con 0", 0), privilege=15)
