"""The keys of a lab file (``*.lab.yml``) and what each may hold: containerlab's, as far as a lab here can use them.

::

    name: two-routers
    description: one line
    stages:                            # optional; without it a lab has the one stage "default"
      - name: start
        description: addresses only
        default: true
      - name: broken
        base: start                    # nodes without a config for this stage take the one of start
    try:                               # optional: what `wirelab up` proposes; {R-A} is R-A's console address
      - telnet {R-A}
    keys: false                        # for exams: devices log no keys, and `wirelab capture --keys` is refused
    topology:
      defaults: {kind: router}         # of all nodes
      kinds:
        router: {version: "12.4(15)T1"}   # of all nodes of the kind; beats defaults
      nodes:
        R-A:                           # beats both
          type: "1841"
          console: 127.0.0.1:5001      # or only the port
          startup-config: {start: configs/R-A.start.cfg}   # or one file name, or the text itself, for all stages
          position: [100, 40]
        Outside:
          kind: cloud
          attach: {Eth0: veth1, Eth1: "tap:lab0"}   # Linux interfaces: one that exists, one that the node makes
        R-B: {}
      links:
        - endpoints: ["R-A:Fa0/0", "R-B:Fa0/0"]
          cable: crossover             # straight unless said

The classes check the form of one part each; what parts say about one another (does that port exist?) is checked in
:mod:`labs.load`. A key that none of them knows is a mistake.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag
from pydantic_core import PydanticCustomError

#: Names of nodes, labs and stages: they become file names, process names and words of a command line.
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
NAME_RULE: Final = "letters, digits, - and _, at most 63, the first a letter or digit"

#: What Linux takes as an interface's name (dev_valid_name in net/core/dev.c), but for the dots that are all of it.
_ATTACHMENT = re.compile(r"(?P<tap>tap:)?(?P<name>(?!\.{1,2}\Z)[^\s/:%\0]{1,15})")
_ADDRESS = re.compile(r"(?:(?P<host>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):)?(?P<port>[0-9]{1,5})")


def _text(value: Any) -> Any:
    # `type: 1841` is a number to YAML and a name to everybody else.
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _console(value: Any) -> tuple[str, int]:
    match = _ADDRESS.fullmatch(str(_text(value))) if not isinstance(value, bool) else None
    if match is None or not 1 <= int(match["port"]) <= 65535:
        raise PydanticCustomError("console", "a TCP port (1-65535) or ADDRESS:PORT expected, as in 127.0.0.1:5001")
    return (match["host"] or "127.0.0.1").strip("[]"), int(match["port"])


def _position(value: Any) -> tuple[float, float]:
    match value:
        case [int() | float() as x, int() | float() as y] if not isinstance(x, bool) and not isinstance(y, bool):
            return float(x), float(y)
    raise PydanticCustomError("position", "two numbers expected, as in [120, 80]")


def _endpoints(value: Any) -> tuple[str, str]:
    match value:
        case [str() as one, str() as other]:
            return one, other
    raise PydanticCustomError("endpoints", 'two ports expected, as in ["R-A:Fa0/0", "SW-1:Fa0/1"]')


def _attachment(value: Any) -> tuple[str, str]:
    match = _ATTACHMENT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise PydanticCustomError(
            "attach", "a Linux interface expected (at most 15 characters), or tap:NAME for one to be made"
        )
    return "tap" if match["tap"] else "packet", match["name"]


def _startup_form(value: Any) -> str:
    return "stages" if isinstance(value, dict) else "one"


Text = Annotated[str, BeforeValidator(_text)]
Startup = Annotated[
    Annotated[str, Tag("one")] | Annotated[dict[str, str], Tag("stages")],
    Discriminator(_startup_form),
]


class Part(BaseModel):
    """A mapping of the file. Strict: a number is no text, and an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class KindPart(Part):
    """``topology.kinds.KIND``: what all nodes of a kind share."""

    type: Text | None = None
    version: Text | None = None
    group: Text | None = None
    labels: dict[str, Text] = {}
    startup_config: Startup | None = Field(None, alias="startup-config")


class DefaultsPart(KindPart):
    """``topology.defaults``: what all nodes share."""

    kind: Text | None = None


class NodePart(DefaultsPart):
    """``topology.nodes.NODE``."""

    console: Annotated[tuple[str, int], BeforeValidator(_console)] | None = None
    position: Annotated[tuple[float, float], BeforeValidator(_position)] | None = None
    attach: dict[str, Annotated[tuple[str, str], BeforeValidator(_attachment)]] | None = None


class LinkPart(Part):
    """An item of ``topology.links``: one cable."""

    endpoints: Annotated[tuple[str, str], BeforeValidator(_endpoints)]
    cable: Literal["straight", "crossover"] = "straight"


class StagePart(Part):
    """An item of ``stages``: a set of startup-configs by name."""

    name: Text
    description: str = ""
    default: bool = False
    base: Text | None = None


class TopologyPart(Part):
    """``topology``. Its parts are checked one by one, so that a mistake in one does not hide those in the next."""

    defaults: dict[str, Any] | None = None
    kinds: dict[str, Any] | None = None
    nodes: dict[str, Any]
    links: list[Any] | None = None


class LabPart(Part):
    """The file."""

    name: Text
    description: str = ""
    stages: list[Any] | None = None
    try_: list[str] = Field([], alias="try")
    keys: bool = True
    topology: dict[str, Any]
