"""A lab that ``wirelab up`` started here: its supervisord, and what its state folder holds."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, Final

from labs.control import Daemon, Program
from labs.programs import BROKER
from labs.running import Part, Running
from labs.state import Record, State

SUPERVISOR: Final = "supervisord"
#: Seconds between two looks at the logs.
_LOOK: Final = 0.1
_STATES: Final = {
    "RUNNING": "running",
    "STARTING": "starting",
    "STOPPING": "stopping",
    "STOPPED": "stopped",
    "EXITED": "restarting",
}


class Local(Running):
    others = (BROKER, SUPERVISOR)

    def __init__(self, state: State, record: Record) -> None:
        self.state = state
        self.record = record

    def parts(self) -> dict[str, Part]:
        return {name: _part(program) for name, program in Daemon(Path(self.record.sockets)).programs().items()}

    def power(self, names: Sequence[str], *, off: bool, on: bool) -> list[str]:
        from labs import launch

        return launch.power(self.state, self.record, names, off=off, on=on)

    def logs(self, names: Sequence[str], *, tail: int | None, follow: bool) -> None:
        width = max(map(len, names))
        with contextlib.ExitStack() as files:
            logs = [LogFile(self.state.logs / f"{name}.log", name.ljust(width)) for name in names]
            for log in logs:
                files.callback(log.close)
                log.print_existing(tail)
            while follow:
                sys.stdout.flush()
                time.sleep(_LOOK)
                for log in logs:
                    log.print_new()

    def key_logs(self) -> Mapping[str, str]:
        logs = {}
        for file in self.state.keys.glob("*.keys"):
            with contextlib.suppress(OSError):  # the lab is on its way down
                logs[file.stem] = file.read_text("ascii", "replace")
        return logs


def _part(program: Program) -> Part:
    words = _STATES.get(program.state, "failed")
    return Part(words, program.pid, program.since) if program.pid else Part(words)


class LogFile:
    """One log file, across its rotations."""

    def __init__(self, path: Path, label: str) -> None:
        self._path = path
        self._label = label
        self._file: BinaryIO | None = None
        self._rest = b""

    def print_existing(self, tail: int | None) -> None:
        """Prints what is there: all of it, older files first, or the last ``tail`` lines."""
        backups = sorted(self._path.parent.glob(f"{self._path.name}.*"), key=lambda file: file.name, reverse=True)
        lines = [line for file in backups for line in _lines(file)]
        self._open()
        if self._file is not None:
            lines += self._read()
        if tail is not None:
            lines = lines[-tail:] if tail > 0 else []
        self._print(lines)

    def print_new(self) -> None:
        """Prints what was written since, and goes on to the new file when the log was rotated."""
        if self._file is None:
            self._open()
        if self._file is None:
            return
        self._print(self._read())
        try:
            rotated = not os.path.samestat(self._path.stat(), os.fstat(self._file.fileno()))
        except FileNotFoundError:
            return  # in the middle of a rotation, or the lab was wiped
        if rotated:
            self._print(self._read())  # what came between the read above and the rotation
            self.close()
            self._open()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _open(self) -> None:
        try:
            self._file = self._path.open("rb")
        except OSError:
            self._file = None

    def _read(self) -> list[bytes]:
        assert self._file is not None
        *whole, self._rest = (self._rest + self._file.read()).split(b"\n")
        return whole

    def _print(self, lines: list[bytes]) -> None:
        for line in lines:
            print(f"{self._label} | {line.decode('utf-8', 'replace')}")


def _lines(file: Path) -> list[bytes]:
    try:
        return file.read_bytes().splitlines()
    except OSError:
        return []
