"""The anti-replay window of an inbound SA (RFC 4303 §3.4.3)."""

from __future__ import annotations

from collections.abc import Iterable


class ReplayWindow:
    """The highest sequence number received, and which of the ``size`` numbers up to it were.

    Only authenticated packets may move it: the caller asks :meth:`is_new` for any packet, and calls :meth:`accept`
    after its ICV was found right. Size 0 accepts everything (no replay detection).
    """

    __slots__ = ("_mask", "_seen", "highest", "size")

    def __init__(self, size: int) -> None:
        self.size = size
        self.highest = 0
        # Bit n stands for sequence number highest - n. Number 0 counts as received, for no sender uses it.
        self._seen = 1
        self._mask = (1 << size) - 1

    def is_new(self, sequence: int) -> bool:
        """Whether a packet with this number is neither left of the window nor received before."""
        behind = self.highest - sequence
        return not self.size or behind < 0 or (behind < self.size and not self._seen >> behind & 1)

    def accept(self, sequences: Iterable[int]) -> list[bool]:
        """Mark the numbers of authenticated packets as received, in order; False, and no change, for one not new."""
        highest, seen, size, mask = self.highest, self._seen, self.size, self._mask
        accepted: list[bool] = []
        for sequence in sequences:
            ahead = sequence - highest
            if ahead > 0:
                # Shifting by no more than the size keeps a packet far ahead from making a huge integer.
                seen = (seen << (ahead if ahead < size else size) | 1) & mask
                highest = sequence
                accepted.append(True)
                continue
            bit = 1 << -ahead if -ahead < size else 0
            accepted.append(not size or bool(bit and not seen & bit))
            seen |= bit
        self.highest, self._seen = highest, seen
        return accepted
