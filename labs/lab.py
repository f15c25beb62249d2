"""A lab as a value: what a lab file says, merged, checked and with its configurations read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from nodes.kinds import KINDS, Model

#: The stage of a lab file that declares none.
ONLY_STAGE: Final = "default"


@dataclass(frozen=True)
class Stage:
    """A named set of startup-configs; a node that has none for it takes that of the stage ``base``."""

    name: str
    description: str
    base: str | None = None


@dataclass(frozen=True)
class Startup:
    """A startup-config: its text and the file it is from, for messages."""

    name: str
    text: str


@dataclass(frozen=True)
class Node:
    """A device. ``console`` is (host, TCP port), None to let the system choose; ``startup`` maps stages to configs."""

    name: str
    kind: str
    type: str
    version: str | None
    console: tuple[str, int] | None = None
    group: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    position: tuple[float, float] | None = None
    startup: Mapping[str, Startup] = field(default_factory=dict)
    attach: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    """index of a port -> (``packet`` or ``tap``, name of the Linux interface)"""

    @property
    def model(self) -> Model:
        return KINDS[self.kind].models[self.type]


@dataclass(frozen=True)
class End:
    """One end of a cable: a node and the canonical name of a port of it."""

    node: str
    port: str

    def __str__(self) -> str:
        return f"{self.node}:{self.port}"


@dataclass(frozen=True)
class Link:
    """A cable: ``straight`` or ``crossover``."""

    a: End
    b: End
    cable: str


@dataclass(frozen=True)
class Lab:
    """Everything a lab file says. ``nodes`` and ``links`` keep the file's order, which numbers the ports."""

    name: str
    description: str
    file: Path
    stages: tuple[Stage, ...]
    default_stage: str
    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    tries: tuple[str, ...] = ()
    keys: bool = True
    """whether the keys of tunnels may be had (`wirelab capture --keys`)"""

    def ports(self) -> Iterator[tuple[int, Node, int, str]]:
        """(port id, node, index of the port in its node, canonical name) of every port; ids count from 1."""
        number = 0
        for node in self.nodes:
            for index, port in enumerate(node.model.ports):
                number += 1
                yield number, node, index, port.name
