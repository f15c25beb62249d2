"""Which lab a command means: the catalog, lab files, and the labs that run."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Final

from labs.errors import LabError
from labs.running import Running
from labs.state import NodeRecord, Record, State, running

if TYPE_CHECKING:
    from labs.containers import Composed

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


def select(name: str | None, compose: bool = False) -> Running:
    """The running lab called ``name``, or the only one that runs. Raises LabError when that is not clear.

    A lab that was started here is found first; with ``compose`` only labs that compose started are looked at.
    """
    here = {} if compose else {state.name: state for state in running()}
    if name in here:
        return _local(here[name])
    labs = composed(compose)
    if name is not None:
        # The same lab may run in several projects of compose; a project's name tells them apart.
        found = [lab for lab in labs if name == lab.record.name] or [lab for lab in labs if name == lab.project]
        if len(found) == 1:
            return found[0]
        if found:
            projects = ", ".join(lab.project for lab in found)
            raise LabError(f"lab {name!r} runs in several projects of compose; say which with -n: {projects}")
    names = [*here, *(f"{lab.record.name} (by compose, project {lab.project})" for lab in labs)]
    if name is None and len(names) == 1:
        return _local(next(iter(here.values()))) if here else labs[0]
    if name is None and names:
        raise LabError(f"several labs run: {', '.join(names)}; say which with -n LAB")
    if name is None:
        start = "`docker compose up -d` starts one" if compose else "`wirelab up` starts one"
        raise LabError(f"no lab runs{' by compose' * compose}; {start}, `wirelab list` shows what there is")
    runs = f"; running: {', '.join(names)}" if names else ""
    raise LabError(f"lab {name!r} does not run{' by compose' * compose}{runs}; `wirelab list` shows what there is")


def _local(state: State) -> Running:
    from labs.local import Local

    record = state.read_record()
    if record is None:
        raise LabError(
            f"the record of lab {state.name!r} ({state.path / 'lab.json'}) cannot be read; take the lab down"
        )
    return Local(state, record)


def composed(asked: bool = False) -> list[Composed]:
    """The labs that compose runs. Without an engine there are none, unless they are what was ``asked`` for."""
    from labs import containers

    try:
        return [lab for lab in containers.labs() if lab.runs]
    except containers.DockerError:
        if asked:
            raise
        return []


def left_over(name: str | None) -> State:
    """The lab that ``down`` means: one that was started here, also one that has ended if it is named. Raises
    LabError."""
    if name is not None:
        state = State(name)
        if state.path.is_dir():
            return state
    lab = select(name)
    if lab.down is not None:
        raise LabError(f"lab {lab.record.name!r} was started by compose: `{lab.down}` takes it down")
    return State(lab.record.name)


def with_logs(name: str | None, compose: bool = False) -> Running:
    """The lab that ``logs`` means: as :func:`select`, and a lab that has ended will do if it is named."""
    if name is not None and not compose:
        state = State(name)
        if state.path.is_dir():
            return _local(state)
    return select(name, compose)


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
