"""Transcripts of sessions: the bytes that are typed, and exactly the bytes that come back."""

from __future__ import annotations

import pytest

from nodes.cli import IosDialect, Line, Session
from tests.cli.toy import COMMANDS, Toy, dialect_of, host_session, session_of

CARET = b"^\r\n% Invalid input detected at '^' marker.\r\n\r\n"
ENTERED = b"Enter configuration commands, one per line.  End with CNTL/Z.\r\n"


def typed(session: Session, data: bytes, now: float = 0.0) -> bytes:
    session.receive(data, now)
    return session.output()


def quiet(session: Session, data: bytes) -> Session:
    """Type something whose answer does not matter."""
    typed(session, data)
    return session


def started(device: Toy | None = None, *, privilege: int = 15) -> Session:
    session = session_of(device or Toy(), privilege=privilege)
    session.output()
    return session


def configuring(device: Toy | None = None) -> Session:
    return quiet(started(device), b"conf t\r")


def test_the_prompt_is_there_at_once() -> None:
    assert session_of(Toy(), privilege=1).output() == b"R1>"
    assert session_of(Toy()).output() == b"R1#"
    dialect = IosDialect(lambda: "R1", banners=lambda kind, terminal: "\nWelcome\n" if kind == "motd" else "")
    assert Session(COMMANDS, dialect, Toy(), line=Line("vty 0", 1)).output() == b"\r\nWelcome\r\nR1>"


@pytest.mark.parametrize("ending", [b"\r\n", b"\r\0", b"\n", b"\r"])
def test_each_way_to_press_enter_is_one(ending: bytes) -> None:
    session = started()
    assert typed(session, b"show version" + ending) == b"show version\r\nToy Software, Version 1.0\r\nR1#"
    assert typed(session, ending * 2) == b"\r\nR1#\r\nR1#"


def test_modes_and_prompts() -> None:
    device = Toy()
    session = started(device, privilege=1)
    assert typed(session, b"en\r") == b"en\r\nR1#"
    assert typed(session, b"conf t\r") == b"conf t\r\n" + ENTERED + b"R1(config)#"
    assert typed(session, b"hostname ABC\r") == b"hostname ABC\r\nABC(config)#"
    assert typed(session, b"interface FastEthernet 0/0\r").endswith(b"\r\nABC(config-if)#")
    assert typed(session, b"shut\r") == b"shut\r\nABC(config-if)#"
    assert not device.ports["FastEthernet0/0"].up
    assert typed(session, b"no sh\r").endswith(b"\r\nABC(config-if)#")
    assert device.ports["FastEthernet0/0"].up
    assert typed(session, b"int fa0/1\r").endswith(b"(config-if)#")
    # A command of the parent mode leaves the sub-mode.
    assert typed(session, b"no hostname\r") == b"no hostname\r\nRouter(config)#"
    assert typed(session, b"do show version\r").endswith(b"Version 1.0\r\nRouter(config)#")
    assert typed(session, b"! a remark\r") == b"! a remark\r\nRouter(config)#"
    assert typed(session, b"exit\r") == b"exit\r\nRouter#"
    assert typed(session, b"disable\r") == b"disable\r\nRouter>"
    assert typed(session, b"exit\r") == b"exit\r\n"
    assert session.closed


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        (b"show versoin", b"            " + CARET),
        (b"show version x", b"                " + CARET),
        (b"two words", b"    " + CARET),
        (b"show ip route 10.0.0.999", b" " * 24 + CARET),
        (b"show", b'% Type "show ?" for a list of subcommands\r\n'),
        (b"show ip", b"% Incomplete command.\r\n\r\n"),
        (b"c", b'% Ambiguous command:  "c"\r\n'),
        (b"co ru", b'% Ambiguous command:  "co ru"\r\n'),
        (
            b"foo",
            (
                b'Translating "foo"...domain server (255.255.255.255)\r\n'
                b"% Unknown command or computer name, or unable to find computer address\r\n"
            ),
        ),
        (b"ping a | include b", b"          " + CARET),
    ],
)
def test_refusals_in_exec_mode(line: bytes, answer: bytes) -> None:
    assert typed(started(), line + b"\r") == line + b"\r\n" + answer + b"R1#"


