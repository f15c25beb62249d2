"""The dialogue before a session: who is there? Keys and time in, text out.

Whoever owns the line says by an :class:`Authority` what to ask for and whom to let in. A wrong answer is answered only
after a pause, the third one ends the dialogue, and so does silence.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Final, Protocol

from nodes.cli.editor import LineEditor
from nodes.cli.keys import ENTER

ATTEMPTS: Final = 3
#: Seconds between a wrong password and the answer to it.
PENALTY: Final = 2.0


class Authority(Protocol):
    """What a line demands of those who come."""

    @property
    def possible(self) -> bool:
        """False when the line wants a password but has none set: nobody gets in."""

    @property
    def by_name(self) -> bool:
        """Whether a user name is asked for, or only the password of the line."""

    @property
    def delay(self) -> float:
        """Seconds between a wrong password and the answer to it, where it is longer than usual."""

    @property
    def patience(self) -> float:
        """Seconds that a question waits for its answer; 0 is as long as it takes."""

    def unquestioned(self, user: str) -> int | None:
        """The privilege level of a user who needs no password; None for everybody else."""

    def admit(self, user: str, password: str) -> int | None:
        """The privilege level of whoever gives this name and password; None for nobody."""

    def admitted(self, user: str) -> None:
        """Somebody is let in."""

    def refused(self, user: str) -> None:
        """An attempt failed."""


class _Stage(Enum):
    NAME = auto()
    PASSWORD = auto()
    PENALTY = auto()
    OVER = auto()


class Login:
    """One dialogue. It is over when ``privilege`` is set, or when it has ``failed``."""

    def __init__(self, authority: Authority, width: int) -> None:
        self._authority = authority
        self._width = width
        self._by_name = authority.by_name
        self._stage = _Stage.OVER
        self._editor = LineEditor(0, width)
        self._attempts = 0
        #: When the pause or the patience ends; None until the time is known.
        self._until: float | None = None
        self.user = ""
        self.privilege: int | None = None
        self.failed = False

    @property
    def pausing(self) -> bool:
        """Whether keys have to wait until a wrong password is answered."""
        return self._stage is _Stage.PENALTY

    def start(self) -> str:
        """The opening words."""
        if not self._authority.possible:
            return self._fail("\n\nPassword required, but none set\n")
        return "\n\nUser Access Verification\n\n" + self._begin()

    def key(self, key: str, now: float) -> str:
        """Take a key; what to show for it."""
        if key != ENTER:
            shown = self._editor.insert(key) if key >= " " else self._editor.key(key) or ""
            return shown if self._stage is _Stage.NAME else ""
        text = self._editor.text
        if self._stage is _Stage.NAME:
            self.user = text.strip()
            self.privilege = self._authority.unquestioned(self.user)
            if self.privilege is None:
                return "\n" + (self._ask(_Stage.PASSWORD) if self.user else self._ask(_Stage.NAME))
        else:
            self.privilege = self._authority.admit(self.user, text)
        if self.privilege is None:
            self._authority.refused(self.user)
            self._stage = _Stage.PENALTY
            self._until = now + max(PENALTY, self._authority.delay)
        else:
            self._authority.admitted(self.user)
            self._stage = _Stage.OVER
            self._until = None
        return "\n"

    def advance(self, now: float) -> str:
        """Time has passed; what to show for it."""
        if self._stage is _Stage.OVER:
            return ""
        if self._until is None and self._authority.patience:
            self._until = now + self._authority.patience
        if self._until is None or now < self._until:
            return ""
        if self._stage is _Stage.PENALTY:
            return self._again("% Login invalid\n\n" if self._by_name else "")
        return self._again(f"\n% {self._prompt}  timeout expired!\n")

    def next_deadline(self) -> float | None:
        return self._until

    @property
    def _prompt(self) -> str:
        return "Username:" if self._stage is _Stage.NAME else "Password:"

    def _begin(self) -> str:
        self.user = ""
        return self._ask(_Stage.NAME if self._by_name else _Stage.PASSWORD)

    def _ask(self, stage: _Stage) -> str:
        self._stage = stage
        self._until = None
        self._editor = LineEditor(len(self._prompt) + 1, self._width, echo=stage is _Stage.NAME)
        return f"{self._prompt} "

    def _again(self, text: str) -> str:
        """One attempt is used up."""
        self._attempts += 1
        if self._attempts < ATTEMPTS:
            return text + self._begin()
        return self._fail(text if self._by_name else text + "% Bad passwords\n")

    def _fail(self, text: str) -> str:
        self._stage = _Stage.OVER
        self._until = None
        self.failed = True
        return text
