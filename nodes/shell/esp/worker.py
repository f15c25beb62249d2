"""The worker process of ESP: the only place of the keys, sequence numbers and replay windows of its SAs.

It reads jobs from its ring when the doorbell rings, works on each in place and rings the owner's doorbell. It knows no
event loop: it sleeps in poll(2) on the doorbell and on the lifeline, a socket of which the owner has the other end.
When that reaches its end of file, the owner is gone or wants no worker any more, and the process ends.
"""

from __future__ import annotations

import mmap
import os
import select
import socket
import struct
from collections.abc import Callable
from typing import Final

from nodes.esp import jobs
from nodes.esp.association import Association, Direction, EspTransform
from nodes.esp.jobs import JobKind, Span
from nodes.esp.layout import OUTER_HEADER
from nodes.esp.open import Opener
from nodes.esp.outcomes import Outcome
from nodes.esp.seal import Sealer
from nodes.shell.esp.ring import RingReader

#: What a worker says on its lifeline when it has started, and is a child of its owner: its process id.
GREETING: Final = struct.Struct("=I")


class Keeper:
    """The SAs of one worker. An error in a job is a bug of ours and not caught: no SA goes on after it."""

    def __init__(self, entropy: Callable[[int], bytes]) -> None:
        self._entropy = entropy
        self._sealers: dict[int, Sealer] = {}
        self._openers: dict[int, Opener] = {}

    def __len__(self) -> int:
        return len(self._sealers) + len(self._openers)

    def work(self, memory: memoryview) -> None:
        """Do the job that lies in ``memory`` and make its result of it, there."""
        job = jobs.unpack(memory)
        kind, sa = job.kind, job.sa
        if kind is JobKind.SEAL:
            sealer = self._sealers.get(sa)
            jobs.put_result(
                memory, job, sealer.seal_in_place(job.arena, job.lengths) if sealer else _nothing(len(job.lengths))
            )
        elif kind is JobKind.OPEN:
            opener = self._openers.get(sa)
            jobs.put_result(
                memory, job, opener.open_in_place(job.arena, job.lengths) if opener else _nothing(len(job.lengths))
            )
            if opener:
                jobs.put_highest(memory, opener.window.highest)
        elif kind is JobKind.INSTALL:
            association = Association.unpack(bytes(job.arena))
            # The keys stay in no memory that the owner can read.
            job.arena[:] = bytes(len(job.arena))
            if association.direction is Direction.OUTBOUND:
                self._sealers[sa] = Sealer(association, self._entropy)
            else:
                self._openers[sa] = Opener(association)
        else:
            # OpenSSL overwrites the keys in a context that it frees.
            self._sealers.pop(sa, None)
            self._openers.pop(sa, None)


def _nothing(count: int) -> list[Span]:
    return [(Outcome.NO_ASSOCIATION, 0, 0)] * count


def warm_up() -> None:
    """Load all that sealing and opening need, so that a worker forked afterwards starts at once."""
    transform = EspTransform("aes-128", "sha1")
    keys = os.urandom(transform.cipher_suite.key_length), os.urandom(transform.integrity_suite.key_length)
    sealer = Sealer(Association(256, Direction.OUTBOUND, 0, 0, transform, *keys), os.urandom)
    opener = Opener(Association(256, Direction.INBOUND, 0, 0, transform, *keys))
    opener.open([sealed[OUTER_HEADER:] for _, sealed in sealer.seal([bytes(64)])])


def serve(memory: mmap.mmap, doorbell: int, finished: int, lifeline: socket.socket) -> None:
    """Work until the lifeline ends. ``doorbell`` and ``finished`` are non-blocking eventfds: jobs put, jobs done."""
    ring, keeper = RingReader(memory), Keeper(os.urandom)
    poll = select.poll()
    poll.register(doorbell, select.POLLIN)
    poll.register(lifeline, select.POLLIN)
    while True:
        try:
            count = os.eventfd_read(doorbell)
        except BlockingIOError:
            if any(descriptor != doorbell for descriptor, _ in poll.poll()):
                return
            continue
        for _ in range(count):
            keeper.work(ring.next())
            # One by one: the owner sends off a batch while the next is worked on.
            os.eventfd_write(finished, 1)
