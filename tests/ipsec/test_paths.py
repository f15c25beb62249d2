"""What is on the way: transport mode, translators, path MTU, DF and fragments, replay windows, dead peers."""

from __future__ import annotations

import pytest

from nodes.wire import icmp, ipv4, l4
from nodes.wire.ipv4 import Ipv4
from tests.sim import LabSim

A, B = 0x0A000A0A, 0x0A000A14
WAN = 0


def both(sim: LabSim, *lines: str) -> None:
    for name in ("R-A", "R-B"):
        sim.configure(name, *lines)


def on_the_wan(sim: LabSim, start: int = 0) -> list[ipv4.Header]:
    """The IPv4 headers that R-B received since a place in the trace."""
    wan = sim.nodes["R-B"].ids[WAN]
    return [
        ipv4.peek_header(frame[14:])
        for _, port, frame in sim.trace[start:]
        if port == wan and frame[12:14] == b"\x08\x00"
    ]


def flow(sim: LabSim, name: str) -> dict[str, object]:
    found: dict[str, object] = sim.view(name, "show crypto ipsec sa")["interfaces"][0]["flows"][0]
    return found


# Transport mode ------------------------------------------------------------------------------------------------------


def test_transport_mode_between_the_routers() -> None:
    sim = LabSim(stage="solution")
    for name, mine, other in (("R-A", "10.0.10.10", "10.0.10.20"), ("R-B", "10.0.10.20", "10.0.10.10")):
        sim.configure(
            name,
            f"access-list 102 permit ip host {mine} host {other}",
            "crypto ipsec transform-set HOSTS esp-aes 256 esp-sha-hmac",
            "mode transport",
            "crypto map CMAP 20 ipsec-isakmp",
            f"set peer {other}",
            "set transform-set HOSTS",
            "match address 102",
        )
    sim.exec("R-A", "ping 10.0.10.20")
    start = len(sim.trace)
    assert "Success rate is 100 percent (5/5)" in sim.exec("R-A", "ping 10.0.10.20")
    headers = on_the_wan(sim, start)
    assert {header.proto for header in headers} == {l4.ESP}
    # 80 octets and two of the trailer in blocks of 16, without a second IP header.
    assert {header.total_length for header in headers} == {20 + 8 + 16 + 96 + 12}
    assert "Success rate is 100 percent (5/5)" in sim.exec("R-A", "ping 10.0.10.20 size 4000")
    for name in ("R-A", "R-B"):
        text = sim.exec(name, "show crypto ipsec sa")
        assert text.count("in use settings ={Transport, }") == 2
    # Traffic of the networks behind goes on through a tunnel, by the other entry.
    sim.exec("PC-A", "ping 192.168.2.1")
    assert sim.exec("PC-A", "ping 192.168.2.1").count("TTL=126") == 4
    assert "in use settings ={Tunnel, }" in sim.exec("R-A", "show crypto ipsec sa")


# Translators ---------------------------------------------------------------------------------------------------------


class Translator:
    """Between the two: what leaves R-A by UDP has another source port when it arrives, and answers find back."""

    SHIFT = 20000

    def __init__(self, sim: LabSim) -> None:
        self.ports = {sim.nodes["R-A"].ids[WAN]: (B, -self.SHIFT), sim.nodes["R-B"].ids[WAN]: (A, self.SHIFT)}
        sim.tamper = self.translate

    def translate(self, port: int, frame: bytes) -> list[bytes]:
        if port not in self.ports or frame[12:14] != b"\x08\x00":
            return [frame]
        source, shift = self.ports[port]
        packet = ipv4.parse(frame[14:])
        if packet.proto != l4.UDP or packet.src != source:
            return [frame]
        datagram = l4.parse_udp(packet.payload, packet.src, packet.dst)
        ports = datagram.src_port, datagram.dst_port
        ports = (ports[0] + shift, ports[1]) if shift > 0 else (ports[0], ports[1] + shift)
        body = l4.Udp(*ports, datagram.payload).build(packet.src, packet.dst)
        return [frame[:14] + Ipv4(packet.src, packet.dst, l4.UDP, body, ttl=packet.ttl, ident=packet.ident).build()]


