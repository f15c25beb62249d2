"""Where a broker listens. The rule: whoever can connect is one who may, by the folder of the socket or by a key.

``ipc://`` and an absolute path: the folder is private, whoever can open the socket is the user of the lab. ``tcp://``
and an address: with keys (:mod:`broker.keys`), or on the machine's own loopback address only.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import re
import socket
from pathlib import Path
from typing import Any, Final

import zmq

from broker.description import DescriptionError
from broker.transport import IPC, TCP

#: Octets of a Unix socket's path at most (sun_path, without the final zero).
MAX_PATH: Final = 107

_ADDRESS: Final = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^:\[\]]+):(?P<port>[0-9]{1,5})")


class StartError(Exception):
    """The broker cannot start. The text says why."""


class Listener:
    def __init__(self, endpoint: str, keys: bool) -> None:
        """``keys``: whether only holders of known keys will be let in. Raises DescriptionError."""
        self._endpoint = endpoint
        self._path: Path | None = None
        if endpoint.startswith(IPC):
            self._path = _socket_path(endpoint.removeprefix(IPC))
        elif endpoint.startswith(TCP):
            _check_address(endpoint.removeprefix(TCP), keys)
        else:
            raise DescriptionError(f"endpoint: ipc:// or tcp:// expected, found {endpoint!r}")

    def __str__(self) -> str:
        return str(self._path or self._endpoint)

    def bind(self, router: zmq.Socket[Any]) -> None:
        """Raises StartError."""
        if self._path is not None:
            _clear(self._path)
        before = os.umask(0o077)
        try:
            router.bind(self._endpoint)
        except zmq.ZMQError as error:
            raise StartError(f"cannot listen at {self}: {error.strerror}") from None
        finally:
            os.umask(before)

    def close(self) -> None:
        """What was bound leaves nothing behind."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)


def _socket_path(path: str) -> Path:
    if not path.startswith("/"):
        raise DescriptionError(f"endpoint: ipc:// and an absolute path expected, found {IPC}{path}")
    if len(os.fsencode(path)) > MAX_PATH:
        raise DescriptionError(f"endpoint: the path is longer than the {MAX_PATH} octets of a Unix socket's: {path}")
    return Path(path)


def _check_address(address: str, keys: bool) -> None:
    match = _ADDRESS.fullmatch(address)
    if match is None or not 1 <= int(match["port"]) <= 65535:
        raise DescriptionError(f"endpoint: tcp://ADDRESS:PORT expected, found {TCP}{address}")
    if not keys and not _is_loopback(match["host"]):
        raise DescriptionError(
            f"endpoint: {TCP}{address} can be reached from other machines, so it needs keys (curve); "
            "without them a broker listens at ipc:// or at a loopback address"
        )


def _is_loopback(host: str) -> bool:
    """Only of what is a number: a name or a network interface may be anything tomorrow."""
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    return False


def _clear(path: Path) -> None:
    """The socket file of a killed broker is replaced; one that somebody listens on is not, nor any other file."""
    if path.exists() and not path.is_socket():
        raise StartError(f"{path} exists and is not a socket")
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            pass
        else:
            raise StartError(f"another process listens at {path}")
