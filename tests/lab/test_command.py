"""The wirelab command against real labs: two at once, what is taken, what is broken, what is refused."""

from __future__ import annotations

import json
import os
import pty
import random
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.lab.live import ROOT, LiveLab, wait_for

pytestmark = pytest.mark.processes


def test_two_labs_side_by_side(lab: LiveLab, state_home: Path) -> None:
    lab.up()
    with LiveLab(state_home, lab.name + "b") as other:
        other.up(stage="start")
        assert "S    192.168.2.0/24" in lab.exec("R-A", "show ip route")
        assert "S    192.168.2.0/24" not in other.exec("R-A", "show ip route")
        other.wirelab("exec", "R-A", "configure terminal", "interface fa0/0", "shutdown")
        assert "TTL=126" in lab.exec("PC-A", "ping 192.168.2.1 -w 1000")
        other.wirelab("down")
        assert not other.processes()
        assert {node["state"] for node in lab.ps()["nodes"]} == {"running"}


def test_a_second_up_changes_nothing(lab: LiveLab) -> None:
    lab.up()
    before = lab.processes()
    again = lab.wirelab("up", "no4-ipsec", "--base-port", "0")
    assert "runs already" in again.stdout + again.stderr
    assert lab.processes() == before


def test_a_taken_port_is_named_with_the_way_out(lab: LiveLab) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = lab.wirelab("up", "no4-ipsec", "--base-port", str(port), check=False)
    assert refused.returncode == 1
    assert str(port) in refused.stderr
    assert "R-A" in refused.stderr
    assert "--base-port" in refused.stderr
    assert not lab.processes()


def test_a_broken_lab_file_starts_nothing_and_names_every_mistake(lab: LiveLab, tmp_path: Path) -> None:
    file = tmp_path / "broken.lab.yml"
    file.write_text(
        "name: broken\n"
        "topology:\n"
        "  nodes:\n"
        "    R1: {kind: ruoter}\n"
        "    SW1: {kind: switch}\n"
        "  links:\n"
        '    - endpoints: ["SW1:Fa0/99", "R2:Fa0/0"]\n'
    )
    for verb in ("up", "validate"):
        refused = lab.wirelab(verb, str(file), check=False, lab=verb == "up")
        assert refused.returncode == 1
        for mistake in (f"{file}:4:", "ruoter", f"{file}:7:", "Fa0/99", "R2"):
            assert mistake in refused.stderr + refused.stdout
    assert not lab.processes()


def test_a_refused_line_at_boot_is_logged_and_the_rest_applied(lab: LiveLab, tmp_path: Path) -> None:
    (tmp_path / "R1.cfg").write_text("hostname R1\nrouter magic 7\ninterface fa0/0\n ip address 10.0.0.1 255.0.0.0\n")
    file = tmp_path / "one.lab.yml"
    file.write_text("name: one\ntopology:\n  nodes:\n    R1:\n      kind: router\n      startup-config: R1.cfg\n")
    lab.wirelab("up", str(file), "--base-port", "0")
    log = lab.wirelab("logs", "R1").stdout
    assert "R1.cfg:2: refused: router magic 7: % Invalid input detected" in log
    assert "10.0.0.1" in lab.exec("R1", "show ip interface brief")


def test_exec_show_and_statuses(lab: LiveLab) -> None:
    lab.up()
    rejected = lab.wirelab("exec", "R-A", "show versoin", check=False)
    assert (rejected.returncode, "% Invalid input detected" in rejected.stdout) == (1, True)
    assert lab.wirelab("exec", "NOBODY", "show version", check=False).returncode == 1
    assert lab.wirelab("frobnicate", check=False, lab=False).returncode == 2
    plain = lab.wirelab("show", "R-A", "show ip interface brief").stdout
    assert plain.startswith("Interface ")
    view = json.loads(lab.wirelab("show", "R-A", "show ip interface brief", "--json").stdout)
    assert view["interfaces"][0]["address"] == "10.0.10.10"


def test_connect_is_a_terminal_that_ctrl_bracket_leaves(lab: LiveLab) -> None:
    lab.up()
    parent, child = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "labs.command", "connect", "R-A", "-n", lab.name],
        cwd=ROOT,
        env=lab.environment,
        stdin=child,
        stdout=child,
        stderr=child,
        start_new_session=True,
    )
    os.close(child)
    os.set_blocking(parent, False)
    seen = bytearray()

    def read() -> bytearray:
        with suppress(OSError):
            seen.extend(os.read(parent, 65536))
        return seen

    try:
        wait_for(lambda: b"R-A>" in read(), "a prompt through connect")
        os.write(parent, b"show privilege\r")
        wait_for(lambda: b"Current privilege level is 1" in read(), "an answer through connect")
        os.write(parent, b"\x1d")
        wait_for(lambda: process.poll() is not None, "Ctrl-] to end it")
        assert process.returncode == 0
    finally:
        process.kill()
        process.wait()
        os.close(parent)


def test_any_bytes_on_a_console_are_counted_and_harmless(lab: LiveLab) -> None:
    """Rubbish on a telnet socket: a named counter, the prompt for everybody, and no exception in the log."""
    lab.up()
    host, port = lab.node("R-A")["console"]
    rubbish = random.Random(3).randbytes(20_000)
    with socket.create_connection((host, port), timeout=10) as client:
        client.sendall(
            rubbish + b"\xff\xfa\x1f\x01\xff\xf0" + b"\xff\xfa" + bytes(4000) + b"\xff\xf0" + b"\x80\x81\xfe\r\n"
        )
        drops = wait_for(
            lambda: (
                counted
                if {"console-telnet", "console-not-ascii"}
                <= (counted := {drop["name"]: drop["count"] for drop in lab.show("R-A", "show drops")["drops"]}).keys()
                else None
            ),
            "what came over telnet to be counted",
        )
    assert drops["console-telnet"] >= 2
    assert lab.console("R-A").command("show privilege").startswith("Current privilege level is ")
    assert "Traceback" not in lab.wirelab("logs", "R-A").stdout
