"""A description with a mistake is refused with the place and what was expected."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.description import Cable, Description, DescriptionError, Mdi
from broker.listen import Listener
from broker.server import main, read_description


def test_a_good_one(small_lab: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "lab"
    file.write_bytes(msgpack.packb(small_lab))
    description = read_description(file)
    assert description.lab == "test"
    assert description.nodes["s"] == (10, 11, 12)
    assert str(description.ports[12]) == "s:e12"
    assert [(wire.a, wire.b, wire.cable) for wire in description.wires][-1] == (12, 3, Cable.CROSSOVER)


@pytest.mark.parametrize(
    ("path", "value", "text"),
    [
        (["proto"], 2, "proto: 1 expected"),
        (["lab"], "", "lab: a text expected"),
        (["endpoint"], None, "endpoint: a text expected"),
        (["nodes"], [], "nodes: a map expected"),
        (["nodes", "a"], 5, "nodes.a: a map expected"),
        (["nodes", "a", "ports"], None, "nodes.a.ports: a list expected"),
        (["nodes", "a", "ports", 0, "id"], 0, "nodes.a.ports[0].id: a number from 1"),
        (["nodes", "a", "ports", 0, "id"], True, "nodes.a.ports[0].id: a number from 1"),
        (["nodes", "b", "ports", 0, "id"], 1, "nodes.b.ports[0].id: 1 is already a:e1"),
        (["nodes", "s", "ports", 1, "name"], "e10", "nodes.s.ports[1].name: s has two ports e10"),
        (["nodes", "a", "ports", 0, "mdi"], "sdi", "nodes.a.ports[0].mdi: one of mdi, mdix, auto expected"),
        (["wires"], {}, "wires: a list expected"),
        (["wires", 1], 7, "wires[1]: a map expected"),
        (["wires", 1, "b"], 99, "wires[1].b: no node has a port with the id 99"),
        (["wires", 1, "b"], 10, "wires[1].b: s:e10 has a cable already"),
        (["wires", 0, "b"], 1, "wires[0].b: a:e1 has a cable already"),
        (["wires", 0, "cable"], "rope", "wires[0].cable: one of straight, crossover expected"),
    ],
)
def test_mistakes_are_named(small_lab: dict[str, Any], path: list[Any], value: Any, text: str) -> None:
    raw = copy.deepcopy(small_lab)
    place: Any = raw
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(DescriptionError) as error:
        Description.parse(raw)
    assert text in str(error.value)


@given(st.binary(max_size=200))
def test_any_file_raises_description_error_only(tmp_path_factory: pytest.TempPathFactory, octets: bytes) -> None:
    file = tmp_path_factory.getbasetemp() / "any"
    file.write_bytes(octets)
    with pytest.raises(DescriptionError):
        read_description(file)


@pytest.mark.parametrize(
    ("endpoint", "text"),
    [
        ("ipc://relative", "ipc:// and an absolute path"),
        ("ipc:///" + "x" * 120, "longer than the 107 octets"),
        ("udp://127.0.0.1:5555", "ipc:// or tcp:// expected"),
        ("tcp://127.0.0.1", "tcp://ADDRESS:PORT expected"),
        ("tcp://127.0.0.1:65536", "tcp://ADDRESS:PORT expected"),
        # Without keys, whatever others may reach is refused.
        ("tcp://0.0.0.0:5555", "so it needs keys (curve)"),
        ("tcp://10.0.0.1:5555", "so it needs keys (curve)"),
        ("tcp://[::]:5555", "so it needs keys (curve)"),
        ("tcp://*:5555", "so it needs keys (curve)"),
        ("tcp://lo:5555", "so it needs keys (curve)"),
        ("tcp://localhost:5555", "so it needs keys (curve)"),
    ],
)
def test_main_says_what_is_wrong(
    small_lab: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str], endpoint: str, text: str
) -> None:
    file = tmp_path / "lab"
    file.write_bytes(msgpack.packb({**small_lab, "endpoint": endpoint}))
    assert main([str(file)]) == 1
    assert text in capsys.readouterr().err
    assert main([str(tmp_path / "missing")]) == 1
    assert "No such file" in capsys.readouterr().err
    assert main([]) == 2


@pytest.mark.parametrize("endpoint", ["tcp://127.0.0.1:5555", "tcp://127.9.9.9:1", "tcp://[::1]:5555", "ipc:///run/b"])
def test_without_keys_a_broker_listens_where_nobody_else_comes(endpoint: str) -> None:
    Listener(endpoint, keys=False)


@pytest.mark.parametrize("endpoint", ["tcp://0.0.0.0:5000", "tcp://*:5000", "tcp://[::]:5000", "tcp://eth0:5000"])
def test_with_keys_a_broker_listens_anywhere(endpoint: str) -> None:
    Listener(endpoint, keys=True)


def test_missing_keys_are_named(small_lab: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "lab"
    file.write_bytes(msgpack.packb({**small_lab, "endpoint": "tcp://0.0.0.0:5555", "curve": "keys"}))
    assert main([str(file)]) == 1
    assert f"{tmp_path}/keys/clients: No such file" in capsys.readouterr().err


@pytest.mark.parametrize("a", Mdi)
@pytest.mark.parametrize("b", Mdi)
def test_the_cable_rule(a: Mdi, b: Mdi) -> None:
    auto = Mdi.AUTO in (a, b)
    assert Cable.STRAIGHT.fits(a, b) == (auto or a is not b)
    assert Cable.CROSSOVER.fits(a, b) == (auto or a is b)
