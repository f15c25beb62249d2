"""Load averages and histories from samples of processor time."""

from __future__ import annotations

import pytest

from nodes.device import usageviews
from nodes.device.usage import HOURS, MINUTES, SECONDS, History, ProcessUsage, Usage, UsageMeter
from nodes.show import processes as show
from tests.device.bench import Bench


def usage(*seconds: float, free: int = 1000) -> Usage:
    """Processes 1, 2, ... that have used so many seconds of a processor."""
    return Usage(tuple(ProcessUsage(pid, "P", used, 0, 0, 0) for pid, used in enumerate(seconds, 1)), free)


def test_a_process_that_is_always_busy() -> None:
    meter = UsageMeter()
    for number in range(61):
        meter.sample(usage(number * 5.0), number * 5.0)
    load = meter.load(1)
    assert load.five_seconds == 1.0
    # Five minutes of it: an average over one minute is there, one over five has 1 - 1/e of it.
    assert load.minute == pytest.approx(0.993, abs=0.001)
    assert load.five_minutes == pytest.approx(0.632, abs=0.001)
    assert list(meter.history.seconds) == [100] * SECONDS
    assert list(meter.history.minutes) == list(meter.history.minutes_most) == [100] * 5


def test_the_total_is_the_sum_and_the_dead_are_forgotten() -> None:
    meter = UsageMeter()
    meter.sample(usage(7.0, 1.0), 10.0)
    assert meter.total.five_seconds == 0.0, "what was used before the first sample is nobody's load"
    meter.sample(usage(8.0, 3.0), 15.0)
    assert (meter.load(1).five_seconds, meter.load(2).five_seconds) == (0.2, 0.4)
    assert meter.total.five_seconds == pytest.approx(0.6)
    meter.sample(usage(8.0), 20.0)
    assert meter.load(2).five_seconds == meter.total.five_seconds == 0.0
    meter.sample(usage(8.0), 20.0)
    assert meter.total.five_seconds == 0.0, "no time has passed"


def test_the_least_memory_is_kept() -> None:
    meter = UsageMeter()
    for number, free in enumerate((700, 300, 900)):
        meter.sample(usage(free=free), float(number))
    assert meter.lowest == 300


def test_history_keeps_what_is_shown() -> None:
    history = History()
    history.add(10, 3600 - 60)
    history.add(90, 30)
    history.add(0, 30)
    assert list(history.seconds) == [0] * 30 + [90] * 30
    assert (history.minutes[0], history.minutes_most[0]) == (45, 90)
    assert (history.hours[0], history.hours_most[0]) == (round((59 * 10 + 45) / 60), 90)
    history.add(1, 10**9)
    assert (len(history.seconds), len(history.minutes), len(history.hours)) == (SECONDS, MINUTES, HOURS)


def test_the_graph() -> None:
    bench = Bench("router")
    device = bench.router
    history = device.usage.history
    history.add(7, 3300)
    history.add(100, 5)
    history.add(4, 5)
    history.add(16, 290)
    history.add(66, 20)
    lines = list(show.history(usageviews.load_history(device)))
    assert lines[0].rstrip() == "      " + "6" * 20 + "1" * 40
    assert lines[1].rstrip() == "      " + "6" * 60
    seventy, sixty, twenty, ten = (lines[2 + 10 - level // 10] for level in (70, 60, 20, 10))
    assert seventy.rstrip() == sixty.rstrip().replace("60", "70") == "   70 " + "*" * 20
    assert twenty.rstrip() == "   20 " + "*" * 60
    assert ten.rstrip() == "   10 " + "*" * 60
    minutes = lines.index("               CPU% per minute (last 60 minutes)")
    bars = lines[minutes - 12 : minutes - 2]
    # A minute that was busy for five seconds: the most is full, the average is not.
    assert bars[0].rstrip() == "  100     *"
    assert bars[9].startswith("   10 #####")
