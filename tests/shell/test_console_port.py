"""The console port with real sockets in one process: clients that come, go, hurry, or do not read."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Container
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, cast

import pytest

from nodes.base.drops import Drop, DropCounters
from nodes.cli import Line, Session
from nodes.commands.console import Console
from nodes.device import door
from nodes.shell.telnet import ConsoleServer
from nodes.wire import telnet
from nodes.wire.telnet import BINARY, DO, DONT, ECHO, NAWS, SGA, TTYPE, WILL, WONT, negotiate, subnegotiation
from tests.cli.toy import COMMANDS, Toy, dialect_of

OPENING: Final = (
    negotiate(WILL, ECHO) + negotiate(WILL, SGA) + negotiate(DO, TTYPE) + negotiate(DO, NAWS)
)  # IOS-FORMATS 3.1
#: Seconds that anything may take here; nothing waits for them to pass.
LIMIT: Final = 30.0


class Port:
    """A console server of a toy device, with what the pump does for it."""

    def __init__(self, patience: float) -> None:
        self.toy = Toy()
        self.lines: list[str] = []
        self.sessions: list[Session] = []
        self.clients: list[Client] = []
        drops = DropCounters()
        device = SimpleNamespace(drops=drops, has_effects=False)
        console = SimpleNamespace(device=device, session=self._session, place=self._place)
        self.drops = drops
        self.server = ConsoleServer(cast(Console, console), self, patience)
        self._turning = False
        #: Who came; nobody is let in any more while it is set.
        self.came: list[door.Client] = []
        self.refuses = False

    def _place(self, client: door.Client, taken: Container[str]) -> Line | None:
        self.came.append(client)
        names = ["con 0", *(f"vty {number}" for number in range(9))]
        return None if self.refuses else next(Line(name, 0) for name in names if name not in taken)

    def _session(self, line: Line, client: door.Client) -> Session:
        session = Session(COMMANDS, dialect_of(self.toy), self.toy, line=line, privilege=15)
        self.sessions.append(session)
        return session

    @property
    def log(self) -> Callable[[str], None]:
        return self.lines.append

    def clock(self) -> float:
        return asyncio.get_running_loop().time()

    def turn(self) -> None:
        if not self._turning:
            self._turning = True
            self.server.advance(self.clock())
            self._turning = False
            self.server.flush()

    @property
    def address(self) -> tuple[str, int]:
        assert self.server._server is not None
        name: tuple[str, int] = self.server._server.sockets[0].getsockname()
        return name

    @property
    def taken(self) -> list[str]:
        """The lines with somebody on them."""
        return [session.line.name for session in self.server.sessions]


class Client:
    """A client of streams; what it read is kept in ``seen``."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.seen = b""

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def until(self, ending: bytes) -> bytes:
        """Read on until what came since the last call ends so."""
        while not self.seen.endswith(ending):
            data = await asyncio.wait_for(self.reader.read(65536), LIMIT)
            assert data, self.seen[-200:]
            self.seen += data
        seen, self.seen = self.seen, b""
        return seen

    async def rest(self) -> bytes:
        return self.seen + await asyncio.wait_for(self.reader.read(-1), LIMIT)

    def reset(self) -> None:
        """Vanish without a word: RST."""
        client = cast(socket.socket, self.writer.get_extra_info("socket"))
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        cast(asyncio.Transport, self.writer.transport).abort()


@contextlib.asynccontextmanager
async def opened(patience: float = 60.0) -> AsyncIterator[Port]:
    port = Port(patience)
    await port.server.listen(("127.0.0.1", 0))
    try:
        yield port
    finally:
        port.server.close()
        for client in port.clients:
            client.writer.close()
            with contextlib.suppress(ConnectionError):
                await client.writer.wait_closed()


async def connect(port: Port) -> Client:
    port.clients.append(Client(*await asyncio.open_connection(*port.address)))
    return port.clients[-1]


