"""The first scrapli, which many scripts are written for, over its telnet."""

from __future__ import annotations

from typing import Any

import pytest

from tests.automation.conftest import AutomationLab

scrapli = pytest.importorskip("scrapli")

pytestmark = [pytest.mark.automation, pytest.mark.filterwarnings("default")]


@pytest.mark.parametrize("node", ["R-A", "SW-1"])
def test_session(lab: AutomationLab, node: str) -> None:
    host, port = lab.addresses[node]
    connection: Any = scrapli.Scrapli(
        platform="cisco_iosxe",
        host=host,
        port=port,
        transport="telnet",
        auth_bypass=True,
        auth_secondary="none",
        timeout_ops=30,
    )
    with connection as console:
        assert console.get_prompt() == f"{node}#"
        answer = console.send_command("show ip interface brief")
        assert not answer.failed
        assert "FastEthernet0/1" in [line.split()[0] for line in answer.result.splitlines()]
        text = f"by the first scrapli on {node}"
        assert not console.send_configs(["interface FastEthernet0/1", f"description {text}"]).failed
        assert f" description {text}" in console.send_command("show running-config").result.splitlines()
        assert console.send_command("show versoin").failed
        assert console.send_config("hostnmae X").failed
        console.acquire_priv("exec")
        assert console.get_prompt() == f"{node}>"
