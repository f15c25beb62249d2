"""What the broker and the devices are told about the catalog's lab and about a small one."""

from __future__ import annotations

from pathlib import Path

import msgpack
import pytest

from labs import describe, find
from labs.lab import End, Lab, Link, Node, Stage, Startup
from labs.load import load

SMALL = Lab(
    name="small",
    description="",
    file=Path("/x/small.lab.yml"),
    stages=(Stage("start", ""), Stage("end", "")),
    default_stage="end",
    nodes=(
        Node("R-A", "router", "1841", "15.1(4)M12a", startup={"end": Startup("a.cfg", "hostname R-A\n")}),
        Node("PC-A", "pc", "pc", None),
    ),
    links=(Link(End("PC-A", "FastEthernet0"), End("R-A", "FastEthernet0/1"), "crossover"),),
)
CONSOLES = {"R-A": ("127.0.0.1", 5001), "PC-A": ("127.0.0.1", 5002)}


def test_the_broker_is_told_ports_and_wires() -> None:
    assert describe.describe_broker(SMALL, "mine", "ipc:///run/b") == {
        "proto": 1,
        "lab": "mine",
        "endpoint": "ipc:///run/b",
        "nodes": {
            "R-A": {
                "ports": [
                    {"id": 1, "name": "FastEthernet0/0", "mdi": "mdi"},
                    {"id": 2, "name": "FastEthernet0/1", "mdi": "mdi"},
                ]
            },
            "PC-A": {"ports": [{"id": 3, "name": "FastEthernet0", "mdi": "mdi"}]},
        },
        "wires": [{"a": 3, "b": 2, "cable": "crossover"}],
    }


def test_a_device_is_told_what_it_is_and_what_to_boot() -> None:
    nodes = describe.describe_nodes(
        SMALL, "mine", "ipc:///run/b", "end", CONSOLES, Path("/state/nvram"), Path("/state/keys")
    )
    assert list(nodes) == ["R-A", "PC-A"]
    router = nodes["R-A"]
    ports = router.pop("ports")
    assert router == {
        "proto": 1,
        "lab": "mine",
        "node": "R-A",
        "kind": "router",
        "type": "1841",
        "version": "15.1(4)M12a",
        "broker": "ipc:///run/b",
        "console": ["127.0.0.1", 5001],
        "startup_config": "hostname R-A\n",
        "startup_name": "a.cfg",
        "nvram": "/state/nvram/R-A.cfg",
        "keylog": "/state/keys/R-A.keys",
    }
    assert [(port["id"], port["name"]) for port in ports] == [(1, "FastEthernet0/0"), (2, "FastEthernet0/1")]
    # 02, three octets of sha256("mine/R-A"), two of the port's index.
    assert [port["mac"].hex("-") for port in ports] == ["02-05-c6-c4-00-00", "02-05-c6-c4-00-01"]
    assert nodes["PC-A"]["startup_config"] == "", "a node without a config for the stage boots an empty one"
    assert msgpack.unpackb(msgpack.packb(nodes)) == nodes


def test_two_names_with_the_same_hash_get_addresses_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    class Poor:
        def __init__(self, text: bytes) -> None:
            self._octets = bytes((len(text), 0, 0))

        def digest(self) -> bytes:
            return self._octets

    monkeypatch.setattr("labs.describe.hashlib.sha256", Poor)
    lab = Lab("x", "", SMALL.file, SMALL.stages, "end", tuple(Node(n, "pc", "pc", None) for n in ("A", "B", "C")), ())
    consoles = dict.fromkeys("ABC", ("127.0.0.1", 1))
    nodes = describe.describe_nodes(lab, "x", "ipc://b", "end", consoles, Path("/n"))
    macs = [port["mac"] for node in nodes.values() for port in node["ports"]]
    assert len(set(macs)) == 3
    assert nodes["A"]["ports"][0]["mac"][1] == len("x/A"), "the first of them keeps its own hash"


def test_every_lab_of_the_catalog_can_be_described_at_every_stage() -> None:
    catalog = find.catalog()
    assert "no4-ipsec" in catalog
    for name, file in catalog.items():
        lab = load(file)
        assert lab.name == name, "a lab is called as its file"
        assert (file.parent / "README.md").read_text("utf-8").startswith("# ")
        consoles = {node.name: ("127.0.0.1", 1) for node in lab.nodes}
        macs: set[bytes] = set()
        for stage in lab.stages:
            assert all(stage.name in node.startup for node in lab.nodes), f"{name}: a node has nothing for {stage.name}"
            nodes = describe.describe_nodes(lab, name, "ipc://b", stage.name, consoles, Path("/n"))
            macs |= {port["mac"] for node in nodes.values() for port in node["ports"]}
        assert len(macs) == sum(len(node.model.ports) for node in lab.nodes)


def test_the_reference_lab_is_the_handouts() -> None:
    lab = load(find.catalog()["no4-ipsec"])
    assert {node.name: (node.kind, node.type, node.console) for node in lab.nodes} == {
        "R-A": ("router", "1841", ("127.0.0.1", 5001)),
        "R-B": ("router", "1841", ("127.0.0.1", 5002)),
        "SW-1": ("switch", "c2950-24", ("127.0.0.1", 5003)),
        "SW-2": ("switch", "c2950-24", ("127.0.0.1", 5004)),
        "PC-A": ("pc", "pc", ("127.0.0.1", 5005)),
        "SV-B": ("server", "server", ("127.0.0.1", 5006)),
        "Sniffer1": ("sniffer", "sniffer", ("127.0.0.1", 5007)),
        "Sniffer2": ("sniffer", "sniffer", ("127.0.0.1", 5008)),
    }
    assert {node.version for node in lab.nodes if node.kind == "router"} == {"12.4(15)T1"}
    assert {tuple(sorted((str(link.a), str(link.b)))): link.cable for link in lab.links} == {
        ("PC-A:FastEthernet0", "SW-1:FastEthernet0/2"): "straight",
        ("R-A:FastEthernet0/1", "SW-1:FastEthernet0/1"): "straight",
        ("R-A:FastEthernet0/0", "Sniffer1:Ethernet0"): "straight",
        ("R-B:FastEthernet0/0", "Sniffer1:Ethernet1"): "straight",
        ("R-B:FastEthernet0/1", "SW-2:FastEthernet0/1"): "straight",
        ("SV-B:FastEthernet0", "SW-2:FastEthernet0/2"): "straight",
        ("SW-1:FastEthernet0/24", "Sniffer2:Ethernet0"): "crossover",
    }
    assert [stage.name for stage in lab.stages][:3] == ["blank", "start", "solution"]
    assert lab.default_stage == "solution"
    assert len(lab.tries) == 3
