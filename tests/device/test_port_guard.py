"""Port security, err-disabled ports, storm control, protected ports, voice VLANs, static stations, suspended VLANs."""

from __future__ import annotations

import pytest

from tests.device.bench import BROADCAST, Bench
from tests.device.test_switch import EVERY, A, B, C, frame, learnt, ports, tagged

SECURE = "interface fa0/1\n switchport mode access\n switchport port-security\n"
DOTTED = {A: "02cc.cccc.cc01", B: "02cc.cccc.cc02", C: "02cc.cccc.cc03"}


def quiet(config: str = "") -> Bench:
    """A switch that says nothing of its own."""
    return Bench("switch", f"no cdp run\n{config}")


def logged(bench: Bench) -> list[str]:
    """What the log says since it was last asked, without times."""
    bench.out()
    lines = [line.partition(": ")[2] for line in bench.log]
    bench.log.clear()
    return lines


def condition(bench: Bench, port: int) -> str:
    view = bench.view(f"show interfaces fa0/{port} status")
    word: str = view["interfaces"][0]["condition"]
    return word


def secure(bench: Bench) -> list[tuple[str, str, str]]:
    view = bench.view("show port-security address")
    return [(entry["mac"], entry["origin"], entry["port"]) for entry in view["addresses"]]


# Port security -----------------------------------------------------------------------------------------------------


def test_a_stranger_disables_the_port() -> None:
    bench = quiet(SECURE)
    assert bench.refusals == []
    assert ports(bench.send(0, frame(BROADCAST, A))) == EVERY - {"1"}
    assert secure(bench) == [(DOTTED[A], "SecureDynamic", "FastEthernet0/1")]
    # The table knows it as static, and it does not move.
    assert learnt(bench) == {}
    bench.send(1, frame(BROADCAST, A))
    assert ports(bench.send(2, frame(A, C))) == {"1"}
    logged(bench)
    assert bench.send(0, frame(BROADCAST, B), frame(BROADCAST, A)) == []
    assert logged(bench) == [
        "%PM-4-ERR_DISABLE: psecure-violation error detected on Fa0/1, putting Fa0/1 in err-disable state",
        "%LINK-3-UPDOWN: Interface FastEthernet0/1, changed state to down",
        "%LINEPROTO-5-UPDOWN: Line protocol on Interface FastEthernet0/1, changed state to down",
        (
            "%PORT_SECURITY-2-PSECURE_VIOLATION: Security violation occurred, caused by MAC address 02cc.cccc.cc02 "
            "on port FastEthernet0/1."
        ),
    ]
    assert condition(bench, 1) == "err-disabled"
    assert 0 not in bench.device.view().up
    assert bench.exec("show interfaces fa0/1").startswith(
        "FastEthernet0/1 is down, line protocol is down (err-disabled)\n"
    )
    assert "Fa0/1                        err-disabled psecure-violation" in bench.exec(
        "show interfaces status err-disabled"
    )
    # Only shutting it down and up brings it back.
    bench.configure("interface fa0/1", "no shutdown")
    assert condition(bench, 1) == "err-disabled"
    bench.configure("interface fa0/1", "shutdown", "no shutdown")
    assert condition(bench, 1) == "connected"
    assert secure(bench) == []
    assert ports(bench.send(0, frame(BROADCAST, B))) == EVERY - {"1"}


@pytest.mark.parametrize(("way", "counted"), [("protect", 0), ("restrict", 3)])
def test_a_stranger_may_just_not_be_heard(way: str, counted: int) -> None:
    bench = quiet(SECURE + f" switchport port-security violation {way}\n")
    bench.send(0, frame(BROADCAST, A))
    logged(bench)
    sent = bench.send(0, frame(BROADCAST, B), frame(BROADCAST, A), frame(BROADCAST, B), frame(BROADCAST, B))
    assert ports(sent) == EVERY - {"1"}
    assert {copy[6:12] for _, copy in sent} == {A}
    assert bench.drops() == {"bridge-security": 3}
    assert sum("PSECURE_VIOLATION" in line for line in logged(bench)) == counted
    assert bench.view("show port-security interface fa0/1")["ports"][0]["violations"] == counted
    assert condition(bench, 1) == "connected"


def test_a_station_that_is_secure_elsewhere_is_a_stranger() -> None:
    bench = quiet(SECURE + "interface fa0/2\n switchport mode access\n switchport port-security\n")
    bench.send(0, frame(BROADCAST, A))
    bench.send(1, frame(BROADCAST, A))
    assert condition(bench, 2) == "err-disabled"
    assert secure(bench) == [(DOTTED[A], "SecureDynamic", "FastEthernet0/1")]


