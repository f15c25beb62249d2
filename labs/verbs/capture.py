"""capture: what crosses the wires, as pcapng or as lines."""

from __future__ import annotations

import argparse
import os
import select
import signal
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType, TracebackType
from typing import Final, Protocol, Self

from broker.client import BrokerGone, Captured, Tap
from labs import find, wires
from labs.control import ControlError
from labs.errors import LabError
from labs.keys import KeyFile
from labs.output import table
from labs.wires import Wire
from nodes.decode import pcapng
from nodes.decode.dissect import summary

#: Seconds between two looks at whether the capture is to end, and between two looks at the keys.
_LOOK: Final = 0.1
_LOOK_AT_KEYS: Final = 1.0
_STDOUT: Final = 1


def capture(options: argparse.Namespace) -> int:
    lab = find.select(options.name, options.compose)
    record = lab.record
    status = lab.status()
    if status is None:
        raise ControlError(f"the broker of lab {record.name!r} does not answer (`wirelab logs broker`)")
    all_wires = wires.from_status(status)
    if options.list:
        _list(all_wires)
        return 0
    keys = KeyFile(record, lab.key_logs, Path(options.keys)) if options.keys is not None else None
    chosen = wires.choose(record, all_wires, options.wires)
    if not chosen:
        raise LabError(f"lab {record.name!r} has no cables")
    if keys is not None:
        keys.refresh()
    try:
        with lab.tap([wire.port for wire in chosen], timeout=5.0) as tap:
            with _sink(options.write, chosen) as sink, _Interrupts() as interrupts:
                _begin(chosen)
                run = _Run(tap, chosen, sink, keys, options.limit)
                run.until(options.duration, interrupts)
            run.tell(options, keys)
    except BrokerGone as error:
        raise ControlError(f"the broker of lab {record.name!r}: {error}") from None
    return 0


def _list(all_wires: Sequence[Wire]) -> None:
    table(
        [("WIRE", "CABLE", "CARRIER")]
        + [(str(wire), wire.cable, "yes" if wire.carrier else wire.reason) for wire in all_wires]
    )


def _begin(chosen: Sequence[Wire]) -> None:
    for wire in chosen:
        if not wire.carrier:
            _say(f"nothing crosses {wire} now: no carrier ({wire.reason})")
    names = ", ".join(wire.name for wire in chosen) if len(chosen) <= 4 else f"{len(chosen)} wires"
    _say(f"capturing {names}; Ctrl-C ends it")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


