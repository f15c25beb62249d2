"""Views of what a device's processes use: the operating system's figures of now, and the loads that were measured."""

from __future__ import annotations

from nodes.device.boxviews import LoadHistoryView, MemoryView, PoolView, ProcessesView, ProcessView
from nodes.device.ios import IosDevice
from nodes.device.usage import Load, ProcessUsage


def _percent(part: float) -> float:
    return round(part * 100, 2)


def _process(process: ProcessUsage, load: Load) -> ProcessView:
    milliseconds = round(process.seconds * 1000)
    return ProcessView(
        process.pid,
        process.name,
        milliseconds,
        process.invoked,
        milliseconds * 1000 // process.invoked if process.invoked else 0,
        _percent(load.five_seconds),
        _percent(load.minute),
        _percent(load.five_minutes),
        process.octets,
        process.peak,
    )


def processes(device: IosDevice) -> ProcessesView:
    meter = device.usage
    total = meter.total
    found = tuple(_process(process, meter.load(process.pid)) for process in device.services.usage().processes)
    return ProcessesView(
        round(total.five_seconds * 100), round(total.minute * 100), round(total.five_minutes * 100), found
    )


def load_history(device: IosDevice) -> LoadHistoryView:
    history = device.usage.history
    series = (history.seconds, history.minutes, history.minutes_most, history.hours, history.hours_most)
    return LoadHistoryView(*(tuple(values) for values in series))


def memory(device: IosDevice) -> MemoryView:
    """A process could have what the machine has left: that is free."""
    usage = device.services.usage()
    used = sum(process.octets for process in usage.processes)
    lowest = usage.free if device.usage.lowest is None else min(device.usage.lowest, usage.free)
    left = usage.buffers - usage.buffers_used
    return MemoryView(
        (
            PoolView("Processor", used + usage.free, used, usage.free, lowest, usage.free),
            PoolView("I/O", usage.buffers, usage.buffers_used, left, left, left),
        )
    )
