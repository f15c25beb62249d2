"""What a person sees: tables, progress, and the name under which they called us."""

from __future__ import annotations

import os
import re
import shutil
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO


def table(rows: Iterable[Sequence[str]], stream: TextIO | None = None) -> None:
    """Prints rows (the first one is the heading) in columns as wide as they need to be."""
    lines = [list(row) for row in rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for line in lines:
        text = "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        print(text.rstrip(), file=stream)


def say(text: str) -> None:
    """A line about what happens, apart from what was asked for: stderr."""
    print(text, file=sys.stderr, flush=True)


class Progress:
    """How far a wait is: one line that is redrawn on a terminal, and nothing but its last state elsewhere."""

    def __init__(self, what: str, stream: TextIO | None = None) -> None:
        self._what = what
        self._stream = stream or sys.stderr
        self._terminal = self._stream.isatty() and os.environ.get("TERM") != "dumb"
        self._shown: tuple[int, int] | None = None
        self._started = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def report(self, done: int, all_: int) -> None:
        """``done`` of ``all_`` are there."""
        if (done, all_) == self._shown:
            return
        self._shown = (done, all_)
        if self._terminal:
            filled = 20 * done // max(all_, 1)
            bar = "#" * filled + "." * (20 - filled)
            self._stream.write(f"\r\x1b[K{self._what} [{bar}] {done}/{all_}")
            self._stream.flush()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._terminal and self._shown is not None:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
        if self._shown is not None and error is None:
            done, all_ = self._shown
            print(f"{self._what}: {done}/{all_} in {time.monotonic() - self._started:.1f} s", file=self._stream)


def command() -> str:
    """How to call this command from the shell it was called from: ``wirelab``, or its path."""
    called = Path(sys.argv[0])
    if called.name != "wirelab":
        return "wirelab"
    found = shutil.which("wirelab")
    if found is not None and Path(found).resolve() == called.resolve():
        return "wirelab"
    path = called.absolute()
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def spell(line: str, called: str, lab: str | None) -> str:
    """A line that proposes ``wirelab VERB``, as it must be typed here: the command's path, and which lab."""
    which = f" -n {lab}" if lab is not None else ""
    return re.sub(r"^wirelab (\w+)", lambda match: f"{called} {match[1]}{which}", line)
