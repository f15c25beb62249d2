"""What differs between consoles of different makes: prompt, messages, and which conveniences there are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from nodes.cli.filters import Modifiers, Store
from nodes.cli.levels import HIGHEST, USER, LevelRule
from nodes.cli.matcher import Failure, Fault

if TYPE_CHECKING:
    from nodes.cli.terminal import Terminal


_NO_ALIASES: Final[Mapping[str, str]] = MappingProxyType({})
#: What may follow a pipe everywhere.
_MODIFIERS: Final = Modifiers()


class Dialect(ABC):
    """The way in which a console talks. Texts use ``\\n``; a session turns it into CR LF."""

    #: Whether words may be abbreviated.
    abbreviate = True
    #: Whether ``?`` lists what may come, and Tab completes, at once, without Enter.
    help_key = True
    #: Whether long output stops at ``--More--``.
    paging = True

    def welcome(self, terminal: Terminal) -> str:
        """Printed once, before anything else."""
        return ""

    def challenge(self, terminal: Terminal) -> str:
        """Printed above the questions of a login."""
        return ""

    def entrance(self, terminal: Terminal) -> str:
        """Printed once, before the first prompt; a login comes before it."""
        return ""

    #: The last words to a session whose time is up.
    expired = ""

    @abstractmethod
    def prompt(self, terminal: Terminal) -> str:
        """What stands before the line that is typed."""

    def before_prompt(self) -> str:
        """Printed before each prompt, on a line of its own."""
        return ""

    @abstractmethod
    def failure(self, failure: Failure, line: str, prompt: str, terminal: Terminal) -> Sequence[str]:
        """The lines that answer a line which is no command."""

    def aliases(self, mode: str) -> Mapping[str, str]:
        """Words that stand for the beginning of a command of ``mode``."""
        return _NO_ALIASES

    def privileges(self) -> tuple[LevelRule, ...]:
        """The rules that move commands to other privilege levels."""
        return ()

    def modifiers(self, privilege: int) -> Modifiers:
        """What may follow a pipe, for somebody of this level."""
        return _MODIFIERS


_BAD_NAME: Final = "% Bad IP address or host name"


class IosDialect(Dialect):
    """Cisco IOS. Messages and columns as measured on devices; see the tests for transcripts."""

    #: First keywords that, alone on a line, are answered with a hint rather than with "incomplete".
    _LISTS = ("show",)

    def __init__(
        self,
        hostname: Callable[[], str],
        *,
        domain_lookup: Callable[[], bool] = lambda: True,
        translating: Callable[[str], str] = lambda word: f'Translating "{word}"...domain server (255.255.255.255)',
        banners: Callable[[str, Terminal], str] = lambda kind, terminal: "",
        aliases: Callable[[str], Mapping[str, str]] = lambda mode: _NO_ALIASES,
        privileges: Callable[[], tuple[LevelRule, ...]] = tuple,
        store: Store | None = None,
    ) -> None:
        self._hostname = hostname
        self._aliases = aliases
        self._privileges = privileges
        self._storing = _MODIFIERS if store is None else Modifiers(store)
        self._domain_lookup = domain_lookup
        self._translating = translating
        self._banners = banners

    expired = "\n*\n*\n* Line timeout expired\n*\n*\n"

    def welcome(self, terminal: Terminal) -> str:
        return self._banners("motd", terminal)

    def challenge(self, terminal: Terminal) -> str:
        return self._banners("login", terminal)

    def entrance(self, terminal: Terminal) -> str:
        return self._banners("exec", terminal)

    def prompt(self, terminal: Terminal) -> str:
        mode = terminal.mode
        return f"{self._hostname()}{mode.prompt}{'#' if terminal.privilege > USER or mode.prompt else '>'}"

    def aliases(self, mode: str) -> Mapping[str, str]:
        return self._aliases(mode)

    def privileges(self) -> tuple[LevelRule, ...]:
        return self._privileges()

    def modifiers(self, privilege: int) -> Modifiers:
        # Writing files is for those who may do everything.
        return self._storing if privilege >= HIGHEST else _MODIFIERS

    def failure(self, failure: Failure, line: str, prompt: str, terminal: Terminal) -> Sequence[str]:
        if failure.fault is Fault.AMBIGUOUS:
            return [f'% Ambiguous command:  "{line}"']
        if failure.fault is Fault.INCOMPLETE:
            if failure.words == 1 and failure.keyword in self._LISTS and terminal.mode.name == "exec":
                return [f'% Type "{failure.keyword} ?" for a list of subcommands']
            return ["% Incomplete command.", ""]
        if failure.words == 1 and terminal.mode.name == "exec" and terminal.connects:
            return self._unknown_host(line.strip())
        return [" " * (len(prompt) + failure.offset) + "^", "% Invalid input detected at '^' marker.", ""]

    def _unknown_host(self, word: str) -> Sequence[str]:
        # A single unknown word in exec mode is taken for the name of a host to connect to.
        lookup = [self._translating(word)] if self._domain_lookup() else [f'Translating "{word}"', _BAD_NAME]
        return [*lookup, "% Unknown command or computer name, or unable to find computer address"]


class WindowsDialect(Dialect):
    """A Windows-like command prompt."""

    abbreviate = False
    help_key = False
    paging = False

    def __init__(
        self,
        *,
        prompt: str = "C:\\>",
        banner: Callable[[], str] = lambda: "",
        usage: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """``usage`` maps a command to the lines that answer wrong or missing parameters of it."""
        self._prompt = prompt
        self._banner = banner
        self._usage = usage or {}

    def welcome(self, terminal: Terminal) -> str:
        return self._banner()

    def prompt(self, terminal: Terminal) -> str:
        return self._prompt

    def before_prompt(self) -> str:
        return "\n"

    def failure(self, failure: Failure, line: str, prompt: str, terminal: Terminal) -> Sequence[str]:
        words = line.split()
        if failure.word == 0:
            return [
                f"'{words[0]}' is not recognized as an internal or external command,",
                "operable program or batch file.",
            ]
        usage = self._usage.get(words[0].lower(), ())
        if failure.fault is Fault.INCOMPLETE:
            return usage or ["The syntax of the command is incorrect."]
        wrong = words[failure.word]
        return [f"Bad {'option' if wrong[0] in '-/' else 'parameter'} {wrong}.", *usage]
