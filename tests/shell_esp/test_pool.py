"""Pools of worker processes: order, keys, a full ring, and the death of workers, templates and owners."""

from __future__ import annotations

import gc
import mmap
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterable
from itertools import count
from pathlib import Path

import msgpack
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nodes.esp import jobs
from nodes.esp.association import Direction
from nodes.esp.jobs import JobKind
from nodes.esp.outcomes import Outcome
from nodes.shell.esp import pool as pools
from nodes.shell.esp import worker as workers
from nodes.shell.esp.ring import Ring
from tests.shell_esp.bench import Bench, MakeBench, alive, association, packet, parent, until

OUT, IN = Direction.OUTBOUND, Direction.INBOUND
#: Numbers for SAs that were not used before.
NUMBERS = count(100)


def sequences(sealed: Iterable[tuple[Outcome, bytes]]) -> list[int]:
    """The sequence numbers of outer packets."""
    return [struct.unpack_from("!I", outer, 24)[0] for _, outer in sealed]


def stop(pid: int) -> None:
    """Stop a process and wait until it is stopped."""
    os.kill(pid, signal.SIGSTOP)
    until(lambda: Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T")


def comm(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text().strip()


# Packets -------------------------------------------------------------------------------------------------------------


def test_sealed_here_opened_there(make_bench: MakeBench) -> None:
    bench = make_bench(workers=2)
    packets = [packet(24 + number % 1400, number) for number in range(1000)]
    for sa in (1, 3):
        bench.pool.install(sa, association(OUT, 0x1000 + sa))
        bench.pool.install(sa + 1, association(IN, 0x1000 + sa))
        bench.pool.seal(sa, packets)
    assert bench.pool.flush() == 0
    bench.until(lambda: len(bench.packets(1)) == len(bench.packets(3)) == len(packets))
    for sa in (1, 3):
        assert sequences(bench.packets(sa)) == list(range(1, len(packets) + 1))
        bench.pool.open(sa + 1, [outer[20:] for _, outer in bench.packets(sa)])
    assert bench.pool.flush() == 0
    bench.until(lambda: len(bench.packets(2)) == len(bench.packets(4)) == len(packets))
    for sa in (2, 4):
        assert bench.packets(sa) == [(Outcome.OK, inner) for inner in packets]
    assert not bench.lost


@given(st.lists(st.lists(st.integers(24, 1500), min_size=1, max_size=400), min_size=1, max_size=12), st.data())
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_order_over_many_batches_of_all_sizes(bench: Bench, turns: list[list[int]], data: st.DataObject) -> None:
    """The pool lives on from example to example, so that its ring is in ever other states."""
    sas = [next(NUMBERS), next(NUMBERS)]
    for sa in sas:
        bench.pool.install(sa, association(OUT, 0x2000 + sa))
    sent: dict[int, list[tuple[int, int]]] = {sa: [] for sa in sas}
    refused = 0
    for tag, lengths in enumerate(turns):
        sa = data.draw(st.sampled_from(sas))
        bench.pool.seal(sa, [packet(length) for length in lengths], tag)
        refused += bench.pool.flush()
        sent[sa] += [(tag, length) for length in lengths]
        if data.draw(st.booleans()):
            bench.loop.turn()
    assert not refused
    bench.until(lambda: all(len(bench.packets(sa)) == len(sent[sa]) for sa in sas))
    for sa in sas:
        tags = [result.tag for result in bench.results if result.sa == sa for _ in result.packets]
        assert tags == [tag for tag, _ in sent[sa]]
        assert sequences(bench.packets(sa)) == list(range(1, len(sent[sa]) + 1))
        bench.pool.remove(sa)


def test_one_turn_is_one_batch_however_it_was_queued(bench: Bench) -> None:
    bench.pool.install(1, association(OUT))
    for number in range(10):
        bench.pool.seal(1, [packet(100, number)], tag=5)
    bench.pool.seal(1, [packet(100)], tag=6)
    bench.pool.flush()
    bench.until(lambda: len(bench.packets(1)) == 11)
    assert [(result.kind, result.tag, len(result.packets)) for result in bench.results] == [
        (JobKind.SEAL, 5, 10),
        (JobKind.SEAL, 6, 1),
    ]


@pytest.mark.parametrize("length", [64, 1400, 9000, 65535])
def test_split(length: int) -> None:
    packets = [bytes(length)] * 1000
    parts = list(pools.split(packets))
    assert [packet for part in parts for packet in part] == packets
    for part in parts:
        assert len(part) <= pools.MAX_PACKETS
        assert len(part) == 1 or sum(map(len, part)) <= pools.MAX_OCTETS


def test_removed_behind_its_packets(bench: Bench) -> None:
    bench.pool.install(1, association(OUT))
    bench.pool.seal(1, [packet(100)] * 300)
    bench.pool.remove(1)
    bench.pool.remove(1)
    bench.pool.seal(1, [packet(100)])
    bench.pool.flush()
    bench.until(lambda: len(bench.packets(1)) == 301)
    outcomes = [outcome for outcome, _ in bench.packets(1)]
    assert outcomes.count(Outcome.OK) == 300
    assert outcomes.count(Outcome.NO_ASSOCIATION) == 1
    bench.pool.install(1, association(OUT))  # the number is free again
    with pytest.raises(ValueError, match="installed"):
        bench.pool.install(1, association(OUT))


def test_an_sa_is_of_use_in_its_direction_only(bench: Bench) -> None:
    bench.pool.install(1, association(OUT))
    bench.pool.install(2, association(IN))
    bench.pool.open(1, [bytes(100)])
    bench.pool.seal(2, [packet(100)])
    bench.pool.flush()
    bench.until(lambda: len(bench.results) == 2)
    assert bench.packets(1) == bench.packets(2) == [(Outcome.NO_ASSOCIATION, b"")]


def test_a_full_ring_refuses_packets_and_only_packets(bench: Bench) -> None:
    bench.pool.install(1, association(OUT))
    bench.pool.install(2, association(OUT, 0x2000))
    (pid,) = bench.started()
    stop(pid)
    offered = refused = 0
    while not refused:
        bench.pool.seal(1, [packet(1400, number) for number in range(offered, offered + 500)])
        offered += 500
        refused = bench.pool.flush()
    bench.pool.remove(2)
    bench.pool.install(3, association(OUT, 0x3000))
    assert bench.pool.flush() == 0
    assert not bench.results
    os.kill(pid, signal.SIGCONT)
    bench.until(lambda: len(bench.packets(1)) == offered - refused)
    # The tail was dropped, and no sequence number with it.
    assert sequences(bench.packets(1)) == list(range(1, offered - refused + 1))
    for sa in (1, 2, 3):
        bench.pool.seal(sa, [packet(100)])
    assert bench.pool.flush() == 0
    bench.until(lambda: bench.packets(3))
    assert [bench.packets(sa)[-1][0] for sa in (1, 2, 3)] == [Outcome.OK, Outcome.NO_ASSOCIATION, Outcome.OK]
    assert not bench.lost


def test_a_worker_that_hangs_is_given_up(bench: Bench) -> None:
    bench.pool.install(1, association(OUT))
    (pid,) = bench.started()
    stop(pid)
    sa = 2
    while not bench.lost:
        bench.pool.install(sa, association(OUT, sa + 0x1000))
        bench.pool.flush()
        sa += 1
    assert bench.lost == [(list(range(1, sa)), 0)]
    assert not alive(pid)
    assert bench.started() != [pid]


# Keys ----------------------------------------------------------------------------------------------------------------


def reachable(root: object) -> Iterable[object]:
    seen: dict[int, object] = {}
    queue = [root]
    while queue:
        item = queue.pop()
        if id(item) in seen or isinstance(item, type | type(sys)):
            continue
        seen[id(item)] = item
        queue += gc.get_referents(item)
    return seen.values()


def test_the_owner_has_no_keys(bench: Bench) -> None:
    sa = association(OUT)
    keys = sa.cipher_key, sa.integrity_key
    bench.pool.install(1, sa)
    bench.pool.seal(1, [packet(100)])
    bench.pool.flush()
    bench.until(lambda: bench.packets(1))
    objects = [item for item in reachable(bench.pool) if item not in (bench, bench.loop)]
    assert any(isinstance(item, Ring) for item in objects)
    held = [bytes(item) for item in objects if isinstance(item, bytes | bytearray | memoryview)]
    assert sum(map(len, held)) > pools.RING_SIZE  # the ring's memory is among it
    assert not [octets for octets in held for key in keys if key in octets]


# Processes -----------------------------------------------------------------------------------------------------------


def test_a_worker_is_clean(bench: Bench) -> None:
    bench.pool.install(1, association(OUT))
    bench.pool.flush()
    (pid,) = bench.started()
    assert comm(pid) == "esp-worker-0"
    assert parent(pid) == os.getpid()
    assert len(list(Path(f"/proc/{pid}/task").iterdir())) == 1
    assert Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"wirelab test: R: esp worker 0")
    # Beyond stdin, stdout and stderr: two eventfds and the lifeline. (Others can be the test runner's in 0 to 2.)
    others = [entry for entry in Path(f"/proc/{pid}/fd").iterdir() if int(entry.name) > 2]
    assert len(others) == 4, [entry.readlink() for entry in others]  # mmap keeps a copy of the ring's


def test_killed_with_jobs_in_its_hands(make_bench: MakeBench) -> None:
    bench = make_bench(workers=2)
    for sa in range(1, 5):
        bench.pool.install(sa, association(OUT, 0x1000 + sa))
        bench.pool.seal(sa, [packet(100)] * 10)
    bench.pool.flush()
    bench.until(lambda: len(bench.results) == 4)
    victim, other = bench.started(2)
    for pid in (victim, other):
        stop(pid)
    for sa in range(1, 5):
        bench.pool.seal(sa, [packet(100)] * 200)
    assert bench.pool.flush() == 0
    others = bench.pool.others()
    assert {victim, other} <= set(others.names)
    assert 800 * 100 < others.buffers_used < others.buffers
    os.kill(victim, signal.SIGKILL)
    bench.until(lambda: bench.lost)
    os.kill(other, signal.SIGCONT)
    ((lost, packets),) = bench.lost
    survivors = [sa for sa in range(1, 5) if sa not in lost]
    assert len(lost) == len(survivors) == 2
    assert packets == 400
    bench.until(lambda: all(len(bench.packets(sa)) == 210 for sa in survivors))
    assert all(len(bench.packets(sa)) == 10 for sa in lost)
    # The other worker is as it was, and a new one in the dead one's place.
    bench.until(lambda: len(bench.pool.pids) == 2 and victim not in bench.pool.pids)
    assert other in bench.pool.pids
    assert not Path(f"/proc/{victim}").exists()
    # The dead worker's SAs are gone, and what was in flight is not done by another.
    for sa in lost:
        bench.pool.seal(sa, [packet(100)])
    bench.pool.flush()
    assert all(bench.packets(sa)[10:] == [(Outcome.NO_ASSOCIATION, b"")] for sa in lost)
    # SAs negotiated anew start from 1 under their new keys.
    bench.pool.install(9, association(OUT, 0x9000))
    bench.pool.seal(9, [packet(100)] * 3)
    bench.pool.flush()
    bench.until(lambda: len(bench.packets(9)) == 3)
    assert sequences(bench.packets(9)) == [1, 2, 3]


def test_killed_again_and_again(bench: Bench) -> None:
    """Each time found, replaced, and nothing left behind (the fixture counts descriptors)."""
    for number in range(1, 6):
        bench.pool.install(number, association(OUT, 0x1000 + number))
        bench.pool.seal(number, [packet(1000)] * 500)
        bench.pool.flush()
        (pid,) = bench.started()
        os.kill(pid, signal.SIGKILL)
        bench.until(lambda number=number: len(bench.lost) == number)  # type: ignore[misc]
        lost, packets = bench.lost[-1]
        assert lost == [number]
        assert packets + len(bench.packets(number)) == 500


def test_workers_outlive_their_template(bench: Bench) -> None:
    bench.pool.install(1, association(OUT))
    (pid,) = bench.started()
    template = bench.pool.template
    assert template is not None
    os.kill(template.pid, signal.SIGKILL)
    bench.until(lambda: bench.pool.template is None)
    assert not Path(f"/proc/{template.pid}").exists()
    bench.pool.seal(1, [packet(100)])
    bench.pool.flush()
    bench.until(lambda: bench.packets(1))
    # The next worker comes from a template that was made in another way.
    os.kill(pid, signal.SIGKILL)
    bench.until(lambda: bench.lost)
    bench.pool.install(2, association(OUT))
    bench.pool.seal(2, [packet(100)])
    bench.pool.flush()
    bench.until(lambda: bench.packets(2))
    assert bench.pool.template is not None


def test_a_worker_that_is_never_born(bench: Bench) -> None:
    template = bench.pool.template
    assert template is not None
    stop(template.pid)
    bench.pool.install(1, association(OUT))
    bench.pool.seal(1, [packet(100)] * 7)
    bench.pool.flush()
    os.kill(template.pid, signal.SIGKILL)
    bench.until(lambda: bench.lost)
    assert bench.lost == [([1], 7)]


def test_without_a_template(make_bench: MakeBench) -> None:
    bench = make_bench(template=False)
    bench.pool.install(1, association(OUT))
    bench.pool.seal(1, [packet(100)])
    bench.pool.flush()
    bench.until(lambda: bench.packets(1))


def test_end_of_file_ends_a_worker() -> None:
    """Without the kernel's help (PDEATHSIG)."""
    memory = mmap.mmap(-1, pools.RING_SIZE)
    doorbell, finished = os.eventfd(0, os.EFD_NONBLOCK), os.eventfd(0, os.EFD_SEMAPHORE)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        thread = threading.Thread(target=workers.serve, args=(memory, doorbell, finished, theirs), daemon=True)
        thread.start()
        ring = Ring(memory)
        for sa in range(3):
            job = jobs.pack_install(sa, association(OUT))
            assert ring.put(job, len(job))
        os.eventfd_write(doorbell, 3)
        for _ in range(3):
            os.eventfd_read(finished)  # waits
        assert thread.is_alive()
        ours.close()
        thread.join(10)
        assert not thread.is_alive()
    os.close(doorbell)
    os.close(finished)


OWNER = """
import time
from nodes.esp.association import Direction
from nodes.shell.esp.template import Template
from tests.shell_esp.bench import Bench, association
bench = Bench(Template.fork("wirelab test: R"), 2)
bench.pool.install(1, association(Direction.OUTBOUND, 1))
bench.pool.install(2, association(Direction.OUTBOUND, 2))
bench.pool.flush()
print(*bench.started(2), bench.pool.template.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("stopped", [False, True], ids=["idle", "hanging"])
def test_nothing_outlives_its_owner(stopped: bool) -> None:
    with subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout
        pids = [int(pid) for pid in owner.stdout.readline().split()]
        assert len(pids) == 3
        if stopped:
            # These cannot look at their lifeline; the kernel has to kill them.
            for pid in pids:
                stop(pid)
        owner.kill()
    until(lambda: not any(alive(pid) for pid in pids))


LAZY = """
import sys
import nodes.shell.main as main
from nodes.kinds import KINDS
for name in ("switch", "pc", "sniffer"):
    assert not KINDS[name].ipsec
    main.load(KINDS[name].device), main.load(KINDS[name].console)
rooms = "cryptography", "nodes.crypto", "nodes.esp", "nodes.shell.esp"
loaded = [name for name in sys.modules if name.startswith(rooms)]
assert not loaded, loaded
"""


def test_devices_without_ipsec_load_nothing_of_it() -> None:
    subprocess.run([sys.executable, "-c", LAZY], check=True)


def test_a_router_has_a_template_before_it_has_threads(tmp_path: Path) -> None:
    """The real process: no worker without an SA, and on its end nothing is left."""
    node = {
        "proto": 1,
        "lab": "test",
        "node": "R",
        "kind": "router",
        "type": "1841",
        "version": None,
        "ports": [{"id": 1 + at, "name": f"FastEthernet0/{at}", "mac": bytes([2, 0, 0, 0, 0, at])} for at in range(2)],
        "broker": f"ipc://{tmp_path}/broker",
        "console": ["127.0.0.1", 0],
        "startup_config": "",
        "startup_name": "none",
        "nvram": str(tmp_path / "nvram"),
    }
    file = tmp_path / "node"
    file.write_bytes(msgpack.packb(node))
    with subprocess.Popen([sys.executable, "-m", "nodes", str(file)], stdout=subprocess.PIPE, text=True) as router:
        assert router.stdout
        assert "console on" in router.stdout.readline()
        children = Path(f"/proc/{router.pid}/task/{router.pid}/children")
        (template,) = map(int, children.read_text().split())
        assert comm(template) == "esp-template"
        assert len(list(Path(f"/proc/{template}/task").iterdir())) == 1
        router.terminate()
        assert router.wait(10) == 0
    until(lambda: not alive(template))
