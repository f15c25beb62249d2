"""Regular expressions as IOS has them, matched in time linear in the line whatever the expression.

    .  any character        *  +  ?  repetition         [a-z] [^a-z]  a set
    ^  start of the line    ( )  |   grouping, choice   \\c  the character c
    $  end of the line      _   start, end, blank, comma, brace, parenthesis or an underscore

Anyone at a console may type an expression, and Python's matcher can be made to run for years by a short one; a device
must go on forwarding. So the expression becomes a Glushkov automaton, made deterministic as lines are read. The ends of
the line are two symbols of their own, which makes ``^``, ``$`` and ``_`` sets of symbols like any other.
"""

from __future__ import annotations

from typing import Final

from nodes.base.errors import WirelabError

_START: Final = "\x02"
_END: Final = "\x03"
_DELIMITERS: Final = frozenset(" ,{}()_" + _START + _END)
_LENGTH_LIMIT: Final = 254
_DEPTH_LIMIT: Final = 50
_CACHE_LIMIT: Final = 4096


class PatternError(WirelabError, ValueError):
    """Text that is no regular expression."""


class _Symbols:
    """A set of symbols; ``inverted`` for all but these and the ends of the line."""

    __slots__ = ("inverted", "symbols")

    def __init__(self, symbols: frozenset[str], inverted: bool = False) -> None:
        self.symbols = symbols
        self.inverted = inverted

    def __contains__(self, symbol: str) -> bool:
        if self.inverted:
            return symbol not in self.symbols and symbol not in (_START, _END)
        return symbol in self.symbols


#: (may be empty, first positions, last positions)
_Part = tuple[bool, set[int], set[int]]


class Pattern:
    """A compiled expression. Raises PatternError when ``text`` is none."""

    def __init__(self, text: str) -> None:
        if len(text) > _LENGTH_LIMIT:
            raise PatternError(f"longer than {_LENGTH_LIMIT} characters")
        self.text = text
        self._at = 0
        self._depth = 0
        self._positions: list[_Symbols] = []
        self._follow: list[set[int]] = []
        self._empty, first, last = self._choice()
        if self._at < len(text):
            raise PatternError("unbalanced )")
        self._first, self._last = frozenset(first), frozenset(last)
        self._moves: dict[tuple[frozenset[int], str], frozenset[int] | None] = {}

    def search(self, line: str) -> bool:
        """Whether the expression matches anywhere in ``line``."""
        if self._empty:
            return True
        state: frozenset[int] | None = self._first
        moves = self._moves
        for symbol in (_START, *line, _END):
            assert state is not None
            key = (state, symbol)
            state = moves[key] if key in moves else self._move(state, symbol)
            if state is None:
                return True
        return False

    def _move(self, state: frozenset[int], symbol: str) -> frozenset[int] | None:
        """The positions that may match next; None when the expression has matched."""
        taken = [position for position in state if symbol in self._positions[position]]
        result: frozenset[int] | None = None
        if self._last.isdisjoint(taken):
            # A match may also begin at the next symbol.
            result = self._first.union(*(self._follow[position] for position in taken))
        if len(self._moves) >= _CACHE_LIMIT:
            self._moves.clear()
        self._moves[state, symbol] = result
        return result

    # Reading.

    def _peek(self) -> str:
        return self.text[self._at : self._at + 1]

    def _choice(self) -> _Part:
        empty, first, last = self._chain()
        while self._peek() == "|":
            self._at += 1
            other_empty, other_first, other_last = self._chain()
            empty, first, last = empty or other_empty, first | other_first, last | other_last
        return empty, first, last

    def _chain(self) -> _Part:
        empty: bool = True
        first: set[int] = set()
        last: set[int] = set()
        while self._peek() and self._peek() not in "|)":
            item_empty, item_first, item_last = self._repeated()
            for position in last:
                self._follow[position] |= item_first
            first = first | item_first if empty else first
            last = last | item_last if item_empty else item_last
            empty = empty and item_empty
        return empty, first, last

    def _repeated(self) -> _Part:
        empty, first, last = self._atom()
        while self._peek() and self._peek() in "*+?":
            sign = self._peek()
            self._at += 1
            if sign != "?":
                for position in last:
                    self._follow[position] |= first
            empty = empty or sign != "+"
        return empty, first, last

    def _atom(self) -> _Part:
        char = self._peek()
        self._at += 1
        if char == "(":
            self._depth += 1
            if self._depth > _DEPTH_LIMIT:
                raise PatternError("nested too deeply")
            part = self._choice()
            if self._peek() != ")":
                raise PatternError("missing )")
            self._at += 1
            self._depth -= 1
            return part
        if char in "*+?":
            raise PatternError(f"nothing to repeat before {char}")
        if char == "[":
            return self._position(self._set())
        if char == "\\":
            char = self._peek()
            self._at += 1
            if not char:
                raise PatternError("nothing after \\")
            return self._position(_Symbols(frozenset(char)))
        if char == ".":
            return self._position(_Symbols(frozenset(), inverted=True))
        special = {"^": frozenset(_START), "$": frozenset(_END), "_": _DELIMITERS}
        return self._position(_Symbols(special.get(char, frozenset(char))))

    def _set(self) -> _Symbols:
        inverted = self._peek() == "^"
        self._at += inverted
        end = self.text.find("]", self._at + 1)
        if end < 0:
            raise PatternError("missing ]")
        inner = self.text[self._at : end]
        self._at = end + 1
        symbols: set[str] = set()
        place = 0
        while place < len(inner):
            if inner[place + 1 : place + 2] == "-" and place + 2 < len(inner):
                low, high = ord(inner[place]), ord(inner[place + 2])
                if low > high or high - low > 255:
                    raise PatternError(f"bad range {inner[place : place + 3]}")
                symbols.update(chr(code) for code in range(low, high + 1))
                place += 3
            else:
                symbols.add(inner[place])
                place += 1
        return _Symbols(frozenset(symbols), inverted)

    def _position(self, symbols: _Symbols) -> _Part:
        index = len(self._positions)
        self._positions.append(symbols)
        self._follow.append(set())
        return False, {index}, {index}
