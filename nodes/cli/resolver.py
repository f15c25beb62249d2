"""From a typed line to the command that it stands for: aliases, the modes in which it is looked for, ``do``, the pipe.

What ``?`` and Tab say goes the same way, so that they never promise what Enter would refuse.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import NamedTuple

from nodes.cli import filters
from nodes.cli.commandset import CommandSet, State
from nodes.cli.dialect import Dialect
from nodes.cli.filters import Modifier
from nodes.cli.grammar import GrammarError
from nodes.cli.levels import HIGHEST
from nodes.cli.matcher import Failure, Fault, Listing, Matched, complete, delegated, listing, match
from nodes.cli.table import Polarity

_WORD = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Invocation:
    """A line resolved: the command, the mode in whose tree it was found, and the output modifier if there is one."""

    matched: Matched
    mode: str
    modifier: Modifier | None


class _Place(NamedTuple):
    """A line with its alias replaced, and where in it a command of ``mode`` begins.

    ``alias`` is the alias's place in the typed line, and how many characters the line has grown by behind it.
    """

    line: str
    mode: str
    start: int
    alias: tuple[int, int, int] | None = None

    def typed(self, offset: int) -> int:
        """An offset of this line as one of the line that was typed."""
        if self.alias is None or offset <= self.alias[0]:
            return offset
        start, end, growth = self.alias
        return offset - growth if offset - growth >= end else start


class Resolver:
    """Resolves the lines of somebody of ``privilege`` who is in ``mode``."""

    def __init__(self, commands: CommandSet, dialect: Dialect, mode: str, privilege: int) -> None:
        self._commands = commands
        self._dialect = dialect
        self._mode = mode
        self._privilege = privilege

    def resolve(self, line: str) -> Invocation | Failure:
        """Find the command that ``line``, which has at least one word, stands for. Raises Rejected for a bad filter."""
        failure: Failure | None = None
        for mode in self._commands.chain(self._mode):
            place = self._place(mode, line, whole=True)
            found = self._resolve(place)
            if isinstance(found, Invocation):
                return found
            # The mode that understood more of the line knows what is wrong with it.
            found = dataclasses.replace(found, offset=place.typed(found.offset))
            if failure is None or (failure.fault is not Fault.AMBIGUOUS and found.offset > failure.offset):
                failure = found
        assert failure is not None
        return failure

    def listing(self, line: str) -> tuple[Listing | Failure, str]:
        """What may follow ``line``, and the mode to which that belongs (a sub-mode's parent may know more)."""
        first: tuple[Listing | Failure, str] | None = None
        for mode in self._commands.chain(self._mode):
            place = self._place(mode, line)
            found = self._with_aliases(self._listing(place), place)
            if isinstance(found, Listing) and (found.entries or found.complete):
                return found, place.mode
            first = first or (found, place.mode)
        assert first is not None
        return first

    def complete(self, line: str) -> str | None:
        """The line with its last word completed, or None when there is not exactly one way."""
        for mode in self._commands.chain(self._mode):
            place = self._place(mode, line)
            completed = self._complete(place)
            if completed is not None:
                _, end, growth = place.alias or (0, 0, 0)
                return line[:end] + completed[end + growth :]
        return None

    # Where a command begins.

    def _root(self, mode: str) -> State:
        rules = () if self._privilege >= HIGHEST else self._dialect.privileges()
        return self._commands.root(mode, self._privilege, rules)

    def _place(self, mode: str, line: str, *, whole: bool = False) -> _Place:
        """``whole`` when Enter was pressed: otherwise a last word without a blank may still become another."""
        place = self._unaliased(_Place(line, mode, 0), whole)
        if mode != "exec":
            other = delegated(
                self._commands, self._root(mode), place.line, place.start, abbreviate=self._dialect.abbreviate
            )
            # "do " and Enter is an incomplete command of this mode.
            if other is not None and not (whole and other[1] == len(place.line)):
                return self._unaliased(place._replace(mode=other[0], start=other[1]), whole)
        return place

    def _unaliased(self, place: _Place, whole: bool) -> _Place:
        """With the first word replaced where it is an alias. A keyword of the same spelling comes first."""
        word = _WORD.search(place.line, place.start)
        if word is None or place.alias is not None or not (whole or place.line[word.end() :]):
            return place
        text = self._dialect.aliases(place.mode).get(word[0])
        if text is None or word[0].lower() in self._root(place.mode).keywords:
            return place
        line = f"{place.line[: word.start()]}{text}{place.line[word.end() :]}"
        return place._replace(line=line, alias=(word.start(), word.end(), len(text) - len(word[0])))

    def _with_aliases(self, found: Listing | Failure, place: _Place) -> Listing | Failure:
        """IOS lists the aliases that a word begins before the keywords, unless the line begins with a blank."""
        word = place.line[place.start :]
        if not word or word[0].isspace() or word.split() != [word]:
            return found
        aliases = [
            (f"*{name}={text}", "")
            for name, text in sorted(self._dialect.aliases(place.mode).items())
            if name.startswith(word)
        ]
        if not aliases:
            return found
        if isinstance(found, Listing):
            return dataclasses.replace(found, entries=[*aliases, *found.entries])
        return Listing(aliases, True, False, False)

    # What stands there.

    def _resolve(self, place: _Place) -> Invocation | Failure:
        line, mode, start, _ = place
        root, abbreviate = self._root(mode), self._dialect.abbreviate
        pipe = filters.find_pipe(line, start) if mode == "exec" else None
        if pipe is not None:
            head = match(self._commands, root, line[:pipe], start, abbreviate=abbreviate)
            if isinstance(head, Failure):
                return head
            if head.form.command.pipe:
                modifier = self._dialect.modifiers(self._privilege).parse(line, pipe)
                return modifier if isinstance(modifier, Failure) else Invocation(head, mode, modifier)
            # Not a command whose output is filtered: the bar is text like any other, if the grammar has room for it.
        found = match(self._commands, root, line, start, abbreviate=abbreviate)
        return found if isinstance(found, Failure) else Invocation(self._stated(found, mode), mode, None)

    def _stated(self, found: Matched, mode: str) -> Matched:
        """In place of ``default ...`` of a command whose default is a line of its own: that line."""
        command = found.form.command
        if found.polarity is not Polarity.DEFAULT or not command.default:
            return found
        stated = match(self._commands, self._root(mode), command.default)
        if isinstance(stated, Failure) or stated.form.command is not command:
            raise GrammarError(f"{command!r}: the stated default {command.default!r} is not a line of it")
        return stated

    def _listing(self, place: _Place) -> Listing | Failure:
        line, mode, start, _ = place
        root, abbreviate = self._root(mode), self._dialect.abbreviate
        pipe = self._pipe(place)
        if pipe is not None:
            return self._dialect.modifiers(self._privilege).listing(line, pipe)
        return listing(self._commands, root, line, start, abbreviate=abbreviate)

    def _complete(self, place: _Place) -> str | None:
        line, mode, start, _ = place
        pipe = self._pipe(place)
        if pipe is not None:
            return self._dialect.modifiers(self._privilege).complete(line, pipe)
        return complete(self._commands, self._root(mode), line, start, abbreviate=self._dialect.abbreviate)

    def _pipe(self, place: _Place) -> int | None:
        """The offset of the pipe behind a whole command whose output may be filtered."""
        line, mode, start, _ = place
        pipe = filters.find_pipe(line, start) if mode == "exec" else None
        if pipe is None:
            return None
        head = match(self._commands, self._root(mode), line[:pipe], start, abbreviate=self._dialect.abbreviate)
        return pipe if isinstance(head, Matched) and head.form.command.pipe else None
