"""``show processes`` and ``show memory``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nodes.device.boxviews import LoadHistoryView, MemoryView, ProcessesView, ProcessMemoryView


def _load(view: ProcessesView) -> str:
    # Behind the slash IOS has what was spent on interrupts; a process has none.
    return (
        f"CPU utilization for five seconds: {view.five_seconds}%/0%; "
        f"one minute: {view.minute}%; five minutes: {view.five_minutes}%"
    )


def cpu(view: ProcessesView) -> Iterator[str]:
    yield _load(view)
    yield " PID Runtime(ms)     Invoked      uSecs   5Sec   1Min   5Min TTY Process "
    for process in view.processes:
        loads = "".join(f"{part:>6.2f}%" for part in (process.five_seconds, process.minute, process.five_minutes))
        used = f"{process.runtime:>12}{process.invoked:>12}{process.microseconds:>11}"
        yield f"{process.pid:>4}{used}{loads}   0 {process.name:<16} "


def processes(view: ProcessesView) -> Iterator[str]:
    """A process has neither a program counter nor a stack that would tell anything here."""
    yield _load(view)
    yield " PID QTy       PC Runtime (ms)    Invoked   uSecs    Stacks TTY Process"
    for process in view.processes:
        used = f"{process.runtime:>12}{process.invoked:>11}{process.microseconds:>8}"
        yield f"{process.pid:>4} Mwe {0:>8}{used}{'0/0':>10}   0 {process.name}"


def memory_of_processes(view: ProcessMemoryView) -> Iterator[str]:
    for pool in view.memory.pools:
        yield f"{pool.name:>9} Pool Total: {pool.total:>10} Used: {pool.used:>10} Free: {pool.free:>10}"
    yield ""
    yield " PID TTY  Allocated      Freed    Holding    Getbufs    Retbufs Process"
    for process in view.processes:
        given_back = process.most - process.holding
        memory = f"{process.most:>11}{given_back:>11}{process.holding:>11}{0:>11}{0:>11}"
        yield f"{process.pid:>4}   0{memory} {process.name:<16}"
    yield f"{sum(process.holding for process in view.processes):>40} Total"


def memory(view: MemoryView) -> Iterator[str]:
    """The head is an address, of which there is none to tell."""
    yield "                Head    Total(b)     Used(b)     Free(b)   Lowest(b)  Largest(b)"
    for pool in view.pools:
        figures = (pool.total, pool.used, pool.free, pool.lowest, pool.largest)
        yield f"{pool.name:>9}{0:>11}" + "".join(f"{figure:>12}" for figure in figures)


# History -----------------------------------------------------------------------------------------------------------


def _graph(most: Sequence[int], average: Sequence[int], width: int) -> Iterator[str]:
    """Values above their columns, read downwards, and a bar below each: ``#`` up to the average, ``*`` to the most."""
    digits = [f"{value:>3}" for value in most]
    for row in range(3):
        line = "".join(digit[row] for digit in digits)
        if line.strip() or row == 2:
            yield f"      {line:<{width}}"
    pairs = list(zip(most, average or [0] * len(most), strict=True))
    for level in range(100, 0, -10):
        bars = ("#" if low >= level - 5 else "*" if high >= level - 5 else " " for high, low in pairs)
        yield f"{level:>5} {''.join(bars):<{width}}"


def _scale(width: int) -> Iterator[str]:
    """``0....5....1....1....2``: a tick every five, tens above and ones below."""
    ticks = range(5, width + 1, 5)
    above = "".join("...." + ("5" if tick == 5 else str(tick // 10)) for tick in ticks)
    yield f"     0{above}{'.' * (width % 5)}"
    yield " " * 11 + "".join(f"{tick % 10:>5}" for tick in ticks[1:])


def history(view: LoadHistoryView) -> Iterator[str]:
    yield from _graph(view.seconds, (), 60)
    yield from _scale(60)
    yield "               CPU% per second (last 60 seconds)"
    yield ""
    yield from _graph(view.minutes_most, view.minutes, 60)
    yield from _scale(60)
    yield "               CPU% per minute (last 60 minutes)"
    yield "              * = maximum CPU%   # = average CPU%"
    yield ""
    yield from _graph(view.hours_most, view.hours, 72)
    yield from _scale(72)
    yield "                   CPU% per hour (last 72 hours)"
    yield "                  * = maximum CPU%   # = average CPU%"
    yield ""
