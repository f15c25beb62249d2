"""One command under way: its handler, what it prints, and what it waits for."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import Any

from nodes.cli.context import Args, Ask, Break, Context, Job, Rejected, Wait
from nodes.cli.filters import Modifier


class Run:
    """Runs a command to its end. ``emit`` gets the text as it comes, with ``\\n`` for the end of a line.

    After :meth:`start` and each :meth:`resume`, ``waiting`` says what the command waits for; None means that it is
    done. One step runs until the job prints, so that a pager can hold it back: the caller resumes it at once.
    """

    def __init__(self, context: Context, args: Args, modifier: Modifier | None, emit: Callable[[str], None]) -> None:
        self.context = context
        self.waiting: Wait | Ask | None = None
        #: True once the handler has refused the command.
        self.rejected = False
        self.done = False
        self._args = args
        self._modifier = modifier
        self._emit = emit
        self._job: Job | None = None

    def start(self) -> None:
        command = self.context.entry
        try:
            result = command.handler(self.context, self._args)
            if command.text is not None:
                self._lines(command.text(result))
                self.done = True
            elif isinstance(result, Generator):
                self._job = result
                self._step(None)
            else:
                self._print(result)
                self.done = True
        except Rejected as rejection:
            self._reject(rejection)

    def resume(self, now: float, answer: str | None = None) -> None:
        """Go on after a wait, after printing, or with the answer to a question."""
        self.context.now = now
        try:
            self._step(answer)
        except Rejected as rejection:
            self._reject(rejection)

    def interrupt(self, now: float) -> None:
        """Throw :class:`Break` into the job; it may print its statistics and end, or go on."""
        if self.done:
            return
        self.context.now = now
        assert self._job is not None
        self.waiting = None
        try:
            self._take(self._job.throw(Break()))
        except (StopIteration, Break):
            self.done = True
        except Rejected as rejection:
            self._reject(rejection)

    def close(self) -> None:
        """End without another word, as when the client has gone."""
        self.done = True
        self.waiting = None
        if self._job is not None:
            self._job.close()

    def _step(self, answer: str | None) -> None:
        self.waiting = None
        assert self._job is not None
        try:
            self._take(self._job.send(answer))
        except StopIteration as stop:
            self.done = True
            self._print(stop.value)

    def _take(self, item: str | Wait | Ask) -> None:
        if isinstance(item, str):
            self._emit(item)
        else:
            self.waiting = item

    def _print(self, result: Any) -> None:
        if result is None:
            return
        if isinstance(result, str):
            self._lines(result.removesuffix("\n").split("\n"))
        else:
            self._lines(result)

    def _lines(self, lines: Iterable[str]) -> None:
        if self._modifier is not None:
            lines = self._modifier.apply(lines)
        text = "\n".join(lines)
        if text:
            self._emit(text + "\n")

    def _reject(self, rejection: Rejected) -> None:
        self.rejected = True
        self.done = True
        self.waiting = None
        self._emit(rejection.text.removesuffix("\n") + "\n")
