"""Who gets a line, and which: ``transport input``, ``access-class``, ``exec``, ``login block-for``, time limits."""

from __future__ import annotations

import pytest

from nodes.base.addr import parse_ipv4
from nodes.cli.login import PENALTY
from nodes.cli.session import Session
from nodes.cli.terminal import Line
from nodes.device.door import UNKNOWN, Client
from tests.device.bench import Bench

FRIEND = Client(parse_ipv4("10.0.0.7"), 40000, parse_ipv4("10.0.0.1"))
STRANGER = Client(parse_ipv4("192.0.2.9"), 40000, parse_ipv4("10.0.0.1"))
#: Somebody is on the console.
TAKEN = ["con 0"]


def placed(bench: Bench, client: Client = FRIEND, *taken: str) -> str | None:
    line = bench.console.place(client, [*TAKEN, *taken])
    return None if line is None else line.name


@pytest.mark.parametrize("kind", ["router", "switch"])
def test_the_pool_grows_and_the_console_comes_first(kind: str) -> None:
    bench = Bench(kind)
    assert bench.console.place(UNKNOWN, []) == ("con 0", 0)
    assert placed(bench) == "vty 0"
    taken = [f"vty {number}" for number in range(60)]
    assert placed(bench, FRIEND, *taken) == "vty 60"


def test_a_pc_has_lines_too() -> None:
    bench = Bench("pc")
    assert bench.console.place(UNKNOWN, []) == ("con 0", 0)
    assert placed(bench, FRIEND, "vty 0") == "vty 1"


@pytest.mark.parametrize(
    ("choice", "taken"),
    [("none", False), ("ssh", False), ("telnet", True), ("all", True), ("telnet ssh", True), ("pad rlogin", False)],
)
def test_a_line_that_takes_no_telnet_refuses(choice: str, taken: bool) -> None:
    bench = Bench("router", f"line vty 0 4\n transport input {choice}\n")
    assert (placed(bench) is not None) is taken
    assert bench.console.place(UNKNOWN, []) == ("con 0", 0)


def test_the_first_line_that_takes_telnet_is_it() -> None:
    bench = Bench("router", "line vty 0 2\n transport input ssh\nline vty 3\n no exec\n")
    assert placed(bench) == "vty 4"
    bench.configure("line vty 4", "transport input none")
    assert placed(bench) is None
    bench.configure("line vty 5 7", "exec-timeout 1")
    assert placed(bench) == "vty 5"
    assert placed(bench, FRIEND, "vty 5", "vty 6", "vty 7") == "vty 8"


def test_a_console_without_exec_is_passed_by() -> None:
    bench = Bench("router", "line con 0\n no exec\n")
    assert bench.console.place(UNKNOWN, []) == ("vty 0", 194)


@pytest.mark.parametrize("kind", ["router", "switch"])
def test_access_class_asks_a_list_and_the_list_counts(kind: str) -> None:
    bench = Bench(kind, "access-list 10 permit 10.0.0.0 0.0.0.255\nline vty 0 15\n access-class 10 in\n")
    assert bench.refusals == []
    assert placed(bench, FRIEND) == "vty 0"
    assert placed(bench, STRANGER) is None
    assert placed(bench, UNKNOWN) is None
    assert placed(bench, FRIEND) == "vty 0"
    assert "10.0.0.0, wildcard bits 0.0.0.255 (2 matches)" in bench.exec("show access-lists 10")


def test_an_extended_list_sees_a_telnet_connection() -> None:
    bench = Bench(
        "router",
        "ip access-list extended VTY\n permit tcp host 10.0.0.7 host 10.0.0.1 eq telnet\n deny ip any any log\n"
        "line vty 0 4\n access-class VTY in\n",
    )
    assert placed(bench, FRIEND) == "vty 0"
    assert placed(bench, STRANGER) is None
    bench.out()
    assert "%SEC-6-IPACCESSLOGP: list VTY denied tcp 192.0.2.9(40000) -> 10.0.0.1(23), 1 packet" in bench.log[-1]


