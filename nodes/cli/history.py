"""The lines typed before, and walking through them."""

from __future__ import annotations


class History:
    """The last lines, the oldest first, with a place to walk from."""

    __slots__ = ("_lines", "_place", "_unfinished")

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._place: int | None = None
        self._unfinished = ""

    def lines(self, size: int) -> list[str]:
        return self._lines[-size:] if size else []

    def add(self, line: str, size: int) -> None:
        """Remember a line, unless it repeats the last one; at most ``size`` are kept. Ends a walk."""
        self._place = None
        if not self._lines or self._lines[-1] != line:
            self._lines.append(line)
        del self._lines[: max(0, len(self._lines) - size)]

    def rest(self) -> None:
        """End a walk: the next step back starts at the newest line."""
        self._place = None

    def back(self, current: str) -> str | None:
        """The line before; ``current`` is what was typed so far, to come back to. None at the oldest."""
        place = len(self._lines) if self._place is None else self._place
        if place == 0:
            return None
        if self._place is None:
            self._unfinished = current
        self._place = place - 1
        return self._lines[self._place]

    def forward(self) -> str | None:
        """The line after; after the newest what was being typed. None when there is no walk."""
        if self._place is None:
            return None
        self._place += 1
        if self._place < len(self._lines):
            return self._lines[self._place]
        self._place = None
        return self._unfinished
