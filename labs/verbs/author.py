"""new, schema, compose: for those who make labs."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path

from labs import find
from labs.document import MistakesError
from labs.errors import LabError
from labs.load import load
from labs.model import NAME, NAME_RULE
from labs.output import command


def new(options: argparse.Namespace) -> int:
    from labs.new import write

    folder = Path(options.directory)
    lab, *others = write(options.name or folder.absolute().name, folder)
    print(f"{lab}, and {len(others)} files that it needs. Next:\n")
    called, file = command(), shlex.quote(str(lab))
    print(f"  {called} up {file}")
    print(f"  {called} validate {file}    # after each change")
    print(f"  {called} compose {file} -o {shlex.quote(str(lab.parent / 'docker-compose.yml'))}    # for docker compose")
    return 0


def schema(options: argparse.Namespace) -> int:
    from labs.schema import text

    _write(text(), options.output)
    return 0


def compose(options: argparse.Namespace) -> int:
    from labs.compose import Wish, render

    file = find.lab_file(options.lab)
    try:
        lab = load(file, None if options.lab in (None, *find.catalog()) else options.lab)
    except MistakesError as error:
        raise LabError(f"mistakes in the lab file; nothing was made\n{error}") from None
    if options.name is not None and NAME.fullmatch(options.name) is None:
        raise LabError(f"a lab's name is made of {NAME_RULE}; found {options.name!r}")
    wish = Wish(
        folder=Path(options.output).parent if options.output is not None else Path(),
        stage=options.stage or lab.default_stage,
        remake=_remake(options),
        context=find.source_tree(),
        name=options.name,
        bind=options.bind,
        base_port=options.base_port,
    )
    _write(render(lab, wish), options.output)
    return 0


def _remake(options: argparse.Namespace) -> str:
    """The command that was given, as it stands in the file: of ``-o`` only the name, so that it does not depend on who
    made the file where."""
    lab = options.lab or find.DEFAULT_LAB
    words = ["wirelab", "compose", lab if lab in find.catalog() else Path(lab).name]
    for option, value in (
        ("-n", options.name),
        ("--stage", options.stage),
        ("--bind", options.bind),
        ("--base-port", options.base_port),
        ("-o", Path(options.output).name if options.output is not None else None),
    ):
        if value is not None:
            words += [option, str(value)]
    return shlex.join(words)


def _write(text: str, output: str | None) -> None:
    if output is None:
        sys.stdout.write(text)
        return
    try:
        Path(output).write_text(text, "utf-8")
    except OSError as error:
        raise LabError(f"{output} cannot be written: {error.strerror or error}") from None
