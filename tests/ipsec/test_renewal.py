"""Lifetimes on the virtual clock: a day of short ones under traffic, kilobytes, bad wires, restarts."""

from __future__ import annotations

import pytest

from tests.sim import Impairment, LabSim


def shorten(sim: LabSim, *lines: str) -> None:
    for name in ("R-A", "R-B"):
        sim.configure(name, *lines)


@pytest.mark.timeout(600)
def test_a_day_of_short_lifetimes_loses_no_packet() -> None:
    """IPsec SAs of two minutes, ISAKMP SAs of five: some 1000 renewals, from both sides, under traffic both ways."""
    sim = LabSim(stage="solution", seed=2)
    shorten(
        sim,
        "crypto ipsec security-association lifetime seconds 120",
        "crypto isakmp policy 10",
        "lifetime 300",
    )
    sim.exec("PC-A", "ping 192.168.2.1")
    assert sim.exec("PC-A", "ping 192.168.2.1").count("TTL=126") == 4
    first = sim.view("R-A", "show crypto ipsec sa")["interfaces"][0]["flows"][0]["outbound_spi"]
    sim.keep_trace = False
    end = sim.now + 24 * 3600
    pings = []
    while sim.now < end:
        # Hosts forget an ARP entry after a minute without use, and ask anew: they queue, so nothing is lost.
        pings.append(sim.start("PC-A", "ping -n 1 -w 900 192.168.2.1"))
        pings.append(sim.start("SV-B", "ping -n 1 -w 900 192.168.1.1"))
        sim.run(61.3)
    lost = [ping.output for ping in pings if "TTL=126" not in ping.output]
    assert (len(pings), lost) == (2820, [])
    for name in ("R-A", "R-B"):
        flow = sim.view(name, "show crypto ipsec sa")["interfaces"][0]["flows"][0]
        assert flow["outbound_spi"] not in (0, first)
        assert len(flow["inbound"]) <= 3, "old pairs go"
        assert len(sim.view(name, "show crypto isakmp sa")["sas"]) <= 4
    assert len(sim.nodes["R-A"].esp) <= 6


def test_kilobytes_count_down_and_renew(tunnel: LabSim) -> None:
    shorten(tunnel, "crypto ipsec security-association lifetime kilobytes 2560")
    for name in ("R-A", "R-B"):
        tunnel.exec(name, "clear crypto session")
    tunnel.exec("PC-A", "ping 192.168.2.1")

    def flow() -> tuple[int, int]:
        view = tunnel.view("R-A", "show crypto ipsec sa")["interfaces"][0]["flows"][0]
        return view["outbound_spi"], view["outbound"][0]["remaining_kilobytes"]

    spi, before = flow()
    assert before <= 2560
    tunnel.exec("PC-A", "ping -l 1400 -n 100 192.168.2.1")
    now_spi, now_left = flow()
    assert now_spi == spi
    assert abs(before - now_left - 100 * 1440 / 1024) < 5
    output = tunnel.exec("PC-A", "ping -l 60000 -n 60 192.168.2.1", limit=4000)
    assert "Received = 60, Lost = 0" in output
    assert flow()[0] != spi, "the kilobytes were used up, and the pair renewed in time"


def test_handshakes_over_a_bad_wire_come_up() -> None:
    """Loss, duplication and reorder on the WAN: every handshake ends with a usable tunnel."""
    sim = LabSim(stage="solution", seed=5)
    bad = Impairment(loss=0.15, duplicate=0.1, reorder=0.2)
    for attempt in range(60):
        sim.wires = dict.fromkeys(("R-A", "R-B"), bad)
        sim.start("PC-A" if attempt % 2 else "SV-B", f"ping -n 1 192.168.{2 if attempt % 2 else 1}.1")
        for _ in range(200):
            sim.run(1)
            if all(
                sim.view(n, "show crypto ipsec sa")["interfaces"][0]["flows"][0]["outbound"] for n in ("R-A", "R-B")
            ):
                break
            if sim.now % 30 < 1:
                sim.start("PC-A" if attempt % 2 else "SV-B", f"ping -n 1 192.168.{2 if attempt % 2 else 1}.1")
        sim.wires = {}
        sim.run(2)
        output = sim.exec("PC-A", "ping -n 3 192.168.2.1")
        output += sim.exec("PC-A", "ping -n 3 192.168.2.1")
        assert output.count("TTL=126") >= 3, f"attempt {attempt}"
        for name in ("R-A", "R-B"):
            sim.exec(name, "clear crypto session")
        sim.run(120)
    for name in ("R-A", "R-B"):
        assert sim.view(name, "show crypto isakmp sa")["sas"] == []


@pytest.mark.parametrize("victim", ["R-A", "R-B"])
def test_a_router_that_lost_its_sas_tells_the_peer(tunnel: LabSim, victim: str) -> None:
    """A router restarts and the other end still sends under the old SAs, in one direction only: no second is wasted."""
    tunnel.power_off(victim)
    tunnel.boot(victim)
    sender, address = ("PC-A", "192.168.2.1") if victim == "R-B" else ("SV-B", "192.168.1.1")
    output = tunnel.exec(sender, f"ping -n 8 -w 500 {address}")
    assert output.count("TTL=126") >= 5, output
    assert any("RECVD_PKT_INV_SPI" in line for line in tunnel.nodes[victim].log)


def test_a_lost_worker_costs_its_sas_and_little_time(tunnel: LabSim) -> None:
    """The worker dies: a sequence number is never resumed, so the SAs go, and new ones are negotiated at once."""

    def spis() -> set[int]:
        flow = tunnel.view("R-A", "show crypto ipsec sa")["interfaces"][0]["flows"][0]
        return {sa["spi"] for sa in (*flow["inbound"], *flow["outbound"])}

    before = spis()
    ping = tunnel.start("PC-A", "ping -n 10 -w 500 192.168.2.1")
    tunnel.run(2.5)
    tunnel.kill_esp("R-A")
    tunnel.run(0.5)
    assert spis()
    assert not spis() & before
    assert tunnel.finish(ping).count("TTL=126") >= 9
    assert any("ENGINE_LOST" in line for line in tunnel.nodes["R-A"].log)
