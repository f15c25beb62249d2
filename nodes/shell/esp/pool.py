"""The device's side of ESP: which worker has which SA, batches out, results in, and what a dead worker means.

One SA lives in one worker, so the packets of an SA stay in order. Nothing here waits: a job is put into the ring of a
worker, also of one that is still being born, or is refused because the ring is full; a result is taken when the worker
rings. A worker that has ended is seen at once by the end of file on its lifeline. What it had finished still counts;
all its SAs are lost, and so is what was in its ring: that is never given to another worker, because nobody knows which
sequence numbers have been used.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final, NamedTuple, Protocol

from nodes.esp import jobs
from nodes.esp.association import Association, Direction, Mode
from nodes.esp.jobs import JobKind, Result
from nodes.esp.layout import SealLayout, layout_of
from nodes.esp.outcomes import Outcome
from nodes.shell.esp import template as forking
from nodes.shell.esp.ring import Ring
from nodes.shell.esp.template import Template
from nodes.shell.esp.worker import GREETING
from nodes.shell.usage import Others

#: Octets of a worker's ring: some 2,500 packets of 1400 octets, which one core works off in about 10 ms.
RING_SIZE: Final = 4 << 20
#: Octets of a ring that packets leave free for INSTALL and REMOVE, which are never refused.
RESERVED: Final = 64 << 10
#: Records likewise.
RESERVED_SLOTS: Final = 256
#: A batch is split so that the worker starts on the first part while the second is being put together.
MAX_PACKETS: Final = 128
#: Octets of packets in a job, at most, unless it is a single packet.
MAX_OCTETS: Final = 256 << 10


class Loop(Protocol):
    """What a pool needs of an event loop; asyncio's has it."""

    def add_reader(self, fd: int, callback: Callable[[], None], /) -> object: ...
    def remove_reader(self, fd: int, /) -> object: ...


OnResults = Callable[[Sequence[Result]], None]
"""Results of one look at a worker: in order for each SA, also those of SAs that were removed meanwhile."""
OnLost = Callable[[Sequence[int], int], None]
"""SAs that died with a worker, in ascending order, and how many packets were in its hands."""


class EspPool(Protocol):
    """What carries SAs and packets to where they are worked on."""

    def install(self, sa: int, association: Association) -> None:
        """Hand over an SA under a number of the caller's choice. The pool keeps neither it nor its keys.

        Raises ValueError when the number is in use.
        """

    def remove(self, sa: int) -> None:
        """Forget an SA, after what was queued for it. One that does not exist (was lost, say) is none to forget."""

    def seal(self, sa: int, packets: Sequence[bytes], tag: int = 0) -> None:
        """Queue IPv4 packets for an outbound SA; ``tag`` comes back with the results."""

    def open(self, sa: int, packets: Sequence[bytes], tag: int = 0) -> None:
        """Queue ESP packets (SPI to ICV) for an inbound SA; ``tag`` comes back with the results."""

    def flush(self) -> int:
        """Send off what was queued, a batch for each SA; how many packets had to be refused because too much waits."""

    def others(self) -> Others:
        """The processes that there are for it, and the memory of its rings."""

    def close(self) -> None:
        """End all of it, processes too, without another callback."""


class _Worker:
    """A worker process as its owner sees it."""

    def __init__(self) -> None:
        self._memory = os.memfd_create("esp-ring", os.MFD_CLOEXEC)
        os.ftruncate(self._memory, RING_SIZE)
        self.ring = Ring(mmap.mmap(self._memory, RING_SIZE))
        flags = os.EFD_NONBLOCK | os.EFD_CLOEXEC
        self.doorbell, self.finished = os.eventfd(0, flags), os.eventfd(0, flags)
        self.lifeline, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.lifeline.setblocking(False)
        self.pid = 0
        """The process id; 0 before the worker has said it."""
        self.sas: set[int] = set()
        self.posted = 0
        """Jobs in the ring of which the worker has not been told."""

    def hand_over(self, template: Template, number: int) -> None:
        """Ask the template for the process; it gets our descriptors. Raises OSError when the template has ended."""
        template.ask(number, RING_SIZE, [self._memory, self.doorbell, self.finished, self._theirs.fileno()])
        os.close(self._memory)
        self._theirs.close()

    def ring_doorbell(self) -> None:
        if self.posted:
            os.eventfd_write(self.doorbell, self.posted)
            self.posted = 0

    def take(self) -> list[Result]:
        """The results of what is finished since the last time."""
        results = []
        with contextlib.suppress(BlockingIOError):
            for _ in range(os.eventfd_read(self.finished)):
                result = jobs.unpack_result(self.ring.oldest())
                self.ring.release()
                if result.packets:  # INSTALL and REMOVE are only taken away
                    results.append(result)
        return results

    def hear(self) -> bool:
        """Hear what the worker says on its lifeline; False when it has ended."""
        try:
            said = self.lifeline.recv(GREETING.size)
        except BlockingIOError:
            return True
        except ConnectionResetError:
            return False
        if said:
            (self.pid,) = GREETING.unpack(said)
        return bool(said)

    def end(self) -> None:
        """Kill the process if it lives, and give everything back."""
        if not self.pid:
            self.hear()
        self.lifeline.close()
        if self.pid:
            forking.end(self.pid)
        os.close(self.doorbell)
        os.close(self.finished)


