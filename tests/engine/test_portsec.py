"""Port security against a model that knows no time, and the few things that time does."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from nodes.engine.portsec import Learnt, Origin, Policy, PortSecurity, Violated, Violation

MACS = [bytes([2, 0, 0, 0, 0, number]) for number in range(6)]
TRAFFIC = st.lists(st.tuples(st.integers(0, 2), st.sampled_from(MACS)), max_size=40)


def frame(source: bytes) -> bytes:
    return b"\xff" * 6 + source + b"\x08\x00" + bytes(46)


@given(st.lists(st.integers(1, 3), min_size=3, max_size=3), st.sets(st.sampled_from(MACS), max_size=1), TRAFFIC)
def test_against_a_model(maxima: list[int], known: set[bytes], traffic: list[tuple[int, bytes]]) -> None:
    security = PortSecurity()
    homes: dict[bytes, int] = dict.fromkeys(known, 0)
    for port, maximum in enumerate(maxima):
        configured = frozenset(known) if port == 0 else frozenset[bytes]()
        security.configure(port, Policy(1, maximum, Violation.RESTRICT, configured=configured), 0.0)
    for port, mac in traffic:
        passed = security.filter(port, [frame(mac)], 0.0)
        if mac not in homes and sum(home == port for home in homes.values()) < maxima[port]:
            homes[mac] = port
            assert security.events.pop() == Learnt(port, mac, Origin.DYNAMIC)
        if homes.get(mac) == port:
            assert passed == [frame(mac)]
        else:
            assert passed == []
            assert security.events.pop() == Violated(port, mac, Violation.RESTRICT)
        assert security.events == []
    assert security.statics() == {(1, mac): port for mac, port in homes.items()}


def test_what_has_no_source_is_none_of_its_business() -> None:
    security = PortSecurity()
    security.configure(0, Policy(1), 0.0)
    assert security.filter(0, [b"", b"x" * 8], 0.0) == [b"", b"x" * 8]
    assert security.events == []


def test_another_vlan_is_another_world() -> None:
    security = PortSecurity()
    security.configure(0, Policy(1), 0.0)
    security.configure(1, Policy(2), 0.0)
    assert security.filter(0, [frame(MACS[0])], 0.0) == security.filter(1, [frame(MACS[0])], 0.0) == [frame(MACS[0])]
    # A port that moves takes nobody with it.
    security.configure(0, Policy(2), 0.0)
    assert security.filter(0, [frame(MACS[0])], 0.0) == []


def test_configured_stations_age_only_if_they_are_told_to() -> None:
    security = PortSecurity()
    security.configure(0, Policy(1, 2, ageing=60.0, configured=frozenset((MACS[0],))), 0.0)
    security.filter(0, [frame(MACS[1])], 10.0)
    assert security.next_deadline() == 70.0
    assert security.handle_timer(70.0)
    assert [station.mac for station in security.stations(70.0)] == [MACS[0]]
    assert security.next_deadline() is None
    security.configure(0, Policy(1, 2, ageing=60.0, ages_configured=True, configured=frozenset((MACS[0],))), 70.0)
    assert list(security.stations(70.0)) == []