def test_an_unknown_word_without_domain_lookup() -> None:
    answer = typed(started(Toy(lookup=False)), b"foo\r")
    assert answer.splitlines()[1:] == [
        b'Translating "foo"',
        b"% Bad IP address or host name",
        b"% Unknown command or computer name, or unable to find computer address",
        b"R1#",
    ]


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        (b"hostnmae X", b" " * 16 + CARET),
        (b"foo", b" " * 11 + CARET),
        (b"zzz", b" " * 11 + CARET),
        (b"hostname", b"% Incomplete command.\r\n\r\n"),
        (b"do show versoin", b" " * 23 + CARET),
        (b"do foo", b" " * 14 + CARET),
        (b"no ip route 9.9.9.9 255.0.0.0", b"%No matching route to delete\r\n"),
    ],
)
def test_refusals_in_configuration_mode(line: bytes, answer: bytes) -> None:
    assert typed(configuring(), line + b"\r") == line + b"\r\n" + answer + b"R1(config)#"


def test_what_a_sub_mode_refuses_it_reports_itself() -> None:
    session = quiet(configuring(), b"int fa0/0\r")
    assert typed(session, b"ip adress\r") == b"ip adress\r\n" + b" " * 19 + CARET + b"R1(config-if)#"


def test_help() -> None:
    session = started(privilege=1)
    assert typed(session, b"show ?") == (
        b"show ?\r\n"
        b"  history    Display the session command history\r\n"
        b"  ip         Global IP configuration subcommands\r\n"
        b"  lines      Print lines\r\n"
        b"  privilege  Show current privilege level\r\n"
        b"  terminal   Display terminal configuration parameters\r\n"
        b"  version    System hardware and software status\r\n"
        b"\r\nR1>show "
    )
    assert typed(session, b"ip route ?") == (
        b"ip route ?\r\n"
        b"  A.B.C.D  Network to display information about\r\n"
        b"  |        Output modifiers\r\n"
        b"  <cr>\r\n"
        b"\r\nR1>show ip route "
    )
    assert typed(session, b"| ?").splitlines()[1:3] == [
        b"  begin    Begin with the line that matches",
        b"  count    Count number of lines which match regexp",
    ]
    assert typed(session, b"i?") == b"i?\r\ninclude  \r\n\r\nR1>show ip route | i"
    assert b"  LINE  Regular Expression\r\n" in typed(session, b" ?")
    assert typed(session, b"\x15sh h?") == b"\b" * 18 + b" " * 18 + b"\b" * 18 + b"sh h?\r\nhistory  \r\n\r\nR1>sh h"
    assert typed(session, b"x?") == b"x?\r\n% Unrecognized command\r\nR1>sh hx"
    assert typed(session, b"x ?").endswith(b"x ?\r\n% Unrecognized command\r\nR1>sh hxx ")


def test_help_at_the_start_has_a_heading() -> None:
    lines = typed(started(privilege=1), b"?").splitlines()
    assert lines[1] == b"Exec commands:"
    assert b"  show      Show running system information" in lines
    assert lines[-2:] == [b"", b"R1>"]
    session = quiet(configuring(), b"int fa0/0\r")
    lines = typed(session, b"?").splitlines()
    assert lines[1] == b"Interface configuration commands:"
    assert b"  no           Negate a command or set its defaults" in lines
    assert b"  end" not in typed(session, b"do ?")
    assert b"Exec commands" not in typed(session, b"\x15interface ?")


def test_help_inside_a_parameter_and_in_the_parent_mode() -> None:
    session = quiet(configuring(), b"int fa0/0\r")
    assert b"  FastEthernet  FastEthernet IEEE 802.3\r\n" in typed(session, b"interface ?")
    assert b"  <0-0>  FastEthernet interface number\r\n" in typed(session, b"fa ?")
    assert b"\r\n<1-255>  " in typed(session, b"\x15ip route 1.1.1.1 1.1.1.1 1.1.1.1 2?")
    assert b"Ambiguous" not in typed(session, b"\x15no ?")


