"""The description of a lab's wires, as the launcher writes it for the broker, checked and as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeVar

from broker.protocol import PROTO

_MAX_PORT: Final = 2**32 - 1
_Kind = TypeVar("_Kind", bound=StrEnum)


class DescriptionError(Exception):
    """A description that no broker can serve. The text says where it is wrong and what was expected."""


class Mdi(StrEnum):
    """Which pair of an Ethernet port transmits (IEEE 802.3 14.5.2)."""

    MDI = "mdi"
    MDIX = "mdix"
    AUTO = "auto"


class Cable(StrEnum):
    STRAIGHT = "straight"
    CROSSOVER = "crossover"

    def fits(self, a: Mdi, b: Mdi) -> bool:
        """Whether each end's transmitter meets the other's receiver; a port with auto-MDIX sees to that by itself."""
        if Mdi.AUTO in (a, b):
            return True
        return (a is b) is (self is Cable.CROSSOVER)


@dataclass(frozen=True, slots=True)
class Port:
    id: int
    node: str
    name: str
    mdi: Mdi

    def __str__(self) -> str:
        return f"{self.node}:{self.name}"


@dataclass(frozen=True, slots=True)
class Wire:
    a: int
    b: int
    cable: Cable


@dataclass(frozen=True, slots=True)
class Description:
    """All that a broker knows of its lab before anybody connects."""

    lab: str
    endpoint: str
    nodes: Mapping[str, tuple[int, ...]]
    """node -> its port ids, in the order of the description"""
    ports: Mapping[int, Port]
    wires: tuple[Wire, ...]
    curve: str | None = None
    """the folder of the broker's keys (broker.keys); with it nobody is let in who has none"""
    health: str | None = None
    """path of the socket that says whether the broker is well (broker.health)"""

    @classmethod
    def parse(cls, raw: object) -> Description:
        """Check the unpacked map of a description file; raises DescriptionError at the first mistake."""
        top = _map(raw, "the description")
        if top.get("proto") != PROTO:
            raise DescriptionError(f"proto: {PROTO} expected, found {top.get('proto')!r}")
        nodes: dict[str, tuple[int, ...]] = {}
        ports: dict[int, Port] = {}
        for node, rest in _map(top.get("nodes"), "nodes").items():
            if not isinstance(node, str) or not node:
                raise DescriptionError(f"nodes: a name expected, found {node!r}")
            nodes[node] = _parse_ports(node, _map(rest, f"nodes.{node}").get("ports"), ports)
        return cls(
            lab=_text(top.get("lab"), "lab"),
            endpoint=_text(top.get("endpoint"), "endpoint"),
            nodes=nodes,
            ports=ports,
            wires=_parse_wires(top.get("wires"), ports),
            curve=_optional(top.get("curve"), "curve"),
            health=_optional(top.get("health"), "health"),
        )


def _parse_ports(node: str, raw: object, ports: dict[int, Port]) -> tuple[int, ...]:
    """Add the ports of one node to ``ports``; their ids."""
    ids: list[int] = []
    names: set[str] = set()
    for index, item in enumerate(_list(raw, f"nodes.{node}.ports")):
        where = f"nodes.{node}.ports[{index}]"
        entry = _map(item, where)
        port = entry.get("id")
        if not isinstance(port, int) or isinstance(port, bool) or not 1 <= port <= _MAX_PORT:
            raise DescriptionError(f"{where}.id: a number from 1 to {_MAX_PORT} expected, found {port!r}")
        if port in ports:
            raise DescriptionError(f"{where}.id: {port} is already {ports[port]}")
        name = _text(entry.get("name"), f"{where}.name")
        if name in names:
            raise DescriptionError(f"{where}.name: {node} has two ports {name}")
        names.add(name)
        ids.append(port)
        ports[port] = Port(port, node, name, _member(Mdi, entry.get("mdi"), f"{where}.mdi"))
    return tuple(ids)


def _parse_wires(raw: object, ports: Mapping[int, Port]) -> tuple[Wire, ...]:
    wires: list[Wire] = []
    taken: set[int] = set()
    for index, item in enumerate(_list(raw, "wires")):
        where = f"wires[{index}]"
        entry = _map(item, where)
        ends: list[int] = []
        for end in ("a", "b"):
            port = entry.get(end)
            if not isinstance(port, int) or isinstance(port, bool) or port not in ports:
                raise DescriptionError(f"{where}.{end}: no node has a port with the id {port!r}")
            if port in taken:
                raise DescriptionError(f"{where}.{end}: {ports[port]} has a cable already")
            taken.add(port)
            ends.append(port)
        wires.append(Wire(ends[0], ends[1], _member(Cable, entry.get("cable"), f"{where}.cable")))
    return tuple(wires)


def _map(raw: object, where: str) -> Mapping[Any, Any]:
    if not isinstance(raw, dict):
        raise DescriptionError(f"{where}: a map expected, found {type(raw).__name__}")
    return raw


def _list(raw: object, where: str) -> list[Any]:
    if not isinstance(raw, list | tuple):
        raise DescriptionError(f"{where}: a list expected, found {type(raw).__name__}")
    return list(raw)


def _text(raw: object, where: str) -> str:
    if not isinstance(raw, str) or not raw:
        raise DescriptionError(f"{where}: a text expected, found {raw!r}")
    return raw


def _optional(raw: object, where: str) -> str | None:
    return None if raw is None else _text(raw, where)


def _member(kind: type[_Kind], raw: object, where: str) -> _Kind:
    try:
        return kind(str(raw))
    except ValueError:
        expected = ", ".join(kind)
        raise DescriptionError(f"{where}: one of {expected} expected, found {raw!r}") from None
