"""The broker's answer to the verb ``status``: the whole lab as it sees it, as plain maps."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from broker.copies import Copies
from broker.description import Description, Wire
from broker.drops import DropCounters
from broker.fabric import Fabric
from broker.protocol import Reason
from broker.taps import Taps


def lab_status(
    boot: int,
    description: Description,
    fabric: Fabric,
    ready: Collection[str],
    delivered: Mapping[int, int],
    drops: DropCounters,
    taps: Taps,
    copies: Copies,
) -> dict[str, Any]:
    """``ready``: nodes that say so of themselves; ``delivered``: port -> frames that crossed its cable towards it."""
    ports = description.ports

    def reason(wire: Wire) -> Reason:
        """One for the whole wire: an absent device explains more than the port that is therefore down."""
        seen = fabric.link(wire.a).reason
        both = fabric.is_present(ports[wire.a].node) and fabric.is_present(ports[wire.b].node)
        return seen if both or seen is Reason.WRONG_CABLE else Reason.PEER_ABSENT

    return {
        "boot": boot,
        "nodes": {
            node: {"present": fabric.is_present(node), "ready": fabric.is_present(node) and node in ready}
            for node in description.nodes
        },
        "wires": [
            {
                "a": str(ports[wire.a]),
                "b": str(ports[wire.b]),
                "ports": [wire.a, wire.b],
                "cable": wire.cable.value,
                "carrier": fabric.link(wire.a).carrier,
                "reason": reason(wire).value,
                "frames_ab": delivered.get(wire.b, 0),
                "frames_ba": delivered.get(wire.a, 0),
                "drops": drops.as_dict(wire.a, wire.b),
            }
            for wire in description.wires
        ],
        "mirrors": [
            {
                "node": node,
                "session": mirror.session,
                "sources": [[str(ports[port]), direction] for port, direction in mirror.sources()],
                "destination": str(ports[mirror.destination]),
                "carrier": fabric.link(mirror.destination).carrier,
                "frames": count.frames,
                "lost": count.lost,
            }
            for node in description.nodes
            if fabric.is_present(node)
            for mirror in fabric.mirrors_of(node)
            for count in [copies.counts((node, mirror.session, mirror.destination)).total]
        ],
        "taps": [
            [
                {"port": str(ports[port]), "frames": count.frames, "lost": count.lost}
                for port, count in tapper.counts.items()
            ]
            for tapper in taps
        ],
        "drops": drops.as_dict(),
    }