def test_help_for_an_ambiguous_word() -> None:
    assert typed(started(), b"co x ?").endswith(b'\r\n% Ambiguous command:  "co x "\r\nR1#co x ')


def test_tab() -> None:
    session = started()
    assert typed(session, b"sh\t") == b"sh\r\nR1#show "
    assert typed(session, b"vers\tx") == b"vers\r\nR1#show version x"
    assert typed(session, b"\t") == b"\r\nR1#show version x"
    assert typed(session, b"\x15c\t").endswith(b"c\r\nR1#c")
    session = quiet(configuring(), b"int fa0/0\r")
    assert typed(session, b"do sh\t") == b"do sh\r\nR1(config-if)#do show "
    assert typed(session, b"\x15host\t").endswith(b"\r\nR1(config-if)#hostname ")
    assert typed(session, b"\x15int\tfas\t").endswith(b"\r\nR1(config-if)#interface FastEthernet ")


def test_history() -> None:
    session = quiet(started(), b"show version\rshow privilege\r")
    assert typed(session, b"\x10") == b"show privilege"
    assert typed(session, b"\x1b[A") == b"\b" * 9 + b"version  \b\b"
    assert typed(session, b"\x1b[A") == b"\a"
    assert typed(session, b"\x0e\x1b[B") == b"\b" * 7 + b"privilege" + b"\b" * 14 + b" " * 14 + b"\b" * 14
    assert typed(session, b"\x1bOA\r").endswith(b"Current privilege level is 15\r\nR1#")
    assert typed(session, b"show history\r").splitlines()[1:] == [
        b"  show version",
        b"  show privilege",
        b"  show history",
        b"R1#",
    ]
    quiet(session, b"conf t\r")
    assert typed(session, b"\x10") == b"\a"
    assert typed(session, b"hostname Q\r\x10").endswith(b"Q(config)#hostname Q")


def test_history_size() -> None:
    session = quiet(started(), b"terminal history size 2\r" + b"".join(b"ping %d\r" % n for n in range(3)))
    quiet(session, b"\x1e" * 3)
    assert list(session.history) == ["ping 1", "ping 2"]
    quiet(session, b"terminal no history\r")
    assert list(session.history) == []
    assert typed(session, b"show privilege\r\x10").endswith(b"terminal no history"), "what was typed since is not kept"
    quiet(session, b"\x15terminal history\r")
    assert list(session.history) == ["ping 2", "terminal no history"]
    quiet(session, b"terminal no history size\r" + b"".join(b"show version | i %d\r" % n for n in range(30)))
    assert len(session.history) == 20


def test_control_c_and_control_z() -> None:
    device = Toy()
    session = configuring(device)
    assert typed(session, b"host\x03") == b"host^C\r\nR1#"
    assert typed(session, b"x\x03") == b"x^C\r\nR1#"
    quiet(session, b"conf t\rint fa0/0\r")
    assert typed(session, b"\x1a") == b"^Z\r\nR1#"
    quiet(session, b"conf t\r")
    # What stands before Ctrl-Z is still carried out.
    assert typed(session, b"hostname Z\x1a") == b"hostname Z^Z\r\nZ#"
    assert typed(session, b"show ver\x1a") == b"show ver^Z\r\nZ#"


def test_leaving_the_configuration_is_told() -> None:
    session = configuring()
    seen: list[str] = []

    def configured(terminal: object) -> None:
        seen.append(session.line.name)
        session.notify("%SYS-5-CONFIG_I: Configured from console by console", 0.0)

    session.on_configured = configured
    session.logging_synchronous = True
    assert typed(session, b"end\r") == b"end\r\n%SYS-5-CONFIG_I: Configured from console by console\r\nR1#"
    quiet(session, b"conf t\rint fa0/0\rexit\r")
    assert seen == ["con 0"]
    quiet(session, b"exit\rconf t\r\x1a")
    assert seen == ["con 0"] * 3


