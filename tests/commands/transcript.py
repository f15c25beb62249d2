"""Golden transcripts: what a person types at a console, and to the letter what comes back.

A transcript is a text file under ``golden``:

    @ a comment
    @lab start                     a stage of the No.4 lab; must come first
    @version 15.1(4)M12a           of the routers, right behind it
    @file cloud.lab.yml            another lab than No.4, from the folder of the transcripts; right behind @lab
    @node R-A                      from here on a session on con 0 of this node, without paging
    @off SW-1, @on SW-1            power
    @configure R-B ip route ...    done on another node, not shown; lines are separated by " / "
    @exec PC-A ping 192.168.2.1    likewise
    @wait 61                       seconds of virtual time
    => R-A#show clock              the prompt, and what is typed behind it; a line that ends in ? is not entered
    *00:16:40.050 UTC ...          what came back
    =: yes                         an answer to a question of the command
    =^ C                           a control character, for what runs without end

``pytest tests/commands --update-golden`` writes what really came back into the files: read the difference before it is
committed. For a new transcript, write the directives and lines like ``=> #show clock``, and let that complete them.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from labs.load import load
from nodes.cli.context import Rejected
from nodes.cli.matcher import Failure
from nodes.cli.session import Session
from nodes.cli.table import Polarity
from nodes.cli.terminal import Line
from tests.sim import NO4, LabSim, SimNode

GOLDEN: Final = Path(__file__).parent / "golden"

_TYPED = re.compile(r"=> [^>#]*[>#](.*)")
#: Virtual seconds that a command may take, and that a question is waited for.
_PATIENCE: Final = 600.0
_QUESTION: Final = 1.0
_CLEAR_LINE: Final = "\x15"


@dataclass(frozen=True)
class Used:
    """A command that a transcript used, and in which form."""

    kind: str
    grammar: str
    polarity: Polarity


@dataclass
class Transcript:
    """The lines of a golden file played anew."""

    text: str = ""
    used: set[Used] = field(default_factory=set)


#: Told of each line that was typed in a configuration mode: the node, and the line.
Watcher = Callable[[SimNode, str], None]


def play(source: str, watcher: Watcher | None = None) -> Transcript:
    """Carry out the directives and the typed lines of a golden file."""
    return _Player(watcher).play(source)


class _Player:
    def __init__(self, watcher: Watcher | None) -> None:
        self._watcher = watcher
        self._node: SimNode | None = None
        self._lines: list[str] = []
        self._used: set[Used] = set()
        self._stage = "start"
        self._version: str | None = None
        self._file = NO4
        self._lab: LabSim | None = None
        self._session: Session | None = None
        self._kind = ""

    @property
    def lab(self) -> LabSim:
        if self._lab is None:
            lab = load(self._file)
            if self._version is not None:
                nodes = [
                    dataclasses.replace(node, version=self._version) if node.kind == "router" else node
                    for node in lab.nodes
                ]
                lab = dataclasses.replace(lab, nodes=tuple(nodes))
            self._lab = LabSim(lab, self._stage)
        return self._lab

    @property
    def session(self) -> Session:
        assert self._session is not None, "@node is missing"
        return self._session

    def play(self, source: str) -> Transcript:
        script = [line for line in source.splitlines() if line.startswith(("@", "=> ", "=:", "=^"))]
        for number, line in enumerate(script):
            asks = number + 1 < len(script) and script[number + 1].startswith(("=:", "=^"))
            if line.startswith("@"):
                self._lines.append(line)
                self._direct(line)
            elif line.startswith("=:"):
                self._lines.append(line)
                self._answer(line[2:].strip() + "\r", asks)
            elif line.startswith("=^"):
                self._lines.append(line)
                self._answer(chr(ord(line[2:].strip()) & 0x1F), asks)
            else:
                match = _TYPED.fullmatch(line)
                assert match is not None, line
                self._type(match[1], asks)
        return Transcript("\n".join(self._lines) + "\n", self._used)

    def _direct(self, line: str) -> None:
        words = line.split(maxsplit=2)
        match words[0]:
            case "@lab":
                self._stage = words[1]
            case "@version":
                self._version = words[1]
            case "@file":
                self._file = GOLDEN / words[1]
            case "@node":
                node = self.lab.nodes[words[1]]
                self._node, self._kind = node, node.description["kind"]
                self._session = node.console.session(Line("con 0", 0))
                self._session.length = self._session.width = 0
                node.sessions.append(self._session)
                self._session.output()
            case "@off":
                self.lab.power_off(words[1])
                self.lab.settle()
            case "@on":
                self.lab.boot(words[1])
                self.lab.settle()
            case "@configure":
                self.lab.configure(words[1], *words[2].split(" / "))
            case "@exec":
                self.lab.exec(words[1], *words[2].split(" / "))
            case "@wait":
                self.lab.run(float(words[1]))
            case "@":
                pass
            case _:
                raise AssertionError(f"no such directive: {line}")

    def _prompt(self) -> str:
        return self.session.dialect.prompt(self.session)

    def _type(self, text: str, asks: bool) -> None:
        self.lab.settle()
        late = self._said()
        if late:
            self._lines += late.rstrip("\n").split("\n")
        prompt = self._prompt()
        self._lines.append(f"=> {prompt}{text}")
        self._note(text)
        if text.endswith("?") and self.session.dialect.help_key:
            said = self.lab.type(self.session, text)
            said = said.removeprefix(text).removeprefix("\n").removesuffix(prompt + text[:-1])
            self.lab.type(self.session, _CLEAR_LINE)
            self._show(said)
        else:
            configuring = bool(self.session.frames)
            self._answer(text + "\r", asks, echo=text + "\n")
            if self._watcher is not None and self._node is not None and configuring:
                self._watcher(self._node, text)

    def _note(self, text: str) -> None:
        if not text.strip() or (text.endswith("?") and self.session.dialect.help_key):
            return
        try:
            found = self.session.resolver.resolve(text)
        except Rejected:
            return
        if not isinstance(found, Failure):
            form = found.matched.form
            self._used.add(Used(self._kind, form.command.grammar, form.polarity))

    def _answer(self, keys: str, asks: bool, echo: str = "") -> None:
        """Type, and show what comes until the prompt is back, or the command asks something."""
        said = self.lab.type(self.session, keys)
        end = self.lab.now + (_QUESTION if asks else _PATIENCE)
        while not self._finished(said) and self.lab.step(end):
            said += self._said()
        assert asks or self._finished(said), f"no prompt came back: {said!r}"
        said = said.removeprefix(echo)
        if not asks and not self.session.closed:
            said = said.removesuffix(self._prompt())
        self._show(said)

    def _finished(self, said: str) -> bool:
        return self.session.closed or said.endswith("\n" + self._prompt())

    def _said(self) -> str:
        said = self.session.output().decode().replace("\r\n", "\n")
        # A log line redraws the prompt: what counts is the line.
        return said.removesuffix(self._prompt()) if said.startswith("\n") and "%" in said else said

    def _show(self, said: str) -> None:
        if said:
            self._lines += said.removesuffix("\n").split("\n")
