"""up, down, start, stop, restart."""

from __future__ import annotations

import argparse

from labs import find, launch
from labs.control import address
from labs.document import MistakesError
from labs.errors import LabError
from labs.load import load
from labs.model import NAME, NAME_RULE
from labs.output import Progress, command, say, spell, table
from labs.state import Record, running


def up(options: argparse.Namespace) -> int:
    file = find.lab_file(options.lab)
    try:
        lab = load(file, None if options.lab in (None, *find.catalog()) else options.lab)
    except MistakesError as error:
        count = len(error.mistakes)
        raise LabError(f"{count} mistake{'s' * (count > 1)} in the lab file; nothing was started\n{error}") from None
    name = options.name or lab.name
    if NAME.fullmatch(name) is None:
        raise LabError(f"a lab's name is made of {NAME_RULE}; found {name!r}")
    wish = launch.Wish(name, options.stage, options.base_port, options.wipe)
    with Progress("nodes ready") as progress:
        started = launch.up(lab, wish, say=say, report=progress.report)
    record = started.record
    if started.fresh:
        rows = [("NODE", "KIND", "STATE", "CONSOLE")]
        rows += [(node.name, node.kind, "running", address(node.console)) for node in record.nodes]
        table(rows)
        propose(record)
    else:
        print(f"lab {name!r} runs already, at stage {record.stage!r}; `{command()} ps` shows it. Nothing was changed.")
    return 0


def propose(record: Record) -> None:
    """Prints three lines on what to try: the lab file's own, or what can be done with any lab."""
    consoles = {node.name: address(node.console) for node in record.nodes}
    first = record.nodes[0]
    lines = record.tries or [f"telnet {consoles[first.name]}", f"wirelab connect {first.name}", "wirelab down"]
    lab = record.name if len(running()) > 1 else None
    print("\ntry:")
    for line in lines:
        for name, console in consoles.items():
            line = line.replace(f"{{{name}}}", console)
        print(f"  {spell(line, command(), lab)}")


def down(options: argparse.Namespace) -> int:
    state = find.left_over(options.name)
    saved = state.saved()
    ran = launch.down(state, wipe=options.wipe)
    what = f"lab {state.name!r} is down" if ran else f"lab {state.name!r} did not run"
    if options.wipe:
        what += "; nothing of it is kept"
    elif saved:
        what += f"; startup-configs saved by {', '.join(saved)} are kept (--wipe forgets them)"
    print(what)
    return 0


def restart(options: argparse.Namespace) -> int:
    return _power(options, "restarted", off=True, on=True)


def stop(options: argparse.Namespace) -> int:
    return _power(options, "stopped", off=True, on=False)


def start(options: argparse.Namespace) -> int:
    return _power(options, "started", off=False, on=True)


def _power(options: argparse.Namespace, word: str, *, off: bool, on: bool) -> int:
    lab = find.select(options.name, options.compose)
    names = list(dict.fromkeys(find.node(lab.record, name).name for name in options.nodes))
    changed = lab.power(names, off=off, on=on)
    for name in names:
        print(f"{name} {word}" if name in changed else f"{name} was {word} already")
    return 0