class _Sink(Protocol):
    """Where captured frames go. May raise BrokenPipeError from any method when its reader is gone."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def add(self, captured: Captured) -> None: ...

    def flush(self) -> None: ...

    def end(self, received: Mapping[int, int], lost: Mapping[int, int]) -> None:
        """The last words, by the ports of the wires: frames that crossed each, and how many of them are not there."""

    def broken(self) -> bool:
        """Whether the reader is gone, also while there is nothing to write."""


def _sink(name: str | None, chosen: Sequence[Wire]) -> _Sink:
    terminal = os.isatty(_STDOUT)
    if name is None and terminal:
        return _Lines(chosen)
    if name is None or name == "-":
        if terminal:
            raise LabError("a pcapng file is not for a terminal: -w FILE, or a pipe into `wireshark -k -i -`")
        return _Pcapng(_STDOUT, chosen)
    try:
        return _Pcapng(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666), chosen)
    except OSError as error:
        raise LabError(f"{name} cannot be written: {error.strerror or error}") from None


class _Pcapng:
    """A pcapng file or stream: an interface for each wire, named as the end from which it is seen."""

    def __init__(self, descriptor: int, chosen: Sequence[Wire]) -> None:
        self._descriptor = descriptor
        self._parts: list[bytes] = []
        self._ways: dict[int, tuple[int, pcapng.Direction]] = {}
        """port by which frames enter a wire -> (interface, direction)"""
        self._ports = [wire.port for wire in chosen]
        self._parts.append(pcapng.section_header())
        for index, wire in enumerate(chosen):
            self._parts.append(pcapng.interface_description(wire.name, f"{wire.cable} cable to {wire.far}"))
            # As the named end sees it: what it sends goes out.
            self._ways[wire.port] = index, pcapng.Direction.OUTBOUND
            self._ways[wire.far_port] = index, pcapng.Direction.INBOUND

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._descriptor != _STDOUT:
            os.close(self._descriptor)

    def add(self, captured: Captured) -> None:
        interface, direction = self._ways[captured.port]
        self._parts += [
            pcapng.enhanced_packet(interface, captured.stamp, frame, direction) for frame in captured.frames
        ]

    def flush(self) -> None:
        """Raises LabError when the disk is full, and the like."""
        data = memoryview(b"".join(self._parts))
        self._parts.clear()
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
        except BrokenPipeError:
            raise
        except OSError as error:
            raise LabError(f"the capture cannot be written: {error.strerror or error}") from None

    def end(self, received: Mapping[int, int], lost: Mapping[int, int]) -> None:
        now = time.time_ns()
        for index, port in enumerate(self._ports):
            self._parts.append(pcapng.interface_statistics(index, now, received[port], lost[port]))
        self.flush()

    def broken(self) -> bool:
        poller = select.poll()
        poller.register(self._descriptor, 0)
        return any(event & select.POLLERR for _, event in poller.poll(0))


class _Lines:
    """A packet list on a terminal: each frame behind the port that sent it."""

    def __init__(self, chosen: Sequence[Wire]) -> None:
        self._names = {wire.port: wire.name for wire in chosen} | {wire.far_port: wire.far for wire in chosen}
        self._width = max(map(len, self._names.values()))
        self._number = 0
        self._start = 0

    def __enter__(self) -> Self:
        sender = "Sent by".ljust(self._width)
        print(f"  No.       Time {sender} Source            Destination       Protocol Info", flush=True)
        return self

    def __exit__(self, *_: object) -> None:
        return

    def add(self, captured: Captured) -> None:
        self._start = self._start or captured.stamp
        seconds = (captured.stamp - self._start) / 1e9
        sender = self._names[captured.port].ljust(self._width)
        for frame in captured.frames:
            self._number += 1
            line = summary(frame)
            columns = f"{line.source:<17} {line.destination:<17} {line.protocol:<8} {line.info}"
            print(f"{self._number:>5} {seconds:>10.6f} {sender} {columns}")

    def flush(self) -> None:
        sys.stdout.flush()

    def end(self, received: Mapping[int, int], lost: Mapping[int, int]) -> None:
        self.flush()

    def broken(self) -> bool:
        return False


class _Interrupts:
    """Ctrl-C (and SIGTERM) ask for the end; a second one does not ask."""

    def __enter__(self) -> Self:
        self.asked = False
        self._before = {number: signal.signal(number, self._ask) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def __exit__(self, *_: object) -> None:
        self._restore()


class _Run:
    """One capture from its first frame to its summary."""

    def __init__(self, tap: Tap, chosen: Sequence[Wire], sink: _Sink, keys: KeyFile | None, limit: int | None) -> None:
        self._tap = tap
        self._chosen = chosen
        self._sink = sink
        self._keys = keys
        self._left = limit
        self._wire = {end: wire.port for wire in chosen for end in (wire.port, wire.far_port)}
        self._kept: Counter[int] = Counter()
        self._started = time.monotonic()

    def until(self, duration: float | None, interrupts: _Interrupts) -> None:
        """Capture until the time is over, the limit is reached, or somebody wants the end. The file is whole then."""
        try:
            self._sink.flush()  # a reader wants the head of the file, and may wait for it
            try:
                self._loop(duration, interrupts)
                self._take(self._tap.end())
            except BrokerGone as error:
                _say(f"the capture ends: {error}")
            if self._keys is not None:
                self._keys.refresh()
            self._sink.end(*self._totals())
        except BrokenPipeError:
            pass  # the reader has seen enough

    def _loop(self, duration: float | None, interrupts: _Interrupts) -> None:
        end = None if duration is None else self._started + duration
        keys_at = self._started
        while not interrupts.asked and self._left != 0 and not self._sink.broken():
            now = time.monotonic()
            if end is not None and now >= end:
                return
            if self._keys is not None and now >= keys_at:
                keys_at = now + _LOOK_AT_KEYS
                self._keys.refresh()
            self._take(self._tap.receive(_LOOK if end is None else min(_LOOK, end - now)))

    def _take(self, batch: Sequence[Captured]) -> None:
        for captured in batch:
            if self._left is not None:
                captured = captured._replace(frames=captured.frames[: self._left])
                self._left -= len(captured.frames)
            self._sink.add(captured)
            self._kept[self._wire[captured.port]] += len(captured.frames)
        if batch:
            self._sink.flush()

    def _totals(self) -> tuple[dict[int, int], dict[int, int]]:
        """Frames received and lost by wire. What a limit leaves out was not received."""
        lost = {port: count.lost for port, count in self._tap.counts.items()}
        return {port: self._kept[port] + lost[port] for port in lost}, lost

    def tell(self, options: argparse.Namespace, keys: KeyFile | None) -> None:
        """The summary."""
        received, lost = self._totals()
        kept = sum(self._kept.values())
        into = f" in {options.write}" if options.write not in (None, "-") else ""
        seconds = time.monotonic() - self._started
        text = f"{_count(kept, 'frame')} of {_count(len(self._chosen), 'wire')}{into}, {seconds:.1f} s"
        if any(lost.values()):
            text += f"; {_count(sum(lost.values()), 'frame')} lost: they came faster than they could be written"
        _say(text)
        if len(self._chosen) > 1:
            for wire in self._chosen:
                if received[wire.port]:
                    _say(f"  {wire}: {_count(self._kept[wire.port], 'frame')}, {lost[wire.port]} lost")
        if self._tap.malformed:
            _say(f"  {_count(self._tap.malformed, 'message')} held no frames")
        if keys is not None:
            _tell_keys(keys, options.keys, options.write)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _tell_keys(keys: KeyFile, path: str, capture: str | None) -> None:
    for log, what in keys.refused.items():
        _say(f"{log}: {what}")
    if not keys.isakmp and not keys.esp:
        _say(f"{path} holds no keys yet: no tunnel has come up since the lab started")
        return
    file = capture if capture not in (None, "-") else "CAPTURE"
    _say(
        f"{path} holds the keys of {_count(keys.isakmp, 'ISAKMP SA')} and {_count(keys.esp, 'ESP SA')}, "
        "as options of tshark and Wireshark:\n"
        f"  xargs -a {path} tshark -r {file}\n"
        f"  xargs -a {path} wireshark -r {file}"
    )
