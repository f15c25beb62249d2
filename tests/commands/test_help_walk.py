"""A walk through everything that can be typed: at every place ``?``, Tab and Enter say the same.

The states of the matcher are walked, not the lines: each place in each command of each mode is come to once, by a line
that leads there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final, NamedTuple

import pytest

from nodes.cli import filters
from nodes.cli.commandset import CommandSet, Position, State
from nodes.cli.help import help_text
from nodes.cli.levels import HIGHEST
from nodes.cli.matcher import Failure, Listing, Matched, complete, listing, match
from nodes.cli.params import Accept, Completing, Continuing, IntRange, Param, is_verbatim
from nodes.cli.table import Mode
from nodes.kinds import KINDS
from tests.device.bench import Bench

#: One of these fits each parameter: the walk tries them in turn, after what the parameter itself lists.
_SAMPLES: Final = """
1 2 4 5 7 10 100 300 1500 4096 -1 1000000 0x2102 2026 10:00:00 10:00 0:10 1:2:3 june zz zzz zz:9 zz/9 #zz# flash:zz www
10.0.0.1 255.255.255.0 0.0.0.255 0011.2233.4455 fa0 fa0/0 fa0/1 et0 vlan1 loopback0 fa0/0.1
$1$mERr$hx5rVt7rPNoS4wqbXKX7m0
"""
SAMPLES: Final = tuple(_SAMPLES.split())


class Place(NamedTuple):
    """Where a line has led: its words, and the state behind them."""

    words: tuple[str, ...]
    state: State

    @property
    def line(self) -> str:
        return "".join(f"{word} " for word in self.words)


@cache
def commands_of(kind: str) -> CommandSet:
    return Bench(kind).console.commands


def visible(positions: Sequence[Position]) -> bool:
    return any(not position.form.command.hidden for position in positions)


def sample(param: Param, state: State) -> str:
    """A word that the parameter takes and that no keyword of the state begins with."""
    offered = [word for word, _ in param.completions("")] if isinstance(param, Completing) else []
    bounds = [str(param.low), str(param.high)] if isinstance(param, IntRange) else []
    for word in (*bounds, *offered, *SAMPLES):
        if not state.candidates(word.lower()) and isinstance(param.consume((word,)), Accept):
            return word
    raise AssertionError(f"no sample fits {param!r} ({param.label}): add one to SAMPLES")


def walk(commands: CommandSet, mode: Mode) -> Iterator[Place]:
    """Every state of a mode once."""
    root = commands.root(mode.name, HIGHEST)
    waiting = [Place((), root)]
    seen = {id(root)}
    while waiting:
        place = waiting.pop()
        yield place
        following: list[Place] = []
        for key in place.state.keywords:
            following.append(Place((*place.words, key), place.state.after_keyword(key, commands)))
        for param, positions in place.state.params:
            # What several parameters take goes on as all of them do; the walk is content with one.
            following.append(Place((*place.words, sample(param, place.state)), commands.state(positions)))
        for after in following:
            if id(after.state) not in seen:
                seen.add(id(after.state))
                waiting.append(after)


def entries(commands: CommandSet, root: State, line: str) -> Listing:
    found = listing(commands, root, line)
    assert not isinstance(found, Failure), (line, found)
    return found


MODES = [(kind, mode) for kind in sorted(KINDS) for mode in commands_of(kind).modes]


@pytest.mark.parametrize(("kind", "mode"), MODES, ids=lambda value: str(value))
def test_every_place(kind: str, mode: str) -> None:
    commands = commands_of(kind)
    root = commands.root(mode, HIGHEST)
    places = 0
    for place in walk(commands, commands.modes[mode]):
        places += 1
        line, state = place.line, place.state
        after_line = any(param is not None and is_verbatim(param) for param in (p.param for p in state.reached))
        if after_line:
            # The rest of the line was taken: nothing can follow it.
            assert not state.keywords, line
            assert not state.params, line
            continue
        if place.words and not visible(state.reached):
            continue  # of a hidden command
        found = entries(commands, root, line)
        listed = dict(found.entries)
        assert all(word.strip() and help.strip() for word, help in found.entries), line
        assert found.complete == (state.end is not None), f"<cr> after {line!r}"
        more = {key for key, positions in state.keywords.items() if visible(positions)}
        assert more <= {word.lower() for word in listed}, f"keywords that ? does not list after {line!r}"
        for param, positions in state.params:
            if visible(positions):
                offered = [word for word, _ in param.completions("")] if isinstance(param, Completing) else []
                assert {param.label, *offered} & set(listed), f"{param.label} after {line!r}"
                for word in offered:
                    check_the_middle(commands, root, param, line, word)
        assert bool(found.entries) == bool(more or any(visible(positions) for _, positions in state.params)), line
        assert found.entries or found.complete or not place.words, f"a dead end after {line!r}"
        if state.end is not None and place.words:
            assert isinstance(match(commands, root, line), Matched), line
        check_keywords(commands, root, place)
    assert places > 1 or not root.keywords


def check_the_middle(commands: CommandSet, root: State, param: Param, line: str, word: str) -> None:
    """A word that is right but not enough, like an interface's type, is followed by the rest of it, and not by <cr>."""
    found = param.consume((word,))
    if isinstance(found, Accept) or found.word != 1 or not isinstance(param, Continuing):
        return
    after = entries(commands, root, f"{line}{word} ")
    assert after.entries, line + word
    assert all(label.strip() and help.strip() for label, help in after.entries), line + word
    assert not after.complete, line + word
    assert complete(commands, root, line + word[:-1]) in (f"{line}{word} ", None), line + word


