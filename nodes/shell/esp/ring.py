"""A ring of records in shared memory, in which jobs go to a worker and become results where they lie.

::

    | start 4, room 4 | start 4, room 4 | …  SLOTS of them | job, later its result | job … | unused | …

One process, the owner, puts records and takes them away; the other, the worker, goes through them in order and works
on each in place. Record number n is found through slot n modulo SLOTS, which the owner writes. The memory holds no
positions of either side: how many records were put, and how many are finished, each tells the other through an eventfd.
So neither can see a record before all of it is written (the kernel orders what happened before a write to an eventfd
before what follows its read, on every architecture), and a worker cannot harm the owner's bookkeeping.

A record is contiguous and starts on a multiple of 64 octets. An empty ring begins at the start again, so that light
traffic stays in memory (and cache) that it has touched already.
"""

from __future__ import annotations

import mmap
import struct
from collections import deque
from typing import Final, NamedTuple

ALIGNMENT: Final = 64
#: Records that a ring holds at most.
SLOTS: Final = 2048

_SLOT = struct.Struct("=II")
_FIRST: Final = SLOTS * _SLOT.size


class _Record(NamedTuple):
    start: int
    room: int
    taken: int
    """Octets that become free with it: the record, and what was left unused in front of it."""
    packets: int


class Ring:
    """The owner's side."""

    def __init__(self, memory: mmap.mmap) -> None:
        self._memory = memoryview(memory)
        self._records: deque[_Record] = deque()
        self._number = 0
        self._head = _FIRST
        self.size = len(memory) - _FIRST
        """Octets for records, and how many of them are not taken."""
        self.free = self.size

    def __len__(self) -> int:
        """Records in the ring."""
        return len(self._records)

    @property
    def packets(self) -> int:
        """Packets in all records of the ring."""
        return sum(record.packets for record in self._records)

    def put(self, data: bytes | bytearray, room: int, packets: int = 0, spare: int = 0, spare_slots: int = 0) -> bool:
        """Append a record of ``data`` in at least ``room`` octets; False, and no change, when it does not fit.

        ``packets`` is for :attr:`packets`. ``spare`` octets and ``spare_slots`` records must be free afterwards.
        """
        need = room + ALIGNMENT - 1 & -ALIGNMENT
        start = self._place(need)
        # What is left unused up to the end belongs to the record that begins at the start instead.
        taken = need if start >= self._head else need + len(self._memory) - self._head
        if not start or taken + spare > self.free or len(self._records) + spare_slots >= SLOTS:
            return False
        self._memory[start : start + len(data)] = data
        _SLOT.pack_into(self._memory, self._number % SLOTS * _SLOT.size, start, need)
        self._records.append(_Record(start, need, taken, packets))
        self._number += 1
        self._head = start + need
        self.free -= taken
        return True

    def _place(self, need: int) -> int:
        """Where a record of ``need`` octets may start; 0 when nowhere."""
        if not self._records:
            self._head = _FIRST
        elif self._head <= (tail := self._records[0].start):
            return self._head if need <= tail - self._head else 0
        elif need > len(self._memory) - self._head:
            return _FIRST if need <= tail - _FIRST else 0
        return self._head

    def oldest(self) -> memoryview:
        """The record that was put first, as the worker left it. Raises IndexError when there is none."""
        start, room, _, _ = self._records[0]
        return self._memory[start : start + room]

    def release(self) -> None:
        """Take the oldest record away; its memory will be used again."""
        self.free += self._records.popleft().taken


class RingReader:
    """The worker's side. It must not be asked for more records than the owner said were put."""

    def __init__(self, memory: mmap.mmap) -> None:
        self._memory = memoryview(memory)
        self._number = 0

    def next(self) -> memoryview:
        """The next record: the octets that were put and what room there is behind them, to be worked on in place."""
        start, room = _SLOT.unpack_from(self._memory, self._number % SLOTS * _SLOT.size)
        self._number += 1
        return self._memory[start : start + room]
