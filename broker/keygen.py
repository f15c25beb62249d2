"""Makes the keys of a lab, in the folders that :mod:`broker.keys` describes."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import zmq

from broker.keys import BROKER, CLIENTS, NODES, OPERATOR, SECRET, KeysError, read_key, user


def make(folder: Path, nodes: Iterable[str]) -> list[str]:
    """Makes the keys of a lab with these nodes in ``folder``: those that are not there. Raises KeysError.

    Returns whose key pairs are new: "broker", "operator" and names of nodes. What is there is kept, so that this may be
    called at each start of a lab; and two that do so at one time make one set of keys. Nodes that the lab no longer has
    are let in no longer, and their folders are left alone.
    """
    new: list[str] = []
    try:
        _folder(folder)
        with _locked(folder):
            broker = _pair(folder / BROKER, BROKER, new)
            clients = [f"{user(None)} {_pair(folder / OPERATOR, OPERATOR, new).decode()}\n"]
            write_private(folder / OPERATOR / BROKER, broker + b"\n")
            for name in nodes:
                own = folder / NODES / name
                clients.append(f"{user(name)} {_pair(own, name, new).decode()}\n")
                write_private(own / BROKER, broker + b"\n")
            write_private(folder / BROKER / CLIENTS, "".join(clients).encode())
    except OSError as error:
        raise KeysError(f"{error.filename or folder}: {error.strerror or error}") from None
    return new


def _pair(folder: Path, name: str, new: list[str]) -> bytes:
    """The public key of the pair in ``folder``, which is made if there is none."""
    _folder(folder)
    if not (folder / SECRET).exists():
        write_private(folder / SECRET, zmq.curve_keypair()[1] + b"\n")
        new.append(name)
    return zmq.curve_public(read_key(folder / SECRET))


def _folder(folder: Path) -> None:
    """One that is there is used as it is: it may be a volume."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        folder.mkdir(0o700)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def write_private(path: Path, content: bytes) -> None:
    """Replace a file, whole or not at all, so that nobody else can read it at any moment. Raises OSError."""
    descriptor, draft = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
