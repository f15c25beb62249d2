"""Addresses, routes and ARP of a router."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from nodes.base.addr import Prefix, broadcast_of, format_ipv4, length_to_mask, mask_to_length
from nodes.base.errors import AddressError
from nodes.cli.context import Args, Context, Rejected
from nodes.cli.table import Table
from nodes.commands.modes import ROUTED
from nodes.commands.sections import InterfaceSection, Section
from nodes.device.config import InterfaceAddress, RoutedInterfaceConfig, RouterConfig, StaticRoute
from nodes.device.router import Router
from nodes.device.views import ArpView, InterfacesView, IpInterfacesView, RouteEntryView, RoutesView
from nodes.engine.fib import DISTANCE_STATIC
from nodes.show import interfaces as show_interfaces
from nodes.show import routing

table = Table()


# Addresses ---------------------------------------------------------------------------------------------------------


def _print_address(interface: RoutedInterfaceConfig) -> list[str]:
    address = interface.address
    if address is None:
        return ["no ip address"]
    return [f"ip address {format_ipv4(address.address)} {format_ipv4(length_to_mask(address.length))}"]


@table.command(
    ROUTED,
    "ip address <address:ipv4> <mask:ipv4>",
    help={"address": "IP address", "<address>": "IP address", "mask": "IP subnet mask"},
    no="ip address [<address:ipv4> <mask:ipv4>]",
    prints=_print_address,
    section=InterfaceSection.ADDRESS,
)
def ip_address(ctx: Context, args: Args) -> str | None:
    device: Router = ctx.device
    interface: RoutedInterfaceConfig
    for interface in ctx.scope:
        if not ctx.negated:
            interface.address = _checked(device.config, interface, args["address"], args["mask"])
            continue
        if args.has("mask"):
            own = interface.address
            if own is None or (own.address, length_to_mask(own.length)) != (args["address"], args["mask"]):
                raise Rejected("Invalid address")
        interface.address = None
    device.configured()
    if not ctx.negated and args["mask"] == length_to_mask(31):
        return "% Warning: use /31 mask on non point-to-point interface cautiously"
    return None


def _checked(config: RouterConfig, interface: RoutedInterfaceConfig, address: int, mask: int) -> InterfaceAddress:
    """The address as configured; raises Rejected for one that no interface, or not this one, can have."""
    try:
        length = mask_to_length(mask)
    except AddressError:
        raise Rejected(f"Bad mask 0x{mask:X} for address {format_ipv4(address)}") from None
    own = InterfaceAddress(address, length)
    network = own.network
    if length in (0, 32) or (length < 31 and address in (network.address, broadcast_of(network))):
        raise Rejected(f"Bad mask /{length} for address {format_ipv4(address)}")
    if address >> 24 in (0, 127) or address >> 28 >= 0xE:
        raise Rejected(f"Not a valid host address - {format_ipv4(address)}")
    for other in config.interfaces.values():
        if other is not interface and other.address is not None and _overlap(network, other.address.network):
            raise Rejected(f"% {format_ipv4(network.address)} overlaps with {other.name}")
    return own


def _overlap(one: Prefix, other: Prefix) -> bool:
    mask = length_to_mask(min(one.length, other.length))
    return one.address & mask == other.address & mask


@table.command(
    ROUTED,
    "ip proxy-arp",
    help={"proxy-arp": "Enable proxy ARP"},
    no=True,
    default="ip proxy-arp",
    prints=lambda interface: [] if interface.proxy_arp else ["no ip proxy-arp"],
    section=InterfaceSection.PROXY_ARP,
)
def proxy_arp(ctx: Context, args: Args) -> None:
    interface: RoutedInterfaceConfig
    for interface in ctx.scope:
        interface.proxy_arp = not ctx.negated


@table.command(
    ROUTED,
    "ip unreachables",
    help={"unreachables": "Enable sending ICMP Unreachable messages"},
    no=True,
    default="ip unreachables",
    prints=lambda interface: [] if interface.unreachables else ["no ip unreachables"],
    section=InterfaceSection.UNREACHABLES,
)
def unreachables(ctx: Context, args: Args) -> None:
    interface: RoutedInterfaceConfig
    for interface in ctx.scope:
        interface.unreachables = not ctx.negated


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
    for route, distance in sorted(config.routes.items(), key=lambda item: item[0].prefix):
        words = [format_ipv4(route.prefix.address), format_ipv4(route.prefix.mask)]
        if route.interface is not None:
            words.append(route.interface)
        if route.gateway is not None:
            words.append(format_ipv4(route.gateway))
        if distance != DISTANCE_STATIC:
            words.append(str(distance))
        yield "ip route " + " ".join(words)


_WAY = "{<gateway:ipv4>|<out:interface> [<gateway:ipv4>]}"


@table.command(
    "config",
    f"ip route <network:ipv4> <mask:ipv4> {_WAY} [<distance:1-255>]",
    help={
        "route": "Establish static routes",
        "network": "Destination prefix",
        "mask": "Destination prefix mask",
        "gateway": "Forwarding router's address",
        "out": "Outgoing interface",
        "distance": "Distance metric for this route",
    },
    no=f"ip route <network:ipv4> <mask:ipv4> [{_WAY} [<distance:1-255>]]",
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
    if ctx.negated:
        # Without a way every route to the prefix goes.
        named = StaticRoute(prefix, gateway, out)
        going = (
            [named] if named in routes else [] if gateway or out else [way for way in routes if way.prefix == prefix]
        )
        if not going:
            raise Rejected("%No matching route to delete")
        for way in going:
            del routes[way]
    else:
        if any(interface.address and interface.address.address == gateway for interface in _interfaces(device)):
            raise Rejected("%Invalid next hop address (it's this router)")
        # The same way with another distance replaces the first, as on IOS.
        routes[StaticRoute(prefix, gateway, out)] = args.get("distance", DISTANCE_STATIC)
    device.configured()


def _interfaces(device: Router) -> Iterable[RoutedInterfaceConfig]:
    return device.config.interfaces.values()


@table.show("exec", "show ip route", text=routing.routes, help={"route": "IP routing table"})
def show_ip_route(ctx: Context, args: Args) -> RoutesView:
    device: Router = ctx.device
    return device.routes_view()


@table.show(
    "exec",
    "show ip route <address:ipv4>",
    text=routing.route_entry,
    help={"route": "IP routing table", "address": "Network to display information about"},
)
def show_ip_route_to(ctx: Context, args: Args) -> RouteEntryView:
    device: Router = ctx.device
    return device.route_entry_view(args["address"])


# Interfaces --------------------------------------------------------------------------------------------------------


@table.show(
    "exec",
    "show ip interface [<name:interface>]",
    text=show_interfaces.ip_interfaces,
    help={"interface": "IP interface status and configuration", "name": "Interface"},
)
def show_ip_interface(ctx: Context, args: Args) -> IpInterfacesView:
    device: Router = ctx.device
    return device.ip_interfaces_view(args.get("name"))


@table.show(
    "exec",
    "show protocols [<name:interface>]",
    text=show_interfaces.protocols,
    help={"protocols": "Active network routing protocols", "name": "Interface"},
)
def show_protocols(ctx: Context, args: Args) -> InterfacesView:
    device: Router = ctx.device
    return device.interfaces_view(args.get("name"))


# ARP ---------------------------------------------------------------------------------------------------------------


def show_arp(ctx: Context, args: Args) -> ArpView:
    device: Router = ctx.device
    return device.arp_view()


for _grammar in ("show arp", "show ip arp"):
    table.show("exec", _grammar, text=routing.arp, help={"arp": "ARP table"})(show_arp)


def clear_arp(ctx: Context, args: Args) -> None:
    device: Router = ctx.device
    device.clear_arp()


for _grammar, _word in (("clear arp-cache", "arp-cache"), ("clear ip arp", "arp")):
    table.command("exec", _grammar, help={_word: "Clear the entire ARP cache"}, privilege=15)(clear_arp)
