"""Habits of an IOS user, and of programs, at the consoles of real devices on a virtual clock."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from nodes.cli.session import Session
from tests.sim import LabSim

MORE = " --More-- "


@pytest.fixture(scope="module")
def lab() -> LabSim:
    return LabSim(stage="start")


def on(lab: LabSim, node: str, *typed: str) -> Session:
    """Somebody who came to a device and typed these lines."""
    session = lab.session(node)
    for line in typed:
        lab.type(session, f"{line}\r")
    session.output()
    return session


# The screen ------------------------------------------------------------------------------------------------------


def test_pages_follow_the_window_unless_a_length_was_set(lab: LabSim) -> None:
    session = on(lab, "R-A", "enable")
    session.resize(80, 10)
    said = lab.type(session, "show running-config\r")
    assert said.count("\n") == 10, "the echo and nine lines"
    assert said.endswith(MORE)
    assert lab.type(session, "q").endswith("R-A#")
    lab.type(session, "terminal length 5\r")
    session.resize(80, 40)
    assert lab.type(session, "show running-config\r").count("\n") == 5
    lab.type(session, "q")
    lab.type(session, "terminal length 0\r")
    assert MORE not in lab.type(session, "show running-config\r")
    for line in ("terminal length 512", "terminal width 0", "terminal width 512", "term len 0", "term wid 511"):
        assert lab.type(session, f"{line}\r") == f"{line}\nR-A#"
    for line in ("terminal length 513", "terminal width 513", "terminal length -1"):
        assert "% Invalid input" in lab.type(session, f"{line}\r")


def test_configuring_a_line_leaves_alone_what_the_terminal_has_set(lab: LabSim) -> None:
    """Automation turns paging off and then sets exec-timeout on its own line."""
    session = on(lab, "R-B", "enable", "terminal length 0", "terminal width 511", "terminal no editing", "conf t")
    other = on(lab, "R-B", "enable")
    lab.type(session, "line vty 0 4\rexec-timeout 0\rlogging synchronous\rend\r")
    assert (session.length, session.width, session.editing, session.exec_timeout) == (0, 511, False, 0.0)
    assert session.logging_synchronous
    lab.type(session, "conf t\rline vty 0 4\rlength 7\rend\r")
    assert session.length == other.length == 7, "but what is set there counts at once"
    lab.type(session, "terminal length 0\rconf t\rline vty 0 4\rno length\rexec-timeout 3\rend\r")
    assert (session.length, other.length, other.exec_timeout) == (24, 24, 180.0)


def test_an_idle_line_is_let_go(lab: LabSim) -> None:
    session = on(lab, "SW-2", "enable", "conf t", "line vty 0 15", "exec-timeout 0 30", "end")
    lab.run(29)
    assert not session.closed
    lab.type(session, "show clock\r")
    lab.run(29)
    assert not session.closed
    lab.run(2)
    assert session.closed


# Breaking off ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["\x1e", "\x1ex", "\x03"])
def test_the_escape_sequence_breaks_ping_and_traceroute(lab: LabSim, key: str) -> None:
    session = on(lab, "R-A", "enable")
    assert lab.type(session, "ping 10.0.10.99 repeat 1000\r", 5.0).endswith("\n..")
    said = lab.type(session, f"{key}show privilege\r")
    assert re.search(
        r"\nSuccess rate is 0 percent \(0/[23]\)\nR-A#show privilege\nCurrent privilege level is 15\nR-A#$", said
    )
    said = lab.type(session, "traceroute 10.0.10.99\r", 4.0)
    assert re.search(r"\n +1 +\*", said)
    said = lab.type(session, f"{key}show privilege\r")
    assert said.endswith("R-A#show privilege\nCurrent privilege level is 15\nR-A#")


def test_control_c_breaks_the_ping_of_a_host(lab: LabSim) -> None:
    session = on(lab, "PC-A")
    lab.type(session, "ping -t 192.168.1.99\r", 3.0)
    said = lab.type(session, "\x03")
    assert "Ping statistics for 192.168.1.99:" in said
    assert said.endswith("C:\\>")


# Log lines -------------------------------------------------------------------------------------------------------


def test_log_lines_on_the_lines_that_want_them() -> None:
    lab = LabSim(stage="start")
    plain, wants = on(lab, "R-A", "enable"), on(lab, "R-A", "enable", "terminal monitor")
    for session in (plain, wants):
        lab.type(session, "sho")
    lab.configure("R-A", "line vty 0 4", "no logging synchronous")
    lab.configure("R-A", "interface fa0/1", "shutdown")
    changed = "Interface FastEthernet0/1, changed state to administratively down"
    assert plain.output() == b""
    said = wants.output().decode().replace("\r\n", "\n")
    assert re.search(rf"\n\*\S+ +\d+ [\d:.]+: %LINK-5-CHANGED: {changed}\n", said)
    assert not said.endswith("R-A#sho"), "without logging synchronous the line is not shown again"
    lab.configure("R-A", "line vty 0 4", "logging synchronous")
    lab.configure("R-A", "interface fa0/1", "no shutdown")
    said = wants.output().decode().replace("\r\n", "\n")
    assert said.endswith("R-A#sho")
    assert lab.type(wants, "w privilege\r").endswith("Current privilege level is 15\nR-A#")
    lab.type(wants, "terminal no monitor\r")
    lab.configure("R-A", "interface fa0/1", "shutdown")
    assert wants.output() == b""


# What programs type ----------------------------------------------------------------------------------------------

#: What each client types when it opens a connection, and then for a change (IOS-FORMATS, checklist 9).
CLIENTS = {
    "netmiko": "||terminal width 511|terminal length 0|||enable|configure terminal|hostname N|end|write mem|exit",
    "scrapli 2": "enable|term width 512|term len 0|configure terminal|no ip domain-lookup|end|exit",
    "scrapli 1": "terminal length 0|terminal width 512|enable|show version|configure terminal|end",
    "unicon": "enable|term length 0|term width 0|show version|config term|no logging console|line console 0"
    "|exec-timeout 0|line vty 0 4|exec-timeout 0|end|show version",
    "clogin": "enable|terminal length 0|terminal width 132|show running-config|exit",
    "napalm": "enable|terminal width 511|terminal length 0|configure terminal|file prompt quiet|no file prompt quiet"
    "|end|show hosts|show ip interface brief|show arp [bar] exclude Incomplete|dir flash:",
}


@pytest.mark.parametrize("node", ["R-A", "SW-1"])
@pytest.mark.parametrize("ending", ["\r", "\n", "\r\n", "\r\0"])
@pytest.mark.parametrize("client", CLIENTS)
def test_what_clients_type_is_taken(client: str, ending: str, node: str, lab: LabSim) -> None:
    session = lab.session(node)
    lines: Sequence[str] = CLIENTS[client].replace("[bar]", "\0").split("|")
    said = session.output().decode()
    for line in lines:
        line = line.replace("\0", "|")
        if node == "SW-1" and line == "show arp | exclude Incomplete":
            continue  # it has no addresses of its own to resolve
        said = lab.type(session, line + ending)
        refused = re.findall(r"% (?:Invalid|Incomplete|Ambiguous|Unknown)", said)
        assert not refused, (line, said)
        assert said.startswith(f"{line}\n"), "echoed"
        assert MORE not in said or "terminal length 0" not in lines
        if MORE in said:
            lab.type(session, "q")
        if not session.closed:
            assert re.search(r"\n[\w.-]+(\(config[\w-]*\))?[>#]$|--More-- $", said), said
    session.hangup()
    lab.exec(node, "configure terminal", f"hostname {node}", "ip domain-lookup", "logging console", "end")
