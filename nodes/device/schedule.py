"""A restart that is to come, and the warnings before it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

#: Seconds before a scheduled reload at which every terminal is warned.
WARNINGS: Final = (3600, 1800, 300, 60)


@dataclass(slots=True)
class ScheduledReload:
    """``at`` is in monotonic seconds."""

    at: float
    reason: str
    warnings: list[int] = field(default_factory=list)
    """What is still to be said, the earliest first."""

    @classmethod
    def make(cls, at: float, reason: str, now: float) -> ScheduledReload:
        return cls(at, reason, [seconds for seconds in WARNINGS if at - seconds > now])

    @property
    def deadline(self) -> float:
        return self.at - self.warnings[0] if self.warnings else self.at

    def due(self, now: float) -> str | None:
        """The warning that is due at ``now``."""
        warning = None
        while self.warnings and self.at - self.warnings[0] <= now:
            minutes, seconds = divmod(self.warnings.pop(0), 60)
            warning = f"\n\n***\n*** --- SHUTDOWN in {minutes // 60}:{minutes % 60:02}:{seconds:02} ---\n***\n"
        return warning
