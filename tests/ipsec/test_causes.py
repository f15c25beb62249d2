"""Every row of the troubleshooting table on the virtual clock: both ends, over time, and mended afterwards.

Each stage of the lab file has one real mistake in it; what the consoles say comes out of the engines.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from labs.load import load
from tests.sim import NO4, LabSim

LAB = load(NO4)
BROKEN = [stage.name for stage in LAB.stages if stage.name not in ("blank", "start", "solution")]

Row = tuple[str, str]
"""(state, status) of an ISAKMP SA."""
NO_STATE: Row = ("MM_NO_STATE", "ACTIVE")
DELETED: Row = ("MM_NO_STATE", "ACTIVE (deleted)")
KEY_EXCH: Row = ("MM_KEY_EXCH", "ACTIVE")
IDLE: Row = ("QM_IDLE", "ACTIVE")


@dataclass(frozen=True)
class Case:
    """What R-A and R-B list 16 seconds after PC-A's first ping, and three minutes later; what they logged."""

    a: list[Row] = field(default_factory=list)
    b: list[Row] = field(default_factory=list)
    later_a: list[Row] = field(default_factory=list)
    later_b: list[Row] = field(default_factory=list)
    log_a: tuple[str, ...] = ()
    log_b: tuple[str, ...] = ()
    tunnels: bool = False
    """IPsec SAs come up."""
    mend: dict[str, tuple[str, ...]] = field(default_factory=dict)


ON_WAN = "interface FastEthernet0/0"
CASES = {
    "no-route": Case(mend={"R-A": ("ip route 192.168.2.0 255.255.255.0 10.0.10.20",)}),
    "acl-no-match": Case(
        log_b=("%CRYPTO-4-RECVD_PKT_NOT_IPSEC: Rec'd packet not an IPSEC packet.",),
        mend={
            "R-A": (
                "no access-list 101",
                "access-list 101 permit ip 192.168.1.0 0.0.0.255 192.168.2.0 0.0.0.255",
            )
        },
    ),
    "map-not-applied": Case(log_b=("%CRYPTO-4-RECVD_PKT_NOT_IPSEC",), mend={"R-A": (ON_WAN, "crypto map CMAP")}),
    "key-address": Case(
        log_a=("No pre-shared key with 10.0.10.20!", "Can not start Main mode"),
        mend={
            "R-A": (
                "no crypto isakmp key TEST1 address 10.0.0.20",
                "crypto isakmp key TEST1 address 10.0.10.20",
            )
        },
    ),
    "peer-address": Case(
        log_a=("No pre-shared key with 10.0.0.20!", "Can not start Main mode"),
        mend={"R-A": ("crypto map CMAP 10 ipsec-isakmp", "no set peer 10.0.0.20", "set peer 10.0.10.20")},
    ),
    "peer-no-map": Case(a=[NO_STATE], mend={"R-B": (ON_WAN, "crypto map CMAP")}),
    "peer-down": Case(a=[NO_STATE], mend={"R-B": (ON_WAN, "no shutdown")}),
    "isakmp-blocked": Case(a=[NO_STATE], mend={"R-B": (ON_WAN, "no ip access-group 110 in")}),
    "policy-mismatch": Case(
        a=[NO_STATE],
        b=[DELETED],
        log_a=("processing NOTIFY PROPOSAL_NOT_CHOSEN",),
        log_b=("no offers accepted!",),
        mend={"R-B": ("crypto isakmp policy 10", "encr aes 256")},
    ),
    "key-mismatch": Case(
        a=[KEY_EXCH],
        b=[KEY_EXCH],
        log_b=("%CRYPTO-4-IKMP_BAD_MESSAGE: IKE message from 10.0.10.10 failed its sanity check or is malformed",),
        mend={"R-B": ("no crypto isakmp key TEST2 address 10.0.10.10", "crypto isakmp key TEST1 address 10.0.10.10")},
    ),
    "transform-mismatch": Case(
        a=[IDLE],
        b=[IDLE],
        later_a=[IDLE],
        later_b=[IDLE],
        log_a=("processing NOTIFY PROPOSAL_NOT_CHOSEN",),
        log_b=("IPSec policy invalidated proposal",),
        mend={"R-B": ("crypto ipsec transform-set TSET esp-aes esp-sha-hmac",)},
    ),
    "acl-not-mirrored": Case(
        a=[IDLE],
        b=[IDLE],
        later_a=[IDLE],
        later_b=[IDLE],
        log_b=("proxy identities not supported",),
        mend={
            "R-B": (
                "no access-list 101",
                "access-list 101 permit ip 192.168.2.0 0.0.0.255 192.168.1.0 0.0.0.255",
            )
        },
    ),
    "map-wrong-interface": Case(
        a=[IDLE],
        b=[IDLE],
        later_a=[IDLE],
        later_b=[IDLE],
        log_b=("invalid local address 10.0.10.20",),
        mend={"R-B": ("interface FastEthernet0/1", "no crypto map", ON_WAN, "crypto map CMAP")},
    ),
    "no-return-route": Case(
        a=[IDLE],
        b=[IDLE],
        later_a=[IDLE],
        later_b=[IDLE],
        tunnels=True,
        mend={"R-B": ("ip route 192.168.1.0 255.255.255.0 10.0.10.10",)},
    ),
    "esp-blocked": Case(
        a=[IDLE],
        b=[IDLE],
        later_a=[IDLE],
        later_b=[IDLE],
        tunnels=True,
        mend={"R-B": (ON_WAN, "no ip access-group 110 in")},
    ),
}


