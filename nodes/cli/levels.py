"""Privilege levels: who may give which command, by its declaration and by the rules that a configuration adds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

from nodes.cli.grammar import Choice, Keyword, Node, Sequence

if TYPE_CHECKING:
    from nodes.cli.table import Command

LOWEST: Final = 0
#: What a session begins with; below it there is little to do.
USER: Final = 1
HIGHEST: Final = 15


class LevelRule(NamedTuple):
    """``privilege MODE level N WORDS``: the commands of a mode that begin with these keywords are of this level.

    Without ``all`` those with further keywords keep their level, and only cannot be reached below this one.
    """

    mode: str
    words: tuple[str, ...]
    level: int
    all: bool = False


def level_of(command: Command, rules: Iterable[LevelRule]) -> int:
    """The level of a command under ``rules``, which are all of its mode."""
    level, best, floor = command.privilege, 0, LOWEST
    paths = [path for path, _ in _paths(command.forms[0].tree) if path]
    for rule in rules:
        length = len(rule.words)
        for path in paths:
            if rule.words[: len(path)] != path[:length]:
                continue
            if length >= len(path) or rule.all:
                # Of several rules the one that says more decides. One that says more than a command's leading
                # keywords, about one of its options, counts for the whole command.
                if length >= best:
                    best, level = length, rule.level
            else:
                floor = max(floor, rule.level)
    return max(level, floor)


def declared_level(commands: Iterable[Command], words: tuple[str, ...]) -> int:
    """The level from which on these keywords lead to something, without any rule."""
    levels = [
        command.privilege
        for command in commands
        if any(path[: len(words)] == words for path, _ in _paths(command.forms[0].tree))
    ]
    return min(levels, default=HIGHEST)


def _paths(node: Node) -> list[tuple[tuple[str, ...], bool]]:
    """The keywords, in lower case, with which lines of a grammar begin; and whether keywords follow without a gap."""
    if isinstance(node, Keyword):
        return [((node.text.lower(),), True)]
    if isinstance(node, Sequence):
        found: list[tuple[tuple[str, ...], bool]] = [((), True)]
        for item in node.items:
            closed = [entry for entry in found if not entry[1]]
            added = [(path + more, goes_on) for path, open in found if open for more, goes_on in _paths(item)]
            found = closed + added
        return found
    if isinstance(node, Choice) and not node.optional and not node.repeated:
        return [entry for option in node.options for entry in _paths(option)]
    return [((), False)]
