"""``show processes`` and ``show memory``: what the processes of this device really use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from nodes.cli.context import Args, Context
from nodes.cli.table import Table
from nodes.device import usageviews
from nodes.device.boxviews import LoadHistoryView, MemoryView, ProcessesView, ProcessMemoryView, ProcessView
from nodes.show import processes as show

table = Table()

_HELP: Final = {
    "processes": "Active process statistics",
    "cpu": "Show CPU use per process",
    "history": "Show CPU history in graph format",
    "sorted": "Show sorted output based on percentage of usage",
    "5sec": "Sort based on 5 seconds interval",
    "1min": "Sort based on 1 minute interval",
    "5min": "Sort based on 5 minutes interval",
    "memory": "Show memory use per process",
}
_INTERVALS: Final[dict[str, Callable[[ProcessView], float]]] = {
    "5sec": lambda process: process.five_seconds,
    "1min": lambda process: process.minute,
    "5min": lambda process: process.five_minutes,
}


@table.show("exec", "show processes", text=show.processes, help=_HELP)
def show_processes(ctx: Context, args: Args) -> ProcessesView:
    return usageviews.processes(ctx.device)


@table.show("exec", "show processes cpu [sorted [5sec|1min|5min]$interval]", text=show.cpu, help=_HELP)
def show_cpu(ctx: Context, args: Args) -> ProcessesView:
    view = usageviews.processes(ctx.device)
    if not args.has("sorted"):
        return view
    busiest = sorted(view.processes, key=_INTERVALS[args.get("interval", "5sec")], reverse=True)
    return ProcessesView(view.five_seconds, view.minute, view.five_minutes, tuple(busiest))


@table.show("exec", "show processes cpu history", text=show.history, help=_HELP)
def show_history(ctx: Context, args: Args) -> LoadHistoryView:
    return usageviews.load_history(ctx.device)


@table.show("exec", "show processes memory [sorted]", text=show.memory_of_processes, help=_HELP)
def show_process_memory(ctx: Context, args: Args) -> ProcessMemoryView:
    processes = usageviews.processes(ctx.device).processes
    if args.has("sorted"):
        processes = tuple(sorted(processes, key=lambda process: process.holding, reverse=True))
    return ProcessMemoryView(usageviews.memory(ctx.device), processes)


@table.show(
    "exec",
    "show memory [statistics]",
    text=show.memory,
    help={"memory": "Memory statistics", "statistics": "Statistics for all memory pools"},
)
def show_memory(ctx: Context, args: Args) -> MemoryView:
    return usageviews.memory(ctx.device)
