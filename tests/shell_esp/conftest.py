"""Pools that leave nothing behind."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from nodes.shell.esp.template import Template
from tests.shell_esp.bench import Bench, MakeBench, alive


@pytest.fixture
def make_bench() -> Iterator[MakeBench]:
    made: list[Bench] = []
    gc.collect()  # what tests before this one left to the collector
    before = len(list(Path("/proc/self/fd").iterdir()))

    def make(workers: int = 1, *, template: bool = True) -> Bench:
        bench = Bench(Template.fork("wirelab test: R") if template else None, workers)
        made.append(bench)
        return bench

    yield make
    for bench in made:
        pids = bench.pool.pids
        bench.pool.close()
        assert not any(alive(pid) for pid in pids)
        assert not bench.loop.selector.get_map()
        bench.loop.selector.close()
    made.clear()
    gc.collect()
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.fixture
def bench(make_bench: MakeBench) -> Bench:
    """A pool of one worker."""
    return make_bench()
