"""prepare: descriptions and keys for processes that something else starts."""

from __future__ import annotations

import argparse
from pathlib import Path

from labs import find
from labs.document import MistakesError
from labs.errors import LabError
from labs.load import load
from labs.model import NAME, NAME_RULE
from labs.prepare import Place, write_folders


def prepare(options: argparse.Namespace) -> int:
    file = find.lab_file(options.lab)
    try:
        lab = load(file, None if options.lab in find.catalog() else options.lab)
    except MistakesError as error:
        raise LabError(f"mistakes in the lab file; nothing was made\n{error}") from None
    name, stage = options.name or lab.name, options.stage or lab.default_stage
    if NAME.fullmatch(name) is None:
        raise LabError(f"a lab's name is made of {NAME_RULE}; found {name!r}")
    if stage not in [known.name for known in lab.stages]:
        raise LabError(f"lab {lab.name!r} has no stage {stage!r}; stages: {', '.join(s.name for s in lab.stages)}")
    place = Place(options.broker or Place.broker, options.listen, options.base_port, options.console, options.owner)
    new = write_folders(lab, Path(options.directory), name=name, stage=stage, place=place)
    keys = f"new keys: {', '.join(new)}" if new else "all keys were there"
    print(
        f"{options.directory} is ready for lab {name!r} at stage {stage!r}: a broker and {len(lab.nodes)} nodes; {keys}"
    )
    return 0
