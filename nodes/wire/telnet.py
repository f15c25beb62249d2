"""Telnet commands within a stream of characters (RFC 854, options RFC 855).

::

    IAC command                       AYT, BRK, IP, NOP…
    IAC WILL|WONT|DO|DONT option
    IAC SB option data… IAC SE        a 255 within data is doubled
    IAC IAC                           the octet 255 itself

The parser is fed as octets arrive and keeps what is incomplete. How a stream is cut into pieces changes only how
:class:`Data` is cut. Line ends (CR LF, CR NUL, §"The NVT printer and keyboard") are left to the reader of the data, who
must take more forms than the RFC has.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from nodes.base.errors import WireError

SE: Final = 240
NOP: Final = 241
DATA_MARK: Final = 242
BREAK: Final = 243
INTERRUPT: Final = 244
ABORT_OUTPUT: Final = 245
ARE_YOU_THERE: Final = 246
ERASE_CHARACTER: Final = 247
ERASE_LINE: Final = 248
GO_AHEAD: Final = 249
SB: Final = 250
WILL: Final = 251
WONT: Final = 252
DO: Final = 253
DONT: Final = 254
IAC: Final = 255

BINARY: Final = 0  # RFC 856
ECHO: Final = 1  # RFC 857
SGA: Final = 3  # suppress go ahead, RFC 858
TTYPE: Final = 24  # terminal type, RFC 1091
NAWS: Final = 31  # negotiate about window size, RFC 1073

#: Octets of one subnegotiation, option included, beyond which it is dropped.
SUBNEGOTIATION_MAX: Final = 512


@dataclass(frozen=True, slots=True)
class Data:
    """Characters, with doubled 255s made single."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Negotiate:
    """``command`` is WILL, WONT, DO or DONT."""

    command: int
    option: int


@dataclass(frozen=True, slots=True)
class Subnegotiation:
    option: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Command:
    """Any other IAC code; a receiver ignores those it does not know."""

    code: int


@dataclass(frozen=True, slots=True)
class Malformed:
    """A subnegotiation that is empty, longer than SUBNEGOTIATION_MAX or without an end was swallowed."""


Event = Data | Negotiate | Subnegotiation | Command | Malformed


class _State(Enum):
    DATA = auto()
    IAC = auto()
    OPTION = auto()
    SB = auto()
    SB_IAC = auto()


class Parser:
    """Octets in, events out; never raises, and holds at most SUBNEGOTIATION_MAX octets.

    A subnegotiation that is longer than that, or empty, is swallowed up to its end and gives Malformed. So does one
    that is broken off by another command (IAC and neither SE nor IAC); it ends there, so that a client that forgets
    IAC SE is heard again.
    """

    __slots__ = ("_command", "_state", "_sub")

    def __init__(self) -> None:
        self._state = _State.DATA
        self._command = 0
        self._sub = bytearray()

    def feed(self, data: bytes) -> list[Event]:
        events: list[Event] = []
        text = bytearray()

        def emit(event: Event) -> None:
            if text:
                events.append(Data(bytes(text)))
                text.clear()
            events.append(event)

        at = 0
        while at < len(data):
            if self._state is _State.DATA or self._state is _State.SB:
                # The run of plain octets up to the next IAC in one step.
                end = data.find(b"\xff", at)
                end = len(data) if end < 0 else end
                if self._state is _State.DATA:
                    text += data[at:end]
                else:
                    self._collect(data[at:end])
                if end < len(data):
                    self._state = _State.IAC if self._state is _State.DATA else _State.SB_IAC
                at = end + 1
                continue
            octet = data[at]
            at += 1
            if self._state is _State.OPTION:
                self._state = _State.DATA
                emit(Negotiate(self._command, octet))
            elif self._state is _State.SB_IAC and octet == IAC:
                self._state = _State.SB
                self._collect(b"\xff")
            elif self._state is _State.SB_IAC and octet == SE:
                self._state = _State.DATA
                whole = 0 < len(self._sub) <= SUBNEGOTIATION_MAX
                emit(Subnegotiation(self._sub[0], bytes(self._sub[1:])) if whole else Malformed())
                self._sub.clear()
            elif octet == IAC:
                self._state = _State.DATA
                text.append(IAC)
            elif octet == SB:
                self._broken_off(emit)
                self._state = _State.SB
            elif octet in (WILL, WONT, DO, DONT):
                self._broken_off(emit)
                self._state = _State.OPTION
                self._command = octet
            else:
                self._broken_off(emit)
                self._state = _State.DATA
                emit(Command(octet))
        if text:
            events.append(Data(bytes(text)))
        return events

    def _broken_off(self, emit: Callable[[Event], None]) -> None:
        """A command came; inside of a subnegotiation it takes the place of its end."""
        if self._state is _State.SB_IAC:
            self._sub.clear()
            emit(Malformed())

    def _collect(self, octets: bytes) -> None:
        """One octet beyond the limit is kept: it marks the subnegotiation as too long."""
        self._sub += octets[: SUBNEGOTIATION_MAX + 1 - len(self._sub)]


def escape(data: bytes) -> bytes:
    """Characters for the wire: every 255 doubled."""
    return data.replace(b"\xff", b"\xff\xff")


def negotiate(command: int, option: int) -> bytes:
    """``negotiate(WILL, ECHO)`` -> FF FB 01."""
    return bytes((IAC, command, option))


def subnegotiation(option: int, data: bytes) -> bytes:
    return bytes((IAC, SB)) + escape(bytes((option,)) + data) + bytes((IAC, SE))


def parse_naws(data: bytes) -> tuple[int, int]:
    """Columns and rows of a NAWS subnegotiation (RFC 1073); 0 means that the client does not say."""
    if len(data) != 4:
        raise WireError(f"a window size has four octets, not {len(data)}")
    return int.from_bytes(data[:2], "big"), int.from_bytes(data[2:], "big")
