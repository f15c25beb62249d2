"""The switch: learning, VLANs, trunks, shut ports."""

from __future__ import annotations

from tests.device.bench import BROADCAST, Bench
from tests.sim import LabSim

A, B, C = (bytes.fromhex(f"02cccccccc0{number}") for number in (1, 2, 3))


def frame(destination: bytes, source: bytes, tag: bytes = b"") -> bytes:
    return destination + source + tag + b"\x90\x00" + bytes(46)


def tagged(vlan: int) -> bytes:
    return b"\x81\x00" + vlan.to_bytes(2, "big")


def ports(sent: list[tuple[int, bytes]]) -> set[str]:
    """Short numbers of the ports that frames left by: ``fa0/3`` is 3."""
    return {str(port + 1) for port, _ in sent}


def learnt(bench: Bench) -> dict[str, tuple[int, str]]:
    """MAC -> (VLAN, port)."""
    view = bench.view("show mac address-table dynamic")
    return {entry["mac"]: (entry["vlan"], entry["port"]) for entry in view["entries"]}


EVERY = {str(number) for number in range(1, 25)}


def test_flooding_and_learning() -> None:
    bench = Bench("switch")
    assert ports(bench.send(0, frame(B, A))) == EVERY - {"1"}
    assert ports(bench.send(1, frame(A, B))) == {"1"}
    assert ports(bench.send(0, frame(B, A))) == {"2"}
    assert ports(bench.send(0, frame(BROADCAST, A))) == EVERY - {"1"}
    assert learnt(bench) == {"02cc.cccc.cc01": (1, "FastEthernet0/1"), "02cc.cccc.cc02": (1, "FastEthernet0/2")}
    # A station that moves is found where it was heard last.
    bench.send(2, frame(B, A))
    assert ports(bench.send(1, frame(A, B))) == {"3"}
    # Both on the same port: nothing to forward.
    bench.send(2, frame(BROADCAST, C))
    assert bench.send(2, frame(A, C)) == []
    assert bench.drops() == {"bridge-same-port": 1}


def test_ageing() -> None:
    bench = Bench("switch", "mac address-table aging-time 100\n")
    bench.send(0, frame(BROADCAST, A))
    bench.now += 99.0
    assert ports(bench.send(1, frame(A, B))) == {"1"}
    bench.now += 1.5
    assert ports(bench.send(1, frame(A, B))) == EVERY - {"2"}
    assert set(learnt(bench)) == {"02cc.cccc.cc02"}
    # For ever is a setting too.
    bench.configure("mac address-table aging-time 0")
    bench.now += 1e6
    assert set(learnt(bench)) == {"02cc.cccc.cc02"}


def test_an_interface_that_goes_down_forgets_its_stations() -> None:
    bench = Bench("switch")
    bench.send(0, frame(BROADCAST, A))
    bench.device.carrier(0, False, "peer-absent", bench.now)
    assert learnt(bench) == {}


def test_clearing_the_table() -> None:
    bench = Bench("switch")
    bench.send(0, frame(BROADCAST, A))
    bench.send(1, frame(BROADCAST, B))
    bench.exec("clear mac address-table dynamic interface fa0/1")
    assert set(learnt(bench)) == {"02cc.cccc.cc02"}
    bench.exec("clear mac-address-table dynamic")
    assert learnt(bench) == {}


def test_vlans_are_kept_apart() -> None:
    bench = Bench("switch")
    bench.configure("interface range fa0/1 - 2", "switchport access vlan 10")
    assert ports(bench.send(0, frame(BROADCAST, A))) == {"2"}
    assert ports(bench.send(4, frame(BROADCAST, B))) == EVERY - {"1", "2", "5"}
    # The same station in two VLANs is two entries.
    bench.send(5, frame(BROADCAST, A))
    view = bench.view("show mac address-table dynamic")["entries"]
    assert [(entry["vlan"], entry["mac"], entry["port"]) for entry in view] == [
        (1, "02cc.cccc.cc01", "FastEthernet0/6"),
        (1, "02cc.cccc.cc02", "FastEthernet0/5"),
        (10, "02cc.cccc.cc01", "FastEthernet0/1"),
    ]
    # An access port takes no foreign tag; a deleted VLAN carries nothing.
    assert bench.send(0, frame(BROADCAST, A, tagged(1))) == []
    bench.configure("no vlan 10")
    assert bench.send(0, frame(BROADCAST, A)) == []
    assert bench.drops() == {"bridge-vlan-not-allowed": 1, "bridge-unknown-vlan": 1}


def test_trunks() -> None:
    bench = Bench(
        "switch",
        """\
vlan 10,20,30
interface fa0/1
 switchport access vlan 10
interface range fa0/23 - 24
 switchport mode trunk
 switchport trunk native vlan 20
 switchport trunk allowed vlan 10,20
interface fa0/3
 switchport access vlan 20
""",
    )
    assert not bench.refusals
    assert dict(bench.send(0, frame(BROADCAST, A))) == {
        22: frame(BROADCAST, A, tagged(10)),
        23: frame(BROADCAST, A, tagged(10)),
    }
    # The native VLAN travels untagged, a tag is taken off at an access port and kept from trunk to trunk.
    assert dict(bench.send(2, frame(BROADCAST, B))) == {22: frame(BROADCAST, B), 23: frame(BROADCAST, B)}
    priority = b"\x81\x00\xa0\x0a"
    assert dict(bench.send(22, frame(BROADCAST, C, priority))) == {
        0: frame(BROADCAST, C),
        23: frame(BROADCAST, C, priority),
    }
    assert bench.send(22, frame(BROADCAST, C, tagged(30))) == []
    assert bench.drops() == {"bridge-vlan-not-allowed": 1}


def test_a_shut_port_takes_and_sends_nothing() -> None:
    bench = Bench("switch", "interface fa0/2\n shutdown\n")
    assert ports(bench.send(0, frame(BROADCAST, A))) == EVERY - {"1", "2"}
    assert bench.send(1, frame(BROADCAST, B)) == []
    assert bench.drops() == {"port-down": 1}
    bench.configure("interface fa0/2", "no shutdown")
    assert "2" in ports(bench.send(0, frame(BROADCAST, A)))


def test_link_local_groups_are_not_forwarded() -> None:
    bench = Bench("switch")
    assert bench.send(0, frame(bytes.fromhex("0180c2000000"), A)) == []
    assert bench.drops() == {"bridge-reserved": 1}


def test_the_lab_s_switch_knows_its_stations(warm: LabSim) -> None:
    table = warm.exec("SW-1", "show mac address-table")
    assert "DYNAMIC     Fa0/2" in table
    assert "DYNAMIC     Fa0/1" in table
    assert "Total Mac Addresses for this criterion: 3" in table
    # The hosts last speak when they refresh their ARP entries.
    warm.run(400.0)
    assert "criterion: 1" in warm.exec("SW-1", "show mac address-table")
