"""scrapli over its own telnet, at the consoles of a router and a switch."""

from __future__ import annotations

from typing import Any

import pytest

from tests.automation.conftest import AutomationLab

scrapli = pytest.importorskip("scrapli")

pytestmark = [pytest.mark.automation, pytest.mark.filterwarnings("default")]

READ = {
    "R-A": ["show version", "show ip interface brief", "show ip route", "show interfaces", "ping 10.0.10.20"],
    "SW-1": ["show version", "show mac address-table", "show vlan", "show interfaces status"],
}


@pytest.mark.parametrize("node", READ)
def test_session(lab: AutomationLab, node: str) -> None:
    host, port = lab.addresses[node]
    connection: Any = scrapli.Cli(
        definition_file_or_name="cisco_iosxe",
        host=host,
        port=port,
        auth_options=scrapli.AuthOptions(username="none", password="none"),
        transport_options=scrapli.TransportTelnetOptions(),
    )
    with connection as console:
        assert console.get_prompt().result == f"{node}#"
        for command in READ[node]:
            answer = console.send_input(input_=command)
            assert not answer.failed, command
            assert answer.textfsm_parse(), command
        text = f"by scrapli on {node}"
        lines = ["interface FastEthernet0/1", f"description {text}"]
        assert not console.send_inputs(inputs=lines, requested_mode="configuration").failed
        assert f" description {text}" in console.send_input(input_="show running-config").result.splitlines()
        assert console.send_input(input_="show versoin").failed
        console.enter_mode(requested_mode="exec")
        assert console.get_prompt().result == f"{node}>"
