"""Requests of operators: to the broker itself, or through it to a device, whose answer is waited for. No I/O, no clock.

Every request is answered exactly once: by the device or, when that cannot be, by the broker with a status that says
why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from broker.drops import Drop, DropCounters
from broker.protocol import MAX_MESSAGE, Status, pack_control

#: So many may wait for devices at one time; a further one is turned away.
MAX_PENDING: Final = 1024
#: Seconds that a request may wait at most, whatever it asks for.
MAX_TIMEOUT: Final = 600.0


@dataclass(frozen=True, slots=True)
class _Asked:
    """Where an answer goes: the operator's connection, and the operator's own number of the request."""

    operator: bytes
    number: int


@dataclass(frozen=True, slots=True)
class _Pending:
    asked: _Asked
    node: str
    device: bytes
    """The connection that the answer must come from."""
    deadline: float


class Requests:
    def __init__(
        self,
        first: int,
        nodes: Mapping[str, object],
        drops: DropCounters,
        reach: Callable[[str], bytes | None],
        status: Callable[[], dict[str, Any]],
        deliver: Callable[[bytes, bytes], bool],
    ) -> None:
        """Requests are forwarded under numbers of our own from ``first``, which should differ from start to start, so
        that a late answer finds no later request. ``nodes``: those of the lab; ``reach``: the connection of a node that
        is present; ``status``: the answer to that verb; ``deliver``: sends a message, and tells whether it could."""
        self._next = first
        self._nodes = nodes
        self._drops = drops
        self._reach = reach
        self._status = status
        self._deliver = deliver
        self._pending: dict[int, _Pending] = {}

    def request(self, operator: bytes, body: Mapping[str, Any], now: float) -> None:
        """An operator's request."""
        number, node, verb = body.get("id"), body.get("node"), body.get("verb")
        timeout_ms = body.get("timeout_ms")
        if not isinstance(number, int):
            self._drops.count(Drop.BAD_MESSAGE)
            return
        asked = _Asked(operator, number)
        if not isinstance(verb, str) or not isinstance(timeout_ms, int) or timeout_ms <= 0:
            self._refuse(asked, Status.BAD_REQUEST, "a request needs a verb and a timeout")
        elif node is None and verb == "status":
            self._answer(asked, Status.OK, self._status())
        elif node is None:
            self._refuse(asked, Status.BAD_REQUEST, "the broker itself knows only the verb status")
        elif not isinstance(node, str) or node not in self._nodes:
            self._refuse(asked, Status.UNKNOWN_NODE, "the lab has no such node")
        elif (device := self._reach(node)) is None:
            self._refuse(asked, Status.UNREACHABLE, f"{node} is not connected")
        elif len(self._pending) >= MAX_PENDING:
            self._drops.count(Drop.TOO_MANY_REQUESTS)
            self._refuse(asked, Status.UNREACHABLE, "too many requests wait for their devices already")
        else:
            timeout = min(timeout_ms / 1000, MAX_TIMEOUT)
            self._forward(_Pending(asked, node, device, now + timeout), verb, body.get("body"), timeout)

    def response(self, device: bytes, body: Mapping[str, Any]) -> None:
        """A device's answer."""
        number, status = body.get("id"), body.get("status")
        if not isinstance(number, int) or not isinstance(status, str) or status not in set(Status):
            self._drops.count(Drop.BAD_MESSAGE)
            return
        pending = self._pending.get(number)
        if pending is None or pending.device != device:
            self._drops.count(Drop.LATE_RESPONSE)
            return
        del self._pending[number]
        self._answer(pending.asked, Status(status), body.get("body"))

    def device_gone(self, device: bytes) -> None:
        """A connection ended: nothing will be answered on it."""
        for number, pending in list(self._pending.items()):
            if pending.device == device:
                del self._pending[number]
                self._refuse(pending.asked, Status.UNREACHABLE, f"{pending.node} went away before it answered")

    def expire(self, now: float) -> None:
        for number, pending in list(self._pending.items()):
            if pending.deadline <= now:
                del self._pending[number]
                self._refuse(pending.asked, Status.TIMEOUT, f"{pending.node} did not answer in time")

    def next_deadline(self) -> float | None:
        return min((pending.deadline for pending in self._pending.values()), default=None)

    def _forward(self, pending: _Pending, verb: str, body: object, timeout: float) -> None:
        number = self._next
        self._next += 1
        try:
            message = pack_control("request", id=number, verb=verb, body=body, timeout_ms=round(timeout * 1000))
        except ValueError:  # some versions of msgpack unpack what is nested more deeply than they pack
            message = b""
        if not 0 < len(message) <= MAX_MESSAGE:
            self._drops.count(Drop.OVERSIZE)
            self._refuse(pending.asked, Status.BAD_REQUEST, "the request is too large")
        elif self._deliver(pending.device, message):
            self._pending[number] = pending
        else:
            self._refuse(pending.asked, Status.UNREACHABLE, f"{pending.node} has gone, or its queue is full")

    def _refuse(self, asked: _Asked, status: Status, text: str) -> None:
        """The broker's own answer, in the form in which devices say no."""
        self._answer(asked, status, {"output": text})

    def _answer(self, asked: _Asked, status: Status, body: object) -> None:
        try:
            message = pack_control("response", id=asked.number, status=status.value, body=body)
        except ValueError:  # as above
            self._drops.count(Drop.OVERSIZE)
            self._refuse(asked, Status.REJECTED, "the answer is nested too deeply to be passed on")
        else:
            if not self._deliver(asked.operator, message):
                self._drops.count(Drop.OPERATOR_GONE)
