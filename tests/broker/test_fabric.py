"""The fabric against a naive model: the same wires walked frame by frame, without any table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.description import Description
from broker.fabric import MAX_REFUSED, Fabric
from broker.protocol import Reason

NODES = {"n0": range(1, 4), "n1": range(4, 8), "n2": range(8, 12), "n3": range(12, 14)}
PORTS = [port for ports in NODES.values() for port in ports]
OWNER = {port: node for node, ports in NODES.items() for port in ports}


class Model:
    """The rules of the fabric's docstring, as short and slow as can be."""

    def __init__(self, mdi: dict[int, str], wires: list[tuple[int, int, str]]) -> None:
        self.mdi, self.wires = mdi, wires
        self.present: set[str] = set()
        self.up: set[int] = set()
        self.mirrors: dict[str, list[dict[str, Any]]] = {node: [] for node in NODES}

    def far(self, port: int) -> int | None:
        for a, b, _ in self.wires:
            if port in (a, b):
                return b if port == a else a
        return None

    def reason(self, port: int) -> Reason:
        far = self.far(port)
        if far is None:
            return Reason.NO_CABLE
        ends = {self.mdi[port], self.mdi[far]}
        cable = next(cable for a, b, cable in self.wires if port in (a, b))
        if "auto" not in ends and (cable == "straight") != (len(ends) == 2):
            return Reason.WRONG_CABLE
        if port not in self.up or OWNER[port] not in self.present:
            return Reason.SHUTDOWN
        if OWNER[far] not in self.present:
            return Reason.PEER_ABSENT
        return Reason.UP if far in self.up else Reason.PEER_SHUTDOWN

    def deliveries(self, port: int) -> list[int]:
        """Where a frame sent from ``port`` comes out, in order."""
        out: list[int] = []
        steps: list[Any] = []
        # A port at which frames leave, and the mirrors that copied what they are copies of.
        leaving: list[tuple[int, list[Any]]] = [(port, [])]
        while leaving:
            at, history = leaving.pop(0)
            if self.reason(at) is not Reason.UP:
                continue
            far = self.far(at)
            assert far is not None
            out.append(far)
            # A copy is no frame that the switch sends: it is seen where it arrives, not where it leaves.
            for place, direction in [(at, "tx")] * (not history) + [(far, "rx")]:
                for mirror in sorted(self.mirrors[OWNER[place]], key=lambda mirror: _key(mirror)):
                    hit = any(source == place and which in (direction, "both") for source, which in mirror["sources"])
                    copier = (OWNER[place], *_key(mirror), direction)
                    step = (copier, history[-1:])
                    if not hit or self.reason(mirror["destination"]) is not Reason.UP:
                        continue
                    if copier not in history and step not in steps:
                        steps.append(step)
                        leaving.append((mirror["destination"], [*history, copier]))
        return out


def _key(mirror: dict[str, Any]) -> tuple[int, int]:
    return mirror["session"], mirror["destination"]


