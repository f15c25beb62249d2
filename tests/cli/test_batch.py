"""Commands without a keyboard: batches, configuration files, views, and the running-config that comes back out."""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodes.cli import Batch, Refusal, Rejected, load_config, render, to_plain, view
from tests.cli.toy import COMMANDS, Port, RouteView, Toy, dialect_of


def run(device: Toy, *lines: str) -> Batch:
    batch = Batch(COMMANDS, dialect_of(device), device, lines)
    batch.advance(0.0)
    return batch


def test_batch() -> None:
    device = Toy()
    batch = run(
        device, "conf t", "hostname X", "interface fa0/0", "ip route 10.0.0.0 255.0.0.0 1.2.3.4", "end", "sh ip ro"
    )
    assert batch.done
    assert not batch.rejected
    assert batch.output == (
        "Enter configuration commands, one per line.  End with CNTL/Z.\n"
        "Gateway of last resort is not set\nS    10.0.0.0 255.0.0.0 1.2.3.4\n"
    )
    assert device.hostname == "X"


@pytest.mark.parametrize("line", ["show versoin", "show ip", "s", "show ip route | foo x", "show version | i ["])
def test_a_refused_line_marks_the_batch(line: str) -> None:
    batch = run(Toy(), line, "show version")
    assert batch.rejected
    assert batch.output.endswith("Toy Software, Version 1.0\n")


def test_a_handler_that_refuses() -> None:
    batch = run(Toy(), "conf t", "no ip route 1.1.1.1 255.0.0.0")
    assert batch.rejected
    assert batch.output.endswith("%No matching route to delete\n")


def test_batch_waits_for_its_jobs() -> None:
    device = Toy(replies=1)
    batch = run(device, "ping x repeat 2", "show version")
    assert not batch.done
    assert batch.next_deadline() == 2.0
    batch.advance(1.0)
    assert not batch.done
    batch.advance(2.0)
    assert batch.done
    assert batch.output.splitlines()[1:] == ["!.", "Success rate is 50 percent (1/2)", "Toy Software, Version 1.0"]


def test_questions_are_answered_with_enter() -> None:
    assert run(Toy(), "copy running-config startup-config").output == "Building configuration...\n[OK] \n"
    batch = run(Toy(), "reload", "show version")
    assert batch.done
    assert batch.output == ""


def test_batch_close_ends_a_job() -> None:
    batch = run(Toy(), "wait", "show version")
    batch.close()
    assert batch.done
    assert batch.output == ""


CONFIG = """\
!
hostname Loaded
!
banner motd ^
interface in a banner
^
interface FastEthernet0/0
 description two  blanks | and a bar
 ip address 10.0.0.1 255.0.0.0
 shutdown
!
interface FastEthernet0/1
 no ip address
!
ip route 10.1.0.0 255.255.0.0 10.0.0.9 200 permanent
!
end
this is never read
"""


def test_load_config() -> None:
    device = Toy()
    assert load_config(COMMANDS, device, CONFIG, 0.0) == []
    assert device.hostname == "Loaded"
    assert device.banner == "interface in a banner"
    assert device.ports == {
        "FastEthernet0/0": Port("two  blanks | and a bar", "10.0.0.1 255.0.0.0", up=False),
        "FastEthernet0/1": Port(),
    }
    assert render(COMMANDS, "config", device) == [
        "hostname Loaded",
        "!",
        "interface FastEthernet0/0",
        " description two  blanks | and a bar",
        " ip address 10.0.0.1 255.0.0.0",
        " shutdown",
        "!",
        "interface FastEthernet0/1",
        " no ip address",
        "!",
        "ip route 10.1.0.0 255.255.0.0 10.0.0.9 200 permanent",
        "!",
    ]


