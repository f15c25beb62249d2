"""The handout played in containers, and the same script locally and by compose with the same answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path

import pytest

from tests.compose.engine import ComposeLab
from tests.lab.live import LiveLab, wait_for
from tests.lab.test_handout import play

pytestmark = [pytest.mark.root, pytest.mark.timeout(900)]

#: node and commands; what is typed changes the lab, and is taken back at the end.
SCRIPT: list[tuple[str, tuple[str, ...]]] = [
    ("PC-A", ("ping 192.168.2.1 -n 1",)),
    ("R-A", ("configure terminal", "ip route 192.168.2.0 255.255.255.0 10.0.10.20")),
    ("R-B", ("configure terminal", "ip route 192.168.1.0 255.255.255.0 10.0.10.10")),
    ("PC-A", ("ping 192.168.2.1",)),
    ("PC-A", ("tracert 192.168.2.1", "ipconfig /all", "arp -a")),
    ("R-A", ("show running-config", "show ip route", "show ip interface brief", "show drops")),
    ("R-B", ("show ip arp", "show access-lists", "show crypto isakmp sa")),
    ("SW-1", ("show mac-address-table", "show interfaces status", "show vlan brief", "show running-config")),
    ("SW-1", ("show nonsense",)),
    ("Sniffer1", ("filter icmp", "show packets", "no filter")),
    ("R-A", ("configure terminal", "no ip route 192.168.2.0 255.255.255.0 10.0.10.20")),
    ("R-B", ("configure terminal", "no ip route 192.168.1.0 255.255.255.0 10.0.10.10")),
]
#: What is another each time: round trips, ages, times of packets.
VARYING = re.compile(
    r" *[<=]?\d+ ?ms *"
    r"|^ +\d+ +\d+\.\d+"  # number and time of a packet
    r"|(?<=\d  )[ \d-]{10}(?=  [0-9a-f]{4}\.)"  # the age in an ARP table
    r"|Minimum.*",
    re.MULTILINE,
)


def answers(lab: LiveLab) -> list[str]:
    """Lines."""
    lines: list[str] = []
    for node, commands in SCRIPT:
        run = lab.wirelab("exec", node, *commands, check=False)
        lines += [f"{node} {commands}: {run.returncode}", *VARYING.sub("~", run.stdout).splitlines()]
    return lines


@pytest.fixture
def lab(state_home: Path, clone: Path, image: str) -> Iterator[ComposeLab]:
    """The lab at stage start, in a file that was made for it."""
    with ComposeLab(state_home, clone, image, "start", "start.yml") as lab:
        lab.wirelab("compose", "no4-ipsec", "--stage", "start", "-o", str(clone / "start.yml"), lab=False)
        yield lab
    assert lab.left() == {}


def test_the_same_script_gives_the_same_answers_and_then_the_handout(
    lab: ComposeLab, tmp_path: Path, state_home: Path
) -> None:
    lab.up(stage="start")
    by_compose = answers(lab)
    # The same name, since addresses are made of it.
    with LiveLab(state_home, "no4-ipsec") as local:
        local.up(stage="start")
        differences = "\n".join(unified_diff(answers(local), by_compose, "locally", "by compose", n=1, lineterm=""))
        assert not differences, differences
    # Cold again, as the handout begins.
    lab.wirelab("restart", "R-A", "R-B", "SW-1", "SW-2", "PC-A", "SV-B", "Sniffer1", "Sniffer2")
    play(lab)


def test_a_lab_of_one_s_own(state_home: Path, clone: Path, image: str, tmp_path: Path) -> None:
    """`wirelab new`, `wirelab compose`, up: on ports that the engine chooses, and the exam's keys stay secret."""
    with ComposeLab(state_home, tmp_path / "mine", image, "mine") as lab:
        lab.wirelab("new", str(lab.clone), lab=False)
        file = lab.clone / "mine.lab.yml"
        file.write_text(file.read_text("utf-8") + "keys: false\n", "utf-8")
        lab.wirelab("compose", str(file), "--base-port", "0", "-o", str(lab.clone / lab.file), lab=False)
        lab.up()
        ports = [node["console"][1] for node in lab.ps()["nodes"]]
        assert len(set(ports)) == 5
        assert all(port > 1024 for port in ports)
        wait_for(lambda: lab.exec("PC1", "ping 192.168.2.10").count("Reply from") == 4, "4 of 4")
        assert "PC1" in lab.console("PC1").command("ipconfig /all")
        refused = lab.wirelab("capture", "--keys", str(tmp_path / "keys"), check=False)
        assert "keeps its keys to itself" in refused.stderr
    assert lab.left() == {}
