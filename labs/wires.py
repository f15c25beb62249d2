"""Which wires of a running lab a person means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from labs import find
from labs.errors import LabError
from labs.state import NodeRecord, Record
from nodes.kinds import KINDS, canonical_port


@dataclass(frozen=True)
class Wire:
    """A cable as seen from one end. ``port`` is that end's id, ``name`` and ``far`` are NODE:PORT of both ends."""

    port: int
    far_port: int
    name: str
    far: str
    cable: str
    carrier: bool
    reason: str

    def turned(self) -> Wire:
        """The same cable as seen from the other end."""
        return Wire(self.far_port, self.port, self.far, self.name, self.cable, self.carrier, self.reason)

    def has(self, end: str) -> bool:
        """Whether this end is ``end``: NODE:PORT, or NODE for any port of it."""
        return end in (self.name, self.name.partition(":")[0])

    def __str__(self) -> str:
        return f"{self.name}--{self.far}"


def from_status(status: dict[str, Any]) -> list[Wire]:
    """All wires of a lab, from what its broker says."""
    return [
        Wire(a, b, wire["a"], wire["b"], wire["cable"], wire["carrier"], wire["reason"])
        for wire in status["wires"]
        for a, b in [wire["ports"]]
    ]


def choose(record: Record, wires: Sequence[Wire], words: Sequence[str]) -> list[Wire]:
    """The wires that the words mean, each once and as seen from the end that was named; no words mean all wires.

    A word is ``NODE:PORT``, ``NODE`` (all its cables) or two of these with ``--`` between them. Raises LabError.
    """
    chosen: dict[frozenset[int], Wire] = {}
    for word in words:
        for wire in _named(record, wires, word):
            chosen.setdefault(frozenset((wire.port, wire.far_port)), wire)
    return list(chosen.values()) if words else list(wires)


def _named(record: Record, wires: Sequence[Wire], word: str) -> list[Wire]:
    both = [*wires, *(wire.turned() for wire in wires)]
    split = _split(record, word)
    if split is None:
        end = _end(record, word)
        found = [wire for wire in both if wire.has(end)]
        if not found:
            raise LabError(f"no cable is plugged into {end}{_cables(both, end.partition(':')[0])}")
        return found
    one, other = (_end(record, part) for part in split)
    found = [wire for wire in both if wire.has(one) and wire.turned().has(other)]
    if not found:
        raise LabError(f"no cable goes from {one} to {other}{_cables(both, one.partition(':')[0])}")
    return found


def _split(record: Record, word: str) -> tuple[str, str] | None:
    """Both ends of ``A--B``. Names may hold ``--`` too: the first split that leaves two nodes is the one."""
    splits = [(word[:at], word[at + 2 :]) for at in range(1, len(word) - 2) if word.startswith("--", at)]
    for one, other in splits:
        if all(record.node(part.partition(":")[0]) is not None for part in (one, other)):
            return one, other
    return splits[0] if splits and record.node(word.partition(":")[0]) is None else None


def _end(record: Record, word: str) -> str:
    """``r-a:fa0/0`` -> ``R-A:FastEthernet0/0``, ``r-a`` -> ``R-A``. Raises LabError."""
    name, colon, text = word.partition(":")
    node = find.node(record, name)
    if not colon:
        return node.name
    port = canonical_port(KINDS[node.kind].models[node.type], text)
    if port is None:
        ports = list(_ports(node))
        raise LabError(f"{node.name} has no port {text!r}{find.near(text, ports)}; ports: {', '.join(ports)}")
    return f"{node.name}:{port}"


def _ports(node: NodeRecord) -> Iterator[str]:
    return (port.name for port in KINDS[node.kind].models[node.type].ports)


def _cables(wires: Sequence[Wire], node: str) -> str:
    own = [str(wire) for wire in wires if wire.has(node)]
    return f"; cables of {node}: {', '.join(own)}" if own else f"; {node} has no cable at all"
