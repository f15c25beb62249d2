"""Privilege levels: who may give which command, by its declaration and by the rules that a configuration adds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

from nodes.cli.grammar import Keyword, Node, Sequence

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
    path = leading_keywords(command.forms[0].tree)
    level, best, floor = command.privilege, 0, LOWEST
    for rule in rules:
        length = len(rule.words)
        if rule.words[: len(path)] != path[:length]:
            continue
        if length >= len(path) or rule.all:
            # Of several rules the one that says more decides. One that says more than a command's leading keywords,
            # about one of its options, counts for the whole command.
            if length >= best:
                best, level = length, rule.level
        else:
            floor = max(floor, rule.level)
    return max(level, floor)


def leading_keywords(node: Node) -> tuple[str, ...]:
    """The keywords with which every line of a grammar begins, in lower case."""
    items = node.items if isinstance(node, Sequence) else (node,)
    words: list[str] = []
    for item in items:
        if not isinstance(item, Keyword):
            break
        words.append(item.text.lower())
    return tuple(words)
