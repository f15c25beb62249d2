"""YAML text -> plain values, and where in the file each of them stands.

The text is composed with ruamel.yaml's round-trip loader (YAML 1.2: ``on`` and ``12:30`` are strings) into its node
graph, which knows every line and column. This module turns the graph into dicts, lists and scalars itself, so that a
repeated key or an alias that contains itself is one mistake among the others and does not end the search for them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from labs.errors import LabError

#: Octets of a lab file at most, and values in it after its aliases are expanded.
MAX_OCTETS: Final = 1024 * 1024
MAX_VALUES: Final = 100_000
MAX_DEPTH: Final = 64

Key = str | int
Place = tuple[int, int]
"""(line, column), both from 1, as editors count them."""

_TAG: Final = "tag:yaml.org,2002:"
_WORDS: Final = {"true": True, "false": False}


@dataclass(frozen=True, order=True)
class Mistake:
    """One mistake of a lab file; ``str()`` is the line that a person reads."""

    file: str
    line: int
    column: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.text}"


class MistakesError(LabError):
    """A lab file cannot be used. ``mistakes`` holds every one of them, in the order of the file."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes: tuple[Mistake, ...] = tuple(sorted(set(mistakes)))
        super().__init__("\n".join(map(str, self.mistakes)))


@dataclass
class Document:
    """A YAML file as plain values. ``mistakes`` collects what is wrong with it, here and in the checks that follow."""

    file: str
    value: Any = None
    mistakes: list[Mistake] = field(default_factory=list)
    values: dict[tuple[Key, ...], Place] = field(default_factory=dict)
    keys: dict[tuple[Key, ...], Place] = field(default_factory=dict)

    def place(self, path: Iterable[Key], *, key: bool = False) -> Place:
        """Where the value at ``path`` stands (or its key); the nearest parent that exists when there is none."""
        path = tuple(path)
        found = (self.keys.get(path) if key else None) or self.values.get(path)
        if found is not None:
            return found
        return self.place(path[:-1]) if path else (1, 1)

    def mistake(self, path: Iterable[Key], text: str, *, key: bool = False) -> None:
        line, column = self.place(path, key=key)
        self.mistakes.append(Mistake(self.file, line, column, text))

    def raise_mistakes(self) -> None:
        if self.mistakes:
            raise MistakesError(self.mistakes)


def read(path: Path, shown: str | None = None) -> Document:
    """The document in ``path``, named ``shown`` in messages. Raises MistakesError when it is not YAML at all."""
    name = shown or str(path)

    def refuse(text: str, line: int = 1, column: int = 1) -> MistakesError:
        return MistakesError([Mistake(name, line, column, text)])

    try:
        if path.is_dir():
            raise refuse("a lab file expected, and this is a directory")
        with path.open("rb") as file:
            octets = file.read(MAX_OCTETS + 1)
    except OSError as error:
        raise refuse(f"cannot be read: {error.strerror or error}") from None
    if len(octets) > MAX_OCTETS:
        raise refuse(f"a lab file of at most {MAX_OCTETS} octets expected")
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = octets[: error.start].decode("utf-8", "replace")
        raise refuse("UTF-8 text expected, and this octet is none", *_position(before)) from None
    return parse(text, name)


def parse(text: str, name: str) -> Document:
    """The document in ``text``. Raises MistakesError when it is not YAML at all."""
    document = Document(name)
    try:
        node = YAML(typ="rt", pure=True).compose(text)
    except ReaderError as error:
        line, column = _position(text[: error.position])
        raise MistakesError([Mistake(name, line, column, "text expected, and this character is none")]) from None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
        words = ", ".join(part for part in (error.context, error.problem) if part)
        raise MistakesError([Mistake(name, line, column, f"YAML: {words}")]) from None
    except (YAMLError, RecursionError, ValueError) as error:
        raise MistakesError([Mistake(name, 1, 1, f"YAML: {error or type(error).__name__}")]) from None
    if node is None:
        raise MistakesError([Mistake(name, 1, 1, "a lab file expected, and this one is empty")])
    document.value = _Builder(document).build(node, ())
    return document


