"""Real Linux hosts in network namespaces, joined to a lab by clouds. Needs root."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab.live import LiveLab, wait_for
from tests.netns import Namespace, cable, namespace

pytestmark = pytest.mark.root

LAB = """
name: joined
topology:
  nodes:
    R1:
      kind: router
      startup-config: |
        hostname R1
        interface FastEthernet0/0
         ip address 10.9.0.1 255.255.255.0
        interface FastEthernet0/1
         ip address 10.8.0.1 255.255.255.0
        end
    In: {kind: cloud, attach: {Eth0: to-b, Eth1: to-c}}
    Out: {kind: cloud, attach: {Eth1: to-d, Eth0: "tap:made"}}
  links:
    - endpoints: ["R1:Fa0/0", "In:Eth0"]
    - endpoints: ["In:Eth1", "Out:Eth1"]
    - endpoints: ["R1:Fa0/1", "Out:Eth0"]
"""

#: Sends datagrams to a port where nobody listens; a router that finds their checksums right says so (ICMP).
REFUSED = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.connect((sys.argv[1], 40000)); s.settimeout(2)
for _ in range(20):
    try:
        s.send(b"odd"); s.recv(100)
    except ConnectionRefusedError:
        print("refused"); break
    except TimeoutError:
        pass
"""
SERVE = """
import hashlib, socket, sys
s = socket.create_server(("0.0.0.0", 7000)); print("ready", flush=True)
c, _ = s.accept(); h = hashlib.sha256(); n = 0
while data := c.recv(1 << 16):
    h.update(data); n += len(data)
print(n, h.hexdigest(), flush=True)
"""
LOAD = """
import hashlib, random, socket, sys
data = random.Random(4).randbytes(4 << 20)
s = socket.create_connection((sys.argv[1], 7000)); s.sendall(data); s.close()
print(len(data), hashlib.sha256(data).hexdigest())
"""

TAGGED = """
import socket
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0); s.bind(("eth0", 0))
tag = b"\\x81\\x00" + (5 << 13 | 30).to_bytes(2, "big")
s.send(b"\\xff" * 6 + b"\\x02\\0\\0\\0\\0\\x63" + tag + b"\\x88\\xb5" + b"tagged by hand".ljust(46, b"\\0"))
"""
TAGS = """
import socket, struct
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 3); s.bind(("eth0", 3)); s.setsockopt(263, 8, 1)
print("ready", flush=True)
while True:
    data, ancillary, _, _ = s.recvmsg(4096, 64)
    if data[12:14] == b"\\x88\\xb5":
        tci, tpid = struct.unpack("=IIIHHHH", ancillary[0][2])[5:]
        print(f"0x{tpid:x} VLAN {tci & 4095} priority {tci >> 13} {data[14:28]}", flush=True)
        break
"""


class Joined(LiveLab):
    """A lab inside of a namespace of its own, with hosts around it."""

    def __init__(self, home: Path, inside: Namespace, hosts: dict[str, Namespace]) -> None:
        super().__init__(home, "joined")
        self.prefix = inside.prefix
        self.inside = inside
        self.hosts = hosts

    def attachments(self) -> dict[str, Any]:
        return {
            entry["interface"]: entry
            for node in ("In", "Out")
            for entry in self.show(node, "show attachments")["attachments"]
        }


@pytest.fixture(scope="module")
def joined() -> Iterator[Joined]:
    home = Path(tempfile.mkdtemp(prefix="wl-"))
    with namespace() as inside, namespace() as b, namespace() as c, namespace() as d:
        hosts = {"b": b, "c": c, "d": d}
        for name, host in hosts.items():
            cable(inside, f"to-{name}", host, "eth0")
        b.ip("addr", "add", "10.9.0.2/24", "dev", "eth0")
        c.ip("addr", "add", "10.7.0.1/24", "dev", "eth0")
        d.ip("addr", "add", "10.7.0.2/24", "dev", "eth0")
        file = home / "joined.lab.yml"
        file.write_text(LAB)
        lab = Joined(home, inside, hosts)
        with lab:
            lab.wirelab("up", str(file), "--base-port", "0")
            yield lab
        assert not lab.processes()
    shutil.rmtree(home)


