"""A cloud without its Linux interfaces, and what a lab file may say about them."""

from __future__ import annotations

from pathlib import Path

import pytest

from labs.document import MistakesError
from labs.errors import LabError
from labs.launch import check_attachments
from labs.load import load
from nodes.device.cloud import Cloud
from nodes.device.effects import HostCarrier, ToHost
from tests.device.bench import Bench

FRAME = bytes(60)


@pytest.fixture
def bench() -> Bench:
    bench = Bench("cloud")
    cloud = bench.device
    assert isinstance(cloud, Cloud)
    cloud.attach(0, "veth1", "packet")
    cloud.attach(1, "lab0", "tap")
    return bench


def cloud_of(bench: Bench) -> Cloud:
    assert isinstance(bench.device, Cloud)
    return bench.device


def test_a_port_follows_its_interface(bench: Bench) -> None:
    cloud = cloud_of(bench)
    assert bench.send(0, FRAME) == []
    assert bench.drops() == {"port-down": 1}
    cloud.host_state(0, True, "", 101.0)
    assert cloud.view().up == (0,)
    cloud.drain()
    cloud.receive(0, [FRAME, FRAME], 101.0)
    assert cloud.drain() == [ToHost(0, [FRAME, FRAME])]
    cloud.from_host(0, [FRAME], 102.0)
    assert bench.out() == [(0, FRAME)]
    cloud.host_state(0, False, "No such device", 103.0)
    assert cloud.view().up == ()
    text = bench.exec("show attachments")
    assert "Et0    veth1            packet  down  up             2          1  No such device" in text
    bench.out()
    assert any("%CLOUD-5-UPDOWN: veth1 of Ethernet0, changed state to down (No such device)" in x for x in bench.log)


def test_a_tap_is_told_of_its_wire(bench: Bench) -> None:
    cloud = cloud_of(bench)
    cloud.carrier(1, False, "unplugged", 101.0)
    assert HostCarrier(1, False) in cloud.drain()


def test_what_the_kernel_does_not_take_is_counted(bench: Bench) -> None:
    cloud_of(bench).undelivered(3, 101.0)
    assert bench.drops()["host-queue-full"] == 3


FILE = """
name: joined
topology:
  nodes:
    R1: {kind: router, attach: {Fa0/0: eth0}}
    Out:
      kind: cloud
      attach: {Eth0: eth1, eth0: eth2, Eth9: eth3, Eth1: eth1, Eth2: "a name with blanks"}
"""


def test_mistakes_are_named_with_their_place(tmp_path: Path) -> None:
    file = tmp_path / "joined.lab.yml"
    file.write_text(FILE)
    with pytest.raises(MistakesError) as caught:
        load(file)
    text = "\n".join(str(mistake).removeprefix(f"{file}:") for mistake in caught.value.mistakes)
    assert "5:24: only a node of kind cloud has Linux interfaces" in text
    assert "8:70: a Linux interface expected (at most 15 characters), or tap:NAME for one to be made" in text


def test_ports_and_interfaces_are_used_once(tmp_path: Path) -> None:
    file = tmp_path / "joined.lab.yml"
    file.write_text(FILE.replace("attach: {Fa0/0: eth0}", "type: '1841'").replace(', Eth2: "a name with blanks"', ""))
    with pytest.raises(MistakesError) as caught:
        load(file)
    assert [str(mistake).partition(": ")[2] for mistake in caught.value.mistakes] == [
        "a port of its own expected; Ethernet0 is attached already",
        "no port 'Eth9'; ports: Ethernet0 to Ethernet7",
        "an interface of its own expected; 'eth1' is attached already",
    ]


def test_without_the_capability_nothing_is_started(tmp_path: Path) -> None:
    file = tmp_path / "joined.lab.yml"
    file.write_text("name: x\ntopology: {nodes: {Out: {kind: cloud, attach: {Eth0: wl-nowhere, Eth1: 'tap:lab0'}}}}\n")
    lab = load(file)
    status = tmp_path / "status"
    said: list[str] = []
    status.write_text(f"CapInh:\t0\nCapEff:\t{1 << 13:016x}\n")
    with pytest.raises(LabError, match="Out cannot make the interface 'lab0' without CAP_NET_ADMIN"):
        check_attachments(lab, said.append, status)
    assert said == ["Out: there is no interface 'wl-nowhere' yet; its port stays down until there is"]
    status.write_text("CapEff:\t0000000000000000\n")
    with pytest.raises(LabError, match="Out cannot open the interface 'wl-nowhere' without CAP_NET_RAW"):
        check_attachments(lab, said.append, status)
