"""ESP in this process, in one worker process and in two: packets a second, and ratios to this process in the same run.

    python tests/bench/esp_pool.py [seconds per figure]

AES-128-CBC with HMAC-SHA1-96, one SA for each worker. In each case packets go in and come out as lists of octets, as a
device has them. Medians of several rounds, the cases in turn; quote the ratios, the absolute figures move with the
machine. The last column says how much of the time the device's process was busy itself: the rest is free for its other
work, which is what a worker is for.
"""

from __future__ import annotations

import os
import select
import statistics
import sys
import time
from collections.abc import Callable, Sequence

from nodes.esp.association import Association, Direction, EspTransform
from nodes.esp.jobs import Result
from nodes.esp.layout import OUTER_HEADER
from nodes.esp.open import Opener
from nodes.esp.seal import Sealer
from nodes.shell.esp.pool import Pool
from nodes.shell.esp.template import Template

ROUNDS = 5
BATCHES = (32, 128, 256)
SIZES = (64, 1400)
#: Batches that are under way for each SA.
WINDOW = 6
TRANSFORM = EspTransform("aes-128", "sha1")

#: (packets per second, part of the time that this process was running)
Figure = tuple[float, float]


def association(direction: Direction) -> Association:
    # Window 0: the same packets are opened again and again.
    return Association(0x1000, direction, 0x0A000001, 0x0A000002, TRANSFORM, bytes(range(16)), bytes(range(20)), 0)


def packet(length: int) -> bytes:
    return bytes([0x45, 0]) + length.to_bytes(2, "big") + bytes(length - 4)


class Loop:
    """poll(2) and nothing else."""

    def __init__(self) -> None:
        self._poll = select.poll()
        self._callbacks: dict[int, Callable[[], None]] = {}

    def add_reader(self, fd: int, callback: Callable[[], None], /) -> None:
        self._poll.register(fd, select.POLLIN)
        self._callbacks[fd] = callback

    def remove_reader(self, fd: int, /) -> None:
        self._poll.unregister(fd)
        del self._callbacks[fd]

    def turn(self) -> None:
        for fd, _ in self._poll.poll():
            self._callbacks[fd]()


def measure(step: Callable[[], int], seconds: float) -> Figure:
    """``step`` returns how many packets it finished."""
    start, busy = time.perf_counter(), time.process_time()
    end, done = start + seconds, 0
    while (now := time.perf_counter()) < end:
        done += step()
    return done / (now - start), (time.process_time() - busy) / (now - start)


class Here:
    """No worker: the batch is done where it is."""

    def __init__(self, direction: Direction, packets: Sequence[bytes]) -> None:
        self._packets = packets
        sa = association(direction)
        self._work = Sealer(sa, os.urandom).seal if direction is Direction.OUTBOUND else Opener(sa).open

    def step(self) -> int:
        return len(self._work(self._packets))

    def close(self) -> None: ...


class There:
    """Workers, each with one SA and never without a batch."""

    def __init__(self, direction: Direction, packets: Sequence[bytes], workers: int) -> None:
        self._loop = Loop()
        self._pool = Pool(self._loop, self._results, self._lost, template=Template.fork("esp_pool"), workers=workers)
        self._packets = packets
        self._put = self._pool.seal if direction is Direction.OUTBOUND else self._pool.open
        self._done = 0
        self._under_way = [0] * workers
        for sa in range(workers):
            self._pool.install(sa, association(direction))
        self.step()

    def step(self) -> int:
        count = len(self._packets)
        while min(self._under_way) <= (WINDOW - 1) * count:
            for sa, under_way in enumerate(self._under_way):
                if under_way <= (WINDOW - 1) * count:
                    self._put(sa, self._packets)
                    self._under_way[sa] += count
            # For each batch, so that jobs have the size that is asked for.
            if self._pool.flush():
                raise SystemExit("a batch was refused: the ring is too small for this")
        self._done = 0
        self._loop.turn()
        return self._done

    def _results(self, results: Sequence[Result]) -> None:
        for result in results:
            self._done += len(result.packets)
            self._under_way[result.sa] -= len(result.packets)

    def _lost(self, sas: Sequence[int], packets: int) -> None:
        raise SystemExit(f"a worker died: {sas}")

    def close(self) -> None:
        self._pool.close()


def median(figures: Sequence[Figure]) -> Figure:
    return statistics.median(rate for rate, _ in figures), statistics.median(busy for _, busy in figures)


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 0.3
    print(f"{os.cpu_count()} cores; {TRANSFORM.listing}; packets/s, ratio to this process, its own CPU")
    print(f"{'':4} {'octets':>6} {'batch':>5}  {'here':>9}  {'one worker':>22}  {'two workers':>22}  two : one")
    for direction, word in ((Direction.OUTBOUND, "seal"), (Direction.INBOUND, "open")):
        for size in SIZES:
            for batch in BATCHES:
                packets = [packet(size)] * batch
                if direction is Direction.INBOUND:
                    sealer = Sealer(association(Direction.OUTBOUND), os.urandom)
                    packets = [sealed[OUTER_HEADER:] for _, sealed in sealer.seal(packets)]
                cases: tuple[Here | There, ...] = (
                    Here(direction, packets),
                    There(direction, packets, 1),
                    There(direction, packets, 2),
                )
                figures: list[list[Figure]] = [[], [], []]
                for _ in range(ROUNDS):
                    for case, known in zip(cases, figures, strict=True):
                        measure(case.step, seconds / 10)
                        known.append(measure(case.step, seconds))
                for case in cases:
                    case.close()
                (here, _), one, two = map(median, figures)
                columns = (f"{rate:10,.0f} {rate / here:5.2f} {busy:5.0%}" for rate, busy in (one, two))
                print(
                    f"{word} {size:6} {batch:5}  {here:9,.0f}  {'  '.join(columns)}  {two[0] / one[0]:9.2f}", flush=True
                )


if __name__ == "__main__":
    main()
