"""When an access list's ``log`` speaks."""

from __future__ import annotations

from nodes.engine.acllog import CAPACITY, INTERVAL, AclLog


def test_the_first_packet_at_once_and_the_rest_in_turn() -> None:
    log = AclLog()
    assert log.next_deadline() is None
    assert [log.hit("a", 10.0), log.hit("a", 11.0), log.hit("b", 12.0), log.hit("a", 13.0)] == [1, 0, 1, 0]
    assert log.next_deadline() == 10.0 + INTERVAL
    assert log.due(10.0 + INTERVAL - 1) == []
    assert log.due(10.0 + INTERVAL) == [("a", 2)]
    # b was silent and is forgotten; a is still known.
    assert [log.hit("b", 311.0), log.hit("a", 311.0)] == [1, 0]
    assert log.due(10.0 + 2 * INTERVAL) == [("a", 1)]
    assert log.due(10.0 + 3 * INTERVAL) == []
    assert log.next_deadline() is None


def test_a_threshold_makes_it_speak_earlier() -> None:
    log = AclLog()
    assert [log.hit("a", 0.0, 3) for _ in range(8)] == [1, 0, 0, 3, 0, 0, 3, 0]


def test_a_scan_does_not_grow_it() -> None:
    log = AclLog()
    for number in range(3 * CAPACITY):
        assert log.hit(str(number), 0.0) == 1
        log.hit(str(number), 0.0)
    assert len(log.due(INTERVAL)) == CAPACITY
