"""The folders, the record and the locks of a lab."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from labs import state as state_module
from labs.errors import LabError
from labs.state import NodeRecord, Record, State, StateError, private_folder, running, state_home

RECORD = Record(
    name="x",
    file="/x/x.lab.yml",
    stage="start",
    endpoint="ipc:///run/b",
    sockets="/run",
    started=1.5,
    nodes=[NodeRecord("R-A", "router", "1841", ("127.0.0.1", 5001)), NodeRecord("r-b", "router", "1841", ("::1", 2))],
    tries=["one"],
)


def test_the_state_home_follows_the_specification(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    assert state_home() == tmp_path / ".local/state/wirelab"
    monkeypatch.setenv("XDG_STATE_HOME", "relative/is/ignored")
    assert state_home() == tmp_path / ".local/state/wirelab"
    monkeypatch.setenv("XDG_STATE_HOME", "/var/x")
    assert state_home() == Path("/var/x/wirelab")


def test_folders_are_for_the_user_alone(home: Path) -> None:
    state = State("x")
    state.create()
    for folder in (state.path, state.run, state.logs, state.nvram):
        assert folder.stat().st_mode & 0o777 == 0o700
    state.logs.chmod(0o755)
    state.create()
    assert state.logs.stat().st_mode & 0o777 == 0o700


def test_what_belongs_to_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "theirs").mkdir(mode=0o700)
    monkeypatch.setattr("labs.state.os.geteuid", lambda: os.getuid() + 1)
    with pytest.raises(StateError, match="belongs to another user"):
        private_folder(tmp_path / "theirs")


def test_a_link_or_a_file_in_the_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    (tmp_path / "file").write_text("", "utf-8")
    for name in ("link", "file"):
        with pytest.raises(StateError, match="is not a folder"):
            private_folder(tmp_path / name)


def test_a_state_home_that_cannot_be_made_is_a_message(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(LabError, match="cannot be made: File exists"):
        State("x", tmp_path / "file").create()


def test_sockets_move_when_the_path_is_too_long(short_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    near = State("x", short_path)
    near.create()
    assert near.sockets() == near.run

    far = State("x", short_path / ("long" * 20))
    far.create()
    runtime = short_path / "runtime"
    runtime.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    sockets = far.sockets()
    assert sockets.parent == runtime
    assert sockets.stat().st_mode & 0o777 == 0o700
    assert far.sockets() == sockets, "the same lab has the same folder"
    assert State("y", far.path.parent).sockets() != sockets

    for unfit in (str(short_path / "gone"), str(short_path / ("deep" * 20)), ""):
        monkeypatch.setenv("XDG_RUNTIME_DIR", unfit)
        found = far.sockets()
        assert found.parent == Path("/tmp")
        assert len(os.fsencode(found / "supervisor.sock.4194304")) <= state_module.MAX_SOCKET
        found.rmdir()


def test_a_foreign_folder_in_the_place_of_the_sockets_is_refused(
    short_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = State("x", short_path / ("long" * 20))
    state.create()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(short_path))
    state.sockets()
    monkeypatch.setattr("labs.state.os.geteuid", os.getuid)
    sockets = state.sockets()
    sockets.rmdir()
    sockets.symlink_to(short_path)
    with pytest.raises(StateError, match="is not a folder"):
        state.sockets()


def test_the_record_survives_and_rubbish_is_no_record(home: Path) -> None:
    state = State("x")
    state.create()
    assert state.read_record() is None
    state.write_record(RECORD)
    assert state.read_record() == RECORD
    for rubbish in ("", "{", "[]", "{}", '{"nodes": [{}]}', '{"nodes": [], "name": 1}', '{"nodes": 5}', "\0"):
        (state.path / "lab.json").write_text(rubbish, "utf-8")
        assert state.read_record() is None


def test_a_node_is_found_in_any_case() -> None:
    assert RECORD.node("R-A") is RECORD.nodes[0]
    assert RECORD.node("r-a") is RECORD.nodes[0]
    assert RECORD.node("R-B") is RECORD.nodes[1]
    assert RECORD.node("R") is None


def test_a_lab_is_alive_as_long_as_its_lock_is_held(home: Path) -> None:
    state = State("x")
    assert not state.alive()
    state.create()
    lock = state.take_alive_lock()
    assert state.alive()
    assert [found.name for found in running()] == ["x"]
    with pytest.raises(StateError, match="runs already"):
        state.take_alive_lock()
    os.close(lock)
    assert not state.alive()
    assert running() == []


def test_one_command_at_a_time(home: Path) -> None:
    state = State("x")
    with state.command_lock(wait=1):
        with pytest.raises(StateError, match="another wirelab command"), State("x").command_lock(wait=0.1):
            pass
        # A wiped lab is a new one: the lock on the file that is gone counts no more.
        state.wipe()
        with State("x").command_lock(wait=1):
            assert state.path.is_dir()
    descriptor = os.open(state.path / "command.lock", os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(descriptor)


def test_saved_configurations_are_found_and_wiped(home: Path) -> None:
    state = State("x")
    state.create()
    assert state.saved() == []
    (state.nvram / "R-A.cfg").write_text("hostname X\n", "utf-8")
    assert state.saved() == ["R-A"]
    state.forget_run(None)
    assert state.saved() == ["R-A"]
    state.wipe_saved()
    assert state.saved() == []
