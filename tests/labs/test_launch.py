"""up, down and what can happen in between, with real processes: a lab of two hosts and a switch."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from labs import launch
from labs.command import main
from labs.control import Daemon
from labs.describe import describe_nodes
from labs.state import State, running

if TYPE_CHECKING:
    from tests.labs.conftest import Wait

pytestmark = pytest.mark.processes

REPOSITORY = Path(__file__).resolve().parents[2]
TRIO = """\
name: trio
description: two hosts and a switch
stages: [{name: bare}, {name: ready, default: true}]
topology:
  defaults: {kind: pc}
  nodes:
    A: {startup-config: {ready: "hostname A\\nipconfig 10.0.0.1 255.255.255.0 10.0.0.254\\n"}}
    B: {startup-config: {ready: "hostname B\\nipconfig 10.0.0.2 255.255.255.0 10.0.0.254\\n"}}
    SW: {kind: switch, startup-config: {ready: "hostname SW\\ninterface range Fa0/1 - 2\\n spanning-tree portfast\\n"}}
  links:
    - endpoints: ["A:FastEthernet0", "SW:Fa0/1"]
    - endpoints: ["B:FastEthernet0", "SW:Fa0/2"]
"""


@pytest.fixture
def trio(tmp_path: Path, home: Path) -> Iterator[str]:
    """The path of a lab file; whatever runs at the end of the test is taken down."""
    path = tmp_path / "trio.lab.yml"
    path.write_text(TRIO, "utf-8")
    yield str(path)
    for state in running():
        launch.down(state, wipe=True)


def pids(state: State) -> dict[str, int]:
    record = state.read_record()
    assert record is not None
    return {name: program.pid for name, program in Daemon(Path(record.sockets)).programs().items()}


def test_a_lab_from_up_to_down(trio: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["up", trio, "--base-port", "0"]) == 0
    shown = capsys.readouterr()
    state = State("trio")
    record = state.read_record()
    assert record is not None
    assert record.stage == "ready"
    lines = shown.out.splitlines()
    assert lines[0].split() == ["NODE", "KIND", "STATE", "CONSOLE"]
    for node, line in zip(record.nodes, lines[1:], strict=False):
        assert line.split() == [node.name, node.kind, "running", node.console[0], str(node.console[1])]
        socket.create_connection(node.console, 5).close()
    assert len(lines[lines.index("try:") :]) == 1 + 3
    assert "nodes ready: 3/3" in shown.err
    assert {path.stat().st_mode & 0o777 for path in (state.path, state.run, state.logs, state.nvram)} == {0o700}

    before = pids(state)
    assert main(["up", trio]) == 0
    assert "runs already, at stage 'ready'" in capsys.readouterr().out
    assert main(["up", trio, "--stage", "bare"]) == 1
    assert "`wirelab down -n trio` first" in capsys.readouterr().err
    assert pids(state) == before

    assert main(["ps", "--json"]) == 0
    body = json.loads(capsys.readouterr().out)
    assert (body["lab"], body["stage"], body["broker"]) == ("trio", "ready", "running")
    assert {node["name"]: node["pid"] for node in body["nodes"]} == {name: before[name] for name in ("A", "B", "SW")}
    assert [node["state"] for node in body["nodes"]] == ["running"] * 3

    assert main(["exec", "A", "ping -n 2 10.0.0.2"]) == 0
    assert "Reply from 10.0.0.2" in capsys.readouterr().out
    assert main(["exec", "SW", "show nonsense"]) == 1
    assert main(["exec", "Z", "x"]) == 1
    assert "lab 'trio' has no node 'Z'; nodes: A, B, SW" in capsys.readouterr().err

    assert main(["stop", "a", "B"]) == 0
    assert main(["stop", "A"]) == 0
    assert capsys.readouterr().out.splitlines() == ["A stopped", "B stopped", "A was stopped already"]
    assert main(["ps"]) == 0
    states = [line.split()[2] for line in capsys.readouterr().out.splitlines()]
    assert states == ["STATE", "stopped", "stopped", "running"]
    assert main(["exec", "A", "x"]) == 1
    assert "A is not connected" in capsys.readouterr().err
    assert main(["connect", "A"]) == 1
    assert "the console of A at 127.0.0.1" in capsys.readouterr().err
    assert main(["start", "A", "B"]) == 0
    assert main(["restart", "SW"]) == 0
    after = pids(state)
    assert after["broker"] == before["broker"]
    assert not {after[name] for name in ("A", "B", "SW")} & set(before.values())

    capsys.readouterr()
    assert main(["logs", "A", "broker"]) == 0
    assert {line.partition(" ")[0] for line in capsys.readouterr().out.splitlines()} == {"A", "broker"}

    assert main(["down"]) == 0
    assert state.processes() == []
    assert not state.alive()
    assert not state.run.exists()
    assert main(["logs", "-n", "trio", "--tail", "1"]) == 0, "the logs of a lab that is down can still be read"
    capsys.readouterr()
    assert main(["down", "-n", "trio", "--wipe"]) == 0
    assert "did not run; nothing of it is kept" in capsys.readouterr().out
    assert not state.path.exists()


def test_killing_supervisord_leaves_nothing_and_up_starts_anew(
    trio: str, capsys: pytest.CaptureFixture[str], wait_for: Wait
) -> None:
    assert main(["up", trio, "--base-port", "0"]) == 0
    state = State("trio")
    supervisord = int((state.run / "supervisord.pid").read_text("ascii"))
    os.kill(supervisord, signal.SIGKILL)
    wait_for(lambda: not state.processes())
    assert main(["ps"]) == 1
    assert "no lab runs" in capsys.readouterr().err
    assert main(["up", trio, "--base-port", "0"]) == 0
    assert "did not end by `wirelab down`; it starts anew" in capsys.readouterr().err


def test_what_is_killed_comes_back(trio: str, wait_for: Wait) -> None:
    assert main(["up", trio, "--base-port", "0"]) == 0
    state = State("trio")
    before = pids(state)
    for name in ("broker", "A"):
        os.kill(before[name], signal.SIGKILL)

    def back() -> bool:
        now = pids(state)
        return all(now[name] not in (0, before[name]) for name in ("broker", "A"))

    wait_for(back, timeout=5)
    assert {name: pid for name, pid in pids(state).items() if name in ("B", "SW")} == {
        name: before[name] for name in ("B", "SW")
    }


def test_two_labs_at_once_and_a_taken_port(trio: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["up", trio, "--base-port", "0"]) == 0
    assert main(["up", trio, "--name", "other", "--base-port", "0"]) == 0
    assert main(["ps"]) == 1
    assert "several labs run: other, trio; say which with -n LAB" in capsys.readouterr().err
    assert main(["ps", "-n", "other"]) == 0
    assert main(["down", "-n", "trio"]) == 0
    record = State("other").read_record()
    assert record is not None
    port = record.nodes[1].console[1]
    capsys.readouterr()
    assert main(["up", trio, "--base-port", str(port)]) == 1
    error = capsys.readouterr().err
    assert f"port {port} on 127.0.0.1, the console of A: taken by lab 'other' (console of B)" in error
    assert "--base-port P" in error
    assert State("trio").processes() == []


def test_a_node_that_cannot_start_is_named_and_nothing_is_left(
    trio: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoilt(*arguments: Any) -> dict[str, dict[str, Any]]:
        result = describe_nodes(*arguments)
        del result["B"]["kind"]
        return result

    monkeypatch.setattr(launch, "describe_nodes", spoilt)
    assert main(["up", trio, "--base-port", "0"]) == 1
    error = capsys.readouterr().err
    assert "B ended while it was starting; the last lines of its log:" in error
    assert "not a node description" in error
    assert State("trio").processes() == []
    assert not State("trio").run.exists()


def test_a_supervisor_that_cannot_start_says_why(
    trio: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "_PROGRAM_MODULES", ("no.such.module",))
    assert main(["up", trio, "--base-port", "0"]) == 1
    error = capsys.readouterr().err
    assert "the lab's supervisor ended (status 1)" in error
    assert "No module named 'no'" in error
    assert not State("trio").alive()


def test_a_saved_startup_config_beats_the_stage(trio: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["up", trio, "--base-port", "0", "--stage", "bare"]) == 0
    state = State("trio")
    (state.nvram / "SW.cfg").write_text("hostname SAVED\n", "utf-8")
    assert main(["down"]) == 0
    assert "startup-configs saved by SW are kept" in capsys.readouterr().out
    assert main(["up", trio, "--base-port", "0", "--stage", "ready"]) == 1
    error = capsys.readouterr().err
    assert "SW saved a startup-config at stage 'bare'" in error
    assert "add --wipe" in error
    assert main(["up", trio, "--base-port", "0"]) == 0
    record = state.read_record()
    assert record is not None
    assert record.stage == "bare"
    assert main(["exec", "SW", "show running-config"]) == 0
    assert "hostname SAVED" in capsys.readouterr().out
    assert main(["down"]) == 0
    assert main(["up", trio, "--base-port", "0", "--stage", "ready", "--wipe"]) == 0
    assert main(["exec", "SW", "show running-config"]) == 0
    assert "hostname SW\n" in capsys.readouterr().out


@pytest.mark.parametrize("folder", ["deep-" * 30, "5% #1 ;'x"])
def test_the_path_of_the_state_folder_does_not_matter(
    trio: str, monkeypatch: pytest.MonkeyPatch, folder: str, short_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(short_path / folder))
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    assert main(["up", trio, "--base-port", "0"]) == 0
    state = State("trio")
    record = state.read_record()
    assert record is not None
    sockets = Path(record.sockets)
    assert (sockets == state.run) == ("deep" not in folder)
    assert sockets.stat().st_mode & 0o777 == 0o700
    assert main(["exec", "A", "ipconfig"]) == 0
    assert main(["down"]) == 0
    assert not sockets.exists()


def test_two_ups_at_the_same_time(trio: str, home: Path) -> None:
    command = [sys.executable, "-m", "labs.command", "up", trio, "--base-port", "0"]
    both = [
        subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    outputs = [process.communicate(timeout=60) for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert sorted("runs already" in out for out, _ in outputs) == [False, True]


def test_ctrl_c_while_starting_leaves_nothing(trio: str, home: Path, wait_for: Wait) -> None:
    command = [sys.executable, "-m", "labs.command", "up", trio, "--base-port", "0"]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        state = State("trio")
        wait_for(state.alive)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 1
        assert process.stderr is not None
        assert b"wirelab: interrupted" in process.stderr.read()
    assert state.processes() == []
    assert not state.alive()
