"""The notation in which commands are declared, and its reader.

    word            a keyword
    <name:type>     a parameter of a registered type
    <name:1-99>     an integer; several ranges as <name:1-99,1300-1999>
    {a|b c|<d:t>}   exactly one of the alternatives
    [a|b]           one of them or nothing
    {...}+  [...]*  one or more, none or more of them, in any order
    {in|out}$way    the keywords of the alternative that was taken are the argument ``way``; also after ``]``

Reading yields a small tree of the node types below. It is read once, where the command is declared, so that a slip in
the notation shows at the line that made it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from nodes.base.errors import WirelabError

_TOKEN = re.compile(
    r"\s*(?:<(?P<name>[A-Za-z][\w-]*):(?P<type>[^<>\s]+)>"
    r"|(?P<open>[\[{])"
    r"|(?P<close>[\]}])(?P<many>[*+]?)(?:\$(?P<group>[a-z]\w*))?"
    r"|(?P<bar>\|)"
    r"|(?P<word>[^\s<>\[\]{}|]+))"
)
_RANGES = re.compile(r"\d+-\d+(?:,\d+-\d+)*\Z")


class GrammarError(WirelabError):
    """A command declaration that cannot be right: notation, an unknown type, a word without help, a duplicate."""


@dataclass(frozen=True, slots=True)
class Keyword:
    text: str


@dataclass(frozen=True, slots=True)
class Slot:
    """A parameter: of the registered ``type``, or an integer in ``bounds``."""

    name: str
    type: str
    bounds: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Sequence:
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of ``options``; ``group`` names the argument that says which."""

    options: tuple[Node, ...]
    optional: bool = False
    repeated: bool = False
    group: str | None = None


Node = Keyword | Slot | Sequence | Choice


def parse(text: str) -> Node:
    """Read one command's notation; raises GrammarError with the place of the mistake."""
    reader = _Reader(text)
    node = reader.sequence()
    if reader.kind is not None:
        raise reader.error("unexpected")
    return node


class _Reader:
    """A recursive-descent reader with one token of look-ahead."""

    def __init__(self, text: str) -> None:
        self._text = text.rstrip()
        self._position = 0
        self._advance()

    def _advance(self) -> None:
        self.kind: str | None = None
        if self._position >= len(self._text):
            return
        match = _TOKEN.match(self._text, self._position)
        if match is None:
            raise self.error("cannot read")
        self._match = match
        self._position = match.end()
        for kind in ("word", "name", "open", "close", "bar"):
            if match[kind] is not None:
                self.kind = kind

    def error(self, what: str) -> GrammarError:
        return GrammarError(f"{self._text!r}: {what} at character {self._position}")

    def sequence(self) -> Node:
        items: list[Node] = []
        while True:
            if self.kind == "word":
                items.append(Keyword(self._match["word"]))
                self._advance()
            elif self.kind == "name":
                items.append(self._slot(self._match["name"], self._match["type"]))
                self._advance()
            elif self.kind == "open":
                items.append(self._choice())
            else:
                break
        if not items:
            raise self.error("nothing stands")
        return items[0] if len(items) == 1 else Sequence(tuple(items))

    def _slot(self, name: str, kind: str) -> Node:
        if not kind[0].isdigit():
            return Slot(name, kind)
        if not _RANGES.match(kind):
            raise self.error(f"{kind!r} is not a range of integers")
        spans = []
        for span in kind.split(","):
            low, high = span.split("-")
            if int(low) > int(high):
                raise self.error(f"the range {span} is empty")
            spans.append(Slot(name, span, (int(low), int(high))))
        return spans[0] if len(spans) == 1 else Choice(tuple(spans))

    def _choice(self) -> Node:
        opening = self._match["open"]
        self._advance()
        options = [self.sequence()]
        while self.kind == "bar":
            self._advance()
            options.append(self.sequence())
        if self.kind != "close" or self._match["close"] != {"[": "]", "{": "}"}[opening]:
            raise self.error(f"{opening!r} is not closed")
        many = self._match["many"]
        if many and many != {"[": "*", "{": "+"}[opening]:
            raise self.error("repetition is written [...]* or {...}+")
        node = Choice(tuple(options), opening == "[", bool(many), self._match["group"])
        self._advance()
        return node


def signature(node: Node) -> str:
    """The notation without names: equal for two grammars that accept the same lines for the same reason."""
    if isinstance(node, Keyword):
        return node.text.lower()
    if isinstance(node, Slot):
        return f"<{node.type}>"
    if isinstance(node, Sequence):
        return " ".join(signature(item) for item in node.items)
    inner = "|".join(sorted(signature(option) for option in node.options))
    return ("[%s]" if node.optional else "{%s}") % inner + ("*" if node.repeated else "")
