"""What the processes of a device cost, as the operating system has it (Linux's /proc, proc(5))."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from nodes.device.usage import ProcessUsage, Usage

_TICK: Final = os.sysconf("SC_CLK_TCK")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_PROC: Final = Path("/proc")


class Others(NamedTuple):
    """The processes that belong to a device besides its own, by number, and the packet memory it shares with them."""

    names: Mapping[int, str] = {}
    buffers: int = 0
    buffers_used: int = 0


class UsageReader:
    """Reads what a device's processes use; ``others`` tells which there are."""

    def __init__(self) -> None:
        self.others: Callable[[], Others] = Others

    def __call__(self) -> Usage:
        others = self.others()
        names = {os.getpid(): "Device", **others.names}
        found = (_process(pid, name) for pid, name in names.items())
        processes = tuple(process for process in found if process is not None)
        return Usage(processes, _available(), others.buffers, others.buffers_used)


def _fields(path: Path) -> dict[str, str]:
    lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    return dict(line.split(":", 1) for line in lines if ":" in line)


def _kilobytes(fields: Mapping[str, str], name: str) -> int:
    """``VmHWM:	   23456 kB`` in octets; 0 where there is no such line."""
    words = fields.get(name, "").split()
    return int(words[0]) * 1024 if words else 0


def _process(pid: int, name: str) -> ProcessUsage | None:
    """None for a process that has ended, and where there is no /proc."""
    try:
        # Behind the name of the program, in which anything may stand.
        stat = (_PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
        status = _fields(_PROC / str(pid) / "status")
    except OSError:
        return None
    user, system, resident = int(stat[11]), int(stat[12]), int(stat[21])
    switches = sum(int(status.get(f"{kind}_ctxt_switches", "0")) for kind in ("voluntary", "nonvoluntary"))
    octets = resident * _PAGE
    peak = max(_kilobytes(status, "VmHWM"), octets)
    return ProcessUsage(pid, name, (user + system) / _TICK, switches, octets, peak)


def _available() -> int:
    try:
        return _kilobytes(_fields(_PROC / "meminfo"), "MemAvailable")
    except OSError:
        return 0
