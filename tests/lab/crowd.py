"""Many people at one console, each typing a command now and then: how long each waits for the prompt."""

from __future__ import annotations

import heapq
import random
import selectors
import socket
import struct
import time
from collections.abc import Callable
from typing import Final

#: Seconds that a prompt may take before it counts as never.
PATIENCE: Final = 30.0


class Person:
    """A connection, and what is expected of it."""

    def __init__(self, address: tuple[str, int], *, room: int | None = None) -> None:
        self.socket = socket.socket()
        if room is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        self.socket.connect(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._tail = b""
        #: When the line under way was sent; None while nothing is expected.
        self.asked: float | None = None

    def ask(self, line: bytes) -> None:
        self._tail = b""
        self.asked = time.perf_counter()
        self.socket.sendall(line)

    def take(self) -> float | None:
        """Read what has come; seconds since :meth:`ask` once the prompt is there."""
        data = self.socket.recv(1 << 20)
        assert data, "the console closed the connection"
        self._tail = (self._tail + data)[-64:]
        if self.asked is None or not self._tail.endswith((b"#", b">")) or b"\n" not in self._tail:
            return None
        taken, self.asked = time.perf_counter() - self.asked, None
        return taken

    def vanish(self) -> None:
        """Be gone without a word."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


class Crowd:
    """People who type ``line`` about every ``pause`` seconds, in no order."""

    def __init__(self, people: list[Person], line: bytes, pause: float, seed: int = 1) -> None:
        self.people = people
        self._line = line
        self._pause = pause
        self._random = random.Random(seed)

    def run(self, seconds: float, done: Callable[[], bool] = lambda: False) -> list[float]:
        """How long each prompt took, in seconds, until the time is over and the last one is there."""
        taken: list[float] = []
        order = 0
        with selectors.DefaultSelector() as selector:
            for person in self.people:
                selector.register(person.socket, selectors.EVENT_READ, person)
            begin = time.perf_counter()
            end = begin + seconds
            due: list[tuple[float, int, Person]] = []
            for person in self.people:
                heapq.heappush(due, (begin + self._random.random() * self._pause, order, person))
                order += 1
            while True:
                now = time.perf_counter()
                over = now >= end or done()
                waiting = [person for person in self.people if person.asked is not None]
                if over and not waiting:
                    return taken
                late = [person for person in waiting if person.asked is not None and now - person.asked > PATIENCE]
                assert not late, f"{len(late)} sessions hang"
                while due and due[0][0] <= now and not over:
                    _, _, person = heapq.heappop(due)
                    person.ask(self._line)
                wait = max(due[0][0] - now, 0.0) if due and not over else 0.2
                for key, _ in selector.select(min(wait, 0.2)):
                    figure = key.data.take()
                    if figure is not None:
                        taken.append(figure)
                        again = time.perf_counter() + self._pause * (0.5 + self._random.random())
                        heapq.heappush(due, (again, order, key.data))
                        order += 1


def percentile(figures: list[float], part: float) -> float:
    ordered = sorted(figures)
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)]
