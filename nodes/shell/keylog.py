"""The key log of a router: what ``wirelab capture --keys`` decrypts a capture with, as browsers keep one for TLS.

It lies in the lab's private folder and goes with the lab; a lab file can forbid it, and then nothing is written.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


class KeyLog:
    """Lines of :class:`nodes.device.effects.KeyMade`, appended to ``path``; None keeps nothing."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def write(self, line: str) -> None:
        """A log that cannot be written must not stop the router: the capture then lacks the key, and shows it."""
        if self._path is None:
            return
        with suppress(OSError):
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                os.write(descriptor, line.encode() + b"\n")
            finally:
                os.close(descriptor)
