"""What the ``ping`` and ``traceroute`` of all consoles have in common."""

from __future__ import annotations

from collections.abc import Callable

from nodes.cli.context import Break, Job, Wait
from nodes.device.probes import Probe, Probes
from nodes.engine.trace import Trace, TraceResult


def follow_trace(probes: Probes, probe: Probe, run: Trace, text: Callable[[TraceResult], str]) -> Job:
    """Print what a trace finds until it is done or interrupted."""
    try:
        while True:
            for result in run.events():
                yield text(result)
            if run.done:
                break
            yield Wait(run.next_deadline())
    except Break:
        pass
    finally:
        probes.stop(probe)
