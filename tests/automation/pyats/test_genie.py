"""Cisco's genie parsers on everything that a router and a switch show, and what they read beside our own JSON."""

from __future__ import annotations

import logging
from typing import Any, Final

import pytest

from tests.automation.conftest import AutomationLab
from tests.automation.shows import OLD, YOUNG, Excuse, typed
from tests.lab.live import Console

base = pytest.importorskip("genie.conf.base")
common = pytest.importorskip("genie.libs.parser.utils.common")

pytestmark = [
    pytest.mark.automation,
    # What these packages do that Python warns of is not ours to mend.
    pytest.mark.filterwarnings("default"),
]

NODES: Final = {"R-A": "router", "SW-1": "switch"}
_NO_SENSORS: Final = "there is no sensor that it could read of"
_NO_TOTAL: Final = "the parser wants the number of entries, which only younger software prints"
_PIECES: Final = "the parser does not know that older software counts packets in pieces"
_WHOLE: Final = "the parser takes it for all of the entry"
_A_PORT: Final = "the parsers of ios take it for a port of that name; those of iosxe read it"
#: What genie does not read; ``reader`` is the system whose parsers they are.
UNREAD: Final = (
    Excuse("show crypto isakmp sa detail", "its row wants capabilities in the last column, and there are none"),
    Excuse("show crypto isakmp sa", "the parser knows the 15.x layout, without the slot", version=OLD),
    Excuse("show crypto map", "the parser knows the 15.x layout", version=OLD),
    Excuse("show crypto ipsec sa", "the parser wants lines that are younger than 12.4", version=OLD),
    Excuse("show logging", "the parser wants the younger wording of the exception log", version=OLD, kind="router"),
    Excuse("show cdp neighbors$", _NO_TOTAL, version=OLD, kind="router"),
    Excuse("show cdp neighbors$", _NO_TOTAL, kind="switch"),
    Excuse("show cdp neighbors FastEthernet0/1$", _NO_TOTAL, version=OLD, kind="router"),
    Excuse("show cdp neighbors FastEthernet0/1$", _NO_TOTAL, kind="switch"),
    Excuse("show cdp traffic", _PIECES, version=OLD, kind="router"),
    Excuse("show cdp traffic", _PIECES, kind="switch"),
    Excuse("show cdp entry * protocol", _WHOLE),
    Excuse("show cdp entry * version", _WHOLE),
    Excuse("show environment", _NO_SENSORS),
    Excuse("show env", _NO_SENSORS),
    Excuse("show interfaces summary", _A_PORT, reader="ios"),
    Excuse("show interfaces FastEthernet0/1 summary", _A_PORT, reader="ios"),
    Excuse("show interfaces capabilities", _A_PORT, reader="ios"),
    Excuse("show interfaces FastEthernet0/1 capabilities", _A_PORT, reader="ios"),
    Excuse("show interfaces counters", _A_PORT, reader="ios"),
    Excuse("show interfaces status err-disabled", "no port is off because of an error"),
    Excuse("show port-security interface", "the parser wants the VLAN of the last source, which is younger"),
    Excuse("show storm-control", "the parser knows the columns of IOS-XE"),
    Excuse("show inventory", "the parser wants a chassis of IOS-XE's naming", reader="iosxe"),
    Excuse("show ip arp FastEthernet", "no station is behind a port that has no address", kind="switch"),
    Excuse("show arp FastEthernet", "no station is behind a port that has no address", kind="switch"),
    Excuse("show arp 0000", "there is no such station"),
    Excuse("show ip arp 0000", "there is no such station"),
    Excuse("show ip protocols", "no routing protocol runs"),
    Excuse("show ip route", "this is what a device says that does not route", kind="switch"),
    Excuse("show mac address-table count", "the parser wants sums that younger switches have"),
    Excuse("show monitor session remote", "there is no remote session"),
    Excuse("show vlan remote-span", "there is no VLAN for it"),
    Excuse("show ntp", "NTP is not there, and that is all that is said"),
    Excuse("show processes memory sorted", "the parser wants a memory pool that only IOS-XE has"),
    Excuse("show snmp", "SNMP is not there, and that is all that is said"),
)


def unread(command: str, version: str, kind: str, os: str) -> bool:
    return any(excuse.covers(command, version, kind, os) for excuse in UNREAD)


def parse(command: str, text: str, os: str = "iosxe") -> Any:
    """What genie makes of ``text``; None where it has no parser for the command."""
    device = base.Device(name="device", os=os)
    device.custom = {"abstraction": {"order": ["os"]}}
    try:
        common.get_parser(command, device)
    except Exception:
        return None
    return device.parse(command, output=text)


def output(console: Console, command: str) -> str:
    """What a command prints, without the prompt that follows."""
    return console.command(command).rpartition("\n")[0] + "\n"


