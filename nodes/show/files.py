"""``dir`` and ``show flash:``."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from nodes.device import images
from nodes.device.views import DirectoryView


def _date(written: float) -> str:
    moment = datetime.fromtimestamp(written, UTC)
    return f"{moment:%b} {moment.day} {moment.year} {moment:%H:%M:%S} +00:00"


def directory(view: DirectoryView) -> Iterator[str]:
    yield f"Directory of {view.system}:/{view.asked}"
    yield ""
    # The first file in the flash of a switch is number 2, and what is there may be run.
    old = images.of(view.personality).classic and view.system == "flash"
    for number, file in enumerate(view.files, 2 if old else 1):
        if view.asked in ("", file.name):
            date = "<no date>" if file.written is None else _date(file.written)
            yield f"{number:>5}  {'-rwx' if old else '-rw-'}  {file.octets:>10}  {date:>27}  {file.name}"
    if not view.files:
        yield f"No files in {view.system}:/"
    yield ""
    yield f"{view.octets} bytes total ({view.free} bytes free)"


def flash(view: DirectoryView) -> Iterator[str]:
    if images.of(view.personality).classic:
        yield from directory(view)
        return
    yield "-#- --length-- -----date/time------ path"
    for number, file in enumerate(view.files, 1):
        yield f"{number:<3} {file.octets:>10} {_date(file.written or 0.0)} {file.name}"
    yield ""
    yield f"{view.free} bytes available ({view.octets - view.free} bytes used)"
