"""A router of a live lab with something to forward, and what it costs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.lab.live import ROOT, LiveLab


@contextmanager
def traffic(lab: LiveLab, rate: int) -> Iterator[list[int]]:
    """Echo requests through R-A to R-B in place of PC-A; afterwards how many were sent, and answered.

    The lab is up at its stage ``start``.
    """
    lab.exec("R-B", "configure terminal", "ip route 192.168.1.0 255.255.255.0 10.0.10.10", "end")
    lab.wirelab("stop", "PC-A")
    description = lab.home / "wirelab" / lab.name / "run" / "PC-A.msgpack"
    program = [sys.executable, str(ROOT / "tests/lab/station.py")]
    words = [*program, str(description), "192.168.1.254", "10.0.10.20", str(rate)]
    counts: list[int] = []
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=lab.environment, cwd=ROOT
    ) as station:
        assert station.stdin is not None
        assert station.stdout is not None
        try:
            yield counts
        finally:
            station.stdin.close()
            said = station.stdout.read()
    result = json.loads(said)
    counts += [result["sent"], result["answered"]]


def forwarded(lab: LiveLab) -> int:
    """Packets that R-A has sent to the WAN."""
    count: int = lab.show("R-A", "show interfaces fa0/0")["interfaces"][0]["output"]["packets"]
    return count


def memory(pid: int) -> int:
    """kB that a process has for itself."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return sum(int(size) for size in re.findall(r"^Private_\w+: +(\d+) kB$", rollup, re.M))