@pytest.fixture(autouse=True)
def quiet() -> None:
    """genie reports every look-up of a parser that fails."""
    logging.getLogger("genie").setLevel(logging.CRITICAL)


@pytest.mark.parametrize("node", NODES)
def test_every_show_that_has_a_parser_parses(lab: AutomationLab, node: str) -> None:
    console = lab.privileged(node)
    wrong = {}
    read = 0
    for command in typed(NODES[node]):
        said = output(console, command)
        assert "% Invalid" not in said, command
        for os in ("ios", "iosxe"):
            if unread(command, lab.version, NODES[node], os):
                continue
            try:
                read += parse(command, said, os) is not None
            except Exception as error:
                wrong[command, os] = f"{error!r}\n{said}"
    assert wrong == {}
    assert read >= 50


def test_what_is_excused_needs_it(lab: AutomationLab) -> None:
    """Each exception in the table above is one still."""
    consoles = {kind: lab.privileged(node) for node, kind in NODES.items()}
    for excuse in UNREAD:
        cases = [
            (kind, command, os)
            for kind in NODES.values()
            for command in typed(kind)
            for os in ("ios", "iosxe")
            if excuse.covers(command, lab.version, kind, os)
        ]
        if excuse.version in ("", lab.version):
            assert any(not reads(command, output(consoles[kind], command), os) for kind, command, os in cases), excuse


def reads(command: str, text: str, os: str) -> bool:
    try:
        return parse(command, text, os) is not None
    except Exception:
        return False


class Read:
    """A command as genie reads it, and as our own JSON has it."""

    def __init__(self, lab: AutomationLab, node: str) -> None:
        self._lab, self._node = lab, node
        self._console = lab.privileged(node)

    def __call__(self, command: str) -> tuple[Any, Any]:
        return parse(command, output(self._console, command)), self._lab.show(self._node, command)


def test_the_box(lab: AutomationLab) -> None:
    for node, model in (("R-A", "1841"), ("SW-1", "WS-C2950-24")):
        parsed, ours = Read(lab, node)("show version")
        version = parsed["version"]
        assert (version["hostname"], version["chassis"], version["chassis_sn"]) == (node, model, ours["board_id"])
        assert version["version"] == ours["personality"]
        # The older wording of a switch is read under another name.
        counts = version.get("number_of_intfs") or version["interfaces"]
        assert {kind.lower(): int(count) for kind, count in counts.items()} == {
            kind.lower(): count for kind, count in ours["port_types"].items()
        }


def test_interfaces(lab: AutomationLab) -> None:
    for node in NODES:
        read = Read(lab, node)
        parsed, ours = read("show interfaces")
        assert set(parsed) == {interface["name"] for interface in ours["interfaces"]}
        for interface in ours["interfaces"]:
            found = parsed[interface["name"]]
            assert found["enabled"] == (interface["status"] != "administratively down")
            assert found["line_protocol"] == interface["protocol"]
            assert (found["mac_address"], found["mtu"]) == (interface["mac"], interface["mtu"])
            if interface["family"] != "subinterface":  # which has no counters of its own
                assert found["counters"]["out_errors"] == 0
                # Something may have come in between the two answers.
                assert 0 <= interface["input"]["packets"] - found["counters"]["in_pkts"] < 20
        parsed, ours = read("show ip interface brief")
        for interface in ours["interfaces"]:
            found = parsed["interface"][interface["name"]]
            assert found["ip_address"] == (interface["address"] or "unassigned")
            assert (found["status"], found["protocol"]) == (interface["status"], interface["protocol"])
            assert found["method"] == interface["method"]


def test_the_tables_of_a_router(lab: AutomationLab) -> None:
    read = Read(lab, "R-A")
    parsed, ours = read("show ip route")
    routes = parsed["vrf"]["default"]["address_family"]["ipv4"]["routes"]
    shown = {
        f"{route['network']}/{route['length']}": route
        for route in ours["routes"]
        if route["kind"] != "local" or lab.version == YOUNG
    }
    assert set(routes) == set(shown)
    assert routes["192.168.2.0/24"]["next_hop"]["next_hop_list"][1]["next_hop"] == "10.0.10.20"
    assert routes["192.168.2.0/24"]["source_protocol"] == "static"
    parsed, ours = read("show ip arp")
    found = {
        address: entry["link_layer_address"]
        for interface in parsed["interfaces"].values()
        for address, entry in interface["ipv4"]["neighbors"].items()
    }
    assert found == {entry["address"]: entry["mac"] for entry in ours["entries"] if entry["mac"]}
    parsed, ours = read("show access-lists")
    (access_list,) = ours["lists"]
    assert set(parsed) == {access_list["name"]}
    (entry,) = access_list["entries"]
    found = parsed["101"]["aces"][str(entry["sequence"])]
    assert found["actions"]["forwarding"] == entry["action"]
    if lab.version == YOUNG:
        assert found["statistics"]["matched_packets"] == entry["matches"]


