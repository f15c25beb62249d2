"""A pool without processes, for a lab in one process on a virtual clock: the same jobs, done where they are put."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nodes.esp import jobs
from nodes.esp.association import Association, Direction, Mode
from nodes.esp.jobs import JobKind, Result
from nodes.esp.layout import SealLayout, layout_of
from nodes.esp.outcomes import Outcome
from nodes.shell.esp.pool import OnLost, OnResults, split
from nodes.shell.esp.worker import Keeper
from nodes.shell.usage import Others


class LocalPool:
    """An :class:`~nodes.shell.esp.pool.EspPool` that gives results back within :meth:`flush` and refuses nothing."""

    def __init__(self, entropy: Callable[[int], bytes], on_results: OnResults, on_lost: OnLost) -> None:
        self._entropy = entropy
        self._on_results = on_results
        self._on_lost = on_lost
        self._keeper = Keeper(entropy)
        self._layouts: dict[int, SealLayout | None] = {}
        self._modes: dict[int, Mode] = {}
        self._queue: list[tuple[JobKind, int, int, list[bytes]]] = []

    def install(self, sa: int, association: Association) -> None:
        if sa in self._layouts:
            raise ValueError(f"SA {sa} is installed already")
        outbound = association.direction is Direction.OUTBOUND
        self._layouts[sa] = layout_of(association) if outbound else None
        self._modes[sa] = association.mode
        self._keeper.work(memoryview(bytearray(jobs.pack_install(sa, association))))

    def remove(self, sa: int) -> None:
        if sa in self._layouts:
            self.flush()
            del self._layouts[sa], self._modes[sa]
            self._keeper.work(memoryview(bytearray(jobs.pack_remove(sa))))

    def __len__(self) -> int:
        """How many SAs there are."""
        return len(self._layouts)

    def seal(self, sa: int, packets: Sequence[bytes], tag: int = 0) -> None:
        self._queue.append((JobKind.SEAL, sa, tag, list(packets)))

    def open(self, sa: int, packets: Sequence[bytes], tag: int = 0) -> None:
        self._queue.append((JobKind.OPEN, sa, tag, list(packets)))

    def others(self) -> Others:
        return Others()

    def flush(self) -> int:
        queue, self._queue = self._queue, []
        results = [
            self._work(kind, sa, tag, part) for kind, sa, tag, packets in queue for part in split(packets) if part
        ]
        if results:
            self._on_results(results)
        return 0

    def _work(self, kind: JobKind, sa: int, tag: int, packets: list[bytes]) -> Result:
        layout = self._layouts.get(sa)
        if sa not in self._layouts or (kind is JobKind.SEAL) != (layout is not None):
            return Result(kind, sa, tag, [(Outcome.NO_ASSOCIATION, b"")] * len(packets))
        if layout is None:
            job = jobs.pack_open(sa, tag, packets, self._modes[sa])
        else:
            job = jobs.pack_seal(sa, tag, layout, packets)
        memory = memoryview(bytearray(jobs.result_size(len(job), len(packets))))
        memory[: len(job)] = job
        self._keeper.work(memory)
        return jobs.unpack_result(memory)

    def lose(self) -> None:
        """What a pool of processes does when a worker is killed, here to all SAs: for tests of what follows."""
        lost, packets = sorted(self._layouts), sum(len(packets) for _, _, _, packets in self._queue)
        self._keeper = Keeper(self._entropy)
        self._layouts, self._modes, self._queue = {}, {}, []
        self._on_lost(lost, packets)

    def close(self) -> None:
        self._keeper = Keeper(self._entropy)
        self._layouts, self._modes, self._queue = {}, {}, []
