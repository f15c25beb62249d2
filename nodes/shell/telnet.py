"""The console port: one listener, a session for each connection, telnet in between (RFC 854).

The first client is on ``con 0``; further ones get lines of a vty pool that grows as needed.

Nobody waits for a client. What one types is worked off in small bites, in between which the device does its other work.
One that does not read what it is sent is asked for no more input, its session stands still, and after a while it is let
go. One that has gone frees its line at once.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import traceback
from collections.abc import Callable, Iterator
from typing import Any, Final, Protocol, TypeAlias

from nodes.base.addr import parse_ipv4
from nodes.base.drops import Drop
from nodes.base.errors import AddressError, WireError
from nodes.cli.session import Session
from nodes.cli.terminal import Line
from nodes.commands.console import Console
from nodes.device.door import UNKNOWN, Client
from nodes.wire import telnet

#: Octets of typing that wait for their turn before the client is asked for no more.
_BACKLOG: Final = 1 << 19
#: Octets of typing that are worked off before the loop looks at anything else.
_BITE: Final = 4096
#: Seconds after which a client that takes nothing of what waits for it is let go.
PATIENCE: Final = 60.0
_INTERRUPT: Final = b"\x03"
#: Connections that wait to be accepted at most.
_PENDING: Final = 128
#: Telnet commands -> what is typed by them.
_TYPED_BY: Final = {
    telnet.INTERRUPT: _INTERRUPT,
    telnet.BREAK: b"\x1e",
    telnet.ERASE_CHARACTER: b"\b",
    telnet.ERASE_LINE: b"\x15",
}


ConsoleAddress: TypeAlias = tuple[str, int] | str
"""Where a console listens: host and TCP port, or the path of a Unix socket, which a gateway reaches."""


class Turning(Protocol):
    """What a console needs of the pump."""

    def clock(self) -> float: ...

    def turn(self) -> None:
        """Look around: let sessions go on, and flush what they said."""

    @property
    def log(self) -> Callable[[str], None]: ...


class ConsoleServer:
    """All sessions of one device."""

    def __init__(self, console: Console, pump: Turning, patience: float = PATIENCE) -> None:
        self.console = console
        self.pump = pump
        self.patience = patience
        self._connections: dict[Connection, None] = {}
        self._server: asyncio.Server | None = None

    async def listen(self, where: ConsoleAddress) -> None:
        """Open the console port. Raises OSError when it is taken."""
        loop = asyncio.get_running_loop()
        if isinstance(where, str):
            # The socket of a process that was killed is replaced: only one process at a time is this node.
            self._server = await loop.create_unix_server(lambda: Connection(self), where, backlog=_PENDING)
        else:
            host, port = where
            self._server = await loop.create_server(
                lambda: Connection(self), host, port, reuse_address=True, backlog=_PENDING
            )

    @property
    def sessions(self) -> Iterator[Session]:
        return (connection.session for connection in self._connections)

    def place(self, client: Client) -> Line | None:
        """The line for somebody who connects; None: she is refused."""
        self.pump.clock()
        return self.console.place(client, {connection.session.line.name for connection in self._connections})

    def add(self, connection: Connection) -> None:
        self._connections[connection] = None

    def remove(self, connection: Connection) -> None:
        self._connections.pop(connection, None)

    def advance(self, now: float) -> None:
        for connection in list(self._connections):
            if not connection.stalled:
                self.guarded(connection.session.advance, now)

    def guarded(self, action: Callable[..., None], *arguments: Any) -> None:
        """A command that fails with a fault of ours ends there, with the fault in the log; the session goes on."""
        try:
            action(*arguments)
        except Exception:
            self.pump.log(f"fault in a command:\n{traceback.format_exc()}")

    def flush(self) -> None:
        for connection in list(self._connections):
            connection.flush()

    def next_deadline(self) -> float | None:
        deadlines = (connection.session.next_deadline() for connection in self._connections if not connection.stalled)
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            connection.flush()
            connection.close()


class Connection(asyncio.Protocol):
    """One telnet client."""

    session: Session
    _transport: asyncio.Transport

    def __init__(self, server: ConsoleServer) -> None:
        self._server = server
        self._loop = asyncio.get_running_loop()
        self._parser = telnet.Parser()
        # We echo and send no go-ahead; the terminal's type and window would be welcome.
        self._options = telnet.Options(
            (telnet.ECHO, telnet.SGA), (telnet.TTYPE, telnet.NAWS), (telnet.SGA, telnet.BINARY)
        )
        self._drops = server.console.device.drops
        self._backlog = bytearray()
        self._scheduled = False
        #: Whether the client does not take what it was sent.
        self.stalled = False
        #: Whether the client will type no more.
        self._ended = False
        self._refused = False
        self._watch: asyncio.TimerHandle | None = None
        self._untaken = 0

    # What asyncio calls ---------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        _notice_when_gone(transport.get_extra_info("socket"))
        client = _client(transport)
        line = self._server.place(client)
        if line is None:
            self._refused = True
            _reset(transport)
            return
        transport.write(self._options.opening())
        self.session = self._server.console.session(line, client)
        self._server.add(self)
        self._server.pump.turn()

    def connection_lost(self, error: Exception | None) -> None:
        if not self._refused:
            self._stop_watching()
            self._leave()
        self._server.pump.turn()

    def data_received(self, data: bytes) -> None:
        self._backlog += data
        if not self._scheduled:
            self._work()

    def eof_received(self) -> bool:
        """What was typed before is still carried out, but for that nobody waits."""
        self._ended = True
        self._follow()
        return True  # the transport stays open until we close it

    def pause_writing(self) -> None:
        self.stalled = True
        self.session.stall(True)
        self._watch_it()

    def resume_writing(self) -> None:
        self.stalled = False
        self._stop_watching()
        self.session.stall(False)
        self._schedule()

    # Input ----------------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        """Take some of what was typed; a paste of thousands of lines must not hold up the packets."""
        self._scheduled = False
        if self._transport.is_closing():
            return
        if not (self.stalled or self.session.behind):
            bite = bytes(self._backlog[:_BITE])
            del self._backlog[:_BITE]
            now = self._server.pump.clock()
            for event in self._parser.feed(bite):
                self._take(event, now)
        self._server.pump.turn()
        self._follow()

    def _follow(self) -> None:
        """See what is to be done next: more of what was typed, reading on, or the end."""
        if self._transport.is_closing():
            return
        waits = bool(self._backlog) or self.session.behind
        if waits and not self.stalled:
            self._schedule()
        if self._ended:
            if not waits:
                self.close()
        elif self.stalled or len(self._backlog) > _BACKLOG:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def _schedule(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._work)

    def _take(self, event: telnet.Event, now: float) -> None:
        if isinstance(event, telnet.Data):
            self._typed(event.data, now)
        elif isinstance(event, telnet.Malformed):
            self._drops.count(Drop.CONSOLE_TELNET)
        elif isinstance(event, telnet.Negotiate):
            self._negotiate(event)
        elif isinstance(event, telnet.Subnegotiation):
            self._subnegotiate(event)
        elif event.code in _TYPED_BY:
            self._typed(_TYPED_BY[event.code], now)
        elif event.code == telnet.ARE_YOU_THERE:
            self._transport.write(b"\r\n[Yes]\r\n")

    def _typed(self, data: bytes, now: float) -> None:
        if not data.isascii():
            # The session leaves them out: some clients send them to see whether anybody is there.
            self._drops.count(Drop.CONSOLE_NOT_ASCII, sum(octet > 127 for octet in data))
        for line in data.splitlines(keepends=True):
            self._server.guarded(self.session.receive, line, now)
            if self._server.console.device.has_effects:
                # What a command sets off, like a log line, is seen before the next one.
                self._server.pump.turn()

    def _negotiate(self, event: telnet.Negotiate) -> None:
        had_type = self._options.there(telnet.TTYPE)
        self._transport.write(self._options.answer(event))
        if self._options.there(telnet.TTYPE) and not had_type:
            # Only now: some clients take a subnegotiation that they did not agree to for text.
            self._transport.write(telnet.subnegotiation(telnet.TTYPE, bytes((telnet.TTYPE_SEND,))))

    def _subnegotiate(self, event: telnet.Subnegotiation) -> None:
        try:
            if event.option == telnet.NAWS:
                self.session.resize(*telnet.parse_naws(event.data))
            elif event.option == telnet.TTYPE:
                self.session.terminal_type = telnet.parse_ttype(event.data)
        except WireError:
            self._drops.count(Drop.CONSOLE_TELNET)

    # Output ---------------------------------------------------------------------------------------------------------

    def flush(self) -> None:
        if not self.stalled:
            output = self.session.output()
            if output:
                self._transport.write(output)
        if self.session.closed:
            self.close()

    def _watch_it(self) -> None:
        """Look again after a while whether the client has taken anything."""
        self._stop_watching()
        self._untaken = self._transport.get_write_buffer_size()
        self._watch = self._loop.call_later(self._server.patience, self._look)

    def _look(self) -> None:
        if self._transport.get_write_buffer_size() < self._untaken:
            self._watch_it()
        else:
            self._server.pump.log(f"{self.session.line.name}: the client takes nothing and is let go")
            self._transport.abort()

    def _stop_watching(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    # The end --------------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """End the session. What it has said is still sent, if the client takes it in time; the line is free at once."""
        self._leave()
        self._transport.close()
        if self._transport.get_write_buffer_size() and self._watch is None:
            self._watch_it()

    def _leave(self) -> None:
        self._server.remove(self)
        self.session.hangup()


def _client(transport: asyncio.Transport) -> Client:
    """The ends of a connection, as far as they have IPv4 addresses."""
    peer, own = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
    try:
        return Client(parse_ipv4(peer[0]), peer[1], parse_ipv4(own[0]))
    except (AddressError, TypeError, IndexError):
        return UNKNOWN


def _reset(transport: asyncio.Transport) -> None:
    """Refuse a client as IOS does: without a word, and without the manners of a connection that ends."""
    client: socket.socket = transport.get_extra_info("socket")
    if client.family != socket.AF_UNIX:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def _notice_when_gone(client: socket.socket) -> None:
    """Have the system find out when the client's machine has vanished without a word: within two minutes."""
    if client.family == socket.AF_UNIX:
        return  # a gateway's, which sees to that itself
    client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 15)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 4)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 120_000)