def test_jobs_wait_and_are_broken() -> None:
    device = Toy()
    session = started(device)
    assert typed(session, b"ping x\r") == b"ping x\r\nType escape sequence to abort.\r\n"
    assert session.next_deadline() == 2.0
    device.replies = 1
    session.advance(0.5)
    assert session.output() == b"!"
    assert session.next_deadline() == 2.5
    session.advance(1.0)
    assert session.output() == b""
    session.advance(2.5)
    assert session.output() == b"."
    assert typed(session, b"\x1ex", 2.6) == b"\r\nSuccess rate is 33 percent (1/3)\r\nR1#"
    quiet(session, b"wait\r")
    assert typed(session, b"\x03") == b"R1#"


def test_type_ahead_waits_for_the_command() -> None:
    session = started()
    assert (
        typed(session, b"ping x repeat 1\rshow version\rsh") == b"ping x repeat 1\r\nType escape sequence to abort.\r\n"
    )
    session.advance(2.0)
    assert session.output().splitlines()[1:] == [
        b"Success rate is 0 percent (0/1)",
        b"R1#show version",
        b"Toy Software, Version 1.0",
        b"R1#sh",
    ]


def test_questions() -> None:
    session = started()
    assert typed(session, b"copy run start\r") == b"copy run start\r\nDestination filename [startup-config]? "
    assert typed(session, b"fi?le\x7f\r") == b"fi?le\b \b\r\nBuilding configuration...\r\n[OK] fi?l\r\nR1#"
    assert typed(session, b"ask secret\r") == b"ask secret\r\nPassword: "
    assert typed(session, b"hid\x7fden\r") == b"\r\n<hiden>\r\nR1#"
    assert typed(session, b"ask secret\rab\x03").endswith(b"Password: \r\nR1#")
    assert typed(session, b"reload\r") == b"reload\r\nProceed with reload? [confirm]"
    assert typed(session, b"nsh") == b"\r\nStays up\r\nR1#sh"
    quiet(session, b"\x15reload\r\x03")
    assert not session.closed
    assert typed(session, b"reload\r\r").endswith(b"[confirm]\r\n")
    assert session.closed
    quiet(started(), b"configure\r")


def test_a_banner_is_read_line_by_line() -> None:
    device = Toy()
    session = configuring(device)
    assert typed(session, b"banner motd #\rhello ? there\r#\r").endswith(b"hello ? there\r\n#\r\nR1(config)#")
    assert device.banner == "hello ? there"


def test_pages() -> None:
    session = started()
    quiet(session, b"terminal length 5\r")
    more, wipe = b" --More-- ", b"\b" * 9 + b" " * 8 + b"\b" * 9
    lines = [b"line %d\r\n" % n for n in range(20)]
    assert typed(session, b"show lines 20\r") == b"show lines 20\r\n" + b"".join(lines[:4]) + more
    assert typed(session, b"\r") == wipe + lines[4] + more
    assert typed(session, b" ") == wipe + b"".join(lines[5:9]) + more
    session.notify("%LOG", 0.0)
    assert session.output() == b""
    assert typed(session, b"q") == wipe + b"%LOG\r\nR1#"
    assert typed(session, b"show lines 4\r") == b"show lines 4\r\n" + b"".join(lines[:4]) + b"R1#"
    assert typed(session, b"show lines 5\r \r").endswith(lines[4] + b"R1#\r\nR1#")
    quiet(session, b"term len 0\r")
    assert more not in typed(session, b"show lines 500\r")


def test_pages_of_help_come_back_to_the_line() -> None:
    session = quiet(started(), b"terminal length 4\r")
    assert typed(session, b"show ?tail").endswith(b"\bR1#show ail")
    session = quiet(started(), b"terminal length 4\r")
    quiet(session, b"show ?")
    assert typed(session, b"q").endswith(b"R1#show ")


def test_giving_up_breaks_a_job() -> None:
    session = quiet(started(Toy(replies=99)), b"terminal length 2\r")
    assert typed(session, b"ping x\r").endswith(b" --More-- ")
    assert typed(session, b"q").endswith(b"\bR1#")


def test_a_wide_line_takes_several_lines_of_the_page() -> None:
    session = quiet(started(Toy(routes={"1.1.1.1": "x" * 170})), b"terminal length 4\r")
    assert typed(session, b"show ip route\r").endswith(b"x\r\nR1#")
    quiet(session, b"terminal length 3\r")
    assert typed(session, b"show ip route | include x\r").endswith(b"x\r\nR1#")
    assert typed(session, b"show ip route | exclude zzz\r ").count(b"--More--") == 0