def test_through_a_translator() -> None:
    sim = LabSim(stage="solution")
    Translator(sim)
    sim.configure("R-A", "crypto isakmp nat keepalive 20")
    sim.exec("PC-A", "ping 192.168.2.1")
    assert sim.exec("PC-A", "ping 192.168.2.1").count("TTL=126") == 4
    assert sim.exec("SV-B", "ping 192.168.1.1").count("TTL=126") == 4
    assert sim.exec("PC-A", "ping -l 4000 192.168.2.1").count("TTL=126") == 4
    assert not [header for header in on_the_wan(sim) if header.proto == l4.ESP]
    for name, port in (("R-A", 4500), ("R-B", 24500)):
        text = sim.exec(name, "show crypto ipsec sa")
        assert text.count("in use settings ={Tunnel UDP-Encaps, }") == 2
        assert f"port {port}\n" in text
        detail = sim.exec(name, "show crypto isakmp sa detail")
        assert " N   \n" in detail
        assert f"/{port} Active" in sim.exec(name, "show crypto session")
    # Eight octets less than without the UDP header, in blocks of 16: the same.
    assert flow(sim, "R-A")["plaintext_mtu"] == 1422
    sim.run(100)
    assert sim.exec("PC-A", "ping 192.168.2.1").count("TTL=126") == 4
    assert not [line for node in sim.nodes.values() for line in node.log if "CRYPTO-4" in line]


def test_a_translator_and_no_traversal() -> None:
    sim = LabSim(stage="solution")
    Translator(sim)
    sim.configure("R-B", "no crypto ipsec nat-transparency udp-encapsulation")
    sim.exec("PC-A", "ping 192.168.2.1")
    # This one lets ESP pass.
    assert sim.exec("PC-A", "ping 192.168.2.1").count("TTL=126") == 4
    assert {header.proto for header in on_the_wan(sim)} == {l4.UDP, l4.ESP}


# Path MTU, DF, fragments ---------------------------------------------------------------------------------------------


def too_big(sim: LabSim, mtu: int, spi: int | None = None) -> None:
    """A router on the way tells R-A that the youngest ESP packet was too long."""
    wan = sim.nodes["R-B"].ids[WAN]
    frame = next(frame for _, port, frame in reversed(sim.trace) if port == wan and frame[23] == l4.ESP)
    quoted = bytearray(icmp.quote(frame[14:]))
    if spi is not None:
        quoted[20:24] = spi.to_bytes(4, "big")
    message = icmp.Unreachable(icmp.FRAGMENTATION_NEEDED, bytes(quoted), mtu).build()
    packet = Ipv4(0x0A000A63, A, l4.ICMP, message).build()
    node = sim.nodes["R-A"]
    node.device.receive(WAN, [frame[6:12] + frame[:6] + b"\x08\x00" + packet], sim.now)
    sim.turn(node)


def test_path_mtu(tunnel: LabSim) -> None:
    sim = tunnel
    sim.exec("PC-A", "ping 192.168.2.1")
    too_big(sim, 1000, spi=0xDEADBEEF)
    assert flow(sim, "R-A")["path_mtu"] == 1500, "not about an SA of ours"
    too_big(sim, 1000)
    assert (flow(sim, "R-A")["path_mtu"], flow(sim, "R-A")["plaintext_mtu"]) == (1000, 942)
    assert "path mtu 1000, ip mtu 1500" in sim.exec("R-A", "show crypto ipsec sa")
    start = len(sim.trace)
    assert sim.exec("PC-A", "ping -l 1200 192.168.2.1").count("TTL=126") == 4
    sealed = [header.total_length for header in on_the_wan(sim, start) if header.proto == l4.ESP]
    assert max(sealed) <= 1000
    assert len(sealed) == 8
    assert "needs to be fragmented but DF set" in sim.exec("PC-A", "ping -f -l 1200 192.168.2.1")
    sim.run(601)
    assert flow(sim, "R-A")["path_mtu"] == 1500, "after ten minutes it is tried again"


@pytest.mark.parametrize(("policy", "bits"), [("copy", {True, False}), ("set", {True}), ("clear", {False})])
def test_the_df_bit(policy: str, bits: set[bool]) -> None:
    sim = LabSim(stage="solution")
    both(sim, f"crypto ipsec df-bit {policy}")
    sim.exec("PC-A", "ping 192.168.2.1")
    start = len(sim.trace)
    sim.exec("PC-A", "ping 192.168.2.1", "ping -f 192.168.2.1")
    assert {header.dont_fragment for header in on_the_wan(sim, start) if header.proto == l4.ESP} == bits
    # Longer than the tunnel has room for, and not to be cut: only without DF on the outside it can pass.
    output = sim.exec("PC-A", "ping -f -l 1460 192.168.2.1")
    assert output.count("TTL=126") == (4 if policy == "clear" else 0)


