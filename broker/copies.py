"""The copies that mirrors make, and what becomes of them. No I/O here.

A copy competes with nothing but other traffic for its receiver: what the receiver does not take is dropped and counted,
and the frame itself went its way before. Each device hears about once a second how much its mirrors copied out of which
port, so that the port's counters are true although the copies never pass through the device.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from broker.delivery import Delivery
from broker.drops import Drop, DropCounters
from broker.mirror import Mirror, Program
from broker.protocol import MAX_FRAME, MAX_MESSAGE, ProtocolError, pack_data, readdress, unpack_data
from broker.taps import Tapper, Taps

#: A mirror of the lab: (node, session, destination).
MirrorKey: TypeAlias = tuple[str, int, int]


@dataclass(slots=True)
class Count:
    """Frames that a mirror copied and their octets, and the copies that were lost, which these two do not count."""

    frames: int = 0
    octets: int = 0
    lost: int = 0

    def add(self, frames: int = 0, octets: int = 0, lost: int = 0) -> None:
        self.frames += frames
        self.octets += octets
        self.lost += lost


@dataclass(slots=True)
class Counts:
    """Of one mirror: since it was made, and since its device was last told."""

    total: Count = field(default_factory=Count)
    untold: Count = field(default_factory=Count)

    def add(self, frames: int = 0, octets: int = 0, lost: int = 0) -> None:
        self.total.add(frames, octets, lost)
        self.untold.add(frames, octets, lost)


class Copy(NamedTuple):
    """A hop of a route that is a copy (see broker.fabric): who gets it, and by which port."""

    receiver: bytes
    port: int
    original: int
    program: Program
    counts: Counts
    taps: tuple[tuple[Tapper, int], ...]


class Copies:
    def __init__(
        self,
        drops: DropCounters,
        taps: Taps,
        deliver: Callable[[bytes, int, bytes, int], Delivery],
    ) -> None:
        """``deliver`` sends a data message of so many frames to a connection, for a port, and tells what came of it."""
        self._drops = drops
        self._taps = taps
        self._deliver = deliver
        self._counts: dict[MirrorKey, Counts] = {}

    def counts(self, key: MirrorKey) -> Counts:
        """To be asked for mirrors that there are."""
        return self._counts.setdefault(key, Counts())

    def keep(self, node: str, mirrors: Sequence[Mirror]) -> None:
        """These are the node's mirrors from now on; the counts of others are forgotten."""
        kept = {(node, mirror.session, mirror.destination) for mirror in mirrors}
        for key in [key for key in self._counts if key[0] == node and key not in kept]:
            del self._counts[key]

    def make(self, copies: Sequence[Copy], message: bytes, stamp: int) -> None:
        """Copy the frames of a data message that has gone its way."""
        try:
            _, _, frames = unpack_data(message)
        except ProtocolError:  # what it was is for its receiver to say
            self._drops.count(Drop.BAD_MESSAGE)
            return
        made = [frames]
        for copy in copies:
            selected = copy.program.select(made[copy.original])
            made.append(selected)
            if selected is frames:
                self._send(copy, readdress(message, copy.port, stamp), stamp, frames)
            else:
                fitting = [frame for frame in selected if len(frame) <= MAX_FRAME]
                if len(fitting) < len(selected):  # what is inserted made them too large
                    copy.counts.add(lost=len(selected) - len(fitting))
                    self._drops.count(Drop.OVERSIZE, len(selected) - len(fitting), copy.port)
                for batch in _batches(fitting):
                    self._send(copy, pack_data(copy.port, batch, stamp), stamp, batch)

    def untold(self) -> Iterator[tuple[str, dict[int, list[int]]]]:
        """What each node is to be told: destination -> frames, octets, lost; all of its mirrors to a port together."""
        news: dict[str, dict[int, list[int]]] = {}
        for (node, _, destination), counts in self._counts.items():
            count = counts.untold
            if count.frames or count.lost:
                told = news.setdefault(node, {}).setdefault(destination, [0, 0, 0])
                for index, value in enumerate((count.frames, count.octets, count.lost)):
                    told[index] += value
        yield from news.items()

    def told(self, node: str) -> None:
        """The node knows all counts now, or is one that asks for none of the past."""
        for (owner, _, _), counts in self._counts.items():
            if owner == node:
                counts.untold = Count()

    def _send(self, copy: Copy, message: bytes, stamp: int, frames: Sequence[bytes]) -> None:
        count = len(frames)
        delivery = self._deliver(copy.receiver, copy.port, message, count)
        if delivery is Delivery.SENT:
            copy.counts.add(frames=count, octets=sum(map(len, frames)))
        else:
            copy.counts.add(lost=count)
            full = delivery is Delivery.FULL
            self._drops.count(Drop.MIRROR_LOST if full else Drop.RECEIVER_GONE, count, copy.port)
        if copy.taps:
            self._taps.copy(copy.taps, message, stamp, count)


def _batches(frames: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """In portions that fit into one message each: an insertion may have made them too large for that."""
    # A few octets of header for each frame and for the message.
    if sum(len(frame) + 5 for frame in frames) + 32 > MAX_MESSAGE:
        half = len(frames) // 2
        yield from _batches(frames[:half])
        yield from _batches(frames[half:])
    elif frames:
        yield frames
