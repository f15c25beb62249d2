"""A small lab for the broker's tests: nodes a and b on a switch s, and a sniffer n on its SPAN port."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.broker.live import CurveLab, Lab


def _describe(
    nodes: dict[str, dict[int, str]], wires: list[tuple[int, int, str]], endpoint: str = "ipc:///nowhere"
) -> dict[str, Any]:
    return {
        "proto": 1,
        "lab": "test",
        "endpoint": endpoint,
        "nodes": {
            node: {"ports": [{"id": port, "name": f"e{port}", "mdi": mdi} for port, mdi in ports.items()]}
            for node, ports in nodes.items()
        },
        "wires": [{"a": a, "b": b, "cable": cable} for a, b, cable in wires],
    }


@pytest.fixture(scope="session")
def describe() -> Callable[..., dict[str, Any]]:
    """(nodes: {name: {port id: mdi}}, wires: [(a, b, cable)], endpoint) -> the map of a broker description."""
    return _describe


@pytest.fixture
def small_lab() -> dict[str, Any]:
    """a:1 - 10:s, b:2 - 11:s, s:12 x n:3 (crossover)."""
    return _describe(
        {"a": {1: "mdi"}, "b": {2: "mdi"}, "s": {10: "mdix", 11: "mdix", 12: "mdix"}, "n": {3: "mdix"}},
        [(1, 10, "straight"), (2, 11, "straight"), (12, 3, "crossover")],
    )


@pytest.fixture
def stopped_lab(small_lab: dict[str, Any]) -> Iterator[Lab]:
    # Not tmp_path, which is too long for a Unix socket when the tests' own folder is deep.
    with (
        tempfile.TemporaryDirectory(prefix="wl", dir="/tmp") as folder,
        contextlib.closing(Lab(Path(folder), small_lab)) as lab,
    ):
        yield lab


@pytest.fixture
def stopped_curve_lab(small_lab: dict[str, Any]) -> Iterator[CurveLab]:
    with (
        tempfile.TemporaryDirectory(prefix="wl", dir="/tmp") as folder,
        contextlib.closing(CurveLab(Path(folder), small_lab)) as lab,
    ):
        yield lab


@pytest.fixture
def curve_lab(stopped_curve_lab: CurveLab) -> CurveLab:
    stopped_curve_lab.start()
    return stopped_curve_lab


@pytest.fixture
def lab(stopped_lab: Lab) -> Lab:
    stopped_lab.start()
    return stopped_lab