@pytest.mark.parametrize("when", ["before-encryption", "after-encryption"])
def test_fragmentation(when: str) -> None:
    sim = LabSim(stage="solution")
    both(sim, f"crypto ipsec fragmentation {when}")
    sim.exec("PC-A", "ping 192.168.2.1")
    start = len(sim.trace)
    assert sim.exec("PC-A", "ping -l 1460 192.168.2.1").count("TTL=126") == 4
    sealed = [header for header in on_the_wan(sim, start) if header.proto == l4.ESP]
    assert len(sealed) == 8
    assert any(header.is_fragment for header in sealed) == (when == "after-encryption")


@pytest.mark.parametrize(("line", "size"), [("disable", 0), ("window-size 1024", 1024), ("window-size 64", 64)])
def test_the_replay_window(line: str, size: int) -> None:
    sim = LabSim(stage="solution")
    both(sim, f"crypto ipsec security-association replay {line}")
    sim.exec("PC-A", "ping 192.168.2.1")
    assert sim.exec("PC-A", "ping 192.168.2.1").count("TTL=126") == 4
    text = sim.exec("R-B", "show crypto ipsec sa detail")
    assert (f"replay detection support: Y  replay window size: {size}" in text) == bool(size)
    frames = [frame for _, port, frame in sim.trace if port == sim.nodes["R-B"].ids[WAN] and frame[23] == l4.ESP]
    node = sim.nodes["R-B"]
    node.device.receive(WAN, [frames[-1]], sim.now)
    sim.turn(node)
    assert any("PKT_REPLAY_ERR" in line for line in node.log) == bool(size)


# Peers ---------------------------------------------------------------------------------------------------------------


def test_a_dead_peer_is_logged_and_shown() -> None:
    sim = LabSim(stage="solution")
    sim.configure("R-A", "crypto isakmp keepalive 10 2 periodic", "crypto logging session")
    sim.exec("PC-A", "ping 192.168.2.1")
    assert " D   \n" in sim.exec("R-A", "show crypto isakmp sa detail")
    sim.power_off("R-B")
    sim.run(30)
    assert "UP-ACTIVE" not in sim.exec("R-A", "show crypto session")
    log = "\n".join(sim.nodes["R-A"].log)
    assert "%CRYPTO-5-SESSION_STATUS: Crypto tunnel is UP  .  Peer 10.0.10.20:500       Id: 10.0.10.20" in log
    assert "%CRYPTO-5-SESSION_STATUS: Crypto tunnel is DOWN.  Peer 10.0.10.20:500       Id: 10.0.10.20" in log


def test_without_recovery_a_restart_stays_unnoticed() -> None:
    sim = LabSim(stage="solution")
    sim.configure("R-B", "no crypto isakmp invalid-spi-recovery", "do write memory")
    sim.exec("PC-A", "ping 192.168.2.1")
    sim.power_off("R-B")
    sim.boot("R-B")
    assert sim.exec("PC-A", "ping -n 8 -w 500 192.168.2.1").count("TTL=126") == 0
    assert any("RECVD_PKT_INV_SPI" in line for line in sim.nodes["R-B"].log)


def test_aggressive_mode_from_the_console() -> None:
    sim = LabSim(stage="solution")
    sim.configure(
        "R-A",
        "no crypto isakmp key TEST1 address 10.0.10.20",
        "crypto isakmp peer address 10.0.10.20",
        "set aggressive-mode password BRANCH",
        "set aggressive-mode client-endpoint fqdn branch.lab",
    )
    sim.configure(
        "R-B", "no crypto isakmp key TEST1 address 10.0.10.10", "crypto isakmp key BRANCH hostname branch.lab"
    )
    sim.exec("PC-A", "ping 192.168.2.1")
    assert sim.exec("PC-A", "ping 192.168.2.1").count("TTL=126") == 4
    assert "Phase1_id: branch.lab" in sim.exec("R-B", "show crypto session detail")
    sim.exec("R-A", "clear crypto session")
    sim.configure("R-B", "crypto isakmp aggressive-mode disable")
    sim.run(90)
    sim.exec("PC-A", "ping -n 1 192.168.2.1")
    assert "AG_INIT_EXCH" in sim.exec("R-A", "show crypto isakmp sa")
