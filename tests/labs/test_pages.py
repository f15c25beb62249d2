"""The student's pages of the lab No.4, in English and Japanese: they name what there is, and what they say works."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from labs.load import load
from tests.sim import NO4, LabSim

LAB = load(NO4)
PAGES = {name: (NO4.parent / name).read_text("utf-8") for name in ("README.md", "README.ja.md")}
BROKEN = [stage.name for stage in LAB.stages if stage.name not in ("blank", "start", "solution")]


@dataclass(frozen=True)
class Block:
    """A fenced block: the words behind the fence, and the lines in it."""

    info: str
    lines: tuple[str, ...]


def blocks(text: str) -> list[Block]:
    found = re.findall(r"^```(.*)\n((?:.*\n)*?)```$", text, re.MULTILINE)
    return [Block(info, tuple(body.splitlines())) for info, body in found]


def headings(text: str) -> list[int]:
    """The level of each heading outside fenced blocks."""
    prose = re.sub(r"^```.*\n(?:.*\n)*?```$", "", text, flags=re.MULTILINE)
    return [len(marks) for marks in re.findall(r"^(#{1,6}) ", prose, re.MULTILINE)]


def rows(text: str) -> Iterator[list[str]]:
    """The cells of each row of a table."""
    for line in text.splitlines():
        if line.startswith("| "):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def configurations(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """(node, lines) of every block of configuration, in the order of the page."""
    return [(block.info.split()[1], block.lines) for block in blocks(text) if block.info.startswith("config ")]


def mends(text: str) -> dict[str, tuple[str, tuple[str, ...]]]:
    """stage -> (node, lines) of the table of causes: its rows have five cells, the last one being the repair."""
    found = {}
    for cells in rows(text):
        if len(cells) == 5 and cells[0].startswith("`"):
            node, _, code = cells[4].partition(":")
            found[cells[0].strip("`")] = node, tuple(re.findall(r"`([^`]+)`", code))
    return found


def symptoms(text: str) -> dict[str, dict[str, list[str]]]:
    """stage -> router -> the words of the console that the table of causes quotes for it."""
    found = {}
    for cells in rows(text):
        if len(cells) == 5 and cells[0].startswith("`"):
            quoted = {}
            for router, cell in (("R-A", cells[2]), ("R-B", cells[3])):
                spans = [span for span in re.findall(r"`([^`]+)`", cell) if not span.startswith("show ")]
                quoted[router] = [words.strip() for span in spans for words in span.split("…") if words.strip()]
            found[cells[0].strip("`")] = quoted
    return found


def replies(sim: LabSim, name: str, address: str) -> int:
    return sim.exec(name, f"ping {address}").count("TTL=126")


@pytest.mark.parametrize("page", PAGES)
def test_every_stage_and_every_console_is_named(page: str) -> None:
    text = PAGES[page]
    assert [stage.name for stage in LAB.stages if f"`{stage.name}`" not in text] == []
    consoles = {cells[0]: cells[-1] for cells in rows(text) if cells[-1].startswith("`telnet ")}
    expected = {node.name: "`telnet {} {}`".format(*node.console) for node in LAB.nodes if node.console}
    assert len(expected) == 8
    assert consoles == expected


def test_both_pages_have_the_same_structure() -> None:
    english, japanese = PAGES.values()
    assert headings(english) == headings(japanese)
    assert len(headings(english)) > 12
    assert blocks(english) == blocks(japanese), "what is typed and printed is the same in both languages"
    assert english.count("```") == 2 * len(blocks(english)), "every fence is closed"
    assert [len(cells) for cells in rows(english)] == [len(cells) for cells in rows(japanese)]
    assert mends(english) == mends(japanese)
    assert symptoms(english) == symptoms(japanese)


@pytest.mark.parametrize("page", PAGES)
def test_what_the_page_configures_is_accepted_and_encrypts(page: str) -> None:
    """From stage start, block by block: then the first ping loses two, the second none, and Sniffer2 reads it."""
    listed = configurations(PAGES[page])
    assert {node for node, _ in listed} == {"R-A", "R-B", "SW-1"}
    sim = LabSim(LAB, "start")
    for node, lines in listed:
        sim.exec(node, *lines)  # raises when the device rejects one
    assert [replies(sim, "PC-A", "192.168.2.1") for _ in range(2)] == [2, 4]
    for router in ("R-A", "R-B"):
        assert [sa["state"] for sa in sim.view(router, "show crypto isakmp sa")["sas"]] == ["QM_IDLE"]
        sim.exec(router, "clear crypto session")
    for sniffer in ("Sniffer1", "Sniffer2"):
        sim.exec(sniffer, "clear")
    assert replies(sim, "SV-B", "192.168.1.1") == 3, "ARP is known: only IKE costs a packet"
    seen = {
        sniffer: {packet["protocol"] for packet in sim.view(sniffer, "show packets")["packets"]}
        for sniffer in ("Sniffer1", "Sniffer2")
    }
    assert seen == {"Sniffer1": {"ISAKMP", "ESP"}, "Sniffer2": {"ICMP"}}


def test_what_the_page_configures_is_the_solution() -> None:
    typed, solved = LabSim(LAB, "start"), LabSim(LAB, "solution")
    for node, lines in configurations(PAGES["README.md"]):
        typed.exec(node, *lines)
    for router in ("R-A", "R-B"):
        assert typed.exec(router, "show running-config") == solved.exec(router, "show running-config")


def test_every_cause_has_a_row() -> None:
    assert list(mends(PAGES["README.md"])) == BROKEN
    assert len(BROKEN) == 15


@pytest.mark.parametrize("stage", BROKEN)
def test_a_cause_shows_what_the_page_quotes(stage: str) -> None:
    quoted = symptoms(PAGES["README.md"])[stage]
    sim = LabSim(LAB, stage)
    for router in quoted:
        sim.exec(router, "debug crypto isakmp", "debug crypto ipsec")
    ping = sim.exec("PC-A", "ping 192.168.2.1")
    shown = {router: "\n".join((ping, *sim.nodes[router].log)) for router in quoted}
    for _ in range(2):
        for router in quoted:
            shown[router] += sim.exec(
                router, "show crypto isakmp sa", "show ip interface brief", "show access-lists", "show logging"
            )
        sim.run(60)
    for router, words in quoted.items():
        assert [word for word in words if word not in shown[router]] == []
        listed = {state for state in ("MM_NO_STATE", "MM_KEY_EXCH", "QM_IDLE") if state in words}
        assert listed == set(re.findall(r"^10\.\S+ +10\.\S+ +(\w+) ", shown[router], re.MULTILINE)), router


@pytest.mark.parametrize("stage", BROKEN)
def test_a_cause_is_mended_as_the_page_says(stage: str) -> None:
    node, lines = mends(PAGES["README.md"])[stage]
    sim = LabSim(LAB, stage)
    assert replies(sim, "PC-A", "192.168.2.1") == 0
    sim.configure(node, *lines)
    # "only `key-mismatch` needs one of these": of what is left of the failed attempts.
    replies(sim, "PC-A", "192.168.2.1")
    assert replies(sim, "PC-A", "192.168.2.1") == (0 if stage == "key-mismatch" else 4)
    for router in ("R-A", "R-B"):
        sim.exec(router, "clear crypto session")
    replies(sim, "PC-A", "192.168.2.1")
    assert replies(sim, "PC-A", "192.168.2.1") == 4
