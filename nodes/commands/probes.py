"""``ping`` and ``traceroute`` of a router, ``ping`` and ``tracert`` of a host."""

from __future__ import annotations

from typing import Any, Final

from nodes.base.addr import format_ipv4, parse_ipv4
from nodes.base.errors import AddressError
from nodes.cli.context import Args, Ask, Break, Context, Job, Rejected, Wait
from nodes.cli.table import Table
from nodes.device.host import Host
from nodes.device.probes import Probe
from nodes.device.router import Router
from nodes.engine import ping as pings
from nodes.engine import trace as traces
from nodes.engine.ping import Ping, PingOutcome, PingPolicy, PingResult
from nodes.engine.trace import Trace, TraceOutcome, TracePolicy, TraceResult
from nodes.wire import icmp

router = Table()
host = Table()

_ESCAPE: Final = "\nType escape sequence to abort.\n"
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
    """Milliseconds as consoles print them: whole, and never less than the clock of a real device can tell apart."""
    return round(seconds * 1000)


# Router ------------------------------------------------------------------------------------------------------------


def _address(word: str, ctx: Context) -> int:
    """The address that a word stands for; there are no names to resolve."""
    try:
        return parse_ipv4(word)
    except AddressError:
        lookup = f'Translating "{word}"'
        if ctx.device.config.domain_lookup:
            lookup += "...domain server (255.255.255.255)"
        raise Rejected(f"{lookup}\n% Unrecognized host or address, or protocol not running.\n") from None


def _source(device: Router, word: str) -> int:
    """``source``: an address of our own, or an interface that has one and is up."""
    try:
        address = parse_ipv4(word)
    except AddressError:
        interface = device.config.interfaces.get(word)
        if interface is None or interface.address is None:
            raise Rejected("% Invalid source interface - IP not enabled or interface is down") from None
        address = interface.address.address
    if address not in device.own:
        raise Rejected("% Invalid source address- IP address not on any of our up interfaces")
    return address


