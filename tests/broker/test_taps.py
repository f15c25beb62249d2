"""What operators see of the wires, and what they miss: without a socket."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.delivery import Delivery
from broker.description import Description
from broker.drops import Drop
from broker.fabric import Fabric
from broker.hub import PING_EVERY, Hub
from broker.protocol import DATA, TAP_WINDOW, pack_control, pack_data, unpack_control, unpack_data
from broker.routes import Route
from broker.taps import MAX_TAPPING

UP = {"a": [1], "b": [2], "s": [10, 11, 12], "n": [3]}
SPAN = {"session": 1, "sources": [[10, "both"]], "destination": 12}


def ident(number: int) -> bytes:
    return b"\0" + number.to_bytes(4, "big")


A, B, S, N = (ident(number) for number in range(4))
OPERATOR, OTHER = ident(100), ident(101)


class World:
    """A hub with all four nodes connected, and what it sent to whom."""

    def __init__(self, raw: dict[str, Any], *mirrors: dict[str, Any], names: dict[str, bytes] | None = None) -> None:
        """``mirrors`` are those of the node s; ``names``: connections by node, if they are others than a, b, s, n."""
        self.control: dict[bytes, list[dict[str, Any]]] = defaultdict(list)
        self.data: dict[bytes, list[tuple[int, int, list[bytes]]]] = defaultdict(list)
        self.octets = 0
        self.full = False
        self.unreachable: dict[bytes, Delivery] = {}
        self.hub = Hub(Description.parse(raw), 1, 0.0, self._send, lambda line: None)
        for node, connection in (names or {"a": A, "b": B, "s": S, "n": N}).items():
            view = {"ready": True, "up": UP.get(node, []), "mirrors": list(mirrors) if node == "s" else []}
            self.say(connection, "hello", proto=1, lab="test", node=node, view=view)
        for operator in (OPERATOR, OTHER):
            self.say(operator, "hello", proto=1, lab="test", operator=True)

    def _send(self, to: bytes, message: bytes) -> Delivery:
        if self.full:
            return Delivery.FULL
        if to in self.unreachable:
            return self.unreachable[to]
        if message[0] == DATA:
            self.data[to].append(unpack_data(message))
            self.octets += len(message)
        else:
            self.control[to].append(unpack_control(message))
        return Delivery.SENT

    def say(self, who: bytes, op: str, **rest: Any) -> list[dict[str, Any]]:
        self.control[who].clear()
        self.hub.receive(who, pack_control(op, **rest), 0.0)
        return self.control[who]

    def tap(self, *ports: int, operator: bytes = OPERATOR) -> dict[str, Any]:
        (answer,) = self.say(operator, "tap", number=7, ports=list(ports))
        assert (answer["op"], answer["number"]) == ("tapped", 7)
        return answer

    def frames(self, who: bytes, port: int, *frames: bytes) -> None:
        """As the server does when these enter the wires."""
        message = pack_data(port, frames)
        route: Route | None = self.hub.routes.table.get(message[:5]) or self.hub.find_route(who, message)
        assert route is not None
        self.hub.taps.copy(route.taps, message, 55, len(frames))
        self.hub.copies.make(route.copies, message, 55)


@pytest.fixture
def world(small_lab: dict[str, Any]) -> World:
    return World(small_lab)


def test_both_directions_of_a_wire_under_the_port_by_which_frames_enter(world: World) -> None:
    assert world.tap(10)["taps"] == {10: {"frames": 0, "lost": 0}}
    world.frames(A, 1, b"to s", b"more")
    world.frames(S, 10, b"to a")
    world.frames(B, 2, b"elsewhere")
    assert world.data[OPERATOR] == [(1, 55, [b"to s", b"more"]), (10, 55, [b"to a"])]
    assert world.tap()["taps"] == {10: {"frames": 3, "lost": 0}}


def test_what_span_copies_crosses_the_wire_of_the_destination(small_lab: dict[str, Any]) -> None:
    world = World(small_lab, SPAN)
    world.tap(3, 1)
    world.frames(A, 1, b"x")
    world.frames(S, 10, b"y")
    assert world.data[OPERATOR] == [(1, 55, [b"x"]), (12, 55, [b"x"]), (10, 55, [b"y"]), (12, 55, [b"y"])]


def test_each_operator_has_its_own_taps(world: World) -> None:
    world.tap(1)
    world.tap(10, 2, operator=OTHER)
    world.frames(A, 1, b"x")
    world.frames(B, 2, b"y")
    assert world.data[OPERATOR] == [(1, 55, [b"x"])]
    assert world.data[OTHER] == [(1, 55, [b"x"]), (2, 55, [b"y"])]
    world.say(OTHER, "bye")
    world.frames(A, 1, b"z")
    assert len(world.data[OPERATOR]) == 2
    assert len(world.data[OTHER]) == 2


def test_the_set_is_whole_and_starts_counting_anew(world: World) -> None:
    world.tap(1)
    world.frames(A, 1, b"x")
    assert world.tap(2)["taps"] == {2: {"frames": 0, "lost": 0}}
    world.frames(A, 1, b"x")
    world.frames(B, 2, b"y")
    assert world.data[OPERATOR][1:] == [(2, 55, [b"y"])]


def test_the_final_counts_can_be_asked_for_again(world: World) -> None:
    world.tap(1)
    world.frames(A, 1, b"x")
    world.full = True
    world.hub.receive(OPERATOR, pack_control("tap", number=8, ports=[]), 0.0)
    world.full = False
    world.frames(A, 1, b"late")
    assert world.tap()["taps"] == {1: {"frames": 1, "lost": 0}}
    assert world.hub.find_route(A, pack_data(1, [b"x"])) == Route(A, 1, S, 10)


def test_who_does_not_read_loses_and_is_told(world: World) -> None:
    world.tap(1)
    frame = bytes(8192)
    sent = 3 * TAP_WINDOW // len(frame)
    for _ in range(sent):
        world.frames(A, 1, frame)
    got = len(world.data[OPERATOR])
    assert 0 < world.octets <= TAP_WINDOW
    assert world.octets + len(pack_data(1, [frame])) > TAP_WINDOW
    assert world.hub.drops[Drop.TAP_LOST] == sent - got
    assert world.hub.drops.as_dict(1, 10) == {}, "the wire itself lost nothing"
    world.say(OPERATOR, "read", octets=world.octets)
    world.frames(A, 1, frame)
    assert len(world.data[OPERATOR]) == got + 1
    world.control[OPERATOR].clear()
    world.hub.tick(PING_EVERY)
    told = [body for body in world.control[OPERATOR] if body["op"] == "tapped"]
    assert told == [{"op": "tapped", "number": 7, "taps": {1: {"frames": sent + 1, "lost": sent - got}}}]


def test_a_full_queue_loses_too(world: World) -> None:
    world.tap(1)
    world.full = True
    world.frames(A, 1, b"x", b"y")
    world.full = False
    assert world.tap()["taps"] == {1: {"frames": 2, "lost": 2}}


@pytest.mark.parametrize(
    ("ports", "text"),
    [
        ([99], "no port 99"),
        (["a:e1"], "number"),
        ([1, 1], "a:e1 is named twice"),
        ([1, 10], "both ends"),
    ],
)
def test_refused(world: World, ports: list[Any], text: str) -> None:
    world.tap(2)
    assert text in world.tap(*ports)["refused"]
    world.frames(B, 2, b"x")
    assert len(world.data[OPERATOR]) == 1, "what was tapped stays"


def test_a_port_without_a_cable_is_refused(small_lab: dict[str, Any]) -> None:
    del small_lab["wires"][0]
    assert "no cable is plugged into a:e1" in World(small_lab).tap(1)["refused"]


def test_only_so_many_at_once(world: World) -> None:
    for number in range(MAX_TAPPING):
        operator = ident(200 + number)
        world.say(operator, "hello", proto=1, lab="test", operator=True)
        assert "taps" in world.tap(1, operator=operator)
    assert "as many as may" in world.tap(1)["refused"]
    assert "taps" in world.tap(2, operator=ident(200)), "who taps already may tap something else"
    world.say(ident(200), "bye")
    assert "taps" in world.tap(1)


@pytest.mark.parametrize(
    ("op", "rest"),
    [
        ("tap", {}),
        ("tap", {"number": 1, "ports": 1}),
        ("tap", {"number": "1", "ports": [1]}),
        ("read", {"octets": 1}),
        ("read", {"octets": -1}),
        ("read", {"octets": None}),
    ],
)
def test_nonsense_is_counted(world: World, op: str, rest: dict[str, Any]) -> None:
    world.tap(1)
    assert world.say(OPERATOR, op, **rest) == []
    assert world.hub.drops[Drop.BAD_MESSAGE] == 1


def test_devices_and_strangers_may_not(world: World) -> None:
    world.say(A, "tap", number=1, ports=[1])
    assert world.hub.drops[Drop.NOT_PERMITTED] == 1
    assert world.say(ident(300), "tap", number=1, ports=[1]) == [{"op": "who", "boot": 1}]
    assert world.hub.drops[Drop.UNKNOWN_CLIENT] == 1


def test_status_shows_who_looks(world: World) -> None:
    world.tap(1, 3)
    world.frames(A, 1, b"x")
    (answer,) = world.say(OTHER, "request", id=1, node=None, verb="status", timeout_ms=1000)
    assert answer["body"]["taps"] == [
        [{"port": "a:e1", "frames": 1, "lost": 0}, {"port": "n:e3", "frames": 0, "lost": 0}]
    ]


@given(st.lists(st.tuples(st.integers(0, 2), st.sets(st.sampled_from([1, 2, 3, 10, 11, 12]))), max_size=12))
def test_the_fabric_s_taps_are_the_last_set_of_each(changes: list[tuple[int, set[int]]]) -> None:
    """Against the definition: a tap sees a wire if its last set has a port of it."""
    ports = {"a": {1: "mdi"}, "b": {2: "mdi"}, "s": {10: "mdix", 11: "mdix", 12: "mdix"}, "n": {3: "mdi"}}
    wires = [(1, 10), (2, 11), (12, 3)]
    raw = {
        "proto": 1,
        "lab": "test",
        "endpoint": "ipc:///nowhere",
        "nodes": {
            node: {"ports": [{"id": port, "name": f"e{port}", "mdi": mdi} for port, mdi in own.items()]}
            for node, own in ports.items()
        },
        "wires": [{"a": a, "b": b, "cable": "straight"} for a, b in wires],
    }
    fabric = Fabric(Description.parse(raw))
    last: dict[int, set[int]] = {}
    for node, own in ports.items():
        fabric.node_present(node, True)
        fabric.set_view(node, list(own), [])
    for tap, named in changes:
        last[tap] = named
        fabric.set_tap(tap, named)
    for wire in wires:
        expected = {tap for tap, named in last.items() if named & set(wire)}
        for end, other in (wire, wire[::-1]):
            assert {(tap, end) for tap in expected} == set(fabric.taps(other))
