"""The probe behind ``ping``: echo requests one after another, each answered, refused or lost (RFC 792).

Theory of operation. One request is under way at a time.

    state     event      what happens                                          next state
    --------  ---------  ----------------------------------------------------  ------------------------
    IDLE      start      the first request                                     WAITING
    WAITING   answer     a result is noted                                     WAITING, PAUSED or DONE
    WAITING   deadline   "timed out" is noted                                  WAITING, PAUSED or DONE
    PAUSED    deadline   the next request                                      WAITING
    any       stop       nothing more                                          DONE

After a result the next request leaves at once if ``interval`` seconds have passed since the last one left, else when
they have. IOS has an interval of 0, and so goes as fast as the answers come; Windows has one second. A request that
could not even be sent is followed by the next one after the interval, or, without one, after the timeout: a ping never
spins. An answer that belongs to no request under way (too late, or not ours) is refused and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, NamedTuple


@dataclass(frozen=True, slots=True)
class PingPolicy:
    """``timeout``: how long an answer is awaited; ``interval``: least time between two requests. Seconds."""

    timeout: float
    interval: float


IOS: Final = PingPolicy(timeout=2.0, interval=0.0)
WINDOWS: Final = PingPolicy(timeout=4.0, interval=1.0)

_IOS_PATTERN: Final = b"\xab\xcd"
_WINDOWS_PATTERN: Final = b"abcdefghijklmnopqrstuvw"


def ios_payload(packet_size: int) -> bytes:
    """Data of an echo request of IOS. ``packet_size`` counts the IPv4 and ICMP headers, 28 octets, as the console does.

    Eight octets in which IOS keeps a time stamp (zero here: the engine remembers when it sent), then the pattern ABCD.
    """
    size = max(packet_size - 28, 0)
    return (bytes(8) + _IOS_PATTERN * (size // 2 + 1))[:size]


def windows_payload(size: int) -> bytes:
    """Data of an echo request of Windows, ``size`` octets: the letters a to w, over and over."""
    return (_WINDOWS_PATTERN * (size // len(_WINDOWS_PATTERN) + 1))[:size]


class EchoRequest(NamedTuple):
    """To be sent to the destination with the identifier of the ping."""

    sequence: int
    payload: bytes


#: Seconds between two requests when the first one took no time at all.
BREATH: Final = 0.001


class PingOutcome(Enum):
    REPLY = "reply"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"  # ``code`` is ICMP's, of type 3
    TTL_EXCEEDED = "ttl-exceeded"
    FAILED = "failed"  # the device could not even send it


class PingResult(NamedTuple):
    """How one request ended. ``number`` counts from 0; ``rtt`` in seconds; ``size`` is the reply's data in octets."""

    number: int
    sequence: int
    outcome: PingOutcome
    source: int | None = None
    rtt: float | None = None
    ttl: int | None = None
    size: int | None = None
    code: int | None = None


class _State(Enum):
    IDLE = auto()
    WAITING = auto()
    PAUSED = auto()
    DONE = auto()


class _Event(Enum):
    START = auto()
    ANSWER = auto()
    DEADLINE = auto()
    STOP = auto()


