"""Which lab a command means: the catalog, lab files, and the labs that run."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from pathlib import Path
from typing import Final

from labs.errors import LabError
from labs.state import NodeRecord, Record, State, running

CATALOG: Final = Path(__file__).resolve().parent / "catalog"
#: What `wirelab up` starts when it is not told.
DEFAULT_LAB: Final = "no4-ipsec"
SUFFIX: Final = ".lab.yml"


def catalog() -> dict[str, Path]:
    """The labs that come with the product: name -> lab file."""
    return {file.name.removesuffix(SUFFIX): file for file in sorted(CATALOG.glob(f"*/*{SUFFIX}"))}


def source_tree() -> Path | None:
    """The folder from which images are built, when this runs from one and is not installed."""
    folder = CATALOG.parent.parent
    return folder if (folder / "Dockerfile").is_file() else None


def lab_file(word: str | None) -> Path:
    """The lab file that ``word`` means: a path, or a name of the catalog. Raises LabError."""
    known = catalog()
    if word is None:
        word = DEFAULT_LAB
    if word in known:
        return known[word]
    path = Path(word)
    if path.exists() or "/" in word or word.endswith((".yml", ".yaml")):
        return path
    raise LabError(f"no lab {word!r}{near(word, known)}; labs: {', '.join(known)}, or the path of a {SUFFIX} file")


def select(name: str | None) -> tuple[State, Record]:
    """The running lab called ``name``, or the only one that runs. Raises LabError when that is not clear."""
    labs = {state.name: state for state in running()}
    if name is None:
        if len(labs) > 1:
            raise LabError(f"several labs run: {', '.join(labs)}; say which with -n LAB")
        if not labs:
            raise LabError("no lab runs; `wirelab up` starts one, `wirelab list` shows what there is")
        name = next(iter(labs))
    if name not in labs:
        runs = f"; running: {', '.join(labs)}" if labs else ""
        raise LabError(f"lab {name!r} does not run{runs}; `wirelab list` shows what there is")
    record = labs[name].read_record()
    if record is None:
        raise LabError(f"the record of lab {name!r} ({labs[name].path / 'lab.json'}) cannot be read; take the lab down")
    return labs[name], record


def left_over(name: str | None) -> State:
    """The lab that ``down`` and ``logs`` mean: as :func:`select`, and a lab that has ended will do if it is named."""
    if name is not None:
        state = State(name)
        if state.path.is_dir():
            return state
    return select(name)[0]


def node(record: Record, word: str) -> NodeRecord:
    """The node that ``word`` means. Raises LabError."""
    found = record.node(word)
    if found is None:
        names = [node.name for node in record.nodes]
        raise LabError(f"lab {record.name!r} has no node {word!r}{near(word, names)}; nodes: {', '.join(names)}")
    return found


def near(word: str, known: Collection[str]) -> str:
    """``; did you mean 'x'?`` when there is something near."""
    lowered = {name.lower(): name for name in known}
    found = difflib.get_close_matches(word.lower(), lowered, n=1)
    return f"; did you mean {lowered[found[0]]!r}?" if found else ""
