"""Every command of every console in golden transcripts, and nothing in the tables left out."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

import pytest

from nodes.cli.table import Command, Polarity
from nodes.kinds import KINDS
from tests.commands.transcript import GOLDEN, Transcript, play
from tests.device.bench import Bench

FILES: Final = sorted(GOLDEN.glob("*.txt"))

#: Configuration commands without a ``no`` form, and why. The first words of the grammar.
WITHOUT_NO: Final = {
    "default interface": "is such a form itself",
    "interface range": "an interface that can be removed is removed by its own name",
    "line {console": "the ports of a box cannot be taken out by a command",
    "line aux": "the ports of a box cannot be taken out by a command",
    "apply": "carries out what was set before",
    "abort": "leaves a mode and sets nothing",
    "reset": "sets nothing",
    "end": "leaves a mode and sets nothing",
    "exit": "leaves a mode and sets nothing",
    "do ": "runs an exec command and sets nothing",
    "help": "prints a text and sets nothing",
    "ip access-list resequence": "numbers anew, once, and sets nothing",
    "version": "heads a configuration file and sets nothing",
}


@cache
def played(path: Path) -> Transcript:
    return play(path.read_text())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_transcript(path: Path, request: pytest.FixtureRequest) -> None:
    actual = played(path).text
    if request.config.getoption("--update-golden", default=False):
        path.write_text(actual)
    assert actual == path.read_text()


def commands(kind: str) -> list[Command]:
    found = Bench(kind).console.commands
    unique: dict[int, Command] = {}
    for mode in found.modes:
        for command in found.of_mode(mode):
            unique[id(command)] = command
    return list(unique.values())


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_command_is_in_a_transcript(kind: str) -> None:
    used = {(use.grammar, use.polarity) for path in FILES for use in played(path).used if use.kind == kind}
    assert used
    missing = [
        f"{form.polarity.value} {command.grammar}".strip()
        for command in commands(kind)
        for form in command.forms
        # What "do" runs counts for the command itself.
        if command.delegate is None and (command.grammar, form.polarity) not in used
    ]
    assert missing == []


@pytest.mark.parametrize("kind", ["router", "switch"])
def test_what_can_be_configured_can_be_undone(kind: str) -> None:
    settings = [command for command in commands(kind) if "exec" not in command.modes and command.text is None]
    assert settings
    for command in settings:
        undone = any(form.polarity is Polarity.NO for form in command.forms)
        excused = any(command.grammar.startswith(words) for words in WITHOUT_NO)
        assert undone != excused, command.grammar


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_word_has_its_line_of_help(kind: str) -> None:
    """Building a CommandSet refuses words without help; here what `?` prints, mode by mode, at the first word."""
    found = Bench(kind).console.commands
    for mode in found.modes:
        for key, positions in found.root(mode, 15).keywords.items():
            assert all(position.help.strip() for position in positions), (mode, key)
