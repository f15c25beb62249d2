"""Bytes from a client -> keys.

A key is a str: a run of printable ASCII characters as it came, a control character, or ESC and a letter. The arrows
and their kin become the control characters that do the same (Up is Ctrl-P), so that an editor knows each act once.
"""

from __future__ import annotations

from typing import Final

ENTER: Final = "\r"
BACKSPACE: Final = "\b"
BREAK: Final = "\x1e"  # Ctrl-Shift-6
INTERRUPT: Final = "\x03"  # Ctrl-C
ESC: Final = "\x1b"
#: The longest run of printable characters in one key; keeps what a key can cost small.
RUN_LIMIT: Final = 1024

# The final bytes of ESC [ and ESC O sequences (ECMA-48 8.3; xterm's and the VT220's keypads).
_FINALS: Final = {"A": "\x10", "B": "\x0e", "C": "\x06", "D": "\x02", "H": "\x01", "F": "\x05"}
_TILDES: Final = {"1": "\x01", "7": "\x01", "3": "\x04", "4": "\x05", "8": "\x05"}
_PARAMETERS_LIMIT: Final = 16


class KeyDecoder:
    """A push decoder: feed it bytes as they come, cut anywhere."""

    __slots__ = ("_after_break", "_after_return", "_escape")

    def __init__(self) -> None:
        self._after_return = False
        self._after_break = False
        #: What has come of an escape sequence, the ESC included.
        self._escape = ""

    def feed(self, data: bytes) -> list[str]:
        """The keys that ``data`` completes. CR LF, CR NUL, CR and LF are one Enter each; octets >= 0x80 are dropped."""
        keys: list[str] = []
        text = data.decode("ascii", "ignore")
        index = 0
        while index < len(text):
            char = text[index]
            plain = " " <= char <= "~" and not self._escape and not self._after_break
            if plain:
                start = index
                while index < len(text) and " " <= text[index] <= "~" and index - start < RUN_LIMIT:
                    index += 1
                keys.append(text[start:index])
                self._after_return = False
            else:
                index += 1
                key = self._special(char)
                if key is not None:
                    keys.append(key)
        return keys

    def _special(self, char: str) -> str | None:
        after_return, self._after_return = self._after_return, False
        after_break, self._after_break = self._after_break, False
        if self._escape and char >= " ":
            return self._sequence(char)
        self._escape = ""
        if char == ESC:
            self._escape = ESC
            return None
        if char == "\r":
            self._after_return = True
            return ENTER
        if char == "\n":
            return None if after_return else ENTER
        if char == "\0":
            return None
        if char == BREAK:
            self._after_break = True
            return BREAK
        if after_break and char in "xX":
            # The escape sequence of a terminal server is Ctrl-Shift-6 x: the letter belongs to it.
            return None
        return BACKSPACE if char == "\x7f" else char

    def _sequence(self, char: str) -> str | None:
        escape = self._escape + char
        self._escape = ""
        if len(escape) == 2:
            if char in "[O":
                self._escape = escape
                return None
            return BACKSPACE if char == "\x7f" else escape.lower()
        if "@" <= char <= "~":
            parameters = escape[2:-1]
            return _TILDES.get(parameters) if char == "~" else _FINALS.get(char)
        if len(escape) < _PARAMETERS_LIMIT:
            self._escape = escape
        return None