def test_a_list_that_does_not_exist_refuses_nobody() -> None:
    bench = Bench("router", "line vty 0 4\n access-class 10 in\n")
    assert placed(bench, STRANGER) == "vty 0"


LOGIN = """\
username bob secret cisco
username guest privilege 5 nopassword
login block-for 100 attempts 3 within 60
login on-success log
line vty 0 4
 login local
"""


def vty(bench: Bench, client: Client = FRIEND) -> Session:
    line = bench.console.place(client, TAKEN)
    assert line is not None
    return bench.console.session(line, client)


def console(bench: Bench) -> Session:
    return bench.console.session(Line("con 0", 0))


def guess(bench: Bench, client: Client, user: str, password: str) -> Session:
    session = vty(bench, client)
    session.receive(f"{user}\r{password}\r".encode(), bench.now)
    session.hangup()
    bench.out()
    return session


def test_after_too_many_failures_it_is_quiet() -> None:
    bench = Bench("router", LOGIN)
    assert bench.refusals == []
    for _ in range(2):
        guess(bench, STRANGER, "bob", "wrong")
    bench.pass_time(61)  # out of the window
    for _ in range(2):
        guess(bench, STRANGER, "bob", "wrong")
    assert placed(bench, FRIEND) == "vty 0"
    guess(bench, STRANGER, "bob", "wrong")
    assert "%SEC_LOGIN-4-LOGIN_FAILED: Login failed [user: bob] [Source: 192.0.2.9] [localport: 23]" in bench.log[-2]
    assert "%SEC_LOGIN-1-QUIET_MODE_ON: Still timeleft for watching failures is 60 secs" in bench.log[-1]
    assert "[ACL: sl_def_acl]" in bench.log[-1]
    assert placed(bench, FRIEND) is None
    assert bench.console.place(STRANGER, []) == ("con 0", 0)
    shown = bench.exec("show login")
    assert "Router presently in Quiet-Mode.\n     Will remain in Quiet-Mode for 100 seconds.\n" in shown
    bench.configure("access-list 10 permit host 10.0.0.7", "login quiet-mode access-class 10")
    assert placed(bench, FRIEND) == "vty 0"
    assert placed(bench, STRANGER) is None
    bench.pass_time(100)
    bench.out()
    assert "%SEC_LOGIN-5-QUIET_MODE_OFF: Quiet Mode is OFF, because block period timed out at" in bench.log[-1]
    assert placed(bench, STRANGER) == "vty 0"
    assert "192.0.2.9       23    5     " in bench.exec("show login failures")


def test_nobody_watches_any_more() -> None:
    bench = Bench("router", LOGIN)
    for _ in range(3):
        guess(bench, STRANGER, "bob", "wrong")
    assert placed(bench) is None
    bench.configure("no login block-for")
    assert placed(bench) == "vty 0"
    assert bench.device.next_deadline() is None


def test_successes_are_logged_when_asked_for() -> None:
    bench = Bench("router", LOGIN)
    assert guess(bench, FRIEND, "bob", "cisco").user == "bob"
    assert (
        "%SEC_LOGIN-5-LOGIN_SUCCESS: Login Success [user: bob] [Source: 10.0.0.7] [localport: 23] at" in bench.log[-1]
    )
    bench.configure("login on-success log every 2")
    before = len(bench.log)
    guess(bench, FRIEND, "bob", "cisco")
    assert sum("LOGIN_SUCCESS" in line for line in bench.log[before:]) == 1
    guess(bench, FRIEND, "bob", "cisco")
    assert sum("LOGIN_SUCCESS" in line for line in bench.log[before:]) == 1


def test_failures_may_be_logged_less() -> None:
    bench = Bench("router", LOGIN + "no login block-for\nlogin on-failure log every 2\n")
    for _ in range(4):
        guess(bench, FRIEND, "bob", "wrong")
    assert sum("LOGIN_FAILED" in line for line in bench.log) == 2
    bench.configure("no login on-failure log")
    guess(bench, FRIEND, "bob", "wrong")
    guess(bench, FRIEND, "bob", "wrong")
    assert sum("LOGIN_FAILED" in line for line in bench.log) == 2


