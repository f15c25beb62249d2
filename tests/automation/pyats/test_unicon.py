"""pyATS as its users have it: a testbed, a connection by unicon through the system's telnet, parse and configure."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from tests.automation.conftest import AutomationLab

topology = pytest.importorskip("pyats.topology")

pytestmark = [
    pytest.mark.automation,
    pytest.mark.filterwarnings("default"),
    pytest.mark.skipif(shutil.which("telnet") is None, reason="unicon starts the system's telnet, which is missing"),
]


@pytest.mark.parametrize("node", ["R-A", "SW-1"])
def test_testbed(lab: AutomationLab, node: str, tmp_path: Any) -> None:
    host, port = lab.addresses[node]
    described = {
        "os": "ios",
        "type": "router",
        "connections": {"cli": {"protocol": "telnet", "ip": host, "port": port}},
        "credentials": {"default": {"username": "none", "password": "none"}, "enable": {"password": "none"}},
    }
    device = topology.loader.load({"devices": {node: described}}).devices[node]
    # By default unicon waits ten seconds before it lets a line go, for terminal servers.
    patience = {"POST_DISCONNECT_WAIT_SEC": 0, "GRACEFUL_DISCONNECT_WAIT_SEC": 0}
    device.connect(log_stdout=False, logfile=str(tmp_path / "unicon.log"), settings=patience)
    try:
        assert device.hostname == node
        brief = device.parse("show ip interface brief")["interface"]
        assert brief["FastEthernet0/1"]["status"] == "up"
        assert device.parse("show version")["version"]["hostname"] == node
        text = f"by unicon on {node}"
        device.configure(["interface FastEthernet0/1", f"description {text}"])
        assert f" description {text}" in device.execute("show running-config").replace("\r", "").split("\n")
        if node == "R-A":
            assert "Success rate is" in device.ping("10.0.10.20")
    finally:
        device.disconnect()
