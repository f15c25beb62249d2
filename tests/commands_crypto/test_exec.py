"""Clears, debug, and the help of every crypto command."""

from __future__ import annotations

from typing import Any

import pytest

from nodes.base.addr import parse_ipv4
from nodes.cli.commandset import State
from nodes.cli.matcher import Listing, listing
from nodes.commands import crypto
from nodes.device.cryptoviews import DebuggingView
from tests.commands_crypto.fake import COMMANDS, FakeRouter, typed

PEER = parse_ipv4("10.0.10.20")


@pytest.mark.parametrize(
    ("line", "call"),
    [
        ("clear crypto sa", ("clear_sas", None, ("counters", False))),
        ("clear crypto sa peer 10.0.10.20", ("clear_sas", PEER, ("counters", False))),
        ("clear crypto sa counters", ("clear_sas", None, ("counters", True))),
        ("clear crypto isakmp", ("clear_isakmp", None)),
        ("cl cry isa 1001", ("clear_isakmp", 1001)),
        ("clear crypto session", ("clear_session",)),
    ],
)
def test_clears(line: str, call: tuple[Any, ...]) -> None:
    router = FakeRouter()
    batch = typed(router, line)
    assert (batch.output, batch.rejected) == ("", False)
    assert router.ipsec.calls == [call]


@pytest.mark.parametrize(
    ("line", "answer", "call"),
    [
        ("debug crypto isakmp", "Crypto ISAKMP debugging is on", ("set_debug", "isakmp", True)),
        ("deb cry ips", "Crypto IPSEC debugging is on", ("set_debug", "ipsec", True)),
        ("no debug crypto isakmp", "Crypto ISAKMP debugging is off", ("set_debug", "isakmp", False)),
        ("undebug crypto ipsec", "Crypto IPSEC debugging is off", ("set_debug", "ipsec", False)),
        ("undebug all", "All possible debugging has been turned off", ("debug_off",)),
        ("u all", "All possible debugging has been turned off", ("debug_off",)),
        ("no debug all", "All possible debugging has been turned off", ("debug_off",)),
    ],
)
def test_debug(line: str, answer: str, call: tuple[Any, ...]) -> None:
    router = FakeRouter()
    batch = typed(router, line)
    assert (batch.output, batch.rejected) == (f"{answer}\n", False)
    assert router.ipsec.calls == [call]


def test_show_debugging() -> None:
    router = FakeRouter()
    router.ipsec.views["debugging_view"] = DebuggingView(("ipsec", "isakmp"))
    assert typed(router, "show debugging").output == (
        "Cryptographic Subsystem:\n  Crypto ISAKMP debugging is on\n  Crypto IPSEC debugging is on\n\n"
    )
    router.ipsec.views["debugging_view"] = DebuggingView(())
    assert typed(router, "sh debug").output == ""


@pytest.mark.parametrize("line", ["clear crypto sa", "debug crypto isakmp", "show crypto isakmp key", "undebug all"])
def test_what_takes_privilege(line: str) -> None:
    assert COMMANDS.root("exec", 1) is not COMMANDS.root("exec", 15)
    assert isinstance(listing(COMMANDS, COMMANDS.root("exec", 15), f"{line} "), Listing)
    assert not isinstance(listing(COMMANDS, COMMANDS.root("exec", 1), f"{line} "), Listing)


def test_every_word_has_help() -> None:
    """Whatever can be typed of a crypto command, ``?`` says something about it; and every command is reached."""
    reached: set[str] = set()

    def walk(state: State, seen: set[int]) -> None:
        if id(state) in seen:
            return
        seen.add(id(state))
        groups = [*state.keywords.values(), *(positions for _, positions in state.params)]
        for positions in groups:
            own = [position for position in positions if position.form.command in crypto.table.commands]
            if own:
                assert all(position.help for position in own)
                reached.update(position.form.command.grammar for position in own if position.ends)
                walk(COMMANDS.state(positions), seen)

    for mode in COMMANDS.modes:
        walk(COMMANDS.root(mode, 15), set())
    assert reached == {command.grammar for command in crypto.table.commands}


ISAKMP_WORDS = [
    "aggressive-mode",
    "identity",
    "invalid-spi-recovery",
    "keepalive",
    "key",
    "nat",
    "peer",
    "policy",
]


@pytest.mark.parametrize(
    ("mode", "line", "words"),
    [
        ("config", "crypto ", ["ipsec", "isakmp", "logging", "map"]),
        ("config", "crypto isakmp ", ISAKMP_WORDS),
        ("config", "crypto isakmp key ", ["0", "WORD"]),
        (
            "config",
            "crypto ipsec transform-set T esp-aes ",
            ["128", "192", "256", *(f"esp-{x}-hmac" for x in ("md5", "sha", "sha256", "sha384", "sha512"))],
        ),
        ("config-isakmp", "", ["authentication", "encryption", "group", "hash", "lifetime"]),
        ("config-isakmp", "encr ", ["3des", "aes", "des"]),
        ("cfg-crypto-trans", "", ["mode"]),
        ("config-crypto-map", "", ["description", "match", "set"]),
        ("config-crypto-map", "set ", ["peer", "pfs", "security-association", "transform-set"]),
        ("config-crypto-map", "match address ", ["<100-199>", "<2000-2699>", "WORD"]),
        ("config-if", "crypto ", ["map"]),
        ("exec", "show crypto ", ["engine", "ipsec", "isakmp", "map", "session"]),
        ("exec", "show crypto ipsec ", ["sa", "security-association", "transform-set"]),
        ("exec", "show crypto isakmp ", ["key", "peers", "policy", "sa"]),
        ("exec", "clear crypto ", ["isakmp", "sa", "session"]),
        ("exec", "debug crypto ", ["engine", "ipsec", "isakmp"]),
        ("exec", "undebug ", ["all", "crypto"]),
    ],
)
def test_question_mark(mode: str, line: str, words: list[str]) -> None:
    found = listing(COMMANDS, COMMANDS.root(mode, 15), line)
    assert isinstance(found, Listing)
    common = {"default", "do", "end", "exit", "help", "no"} if not line else set()
    assert [word for word, _ in found.entries if word not in common] == words
    assert all(help for _, help in found.entries)
