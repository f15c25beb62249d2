"""The bridge against a naive model, and its rules one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodes.base.drops import Drop, DropCounters
from nodes.engine.bridge import CAPACITY, AccessPort, Bridge, HostPort, MacView, PortMode, TrunkPort

A, B, C = (bytes([2, 0, 0, 0, 0, n]) for n in (1, 2, 3))
ALL = b"\xff" * 6
GROUP = b"\x01\x00\x5e\x00\x00\x05"
IPV4 = b"\x08\x00"


def frame(destination: bytes, source: bytes, payload: bytes = b"payload") -> bytes:
    return destination + source + IPV4 + payload.ljust(46, b"\0")


def tagged(plain: bytes, vlan: int, priority: int = 0) -> bytes:
    return plain[:12] + b"\x81\x00" + (priority << 13 | vlan).to_bytes(2, "big") + plain[12:]


def switch(modes: dict[int, PortMode], vlans: Iterable[int] = (1, 10, 20)) -> tuple[Bridge, DropCounters]:
    drops = DropCounters()
    bridge = Bridge(drops, vlans)
    for port, mode in modes.items():
        bridge.configure_port(port, mode)
        bridge.set_up(port, True)
    return bridge, drops


@pytest.fixture
def three() -> tuple[Bridge, DropCounters]:
    return switch({port: AccessPort() for port in (1, 2, 3)})


def test_floods_learns_and_forwards(three: tuple[Bridge, DropCounters]) -> None:
    bridge, drops = three
    assert bridge.forward(1, frame(B, A), 0.0) == [(2, frame(B, A)), (3, frame(B, A))]
    assert bridge.forward(2, frame(A, B), 1.0) == [(1, frame(A, B))]
    assert bridge.receive(1, [frame(B, A)] * 3, 2.0) == {2: [frame(B, A)] * 3}
    assert bridge.entries(5.0) == [MacView(1, A, 1, 3.0), MacView(1, B, 2, 4.0)]
    for group in (ALL, GROUP):
        assert [port for port, _ in bridge.forward(2, frame(group, B), 3.0)] == [1, 3]
    assert drops.total == 0


def test_same_port_and_no_output(three: tuple[Bridge, DropCounters]) -> None:
    bridge, drops = three
    bridge.forward(1, frame(ALL, A), 0.0)
    assert bridge.forward(1, frame(A, B), 0.0) == []
    bridge.set_up(2, False)
    bridge.set_up(3, False)
    assert bridge.forward(1, frame(C, A), 0.0) == []
    assert bridge.forward(2, frame(C, A), 0.0) == []
    assert drops.as_dict() == {"bridge-same-port": 1, "bridge-no-output": 1, "port-down": 1}


def test_ageing_and_sweep(three: tuple[Bridge, DropCounters]) -> None:
    bridge, _ = three
    assert bridge.next_deadline() is None
    bridge.forward(1, frame(ALL, A), 0.0)
    bridge.forward(2, frame(ALL, B), 100.0)
    assert bridge.next_deadline() == 300.0
    assert len(bridge.forward(3, frame(A, C), 299.0)) == 1
    assert len(bridge.forward(3, frame(A, C), 300.0)) == 2
    assert [view.mac for view in bridge.entries(300.0)] == [B, C]
    assert len(bridge) == 2, "a look-up takes out what it finds too old"
    bridge.forward(1, frame(ALL, A), 300.0)
    assert len(bridge.forward(3, frame(A, C), 300.0)) == 1, "heard again"
    bridge.flush(port=1)
    assert len(bridge.forward(3, frame(A, C), 300.0)) == 2
    bridge.handle_timer(300.0)
    assert bridge.next_deadline() == 400.0
    bridge.set_ageing(0, 350.0)
    bridge.handle_timer(350.0)
    assert bridge.next_deadline() is None
    assert len(bridge.forward(3, frame(B, C), 9e9)) == 1


def test_station_move_and_flush(three: tuple[Bridge, DropCounters]) -> None:
    bridge, _ = three
    bridge.forward(1, frame(ALL, A), 0.0)
    bridge.forward(2, frame(ALL, A), 1.0)
    assert bridge.entries(1.0) == [MacView(1, A, 2, 0.0)]
    bridge.forward(1, frame(ALL, B), 1.0)
    assert bridge.forward(3, frame(B, C), 1.0) == [(1, frame(B, C))]
    bridge.forward(2, frame(ALL, B), 1.0)
    assert bridge.forward(3, frame(B, C), 1.0) == [(2, frame(B, C))]
    bridge.forward(1, frame(ALL, B), 1.0)
    bridge.set_up(2, False)
    bridge.set_up(3, False)
    assert [view.mac for view in bridge.entries(1.0)] == [B]
    bridge.flush(vlan=10)
    assert len(bridge) == 1
    bridge.flush()
    assert len(bridge) == 0


def test_static_entries_stay(three: tuple[Bridge, DropCounters]) -> None:
    bridge, _ = three
    bridge.add_static(1, A, 3)
    bridge.forward(1, frame(ALL, A), 0.0)
    bridge.flush()
    bridge.handle_timer(9e9)
    assert bridge.entries(9e9) == [MacView(1, A, 3, None)]
    assert bridge.forward(2, frame(A, B), 9e9) == [(3, frame(A, B))]
    assert not bridge.remove_static(1, B)
    assert bridge.remove_static(1, A)
    assert not bridge.remove_static(1, A)
    assert len(bridge) == 1


def test_vlans_are_apart_and_trunks_tag() -> None:
    bridge, drops = switch({1: AccessPort(10), 2: AccessPort(20), 3: TrunkPort(native=20), 4: AccessPort(10)})
    plain = frame(ALL, A)
    assert bridge.forward(1, plain, 0.0) == [(4, plain), (3, tagged(plain, 10))]
    assert bridge.forward(2, plain, 0.0) == [(3, plain)]
    assert bridge.forward(3, tagged(frame(ALL, B), 10, 5), 0.0) == [(1, frame(ALL, B)), (4, frame(ALL, B))]
    assert bridge.forward(3, frame(ALL, B), 0.0) == [(2, frame(ALL, B))]
    assert bridge.forward(3, tagged(frame(ALL, B), 20), 0.0) == [(2, frame(ALL, B))]
    assert {(view.vlan, view.mac, view.port) for view in bridge.entries(0.0)} == {
        *[(10, A, 1), (20, A, 2), (10, B, 3), (20, B, 3)]
    }
    assert drops.total == 0


def test_priority_is_kept_between_trunks() -> None:
    bridge, _ = switch({1: TrunkPort(), 2: TrunkPort(), 3: TrunkPort(native=10), 4: AccessPort(10)})
    plain = frame(ALL, A)
    assert bridge.forward(1, tagged(plain, 10, 5), 0.0) == [
        (3, plain),
        (4, plain),
        (2, tagged(plain, 10, 5)),
    ]
    assert bridge.forward(4, tagged(plain, 0, 3), 0.0) == [
        (3, plain),
        (1, tagged(plain, 10, 3)),
        (2, tagged(plain, 10, 3)),
    ]


def test_wrong_tags() -> None:
    bridge, drops = switch({1: AccessPort(10), 2: TrunkPort(native=1, allowed=frozenset({10, 30})), 3: AccessPort(10)})
    plain = frame(ALL, A)
    assert len(bridge.forward(1, tagged(plain, 10), 0.0)) == 2
    assert bridge.forward(1, tagged(plain, 20), 0.0) == []
    assert bridge.forward(2, tagged(plain, 20), 0.0) == []
    assert bridge.forward(2, tagged(plain, 4095), 0.0) == []
    assert bridge.forward(2, plain, 0.0) == []
    assert drops.as_dict() == {"bridge-vlan-not-allowed": 4}
    assert bridge.forward(2, tagged(plain, 30), 0.0) == []
    assert drops[Drop.BRIDGE_UNKNOWN_VLAN] == 1
    bridge.set_vlans({1, 30})
    assert bridge.vlans == {1, 30}
    assert len(bridge) == 0
    assert bridge.forward(1, plain, 0.0) == []
    assert drops[Drop.BRIDGE_UNKNOWN_VLAN] == 2


def test_bad_frames_and_control_frames(three: tuple[Bridge, DropCounters]) -> None:
    bridge, drops = three
    bpdu = frame(bytes.fromhex("0180c2000000"), A)
    assert bridge.receive(1, [bpdu, frame(ALL, A), bpdu], 0.0) == {2: [frame(ALL, A)], 3: [frame(ALL, A)]}
    assert bridge.control == [(1, bpdu), (1, bpdu)]
    assert len(bridge.forward(1, frame(bytes.fromhex("0180c2000010"), A), 0.0)) == 2
    for bad in (b"", frame(ALL, A)[:13], tagged(frame(ALL, A), 1)[:17]):
        assert bridge.forward(1, bad, 0.0) == []
    whole = tagged(frame(ALL, A), 1)
    assert len(bridge.receive(1, [whole, whole[:17], whole], 0.0)[2]) == 2
    assert bridge.forward(1, frame(A, GROUP), 0.0) == []
    assert drops.as_dict() == {"ethernet-malformed": 4, "bridge-bad-source": 1}


def test_span_destination_takes_no_part(three: tuple[Bridge, DropCounters]) -> None:
    bridge, drops = three
    bridge.forward(3, frame(ALL, C), 0.0)
    bridge.set_span_destination(3, True)
    assert bridge.forward(3, frame(ALL, C), 0.0) == []
    assert bridge.forward(1, frame(C, A), 0.0) == [(2, frame(C, A))]
    assert drops.as_dict() == {"span-destination": 1}
    bridge.set_span_destination(3, False)
    assert len(bridge.forward(1, frame(C, A), 0.0)) == 2


def test_spanning_tree_states(three: tuple[Bridge, DropCounters]) -> None:
    bridge, drops = three
    bridge.set_state(1, 1, learning=False, forwarding=False)
    bridge.set_state(2, 1, learning=True, forwarding=False)
    for port, mac in ((1, A), (2, B)):
        assert bridge.forward(port, frame(ALL, mac), 0.0) == []
    assert [view.mac for view in bridge.entries(0.0)] == [B]
    assert drops.as_dict() == {"bridge-blocked": 2}
    assert bridge.forward(3, frame(ALL, C), 0.0) == []
    bridge.set_state(1, 1, learning=True, forwarding=True)
    assert bridge.forward(3, frame(ALL, C), 0.0) == [(1, frame(ALL, C))]


def test_the_table_is_bounded(three: tuple[Bridge, DropCounters]) -> None:
    bridge, _ = three
    flood = [frame(ALL, b"\x02\x01" + number.to_bytes(4, "big")) for number in range(CAPACITY + 10)]
    assert len(bridge.receive(1, flood, 0.0)[2]) == CAPACITY + 10
    assert len(bridge) == CAPACITY
    assert len(bridge.forward(2, frame(b"\x02\x01" + (CAPACITY + 5).to_bytes(4, "big"), B), 1.0)) == 2
    bridge.handle_timer(300.0)
    assert len(bridge) == 0
    assert bridge.next_deadline() is None


# The model: four ports, tables as lists, every rule read from the top for every frame.

MODES: list[PortMode] = [
    AccessPort(1),
    AccessPort(10),
    TrunkPort(native=1),
    TrunkPort(native=10),
    TrunkPort(native=1, allowed=frozenset({10, 20})),
]
VLANS = (1, 10)


class Model:
    def __init__(self, modes: dict[int, PortMode]) -> None:
        self.modes = modes
        self.up = set(modes)
        self.heard: list[tuple[float, int, bytes, int]] = []

    def down(self, port: int) -> None:
        self.up.discard(port)
        self.heard = [entry for entry in self.heard if entry[3] != port]

    def forward(self, port: int, data: bytes, now: float) -> list[tuple[int, bytes]]:
        if port not in self.up or data[6] & 1:
            return []
        mode, vid, priority, plain = self.modes[port], 0, 0, data
        if data[12:14] == b"\x81\x00":
            tci = int.from_bytes(data[14:16], "big")
            vid, priority, plain = tci & 0xFFF, tci >> 13, data[:12] + data[16:]
        vlan = vid or (mode.vlan if isinstance(mode, AccessPort) else mode.native)
        if not self.carries(mode, vlan) or vlan not in VLANS:
            return []
        self.heard = [entry for entry in self.heard if entry[1:3] != (vlan, data[6:12])]
        self.heard.append((now, vlan, data[6:12], port))
        known = [
            entry[3]
            for entry in self.heard
            if entry[1:3] == (vlan, data[:6]) and now - entry[0] < 300.0 and not data[0] & 1
        ]
        candidates = known or [other for other in self.up if other != port]
        return [
            (other, self.dress(self.modes[other], plain, vlan, priority))
            for other in sorted(candidates)
            if other != port and self.carries(self.modes[other], vlan)
        ]

    @staticmethod
    def carries(mode: PortMode, vlan: int) -> bool:
        if isinstance(mode, AccessPort):
            return mode.vlan == vlan
        return mode.allowed is None or vlan in mode.allowed

    @staticmethod
    def dress(mode: PortMode, plain: bytes, vlan: int, priority: int) -> bytes:
        bare = isinstance(mode, AccessPort) or mode.native == vlan
        return plain if bare else tagged(plain, vlan, priority)


plain_frames = st.builds(
    frame,
    st.sampled_from([A, B, C, ALL, GROUP]),
    st.sampled_from([A, B, C, GROUP]),
    st.sampled_from([b"1", b"2"]),
)
frames = plain_frames | st.builds(tagged, plain_frames, st.sampled_from([0, 1, 10, 20]), st.integers(0, 7))
vectors = st.tuples(
    st.integers(1, 4), st.lists(frames, min_size=1, max_size=6), st.sampled_from([0.0, 1.0, 200.0, 300.0])
)
flaps = st.tuples(st.integers(1, 4), st.booleans())


@given(st.lists(st.sampled_from(MODES), min_size=4, max_size=4), st.lists(vectors | flaps, max_size=25), st.booleans())
def test_against_the_model(
    modes: list[PortMode], steps: list[tuple[int, list[bytes], float] | tuple[int, bool]], sweep: bool
) -> None:
    by_port = dict(enumerate(modes, 1))
    bridge, drops = switch(by_port, VLANS)
    model = Model(by_port)
    now = 0.0
    for step in steps:
        if len(step) == 2:
            port, up = step
            bridge.set_up(port, up)
            if up:
                model.up.add(port)
            else:
                model.down(port)
            continue
        port, vector, pause = step
        now += pause
        if sweep:
            bridge.handle_timer(now)
        expected: dict[int, list[bytes]] = {}
        lost = 0
        for data in vector:
            copies = model.forward(port, data, now)
            lost += not copies
            for other, copy in copies:
                expected.setdefault(other, []).append(copy)
        before = drops.total
        assert bridge.receive(port, vector, now) == expected
        assert drops.total - before == lost, "every frame is forwarded or counted"
        assert {(view.vlan, view.mac, view.port) for view in bridge.entries(now)} == {
            entry[1:] for entry in model.heard if now - entry[0] < 300.0
        }


@given(st.lists(st.binary(max_size=40), max_size=8), st.sampled_from(MODES))
def test_any_bytes_are_forwarded_handed_over_or_counted(data: list[bytes], mode: PortMode) -> None:
    bridge, drops = switch({1: mode, 2: TrunkPort()}, VLANS)
    out = bridge.receive(1, data, 0.0)
    assert len(out.get(2, [])) + len(bridge.control) + drops.total == len(data)


def test_a_span_destination_that_takes_frames_learns_nothing_and_gets_none() -> None:
    bridge, drops = switch({port: AccessPort(10) for port in (1, 2, 3)})
    bridge.set_span_destination(3, True)
    assert bridge.forward(3, frame(ALL, C), 0.0) == []
    assert drops.as_dict() == {"span-destination": 1}
    bridge.set_span_destination(3, True, AccessPort(20))
    bridge.configure_port(2, AccessPort(20))
    assert bridge.forward(3, frame(A, C), 0.0) == [(2, frame(A, C))]
    assert bridge.forward(3, tagged(frame(A, C), 10), 0.0) == []
    assert bridge.entries(0.0) == []
    assert bridge.forward(2, frame(C, B), 0.0) == [], "its way back is closed"
    bridge.set_span_destination(3, True, TrunkPort(20))
    assert bridge.forward(3, tagged(frame(ALL, C), 10), 0.0) == [(1, frame(ALL, C))]
    bridge.set_span_destination(3, False, TrunkPort(20))
    assert bridge.forward(3, tagged(frame(ALL, C), 10), 0.0) == [(1, frame(ALL, C))], "the port's own VLAN"
    assert bridge.forward(3, tagged(frame(ALL, C), 20), 0.0) == []


def test_an_rspan_vlan_is_flooded_by_trunks_and_nothing_is_learnt_in_it() -> None:
    modes: dict[int, PortMode] = {
        1: TrunkPort(),
        2: TrunkPort(),
        3: TrunkPort(allowed=frozenset({10})),
        4: AccessPort(20),
    }
    bridge, drops = switch(modes)
    bridge.forward(1, tagged(frame(ALL, A), 20), 0.0)
    bridge.set_remote_span({20})
    assert bridge.forwarding(20) == {1: True, 2: True}
    assert bridge.entries(0.0) == [], "what was learnt before is forgotten"
    for _ in range(2):
        assert bridge.forward(2, tagged(frame(A, B), 20), 0.0) == [(1, tagged(frame(A, B), 20))]
    assert bridge.entries(0.0) == []
    assert bridge.forward(4, frame(ALL, C), 0.0) == []
    assert drops.as_dict() == {"bridge-vlan-not-allowed": 1}
    bridge.set_remote_span(())
    assert bridge.forwarding(20) == {1: True, 2: True, 4: False}
    assert bridge.forwarding(30) == {}


def test_the_revision_tells_that_something_else_may_be_forwarded(three: tuple[Bridge, DropCounters]) -> None:
    bridge, _ = three
    seen = {bridge.revision}
    changes: list[Callable[[], None]] = [
        lambda: bridge.set_up(1, False),
        lambda: bridge.configure_port(1, TrunkPort()),
        lambda: bridge.set_vlans((1, 2)),
        lambda: bridge.set_state(1, 1, learning=True, forwarding=False),
        lambda: bridge.set_remote_span({2}),
        lambda: bridge.set_span_destination(2, True),
    ]
    for change in changes:
        change()
        assert bridge.revision not in seen
        seen.add(bridge.revision)
    bridge.forward(1, frame(ALL, A), 0.0)
    assert bridge.revision in seen


def test_the_device_itself_is_a_station_that_floods_spare(three: tuple[Bridge, DropCounters]) -> None:
    bridge, drops = three
    bridge.configure_port(9, HostPort(1))
    bridge.add_static(1, C, 9)
    bridge.set_up(9, True)
    assert [port for port, _ in bridge.forward(1, frame(B, A), 0.0)] == [2, 3]
    assert [port for port, _ in bridge.forward(1, frame(ALL, A), 0.0)] == [2, 3, 9]
    assert bridge.forward(1, frame(C, A), 0.0) == [(9, frame(C, A))]
    # What it sends itself goes like anybody's, and nobody takes its address.
    assert bridge.forward(9, frame(A, C), 0.0) == [(1, frame(A, C))]
    assert [port for port, _ in bridge.forward(9, frame(B, C), 0.0)] == [1, 2, 3]
    bridge.forward(2, frame(ALL, C), 0.0)
    assert bridge.forward(1, frame(C, A), 0.0) == [(9, frame(C, A))]
    assert drops.total == 0
    bridge.remove_port(9)
    assert [port for port, _ in bridge.forward(1, frame(ALL, A), 0.0)] == [2, 3]
    assert [view.mac for view in bridge.entries(0.0)] == [A]


def test_a_vlan_is_active_while_a_port_other_than_the_device_forwards_in_it() -> None:
    bridge, _ = switch({1: AccessPort(10), 2: TrunkPort(allowed=frozenset((20,)))})
    bridge.configure_port(9, HostPort(1))
    bridge.set_up(9, True)
    assert [vlan for vlan in (1, 10, 20, 30) if bridge.is_active(vlan)] == [10, 20]
    bridge.set_up(1, False)
    bridge.set_state(2, 20, learning=True, forwarding=False)
    assert [vlan for vlan in (1, 10, 20, 30) if bridge.is_active(vlan)] == []
