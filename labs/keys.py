"""The keys of a lab's tunnels, from the key logs of its devices to a file for tshark and Wireshark."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from labs.errors import LabError
from labs.state import Record
from nodes.decode import keylog


class KeyFile:
    """A file of ``-o`` options, one a line and quoted for xargs, that follows the key logs of a running lab."""

    def __init__(self, record: Record, logs: Callable[[], Mapping[str, str]], path: Path) -> None:
        """``logs`` gives the key logs as they are now, by node. Nothing is written yet. Raises LabError when the lab
        keeps its keys to itself."""
        if not record.keys:
            raise LabError(
                f"lab {record.name!r} keeps its keys to itself (`keys: false` in {record.file}): "
                "what its tunnels carry can be captured, but not decrypted"
            )
        self._logs = logs
        self._path = path
        self._seen: object = None
        self.isakmp = 0
        """Keys of ISAKMP SAs in the file."""
        self.esp = 0
        """Keys of ESP SAs in the file."""
        self.refused: dict[str, str] = {}
        """Node -> what is wrong with a line of its key log."""

    def refresh(self) -> None:
        """Write the file, if the keys are others than last time. Only its owner can read it. Raises LabError."""
        logs = self._logs()
        if logs == self._seen:
            return
        keys = [key for name in sorted(logs) for key in self._read(name, logs[name])]
        unique = dict.fromkeys(keys)
        self.isakmp = sum(isinstance(key, keylog.IsakmpKey) for key in unique)
        self.esp = len(unique) - self.isakmp
        self._write("".join(f"-o '{option}'\n" for option in keylog.options(unique)))
        self._seen = logs

    def _read(self, name: str, log: str) -> list[keylog.Key]:
        *lines, _ = log.split("\n")  # behind the last line feed: one being written
        keys: list[keylog.Key] = []
        for number, line in enumerate(lines, 1):
            try:
                keys.append(keylog.parse_line(line))
            except keylog.KeyLogError as error:
                self.refused[name] = f"line {number}: {error}"
        return keys

    def _write(self, text: str) -> None:
        draft = self._path.with_name(f".{self._path.name}.new")
        try:
            draft.unlink(missing_ok=True)
            draft.touch(0o600, exist_ok=False)  # nobody else may read it, at no moment
            draft.write_text(text, "ascii")
            draft.replace(self._path)
        except OSError as error:
            raise LabError(f"the keys cannot be written to {self._path}: {error.strerror or error}") from None
