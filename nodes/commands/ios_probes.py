"""``ping`` and ``traceroute`` of a router or a switch."""

from __future__ import annotations

from typing import Final

from nodes.base.addr import format_ipv4, parse_ipv4
from nodes.base.errors import AddressError
from nodes.cli.context import Args, Ask, Break, Context, Job, Rejected, Wait
from nodes.cli.grammar import Slot
from nodes.cli.params import Accept
from nodes.cli.table import Table
from nodes.commands.probes import follow_trace
from nodes.device import names
from nodes.device.config import IosConfig
from nodes.device.iosip import IosIpDevice
from nodes.engine import ping as pings
from nodes.engine import trace as traces
from nodes.engine.ping import Ping, PingOutcome, PingPolicy, PingResult
from nodes.engine.trace import Trace, TraceOutcome, TracePolicy, TraceResult
from nodes.show import personality
from nodes.wire import icmp

table = Table()

_ESCAPE: Final = "Type escape sequence to abort.\n"
_CHARACTERS: Final = {
    PingOutcome.REPLY: "!",
    PingOutcome.TIMEOUT: ".",
    PingOutcome.FAILED: ".",
    PingOutcome.UNREACHABLE: "U",
    PingOutcome.TTL_EXCEEDED: "&",
}
#: Characters of a row of exclamation marks before IOS begins a new one.
_ROW: Final = 70


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def _address(word: str, ctx: Context) -> int:
    """The address that a word stands for."""
    config: IosConfig = ctx.device.config
    address = names.address_of(config, word)
    if address is None:
        lookup = names.translating(config, word)
        raise Rejected(f"{lookup}\n% Unrecognized host or address, or protocol not running.\n")
    return address


def _source(ctx: Context, word: str) -> int:
    """``source``: an address of our own, or an interface that has one and is up."""
    device: IosIpDevice = ctx.device
    try:
        address = parse_ipv4(word)
    except AddressError:
        interface = ctx.session.commands.param(Slot("source", "interface"))
        found = interface.consume(word.split()) if interface is not None and word.split() else None
        config = device.routed_configs.get(found.value) if isinstance(found, Accept) else None
        if config is None or config.address is None:
            raise Rejected("% Invalid source interface - IP not enabled or interface is down") from None
        address = config.address.address
    if address not in device.own:
        raise Rejected("% Invalid source address- IP address not on any of our up interfaces")
    return address


@table.command(
    "exec",
    "ping [ip] <host:word> "
    "[repeat <count:1-2147483647>|size <size:36-18024>|timeout <seconds:0-3600>|df-bit"
    "|source {<source:interface>|<source-address:ipv4>}]*",
    help={
        "ping": "Send echo messages",
        "ip": "IP echo",
        "host": "Ping destination address or hostname",
        "repeat": "specify repeat count",
        "count": "repeat count",
        "size": "specify datagram size",
        "<size>": "datagram size",
        "timeout": "specify timeout interval",
        "seconds": "timeout in seconds",
        "df-bit": "enable do not fragment bit in IP header",
        "source": "specify source address or name",
        "<source>": "Source interface",
        "source-address": "Source address",
    },
)
def ping(ctx: Context, args: Args) -> Job:
    source = args.get("source")
    if source is None and args.has("source-address"):
        source = format_ipv4(args["source-address"])
    yield from _ping(
        ctx,
        args["host"],
        count=args.get("count", 5),
        size=args.get("size", 100) if "size" in args.words else 100,
        timeout=args.get("seconds", 2),
        source=source,
        dont_fragment="df-bit" in args.words,
    )


@table.command("exec", "ping [ip]", help={"ping": "Send echo messages", "ip": "IP echo"}, privilege=15)
def extended_ping(ctx: Context, args: Args) -> Job:
    """``ping`` alone asks, as IOS does."""
    protocol = (yield Ask("Protocol [ip]: ")).strip().lower()
    if protocol not in ("", "ip"):
        raise Rejected("% Unknown protocol - " + protocol + ', type "ping ?" for help')
    target = (yield Ask("Target IP address: ")).strip()
    if not target:
        raise Rejected("% Bad IP address")
    count = _number((yield Ask("Repeat count [5]: ")), 5, 1, 2147483647)
    size = _number((yield Ask("Datagram size [100]: ")), 100, 36, 18024)
    timeout = _number((yield Ask("Timeout in seconds [2]: ")), 2, 0, 3600)
    source, dont_fragment = None, False
    if _yes((yield Ask("Extended commands [n]: "))):
        source = (yield Ask("Source address or interface: ")).strip() or None
        _number((yield Ask("Type of service [0]: ")), 0, 0, 255)
        dont_fragment = _yes((yield Ask("Set DF bit in IP header? [no]: ")))
    _no_sweep((yield Ask("Sweep range of sizes [n]: ")))
    yield from _ping(ctx, target, count=count, size=size, timeout=timeout, source=source, dont_fragment=dont_fragment)


def _number(answer: str, default: int, low: int, high: int) -> int:
    word = answer.strip()
    if not word:
        return default
    if not (word.isascii() and word.isdigit() and len(word) < 12 and low <= int(word) <= high):
        raise Rejected(f"% A decimal number between {low} and {high}.")
    return int(word)


def _yes(answer: str) -> bool:
    return bool(answer) and "yes".startswith(answer.strip().lower())


