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
:mod:`labs.load`. A key that none of them knows is a mistake. The JSON schema for editors (:mod:`labs.schema`) is made
of the same classes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    GetJsonSchemaHandler,
    Tag,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from nodes.kinds import KINDS

#: Names of nodes, labs and stages: they become file names, process names and words of a command line.
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
NAME_RULE: Final = "letters, digits, - and _, at most 63, the first a letter or digit"

#: What Linux takes as an interface's name (dev_valid_name in net/core/dev.c), but for the dots that are all of it.
_ATTACHMENT = re.compile(r"(?P<tap>tap:)?(?P<name>(?!\.{1,2}\Z)[^\s/:%\0]{1,15})")
_ADDRESS_PATTERN: Final = r"(?:([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):)?([0-9]{1,5})"
_ADDRESS = re.compile(_ADDRESS_PATTERN)


def _text(value: Any) -> Any:
    # `type: 1841` is a number to YAML and a name to everybody else.
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _console(value: Any) -> tuple[str, int]:
    match = _ADDRESS.fullmatch(str(_text(value))) if not isinstance(value, bool) else None
    if match is None or not 1 <= int(match[2]) <= 65535:
        raise PydanticCustomError("console", "a TCP port (1-65535) or ADDRESS:PORT expected, as in 127.0.0.1:5001")
    return (match[1] or "127.0.0.1").strip("[]"), int(match[2])


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


def _named(names: Iterable[str]) -> WithJsonSchema:
    """For editors: one of these, also where YAML takes it for a number."""
    known = sorted(set(names))
    return WithJsonSchema({"enum": [*known, *(int(name) for name in known if name.isdecimal())]})


@dataclass(frozen=True)
class _Later:
    """Of a value that is checked later as a part of its own: what an editor is told of it already."""

    part: type[BaseModel]
    may_be_empty: bool = False

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        body = handler(self.part.__pydantic_core_schema__)
        return {"anyOf": [body, {"type": "null"}]} if self.may_be_empty else body


Text = Annotated[str, BeforeValidator(_text), WithJsonSchema({"type": ["string", "integer"]})]
Name = Annotated[Text, WithJsonSchema({"type": ["string", "integer"], "pattern": f"^{NAME.pattern}$"})]
Startup = Annotated[
    Annotated[str, Tag("one")] | Annotated[dict[str, str], Tag("stages")],
    Discriminator(_startup_form),
]


class Part(BaseModel):
    """A mapping of the file. Strict: a number is no text, and an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class KindPart(Part):
    """What all nodes of a kind share."""

    type: Annotated[Text, _named(name for kind in KINDS.values() for name in kind.models)] | None = Field(
        None, description="The model: which ports it has (default: the kind's first)."
    )
    version: Annotated[Text, _named(name for kind in KINDS.values() for name in kind.versions)] | None = Field(
        None, description="The software whose output it has."
    )
    group: Text | None = Field(None, description="Nodes that belong together, for drawings.")
    labels: dict[str, Text] = Field({}, description="Whatever you like, for programs of your own.")
    startup_config: Startup | None = Field(
        None,
        alias="startup-config",
        description="What it boots from until it has saved a configuration of its own: a file, beside the lab file or "
        "below it; the text itself, in several lines; or one of these for each stage.",
    )


class DefaultsPart(KindPart):
    """What all nodes share."""

    kind: Annotated[Text, _named(KINDS)] | None = Field(None, description="What it is.")


class NodePart(DefaultsPart):
    """A node of the lab, by its name."""

    console: (
        Annotated[
            tuple[str, int],
            BeforeValidator(_console),
            WithJsonSchema({"type": ["integer", "string"], "pattern": f"^{_ADDRESS_PATTERN}$"}),
        ]
        | None
    ) = Field(None, description="Where its console listens: PORT (on 127.0.0.1) or ADDRESS:PORT (default: a free one).")
    position: (
        Annotated[
            tuple[float, float],
            BeforeValidator(_position),
            WithJsonSchema({"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}),
        ]
        | None
    ) = Field(None, description="[x, y] in a drawing.")
    attach: (
        dict[str, Annotated[tuple[str, str], BeforeValidator(_attachment), WithJsonSchema({"type": "string"})]] | None
    ) = Field(None, description="Of a cloud: port -> Linux interface, or tap:NAME for one that it makes.")


class LinkPart(Part):
    """A cable."""

    endpoints: Annotated[
        tuple[str, str],
        BeforeValidator(_endpoints),
        WithJsonSchema(
            {"type": "array", "items": {"type": "string", "pattern": "^[^:]+:.+$"}, "minItems": 2, "maxItems": 2}
        ),
    ] = Field(description='Both ends, as in ["R-A:Fa0/0", "SW-1:Fa0/1"].')
    cable: Literal["straight", "crossover"] = Field(
        "straight", description="Like ports (two routers, two switches, a router and a PC) need a crossover cable."
    )


class StagePart(Part):
    """A set of startup-configs by name."""

    name: Name
    description: str = Field("", description="What is configured, for `wirelab list`.")
    default: bool = Field(False, description="Whether the lab starts with this one (default: the last one).")
    base: Text | None = Field(None, description="An earlier stage: nodes without a config for this one take its.")


class TopologyPart(Part):
    """Nodes and cables."""

    # Each part is checked by itself, so that a mistake in one does not hide those in the next.
    defaults: Annotated[dict[str, Any], _Later(DefaultsPart)] | None = Field(
        None, description="What all nodes share, unless their kind or they say otherwise."
    )
    kinds: dict[str, Annotated[Any, _Later(KindPart, may_be_empty=True)]] | None = Field(
        None,
        description="What all nodes of a kind share, unless they say otherwise.",
        json_schema_extra={"propertyNames": {"enum": [*KINDS]}},
    )
    nodes: dict[str, Annotated[Any, _Later(NodePart, may_be_empty=True)]] = Field(
        description="The devices by name.", json_schema_extra={"propertyNames": {"pattern": f"^{NAME.pattern}$"}}
    )
    links: list[Annotated[Any, _Later(LinkPart)]] | None = Field(None, description="The cables.")


class LabPart(Part):
    """A lab: devices, the cables between them, and what they start with."""

    name: Name = Field(description="The lab's name.")
    description: str = Field("", description="One line, for `wirelab list`.")
    stages: list[Annotated[Any, _Later(StagePart)]] | None = Field(
        None, description="Sets of startup-configs; `wirelab up --stage NAME` picks one."
    )
    try_: list[str] = Field(
        [], alias="try", description="What `wirelab up` proposes to try; {R-A} is the address of R-A's console."
    )
    keys: bool = Field(True, description="false for exams: keys of tunnels are not logged, captures stay encrypted.")
    topology: Annotated[dict[str, Any], _Later(TopologyPart)]
