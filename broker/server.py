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
from broker.hub import Hub
from broker.log import Log
from broker.protocol import MAX_BATCH, MAX_MESSAGE, PREFIX, count_frames, readdress
from broker.routes import Route

#: Messages that wait for one client at most, in each direction and on each side of the connection.
QUEUE: Final = 256
#: Messages that are read in one turn of the loop, before timers get theirs.
MAX_TURN: Final = 64
#: Octets of a Unix socket's path at most (sun_path, without the final zero).
MAX_PATH: Final = 107
#: Connections that wait to be accepted: all devices of a large lab come at once.
_BACKLOG: Final = 1024
_IPC: Final = "ipc://"
# As plain numbers, which pyzmq handles faster than its flags.
_NOBLOCK: Final = int(zmq.NOBLOCK)
_MORE: Final = int(zmq.NOBLOCK | zmq.SNDMORE)
_HANDSHAKE_FAILED: Final = (
    zmq.Event.HANDSHAKE_FAILED_NO_DETAIL | zmq.Event.HANDSHAKE_FAILED_PROTOCOL | zmq.Event.HANDSHAKE_FAILED_AUTH
)


class StartError(Exception):
    """The broker cannot start. The text says why."""


def main(argv: Sequence[str]) -> int:
    """Serve the description in the file ``argv[0]`` until SIGTERM or SIGINT. The exit status: 0 served, 1 could not,
    2 usage. To be called in the main thread, for the signals."""
    if len(argv) != 1:
        sys.stderr.write("usage: python -m broker FILE\n")
        return 2
    try:
        description = read_description(Path(argv[0]))
        path = _socket_path(description.endpoint)
        with _terminated() as stop:
            Server(description, path, Log()).serve(stop)
    except (DescriptionError, StartError) as error:
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
    def __init__(self, description: Description, path: Path, log: Log) -> None:
        """``path``: of the Unix socket that will be made."""
        self._description = description
        self._path = path
        self._log = log
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
        self._router.set(zmq.MAXMSGSIZE, MAX_MESSAGE)
        self._router.set(zmq.BACKLOG, _BACKLOG)
        self._router.set(zmq.LINGER, 0)
        self._monitor = self._router.get_monitor_socket(_HANDSHAKE_FAILED | zmq.Event.DISCONNECTED)
        # The send of pyzmq's compiled half: the Python layer on top adds nothing that we use, and half as much time.
        self._fast_send = super(zmq.Socket, self._router).send
        self._hub = Hub(description, time.time_ns(), time.monotonic(), self._send, log)

    def serve(self, stop: int) -> None:
        """Until the descriptor ``stop`` is readable; raises StartError."""
        try:
            self._bind()
            try:
                self._log(f"broker of {self._description.lab} listens at {self._path}")
                self._loop(stop)
                self._log("broker ends")
            finally:
                self._path.unlink(missing_ok=True)
        finally:
            self._router.disable_monitor()
            self._monitor.close(0)
            self._router.close(0)
            self._context.term()

    def _bind(self) -> None:
        """The socket file of a killed broker is replaced; one that somebody listens on is not, nor any other file."""
        if self._path.exists() and not self._path.is_socket():
            raise StartError(f"{self._path} exists and is not a socket")
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(self._path))
            except OSError:
                pass
            else:
                raise StartError(f"another process listens at {self._path}")
        before = os.umask(0o077)
        try:
            self._router.bind(self._description.endpoint)
        except zmq.ZMQError as error:
            raise StartError(f"cannot listen at {self._path}: {error.strerror}") from None
        finally:
            os.umask(before)

    def _loop(self, stop: int) -> None:
        hub = self._hub
        poller = zmq.Poller()
        poller.register(self._router, zmq.POLLIN)
        poller.register(self._monitor, zmq.POLLIN)
        poller.register(stop, zmq.POLLIN)
        while True:
            wait = hub.next_deadline() - time.monotonic()
            ready = dict(poller.poll(max(0, round(wait * 1000 + 0.5))))
            if stop in ready:
                return
            if self._router in ready:
                self._drain()
            if self._monitor in ready:
                self._watch()
            if (now := time.monotonic()) >= hub.next_deadline():
                hub.tick(now)

    def _drain(self) -> None:
        """Pass on what has come, MAX_TURN messages at most. All of one turn get the same stamp."""
        hub, receive, send = self._hub, self._router.recv, self._fast_send
        routes, heard, delivered = hub.routes.table, hub.heard, hub.delivered
        stamp = time.time_ns()
        for _ in range(MAX_TURN):
            try:
                ident = receive(_NOBLOCK)
            except zmq.Again:
                return
            try:
                message = receive(_NOBLOCK)
            except zmq.Again:  # the last part of a message of too many, see _take_other
                hub.drops.count(Drop.MULTIPART)
                return
            route = routes.get(message[:PREFIX])
            if route is None or route[0] != ident:
                taken = self._take_other(ident, message)
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

    def _take_other(self, ident: bytes, message: bytes) -> tuple[Route, bytes] | None:
        """All but frames whose way is known. If it is frames after all, the way is found and they are given back.

        Here it comes out when a client sent a message of several parts, which the short way does not look for, since
        asking costs as much as forwarding: the next part then stands where a routing id is expected. Clients do not
        know routing ids, so no part passes for a known one; and where the id is not known, whatever is followed by more
        is thrown away until an id that is known, or the end."""
        hub = self._hub
        while not hub.knows(ident) and self._router.get(zmq.RCVMORE):
            hub.drops.count(Drop.MULTIPART)
            ident, message = message, self._router.recv(_NOBLOCK)
        route = hub.find_route(ident, message)
        if route is None:
            hub.receive(ident, message, time.monotonic())
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
                self._hub.drops.count(Drop.HANDSHAKE)
            else:
                self._hub.disconnected(time.monotonic())


def _socket_path(endpoint: str) -> Path:
    # Over TCP anybody could connect: that needs keys, and this broker has none.
    path = endpoint.removeprefix(_IPC)
    if path == endpoint or not path.startswith("/"):
        raise DescriptionError(f"endpoint: ipc:// and an absolute path expected, found {endpoint!r}")
    if len(os.fsencode(path)) > MAX_PATH:
        raise DescriptionError(f"endpoint: the path is longer than the {MAX_PATH} octets of a Unix socket's: {path}")
    return Path(path)


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