def test_ipsec(lab: AutomationLab) -> None:
    read = Read(lab, "R-A")
    parsed, ours = read("show crypto session")
    (session,) = ours["sessions"]
    found = parsed["interface"][session["interface"]]
    assert found["session_status"] == session["status"] == "UP-ACTIVE"
    assert found["peer"]["10.0.10.20"]["port"]["500"]["ike_sa"]["1"]["sa_status"] == "Active"
    if lab.version == OLD:
        # genie reads the 15.x layout of what follows, and no other.
        return
    parsed, ours = read("show crypto isakmp sa")
    (sa,) = ours["sas"]
    (found,) = parsed["isakmp_stats"]["IPv4"].values()
    assert (found["source"], found["destination"]) == (sa["source"], sa["destination"])
    assert (found["session_state"], found["status"], found["conn_id"]) == (
        sa["state"],
        sa["status"],
        sa["connection_id"],
    )
    parsed, ours = read("show crypto ipsec sa")
    [(interface, ident)] = parsed["interface"].items()
    (protected,) = ours["interfaces"]
    (flow,) = protected["flows"]
    found = ident["ident"][1]
    assert interface == protected["interface"]
    assert found["action"] == "PERMIT"
    assert found["pkts_encaps"] == flow["encaps"] > 0
    assert found["pkts_decaps"] == flow["decaps"] > 0
    assert found["current_outbound_spi"].lower().startswith(f"0x{flow['outbound_spi']:x}")
    for direction in ("inbound", "outbound"):
        spis = found[f"{direction}_esp_sas"]["spi"]
        assert len(spis) == len(flow[direction]) == 1
    parsed, ours = read("show crypto map")
    (entry,) = ours["entries"]
    found = parsed["ipv4"]["crypto_map_tag"]["cmap"]
    assert (found["sequence_number"], found["peer"]) == (entry["sequence"], list(entry["peers"]))
    assert found["interfaces_crypto_map"]["interfaces"] == list(entry["interfaces"])


def test_the_tables_of_a_switch(lab: AutomationLab) -> None:
    read = Read(lab, "SW-1")
    parsed, ours = read("show vlan")
    assert {int(number) for number in parsed["vlans"]} == {vlan["number"] for vlan in ours["vlans"]}
    for vlan in ours["vlans"]:
        found = parsed["vlans"][str(vlan["number"])]
        assert (found["name"], found.get("interfaces", [])) == (vlan["name"], list(vlan["ports"]))
    parsed, ours = read("show interfaces status")
    for interface in ours["interfaces"]:
        found = parsed["interfaces"][interface["name"]]
        assert (found["status"], found["vlan"]) == (interface["condition"], interface["vlan"])
    parsed, ours = read("show mac address-table")
    found = {mac for vlan in parsed["mac_table"]["vlans"].values() for mac in vlan["mac_addresses"]}
    assert found == {entry["mac"] for entry in ours["entries"]}
    parsed, ours = read("show monitor session all")
    (session,) = ours["sessions"]
    found = parsed["session"][str(session["number"])]
    assert found["type"] == "Local Session"
    (destination,) = session["destinations"]
    assert [name.replace("FastEthernet", "Fa") for name in destination["ports"]] == [found["destination_ports"]]
    assert [name.replace("FastEthernet", "Fa") for name in session["both"]] == [found["source_ports"]["both"]]


def test_who_is_there(lab: AutomationLab) -> None:
    for node in NODES:
        said = output(lab.privileged(node), "show users")
        lines = parse("show users", said)["line"]
        assert any(line["active"] for line in lines.values())


def test_neighbors(lab: AutomationLab) -> None:
    for node in NODES:
        read = Read(lab, node)
        parsed, ours = read("show cdp neighbors detail")
        assert parsed["total_entries_displayed"] == len(ours["neighbors"]) > 0
        for found, neighbor in zip(parsed["index"].values(), ours["neighbors"], strict=True):
            assert (found["device_id"], found["platform"]) == (neighbor["device_id"], neighbor["platform"])
            assert (found["local_interface"], found["port_id"]) == (neighbor["interface"], neighbor["port_id"])
            assert found["capabilities"].split() == neighbor["capabilities"]
            assert list(found["entry_addresses"]) == neighbor["addresses"]
            assert (found["duplex_mode"], found["advertisement_ver"]) == ("full", 2)
    if lab.version == YOUNG:
        parsed, ours = Read(lab, "R-A")("show cdp neighbors")
        rows = [
            (row["device_id"], row["local_interface"], row["capability"]) for row in parsed["cdp"]["index"].values()
        ]
        assert rows == [("R-B", "FastEthernet0/0", "R S I"), ("SW-1", "FastEthernet0/1", "S I")]