def _no_sweep(answer: str) -> None:
    if answer.strip() and not "no".startswith(answer.strip().lower()):
        raise Rejected("% Sweeping a range of sizes is not emulated; ping with size instead")


def _ping(
    ctx: Context, word: str, *, count: int, size: int, timeout: int, source: str | None, dont_fragment: bool
) -> Job:
    device: IosIpDevice = ctx.device
    destination = _address(word, ctx)
    own = None if source is None else _source(ctx, source)
    yield from _begin(device)
    target = format_ipv4(destination)
    yield f"Sending {count}, {size}-byte ICMP Echos to {target}, timeout is {timeout} seconds:\n"
    if own is not None:
        yield f"Packet sent with a source address of {format_ipv4(own)} \n"
    if dont_fragment:
        yield "Packet sent with the DF bit set\n"
    ident = device.probes.new_ident()
    run = Ping(ident, pings.ios_payload(size), PingPolicy(float(timeout), 0.0), count)
    probe = device.probes.start(run, destination, ident, source=own, dont_fragment=dont_fragment)
    finished = 0
    try:
        while True:
            for result in run.events():
                yield _character(result)
                finished += 1
                if finished % _ROW == 0:
                    yield "\n"
            if run.done:
                break
            yield Wait(run.next_deadline())
    except Break:
        # The escape sequence: the requests that came to an end are what counts.
        pass
    finally:
        device.probes.stop(probe)
    if finished % _ROW or not finished:
        yield "\n"
    yield _success(run, finished)


def _begin(device: IosIpDevice) -> Job:
    if personality.of(device.version).blank_before_probes:
        yield "\n"
    yield _ESCAPE


def _character(result: PingResult) -> str:
    if result.outcome is PingOutcome.UNREACHABLE and result.code == icmp.FRAGMENTATION_NEEDED:
        return "M"
    return _CHARACTERS[result.outcome]


def _success(run: Ping, finished: int) -> str:
    rate = 100 * run.received // finished if finished else 0
    line = f"Success rate is {rate} percent ({run.received}/{finished})"
    if run.received:
        average = run.rtt_sum / run.received
        times = "/".join(str(max(1, _ms(value))) for value in (run.rtt_min, average, run.rtt_max))
        line += f", round-trip min/avg/max = {times} ms"
    return line + "\n"


@table.command(
    "exec",
    "traceroute [ip] <host:word> [source {<source:interface>|<source-address:ipv4>}|timeout <seconds:0-3600>"
    "|probe <probes:1-65535>|ttl <first:0-255> <last:0-255>|numeric]*",
    help={
        "traceroute": "Trace route to destination",
        "ip": "IP Trace",
        "host": "Trace route to destination address or hostname",
        "source": "specify source address or name",
        "<source>": "Source interface",
        "source-address": "Source address",
        "timeout": "specify time out",
        "seconds": "timeout in seconds",
        "probe": "specify number of probes per hop",
        "probes": "number of probes per hop",
        "ttl": "specify minimum and maximum ttl",
        "first": "minimum ttl",
        "last": "maximum ttl",
        "numeric": "display numeric address",
    },
)
def traceroute(ctx: Context, args: Args) -> Job:
    device: IosIpDevice = ctx.device
    destination = _address(args["host"], ctx)
    source = args.get("source")
    if source is None and args.has("source-address"):
        source = format_ipv4(args["source-address"])
    own = None if source is None else _source(ctx, source)
    first, last = args.get("first", 1), args.get("last", 30)
    if first > last:
        raise Rejected("% Maximum ttl must not be less than the minimum ttl")
    yield from _begin(device)
    yield f"Tracing the route to {format_ipv4(destination)}\n"
    if personality.of(device.version).trace_vrf_line:
        yield "VRF info: (vrf in name/id, vrf out name/id)"
    policy = TracePolicy(
        timeout=float(args.get("seconds", traces.IOS.timeout)),
        udp=True,
        first_key=traces.IOS.first_key,
        stop_at_once=False,
        probes=args.get("probes", 3),
        # No packet leaves with a TTL of 0: the first hop that can answer is the first.
        first_ttl=max(first, 1),
        max_ttl=max(last, 1),
    )
    ident = device.probes.new_ident()
    run = Trace(policy)
    probe = device.probes.start(run, destination, ident, source=own)
    yield from follow_trace(device.probes, probe, run, _HopPrinter().text)
    yield "\n"


class _HopPrinter:
    """The text of one probe after the other: a line for each TTL, the address once as long as it stays the same."""

    _REASONS: Final[dict[int | None, str]] = {
        icmp.NET_UNREACHABLE: "!N",
        icmp.HOST_UNREACHABLE: "!H",
        icmp.PROTOCOL_UNREACHABLE: "!P",
        icmp.ADMIN_PROHIBITED: "!A",
    }

    def __init__(self) -> None:
        self._source: int | None = None

    def text(self, result: TraceResult) -> str:
        line = ""
        if result.place == 0:
            line = f"\n{result.ttl:>3} "
            self._source = None
        if result.outcome in (TraceOutcome.TIMEOUT, TraceOutcome.FAILED) or result.source is None:
            return line + " * "
        if result.source != self._source:
            if self._source is not None:
                line += "\n    "
            line += format_ipv4(result.source)
            self._source = result.source
        if result.outcome is TraceOutcome.UNREACHABLE:
            return f"{line} {self._REASONS.get(result.code, '!H')} "
        return f"{line} {_ms(result.rtt or 0.0)} msec"
