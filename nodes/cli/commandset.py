"""The commands of a device kind, compiled.

Each form of a command becomes a Glushkov automaton: one position per token, and for each position the positions that
may follow. A state of the matcher is the set of positions that the words so far may stand for, over all commands of
the mode at once, as in the subset construction; states are made when a line first reaches them and kept. So a word
costs one look-up in a dictionary, however many commands there are, and building a set stays cheap.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from nodes.cli.grammar import GrammarError, Keyword, Node, Slot, signature
from nodes.cli.grammar import Sequence as Chain
from nodes.cli.levels import LevelRule, level_of
from nodes.cli.params import BUILT_IN, Asking, IntRange, Param, ParamRegistry
from nodes.cli.table import CONFIG, CONFIG_MODES, EXEC, Command, Form, Mode, Table

#: Roots that are kept: for each mode, level and set of rules one.
_ROOTS_LIMIT: Final = 256
_POLARITY_HELP: Final = {"no": "Negate a command or set its defaults", "default": "Set a command to its defaults"}


class Position:
    """One token of one form: a keyword or a parameter, and what may come after it."""

    __slots__ = ("ends", "follow", "form", "group", "help", "index", "key", "keyword", "name", "param")

    def __init__(self, index: int, form: Form, help: str, group: str | None) -> None:
        self.index = index
        self.form = form
        self.help = help
        self.group = group
        #: The keyword as declared and in lower case; empty for a parameter.
        self.keyword = ""
        self.key = ""
        self.param: Param | None = None
        self.name = ""
        self.follow: list[Position] = []
        self.ends = False


class State:
    """Where a line may stand after some words: the words that may come next, and the form that may end here."""

    __slots__ = ("_next", "end", "keywords", "params", "reached", "sorted_keywords")

    def __init__(self, reached: Sequence[Position], following: Iterable[Position]) -> None:
        self.reached = reached
        #: The form that is complete here; the first declared if there are several.
        self.end: Form | None = next((position.form for position in reached if position.ends), None)
        self.keywords: dict[str, list[Position]] = {}
        params: dict[int, tuple[Param, list[Position]]] = {}
        for position in following:
            if position.param is None:
                self.keywords.setdefault(position.key, []).append(position)
            else:
                params.setdefault(id(position.param), (position.param, []))[1].append(position)
        self.params = list(params.values())
        self.sorted_keywords = sorted(self.keywords)
        self._next: dict[str, State] = {}

    def candidates(self, word: str) -> Sequence[str]:
        """The keywords (lower case) that ``word`` (lower case) abbreviates; the exact one alone if it is there."""
        if word in self.keywords:
            return (word,)
        keywords = self.sorted_keywords
        low = high = bisect_left(keywords, word)
        while high < len(keywords) and keywords[high].startswith(word):
            high += 1
        return keywords[low:high]

    def after_keyword(self, key: str, commands: CommandSet) -> State:
        state = self._next.get(key)
        if state is None:
            state = self._next[key] = commands.state(self.keywords[key])
        return state


class CommandSet:
    """The commands of one device kind, ready for matching. Shared by all sessions of a process; immutable in effect,
    but for the device that :meth:`about` names.

    Raises GrammarError, naming every fault at once, for unknown modes and types, words without help, and two commands
    of one mode with the same grammar.
    """

    def __init__(
        self,
        tables: Sequence[Table],
        *,
        params: ParamRegistry | None = None,
        modes: Sequence[Mode] = (),
        glossary: Mapping[str, str | Mapping[str, str]] | None = None,
    ) -> None:
        self.modes: dict[str, Mode] = {"exec": EXEC, "config": CONFIG} | {mode.name: mode for mode in modes}
        self._groups: dict[str, list[str]] = {}
        for mode in self.modes.values():
            for group in mode.groups:
                self._groups.setdefault(group, []).append(mode.name)
        self.commands: list[Command] = [command for table in tables for command in table.commands]
        self._params: dict[str, Param] = {**BUILT_IN, **(params or {})}
        self._asking = [param for param in self._params.values() if isinstance(param, Asking)]
        self._device: Any = None
        self._ranges: dict[str, Param] = {}
        self._glossary = glossary or {}
        self._faults: list[str] = []
        self._count = 0
        self._firsts: dict[str, list[Position]] = {name: [] for name in self.modes}
        self._states: dict[tuple[int, ...], State] = {}
        self._roots: dict[tuple[str, int, tuple[LevelRule, ...]], State] = {}
        self._by_mode: dict[str, list[Command]] = {name: [] for name in self.modes}
        self._check_modes()
        self._link()
        if self._faults:
            raise GrammarError("\n".join(dict.fromkeys(self._faults)))

    def about(self, device: Any) -> None:
        """The lines that follow are for ``device``, on which it may depend what is right in them."""
        if device is not self._device:
            self._device = device
            for param in self._asking:
                param.about(device)

    def of_mode(self, mode: str) -> Sequence[Command]:
        """The commands of a mode in the order of their declaration."""
        return self._by_mode[mode]

    def chain(self, mode: str) -> list[str]:
        """The modes in which a line typed in ``mode`` is tried: itself, then its parents short of exec."""
        names = [mode]
        parent = self.modes[mode].parent
        while parent is not None and parent != "exec":
            names.append(parent)
            parent = self.modes[parent].parent
        return names

    def root(self, mode: str, privilege: int, rules: tuple[LevelRule, ...] = ()) -> State:
        """The state before the first word. Commands above ``privilege`` do not exist in it.

        ``rules`` move commands to other levels.
        """
        rules = tuple([rule for rule in rules if rule.mode == mode])
        key = (mode, privilege, rules)
        state = self._roots.get(key)
        if state is None:
            if len(self._roots) >= _ROOTS_LIMIT:
                self._roots.clear()
            levels: dict[Command, int] = {}
            firsts = []
            for first in self._firsts[mode]:
                command = first.form.command
                if command not in levels:
                    levels[command] = level_of(command, rules)
                if levels[command] <= privilege:
                    firsts.append(first)
            state = self._roots[key] = State((), firsts)
        return state

    def state(self, reached: Sequence[Position]) -> State:
        """The state after a word that may stand for any of ``reached``."""
        key = tuple([position.index for position in reached])
        state = self._states.get(key)
        if state is None:
            following: dict[int, Position] = {}
            for position in reached:
                for after in position.follow:
                    following.setdefault(after.index, after)
            # In the order of declaration, whatever the order in which the positions were reached.
            state = self._states[key] = State(reached, [following[index] for index in sorted(following)])
        return state

    # Building.

    def _check_modes(self) -> None:
        for mode in self.modes.values():
            if mode.parent is not None and mode.parent not in self.modes:
                self._faults.append(f"mode {mode.name!r} has the unknown parent {mode.parent!r}")
        if self._faults:
            raise GrammarError("\n".join(self._faults))

    def _modes_of(self, command: Command) -> list[str]:
        names: list[str] = []
        for name in command.modes:
            if name == CONFIG_MODES:
                names += [mode for mode in self.modes if self.chain(mode)[-1] == "config"]
            elif name in self._groups:
                names += self._groups[name]
            elif name in self.modes:
                names.append(name)
            else:
                self._faults.append(f"{command!r}: there is no mode {name!r}")
        return list(dict.fromkeys(names))

    def _link(self) -> None:
        seen: dict[tuple[str, str], Command] = {}
        for command in self.commands:
            modes = self._modes_of(command)
            signatures = [signature(form.tree) for form in command.forms]
            for mode in modes:
                self._by_mode[mode].append(command)
                specific = self._glossary.get(mode)
                linker = _Linker(self, command, specific if isinstance(specific, Mapping) else {})
                for form, text in zip(command.forms, signatures, strict=True):
                    other = seen.setdefault((mode, text), command)
                    if other is not command:
                        self._faults.append(f"{command!r}: {mode} mode has the same grammar already in {other!r}")
                    nullable, first, last = linker.link(form.tree, form, None)
                    if nullable:
                        self._faults.append(f"{command!r}: matches an empty line")
                    for position in last:
                        position.ends = True
                    self._firsts[mode] += first

    def fault(self, text: str) -> None:
        self._faults.append(text)

    def next_index(self) -> int:
        self._count += 1
        return self._count

    def general_help(self, key: str) -> str | None:
        text = self._glossary.get(key)
        return text if isinstance(text, str) else None

    def param(self, slot: Slot) -> Param | None:
        """The parameter of a slot; the same object for the same type, so that states can merge them."""
        if slot.bounds is None:
            return self._params.get(slot.type)
        param = self._ranges.get(slot.type)
        if param is None:
            param = self._ranges[slot.type] = IntRange(*slot.bounds)
        return param


_Linked = tuple[bool, list[Position], list[Position]]


class _Linker:
    """Makes the positions of one command for one mode."""

    def __init__(self, commands: CommandSet, command: Command, mode_glossary: Mapping[str, str]) -> None:
        self._commands = commands
        self._command = command
        self._mode_glossary = mode_glossary

    def _help(self, *keys: str) -> str:
        for key in keys:
            text = self._command.help.get(key) or self._mode_glossary.get(key) or self._commands.general_help(key)
            if text is not None:
                return text
        if keys[0] in _POLARITY_HELP:
            return _POLARITY_HELP[keys[0]]
        self._commands.fault(f"{self._command!r}: no help for {keys[0]!r}")
        return ""

    def link(self, node: Node, form: Form, group: str | None) -> _Linked:
        """(whether the node may be absent, its first positions, its last positions), with ``follow`` set inside it."""
        if isinstance(node, Keyword):
            position = Position(self._commands.next_index(), form, self._help(node.text), group)
            position.keyword = node.text
            position.key = node.text.lower()
            return False, [position], [position]
        if isinstance(node, Slot):
            position = Position(self._commands.next_index(), form, self._help(f"<{node.name}>", node.name), group)
            position.name = node.name
            position.param = self._commands.param(node)
            if position.param is None:
                self._commands.fault(f"{self._command!r}: there is no parameter type {node.type!r}")
            return False, [position], [position]
        if isinstance(node, Chain):
            nullable, first, last = True, [], []  # type: bool, list[Position], list[Position]
            for item in node.items:
                item_nullable, item_first, item_last = self.link(item, form, group)
                _connect(last, item_first)
                first = first + item_first if nullable else first
                last = last + item_last if item_nullable else item_last
                nullable = nullable and item_nullable
            return nullable, first, last
        nullable, first, last = node.optional, [], []
        for option in node.options:
            option_nullable, option_first, option_last = self.link(option, form, node.group or group)
            nullable = nullable or option_nullable
            first = first + option_first
            last = last + option_last
        if node.repeated:
            _connect(last, first)
        return nullable, first, last


def _connect(before: Iterable[Position], after: Iterable[Position]) -> None:
    for position in before:
        for following in after:
            if following not in position.follow:
                position.follow.append(following)
