"""Helpers for tests with worker processes: a loop that is turned by hand until something is true, and a pool on it."""

from __future__ import annotations

import hashlib
import selectors
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from nodes.base.addr import parse_ipv4
from nodes.esp.association import Association, Direction, EspTransform
from nodes.esp.jobs import Result
from nodes.esp.outcomes import Outcome
from nodes.shell.esp.pool import Pool
from nodes.shell.esp.template import Template
from nodes.wire import ipv4

DEADLINE = 20.0
AES_SHA1 = EspTransform("aes-128", "sha1")


def association(direction: Direction, spi: int = 0x1000, transform: EspTransform = AES_SHA1) -> Association:
    """Keys follow from the SPI, so that both directions of one SPI fit together."""
    cipher_key = hashlib.shake_256(b"cipher %d" % spi).digest(transform.cipher_suite.key_length)
    integrity_key = hashlib.shake_256(b"integrity %d" % spi).digest(transform.integrity_suite.key_length)
    ends = parse_ipv4("10.0.10.10"), parse_ipv4("10.0.10.20")
    return Association(spi, direction, *ends, transform, cipher_key, integrity_key)


def packet(length: int, number: int = 0) -> bytes:
    payload = number.to_bytes(4, "big") + bytes(length - 24)
    return ipv4.Ipv4(parse_ipv4("192.168.1.1"), parse_ipv4("192.168.2.1"), 17, payload, ttl=127).build()


def alive(pid: int) -> bool:
    """Whether a process exists and is not just waiting to be asked for its status."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def until(condition: Callable[[], object], turn: Callable[[], None] = lambda: time.sleep(0.002)) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        turn()


class HandLoop:
    """The two methods of an event loop that a pool needs."""

    def __init__(self) -> None:
        self.selector = selectors.DefaultSelector()

    def add_reader(self, fd: int, callback: Callable[[], None], /) -> None:
        self.selector.register(fd, selectors.EVENT_READ, callback)

    def remove_reader(self, fd: int, /) -> None:
        self.selector.unregister(fd)

    def turn(self) -> None:
        for key, _ in self.selector.select(0.05):
            if key.fd in self.selector.get_map():  # a callback before this one may have removed it
                key.data()


class Bench:
    """A pool, and all that it reported."""

    def __init__(self, template: Template | None, workers: int) -> None:
        self.loop = HandLoop()
        self.results: list[Result] = []
        self.lost: list[tuple[list[int], int]] = []
        self.pool = Pool(self.loop, self.results.extend, self._lost, template=template, workers=workers)

    def _lost(self, sas: Sequence[int], packets: int) -> None:
        self.lost.append((list(sas), packets))

    def until(self, condition: Callable[[], object]) -> None:
        until(condition, self.loop.turn)

    def packets(self, sa: int) -> list[tuple[Outcome, bytes]]:
        """What came back for an SA, in the order in which it came."""
        return [packet for result in self.results if result.sa == sa for packet in result.packets]

    def started(self, workers: int = 1) -> list[int]:
        """The workers' process ids, once there are so many."""
        self.until(lambda: len(self.pool.pids) == workers)
        return self.pool.pids


MakeBench = Callable[..., Bench]