@st.composite
def wirings(draw: st.DrawFn) -> tuple[dict[int, str], list[tuple[int, int, str]]]:
    mdi = {port: draw(st.sampled_from(["mdi", "mdix", "auto"])) for port in PORTS}
    order = draw(st.permutations(PORTS))
    pairs = list(zip(order[::2], order[1::2], strict=False))[: draw(st.integers(2, len(PORTS) // 2))]
    return mdi, [(a, b, draw(st.sampled_from(["straight", "crossover"]))) for a, b in pairs]


@st.composite
def views(draw: st.DrawFn) -> tuple[str, list[int], list[dict[str, Any]]]:
    node = draw(st.sampled_from(sorted(NODES)))
    own = list(NODES[node])
    mirrors = []
    keys = st.tuples(st.integers(1, 2), st.sampled_from(own))
    for session, destination in draw(st.lists(keys, unique=True, max_size=3)):
        sources = draw(st.lists(st.tuples(st.sampled_from(own), st.sampled_from(["rx", "tx", "both"])), max_size=4))
        mirrors.append({"session": session, "sources": sources, "destination": destination})
    # Mostly up, else hardly a frame would get anywhere.
    down = draw(st.lists(st.sampled_from(own), max_size=1))
    return node, [port for port in own if port not in down], mirrors


PRESENCE = st.tuples(st.sampled_from(sorted(NODES)), st.booleans())


@settings(max_examples=100, deadline=None)
@given(wirings(), st.data())
def test_as_the_model_says(
    describe: Callable[..., dict[str, Any]],
    wiring: tuple[dict[int, str], list[tuple[int, int, str]]],
    data: st.DataObject,
) -> None:
    mdi, wires = wiring
    nodes = {node: {port: mdi[port] for port in ports} for node, ports in NODES.items()}
    fabric = Fabric(Description.parse(describe(nodes, wires)))
    model = Model(mdi, wires)
    for node in NODES:
        fabric.node_present(node, True)
        model.present.add(node)
    for _ in range(data.draw(st.integers(1, 8))):
        before = {port: model.reason(port) for port in PORTS}
        change = data.draw(views() | PRESENCE)
        if len(change) == 3:
            node, up, mirrors = change
            changed = fabric.set_view(node, up, mirrors)
            model.up = (model.up - set(NODES[node])) | set(up)
            model.mirrors[node] = mirrors
            assert fabric.refused(node) == ()
        else:
            node, present = change
            changed = fabric.node_present(node, present)
            (model.present.add if present else model.present.discard)(node)
        assert changed == {OWNER[port] for port in PORTS if model.reason(port) is not before[port]}
        for node, ports in NODES.items():
            links = fabric.links_of(node)
            assert {port: link.reason for port, link in links.items()} == {port: model.reason(port) for port in ports}
            assert all(link.carrier == (link.reason is Reason.UP) for link in links.values())
        for port in PORTS:
            assert list(fabric.targets(port)) == model.deliveries(port)


@pytest.fixture
def small(small_lab: dict[str, Any]) -> Fabric:
    """Everybody there and up."""
    description = Description.parse(small_lab)
    fabric = Fabric(description)
    for node, ports in description.nodes.items():
        fabric.node_present(node, True)
        fabric.set_view(node, ports, [])
    return fabric


def span(direction: str, *sources: int) -> list[dict[str, Any]]:
    return [{"session": 1, "sources": [[port, direction] for port in sources], "destination": 12}]


@pytest.mark.parametrize(
    ("direction", "entering", "leaving"), [("rx", (10, 3), (1,)), ("tx", (10,), (1, 3)), ("both", (10, 3), (1, 3))]
)
def test_span_directions_are_the_switch_s(
    small: Fabric, direction: str, entering: tuple[int, ...], leaving: tuple[int, ...]
) -> None:
    """Port 10 of the switch is the source, port 12 the destination, and 3 is the sniffer's."""
    assert small.set_view("s", [10, 11, 12], span(direction, 10)) == set()
    assert small.targets(1) == entering
    assert small.targets(10) == leaving
    assert small.targets(2) == (11,)


def test_a_source_given_twice_is_copied_once(small: Fabric) -> None:
    small.set_view("s", [10, 11, 12], span("both", 10, 10))
    assert small.targets(1) == (10, 3)


def test_no_copy_without_the_destination_s_carrier(small: Fabric) -> None:
    small.set_view("s", [10, 11, 12], span("both", 10))
    small.node_present("n", False)
    assert small.targets(1) == (10,)
    small.node_present("n", True)
    assert small.targets(1) == (10, 3)
    small.set_view("s", [10, 11], span("both", 10))
    assert small.targets(1) == (10,)


@pytest.mark.parametrize(
    "mirror",
    [
        7,
        {},
        {"session": "1", "sources": [], "destination": 12},
        {"session": 1, "sources": [[10, "rx"]], "destination": 3},
        {"session": 1, "sources": [[10, "rx"]], "destination": [12]},
        {"session": 1, "sources": [[1, "rx"]], "destination": 12},
        {"session": 1, "sources": [[10, "up"]], "destination": 12},
        {"session": 1, "sources": [10], "destination": 12},
        {"session": 1, "sources": None, "destination": 12},
    ],
)
def test_a_bad_mirror_is_refused_and_the_rest_holds(small: Fabric, mirror: Any) -> None:
    good = {"session": 2, "sources": [[11, "rx"]], "destination": 12}
    small.set_view("s", [10, 11, 12], [mirror, good])
    assert len(small.refused("s")) == 1
    assert [mirror.session for mirror in small.mirrors_of("s")] == [2]
    assert small.targets(1) == (10,)
    assert small.targets(2) == (11, 3)


def test_a_destination_given_twice_is_refused(small: Fabric) -> None:
    small.set_view("s", [10, 11, 12], span("rx", 10) + span("rx", 11))
    assert small.refused("s") == ("session 1: its destination 12 is given twice",)
    assert small.targets(2) == (11,)


def test_a_session_may_have_several_destinations(small: Fabric) -> None:
    mirrors = [{"session": 1, "sources": [[10, "rx"]], "destination": port} for port in (12, 11)]
    small.set_view("s", [10, 11, 12], mirrors)
    assert small.refused("s") == ()
    assert small.targets(1) == (10, 2, 3)


def test_two_switches_that_mirror_each_other_end(describe: Callable[..., dict[str, Any]]) -> None:
    """Each copies what comes on the wire between them out on it, so that the other's copies come back."""
    nodes = {name: dict.fromkeys(ports, "auto") for name, ports in {"a": [1], "s": [10, 11], "t": [20, 21]}.items()}
    fabric = Fabric(Description.parse(describe(nodes, [(1, 10, "straight"), (11, 20, "straight")])))
    for node, ports in (("a", [1]), ("s", [10, 11]), ("t", [20, 21])):
        fabric.node_present(node, True)
        fabric.set_view(node, ports, [])
    fabric.set_view("s", [10, 11], [{"session": 1, "sources": [[10, "rx"]], "destination": 11}])
    assert fabric.targets(1) == (10, 20)
    fabric.set_view("t", [20, 21], [{"session": 1, "sources": [[20, "rx"]], "destination": 21}])
    assert fabric.targets(1) == (10, 20)  # its destination has no cable
    hops = fabric.hops(1)
    assert [(hop.original, hop.mirror) for hop in hops] == [(0, None), (0, ("s", 1, 11))]


def test_only_own_ports_can_be_up(small: Fabric) -> None:
    assert small.set_view("a", [2, 3, "x", None, *range(100, 200)], []) == {"a", "s"}
    assert len(small.refused("a")) == MAX_REFUSED
    assert small.link(1).reason is Reason.SHUTDOWN
    assert small.link(10).reason is Reason.PEER_SHUTDOWN
    assert small.link(2).carrier


def test_a_view_outlives_an_absence(small: Fabric) -> None:
    assert small.node_present("a", False) == {"a", "s"}
    assert small.node_present("a", False) == set()
    assert small.link(10).reason is Reason.PEER_ABSENT
    assert small.node_present("a", True) == {"a", "s"}
    assert small.targets(1) == (10,)
