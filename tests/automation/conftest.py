"""The reference lab with both kinds of router software, for programs that were written for real devices."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.automation.shows import OLD, YOUNG
from tests.lab.live import ROOT, Console, LiveLab, wait_for

NO4 = ROOT / "labs" / "catalog" / "no4-ipsec"
VERSIONS = (OLD, YOUNG)


class AutomationLab(LiveLab):
    """The lab of one software version, up, with a tunnel that has carried packets and something on every table."""

    def __init__(self, home: Path, version: str) -> None:
        super().__init__(home, f"a{VERSIONS.index(version)}")
        self.version = version
        self.addresses: dict[str, tuple[str, int]] = {}

    def start(self) -> None:
        folder = self.home / f"{self.name}-files"
        shutil.copytree(NO4, folder)
        file = folder / "no4-ipsec.lab.yml"
        text = file.read_text()
        assert VERSIONS[0] in text
        file.write_text(text.replace(VERSIONS[0], self.version))
        self.wirelab("up", str(file), "--base-port", "0")
        self.addresses = {node["name"]: (node["console"][0], node["console"][1]) for node in self.ps()["nodes"]}
        self.exec("PC-A", "ping 192.168.2.1")
        self.exec(
            "SW-1",
            "configure terminal",
            "monitor session 1 source interface fa0/2",
            "monitor session 1 destination interface fa0/24",
            "vlan 10",
            "name STAFF",
            "interface fa0/5",
            "switchport access vlan 10",
            # To R-A, which is in the native VLAN.
            "interface fa0/1",
            "switchport mode trunk",
            "access-list 1 permit 192.168.1.0 0.0.0.255",
            "interface vlan 1",
            "ip address 192.168.1.250 255.255.255.0",
            "no shutdown",
            "end",
            "write memory",
        )
        self.exec("R-A", "configure terminal", "interface fa0/1.30", "encapsulation dot1Q 30", "end", "write memory")
        wait_for(
            lambda: "Success rate is 100" in self.exec("SW-1", "ping 192.168.1.254"), "the switch reaches the router"
        )
        wait_for(lambda: self.show("R-A", "show cdp neighbors")["neighbors"], "R-A hears its neighbour")

    def privileged(self, node: str) -> Console:
        """A console with full privilege and without paging, from a client that has no habits."""
        console = self.console(node)
        # Nor with log messages, behind which the prompt comes once more.
        for command in ("terminal length 0", "terminal width 0", "enable", "terminal no monitor"):
            console.command(command)
        return console


@pytest.fixture(scope="session", params=VERSIONS)
def lab(request: pytest.FixtureRequest) -> Iterator[AutomationLab]:
    home = Path(tempfile.mkdtemp(prefix="wl-"))
    lab = AutomationLab(home, request.param)
    with lab:
        lab.start()
        yield lab
    assert not lab.processes(), "a lab that is down left processes behind"
    shutil.rmtree(home)
