"""The flash memory of a node: a folder beside its saved startup-config, made when the first file is written."""

from __future__ import annotations

import os
from pathlib import Path

from nodes.device.files import FileEntry
from nodes.shell.nvram import FileNvram

_NEW = ".new"


class FolderFlash:
    """The files of one node. Names come checked: they have no slash and no leading dot."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def entries(self) -> list[FileEntry]:
        """The files; what an interrupted write left behind is none."""
        try:
            found = [(path.name, path.stat()) for path in self._folder.iterdir() if path.suffix != _NEW]
        except OSError:
            return []
        return [FileEntry(name, stat.st_size, stat.st_mtime) for name, stat in sorted(found)]

    def read(self, name: str) -> str | None:
        return FileNvram(self._folder / name).read()

    def write(self, name: str, text: str, wall: float) -> None:
        """Replace a file, whole or not at all. Raises OSError."""
        FileNvram(self._folder / name).write(text)
        os.utime(self._folder / name, (wall, wall))

    def delete(self, name: str) -> None:
        (self._folder / name).unlink()
