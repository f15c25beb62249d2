"""What a handler gets, what it may return, and what a long-running one may yield."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from nodes.base.errors import WirelabError

if TYPE_CHECKING:
    from nodes.cli.table import Command
    from nodes.cli.terminal import Terminal


class Rejected(WirelabError):
    """A handler refuses the command; ``text`` is printed as it is (``% Invalid ...``)."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class Break(Exception):
    """Thrown into a job when Ctrl-C or Ctrl-Shift-6 is typed; uncaught it ends the job silently."""


@dataclass(frozen=True, slots=True)
class Wait:
    """A job sleeps. It is resumed whenever the device did something, at ``until`` (monotonic seconds) at the latest.

    A job resumed early looks at ``ctx.now`` and waits again.
    """

    until: float | None = None


WAIT: Final = Wait()


@dataclass(frozen=True, slots=True)
class Ask:
    """A job asks the user; the answer (a str, "" for a bare Enter) is sent into the generator.

    ``echo`` False hides what is typed (passwords). ``confirm`` takes a single key: Enter and ``y`` mean yes ("" or
    "y"), any other is returned as it is. ``body`` marks an answer that belongs to the command itself, like the text of
    a banner: where commands come from a file, the next line of the file is the answer; any other question is answered
    there with Enter. ``control_z``: Ctrl-Z ends the answer too, and is its last character then.
    """

    prompt: str
    echo: bool = True
    confirm: bool = False
    body: bool = False
    control_z: bool = False


#: Yields text to print as it is, waits and questions; may return a Result of its own to end with.
Job = Generator["str | Wait | Ask", Any, Any]
Result = None | str | Iterable[str] | Job


class Args:
    """The arguments of a matched command: parameters by name, named groups, and the keywords that were given."""

    __slots__ = ("_repeated", "_values", "spelled", "words")

    def __init__(
        self,
        values: Mapping[str, Any],
        words: Sequence[str] = (),
        repeated: Mapping[str, Sequence[Any]] | None = None,
        spelled: str = "",
    ) -> None:
        self._values = values
        self._repeated = repeated or {}
        #: The keywords of the line in full, in order.
        self.words = words
        #: The line with its keywords in full, and what stands for parameters as it was typed.
        self.spelled = spelled

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def get(self, name: str, default: Any = None) -> Any:
        return self._values.get(name, default)

    def has(self, name: str) -> bool:
        """Whether a keyword, or a parameter of this name, was given."""
        return name in self.words or name in self._values

    def __contains__(self, name: str) -> bool:
        return self.has(name)

    def all(self, name: str) -> Sequence[Any]:
        """Every value of a parameter inside a repetition, in order."""
        if name in self._repeated:
            return self._repeated[name]
        return [self._values[name]] if name in self._values else []

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __repr__(self) -> str:
        return f"Args({self._values!r}, {self.words!r})"


class Context:
    """What a handler may know: the device, the session, the scope of the mode, the time, the line that was typed."""

    __slots__ = ("device", "entry", "line", "negated", "now", "scope", "session")

    def __init__(
        self,
        session: Terminal,
        entry: Command,
        line: str,
        now: float,
        *,
        scope: Any = None,
        negated: bool = False,
    ) -> None:
        self.device = session.device
        self.session = session
        self.entry = entry
        self.line = line
        self.now = now
        self.scope = scope
        #: True for the ``no`` form, and for the ``default`` form where that amounts to it.
        self.negated = negated

    def enter(self, mode: str, scope: Any = None) -> None:
        """Go into a mode; from a sub-mode it takes that one's place."""
        self.session.enter(mode, scope)


def to_plain(view: Any) -> Any:
    """A view as plain maps, lists and scalars, for JSON.

    Dataclasses and named tuples become maps by field name, bytes become hex, an enum member its value when that is
    plain and its name otherwise, map keys strings.
    """
    if isinstance(view, Enum):
        return view.value if isinstance(view.value, (str, int, float)) else view.name
    if view is None or isinstance(view, (bool, int, float, str)):
        return view
    if isinstance(view, (bytes, bytearray, memoryview)):
        return bytes(view).hex()
    if is_dataclass(view) and not isinstance(view, type):
        return {field.name: to_plain(getattr(view, field.name)) for field in fields(view)}
    if isinstance(view, tuple) and hasattr(view, "_fields"):
        return {name: to_plain(value) for name, value in zip(view._fields, view, strict=True)}
    if isinstance(view, Mapping):
        return {str(to_plain(key)): to_plain(value) for key, value in view.items()}
    if isinstance(view, (set, frozenset)):
        return sorted((to_plain(item) for item in view), key=repr)
    if isinstance(view, Iterable):
        return [to_plain(item) for item in view]
    return str(view)
