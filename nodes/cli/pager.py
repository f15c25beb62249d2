"""Output page by page, with `` --More-- `` in between, and what can be searched for there."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Final

from nodes.cli.pattern import Pattern

#: Keys at the prompt that ask for an expression, and the output modifier that does the same.
SEARCHES: Final[Mapping[str, str]] = {"/": "begin", "+": "include", "-": "exclude"}
FILTERING: Final = "filtering...\n"
MORE: Final = " --More-- "
#: How IOS wipes it: the blanks on both sides need no wiping.
WIPE: Final = "\b" * 9 + " " * 8 + "\b" * 9


class Pager:
    """Holds back what does not fit on the screen until a key asks for it.

    Text goes in with :meth:`write`; :meth:`take` gives what may be printed now. While ``blocked``, keys go to
    :meth:`key`. A page is ``length`` lines of ``width`` columns; a length of 0 never blocks.
    """

    __slots__ = (
        "_column",
        "_discarding",
        "_free",
        "_length",
        "_pending",
        "_sieves",
        "_unsifted",
        "_width",
        "blocked",
    )

    def __init__(self) -> None:
        self.blocked = False
        self._pending: deque[str] = deque()
        #: What lets lines through, since somebody searched; and the beginning of a line that was not looked at yet.
        self._sieves: list[Callable[[str], bool]] = []
        self._unsifted = ""
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
        self._sieves.clear()
        self._unsifted = ""

    def resize(self, length: int, width: int) -> None:
        """The window has another size: so has the next page, unless there are no pages."""
        if self._length and length:
            self._length, self._width = length, width

    def write(self, text: str) -> None:
        if self._discarding:
            return
        if self._sieves:
            *lines, self._unsifted = (self._unsifted + text).split("\n")
            text = "".join(f"{line}\n" for line in lines if self._passes(line))
        if text:
            self._pending.append(text)

    def finish(self) -> bool:
        """The command is done: a last line without its end has its turn. Whether there is more to :meth:`take`."""
        text, self._unsifted = self._unsifted, ""
        if text and self._passes(text):
            self._pending.append(text)
            return True
        return False

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
        return WIPE

    def search(self, kind: str, pattern: Pattern) -> None:
        """Go on with a fresh page of what an expression lets through; ``kind`` is a value of :data:`SEARCHES`."""
        self._sieves.append(_SIEVES[kind](pattern))
        text = "".join((*self._pending, self._unsifted))
        self._pending.clear()
        self._unsifted = ""
        self.write(text)
        self._free = max(self._length - 1, 1)
        self._column = 0
        self.blocked = False

    @property
    def gave_up(self) -> bool:
        """Whether the user has given the rest of this command's output up."""
        return self._discarding

    def _passes(self, line: str) -> bool:
        return all(sieve(line) for sieve in self._sieves)

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


def _begin(pattern: Pattern) -> Callable[[str], bool]:
    begun = False

    def passes(line: str) -> bool:
        nonlocal begun
        begun = begun or pattern.search(line)
        return begun

    return passes


_SIEVES: Final[Mapping[str, Callable[[Pattern], Callable[[str], bool]]]] = {
    "begin": _begin,
    "include": lambda pattern: pattern.search,
    "exclude": lambda pattern: lambda line: not pattern.search(line),
}
