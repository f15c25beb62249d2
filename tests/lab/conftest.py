"""Labs of real processes, each in a state folder with a short path (sockets have little room)."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.lab.live import LiveLab

_NUMBERS = count()


@pytest.fixture(scope="session")
def state_home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="wl-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def lab(state_home: Path) -> Iterator[LiveLab]:
    """A lab that is not up yet."""
    with LiveLab(state_home, f"t{next(_NUMBERS)}") as lab:
        yield lab
    assert not lab.processes(), "a lab that is down left processes behind"
