"""A blocking connection that sees what crosses wires, for captures."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from typing import Any, Final, NamedTuple

import zmq

from broker.keys import ClientKeys
from broker.operator import BrokerGone, Operator
from broker.protocol import DATA, TAP_WINDOW, ProtocolError, pack_control, unpack_control, unpack_data

#: Octets after which the broker is told that they were read: a small part of what it may have under way.
_TELL: Final = TAP_WINDOW // 16
#: Seconds after which an unanswered request for the last counts is made again: the broker's queue may have been full.
_ASK_AGAIN: Final = 0.2


class Captured(NamedTuple):
    """Frames that crossed a tapped wire."""

    port: int
    """by which they entered the wire"""
    stamp: int
    """When the broker had them, ns since the epoch."""
    frames: list[bytes]


class TapCount(NamedTuple):
    """Frames that crossed a wire since it was tapped, in both directions, and how many of them we did not get."""

    frames: int
    lost: int


class Tap(Operator):
    """Copies of all that crosses some wires. To be read often: what waits too long is lost, to us only, and counted.

    Outlives its broker: the next one is asked for the same wires as soon as it is there.
    """

    def __init__(
        self, endpoint: str, lab: str, ports: Collection[int], timeout: float = 2.0, keys: ClientKeys | None = None
    ) -> None:
        """Taps the wires of these ports, one port for each wire. ``timeout``: seconds to wait for the broker; ``keys``:
        the operator's. Raises BrokerGone, also with the broker's reason when it does not let us."""
        self._ports = list(ports)
        self._read = 0
        self._told = 0
        self._tap = 0
        self._answered = 0
        self._ending = False
        self._waiting: list[Captured] = []
        self._counts = dict.fromkeys(self._ports, TapCount(0, 0))
        self._before = dict(self._counts)
        self.malformed = 0
        """Messages from devices that hold no frames."""
        super().__init__(endpoint, lab, timeout, keys)
        try:
            self._tap_all()
            deadline = time.monotonic() + timeout
            while self._answered != self._tap:
                if not self._take(deadline):
                    raise BrokerGone(f"the broker at {endpoint} does not answer")
        except BaseException:
            self.close()
            raise

    @property
    def counts(self) -> Mapping[int, TapCount]:
        """For each port: what the broker counted on its wire, as of about a second ago, and exact after ``end``."""
        return {
            port: TapCount(before.frames + count.frames, before.lost + count.lost)
            for port, before, count in ((port, self._before[port], self._counts[port]) for port in self._ports)
        }

    def receive(self, timeout: float, limit: int = 64) -> list[Captured]:
        """What has come, from ``limit`` messages at most; waits up to ``timeout`` seconds for the first one."""
        deadline = time.monotonic() + timeout
        for _ in range(limit):
            # Once there is something, take only what is there already.
            if not self._take(0.0 if self._waiting else deadline):
                break
        taken, self._waiting = self._waiting, []
        return taken

    def end(self) -> list[Captured]:
        """End the taps; what was still under way. ``counts`` are final then, unless no broker answers any more."""
        self._ending = True
        self._tap += 1
        deadline = time.monotonic() + self._timeout
        ask_at = 0.0
        while self._answered != self._tap and (now := time.monotonic()) < deadline:
            if now >= ask_at:
                self._transmit(pack_control("tap", number=self._tap, ports=[]))
                ask_at = now + _ASK_AGAIN
            self._take(min(deadline, ask_at))
        taken, self._waiting = self._waiting, []
        return taken

    def _prepare(self, socket: zmq.Socket[bytes]) -> None:
        # A knock on each new connection, which the broker answers with "who": so we learn of a new broker.
        socket.set(zmq.PROBE_ROUTER, 1)
        # What waits here is bounded in octets, by the broker. A bound in messages would only make it lose more of them.
        socket.set(zmq.RCVHWM, 0)

    def _tap_all(self) -> None:
        self._tap += 1
        self._send(pack_control("tap", number=self._tap, ports=self._ports))

    def _transmit(self, message: bytes) -> bool:
        """Whether there was room for it."""
        try:
            self._socket.send(message, zmq.NOBLOCK)
        except zmq.Again:
            return False
        return True

    def _take(self, deadline: float) -> bool:
        """Handle the next message; False when there is none until then."""
        wait = max(0.0, deadline - time.monotonic())
        if not self._socket.poll(round(wait * 1000 + 0.5)):
            return False
        message = self._socket.recv()
        try:
            if message and message[0] == DATA:
                self._read += len(message)
                self._tell()
                self._waiting.append(Captured(*unpack_data(message)))
            else:
                self._hear(unpack_control(message))
        except ProtocolError:
            self.malformed += 1
        return True

    def _tell(self) -> None:
        if self._read - self._told >= _TELL and self._transmit(pack_control("read", octets=self._read)):
            self._told = self._read

    def _hear(self, body: dict[str, Any]) -> None:
        match body:
            case {"op": "tapped", "number": int(number), "taps": dict(taps)} if number == self._tap:
                self._answered = number
                self._learn(taps)
            case {"op": "tapped", "refused": str(reason)} | {"op": "refused", "reason": str(reason)}:
                raise BrokerGone(reason)
            case {"op": "who"}:  # a new broker, which counts from zero
                self._before, self._counts = dict(self.counts), dict.fromkeys(self._ports, TapCount(0, 0))
                self._read = self._told = 0
                if self._ending:
                    self._answered = self._tap
                else:
                    self._greet()
                    self._tap_all()

    def _learn(self, taps: Mapping[Any, Any]) -> None:
        for port, count in taps.items():
            match count:
                case {"frames": int(frames), "lost": int(lost)} if port in self._counts:
                    self._counts[port] = TapCount(frames, lost)
