"""``ping`` and ``tracert`` of a host, with the words of Windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from nodes.base.addr import format_ipv4, parse_ipv4
from nodes.base.errors import AddressError
from nodes.cli.context import Args, Break, Context, Job, Rejected, Wait
from nodes.cli.table import Table
from nodes.commands.probes import follow_trace
from nodes.device.host import Host
from nodes.engine import ping as pings
from nodes.engine import trace as traces
from nodes.engine.ping import Ping, PingOutcome, PingPolicy, PingResult
from nodes.engine.trace import Trace, TraceOutcome, TracePolicy, TraceResult
from nodes.wire import icmp

table = Table()

#: What answers a command of these without, or with wrong, parameters.
USAGE: Final[Mapping[str, Sequence[str]]] = {
    "ping": (
        "",
        "Usage: ping [-t] [-n count] [-l size] [-f] [-i TTL] [-w timeout] target_name",
        "",
        "Options:",
        "    -t             Ping the specified host until stopped.",
        "                   To stop - type Control-C.",
        "    -n count       Number of echo requests to send.",
        "    -l size        Send buffer size.",
        "    -f             Set Don't Fragment flag in packet.",
        "    -i TTL         Time To Live.",
        "    -w timeout     Timeout in milliseconds to wait for each reply.",
    ),
    "tracert": (
        "",
        "Usage: tracert [-d] [-h maximum_hops] [-w timeout] target_name",
        "",
        "Options:",
        "    -d                 Do not resolve addresses to hostnames.",
        "    -h maximum_hops    Maximum number of hops to search for target.",
        "    -w timeout         Wait timeout milliseconds for each reply.",
    ),
    "arp": (
        "",
        "Usage: arp -a",
        "       arp -d [*]",
    ),
    "ipconfig": (
        "",
        "Usage: ipconfig [/all | /release]",
        "       ipconfig address mask [gateway]",
    ),
}


def _host_target(word: str, command: str) -> int:
    try:
        return parse_ipv4(word)
    except AddressError:
        if command == "tracert":
            raise Rejected(f"Unable to resolve target system name {word}.") from None
        raise Rejected(f"Ping request could not find host {word}. Please check the name and try again.") from None


_UNREACHABLE: Final[dict[int | None, str]] = {
    icmp.NET_UNREACHABLE: "Destination net unreachable.",
    icmp.PROTOCOL_UNREACHABLE: "Destination protocol unreachable.",
    icmp.PORT_UNREACHABLE: "Destination port unreachable.",
    icmp.FRAGMENTATION_NEEDED: "Packet needs to be fragmented but DF set.",
    icmp.ADMIN_PROHIBITED: "Destination net unreachable.",
}
#: Our own stack did not send it; a router's words about the same would begin with "Reply from".
_NOT_SENT: Final = _UNREACHABLE[icmp.FRAGMENTATION_NEEDED]
_HOST_UNREACHABLE: Final = "Destination host unreachable."
_PING_OPTIONS: Final = (
    "[-t|-f|-n <count:1-4294967295>|-l <size:0-65500>|-w <milliseconds:1-4294967295>|-i <ttl:1-255>]*"
)


@table.command(
    "exec",
    f"ping {_PING_OPTIONS} <host:target> {_PING_OPTIONS}",
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
                own = result.source is not None and result.source in device.own
                local = own and result.code == icmp.FRAGMENTATION_NEEDED
                answered += not local and result.outcome not in (PingOutcome.TIMEOUT, PingOutcome.FAILED)
                yield (_NOT_SENT if local else _windows_result(result)) + "\n"
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
        return f"Reply from {source}: {_UNREACHABLE.get(result.code, _HOST_UNREACHABLE)}"
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


@table.command(
    "exec",
    "tracert [-d|-h <hops:1-255>|-w <milliseconds:1-4294967295>]* <host:target>",
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
    yield from follow_trace(device.probes, probe, run, printer.text)
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
            reason = _UNREACHABLE.get(result.code, _HOST_UNREACHABLE)
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
