"""Counters of an IPv4 stack beyond its drops: what came, what was made and sent, by protocol and ICMP type."""

from __future__ import annotations

from collections import Counter

from nodes.base.drops import Drop, DropCounters


class Traffic:
    """Counts since the device started, or since ``clear ip traffic``. ``drops`` are the device's, which go on."""

    __slots__ = (
        "arp_in",
        "arp_out",
        "arp_proxied",
        "broadcasts_in",
        "broadcasts_out",
        "delivered",
        "drops",
        "drops_before",
        "forwarded",
        "fragmented",
        "fragments",
        "generated",
        "icmp_in",
        "icmp_out",
        "multicasts_in",
        "protocols_in",
        "protocols_out",
        "reassembled",
        "received",
    )

    def __init__(self, drops: DropCounters) -> None:
        self.drops = drops
        self.clear()

    def dropped(self, *reasons: Drop) -> int:
        """How many were dropped for one of these reasons since the counters were cleared."""
        return sum(max(self.drops[reason] - self.drops_before.get(reason, 0), 0) for reason in reasons)

    def clear(self) -> None:
        self.drops_before = dict(self.drops.items())
        self.received = 0
        """Packets with a header that is whole."""
        self.delivered = 0
        self.forwarded = 0
        self.generated = 0
        self.broadcasts_in = 0
        self.broadcasts_out = 0
        self.multicasts_in = 0
        self.reassembled = 0
        self.fragmented = 0
        """Packets that were cut, and the pieces that they made."""
        self.fragments = 0
        self.protocols_in: Counter[int] = Counter()
        """Packets for this device, and of it, by the number of their protocol."""
        self.protocols_out: Counter[int] = Counter()
        self.icmp_in: Counter[int] = Counter()
        """Messages by their type."""
        self.icmp_out: Counter[int] = Counter()
        self.arp_in: Counter[int] = Counter()
        """By operation."""
        self.arp_out: Counter[int] = Counter()
        self.arp_proxied = 0
        """Replies on behalf of another."""
