"""The ping probe on a virtual clock: pace, outcomes, statistics, and inputs that must change nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodes.engine.ping import (
    IOS,
    WINDOWS,
    EchoRequest,
    Ping,
    PingOutcome,
    PingPolicy,
    PingResult,
    ios_payload,
    windows_payload,
)

PEER = 0xC0A80201
IDENT = 77


def ping(policy: PingPolicy, count: int | None = 5, first_sequence: int = 0) -> Ping:
    return Ping(IDENT, b"data", policy, count, first_sequence)


def reply(probe: Ping, sequence: int, now: float) -> bool:
    return probe.on_reply(IDENT, sequence, PEER, 126, 4, now)


def run(probe: Ping, delays: list[float | None]) -> list[tuple[float, PingResult]]:
    """Answer request n after ``delays[n]`` seconds (None: never); (moment, result) of each."""
    now, noted = 0.0, []
    answers: list[tuple[float, int]] = []
    probe.start(now)
    while True:
        for request in probe.to_send():
            delay = delays[request.sequence]
            if delay is not None:
                answers.append((now + delay, request.sequence))
        noted += [(now, result) for result in probe.events()]
        deadline = probe.next_deadline()
        if deadline is None:
            assert probe.done
            return noted
        due = min(answers, default=(deadline + 1, 0))
        if due[0] < deadline:
            now = due[0]
            answers.remove(due)
            reply(probe, due[1], now)
        else:
            now = deadline
            probe.handle_timer(now)


def test_ios_goes_on_at_once() -> None:
    probe = ping(IOS)
    results = run(probe, [None, 0.25, 0.5, 0.125, 0.25])
    assert [moment for moment, _ in results] == [2.0, 2.25, 2.75, 2.875, 3.125]
    assert [result.outcome for _, result in results] == [PingOutcome.TIMEOUT] + [PingOutcome.REPLY] * 4
    assert results[1][1] == PingResult(1, 1, PingOutcome.REPLY, PEER, 0.25, 126, 4)
    assert (probe.sent, probe.received) == (5, 4)
    assert (probe.rtt_min, probe.rtt_max, probe.rtt_sum) == (0.125, 0.5, 1.125)


def test_windows_sends_one_a_second() -> None:
    probe = ping(WINDOWS, 4)
    results = run(probe, [None, None, 0.25, 1.5])
    assert [moment for moment, _ in results] == [4.0, 8.0, 8.25, 10.5]
    assert [result.number for _, result in results] == [0, 1, 2, 3]


def test_late_and_foreign_answers_change_nothing() -> None:
    probe = ping(WINDOWS, 2)
    assert not reply(probe, 0, 0.0), "nothing was sent yet"
    probe.start(0.0)
    assert probe.to_send() == [EchoRequest(0, b"data")]
    assert not probe.on_reply(IDENT + 1, 0, PEER, 1, 4, 0.5)
    assert not reply(probe, 1, 0.5)
    probe.handle_timer(3.9)
    assert probe.events() == []
    probe.handle_timer(4.0)
    assert not reply(probe, 0, 4.1), "too late"
    assert reply(probe, 1, 4.25)
    assert not reply(probe, 1, 4.25), "twice"
    assert probe.done
    assert [result.outcome for result in probe.events()] == [PingOutcome.TIMEOUT, PingOutcome.REPLY]


def test_errors_end_a_request() -> None:
    probe = ping(IOS, 3)
    probe.start(0.0)
    assert not probe.on_unreachable(IDENT, 5, PEER, 1, 0.5)
    assert probe.on_unreachable(IDENT, 0, PEER, 1, 0.5)
    assert probe.on_ttl_exceeded(IDENT, 1, PEER, 0.75)
    assert probe.on_failed(IDENT, 2, 0.75)
    assert probe.done
    assert probe.events() == [
        PingResult(0, 0, PingOutcome.UNREACHABLE, PEER, code=1),
        PingResult(1, 1, PingOutcome.TTL_EXCEEDED, PEER),
        PingResult(2, 2, PingOutcome.FAILED),
    ]
    assert (probe.sent, probe.received) == (3, 0)


def test_a_ping_that_cannot_be_sent_does_not_spin() -> None:
    probe = ping(IOS, None)
    probe.start(0.0)
    assert probe.on_failed(IDENT, 0, 0.0)
    assert len(probe.to_send()) == 1
    assert probe.next_deadline() == 2.0
    probe.handle_timer(2.0)
    assert probe.to_send() == [EchoRequest(1, b"data")]


def test_stop_and_start_once() -> None:
    probe = ping(WINDOWS, None, first_sequence=65535)
    with pytest.raises(ValueError, match="at least one"):
        ping(IOS, 0)
    probe.start(0.0)
    with pytest.raises(RuntimeError, match="WAITING"):
        probe.start(0.0)
    assert reply(probe, 65535, 0.5)
    probe.handle_timer(1.0)
    assert [request.sequence for request in probe.to_send()] == [65535, 0]
    probe.stop(1.5)
    probe.stop(1.5)
    assert probe.done
    assert probe.next_deadline() is None
    assert not reply(probe, 0, 1.6)
    assert (probe.sent, probe.received, len(probe.events())) == (2, 1, 1)
    never_begun = ping(IOS)
    never_begun.stop(0.0)
    assert never_begun.done


def test_payloads() -> None:
    assert ios_payload(100) == bytes(8) + b"\xab\xcd" * 32
    assert len(ios_payload(36)) == 8
    assert ios_payload(0) == b""
    assert windows_payload(32) == b"abcdefghijklmnopqrstuvwabcdefghi"
    assert windows_payload(0) == b""


@given(
    st.sampled_from([IOS, WINDOWS]),
    st.lists(st.none() | st.integers(0, 400).map(lambda n: n / 64), min_size=1, max_size=12),
)
def test_any_answers(policy: PingPolicy, delays: list[float | None]) -> None:
    probe = ping(policy, len(delays))
    results = [result for _, result in run(probe, delays)]
    assert [result.number for result in results] == list(range(len(delays)))
    for delay, result in zip(delays, results, strict=True):
        if delay is not None and delay < policy.timeout:
            assert (result.outcome, result.rtt) == (PingOutcome.REPLY, delay)
        else:
            assert result.outcome is PingOutcome.TIMEOUT
    assert probe.received == sum(result.rtt is not None for result in results)


@pytest.mark.parametrize("timeout", [0.0, 2.0])
def test_an_instant_is_not_endless(timeout: float) -> None:
    """Our own address answers at once, and a timeout may be 0: time passes before the next request all the same."""
    probe = ping(PingPolicy(timeout=timeout, interval=0.0), count=2**31 - 1)
    now = 0.0
    probe.start(now)
    for number in range(20):
        (request,) = probe.to_send()
        if timeout:
            assert reply(probe, request.sequence, now)
        else:
            assert probe.on_failed(IDENT, request.sequence, now)
        assert probe.to_send() == []
        deadline = probe.next_deadline()
        assert deadline is not None
        assert deadline > now
        now = deadline
        probe.handle_timer(now)
        assert len(probe.events()) == 1
        assert probe.sent == number + 2
