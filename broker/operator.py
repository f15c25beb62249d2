"""A blocking connection to a broker, for commands and tests."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

import zmq

from broker.keys import ClientKeys
from broker.protocol import MAX_MESSAGE, PROTO, ProtocolError, Status, pack_control, unpack_control
from broker.transport import set_up

#: Milliseconds that close() waits for the last messages to leave.
_LINGER_MS: Final = 100


class BrokerGone(Exception):
    """No broker answers, or it refuses us. The text says which."""


class Response(NamedTuple):
    status: Status
    body: Any


class Operator:
    """A blocking connection for requests: ``with Operator(endpoint, lab) as operator: operator.request(...)``."""

    def __init__(self, endpoint: str, lab: str, timeout: float = 2.0, keys: ClientKeys | None = None) -> None:
        """Connects. ``timeout``: seconds to wait for the broker itself; ``keys``: the operator's, where the broker has
        keys. Raises BrokerGone."""
        self._endpoint = endpoint
        self._lab = lab
        self._timeout = timeout
        self._number = 0
        self._or_refuses = ", or it does not know our key" if keys is not None else ""
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.DEALER)
        self._socket.set(zmq.IMMEDIATE, 1)
        self._socket.set(zmq.LINGER, _LINGER_MS)
        set_up(self._socket, endpoint)
        if keys is not None:
            keys.use(self._socket)
        self._prepare(self._socket)
        try:
            self._socket.connect(endpoint)
            self._greet()
        except zmq.ZMQError as error:
            self.close()
            raise BrokerGone(f"{endpoint}: {error.strerror}") from None
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def request(
        self, node: str | None, verb: str, body: Mapping[str, Any] | None = None, timeout: float = 5.0
    ) -> Response:
        """Ask a device, or with None the broker itself; ``timeout`` in seconds. Whatever becomes of the request in the
        lab is in the response's status; raises BrokerGone when the broker itself does not answer."""
        self._number += 1
        number = self._number
        message = pack_control(
            "request",
            id=number,
            node=node,
            verb=verb,
            body=body,
            timeout_ms=max(1, round(timeout * 1000)),
        )
        if len(message) > MAX_MESSAGE:
            return Response(Status.BAD_REQUEST, {"output": "the request is too large"})
        self._send(message)
        deadline = time.monotonic() + timeout + self._timeout
        while True:
            match self._receive(deadline):
                case {"op": "response", "id": int(answered), "status": str(status), "body": answer} if (
                    answered == number and status in set(Status)
                ):
                    return Response(Status(status), answer)
                case {"op": "who"}:  # the broker was started anew, and has thrown our request away
                    self._greet()
                    self._send(message)
                case {"op": "refused", "reason": str(reason)}:
                    raise BrokerGone(reason)

    def close(self) -> None:
        if not self._socket.closed:
            with contextlib.suppress(zmq.ZMQError):
                self._socket.send(pack_control("bye"), zmq.NOBLOCK)
            self._socket.close()
            self._context.term()

    def _prepare(self, socket: zmq.Socket[bytes]) -> None:
        """For subclasses: set more options before the socket connects."""

    def _greet(self) -> None:
        self._send(pack_control("hello", proto=PROTO, lab=self._lab, operator=True))
        deadline = time.monotonic() + self._timeout
        while True:
            match self._receive(deadline):
                case {"op": "welcome"}:
                    return
                case {"op": "refused", "reason": str(reason)}:
                    raise BrokerGone(reason)

    def _send(self, message: bytes) -> None:
        if not self._socket.poll(round(self._timeout * 1000), zmq.POLLOUT):
            raise BrokerGone(f"no broker listens at {self._endpoint}{self._or_refuses}")
        try:
            self._socket.send(message, zmq.NOBLOCK)
        except zmq.Again:
            raise BrokerGone(f"the broker at {self._endpoint} went away") from None

    def _receive(self, deadline: float) -> dict[str, Any]:
        """The next control message; what is none is passed over."""
        while True:
            wait = deadline - time.monotonic()
            if wait <= 0 or not self._socket.poll(round(wait * 1000 + 0.5)):
                raise BrokerGone(f"the broker at {self._endpoint} does not answer")
            with contextlib.suppress(ProtocolError):
                return unpack_control(self._socket.recv())
