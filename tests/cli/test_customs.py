"""What a configuration makes of the console: aliases, and commands on other privilege levels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from nodes.cli import IosDialect, Line, Session
from nodes.cli.grammar import parse
from nodes.cli.levels import LevelRule, declared_level, level_of
from nodes.cli.matcher import keywords
from nodes.cli.table import Table
from tests.cli.toy import COMMANDS, Toy

ALIASES: Mapping[str, Mapping[str, str]] = {
    "exec": {"sir": "show ip route", "s": "show", "two": "show ip route | include S", "show": "ping", "x": "sir"},
    "config": {"hn": "hostname"},
    "config-if": {"nsh": "no shutdown", "sh": "shutdown"},
}


def session_with(rules: tuple[LevelRule, ...] = (), privilege: int = 15) -> Session:
    dialect = IosDialect(lambda: "R1", aliases=lambda mode: ALIASES.get(mode, {}), privileges=lambda: rules)
    device = Toy(routes={"1.1.1.1": "a"})
    session = Session(COMMANDS, dialect, device, line=Line("con 0", 0), privilege=privilege)
    session.output()
    return session


def typed(session: Session, text: str) -> str:
    session.receive(text.encode(), 0.0)
    return session.output().decode().replace("\r\n", "\n")


# Aliases -------------------------------------------------------------------------------------------------------------


def test_an_alias_stands_for_the_beginning_of_a_line() -> None:
    session = session_with()
    routes = "Gateway of last resort is not set\nS    1.1.1.1 a\nR1#"
    assert typed(session, "sir\r") == f"sir\n{routes}"
    assert typed(session, "  sir\r") == f"  sir\n{routes}"
    assert typed(session, "sir | i ^S\r") == "sir | i ^S\nS    1.1.1.1 a\nR1#"
    assert typed(session, "two\r") == "two\nS    1.1.1.1 a\nR1#"
    assert typed(session, "s ver\r").endswith("Version 1.0\nR1#")
    assert typed(session, "show version\r").endswith("Version 1.0\nR1#"), "a keyword of the same spelling comes first"
    assert typed(session, "x\r").startswith("x\nTranslating"), "an alias in an alias is none"
    assert typed(session, "SIR\r").startswith("SIR\nTranslating"), "capitals count"
    assert typed(session, "\x10\x10\x10").endswith("show version"), "history keeps what was typed"


def test_aliases_of_other_modes_and_after_do() -> None:
    session = session_with()
    typed(session, "conf t\r")
    assert typed(session, "hn R2\r") == "hn R2\nR1(config)#"
    assert session.device.hostname == "R2"
    assert typed(session, "do s ver\r").endswith("Version 1.0\nR1(config)#")
    typed(session, "int fa0/0\r")
    typed(session, "sh\r")
    assert not session.device.ports["FastEthernet0/0"].up
    assert typed(session, "nsh\r") == "nsh\nR1(config-if)#"
    assert session.device.ports["FastEthernet0/0"].up
    assert typed(session, "hn R3\r").endswith("R1(config)#"), "that of the parent mode leaves the sub-mode"


@pytest.mark.parametrize(
    ("line", "offset"),
    [
        ("sir x", 4),
        ("sir 1.1.1.999", 10),
        ("s versoin", 6),
        ("s zzz", 2),
        ("   s zzz", 5),
    ],
)
def test_the_caret_stands_under_what_was_typed(line: str, offset: int) -> None:
    said = typed(session_with(), f"{line}\r").split("\n")
    assert said[1:3] == [" " * (3 + offset) + "^", "% Invalid input detected at '^' marker."]


def test_help_and_tab_with_aliases() -> None:
    session = session_with()
    assert typed(session, "s?").split("\n")[1] == "*s=show  *show=ping  *sir=show ip route  show  "
    assert typed(session, "\x15 s?").split("\n")[1] == "show  ", "a line that begins with a blank has none"
    assert typed(session, "\x15s v?").split("\n")[1] == "version  "
    assert typed(session, "\t").endswith("\nR1#s version ")
    assert typed(session, "\x15sir ?").split("\n")[1:4] == [
        "  A.B.C.D  Network to display information about",
        "  |        Output modifiers",
        "  <cr>",
    ]
    assert typed(session, "\x15tw?").split("\n")[1] == "*two=show ip route | include S  "
    assert typed(session, "\x15conf t\rh?").split("\n")[-2:] == ["", "R1(config)#h"]


# Privilege levels ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("grammar", "declared", "rules", "level"),
    [
        ("show version", 1, [], 1),
        ("show version", 1, [("show version", 15)], 15),
        ("show version", 1, [("show", 15)], 15),
        ("show version", 1, [("show", 15), ("show version", 1)], 15),
        ("reload", 15, [("reload", 7)], 7),
        ("configure terminal", 15, [("configure", 7)], 15),
        ("configure terminal", 15, [("configure", 7), ("configure terminal", 7)], 7),
        ("configure memory", 15, [("configure", 7), ("configure terminal", 7)], 15),
        ("clear line <n:0-9>", 15, [("clear", 5, True)], 5),
        ("clear line <n:0-9>", 15, [("clear", 5, True), ("clear line", 9)], 9),
        ("clear line <n:0-9>", 15, [("clear line", 9), ("clear", 5, True)], 9),
        ("erase {startup-config|nvram:}", 15, [("erase nvram:", 7)], 7),
        ("{no debug|undebug} all", 15, [("undebug", 3, True)], 3),
        ("ip address [dhcp]", 15, [("ip address dhcp", 3)], 3),
        ("ping <host:word>", 1, [("traceroute", 15)], 1),
    ],
)
def test_the_level_of_a_command(grammar: str, declared: int, rules: list[tuple[Any, ...]], level: int) -> None:
    table = Table()
    table.command("exec", grammar, privilege=declared)(lambda ctx, args: None)
    made = [LevelRule("exec", tuple(words.split()), *rest) for words, *rest in rules]
    assert level_of(table.commands[0], made) == level
    assert parse(grammar)


def test_what_lies_under_keywords_without_rules() -> None:
    commands = COMMANDS.of_mode("exec")
    assert declared_level(commands, ("show",)) == 1
    assert declared_level(commands, ("configure",)) == 15
    assert declared_level(commands, ("nothing",)) == 15
    root = COMMANDS.root("exec", 15)
    assert keywords(COMMANDS, root, " sh  IP ro ") == ("show", "ip", "route")
    for wrong in ("", "zzz", "c", "ping 10.0.0.1"):
        assert keywords(COMMANDS, root, wrong) is None


def test_a_user_of_a_level_between() -> None:
    rules = (
        LevelRule("exec", ("configure",), 5),
        LevelRule("exec", ("configure", "terminal"), 5),
        LevelRule("config-if", ("description",), 5),
        LevelRule("config", ("interface",), 5),
        LevelRule("exec", ("ping",), 15),
    )
    session = session_with(rules, privilege=5)
    assert typed(session, "ping x\r") == "ping x\n   ^\n% Invalid input detected at '^' marker.\n\nR1#"
    assert typed(session, "reload\r").startswith("reload\nTranslating")
    assert typed(session, "conf t\r").endswith("R1(config)#")
    assert "% Invalid" in typed(session, "hostname X\r")
    assert typed(session, "int fa0/0\r").endswith("R1(config-if)#")
    assert typed(session, "description by five\r").endswith("five\nR1(config-if)#")
    assert "shutdown" not in typed(session, "?")
    assert typed(session, "no ?").split("\n")[1:3] == ["  description  Interface specific description", ""]
    assert typed(session, "\x15end\r").endswith("R1#")
    other = session_with(rules, privilege=1)
    assert typed(other, "conf t\r").endswith("marker.\n\nR1>")
    highest = session_with(rules)
    assert typed(highest, "ping x\r").endswith("abort.\n")


def test_prompts_of_the_levels() -> None:
    for privilege, sign in ((0, ">"), (1, ">"), (2, "#"), (14, "#"), (15, "#")):
        assert typed(session_with(privilege=privilege), "\r") == f"\nR1{sign}"
    lowest = session_with(privilege=0)
    listed = [line.split()[0] for line in typed(lowest, "?").split("\n")[2:] if line.startswith("  ")]
    assert listed == ["disable", "enable", "exit", "help", "logout", "quit"]
