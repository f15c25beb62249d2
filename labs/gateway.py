"""The way into a lab of containers: connections to TCP ports outside go on to sockets inside.

::

    python -m labs.gateway --listen HOST [--health SOCKET] PORT=TARGET ...

TARGET is the path of a Unix socket, or HOST:PORT.

A device's console is a Unix socket in a folder that it shares with the gateway and with nobody else, so no device can
reach another's console; and the gateway listens on HOST alone, the name of its own end of the network outside, so no
device can come back in through it. It knows nothing of what it carries. A target that is not there (a device that is
switched off) closes the connection at once; each connection looks for it anew.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from broker.health import WELL, Health

#: Connections at one time, each with two descriptors; what comes beyond them is closed at once.
MAX_CONNECTIONS: Final = 400
#: Seconds for a target to take a connection.
_CONNECT: Final = 5.0

Target: TypeAlias = str | tuple[str, int]


@dataclass(frozen=True)
class Forward:
    """Connections to ``port`` go to ``target``: the path of a Unix socket, or host and port."""

    port: int
    target: Target

    def __str__(self) -> str:
        target = self.target if isinstance(self.target, str) else "{}:{}".format(*self.target)
        return f"{self.port}={target}"


def parse_forward(text: str) -> Forward:
    """``5001=/run/console/socket`` or ``5000=broker:5000``; raises ValueError."""
    port, _, target = text.partition("=")
    if target.startswith("/"):
        return Forward(int(port), target)
    host, _, target_port = target.rpartition(":")
    if not host:
        raise ValueError(text)
    return Forward(int(port), (host, int(target_port)))


parse_forward.__name__ = "forward (PORT=PATH or PORT=HOST:PORT)"  # argparse names it in its message


class _Half(asyncio.Protocol):
    """One side of a connection. What it receives is written to the other side, no faster than that one takes it."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.other: _Half | None = None
        #: What came before there was another side to write it to, and whether that was all.
        self.early = bytearray()
        self.ended = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        _notice_when_gone(transport.get_extra_info("socket"))

    def data_received(self, data: bytes) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.write(data)
        else:
            self.early += data
            self.pause()

    def eof_received(self) -> bool:
        """This side has said all; the other may still have something to say."""
        self.ended = True
        if self.other is not None and self.other.transport is not None:
            with contextlib.suppress(OSError):
                self.other.transport.write_eof()
        return True

    def pause(self) -> None:
        """Read no more for now."""
        if self.transport is not None:
            self.transport.pause_reading()

    def pause_writing(self) -> None:
        if self.other is not None:
            self.other.pause()

    def resume_writing(self) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.resume_reading()

    def connection_lost(self, error: Exception | None) -> None:
        self.transport = None
        if self.other is not None and self.other.transport is not None:
            self.other.transport.close()


class _Outer(_Half):
    """The side of a client, which waits until the target has taken the connection."""

    def __init__(self, gateway: Gateway, target: Target) -> None:
        super().__init__()
        self._gateway = gateway
        self._target = target

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        # Python 3.11 may read once all the same.
        self.pause()
        self._gateway.enter(self, self._target)

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._gateway.leave(self)


class _Inner(_Half):
    """The side of the target."""

    def __init__(self, client: _Outer) -> None:
        super().__init__()
        self.other, client.other = client, self

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        assert self.transport is not None
        client = self.other
        if client is None or client.transport is None:  # it did not wait
            self.transport.abort()
            return
        self.transport.write(client.early)
        if client.ended:
            self.transport.write_eof()
        client.transport.resume_reading()


class Gateway:
    """Carries connections between :meth:`open` and :meth:`close`."""

    def __init__(self) -> None:
        self._servers: list[asyncio.Server] = []
        self._clients: dict[_Outer, asyncio.Task[None]] = {}

    async def open(self, host: str, forwards: Sequence[Forward]) -> None:
        """Listen for all of them. Raises OSError."""
        loop = asyncio.get_running_loop()
        for forward in forwards:

            def client(target: Target = forward.target) -> _Outer:
                return _Outer(self, target)

            self._servers.append(await loop.create_server(client, host, forward.port, reuse_address=True, backlog=128))

    @property
    def ports(self) -> list[int]:
        """Where it listens, in the order of the forwards."""
        return [server.sockets[0].getsockname()[1] for server in self._servers]

    def close(self) -> None:
        for server in self._servers:
            server.close()
        for client, task in list(self._clients.items()):
            task.cancel()
            if client.transport is not None:
                client.transport.abort()

    def enter(self, client: _Outer, target: Target) -> None:
        assert client.transport is not None
        if len(self._clients) >= MAX_CONNECTIONS:
            client.transport.abort()
        else:
            self._clients[client] = asyncio.get_running_loop().create_task(_connect(client, target))

    def leave(self, client: _Outer) -> None:
        task = self._clients.pop(client, None)
        if task is not None:
            task.cancel()


def _notice_when_gone(end: socket.socket) -> None:
    """A client that vanished without a word must not keep its line of the console for ever: two minutes, as there."""
    if end.family != socket.AF_UNIX:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60)
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 15)
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 4)
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 120_000)


async def _connect(client: _Outer, target: Target) -> None:
    """Join the client and the target, or close the client's connection."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(_CONNECT):
            if isinstance(target, str):
                await loop.create_unix_connection(lambda: _Inner(client), target)
            else:
                await loop.create_connection(lambda: _Inner(client), *target)
    except (OSError, TimeoutError):
        if client.transport is not None:
            client.transport.close()


async def _run(host: str, forwards: Sequence[Forward], health: Path | None) -> int:
    loop = asyncio.get_running_loop()
    gateway = Gateway()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    try:
        await gateway.open(host, forwards)
    except OSError as error:
        print(f"gateway: cannot listen on {host}: {error.strerror or error}", flush=True)
        gateway.close()
        return 1
    print(f"gateway on {host}: {' '.join(map(str, forwards))}", flush=True)
    with contextlib.ExitStack() as ending:
        ending.callback(gateway.close)
        if health is not None:
            asked = Health(health, lambda: WELL)  # this loop answers, and it carries all that there is to carry
            ending.callback(asked.close)
            ending.callback(loop.remove_reader, asked)
            loop.add_reader(asked, asked.answer)
        await stopped.wait()
    return 0


def main(argv: Sequence[str]) -> int:
    """Carry connections until SIGTERM; the exit status: 0 served, 1 could not listen, 2 usage."""
    parser = argparse.ArgumentParser(prog="python -m labs.gateway", description="TCP ports outside -> sockets inside")
    parser.add_argument("--listen", required=True, metavar="HOST", help="the only address on which it listens")
    parser.add_argument(
        "--health", type=Path, metavar="SOCKET", help="where it says whether it is well (broker.health)"
    )
    parser.add_argument("forwards", nargs="+", type=parse_forward, metavar="PORT=TARGET")
    options = parser.parse_args(argv)
    return asyncio.run(_run(options.listen, options.forwards, options.health))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
