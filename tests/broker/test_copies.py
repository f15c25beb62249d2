"""The copies of mirrors through the hub: who gets them in which form, what is counted, and who hears of it."""

from __future__ import annotations

from typing import Any

import pytest

from broker.delivery import Delivery
from broker.drops import Drop
from broker.hub import PING_EVERY
from broker.protocol import DATA, HEADER, MAX_FRAME, MAX_MESSAGE, pack_control, pack_data
from tests.broker.test_taps import A, B, N, S, World

#: Strips a tag at 12; what has none is copied as it is.
NATIVE = [[12, b"\xff\xff", [[0x8100, 0x8100]], [12, 4, b""]], [0, b"", [], [0, 0, b""]]]
TAG = bytes.fromhex("8100000a")
#: Puts a tag on everything.
TAGGED = [[0, b"", [], [12, 0, TAG]]]
MACS = bytes(range(12))


def mirror(direction: str, *programs: Any, session: int = 1) -> dict[str, Any]:
    source = [10, direction, 0] if programs else [10, direction]
    return {"session": session, "sources": [source], "destination": 12, "programs": list(programs)}


def copies(world: World, connection: bytes = N) -> list[tuple[int, list[bytes]]]:
    return [(port, frames) for port, _, frames in world.data[connection]]


def told(world: World) -> list[Any]:
    """What s hears of its copies until the next ping, and with it."""
    world.control[S].clear()
    while not any(message["op"] == "ping" for message in world.control[S]):
        world.hub.tick(world.hub.next_deadline())
    return [message["ports"] for message in world.control[S] if message["op"] == "copied"]


def status(world: World) -> tuple[int, int]:
    body = world.hub._status()["mirrors"][0]
    return body["frames"], body["lost"]


def test_copies_have_the_form_that_the_program_says(small_lab: dict[str, Any]) -> None:
    world = World(small_lab, mirror("rx", NATIVE), mirror("tx", TAGGED, session=2))
    world.frames(A, 1, MACS + TAG + b"a", MACS + b"b")
    world.frames(S, 10, MACS + b"c")
    world.frames(B, 2, MACS + b"d")
    assert copies(world) == [(3, [MACS + b"a", MACS + b"b"]), (3, [MACS + TAG + b"c"])]


def test_a_copy_of_a_copy_starts_from_the_copy(describe: Any) -> None:
    """s copies what comes by 10 to t with a tag, and t copies only what has that tag on to n, without it."""
    ports = {"a": (1,), "s": (10, 11), "t": (20, 21), "n": (3,)}
    names = dict(zip(ports, (A, S, B, N), strict=True))
    only = [[12, b"\xff\xff\xff\xff", [[0x8100000A, 0x8100000A]], [12, 4, b""]]]
    mirrors = {
        "s": [{"session": 1, "sources": [[10, "rx", 0]], "destination": 11, "programs": [TAGGED]}],
        "t": [{"session": 1, "sources": [[20, "rx", 0]], "destination": 21, "programs": [only]}],
    }
    wires = [(1, 10, "straight"), (11, 20, "straight"), (21, 3, "straight")]
    world = World(describe({node: dict.fromkeys(own, "auto") for node, own in ports.items()}, wires), names=names)
    for node, own in ports.items():
        world.say(names[node], "view", view={"ready": True, "up": list(own), "mirrors": mirrors.get(node, [])})
    world.frames(A, 1, MACS + b"x")
    assert copies(world, B) == [(20, [MACS + TAG + b"x"])]
    assert copies(world) == [(3, [MACS + b"x"])]
    world.data.clear()
    world.frames(S, 11, MACS + b"untagged", MACS + TAG + b"tagged")
    assert copies(world) == [(3, [MACS + b"tagged"])]


