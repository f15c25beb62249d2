"""Output modifiers: what may stand behind ``|`` after a show command, and what it does to the output.

``include``, ``exclude``, ``begin``, ``section`` and ``count`` choose lines by a regular expression; ``redirect``,
``append`` and ``tee`` put the output into a file of the device's :class:`Store`. They are declared like commands, so
that abbreviation, ``?``, Tab and the caret are the same here as everywhere.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from nodes.cli import matcher
from nodes.cli.commandset import CommandSet
from nodes.cli.context import Args, Context, Rejected
from nodes.cli.matcher import Failure, Listing
from nodes.cli.params import Param
from nodes.cli.pattern import Pattern, PatternError
from nodes.cli.table import Table

_PIPE = re.compile(r"\s\|")
_ALL: Final = 15


class Store(Protocol):
    """Where output can be put."""

    @property
    def param(self) -> Param:
        """How the name of a file is read."""

    def write(self, name: Any, text: str, *, append: bool) -> None:
        """Put ``text`` into the file in place of what was there, or behind it. Raises Rejected."""


class Modifier(Protocol):
    """What stands behind the pipe, ready for use."""

    def apply(self, lines: Iterable[str]) -> Iterable[str]:
        """What of ``lines`` is printed. May raise Rejected."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Lines chosen by an expression; ``kind`` is the keyword, or ``section exclude``."""

    kind: str
    pattern: Pattern

    def apply(self, lines: Iterable[str]) -> Iterator[str]:
        return _FILTERS[self.kind](lines, self.pattern)


@dataclass(frozen=True, slots=True)
class Copy:
    """Output put into a file, and printed as well when it is ``shown``."""

    store: Store
    name: Any
    append: bool
    shown: bool

    def apply(self, lines: Iterable[str]) -> Iterable[str]:
        whole = list(lines)
        self.store.write(self.name, "".join(f"{line}\n" for line in whole), append=self.append)
        return whole if self.shown else ()


# The words.

_CHOOSING: Final = Table()
_STORING: Final = Table()


def _declare(table: Table, grammar: str, help: Mapping[str, str]) -> None:
    @table.command("exec", grammar, help={"expression": "Regular Expression", "file": "URL of the file", **help})
    def modifier(ctx: Context, args: Args) -> None:
        """Never called: :meth:`Modifiers.parse` looks at the arguments."""


_declare(_CHOOSING, "begin <expression:line>", {"begin": "Begin with the line that matches"})
_declare(_CHOOSING, "count [<expression:line>]", {"count": "Count number of lines which match regexp"})
_declare(_CHOOSING, "exclude <expression:line>", {"exclude": "Exclude lines that match"})
_declare(_CHOOSING, "include <expression:line>", {"include": "Include lines that match"})
_declare(
    _CHOOSING,
    "section [include|exclude] <expression:line>",
    {
        "section": "Filter a section of output",
        "include": "Include sections that match",
        "exclude": "Exclude sections that match",
    },
)
_declare(_STORING, "append <file:file>", {"append": "Append redirected output to URL"})
_declare(_STORING, "redirect <file:file>", {"redirect": "Redirect output to URL"})
_declare(_STORING, "tee [/append] <file:file>", {"tee": "Copy output to URL", "/append": "Append tee output to URL"})


class Modifiers:
    """The modifiers that a console has; those that write files need a ``store``."""

    def __init__(self, store: Store | None = None) -> None:
        self._store = store
        if store is None:
            self._commands = CommandSet([_CHOOSING])
        else:
            self._commands = CommandSet([_CHOOSING, _STORING], params={"file": store.param})
        self._root = self._commands.root("exec", _ALL)

    def parse(self, line: str, pipe: int) -> Modifier | Failure:
        """Read what stands behind the pipe at offset ``pipe``. Raises Rejected for a bad regular expression."""
        if not line[pipe + 1 :].strip():
            return Failure(matcher.Fault.INCOMPLETE, len(line), 2, 2)
        found = matcher.match(self._commands, self._root, line, pipe + 1)
        if isinstance(found, Failure):
            # Counted over the whole line: a command and the pipe are before it.
            return dataclasses.replace(found, word=found.word + 2, words=found.words + 2)
        args = found.args
        kind = args.words[0]
        if "file" in args:
            assert self._store is not None
            return Copy(self._store, args["file"], kind == "append" or "/append" in args.words, kind == "tee")
        return Filter(" ".join(args.words), compiled(args.get("expression", "").rstrip()))

    def listing(self, line: str, pipe: int) -> Listing | Failure:
        """What may stand at the end of ``line``."""
        return matcher.listing(self._commands, self._root, line, pipe + 1)

    def complete(self, line: str, pipe: int) -> str | None:
        """``line`` with its last word completed, or None when there is no single completion."""
        return matcher.complete(self._commands, self._root, line, pipe + 1)


def find_pipe(line: str, start: int = 0) -> int | None:
    """The offset of the first ``|`` that stands at the beginning of a word."""
    found = _PIPE.search(line, start)
    return None if found is None else found.end() - 1


def compiled(expression: str) -> Pattern:
    """Raises Rejected for what is no regular expression."""
    try:
        return Pattern(expression)
    except PatternError:
        raise Rejected("% Failed to compile regular expression.") from None


# What the expressions choose.


def _include(lines: Iterable[str], pattern: Pattern) -> Iterator[str]:
    return (line for line in lines if pattern.search(line))


def _exclude(lines: Iterable[str], pattern: Pattern) -> Iterator[str]:
    return (line for line in lines if not pattern.search(line))


def _begin(lines: Iterable[str], pattern: Pattern) -> Iterator[str]:
    begun = False
    for line in lines:
        begun = begun or pattern.search(line)
        if begun:
            yield line


def _sections(lines: Iterable[str], pattern: Pattern) -> Iterator[tuple[bool, str]]:
    """Each line, and whether it matches or stands deeper below one that does."""
    depth: int | None = None
    for line in lines:
        indentation = len(line) - len(line.lstrip())
        if depth is not None and indentation > depth and line.strip():
            yield True, line
            continue
        depth = indentation if pattern.search(line) else None
        yield depth is not None, line


def _section(lines: Iterable[str], pattern: Pattern) -> Iterator[str]:
    return (line for belongs, line in _sections(lines, pattern) if belongs)


def _section_exclude(lines: Iterable[str], pattern: Pattern) -> Iterator[str]:
    return (line for belongs, line in _sections(lines, pattern) if not belongs)


def _count(lines: Iterable[str], pattern: Pattern) -> Iterator[str]:
    yield f"Number of lines which match regexp = {sum(1 for _ in _include(lines, pattern))}"


_FILTERS: Final[Mapping[str, Callable[[Iterable[str], Pattern], Iterator[str]]]] = {
    "include": _include,
    "exclude": _exclude,
    "begin": _begin,
    "section": _section,
    "section include": _section,
    "section exclude": _section_exclude,
    "count": _count,
}
