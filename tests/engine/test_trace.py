"""The traceroute probe on a virtual clock: hops, ends, and inputs that must change nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodes.engine.trace import IOS, WINDOWS, Trace, TraceOutcome, TracePolicy, TraceProbe, TraceResult

ROUTER, PEER = 0x0A000A14, 0xC0A80201
PORT_UNREACHABLE, HOST_UNREACHABLE = 3, 1

Network = Callable[[Trace, TraceProbe, float], None]


def run(trace: Trace, network: Network, delay: float = 0.25) -> tuple[float, list[TraceResult]]:
    """Let ``network`` answer every probe after ``delay``; (duration, results)."""
    now = 0.0
    trace.start(now)
    probes = trace.to_send()
    while not trace.done:
        (probe,) = probes
        network(trace, probe, now + delay)
        probes = trace.to_send()
        if probes or trace.done:
            now += delay
            continue
        deadline = trace.next_deadline()
        assert deadline is not None
        now = deadline
        trace.handle_timer(now)
        probes = trace.to_send()
    assert trace.next_deadline() is None
    assert probes == []
    return now, trace.events()


def two_hops(trace: Trace, probe: TraceProbe, now: float) -> None:
    if probe.ttl < 3:
        assert trace.on_ttl_exceeded(probe.key, ROUTER + probe.ttl, now)
    elif trace.policy.udp:
        assert trace.on_unreachable(probe.key, PEER, PORT_UNREACHABLE, now)
    else:
        assert trace.on_reply(probe.key, PEER, now)


def silent(trace: Trace, probe: TraceProbe, now: float) -> None:
    pass


def refusing(trace: Trace, probe: TraceProbe, now: float) -> None:
    assert trace.on_unreachable(probe.key, ROUTER, HOST_UNREACHABLE, now)


@pytest.mark.parametrize("policy", [IOS, WINDOWS])
def test_names_the_hops(policy: TracePolicy) -> None:
    duration, results = run(Trace(policy), two_hops)
    assert duration == 9 * 0.25
    assert [(result.ttl, result.place) for result in results] == [(ttl, n) for ttl in (1, 2, 3) for n in range(3)]
    assert results[0] == TraceResult(1, 0, TraceOutcome.TTL_EXCEEDED, ROUTER + 1, 0.25)
    assert {result.outcome for result in results[6:]} == {TraceOutcome.REACHED}
    assert {result.source for result in results[6:]} == {PEER}


def test_every_probe_has_its_own_key() -> None:
    trace = Trace(IOS)
    trace.start(0.0)
    seen = []
    for _ in range(5):
        seen += trace.to_send()
        trace.on_ttl_exceeded(seen[-1].key, ROUTER, 0.0)
    assert [tuple(probe) for probe in seen] == [(1, 33434), (1, 33435), (1, 33436), (2, 33437), (2, 33438)]


def test_silence_lasts_thirty_hops() -> None:
    duration, results = run(Trace(IOS), silent)
    assert duration == 30 * 3 * 3.0
    assert len(results) == 90
    assert {result.outcome for result in results} == {TraceOutcome.TIMEOUT}
    _, few = run(Trace(replace(IOS, probes=1, first_ttl=4, max_ttl=6)), silent)
    assert [result.ttl for result in few] == [4, 5, 6]


def test_one_answer_of_three_is_enough() -> None:
    def rate_limited(trace: Trace, probe: TraceProbe, now: float) -> None:
        if probe.key != 33435:
            trace.on_unreachable(probe.key, PEER, PORT_UNREACHABLE, now)

    duration, results = run(Trace(IOS), rate_limited)
    assert duration == 0.25 + 3.0 + 0.25
    assert [result.outcome for result in results] == [
        TraceOutcome.REACHED,
        TraceOutcome.TIMEOUT,
        TraceOutcome.REACHED,
    ]


def test_unreachable_ends_the_run() -> None:
    _, ios = run(Trace(IOS), refusing)
    assert ios == [TraceResult(1, n, TraceOutcome.UNREACHABLE, ROUTER, 0.25, HOST_UNREACHABLE) for n in range(3)]
    _, windows = run(Trace(WINDOWS), refusing)
    assert len(windows) == 1


def test_failure_to_send_ends_the_run() -> None:
    def dead(trace: Trace, probe: TraceProbe, now: float) -> None:
        assert trace.on_failed(probe.key, now)

    _, windows = run(Trace(WINDOWS), dead)
    assert windows == [TraceResult(1, 0, TraceOutcome.FAILED)]
    _, ios = run(Trace(IOS), dead)
    assert len(ios) == 3


def test_late_and_foreign_answers_change_nothing() -> None:
    trace = Trace(IOS)
    assert not trace.on_ttl_exceeded(33434, ROUTER, 0.0)
    trace.start(0.0)
    with pytest.raises(RuntimeError, match="WAITING"):
        trace.start(0.0)
    assert not trace.on_ttl_exceeded(33435, ROUTER, 0.5)
    trace.handle_timer(2.9)
    assert trace.events() == []
    trace.handle_timer(3.0)
    assert not trace.on_ttl_exceeded(33434, ROUTER, 3.5)
    trace.stop(4.0)
    trace.stop(4.0)
    assert trace.done
    assert trace.next_deadline() is None
    assert not trace.on_reply(33435, PEER, 4.0)
    assert trace.events() == [TraceResult(1, 0, TraceOutcome.TIMEOUT)]


def test_impossible_policies() -> None:
    for policy in (
        replace(IOS, probes=0),
        replace(IOS, first_ttl=0),
        replace(IOS, first_ttl=9, max_ttl=8),
        replace(IOS, max_ttl=256),
    ):
        with pytest.raises(ValueError, match="TTLs"):
            Trace(policy)


@given(st.sampled_from([IOS, WINDOWS]), st.lists(st.sampled_from(["exceeded", "reply", "dead", "lost"]), max_size=120))
def test_any_answers_end(policy: TracePolicy, script: list[str]) -> None:
    answers = iter(script)

    def network(trace: Trace, probe: TraceProbe, now: float) -> None:
        kind = next(answers, "lost")
        if kind == "exceeded":
            trace.on_ttl_exceeded(probe.key, ROUTER, now)
        elif kind == "reply":
            trace.on_reply(probe.key, PEER, now)
        elif kind == "dead":
            trace.on_unreachable(probe.key, ROUTER, HOST_UNREACHABLE, now)

    _, results = run(Trace(policy), network)
    assert [(result.ttl - 1) * 3 + result.place for result in results] == list(range(len(results)))
    ends = [result for result in results if result.outcome in (TraceOutcome.REACHED, TraceOutcome.UNREACHABLE)]
    assert all(result.ttl == results[-1].ttl for result in ends)
    assert ends or len(results) == 90
