"""Parameter types of the grammar: what ``<name:type>`` accepts, how far a wrong word fits, what ``?`` says of it.

The types that know networking (addresses, interfaces) are supplied by the command tables; here are only the three that
every console needs: a word, the rest of a line, and an integer range.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, runtime_checkable

#: Ranks of a parameter: among several that accept a word, those of the lowest rank are taken.
TYPED: Final = 0
FREE_WORD: Final = 1
FREE_LINE: Final = 2


@dataclass(frozen=True, slots=True)
class Accept:
    """The words fit: the typed ``value``, and how many words (at least one) it took."""

    value: Any
    count: int = 1


@dataclass(frozen=True, slots=True)
class Reject:
    """The words do not fit.

    ``offset`` characters of ``words[word]`` were right, which is where the caret goes. A ``word`` past the last one
    says that the line ended too early: the command is incomplete rather than wrong.
    """

    offset: int = 0
    word: int = 0


Match = Accept | Reject


class Param(Protocol):
    """A type of parameter.

    Optional members: ``rank`` (see above; absent means TYPED), ``verbatim`` (True: ``consume`` gets one string, the
    rest of the line with its blanks), and the methods of :class:`Completing`, :class:`Continuing` and :class:`Asking`.
    """

    @property
    def label(self) -> str:
        """What ``?`` prints: ``A.B.C.D``, ``WORD``, ``<1-255>``, ``LINE``."""

    def consume(self, words: Sequence[str]) -> Match:
        """Try the words of the line from the current one on; there is at least one."""


@runtime_checkable
class Completing(Protocol):
    """A parameter whose values can be listed, like the interfaces of a device."""

    def completions(self, prefix: str) -> Sequence[tuple[str, str]]:
        """(word, help) for each value that begins with ``prefix``; an empty sequence leaves the label in place."""


@runtime_checkable
class Continuing(Protocol):
    """A parameter of several words that can say what ``?`` prints between them (``FastEthernet ?``)."""

    def following(self, words: Sequence[str]) -> Sequence[tuple[str, str]]:
        """(label, help) of what may come after ``words``, which are right but not enough, or of what the last one goes
        on with."""


@runtime_checkable
class Asking(Protocol):
    """A parameter whose values are those of a device, like its interfaces."""

    def about(self, device: Any) -> None:
        """The lines that follow are for ``device``."""


ParamRegistry = Mapping[str, Param]


@dataclass(frozen=True, slots=True)
class Word:
    """Any one word."""

    label: str = "WORD"
    rank: int = FREE_WORD

    def consume(self, words: Sequence[str]) -> Match:
        return Accept(words[0])


@dataclass(frozen=True, slots=True)
class Line:
    """The rest of the line as it was typed, blanks included."""

    label: str = "LINE"
    rank: int = FREE_LINE
    verbatim: bool = True

    def consume(self, words: Sequence[str]) -> Match:
        return Accept(words[0])


@dataclass(frozen=True, slots=True)
class IntRange:
    """A decimal integer in ``low..high``."""

    low: int
    high: int

    @property
    def label(self) -> str:
        return f"<{self.low}-{self.high}>"

    def consume(self, words: Sequence[str]) -> Match:
        word = words[0]
        # A number longer than the largest one is out of range; int() of a megabyte of digits would be slow, or raise.
        if word.isascii() and word.isdigit():
            if len(word) <= len(str(self.high)) + 8 and self.low <= int(word) <= self.high:
                return Accept(int(word))
            return Reject()
        digits = 0
        while digits < len(word) and word[digits] in "0123456789":
            digits += 1
        return Reject(digits)


BUILT_IN: Final[ParamRegistry] = {"word": Word(), "line": Line()}


def rank_of(param: Param) -> int:
    rank = getattr(param, "rank", TYPED)
    return rank if isinstance(rank, int) else TYPED


def is_verbatim(param: Param) -> bool:
    return getattr(param, "verbatim", False) is True