def test_sticky_stations_stand_in_the_configuration() -> None:
    bench = quiet(SECURE + " switchport port-security maximum 2\n switchport port-security mac-address sticky\n")
    bench.send(0, frame(BROADCAST, A))
    line = f" switchport port-security mac-address sticky {DOTTED[A]}\n"
    assert line in bench.exec("show running-config")
    # They outlive the link, and a reload once they are saved.
    bench.device.carrier(0, False, "no-cable", bench.now)
    bench.device.carrier(0, True, "up", bench.now)
    assert secure(bench) == [(DOTTED[A], "SecureSticky", "FastEthernet0/1")]
    again = quiet(bench.exec("show running-config").partition("bytes\n")[2])
    assert again.refusals == []
    assert secure(again) == [(DOTTED[A], "SecureSticky", "FastEthernet0/1")]
    # Taken out one by one, or turned into stations that were only heard.
    bench.send(0, frame(BROADCAST, B))
    bench.configure("interface fa0/1", f"no switchport port-security mac-address sticky {DOTTED[A]}")
    assert secure(bench) == [(DOTTED[B], "SecureSticky", "FastEthernet0/1")]
    bench.configure("interface fa0/1", "no switchport port-security mac-address sticky")
    assert secure(bench) == [(DOTTED[B], "SecureDynamic", "FastEthernet0/1")]
    assert "sticky" not in bench.exec("show running-config")
    bench.configure("interface fa0/1", "switchport port-security mac-address sticky")
    assert f"sticky {DOTTED[B]}" in bench.exec("show running-config")
    bench.exec("clear port-security sticky")
    assert secure(bench) == []
    assert f"sticky {DOTTED[B]}" not in bench.exec("show running-config")


def test_configured_stations() -> None:
    bench = quiet(SECURE + f" switchport port-security mac-address {DOTTED[A]}\n")
    assert secure(bench) == [(DOTTED[A], "SecureConfigured", "FastEthernet0/1")]
    assert ports(bench.send(2, frame(A, C))) == {"1"}
    bench.send(0, frame(BROADCAST, B))
    assert condition(bench, 1) == "err-disabled"
    bench.configure("interface fa0/1", "no switchport port-security")
    assert secure(bench) == []
    assert f"mac-address {DOTTED[A]}" in bench.exec("show running-config")


def test_stations_age() -> None:
    bench = quiet(SECURE + " switchport port-security aging time 2\n")
    bench.send(0, frame(BROADCAST, A))
    bench.pass_time(100)
    bench.send(0, frame(BROADCAST, A))
    assert bench.device.next_deadline() == bench.now + 20
    bench.pass_time(20)
    assert secure(bench) == []
    bench.send(0, frame(BROADCAST, B))
    assert condition(bench, 1) == "connected"
    bench.configure("interface fa0/1", "switchport port-security aging type inactivity")
    for _ in range(3):
        bench.pass_time(100)
        bench.send(0, frame(BROADCAST, B))
    assert secure(bench) == [(DOTTED[B], "SecureDynamic", "FastEthernet0/1")]
    bench.pass_time(120)
    assert secure(bench) == []


def test_a_port_comes_back_by_itself_when_it_may() -> None:
    bench = quiet(SECURE + "errdisable recovery cause psecure-violation\nerrdisable recovery interval 30\n")
    bench.send(0, frame(BROADCAST, A))
    bench.send(0, frame(BROADCAST, B))
    assert condition(bench, 1) == "err-disabled"
    bench.pass_time(10)
    recovery = bench.exec("show errdisable recovery")
    assert "psecure-violation    Enabled\n" in recovery
    assert "    Fa0/1    psecure-violation            20\n" in recovery
    logged(bench)
    bench.pass_time(20)
    assert condition(bench, 1) == "connected"
    assert logged(bench)[0] == (
        "%PM-4-ERR_RECOVER: Attempting to recover from psecure-violation err-disable state on Fa0/1"
    )
    # The interval starts when recovery is switched on for a port that is disabled already.
    bench.configure("no errdisable recovery cause all")
    bench.send(0, frame(BROADCAST, A))
    bench.send(0, frame(BROADCAST, B))
    bench.pass_time(1000)
    assert condition(bench, 1) == "err-disabled"
    bench.configure("errdisable recovery cause all")
    bench.pass_time(30)
    assert condition(bench, 1) == "connected"


# Storm control -----------------------------------------------------------------------------------------------------


def flood(bench: Bench, count: int, destination: bytes = BROADCAST) -> int:
    """How many copies of many frames arrive at one other port."""
    long = frame(destination, A).ljust(1000, b"\0")
    return sum(port == 1 for port, _ in bench.send(0, *[long] * count))


def test_a_storm_is_cut_off() -> None:
    # One percent of 100 Mbit/s is 125 frames of 1000 octets a second.
    bench = quiet("interface fa0/1\n storm-control broadcast level 1.00 0.50\n")
    assert bench.refusals == []
    assert flood(bench, 200) == 125
    assert bench.drops() == {"bridge-storm": 75}
    assert logged(bench)[-1] == (
        "%STORM_CONTROL-3-FILTERED: A broadcast storm detected on Fa0/1. A packet filter action has been applied."
    )
    assert flood(bench, 50, B) == 50
    assert "Fa0/1      Blocking         1.00%    0.50%    1.60%\n" in bench.exec("show storm-control")
    # It goes on while a second still has more than the falling level, and no longer.
    bench.pass_time(1)
    assert flood(bench, 70) == 0
    bench.pass_time(1)
    assert flood(bench, 60) == 0
    bench.pass_time(1)
    assert flood(bench, 10) == 10
    assert "Fa0/1      Forwarding       1.00%    0.50%    0.48%\n" in bench.exec("show storm-control fa0/1 broadcast")