def test_refused_lines_are_collected_and_the_rest_applied() -> None:
    device = Toy()
    text = """\
hostnmae X
interface FastEthernet0/0
 ip address 10.0.0.1 255.0.0.0
 speed warp
interface FastEthernet0/7
 ip address 10.9.9.9 255.0.0.0
no ip route 9.9.9.9 255.0.0.0
h
interface
do show version | include [
do wait
hostname Y
"""
    invalid = "% Invalid input detected at '^' marker."
    assert load_config(COMMANDS, device, text, 0.0) == [
        Refusal(1, "hostnmae X", invalid),
        Refusal(4, "speed warp", invalid),
        Refusal(5, "interface FastEthernet0/7", invalid),
        # The header was refused: its child must not fall into the interface before it.
        Refusal(6, "ip address 10.9.9.9 255.0.0.0", invalid),
        Refusal(7, "no ip route 9.9.9.9 255.0.0.0", "%No matching route to delete"),
        Refusal(8, "h", '% Ambiguous command:  "h"'),
        Refusal(9, "interface", "% Incomplete command."),
        Refusal(10, "do show version | include [", "% Failed to compile regular expression."),
        Refusal(11, "do wait", "% A command that takes time cannot stand in a configuration"),
    ]
    assert device.ports["FastEthernet0/0"].address == "10.0.0.1 255.0.0.0"
    assert device.hostname == "Y"


addresses = st.tuples(*[st.integers(0, 255)] * 4).map(lambda parts: ".".join(map(str, parts)))
pairs = st.tuples(addresses, addresses).map(" ".join)
texts = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=30).filter(
    lambda text: text == text.strip()
)
ports = st.builds(Port, st.one_of(st.just(""), texts), st.one_of(st.just(""), pairs), st.booleans())
devices = st.builds(
    Toy,
    st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,20}", fullmatch=True),
    st.dictionaries(addresses, pairs, max_size=4),
    st.dictionaries(st.sampled_from(["FastEthernet0/0", "FastEthernet0/1"]), ports, max_size=2),
)


@given(devices)
def test_the_running_config_of_a_device_makes_the_same_device(device: Toy) -> None:
    other = Toy()
    assert load_config(COMMANDS, other, "\n".join(render(COMMANDS, "config", device)), 0.0) == []
    assert other == device


@given(st.text(max_size=200))
def test_any_text_is_a_configuration_with_refusals(text: str) -> None:
    load_config(COMMANDS, Toy(), text, 0.0)


def test_ten_thousand_lines_load_in_no_time() -> None:
    text = "".join(
        f"ip route 10.{n // 250}.{n % 250}.0 255.255.255.0 10.0.0.1 {n % 250 + 1}\n"
        f"interface FastEthernet0/{n % 2}\n description number {n}\n"
        for n in range(3334)
    )
    device = Toy()
    begun = time.process_time()
    assert load_config(COMMANDS, device, text, 0.0) == []
    # Two seconds are promised on the smallest machine; this one may be busy, but it is not ten times slower.
    assert time.process_time() - begun < 4.0
    assert len(device.routes) == 3334


def test_view() -> None:
    device = Toy(routes={"10.0.0.0": "255.0.0.0 1.2.3.4"})
    shown = view(COMMANDS, device, "sh ip ro 10.0.0.0", 0.0)
    assert shown == RouteView((("10.0.0.0", "255.0.0.0 1.2.3.4"),))
    assert to_plain(shown) == {"routes": [["10.0.0.0", "255.0.0.0 1.2.3.4"]]}
    for line in ("show nothing", "ping x", "", "show", "show ip route | include ["):
        with pytest.raises(Rejected):
            view(COMMANDS, device, line, 0.0)


def test_to_plain() -> None:
    class Colour(Enum):
        RED = "red"
        DEEP = (1, 2)

    class Point(NamedTuple):
        x: int
        y: float

    @dataclass(frozen=True)
    class Sample:
        colours: tuple[Colour, ...]
        point: Point
        mac: bytes
        by: dict[Colour, int | None]
        flags: frozenset[int]

    sample = Sample((Colour.RED, Colour.DEEP), Point(1, 2.5), b"\x00\xff", {Colour.RED: None}, frozenset({2, 1}))
    assert to_plain(sample) == {
        "colours": ["red", "DEEP"],
        "point": {"x": 1, "y": 2.5},
        "mac": "00ff",
        "by": {"red": None},
        "flags": [1, 2],
    }
