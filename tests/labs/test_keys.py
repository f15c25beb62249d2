"""The file of `wirelab capture --keys`: whose keys, for whom, and whose not."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from labs.errors import LabError
from labs.keys import KeyFile
from labs.load import load
from labs.local import Local
from labs.state import Record, State

ISAKMP = "ISAKMP 0011223344556677 aabb des"
ESP = "ESP 10.0.0.1 10.0.0.2 0x1 aes-128 00 sha1 01"
BACK = "ESP 10.0.0.2 10.0.0.1 0x2 aes-128 02 sha1 03"


def record(keys: bool = True) -> Record:
    return Record(name="x", file="x.lab.yml", stage="s", endpoint="e", sockets="/s", started=0.0, keys=keys)


@pytest.fixture
def state(home: Path) -> State:
    state = State("x")
    state.create()
    return state


def words(path: Path) -> list[str]:
    """As xargs splits the file."""
    return shlex.split(path.read_text())


def test_both_ends_log_the_same_keys(state: State, tmp_path: Path) -> None:
    for name in ("R-A", "R-B"):
        (state.keys / f"{name}.keys").write_text(f"{ISAKMP}\n{ESP}\n{BACK}\n")
    path = tmp_path / "keys"
    keys = KeyFile(record(), Local(state, record()).key_logs, path)
    keys.refresh()
    assert (keys.isakmp, keys.esp) == (1, 2)
    assert path.stat().st_mode & 0o777 == 0o600
    assert words(path)[::2] == ["-o"] * 5
    assert words(path)[5] == "uat:ikev1_decryption_table:0011223344556677,aabb"
    assert words(path)[7].startswith('uat:esp_sa:"IPv4","10.0.0.1","10.0.0.2","0x00000001","AES-CBC [RFC3602]","0x00"')
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == ["keys"]


def test_it_follows_the_logs_and_waits_for_whole_lines(state: State, tmp_path: Path) -> None:
    path, log = tmp_path / "keys", state.keys / "R-A.keys"
    keys = KeyFile(record(), Local(state, record()).key_logs, path)
    keys.refresh()
    assert (keys.isakmp, keys.esp, len(words(path))) == (0, 0, 4)
    log.write_text(f"{ISAKMP}\n{ESP[:30]}")
    keys.refresh()
    assert (keys.isakmp, keys.esp, keys.refused) == (1, 0, {})
    log.write_text(f"{ISAKMP}\n{ESP}\n")
    keys.refresh()
    assert (keys.isakmp, keys.esp) == (1, 1)
    path.unlink()
    keys.refresh()
    assert not path.exists(), "nothing new, nothing written"


def test_a_line_that_is_none_is_told_and_the_others_count(state: State, tmp_path: Path) -> None:
    (state.keys / "R-A.keys").write_bytes(b"secret \xff\n" + f"{ISAKMP}\n".encode())
    keys = KeyFile(record(), Local(state, record()).key_logs, tmp_path / "keys")
    keys.refresh()
    assert keys.isakmp == 1
    assert keys.refused == {"R-A": "line 1: ISAKMP with 3 words or ESP with 7 words expected"}


def test_a_lab_can_keep_its_keys(state: State, tmp_path: Path) -> None:
    with pytest.raises(LabError, match="keeps its keys to itself"):
        KeyFile(record(keys=False), Local(state, record()).key_logs, tmp_path / "keys")
    (tmp_path / "exam.lab.yml").write_text("name: exam\nkeys: false\ntopology: {nodes: {A: {kind: pc}}}\n")
    assert not load(tmp_path / "exam.lab.yml").keys
    (tmp_path / "free.lab.yml").write_text("name: free\ntopology: {nodes: {A: {kind: pc}}}\n")
    assert load(tmp_path / "free.lab.yml").keys


def test_a_place_that_cannot_be_written(state: State, tmp_path: Path) -> None:
    with pytest.raises(LabError, match="cannot be written"):
        KeyFile(record(), Local(state, record()).key_logs, tmp_path / "no" / "keys").refresh()


def test_keys_go_with_the_run(state: State) -> None:
    (state.keys / "R-A.keys").write_text("x")
    state.forget_run(None)
    assert not state.keys.exists()
