"""What one line does to another, and where log lines go."""

from __future__ import annotations

from nodes.cli.session import Session
from nodes.device.effects import Logged, Reload, Told
from tests.device.bench import Bench
from tests.device.conftest import ROUTER


def said(session: Session, typed: str, bench: Bench) -> str:
    session.receive(typed.encode(), bench.now)
    return session.output().decode().replace("\r\n", "\n")


def three(bench: Bench) -> list[Session]:
    return [bench.console.session(bench.console.line(name)) for name in ("con 0", "vty 0", "vty 1")]


def test_a_message_reaches_the_line_it_is_for() -> None:
    bench = Bench("router", ROUTER)
    con, vty0, vty1 = sessions = three(bench)
    said(con, "enable\r", bench)
    for session in sessions:
        session.output()
    said(con, "send vty 1\rtwo\rlines\x1a\r", bench)
    assert "*** Message from tty0 to tty195:\n***\ntwo\nlines\n" in vty1.output().decode().replace("\r\n", "\n")
    assert vty0.output() == b""
    said(con, "send *\rhello\x1a\r", bench)
    assert "to all terminals:" in vty0.output().decode()


def test_a_line_that_is_cleared_is_free() -> None:
    bench = Bench("router", ROUTER)
    con, vty0, vty1 = three(bench)
    said(con, "enable\r", bench)
    assert said(con, "clear line 0\r", bench).count("% Not allowed to clear current line") == 1
    assert " [OK]" in said(con, "clear line vty 0\r\r", bench)
    assert (con.closed, vty0.closed, vty1.closed) == (False, True, False)


def test_each_destination_has_its_level() -> None:
    bench = Bench("router", ROUTER)
    con, vty0, vty1 = three(bench)
    vty1.monitor = True
    bench.configure("logging console errors", "logging monitor 5")

    def log(severity: int) -> list[bool]:
        bench.device.log("TEST", severity, "LINE", "text")
        for effect in bench.device.drain():
            if isinstance(effect, Logged):
                bench.console.notify(effect, bench.now)
        return [b"%TEST" in session.output() for session in (con, vty0, vty1)]

    assert log(3) == [True, False, True]
    assert log(5) == [False, False, True]
    assert log(6) == [False, False, False]
    bench.configure("no logging on")
    assert log(3) == [True, False, False]
    bench.configure("logging on", "no logging console")
    assert log(0) == [False, False, True]


def test_a_reload_is_announced_and_then_comes() -> None:
    for kind in ("router", "switch"):
        bench = Bench(kind)
        bench.exec("reload in 10")
        due = bench.now + 600
        told = []
        while bench.now < due:
            deadline = bench.device.next_deadline()
            assert deadline is not None
            bench.now = deadline
            bench.device.handle_timer(bench.now)
            effects = bench.device.drain()
            told += [(due - bench.now, effect.text.split()[5]) for effect in effects if isinstance(effect, Told)]
        assert told == [(300.0, "0:05:00"), (60.0, "0:01:00")]
        assert any(isinstance(effect, Reload) for effect in effects)