def rows(sim: LabSim, name: str) -> list[Row]:
    return [(sa["state"], sa["status"]) for sa in sim.view(name, "show crypto isakmp sa")["sas"]]


def counters(sim: LabSim, name: str) -> tuple[int, int]:
    """(encaps, decaps) over all flows."""
    flows = [flow for port in sim.view(name, "show crypto ipsec sa")["interfaces"] for flow in port["flows"]]
    return sum(flow["encaps"] for flow in flows), sum(flow["decaps"] for flow in flows)


def spis(sim: LabSim, name: str) -> set[int]:
    found: set[int] = set()
    for port in sim.view(name, "show crypto ipsec sa")["interfaces"]:
        for flow in port["flows"]:
            found.update(sa["spi"] for sa in (*flow["inbound"], *flow["outbound"]))
    return found


def logged(sim: LabSim, name: str, words: str) -> bool:
    return any(words in line for line in sim.nodes[name].log)


def test_every_broken_stage_has_a_case() -> None:
    assert sorted(CASES) == sorted(BROKEN)
    assert len(CASES) == 15


@pytest.mark.parametrize("stage", BROKEN)
def test_the_cause_shows_and_is_mended(stage: str) -> None:
    case = CASES[stage]
    sim = LabSim(LAB, stage)
    assert not any(node.refusals for node in sim.nodes.values())
    for name in ("R-A", "R-B"):
        sim.exec(name, "debug crypto isakmp", "debug crypto ipsec")
        assert rows(sim, name) == [], "nothing is listed before there is traffic"

    ping = sim.exec("PC-A", "ping 192.168.2.1")
    assert "TTL=" not in ping
    assert rows(sim, "R-A") == case.a
    assert rows(sim, "R-B") == case.b
    for name, words in (("R-A", case.log_a), ("R-B", case.log_b)):
        for expected in words:
            assert logged(sim, name, expected), f"{name} did not log {expected!r}"
    assert bool(spis(sim, "R-A")) == case.tunnels

    if case.tunnels:
        (a_out, a_in), (b_out, b_in) = counters(sim, "R-A"), counters(sim, "R-B")
        assert a_out > 0
        assert (a_in, b_out) == (0, 0)
        assert (b_in > 0) == (stage == "no-return-route")
    else:
        assert (counters(sim, "R-A"), counters(sim, "R-B")) == ((0, 0), (0, 0))
    if stage in ("acl-no-match", "map-not-applied"):
        assert any(b"abcdefgh" in frame for frame in sim.frames(["Sniffer1"])), "cleartext on the WAN"
    else:
        assert not any(b"abcdefgh" in frame for frame in sim.frames(["Sniffer1"])), "no cleartext on the WAN"

    sim.run(160)
    assert rows(sim, "R-A") == case.later_a
    assert rows(sim, "R-B") == case.later_b

    for name, lines in case.mend.items():
        sim.configure(name, *lines)
    for name in ("R-A", "R-B"):
        sim.exec(name, "clear crypto sa", "clear crypto isakmp")
    sim.run(5)
    sim.exec("PC-A", "ping 192.168.2.1")
    assert sim.exec("PC-A", "ping 192.168.2.1").count("TTL=126") == 4
    assert IDLE in rows(sim, "R-A")
    assert IDLE in rows(sim, "R-B")


@pytest.mark.parametrize("stage", ["peer-no-map", "key-mismatch"])
def test_retransmissions_then_deleted_then_gone(stage: str) -> None:
    """Five retransmissions ten seconds apart; then the SA is listed as deleted for a while, then no more."""
    sim = LabSim(LAB, stage)
    sim.start("PC-A", "ping -n 1 192.168.2.1")
    seen: list[Any] = []
    for _ in range(150):
        sim.run(1)
        now = rows(sim, "R-A")
        if not seen or seen[-1][0] != now:
            seen.append((now, sim.now))
    states = [states for states, _ in seen]
    waiting = NO_STATE if stage == "peer-no-map" else KEY_EXCH
    assert states == [[waiting], [DELETED], []]
    assert 55 <= seen[1][1] - seen[0][1] <= 65
    isakmp = [frame for frame in sim.frames(["Sniffer1"]) if frame[23:24] == b"\x11" and frame[36:38] == b"\x01\xf4"]
    repeated = [frame for frame in isakmp if frame[26:30] == bytes((10, 0, 10, 10))][-6:]
    assert len({frame[42:] for frame in repeated}) == 1, "a retransmission has the same octets"


@pytest.mark.parametrize("remedy", ["reload", "clear", "timers"])
def test_what_is_left_of_a_failure_goes_by_every_remedy(remedy: str) -> None:
    """The handout's remedy is a reload of the router; clearing, and waiting, do it too."""
    sim = LabSim(LAB, "key-mismatch")
    sim.exec("PC-A", "ping 192.168.2.1")
    assert rows(sim, "R-B") == [KEY_EXCH]
    sim.configure("R-B", *CASES["key-mismatch"].mend["R-B"])
    if remedy == "reload":
        sim.exec("R-B", "write memory", "reload")
        sim.exec("R-A", "clear crypto isakmp")
        assert sim.nodes["R-B"].boots == 2
    elif remedy == "clear":
        for name in ("R-A", "R-B"):
            sim.exec(name, "clear crypto session")
    else:
        sim.run(150)
        assert rows(sim, "R-A") == rows(sim, "R-B") == []
    sim.exec("PC-A", "ping 192.168.2.1")
    assert sim.exec("PC-A", "ping 192.168.2.1").count("TTL=126") == 4
