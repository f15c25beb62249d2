"""The keys of a lab: who may talk to its broker where the folder of a socket does not say so, which is over TCP.

Sockets use CURVE (ZeroMQ RFC 26). Each device has a key pair of its own, and so have the broker and the operator, who
is whoever runs the ``wirelab`` command. A key file holds one key as text (Z85, ZeroMQ RFC 32: 40 characters)::

    DIR/broker/secret           the broker's secret key
    DIR/broker/clients          whom it lets in: "operator KEY" and "node NAME KEY" a line, with their public keys
    DIR/operator/secret         the operator's secret key
    DIR/operator/broker         the broker's public key, by which it is known
    DIR/nodes/NAME/secret       the same two for each device
    DIR/nodes/NAME/broker

Secret keys lie nowhere else, and every file can be read by its owner alone. Whoever is given one of these folders can
act as that one and as nobody else, so a container gets its own folder and no other.

:mod:`broker.keygen` makes them. A key pair is replaced by removing its ``secret``, making the keys again (what is there
is kept) and starting the broker again, and then whoever the key belongs to; for the broker's own, everybody. All of
them: remove every ``secret``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import zmq
from zmq.utils import z85

#: Names of the folders and files above.
BROKER: Final = "broker"
OPERATOR: Final = "operator"
NODES: Final = "nodes"
SECRET: Final = "secret"
CLIENTS: Final = "clients"

_KEY: Final = re.compile(rb"[0-9A-Za-z.:+=^!/*?&<>()\[\]{}@%$#-]{40}")


class KeysError(Exception):
    """Keys that cannot be read or made. The text says which, and why."""


@dataclass(frozen=True, slots=True, repr=False)
class ClientKeys:
    """What a device or the operator needs: its own secret key and the broker's public one, as Z85."""

    secret: bytes
    broker: bytes

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The keys in DIR/nodes/NAME or DIR/operator; raises KeysError."""
        return cls(read_key(folder / SECRET), read_key(folder / BROKER))

    def use(self, socket: zmq.Socket[Any]) -> None:
        """Before it connects."""
        socket.set(zmq.CURVE_SECRETKEY, self.secret)
        socket.set(zmq.CURVE_PUBLICKEY, zmq.curve_public(self.secret))
        socket.set(zmq.CURVE_SERVERKEY, self.broker)


@dataclass(frozen=True, slots=True, repr=False)
class BrokerKeys:
    """The broker's secret key as Z85, and whose public keys (32 octets) it knows: :func:`user` names them."""

    secret: bytes
    clients: Mapping[bytes, str]

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The keys in DIR/broker; raises KeysError."""
        clients: dict[bytes, str] = {}
        for number, line in enumerate(_octets(folder / CLIENTS).splitlines(), 1):
            match line.split():
                case [b"operator", key] if _KEY.fullmatch(key):
                    clients[z85.decode(key)] = user(None)
                case [b"node", name, key] if _KEY.fullmatch(key):
                    clients[z85.decode(key)] = user(name.decode("ascii", "replace"))
                case _:
                    raise KeysError(f'{folder / CLIENTS}:{number}: "operator KEY" or "node NAME KEY" expected')
        return cls(read_key(folder / SECRET), clients)


def user(node: str | None) -> str:
    """The name under which the broker knows the holder of a key: a device, or with None the operator."""
    return OPERATOR if node is None else f"node {node}"


def read_key(path: Path) -> bytes:
    """The key in a file; raises KeysError."""
    key = _octets(path).strip()
    if _KEY.fullmatch(key) is None:
        raise KeysError(f"{path}: a key of 40 characters expected")
    return key


def _octets(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise KeysError(f"{path}: {error.strerror or error}") from None
