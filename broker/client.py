"""What a device or an operator needs to talk to a broker.

A :class:`DeviceClient` never blocks and is driven by the process's own loop: watch ``fileno()``, call ``receive`` when
it is readable and for as long as ``pending`` says so, and ``tick`` about once a second. It connects, reconnects and
says hello by itself, so that a broker may come and go. An :class:`Operator` blocks, and is for commands and tests, and
so does a :class:`Tap`, which sees what crosses wires.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeAlias

import zmq

from broker.keys import ClientKeys, KeysError
from broker.operator import BrokerGone, Operator, Response
from broker.protocol import (
    DATA,
    MAX_BATCH,
    MAX_FRAME,
    MAX_MESSAGE,
    PROTO,
    LinkState,
    ProtocolError,
    Reason,
    Status,
    pack_control,
    pack_data,
    unpack_control,
    unpack_data,
)
from broker.tap import Captured, Tap, TapCount
from broker.transport import MAX_SEALED, set_up

__all__ = [
    "BrokerGone",
    "Captured",
    "ClientKeys",
    "Connected",
    "Copied",
    "CopyCount",
    "DeviceClient",
    "Disconnected",
    "Event",
    "Frames",
    "KeysError",
    "LinkState",
    "Links",
    "Malformed",
    "Operator",
    "Reason",
    "Refused",
    "Request",
    "Response",
    "Status",
    "Tap",
    "TapCount",
]

#: Messages that wait in each direction at most.
QUEUE: Final = 256
#: Seconds without a word from the broker, which pings every second, until every link counts as down.
SILENCE: Final = 3.0
#: Seconds without a word until the connection is made anew: ZeroMQ gives up for good when a broker that does not know
#: our key yet refuses it, and it may know it tomorrow.
_ANEW: Final = 5.0
#: Milliseconds that close() waits for the last messages to leave.
_LINGER_MS: Final = 100
#: Answers that wait for the broker's queue at most.
_MAX_ANSWERS: Final = 64


class Frames(NamedTuple):
    """Frames for one of the device's ports. A tuple, since this is the one event that comes often."""

    port: int
    stamp: int
    """When the broker had them, ns since the epoch."""
    frames: list[bytes]


@dataclass(frozen=True, slots=True)
class Links:
    """Link states changed. All ports of the device that the broker has told of."""

    links: Mapping[int, LinkState]


class CopyCount(NamedTuple):
    """Frames that were copied and their octets, and the copies that were lost besides."""

    frames: int
    octets: int
    lost: int


@dataclass(frozen=True, slots=True)
class Copied:
    """What the device's mirrors copied out of its ports since the last such event."""

    ports: Mapping[int, CopyCount]


@dataclass(frozen=True, slots=True)
class Request:
    """To be answered with ``respond`` within ``timeout`` seconds."""

    id: int
    verb: str
    body: Any
    timeout: float