class _Home(NamedTuple):
    """Where an SA lives, and what there is to know for a batch: how packets are laid out to be sealed, if they are."""

    worker: _Worker
    layout: SealLayout | None
    mode: Mode


class _Batch(NamedTuple):
    kind: JobKind
    tag: int
    packets: list[bytes]


class Pool:
    """Worker processes. A template that is None, or was killed, is replaced by one that is spawned."""

    def __init__(
        self,
        loop: Loop,
        on_results: OnResults,
        on_lost: OnLost,
        *,
        template: Template | None = None,
        title: str = "wirelab",
        workers: int = 1,
    ) -> None:
        self._loop = loop
        self._on_results = on_results
        self._on_lost = on_lost
        self._title = template.title if template else title
        self.template = template
        if template is not None:
            loop.add_reader(template.fileno(), self._template_ended)
        self._workers: list[_Worker | None] = [None] * workers
        self._homes: dict[int, _Home] = {}
        self._queue: dict[int, list[_Batch]] = {}
        self._refused = 0

    @property
    def pids(self) -> list[int]:
        """The process ids of the workers that have started."""
        return [worker.pid for worker in self._workers if worker is not None and worker.pid]

    def others(self) -> Others:
        names = {self.template.pid: self.template.role} if self.template is not None else {}
        living = [(number, worker) for number, worker in enumerate(self._workers) if worker is not None]
        names |= {worker.pid: f"ESP worker {number}" for number, worker in living if worker.pid}
        rings = [worker.ring for _, worker in living]
        return Others(names, sum(ring.size for ring in rings), sum(ring.size - ring.free for ring in rings))

    def close(self) -> None:
        for worker in self._workers:
            if worker is not None:
                self._unwatch(worker)
                worker.end()
        if self.template is not None:
            self._loop.remove_reader(self.template.fileno())
            self.template.close()
        self._workers, self.template = [], None
        self._homes.clear()
        self._queue.clear()

    # SAs -----------------------------------------------------------------------------------------------------------

    def install(self, sa: int, association: Association) -> None:
        if sa in self._homes:
            raise ValueError(f"SA {sa} is installed already")
        number = min(range(len(self._workers)), key=self._load)
        worker = self._workers[number] or self._start(number)
        outbound = association.direction is Direction.OUTBOUND
        self._homes[sa] = _Home(worker, layout_of(association) if outbound else None, association.mode)
        worker.sas.add(sa)
        self._control(worker, jobs.pack_install(sa, association))

    def remove(self, sa: int) -> None:
        home = self._homes.get(sa)
        if home is not None:
            for batch in self._queue.pop(sa, ()):
                self._post(sa, home, batch)
            del self._homes[sa]
            home.worker.sas.discard(sa)
            self._control(home.worker, jobs.pack_remove(sa))

    def _load(self, number: int) -> int:
        worker = self._workers[number]
        return len(worker.sas) if worker else 0

    def _control(self, worker: _Worker, job: bytes) -> None:
        if worker.ring.put(job, len(job)):
            worker.posted += 1
        else:
            # Packets leave room for hundreds of these: the process hangs.
            self._lose(worker)

    # Packets -------------------------------------------------------------------------------------------------------

    def seal(self, sa: int, packets: Sequence[bytes], tag: int = 0) -> None:
        self._enqueue(sa, JobKind.SEAL, packets, tag)

    def open(self, sa: int, packets: Sequence[bytes], tag: int = 0) -> None:
        self._enqueue(sa, JobKind.OPEN, packets, tag)

    def _enqueue(self, sa: int, kind: JobKind, packets: Sequence[bytes], tag: int) -> None:
        batches = self._queue.setdefault(sa, [])
        if batches and batches[-1].kind is kind and batches[-1].tag == tag:
            batches[-1].packets.extend(packets)
        else:
            batches.append(_Batch(kind, tag, list(packets)))

    def flush(self) -> int:
        queue, self._queue = self._queue, {}
        homeless: list[Result] = []
        for sa, batches in queue.items():
            home = self._homes.get(sa)
            for batch in batches:
                if home is None or (batch.kind is JobKind.SEAL) != (home.layout is not None):
                    outcomes = [(Outcome.NO_ASSOCIATION, b"")] * len(batch.packets)
                    homeless.append(Result(batch.kind, sa, batch.tag, outcomes))
                else:
                    self._post(sa, home, batch)
        for worker in self._workers:
            if worker is not None:
                worker.ring_doorbell()
        if homeless:
            self._on_results(homeless)
        refused, self._refused = self._refused, 0
        return refused

    def _post(self, sa: int, home: _Home, batch: _Batch) -> None:
        """Put a batch into the ring, in as many jobs as it takes; count what is refused."""
        done = 0
        ring = home.worker.ring
        for packets in split(batch.packets):
            if home.layout is not None:
                job = jobs.pack_seal(sa, batch.tag, home.layout, packets)
            else:
                job = jobs.pack_open(sa, batch.tag, packets, home.mode)
            if not ring.put(job, jobs.result_size(len(job), len(packets)), len(packets), RESERVED, RESERVED_SLOTS):
                break
            home.worker.posted += 1
            done += len(packets)
        self._refused += len(batch.packets) - done

    # Workers -------------------------------------------------------------------------------------------------------

    def _start(self, number: int) -> _Worker:
        """A new worker in place ``number``. It can be given jobs at once, and begins on them when it is born."""
        worker = _Worker()
        if self.template is not None:
            try:
                worker.hand_over(self.template, number)
            except OSError:
                self._template_ended()
        if self.template is None:
            self.template = Template.spawn(self._title)
            self._loop.add_reader(self.template.fileno(), self._template_ended)
            worker.hand_over(self.template, number)
        self._workers[number] = worker
        self._loop.add_reader(worker.finished, partial(self._finished, worker))
        self._loop.add_reader(worker.lifeline.fileno(), partial(self._lifeline, worker))
        return worker

    def _template_ended(self) -> None:
        """The template was killed. The workers do not need it; the next one that is to start brings a new template."""
        if self.template is not None:
            self._loop.remove_reader(self.template.fileno())
            self.template.close()
            self.template = None

    def _unwatch(self, worker: _Worker) -> None:
        self._loop.remove_reader(worker.finished)
        self._loop.remove_reader(worker.lifeline.fileno())

    def _finished(self, worker: _Worker) -> None:
        results = worker.take()
        if results:
            self._on_results(results)

    def _lifeline(self, worker: _Worker) -> None:
        if not worker.hear():
            self._lose(worker)

    def _lose(self, worker: _Worker) -> None:
        """The worker has ended, or must: its SAs are lost, and so is what it has not finished."""
        self._unwatch(worker)
        results = worker.take()
        packets = worker.ring.packets
        lost = sorted(worker.sas)
        for sa in lost:
            del self._homes[sa]
            packets += sum(len(batch.packets) for batch in self._queue.pop(sa, ()))
        worker.end()
        number = self._workers.index(worker)
        self._workers[number] = None
        if worker.pid:
            # One that never started would not do so now; the next SA tries again.
            self._start(number)
        if results:
            self._on_results(results)
        self._on_lost(lost, packets)


def split(packets: list[bytes]) -> Iterator[list[bytes]]:
    """The packets in order, in parts of at most MAX_PACKETS and, but for a single packet, MAX_OCTETS."""
    if len(packets) <= MAX_PACKETS and sum(map(len, packets)) <= MAX_OCTETS:
        yield packets
        return
    part: list[bytes] = []
    octets = 0
    for packet in packets:
        if part and (len(part) == MAX_PACKETS or octets + len(packet) > MAX_OCTETS):
            yield part
            part, octets = [], 0
        part.append(packet)
        octets += len(packet)
    if part:
        yield part
