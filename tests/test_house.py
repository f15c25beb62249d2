"""The house rules that a tool can check: who may import whom, style, and what a lock file may hold."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TOOLS = Path(sys.executable).parent


def run(*words: str) -> None:
    done = subprocess.run([TOOLS / words[0], *words[1:]], cwd=ROOT, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_import_contracts() -> None:
    run("lint-imports", "--no-cache")


@pytest.mark.parametrize("words", [("check",), ("format", "--check")], ids=" ".join)
def test_ruff(words: tuple[str, ...]) -> None:
    run("ruff", *words, ".")


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-test.lock", "requirements-automation.lock"])
def test_lock_files_hold_hashes_and_no_address(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "--hash=sha256:" in text
    assert "://" not in text
    assert "index-url" not in text
