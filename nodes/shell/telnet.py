"""The console port: one TCP listener, a session for each connection, telnet in between (RFC 854).

The first client is on ``con 0``; further ones get lines of a vty pool that grows as needed.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Iterator
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from nodes.base.drops import Drop
from nodes.base.errors import WireError
from nodes.cli.session import Session
from nodes.cli.terminal import Line
from nodes.commands.console import Console
from nodes.wire import telnet

if TYPE_CHECKING:
    from nodes.shell.pump import Pump

#: What the server offers and asks for when a client connects: we echo, no go-ahead, terminal type, window size.
GREETING: Final = (
    telnet.negotiate(telnet.WILL, telnet.ECHO)
    + telnet.negotiate(telnet.WILL, telnet.SGA)
    + telnet.negotiate(telnet.DO, telnet.TTYPE)
    + telnet.negotiate(telnet.DO, telnet.NAWS)
)
#: A client that reads nothing is let go when this many octets wait for it.
_BACKLOG: Final = 1 << 20
#: Octets of typing that are worked off before the loop looks at anything else.
_BITE: Final = 4096
_INTERRUPT: Final = b"\x03"
_BREAK: Final = b"\x1e"


class ConsoleServer:
    """All sessions of one device."""

    def __init__(self, console: Console, pump: Pump) -> None:
        self.console = console
        self.pump = pump
        self._connections: dict[Connection, None] = {}
        self._server: asyncio.Server | None = None

    async def listen(self, host: str, port: int) -> None:
        """Open the console port. Raises OSError when it is taken."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Connection(self), host, port, reuse_address=True, backlog=128)

    @property
    def sessions(self) -> Iterator[Session]:
        return (connection.session for connection in self._connections)

    def free_line(self) -> Line:
        taken = {connection.session.line.name for connection in self._connections}
        if "con 0" not in taken:
            return Line("con 0", 0)
        number = next(number for number in count() if f"vty {number}" not in taken)
        return Line(f"vty {number}", number + 1)

    def add(self, connection: Connection) -> None:
        self._connections[connection] = None

    def remove(self, connection: Connection) -> None:
        self._connections.pop(connection, None)

    def advance(self, now: float) -> None:
        for session in list(self.sessions):
            self.guarded(session.advance, now)

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
        deadlines = (session.next_deadline() for session in self.sessions)
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
        self._parser = telnet.Parser()
        self._drops = server.console.device.drops
        self._backlog = bytearray()
        self._scheduled = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(GREETING)
        self.session = self._server.console.session(self._server.free_line())
        self._server.add(self)
        self._server.pump.turn()

    def connection_lost(self, error: Exception | None) -> None:
        self._server.remove(self)
        self.session.hangup()
        self._server.pump.turn()

    def data_received(self, data: bytes) -> None:
        self._backlog += data
        if not self._scheduled:
            self._work()

    def _work(self) -> None:
        """Take some of what was typed; a paste of thousands of lines must not hold up the packets."""
        self._scheduled = False
        now = self._server.pump.clock()
        bite = bytes(self._backlog[:_BITE])
        del self._backlog[:_BITE]
        for event in self._parser.feed(bite):
            if isinstance(event, telnet.Data):
                self._typed(event.data, now)
            elif isinstance(event, telnet.Malformed):
                self._drops.count(Drop.CONSOLE_TELNET)
            elif isinstance(event, telnet.Negotiate):
                self._negotiate(event)
            elif isinstance(event, telnet.Subnegotiation):
                self._subnegotiate(event)
            elif event.code in (telnet.INTERRUPT, telnet.BREAK):
                self._typed(_INTERRUPT if event.code == telnet.INTERRUPT else _BREAK, now)
            elif event.code == telnet.ARE_YOU_THERE:
                self._transport.write(b"\r\n[Yes]\r\n")
        if self._backlog and not self._transport.is_closing():
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._work)
            if len(self._backlog) > _BACKLOG // 2:
                self._transport.pause_reading()
        else:
            self._transport.resume_reading()
        self._server.pump.turn()

    def _typed(self, data: bytes, now: float) -> None:
        if not data.isascii():
            # The session leaves them out: some clients send them to see whether anybody is there.
            self._drops.count(Drop.CONSOLE_NOT_ASCII, sum(octet > 127 for octet in data))
        self._server.guarded(self.session.receive, data, now)

    def _negotiate(self, event: telnet.Negotiate) -> None:
        """Refuse what we did not offer. Answers to our own offers are not answered again (RFC 854, no loops)."""
        if event.command == telnet.DO and event.option not in (telnet.ECHO, telnet.SGA):
            self._transport.write(telnet.negotiate(telnet.WONT, event.option))
        elif event.command == telnet.WILL and event.option not in (telnet.NAWS, telnet.TTYPE, telnet.SGA):
            self._transport.write(telnet.negotiate(telnet.DONT, event.option))

    def _subnegotiate(self, event: telnet.Subnegotiation) -> None:
        if event.option == telnet.NAWS:
            try:
                self.session.resize(*telnet.parse_naws(event.data))
            except WireError:
                self._drops.count(Drop.CONSOLE_TELNET)

    def flush(self) -> None:
        output = self.session.output()
        if output:
            self._transport.write(output)
            if self._transport.get_write_buffer_size() > _BACKLOG:
                # It does not read: what it would have seen is lost, and nobody else waits for it.
                self._transport.abort()
        if self.session.closed:
            self.close()

    def close(self) -> None:
        self._transport.close()