def check_keywords(commands: CommandSet, root: State, place: Place) -> None:
    """What is listed is accepted, in full and as short as it can be, and Tab writes it out."""
    line, state = place.line, place.state
    for key, positions in state.keywords.items():
        written = positions[0].keyword
        length = next(length for length in range(1, len(key) + 1) if list(state.candidates(key[:length])) == [key])
        short = key[:length]
        if visible(positions):
            assert complete(commands, root, line + short) == f"{line}{written} ", line + short
            assert written in dict(entries(commands, root, line + short).entries), line + short
        for word in (key, short):
            found = match(commands, root, line + word)
            assert isinstance(found, Matched) or found.offset > len(line), f"{line}{word} is listed and not accepted"


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_text_of_the_list_has_a_line_for_each_token(kind: str) -> None:
    console = Bench(kind).console
    if not console.dialect.help_key:
        return  # a Windows-like prompt has no such list; its "help" is in the transcripts
    commands = console.commands
    for mode in commands.modes.values():
        root = commands.root(mode.name, HIGHEST)
        for place in walk(commands, mode):
            found = listing(commands, root, place.line)
            assert isinstance(found, Listing)
            if not (found.entries or found.complete):
                continue
            text = help_text(found, title=mode.title, typed=place.line, width=80)
            lines = text.split("\n")
            assert lines[-2:] == ["", ""], place.line
            body = lines[:-2] if place.words else lines[1:-2]
            assert len(body) == len(found.entries) + found.pipe + found.complete, place.line
            for shown in body:
                word, _, help = shown.strip().partition("  ")
                assert shown[:2] == "  ", place.line
                assert word == "<cr>" or help.strip(), (place.line, shown)
            assert ("  <cr>" in body) == found.complete


def test_behind_the_pipe() -> None:
    """The output modifiers are declared like commands, and walked like them."""
    modifiers = Bench("router").console.dialect.modifiers(HIGHEST)
    assert isinstance(modifiers, filters.Modifiers)
    commands = modifiers._commands
    root = commands.root("exec", HIGHEST)
    places = 0
    for place in walk(commands, commands.modes["exec"]):
        places += 1
        line = f"show version | {place.line}"
        found = modifiers.listing(line, 13)
        if any(position.param is not None and is_verbatim(position.param) for position in place.state.reached):
            continue
        assert isinstance(found, Listing), line
        assert found.complete == (place.state.end is not None), line
        assert found.entries or found.complete, line
        check_keywords(commands, root, place)
    assert places > len(root.keywords)
