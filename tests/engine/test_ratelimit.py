"""Limits: never more than promised, and never stuck."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodes.engine.ratelimit import IntervalLimiter, KeyedLimiter, TokenBucket

# Multiples of 1/64 s: exact in floats, so that the tests need no tolerance.
gaps = st.lists(st.integers(0, 200).map(lambda n: n / 64), max_size=60)


def moments(steps: list[float]) -> list[float]:
    now, result = 1000.0, []
    for step in steps:
        now += step
        result.append(now)
    return result


def test_one_unreachable_in_half_a_second() -> None:
    limiter = IntervalLimiter(0.5)
    assert [limiter.allow(now) for now in (0.0, 0.25, 0.5, 0.75, 1.25)] == [True, False, True, False, True]
    assert limiter.suppressed == 2


@given(gaps)
def test_interval(steps: list[float]) -> None:
    limiter = IntervalLimiter(0.5)
    passed = [now for now in moments(steps) if limiter.allow(now)]
    assert all(later - earlier >= 0.5 for earlier, later in pairwise(passed))
    assert limiter.suppressed == len(steps) - len(passed)
    assert limiter.allow(2000.0)


@given(gaps, st.integers(1, 5), st.sampled_from([0.0, 0.25, 1.0, 4.0]))
def test_bucket(steps: list[float], burst: int, rate: float) -> None:
    bucket = TokenBucket(rate, burst)
    passed = [now for now in moments(steps) if bucket.allow(now)]
    for first, start in enumerate(passed):
        for last in range(first, len(passed)):
            assert last - first + 1 <= burst + (passed[last] - start) * rate
    assert len(passed) >= min(burst, len(steps))
    assert bucket.suppressed == len(steps) - len(passed)


def test_bucket_needs_sense() -> None:
    for rate, burst in ((-1.0, 1), (1.0, 0)):
        with pytest.raises(ValueError, match="bucket"):
            TokenBucket(rate, burst)


def test_keys_do_not_disturb_one_another_and_are_bounded() -> None:
    limiter = KeyedLimiter(10.0, capacity=2)
    assert limiter.allow("a", 0.0)
    assert not limiter.allow("a", 9.0)
    assert limiter.allow("b", 9.0)
    assert not limiter.allow("c", 9.5), "no room"
    assert limiter.allow("c", 10.0), "a's place is free again"
    assert not limiter.allow("b", 18.0)
    assert limiter.allow("b", 19.0)
    assert limiter.suppressed == 3
