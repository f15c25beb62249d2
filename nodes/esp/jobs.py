"""Batches and their results as octets, for the way from a device to the worker that owns an SA, and back.

::

    job      | kind 1 | spare 3 | SA 4 | tag 8 | count 4 | arena length 4 | spare 8 | arena | count x length 2     |
    result   | kind 1 | spare 3 | SA 4 | tag 8 | count 4 | arena length 4 | highest 8 | arena | count x outcome…     |

``SA`` is the worker's number for the association, ``tag`` the sender's number for the batch. A result carries the arena
as the worker left it, and for each packet (outcome 1, spare 1, length 2, start in the arena 4). The worker seals or
opens in place, so the memory of a job becomes that of its result: the head stays as it is, and :func:`put_result`
writes its table over that of the lengths, in memory of :func:`result_size` octets. INSTALL carries a packed association
as its arena, REMOVE nothing. Numbers are in the machine's order: both ends are on one machine and of one version.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

from nodes.esp.association import Association, Mode
from nodes.esp.layout import SealLayout, parts_to_open
from nodes.esp.outcomes import Outcome

_HEAD = struct.Struct("=B3xIQII8x")
_HIGHEST = struct.Struct("=Q")  # in the last eight octets of a result's head
_SPAN = struct.Struct("=BxHI")
#: By number: calling the enumeration costs more than all else that is done for a packet here.
_OUTCOMES = tuple(Outcome)

Span = tuple[Outcome, int, int]


class JobKind(IntEnum):
    SEAL = 1
    OPEN = 2
    INSTALL = 3
    REMOVE = 4


class Job(NamedTuple):
    """A job as it lies in memory: ``arena`` is a view of the octets that were unpacked."""

    kind: JobKind
    sa: int
    tag: int
    arena: memoryview
    lengths: tuple[int, ...]


class Result(NamedTuple):
    kind: JobKind
    sa: int
    tag: int
    packets: list[tuple[Outcome, bytes]]
    highest: int = 0
    """Of packets that were opened: the highest sequence number that the SA has authenticated so far."""


def pack_seal(sa: int, tag: int, layout: SealLayout, packets: Sequence[bytes]) -> bytes:
    return _pack(JobKind.SEAL, sa, tag, layout.parts(packets), layout.lengths(packets))


def pack_open(sa: int, tag: int, packets: Sequence[bytes], mode: Mode = Mode.TUNNEL) -> bytes:
    """``packets`` are ESP packets as :func:`nodes.esp.layout.parts_to_open` has them."""
    return _pack(JobKind.OPEN, sa, tag, parts_to_open(packets, mode), [len(packet) for packet in packets])


def pack_install(sa: int, association: Association) -> bytes:
    return _pack(JobKind.INSTALL, sa, 0, [association.pack()], [])


def pack_remove(sa: int) -> bytes:
    return _pack(JobKind.REMOVE, sa, 0, [], [])


def _pack(kind: JobKind, sa: int, tag: int, arena: Sequence[bytes], lengths: Sequence[int]) -> bytes:
    count = len(lengths)
    # Joined once: for large batches a copy costs more than adding up the lengths.
    head = _HEAD.pack(kind, sa, tag, count, sum(map(len, arena)))
    return b"".join((head, *arena, struct.pack(f"={count}H", *lengths)))


def unpack(job: bytearray | memoryview) -> Job:
    """The parts of a job, for the worker; the arena is in ``job``'s own memory, ready to be worked on in place."""
    view = memoryview(job)
    kind, sa, tag, count, length = _HEAD.unpack_from(view)
    end = _HEAD.size + length
    return Job(JobKind(kind), sa, tag, view[_HEAD.size : end], struct.unpack_from(f"={count}H", view, end))


def pack_result(job: Job, spans: Sequence[Span]) -> bytes:
    """What became of a SEAL or OPEN job whose arena was worked on in place."""
    pack = _SPAN.pack
    table = [pack(outcome, end - start, start) for outcome, start, end in spans]
    head = _HEAD.pack(job.kind, job.sa, job.tag, len(table), len(job.arena))
    return b"".join((head, job.arena, *table))


def result_size(job_size: int, count: int) -> int:
    """Octets of the memory in which a job of ``job_size`` octets and ``count`` packets can become its result."""
    return job_size + count * (_SPAN.size - 2)


def put_result(memory: memoryview, job: Job, spans: Sequence[Span]) -> None:
    """Like :func:`pack_result`, but in the memory that ``job`` was unpacked from."""
    pack_into, at = _SPAN.pack_into, _HEAD.size + len(job.arena)
    for outcome, start, end in spans:
        pack_into(memory, at, outcome, end - start, start)
        at += _SPAN.size


def put_highest(memory: memoryview, sequence: int) -> None:
    """Note in a result the highest sequence number that its SA has authenticated."""
    _HIGHEST.pack_into(memory, _HEAD.size - _HIGHEST.size, sequence)


def unpack_result(data: bytes | memoryview) -> Result:
    """Outcome and packet (b"" without one) for each packet of the job, in order."""
    view = memoryview(data)
    kind, sa, tag, count, length = _HEAD.unpack_from(view)
    arena = view[_HEAD.size : _HEAD.size + length]
    table = view[_HEAD.size + length : _HEAD.size + length + count * _SPAN.size]
    packets = [
        (_OUTCOMES[outcome], arena[start : start + size].tobytes()) for outcome, size, start in _SPAN.iter_unpack(table)
    ]
    (highest,) = _HIGHEST.unpack_from(view, _HEAD.size - _HIGHEST.size)
    return Result(JobKind(kind), sa, tag, packets, highest)
