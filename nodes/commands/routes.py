"""Static routes of a router, the routing table, and how often it says that there is no way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from nodes.base.addr import Prefix, format_ipv4, mask_to_length
from nodes.base.errors import AddressError
from nodes.cli.context import Args, Context, Rejected
from nodes.cli.table import Table
from nodes.commands.sections import Section
from nodes.device.config import NULL0, RouterConfig, RouteSettings, StaticRoute
from nodes.device.router import Router
from nodes.device.views import InterfacesView, RouteEntryView, RoutesView, RoutingProtocolsView
from nodes.engine.fib import DISTANCE_STATIC
from nodes.show import interfaces as show_interfaces
from nodes.show import routing

table = Table()

#: Milliseconds between two ICMP unreachables unless somebody says otherwise.
_INTERVAL: Final = 500


@table.command(
    "config",
    "ip icmp rate-limit unreachable <milliseconds:1-4294967295>",
    help={
        "icmp": "ICMP options",
        "rate-limit": "Rate limit ICMP messages",
        "unreachable": "Rate limit ICMP unreachable messages",
        "milliseconds": "Once per milliseconds",
    },
    no="ip icmp rate-limit unreachable",
    default=f"ip icmp rate-limit unreachable {_INTERVAL}",
    prints=lambda config: _print_rate_limit(config),
    section=Section.ICMP,
)
def rate_limit(ctx: Context, args: Args) -> None:
    config: RouterConfig = ctx.device.config
    config.unreachable_interval = 0 if ctx.negated else args["milliseconds"]
    ctx.device.configured()


def _print_rate_limit(config: RouterConfig) -> list[str]:
    if config.unreachable_interval == _INTERVAL:
        return []
    if config.unreachable_interval == 0:
        return ["no ip icmp rate-limit unreachable"]
    return [f"ip icmp rate-limit unreachable {config.unreachable_interval}"]


# Routes ------------------------------------------------------------------------------------------------------------


def _print_routes(config: RouterConfig) -> Iterator[str]:
    for route, settings in sorted(config.routes.items(), key=lambda item: item[0].prefix):
        words = [format_ipv4(route.prefix.address), format_ipv4(route.prefix.mask)]
        if route.interface is not None:
            words.append(route.interface)
        if route.gateway is not None:
            words.append(format_ipv4(route.gateway))
        if settings.distance != DISTANCE_STATIC:
            words.append(str(settings.distance))
        if settings.tag:
            words.append(f"tag {settings.tag}")
        if settings.permanent:
            words.append("permanent")
        if settings.name:
            words.append(f"name {settings.name}")
        yield "ip route " + " ".join(words)


_WAY: Final = "{<gateway:ipv4>|Null0|Null <zero:0-0>|<out:interface> [<gateway:ipv4>]}"
_SETTINGS: Final = "[<distance:1-255>] [tag <tag:1-4294967295>|permanent|name <name:word>]*"


@table.command(
    "config",
    f"ip route <network:ipv4> <mask:ipv4> {_WAY} {_SETTINGS}",
    help={
        "route": "Establish static routes",
        "network": "Destination prefix",
        "mask": "Destination prefix mask",
        "gateway": "Forwarding router's address",
        "Null0": "Null interface",
        "Null": "Null interface",
        "zero": "Null interface number",
        "out": "Outgoing interface",
        "distance": "Distance metric for this route",
        "tag": "Set tag for this route",
        "<tag>": "Tag value",
        "permanent": "permanent route",
        "name": "Specify name of the next hop",
        "<name>": "Name of the next hop",
    },
    no=f"ip route <network:ipv4> <mask:ipv4> [{_WAY} {_SETTINGS}]",
    prints=_print_routes,
    section=Section.ROUTE,
)
def ip_route(ctx: Context, args: Args) -> None:
    device: Router = ctx.device
    routes = device.config.routes
    network, mask = args["network"], args["mask"]
    try:
        prefix = Prefix(network, mask_to_length(mask))
    except AddressError:
        raise Rejected("%Inconsistent address and mask") from None
    if network & ~mask:
        raise Rejected("%Inconsistent address and mask")
    gateway, out = args.get("gateway"), args.get("out")
    if args.has("Null0") or args.has("Null"):
        out = NULL0
    named = StaticRoute(prefix, gateway, out)
    if ctx.negated:
        # Without a way every route to the prefix goes.
        going = (
            [named] if named in routes else [] if gateway or out else [way for way in routes if way.prefix == prefix]
        )
        if not going:
            raise Rejected("%No matching route to delete")
        for way in going:
            del routes[way]
    else:
        own = (address.address for interface in device.config.interfaces.values() for address in interface.addresses)
        if gateway in own:
            raise Rejected("%Invalid next hop address (it's this router)")
        # The same way with other settings replaces the first, as on IOS.
        routes[named] = RouteSettings(
            args.get("distance", DISTANCE_STATIC), args.get("name", ""), args.get("tag", 0), args.has("permanent")
        )
    device.configured()


@table.show(
    "exec",
    "show ip route [connected|static]$kind",
    text=routing.routes,
    help={"route": "IP routing table", "connected": "Connected routes", "static": "Static routes"},
)
def show_ip_route(ctx: Context, args: Args) -> RoutesView:
    device: Router = ctx.device
    return replace(device.routes_view(), asked=args.get("kind", ""))


@table.show(
    "exec",
    "show ip protocols",
    text=routing.protocols,
    help={"protocols": "IP routing protocol process parameters and statistics"},
)
def show_ip_protocols(ctx: Context, args: Args) -> RoutingProtocolsView:
    device: Router = ctx.device
    return RoutingProtocolsView(device.version, ())


@table.show(
    "exec",
    "show ip route <address:ipv4>",
    text=routing.route_entry,
    help={"route": "IP routing table", "address": "Network to display information about"},
)
def show_ip_route_to(ctx: Context, args: Args) -> RouteEntryView:
    device: Router = ctx.device
    return device.route_entry_view(args["address"])


@table.show(
    "exec",
    "show protocols [<name:interface>]",
    text=show_interfaces.protocols,
    help={"protocols": "Active network routing protocols", "name": "Interface"},
)
def show_protocols(ctx: Context, args: Args) -> InterfacesView:
    device: Router = ctx.device
    return device.interfaces_view(args.get("name"))