async def come(port: Port) -> Client:
    """A client that negotiates nothing and has seen the prompt."""
    client = await connect(port)
    assert (await client.until(b"R1#")).startswith(OPENING)
    return client


async def eventually(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(LIMIT):
        while not condition():
            await asyncio.sleep(0.005)


def stuck(port: Port) -> socket.socket:
    """A client with little room that never reads."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(port.address)
    return client


Test = Callable[[], Awaitable[None]]


def run(test: Test) -> None:
    async def bounded() -> None:
        await asyncio.wait_for(test(), 3 * LIMIT)

    asyncio.run(bounded(), debug=False)


# Negotiation -----------------------------------------------------------------------------------------------------


def test_a_client_that_negotiates_nothing_gets_a_prompt_at_once() -> None:
    async def test() -> None:
        async with opened() as port:
            client = await connect(port)
            assert await client.until(b"R1#") == OPENING + b"R1#"
            client.send(b"show version\r\n")
            assert await client.until(b"R1#") == b"show version\r\nToy Software, Version 1.0\r\nR1#"

    run(test)


def test_a_console_on_a_unix_socket_takes_the_place_of_one_that_was_killed(tmp_path: Path) -> None:
    async def test() -> None:
        path = str(tmp_path / "console")
        with socket.socket(socket.AF_UNIX) as killed:
            killed.bind(path)
        port = Port(60.0)
        await port.server.listen(path)
        client = Client(*await asyncio.open_unix_connection(path))
        assert await client.until(b"R1#") == OPENING + b"R1#"
        client.send(b"show version\r\n")
        assert await client.until(b"R1#") == b"show version\r\nToy Software, Version 1.0\r\nR1#"
        port.server.close()
        assert await client.rest() == b""
        client.writer.close()
        await client.writer.wait_closed()

    run(test)


def test_a_client_that_agrees_to_everything_and_wants_binary() -> None:
    """Debian's telnet says DO ECHO, DO SGA, WILL TTYPE, WILL NAWS and the window; with -8 BINARY both ways."""

    async def test() -> None:
        async with opened() as port:
            client = await come(port)
            client.send(negotiate(DO, ECHO) + negotiate(DO, SGA) + negotiate(WILL, NAWS))
            client.send(subnegotiation(NAWS, bytes((0, 132, 0, 50))) + negotiate(WILL, TTYPE))
            await client.until(subnegotiation(TTYPE, bytes((telnet.TTYPE_SEND,))))
            client.send(subnegotiation(TTYPE, bytes((telnet.TTYPE_IS,)) + b"XTERM-256COLOR"))
            client.send(negotiate(DO, BINARY) + negotiate(WILL, BINARY))
            assert await client.until(negotiate(DO, BINARY)) == negotiate(WILL, BINARY) + negotiate(DO, BINARY)
            client.send(b"terminal length 0\n")
            await client.until(b"R1#")
            (session,) = port.sessions
            assert (session.width, session.terminal_type) == (132, "XTERM-256COLOR")
            client.send(negotiate(DO, 39) + negotiate(WILL, 70) + bytes((telnet.IAC, telnet.ARE_YOU_THERE)))
            assert await client.until(b"[Yes]\r\n") == negotiate(WONT, 39) + negotiate(DONT, 70) + b"\r\n[Yes]\r\n"

    run(test)


def test_a_client_that_refuses_everything_is_echoed_all_the_same() -> None:
    """telnetlib, and so netmiko and napalm."""

    async def test() -> None:
        async with opened() as port:
            client = await come(port)
            client.send(negotiate(DONT, ECHO) + negotiate(DONT, SGA) + negotiate(WONT, TTYPE) + negotiate(WONT, NAWS))
            client.send(b"show version\r")
            assert await client.until(b"R1#") == b"show version\r\nToy Software, Version 1.0\r\nR1#"

    run(test)


def test_every_octet_in_a_segment_of_its_own() -> None:
    async def test() -> None:
        async with opened() as port:
            client = await come(port)
            whole = (
                negotiate(WILL, NAWS) + subnegotiation(NAWS, bytes((0, 100, 0, 40))) + b"show version\r\0\xff\xff\xf1"
            )
            for octet in whole:
                client.send(bytes([octet]))
                await client.writer.drain()
                await asyncio.sleep(0)
            assert (await client.until(b"R1#")).endswith(b"Version 1.0\r\nR1#")
            (session,) = port.sessions
            assert (session.width, session.length) == (100, 40)
            await eventually(lambda: port.drops.as_dict())
            assert port.drops.as_dict() == {Drop.CONSOLE_NOT_ASCII.label: 2}

    run(test)


def test_malformed_subnegotiations_are_counted() -> None:
    async def test() -> None:
        async with opened() as port:
            client = await come(port)
            client.send(subnegotiation(NAWS, b"123") + subnegotiation(TTYPE, b"") + b"\xff\xfa\xff\xf0\r")
            await client.until(b"R1#")
            assert port.drops.as_dict() == {Drop.CONSOLE_TELNET.label: 3}

    run(test)


def test_what_a_client_can_type_by_telnet_commands() -> None:
    async def test() -> None:
        async with opened() as port:
            client = await come(port)
            client.send(b"wait\r\n")
            await client.until(b"wait\r\n")
            client.send(bytes((telnet.IAC, telnet.INTERRUPT, telnet.IAC, telnet.DATA_MARK)) + negotiate(DO, 6))
            # A refused timing mark is one too (RFC 860): after it the client shows output again.
            assert await client.until(b"R1#") == negotiate(WONT, 6) + b"R1#"
            client.send(b"wait\r\n\xff\xf3")
            await client.until(b"R1#")
            client.send(b"xshov\xff\xf7w ver\xff\xf8show ver\r")
            assert (await client.until(b"R1#")).endswith(b"Version 1.0\r\nR1#")

    run(test)


# Coming and going ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["reset", "close"])
def test_a_client_that_disappears_frees_its_line_at_once(how: str) -> None:
    async def test() -> None:
        async with opened() as port:
            first, second = await come(port), await come(port)
            third = await come(port)
            assert port.taken == ["con 0", "vty 0", "vty 1"]
            for client in (first, second):
                client.send(b"wait\r")
                await client.until(b"wait\r\n")
                if how == "reset":
                    client.reset()
                else:
                    client.writer.close()
            await eventually(lambda: port.taken == ["vty 1"])
            assert [session.closed for session in port.sessions] == [True, True, False]
            await come(port)
            await come(port)
            assert sorted(port.taken) == ["con 0", "vty 0", "vty 1"]
            third.send(b"\r")
            await third.until(b"R1#")

    run(test)


def test_who_is_refused_is_reset_without_a_word() -> None:
    async def test() -> None:
        async with opened() as port:
            await come(port)
            port.refuses = True
            stranger = await connect(port)
            stranger.send(b"enable\r")
            with pytest.raises(ConnectionResetError):
                await stranger.rest()
            assert stranger.seen == b""
            assert port.taken == ["con 0"]
            assert [client.address for client in port.came] == [0x7F000001] * 2
            assert port.came[1].port == stranger.writer.get_extra_info("sockname")[1]
            port.refuses = False
            await come(port)
            assert port.taken == ["con 0", "vty 0"]

    run(test)


def test_what_was_piped_in_is_carried_out_before_the_end() -> None:
    """``nc HOST PORT < commands``: the client sends all and ends its side of the connection."""

    async def test() -> None:
        async with opened() as port:
            client = await connect(port)
            client.send(b"conf t\r\n" + b"ip route 1.1.1.1 255.0.0.0 10.0.0.1\r\n" * 1000 + b"hostname LAST\r\nend\r\n")
            client.writer.write_eof()
            said = await client.rest()
            assert said.endswith(b"LAST(config)#end\r\nLAST#")
            assert said.count(b"R1(config)#") == 1001
            assert port.taken == []

    run(test)


def test_exit_says_the_last_words_and_closes() -> None:
    async def test() -> None:
        async with opened() as port:
            client = await come(port)
            client.send(b"show lines 99999\r")
            await client.until(b" --More-- ")
            client.send(b"qterminal length 0\rshow lines 99999\rexit\r")
            said = await client.rest()
            assert said.endswith(b"line 99998\r\nR1#exit\r\n")
            assert port.taken == []

    run(test)


# Clients that do not read ----------------------------------------------------------------------------------------


def test_a_client_that_stops_reading_is_let_go_without_harm_to_others() -> None:
    async def test() -> None:
        async with opened(patience=0.2) as port:
            deaf = stuck(port)
            other = await come(port)
            deaf.sendall(b"terminal length 0\r" + b"show lines 99999\r" * 20)
            while port.taken != ["vty 0"]:
                other.send(b"show version\r")
                assert (await other.until(b"R1#")).endswith(b"Version 1.0\r\nR1#")
            assert port.lines == ["con 0: the client takes nothing and is let go"]
            deaf.close()
            again = await come(port)
            again.send(b"exit\r")
            await again.rest()
            assert port.taken == ["vty 0"]

    run(test)


def test_a_client_that_stops_reading_for_a_while_loses_nothing() -> None:
    """Its session stands still meanwhile: what is kept for it has a limit, and log lines that find no room are lost."""

    async def test() -> None:
        async with opened() as port:
            slow = stuck(port)
            slow.sendall(b"terminal length 0\r" + b"show lines 99999\r" * 3 + b"hostname SLOW\rconf t\rhostname SLOW\r")
            await eventually(lambda: any(connection.stalled for connection in port.server._connections))
            (session,) = port.sessions
            for number in range(10_000):
                session.notify(f"%SYS-5-TEST: {number}", 0.0)
                port.turn()
            assert session._unsent < 1 << 22
            assert len(session._notices) <= 100
            client = Client(*await asyncio.open_connection(sock=slow))
            port.clients.append(client)
            said = await client.until(b"SLOW(config)#")
            assert said.count(b"line 99998\r\n") == 3
            assert said.count(b"line ") == 3 * 99999
            assert b"%SYS-5-TEST: 9999\r\n" in said

    run(test)


def test_a_paste_from_a_client_that_reads_nothing_yet_waits_for_it() -> None:
    """The paste is as long as one likes: the client's own system holds it back."""

    async def test() -> None:
        async with opened() as port:
            client = await come(port)
            paste = b"".join(
                b"ip route 10.%d.%d.0 255.255.255.0 10.0.0.1\r\n" % (n // 250, n % 250) for n in range(20_000)
            )
            client.send(b"conf t\r\n" + paste + b"hostname LAST\r\n")
            said = await client.until(b"LAST(config)#")
            assert said.count(b"R1(config)#") == 20_001
            assert len(port.toy.routes) == 20_000
            assert b"\a" not in said

    run(test)


def test_a_bite_with_much_to_say_does_not_fill_the_memory() -> None:
    """Hundreds of commands in one segment, each with a megabyte of output."""

    async def test() -> None:
        async with opened() as port:
            client = await come(port)
            client.send(
                b"terminal length 0\r" + b"show lines 99999\r" * 30 + b"hostname LAST\r" + b"conf t\rhostname LAST\r"
            )
            most = 0
            while not client.seen.endswith(b"LAST(config)#"):
                data = await asyncio.wait_for(client.reader.read(1 << 20), LIMIT)
                client.seen = client.seen[-100:] + data
                for connection in port.server._connections:
                    most = max(most, connection.session._unsent + connection._transport.get_write_buffer_size())
            assert most < 6 << 20

    run(test)
