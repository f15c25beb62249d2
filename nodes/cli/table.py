"""Declaring commands: one declaration gives grammar, help, mode, privilege, handler, the ``no`` form and how it prints.

table = Table()

@table.command("config", "hostname <name:word>", help={"hostname": "Set system's network name", "name": "..."},
               no="hostname [<name:word>]", prints=lambda config: [f"hostname {config.hostname}"])
def hostname(ctx: Context, args: Args) -> None:
    ctx.device.set_hostname("Router" if ctx.negated else args["name"])
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, TypeVar

from nodes.cli.grammar import Choice, Keyword, Node, Sequence, parse

if TYPE_CHECKING:
    from nodes.cli.context import Args, Context, Result

    Handler = Callable[[Context, Args], Result]
    ShowHandler = Callable[[Context, Args], Any]

_H = TypeVar("_H", bound="Handler")
_S = TypeVar("_S", bound="ShowHandler")

#: As a mode name: the configuration mode and every mode below it.
CONFIG_MODES: Final = "config*"


@dataclass(frozen=True, slots=True)
class Mode:
    """A console mode.

    ``prompt`` is what stands between the host name and ``#``. A line that a mode does not know is tried in its
    ``parent`` too, up to ``config``. ``title`` heads the list that ``?`` prints. A command that is declared for one of
    the ``groups`` is a command of the mode.
    """

    name: str
    prompt: str
    parent: str | None
    title: str
    groups: tuple[str, ...] = ()


EXEC: Final = Mode("exec", "", None, "Exec commands:")
CONFIG: Final = Mode("config", "(config)", "exec", "Configure commands:")


@dataclass(frozen=True, slots=True)
class Block:
    """A header line of the running-config whose children the commands of ``mode`` print from ``scope``.

    ``closed`` is False for a block that no ``!`` follows.
    """

    header: str
    mode: str
    scope: Any
    closed: bool = True


Printer = Callable[[Any], Iterable["str | Block"]]


class Polarity(Enum):
    """Which form of a command was typed."""

    PLAIN = ""
    NO = "no"
    DEFAULT = "default"


_NO: Final = Keyword(Polarity.NO.value)
_NO_OR_DEFAULT: Final = Choice((_NO, Keyword(Polarity.DEFAULT.value)))


@dataclass(frozen=True, slots=True)
class Form:
    """One form of a command: its grammar as it is, or (NO) behind ``no`` or ``default``, which read the same words."""

    command: Command
    polarity: Polarity
    tree: Node


@dataclass(eq=False, slots=True)
class Command:
    """A declared command. ``text`` is set for show commands, whose handler returns a view.

    ``default`` is the line that ``default ...`` amounts to; where it is empty, ``no ...`` is the default.
    """

    modes: tuple[str, ...]
    grammar: str
    handler: Handler
    help: Mapping[str, str]
    privilege: int
    prints: Printer | None
    section: int
    text: Callable[[Any], Iterable[str]] | None
    pipe: bool
    delegate: str | None
    hidden: bool
    default: str = ""
    forms: tuple[Form, ...] = field(default=())

    def __repr__(self) -> str:
        return f"<command {self.grammar!r} in {', '.join(self.modes)}>"


class Table:
    """Commands in the order of their declaration."""

    def __init__(self) -> None:
        self.commands: list[Command] = []

    def command(
        self,
        modes: str | tuple[str, ...],
        grammar: str,
        *,
        help: Mapping[str, str] | None = None,
        no: str | bool = False,
        default: str = "",
        prints: Printer | None = None,
        section: int = 0,
        privilege: int | None = None,
        pipe: bool = False,
        delegate: str | None = None,
        hidden: bool = False,
    ) -> Callable[[_H], _H]:
        """Declare a command; decorates its handler.

        ``no`` is the grammar of that form, True for the same grammar, False where there is none. A configuration
        command that has it has ``default`` with the same grammar, which does the same, unless ``default`` says which
        line of the plain form takes the setting back.
        ``help`` maps a keyword, or a parameter's name (``<name>`` where a keyword has the same spelling), to its line.
        ``section`` places what ``prints`` yields in the running-config. ``privilege`` is 15, or 1 in exec mode.
        ``pipe`` lets ``| include`` follow. ``delegate`` names the mode in which the words after the first keyword are
        a command of their own, like those after ``do``. A ``hidden`` command works but ``?`` does not list it.
        """

        def declare(handler: _H) -> _H:
            self._add(
                modes, grammar, handler, help, no, prints, section, privilege, None, pipe, delegate, hidden, default
            )
            return handler

        return declare

    def show(
        self,
        modes: str | tuple[str, ...],
        grammar: str,
        *,
        text: Callable[[Any], Iterable[str]],
        help: Mapping[str, str] | None = None,
        privilege: int | None = None,
        hidden: bool = False,
    ) -> Callable[[_S], _S]:
        """Declare a show command: its handler returns a view, ``text`` turns the view into lines."""

        def declare(handler: _S) -> _S:
            self._add(modes, grammar, handler, help, False, None, 0, privilege, text, True, None, hidden)
            return handler

        return declare

    def extend(self, other: Table) -> None:
        """Take over the commands of another table."""
        self.commands.extend(other.commands)

    def _add(
        self,
        modes: str | tuple[str, ...],
        grammar: str,
        handler: Handler,
        help: Mapping[str, str] | None,
        no: str | bool,
        prints: Printer | None,
        section: int,
        privilege: int | None,
        text: Callable[[Any], Iterable[str]] | None,
        pipe: bool,
        delegate: str | None,
        hidden: bool,
        default: str = "",
    ) -> None:
        modes = (modes,) if isinstance(modes, str) else modes
        if privilege is None:
            privilege = 1 if "exec" in modes else 15
        command = Command(
            modes, grammar, handler, help or {}, privilege, prints, section, text, pipe, delegate, hidden, default
        )
        tree = parse(grammar)
        forms = [Form(command, Polarity.PLAIN, tree)]
        if no is not False:
            # One form for both words: what follows them is compiled once.
            word = _NO if "exec" in modes else _NO_OR_DEFAULT
            forms.append(Form(command, Polarity.NO, Sequence((word, tree if no is True else parse(no)))))
        command.forms = tuple(forms)
        self.commands.append(command)
