"""What monitor sessions ask of the wires: for each source port and direction a program over octets.

The wires know no VLANs. So a session is compiled: the frames that are wanted are told by the octets behind the two MAC
addresses, and a copy differs from its frame by a tag at most.

::

    session          from a frame without a tag       from a tag of VLAN v            from a tag of VLAN 0
    native           as it is                         the tag is cut                  the tag is cut
    dot1q            the port's VLAN is inserted      as it is                        replaced by the port's VLAN
    replicate        as it is                         as it is                        as it is
    into RSPAN VLAN  the RSPAN VLAN is inserted       replaced by the RSPAN VLAN      replaced by the RSPAN VLAN

A tag of VLAN 0 is a priority alone (802.1Q §6.9): such a frame belongs to the VLAN of frames without a tag. On a trunk
whose native VLAN is the RSPAN VLAN, copies into that VLAN go without a tag, and what comes out of an RSPAN VLAN has
one only with dot1q: the tag of its own VLAN is gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from nodes.engine.span.sessions import Direction, Encapsulation, Session, Sessions


class Edit(NamedTuple):
    """``cut`` octets at ``at`` give way to ``insert``."""

    at: int
    cut: int
    insert: bytes


class Case(NamedTuple):
    """If the octets at ``at``, under ``mask``, are a number in one of ``ranges``: copy with this edit, or not."""

    at: int
    mask: bytes
    ranges: tuple[tuple[int, int], ...]
    edit: Edit | None


Program = tuple[Case, ...]
"""The first case that fits decides; without one a frame is not copied."""


class PortVlans(NamedTuple):
    """The VLAN of frames without a tag at a port, and those that the port carries (None: all)."""

    untagged: int
    carried: frozenset[int] | None
    trunk: bool = False


@dataclass(frozen=True, slots=True)
class Vlans:
    """The VLANs of the switch as far as its sessions depend on them."""

    existing: frozenset[int]
    remote: Mapping[int, Mapping[str, bool]]
    """RSPAN VLAN -> the trunks that forward it now -> whether its frames have a tag there."""


@dataclass(frozen=True, slots=True)
class Copying:
    """What one session copies to one port: (source port, direction, program)."""

    session: int
    sources: tuple[tuple[str, Direction, Program], ...]
    destination: str


_TAG_AT: Final = 12
_TPID: Final = 0x8100 << 16
_VLAN_MASK: Final = b"\xff\xff\x0f\xff"
_EVERY: Final = frozenset(range(1, 4096))

_WHOLE: Final = Edit(0, 0, b"")
_CUT: Final = Edit(_TAG_AT, 4, b"")
WHOLE: Final[Program] = (Case(0, b"", (), _WHOLE),)
#: Protocols between neighbours, which RSPAN does not carry: Cisco's (CDP, VTP, PVST+), and the reserved addresses of
#: IEEE 802.1D.
_NEIGHBOURS: Final = Case(0, b"\xff" * 6, ((0x01000CCCCCCC, 0x01000CCCCCCD), (0x0180C2000000, 0x0180C200000F)), None)


class _Target(NamedTuple):
    """Where copies go, and with what tags; ``vlan`` in place of that of the source."""

    port: str
    encapsulation: Encapsulation
    vlan: int | None = None


def copyings(sessions: Sessions, ports: Mapping[str, PortVlans], vlans: Vlans) -> list[Copying]:
    """By session and destination; sources in the order of ``ports``, which are those of the switch."""
    taken = {port for session in sessions.values() for port in session.taken}
    found: list[Copying] = []
    for number, session in sorted(sessions.items()):
        for target in _targets(session, ports, vlans):
            sources = tuple(
                (name, direction, program)
                for name, port in ports.items()
                if name not in taken
                for direction, program in _programs(session, name, port, target, vlans)
            )
            if sources:
                found.append(Copying(number, sources, target.port))
    return found


def _targets(session: Session, ports: Mapping[str, PortVlans], vlans: Vlans) -> list[_Target]:
    if session.to_remote is not None:
        trunks = vlans.remote.get(session.to_remote, {})
        return [
            _Target(name, Encapsulation.DOT1Q if trunks[name] else Encapsulation.NATIVE, session.to_remote)
            for name in ports
            if name in trunks
        ]
    targets = []
    for name, settings in session.destinations.items():
        encapsulation = settings.encapsulation
        if session.from_remote is not None and encapsulation is Encapsulation.REPLICATE:
            encapsulation = Encapsulation.NATIVE
        targets.append(_Target(name, encapsulation))
    return targets


def _programs(
    session: Session, name: str, port: PortVlans, target: _Target, vlans: Vlans
) -> Iterator[tuple[Direction, Program]]:
    """The programs of one source port, for both directions at once where they are the same."""
    programs: dict[Program, Direction] = {}
    for direction in (Direction.RX, Direction.TX):
        wanted = _wanted(session, name, port, direction, vlans)
        if wanted is None or wanted:
            program = _compile(wanted, port, target, neighbours=session.to_remote is None)
            programs[program] = programs.get(program, Direction(0)) | direction
    for program, direction in programs.items():
        yield direction, program


def _wanted(session: Session, name: str, port: PortVlans, direction: Direction, vlans: Vlans) -> frozenset[int] | None:
    """The VLANs of which a session wants the frames that cross a port; None: whatever crosses it."""
    if session.from_remote is not None:
        inward = direction is Direction.RX and name in vlans.remote.get(session.from_remote, {})
        return frozenset((session.from_remote,)) if inward else frozenset()
    wanted: frozenset[int] | None
    if name in session.ports:
        # A filter is for trunks; of other ports everything is copied.
        wanted = session.filter if session.filter and port.trunk else None
        wanted = wanted if session.ports[name] & direction else frozenset()
    else:
        wanted = frozenset(vlan for vlan, which in session.vlans.items() if which & direction) & vlans.existing
        wanted = wanted if port.carried is None else wanted & port.carried
    if session.to_remote is not None and vlans.remote:
        # What is in an RSPAN VLAN was copied before; copied into one again it would go round.
        wanted = (_EVERY if wanted is None else wanted) - vlans.remote.keys()
    return wanted


def _compile(wanted: frozenset[int] | None, port: PortVlans, target: _Target, *, neighbours: bool) -> Program:
    plain, tagged, priority = _edits(target, port.untagged)
    cases = [] if neighbours else [_NEIGHBOURS]
    if wanted is None:
        if plain == tagged == priority:
            return (*cases, Case(0, b"", (), plain))
        if priority != tagged:
            cases.append(_tag([(0, 0)], priority))
        cases.append(Case(_TAG_AT, b"\xff\xff", ((0x8100, 0x8100),), tagged))
        return (*cases, Case(0, b"", (), plain))
    own = port.untagged in wanted
    cases.append(_tag(_runs(wanted), tagged))
    if own:
        cases.append(_tag([(0, 0)], priority))
    cases.append(Case(_TAG_AT, b"\xff\xff", ((0x8100, 0x8100),), None))
    if own:
        cases.append(Case(0, b"", (), plain))
    return tuple(cases)


def _edits(target: _Target, untagged: int) -> tuple[Edit, Edit, Edit]:
    """Of a frame without a tag, with that of a VLAN, and with that of VLAN 0."""
    if target.encapsulation is Encapsulation.NATIVE:
        return _WHOLE, _CUT, _CUT
    if target.encapsulation is Encapsulation.REPLICATE:
        return _WHOLE, _WHOLE, _WHOLE
    tag = (_TPID | (untagged if target.vlan is None else target.vlan)).to_bytes(4, "big")
    replaced = Edit(_TAG_AT, 4, tag)
    return Edit(_TAG_AT, 0, tag), _WHOLE if target.vlan is None else replaced, replaced


def _tag(runs: Iterable[tuple[int, int]], edit: Edit) -> Case:
    """Frames with the tag of one of these VLANs."""
    return Case(_TAG_AT, _VLAN_MASK, tuple((_TPID | low, _TPID | high) for low, high in runs), edit)


def _runs(vlans: Iterable[int]) -> list[tuple[int, int]]:
    """{1, 10, 11} -> [(1, 1), (10, 11)]"""
    runs: list[tuple[int, int]] = []
    for vlan in sorted(vlans):
        if runs and vlan == runs[-1][1] + 1:
            runs[-1] = runs[-1][0], vlan
        else:
            runs.append((vlan, vlan))
    return runs
