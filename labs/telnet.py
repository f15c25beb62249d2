"""A telnet client for consoles: option negotiation without I/O (:class:`Telnet`), and a terminal around it.

It agrees to what a console needs and refuses the rest: the far end echoes and suppresses go-ahead (RFC 857, 858), we
tell our window size and terminal type (RFC 1073, 1091). An option is answered only when its state changes, so two ends
can never answer one another for ever (RFC 854, RFC 1143).
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import struct
import termios
import tty
from collections.abc import Iterator
from types import FrameType
from typing import Final

IAC: Final = 255
DONT: Final = 254
DO: Final = 253
WONT: Final = 252
WILL: Final = 251
SB: Final = 250
SE: Final = 240

ECHO: Final = 1
SGA: Final = 3
TTYPE: Final = 24
NAWS: Final = 31

_THEIRS: Final = frozenset({ECHO, SGA})
_OURS: Final = frozenset({SGA, TTYPE, NAWS})
_TTYPE_IS: Final = 0
_TTYPE_SEND: Final = 1
#: Octets of a subnegotiation at most; what is longer is none that we know.
_MAX_SUB: Final = 256

_ESCAPE: Final = 0x1D  # Ctrl-]
#: Seconds of silence after which a connection whose input (a pipe) has ended is over.
_QUIET: Final = 1.0
#: Octets that may wait to be sent before no more input is read.
_MAX_WAITING: Final = 65536


class Telnet:
    """One end of a telnet connection: octets from the far end -> text for the terminal, and answers in ``outgoing``."""

    def __init__(self, terminal: str = "vt100", size: tuple[int, int] = (80, 24)) -> None:
        self.outgoing = bytearray()
        self.size = size  # columns, lines
        self._terminal = terminal.encode("ascii", "replace").upper()
        self._theirs: set[int] = set()
        self._ours: set[int] = set()
        self._buffer = bytearray()
        self._after_cr = False

    def receive(self, octets: bytes) -> bytes:
        """The text in ``octets`` and what was left of those before."""
        self._buffer += octets
        text = bytearray()
        while self._buffer:
            start = self._buffer.find(IAC)
            if start != 0:
                plain = bytes(self._buffer if start < 0 else self._buffer[:start])
                del self._buffer[: len(plain)]
                text += plain
                continue
            used = self._command(text)
            if used == 0:
                break
            del self._buffer[:used]
        return bytes(text).replace(b"\0", b"")  # CR NUL is a bare CR (RFC 854)

    def _command(self, text: bytearray) -> int:
        """Octets of the command at the head of the buffer, after it was obeyed; 0 when it is not complete."""
        buffer = self._buffer
        if len(buffer) < 2:
            return 0
        code = buffer[1]
        if code == IAC:
            text.append(IAC)
            return 2
        if code == SB:
            end = buffer.find(bytes((IAC, SE)), 2)
            if end < 0:
                return 2 if len(buffer) > _MAX_SUB else 0
            self._sub(bytes(buffer[2:end]))
            return end + 2
        if code < WILL:
            return 2  # NOP, GA and their like
        if len(buffer) < 3:
            return 0
        self._negotiate(code, buffer[2])
        return 3

    def _negotiate(self, code: int, option: int) -> None:
        ours = code in (DO, DONT)
        on = code in (DO, WILL)
        state, known = (self._ours, _OURS) if ours else (self._theirs, _THEIRS)
        yes, no = (WILL, WONT) if ours else (DO, DONT)
        if on == (option in state):
            return
        if on and option not in known:
            self.outgoing += bytes((IAC, no, option))
            return
        (state.add if on else state.discard)(option)
        self.outgoing += bytes((IAC, yes if on else no, option))
        if ours and on and option == NAWS:
            self._send_size()

    def _sub(self, body: bytes) -> None:
        if body == bytes((TTYPE, _TTYPE_SEND)) and TTYPE in self._ours:
            self.outgoing += bytes((IAC, SB, TTYPE, _TTYPE_IS)) + self._terminal + bytes((IAC, SE))

    def resize(self, columns: int, lines: int) -> None:
        """The window has another size now."""
        self.size = columns, lines
        if NAWS in self._ours:
            self._send_size()

    def _send_size(self) -> None:
        body = struct.pack("!HH", *self.size).replace(b"\xff", b"\xff\xff")
        self.outgoing += bytes((IAC, SB, NAWS)) + body + bytes((IAC, SE))

    def send(self, typed: bytes) -> None:
        """Queues what was typed. Every end of line (CR, LF, CR LF) is one Enter: CR NUL (RFC 1123 §3.3.1)."""
        for octet in typed:
            if octet == 0x0A and self._after_cr:
                self._after_cr = False
                continue
            self._after_cr = octet == 0x0D
            if octet in (0x0A, 0x0D):
                self.outgoing += b"\r\0"
            else:
                self.outgoing += bytes((IAC, IAC)) if octet == IAC else bytes((octet,))


class Client:
    """A terminal (or a pipe) on a telnet connection, until either ends or Ctrl-] is typed."""

    def __init__(self, link: socket.socket, keyboard: int, screen: int) -> None:
        self._link = link
        self._keyboard = keyboard
        self._screen = screen
        self._is_terminal = os.isatty(keyboard)
        self._telnet = Telnet(os.environ.get("TERM") or "unknown", self._size())
        self._typing = True
        self._ended = False

    def run(self) -> int:
        """The exit status."""
        self._link.setblocking(False)
        with self._terminal(), self._signals() as signals:
            while not self._ended:
                self._turn(signals)
        if self._is_terminal:
            self._write(b"\n")
        return 0

    def _turn(self, signals: int) -> None:
        waiting = self._telnet.outgoing
        readers = [self._link.fileno(), signals]
        if self._typing and len(waiting) < _MAX_WAITING:
            readers.append(self._keyboard)
        writers = [self._link.fileno()] if waiting else []
        readable, writable, _ = select.select(readers, writers, [], None if self._typing else _QUIET)
        if not readable and not writable:
            self._ended = True
        try:
            if self._link.fileno() in readable:
                octets = self._link.recv(65536)
                self._ended = not octets
                self._write(self._telnet.receive(octets))
            if writable:
                del waiting[: self._link.send(waiting)]
        except BlockingIOError:
            pass
        except OSError:
            self._ended = True
        if signals in readable:
            self._signalled(os.read(signals, 256))
        if self._keyboard in readable:
            self._type(os.read(self._keyboard, 4096))

    def _type(self, typed: bytes) -> None:
        if not typed:
            self._typing = False
            return
        if self._is_terminal and _ESCAPE in typed:
            typed = typed[: typed.index(_ESCAPE)]
            self._ended = True
        self._telnet.send(typed)

    def _write(self, text: bytes) -> None:
        while text:
            text = text[os.write(self._screen, text) :]

    def _size(self) -> tuple[int, int]:
        for descriptor in (self._screen, self._keyboard):
            with contextlib.suppress(OSError):
                size = os.get_terminal_size(descriptor)
                return size.columns, size.lines
        return 80, 24

    def _signalled(self, numbers: bytes) -> None:
        if signal.SIGWINCH in numbers:
            self._telnet.resize(*self._size())
        if signal.SIGTERM in numbers or signal.SIGHUP in numbers:
            self._ended = True

    @contextlib.contextmanager
    def _terminal(self) -> Iterator[None]:
        """The terminal in raw mode: every key goes to the console as it is. Put back whatever happens."""
        if not self._is_terminal:
            yield
            return
        before = termios.tcgetattr(self._keyboard)
        tty.setraw(self._keyboard, termios.TCSANOW)
        try:
            yield
        finally:
            termios.tcsetattr(self._keyboard, termios.TCSADRAIN, before)

    @contextlib.contextmanager
    def _signals(self) -> Iterator[int]:
        """A descriptor on which the numbers of signals arrive, so that none of them ends us with a raw terminal."""
        reader, writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        numbers = (signal.SIGWINCH, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, _noted) for number in numbers}
        wakeup = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        try:
            yield reader
        finally:
            signal.set_wakeup_fd(wakeup)
            for number, handler in before.items():
                signal.signal(number, handler)
            os.close(reader)
            os.close(writer)


def _noted(number: int, frame: FrameType | None) -> None:
    """The wakeup descriptor has the number; nothing else is to happen."""
