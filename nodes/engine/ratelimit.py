"""Limits on what a device says of its own accord: ICMP errors, log messages."""

from __future__ import annotations

from collections.abc import Hashable
from math import inf
from typing import Final

UNREACHABLE_INTERVAL: Final = 0.5  # seconds; the default of IOS's ``ip icmp rate-limit unreachable``


class IntervalLimiter:
    """At most one event in ``interval`` seconds; the first always passes. An interval of 0 lets everything pass."""

    __slots__ = ("_next", "interval", "suppressed")

    def __init__(self, interval: float) -> None:
        self.interval = interval
        self.suppressed = 0
        self._next = -inf

    def allow(self, now: float) -> bool:
        """May an event happen now? A refusal is counted in ``suppressed``."""
        if now < self._next:
            self.suppressed += 1
            return False
        self._next = now + self.interval
        return True


class TokenBucket:
    """``rate`` events per second in the long run, and up to ``burst`` at once (integer)."""

    __slots__ = ("_at", "_tokens", "burst", "rate", "suppressed")

    def __init__(self, rate: float, burst: int) -> None:
        if rate < 0 or burst < 1:
            raise ValueError("a bucket needs a rate that is not negative and room for one event")
        self.rate = rate
        self.burst = burst
        self.suppressed = 0
        self._tokens = float(burst)
        self._at: float | None = None

    def allow(self, now: float) -> bool:
        """May an event happen now? A refusal is counted in ``suppressed``."""
        if self._at is not None:
            self._tokens = min(float(self.burst), self._tokens + (now - self._at) * self.rate)
        self._at = now
        if self._tokens < 1.0:
            self.suppressed += 1
            return False
        self._tokens -= 1.0
        return True


class KeyedLimiter:
    """At most one event per key in ``interval`` seconds, for up to ``capacity`` keys at a time.

    For messages that name something that traffic chooses ("duplicate address …"). While ``capacity`` keys are
    within their interval, new keys are refused: the bound on memory is a bound on messages too.
    """

    __slots__ = ("_next", "capacity", "interval", "suppressed")

    def __init__(self, interval: float, capacity: int = 256) -> None:
        self.interval = interval
        self.capacity = capacity
        self.suppressed = 0
        self._next: dict[Hashable, float] = {}  # by time, since each key is put at the end

    def allow(self, key: Hashable, now: float) -> bool:
        """May an event happen for this key now? A refusal is counted in ``suppressed``."""
        while self._next:
            oldest = next(iter(self._next))
            if now < self._next[oldest]:
                break
            del self._next[oldest]
        if key in self._next or len(self._next) >= self.capacity:
            self.suppressed += 1
            return False
        self._next[key] = now + self.interval
        return True