def test_the_device_hears_once_a_second_what_was_copied_out_of_its_port(small_lab: dict[str, Any]) -> None:
    world = World(small_lab, mirror("rx", NATIVE), mirror("rx", session=2))
    assert told(world) == []
    world.frames(A, 1, MACS + TAG + b"a", MACS)
    assert told(world) == [{12: [4, 2 * len(MACS + TAG + b"a" + MACS) - 4, 0]}]
    assert told(world) == []
    assert status(world) == (2, 0)
    world.frames(A, 1, MACS)
    world.full = True
    world.hub.tick(world.hub.next_deadline() + PING_EVERY)  # its queue is full: told later
    world.full = False
    assert told(world) == [{12: [2, 2 * len(MACS), 0]}]


def test_a_new_process_is_not_told_what_an_older_one_missed(small_lab: dict[str, Any]) -> None:
    world = World(small_lab, mirror("rx"))
    world.frames(A, 1, MACS)
    view = {"ready": True, "up": [10, 11, 12], "mirrors": [mirror("rx")]}
    world.say(S, "bye")
    world.say(S, "hello", proto=1, lab="test", node="s", view=view)
    assert told(world) == []
    assert status(world) == (1, 0)


@pytest.mark.parametrize(("delivery", "drop"), [(Delivery.FULL, Drop.MIRROR_LOST), (Delivery.GONE, Drop.RECEIVER_GONE)])
def test_what_the_destination_does_not_take_is_lost_and_counted(
    small_lab: dict[str, Any], delivery: Delivery, drop: Drop
) -> None:
    world = World(small_lab, mirror("rx"))
    world.frames(A, 1, b"x")
    world.unreachable[N] = delivery
    world.frames(A, 1, b"y", b"z")
    assert world.hub.drops.as_dict() == {drop.label: 2}
    assert world.hub.drops.as_dict(3) == {drop.label: 2}
    assert status(world) == (1, 2)
    assert world.hub.delivered[3] == 1
    assert told(world) == [{12: [1, 1, 2]}]


def test_the_counts_of_a_mirror_go_with_it(small_lab: dict[str, Any]) -> None:
    world = World(small_lab, mirror("rx"))
    world.frames(A, 1, b"x")
    view = {"ready": True, "up": [10, 11, 12], "mirrors": []}
    world.say(S, "view", view=view)
    assert told(world) == []
    world.say(S, "view", view=view | {"mirrors": [mirror("rx")]})
    assert status(world) == (0, 0)
    world.frames(A, 1, b"x")
    world.say(S, "view", view=view | {"mirrors": [mirror("both")]})
    assert status(world) == (1, 0)


def test_what_holds_no_frames_is_not_copied(small_lab: dict[str, Any]) -> None:
    world = World(small_lab, mirror("rx"))
    message = HEADER.pack(DATA, 1, 0) + b"\x91\xc0"
    route = world.hub.find_route(A, message)
    assert route is not None
    world.hub.copies.make(route.copies, message, 0)
    assert world.hub.drops.as_dict() == {"bad-message": 1}
    assert copies(world) == []


def test_what_an_insertion_makes_too_large(small_lab: dict[str, Any]) -> None:
    """A frame of the largest size is lost, and a message that was full becomes two."""
    world = World(small_lab, mirror("rx", TAGGED))
    world.frames(A, 1, bytes(MAX_FRAME), bytes(20))
    assert [[len(frame) for frame in frames] for _, frames in copies(world)] == [[24]]
    assert world.hub.drops.as_dict() == {"oversize": 1}
    assert status(world) == (1, 1)
    world.data.clear()
    full = (MAX_MESSAGE - HEADER.size - 3) // 256 - 5
    assert len(pack_data(1, [bytes(full)] * 256)) <= MAX_MESSAGE
    world.frames(A, 1, *[bytes(full)] * 256)
    assert [len(frames) for _, frames in copies(world)] == [128, 128]
    assert world.octets < 4 * MAX_MESSAGE


def test_a_flood_of_views_with_mirrors_leaves_nothing_behind(small_lab: dict[str, Any]) -> None:
    world = World(small_lab)
    for session in range(50):
        view = {"ready": True, "up": [10, 11, 12], "mirrors": [mirror("rx", session=session)]}
        world.hub.receive(S, pack_control("view", view=view), 0.0)
        world.frames(A, 1, b"x")
    assert len(world.hub.copies._counts) == 1
