"""The caret stands under the first wrong character, whatever the prompt before it."""

from __future__ import annotations

import pytest

from nodes.cli import Session
from nodes.cli.terminal import Frame
from nodes.device.ios import IosDevice
from nodes.device.sniffer import Sniffer
from nodes.kinds import KINDS
from tests.device.bench import Bench

MARK = "% Invalid input detected at '^' marker."
#: (mode, prompt) of each kind whose console has a caret.
MODES = [
    (kind, mode)
    for kind in sorted(KINDS)
    if (console := Bench(kind).console).dialect.help_key
    for mode in console.commands.modes
]


def standing(kind: str, mode: str, hostname: str = "") -> Session:
    """A session that stands in a mode, however one gets there; what is typed is refused before anybody looks."""
    bench = Bench(kind)
    if hostname:
        assert isinstance(bench.device, IosDevice | Sniffer)
        bench.device.config.hostname = hostname
    session = bench.console.session(bench.console.line("con 0"))
    session.privilege = 15
    if mode != "exec":
        session.frames[:] = [Frame(name, []) for name in reversed(bench.console.commands.chain(mode))]
    session.receive(b"\r", 100.0)
    session.output()
    return session


def column(session: Session, line: str) -> int:
    """Where the caret is, counted from the prompt's end."""
    prompt = session.dialect.prompt(session)
    session.receive(line.encode() + b"\r", 100.0)
    echo, caret, message, blank, again = session.output().decode().split("\r\n")
    assert (echo, message, blank, again) == (line, MARK, "", prompt)
    assert caret.strip() == "^"
    return len(caret) - 1 - len(prompt)


def fitting(session: Session, word: str) -> int:
    """How far a word goes along with some keyword of the mode or of those above it."""
    commands = session.commands
    keywords = {
        key for mode in commands.chain(session.mode.name) for key in commands.root(mode, session.privilege).keywords
    }
    return max(length for length in range(len(word)) if any(key.startswith(word[:length]) for key in keywords))


@pytest.mark.parametrize("hostname", ["", "A-name-of-many-letters.0"])
@pytest.mark.parametrize(("kind", "mode"), MODES)
def test_every_mode(kind: str, mode: str, hostname: str) -> None:
    if hostname and kind == "cloud":
        hostname = ""  # it has no name to change
    session = standing(kind, mode, hostname)
    for word in ("qqq", "Qqq", "show%", "exi%", "no%", "hel%"):
        assert column(session, f"{word} {word}") == fitting(session, word.lower()), word
    assert column(session, "   %%% 1") == 3
    assert column(session, "help me") == 5
    if mode == "vlan-database":  # which knows no do
        assert column(session, "show current x") == 13
    elif mode != "exec":
        assert column(session, "do show qqq") == 8
        assert column(session, "do  show  history x") == 18
        assert column(session, "end 1") == 4
    else:
        assert column(session, "show history x") == 13
        assert column(session, "show hisx") == 8
    assert session.mode.name == mode, "what is refused changes nothing"
