"""``show tech-support`` is the sum of the shows, and leaves none of them out without a reason."""

from __future__ import annotations

from typing import Final

import pytest

from nodes.commands.techsupport import SHOWS
from tests.device.bench import Bench

#: Shows that are not in it, by the words they begin with, and why.
LEFT_OUT: Final = {
    "show tech-support": "is the sum itself",
    "show history": "is of the one who asks",
    "show privilege": "is of the one who asks",
    "show terminal": "is of the one who asks",
    "show sessions": "is of the one who asks",
    "show configuration": "is another name of show startup-config",
    "show mac-address-table": "is another name of show mac address-table",
}
CONFIG: Final = "hostname DUT\naccess-list 1 permit any\nlogging buffered 8192\n"


@pytest.mark.parametrize("kind", ["router", "switch"])
def test_each_section_is_what_its_show_says(kind: str) -> None:
    bench = Bench(kind, CONFIG)
    bench.exec("write memory")
    sections = bench.view("show tech-support")["sections"]
    assert len(sections) > 25
    for section in sections:
        said = bench.exec(section["command"]).splitlines()
        assert section["lines"] == said, section["command"]
    whole = bench.exec("show tech-support")
    assert all(f"------------------ {section['command']} ------------------\n" in whole for section in sections)


@pytest.mark.parametrize("kind", ["router", "switch"])
def test_no_show_is_left_out(kind: str) -> None:
    exec_commands = Bench(kind).console.commands.of_mode("exec")
    shows = {" ".join(command.grammar.split()[:2]) for command in exec_commands if command.text is not None}
    shows = {words for words in shows if words.startswith("show ")}
    assert "show version" in shows
    covered = {" ".join(line.split()[:2]) for line in SHOWS} | set(LEFT_OUT)
    assert shows - covered == set()


def test_it_names_only_what_some_device_has() -> None:
    said = {
        section["command"]
        for kind in ("router", "switch")
        for section in Bench(kind).view("show tech-support")["sections"]
    }
    assert set(SHOWS) == said