def test_modifiers() -> None:
    session = started(Toy(routes={"1.1.1.1": "a", "2.2.2.2": "b"}))
    assert typed(session, b"show ip route | i 2.2\r").endswith(b"| i 2.2\r\nS    2.2.2.2 b\r\nR1#")
    assert typed(session, b"sh ip ro | count S\r").splitlines()[1] == b"Number of lines which match regexp = 2"
    assert typed(session, b"sh ip ro | e ^S\r").splitlines()[1:] == [b"Gateway of last resort is not set", b"R1#"]
    assert typed(session, b"sh ip ro |\r").endswith(b"% Incomplete command.\r\n\r\nR1#")
    assert typed(session, b"sh ip ro | i\r").endswith(b"% Incomplete command.\r\n\r\nR1#")
    assert typed(session, b"sh ip ro | foo x\r").endswith(b" " * 14 + CARET + b"R1#")
    assert typed(session, b"sh ip ro | i (\r").endswith(b"% Failed to compile regular expression.\r\nR1#")


def test_log_lines() -> None:
    session = started()
    quiet(session, b"sho")
    session.notify("%LINK-3-UPDOWN: up", 0.0)
    assert session.output() == b"\r\n%LINK-3-UPDOWN: up\r\n"
    assert typed(session, b"w version\r").startswith(b"w version\r\nToy")
    session.logging_synchronous = True
    quiet(session, b"sho")
    session.notify("%LINK-3-UPDOWN: down", 0.0)
    assert session.output() == b"\r\n%LINK-3-UPDOWN: down\r\nR1#sho"
    quiet(session, b"\x15ping x\r")
    session.notify("%A", 0.0)
    session.notify("%B", 0.0)
    assert session.output() == b"%A\r\n%B\r\n"


def test_idle_sessions_end() -> None:
    session = started()
    session.exec_timeout = 600.0
    session.advance(100.0)
    assert session.next_deadline() == 700.0
    quiet(session, b"x")
    session.receive(b"y", 650.0)
    session.advance(1249.0)
    assert not session.closed
    session.advance(1250.0)
    assert session.closed
    assert session.next_deadline() is None


def test_a_session_that_waits_for_its_user_is_idle_too() -> None:
    """At --More-- and at a question; not while a command works."""
    for keys in (b"terminal length 4\rshow lines 20\r", b"reload\r", b"terminal length 4\rshow lines 20\r/x"):
        session = started()
        session.exec_timeout = 60.0
        session.receive(keys, 0.0)
        assert session.next_deadline() == 60.0
        session.advance(60.0)
        assert session.closed
    session = started()
    session.exec_timeout = 60.0
    session.receive(b"wait\r", 0.0)
    assert session.next_deadline() is None
    session.advance(100.0)
    assert not session.closed


def test_a_session_ends_in_any_case_when_its_time_is_over() -> None:
    session = started()
    session.exec_timeout, session.absolute_timeout = 60.0, 100.0
    session.receive(b"x", 10.0)
    session.receive(b"wait\r", 69.0)
    assert session.next_deadline() == 110.0
    session.advance(109.0)
    assert not session.closed
    session.advance(110.0)
    assert session.closed


def test_the_window() -> None:
    session = started()
    session.resize(132, 0)
    assert (session.width, session.length) == (132, 24)
    session.resize(100, 50)
    assert (session.width, session.length) == (100, 50)
    quiet(session, b"terminal length 0\rterminal width 511\r")
    session.resize(90, 40)
    assert (session.width, session.length) == (511, 0)
    quiet(session, b"terminal no length\rterminal no width\r")
    assert (session.width, session.length) == (80, 24)


def test_a_window_that_is_resized_between_two_pages() -> None:
    session = started()
    assert typed(session, b"show lines 100\r").count(b"line ") == 23
    session.resize(80, 10)
    assert typed(session, b" ").count(b"line ") == 9
    session.resize(80, 30)
    assert typed(session, b" ").count(b"line ") == 29
    # An unknown height is no height.
    session.resize(80, 0)
    assert typed(session, b" ").count(b"line ") == 29


