"""Helpers for tests that start processes: poll with a deadline, and a supervisord of one's own."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol, TypeVar

import pytest

from labs.control import ControlError, Daemon, Program

REPOSITORY = Path(__file__).resolve().parents[2]

T = TypeVar("T")


class Wait(Protocol):
    def __call__(self, look: Callable[[], T], timeout: float = 10.0) -> T: ...


@pytest.fixture
def wait_for() -> Wait:
    """Calls ``look`` until its result is true and returns that; fails when the time is over."""

    def wait(look: Callable[[], T], timeout: float = 10.0) -> T:
        deadline = time.monotonic() + timeout
        while True:
            result = look()
            if result:
                return result
            assert time.monotonic() < deadline, "it did not happen in time"
            time.sleep(0.01)

    return wait


class ForkServer:
    """A running ``python -m labs.supervisor`` in a folder of its own."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes]) -> None:
        self.folder = folder
        self.process = process
        self.daemon = Daemon(folder)

    def program(self, name: str) -> Program:
        return self.daemon.programs()[name]

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text("utf-8")


class StartForkServer(Protocol):
    def __call__(self, programs: dict[str, str], preload: str = "", more: str = "") -> ForkServer: ...


@pytest.fixture
def fork_server(tmp_path: Path, wait_for: Wait) -> Iterator[StartForkServer]:
    """Starts supervisords with the package ``fakeprogram`` of the tests; ``programs`` maps names to commands."""
    started: list[subprocess.Popen[bytes]] = []

    def start(programs: dict[str, str], preload: str = "", more: str = "") -> ForkServer:
        parts = [
            "[unix_http_server]\nfile=supervisor.sock",
            "[supervisord]\nidentifier=testlab\nnodaemon=true\nsilent=true\nminfds=512\nminprocs=1\nnocleanup=true",
            "[rpcinterface:supervisor]",
            "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface",
            f"[wirelab]\npackages=fakeprogram\npreload={preload}\n{more}",
        ]
        parts += [
            f"[program:{name}]\ncommand={command}\nstartsecs=0\nstopwaitsecs=8\nautorestart=false\n"
            f"redirect_stderr=true\nstdout_logfile={name}.log\n"
            for name, command in programs.items()
        ]
        (tmp_path / "supervisord.conf").write_text("\n".join(parts), "utf-8")
        path = os.pathsep.join((str(REPOSITORY), str(Path(__file__).parent)))
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "labs.supervisor", "-c", "supervisord.conf"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": path},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        started.append(process)
        server = ForkServer(tmp_path, process)

        def answers() -> bool:
            with contextlib.suppress(ControlError):
                server.daemon.programs()
                return True
            assert process.poll() is None, "the supervisor ended"
            return False

        wait_for(answers)
        return server

    yield start
    for process in started:
        process.terminate()
        process.wait(15)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder of this test alone; returns the one of all its labs. No engine is there to have others."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("DOCKER_HOST", "unix:///none")
    return tmp_path / "state" / "wirelab"


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A folder whose path leaves room for sockets, which pytest's own does not."""
    with tempfile.TemporaryDirectory(prefix="wl-", dir="/tmp") as folder:
        yield Path(folder)
