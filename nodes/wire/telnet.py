"""Telnet commands within a stream of characters (RFC 854, options RFC 855).

::

    IAC command                       AYT, BRK, IP, NOP…
    IAC WILL|WONT|DO|DONT option
    IAC SB option data… IAC SE        a 255 within data is doubled
    IAC IAC                           the octet 255 itself

The parser is fed as octets arrive and keeps what is incomplete. How a stream is cut into pieces changes only how
:class:`Data` is cut. :class:`Options` answers what the other end says about options. Line ends (CR LF, CR NUL, §"The
NVT printer and keyboard") are left to the reader of the data, who must take more forms than the RFC has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
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
TTYPE_IS: Final = 0
TTYPE_SEND: Final = 1
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


class _Side(Enum):
    """Where an option stands at one end (RFC 1143: WANTYES is an offer or a request that was not answered yet)."""

    NO = auto()
    WANTED = auto()
    YES = auto()


class Options:
    """The options of one connection: what each end does, and what to answer (RFC 855, RFC 1143).

    ``offers`` and ``asks`` are the options that we would like to have at our end and at the other, which
    :meth:`opening` says; ``agrees`` are those that are granted besides, at either end, when the other asks for them.
    A change of state is answered once and what is in force already not at all, so that no two ends talk in a loop. What
    was refused is not asked for again: some clients can answer a few times only.
    """

    __slots__ = ("_agreed_here", "_agreed_there", "_here", "_there")

    def __init__(self, offers: Iterable[int], asks: Iterable[int], agrees: Iterable[int] = ()) -> None:
        self._here = dict.fromkeys(offers, _Side.WANTED)
        self._there = dict.fromkeys(asks, _Side.WANTED)
        self._agreed_here = frozenset((*self._here, *agrees))
        self._agreed_there = frozenset((*self._there, *agrees))

    def opening(self) -> bytes:
        """What to send at the beginning."""
        return b"".join(
            [negotiate(WILL, option) for option in self._here] + [negotiate(DO, option) for option in self._there]
        )

    def answer(self, event: Negotiate) -> bytes:
        """Take what the other end says; what to send back, which may be nothing."""
        command, option = event.command, event.option
        if command in (DO, DONT):
            sides, agreed, yes, no = self._here, self._agreed_here, WILL, WONT
        else:
            sides, agreed, yes, no = self._there, self._agreed_there, DO, DONT
        side = sides.get(option, _Side.NO)
        if command in (DO, WILL):
            if side is _Side.NO and option not in agreed:
                return negotiate(no, option)
            sides[option] = _Side.YES
            return negotiate(yes, option) if side is _Side.NO else b""
        sides[option] = _Side.NO
        return negotiate(no, option) if side is _Side.YES else b""

    def here(self, option: int) -> bool:
        """Whether the option is in force at our end."""
        return self._here.get(option) is _Side.YES

    def there(self, option: int) -> bool:
        """Whether the option is in force at the other end."""
        return self._there.get(option) is _Side.YES


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


def parse_ttype(data: bytes) -> str:
    """The terminal type of a TTYPE subnegotiation (RFC 1091: ``IS`` and at most 40 characters)."""
    name = data[1:]
    if data[:1] != bytes((TTYPE_IS,)) or not 0 < len(name) <= 40 or not all(32 < octet < 127 for octet in name):
        raise WireError(f"not a terminal type: {data[:50]!r}")
    return name.decode("ascii")
