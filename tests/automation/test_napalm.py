"""napalm's ios driver over telnet: its getters, ping, traceroute, and changes of the configuration."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.automation.conftest import AutomationLab

napalm = pytest.importorskip("napalm")

pytestmark = [pytest.mark.automation, pytest.mark.filterwarnings("default")]


@pytest.fixture(params=["R-A", "SW-1"])
def driver(lab: AutomationLab, request: pytest.FixtureRequest) -> Iterator[Any]:
    host, port = lab.addresses[request.param]
    kind = napalm.get_network_driver("ios")
    device = kind(host, "", "", timeout=30, optional_args={"transport": "telnet", "port": port, "secret": ""})
    device.open()
    device.node = request.param
    yield device
    device.close()


def mac(text: str) -> str:
    """``0250.f35d.0001`` as napalm has it."""
    digits = text.replace(".", "").upper()
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))


def test_facts(lab: AutomationLab, driver: Any) -> None:
    facts = driver.get_facts()
    version = lab.show(driver.node, "show version")
    assert (facts["hostname"], facts["vendor"]) == (driver.node, "Cisco")
    assert facts["serial_number"] == version["board_id"]
    assert facts["model"] == {"R-A": "1841", "SW-1": "WS-C2950-24"}[driver.node]
    assert f"Version {version['personality']}, RELEASE SOFTWARE" in facts["os_version"]
    assert 0 <= facts["uptime"] <= version["uptime"]
    assert "FastEthernet0/1" in facts["interface_list"]
    assert driver.is_alive() == {"is_alive": True}


def test_interfaces(lab: AutomationLab, driver: Any) -> None:
    ours = {entry["name"]: entry for entry in lab.show(driver.node, "show interfaces")["interfaces"]}
    found = driver.get_interfaces()
    assert set(found) == set(ours)
    for name, entry in found.items():
        assert entry["is_up"] == (ours[name]["protocol"] == "up")
        assert entry["is_enabled"] == (ours[name]["status"] != "administratively down")
        assert (entry["mtu"], entry["speed"]) == (ours[name]["mtu"], ours[name]["bandwidth"] / 1000)
        assert entry["mac_address"] == mac(ours[name]["mac"])
    counters = driver.get_interfaces_counters()
    assert set(counters) == set(ours)
    # A subinterface has none, on IOS either.
    counted = [name for name, entry in ours.items() if entry["family"] != "subinterface"]
    assert all(counters[name]["rx_octets"] >= ours[name]["input"]["octets"] for name in counted)
    addresses = {
        name: {address: of["prefix_length"] for address, of in entry["ipv4"].items()}
        for name, entry in driver.get_interfaces_ip().items()
    }
    assert addresses == {
        name: {entry["address"]: entry["prefix_length"]} for name, entry in ours.items() if entry["address"]
    }


def test_tables(lab: AutomationLab, driver: Any) -> None:
    if driver.node == "R-A":
        ours = {entry["address"]: entry for entry in lab.show("R-A", "show arp")["entries"] if entry["mac"]}
        found = {entry["ip"]: entry for entry in driver.get_arp_table()}
        assert set(found) == set(ours) >= {"10.0.10.20", "192.168.1.1"}
        assert all(found[address]["mac"] == mac(ours[address]["mac"]) for address in ours)
        assert (driver.get_mac_address_table(), driver.get_vlans()) == ([], {})
        return
    learnt = {entry["mac"]: entry for entry in driver.get_mac_address_table() if not entry["static"]}
    ours = {mac(entry["mac"]): entry for entry in lab.show("SW-1", "show mac address-table dynamic")["entries"]}
    assert set(learnt) == set(ours) != set()
    assert all(learnt[address]["vlan"] == ours[address]["vlan"] for address in ours)
    vlans = driver.get_vlans()
    ours = {str(vlan["number"]): vlan for vlan in lab.show("SW-1", "show vlan")["vlans"]}
    assert {number: (vlan["name"], vlan["interfaces"]) for number, vlan in vlans.items()} == {
        number: (vlan["name"], list(vlan["ports"])) for number, vlan in ours.items()
    }


def test_health(lab: AutomationLab, driver: Any) -> None:
    health = driver.get_environment()
    memory = lab.show(driver.node, "show memory statistics")["pools"]
    # Of the whole machine, it seems: both figures move, the sum of what is used and free by little.
    total = sum(pool["total"] for pool in memory)
    assert health["memory"]["available_ram"] == pytest.approx(total, rel=0.1)
    assert 5 << 20 < health["memory"]["used_ram"] < total
    assert 0.0 <= health["cpu"][0]["%usage"] <= 100.0
    assert health["temperature"] == {"invalid": {"is_alert": False, "is_critical": False, "temperature": -1.0}}


@pytest.mark.parametrize("driver", ["R-A"], indirect=True)
def test_reachability(driver: Any) -> None:
    driver.ping("10.0.10.20")
    found = driver.ping("10.0.10.20")["success"]
    assert (found["probes_sent"], found["packet_loss"]) == (5, 0)
    assert found["rtt_min"] <= found["rtt_avg"] <= found["rtt_max"]
    hops = driver.traceroute("10.0.10.20")["success"]
    assert hops[1]["probes"][1]["ip_address"] == "10.0.10.20"


def test_configuration(lab: AutomationLab, driver: Any) -> None:
    texts = driver.get_config()
    assert f"hostname {driver.node}" in texts["running"].splitlines()
    assert texts["startup"] == "startup-config is not present" or f"hostname {driver.node}" in texts["startup"]
    assert driver.cli(["show clock"])["show clock"].count(":") == 2
