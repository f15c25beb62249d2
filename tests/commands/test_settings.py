"""Every setting, as the transcripts make it: it prints, and what prints makes the same setting again.

After each line that a transcript types in a configuration mode, the running-config is looked at: which command printed
which of its lines, and, where there is a line that was not met before, whether a device that boots from it prints the
same.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import pytest

from nodes.cli.batch import load_config
from nodes.cli.commandset import CommandSet
from nodes.cli.table import Block
from nodes.device.ios import IosDevice
from tests.commands.test_golden import FILES
from tests.commands.transcript import play
from tests.device.bench import Bench
from tests.sim import SimNode

Printed = dict[tuple[str, str], set[str]]

#: Commands that print on every device, set or not, and on all of them the same; and why.
ALWAYS: Final[dict[str, str]] = {}


def printed_by(commands: CommandSet, mode: str, scope: Any, found: Printed | None = None) -> Printed:
    """(mode, grammar) of each command -> the lines that it prints, the headers of blocks among them."""
    found = {} if found is None else found
    for command in commands.of_mode(mode):
        if command.prints is None:
            continue
        lines = found.setdefault((mode, command.grammar), set())
        for item in command.prints(scope):
            if isinstance(item, Block):
                lines.add(item.header)
                printed_by(commands, item.mode, item.scope, found)
            else:
                lines.add(item)
    return found


class Watch:
    """What the transcripts have printed so far, by kind of device."""

    def __init__(self) -> None:
        self.printed: dict[str, Printed] = {"router": {}, "switch": {}}
        self.broken: list[str] = []
        self.looked = 0

    def look(self, node: SimNode, line: str) -> None:
        device, console = node.device, node.console
        if not isinstance(device, IosDevice):
            return
        everything = self.printed[device.spec.kind]
        new = False
        for key, lines in printed_by(console.commands, "config", device.config).items():
            known = everything.setdefault(key, set())
            new = new or not lines <= known
            known |= lines
        if not new:
            return
        self.looked += 1
        text = console.config_lines(device.config)
        again = type(device)(device.spec, device.services, device.now)
        with again.deferred():
            refusals = load_config(console.commands, again, "\n".join(text), device.now)
        assert isinstance(again, IosDevice)
        printed = console.config_lines(again.config)
        if refusals or printed != text:
            self.broken.append(f"{line}: {refusals or _difference(text, printed)}")


def _difference(wanted: list[str], got: list[str]) -> list[str]:
    return [f"-{line}" for line in wanted if line not in got] + [f"+{line}" for line in got if line not in wanted]


@cache
def watched() -> Watch:
    watch = Watch()
    for path in FILES:
        play(path.read_text(), watch.look)
    return watch


def test_what_the_transcripts_configure_makes_the_same_device_again() -> None:
    assert watched().looked > 200
    assert watched().broken == []


@pytest.mark.parametrize("kind", ["router", "switch"])
def test_every_setting_that_prints_is_printed_by_a_transcript(kind: str) -> None:
    """A printer that nobody has seen printing might as well be missing; what a blank device prints does not count."""
    bench = Bench(kind)
    assert isinstance(bench.device, IosDevice)
    commands = bench.console.commands
    blank = printed_by(commands, "config", bench.device.config)
    seen = watched().printed[kind]
    printing = {
        (mode, command.grammar) for mode in commands.modes for command in commands.of_mode(mode) if command.prints
    }
    by_grammar: dict[str, bool] = {}
    for mode, grammar in printing:
        new = seen.get((mode, grammar), set()) - blank.get((mode, grammar), set())
        # The modes of interfaces of all sorts share their commands: one of them is enough.
        by_grammar[grammar] = by_grammar.get(grammar, False) or bool(new)
    missing = {grammar for grammar, new in by_grammar.items() if not new}
    assert missing == set(ALWAYS)