@dataclass(frozen=True, slots=True)
class Malformed:
    """Something came that is not of the protocol; it was dropped."""

    what: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The broker does not serve us: wrong lab, unknown node, or another process is this node now."""

    reason: str


@dataclass(frozen=True, slots=True)
class Connected:
    """A broker serves us: the first one, or one that was started anew."""


@dataclass(frozen=True, slots=True)
class Disconnected:
    """No broker has been heard for SILENCE seconds. Links without carrier follow."""


Event: TypeAlias = Frames | Links | Copied | Request | Malformed | Refused | Connected | Disconnected


class DeviceClient:
    def __init__(self, endpoint: str, lab: str, node: str, keys: ClientKeys | None = None) -> None:
        """``keys``: the node's, where the broker has keys.

        To be made in the process that uses it: a ZeroMQ context does not survive a fork."""
        self._hello = {"proto": PROTO, "lab": lab, "node": node}
        self._view: dict[str, Any] = {"ready": False, "up": [], "mirrors": []}
        self._links: dict[int, LinkState] = {}
        self._events: list[Event] = []
        self._answers: deque[bytes] = deque(maxlen=_MAX_ANSWERS)
        self._view_due = False
        self._welcomed = False
        self._lost = True
        self._boot: object = None
        self._refused_by: object = None
        self._heard = False
        self._silence = 0.0
        self._ticked_at: float | None = None
        self._closed = False
        self._endpoint = endpoint
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.DEALER)
        self._socket.set(zmq.IMMEDIATE, 1)
        # A knock on each new connection: the broker answers "who", also when the old connection was gone and the new
        # one there before we looked.
        self._socket.set(zmq.PROBE_ROUTER, 1)
        self._socket.set(zmq.LINGER, _LINGER_MS)
        self._socket.set(zmq.SNDHWM, QUEUE)
        self._socket.set(zmq.RCVHWM, QUEUE)
        self._socket.set(zmq.MAXMSGSIZE, MAX_SEALED)
        set_up(self._socket, endpoint)
        if keys is not None:
            keys.use(self._socket)
        self._socket.connect(endpoint)
        descriptor: Any = self._socket.get(zmq.FD)
        self._fd = int(descriptor)

    def fileno(self) -> int:
        """ZeroMQ's descriptor, to be watched for reading. It is edge-triggered: see ``pending``."""
        return self._fd

    @property
    def connected(self) -> bool:
        """Whether a broker serves us, as far as we know."""
        return self._welcomed

    @property
    def pending(self) -> bool:
        """Whether ``receive`` has something now. To be asked after every ``receive``, ``send`` and ``tick``: what the
        socket noticed meanwhile will not make its descriptor readable again."""
        return bool(self._events) or self._readable()

    def set_view(self, *, ready: bool, up: Sequence[int], mirrors: Sequence[Mapping[str, Any]]) -> None:
        """The device's whole view (see broker.protocol); remembered, and told to each broker that we meet."""
        self._view = {"ready": ready, "up": list(up), "mirrors": [dict(mirror) for mirror in mirrors]}
        self._view_due = self._welcomed
        self._flush()

    def send(self, port: int, frames: Sequence[bytes]) -> int:
        """Send frames from a port of ours; how many were accepted, the first ones. The others are lost: no broker
        serves us, its queue is full, or a frame has more than MAX_FRAME octets."""
        accepted = 0
        if self._welcomed:
            for start in range(0, len(frames), MAX_BATCH):
                batch = frames if len(frames) <= MAX_BATCH else frames[start : start + MAX_BATCH]
                sent = self._send_batch(port, batch)
                accepted += sent
                if sent < len(batch):
                    break
        return accepted

    def receive(self, limit: int = 64) -> list[Event]:
        """What has come, from ``limit`` messages at most. Never blocks, and never raises whatever comes."""
        events, self._events = self._events, []
        if self._closed:
            return events
        if self._view_due or self._answers:
            self._flush()
        receive = self._socket.recv
        for _ in range(limit):
            try:
                message = receive(zmq.NOBLOCK)
            except zmq.Again:
                break
            self._heard = True
            try:
                if message and message[0] == DATA:
                    events.append(Frames(*unpack_data(message)))
                else:
                    self._control(unpack_control(message), events)
            except ProtocolError as error:
                events.append(Malformed(str(error)))
        return events

    def respond(self, request_id: int, status: Status, body: Any) -> None:
        """Answer a :class:`Request`. ``body``: whatever msgpack packs; what is too large for one message is replaced by
        a rejection that says so."""
        message = pack_control("response", id=request_id, status=status.value, body=body)
        if len(message) > MAX_MESSAGE:
            text = f"% The answer has {len(message)} octets, more than the {MAX_MESSAGE} of a message"
            message = pack_control("response", id=request_id, status=Status.REJECTED.value, body={"output": text})
        self._answers.append(message)
        self._flush()

    def tick(self, now: float) -> None:
        """To be called about once a second: notices a broker that is silent, and says again what got lost."""
        if self._closed:
            return
        # A process that was stopped for a while must not blame the broker for it: a step counts 1.5 s at most.
        step = 0.0 if self._ticked_at is None else min(now - self._ticked_at, SILENCE / 2)
        self._ticked_at = now
        if self._heard or self._readable():
            self._silence = 0.0
        else:
            self._silence += step
        self._heard = False
        if self._silence >= SILENCE and not self._lost:
            self._lost = True
            self._welcomed = False
            self._events.append(Disconnected())
            self._learn(
                {port: LinkState(False, Reason.PEER_ABSENT) for port, link in self._links.items() if link.carrier},
                self._events,
            )
        if self._silence >= _ANEW:
            self._silence = 0.0
            with contextlib.suppress(zmq.ZMQError):
                self._socket.disconnect(self._endpoint)
            self._socket.connect(self._endpoint)
        if not self._welcomed and self._refused_by is None:
            self._say_hello()
        self._flush()

    def close(self) -> None:
        """Say goodbye and free everything; waits a tenth of a second at most."""
        if not self._closed:
            self._transmit(pack_control("bye"))
            self._closed = True
            self._welcomed = False
            self._socket.close()
            self._context.term()

    def _send_batch(self, port: int, frames: Sequence[bytes]) -> int:
        message = pack_data(port, frames)
        if len(message) > MAX_FRAME:
            fitting = next((index for index, frame in enumerate(frames) if len(frame) > MAX_FRAME), len(frames))
            if fitting < len(frames):
                return self._send_batch(port, frames[:fitting]) if fitting else 0
            if len(message) > MAX_MESSAGE:
                half = len(frames) // 2
                sent = self._send_batch(port, frames[:half])
                return sent + self._send_batch(port, frames[half:]) if sent == half else sent
        return len(frames) if self._transmit(message) else 0

    def _readable(self) -> bool:
        if self._closed:
            return False
        events: Any = self._socket.get(zmq.EVENTS)
        return bool(events & zmq.POLLIN)

    def _transmit(self, message: bytes) -> bool:
        if self._closed:
            return False
        try:
            self._socket.send(message, zmq.NOBLOCK)
        except zmq.Again:
            return False
        return True

    def _flush(self) -> None:
        """Say what had to wait for room in the queue."""
        if self._view_due:
            self._view_due = not self._transmit(pack_control("view", view=self._view))
        while self._answers and self._transmit(self._answers[0]):
            self._answers.popleft()

    def _say_hello(self) -> None:
        self._transmit(pack_control("hello", **self._hello, view=self._view))

    def _control(self, body: dict[str, Any], events: list[Event]) -> None:
        match body:
            case {"op": "ping", "token": int(token)}:
                self._transmit(pack_control("pong", token=token))
            case {"op": "links", "links": dict(links)}:
                self._learn(_parse_links(links), events)
            case {"op": "copied", "ports": dict(ports)}:
                events.append(Copied(_parse_copied(ports)))
            case {"op": "request", "id": int(number), "verb": str(verb), "timeout_ms": int(timeout)}:
                events.append(Request(number, verb, body.get("body"), timeout / 1000))
            case {"op": "who", "boot": int(boot)}:
                # A broker that refused this process does so for good: frames still on their way make it ask again.
                if boot != self._refused_by:
                    self._welcomed = False
                    self._refused_by = None
                    self._answers.clear()  # they belong to requests of a connection that is no more
                    self._say_hello()
            case {"op": "welcome", "proto": int(), "boot": int(boot), "links": dict(links)}:
                learned = _parse_links(links)
                if not self._welcomed or boot != self._boot:
                    events.append(Connected())
                self._welcomed, self._boot, self._refused_by = True, boot, None
                self._lost = False
                self._learn(learned, events)
            case {"op": "refused", "reason": str(reason), "boot": int(boot)}:
                self._welcomed = False
                self._refused_by = boot
                events.append(Refused(reason))
            case _:
                raise ProtocolError(f"no control message {body['op'][:40]!r} of this form comes to a device")

    def _learn(self, links: dict[int, LinkState], events: list[Event]) -> None:
        known = self._links | links
        if known != self._links:
            self._links = known
            events.append(Links(dict(known)))


def _parse_links(raw: dict[Any, Any]) -> dict[int, LinkState]:
    links: dict[int, LinkState] = {}
    for port, state in raw.items():
        match state:
            case {"carrier": bool(carrier), "reason": str(reason)} if isinstance(port, int):
                with contextlib.suppress(ValueError):
                    links[port] = LinkState(carrier, Reason(reason))
                    continue
        raise ProtocolError("links: port ids with carrier and reason expected")
    return links


def _parse_copied(raw: dict[Any, Any]) -> dict[int, CopyCount]:
    counts: dict[int, CopyCount] = {}
    for port, count in raw.items():
        match count:
            case [int(frames), int(octets), int(lost)] if isinstance(port, int):
                counts[port] = CopyCount(frames, octets, lost)
            case _:
                raise ProtocolError("copied: port ids with frames, octets and lost expected")
    return counts
