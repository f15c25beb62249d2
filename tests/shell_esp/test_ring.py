"""The ring against a plain queue: records of all sizes, wrapping around, full, empty; their octets stay whole."""

from __future__ import annotations

import mmap
from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from nodes.shell.esp.ring import ALIGNMENT, SLOTS, Ring, RingReader

#: Octets for records: little, so that a few records wrap around.
ROOM = 4096
SIZE = SLOTS * 8 + ROOM

#: What each side does in turn: put a record of so many octets, work on one, take one away.
STEPS = st.lists(st.one_of(st.integers(1, ROOM + 64), st.sampled_from(["work", "take"])), max_size=300)


def pattern(number: int, size: int) -> bytes:
    return (number.to_bytes(4, "big") * (size // 4 + 1))[:size]


@given(STEPS)
def test_records_come_back_in_order_and_whole(steps: list[int | str]) -> None:
    with mmap.mmap(-1, SIZE) as memory:
        ring, reader = Ring(memory), RingReader(memory)
        put: deque[bytes] = deque()  # not worked on yet
        worked: deque[bytes] = deque()
        number = 0
        for step in [*steps, *["work"] * len(steps), *["take"] * len(steps)]:
            if isinstance(step, int):
                number += 1
                data = pattern(number, step)
                fits = ring.put(data, step, packets=1)
                if fits:
                    put.append(data)
                elif not put and not worked:
                    assert step > ROOM  # an empty ring refuses only what is larger than itself
            elif step == "work" and put:
                data = put.popleft()
                with reader.next() as record:
                    assert record[: len(data)] == data
                    record[: len(data)] = bytes(octet ^ 0xFF for octet in data)
                worked.append(bytes(octet ^ 0xFF for octet in data))
            elif step == "take" and worked:
                data = worked.popleft()
                with ring.oldest() as record:
                    assert record[: len(data)] == data
                ring.release()
            assert len(ring) == ring.packets == len(put) + len(worked)
            assert 0 <= ring.free <= ROOM
        assert ring.free == ROOM
        del ring, reader


def test_an_empty_ring_starts_over_in_the_memory_it_has_touched() -> None:
    memory = mmap.mmap(-1, SIZE)
    ring, reader = Ring(memory), RingReader(memory)
    for _ in range(100):
        assert ring.put(b"job", 64)
        assert bytes(reader.next()[:3]) == b"job"
        ring.release()
    assert not any(memory[SLOTS * 8 + 64 :])


def test_spare_room_is_kept_for_others() -> None:
    memory = mmap.mmap(-1, SIZE)
    ring = Ring(memory)
    while ring.put(b"packets", ALIGNMENT, spare=ALIGNMENT):
        pass
    assert ring.free == ALIGNMENT
    assert ring.put(b"control", ALIGNMENT)
    assert not ring.put(b"control", ALIGNMENT)


def test_as_many_records_as_there_are_slots() -> None:
    ring = Ring(mmap.mmap(-1, SLOTS * 8 + (SLOTS + 1) * ALIGNMENT))
    assert all(ring.put(b"", 1, spare_slots=2) for _ in range(SLOTS - 2))
    assert not ring.put(b"", 1, spare_slots=2)
    assert ring.put(b"", 1)
    assert ring.put(b"", 1)
    assert not ring.put(b"", 1)
    ring.release()
    assert ring.put(b"", 1)
