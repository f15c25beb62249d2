"""Who is there and who hears of what, on a clock of the test's own and without a socket."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.delivery import Delivery
from broker.description import Description
from broker.drops import Drop
from broker.hub import MAX_OPERATORS, PING_EVERY, PINGS_MISSED, SETTLING, Hub
from broker.protocol import CONTROL, DATA, HEADER, Status, pack_control, pack_data, unpack_control
from broker.requests import MAX_PENDING
from broker.routes import Route

BOOT = 77


def ident(number: int) -> bytes:
    """A routing id as a ROUTER makes them up."""
    return b"\0" + number.to_bytes(4, "big")


A, A2, B, S, N, OPERATOR = (ident(number) for number in range(6))
UP = {"a": [1], "b": [2], "s": [10, 11, 12], "n": [3]}


class World:
    """A hub, and what it sent to whom."""

    def __init__(self, raw: dict[str, Any]) -> None:
        self.now = 0.0
        self.sent: dict[bytes, list[dict[str, Any]]] = defaultdict(list)
        self.unreachable: dict[bytes, Delivery] = {}
        self.lines: list[str] = []
        self.hub = Hub(Description.parse(raw), BOOT, self.now, self._send, self.lines.append)

    def _send(self, ident: bytes, message: bytes) -> Delivery:
        delivery = self.unreachable.get(ident, Delivery.SENT)
        if delivery is Delivery.SENT:
            self.sent[ident].append(unpack_control(message))
        return delivery

    def say(self, ident: bytes, op: str, **rest: Any) -> list[dict[str, Any]]:
        """Send a control message; what came back on the same connection."""
        self.sent[ident].clear()
        self.hub.receive(ident, pack_control(op, **rest), self.now)
        return self.sent[ident]

    def hello(self, ident: bytes, node: str, /, **other: Any) -> list[dict[str, Any]]:
        view = {"ready": True, "up": UP.get(node, []), "mirrors": []}
        return self.say(ident, "hello", **({"proto": 1, "lab": "test", "node": node, "view": view} | other))

    def operate(self, ident: bytes = OPERATOR) -> None:
        assert self.say(ident, "hello", proto=1, lab="test", operator=True)[0]["op"] == "welcome"

    def request(self, number: int, node: str | None, /, **other: Any) -> list[dict[str, Any]]:
        fields = {"id": number, "node": node, "verb": "exec", "timeout_ms": 1000} | other
        return self.say(OPERATOR, "request", **fields)

    def wait(self, seconds: float, answering: tuple[bytes, ...] = ()) -> None:
        """Let time pass; these connections answer each ping."""
        end = self.now + seconds
        while (due := self.hub.next_deadline()) <= end:
            self.now = max(self.now, due)
            for box in self.sent.values():
                box.clear()
            self.hub.tick(self.now)
            for ident in answering:
                for message in list(self.sent[ident]):
                    if message["op"] == "ping":
                        self.hub.receive(ident, pack_control("pong", token=message["token"]), self.now)
        self.now = end

    def reasons(self, ident: bytes) -> dict[int, str]:
        """The link states that this connection was told last."""
        told: dict[int, str] = {}
        for message in self.sent[ident]:
            told |= {port: state["reason"] for port, state in message.get("links", {}).items()}
        return told


@pytest.fixture
def world(small_lab: dict[str, Any]) -> World:
    """All four nodes connected, and the settling time over."""
    world = World(small_lab)
    for node, connection in {"a": A, "b": B, "s": S, "n": N}.items():
        world.hello(connection, node)
    world.operate()
    world.wait(SETTLING, answering=(A, B, S, N))
    return world


def test_a_lab_comes_up(small_lab: dict[str, Any]) -> None:
    world = World(small_lab)
    world.hub.receive(A, b"", world.now)
    assert world.sent[A] == [{"op": "who", "boot": BOOT}]
    (welcome,) = world.hello(A, "a")
    assert (welcome["op"], welcome["boot"], welcome["lab"]) == ("welcome", BOOT, "test")
    world.hello(S, "s")
    assert world.reasons(A) == {1: "up"}
    assert world.hub.fabric.targets(1) == (10,)


def test_while_settling_nobody_is_told_that_others_are_absent(small_lab: dict[str, Any]) -> None:
    world = World(small_lab)
    (welcome,) = world.hello(S, "s")
    assert welcome["links"] == {}
    world.hello(A, "a")
    assert world.reasons(S) == {10: "up"}
    world.wait(SETTLING)
    assert world.reasons(S) == {10: "up", 11: "peer-absent", 12: "peer-absent"}


def test_settling_ends_when_all_are_there(small_lab: dict[str, Any]) -> None:
    world = World(small_lab)
    for node, connection in {"a": A, "b": B, "s": S, "n": N}.items():
        world.hello(connection, node)
    world.say(B, "bye")
    assert world.reasons(S)[11] == "peer-absent"


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"proto": 2}, "version 1"),
        ({"proto": None}, "version 1"),
        ({"lab": "other"}, "the lab test"),
        ({"lab": ["test"]}, "the lab test"),
        ({"node": "z"}, "no such node"),
        ({"node": ["a"]}, "no such node"),
        ({"view": None}, "view"),
        ({"view": {"up": 1, "mirrors": []}}, "view"),
    ],
)
def test_a_wrong_hello_is_refused(world: World, change: dict[str, Any], text: str) -> None:
    (answer,) = world.hello(A2, "a", **change)
    assert answer["op"] == "refused"
    assert text in answer["reason"]
    assert world.hub.drops[Drop.REFUSED] == 1
    assert world.hub.fabric.targets(1) == (10,)


def test_a_routing_id_of_the_client_s_own_is_refused(world: World) -> None:
    (answer,) = world.hello(b"mine", "a")
    assert answer["op"] == "refused"


def test_the_latest_hello_wins(world: World) -> None:
    assert world.hello(A2, "a")[0]["op"] == "welcome"
    assert world.sent[A][-1]["op"] == "refused"
    assert world.hub.find_route(A, pack_data(1, [b"x"])) is None
    route = world.hub.find_route(A2, pack_data(1, [b"x"]))
    assert route is not None
    assert (route.receiver, route.port) == (S, 10)
    assert world.reasons(S) == {}, "the neighbour's link never went down"


def test_a_connection_stays_what_it_said_it_is(world: World) -> None:
    world.sent[S].clear()
    world.operate()
    for answer in (
        world.hello(A, "b"),
        world.say(A, "hello", proto=1, lab="test", operator=True),
        world.hello(OPERATOR, "b"),
    ):
        assert [message["op"] for message in answer] == ["refused"]
        assert "and of nobody else" in answer[0]["reason"]
    assert world.sent[S] == []
    assert world.hub.drops[Drop.REFUSED] == 3
    world.say(A, "bye")
    assert world.hello(A, "b")[0]["op"] == "welcome"


def test_a_stalled_device_is_absent_until_it_answers(world: World) -> None:
    assert PING_EVERY * (PINGS_MISSED + 1) <= 3.0, "from its last answer, which may come right behind a ping"
    world.wait(PING_EVERY * (PINGS_MISSED - 1), answering=(B, S, N))
    assert world.hub.fabric.is_present("a")
    world.wait(PING_EVERY * 2, answering=(B, S, N))
    assert not world.hub.fabric.is_present("a")
    assert world.hub.find_route(S, pack_data(10, [b"x", b"y"])) == Route(S, 10, b"", 0)
    assert world.hub.drops[Drop.PEER_ABSENT] == 2
    world.sent[S].clear()
    world.say(A, "pong", token=1)
    assert world.reasons(S)[10] == "up"
    assert world.reasons(A) == {1: "up"}


def test_frames_are_a_sign_of_life(world: World) -> None:
    world.wait(PING_EVERY * (PINGS_MISSED + 2), answering=(B, S, N))
    assert not world.hub.fabric.is_present("a")
    assert world.hub.find_route(A, pack_data(1, [b"x"])) == Route(A, 1, S, 10)
    for _ in range(PINGS_MISSED + 2):
        world.wait(PING_EVERY, answering=(B, S, N))
        world.hub.heard.add(A)
    assert world.hub.fabric.is_present("a")


def test_a_full_queue_that_moves_is_a_sign_of_life(world: World) -> None:
    for number in range(PINGS_MISSED + 2):
        world.hub.full_at[1] = number
        world.hub.delivered[1] = number + 1
        world.wait(PING_EVERY, answering=(B, S, N))
    assert world.hub.fabric.is_present("a")
    for _ in range(PINGS_MISSED + 2):
        world.hub.full_at[1] = world.hub.delivered[1]
        world.wait(PING_EVERY, answering=(B, S, N))
    assert not world.hub.fabric.is_present("a")


def test_a_broker_that_was_stopped_blames_nobody(world: World) -> None:
    world.now += 3600
    world.wait(PING_EVERY * 2, answering=(A, B, S, N))
    assert all(world.hub.fabric.is_present(node) for node in "absn")


def test_a_lost_connection_is_found_at_once(world: World) -> None:
    world.unreachable[A] = Delivery.GONE
    world.hub.disconnected(world.now)
    world.sent[S].clear()
    world.hub.tick(world.hub.next_deadline())
    assert world.reasons(S)[10] == "peer-absent"
    assert not world.hub.fabric.is_present("a")


def test_strangers_who_come_and_go_do_not_make_us_ping_all_the_time(world: World) -> None:
    probes = 0
    for _ in range(1000):
        world.now += 0.001
        world.hub.disconnected(world.now)
        world.sent[A].clear()
        world.hub.tick(world.now)
        probes += any(message["op"] == "ping" for message in world.sent[A])
    assert probes <= 12


def test_everybody_gone_at_once(world: World) -> None:
    world.unreachable = dict.fromkeys((A, B, S, N, OPERATOR), Delivery.GONE)
    world.hub.gone(A)
    assert world.hub.next_deadline() <= world.now
    world.hub.tick(world.now)
    world.wait(PING_EVERY)
    assert not any(world.hub.fabric.is_present(node) for node in "absn")


def test_link_states_reach_a_device_whose_queue_was_full(world: World) -> None:
    world.unreachable[S] = Delivery.FULL
    world.say(A, "bye")
    assert world.reasons(S).get(10) != "peer-absent"
    del world.unreachable[S]
    world.wait(0.2)
    assert world.reasons(S)[10] == "peer-absent"


def test_a_view_takes_effect(world: World) -> None:
    world.sent[S].clear()
    world.say(A, "view", view={"ready": True, "up": [], "mirrors": []})
    assert world.reasons(S) == {10: "peer-shutdown", 11: "up", 12: "up"}
    mirror = {"session": 1, "sources": [[11, "rx"]], "destination": 12}
    world.say(S, "view", view={"ready": True, "up": [10, 11, 12], "mirrors": [mirror, {}]})
    route = world.hub.find_route(B, pack_data(2, [b"x"]))
    assert route is not None
    assert route[:5] == (B, 2, S, 11, ())
    assert [(copy.receiver, copy.port) for copy in route.copies] == [(N, 3)]
    assert world.hub.drops[Drop.BAD_VIEW] == 1
    world.say(S, "view", view=None)
    assert world.hub.drops[Drop.BAD_MESSAGE] == 1


@pytest.mark.parametrize(
    ("sender", "message", "drop"),
    [
        (A, pack_data(2, [b"x"]), Drop.NOT_YOUR_PORT),
        (A, pack_data(99, [b"x"]), Drop.UNKNOWN_PORT),
        (A, b"\1", Drop.BAD_MESSAGE),
        (A, b"\3hello", Drop.BAD_MESSAGE),
        (A, pack_control("nonsense"), Drop.BAD_MESSAGE),
        (A, pack_control("request", id=1), Drop.NOT_PERMITTED),
        (A, pack_control("response", id=1, status="ok"), Drop.LATE_RESPONSE),
        (A, pack_control("response", id=1, status="fine"), Drop.BAD_MESSAGE),
        (OPERATOR, pack_data(1, [b"x"]), Drop.NOT_PERMITTED),
        (OPERATOR, pack_control("view", view={}), Drop.NOT_PERMITTED),
        (OPERATOR, pack_control("request", id="one"), Drop.BAD_MESSAGE),
        (A2, pack_data(1, [b"x"]), Drop.UNKNOWN_CLIENT),
        (A2, pack_control("request", id=1), Drop.UNKNOWN_CLIENT),
        (A2, pack_control("bye"), Drop.UNKNOWN_CLIENT),
    ],
)
def test_what_does_not_belong_is_counted(world: World, sender: bytes, message: bytes, drop: Drop) -> None:
    world.hub.receive(sender, message, world.now)
    assert world.hub.drops.as_dict() == {drop.label: 1}
    assert world.hub.fabric.targets(1) == (10,)


def test_a_stranger_is_asked_once_in_a_while(world: World) -> None:
    for _ in range(10):
        world.hub.receive(A2, pack_data(1, [b"x"]), world.now)
    assert world.sent[A2] == [{"op": "who", "boot": BOOT}]


OCTETS = st.binary(max_size=60)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 20) | st.text(max_size=3) | st.sampled_from(["rx", "a", "test"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["up", "mirrors", "session", "sources", "destination", "programs", "ready"])
            | st.text(max_size=2),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
FIELDS = ("proto", "lab", "node", "view", "operator", "id", "verb", "body", "timeout_ms", "status", "token")
OPS = st.sampled_from(["hello", "view", "pong", "bye", "request", "response", "ping", "x"])
CONTROLS = st.builds(
    lambda op, rest: bytes([CONTROL]) + msgpack.packb({**rest, "op": op}),
    OPS,
    st.dictionaries(st.sampled_from(FIELDS), ANYTHING),
)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from([A, A2, B, OPERATOR, b""]), OCTETS | CONTROLS), max_size=8))
def test_any_octets_end_in_a_counter(describe: Any, messages: list[tuple[bytes, bytes]]) -> None:
    world = World(describe({"a": {1: "mdi"}, "b": {2: "mdix"}}, [(1, 2, "straight")]))
    world.hello(A, "a")
    world.operate()
    for sender, message in messages:
        before = sum(world.hub.drops.as_dict().values())
        known = world.hub.knows(sender)
        world.hub.receive(sender, message, world.now)
        if (message and message[0] not in (CONTROL, DATA)) or (message[:1] == bytes([DATA]) and not known):
            assert sum(world.hub.drops.as_dict().values()) > before
    world.wait(2)
    assert world.hello(B, "b")[0]["op"] == "welcome"


def test_a_request_goes_to_the_device_and_its_answer_back(world: World) -> None:
    world.sent[A].clear()
    assert world.request(5, "a", body={"commands": ["x"]}) == []
    (asked,) = world.sent[A]
    assert (asked["op"], asked["verb"], asked["body"], asked["timeout_ms"]) == (
        "request",
        "exec",
        {"commands": ["x"]},
        1000,
    )
    world.say(B, "response", id=asked["id"], status="ok", body="not mine")
    assert world.sent[OPERATOR] == []
    world.say(A, "response", id=asked["id"], status="rejected", body={"output": "%"})
    assert world.sent[OPERATOR] == [{"op": "response", "id": 5, "status": "rejected", "body": {"output": "%"}}]
    world.say(A, "response", id=asked["id"], status="ok", body=None)
    assert len(world.sent[OPERATOR]) == 1
    assert world.hub.drops[Drop.LATE_RESPONSE] == 2


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"node": "z"}, Status.UNKNOWN_NODE),
        ({"node": 7}, Status.UNKNOWN_NODE),
        ({"node": None}, Status.BAD_REQUEST),
        ({"verb": None}, Status.BAD_REQUEST),
        ({"timeout_ms": 0}, Status.BAD_REQUEST),
        ({"timeout_ms": "1"}, Status.BAD_REQUEST),
        ({"body": bytes(1024 * 1024)}, Status.BAD_REQUEST),
    ],
)
def test_a_request_that_cannot_be(world: World, change: dict[str, Any], status: Status) -> None:
    (answer,) = world.request(5, "a", **change)
    assert (answer["id"], answer["status"]) == (5, status)
    assert answer["body"]["output"]


def test_requests_the_broker_answers_for_the_device(world: World) -> None:
    world.request(1, "a", timeout_ms=100)
    world.wait(0.2)
    assert [answer["status"] for answer in world.sent[OPERATOR] if answer["op"] == "response"] == [Status.TIMEOUT]
    world.request(2, "a")
    world.say(A, "bye")
    assert [answer["status"] for answer in world.sent[OPERATOR]] == [Status.UNREACHABLE]
    assert world.request(3, "a")[0]["status"] == Status.UNREACHABLE
    world.unreachable[B] = Delivery.FULL
    assert world.request(4, "b")[0]["status"] == Status.UNREACHABLE


def test_too_many_requests_are_turned_away(world: World) -> None:
    for number in range(MAX_PENDING):
        assert world.request(number, "a") == []
    assert world.request(MAX_PENDING, "a")[0]["status"] == Status.UNREACHABLE
    assert world.hub.drops[Drop.TOO_MANY_REQUESTS] == 1


@pytest.mark.parametrize("depth", [400, 600, 1000])
def test_a_deeply_nested_body(world: World, depth: int) -> None:
    """How deep msgpack can unpack and pack differs from version to version."""
    nested = msgpack.packb("body") + b"\x91" * depth + b"\xc0"
    fields = msgpack.packb({"op": "request", "id": 1, "node": "a", "verb": "exec", "timeout_ms": 9})
    world.hub.receive(OPERATOR, bytes([CONTROL, fields[0] + 1]) + fields[1:] + nested, world.now)
    world.sent[A].clear()
    world.request(2, "a")
    (asked,) = world.sent[A]
    fields = msgpack.packb({"op": "response", "id": asked["id"], "status": "ok"})
    world.hub.receive(A, bytes([CONTROL, fields[0] + 1]) + fields[1:] + nested, world.now)
    assert world.sent[OPERATOR][-1]["status"] in (Status.OK, Status.REJECTED)


def test_operators_are_bounded(world: World) -> None:
    for number in range(100, 100 + MAX_OPERATORS):
        world.operate(ident(number))
    assert world.request(1, None, verb="status") == [{"op": "who", "boot": BOOT}]


def test_status(world: World) -> None:
    world.say(A, "bye")
    mirror = {"session": 1, "sources": [[10, "rx"], [11, "rx"], [11, "tx"]], "destination": 12}
    world.say(S, "view", view={"ready": False, "up": [10, 11, 12], "mirrors": [mirror]})
    world.hub.delivered[11] = 4
    world.hub.drops.count(Drop.QUEUE_FULL, 3, 11)
    (answer,) = world.request(1, None, verb="status")
    body = answer["body"]
    assert answer["status"] == Status.OK
    assert body["boot"] == BOOT
    assert body["nodes"] == {
        "a": {"present": False, "ready": False},
        "b": {"present": True, "ready": True},
        "s": {"present": True, "ready": False},
        "n": {"present": True, "ready": True},
    }
    assert body["wires"][0]["reason"] == "peer-absent"
    assert body["wires"][1] == {
        "a": "b:e2",
        "b": "s:e11",
        "ports": [2, 11],
        "cable": "straight",
        "carrier": True,
        "reason": "up",
        "frames_ab": 4,
        "frames_ba": 0,
        "drops": {"queue-full": 3},
    }
    assert body["mirrors"] == [
        {
            "node": "s",
            "session": 1,
            "sources": [["s:e10", "rx"], ["s:e11", "both"]],
            "destination": "s:e12",
            "carrier": True,
            "frames": 0,
            "lost": 0,
        }
    ]
    assert body["drops"] == {"queue-full": 3}


def test_every_drop_has_its_own_name_and_help() -> None:
    assert len({drop.label for drop in Drop}) == len(Drop) > 10
    assert all(drop.help for drop in Drop)


def test_a_header_alone_is_not_a_batch(world: World) -> None:
    assert world.hub.find_route(A, HEADER.pack(DATA, 1, 0)) is not None
    assert world.hub.find_route(A, HEADER.pack(DATA, 1, 0)[:-1]) is None
