"""Syslog lines in IOS's form, kept in a bounded buffer that sessions follow from where they left off."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime
from typing import Final

#: Lines kept for ``show logging`` and for sessions that have not shown them yet.
BUFFER_LINES: Final = 500


def uptime_stamp(seconds: float) -> str:
    """``00:00:14`` up to a day, then ``1d02h``, then ``3w2d``: the time since boot as IOS writes it."""
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    if hours < 24:
        return f"{hours:02}:{minute:02}:{second:02}"
    days, hour = divmod(hours, 24)
    if days < 7:
        return f"{days}d{hour:02}h"
    return f"{days // 7}w{days % 7}d"


def wall_stamp(wall: float) -> str:
    """``*Mar  1 00:00:14.007``: with the asterisk of a clock that was never set by an authority."""
    moment = datetime.fromtimestamp(wall, UTC)
    return f"*{moment:%b} {moment.day:2} {moment:%H:%M:%S}.{moment.microsecond // 1000:03}"


class Syslog:
    """The log of one device. Every line ever logged has a number; the last BUFFER_LINES are kept."""

    __slots__ = ("_lines", "total")

    def __init__(self) -> None:
        self._lines: deque[tuple[int, str]] = deque(maxlen=BUFFER_LINES)
        self.total = 0

    def add(self, facility: str, severity: int, mnemonic: str, text: str, wall: float) -> str:
        """Log and return the line as a console shows it."""
        line = f"{wall_stamp(wall)}: %{facility}-{severity}-{mnemonic}: {text}"
        self._lines.append((severity, line))
        self.total += 1
        return line

    def lines(self) -> list[str]:
        return [line for _, line in self._lines]

    def since(self, seen: int) -> list[tuple[int, str]]:
        """(severity, line) of what was logged after the first ``seen`` lines, as far as it is kept."""
        new = min(self.total - seen, len(self._lines))
        return list(self._lines)[len(self._lines) - new :] if new > 0 else []
