"""`wirelab new`: what it writes is valid, and says what to do next. That it runs is shown in tests/lab/test_new.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from labs import schema
from labs.command import main
from labs.load import load


def test_a_lab_with_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new", "mine"]) == 0
    said = capsys.readouterr().out
    assert "mine/mine.lab.yml, and 6 files" in said
    assert "wirelab up mine/mine.lab.yml\n" in said
    file = tmp_path / "mine/mine.lab.yml"
    lab = load(file)
    assert lab.name == "mine"
    assert [node.kind for node in lab.nodes] == ["router", "router", "switch", "pc", "pc"]
    assert all(node.startup.keys() == {"start", "solution"} for node in lab.nodes)
    assert file.read_text("utf-8").startswith(f"# yaml-language-server: $schema={schema.FILE}\n")
    assert (file.parent / schema.FILE).read_text("utf-8") == schema.text()
    assert main(["validate", "mine/mine.lab.yml"]) == 0
    assert main(["compose", "mine/mine.lab.yml", "-o", "mine/docker-compose.yml"]) == 0

    assert main(["new", "mine"]) == 1
    assert "mine is there already, and not empty" in capsys.readouterr().err


def test_elsewhere_and_what_cannot_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    assert main(["new", str(tmp_path / "empty"), "-n", "007"]) == 0
    assert load(tmp_path / "empty/007.lab.yml").name == "007"
    assert main(["new", str(tmp_path / "a b")]) == 1
    assert "a lab's name is made of" in capsys.readouterr().err
    assert not (tmp_path / "a b").exists()
    (tmp_path / "file").write_text("")
    assert main(["new", str(tmp_path / "file")]) == 1
    assert "cannot be written: Not a directory" in capsys.readouterr().err
