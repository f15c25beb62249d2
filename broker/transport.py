"""What both ends of a connection set on their sockets, whatever they say to one another.

Over TCP a peer can go without a word: its machine stops, or the network between is cut. The broker notices a silent
device by its pings and a device a silent broker by their absence (:mod:`broker.hub`, :mod:`broker.client`), both within
three seconds and on every transport. ZeroMQ's own heartbeats follow a little later and clean up: they end a connection
that nothing comes through, also one to an address that the broker had before, and the client connects anew, which asks
for the broker's address again.
"""

from __future__ import annotations

from typing import Any, Final

import zmq

from broker.protocol import MAX_MESSAGE

TCP: Final = "tcp://"
IPC: Final = "ipc://"
#: MAX_MESSAGE and what encryption adds to it (RFC 26: a command's name, a nonce, flags and an authenticator).
MAX_SEALED: Final = MAX_MESSAGE + 64
#: Milliseconds between two heartbeats, and from one to the end of the connection if nothing at all comes back. Not
#: less: a device that cannot keep up with its frames does not read heartbeats either, and is not to be cut off.
_HEARTBEAT_MS: Final = 1000
_HEARTBEAT_TIMEOUT_MS: Final = 5000
#: Milliseconds that a connection may take to be made, and then to say who it is.
_CONNECT_MS: Final = 2000
_HANDSHAKE_MS: Final = 5000
#: Milliseconds between two attempts to connect; ZeroMQ adds up to as much again, at random. Over TCP an attempt may ask
#: a name server: they become rarer, up to the second value.
_RECONNECT_MS: Final = 25
_RECONNECT_MAX_MS: Final = 400


def set_up(socket: zmq.Socket[Any], endpoint: str) -> None:
    """Before the socket binds to the endpoint or connects to it."""
    socket.set(zmq.RECONNECT_IVL, _RECONNECT_MS)
    if endpoint.startswith(TCP):
        socket.set(zmq.RECONNECT_IVL_MAX, _RECONNECT_MAX_MS)
        socket.set(zmq.CONNECT_TIMEOUT, _CONNECT_MS)
        socket.set(zmq.HANDSHAKE_IVL, _HANDSHAKE_MS)
        socket.set(zmq.HEARTBEAT_IVL, _HEARTBEAT_MS)
        socket.set(zmq.HEARTBEAT_TIMEOUT, _HEARTBEAT_TIMEOUT_MS)
        socket.set(zmq.IPV6, "[" in endpoint)