class Ping:
    """One run of ``ping``. ``count`` None goes on until :meth:`stop`; sequence numbers wrap at 65536."""

    def __init__(
        self,
        ident: int,
        payload: bytes,
        policy: PingPolicy,
        count: int | None = 5,
        first_sequence: int = 0,
    ) -> None:
        if count is not None and count < 1:
            raise ValueError("a ping sends at least one request")
        self.ident = ident
        self.payload = payload
        self.policy = policy
        self.count = count
        self.sent = 0
        self.received = 0
        #: Round-trip times of the replies so far, in seconds; meaningless while ``received`` is 0.
        self.rtt_min = 0.0
        self.rtt_max = 0.0
        self.rtt_sum = 0.0
        self._first_sequence = first_sequence
        self._state = _State.IDLE
        self._sent_at = 0.0
        self._deadline: float | None = None
        self._outbox: list[EchoRequest] = []
        self._results: list[PingResult] = []

    # Input.

    def start(self, now: float) -> None:
        """Send the first request. Raises RuntimeError the second time."""
        self._fire(_Event.START, now)

    def handle_timer(self, now: float) -> None:
        if self._deadline is not None and now >= self._deadline:
            self._fire(_Event.DEADLINE, now)

    def on_reply(self, ident: int, sequence: int, source: int, ttl: int, size: int, now: float) -> bool:
        """An echo reply came; False: it is not the one awaited."""
        if not self._awaits(ident, sequence):
            return False
        rtt = max(now - self._sent_at, 0.0)
        self.rtt_min = min(self.rtt_min, rtt) if self.received else rtt
        self.rtt_max = max(self.rtt_max, rtt)
        self.rtt_sum += rtt
        self.received += 1
        self._fire(_Event.ANSWER, now, PingResult(self.sent - 1, sequence, PingOutcome.REPLY, source, rtt, ttl, size))
        return True

    def on_unreachable(self, ident: int, sequence: int, source: int, code: int, now: float) -> bool:
        """ICMP destination unreachable about our request, from ``source``; False: not about the one awaited."""
        return self._refused(ident, sequence, PingOutcome.UNREACHABLE, source, code, now)

    def on_ttl_exceeded(self, ident: int, sequence: int, source: int, now: float) -> bool:
        """ICMP time exceeded about our request; False: not about the one awaited."""
        return self._refused(ident, sequence, PingOutcome.TTL_EXCEEDED, source, None, now)

    def on_failed(self, ident: int, sequence: int, now: float) -> bool:
        """The device could not send the request (no address, no route); False: not the one awaited."""
        return self._refused(ident, sequence, PingOutcome.FAILED, None, None, now)

    def stop(self, now: float) -> None:
        """End the run (Ctrl-C). The request under way has no result, but counts as sent."""
        if not self.done:
            self._fire(_Event.STOP, now)

    # Output.

    @property
    def done(self) -> bool:
        return self._state is _State.DONE

    def next_deadline(self) -> float | None:
        return self._deadline

    def to_send(self) -> list[EchoRequest]:
        """The requests to send since the last call."""
        requests, self._outbox = self._outbox, []
        return requests

    def events(self) -> list[PingResult]:
        """The results since the last call."""
        results, self._results = self._results, []
        return results

    # Transitions.

    def _fire(self, event: _Event, now: float, result: PingResult | None = None) -> None:
        handler = _TABLE.get((self._state, event))
        if handler is None:
            raise RuntimeError(f"a ping that is {self._state.name} cannot take {event.name}")
        self._state = handler(self, now, result)

    def _send(self, now: float, result: PingResult | None = None) -> _State:
        self._outbox.append(EchoRequest(self._sequence(self.sent), self.payload))
        self.sent += 1
        self._sent_at = now
        self._deadline = now + self.policy.timeout
        return _State.WAITING

    def _answered(self, now: float, result: PingResult | None) -> _State:
        assert result is not None  # every ANSWER brings one
        self._results.append(result)
        if self.sent == self.count:
            return self._finish(now)
        spacing = self.policy.interval
        if not spacing and result.outcome is PingOutcome.FAILED:
            spacing = self.policy.timeout
        if now <= self._sent_at:
            # Answered, or given up, at the instant at which it was sent (our own address, a timeout of 0): without a
            # pause the whole run would be one endless instant.
            spacing = max(spacing, BREATH)
        following = self._sent_at + spacing
        if following <= now:
            return self._send(now)
        self._deadline = following
        return _State.PAUSED

    def _timed_out(self, now: float, result: PingResult | None) -> _State:
        number = self.sent - 1
        return self._answered(now, PingResult(number, self._sequence(number), PingOutcome.TIMEOUT))

    def _finish(self, now: float, result: PingResult | None = None) -> _State:
        self._deadline = None
        return _State.DONE

    def _refused(
        self, ident: int, sequence: int, outcome: PingOutcome, source: int | None, code: int | None, now: float
    ) -> bool:
        if not self._awaits(ident, sequence):
            return False
        self._fire(_Event.ANSWER, now, PingResult(self.sent - 1, sequence, outcome, source, code=code))
        return True

    def _awaits(self, ident: int, sequence: int) -> bool:
        return self._state is _State.WAITING and ident == self.ident and sequence == self._sequence(self.sent - 1)

    def _sequence(self, number: int) -> int:
        return self._first_sequence + number & 0xFFFF


_TABLE: Final[dict[tuple[_State, _Event], Callable[[Ping, float, PingResult | None], _State]]] = {
    (_State.IDLE, _Event.START): Ping._send,
    (_State.WAITING, _Event.ANSWER): Ping._answered,
    (_State.WAITING, _Event.DEADLINE): Ping._timed_out,
    (_State.PAUSED, _Event.DEADLINE): Ping._send,
    (_State.IDLE, _Event.STOP): Ping._finish,
    (_State.WAITING, _Event.STOP): Ping._finish,
    (_State.PAUSED, _Event.STOP): Ping._finish,
}
