"""Which of several ``set peer`` lines is in use: one after the other is tried, and what answers stays.

``set peer … default`` names the one to begin with again once a connection has ended.
"""

from __future__ import annotations

from nodes.engine.ike.config import MapEntry
from nodes.engine.ike.core import Core


def current(core: Core, entry: MapEntry) -> int:
    """The peer to negotiate with, for traffic that an entry protects."""
    peer = core.current_peers.get(entry.name)
    return peer if peer in entry.peers else entry.first_peer


def answered(core: Core, entry: MapEntry, peer: int) -> None:
    """SAs came into being with this peer."""
    if len(entry.peers) > 1:
        core.current_peers[entry.name] = peer


def following(entry: MapEntry, peer: int, tried: tuple[int, ...]) -> int | None:
    """The peer to try after one that did not answer; None when all were tried."""
    if peer not in entry.peers:
        return None
    at = entry.peers.index(peer)
    order = entry.peers[at + 1 :] + entry.peers[:at]
    return next((other for other in order if other not in tried), None)


def failed(core: Core, entry: MapEntry, peer: int) -> None:
    """All peers were tried, the last of them was this one: the next traffic begins with the one after it."""
    core.current_peers[entry.name] = following(entry, peer, ()) or entry.first_peer
    if entry.default_peer is not None:
        core.current_peers.pop(entry.name, None)


def gone(core: Core, local: int, peer: int) -> None:
    """A peer that was in use has died: the next traffic of its entries goes to the default peer, or to the next one."""
    for entry in core.config.entries:
        if entry.local_address == local and len(entry.peers) > 1 and current(core, entry) == peer:
            if entry.default_peer not in (None, peer):
                core.current_peers.pop(entry.name, None)
            else:
                core.current_peers[entry.name] = following(entry, peer, ()) or peer