def test_a_router_and_a_real_host_ping_each_other(joined: Joined) -> None:
    assert "Success rate is" in joined.exec("R1", "ping 10.9.0.2")
    assert "(5/5)" in joined.exec("R1", "ping 10.9.0.2")
    entry = joined.attachments()["to-b"]
    assert (entry["host"], entry["wire"]) == ("up", "up")
    assert entry["from_host_packets"] >= 10 <= entry["to_host_packets"]


def test_half_made_checksums_are_finished(joined: Joined) -> None:
    """Between veth ends the kernel leaves UDP checksums to a card that does not exist."""
    assert joined.hosts["b"].python(REFUSED, "10.9.0.1") == "refused\n"
    counted = {drop["name"]: drop["count"] for drop in joined.show("R1", "show drops")["drops"]}
    assert "udp-malformed" not in counted
    assert counted["udp-no-port"] >= 1


def test_tcp_between_real_hosts_crosses_the_lab_whole(joined: Joined) -> None:
    """Four megabytes in super-frames of segmentation offload, cut to size on their way in, and back out."""
    receiver = joined.hosts["d"].start("python3", "-c", SERVE, stdout=-1)
    assert receiver.stdout is not None
    assert receiver.stdout.readline() == "ready\n"
    sent = joined.hosts["c"].python(LOAD, "10.7.0.2")
    assert receiver.stdout.readline() == sent
    receiver.wait(30)
    receiver.stdout.close()
    entries = joined.attachments()
    mean = entries["to-c"]["from_host_octets"] / entries["to-c"]["from_host_packets"]
    assert 1000 < mean <= 1514
    for node in ("In", "Out"):
        assert "host-offload" not in json.dumps(joined.show(node, "show drops"))


def test_vlan_tags_cross_the_lab(joined: Joined) -> None:
    """The kernel takes a tag out of a frame that it receives, at the cloud as well as here at the far host."""
    receiver = joined.hosts["d"].start("python3", "-c", TAGS, stdout=-1)
    assert receiver.stdout is not None
    assert receiver.stdout.readline() == "ready\n"
    joined.hosts["c"].python(TAGGED)
    assert receiver.stdout.readline() == "0x8100 VLAN 30 priority 5 b'tagged by hand'\n"
    receiver.wait(30)
    receiver.stdout.close()


def test_a_tap_that_the_node_made(joined: Joined) -> None:
    joined.inside.ip("addr", "add", "10.8.0.2/24", "dev", "made")
    wait_for(lambda: "(5/5)" in joined.exec("R1", "ping 10.8.0.2"), "a ping over the TAP")
    # The interface has carrier as long as the wire behind it has.
    joined.exec("R1", "configure terminal", "interface fa0/1", "shutdown")
    wait_for(lambda: "NO-CARRIER" in joined.inside.ip("link", "show", "made"), "no carrier on the TAP")
    joined.exec("R1", "configure terminal", "interface fa0/1", "no shutdown")
    wait_for(lambda: "LOWER_UP" in joined.inside.ip("link", "show", "made"), "carrier on the TAP")


def test_an_interface_that_goes_takes_its_wire_down_and_back(joined: Joined) -> None:
    def line_protocol() -> str:
        interfaces = joined.show("R1", "show interfaces FastEthernet0/0")["interfaces"]
        return str(interfaces[0]["protocol"])

    host = joined.hosts["b"]
    joined.inside.ip("link", "set", "to-b", "down")
    wait_for(lambda: line_protocol() == "down", "the router's port follows the interface")
    assert joined.attachments()["to-b"]["note"] == "down"
    joined.inside.ip("link", "del", "to-b")
    wait_for(lambda: joined.attachments()["to-b"]["note"] == "No such device", "the interface is gone")
    cable(joined.inside, "to-b", host, "eth0")
    host.ip("addr", "add", "10.9.0.2/24", "dev", "eth0")
    wait_for(lambda: line_protocol() == "up", "the port is back with the interface")
    wait_for(lambda: "(5/5)" in joined.exec("R1", "ping 10.9.0.2"), "a ping again")
