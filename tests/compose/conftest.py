"""What is made once for all tests with containers, and that nothing of it stays."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.compose import engine


@pytest.fixture(scope="session")
def clone() -> Iterator[Path]:
    why_not = engine.why_not()
    if why_not is not None:
        pytest.skip(why_not)
    with engine.clone() as folder:
        yield folder


@pytest.fixture(scope="session")
def base(clone: Path) -> Iterator[str]:
    with engine.base() as name:
        yield name


@pytest.fixture(scope="session")
def image(clone: Path, base: str) -> Iterator[str]:
    with engine.image(base, clone) as name:
        yield name
    assert engine.run("docker", "images", "--quiet", name) == ""


@pytest.fixture(scope="session")
def state_home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="wl-"))
    yield folder
    shutil.rmtree(folder)