def test_a_storm_may_disable_the_port() -> None:
    bench = quiet("interface fa0/1\n storm-control multicast level 1\n storm-control action shutdown\n")
    assert flood(bench, 200) == 200
    assert flood(bench, 200, bytes.fromhex("01005e000001")) == 0
    assert condition(bench, 1) == "err-disabled"
    assert logged(bench)[-4:-2] == [
        "%STORM_CONTROL-3-SHUTDOWN: A multicast storm detected on Fa0/1. The interface has been disabled.",
        "%PM-4-ERR_DISABLE: storm-control error detected on Fa0/1, putting Fa0/1 in err-disable state",
    ]


# The rest ----------------------------------------------------------------------------------------------------------


def test_protected_ports_do_not_see_each_other() -> None:
    bench = quiet("interface range fa0/1 - 2\n switchport protected\n")
    assert ports(bench.send(0, frame(BROADCAST, A))) == EVERY - {"1", "2"}
    bench.send(1, frame(BROADCAST, B))
    assert bench.send(0, frame(B, A)) == []
    assert ports(bench.send(2, frame(A, C))) == {"1"}
    assert ports(bench.send(0, frame(C, A))) == {"3"}


def test_a_telephone_has_a_vlan_of_its_own() -> None:
    bench = quiet("vlan 10\nvlan 20\ninterface range fa0/1 - 2\n switchport mode access\n")
    bench.configure("interface fa0/1", "switchport access vlan 10", "switchport voice vlan 20")
    bench.configure("interface fa0/2", "switchport access vlan 20")
    assert bench.send(0, frame(BROADCAST, A, tagged(20))) == [(1, frame(BROADCAST, A))]
    assert bench.send(1, frame(A, B)) == [(0, frame(A, B, tagged(20)))]
    assert ports(bench.send(0, frame(BROADCAST, C))) == set()
    assert bench.view("show mac address-table address 02cc.cccc.cc01")["entries"][-1]["vlan"] == 20


def test_static_stations() -> None:
    bench = quiet("vlan 10\nmac address-table static 02cc.cccc.cc01 vlan 1 interface fa0/5\n")
    assert ports(bench.send(0, frame(A, B))) == {"5"}
    bench.send(6, frame(BROADCAST, A))
    assert ports(bench.send(0, frame(A, B))) == {"5"}
    bench.configure("no mac-address-table static 02cc.cccc.cc01 vlan 1 interface fa0/5")
    bench.send(6, frame(BROADCAST, A))
    assert ports(bench.send(0, frame(A, B))) == {"7"}
    # In a VLAN that comes and goes it waits.
    bench.configure("mac address-table static 02cc.cccc.cc03 vlan 10 interface fa0/5", "no vlan 10")
    assert "02cc.cccc.cc03" not in bench.exec("show mac address-table")
    bench.configure("vlan 10")
    assert "  10    02cc.cccc.cc03    STATIC      Fa0/5\n" in bench.exec("show mac address-table")


def test_a_vlan_may_remember_longer() -> None:
    bench = quiet("vlan 10\nmac address-table aging-time 20 vlan 1\nmac address-table aging-time 50\n")
    bench.configure("interface range fa0/1 - 2", "switchport access vlan 10")
    bench.send(0, frame(BROADCAST, A))
    bench.send(2, frame(BROADCAST, B))
    bench.pass_time(21)
    assert set(learnt(bench)) == {DOTTED[A]}
    assert bench.device.next_deadline() == bench.now + 29
    bench.pass_time(29)
    assert learnt(bench) == {}


def test_one_station_is_forgotten() -> None:
    bench = quiet()
    bench.send(0, frame(BROADCAST, A))
    bench.send(1, frame(BROADCAST, B))
    bench.exec("clear mac address-table dynamic address 02cc.cccc.cc01")
    assert set(learnt(bench)) == {DOTTED[B]}


@pytest.mark.parametrize(("line", "state"), [("state suspend", "suspended"), ("shutdown", "act/lshut")])
def test_a_vlan_that_is_out_of_service_carries_nothing(line: str, state: str) -> None:
    bench = quiet(f"vlan 10\n {line}\ninterface range fa0/1 - 2\n switchport access vlan 10\n")
    assert bench.send(0, frame(BROADCAST, A)) == []
    assert bench.drops() == {"bridge-unknown-vlan": 1}
    assert f"10   VLAN0010                         {state:<9} Fa0/1, Fa0/2" in bench.exec("show vlan brief")
    bench.configure("vlan 10", f"no {line.partition(' ')[0]}")
    assert ports(bench.send(0, frame(BROADCAST, A))) == {"2"}
