"""A student at the consoles: the lab in the clear, typed over real telnet into real processes."""

from __future__ import annotations

import re

import pytest

from tests.lab.live import Console, LiveLab

pytestmark = pytest.mark.processes

REPLY = r"Reply from 192\.168\.2\.1: bytes=32 time(<1ms|=\d+ms) TTL=126"
PING = (
    r"\nPinging 192\.168\.2\.1 with 32 bytes of data:\n\n{lines}\n"
    r"Ping statistics for 192\.168\.2\.1:\n"
    r"    Packets: Sent = 4, Received = {received}, Lost = {lost} \({rate}% loss\),\n"
    r"Approximate round trip times in milli-seconds:\n"
    r"    Minimum = \d+ms, Maximum = \d+ms, Average = \d+ms\n\nC:\\>"
)


def ping_text(lost: int) -> str:
    lines = r"Request timed out\.\n" * lost + (REPLY + r"\n") * (4 - lost)
    return PING.format(lines=lines, received=4 - lost, lost=lost, rate=lost * 25)


def type_routes(console: Console, network: str, gateway: str) -> None:
    assert console.command("en").endswith("#")
    answer = console.command("conf t")
    assert answer.startswith("Enter configuration commands, one per line.  End with CNTL/Z.\n")
    assert console.command(f"ip route {network} 255.255.255.0 {gateway}").endswith("(config)#")
    assert re.search(r"^R-[AB]#", console.command("end"), re.M)


def test_the_lab_in_the_clear(lab: LiveLab) -> None:
    """From stage start: no way to the other site, then routes, and the first pings are lost to cold ARP."""
    lab.up(stage="start")
    router_a, router_b, host = lab.console("R-A"), lab.console("R-B"), lab.console("PC-A")

    unreachable = host.command("ping 192.168.2.1 -n 1")
    assert "Reply from 192.168.1.254: Destination host unreachable." in unreachable

    type_routes(router_a, "192.168.2.0", "10.0.10.20")
    type_routes(router_b, "192.168.1.0", "10.0.10.10")
    routes = router_a.command("sh ip ro")
    assert "S    192.168.2.0/24 [1/0] via 10.0.10.20\n" in routes
    assert "C       10.0.10.0 is directly connected, FastEthernet0/0\n" in routes

    # Echo 1 is dropped at R-A, which has no ARP entry for R-B; echo 2 at R-B, which has none for SV-B. The replies
    # find entries: each router learnt the asker from its request (RFC 826).
    first = host.command("ping 192.168.2.1")
    assert re.fullmatch(ping_text(lost=2), first), first
    second = host.command("ping 192.168.2.1")
    assert re.fullmatch(ping_text(lost=0), second), second

    trace = host.command("tracert 192.168.2.1")
    hops = [line.split()[-1] for line in trace.splitlines() if re.match(r" +\d+ ", line)]
    assert hops == ["192.168.1.254", "10.0.10.20", "192.168.2.1"], trace
    trace = router_a.command("traceroute 192.168.2.1")
    hops = [line.split()[1] for line in trace.splitlines() if re.match(r" +\d+ ", line)]
    assert hops == ["10.0.10.20", "192.168.2.1"], trace
    ping = router_a.command("ping 192.168.2.1 source fa0/1")
    assert "Packet sent with a source address of 192.168.1.254 \n!!!!!\n" in ping
    assert "Success rate is 100 percent (5/5), round-trip min/avg/max = " in ping

    access_lists_count_and_filter(router_a, host)
    mistakes(router_a)


def access_lists_count_and_filter(router: Console, host: Console) -> None:
    for line in (
        "conf t",
        "access-list 101 deny icmp host 192.168.1.1 host 192.168.2.1 echo",
        "access-list 101 permit ip any any",
        "int fa0/1",
        "ip access-group 101 in",
        "end",
    ):
        assert "%" not in router.command(line).replace("%SYS-5-CONFIG_I", "")
    refused = host.command("ping 192.168.2.1 -n 2 -w 1000")
    assert "Reply from 192.168.1.254: Destination net unreachable." in refused
    host.command("ping 10.0.10.20 -n 1")
    shown = router.command("show access-lists")
    assert "    10 deny icmp host 192.168.1.1 host 192.168.2.1 echo (2 match(es))\n" in shown
    assert "    20 permit ip any any (1 match(es))\n" in shown
    router.command("clear access-list counters")
    assert "match" not in router.command("show access-lists")
    for line in ("conf t", "int fa0/1", "no ip access-group 101 in", "exit", "no access-list 101", "end"):
        router.command(line)
    assert host.command("ping 192.168.2.1 -n 1").count("TTL=126") == 1


def mistakes(router: Console) -> None:
    assert (
        router.command("show versoin")
        == " " * len("R-A#show vers") + "^\n% Invalid input detected at '^' marker.\n\nR-A#"
    )
    assert router.command("show i") == '% Ambiguous command:  "show i"\nR-A#'
    assert router.command("show") == '% Type "show ?" for a list of subcommands\nR-A#'
    assert router.command("ping 192.168.2.1 repeat") == "% Incomplete command.\n\nR-A#"
    router.send(b"show ip ro?")
    assert "route" in router.until(r"R-A#show ip ro")
    router.send(b"\x15sh ip int b\t")
    assert "brief" in router.until(r"R-A#sh ip int brief ")
    router.send(b"\x15")
    router.command("")


def test_several_people_have_sessions_of_their_own(lab: LiveLab) -> None:
    lab.up()
    one, other = lab.console("R-A"), lab.console("R-A")
    one.command("enable")
    assert one.command("configure terminal").endswith("R-A(config)#")
    assert other.command("show privilege").startswith("Current privilege level is 1\n")
    one.command("hostname CHANGED")
    assert other.command("").endswith("CHANGED>")
    one.close()
    again = lab.console("R-A")
    assert again.command("").endswith("CHANGED>"), "a new session starts in user mode"


def test_save_and_reload(lab: LiveLab) -> None:
    """What is saved survives a reload, what is not saved is lost, and the saved configuration beats the stage's."""
    lab.up()
    router = lab.console("R-A")
    for line in ("en", "conf t", "hostname SAVED", "end"):
        router.command(line)
    assert router.command("write memory") == "Building configuration...\n[OK]\nSAVED#"
    router.command("conf t")
    router.command("interface fa0/0")
    router.command("description not saved")
    router.command("end")
    router.send(b"reload\r\n")
    router.until(r"Save\? \[yes/no\]: ")
    router.send(b"no\r\n")
    router.until(r"Proceed with reload\? \[confirm\]")
    router.send(b"\r\n")
    assert router.closed_by_peer()
    assert lab.wirelab("start", "R-A").returncode == 0  # waits until it is ready
    after = lab.exec("R-A", "show running-config")
    assert "hostname SAVED\n" in after
    assert "not saved" not in after
    assert lab.exec("R-A", "show startup-config").startswith("Using ")
    lab.wirelab("down")
    other_stage = lab.wirelab("up", "no4-ipsec", "--stage", "start", "--base-port", "0", check=False)
    assert other_stage.returncode == 1
    assert "--wipe" in other_stage.stderr
    lab.up()
    assert "hostname SAVED\n" in lab.exec("R-A", "show running-config")
