"""What an interactive session, a batch of commands and a configuration file have in common: where they are.

A terminal holds the stack of modes, the privilege and the settings of a line, and starts the commands that the typed
lines stand for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from nodes.cli.commandset import CommandSet
from nodes.cli.context import Context
from nodes.cli.dialect import Dialect
from nodes.cli.levels import HIGHEST, level_of
from nodes.cli.resolver import Invocation, Resolver
from nodes.cli.run import Run
from nodes.cli.table import Command, Mode, Polarity


class Line(NamedTuple):
    """The line of a session: its name (``con 0``, ``vty 1``) and its number in ``show users``."""

    name: str
    number: int


class Frame(NamedTuple):
    """A mode that was entered, and what its commands work on."""

    mode: str
    scope: Any


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
        self.keeps_history = True
        #: Whether the keys that move within the line are heard.
        self.editing = True
        #: When the session was first heard of, in monotonic seconds.
        self.began: float | None = None
        #: What the client says of itself; "" when it does not.
        self.terminal_type = ""
        self.monitor = False
        self.logging_synchronous = False
        #: Seconds without input after which the session ends; 0 is never.
        self.exec_timeout = 0.0
        #: Seconds after which the session ends whatever happens; 0 is never.
        self.absolute_timeout = 0.0
        #: Whether a word that is no command is taken for the name of a host to connect to.
        self.connects = True
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

    @property
    def resolver(self) -> Resolver:
        """What reads the lines that are typed here and now."""
        self.commands.about(self.device)
        return Resolver(self.commands, self.dialect, self.mode.name, self.privilege)

    def permits(self, mode: str, command: Command) -> bool:
        """Whether this user's level is enough for a command of a mode."""
        if self.privilege >= HIGHEST:
            return True
        return level_of(command, [rule for rule in self.dialect.privileges() if rule.mode == mode]) <= self.privilege

    def start(self, invocation: Invocation, line: str, now: float, emit: Callable[[str], None]) -> Run:
        """Make the command ready to run. A command of a parent mode first leaves the modes below it."""
        if invocation.mode != "exec":
            self.pop_to(invocation.mode)
        if self.on_start is not None:
            self.on_start(now)
        matched = invocation.matched
        context = Context(
            self,
            matched.form.command,
            line,
            now,
            scope=self.scope if invocation.mode != "exec" else None,
            negated=matched.polarity is not Polarity.PLAIN,
        )
        return Run(context, matched.args, invocation.modifier, emit)
