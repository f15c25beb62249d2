"""Files in the flash memory of a device: what the store has to offer, and one that forgets with the process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file: its name, its octets, and when it was written (seconds since the epoch)."""

    name: str
    octets: int
    written: float


class Flash(Protocol):
    """A flat folder of text files. ``write`` returns when the text is safe; it and ``delete`` raise OSError."""

    def entries(self) -> list[FileEntry]:
        """The files in the order of their names."""

    def read(self, name: str) -> str | None: ...
    def write(self, name: str, text: str, wall: float) -> None: ...
    def delete(self, name: str) -> None: ...


class MemoryFlash:
    """Flash memory in memory."""

    def __init__(self) -> None:
        self._files: dict[str, tuple[str, float]] = {}

    def entries(self) -> list[FileEntry]:
        return [FileEntry(name, len(text.encode()), at) for name, (text, at) in sorted(self._files.items())]

    def read(self, name: str) -> str | None:
        found = self._files.get(name)
        return None if found is None else found[0]

    def write(self, name: str, text: str, wall: float) -> None:
        self._files[name] = text, wall

    def delete(self, name: str) -> None:
        del self._files[name]
