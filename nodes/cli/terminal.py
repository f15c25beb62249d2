"""What an interactive session, a batch of commands and a configuration file have in common: where they are.

A terminal holds the stack of modes, the privilege and the settings of a line, resolves a typed line to a command, and
starts it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from nodes.cli import filters
from nodes.cli.commandset import CommandSet
from nodes.cli.context import Context
from nodes.cli.dialect import Dialect
from nodes.cli.filters import Filter
from nodes.cli.grammar import GrammarError
from nodes.cli.matcher import Failure, Fault, Listing, Matched, complete, delegated, listing, match
from nodes.cli.run import Run
from nodes.cli.table import Mode, Polarity


class Line(NamedTuple):
    """The line of a session: its name (``con 0``, ``vty 1``) and its number in ``show users``."""

    name: str
    number: int


class Frame(NamedTuple):
    """A mode that was entered, and what its commands work on."""

    mode: str
    scope: Any


@dataclass(frozen=True, slots=True)
class Invocation:
    """A line resolved: the command, the mode in whose tree it was found, and the output modifier if there is one."""

    matched: Matched
    mode: str
    filter: Filter | None


class Terminal:
    """A place in the modes of one device, with the settings of its line."""

    LENGTH = 24
    WIDTH = 80
    HISTORY = 20

    def __init__(
        self, commands: CommandSet, dialect: Dialect, device: Any, *, line: Line, privilege: int, interactive: bool
    ) -> None:
        self.commands = commands
        self.dialect = dialect
        self.device = device
        self.line = line
        self.privilege = privilege
        #: Who logged in; "" where nobody had to say.
        self.user = ""
        #: False where nobody types: a batch, a configuration file.
        self.interactive = interactive
        self.frames: list[Frame] = []
        self.closed = False
        #: Lines per page and characters per line; 0 is "no end".
        self.length = self.LENGTH
        self.width = self.WIDTH
        self.history_size = self.HISTORY
        #: What the client says of itself; "" when it does not.
        self.terminal_type = ""
        self.monitor = False
        self.logging_synchronous = False
        #: Seconds without input after which the session ends; 0 is never.
        self.exec_timeout = 0.0
        #: Called when the configuration mode is left for exec mode; a device logs %SYS-5-CONFIG_I then.
        self.on_configured: Callable[[Terminal], None] | None = None
        #: Called with the time before each command: a device's own clock stands still between its events.
        self.on_start: Callable[[float], None] | None = None

    # Modes.

    @property
    def mode(self) -> Mode:
        return self.commands.modes[self.frames[-1].mode if self.frames else "exec"]

    @property
    def scope(self) -> Any:
        return self.frames[-1].scope if self.frames else None

    @property
    def history(self) -> Sequence[str]:
        """The commands typed so far in this kind of mode, the oldest first."""
        return ()

    def enter(self, mode: str, scope: Any = None) -> None:
        """Go into ``mode``: up to its parent first, then down."""
        parent = self.commands.modes[mode].parent
        if parent is None:
            self.frames.clear()
            return
        if parent != "exec" and all(frame.mode != parent for frame in self.frames):
            self.enter(parent)
        self.pop_to(parent)
        self.frames.append(Frame(mode, scope))

    def pop_to(self, mode: str) -> None:
        """Leave modes until ``mode`` is the current one."""
        while self.frames and self.frames[-1].mode != mode:
            self.frames.pop()

    def leave(self) -> None:
        """One mode up; out of exec mode the session ends."""
        if len(self.frames) > 1:
            self.frames.pop()
        elif self.frames:
            self.end()
        else:
            self.close()

    def end(self) -> None:
        """Back to exec mode."""
        if self.frames:
            self.frames.clear()
            if self.on_configured is not None:
                self.on_configured(self)

    def close(self) -> None:
        self.closed = True

    # Lines.

    def resolve(self, line: str) -> Invocation | Failure:
        """Find the command that ``line``, which has at least one word, stands for. Raises Rejected for a bad filter."""
        failure: Failure | None = None
        for mode in self.commands.chain(self.mode.name):
            found = self._resolve_in(mode, line, 0)
            if isinstance(found, Invocation):
                return found
            # The mode that understood more of the line knows what is wrong with it.
            if failure is None or (failure.fault is not Fault.AMBIGUOUS and found.offset > failure.offset):
                failure = found
        assert failure is not None
        return failure

    def _resolve_in(self, mode: str, line: str, start: int) -> Invocation | Failure:
        root = self.commands.root(mode, self.privilege)
        abbreviate = self.dialect.abbreviate
        other = delegated(self.commands, root, line, start, abbreviate=abbreviate) if mode != "exec" else None
        if other is not None and other[1] < len(line):
            return self._resolve_in(*other[:1], line, other[1])
        pipe = filters.find_pipe(line, start) if mode == "exec" else None
        if pipe is None:
            found = match(self.commands, root, line, start, abbreviate=abbreviate)
            return Invocation(found, mode, None) if isinstance(found, Matched) else found
        head = match(self.commands, root, line[:pipe], start, abbreviate=abbreviate)
        if isinstance(head, Failure):
            return head
        if head.form.command.pipe:
            modifier = filters.parse(line, pipe)
            return modifier if isinstance(modifier, Failure) else Invocation(head, mode, modifier)
        # Not a command whose output is filtered: the bar is text like any other, if the grammar has room for it.
        found = match(self.commands, root, line, start, abbreviate=abbreviate)
        return Invocation(found, mode, None) if isinstance(found, Matched) else found

    def start(self, invocation: Invocation, line: str, now: float, emit: Callable[[str], None]) -> Run:
        """Make the command ready to run. A command of a parent mode first leaves the modes below it."""
        if invocation.mode != "exec":
            self.pop_to(invocation.mode)
        if self.on_start is not None:
            self.on_start(now)
        matched = invocation.matched
        if matched.polarity is Polarity.DEFAULT and matched.form.command.default:
            matched = self._stated_default(invocation)
        context = Context(
            self,
            matched.form.command,
            line,
            now,
            scope=self.scope if invocation.mode != "exec" else None,
            negated=matched.polarity is not Polarity.PLAIN,
        )
        return Run(context, matched.args, invocation.filter, emit)

    def _stated_default(self, invocation: Invocation) -> Matched:
        """``default ...`` of a command whose default is a line of its own: that line."""
        command = invocation.matched.form.command
        stated = match(self.commands, self.commands.root(invocation.mode, self.privilege), command.default)
        if isinstance(stated, Failure) or stated.form.command is not command:
            raise GrammarError(f"{command!r}: the stated default {command.default!r} is not a line of it")
        return stated

    # Help.

    def listing(self, line: str) -> tuple[Listing | Failure, str]:
        """What may follow ``line``, and the mode to which that belongs (a sub-mode's parent may know more)."""
        first: tuple[Listing | Failure, str] | None = None
        for mode in self.commands.chain(self.mode.name):
            found = self._listing_in(mode, line, 0)
            if isinstance(found[0], Listing) and (found[0].entries or found[0].complete):
                return found
            first = first or found
        assert first is not None
        return first

    def _listing_in(self, mode: str, line: str, start: int) -> tuple[Listing | Failure, str]:
        root = self.commands.root(mode, self.privilege)
        abbreviate = self.dialect.abbreviate
        if mode != "exec":
            other = delegated(self.commands, root, line, start, abbreviate=abbreviate)
            if other is not None:
                return self._listing_in(other[0], line, other[1])
        pipe = filters.find_pipe(line, start) if mode == "exec" else None
        if pipe is not None:
            head = match(self.commands, root, line[:pipe], start, abbreviate=abbreviate)
            if isinstance(head, Matched) and head.form.command.pipe:
                return self._modifiers(line, pipe), mode
        return listing(self.commands, root, line, start, abbreviate=abbreviate), mode

    def _modifiers(self, line: str, pipe: int) -> Listing | Failure:
        words = line[pipe + 1 :].split()
        open_word = not line[-1].isspace() and bool(words)
        if len(words) - open_word > 0:
            if not filters.candidates(words[0]):
                return Failure(Fault.INVALID, len(line), 2, 2)
            return Listing([("LINE", "Regular Expression")], open_word, len(words) > 1, False)
        prefix = words[0].lower() if words else ""
        entries = [entry for entry in filters.MODIFIERS.items() if entry[0].startswith(prefix)]
        return Listing(entries, open_word, False, False)

    def complete(self, line: str) -> str | None:
        """The line with its last word completed, or None when there is not exactly one way."""
        abbreviate = self.dialect.abbreviate
        for mode in self.commands.chain(self.mode.name):
            name, start = mode, 0
            root = self.commands.root(name, self.privilege)
            other = delegated(self.commands, root, line, 0, abbreviate=abbreviate) if mode != "exec" else None
            if other is not None:
                name, start = other
                root = self.commands.root(name, self.privilege)
            completed = complete(self.commands, root, line, start, abbreviate=abbreviate)
            if completed is not None:
                return completed
        return None
