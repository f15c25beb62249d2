"""The telnet client: negotiation, end of line, any octets at all; and a terminal that is put back as it was."""

from __future__ import annotations

import contextlib
import os
import pty
import signal
import socket
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Callable, Iterator
from fcntl import ioctl
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs.telnet import DO, DONT, ECHO, IAC, NAWS, SB, SE, SGA, TTYPE, WILL, WONT, Telnet

if TYPE_CHECKING:
    from tests.labs.conftest import Wait

REPOSITORY = Path(__file__).resolve().parents[2]
#: What a console opens with: WILL ECHO, WILL SGA, DO TTYPE, DO NAWS.
OPENING = bytes((IAC, WILL, ECHO, IAC, WILL, SGA, IAC, DO, TTYPE, IAC, DO, NAWS))
AGREED = bytes((IAC, DO, ECHO, IAC, DO, SGA, IAC, WILL, TTYPE, IAC, WILL, NAWS))
SIZE_80_24 = bytes((IAC, SB, NAWS, 0, 80, 0, 24, IAC, SE))


def test_it_agrees_to_what_a_console_needs_and_tells_its_size() -> None:
    telnet = Telnet("xterm", (80, 24))
    assert telnet.receive(OPENING + b"R-A>") == b"R-A>"
    assert telnet.outgoing == AGREED + SIZE_80_24
    telnet.outgoing.clear()
    telnet.receive(OPENING)
    assert telnet.outgoing == b"", "what is in force is not answered again (RFC 854)"
    telnet.receive(bytes((IAC, SB, TTYPE, 1, IAC, SE)))
    assert telnet.outgoing == bytes((IAC, SB, TTYPE, 0)) + b"XTERM" + bytes((IAC, SE))
    telnet.outgoing.clear()
    telnet.resize(255, 50)
    assert telnet.outgoing == bytes((IAC, SB, NAWS, 0, 255, 255, 0, 50, IAC, SE)), "255 is doubled"


def test_it_refuses_the_rest_and_can_be_told_to_stop() -> None:
    telnet = Telnet()
    telnet.receive(bytes((IAC, DO, 39, IAC, WILL, 70, IAC, WONT, 70, IAC, DONT, 39)))
    assert telnet.outgoing == bytes((IAC, WONT, 39, IAC, DONT, 70))
    telnet.receive(OPENING)
    telnet.outgoing.clear()
    telnet.receive(bytes((IAC, WONT, ECHO, IAC, DONT, NAWS)))
    assert telnet.outgoing == bytes((IAC, DONT, ECHO, IAC, WONT, NAWS))
    telnet.outgoing.clear()
    telnet.resize(1, 1)
    assert telnet.outgoing == b""


def test_every_end_of_line_is_one_enter_and_255_is_doubled() -> None:
    telnet = Telnet()
    for typed in (b"a\r", b"b\n", b"c\r\n", b"d\r", b"\ne\xff"):
        telnet.send(typed)
    assert telnet.outgoing == b"a\r\0b\r\0c\r\0d\r\0e\xff\xff"


def test_text_arrives_without_the_protocol() -> None:
    telnet = Telnet()
    assert telnet.receive(b"a\xff\xffb\r\0c\r\nd\xff\xf1e") == b"a\xffb\rc\r\nde"


@given(chunks=st.lists(st.one_of(st.binary(max_size=40), st.sampled_from([OPENING, b"\xff", b"\xff\xfa\x18"]))))
def test_any_octets_in_any_pieces_give_the_same_text_and_answers(chunks: list[bytes]) -> None:
    pieces, whole = Telnet(), Telnet()
    text = b"".join(map(pieces.receive, chunks))
    assert whole.receive(b"".join(chunks)) == text
    assert whole.outgoing == pieces.outgoing


@given(text=st.binary(max_size=100))
def test_what_one_end_sends_the_other_receives(text: bytes) -> None:
    sender, receiver = Telnet(), Telnet()
    sender.send(text)
    expected = text.replace(b"\r\n", b"\r").replace(b"\n", b"\r").replace(b"\0", b"")
    assert receiver.receive(bytes(sender.outgoing)) == expected


def test_a_subnegotiation_that_never_ends_does_not_hold_the_text_for_ever() -> None:
    telnet = Telnet()
    assert telnet.receive(bytes((IAC, SB, 200))) == b""
    assert telnet.receive(b"x" * 1000).endswith(b"xxx")


# -- with a terminal ----------------------------------------------------------------------------------------------

CLIENT = """
import socket, sys
from labs.telnet import Client
link = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
sys.exit(Client(link, 0, 1).run())
"""


class Server:
    """A console that negotiates, prompts, and remembers what it received."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.received = b""
        self.link: socket.socket | None = None
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        try:
            self.link, _ = self._listener.accept()
            self.link.sendall(OPENING + b"R-A>")
            while octets := self.link.recv(4096):
                self.received += octets
        except OSError:
            return

    def close(self) -> None:
        # shutdown() wakes the thread; close() alone would not.
        for sock in (self._listener, self.link):
            if sock is not None:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
                sock.close()
        self._thread.join(5)


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


def in_terminal(server: Server) -> tuple[subprocess.Popen[bytes], int, int]:
    """The client in a terminal of 100 columns: (process, our end, its end)."""
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-c", CLIENT, str(server.port)], cwd=REPOSITORY, stdin=theirs, stdout=theirs
    )
    return process, ours, theirs


def ends(process: subprocess.Popen[bytes], *descriptors: int) -> int:
    status = process.wait(10)
    for descriptor in descriptors:
        os.close(descriptor)
    return status


@pytest.mark.parametrize("how", ["escape", "closed", "term", "hangup"])
def test_the_terminal_is_raw_meanwhile_and_put_back_afterwards(server: Server, wait_for: Wait, how: str) -> None:
    process, ours, theirs = in_terminal(server)
    before = termios.tcgetattr(theirs)
    wait_for(lambda: bytes((IAC, SB, NAWS, 0, 100, 0, 30, IAC, SE)) in server.received)
    assert os.read(ours, 100) == b"R-A>"
    assert not termios.tcgetattr(theirs)[3] & (termios.ECHO | termios.ICANON | termios.ISIG)
    os.write(ours, b"show version\r\x03")
    wait_for(lambda: server.received.endswith(b"show version\r\0\x03"))
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 31, 101, 0, 0))
    process.send_signal(signal.SIGWINCH)
    wait_for(lambda: server.received.endswith(bytes((IAC, SB, NAWS, 0, 101, 0, 31, IAC, SE))))
    actions: dict[str, Callable[[], object]] = {
        "escape": lambda: os.write(ours, b"\x1d"),
        "closed": server.close,
        "term": process.terminate,
        "hangup": lambda: process.send_signal(signal.SIGHUP),
    }
    actions[how]()
    process.wait(10)
    assert termios.tcgetattr(theirs) == before
    assert ends(process, ours, theirs) == 0


def test_a_pipe_is_typed_and_the_answer_is_awaited(server: Server, wait_for: Wait) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", CLIENT, str(server.port)],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b"show version\n")
    process.stdin.close()
    wait_for(lambda: b"show version\r\0" in server.received)
    assert server.link is not None
    server.link.sendall(b"Version 15.1\r\nR-A>")
    assert process.stdout.read() == b"R-A>Version 15.1\r\nR-A>"
    process.stdout.close()
    assert process.wait(10) == 0
