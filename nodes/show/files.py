"""``dir`` and ``show flash:``."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from nodes.device.views import DirectoryView


def _date(written: float) -> str:
    moment = datetime.fromtimestamp(written, UTC)
    return f"{moment:%b} {moment.day} {moment.year} {moment:%H:%M:%S} +00:00"


def directory(view: DirectoryView) -> Iterator[str]:
    yield f"Directory of {view.system}:/"
    yield ""
    for number, file in enumerate(view.files, 1):
        date = f"{'<no date>':>27}" if file.written is None else _date(file.written)
        yield f"{number:>5}  -rw-  {file.octets:>10}  {date}  {file.name}"
    if not view.files:
        yield f"No files in {view.system}:/"
    yield ""
    yield f"{view.octets} bytes total ({view.free} bytes free)"


def flash(view: DirectoryView) -> Iterator[str]:
    yield "-#- --length-- -----date/time------ path"
    for number, file in enumerate(view.files, 1):
        yield f"{number:<3} {file.octets:>10} {_date(file.written or 0.0)} {file.name}"
    yield ""
    yield f"{view.free} bytes available ({view.octets - view.free} bytes used)"