def _position(before: str) -> Place:
    line = before.count("\n") + 1
    return line, len(before) - before.rfind("\n")


class _Refused(Exception):
    """The graph grows past every measure; its mistake is recorded."""


class _Builder:
    """One pass over the node graph of a document."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._open: list[Node] = []
        self._count = 0

    def build(self, node: Node, path: tuple[Key, ...]) -> Any:
        try:
            return self._value(node, path)
        except _Refused:
            self._document.raise_mistakes()
            raise

    def _value(self, node: Node, path: tuple[Key, ...]) -> Any:
        document = self._document
        document.values[path] = _start(node)
        self._count += 1
        if self._count > MAX_VALUES or len(path) > MAX_DEPTH:
            document.mistake(path, f"at most {MAX_VALUES} values, {MAX_DEPTH} deep, expected (aliases counted)")
            raise _Refused
        if any(node is outer for outer in self._open):
            document.mistake(path, "a value that contains an alias of itself")
            return None
        tag = str(node.tag)
        if isinstance(node, ScalarNode):
            return self._scalar(tag, str(node.value), path)
        if tag not in (_TAG + "map", _TAG + "seq"):
            document.mistake(path, f"the tag {tag} is not understood here")
        self._open.append(node)
        try:
            if isinstance(node, SequenceNode):
                return [self._value(item, (*path, index)) for index, item in enumerate(node.value)]
            return self._mapping(node, path) if isinstance(node, MappingNode) else None
        finally:
            self._open.pop()

    def _mapping(self, node: MappingNode, path: tuple[Key, ...]) -> dict[str, Any]:
        document = self._document
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line, column = _start(key_node)
            if not isinstance(key_node, ScalarNode):
                document.mistakes.append(Mistake(document.file, line, column, "a text expected as the key"))
                continue
            key = str(key_node.value)
            if str(key_node.tag) == _TAG + "merge":
                text = "merge keys (<<) are not part of YAML 1.2; use defaults: and kinds: of the topology"
                document.mistakes.append(Mistake(document.file, line, column, text))
                continue
            if key in result:
                first = document.keys[(*path, key)][0]
                text = f"the key {key!r} stands a second time here (first in line {first})"
                document.mistakes.append(Mistake(document.file, line, column, text))
                continue
            document.keys[(*path, key)] = (line, column)
            result[key] = self._value(value_node, (*path, key))
        return result

    def _scalar(self, tag: str, text: str, path: tuple[Key, ...]) -> Any:
        match tag.removeprefix(_TAG):
            case "str":
                return text
            case "null":
                return None
            case "bool":
                return _WORDS.get(text.lower(), text)
            case "int":
                return _integer(text)
            case "float":
                return _float(text)
            case "timestamp":
                # A date is a text here: no key of a lab file holds one.
                return text
            case _:
                self._document.mistake(path, f"the tag {tag} is not understood here")
                return text


def _start(node: Node) -> Place:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _integer(text: str) -> int | str:
    # YAML 1.2 knows 0o17 and 0x1F; a leading zero (007) is decimal.
    digits = text.replace("_", "")
    try:
        return int(digits, 0 if digits.lstrip("+-")[:2].lower() in ("0x", "0o", "0b") else 10)
    except ValueError:
        return text


def _float(text: str) -> float | str:
    lowered = text.lower().replace("_", "")
    if lowered.lstrip("+-") in (".inf", ".nan"):
        return -math.inf if lowered == "-.inf" else math.inf if "inf" in lowered else math.nan
    try:
        return float(lowered)
    except ValueError:
        return text


def in_words(value: Any) -> str:
    """What a value is, in the words of someone who writes YAML."""
    match value:
        case None:
            return "nothing"
        case bool():
            return f"the truth value {str(value).lower()}"
        case int() | float():
            return f"the number {value}"
        case str():
            return f"the text {value!r}" if len(value) <= 40 else f"a text of {len(value)} characters"
        case list():
            return "a list"
        case dict():
            return "a mapping"
    return type(value).__name__
