"""Logins on a device that is configured for them: who gets in, with what privilege, and what the log says."""

from __future__ import annotations

import pytest

from nodes.base import secrets_ios
from nodes.cli.login import ATTEMPTS, PENALTY
from nodes.cli.session import Session
from nodes.cli.terminal import Line
from nodes.device.access import Credential
from tests.device.bench import Bench
from tests.sim import LabSim

LOCAL = """\
username bob privilege 15 secret cisco
username eve password 7 0822455D0A16
username nobody
banner motd #
Hello
#
banner exec "Be good"
line con 0
 login local
line vty 0 4
 password letmein
 privilege level 7
 login
"""
GREETING = "\r\nHello\r\n\r\n\r\nUser Access Verification\r\n\r\n"


def attempt(bench: Bench, line: str, *typed: str) -> Session:
    """A session on ``line`` whose first lines are ``typed``."""
    session = bench.console.session(Line(line, 0))
    session.receive("".join(f"{text}\r" for text in typed).encode(), bench.now)
    return session


@pytest.mark.parametrize("kind", ["router", "switch"])
def test_users_log_in_on_the_console(kind: str) -> None:
    bench = Bench(kind, LOCAL)
    assert bench.refusals == []
    session = attempt(bench, "con 0", "bob", "cisco")
    assert session.output().decode() == f"{GREETING}Username: bob\r\nPassword: \r\nBe good\r\nDUT#"
    assert (session.user, session.privilege) == ("bob", 15)
    assert attempt(bench, "con 0", "eve", "cisco").output().endswith(b"\r\nDUT>")


def test_nobody_else_does() -> None:
    bench = Bench("router", LOCAL)
    for user, password in (("bob", "Cisco"), ("mallory", "cisco"), ("nobody", "x"), ("eve", "0822455D0A16")):
        session = attempt(bench, "con 0", user, password)
        assert b"DUT" not in session.output()
        assert session.user == ""
        bench.out()
        assert f"%SEC_LOGIN-4-LOGIN_FAILED: Login failed [user: {user}] [Source: LOCAL]" in bench.log[-1]
        assert "[Reason: Login Authentication Failed] at 00:00:00 UTC Thu Jan 1 1970" in bench.log[-1]


def test_the_password_and_the_privilege_of_a_line() -> None:
    bench = Bench("router", LOCAL)
    session = attempt(bench, "vty 3", "letmein", "show privilege")
    assert session.output().decode().endswith("Be good\r\nDUT#show privilege\r\nCurrent privilege level is 7\r\nDUT#")


def test_a_user_of_level_one_gets_the_privilege_of_the_line() -> None:
    bench = Bench("router", LOCAL + " login local\n")
    assert attempt(bench, "vty 0", "eve", "cisco").privilege == 7
    assert attempt(bench, "vty 0", "bob", "cisco").privilege == 15


def test_a_line_that_is_open_starts_with_its_privilege() -> None:
    bench = Bench("router", "line con 0\n privilege level 15\n")
    assert attempt(bench, "con 0").output() == b"DUT#"
    assert attempt(bench, "vty 0").output() == b"DUT>"


def test_login_without_a_password_shuts_a_vty_and_leaves_the_console_open() -> None:
    bench = Bench("router", "line con 0\n login\nline vty 0 4\n login\n")
    assert attempt(bench, "con 0").output() == b"DUT>"
    session = attempt(bench, "vty 0")
    assert session.output() == b"\r\n\r\nPassword required, but none set\r\n"
    assert session.closed


@pytest.mark.parametrize("version", ["15.1(4)M12a", "12.4(15)T1"])
def test_a_secret_in_clear_becomes_type_5(version: str) -> None:
    bench = Bench("router", "enable secret cisco\nusername bob secret 0 cisco\n", version=version)
    access = bench.router.config.access
    # The bench's entropy is zeros.
    expected = Credential(5, secrets_ios.hashed(secrets_ios.MD5, "cisco", "...."))
    assert access.enable_secrets == {15: expected}
    assert access.users["bob"].credential == expected
    assert f"enable secret 5 {expected.text}" in bench.exec("show running-config")


def test_password_encryption_hides_what_is_there_and_what_comes() -> None:
    bench = Bench("router", "enable password one\nusername bob password two\nline con 0\n password three\n")
    bench.configure("service password-encryption", "username eve password four", "line vty 0 4", "password five")
    running = bench.exec("show running-config")
    for password in ("one", "two", "three", "four", "five"):
        assert f"password 7 {secrets_ios.obscured(password, 0)}\n" in running
        assert f" {password}\n" not in running
    bench.configure("no service password-encryption", "enable password six")
    running = bench.exec("show running-config")
    assert "enable password six\n" in running
    assert f" password 7 {secrets_ios.obscured('three', 0)}\n" in running


def test_a_password_that_is_too_long_is_refused() -> None:
    bench = Bench("router")
    assert "% Password too long" in bench.configure(f"enable secret {'x' * 81}")
    assert bench.router.config.access.enable_secrets == {}


def test_a_banner_without_an_end_takes_nothing_with_it() -> None:
    bench = Bench("router", "hostname R1\nbanner motd #\nline con 0\nno login\n")
    assert [refusal.message for refusal in bench.refusals] == ["% The text has no end"]
    assert bench.router.config.access.banners == {}
    assert "% The text has no end" in bench.exec("configure terminal", "banner motd #", "Hello", "end")
    assert bench.router.config.access.banners == {}


def test_a_banner_has_an_end() -> None:
    bench = Bench("router", "banner motd #\n" + "x" * 1000 + "\n" + "y\n" * 10000 + "#\n")
    assert "% A banner has at most" in bench.refusals[0].message
    assert bench.router.config.access.banners == {}


@pytest.fixture
def lab() -> LabSim:
    return LabSim(stage="start")


def test_a_guesser_is_slowed_down_and_thrown_out(lab: LabSim) -> None:
    lab.configure("R-A", "username bob secret cisco", "line vty 0 4", "login local")
    session = lab.session("R-A")
    began = lab.now
    said = lab.type(session, "bob\rone\rbob\rtwo\rbob\rthree\rbob\rcisco\r", ATTEMPTS * PENALTY + 1)
    assert session.closed
    assert lab.now - began > ATTEMPTS * PENALTY
    assert said.count("% Login invalid\n") == ATTEMPTS
    assert ">" not in said
    assert sum("LOGIN_FAILED" in line for line in lab.nodes["R-A"].log) == ATTEMPTS


def test_the_log_and_show_users_name_the_user(lab: LabSim) -> None:
    lab.configure("R-A", "username bob privilege 15 secret cisco", "line vty 0 4", "login local")
    session = lab.session("R-A")
    assert lab.type(session, "bob\rcisco\r").endswith("#")
    assert "vty 0      bob        idle" in lab.type(session, "show users\r")
    lab.type(session, "configure terminal\rend\r")
    assert lab.nodes["R-A"].log[-1].endswith("%SYS-5-CONFIG_I: Configured from console by bob on vty0")
