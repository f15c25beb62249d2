"""Lines that a console's grammar allows, made from a fuzzer's octets; now and then one that it does not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from nodes.cli.commandset import CommandSet, State
from nodes.cli.levels import HIGHEST
from nodes.cli.params import Accept, Completing, IntRange, Param, is_verbatim
from tests.fuzz.source import Source

#: Words for parameters; those that a parameter takes are tried.
_WORDS: Final = """
10.0.0.1 10.0.0.2 10.0.10.20 192.168.1.0 224.0.0.5 255.255.255.0 255.255.255.252 0.0.0.255 0.0.0.0 10.0.0.0/8
1 2 7 10 100 101 199 1300 4094 99999999999 -1 10,20-22 1-4094 2-1
A B LIST x a-b cisco icmp www telnet 10:00:00 10:00 12:30 june Jan 0011.2233.4455 ffff.ffff.ffff #x# ^C
flash:a flash:b nvram:startup-config system:running-config
fa0 fa0/0 fa0/1 fa0/2 fa0/24 et0 vlan1 Vlan10 loopback0 lo9 fa0/0.1 fa0/1.20
$1$mERr$hx5rVt7rPNoS4wqbXKX7m0 0822455D0A16
"""
WORDS: Final = tuple(_WORDS.split())
_LONGEST: Final = 24


class LineMaker:
    """Makes lines for the commands of one kind of device."""

    def __init__(self, commands: CommandSet) -> None:
        self._commands = commands
        self._words: dict[tuple[int, int], list[str]] = {}

    def line(self, mode: str, source: Source) -> str:
        """A line that may stand in ``mode``, most times a whole command."""
        state = self._commands.root(mode, HIGHEST)
        words: list[str] = []
        while len(words) < _LONGEST:
            options: list[str | Param] = [key for key in state.keywords if not self._left_out(mode, words, key)]
            options += [param for param, _ in state.params]
            if not options or (state.end is not None and source.number(0, 2) == 0):
                break
            chosen = source.choose(options)
            if isinstance(chosen, str):
                words.append(chosen if source.number(0, 3) else chosen[: source.number(1, len(chosen))])
                state = state.after_keyword(chosen, self._commands)
                continue
            word = self._word(chosen, state, source)
            positions = next(positions for param, positions in state.params if param is chosen)
            words.append(word)
            state = self._commands.state(positions)
            if is_verbatim(chosen):
                break
        return " ".join(words)

    def _left_out(self, mode: str, words: list[str], key: str) -> bool:
        return key == "do" and mode != "exec"  # followed by another mode's commands, which are fuzzed there

    def _word(self, param: Param, state: State, source: Source) -> str:
        if isinstance(param, IntRange):
            return str(source.choose((param.low, param.high, source.number(param.low, param.high), param.high + 1)))
        if is_verbatim(param):
            return " ".join(source.choose(WORDS) for _ in range(source.number(1, 3)))
        key = (id(param), id(state))
        known = self._words.get(key)
        if known is None:
            offered = [word for word, _ in param.completions("")] if isinstance(param, Completing) else []
            known = [word for word in (*offered, *WORDS) if isinstance(param.consume((word,)), Accept)] or ["1"]
            self._words[key] = known
        return source.choose(known if source.number(0, 15) else WORDS)


#: Control characters and others that a terminal sends, and a few that it should not.
KEYS: Final[Mapping[str, bytes]] = {
    "enter": b"\r",
    "newline": b"\r\n",
    "help": b"?",
    "tab": b"\t",
    "left": b"\x1b[D",
    "up": b"\x1bOA",
    "down": b"\x1b[B",
    "home": b"\x01",
    "end": b"\x05",
    "delete": b"\x1b[3~",
    "rub": b"\x7f",
    "word": b"\x17",
    "line": b"\x15",
    "kill": b"\x0b",
    "recall": b"\x19",
    "next": b"\x1by",
    "upper": b"\x1bu",
    "swap": b"\x14",
    "redraw": b"\x12",
    "quote": b"\x16",
    "interrupt": b"\x03",
    "finish": b"\x1a",
    "break": b"\x1ex",
    "space": b" ",
    "q": b"q",
    "slash": b"/",
    "plus": b"+",
    "pipe": b" | include ",
    "yes": b"y",
    "no": b"no ",
    "do": b"do ",
    "bar": b" | ",
    "blank": b"  ",
}
