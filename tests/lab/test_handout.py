"""The handout of lab No.4 from the first slide to the last, typed over real telnet into real processes."""

from __future__ import annotations

import re
from functools import partial

import pytest

from tests.lab.live import Console, LiveLab, wait_for
from tests.lab.test_student import ping_text

pytestmark = pytest.mark.processes

#: R-A as the slides have it, in long form; R-B in the forms that IOS users type.
R_A = """\
ip route 192.168.2.0 255.255.255.0 10.0.10.20
crypto isakmp policy 10
encryption aes 256
hash sha
authentication pre-share
group 2
lifetime 86400
exit
crypto isakmp key TEST1 address 10.0.10.20
crypto ipsec transform-set TSET esp-aes esp-sha-hmac
exit
access-list 101 permit ip 192.168.1.0 0.0.0.255 192.168.2.0 0.0.0.255
crypto map CMAP 10 ipsec-isakmp
set peer 10.0.10.20
match address 101
set transform-set TSET
exit
int fa0/0
crypto map CMAP
end
"""
R_B = """\
ip route 192.168.1.0 255.255.255.0 10.0.10.10
cry isa pol 10
encr aes 256
auth pre
gr 2
cry isa key TEST1 addr 10.0.10.10
cry ips tr TSET esp-aes esp-sha-hmac
access-list 101 permit ip 192.168.2.0 0.0.0.255 192.168.1.0 0.0.0.255
cry map CMAP 10 ipsec-i
set peer 10.0.10.10
match addr 101
set tr TSET
int fa0/0
cry map CMAP
end
"""
EMPTY_ISAKMP = """\
IPv4 Crypto ISAKMP SA
dst             src             state          conn-id slot status

IPv6 Crypto ISAKMP SA

R-A#"""


def configure(router: Console, text: str) -> str:
    router.command("enable")
    router.command("configure terminal")
    printed = ""
    for line in text.splitlines():
        answer = router.command(line)
        assert "% In" not in answer, f"{line}: {answer}"
        assert "% Am" not in answer, f"{line}: {answer}"
        printed += answer
    return printed


def test_the_handout(lab: LiveLab) -> None:
    lab.up(stage="start")
    play(lab)


def play(lab: LiveLab) -> None:
    """All of it, on a lab that has just started at stage start. tests/compose plays it in containers."""
    router_a, router_b, host = lab.console("R-A"), lab.console("R-B"), lab.console("PC-A")
    printed = configure(router_a, R_A)
    assert "% NOTE: This new crypto map will remain disabled until a peer\n" in printed
    assert "        and a valid access list have been configured.\n" in printed
    assert "%CRYPTO-6-ISAKMP_ON_OFF: ISAKMP is ON" in printed
    configure(router_b, R_B)
    for router in (router_a, router_b):
        router.command("terminal length 0")

    # Slide: before any ping.
    assert router_a.command("show crypto isakmp sa") == EMPTY_ISAKMP
    assert "    10 permit ip 192.168.1.0 0.0.0.255 192.168.2.0 0.0.0.255\n" in router_a.command("show access-lists")

    # Slide: the first ping loses two (IKE, then ARP at R-B), the second none.
    lab.exec("Sniffer1", "clear")
    first = host.command("ping 192.168.2.1")
    assert re.fullmatch(ping_text(lost=2), first), first
    second = host.command("ping 192.168.2.1")
    assert re.fullmatch(ping_text(lost=0), second), second

    # Slide: QM_IDLE at both ends, R-B is the responder.
    row = r"10\.0\.10\.20      10\.0\.10\.10      QM_IDLE           10\d\d    0 ACTIVE\n"
    for router in (router_a, router_b):
        assert re.search(row, router.command("show crypto isakmp sa"))

    # Slide: the list counts what came from behind the router.
    assert "192.168.2.0 0.0.0.255 (8 match(es))\n" in router_a.command("show access-lists")

    # Slide: counters that are true and equal. Of eight packets one woke IKE; R-B lost one to ARP after decryption.
    a, b = (lab.show(name, "show crypto ipsec sa")["interfaces"][0]["flows"][0] for name in ("R-A", "R-B"))
    assert (a["encaps"], a["decaps"], a["send_errors"]) == (7, 6, 1)
    assert (b["encaps"], b["decaps"]) == (6, 7)
    text = router_a.command("show crypto ipsec sa")
    assert "#pkts encaps: 7, #pkts encrypt: 7, #pkts digest: 7\n" in text
    assert "#pkts decaps: 6, #pkts decrypt: 6, #pkts verify: 6\n" in text
    assert "local crypto endpt.: 10.0.10.10, remote crypto endpt.:" in text

    # SPIs on the console are those on the wire, and both ends agree on them.
    outbound, inbound = a["outbound"][0]["spi"], a["inbound"][0]["spi"]
    assert f"current outbound spi: 0x{outbound:08X}({outbound})\n" in text
    assert (b["inbound"][0]["spi"], b["outbound"][0]["spi"]) == (outbound, inbound)
    packets = lab.show("Sniffer1", "show packets")["packets"]
    on_wire = {
        (packet["source"], int(bytes.fromhex(packet["frame"])[34:38].hex(), 16))
        for packet in packets
        if packet["protocol"] == "ESP"
    }
    assert on_wire == {("10.0.10.10", outbound), ("10.0.10.20", inbound)}

    # Slide: Sniffer1 sees ISAKMP, then ESP, and nothing of the sites in the clear. (The routers say who they are: CDP.)
    assert {packet["protocol"] for packet in packets} <= {"ARP", "CDP", "ISAKMP", "ESP"}
    assert [packet["protocol"] for packet in packets if packet["protocol"] == "ISAKMP"] == ["ISAKMP"] * 9
    assert "ESP" in lab.exec("Sniffer1", "filter esp", "show packets last 3")

    # The command that the handout regrets not to have.
    engine = router_a.command("show crypto engine connections active")
    assert re.search(r"\n +\d+  IPsec   AES\+SHA +7 +0 .*10\.0\.10\.10\n", engine), engine
    assert re.search(r"\n +\d+  IPsec   AES\+SHA +0 +6 .*10\.0\.10\.10\n", engine), engine

    the_study(lab, router_a, router_b)
    reload_as_a_remedy(lab, router_a, router_b, host)


