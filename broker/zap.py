"""Who may connect, by key: the broker's answer to ZeroMQ's question at each new connection (ZAP, RFC 27).

The question comes over a socket of the same process and is answered in the broker's own loop. A connection whose key is
unknown is ended before any message of it is read, and one that shows no key at all before that. The others carry the
name of their key's holder with each of their messages, out of their reach.
"""

from __future__ import annotations

from typing import Any, Final

import zmq

from broker.keys import BrokerKeys

_ENDPOINT: Final = "inproc://zeromq.zap.01"
_VERSION: Final = b"1.0"
#: Any will do that is not empty: it makes ZeroMQ refuse everybody when nobody answers its questions.
_DOMAIN: Final = b"wirelab"
#: The name of the property under which a message carries its sender's name.
USER: Final = "User-Id"
#: The holder of no key.
NOBODY: Final = ""


class Gate:
    def __init__(self, context: zmq.Context[Any], keys: BrokerKeys) -> None:
        """To be made before the guarded socket binds."""
        self._keys = keys
        self.socket = context.socket(zmq.REP)
        self.socket.set(zmq.LINGER, 0)
        self.socket.bind(_ENDPOINT)

    def guard(self, router: zmq.Socket[Any]) -> None:
        """From now on the socket lets in holders of known keys only."""
        router.set(zmq.CURVE_SERVER, 1)
        router.set(zmq.CURVE_SECRETKEY, self._keys.secret)
        router.set(zmq.ZAP_DOMAIN, _DOMAIN)
        router.set(zmq.ZAP_ENFORCE_DOMAIN, 1)

    def answer(self) -> str | None:
        """Answer the question that has come; the address of who was refused for its key. Raises zmq.Again when there is
        none."""
        question = self.socket.recv_multipart(zmq.NOBLOCK)
        version, number, _, address, _, mechanism, *credentials = question
        user = None
        if version == _VERSION and mechanism == b"CURVE" and len(credentials) == 1:
            user = self._keys.clients.get(credentials[0])
        status = [b"200", b"OK", user.encode(), b""] if user is not None else [b"400", b"unknown key", b"", b""]
        self.socket.send_multipart([_VERSION, number, *status])
        return None if user is not None else address.decode("ascii", "replace")

    def close(self) -> None:
        self.socket.close(0)
