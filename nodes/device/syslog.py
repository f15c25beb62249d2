"""Syslog lines in IOS's form, kept in a bounded buffer."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime
from typing import Final

#: Lines kept for ``show logging``.
BUFFER_LINES: Final = 500


def wall_stamp(wall: float) -> str:
    """``*Mar  1 00:00:14.007``: with the asterisk of a clock that was never set by an authority."""
    moment = datetime.fromtimestamp(wall, UTC)
    return f"*{moment:%b} {moment.day:2} {moment:%H:%M:%S}.{moment.microsecond // 1000:03}"


class Syslog:
    """The log of one device: the last BUFFER_LINES lines, and how many there ever were."""

    __slots__ = ("_lines", "total")

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=BUFFER_LINES)
        self.total = 0

    def add(self, facility: str, severity: int, mnemonic: str, text: str, wall: float) -> str:
        """Log and return the line as a console shows it."""
        return self._keep(f"{wall_stamp(wall)}: %{facility}-{severity}-{mnemonic}: {text}")

    def add_debug(self, text: str, wall: float) -> str:
        """Log and return a line of debugging output, which has no facility and no mnemonic."""
        return self._keep(f"{wall_stamp(wall)}: {text}")

    def _keep(self, line: str) -> str:
        self._lines.append(line)
        self.total += 1
        return line

    def lines(self) -> tuple[str, ...]:
        return tuple(self._lines)
