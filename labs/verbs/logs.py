"""logs: what the processes of a lab wrote, each line behind the name of its process."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import time
from pathlib import Path
from typing import BinaryIO, Final

from labs import find
from labs.errors import LabError
from labs.programs import BROKER

_SUPERVISOR: Final = "supervisord"
#: Seconds between two looks at the files.
_LOOK: Final = 0.1


def logs(options: argparse.Namespace) -> int:
    state = find.left_over(options.name)
    record = state.read_record()
    names = [node.name for node in record.nodes] if record is not None else []
    chosen: list[str] = []
    for word in options.nodes:
        if word in (BROKER, _SUPERVISOR):
            chosen.append(word)
        elif record is not None:
            chosen.append(find.node(record, word).name)
        else:
            raise LabError(f"the record of lab {state.name!r} cannot be read; its logs are in {state.logs}")
    chosen = chosen or [BROKER, *names]
    width = max(map(len, chosen))
    with contextlib.ExitStack() as files:
        logs = [Log(state.logs / f"{name}.log", name.ljust(width)) for name in chosen]
        for log in logs:
            files.callback(log.close)
            log.print_existing(options.tail)
        while options.follow:
            sys.stdout.flush()
            time.sleep(_LOOK)
            for log in logs:
                log.print_new()
    return 0


class Log:
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
