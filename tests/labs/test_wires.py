"""Which wires the words of a command line mean, and what is said when they mean none."""

from __future__ import annotations

from typing import Any

import pytest

from labs import wires
from labs.errors import LabError
from labs.state import NodeRecord, Record


def node(name: str, kind: str, type_: str) -> NodeRecord:
    return NodeRecord(name, kind, type_, ("127.0.0.1", 1))


RECORD = Record(
    name="x",
    file="x.lab.yml",
    stage="s",
    endpoint="ipc://x",
    sockets="/x",
    started=0.0,
    nodes=[
        node("R-A", "router", "1841"),
        node("R-B", "router", "1841"),
        node("SW-1", "switch", "c2950-24"),
        node("A--B", "pc", "pc"),
    ],
)


def cable(a: int, b: int, one: str, other: str, kind: str = "straight") -> dict[str, Any]:
    return {"a": one, "b": other, "ports": [a, b], "cable": kind, "carrier": True, "reason": "up"}


ALL = wires.from_status(
    {
        "wires": [
            cable(1, 3, "R-A:FastEthernet0/0", "R-B:FastEthernet0/0", "crossover"),
            cable(2, 10, "R-A:FastEthernet0/1", "SW-1:FastEthernet0/1"),
            cable(11, 4, "SW-1:FastEthernet0/2", "R-B:FastEthernet0/1"),
            cable(40, 12, "A--B:FastEthernet0", "SW-1:FastEthernet0/3"),
        ]
    }
)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], ["R-A:FastEthernet0/0", "R-A:FastEthernet0/1", "SW-1:FastEthernet0/2", "A--B:FastEthernet0"]),
        (["R-A:Fa0/0"], ["R-A:FastEthernet0/0"]),
        (["r-b:fastethernet 0/0"], ["R-B:FastEthernet0/0"]),
        (["R-A"], ["R-A:FastEthernet0/0", "R-A:FastEthernet0/1"]),
        (["SW-1"], ["SW-1:FastEthernet0/2", "SW-1:FastEthernet0/1", "SW-1:FastEthernet0/3"]),
        (["SW-1--R-A"], ["SW-1:FastEthernet0/1"]),
        (["SW-1:fa0/1--R-A:fa0/1"], ["SW-1:FastEthernet0/1"]),
        (["A--B"], ["A--B:FastEthernet0"]),
        (["A--B:Fa0"], ["A--B:FastEthernet0"]),
        (["A--B--SW-1"], ["A--B:FastEthernet0"]),
        (["SW-1--A--B"], ["SW-1:FastEthernet0/3"]),
        (["R-B:Fa0/0", "R-A:Fa0/0", "R-A--R-B", "R-B:Fa0/1"], ["R-B:FastEthernet0/0", "R-B:FastEthernet0/1"]),
    ],
)
def test_words(words: list[str], expected: list[str]) -> None:
    assert [wire.name for wire in wires.choose(RECORD, ALL, words)] == expected


def test_a_wire_is_seen_from_the_end_that_was_named() -> None:
    (wire,) = wires.choose(RECORD, ALL, ["R-B:Fa0/0"])
    assert (wire.port, wire.far_port, wire.far) == (3, 1, "R-A:FastEthernet0/0")
    assert str(wire) == "R-B:FastEthernet0/0--R-A:FastEthernet0/0"
    assert wire.turned().turned() == wire


@pytest.mark.parametrize(
    ("word", "messages"),
    [
        ("R-C:Fa0/0", ["no node 'R-C'", "did you mean"]),
        ("SW1", ["no node 'SW1'", "did you mean 'SW-1'?"]),
        ("R-A:Fa0/9", ["R-A has no port 'Fa0/9'", "ports: FastEthernet0/0, FastEthernet0/1"]),
        ("R-A:FastEthernt0/1", ["did you mean 'FastEthernet0/1'?"]),
        (
            "SW-1:Fa0/24",
            ["no cable is plugged into SW-1:FastEthernet0/24", "SW-1:FastEthernet0/1--R-A:FastEthernet0/1"],
        ),
        ("R-A--A--B", ["no cable goes from R-A to A--B", "cables of R-A: R-A:FastEthernet0/0--R-B:FastEthernet0/0"]),
        ("R-A--R-C", ["no node 'R-C'"]),
        ("", ["no node ''"]),
        ("--", ["no node '--'"]),
    ],
)
def test_what_means_no_wire(word: str, messages: list[str]) -> None:
    with pytest.raises(LabError) as caught:
        wires.choose(RECORD, ALL, [word])
    for message in messages:
        assert message in str(caught.value)
