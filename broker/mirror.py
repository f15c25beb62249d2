"""A mirror: which of the frames that cross a device's ports are copied out of another one, and in which form. Pure.

The device compiles it from what it knows of its protocols. Here is only a *program* that looks at octets:

    program   cases, of which the first that fits a frame decides; a frame that none fits is not copied
    case      [at, mask, ranges, edit]: the octets from ``at`` on, as many as ``mask`` has and under it, are a number in
              one of the ``ranges`` [low, high], both inclusive. An empty mask fits every frame; a frame that ends
              before all those octets does not fit
    edit      nil: not copied. Else [at, cut, insert]: so many octets are cut there, and these put in their place

With that a switch says, for instance, "tagged with VLAN 10: copy it without its tag; any other tag: no; no tag: copy it
as it is".
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, TypeGuard

#: What a mirror may ask of the broker for each frame: enough for a switch, and no more.
MAX_CASES: Final = 8
MAX_MASK: Final = 8
MAX_AT: Final = 64
MAX_EDIT: Final = 4
#: Beginnings of frames that a program remembers.
MAX_KNOWN: Final = 1024


class MirrorError(Exception):
    """A mirror that a device may not have. The text says why."""


class Edit(NamedTuple):
    """How a copy differs from its original: ``cut`` octets at ``at`` give way to ``insert``."""

    at: int
    cut: int
    insert: bytes


class Case(NamedTuple):
    at: int
    mask: bytes
    lows: tuple[int, ...]
    """The ranges' first numbers, in order, and in ``highs`` their last ones."""
    highs: tuple[int, ...]
    edit: Edit | None

    def fits(self, frame: bytes) -> bool:
        size = len(self.mask)
        if size == 0:
            return True
        octets = frame[self.at : self.at + size]
        if len(octets) < size:
            return False
        number = int.from_bytes(octets, "big") & int.from_bytes(self.mask, "big")
        index = bisect_right(self.lows, number) - 1
        return index >= 0 and number <= self.highs[index]


@dataclass(frozen=True, slots=True)
class Program:
    """Frames of one conversation begin alike, so what a beginning means is found once and remembered."""

    cases: tuple[Case, ...]
    _known: dict[bytes, Edit | None] = field(default_factory=dict, compare=False, repr=False)

    @property
    def whole(self) -> bool:
        """Whether every frame is copied as it is."""
        return self.cases == WHOLE.cases

    def select(self, frames: list[bytes]) -> list[bytes]:
        """The copies of those of the frames that are copied, in their order."""
        if self.whole:
            return frames
        known, reach = self._known, max((case.at + len(case.mask) for case in self.cases if case.mask), default=0)
        copies: list[bytes] = []
        for frame in frames:
            beginning = frame[:reach]
            try:
                edit = known[beginning]
            except KeyError:
                edit = self._decide(beginning)
            if edit is None:
                continue
            at, cut, insert = edit
            copies.append(frame[:at] + insert + frame[at + cut :] if cut or insert else frame)
        return copies

    def _decide(self, beginning: bytes) -> Edit | None:
        edit = next((case.edit for case in self.cases if case.fits(beginning)), None)
        if len(self._known) >= MAX_KNOWN:
            self._known.clear()
        self._known[beginning] = edit
        return edit


#: What a source without a program has.
WHOLE: Final = Program((Case(0, b"", (), (), Edit(0, 0, b"")),))


@dataclass(frozen=True, slots=True)
class Mirror:
    """What one SPAN session of a device copies to one port; rx and tx as the device sees them.

    A session with several destinations is several mirrors of the same number."""

    session: int
    rx: Mapping[int, Program]
    tx: Mapping[int, Program]
    destination: int

    @classmethod
    def parse(cls, raw: object, own: Sequence[int]) -> Mirror:
        """The map of a device's view (see broker.protocol), for a device with the ports ``own``; raises MirrorError."""
        if not isinstance(raw, Mapping):
            raise MirrorError("a mirror must be a map")
        session, destination, sources = raw.get("session"), raw.get("destination"), raw.get("sources")
        if not isinstance(session, int):
            raise MirrorError("a mirror's session must be a number")
        if not is_port(destination, own):
            raise MirrorError(f"session {session}: the destination {name_of(destination)} is not a port of this node")
        if not isinstance(sources, list | tuple):
            raise MirrorError(f"session {session}: sources must be a list")
        programs = _parse_programs(session, raw.get("programs", ()))
        rx: dict[int, Program] = {}
        tx: dict[int, Program] = {}
        for source in sources:
            match source:
                case [int(port), "rx" | "tx" | "both" as direction]:
                    program = WHOLE
                case [int(port), "rx" | "tx" | "both" as direction, int(index)] if 0 <= index < len(programs):
                    program = programs[index]
                case _:
                    raise MirrorError(f"session {session}: a source must be a port with rx, tx or both, and a program")
            if not is_port(port, own):
                raise MirrorError(f"session {session}: the source {port} is not a port of this node")
            if direction in ("rx", "both"):
                rx.setdefault(port, program)
            if direction in ("tx", "both"):
                tx.setdefault(port, program)
        return cls(session, rx, tx, destination)

    def sources(self) -> list[tuple[int, str]]:
        """(port, "rx" | "tx" | "both"), ordered by port."""
        return [
            (port, "both" if port in self.rx and port in self.tx else "rx" if port in self.rx else "tx")
            for port in sorted({*self.rx, *self.tx})
        ]


def is_port(port: object, own: Sequence[int]) -> TypeGuard[int]:
    return isinstance(port, int) and port in own


def name_of(port: object) -> str:
    """What to call it in a message; whatever is not a number came from outside and may be large."""
    return str(port) if isinstance(port, int) else f"of type {type(port).__name__}"


def _parse_programs(session: int, raw: Any) -> list[Program]:
    if not isinstance(raw, list | tuple):
        raise MirrorError(f"session {session}: programs must be a list")
    programs: list[Program] = []
    for cases in raw:
        if not isinstance(cases, list | tuple) or len(cases) > MAX_CASES:
            raise MirrorError(f"session {session}: a program has {MAX_CASES} cases at most")
        programs.append(Program(tuple(_parse_case(session, case) for case in cases)))
    return programs


def _parse_case(session: int, raw: Any) -> Case:
    match raw:
        case [int(at), bytes(mask), list() | tuple() as ranges, edit] if 0 <= at <= MAX_AT and len(mask) <= MAX_MASK:
            pass
        case _:
            raise MirrorError(f"session {session}: a case is a place, a mask, ranges and an edit")
    last = -1
    lows: list[int] = []
    highs: list[int] = []
    for item in ranges:
        match item:
            case [int(low), int(high)] if last < low <= high:
                last = high
            case _:
                raise MirrorError(f"session {session}: ranges are two numbers each, and in order")
        lows.append(low)
        highs.append(high)
    match edit:
        case None:
            change = None
        case [int(place), int(cut), bytes(insert)] if (
            0 <= place <= MAX_AT and 0 <= cut <= MAX_EDIT and len(insert) <= MAX_EDIT
        ):
            change = Edit(place, cut, insert)
        case _:
            raise MirrorError(f"session {session}: an edit is a place, what to cut there and what to insert")
    return Case(at, mask, tuple(lows), tuple(highs), change)
