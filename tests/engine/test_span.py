"""Monitor sessions: what they copy and which of them cannot be made."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from nodes.engine.span import Direction, MirrorRule, MonitorSessions, Session, SpanError


@pytest.fixture
def spans() -> MonitorSessions:
    return MonitorSessions(lambda port: f"Fa0/{port}")


def test_the_lab(spans: MonitorSessions) -> None:
    spans.add_source(1, 2)
    assert spans.rules() == []
    spans.set_destination(1, 24)
    assert spans.rules() == [MirrorRule(2, Direction.BOTH, 24)]
    assert spans.destinations == {24}
    assert spans.sessions() == [Session(1, {2: Direction.BOTH}, 24)]


def test_directions_add_up_and_come_off(spans: MonitorSessions) -> None:
    spans.set_destination(1, 24)
    spans.add_source(1, 3, Direction.TX)
    spans.add_source(1, 2, Direction.RX)
    assert spans.rules() == [MirrorRule(2, Direction.RX, 24), MirrorRule(3, Direction.TX, 24)]
    spans.add_source(1, 3, Direction.RX)
    assert spans.sessions()[0].sources[3] is Direction.BOTH
    assert spans.remove_source(1, 3, Direction.RX)
    assert not spans.remove_source(1, 3, Direction.RX)
    assert spans.sessions()[0].sources[3] is Direction.TX
    assert spans.remove_source(1, 3)
    assert list(spans.sessions()[0].sources) == [2]


def test_a_port_is_source_or_destination(spans: MonitorSessions) -> None:
    spans.add_source(1, 2)
    spans.set_destination(1, 24)
    before = spans.sessions()
    attempts: list[Callable[[], None]] = [
        lambda: spans.set_destination(1, 2),
        lambda: spans.set_destination(2, 2),
        lambda: spans.set_destination(2, 24),
        lambda: spans.set_destination(1, 23),
        lambda: spans.add_source(1, 24),
        lambda: spans.add_source(2, 24),
    ]
    for attempt in attempts:
        with pytest.raises(SpanError, match=r"Fa0/|Session 1"):
            attempt()
        assert spans.sessions() == before
    spans.set_destination(1, 24)
    assert spans.sessions() == before


def test_sessions_are_bounded_and_tidied(spans: MonitorSessions) -> None:
    spans.add_source(1, 2)
    spans.add_source(2, 2)
    with pytest.raises(SpanError, match="maximum of 2"):
        spans.add_source(3, 5)
    assert spans.remove_source(2, 2)
    spans.set_destination(3, 5)
    assert [session.id for session in spans.sessions()] == [1, 3]
    assert not spans.remove_destination(3, 6)
    assert spans.remove_destination(3, 5)
    assert spans.remove(1)
    assert not spans.remove(1)
    assert spans.sessions() == []
    spans.add_source(1, 2)
    spans.clear()
    assert spans.destinations == frozenset()
