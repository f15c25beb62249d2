"""Which of several SAs for the same purpose goes on, when one of them nears its end.

Two ends that begin, or renew, in the same instant have twins: two ISAKMP SAs between them, or two pairs of IPsec SAs
for the same traffic, with almost the same end. Each end would renew its own for ever. So both renew the one of the
higher rank only, which is the same at both ends, and after one lifetime the twins are one.
"""

from __future__ import annotations

from typing import Final

from nodes.engine.ike.core import Core
from nodes.engine.ike.sa import IsakmpSa, Pair

#: Two SAs whose ends are nearer than this (seconds, at most a quarter of the lifetime) are twins.
TWIN_INTERVAL: Final = 30.0


def pair_has_successor(core: Core, pair: Pair) -> bool:
    """Whether another pair will carry the traffic on. One that was near its own end before cannot be relied on."""
    return any(
        other is not pair
        and other.proxies == pair.proxies
        and not other.renewed
        and _outlives(other.expires_at, other.rank, pair.expires_at, pair.rank, pair.lifetime_seconds)
        for other in core.pairs_with(pair.owner.local, pair.peer)
    )


def sa_has_successor(core: Core, sa: IsakmpSa) -> bool:
    """Whether another ISAKMP SA, whose own time for renewal has not come, is there when this one ends."""
    assert sa.expires_at is not None
    for other in core.sas.values():
        if other is sa or (other.local, other.remote) != (sa.local, sa.remote):
            continue
        if other.renew_at is None or other.expires_at is None:
            continue
        if _outlives(other.expires_at, other.rank, sa.expires_at, sa.rank, sa.lifetime):
            return True
    return False


def _outlives(end: float, rank: bytes, other_end: float, other_rank: bytes, lifetime: float) -> bool:
    if abs(end - other_end) > min(TWIN_INTERVAL, lifetime / 4):
        return end > other_end
    return rank > other_rank
