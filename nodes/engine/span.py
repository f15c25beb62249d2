"""Monitor sessions of a switch (SPAN): what is copied where, and which sessions may not be made.

A session copies the frames that its source ports receive, send, or both, to one destination port, which does nothing
else. The engine holds the sessions and turns them into :class:`MirrorRule`; the copying is done on the wires.

The texts of :class:`SpanError` are those of a Catalyst's console, without the leading ``% ``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Flag
from typing import Final, NamedTuple

from nodes.base.errors import WirelabError

SESSION_LIMIT: Final = 2  # local sessions of a small Catalyst


class SpanError(WirelabError, ValueError):
    """The sessions cannot be what was asked; nothing was changed."""


class Direction(Flag):
    """Which frames of a source port are copied, as seen from the switch."""

    RX = 1
    TX = 2
    BOTH = 3


class Session(NamedTuple):
    """A session as configured; complete, and active, only with a source and a destination."""

    id: int
    sources: Mapping[int, Direction]
    destination: int | None


class MirrorRule(NamedTuple):
    """Copy the frames that cross port ``source`` in ``direction`` to port ``destination``."""

    source: int
    direction: Direction
    destination: int


@dataclass(slots=True)
class _Session:
    sources: dict[int, Direction] = field(default_factory=dict)
    destination: int | None = None


class MonitorSessions:
    """The monitor sessions of one switch. ``port_name`` gives a port's short name for messages."""

    def __init__(self, port_name: Callable[[int], str], limit: int = SESSION_LIMIT) -> None:
        self._port_name = port_name
        self._limit = limit
        self._sessions: dict[int, _Session] = {}

    def add_source(self, session_id: int, port: int, direction: Direction = Direction.BOTH) -> None:
        """Copy also these frames: RX after TX makes BOTH. Raises SpanError."""
        if port in self.destinations:
            raise SpanError(f"Interface(s) {self._port_name(port)} already configured as monitor destinations")
        sources = self._at(session_id).sources
        sources[port] = sources.get(port, direction) | direction

    def remove_source(self, session_id: int, port: int, direction: Direction = Direction.BOTH) -> bool:
        """Stop copying these frames; False when none of them was copied."""
        session = self._sessions.get(session_id)
        if session is None or port not in session.sources or not session.sources[port] & direction:
            return False
        left = session.sources[port] & ~direction
        if left:
            session.sources[port] = left
        else:
            del session.sources[port]
        self._tidy(session_id)
        return True

    def set_destination(self, session_id: int, port: int) -> None:
        """Raises SpanError; a session has one destination, so another has to be removed first."""
        for number, other in self._sessions.items():
            if port in other.sources:
                raise SpanError(f"Interface(s) {self._port_name(port)} already configured as monitor sources")
            if port == other.destination and number != session_id:
                raise SpanError(
                    f"Interface(s) {self._port_name(port)} already configured as monitor destinations"
                    " in other monitor sessions"
                )
        present = self._sessions.get(session_id, _Session()).destination
        if present not in (None, port):
            raise SpanError(f"Session {session_id} already has a destination port")
        self._at(session_id).destination = port

    def remove_destination(self, session_id: int, port: int) -> bool:
        """False when the session has another destination or none."""
        session = self._sessions.get(session_id)
        if session is None or session.destination != port:
            return False
        session.destination = None
        self._tidy(session_id)
        return True

    def remove(self, session_id: int) -> bool:
        """Remove a whole session; False when there is none."""
        return self._sessions.pop(session_id, None) is not None

    def clear(self) -> None:
        """Remove every session."""
        self._sessions.clear()

    def sessions(self) -> list[Session]:
        """By number; sources by port."""
        return [
            Session(number, dict(sorted(session.sources.items())), session.destination)
            for number, session in sorted(self._sessions.items())
        ]

    @property
    def destinations(self) -> frozenset[int]:
        """The ports that are taken out of bridging. A destination monitors even while its session has no source."""
        return frozenset(session.destination for session in self._sessions.values() if session.destination is not None)

    def rules(self) -> list[MirrorRule]:
        """What is to be copied, by session and source port."""
        return [
            MirrorRule(port, direction, session.destination)
            for session in self.sessions()
            if session.destination is not None
            for port, direction in session.sources.items()
        ]

    def _at(self, session_id: int) -> _Session:
        """The session of this number, made if there is room."""
        session = self._sessions.get(session_id)
        if session is None:
            if len(self._sessions) >= self._limit:
                raise SpanError(f"Platform can support a maximum of {self._limit} monitor sessions")
            session = self._sessions[session_id] = _Session()
        return session

    def _tidy(self, session_id: int) -> None:
        """A session with nothing in it is gone from the configuration."""
        session = self._sessions[session_id]
        if not session.sources and session.destination is None:
            del self._sessions[session_id]