def no_isakmp_sa(router: Console) -> bool:
    return "QM_IDLE" not in router.command("show crypto isakmp sa")


def the_study(lab: LiveLab, router_a: Console, router_b: Console) -> None:
    """SPAN at site A, ping from site B: R-B is the initiator, and Sniffer2 sees the ICMP in the clear."""
    switch = lab.console("SW-1")
    for line in (
        "en",
        "conf t",
        "monitor session 1 source interface Fa0/2",
        "monitor session 1 destination interface Fa0/24",
        "end",
    ):
        switch.command(line)
    for router in (router_a, router_b):
        router.command("clear crypto session")
        wait_for(partial(no_isakmp_sa, router), "the SAs to go")
    lab.exec("Sniffer2", "filter icmp", "clear")
    server = lab.console("SV-B")
    server.command("ping 192.168.1.1 -w 2000")
    assert server.command("ping 192.168.1.1").count("TTL=126") == 4
    assert re.search(r"10\.0\.10\.10      10\.0\.10\.20      QM_IDLE ", router_a.command("show crypto isakmp sa"))
    packets = lab.show("Sniffer2", "show packets")["packets"]
    assert {packet["protocol"] for packet in packets} == {"ICMP"}
    assert ("192.168.2.1", "192.168.1.1") in {(packet["source"], packet["destination"]) for packet in packets}


def reload_as_a_remedy(lab: LiveLab, router_a: Console, router_b: Console, host: Console) -> None:
    """Keys that differ: MM_NO_STATE at the end; mended, saved and reloaded, the tunnel comes up."""
    for line in (
        "conf t",
        "no crypto isakmp key TEST1 address 10.0.10.10",
        "crypto isakmp key OTHER address 10.0.10.10",
    ):
        router_b.command(line)
    router_b.command("end")
    for router in (router_a, router_b):
        router.command("clear crypto session")
    host.command("ping 192.168.2.1 -n 1 -w 500")
    wait_for(lambda: "MM_KEY_EXCH" in router_a.command("show crypto isakmp sa"), "MM_KEY_EXCH at R-A")
    assert "failed its sanity check or is malformed" in router_b.command("show logging")
    for line in (
        "conf t",
        "no crypto isakmp key OTHER address 10.0.10.10",
        "crypto isakmp key TEST1 address 10.0.10.10",
        "end",
        "write memory",
    ):
        router_b.command(line)
    router_a.command("clear crypto session")
    router_b.send(b"reload\r\n")
    router_b.until(r"\[confirm\]")
    router_b.send(b"\r\n")
    assert router_b.closed_by_peer()
    lab.wirelab("start", "R-B")
    host.command("ping 192.168.2.1 -w 1000")
    assert host.command("ping 192.168.2.1").count("TTL=126") == 4
    assert "QM_IDLE" in router_a.command("show crypto isakmp sa")
