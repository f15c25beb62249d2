"""Output page by page, with `` --More-- `` in between."""

from __future__ import annotations

from collections import deque
from typing import Final

MORE: Final = " --More-- "
#: How IOS wipes it: the blanks on both sides need no wiping.
_WIPE: Final = "\b" * 9 + " " * 8 + "\b" * 9


class Pager:
    """Holds back what does not fit on the screen until a key asks for it.

    Text goes in with :meth:`write`; :meth:`take` gives what may be printed now. While ``blocked``, keys go to
    :meth:`key`. A page is ``length`` lines of ``width`` columns; a length of 0 never blocks.
    """

    __slots__ = ("_column", "_discarding", "_free", "_length", "_pending", "_width", "blocked")

    def __init__(self) -> None:
        self.blocked = False
        self._pending: deque[str] = deque()
        self._discarding = False
        self.begin(0, 0)

    def begin(self, length: int, width: int) -> None:
        """A new command: the page is fresh. Nothing is pending then."""
        self._length = length
        self._width = width
        self._free = length - 1
        self._column = 0
        self._discarding = False
        self.blocked = False
        self._pending.clear()

    def write(self, text: str) -> None:
        if text and not self._discarding:
            self._pending.append(text)

    def take(self) -> str:
        """What may be printed now; ends in `` --More-- `` when more waits."""
        if self.blocked or not self._pending:
            return ""
        output: list[str] = []
        while self._pending:
            text = self._pending.popleft()
            if self._length == 0:
                output.append(text)
                continue
            end = self._fitting(text)
            output.append(text[:end])
            if end < len(text):
                self._pending.appendleft(text[end:])
                output.append(MORE)
                self.blocked = True
                break
        return "".join(output)

    def key(self, key: str) -> str:
        """Answer to a key at the prompt: blank for a page, Enter for a line, any other gives the rest up."""
        self.blocked = False
        self._column = 0
        if key == " ":
            self._free = max(self._length - 1, 1)
        elif key == "\r":
            self._free = 1
        else:
            self._discarding = True
            self._pending.clear()
        return _WIPE

    @property
    def gave_up(self) -> bool:
        """Whether the user has given the rest of this command's output up."""
        return self._discarding

    def _fitting(self, text: str) -> int:
        """How many characters of ``text`` fit on the page; uses the room up."""
        place = 0
        while place < len(text):
            if self._free <= 0:
                return place
            end = text.find("\n", place)
            if end < 0:
                self._column += len(text) - place
                return len(text)
            columns = self._column + end - place
            # A line wider than the window takes several lines of it.
            self._free -= max(1, -(-columns // self._width)) if self._width else 1
            self._column = 0
            place = end + 1
        return place
