"""The terminal: searching at --More--, editing, the window, and what may stand behind a pipe."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from nodes.cli import Accept, IosDialect, Line, Match, Reject, Rejected, Session
from nodes.cli.filters import Modifiers, find_pipe
from nodes.cli.matcher import Failure
from tests.cli.toy import COMMANDS, Toy, session_of

MORE = " --More-- "
WIPE = "\b" * 9 + " " * 8 + "\b" * 9


def typed(session: Session, text: str, now: float = 0.0) -> str:
    session.receive(text.encode(), now)
    return session.output().decode().replace("\r\n", "\n")


def started(device: Toy | None = None) -> Session:
    session = session_of(device or Toy())
    session.output()
    return session


def paging(length: int = 5) -> Session:
    session = started()
    typed(session, f"terminal length {length}\r")
    return session


def lines(*numbers: int) -> str:
    return "".join(f"line {number}\n" for number in numbers)


# Searching at --More-- -------------------------------------------------------------------------------------------


def test_a_slash_goes_on_at_the_first_line_that_matches() -> None:
    session = paging()
    assert typed(session, "show lines 60\r").endswith(lines(0, 1, 2, 3) + MORE)
    assert typed(session, "/") == WIPE + "/"
    assert typed(session, "line 4[1x\b5]") == "line 4[1x\b \b5]"
    assert typed(session, "\r") == "\nfiltering...\n" + lines(41, 42, 43, 44) + MORE
    assert typed(session, " ") == WIPE + lines(45, 46, 47, 48) + MORE
    assert typed(session, "q") == WIPE + "R1#"


def test_plus_and_minus_choose_lines_and_add_up() -> None:
    session = paging()
    typed(session, "show lines 60\r")
    assert typed(session, "+[05]$\r").endswith("filtering...\n" + lines(5, 10, 15, 20) + MORE)
    assert typed(session, "-0$\r").endswith("filtering...\n" + lines(25, 35, 45, 55) + "R1#")
    assert typed(session, "show lines 6\r").endswith(lines(0, 1, 2, 3) + MORE), "a new command begins without them"
    assert typed(session, "+nothing\r").endswith("filtering...\nR1#")


def test_a_search_can_be_given_up_and_a_bad_one_is_refused() -> None:
    session = paging()
    typed(session, "show lines 60\r")
    assert typed(session, "/abc\x03") == WIPE + "/abc\n" + MORE
    assert typed(session, "/\r") == WIPE + "/\n" + MORE
    assert typed(session, "/(\r") == WIPE + "/(\n% Failed to compile regular expression.\n" + MORE
    session.notify("%SYS-5-TEST: late", 0.0)
    typed(session, "/5")
    assert session.output() == b""
    assert typed(session, "\r") == "\nfiltering...\n" + lines(5, 6, 7, 8) + MORE
    assert typed(session, "q") == WIPE + "%SYS-5-TEST: late\nR1#"


def test_output_that_comes_later_is_searched_too() -> None:
    device = Toy(replies=2)
    session = started(device)
    typed(session, "terminal length 2\r")
    assert typed(session, "ping x repeat 3\r").endswith("abort.\n" + MORE)
    assert typed(session, "+percent\r") == WIPE + "+percent\nfiltering...\n"
    session.advance(10.0)
    assert session.output().decode() == "Success rate is 66 percent (2/3)\r\nR1#"


# Editing ---------------------------------------------------------------------------------------------------------


def test_without_editing_only_what_was_typed_can_be_taken_back() -> None:
    session = started()
    typed(session, "terminal no editing\r")
    assert typed(session, "show\x01\x1b[D\x10\x19x") == "show\a\a\a\ax"
    assert typed(session, "\b\x17") == "\b \b" + "\b" * 4 + " " * 4 + "\b" * 4
    assert typed(session, "show version\r").endswith("Version 1.0\nR1#")
    typed(session, "terminal editing\r")
    assert typed(session, "bc\x01a") == "bc\b\babc\b\b"


def test_the_window_is_known_before_the_first_key() -> None:
    """The client tells its size after the prompt was sent."""
    session = started()
    session.resize(40, 24)
    assert "$" in typed(session, "x" * 50)
    session.resize(132, 24)
    assert typed(session, "y").lstrip("\b") == "x" * 50 + "y"


@pytest.mark.parametrize("width", [511, 512, 0])
def test_wide_lines_of_automation_are_in_one_piece_both_ways(width: int) -> None:
    session = started()
    typed(session, f"terminal width {width}\r")
    line = "show version | include " + "x" * 200
    assert typed(session, line) == line
    assert typed(session, "\x01\x05\b") == "\b" * len(line) + line + "\b \b"


# Behind the pipe -------------------------------------------------------------------------------------------------


class Files:
    """A store of two files."""

    class Name:
        label = "WORD"

        def consume(self, words: Sequence[str]) -> Match:
            return Accept(words[0]) if words[0].startswith("flash:") else Reject(0)

        def completions(self, prefix: str) -> list[tuple[str, str]]:
            return [("flash:", "A file")] if "flash:".startswith(prefix) else []

    def __init__(self) -> None:
        self.param = self.Name()
        self.files: dict[str, str] = {}

    def write(self, name: str, text: str, *, append: bool) -> None:
        if name == "flash:full":
            raise Rejected("%Error writing flash:full (No space left on device)")
        self.files[name] = (self.files.get(name, "") if append else "") + text


def storing(files: Files, privilege: int = 15) -> Session:
    dialect = IosDialect(lambda: "R1", store=files)
    session = Session(COMMANDS, dialect, Toy(), line=Line("con 0", 0), privilege=privilege)
    session.output()
    return session


def test_output_into_files() -> None:
    files = Files()
    session = storing(files)
    assert typed(session, "show lines 2 | redirect flash:a\r") == "show lines 2 | redirect flash:a\nR1#"
    assert files.files == {"flash:a": lines(0, 1)}
    assert typed(session, "show version | tee flash:a\r").endswith("Toy Software, Version 1.0\nR1#")
    assert files.files == {"flash:a": "Toy Software, Version 1.0\n"}
    assert typed(session, "show lines 1 | a flash:a\r").endswith("flash:a\nR1#")
    assert typed(session, "show lines 1 | t /append flash:a\r").endswith("\nline 0\nR1#")
    assert files.files == {"flash:a": "Toy Software, Version 1.0\nline 0\nline 0\n"}
    assert typed(session, "show lines 1 | r flash:full\r").endswith("(No space left on device)\nR1#")
    assert typed(session, "conf t\rdo show lines 1 | r flash:b\r").endswith("\nR1(config)#")
    assert files.files["flash:b"] == "line 0\n"


def test_help_and_tab_behind_the_pipe() -> None:
    session = storing(Files())
    assert typed(session, "show version | t\t") == "show version | t\nR1#show version | tee "
    assert typed(session, "?").split("\n")[1:3] == ["  /append  Append tee output to URL", "  flash:   A file"]
    assert typed(session, "fl\t").endswith("\nR1#show version | tee flash: ")
    assert typed(session, "\bx ?").split("\n")[1] == "  <cr>"
    assert typed(session, "\x15show version | se\tin\t").endswith("R1#show version | section include ")
    assert typed(session, "?").split("\n")[1] == "  LINE  Regular Expression"
    assert typed(session, "\x15show version |?").split("\n")[1] == "  append    Append redirected output to URL"
    assert typed(session, "\x15show version | x?").split("\n")[1] == "% Unrecognized command"
    other = storing(Files(), privilege=1)
    assert "redirect" not in typed(other, "show version | ?")
    assert "% Invalid input" in typed(other, "redirect flash:a\r")


@pytest.mark.parametrize(
    ("line", "offset"),
    [
        ("show version | foo", 15),
        ("show version | inx a", 17),
        ("show version | redirect nvram:x", 24),
        ("show version | redirect flash:x y", 32),
        ("show version | tee /append /append", 27),
    ],
)
def test_the_caret_behind_the_pipe(line: str, offset: int) -> None:
    said = typed(storing(Files()), line + "\r")
    assert said == f"{line}\n{' ' * (3 + offset)}^\n% Invalid input detected at '^' marker.\n\nR1#"


TEXT = ["version 1", "interface A", " ip address 1", "  more", "!", "interface B", " shutdown", "end"]


@pytest.mark.parametrize(
    ("modifier", "kept"),
    [
        ("section ^interface", [1, 2, 3, 5, 6]),
        ("s ip", [2, 3]),
        ("section include interface B", [5, 6]),
        ("s i B", [5, 6]),
        ("section exclude interface", [0, 4, 7]),
        ("s e ip", [0, 1, 4, 5, 6, 7]),
        ("begin ^!", [4, 5, 6, 7]),
        ("i 1", [0, 2]),
        ("e ^ |^!", [0, 1, 5, 7]),
    ],
)
def test_lines_that_modifiers_choose(modifier: str, kept: list[int]) -> None:
    found = Modifiers().parse(f"show x | {modifier}", 7)
    assert not isinstance(found, Failure)
    assert list(found.apply(TEXT)) == [TEXT[number] for number in kept]


@pytest.mark.parametrize(("modifier", "count"), [("count", 8), ("c interface", 2), ("count ^$", 0)])
def test_lines_that_are_counted(modifier: str, count: int) -> None:
    found = Modifiers().parse(f"show x | {modifier}", 7)
    assert not isinstance(found, Failure)
    assert list(found.apply(TEXT)) == [f"Number of lines which match regexp = {count}"]
    assert find_pipe("show x|y") is None
