"""Counters of interfaces and of the IPv4 stack."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from nodes.cli.context import Args, Ask, Context, Job
from nodes.cli.table import Table
from nodes.commands.switchport import ports_of
from nodes.device import trafficviews
from nodes.device.interface import Subinterface
from nodes.device.router import Router
from nodes.device.stack import IpDevice
from nodes.device.switch import Switch
from nodes.device.trafficviews import AccountingView, IpTrafficView
from nodes.device.views import InterfacesView
from nodes.show import counters as show
from nodes.show import traffic

table = Table()
#: What only a router has, and only a switch.
router = Table()
switch = Table()

_HELP: Final = {
    "name": "Interface",
    "summary": "Show interface summary",
    "accounting": "Show interface accounting",
    "stats": "Show interface packets & octets, in & out, by switching path",
    "counters": "Show interface counters",
    "errors": "Show interface error counters",
}


def _view(ctx: Context, args: Args) -> InterfacesView:
    view: InterfacesView = ctx.device.interfaces_view(args.get("name"))
    return view


@table.show("exec", "show interfaces [<name:interface>] summary", text=show.summary, help=_HELP)
def show_summary(ctx: Context, args: Args) -> InterfacesView:
    return _view(ctx, args)


@router.show("exec", "show interfaces [<name:interface>] stats", text=show.stats, help=_HELP)
def show_stats(ctx: Context, args: Args) -> InterfacesView:
    view = _view(ctx, args)
    # What a subinterface carries is its port's.
    return replace(view, interfaces=tuple(entry for entry in view.interfaces if entry.family != "subinterface"))


@router.show("exec", "show interfaces [<name:interface>] accounting", text=traffic.accounting, help=_HELP)
def show_accounting(ctx: Context, args: Args) -> AccountingView:
    device: Router = ctx.device
    return trafficviews.accounting(
        (interface, device.interface_configs[interface.name].description)
        for interface in device.interfaces_named(args.get("name"))
        if not isinstance(interface, Subinterface)
    )


@switch.show("exec", "show interfaces [<name:interface>] counters", text=show.counters, help=_HELP)
def show_counters(ctx: Context, args: Args) -> InterfacesView:
    device: Switch = ctx.device
    return ports_of(device.interfaces_view(args.get("name")))


@switch.show("exec", "show interfaces [<name:interface>] counters errors", text=show.errors, help=_HELP)
def show_errors(ctx: Context, args: Args) -> InterfacesView:
    return show_counters(ctx, args)


@table.show("exec", "show ip traffic", text=traffic.ip_traffic, help={"traffic": "IP protocol statistics"})
def show_ip_traffic(ctx: Context, args: Args) -> IpTrafficView:
    return trafficviews.ip_traffic(ctx.device)


@table.command("exec", "clear ip traffic", help={"traffic": "Clear IP traffic statistics"}, privilege=15)
def clear_ip_traffic(ctx: Context, args: Args) -> Job:
    answer = yield Ask('Clear "show ip traffic" counters [confirm]', confirm=True)
    if answer in ("", "y", "Y"):
        device: IpDevice = ctx.device
        device.traffic.clear()
