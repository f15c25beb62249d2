"""Commands without a keyboard: a batch of lines, a configuration file, the view behind a show command."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from nodes.cli.commandset import CommandSet
from nodes.cli.context import Ask, Context, Rejected
from nodes.cli.dialect import Dialect, IosDialect
from nodes.cli.matcher import Failure
from nodes.cli.run import Run
from nodes.cli.terminal import Line, Terminal

_NO_LINE: Final = Line("batch", 0)
_SILENT: Final = IosDialect(lambda: "")
_FULL_PRIVILEGE: Final = 15


class Batch:
    """Runs ``lines`` one after the other, as if typed, without echo, prompts and pages.

    ``output`` grows with what the commands print (lines end in ``\\n``); ``rejected`` says whether any was refused. A
    question that a command asks is answered with Enter.
    """

    def __init__(
        self,
        commands: CommandSet,
        dialect: Dialect,
        device: Any,
        lines: Sequence[str],
        privilege: int = _FULL_PRIVILEGE,
        on_start: Callable[[float], None] | None = None,
    ) -> None:
        self._terminal = Terminal(commands, dialect, device, line=_NO_LINE, privilege=privilege, interactive=False)
        self._terminal.length = 0
        self._terminal.on_start = on_start
        self._lines = list(reversed(lines))
        self._output: list[str] = []
        self._run: Run | None = None
        self.rejected = False

    @property
    def output(self) -> str:
        return "".join(self._output)

    @property
    def done(self) -> bool:
        return self._run is None and (not self._lines or self._terminal.closed)

    def next_deadline(self) -> float | None:
        """When to call :meth:`advance` at the latest, if nothing happens before."""
        waiting = self._run.waiting if self._run is not None else None
        return getattr(waiting, "until", None)

    def advance(self, now: float) -> None:
        """Go on until everything is done or a command waits."""
        if self._run is not None:
            self._run.resume(now)
            self._follow(now)
        while self._run is None and self._lines and not self._terminal.closed:
            self._begin(self._lines.pop(), now)

    def close(self) -> None:
        """Give up what is under way."""
        self._lines.clear()
        if self._run is not None:
            self._run.close()
            self._run = None

    def _begin(self, line: str, now: float) -> None:
        if not line.strip() or line.lstrip().startswith("!"):
            return
        terminal = self._terminal
        try:
            invocation = terminal.resolver.resolve(line)
        except Rejected as rejection:
            self.rejected = True
            self._output.append(rejection.text.removesuffix("\n") + "\n")
            return
        if isinstance(invocation, Failure):
            self.rejected = True
            self._output += [f"{text}\n" for text in terminal.dialect.failure(invocation, line, "", terminal)]
            return
        self._run = terminal.start(invocation, line, now, self._output.append)
        self._run.start()
        self._follow(now)

    def _follow(self, now: float) -> None:
        """Let the command go on while it only prints or asks."""
        run = self._run
        assert run is not None
        while not run.done and (run.waiting is None or isinstance(run.waiting, Ask)):
            asks_body = isinstance(run.waiting, Ask) and run.waiting.body
            if asks_body and not self._lines:
                self._output.append("% The text has no end\n")
                self.rejected = True
                run.close()
                break
            run.resume(now, (self._lines.pop() if asks_body else "") if run.waiting else None)
        if run.done:
            self.rejected = self.rejected or run.rejected
            self._run = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A line of a configuration that was not applied. ``line_number`` counts from 1; ``message`` says why."""

    line_number: int
    line: str
    message: str


def load_config(commands: CommandSet, device: Any, text: str, now: float) -> list[Refusal]:
    """Apply a configuration as if it were typed in configuration mode; the refused lines are returned.

    Blank lines and those that begin with ``!`` are skipped, ``end`` ends. A line that its sub-mode does not know is
    tried in configuration mode, and an unindented one that is refused leaves the sub-mode, so that the lines below a
    refused header do not fall into the block before it.
    """
    terminal = Terminal(commands, _SILENT, device, line=_NO_LINE, privilege=_FULL_PRIVILEGE, interactive=False)
    terminal.enter("config")
    lines = text.splitlines()
    refusals: list[Refusal] = []
    number = 0
    while number < len(lines):
        line = lines[number]
        number += 1
        stripped = line.strip()
        if not stripped or stripped[0] == "!":
            continue
        if stripped == "end":
            break
        begun = number
        number, refusal = _apply(terminal, lines, number, line.lstrip(), now)
        if refusal is not None:
            refusals.append(Refusal(begun, stripped, refusal))
            if not line[0].isspace():
                terminal.pop_to("config")
        if not terminal.frames:
            # "exit" in configuration mode, or a command that ended the configuration: the text goes on.
            terminal.enter("config")
    return refusals


def _apply(terminal: Terminal, lines: Sequence[str], number: int, line: str, now: float) -> tuple[int, str | None]:
    """Apply one line; ``number`` is the index of the next one, which a banner may eat. (new index, refusal)."""
    try:
        invocation = terminal.resolver.resolve(line)
    except Rejected as rejection:
        return number, rejection.text
    if isinstance(invocation, Failure):
        answer = terminal.dialect.failure(invocation, line, "", terminal)
        return number, next(text for text in answer if text.startswith("%"))
    printed: list[str] = []
    run = terminal.start(invocation, line, now, printed.append)
    run.start()
    while not run.done:
        waiting = run.waiting
        if isinstance(waiting, Ask) and waiting.body and number < len(lines):
            run.resume(now, lines[number])
            number += 1
        elif isinstance(waiting, Ask) and waiting.body:
            run.close()
            return number, "% The text has no end"
        elif waiting is None or isinstance(waiting, Ask):
            run.resume(now, None if waiting is None else "")
        else:
            run.close()
            return number, "% A command that takes time cannot stand in a configuration"
    return number, "".join(printed).strip() if run.rejected else None


def view(commands: CommandSet, device: Any, line: str, now: float, dialect: Dialect = _SILENT) -> Any:
    """The view behind a show command, for JSON (see ``to_plain``). Raises Rejected where a console would refuse."""
    terminal = Terminal(commands, dialect, device, line=_NO_LINE, privilege=_FULL_PRIVILEGE, interactive=False)
    if not line.strip():
        raise Rejected("% Incomplete command.")
    invocation = terminal.resolver.resolve(line)
    if isinstance(invocation, Failure):
        raise Rejected("\n".join(dialect.failure(invocation, line, "", terminal)).rstrip())
    command = invocation.matched.form.command
    if command.text is None:
        raise Rejected(f'% "{line.strip()}" is not a show command: there is no view behind it')
    context = Context(terminal, command, line, now)
    return command.handler(context, invocation.matched.args)
