"""Output modifiers: ``| include``, ``exclude``, ``begin``, ``section`` and ``count``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from nodes.cli.context import Rejected
from nodes.cli.matcher import Failure, Fault, Words
from nodes.cli.pattern import Pattern, PatternError

MODIFIERS: Final[Mapping[str, str]] = {
    "begin": "Begin with the line that matches",
    "count": "Count number of lines which match regexp",
    "exclude": "Exclude lines that match",
    "include": "Include lines that match",
    "section": "Filter a section of output",
}

_PIPE = re.compile(r"\s\|")


@dataclass(frozen=True, slots=True)
class Filter:
    """What stands after the pipe."""

    kind: str
    pattern: Pattern

    def apply(self, lines: Iterable[str]) -> Iterator[str]:
        return _FILTERS[self.kind](lines, self.pattern)


def find_pipe(line: str, start: int = 0) -> int | None:
    """The offset of the first ``|`` that stands at the beginning of a word."""
    found = _PIPE.search(line, start)
    return None if found is None else found.end() - 1


def candidates(word: str) -> list[str]:
    word = word.lower()
    return [word] if word in MODIFIERS else [name for name in MODIFIERS if name.startswith(word)]


def parse(line: str, pipe: int) -> Filter | Failure:
    """Read the modifier after the pipe at offset ``pipe``; raises Rejected for a bad regular expression."""
    words = Words(line, pipe + 1)
    count = len(words.texts)
    if not count:
        return Failure(Fault.INCOMPLETE, len(line), 2, 2)
    names = candidates(words.texts[0])
    if not names:
        offset = words.starts[0] + _fitting(words.texts[0].lower())
        return Failure(Fault.INVALID, offset, 2, count + 2)
    if len(names) > 1:
        return Failure(Fault.AMBIGUOUS, words.starts[0], 2, count + 2)
    if count == 1:
        return Failure(Fault.INCOMPLETE, len(line), 3, 3)
    expression = line[words.starts[1] :].rstrip()
    try:
        return Filter(names[0], Pattern(expression))
    except PatternError as error:
        raise Rejected(f"% Invalid regular expression: {error}") from None


def _fitting(word: str) -> int:
    for length in range(len(word), 0, -1):
        if any(name.startswith(word[:length]) for name in MODIFIERS):
            return length
    return 0


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


def _section(lines: Iterable[str], pattern: Pattern) -> Iterator[str]:
    """Each matching line and the lines below it that are indented deeper."""
    depth: int | None = None
    for line in lines:
        indentation = len(line) - len(line.lstrip())
        if depth is not None and indentation > depth and line.strip():
            yield line
            continue
        depth = None
        if pattern.search(line):
            depth = indentation
            yield line


def _count(lines: Iterable[str], pattern: Pattern) -> Iterator[str]:
    yield f"Number of lines which match regexp = {sum(1 for _ in _include(lines, pattern))}"


_FILTERS: Final = {
    "include": _include,
    "exclude": _exclude,
    "begin": _begin,
    "section": _section,
    "count": _count,
}
