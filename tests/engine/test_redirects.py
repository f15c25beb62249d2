"""The redirect cache: who is believed, and for how long."""

from __future__ import annotations

from nodes.engine.redirects import CAPACITY, LIFETIME, Redirected, Redirects

FAR, GATEWAY, BETTER, BEST = 1000, 1, 2, 3


def test_the_hop_that_is_used_may_name_another_one() -> None:
    cache = Redirects()
    assert cache.use(FAR, GATEWAY, 0.0) is None
    assert not cache.receive(FAR, BETTER, BEST, GATEWAY, 7, 0.0), "it is not the sender's to say"
    assert cache.receive(FAR, BETTER, GATEWAY, GATEWAY, 7, 0.0)
    assert cache.use(FAR, GATEWAY, 1.0) == Redirected(FAR, BETTER, GATEWAY, 7, 1.0, 1)
    # Now the better hop is the one that is used.
    assert not cache.receive(FAR, BEST, GATEWAY, GATEWAY, 7, 2.0)
    assert cache.receive(FAR, BEST, BETTER, GATEWAY, 7, 2.0)
    assert cache.use(FAR, GATEWAY, 3.0) == Redirected(FAR, BEST, GATEWAY, 7, 3.0, 1)
    assert cache.use(FAR + 1, GATEWAY, 3.0) is None


def test_other_routes_make_it_void() -> None:
    cache = Redirects()
    cache.receive(FAR, BETTER, GATEWAY, GATEWAY, 7, 0.0)
    assert cache.use(FAR, BEST, 1.0) is None
    assert cache.use(FAR, GATEWAY, 1.0) is None, "nor does it come back with them"
    assert len(cache) == 0


def test_what_is_not_used_is_forgotten() -> None:
    cache = Redirects()
    cache.receive(FAR, BETTER, GATEWAY, GATEWAY, 7, 0.0)
    assert cache.use(FAR, GATEWAY, LIFETIME - 1) is not None
    assert [entry.uses for entry in cache.entries(LIFETIME)] == [1]
    assert cache.entries(2 * LIFETIME) == []
    assert cache.use(FAR, GATEWAY, 2 * LIFETIME) is None


def test_the_one_unused_for_longest_gives_way() -> None:
    cache = Redirects()
    for number in range(CAPACITY):
        cache.receive(FAR + number, BETTER, GATEWAY, GATEWAY, 7, 0.0)
    cache.use(FAR, GATEWAY, 1.0)
    cache.receive(FAR - 1, BETTER, GATEWAY, GATEWAY, 7, 2.0)
    assert len(cache) == CAPACITY
    assert cache.use(FAR, GATEWAY, 3.0) is not None
    assert cache.use(FAR + 1, GATEWAY, 3.0) is None
    cache.clear()
    assert len(cache) == 0
