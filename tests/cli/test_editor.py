"""The line editor against a simulated screen, and any bytes against a whole session."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodes.cli.editor import LINE_LIMIT, LineEditor
from nodes.cli.keys import KeyDecoder
from nodes.cli.session import TYPE_AHEAD_LIMIT
from tests.cli.toy import Toy, host_session, session_of

PROMPT = 5


class Screen:
    """One line of a terminal that knows printable characters, backspace and the bell."""

    def __init__(self) -> None:
        self.cells: list[str] = []
        self.column = 0

    def show(self, output: str) -> None:
        for char in output:
            if char == "\b":
                self.column -= 1
                assert self.column >= 0, "the cursor went into the prompt"
            elif char != "\a":
                assert " " <= char <= "~"
                self.cells[self.column : self.column + 1] = [char]
                self.column += 1

    @property
    def text(self) -> str:
        return "".join(self.cells).rstrip()


keys = st.one_of(
    st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=30),
    st.sampled_from(
        [*"\b\x01\x02\x04\x05\x06\x0b\x14\x15\x16\x17\x18\x19", *(f"\x1b{letter}" for letter in "bcdfluqy")]
    ),
)


@given(st.lists(keys, max_size=40), st.sampled_from([0, 30, 40, 80, 511]))
def test_the_screen_always_shows_the_line(typed: list[str], width: int) -> None:
    editor = LineEditor(PROMPT, width)
    screen = Screen()
    for key in typed:
        output = editor.insert(key) if key >= " " else editor.key(key)
        assert output is not None
        screen.show(output)
        assert 0 <= editor.cursor <= len(editor.text)
        if width in (0, 511):
            assert screen.text == editor.text.rstrip()
            assert screen.column == editor.cursor
        else:
            assert len(screen.cells) + PROMPT < width
            shown = screen.text.strip("$")
            assert shown in editor.text
            # The character before the cursor is on the screen, left of it.
            if editor.cursor and screen.column and screen.cells[screen.column - 1] != "$":
                assert screen.cells[screen.column - 1] == editor.text[editor.cursor - 1]


@given(st.lists(keys, max_size=30))
def test_a_hidden_line_shows_nothing(typed: list[str]) -> None:
    hidden, plain = LineEditor(PROMPT, 80, echo=False), LineEditor(PROMPT, 80)
    for key in typed:
        output = hidden.insert(key) if key >= " " else hidden.key(key)
        assert not (output or "").strip("\a")
        _ = plain.insert(key) if key >= " " else plain.key(key)
    assert hidden.text == plain.text


@pytest.mark.parametrize(
    ("typed", "text", "cursor"),
    [
        (["one two", "\x17", "x"], "one x", 5),
        (["one two  ", "\x17"], "one ", 4),
        (["one two", "\x01", "\x1bf", "\x1bd"], "one", 3),
        (["one two", "\x1bb", "\x0b"], "one ", 4),
        (["one two", "\x1bb", "\x0b", "\x01", "\x19"], "twoone ", 3),
        (["abc", "\x02", "\x15"], "c", 0),
        (["abc", "\x02", "\x18"], "c", 0),
        (["abc", "\x14"], "acb", 3),
        (["one two", "\x17", "\x17", "\x19"], "one ", 4),
        (["one two", "\x17", "\x17", "\x19", "\x1by"], "two", 3),
        (["one two", "\x17", "\x17", "\x1by", "\x1by", "\x1by", "\x1by"], "two", 3),
        (["one two", "\x17", "\x17", "\x19", "x", "\x1by"], "one xone ", 9),
        (["one two", "\x01", "\x1bu"], "ONE two", 3),
        (["ONE TWO", "\x01", "\x1bf", "\x1bl"], "ONE two", 7),
        (["oNE two", "\x01", "\x1bc", "\x1bc"], "One Two", 7),
        (["\x19", "\x1by", "\x1bu", "\x1bl", "\x1bc"], "", 0),
        (["abc", "\x01", "\x04"], "bc", 0),
        (["abc", "\x01", "\b", "\x06", "\b"], "bc", 0),
    ],
)
def test_editing_keys(typed: list[str], text: str, cursor: int) -> None:
    editor = LineEditor(PROMPT, 80)
    for key in typed:
        _ = editor.insert(key) if key >= " " else editor.key(key)
    assert (editor.text, editor.cursor) == (text, cursor)


def test_a_long_line_scrolls_and_is_bounded() -> None:
    editor = LineEditor(PROMPT, 40)
    screen = Screen()
    screen.show(editor.insert("0123456789" * 4))
    assert screen.text.startswith("$")
    screen.show(editor.key("\x01") or "")
    assert screen.text.startswith("0123456789")
    assert screen.text.endswith("$")
    output = editor.insert("x" * (LINE_LIMIT + 5))
    assert output.endswith("\a" * 45)
    assert len(editor.text) == LINE_LIMIT


@pytest.mark.parametrize(
    ("data", "keys"),
    [
        (b"ab\r\ncd\r\0\n\r", ["ab", "\r", "cd", "\r", "\r", "\r"]),
        (
            b"\x1b[A\x1bOB\x1b[3~\x1b[1~\x1b[C\x1b[D\x1b[H\x1b[F",
            ["\x10", "\x0e", "\x04", "\x01", "\x06", "\x02", "\x01", "\x05"],
        ),
        (b"\x1bb\x1bF\x1bd", ["\x1bb", "\x1bf", "\x1bd"]),
        (b"\x1b[999;999Xz", ["z"]),
        (b"\x1b[1\rz", ["\r", "z"]),
        (b"\x1ex\x1ey\x1eX", ["\x1e", "\x1e", "y", "\x1e"]),
        (b"a\xff\xf1\0b\x7f", ["a", "b", "\b"]),
        (b"\x1b\x7f\x1b[1;5C", ["\b", "\x06"]),
    ],
)
def test_keys(data: bytes, keys: list[str]) -> None:
    found = KeyDecoder().feed(data)
    assert found == keys or "".join(found) == "".join(keys)
    decoder = KeyDecoder()
    assert "".join(key for octet in data for key in decoder.feed(bytes([octet]))) == "".join(keys)


# Whole sessions under any bytes.

typed_often = (
    b"show |ip |route |conf t\r|int fa0/0\r\n|?|\t|\r|\r\n|\r\0|\n| |do |no |\x03|\x1a|\x1e|\x1ex|\x01|\x12|\x18"
)
commands = b"show lines 60\r|ping x repeat 3\r|wait\r|reload\r|ask secret\r|banner motd #\r|terminal length 5\r"
settings_and_rest = b"terminal width 40\r|terminal width 0\r|description a?b|\x1b[A|\x1b[B|\x1b[D|\x16?|" + b"x" * 90
fragments = st.one_of(
    st.binary(max_size=8),
    st.just(b"| i x"),
    st.sampled_from([*typed_often.split(b"|"), *commands.split(b"|"), *settings_and_rest.split(b"|")]),
)


@given(st.lists(fragments, max_size=25))
@settings(max_examples=150)
def test_bytes_may_be_cut_anywhere(pieces: list[bytes]) -> None:
    data = b"".join(pieces)
    whole, cut = session_of(Toy()), session_of(Toy())
    whole.receive(data, 0.0)
    for octet in data:
        cut.receive(bytes([octet]), 0.0)
    for now in (0.0, 2.0, 4.0):
        whole.advance(now)
        cut.advance(now)
    assert whole.output() == cut.output()
    assert whole.mode == cut.mode


@given(st.lists(st.tuples(fragments, st.sampled_from(["advance", "notify", "resize", ""])), max_size=25))
@settings(max_examples=150)
def test_nothing_breaks_a_session(steps: list[tuple[bytes, str]]) -> None:
    session = session_of(Toy())
    for now, (data, act) in enumerate(steps):
        session.receive(data, float(now))
        if act == "advance":
            session.advance(float(now))
        elif act == "notify":
            session.notify("%SYS-5-TEST: a line", float(now))
        elif act == "resize":
            session.resize(data[0] if data else 0, len(data))
        assert all(octet < 128 for octet in session.output())
    # Whatever was typed, a way out is near: a key for each command that was typed ahead.
    session.receive(b"q\x03\x1e\x03\x15\rq\x03\x15\r" * (len(steps) + 1), 100.0)
    assert session.closed or session.output().endswith((b"#", b">"))


@given(st.lists(fragments, max_size=15))
def test_nothing_breaks_a_host(pieces: list[bytes]) -> None:
    session = host_session()
    for piece in pieces:
        session.receive(piece, 0.0)


def test_type_ahead_is_bounded() -> None:
    session = session_of(Toy())
    session.receive(b"wait\r", 0.0)
    session.output()
    for _ in range(100):
        session.receive(b"y" * 1000 + b"\r", 0.0)
    assert sum(map(len, session._keys)) == TYPE_AHEAD_LIMIT
    assert set(session.output()) == {7}