def test_clients_of_automation_see_one_line() -> None:
    session = quiet(started(), b"terminal width 511\r")
    line = b"ping " + b"x" * 300
    assert typed(session, line) == line


def test_a_client_that_vanishes() -> None:
    session = quiet(started(), b"wait\rshow version\r")
    session.hangup()
    assert session.closed
    session.receive(b"show version\r", 0.0)
    session.advance(1.0)
    session.notify("late", 1.0)
    assert session.output() == b""


def test_a_handler_with_a_fault_leaves_a_prompt() -> None:
    device = Toy()
    session = started(device)
    device.routes = None  # type: ignore[assignment]
    with pytest.raises(AttributeError):
        session.receive(b"show ip route\r", 0.0)
    assert session.output() == b"show ip route\r\nR1#"
    assert typed(session, b"show version\r").endswith(b"1.0\r\nR1#")


def test_enable_asks_where_the_device_wants_it() -> None:
    class Locked(Toy):
        def enable_check(self, level: int) -> object:
            return lambda text: text == "cisco"

    session = started(Locked(), privilege=1)
    assert typed(session, b"enable\rwrong\rcisco\r") == b"enable\r\nPassword: \r\nPassword: \r\nR1#"
    quiet(session, b"disable\r")
    assert typed(session, b"enable\ra\rb\rc\r").endswith(b"% Bad secrets\r\n\r\nR1>")
    assert typed(session, b"disable 9\r").endswith(
        b"% New privilege level must be less than current privilege level\r\nR1>"
    )


def test_terminal_monitor() -> None:
    session = session_of(Toy(), name="vty 0")
    quiet(session, b"terminal monitor\r")
    assert session.monitor
    quiet(session, b"terminal no monitor\r")
    assert not session.monitor
    assert b"% Console already monitors" in typed(started(), b"terminal monitor\r")
    assert b"Help may be requested" in typed(started(), b"help\r")


def test_windows() -> None:
    session = host_session()
    assert session.output() == b"\r\nC:\\>"
    assert typed(session, b"foo bar\r") == (
        b"foo bar\r\n'foo' is not recognized as an internal or external command,\r\n"
        b"operable program or batch file.\r\n\r\nC:\\>"
    )
    assert typed(session, b"PING -n 7 -t 10.0.0.1\r").splitlines()[1] == b"Pinging 10.0.0.1 7 True"
    assert typed(session, b"ping\r").splitlines()[1] == b"Usage: ping host"
    assert typed(session, b"ping -n x\r").splitlines()[1:3] == [b"Bad parameter x.", b"Usage: ping host"]
    assert typed(session, b"pin x\r").startswith(b"pin x\r\n'pin' is not")
    assert typed(session, b"exit now\r").splitlines()[1] == b"Bad parameter now."
    assert typed(session, b"?\r").splitlines()[1:5] == [
        b"CLS            Clears the screen",
        b"EXIT           Quits the command prompt",
        b"HELP           Provides help information for commands",
        b"PING           Ping",
    ]
    assert typed(session, b"\t") == b"\a"
    assert typed(session, b"\r") == b"\r\n\r\nC:\\>"
    assert typed(session, b"exit\r") == b"exit\r\n"
    assert session.closed


def test_a_paste_loses_nothing() -> None:
    device = Toy()
    session = configuring(device)
    paste = b"".join(b"ip route 10.%d.%d.0 255.255.255.0 10.0.0.1\r\n" % (n // 250, n % 250) for n in range(3000))
    for start in range(0, len(paste), 1460):
        session.receive(paste[start : start + 1460], 0.0)
    assert len(device.routes) == 3000
    assert session.output().count(b"R1(config)#") == 3000


def test_what_a_session_costs() -> None:
    import tracemalloc

    dialect = dialect_of(Toy())
    Session(COMMANDS, dialect, None, line=Line("con 0", 0))
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        sessions = [Session(COMMANDS, dialect, None, line=Line(f"vty {n}", n)) for n in range(20)]
        each = (tracemalloc.get_traced_memory()[0] - before) / len(sessions)
    finally:
        tracemalloc.stop()
    assert each < 50_000
