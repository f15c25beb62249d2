"""The dialogue before a session, to the byte, and what it does with time."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from nodes.cli import IosDialect, Line, Session
from nodes.cli.login import ATTEMPTS, PENALTY
from tests.cli.toy import COMMANDS, Toy

PATIENCE = 30.0
OPENING = b"\r\n\r\nUser Access Verification\r\n\r\n"


class Door:
    """Lets ``bob`` in with ``secret``, or anybody who knows it where no name is asked for."""

    delay = 0.0
    patience = PATIENCE

    def __init__(self, *, by_name: bool = True, possible: bool = True, level: int = 1) -> None:
        self.by_name = by_name
        self.possible = possible
        self.level = level
        self.attempts: list[str] = []
        self.guests: list[str] = []

    def unquestioned(self, user: str) -> int | None:
        return self.level if user == "guest" else None

    def admitted(self, user: str) -> None:
        self.guests.append(user)

    def admit(self, user: str, password: str) -> int | None:
        return self.level if password == "secret" and user == ("bob" if self.by_name else "") else None

    def refused(self, user: str) -> None:
        self.attempts.append(user)


def dialect_with(**banners: str) -> IosDialect:
    return IosDialect(lambda: "R1", banners=lambda kind, terminal: banners.get(kind, ""))


def session_at(door: Door, **banners: str) -> Session:
    dialect = dialect_with(**banners)
    return Session(COMMANDS, dialect, Toy(), line=Line("vty 0", 1), authority=door)


def typed(session: Session, data: bytes, now: float = 0.0) -> bytes:
    session.receive(data, now)
    return session.output()


def later(session: Session, now: float) -> bytes:
    session.advance(now)
    return session.output()


def test_name_and_password() -> None:
    session = session_at(Door(level=15))
    assert session.output() == OPENING + b"Username: "
    assert typed(session, b"box\b") == b"box\b \b"
    assert typed(session, b"b\r\n") == b"b\r\nPassword: "
    # Nothing of a password is echoed, nor of its correction.
    assert typed(session, b"secreX\x7ft") == b""
    assert typed(session, b"\r\n") == b"\r\nR1#"
    assert (session.user, session.privilege) == ("bob", 15)
    assert typed(session, b"show version\r").endswith(b"Version 1.0\r\nR1#")


def test_the_password_of_the_line() -> None:
    session = session_at(Door(by_name=False))
    assert session.output() == OPENING + b"Password: "
    assert typed(session, b"secret\r") == b"\r\nR1>"
    assert session.user == ""


def test_a_name_may_be_enough() -> None:
    door = Door(level=3)
    session = session_at(door)
    session.output()
    assert typed(session, b"guest\r") == b"guest\r\nR1#"
    assert (session.user, session.privilege, door.guests) == ("guest", 3, ["guest"])


def test_a_door_may_be_slower_and_more_patient() -> None:
    door = Door()
    door.delay, door.patience = 7.0, 0.0
    session = session_at(door)
    session.output()
    assert later(session, 1000.0) == b""
    assert session.next_deadline() is None
    typed(session, b"bob\rwrong\r", 1000.0)
    assert session.next_deadline() == 1007.0


def test_an_empty_name_is_asked_for_again() -> None:
    session = session_at(Door())
    session.output()
    assert typed(session, b"\r\n\n") == b"\r\nUsername: \r\nUsername: "


def test_a_wrong_password_is_answered_after_a_pause() -> None:
    door = Door()
    session = session_at(door)
    session.output()
    assert typed(session, b"bob\rwrong\r", 10.0) == b"bob\r\nPassword: \r\n"
    assert door.attempts == ["bob"]
    assert session.next_deadline() == 10.0 + PENALTY
    assert later(session, 10.0 + PENALTY / 2) == b""
    # What is typed meanwhile waits; this is the next name and password.
    assert typed(session, b"bob\rsecret\r", 11.0) == b""
    assert later(session, 10.0 + PENALTY) == b"% Login invalid\r\n\r\nUsername: bob\r\nPassword: \r\nR1>"
    assert not session.closed


def test_three_wrong_names_end_it() -> None:
    door = Door()
    session = session_at(door)
    session.output()
    now = 0.0
    for attempt in range(1, ATTEMPTS + 1):
        assert typed(session, b"eve\rguess\r", now) == b"eve\r\nPassword: \r\n"
        now += PENALTY
        answer = later(session, now)
        assert answer == b"% Login invalid\r\n\r\n" + (b"Username: " if attempt < ATTEMPTS else b"")
    assert session.closed
    assert session.next_deadline() is None
    assert door.attempts == ["eve"] * ATTEMPTS


def test_three_wrong_passwords_end_it() -> None:
    session = session_at(Door(by_name=False))
    session.output()
    said = b""
    for attempt in range(ATTEMPTS):
        said += typed(session, b"guess\r", attempt * PENALTY)
        said += later(session, (attempt + 1) * PENALTY)
    assert said == b"\r\nPassword: \r\nPassword: \r\n% Bad passwords\r\n"
    assert session.closed


def test_silence_ends_it() -> None:
    session = session_at(Door())
    session.output()
    now = 0.0
    said = later(session, now)
    for _ in range(ATTEMPTS):
        assert session.next_deadline() == now + PATIENCE
        now += PATIENCE
        said += later(session, now)
        said += later(session, now)
    assert said == b"\r\n% Username:  timeout expired!\r\nUsername: " * 2 + b"\r\n% Username:  timeout expired!\r\n"
    assert session.closed


def test_a_line_that_wants_a_password_and_has_none() -> None:
    session = session_at(Door(possible=False))
    assert session.output() == b"\r\n\r\nPassword required, but none set\r\n"
    assert session.closed


def test_banners_stand_where_they_belong() -> None:
    session = session_at(Door(), login="\nStaff only\n", motd="Hello", exec="Be good")
    assert session.output() == b"Hello\r\n\r\nStaff only\r\n" + OPENING + b"Username: "
    assert typed(session, b"bob\rsecret\r").endswith(b"Password: \r\nBe good\r\nR1>")
    dialect = dialect_with(motd="Hello", exec="Be good")
    assert Session(COMMANDS, dialect, Toy(), line=Line("con 0", 0)).output() == b"Hello\r\nBe good\r\nR1>"


def test_nothing_can_be_done_before_the_login() -> None:
    session = session_at(Door())
    session.output()
    for data in (b"?", b"\t", b"\x03", b"\x1a", b"\x1e", b"\x10", b"\x0c", b"\x1b[A", b"\xff\x00"):
        assert b"R1" not in typed(session, data)
    session.notify("*Jan  1 00:00:00.000: %SYS-5-RESTART: System restarted", 0.0)
    session.resize(132, 50)
    session.hangup()
    assert session.closed


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=20), max_size=20), st.booleans())
def test_nothing_that_is_typed_breaks_it_or_gets_in(pieces: list[bytes], by_name: bool) -> None:
    session = session_at(Door(by_name=by_name))
    for turn, piece in enumerate(pieces):
        session.receive(piece, turn * 1.0)
        session.advance(turn + 0.5)
        assert b"R1>" not in session.output() or b"secret" in b"".join(pieces)
