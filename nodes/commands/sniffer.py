"""The console of a sniffer: an IOS-like prompt and few commands, all of them at the first prompt."""

from __future__ import annotations

from typing import Final

from nodes.cli.builtin import IOS
from nodes.cli.context import Args, Context, Rejected
from nodes.cli.dialect import IosDialect
from nodes.cli.table import Table
from nodes.commands import system
from nodes.commands.console import Console
from nodes.commands.params import Interfaces, base_params
from nodes.decode import filters
from nodes.device.sniffer import Sniffer
from nodes.device.views import CaptureView
from nodes.show import capture

table = Table()


@table.command(
    "exec",
    "write [memory]",
    help={"write": "Save hostname, service, filter and buffer", "memory": "Write to NV memory"},
)
def write(ctx: Context, args: Args) -> list[str]:
    device: Sniffer = ctx.device
    config = device.config
    lines = [f"hostname {config.hostname}", f"buffer {config.buffer}", f"service {'on' if config.service else 'off'}"]
    if config.filter:
        lines.append(f"filter {config.filter}")
    try:
        device.services.nvram.write("\n".join(lines) + "\n")
    except OSError as error:
        raise Rejected(f"% Error writing nvram:startup-config ({error.strerror or error})") from None
    return ["[OK]"]


_PACKETS_HELP: Final = {
    "packets": "Packets in the buffer that pass the filter",
    "detail": "Every layer of every packet",
    "number": "Number of one packet",
    "last": "The youngest packets only",
    "count": "How many",
}


@table.show(
    "exec",
    "show packets [<number:1-999999999>|last <count:1-99999>] [detail]",
    text=capture.packets,
    help=_PACKETS_HELP,
)
def show_packets(ctx: Context, args: Args) -> CaptureView:
    device: Sniffer = ctx.device
    view = device.capture_view(detail="detail" in args.words, number=args.get("number"), last=args.get("count"))
    if args.has("number") and not view.packets:
        raise Rejected(f"% Packet {args['number']} is not in the buffer, or the filter hides it.")
    return view


@table.show(
    "exec",
    "show capture",
    text=capture.status,
    help={"capture": "Whether packets are captured, filter and buffer"},
)
def show_capture(ctx: Context, args: Args) -> CaptureView:
    device: Sniffer = ctx.device
    return device.capture_view(detail=False, last=0)


@table.command(
    "exec",
    "filter [<expression:line>]",
    help={
        "filter": "Show only packets that match: protocols (arp icmp isakmp esp ...), host A, port N, and, or, not",
        "expression": "For example: icmp or arp; esp and host 10.0.10.20",
    },
    no="filter",
)
def set_filter(ctx: Context, args: Args) -> str | None:
    device: Sniffer = ctx.device
    if not args.has("expression") and not ctx.negated:
        return f"Filter: {device.config.filter or 'none, every packet is shown'}"
    try:
        text = "" if ctx.negated else filters.compile(args["expression"]).text
    except filters.FilterError as error:
        raise Rejected(f"% {error}") from None
    device.config.filter = text
    device.configured()
    return None


@table.command(
    "exec",
    "service {on|off}$state",
    help={"service": "Capture packets or let them pass unseen", "on": "Capture", "off": "Do not capture"},
)
def service(ctx: Context, args: Args) -> None:
    device: Sniffer = ctx.device
    device.config.service = args["state"] == "on"
    device.configured()


@table.command(
    "exec",
    "buffer <packets:1-100000>",
    help={"buffer": "Size of the buffer; the oldest packets give way", "packets": "Packets"},
)
def buffer(ctx: Context, args: Args) -> None:
    device: Sniffer = ctx.device
    device.config.buffer = args["packets"]
    device.configured()


@table.command("exec", "clear", help={"clear": "Forget the captured packets"})
@table.command("exec", "clear packets", help={"clear": "Reset functions", "packets": "Forget the captured packets"})
def clear(ctx: Context, args: Args) -> None:
    device: Sniffer = ctx.device
    device.clear()


@table.command("exec", "hostname <name:word>", help={"hostname": "Set the name of the sniffer", "name": "New name"})
def hostname(ctx: Context, args: Args) -> None:
    device: Sniffer = ctx.device
    device.config.hostname = args["name"][:63]


def console(device: Sniffer) -> Console:
    return Console(
        device,
        (IOS, table, system.common),
        IosDialect(lambda: device.config.hostname, domain_lookup=lambda: False),
        params=base_params(Interfaces(device.port_by_name)),
        config_mode=None,
    )
