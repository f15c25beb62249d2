"""Whether a process is well: it says so, from its own loop, to whoever connects to its Unix socket.

The answer is one line, "ok" or what is not, and the end of the connection. A process that hangs says nothing, which is
an answer too. No session is opened and nothing is logged for it. :mod:`broker.probe` asks as cheaply as can be.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Final

from broker import probe

WELL: Final = "ok"
_LONGEST: Final = 200


class Health:
    """The asked side: watch ``fileno()`` and call ``answer`` when it is readable."""

    def __init__(self, path: Path, state: Callable[[], str]) -> None:
        """``state``: the line, WELL or what is wrong. Raises OSError."""
        self._path = path
        self._state = state
        path.unlink(missing_ok=True)  # of a process that was killed
        self._socket = socket.socket(socket.AF_UNIX)
        before = os.umask(0o077)
        try:
            self._socket.bind(str(path))
            self._socket.listen()
            self._socket.setblocking(False)
        except OSError:
            self._socket.close()
            raise
        finally:
            os.umask(before)

    def fileno(self) -> int:
        return self._socket.fileno()

    def answer(self) -> None:
        with contextlib.suppress(OSError):  # whoever asked may have gone
            asking, _ = self._socket.accept()
            with asking:
                asking.send(self._state().encode()[:_LONGEST])

    def close(self) -> None:
        self._socket.close()
        self._path.unlink(missing_ok=True)


def check(file: Path) -> int:
    """Ask the process whose description is in ``file``, and print what it says; the exit status, 0 when it is well."""
    import msgpack

    try:
        path = msgpack.unpackb(file.read_bytes(), strict_map_key=False).get("health")
    except Exception as error:  # msgpack raises half a dozen unrelated classes for malformed input
        line = f"{file}: not a description: {error!r}"
    else:
        line = ask(file.parent / path) if isinstance(path, str) else f"{file}: names no health socket"
    print(line)  # noqa: T201
    return 0 if line == WELL else 1


def ask(path: Path, timeout: float = probe.PATIENCE) -> str:
    """The line of the process that listens at ``path``, or why there is none."""
    return probe.ask(str(path), timeout)
