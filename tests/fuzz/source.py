"""Octets from a fuzzer -> decisions. Hypothesis, atheris and a plain loop all drive the targets by this."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

_T = TypeVar("_T")


class Source:
    """Decisions that octets make; once they are used up, every decision is the first."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def empty(self) -> bool:
        return self._at >= len(self._data)

    def octet(self) -> int:
        if self.empty:
            return 0
        self._at += 1
        return self._data[self._at - 1]

    def number(self, low: int, high: int) -> int:
        """A number in ``low..high``; small ranges cost one octet."""
        span = high - low + 1
        value, width = self.octet(), 1
        while 256**width < span and width < 8:
            value, width = value * 256 + self.octet(), width + 1
        return low + value % span

    def choose(self, options: Sequence[_T]) -> _T:
        return options[self.number(0, len(options) - 1)]

    def octets(self, most: int) -> bytes:
        count = self.number(0, most)
        found = self._data[self._at : self._at + count]
        self._at += len(found)
        return found
