"""A site of the lab with one router, and behind its WAN port a real gateway in a network namespace."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.interop.strongswan import StrongSwan, strongswan
from tests.lab.live import LiveLab, wait_for
from tests.netns import Namespace, cable, namespace

LAB = """
name: site
topology:
  nodes:
    R-A:
      kind: router
      version: "12.4(15)T1"
    PC-A:
      kind: pc
      startup-config: |
        hostname PC-A
        ipconfig 192.168.1.1 255.255.255.0 192.168.1.254
    Wan: {kind: cloud, attach: {Eth0: wan}}
  links:
    - endpoints: ["R-A:Fa0/0", "Wan:Eth0"]
    - {endpoints: ["R-A:Fa0/1", "PC-A:Fa0"], cable: crossover}
"""

#: What the router is given each time: it boots without a configuration.
BASE = (
    "hostname R-A",
    "interface FastEthernet0/0",
    "ip address 10.0.10.10 255.255.255.0",
    "no shutdown",
    "interface FastEthernet0/1",
    "ip address 192.168.1.254 255.255.255.0",
    "no shutdown",
    "access-list 101 permit ip 192.168.1.0 0.0.0.255 192.168.2.0 0.0.0.255",
    "access-list 101 permit ip 192.168.1.0 0.0.0.255 192.168.3.0 0.0.0.255",
    "ip route 0.0.0.0 0.0.0.0 10.0.10.20",
)

#: Echo requests from a host: prints how many of them were answered.
PING = """
import os, socket, struct, sys, time
source, target, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
s.bind((source, 0)); s.settimeout(3)
answered = 0
for number in range(1, count + 1):
    head = struct.pack("!BBHHH", 8, 0, 0, os.getpid() & 0xFFFF, number)
    total = sum(struct.unpack("!4H", head)); total = (total & 0xFFFF) + (total >> 16)
    s.sendto(head[:2] + struct.pack("!H", ~total & 0xFFFF) + head[4:], (target, 0))
    end = time.monotonic() + 3
    while time.monotonic() < end:
        try:
            data = s.recv(2048)
        except TimeoutError:
            break
        if data[20] == 0 and data[24:28] == head[4:]:
            answered += 1
            break
print(answered)
"""


class Site(LiveLab):
    """R-A and PC-A in a namespace of their own; ``far`` is the peer's namespace, with the addresses of site B."""

    def __init__(self, home: Path, inside: Namespace, far: Namespace) -> None:
        super().__init__(home, "site")
        self.prefix = inside.prefix
        self.far = far

    def configure(self, *lines: str) -> None:
        self.exec("R-A", "configure terminal", *lines, "end")

    def ping(self, count: int = 4, target: str = "192.168.2.1") -> int:
        """Echo requests from PC-A that were answered."""
        text = self.exec("PC-A", f"ping -n {count} -w 3000 {target}")
        return int(text.partition("Received = ")[2].partition(",")[0])

    def ping_back(self, count: int = 4) -> int:
        """Echo requests from site B that PC-A answered."""
        return int(self.far.python(PING, "192.168.2.1", "192.168.1.1", str(count)))

    def crosses(self) -> None:
        """Pings cross the tunnel, once what the first ones wake up is done."""
        try:
            wait_for(lambda: self.ping(2) == 2, "a ping through the tunnel")
        except AssertionError:
            print(self.exec("R-A", "show running-config", "show crypto session", "show drops", "show logging"))
            raise

    def isakmp(self) -> list[dict[str, Any]]:
        sas: list[dict[str, Any]] = self.show("R-A", "show crypto isakmp sa")["sas"]
        return sas

    def ipsec(self) -> str:
        return self.exec("R-A", "show crypto ipsec sa")

    def clear(self) -> None:
        self.exec("R-A", "clear crypto sa", "clear crypto isakmp")


@pytest.fixture(scope="session")
def _site() -> Iterator[Site]:
    home = Path(tempfile.mkdtemp(prefix="wl-"))
    with namespace() as inside, namespace() as far:
        cable(inside, "wan", far, "eth0")
        far.ip("addr", "add", "10.0.10.20/24", "dev", "eth0")
        for address in ("192.168.2.1", "192.168.3.1"):
            far.ip("addr", "add", f"{address}/32", "dev", "lo")
        file = home / "site.lab.yml"
        file.write_text(LAB)
        site = Site(home, inside, far)
        with site:
            site.wirelab("up", str(file), "--base-port", "0")
            yield site
        assert not site.processes()
    shutil.rmtree(home)


@pytest.fixture
def site(_site: Site) -> Site:
    """The site, with a router that has just been switched on and knows nothing of crypto."""
    _site.wirelab("restart", "R-A")
    _site.configure(*BASE)
    return _site


@pytest.fixture
def swan(site: Site) -> Iterator[StrongSwan]:
    """A real gateway at the far end, without a connection yet."""
    with strongswan(site.far) as swan:
        yield swan
