"""The ROUTER around the hub: ``python -m broker FILE``.

One thread, one poll loop. Frames take the short way in ``_take``: read, look up, put the receiver's address in front,
send. All else goes to the hub, and so does the clock. Every queue is bounded, and no send ever waits.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgpack
import zmq
from zmq.utils.monitor import recv_monitor_message

from broker.delivery import Delivery
from broker.description import Description, DescriptionError
from broker.drops import Drop
from broker.health import WELL, Health
from broker.hub import Hub
from broker.keys import BrokerKeys, KeysError
from broker.listen import Listener, StartError
from broker.log import Log
from broker.protocol import MAX_BATCH, PREFIX, count_frames, readdress
from broker.routes import Route
from broker.transport import MAX_SEALED, set_up
from broker.zap import NOBODY, USER, Gate

#: Messages that wait for one client at most, in each direction and on each side of the connection.
QUEUE: Final = 256
#: Messages that are read in one turn of the loop, before timers get theirs.
MAX_TURN: Final = 64
#: Connections that wait to be accepted: all devices of a large lab come at once.
_BACKLOG: Final = 1024
# As plain numbers, which pyzmq handles faster than its flags.
_NOBLOCK: Final = int(zmq.NOBLOCK)
_MORE: Final = int(zmq.NOBLOCK | zmq.SNDMORE)
#: Not those that broker.zap refused and counted.
_HANDSHAKE_FAILED: Final = zmq.Event.HANDSHAKE_FAILED_NO_DETAIL | zmq.Event.HANDSHAKE_FAILED_PROTOCOL


def main(argv: Sequence[str]) -> int:
    """Serve the description in the file ``argv[0]`` until SIGTERM or SIGINT. The exit status: 0 served, 1 could not,
    2 usage. To be called in the main thread, for the signals."""
    if len(argv) != 1:
        sys.stderr.write("usage: python -m broker FILE\n")
        return 2
    try:
        file = Path(argv[0])
        description = read_description(file)
        keys = None if description.curve is None else BrokerKeys.read(file.parent / description.curve)
        listener = Listener(description.endpoint, keys=keys is not None)
        health = None if description.health is None else file.parent / description.health
        with _terminated() as stop:
            Server(description, listener, Log(), keys, health).serve(stop)
    except (DescriptionError, KeysError, StartError) as error:
        sys.stderr.write(f"broker: {argv[0]}: {error}\n")
        return 1
    return 0


def read_description(path: Path) -> Description:
    """Raises DescriptionError, also when the file is not there."""
    try:
        raw = msgpack.unpackb(path.read_bytes(), raw=False, strict_map_key=False)
    except OSError as error:
        raise DescriptionError(error.strerror or str(error)) from None
    except Exception as error:  # msgpack raises half a dozen unrelated classes for malformed input
        raise DescriptionError(f"not a msgpack file: {error}") from None
    return Description.parse(raw)


class Server:
    def __init__(
        self, description: Description, listener: Listener, log: Log, keys: BrokerKeys | None, health: Path | None
    ) -> None:
        """``keys``: with them only their holders are let in; ``health``: path of the socket to be asked by."""
        self._description = description
        self._listener = listener
        self._log = log
        self._health_path = health
        # libzmq numbers the connections from rand(), which it leaves at its default seed. A client that announces the
        # next number as a routing id of its own choice would bring the whole process down (an assertion in libzmq), so
        # the numbers must not be foreseeable.
        ctypes.CDLL(None).srand(int.from_bytes(os.urandom(4), "big"))
        # Contexts do not survive a fork: made here, in the process that serves, and never at import time.
        self._context = zmq.Context()
        self._router = self._context.socket(zmq.ROUTER)
        self._router.set(zmq.ROUTER_MANDATORY, 1)
        self._router.set(zmq.SNDHWM, QUEUE)
        self._router.set(zmq.RCVHWM, QUEUE)
        self._router.set(zmq.MAXMSGSIZE, MAX_SEALED)
        set_up(self._router, description.endpoint)
        self._router.set(zmq.BACKLOG, _BACKLOG)
        self._router.set(zmq.LINGER, 0)
        self._gate = None if keys is None else Gate(self._context, keys)
        if self._gate is not None:
            self._gate.guard(self._router)
        self._monitor = self._router.get_monitor_socket(_HANDSHAKE_FAILED | zmq.Event.DISCONNECTED)
        # The send of pyzmq's compiled half: the Python layer on top adds nothing that we use, and half as much time.
        self._fast_send = super(zmq.Socket, self._router).send
        self._hub = Hub(description, time.time_ns(), time.monotonic(), self._send, log)

    def serve(self, stop: int) -> None:
        """Until the descriptor ``stop`` is readable; raises StartError."""
        with contextlib.ExitStack() as ending:
            ending.callback(self._close)
            self._listener.bind(self._router)
            ending.callback(self._listener.close)
            health = self._open_health()
            if health is not None:
                ending.callback(health.close)
            self._log(f"broker of {self._description.lab} listens at {self._listener}")
            self._loop(stop, health)
            self._log("broker ends")

    def _open_health(self) -> Health | None:
        if self._health_path is None:
            return None
        try:
            return Health(self._health_path, lambda: WELL)
        except OSError as error:
            raise StartError(f"cannot listen at {self._health_path}: {error.strerror or error}") from None

    def _close(self) -> None:
        self._router.disable_monitor()
        self._monitor.close(0)
        self._router.close(0)
        if self._gate is not None:
            self._gate.close()
        self._context.term()

    def _loop(self, stop: int, health: Health | None) -> None:
        hub, gate = self._hub, self._gate
        poller = zmq.Poller()
        poller.register(self._router, zmq.POLLIN)
        poller.register(self._monitor, zmq.POLLIN)
        poller.register(stop, zmq.POLLIN)
        if gate is not None:
            poller.register(gate.socket, zmq.POLLIN)
        if health is not None:
            poller.register(health.fileno(), zmq.POLLIN)
        while True:
            wait = hub.next_deadline() - time.monotonic()
            ready = dict(poller.poll(max(0, round(wait * 1000 + 0.5))))
            if stop in ready:
                return
            if self._router in ready:
                self._drain()
            if self._monitor in ready:
                self._watch()
            if gate is not None and gate.socket in ready:
                self._let_in(gate)
            if health is not None and health.fileno() in ready:
                health.answer()
            if (now := time.monotonic()) >= hub.next_deadline():
                hub.tick(now)

    def _drain(self) -> None:
        """Pass on what has come, MAX_TURN messages at most. All of one turn get the same stamp, that of the first."""
        hub, receive, send = self._hub, self._router.recv, self._fast_send
        routes, heard, delivered = hub.routes.table, hub.heard, hub.delivered
        guarded = self._gate is not None
        stamp = 0
        for _ in range(MAX_TURN):
            try:
                ident = receive(_NOBLOCK)
            except zmq.Again:
                return
            stamp = stamp or time.time_ns()
            holder = None
            try:
                if guarded:
                    message, holder = self._receive_signed(ident)
                else:
                    message = receive(_NOBLOCK)
            except zmq.Again:  # the last part of a message of too many, see _take_other
                hub.drops.count(Drop.MULTIPART)
                return
            route = routes.get(message[:PREFIX])
            if route is None or route[0] != ident:
                taken = self._take_other(ident, message, holder)
                if taken is None:
                    continue
                route, message = taken
            owner, source, receiver, port, taps, copies = route
            frames = count_frames(message)
            if not 0 < frames <= MAX_BATCH:
                hub.drops.count(Drop.OVERSIZE if frames else Drop.BAD_MESSAGE, frames or 1, source)
                continue
            heard.add(owner)
            try:
                send(receiver, _MORE)
                send(readdress(message, port, stamp), _NOBLOCK)
            except zmq.Again:
                hub.drops.count(Drop.QUEUE_FULL, frames, port)
                hub.full_at[port] = delivered[port]
            except zmq.ZMQError:
                hub.drops.count(Drop.RECEIVER_GONE, frames, port)
                hub.gone(receiver)
            else:
                delivered[port] += frames
            if taps:
                hub.taps.copy(taps, message, stamp, frames)
            if copies:
                hub.copies.make(copies, message, stamp)

    def _receive_signed(self, ident: bytes) -> tuple[bytes, str | None]:
        """The message behind its routing id and, if it is a stranger's, whose key its connection has shown.

        Here it is looked whether more parts follow, which sealed messages can afford: if a part of one device's message
        could ever stand where a routing id is expected, it could be sent in the name of another. None of them passes
        for anything: what is left is an empty message."""
        frame = self._router.recv(_NOBLOCK, copy=False)
        if frame.more:
            self._hub.drops.count(Drop.MULTIPART)
            while frame.more:
                frame = self._router.recv(_NOBLOCK, copy=False)
            return b"", NOBODY
        return frame.bytes, None if self._hub.knows(ident) else str(frame.get(USER))

    def _take_other(self, ident: bytes, message: bytes, holder: str | None) -> tuple[Route, bytes] | None:
        """All but frames whose way is known. If it is frames after all, the way is found and they are given back.

        Here it comes out when a client sent a message of several parts, which the short way does not look for where
        nobody has keys, since asking costs as much as forwarding: the next part then stands where a routing id is
        expected. Clients do not know routing ids, so no part passes for a known one; and where the id is not known,
        whatever is followed by more is thrown away until an id that is known, or the end."""
        hub = self._hub
        while not hub.knows(ident) and self._router.get(zmq.RCVMORE):
            hub.drops.count(Drop.MULTIPART)
            ident, message = message, self._router.recv(_NOBLOCK)
        route = hub.find_route(ident, message)
        if route is None:
            hub.receive(ident, message, time.monotonic(), holder)
            return None
        return (route, message) if route.receiver else None

    def _send(self, ident: bytes, message: bytes) -> Delivery:
        try:
            self._fast_send(ident, _MORE)
            self._fast_send(message, _NOBLOCK)
        except zmq.Again:
            return Delivery.FULL
        except zmq.ZMQError as error:
            if error.errno != errno.EHOSTUNREACH:
                raise
            return Delivery.GONE
        return Delivery.SENT

    def _watch(self) -> None:
        """Connections that ended, and such as never were ZeroMQ's."""
        for _ in range(MAX_TURN):
            try:
                event = recv_monitor_message(self._monitor, _NOBLOCK)
            except zmq.Again:
                return
            if event["event"] & _HANDSHAKE_FAILED:
                keys = ", or showed no key" if self._gate is not None else ""
                self._hub.refused(Drop.HANDSHAKE, f"a connection was refused: it did not speak ZeroMQ's protocol{keys}")
            else:
                self._hub.disconnected(time.monotonic())

    def _let_in(self, gate: Gate) -> None:
        for _ in range(MAX_TURN):
            try:
                refused = gate.answer()
            except zmq.Again:
                return
            if refused is not None:
                self._hub.refused(Drop.UNKNOWN_KEY, f"a connection from {refused} was refused: its key is unknown")


@contextlib.contextmanager
def _terminated() -> Iterator[int]:
    """A descriptor that becomes readable on SIGTERM or SIGINT."""
    ours, handlers = socket.socketpair()
    with ours, handlers:
        ours.setblocking(False)
        handlers.setblocking(False)
        before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGTERM, signal.SIGINT)}
        wakeup = signal.set_wakeup_fd(handlers.fileno(), warn_on_full_buffer=False)
        try:
            yield ours.fileno()
        finally:
            signal.set_wakeup_fd(wakeup)
            for number, handler in before.items():
                signal.signal(number, handler or signal.SIG_DFL)
