"""``wirelab new``: a lab file with comments, configurations that run, and the schema for an editor."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from labs import schema
from labs.errors import LabError
from labs.find import SUFFIX
from labs.model import NAME, NAME_RULE

_TEMPLATE: Final = Path(__file__).resolve().parent / "template"
_LAB: Final = f"example{SUFFIX}"


def write(name: str, folder: Path) -> list[Path]:
    """Makes the lab ``name`` in ``folder``, which may be there but empty; its files, the lab file first.

    Raises LabError.
    """
    if NAME.fullmatch(name) is None:
        raise LabError(f"a lab's name is made of {NAME_RULE}; found {name!r}")
    lab = (_TEMPLATE / _LAB).read_text("utf-8")
    contents = {f"{name}{SUFFIX}": re.sub(r"^name: .*$", f'name: "{name}"', lab, count=1, flags=re.MULTILINE)}
    for file in sorted(_TEMPLATE.rglob("*.cfg")):
        contents[str(file.relative_to(_TEMPLATE))] = file.read_text("utf-8")
    contents[schema.FILE] = schema.text()
    try:
        if folder.exists() and any(folder.iterdir()):
            raise LabError(f"{folder} is there already, and not empty; nothing was written")
        for relative, content in contents.items():
            path = folder / relative
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, "utf-8")
    except OSError as error:
        raise LabError(f"{error.filename or folder} cannot be written: {error.strerror or error}") from None
    return [folder / relative for relative in contents]
