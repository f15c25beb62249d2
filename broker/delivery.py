"""What became of a message that was to be sent: told at once, since no send ever waits."""

from __future__ import annotations

from enum import Enum


class Delivery(Enum):
    SENT = "sent"
    FULL = "full"
    """The client's queue is full."""
    GONE = "gone"
    """There is no such connection any more."""
