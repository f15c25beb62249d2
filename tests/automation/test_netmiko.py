"""netmiko's cisco_ios_telnet, with the templates of ntc-templates, at the consoles of routers and a switch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.automation.conftest import VERSIONS, AutomationLab
from tests.automation.shows import UNTEMPLATED, template_of, typed

netmiko = pytest.importorskip("netmiko")
parse = pytest.importorskip("ntc_templates.parse")

pytestmark = [
    pytest.mark.automation,
    # What these packages do that Python warns of is not ours to mend.
    pytest.mark.filterwarnings("default"),
]

NODES = {"R-A": "router", "SW-1": "switch"}


def connect(lab: AutomationLab, node: str) -> Any:
    host, port = lab.addresses[node]
    return netmiko.ConnectHandler(
        device_type="cisco_ios_telnet", host=host, port=port, username="", password="", secret="none"
    )


@pytest.fixture(params=NODES)
def console(lab: AutomationLab, request: pytest.FixtureRequest) -> Iterator[Any]:
    connection = connect(lab, request.param)
    connection.node = request.param
    yield connection
    connection.disconnect()


def test_modes_and_prompts(console: Any) -> None:
    assert console.find_prompt() == f"{console.node}>"
    assert not console.check_enable_mode()
    console.enable()
    assert console.find_prompt() == f"{console.node}#"
    assert not console.check_config_mode()
    console.config_mode()
    assert console.check_config_mode()
    console.exit_config_mode()
    assert not console.check_config_mode()
    console.exit_enable_mode()
    assert console.find_prompt() == f"{console.node}>"


def test_configure_and_save(console: Any) -> None:
    console.enable()
    text = f"set by netmiko on {console.node}"
    said = console.send_config_set(["interface FastEthernet0/1", f"description {text}"])
    assert "% " not in said
    assert f" description {text}" in console.send_command("show running-config").splitlines()
    assert "[OK]" in console.save_config()
    assert f" description {text}" in console.send_command("show startup-config").splitlines()
    lines = [
        f"ip access-list extended LONG\npermit ip host 10.9.{number >> 8}.{number & 255} any" for number in range(300)
    ]
    if console.node == "R-A":
        # Lines that come faster than they are answered: none is lost, and their order is kept.
        console.send_config_set("\n".join(lines).splitlines(), cmd_verify=False)
        kept = [
            line for line in console.send_command("show running-config").splitlines() if "permit ip host 10.9." in line
        ]
        assert kept == [f" {line.splitlines()[1]}" for line in lines]
        console.send_config_set(["no ip access-list extended LONG"])
    with pytest.raises(netmiko.exceptions.ConfigInvalidException, match="Invalid input detected"):
        console.send_config_set(["hostnmae X"], error_pattern=r"% Invalid input detected at '\^' marker\.")
    console.exit_config_mode()


def test_every_show_that_has_a_template_parses(lab: AutomationLab, console: Any) -> None:
    console.enable()
    templates = parse._get_template_dir()
    wrong = {}
    read: list[str] = []
    kind = NODES[console.node]
    for command in typed(kind):
        said = console.send_command(command, read_timeout=30)
        assert "% Invalid" not in said, command
        assert "% Incomplete" not in said, command
        if template_of(command, templates) is None:
            continue
        if any(excuse.covers(command, lab.version, kind) for excuse in UNTEMPLATED):
            continue
        rows = netmiko.utilities.get_structured_data(said, platform="cisco_ios", command=command)
        read.append(command)
        if not isinstance(rows, list) or not rows or not any(any(row.values()) for row in rows):
            wrong[command] = said
    assert wrong == {}
    assert len(read) >= 18, read


def rows(console: Any, command: str) -> Any:
    return console.send_command(command, use_textfsm=True, raise_parsing_error=True, read_timeout=60)


def test_what_a_router_says_is_understood(lab: AutomationLab) -> None:
    with connect(lab, "R-A") as console:
        console.enable()
        (version,) = rows(console, "show version")
        assert (version["hostname"], version["version"], version["hardware"]) == ("R-A", lab.version, ["1841"])
        wan, lan, _ = rows(console, "show ip interface brief")
        assert (wan["interface"], wan["ip_address"], wan["proto"]) == ("FastEthernet0/0", "10.0.10.10", "up")
        assert lan["ip_address"] == "192.168.1.254"
        routes = {(row["network"], row["prefix_length"]): row for row in rows(console, "show ip route")}
        assert routes["192.168.2.0", "24"]["nexthop_ip"] == "10.0.10.20"
        assert routes["10.0.10.0", "24"]["protocol"] == "C"
        assert {"10.0.10.10", "10.0.10.20", "192.168.1.1"} <= {row["address"] for row in rows(console, "show arp")}
        told = [(row["neighbor_name"], row["local_interface"]) for row in rows(console, "show cdp neighbors")]
        assert told == [("R-B", "Fas 0/0"), ("SW-1", "Fas 0/1")]
        other, switch = rows(console, "show cdp neighbors detail")
        assert (other["mgmt_address"], other["platform"]) == ("10.0.10.20", "Cisco 1841")
        assert (switch["neighbor_interface"], switch["capabilities"]) == ("FastEthernet0/1", "Switch IGMP")
        (session,) = rows(console, "show crypto session detail")
        assert (session["session_status"], session["peer"], session["active_sa"]) == ("UP-ACTIVE", "10.0.10.20", "2")
        (ping,) = rows(console, "ping 10.0.10.20")
        assert (ping["success_pct"], ping["sent_qty"]) == ("100", "5")
        assert rows(console, "traceroute 10.0.10.20")[0]["ip_address"] == "10.0.10.20"
        if lab.version == VERSIONS[1]:
            inbound, outbound = rows(console, "show crypto ipsec sa detail")
            assert (inbound["sa_orientation"], outbound["sa_orientation"]) == ("inbound", "outbound")
            assert int(inbound["pkts_encaps"]) > 0
            assert inbound["sa_status"] == outbound["sa_status"] == "ACTIVE"


def test_what_a_switch_says_is_understood(lab: AutomationLab) -> None:
    with connect(lab, "SW-1") as console:
        console.enable()
        (version,) = rows(console, "show version")
        assert (version["hostname"], version["hardware"]) == ("SW-1", ["WS-C2950-24"])
        for command in ("show mac address-table", "show mac-address-table"):
            ports = {row["vlan_id"]: row["destination_port"] for row in rows(console, command)}
            assert set(ports) == {"All", "1"}
        (router,) = rows(console, "show cdp neighbors detail")
        assert (router["neighbor_name"], router["mgmt_address"]) == ("R-A", "192.168.1.254")
        status = {row["port"]: row["status"] for row in rows(console, "show interfaces status")}
        assert (status["Fa0/1"], status["Fa0/3"], status["Fa0/24"]) == ("connected", "notconnect", "monitoring")
        for command in ("show vlan", "show vlan brief"):
            vlans = {row["vlan_id"]: row for row in rows(console, command)}
            assert vlans["1"]["vlan_name"] == "default"
            assert "Fa0/23" in vlans["1"]["interfaces"]
