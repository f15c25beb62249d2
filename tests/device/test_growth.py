"""Large configurations: quick to load, and no packet pays for them."""

from __future__ import annotations

import gc
import time

from tests.bench.console import reading
from tests.device.bench import Bench, echo, ip_frame, packets
from tests.device.conftest import ROUTER

ROUTES = [f"ip route 172.{16 + i // 2560}.{i // 10 % 256}.{i % 10 * 16} 255.255.255.240 10.1.0.2" for i in range(8000)]
LINES = [f"access-list 101 deny tcp host 10.9.{i // 250}.{i % 250 + 1} any eq {i % 1000 + 1}" for i in range(2000)]


def loaded(routes: int, lines: int) -> tuple[Bench, float]:
    """A router with so many routes and lines of its inbound list, and the seconds that loading them took."""
    config = "\n".join([ROUTER, *ROUTES[:routes], *LINES[:lines], "access-list 101 permit ip any any"])
    bench = Bench("router")
    began = time.process_time()
    refusals = bench.console.load(config + "\ninterface fa0/0\n ip access-group 101 in\n", bench.now)
    bench.router.fib.lookup(0)  # the table is built when it is first looked at
    taken = time.process_time() - began
    assert refusals == []
    bench.out()
    bench.know(0, "10.0.0.2")
    bench.know(1, "10.1.0.2", bytes.fromhex("02aaaaaaaa02"))
    return bench, taken


def test_ten_thousand_lines_load_in_two_seconds_and_are_in_force() -> None:
    bench, taken = loaded(8000, 2000)
    assert len(bench.view("show ip route")["routes"]) == 8004
    assert len(bench.view("show access-lists 101")["lists"][0]["entries"]) == 2001
    ((out, _),) = packets(bench.send(0, ip_frame(bench.device.ports[0].mac, echo("10.0.0.2", "172.16.0.17"))))
    assert out == 1
    # Twice what is asked for, since the machine may be busy; a cost that grows with the square is far beyond it.
    assert taken < 4.0


def test_reading_a_configuration_takes_time_in_proportion_to_its_lines() -> None:
    """A tenth of the lines takes a tenth of the time, about: no command looks at all that were read before it."""
    few, many = reading(1000), reading(10_000, times=1)
    assert many < 25 * few


def test_the_cost_per_packet_does_not_grow_with_routes_and_lines() -> None:
    benches = [loaded(10, 10)[0], loaded(8000, 1000)[0]]
    frames = [ip_frame(benches[0].device.ports[0].mac, echo("10.0.0.2", f"172.16.0.{number}")) for number in range(64)]
    best = [float("inf")] * 2
    gc.disable()
    try:
        for _ in range(30):  # in turn, so that both see the same machine; the best of many is free of its noise
            for index, bench in enumerate(benches):
                began = time.process_time()
                for _ in range(3):
                    bench.device.receive(0, frames, bench.now)
                    bench.device.drain()
                best[index] = min(best[index], time.process_time() - began)
    finally:
        gc.enable()
    assert benches[1].drops() == {}
    # A hundred times the lines and eight hundred times the routes; what is left is the cache of a busy machine.
    assert best[1] < best[0] * 1.5


def test_typing_many_lines_into_a_session_does_not_build_the_table_each_time() -> None:
    bench = Bench("router", ROUTER)
    generation = bench.router.fib.generation
    began = time.process_time()
    bench.configure(*ROUTES[:2000])
    assert time.process_time() - began < 4.0
    assert bench.router.fib.generation == generation + 2000
    assert len(bench.view("show ip route")["routes"]) == 2004


def test_a_switch_with_every_vlan_loads_quickly() -> None:
    vlans = [line for number in range(2, 1002) for line in (f"vlan {number}", f" name N{number}")]
    began = time.process_time()
    bench = Bench("switch", "\n".join(vlans))
    assert time.process_time() - began < 4.0
    assert bench.refusals == []
    assert len(bench.view("show vlan brief")["vlans"]) == 1005
