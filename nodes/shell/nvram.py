"""The startup-config on disk. A reader finds the old text or the new one, whole, whatever was killed in between."""

from __future__ import annotations

import os
from pathlib import Path


class FileNvram:
    """The saved startup-config of one node."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> str | None:
        """The saved text; None when nothing was saved, or when it cannot be read."""
        try:
            return self._path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None

    def write(self, text: str) -> None:
        """Replace the text; it is on the disk when this returns. Raises OSError."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self._path.with_name(self._path.name + ".new")
        with temporary.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._path)
        directory = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
