"""The forwarding table: candidate routes in, longest prefix match out.

A router keeps every route it was told of as a candidate. Whenever a candidate or an interface changes, the table is
void, and the next look-up builds it anew, wholesale: ten thousand lines of configuration cost one build. Three rules
decide what is installed:

1. Of the candidates for one prefix only those of the lowest administrative distance are installed; several of the same
   distance are all kept, in the order given (equal cost). Distance 255 means "never".
2. A route with an interface is usable as it is: the caller leaves out those whose interface is down. A route with a
   gateway alone is usable when the gateway itself is found in the table through *another* prefix (recursive
   resolution), possibly in several steps, and ends at a route with an interface. A gateway that is one of our own
   addresses is no gateway.
3. An unusable candidate does not count for rule 1: a floating static takes over when the better route has no way.

Rules 1 and 2 depend on each other, so the table is iterated to a fixed point, starting from the routes that have an
interface. A route that becomes unreachable *because* it was installed (its gateway would be reached through itself)
would flap for ever; it is left out for good in that build.

After the build a look-up does no recursion: each prefix already holds its outgoing interface and next hop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Final, NamedTuple

from nodes.base.addr import IPV4_MAX, Prefix, length_to_mask

DISTANCE_CONNECTED: Final = 0
DISTANCE_STATIC: Final = 1
DISTANCE_UNUSABLE: Final = 255
#: The number of the interface that swallows what is sent there.
NULL: Final = -1

_MAX_RECURSION: Final = 16  # steps from a gateway to an interface; real tables need two or three
_MAX_ROUNDS: Final = 64  # a configuration made to oscillate ends here rather than hang the device
_CACHE_LIMIT: Final = 4096  # destinations remembered between two builds


class RouteKind(Enum):
    CONNECTED = "connected"
    LOCAL = "local"  # one of the device's own addresses, /32
    STATIC = "static"


class Route(NamedTuple):
    """One candidate. ``interface`` is the device's own number for it; ``gateway`` an IPv4 address.

    At least one of the two is set. With both, the gateway is on that interface and needs no resolution.
    """

    prefix: Prefix
    kind: RouteKind
    distance: int
    interface: int | None = None
    gateway: int | None = None


class Resolved(NamedTuple):
    """Where a packet goes. ``next_hop`` None: the destination itself is on the link, ask ARP for it."""

    route: Route
    interface: int
    next_hop: int | None


class Fib:
    """The installed routes of one device. Empty until the first :meth:`rebuild`."""

    __slots__ = ("_cache", "_installed", "_levels", "_source", "generation")

    def __init__(self, candidates: Iterable[Route] = ()) -> None:
        #: Grows by one whenever the table changes, for those who keep results derived from it.
        self.generation = 0
        self._source: Callable[[], Iterable[Route]] | None = None
        self._installed: dict[Prefix, tuple[Resolved, ...]] = {}
        self._levels: list[tuple[int, dict[int, tuple[Resolved, ...]]]] = []
        self._cache: dict[int, Resolved | None] = {}
        self.rebuild(candidates)

    def rebuild(self, candidates: Iterable[Route]) -> None:
        """Replace the table by what ``candidates`` (in order of configuration) make of it."""
        self.invalidate(lambda: candidates)
        self._current()

    def invalidate(self, source: Callable[[], Iterable[Route]]) -> None:
        """As :meth:`rebuild`, but the candidates are asked for and the table is built when it is next looked at."""
        self._source = source
        self._cache = {}
        self.generation += 1

    def _current(self) -> dict[Prefix, tuple[Resolved, ...]]:
        """The installed routes, built if need be."""
        if self._source is None:
            return self._installed
        candidates, self._source = self._source(), None
        self._installed = _build(list(dict.fromkeys(candidates)))
        levels: dict[int, dict[int, tuple[Resolved, ...]]] = {}
        for prefix, paths in self._installed.items():
            levels.setdefault(prefix.length, {})[prefix.address] = paths
        self._levels = [(length_to_mask(length), levels[length]) for length in sorted(levels, reverse=True)]
        return self._installed

    def lookup(self, address: int) -> Resolved | None:
        """The way to ``address`` by longest prefix match, the first of several equal ones; None: no route."""
        try:
            return self._cache[address]
        except KeyError:
            pass
        paths = self.lookup_all(address)
        found = paths[0] if paths else None
        if len(self._cache) >= _CACHE_LIMIT:  # a scan of many addresses must not grow the device
            self._cache.clear()
        self._cache[address] = found
        return found

    def lookup_all(self, address: int) -> tuple[Resolved, ...]:
        """Every equal way to ``address``, in the order of configuration; empty: no route."""
        self._current()
        for mask, level in self._levels:
            paths = level.get(address & mask)
            if paths is not None:
                return paths
        return ()

    def installed(self) -> list[Resolved]:
        """Every installed route, by network address, then by prefix length, then in the order of configuration."""
        installed = self._current()
        return [path for prefix in sorted(installed) for path in installed[prefix]]

    def get(self, prefix: Prefix) -> tuple[Resolved, ...]:
        """The installed routes for exactly this prefix; empty: none."""
        return self._current().get(prefix, ())

    @property
    def default(self) -> tuple[Resolved, ...]:
        """The gateway of last resort: the routes for 0.0.0.0/0."""
        return self.get(Prefix(0, 0))

    def __len__(self) -> int:
        return sum(map(len, self._current().values()))


class _Hop(NamedTuple):
    interface: int
    next_hop: int


class _Walk(NamedTuple):
    """How a gateway is reached: the prefixes passed on the way, and the end of it (None: nowhere)."""

    hop: _Hop | None
    passed: frozenset[Prefix]


class _Table:
    """A tentative table of one round: prefix -> routes, and the memory of the gateways walked through it."""

    __slots__ = ("_levels", "_walks", "routes")

    def __init__(self, usable: Iterable[Route]) -> None:
        self.routes: dict[Prefix, list[Route]] = {}
        for route in usable:
            best = self.routes.get(route.prefix)
            if best is None or route.distance < best[0].distance:
                self.routes[route.prefix] = [route]
            elif route.distance == best[0].distance:
                best.append(route)
        levels: dict[int, dict[int, Route]] = {}
        for prefix, routes in self.routes.items():
            levels.setdefault(prefix.length, {})[prefix.address] = routes[0]
        self._levels = [(length_to_mask(length), levels[length]) for length in sorted(levels, reverse=True)]
        self._walks: dict[int, _Walk] = {}

    def walk(self, gateway: int) -> _Walk:
        known = self._walks.get(gateway)
        if known is None:
            known = self._walks[gateway] = self._walk(gateway)
        return known

    def _walk(self, gateway: int) -> _Walk:
        passed: set[Prefix] = set()
        for _ in range(_MAX_RECURSION):
            route = self._match(gateway)
            if route is None or route.kind is RouteKind.LOCAL or route.prefix in passed:
                break
            passed.add(route.prefix)
            if route.interface is not None:
                hop = _Hop(route.interface, gateway if route.gateway is None else route.gateway)
                return _Walk(hop, frozenset(passed))
            assert route.gateway is not None  # _build lets in no route with neither
            gateway = route.gateway
        return _Walk(None, frozenset(passed))

    def _match(self, address: int) -> Route | None:
        for mask, level in self._levels:
            route = level.get(address & mask)
            if route is not None:
                return route
        return None


def _build(candidates: list[Route]) -> dict[Prefix, tuple[Resolved, ...]]:
    for route in candidates:
        if route.interface is None and route.gateway is None:
            raise ValueError(f"the route to {route.prefix} has neither an interface nor a gateway")
        if route.prefix.address & ~route.prefix.mask & IPV4_MAX:
            raise ValueError(f"{route.prefix} has host bits set")
    candidates = [route for route in candidates if route.distance < DISTANCE_UNUSABLE]
    table = _Table(route for route in candidates if route.interface is not None)
    looping: set[Route] = set()
    for _ in range(_MAX_ROUNDS):
        usable = _usable(candidates, table, looping)
        following = _Table(usable)
        if following.routes == table.routes:
            break
        table = following
    return _resolve(table.routes, table)


def _usable(candidates: list[Route], table: _Table, looping: set[Route]) -> list[Route]:
    """The candidates that work over ``table``; those that it installed and that undo themselves join ``looping``."""
    usable = []
    for route in candidates:
        if route.interface is not None:
            usable.append(route)
            continue
        if route.gateway is None or route in looping:
            continue
        walk = table.walk(route.gateway)
        if route.prefix in walk.passed:
            if route in table.routes.get(route.prefix, ()):
                looping.add(route)
        elif walk.hop is not None:
            usable.append(route)
    return usable


def _resolve(routes: Mapping[Prefix, list[Route]], table: _Table) -> dict[Prefix, tuple[Resolved, ...]]:
    installed: dict[Prefix, tuple[Resolved, ...]] = {}
    for prefix, equals in routes.items():
        paths = []
        for route in equals:
            if route.interface is not None:
                paths.append(Resolved(route, route.interface, route.gateway))
            elif route.gateway is not None and (hop := table.walk(route.gateway).hop) is not None:
                paths.append(Resolved(route, hop.interface, hop.next_hop))
        if paths:
            installed[prefix] = tuple(paths)
    return installed
