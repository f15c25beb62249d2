"""The probe behind ``traceroute`` and ``tracert``: packets with a growing TTL, and who says that it ran out.

Theory of operation. One probe is under way at a time; three for each TTL.

    state     event      what happens                                  next state
    --------  ---------  --------------------------------------------  ---------------
    IDLE      start      the first probe                               WAITING
    WAITING   answer     a result is noted; the next probe             WAITING or DONE
    WAITING   deadline   "timed out" is noted; the next probe          WAITING or DONE
    any       stop       nothing more                                  DONE

The run is done after the last probe of a TTL at which the destination, or somebody who cannot reach it, answered; or
after the greatest TTL. IOS sends UDP to ports that nobody listens on, 33434 and up, one port per probe: "port
unreachable" is the destination speaking. Windows sends echo requests, one sequence number per probe. Port and sequence
number are both the probe's ``key`` here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, NamedTuple

_PORT_UNREACHABLE: Final = 3  # the code of an ICMP destination unreachable


@dataclass(frozen=True, slots=True)
class TracePolicy:
    """``timeout`` in seconds. ``udp``: probes are UDP (key: destination port), else ICMP echo (key: sequence).

    ``stop_at_once``: an unreachable ends the run without the other probes of its TTL.
    """

    timeout: float
    udp: bool
    first_key: int
    stop_at_once: bool
    probes: int = 3
    first_ttl: int = 1
    max_ttl: int = 30


IOS: Final = TracePolicy(timeout=3.0, udp=True, first_key=33434, stop_at_once=False)
WINDOWS: Final = TracePolicy(timeout=4.0, udp=False, first_key=1, stop_at_once=True)


class TraceProbe(NamedTuple):
    """To be sent to the destination with this TTL, to UDP port ``key`` or with ICMP sequence number ``key``."""

    ttl: int
    key: int


class TraceOutcome(Enum):
    TTL_EXCEEDED = "ttl-exceeded"  # a router on the way
    REACHED = "reached"  # the destination
    UNREACHABLE = "unreachable"  # ``code`` is ICMP's, of type 3
    TIMEOUT = "timeout"
    FAILED = "failed"  # the device could not even send it


class TraceResult(NamedTuple):
    """How one probe ended. ``place`` is its place among those of its TTL, from 0; ``rtt`` in seconds."""

    ttl: int
    place: int
    outcome: TraceOutcome
    source: int | None = None
    rtt: float | None = None
    code: int | None = None


class _State(Enum):
    IDLE = auto()
    WAITING = auto()
    DONE = auto()


class _Event(Enum):
    START = auto()
    ANSWER = auto()
    DEADLINE = auto()
    STOP = auto()


_ENDS: Final = frozenset({TraceOutcome.REACHED, TraceOutcome.UNREACHABLE, TraceOutcome.FAILED})


class Trace:
    """One run of a traceroute."""

    def __init__(self, policy: TracePolicy) -> None:
        if policy.probes < 1 or not 1 <= policy.first_ttl <= policy.max_ttl <= 255:
            raise ValueError("a trace sends probes with TTLs that grow, within 1..255")
        self.policy = policy
        self._state = _State.IDLE
        self._number = 0  # of the probe under way, from 0
        self._sent_at = 0.0
        self._deadline: float | None = None
        self._last_hop = False
        self._outbox: list[TraceProbe] = []
        self._results: list[TraceResult] = []

    # Input.

    def start(self, now: float) -> None:
        """Send the first probe. Raises RuntimeError the second time."""
        self._fire(_Event.START, now)

    def handle_timer(self, now: float) -> None:
        if self._deadline is not None and now >= self._deadline:
            self._fire(_Event.DEADLINE, now)

    def on_ttl_exceeded(self, key: int, source: int, now: float) -> bool:
        """ICMP time exceeded about a probe; False (here and below): not about the one under way."""
        return self._answer(key, TraceOutcome.TTL_EXCEEDED, source, None, now)

    def on_unreachable(self, key: int, source: int, code: int, now: float) -> bool:
        """ICMP destination unreachable about a probe."""
        reached = self.policy.udp and code == _PORT_UNREACHABLE
        return self._answer(key, TraceOutcome.REACHED if reached else TraceOutcome.UNREACHABLE, source, code, now)

    def on_reply(self, key: int, source: int, now: float) -> bool:
        """An echo reply to a probe (or a UDP datagram back from the port)."""
        return self._answer(key, TraceOutcome.REACHED, source, None, now)

    def on_failed(self, key: int, now: float) -> bool:
        """The device could not send a probe (no address, no route)."""
        return self._answer(key, TraceOutcome.FAILED, None, None, now)

    def stop(self, now: float) -> None:
        """End the run (Ctrl-C, or the IOS escape sequence). The probe under way has no result."""
        if not self.done:
            self._fire(_Event.STOP, now)

    # Output.

    @property
    def done(self) -> bool:
        return self._state is _State.DONE

    def next_deadline(self) -> float | None:
        return self._deadline

    def to_send(self) -> list[TraceProbe]:
        """The probes to send since the last call."""
        probes, self._outbox = self._outbox, []
        return probes

    def events(self) -> list[TraceResult]:
        """The results since the last call."""
        results, self._results = self._results, []
        return results

    # Transitions.

    def _fire(self, event: _Event, now: float, result: TraceResult | None = None) -> None:
        handler = _TABLE.get((self._state, event))
        if handler is None:
            raise RuntimeError(f"a trace that is {self._state.name} cannot take {event.name}")
        self._state = handler(self, now, result)

    def _send(self, now: float, result: TraceResult | None = None) -> _State:
        self._outbox.append(TraceProbe(self._ttl, self._key))
        self._sent_at = now
        self._deadline = now + self.policy.timeout
        return _State.WAITING

    def _answered(self, now: float, result: TraceResult | None) -> _State:
        assert result is not None  # every ANSWER brings one
        self._results.append(result)
        self._last_hop = self._last_hop or result.outcome in _ENDS
        if result.place == self.policy.probes - 1:
            finished = self._last_hop or self._ttl == self.policy.max_ttl
        else:
            finished = self.policy.stop_at_once and result.outcome in _ENDS - {TraceOutcome.REACHED}
        if finished:
            return self._finish(now)
        self._number += 1
        return self._send(now)

    def _timed_out(self, now: float, result: TraceResult | None) -> _State:
        return self._answered(now, TraceResult(self._ttl, self._place, TraceOutcome.TIMEOUT))

    def _finish(self, now: float, result: TraceResult | None = None) -> _State:
        self._deadline = None
        return _State.DONE

    def _answer(self, key: int, outcome: TraceOutcome, source: int | None, code: int | None, now: float) -> bool:
        if self._state is not _State.WAITING or key != self._key:
            return False
        rtt = None if outcome is TraceOutcome.FAILED else max(now - self._sent_at, 0.0)
        self._fire(_Event.ANSWER, now, TraceResult(self._ttl, self._place, outcome, source, rtt, code))
        return True

    @property
    def _ttl(self) -> int:
        return self.policy.first_ttl + self._number // self.policy.probes

    @property
    def _place(self) -> int:
        return self._number % self.policy.probes

    @property
    def _key(self) -> int:
        return self.policy.first_key + self._number & 0xFFFF


_TABLE: Final[dict[tuple[_State, _Event], Callable[[Trace, float, TraceResult | None], _State]]] = {
    (_State.IDLE, _Event.START): Trace._send,
    (_State.WAITING, _Event.ANSWER): Trace._answered,
    (_State.WAITING, _Event.DEADLINE): Trace._timed_out,
    (_State.IDLE, _Event.STOP): Trace._finish,
    (_State.WAITING, _Event.STOP): Trace._finish,
}
