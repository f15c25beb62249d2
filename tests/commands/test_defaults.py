"""``default ...``: there for every setting that has a ``no``, and it takes the setting back."""

from __future__ import annotations

import pytest

from nodes.cli.matcher import Failure, listing, match
from nodes.cli.table import Polarity
from tests.commands.test_golden import commands
from tests.device.bench import Bench


@pytest.mark.parametrize("kind", ["router", "switch"])
def test_every_stated_default_is_a_line_of_its_command(kind: str) -> None:
    found = Bench(kind).console.commands
    stated = [command for command in commands(kind) if command.default]
    assert stated
    for command in stated:
        for mode in found.modes:
            if command in found.of_mode(mode):
                line = match(found, found.root(mode, 15), command.default)
                assert not isinstance(line, Failure), command
                assert line.form.command is command
                assert line.polarity is Polarity.PLAIN


@pytest.mark.parametrize("kind", ["router", "switch"])
def test_what_has_a_no_has_a_default(kind: str) -> None:
    found = Bench(kind).console.commands
    for mode in found.modes:
        if mode != "exec":
            after = [listing(found, found.root(mode, 15), f"{word} ") for word in ("no", "default")]
            no, default = ([] if isinstance(one, Failure) else one.entries for one in after)
            assert set(no) <= set(default), mode


@pytest.mark.parametrize(
    "typed",
    [
        "no ip domain-lookup",
        "no logging console",
        "logging buffered 8192 errors",
        "no logging buffered",
        "no logging on",
        "no service timestamps debug",
        "service timestamps log uptime",
        "service password-encryption",
        "no ip icmp rate-limit unreachable",
        "access-list 1 permit any",
        "crypto isakmp policy 10",
    ],
)
def test_default_takes_a_setting_back(typed: str) -> None:
    bench = Bench("router")
    blank = bench.exec("show running-config")
    bench.configure(typed)
    assert bench.exec("show running-config") != blank
    bench.configure(f"default {typed.removeprefix('no ')}")
    assert bench.exec("show running-config") == blank


def test_the_default_of_a_name_is_that_of_the_kind() -> None:
    bench = Bench("router")
    bench.configure("default hostname")
    assert bench.router.config.hostname == "Router"


def test_default_in_a_sub_mode() -> None:
    bench = Bench("router")
    blank = bench.exec("show running-config interface FastEthernet0/0")
    bench.configure("interface fa0/0", "ip address 10.0.0.1 255.0.0.0", "no ip proxy-arp", "duplex half")
    assert bench.exec("show running-config interface FastEthernet0/0") != blank
    bench.configure("interface fa0/0", "default ip address", "def ip proxy-arp", "default duplex", "shutdown")
    assert bench.exec("show running-config interface FastEthernet0/0") == blank
    bench.configure("line con 0", "no exec-timeout", "default exec-timeout")
    assert "exec-timeout" not in bench.exec("show running-config")
