"""Syslog lines in IOS's form, kept in a bounded buffer."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from nodes.base.spans import stamp as span
from nodes.device.logconfig import DEBUGGING, LogConfig, Stamp, Timezone, takes


@dataclass(frozen=True, slots=True)
class Moment:
    """A time: seconds since the epoch, seconds since boot, and whether somebody vouches for the former."""

    wall: float
    uptime: float
    authoritative: bool = False


def local(wall: float, zone: Timezone) -> datetime:
    """The wall clock of a time zone."""
    return datetime.fromtimestamp(wall, UTC) + timedelta(minutes=zone.minutes)


def prefix(stamp: Stamp, moment: Moment, zone: Timezone) -> str:
    """``*Mar  1 00:00:14.007: ``: with the asterisk of a clock that was never set by an authority."""
    if stamp.style == "uptime":
        return f"{span(moment.uptime)}: "
    if not stamp.style:
        return ""
    here = zone if stamp.localtime else Timezone()
    time = local(moment.wall, here)
    year = f"{time.year} " if stamp.year else ""
    text = f"{'' if moment.authoritative else '*'}{time:%b} {time.day:2} {year}{time:%H:%M:%S}"
    if stamp.msec:
        text += f".{time.microsecond // 1000:03}"
    return text + (f" {here.name}: " if stamp.show_timezone else ": ")


class Syslog:
    """The log of one device: the lines that the buffer has room for, and how many went where.

    The buffer's octets count a line with its end. ``config`` is looked at for each line; a device with a console of its
    own puts the live configuration there.
    """

    __slots__ = ("_lines", "_octets", "buffered", "config", "console", "monitor", "trapped")

    def __init__(self) -> None:
        self.config = LogConfig()
        self._lines: deque[str] = deque()
        self._octets = 0
        self.buffered = 0
        self.console = 0
        self.monitor = 0
        self.trapped = 0

    def add(self, facility: str, severity: int, mnemonic: str, text: str, moment: Moment) -> str:
        """Log and return the line as a console shows it."""
        before = prefix(self.config.log_stamp, moment, self.config.timezone)
        return self._keep(f"{before}%{facility}-{severity}-{mnemonic}: {text}", severity)

    def add_debug(self, text: str, moment: Moment) -> str:
        """Log and return a line of debugging output, which has no facility and no mnemonic."""
        return self._keep(prefix(self.config.debug_stamp, moment, self.config.timezone) + text, DEBUGGING)

    def _keep(self, line: str, severity: int) -> str:
        config = self.config
        self.console += takes(config.console, severity)
        if config.on:
            self.trapped += takes(config.trap, severity)
            if takes(config.buffered, severity):
                self.buffered += 1
                self._lines.append(line)
                self._octets += len(line) + 1
                self.trim()
        return line

    def trim(self) -> None:
        """Let the oldest lines go until the rest fits; the last one stays, however long."""
        while self._octets > self.config.buffer_octets and len(self._lines) > 1:
            self._octets -= len(self._lines.popleft()) + 1

    def clear(self) -> None:
        """Empty the buffer; the counts stay."""
        self._lines.clear()
        self._octets = 0

    def lines(self) -> tuple[str, ...]:
        return tuple(self._lines)
