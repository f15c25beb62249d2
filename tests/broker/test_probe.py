"""The probe of health: what it says, and that it needs nothing installed."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from broker import probe
from broker.health import WELL, Health


def run(path: Path) -> tuple[int, str]:
    """As a container's health check does."""
    words = [sys.executable, "-I", "-S", probe.__file__, str(path)]
    done = subprocess.run(words, cwd="/", capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout


@pytest.mark.parametrize(("state", "status"), [(WELL, 0), ("the broker does not serve it", 1)])
def test_it_says_what_the_process_says(tmp_path: Path, state: str, status: int) -> None:
    health = Health(tmp_path / "health.sock", lambda: state)
    os.set_blocking(health.fileno(), True)
    answering = threading.Thread(target=health.answer)
    answering.start()
    assert run(tmp_path / "health.sock") == (status, f"{state}\n")
    answering.join()
    health.close()


def test_nobody_is_there_or_nobody_answers(tmp_path: Path) -> None:
    path = tmp_path / "health.sock"
    assert run(path) == (1, f"{path}: No such file or directory\n")
    health = Health(path, lambda: WELL)
    assert probe.ask(str(path), 0.05) == "no answer within 0 s"
    health.close()
