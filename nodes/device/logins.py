"""``login``: how long a wrong password is answered late, what of logins is logged, and when nobody may try any more."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Final, NamedTuple

#: Failures that ``show login failures`` remembers.
REMEMBERED: Final = 50


class BlockFor(NamedTuple):
    """``login block-for``: so many failures within so many seconds make it quiet for so long."""

    seconds: int
    attempts: int
    within: int


@dataclass(slots=True)
class LoginConfig:
    """The global ``login`` lines."""

    block: BlockFor | None = None
    quiet_list: str = ""
    """Whom the access list permits may try even while it is quiet."""
    delay: int = 0
    """Seconds after a wrong password; 0 is the habit of the lines."""
    on_failure: int | None = None
    """Each so manieth failure is logged; 0 for none, None where nothing is said: all of them."""
    on_success: int = 0


class Attempt(NamedTuple):
    """Who tried to get in, and from where: an address, or ``LOCAL`` for the console."""

    user: str
    source: str
    port: int


class Failure(NamedTuple):
    """Failures of one user from one place: how often, and when the last one was (seconds since the epoch)."""

    attempt: Attempt
    times: int
    wall: float


class LoginWatch:
    """Counts failures and knows when it is quiet. Time comes in; what it means for the log, the device says."""

    __slots__ = ("_quiet_until", "_recent", "failed", "failures", "succeeded")

    def __init__(self) -> None:
        self.failures: dict[Attempt, Failure] = {}
        self.failed = 0
        self.succeeded = 0
        self._recent: list[float] = []
        self._quiet_until: float | None = None

    def note_failure(self, attempt: Attempt, block: BlockFor | None, now: float, wall: float) -> bool:
        """Count a failure; True when it is the one that makes it quiet."""
        self.failed += 1
        known = self.failures.pop(attempt, None)
        self.failures[attempt] = Failure(attempt, 1 if known is None else known.times + 1, wall)
        if len(self.failures) > REMEMBERED:
            del self.failures[next(iter(self.failures))]
        if block is None or self.is_quiet(now):
            return False
        self._recent = [at for at in self._recent if now - at < block.within]
        self._recent.append(now)
        if len(self._recent) < block.attempts:
            return False
        self._recent.clear()
        self._quiet_until = now + block.seconds
        return True

    def is_quiet(self, now: float) -> bool:
        return self._quiet_until is not None and now < self._quiet_until

    def quiet_left(self, now: float) -> int:
        """Seconds for which it stays quiet, the begun one counted."""
        return 0 if self._quiet_until is None else max(ceil(self._quiet_until - now), 0)

    def window(self, block: BlockFor, now: float) -> tuple[int, int]:
        """Of the present watch: the seconds that are left of it, and the failures in it."""
        recent = [at for at in self._recent if now - at < block.within]
        left = ceil(block.within - (now - recent[0])) if recent else block.within
        return left, len(recent)

    def due(self, now: float) -> bool:
        """True once, when the quiet is over."""
        if self._quiet_until is None or now < self._quiet_until:
            return False
        self._quiet_until = None
        return True

    def forget(self) -> None:
        """Nothing is watched any more: the quiet, if there is one, ends here."""
        self._quiet_until = None
        self._recent.clear()

    def next_deadline(self) -> float | None:
        return self._quiet_until
