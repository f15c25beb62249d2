"""The lab that `wirelab new` writes, with real processes: both stages, from one end to the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lab.live import LiveLab

pytestmark = pytest.mark.processes


def test_it_runs_as_it_is(lab: LiveLab, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    lab.wirelab("new", str(folder), lab=False)
    lab.wirelab("up", str(folder / "mine.lab.yml"), "--base-port", "0")
    lab.exec("PC1", "ping 192.168.2.10 -w 1000")
    assert "Received = 4, Lost = 0" in lab.exec("PC1", "ping 192.168.2.10")
    assert {node["state"] for node in lab.ps()["nodes"]} == {"running"}
    assert "notconnect" not in lab.exec("SW1", "show interfaces status | include PC1|R1")
    for name in ("R1", "R2", "SW1", "PC1", "PC2"):
        assert "refused" not in lab.wirelab("logs", name).stdout
    lab.wirelab("down")
    lab.wirelab("up", str(folder / "mine.lab.yml"), "--base-port", "0", "--stage", "start")
    assert "Destination host unreachable" in lab.exec("PC1", "ping 192.168.2.10 -n 1")
