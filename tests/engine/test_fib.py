"""The forwarding table against a linear scan, and the rules of recursive resolution one by one."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodes.base.addr import Prefix, network_of, parse_ipv4
from nodes.engine.fib import Fib, Resolved, Route, RouteKind


def prefix(text: str) -> Prefix:
    address, length = text.split("/")
    return Prefix(parse_ipv4(address), int(length))


def connected(text: str, interface: int) -> Route:
    return Route(prefix(text), RouteKind.CONNECTED, 0, interface)


def static(text: str, gateway: str | None = None, interface: int | None = None, distance: int = 1) -> Route:
    return Route(prefix(text), RouteKind.STATIC, distance, interface, None if gateway is None else parse_ipv4(gateway))


def way(fib: Fib, address: str) -> tuple[int, int | None] | None:
    found = fib.lookup(parse_ipv4(address))
    return None if found is None else (found.interface, found.next_hop)


WAN = connected("10.0.10.0/24", 0)
LAN = connected("192.168.1.0/24", 1)


def test_empty() -> None:
    fib = Fib()
    assert fib.lookup(0) is None
    assert fib.installed() == []
    assert fib.default == ()


def test_connected_and_static() -> None:
    fib = Fib([WAN, LAN, static("192.168.2.0/24", "10.0.10.20")])
    assert way(fib, "192.168.1.1") == (1, None)
    assert way(fib, "192.168.2.1") == (0, parse_ipv4("10.0.10.20"))
    assert way(fib, "172.16.0.1") is None
    assert len(fib) == 3


def test_default_route_and_interface_routes() -> None:
    fib = Fib([WAN, static("0.0.0.0/0", "10.0.10.20"), static("10.9.0.0/16", interface=0)])
    assert way(fib, "8.8.8.8") == (0, parse_ipv4("10.0.10.20"))
    assert way(fib, "10.9.1.1") == (0, None)
    assert [path.route.prefix for path in fib.default] == [Prefix(0, 0)]
    both = Fib([static("10.9.0.0/16", "10.0.10.20", interface=0)])
    assert way(both, "10.9.1.1") == (0, parse_ipv4("10.0.10.20"))


def test_unreachable_gateway_is_not_installed() -> None:
    route = static("192.168.2.0/24", "10.0.10.20")
    fib = Fib([LAN, route])
    assert fib.get(route.prefix) == ()
    generation = fib.generation
    fib.rebuild([LAN, WAN, route])
    assert fib.generation == generation + 1
    assert fib.get(route.prefix) == (Resolved(route, 0, parse_ipv4("10.0.10.20")),)


def test_recursion_over_several_steps_in_any_order() -> None:
    routes = [
        static("172.16.0.0/16", "192.168.9.9"),
        static("192.168.9.0/24", "192.168.2.1"),
        static("192.168.2.0/24", "10.0.10.20"),
        WAN,
    ]
    for order in (routes, routes[::-1]):
        assert way(Fib(order), "172.16.1.1") == (0, parse_ipv4("10.0.10.20"))


def test_own_address_is_no_gateway() -> None:
    local = Route(prefix("10.0.10.10/32"), RouteKind.LOCAL, 0, 0)
    assert way(Fib([WAN, local, static("172.16.0.0/16", "10.0.10.10")]), "172.16.1.1") is None


def test_route_through_itself_is_not_installed() -> None:
    assert way(Fib([WAN, static("172.16.0.0/16", "172.16.0.1")]), "172.16.1.1") is None


def test_two_routes_through_each_other_leave_the_default() -> None:
    fib = Fib(
        [
            WAN,
            static("0.0.0.0/0", "10.0.10.20"),
            static("10.1.0.0/16", "10.2.0.1"),
            static("10.2.0.0/16", "10.1.0.1"),
            static("172.16.0.0/16", "10.1.0.9"),
        ]
    )
    assert fib.get(prefix("10.1.0.0/16")) == ()
    assert way(fib, "10.1.1.1") == (0, parse_ipv4("10.0.10.20"))
    assert way(fib, "172.16.1.1") == (0, parse_ipv4("10.0.10.20"))
    assert len(fib.get(prefix("172.16.0.0/16"))) == 1


def test_floating_static_takes_over_and_gives_back() -> None:
    best = static("192.168.2.0/24", "10.0.10.20")
    floating = static("192.168.2.0/24", "192.168.1.2", distance=200)
    never = static("10.7.0.0/16", interface=1, distance=255)
    fib = Fib([WAN, LAN, floating, best, never])
    assert way(fib, "192.168.2.1") == (0, parse_ipv4("10.0.10.20"))
    assert way(fib, "10.7.0.1") is None
    fib.rebuild([LAN, floating, best])
    assert way(fib, "192.168.2.1") == (1, parse_ipv4("192.168.1.2"))


def test_equal_routes_are_kept_in_order() -> None:
    one, two = static("192.168.2.0/24", "10.0.10.20"), static("192.168.2.0/24", "10.0.10.30")
    fib = Fib([WAN, one, two, one])
    assert [path.route for path in fib.lookup_all(parse_ipv4("192.168.2.7"))] == [one, two]
    assert way(fib, "192.168.2.7") == (0, parse_ipv4("10.0.10.20"))


def test_malformed_candidates_are_refused() -> None:
    with pytest.raises(ValueError, match="neither"):
        Fib([Route(Prefix(0, 0), RouteKind.STATIC, 1)])
    with pytest.raises(ValueError, match="host bits"):
        Fib([Route(Prefix(1, 8), RouteKind.STATIC, 1, 0)])


# Few distinct octets, so that prefixes nest and gateways are often covered.
addresses = st.builds(lambda a, b, c: a << 30 | b << 16 | c, st.integers(0, 3), st.integers(0, 3), st.integers(0, 3))
prefixes = st.builds(network_of, addresses, st.sampled_from([0, 2, 15, 16, 30, 31, 32]))
direct_routes = st.builds(
    Route,
    prefixes,
    st.sampled_from([RouteKind.CONNECTED, RouteKind.STATIC]),
    st.integers(0, 3),
    st.integers(0, 3),
    st.none(),
)
gateway_routes = st.builds(Route, prefixes, st.just(RouteKind.STATIC), st.integers(1, 3), st.none(), addresses)


def scan(routes: list[Route], address: int) -> Route | None:
    """Longest prefix, then least distance, then first: by looking at every route."""
    best: Route | None = None
    for route in routes:
        if route.prefix.contains(address) and (
            best is None or (route.prefix.length, -route.distance) > (best.prefix.length, -best.distance)
        ):
            best = route
    return best


@given(st.lists(direct_routes, max_size=30), st.lists(addresses, max_size=10))
def test_lookup_equals_a_linear_scan(routes: list[Route], asked: list[int]) -> None:
    fib = Fib(routes)
    for address in asked * 2:  # the second time from the cache
        found = fib.lookup(address)
        assert (None if found is None else found.route) == scan(routes, address)


@given(st.lists(st.one_of(direct_routes, gateway_routes), max_size=20))
def test_recursive_tables_are_sound(routes: list[Route]) -> None:
    """Whatever the configuration: each installed way can be walked by hand, without meeting its own prefix."""
    fib = Fib(routes)
    installed = [path.route for path in fib.installed()]
    for path in fib.installed():
        route = path.route
        assert not [r for r in installed if r.prefix == route.prefix and r.distance != route.distance]
        if route.interface is not None:
            assert (path.interface, path.next_hop) == (route.interface, route.gateway)
            continue
        gateway = route.gateway
        step = route
        while step.interface is None:
            assert step.gateway is not None
            gateway = step.gateway
            following = scan(installed, gateway)
            assert following is not None
            assert following.prefix != route.prefix
            step = following
        assert (path.interface, path.next_hop) == (step.interface, gateway)
    # No direct candidate is left out but for a better one of its prefix.
    for route in routes:
        if route.interface is not None:
            assert any(r.prefix == route.prefix and r.distance <= route.distance for r in installed)


def test_ten_thousand_routes() -> None:
    source = random.Random(4)
    routes = [WAN]
    for _ in range(10_000):
        network = network_of(source.getrandbits(32) | 1 << 31, source.randint(16, 28))
        routes.append(Route(network, RouteKind.STATIC, 1, None, parse_ipv4("10.0.10.20")))

    def cost(count: int) -> float:
        began = time.process_time()
        Fib(routes[:count])
        return time.process_time() - began

    small, large = min(cost(1_000) for _ in range(5)), min(cost(10_000) for _ in range(3))
    assert large < 40 * small, "the cost of a build grows with the routes, not with their square"
    fib = Fib(routes)
    assert len(fib) == len(set(routes))
    for _ in range(200):
        address = source.getrandbits(32)
        found = fib.lookup(address)
        assert (None if found is None else found.route) == scan(routes, address)
