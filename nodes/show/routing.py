"""``show ip route``, ``show arp``, ``show access-lists``."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from nodes.base.addr import Prefix, classful_network, parse_ipv4
from nodes.device.views import (
    AclEntryView,
    AclsView,
    ArpView,
    GatewayView,
    NextHopView,
    RouteEntryView,
    RoutesView,
    RouteView,
    RoutingProtocolsView,
)
from nodes.show import personality

_CODES = (
    # IOS prints the blank at the end of the first of them.
    "       D - EIGRP, EX - EIGRP external, O - OSPF, IA - OSPF inter area ",
    "       N1 - OSPF NSSA external type 1, N2 - OSPF NSSA external type 2",
    "       E1 - OSPF external type 1, E2 - OSPF external type 2",
    "       i - IS-IS, su - IS-IS summary, L1 - IS-IS level-1, L2 - IS-IS level-2",
    "       ia - IS-IS inter area, * - candidate default, U - per-user static route",
)


def _codes(local_routes: bool) -> Iterator[str]:
    local = "L - local, " if local_routes else ""
    yield f"Codes: {local}C - connected, S - static, R - RIP, M - mobile, B - BGP"
    yield from _CODES
    if local_routes:
        yield "       o - ODR, P - periodic downloaded static route, H - NHRP, l - LISP"
        yield "       + - replicated route, % - next hop override"
    else:
        yield "       o - ODR, P - periodic downloaded static route"


def _hops(route: RouteView) -> list[str]:
    if route.kind in ("connected", "local"):
        return [f" is directly connected, {route.next_hops[0].interface}"]
    texts = []
    for hop in route.next_hops:
        if hop.gateway is None:
            texts.append(f" is directly connected, {hop.interface}")
        else:
            via = f" via {hop.gateway}" + (f", {hop.interface}" if hop.interface else "")
            texts.append(f" [{route.distance}/0]{via}")
    return texts


def _route_lines(code: str, network: str, route: RouteView) -> Iterator[str]:
    first, *others = _hops(route)
    yield f"{code}{network}{first}"
    for text in others:
        yield " " * (len(code) + len(network)) + text


def routes(view: RoutesView) -> Iterator[str]:
    words = personality.of(view.personality)
    indent = words.route_indent
    if not view.asked or words.filtered_routes_legend:
        yield from _codes(words.local_routes)
        yield ""
        if view.gateway_of_last_resort is None:
            yield "Gateway of last resort is not set"
        else:
            yield f"Gateway of last resort is {view.gateway_of_last_resort} to network 0.0.0.0"
        yield ""
    known = [route for route in view.routes if words.local_routes or route.kind != "local"]
    # Our own addresses count as connected.
    chosen = {"": ("connected", "local", "static"), "connected": ("connected", "local"), "static": ("static",)}[
        view.asked
    ]
    default = [route for route in known if route.length == 0 and route.kind in chosen]
    others = [route for route in known if route.length]
    letters = {"connected": "C", "local": "L", "static": "S"}
    defaults = [
        line
        for route in default
        for line in _route_lines(f"{letters[route.kind] + '*':<{indent}}", f"{route.network}/0", route)
    ]
    if words.default_route_first:
        yield from defaults
    for major, group in groupby(others, key=lambda route: classful_network(parse_ipv4(route.network))):
        members = list(group)
        if not any(route.kind in chosen for route in members):
            continue
        top = [route for route in members if route.length <= major.length]
        subnets = [route for route in members if route.length > major.length]
        if not subnets:
            for route in top:  # of one kind: a prefix is known from one source
                yield from _route_lines(f"{letters[route.kind]:<{indent}}", f"{route.network}/{route.length}", route)
            continue
        lengths = {route.length for route in members}
        # With one mask for the whole network it stands in the heading and not behind each subnet.
        variably = len(lengths) > 1
        if variably:
            yield f"{'':{indent}}{major} is variably subnetted, {len(members)} subnets, {len(lengths)} masks"
        else:
            heading = Prefix(major.address, members[0].length)
            yield f"{'':{indent}}{heading} is subnetted, {len(members)} subnets"
        # The heading speaks of all, whatever was asked for.
        for route in (route for route in members if route.kind in chosen):
            network = f"{route.network}/{route.length}" if variably else route.network
            yield from _route_lines(f"{letters[route.kind]:<{indent + 3}}", network, route)
    if not words.default_route_first:
        yield from defaults


def protocols(view: RoutingProtocolsView) -> Iterator[str]:
    """Younger software has something to say even where no routing protocol runs."""
    if personality.of(view.personality).filtered_routes_legend:
        yield "*** IP Routing is NSF aware ***"
        yield ""


def _known_via(route: RouteView) -> str:
    if route.kind == "static":
        connected = " (connected)" if route.next_hops[0].gateway is None else ""
        suffix = ", candidate default path" if route.length == 0 else ""
        return f'  Known via "static", distance {route.distance}, metric 0{connected}{suffix}'
    return '  Known via "connected", distance 0, metric 0 (connected, via interface)'


def _descriptor(hop: NextHopView) -> str:
    if hop.gateway is None:
        return f"directly connected, via {hop.interface}"
    return hop.gateway + (f", via {hop.interface}" if hop.interface else "")


def route_entry(view: RouteEntryView) -> Iterator[str]:
    words = personality.of(view.personality)
    route = next((route for route in view.routes if words.local_routes or route.kind != "local"), None)
    if route is None:
        yield "% Subnet not in table" if view.subnetted else "% Network not in table"
        return
    yield f"Routing entry for {route.network}/{route.length}" + (", supernet" if route.length == 0 else "")
    yield _known_via(route)
    yield "  Routing Descriptor Blocks:"
    for number, hop in enumerate(route.next_hops):
        # The asterisk marks the path that the next packet takes.
        yield f"  {' ' if number else '*'} {_descriptor(hop)}"
        yield "      Route metric is 0, traffic share count is 1"


def arp(view: ArpView) -> Iterator[str]:
    yield "Protocol  Address          Age (min)  Hardware Addr   Type   Interface"
    for entry in view.entries:
        age = "-" if entry.age_minutes is None else str(entry.age_minutes)
        interface = "" if entry.mac is None else entry.interface
        yield f"Internet  {entry.address:<15}{age:>10}   {entry.mac or 'Incomplete':<14}  ARPA   {interface}"


def gateway(view: GatewayView) -> Iterator[str]:
    """What a device that does not route says in place of its routes."""
    yield f"Default gateway is {view.gateway or 'not set'}"
    yield ""
    yield "Host               Gateway           Last Use    Total Uses  Interface"
    for entry in view.redirects:
        minutes, seconds = divmod(int(entry.last_use), 60)
        yield f"{entry.host:<19}{entry.gateway:<18}{f'{minutes}:{seconds:02}':>8}{entry.uses:>14}  {entry.interface}"
    if not view.redirects:
        yield "ICMP redirect cache is empty"


def _acl_entry(entry: AclEntryView, extended: bool) -> str:
    if extended:
        return entry.text
    if entry.wildcard == "255.255.255.255":
        source = "any"
    elif entry.wildcard == "0.0.0.0":
        source = entry.address
    else:
        source = f"{entry.address}, wildcard bits {entry.wildcard}"
    return f"{entry.action:<6} {source}" + (" log" if entry.log else "")


def access_lists(view: AclsView) -> Iterator[str]:
    words = personality.of(view.personality)
    for access_list in view.lists:
        yield f"{'Extended' if access_list.extended else 'Standard'} IP access list {access_list.name}"
        for entry in access_list.entries:
            matches = ""
            if entry.matches:
                form = words.acl_one_match if entry.matches == 1 else words.acl_matches
                matches = " " + form.format(n=entry.matches)
            yield f"    {entry.sequence} {_acl_entry(entry, access_list.extended)}{matches}"
