"""Taps of a real broker: what they see, what a slow reader loses, and that wires do not notice."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest

from broker.client import BrokerGone, Captured, Tap, TapCount
from broker.protocol import TAP_WINDOW, pack_data
from tests.broker.live import DEADLINE, Device, Lab, pump

SPAN = {"session": 1, "sources": [[10, "both"]], "destination": 12}


def gather(tap: Tap, frames: int) -> list[Captured]:
    """Read until so many frames are there."""
    seen: list[Captured] = []
    end = time.monotonic() + DEADLINE
    while sum(len(captured.frames) for captured in seen) < frames:
        assert time.monotonic() < end, seen
        seen += tap.receive(0.1)
    return seen


def flat(seen: list[Captured]) -> list[tuple[int, bytes]]:
    return [(captured.port, frame) for captured in seen for frame in captured.frames]


def test_several_wires_on_one_clock(lab: Lab) -> None:
    a, b, s, n = lab.all((SPAN,))
    before = time.time_ns()
    with Tap(lab.endpoint, "test", [1, 2, 3], timeout=DEADLINE) as tap:
        a.client.send(1, [b"one", b"two"])
        pump(lambda: len(n.frames) == 1, s, n)
        b.client.send(2, [b"three"])
        pump(lambda: len(s.frames) == 2, s)
        s.client.send(10, [b"four"])
        seen = gather(tap, 7)
        assert flat(seen) == [
            (1, b"one"),
            (1, b"two"),
            (12, b"one"),
            (12, b"two"),
            (2, b"three"),
            (10, b"four"),
            (12, b"four"),
        ]
        stamps = [captured.stamp for captured in seen]
        assert before <= stamps[0]
        assert stamps == sorted(stamps)
        assert tap.end() == []
        assert tap.counts == {1: TapCount(3, 0), 2: TapCount(1, 0), 3: TapCount(3, 0)}
    pump(lambda: len(a.frames) == 1, a)


def test_what_was_under_way_comes_before_the_end(lab: Lab) -> None:
    a, _, s, _ = lab.all()
    with Tap(lab.endpoint, "test", [10], timeout=DEADLINE) as tap:
        for number in range(50):
            assert a.client.send(1, [b"%d" % number]) == 1
        pump(lambda: len(s.frames) == 50, s)
        assert flat(tap.end()) == [(1, b"%d" % number) for number in range(50)]
        assert tap.counts == {10: TapCount(50, 0)}
        a.client.send(1, [b"late"])
        pump(lambda: len(s.frames) == 51, s)
        assert tap.receive(0.05) == []


def test_a_reader_that_stands_still_loses_and_the_wire_does_not(lab: Lab) -> None:
    a, _, s, _ = lab.all()
    batch = [bytes(1400)] * 32
    octets = len(pack_data(1, batch))
    batches = 3 * TAP_WINDOW // octets
    with Tap(lab.endpoint, "test", [1], timeout=DEADLINE) as tap:
        for number in range(batches):
            assert a.client.send(1, batch) == len(batch)
            if number % 32 == 31:  # as far as the device itself keeps up
                pump(lambda expected=number + 1: len(s.frames) == expected, s)  # type: ignore[misc]
        pump(lambda: len(s.frames) == batches, s)
        got = sum(len(captured.frames) for captured in tap.end())
        (count,) = tap.counts.values()
        assert count.frames == batches * len(batch)
        assert count.lost == count.frames - got > 0
        assert got * 1400 <= TAP_WINDOW
    wire = lab.status()["wires"][0]
    assert (wire["frames_ab"], wire["drops"]) == (count.frames, {})
    assert lab.drops() == {"tap-lost": count.lost}


def test_a_reader_that_keeps_up_loses_nothing(lab: Lab) -> None:
    a, _, s, _ = lab.all()
    batch = [bytes(1400)] * 32
    batches = 3 * TAP_WINDOW // len(pack_data(1, batch))
    with Tap(lab.endpoint, "test", [1], timeout=DEADLINE) as tap:
        got = 0
        for number in range(1, batches + 1):
            assert a.client.send(1, batch) == len(batch)
            pump(lambda expected=number: len(s.frames) == expected, s)  # type: ignore[misc]
            got += sum(len(captured.frames) for captured in tap.receive(0.0))
        got += sum(len(captured.frames) for captured in tap.end())
        assert tap.counts == {1: TapCount(got, 0)}
        assert got == batches * len(batch)


def test_a_killed_operator_leaves_no_tap(lab: Lab) -> None:
    a, _, s, _ = lab.all()
    code = (
        "import sys\nfrom broker.client import Tap\n"
        "tap = Tap(sys.argv[1], 'test', [1], timeout=15)\nprint('tapped', flush=True)\nsys.stdin.read()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, lab.endpoint], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"tapped\n"
        assert len(lab.status()["taps"]) == 1
        process.kill()
    end = time.monotonic() + DEADLINE
    while lab.status()["taps"]:
        assert time.monotonic() < end
        time.sleep(0.02)
    a.client.send(1, [b"x"])
    pump(lambda: s.frames, s)


def test_a_tap_outlives_the_broker(lab: Lab) -> None:
    a, _, s, _ = lab.all()
    with Tap(lab.endpoint, "test", [1], timeout=DEADLINE) as tap:
        a.client.send(1, [b"before"])
        assert flat(gather(tap, 1)) == [(1, b"before")]
        lab.kill()
        lab.start()
        seen: list[Captured] = []
        stop = threading.Event()

        def read() -> None:
            while not stop.is_set():
                seen.extend(tap.receive(0.05))

        reader = threading.Thread(target=read)
        reader.start()
        try:
            pump(lambda: lab_taps(lab) and a.client.connected and s.client.connected, a, s)
            pump(lambda: _send(a, seen), a, s)
        finally:
            stop.set()
            reader.join()
        tap.end()
        (count,) = tap.counts.values()
        assert count.frames >= 1
        assert count.lost == 0


def lab_taps(lab: Lab) -> bool:
    try:
        return bool(lab.status()["taps"])
    except BrokerGone:
        return False


def _send(device: Device, seen: list[Captured]) -> bool:
    """Until carrier is back, what is sent is lost on the wire."""
    device.client.send(1, [b"after"])
    return (1, b"after") in flat(seen)


def test_a_wire_that_is_not_there(lab: Lab) -> None:
    lab.all()
    with pytest.raises(BrokerGone, match="the lab has no port 99"):
        Tap(lab.endpoint, "test", [99], timeout=DEADLINE)
