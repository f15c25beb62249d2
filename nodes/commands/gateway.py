"""The default gateway of a device that does not route: a switch."""

from __future__ import annotations

from nodes.base.addr import format_ipv4
from nodes.cli.context import Args, Context, Rejected
from nodes.cli.table import Table
from nodes.commands.sections import Section
from nodes.device.config import SwitchConfig
from nodes.device.switch import Switch
from nodes.device.views import GatewayView
from nodes.show import routing

table = Table()


def _print_gateway(config: SwitchConfig) -> list[str]:
    return [] if config.default_gateway is None else [f"ip default-gateway {format_ipv4(config.default_gateway)}"]


@table.command(
    "config",
    "ip default-gateway <address:ipv4>",
    help={
        "default-gateway": "Specify default gateway (if not routing IP)",
        "address": "IP address of default gateway",
    },
    no="ip default-gateway [<address:ipv4>]",
    prints=_print_gateway,
    section=Section.DEFAULT_GATEWAY,
)
def default_gateway(ctx: Context, args: Args) -> None:
    device: Switch = ctx.device
    gateway = None if ctx.negated else args["address"]
    if gateway is not None and (gateway >> 24 in (0, 127) or gateway >> 28 >= 0xE):
        raise Rejected("% Invalid default gateway address")
    device.config.default_gateway = gateway
    device.configured()


def show_gateway(ctx: Context, args: Args) -> GatewayView:
    device: Switch = ctx.device
    return device.gateway_view()


for _grammar, _help in (
    ("show ip redirects", {"redirects": "IP redirects"}),
    ("show ip route", {"route": "IP routing table"}),
):
    table.show("exec", _grammar, text=routing.gateway, help=_help)(show_gateway)