@router.command(
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


@router.command("exec", "ping [ip]", help={"ping": "Send echo messages", "ip": "IP echo"}, privilege=15)
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
    device: Router = ctx.device
    destination = _address(word, ctx)
    own = None if source is None else _source(device, source)
    yield _ESCAPE
    target = format_ipv4(destination)
    yield f"Sending {count}, {size}-byte ICMP Echos to {target}, timeout is {timeout} seconds:\n"
    if own is not None:
        yield f"Packet sent with a source address of {format_ipv4(own)} \n"
    if dont_fragment:
        yield "Packet sent with the DF bit set\n"
    ident = device.probes.new_ident()
    run = Ping(ident, pings.ios_payload(size), PingPolicy(float(timeout), 0.0), count)
    probe = device.probes.start(run, destination, ident, source=own, dont_fragment=dont_fragment)
    shown = 0
    try:
        while True:
            for result in run.events():
                yield _character(result)
                shown += 1
                if shown % _ROW == 0:
                    yield "\n"
            if run.done:
                break
            yield Wait(run.next_deadline())
    except Break:
        # The escape sequence: what was sent so far is what counts.
        shown += shown % _ROW == 0
    finally:
        device.probes.stop(probe)
    if shown % _ROW:
        yield "\n"
    yield _success(run, max(shown, run.received))


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


@router.command(
    "exec",
    "traceroute [ip] <host:word> [source {<source:interface>|<source-address:ipv4>}|timeout <seconds:0-3600>"
    "|probe <probes:1-65535>|ttl <first:1-255> <last:1-255>|numeric]*",
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
    device: Router = ctx.device
    destination = _address(args["host"], ctx)
    source = args.get("source")
    if source is None and args.has("source-address"):
        source = format_ipv4(args["source-address"])
    own = None if source is None else _source(device, source)
    first, last = args.get("first", 1), args.get("last", 30)
    if first > last:
        raise Rejected("% Maximum ttl must not be less than the minimum ttl")
    yield f"{_ESCAPE}Tracing the route to {format_ipv4(destination)}\n"
    if device.version.startswith("15"):
        yield "VRF info: (vrf in name/id, vrf out name/id)\n"
    policy = TracePolicy(
        timeout=float(args.get("seconds", traces.IOS.timeout)),
        udp=True,
        first_key=traces.IOS.first_key,
        stop_at_once=False,
        probes=args.get("probes", 3),
        first_ttl=first,
        max_ttl=last,
    )
    ident = device.probes.new_ident()
    run = Trace(policy)
    probe = device.probes.start(run, destination, ident, source=own)
    yield from _follow(run, device.probes.stop, probe, _HopPrinter().text)
    yield "\n"


def _follow(run: Trace, stop: Any, probe: Probe, text: Any) -> Job:
    """Print what a trace finds until it is done or interrupted."""
    try:
        while True:
            for result in run.events():
                yield text(result)
            if run.done:
                break
            yield Wait(run.next_deadline())
    except Break:
        pass
    finally:
        stop(probe)


class _HopPrinter:
    """The text of one probe after the other: a line for each TTL, the address once as long as it stays the same."""

    _REASONS: Final = {
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
            return f"{line} {self._REASONS.get(result.code or 0, '!H')} "
        return f"{line} {_ms(result.rtt or 0.0)} msec"


# Host --------------------------------------------------------------------------------------------------------------


def _host_target(word: str, command: str) -> int:
    try:
        return parse_ipv4(word)
    except AddressError:
        if command == "tracert":
            raise Rejected(f"Unable to resolve target system name {word}.") from None
        raise Rejected(f"Ping request could not find host {word}. Please check the name and try again.") from None


_UNREACHABLE: Final = {
    icmp.NET_UNREACHABLE: "Destination net unreachable.",
    icmp.PROTOCOL_UNREACHABLE: "Destination protocol unreachable.",
    icmp.PORT_UNREACHABLE: "Destination port unreachable.",
    icmp.FRAGMENTATION_NEEDED: "Packet needs to be fragmented but DF set.",
    icmp.ADMIN_PROHIBITED: "Destination net unreachable.",
}
_HOST_UNREACHABLE: Final = "Destination host unreachable."


@host.command(
    "exec",
    "ping [-t|-f|-n <count:1-4294967295>|-l <size:0-65500>|-w <milliseconds:1-4294967295>|-i <ttl:1-255>]* <host:word> "
    "[-t|-f|-n <count:1-4294967295>|-l <size:0-65500>|-w <milliseconds:1-4294967295>|-i <ttl:1-255>]*",
    help={
        "ping": "Sends echo requests to a host",
        "-t": "Ping the specified host until stopped",
        "-f": "Set Don't Fragment flag in packet",
        "-n": "Number of echo requests to send",
        "count": "Number of echo requests",
        "-l": "Send buffer size",
        "size": "Octets of data",
        "-w": "Timeout in milliseconds to wait for each reply",
        "milliseconds": "Timeout in milliseconds",
        "-i": "Time To Live",
        "ttl": "Time To Live",
        "host": "Address of the host",
    },
)
def windows_ping(ctx: Context, args: Args) -> Job:
    device: Host = ctx.device
    destination = _host_target(args["host"], "ping")
    size = args.get("size", 32)
    target = format_ipv4(destination)
    yield f"\nPinging {target} with {size} bytes of data:\n\n"
    ident = device.probes.new_ident()
    policy = PingPolicy(args.get("milliseconds", 4000) / 1000, pings.WINDOWS.interval)
    count = None if "-t" in args.words else args.get("count", 4)
    run = Ping(ident, pings.windows_payload(size), policy, count, first_sequence=1)
    probe = device.probes.start(run, destination, ident, ttl=args.get("ttl"), dont_fragment="-f" in args.words)
    answered, stopped = 0, False
    try:
        while True:
            for result in run.events():
                answered += result.outcome not in (PingOutcome.TIMEOUT, PingOutcome.FAILED)
                yield _windows_result(result) + "\n"
            if run.done:
                break
            yield Wait(run.next_deadline())
    except Break:
        stopped = True
    finally:
        device.probes.stop(probe)
    yield _statistics(run, target, answered)
    if stopped:
        yield "Control-C\n"


def _windows_result(result: PingResult) -> str:
    if result.outcome is PingOutcome.TIMEOUT:
        return "Request timed out."
    if result.outcome is PingOutcome.FAILED or result.source is None:
        return "PING: transmit failed. General failure."
    source = format_ipv4(result.source)
    if result.outcome is PingOutcome.UNREACHABLE:
        return f"Reply from {source}: {_UNREACHABLE.get(result.code or -1, _HOST_UNREACHABLE)}"
    if result.outcome is PingOutcome.TTL_EXCEEDED:
        return f"Reply from {source}: TTL expired in transit."
    return f"Reply from {source}: bytes={result.size} {_windows_time(result.rtt or 0.0)} TTL={result.ttl}"


def _windows_time(seconds: float) -> str:
    return "time<1ms" if seconds < 0.001 else f"time={int(seconds * 1000)}ms"


def _statistics(run: Ping, target: str, answered: int) -> str:
    lost = run.sent - answered
    rate = 100 * lost // run.sent if run.sent else 0
    lines = [
        f"\nPing statistics for {target}:",
        f"    Packets: Sent = {run.sent}, Received = {answered}, Lost = {lost} ({rate}% loss),",
    ]
    if run.received:
        low, high, average = (int(v * 1000) for v in (run.rtt_min, run.rtt_max, run.rtt_sum / run.received))
        lines += [
            "Approximate round trip times in milli-seconds:",
            f"    Minimum = {low}ms, Maximum = {high}ms, Average = {average}ms",
        ]
    return "\n".join(lines) + "\n"


@host.command(
    "exec",
    "tracert [-d|-h <hops:1-255>|-w <milliseconds:1-4294967295>]* <host:word>",
    help={
        "tracert": "Traces the route to a host",
        "-d": "Do not resolve addresses to hostnames",
        "-h": "Maximum number of hops to search for target",
        "hops": "Hops",
        "-w": "Wait timeout milliseconds for each reply",
        "milliseconds": "Timeout in milliseconds",
        "host": "Address of the host",
    },
)
def tracert(ctx: Context, args: Args) -> Job:
    device: Host = ctx.device
    destination = _host_target(args["host"], "tracert")
    hops = args.get("hops", 30)
    yield f"\nTracing route to {format_ipv4(destination)} over a maximum of {hops} hops\n\n"
    policy = TracePolicy(
        timeout=args.get("milliseconds", 4000) / 1000,
        udp=False,
        first_key=traces.WINDOWS.first_key,
        stop_at_once=True,
        max_ttl=hops,
    )
    run = Trace(policy)
    probe = device.probes.start(run, destination, device.probes.new_ident())
    printer = _WindowsHopPrinter(policy.probes)
    yield from _follow(run, device.probes.stop, probe, printer.text)
    yield "\nTrace complete.\n" if run.done else "\n"


class _WindowsHopPrinter:
    """``  1    <1 ms    <1 ms    <1 ms  192.168.1.254``: times as they come, the address at the end of the line."""

    def __init__(self, probes: int) -> None:
        self._probes = probes
        self._source: int | None = None

    def text(self, result: TraceResult) -> str:
        line = ""
        if result.place == 0:
            line = f"{result.ttl:>3}"
            self._source = None
        if result.source is not None:
            self._source = result.source
        if result.outcome is TraceOutcome.FAILED:
            return f"{line}  General failure.\n"
        if result.outcome is TraceOutcome.UNREACHABLE and result.source is not None:
            reason = _UNREACHABLE.get(result.code or -1, _HOST_UNREACHABLE)
            return f"{line}  {format_ipv4(result.source)}  reports: {reason}\n"
        if result.outcome is TraceOutcome.TIMEOUT:
            line += f"{'*':>6}   "
        else:
            rtt = result.rtt or 0.0
            line += f"{'<1' if rtt < 0.001 else int(rtt * 1000):>6} ms"
        if result.place == self._probes - 1:
            where = "Request timed out." if self._source is None else format_ipv4(self._source)
            line += f"  {where}\n"
        return line
