"""The gateway: what it carries, what it does when a target is not there, and that no byte is lost or piled up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from labs import gateway
from labs.gateway import Forward, Gateway, parse_forward

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def carried(*targets: gateway.Target) -> AsyncIterator[list[int]]:
    """A gateway to these targets; its ports."""
    running = Gateway()
    await running.open("127.0.0.1", [Forward(0, target) for target in targets])
    try:
        yield running.ports
    finally:
        running.close()
        await asyncio.sleep(0)


async def connect(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", port)


async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Speaks first, as a console does; then says what it heard, once the client has said all."""
    writer.write(b"hello ")
    writer.write(await reader.read())
    writer.close()


def test_both_ways_and_half_closed(tmp_path: Path) -> None:
    async def scene() -> None:
        path = str(tmp_path / "console")
        inner = await asyncio.start_unix_server(greet, path)
        tcp = await asyncio.start_server(greet, "127.0.0.1", 0)
        address: tuple[str, int] = tcp.sockets[0].getsockname()
        async with inner, tcp, carried(path, address) as ports:
            for port in ports:
                reader, writer = await connect(port)
                assert await reader.readexactly(6) == b"hello "
                writer.write(b"there")
                writer.write_eof()
                assert await reader.read() == b"there"
                writer.close()

    asyncio.run(scene())


def test_a_target_that_is_not_there_ends_the_connection_and_may_come(tmp_path: Path) -> None:
    async def scene() -> None:
        path = str(tmp_path / "console")
        async with carried(path) as (port,):
            reader, writer = await connect(port)
            assert await reader.read() == b""
            writer.close()
            async with await asyncio.start_unix_server(greet, path):
                reader, writer = await connect(port)
                assert await reader.readexactly(6) == b"hello "
                writer.write_eof()
                assert await reader.read() == b""
                writer.close()

    asyncio.run(scene())


def test_the_end_of_either_side_is_the_end_of_both(tmp_path: Path) -> None:
    async def scene() -> None:
        path = str(tmp_path / "console")
        inside: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()

        async def keep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await inside.put((reader, writer))

        async with await asyncio.start_unix_server(keep, path), carried(path) as (port,):
            reader, writer = await connect(port)
            _, device = await inside.get()
            device.transport.abort()  # killed
            assert await reader.read() == b""
            writer.close()

            reader, writer = await connect(port)
            console, device = await inside.get()
            writer.transport.abort()
            assert await console.read() == b""
            device.close()

    asyncio.run(scene())


def test_a_slow_reader_holds_up_its_writer(tmp_path: Path) -> None:
    """What a client does not read stays with the device, whose console lets such a client go."""

    async def scene() -> None:
        path = str(tmp_path / "console")
        sent = 0
        full = asyncio.Event()

        async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal sent
            try:
                while sent < 1 << 26:
                    writer.write(b"x" * 65536)
                    sent += 65536
                    async with asyncio.timeout(0.5):
                        await writer.drain()
            except TimeoutError:
                full.set()
            await writer.drain()
            writer.close()

        async with await asyncio.start_unix_server(flood, path), carried(path) as (port,):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
            async with asyncio.timeout(60):
                await full.wait()
                assert sent < 1 << 26
                received = 0
                while octets := await reader.read(1 << 20):
                    received += len(octets)
            assert received == sent
            writer.close()

    asyncio.run(scene())


def test_a_client_in_a_hurry_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has said all before the target has taken the connection, and was read although it should wait."""
    heard = asyncio.Event()
    connecting = gateway._connect

    async def late(client: Any, target: gateway.Target) -> None:
        while not client.ended:
            client.transport.resume_reading()
            await asyncio.sleep(0.001)
        heard.set()
        await connecting(client, target)

    monkeypatch.setattr(gateway, "_connect", late)

    async def scene() -> None:
        path = str(tmp_path / "console")
        async with await asyncio.start_unix_server(greet, path), carried(path) as (port,):
            reader, writer = await connect(port)
            writer.write(b"there")
            writer.write_eof()
            await heard.wait()
            assert await reader.read() == b"hello there"
            writer.close()

    asyncio.run(scene())


def test_too_many_are_not_let_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "MAX_CONNECTIONS", 2)

    async def scene() -> None:
        path = str(tmp_path / "console")
        async with await asyncio.start_unix_server(greet, path), carried(path) as (port,):
            kept = [await connect(port) for _ in range(2)]
            for reader, _ in kept:
                assert await reader.readexactly(6) == b"hello "
            refused, writer = await connect(port)
            with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
                await refused.readexactly(6)
            writer.close()
            for reader, writer in kept:
                writer.write_eof()
                assert await reader.read() == b""
                writer.close()

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("text", "forward"),
    [
        ("5001=/run/R-A/console", Forward(5001, "/run/R-A/console")),
        ("5000=broker:5001", Forward(5000, ("broker", 5001))),
    ],
)
def test_the_words_of_the_command_line(text: str, forward: Forward) -> None:
    assert parse_forward(text) == forward
    assert str(forward) == text


@pytest.mark.parametrize("text", ["", "5001", "x=/a", "5001=broker", "5001=broker:", "5001=:5"])
def test_other_words(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        gateway.main(["--listen", "127.0.0.1", text])
    assert caught.value.code == 2
    assert "forward (PORT=PATH or PORT=HOST:PORT)" in capsys.readouterr().err


def test_an_address_that_is_not_ours_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert gateway.main(["--listen", "192.0.2.1", "0=broker:1"]) == 1
    assert "cannot listen on 192.0.2.1" in capsys.readouterr().out
