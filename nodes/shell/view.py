"""A device's view of itself as the broker wants to be told it (see broker.protocol)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nodes.device.base import DeviceView


def wire_view(view: DeviceView, port_ids: Sequence[int]) -> dict[str, Any]:
    """``port_ids``: the lab's ids of the device's ports, in the device's order."""
    return {
        "ready": view.ready,
        "up": [port_ids[port] for port in view.up],
        "mirrors": [
            {
                "session": mirror.session,
                "sources": [[port_ids[port], direction, program] for port, direction, program in mirror.sources],
                "destination": port_ids[mirror.destination],
                "programs": mirror.programs,
            }
            for mirror in view.mirrors
        ],
    }