def test_a_user_without_a_password_just_says_who_she_is() -> None:
    bench = Bench("router", LOGIN)
    session = vty(bench)
    session.receive(b"guest\r", bench.now)
    assert (session.user, session.privilege) == ("guest", 5)


def test_login_delay_and_timeout() -> None:
    bench = Bench("router", "username bob secret cisco\nlogin delay 9\nline vty 0 4\n login local\n")
    bench.configure("line vty 0 4", "timeout login response 5")
    session = vty(bench)
    session.receive(b"bob\rwrong\r", bench.now)
    assert session.next_deadline() == bench.now + 9 > bench.now + PENALTY
    session.advance(bench.now + 9)
    session.advance(bench.now + 10)
    assert session.next_deadline() == bench.now + 15


def test_a_session_ends_when_its_time_is_up() -> None:
    bench = Bench("router", "line con 0\n absolute-timeout 2\n exec-timeout 0 0\n")
    session = console(bench)
    session.receive(b"\r", bench.now)
    assert session.next_deadline() == bench.now + 120
    session.receive(b"show clock\r", bench.now + 119)
    session.advance(bench.now + 120)
    assert session.closed
    assert session.output().endswith(b"* Line timeout expired\r\n*\r\n*\r\n")


def test_what_is_no_command_is_no_name_of_a_host() -> None:
    bench = Bench("router", "line con 0\n transport preferred none\n")
    session = console(bench)
    session.output()
    session.receive(b"foo\r", bench.now)
    assert session.output() == b"foo\r\n    ^\r\n% Invalid input detected at '^' marker.\r\n\r\nDUT>"


def test_banners_know_the_device_and_the_line() -> None:
    bench = Bench("router", "banner motd #$(hostname) $(line) $(what)#\nbanner exec #on $(line)#\n")
    session = vty(bench)
    assert session.output() == b"DUT 194 $(what)\r\non 194\r\nDUT>"
    bench.configure("line vty 0 4", "no motd-banner")
    session = vty(bench)
    assert session.output() == b"on 194\r\nDUT>"
    bench.configure("line vty 0 4", "no exec-banner")
    session = vty(bench)
    assert session.output() == b"DUT>"


@pytest.mark.parametrize(("algorithm", "kind"), [("md5", 5), ("sha256", 8), ("scrypt", 9)])
def test_the_algorithm_of_a_secret(algorithm: str, kind: int) -> None:
    bench = Bench("router")
    bench.configure(
        f"enable algorithm-type {algorithm} secret cisco", f"username bob algorithm-type {algorithm} secret x y"
    )
    access = bench.router.config.access
    assert access.enable_secrets[15].kind == kind
    assert access.enable_secrets[15].fits("cisco")
    bob = access.users["bob"].credential
    assert bob is not None
    assert (bob.kind, bob.fits("x y")) == (kind, True)


def test_every_level_may_have_a_password() -> None:
    bench = Bench("router", "enable secret level 5 five\nenable secret full\nenable password level 7 seven\n")
    session = console(bench)
    for level, password in ((5, "five"), (7, "seven"), (9, "full"), (15, "full")):
        session.receive(f"disable 1\renable {level}\r{password}\r".encode(), bench.now)
        assert session.privilege == level


def test_a_short_password_is_refused_where_it_is_typed() -> None:
    bench = Bench("router", "enable password one\nsecurity passwords min-length 8\nusername bob password two\n")
    assert bench.refusals == []
    refusal = "% Password too short - must be at least 8 characters. Password configuration failed\n"
    for line in ("enable secret short", "username eve password 1234567", "enable password x"):
        assert bench.configure(line).count(refusal) == 1
    assert refusal not in bench.configure("enable secret 12345678", "enable password 7 0822455D0A16")
