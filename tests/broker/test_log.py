"""Complaints: each at once, and again only as a number."""

from __future__ import annotations

from broker.log import MAX_COMPLAINTS, Complaints


def test_a_complaint_is_told_at_once_and_then_counted() -> None:
    lines: list[str] = []
    complain = Complaints(lines.append)
    for _ in range(5):
        complain("a does what it may not")
    complain("b too")
    assert lines == ["a does what it may not", "b too"]
    lines.clear()
    complain.sum_up()
    assert lines == ["a does what it may not (again, 4 times)"]
    complain("a does what it may not")
    complain("b too")
    assert lines[1:] == ["b too"], "who goes on is told of in the next sum, who began anew at once"
    lines.clear()
    complain.sum_up()
    assert lines == ["a does what it may not (again)"]
    lines.clear()
    complain.sum_up()
    complain.sum_up()
    assert lines == []
    complain("a does what it may not")
    assert lines == ["a does what it may not"]


def test_complaints_without_end_take_no_memory_without_end() -> None:
    lines: list[str] = []
    complain = Complaints(lines.append)
    for number in range(1000):
        complain(str(number))
    assert len(lines) == MAX_COMPLAINTS
    lines.clear()
    complain.sum_up()
    assert lines == [f"{1000 - MAX_COMPLAINTS} further complaints"]
    complain("999")
    assert lines[1:] == ["999"]
