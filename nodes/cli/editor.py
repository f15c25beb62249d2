"""The line being typed.

The editor keeps the text and the cursor, and answers every key with the characters that bring the client's screen up
to date: the new text from the first difference on, blanks over what is left of the old, backspaces to the cursor. It
never needs to know the terminal's type. A line longer than the window is shown in part, with ``$`` where it goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

LINE_LIMIT: Final = 1024
BELL: Final = "\a"
#: Widths from here on stand for "as wide as you like": automation sets 511 or 512 to get each line in one piece.
UNBROKEN: Final = 511
#: How many columns a line that reaches the margin moves to the left.
_SHIFT: Final = 10
_MINIMUM_COLUMNS: Final = 20
#: Cuts that can be recalled.
KILLS_KEPT: Final = 10


#: Keys that take back what was just typed: backspace, Ctrl-U, Ctrl-X, Ctrl-W.
ERASING: Final = frozenset("\b\x15\x18\x17")


class LineEditor:
    """One line of text behind a prompt of ``prompt_width`` characters. ``echo`` False shows nothing (passwords)."""

    __slots__ = (
        "_column",
        "_killed",
        "_left",
        "_quote",
        "_recalled",
        "_shown",
        "_width",
        "cursor",
        "echo",
        "prompt_width",
        "text",
    )

    def __init__(self, prompt_width: int, width: int, *, echo: bool = True) -> None:
        self.text = ""
        self.cursor = 0
        self.echo = echo
        self.prompt_width = prompt_width
        self._width = width
        self._left = 0
        #: What the client shows of the text, and in which column of that its cursor stands.
        self._shown = ""
        self._column = 0
        #: What was cut, the youngest first.
        self._killed: list[str] = []
        #: The cut that stands left of the cursor because it was just recalled.
        self._recalled: int | None = None
        self._quote = False

    def reset(self, prompt_width: int, width: int) -> None:
        """An empty line behind a fresh prompt."""
        self.text = ""
        self.cursor = 0
        self._quote = False
        self.redrawn(prompt_width, width)

    def redrawn(self, prompt_width: int, width: int) -> None:
        """A fresh prompt has been printed and nothing of the text; :meth:`draw` shows it."""
        self.prompt_width = prompt_width
        self._width = width
        self._shown = ""
        self._column = 0
        self._left = 0

    def resize(self, width: int) -> None:
        """The window is another one; what stands on the screen is brought up to date with the next key."""
        self._width = width

    @property
    def quoting(self) -> bool:
        """Whether Ctrl-V has asked to take the next key as it is."""
        return self._quote

    def draw(self) -> str:
        """Show the text behind a fresh prompt."""
        return self._update()

    def insert(self, text: str) -> str:
        """Type printable characters at the cursor."""
        self._quote = False
        self._recalled = None
        room = LINE_LIMIT - len(self.text)
        bell = BELL * (len(text) - room) if len(text) > room else ""
        text = text[: max(room, 0)]
        if not text:
            return bell
        if self.cursor == len(self.text) and not self._left:
            columns = self._columns()
            if columns is None or len(self.text) + len(text) < columns:
                # The common case, a paste or plain typing at the end of the line: the screen follows by itself.
                self.text += text
                self.cursor += len(text)
                if not self.echo:
                    return bell
                self._shown = self.text
                self._column = self.cursor
                return text + bell
        output = []
        for char in text:
            self.text = self.text[: self.cursor] + char + self.text[self.cursor :]
            self.cursor += 1
            output.append(self._update())
        return "".join(output) + bell

    def replace(self, text: str) -> str:
        """Put another line in place of this one, the cursor at its end."""
        self.text = text[:LINE_LIMIT]
        self.cursor = len(self.text)
        return self._update()

    def key(self, key: str) -> str | None:
        """Act on an editing key; None when it is none."""
        act = _ACTS.get(key)
        if act is None:
            return None
        self._quote = False
        recalled, self._recalled = self._recalled, None
        if act is LineEditor._recall_next:
            self._recalled = recalled
        act(self)
        return self._update()

    # The acts.

    def _cut(self, start: int, end: int, *, keep: bool = True) -> None:
        if keep and start < end:
            self._killed = [self.text[start:end], *self._killed[: KILLS_KEPT - 1]]
        self.text = self.text[:start] + self.text[end:]
        self.cursor = start

    def _word_start(self) -> int:
        place = self.cursor
        while place and self.text[place - 1] == " ":
            place -= 1
        while place and self.text[place - 1] != " ":
            place -= 1
        return place

    def _word_end(self) -> int:
        place, end = self.cursor, len(self.text)
        while place < end and self.text[place] == " ":
            place += 1
        while place < end and self.text[place] != " ":
            place += 1
        return place

    def _backspace(self) -> None:
        if self.cursor:
            self._cut(self.cursor - 1, self.cursor, keep=False)

    def _delete(self) -> None:
        self._cut(self.cursor, self.cursor + 1, keep=False)

    def _left_char(self) -> None:
        self.cursor = max(0, self.cursor - 1)

    def _right_char(self) -> None:
        self.cursor = min(len(self.text), self.cursor + 1)

    def _left_word(self) -> None:
        self.cursor = self._word_start()

    def _right_word(self) -> None:
        self.cursor = self._word_end()

    def _home(self) -> None:
        self.cursor = 0

    def _end(self) -> None:
        self.cursor = len(self.text)

    def _kill_right(self) -> None:
        self._cut(self.cursor, len(self.text))

    def _kill_left(self) -> None:
        self._cut(0, self.cursor)

    def _kill_word_left(self) -> None:
        self._cut(self._word_start(), self.cursor)

    def _kill_word_right(self) -> None:
        self._cut(self.cursor, self._word_end())

    def _recall(self) -> None:
        if self._killed:
            self._put(0)

    def _recall_next(self) -> None:
        """In place of what was just recalled, what was cut before it."""
        if self._recalled is None or not self._killed:
            self._recall()
            return
        recalled = self._recalled
        self._cut(self.cursor - len(self._killed[recalled]), self.cursor, keep=False)
        self._put((recalled + 1) % len(self._killed))

    def _put(self, number: int) -> None:
        """Insert a cut, if there is room for all of it."""
        text = self._killed[number]
        fits = len(self.text) + len(text) <= LINE_LIMIT
        self._recalled = number if fits else None
        if fits:
            self.text = self.text[: self.cursor] + text + self.text[self.cursor :]
            self.cursor += len(text)

    def _change_word(self, change: Callable[[str], str]) -> None:
        end = self._word_end()
        self.text = self.text[: self.cursor] + change(self.text[self.cursor : end]) + self.text[end:]
        self.cursor = end

    def _capitalize(self) -> None:
        self._change_word(lambda word: " " * (len(word) - len(word.lstrip())) + word.lstrip().capitalize())

    def _upper(self) -> None:
        self._change_word(str.upper)

    def _lower(self) -> None:
        self._change_word(str.lower)

    def _transpose(self) -> None:
        if self.cursor and len(self.text) > 1:
            place = min(self.cursor, len(self.text) - 1)
            self.text = self.text[: place - 1] + self.text[place] + self.text[place - 1] + self.text[place + 1 :]
            self.cursor = place + 1

    def _quote_next(self) -> None:
        self._quote = True

    # The screen.

    def _columns(self) -> int | None:
        """Columns for the text; None when the line may be as long as it likes. The last column stays free."""
        if self._width == 0 or self._width >= UNBROKEN:
            return None
        return max(self._width - self.prompt_width - 1, _MINIMUM_COLUMNS)

    def _window(self) -> tuple[str, int]:
        """What of the text is to be shown, and the cursor's column in it."""
        columns = self._columns()
        if columns is None or len(self.text) < columns:
            self._left = 0
            return self.text, self.cursor
        if self.cursor - self._left >= columns:
            self._left = self.cursor - columns + _SHIFT
        elif self._left and self.cursor <= self._left:
            self._left = max(0, self.cursor - _SHIFT)
        shown = self.text[self._left : self._left + columns]
        if self._left:
            shown = "$" + shown[1:]
        if self._left + columns < len(self.text):
            shown = shown[:-1] + "$"
        return shown, self.cursor - self._left

    def _update(self) -> str:
        """Bring the client's screen from what it shows to what it should show."""
        if not self.echo:
            return ""
        old, column = self._shown, self._column
        new, target = self._window()
        self._shown, self._column = new, target
        if old == new:
            return _move(new, column, target)
        same = 0
        limit = min(len(old), len(new))
        while same < limit and old[same] == new[same]:
            same += 1
        blanks = max(0, len(old) - len(new))
        end = len(new) + blanks
        return _move(new, column, same) + new[same:] + " " * blanks + "\b" * (end - target)


def _move(shown: str, column: int, target: int) -> str:
    """Move the cursor: backspaces to the left, the characters that are there to the right."""
    return "\b" * (column - target) if target <= column else shown[column:target]


_ACTS: Final[dict[str, Callable[[LineEditor], None]]] = {
    "\b": LineEditor._backspace,
    "\x01": LineEditor._home,
    "\x02": LineEditor._left_char,
    "\x04": LineEditor._delete,
    "\x05": LineEditor._end,
    "\x06": LineEditor._right_char,
    "\x0b": LineEditor._kill_right,
    "\x14": LineEditor._transpose,
    "\x15": LineEditor._kill_left,
    "\x16": LineEditor._quote_next,
    "\x1bq": LineEditor._quote_next,
    "\x17": LineEditor._kill_word_left,
    "\x18": LineEditor._kill_left,
    "\x19": LineEditor._recall,
    "\x1by": LineEditor._recall_next,
    "\x1bb": LineEditor._left_word,
    "\x1bf": LineEditor._right_word,
    "\x1bd": LineEditor._kill_word_right,
    "\x1bc": LineEditor._capitalize,
    "\x1bu": LineEditor._upper,
    "\x1bl": LineEditor._lower,
}
