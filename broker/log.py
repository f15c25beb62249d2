"""Lines on standard output: time and message. Neither a flood from outside nor a reader that is gone or stuck hurts."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable
from typing import Final

#: Lines at once, and lines per second after that.
BURST: Final = 100
#: Seconds between two lines about the same complaint, and complaints that are told apart in that time.
COMPLAIN_EVERY: Final = 10.0
MAX_COMPLAINTS: Final = 256
RATE: Final = 10.0
#: Octets that a pipe takes without blocking once it is writable at all (POSIX: PIPE_BUF).
_MAX_LINE: Final = select.PIPE_BUF


class Log:
    """Writes to a descriptor, never blocks on it, and never raises."""

    def __init__(self, descriptor: int = 1) -> None:
        self._descriptor = descriptor
        self._allowance = float(BURST)
        self._filled_at = time.monotonic()
        self._omitted = 0

    def __call__(self, text: str) -> None:
        """One line. What comes from outside may be in it: control characters are shown as escapes."""
        now = time.monotonic()
        self._allowance = min(BURST, self._allowance + (now - self._filled_at) * RATE)
        self._filled_at = now
        if self._allowance < 1:
            self._omitted += 1
            return
        self._allowance -= 1
        if self._omitted:
            omitted, self._omitted = self._omitted, 0
            self._write(f"{omitted} lines left out: too many at once")
        self._write(text)

    def _write(self, text: str) -> None:
        printable = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text[:_MAX_LINE])
        line = f"{time.strftime('%Y-%m-%d %H:%M:%S')} {printable}".encode()[: _MAX_LINE - 1] + b"\n"
        try:
            # Not O_NONBLOCK: the open file may be a terminal that others share.
            poller = select.poll()
            poller.register(self._descriptor, select.POLLOUT)
            if poller.poll(0):
                os.write(self._descriptor, line)
        except OSError:
            pass  # nobody reads any more; the broker serves on


class Complaints:
    """Lines about what was refused: each at once, and when it comes again, how often, after a while. No clock."""

    def __init__(self, log: Callable[[str], None]) -> None:
        self._log = log
        self._again: dict[str, int] = {}
        self._others = 0

    def __call__(self, text: str) -> None:
        if text in self._again:
            self._again[text] += 1
        elif len(self._again) < MAX_COMPLAINTS:
            self._again[text] = 0
            self._log(text)
        else:
            self._others += 1

    def sum_up(self) -> None:
        """To be called every COMPLAIN_EVERY seconds."""
        for text, count in self._again.items():
            if count:
                self._log(f"{text} (again, {count} times)" if count > 1 else f"{text} (again)")
        if self._others:
            self._log(f"{self._others} further complaints")
        self._again = {text: 0 for text, count in self._again.items() if count}
        self._others = 0
