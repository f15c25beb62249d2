"""The No.4 lab in the clear: what a student sees, to the letter."""

from __future__ import annotations

from tests.sim import LabSim

FIRST_PING = """
Pinging 192.168.2.1 with 32 bytes of data:

Request timed out.
Request timed out.
Reply from 192.168.2.1: bytes=32 time=1ms TTL=126
Reply from 192.168.2.1: bytes=32 time=1ms TTL=126

Ping statistics for 192.168.2.1:
    Packets: Sent = 4, Received = 2, Lost = 2 (50% loss),
Approximate round trip times in milli-seconds:
    Minimum = 1ms, Maximum = 1ms, Average = 1ms
"""

SECOND_PING = """
Pinging 192.168.2.1 with 32 bytes of data:

Reply from 192.168.2.1: bytes=32 time=1ms TTL=126
Reply from 192.168.2.1: bytes=32 time=1ms TTL=126
Reply from 192.168.2.1: bytes=32 time=1ms TTL=126
Reply from 192.168.2.1: bytes=32 time=1ms TTL=126

Ping statistics for 192.168.2.1:
    Packets: Sent = 4, Received = 4, Lost = 0 (0% loss),
Approximate round trip times in milli-seconds:
    Minimum = 1ms, Maximum = 1ms, Average = 1ms
"""


def test_the_first_ping_loses_two_to_cold_arp_and_the_second_none(lab: LabSim) -> None:
    assert lab.exec("PC-A", "ping 192.168.2.1") == FIRST_PING
    # One packet was lost at each router, for want of an ARP entry and for no other reason.
    for name in ("R-A", "R-B"):
        assert lab.nodes[name].device.drops.as_dict() == {"arp-incomplete": 1}
    assert lab.exec("PC-A", "ping 192.168.2.1") == SECOND_PING


def test_a_router_loses_its_own_first_ping_too(lab: LabSim) -> None:
    text = lab.exec("R-A", "ping 10.0.10.20")
    assert text.splitlines()[-2:] == [
        ".!!!!",
        "Success rate is 80 percent (4/5), round-trip min/avg/max = 1/1/1 ms",
    ]
    assert lab.exec("R-A", "ping 10.0.10.20").splitlines()[-2] == "!!!!!"


def test_from_the_stage_start_only_routes_are_missing(start: LabSim) -> None:
    assert "Reply from 192.168.1.254: Destination host unreachable." in start.exec("PC-A", "ping 192.168.2.1")
    start.configure("R-A", "ip route 192.168.2.0 255.255.255.0 10.0.10.20")
    # There and not back: R-B has no route to site A.
    assert start.exec("PC-A", "ping 192.168.2.1").count("Request timed out.") == 4
    start.configure("R-B", "ip route 192.168.1.0 255.255.255.0 10.0.10.10")
    assert "Received = 4" in start.exec("PC-A", "ping 192.168.2.1")


def test_both_traces_name_the_hops(warm: LabSim) -> None:
    assert warm.exec("PC-A", "tracert 192.168.2.1").splitlines()[3:] == [
        "  1    <1 ms    <1 ms    <1 ms  192.168.1.254",
        "  2    <1 ms    <1 ms    <1 ms  10.0.10.20",
        "  3     1 ms     1 ms     1 ms  192.168.2.1",
        "",
        "Trace complete.",
    ]
    assert warm.exec("R-A", "traceroute 192.168.2.1").splitlines()[-2:] == [
        "  1 10.0.10.20 0 msec 0 msec 0 msec",
        "  2 192.168.2.1 1 msec 1 msec 1 msec",
    ]


def test_unreachables_are_rate_limited_as_a_traceroute_to_a_router_shows(warm: LabSim) -> None:
    # The second of three port unreachables falls into the half second after the first.
    assert warm.exec("R-A", "traceroute 192.168.2.254").splitlines()[-1] == "  1 10.0.10.20 0 msec *  0 msec"


def test_ping_options_before_and_behind_the_host(warm: LabSim) -> None:
    before = warm.exec("PC-A", "ping -n 2 -l 64 -w 500 192.168.2.1")
    assert before.count("Reply from 192.168.2.1: bytes=64 ") == 2
    assert warm.exec("PC-A", "ping 192.168.2.1 -n 2 -l 64 -w 500") == before


def test_ping_without_end_until_control_c(warm: LabSim) -> None:
    session = warm.session("PC-A")
    warm.type(session, "")
    text = warm.type(session, "ping -t 192.168.2.1\r", 9.5)
    assert text.count("Reply from 192.168.2.1") == 10
    assert "statistics" not in text
    text = warm.type(session, "\x03")
    assert "    Packets: Sent = 10, Received = 10, Lost = 0 (0% loss),\n" in text
    assert text.endswith("Control-C\n\nC:\\>")


def test_a_router_s_ping_is_ended_by_the_escape_sequence(start: LabSim) -> None:
    session = start.session("R-A")
    start.type(session, "ping 10.0.10.99 repeat 100\r", 5.0)
    assert start.type(session, "\x1ex").splitlines()[-2:] == ["Success rate is 0 percent (0/2)", "R-A>"]


def test_a_neighbour_that_is_not_there(lab: LabSim) -> None:
    # Windows says so itself, in its own name, when nobody answers ARP.
    text = lab.exec("PC-A", "ping -n 1 192.168.1.77")
    assert "Reply from 192.168.1.1: Destination host unreachable." in text
    assert "Sent = 1, Received = 1, Lost = 0" in text


def test_without_an_address_nothing_can_be_sent(lab: LabSim) -> None:
    lab.exec("PC-A", "ipconfig /release")
    assert "PING: transmit failed. General failure." in lab.exec("PC-A", "ping -n 1 192.168.2.1")


def test_a_saved_configuration_comes_back_after_a_reload(warm: LabSim) -> None:
    """With its interfaces up, although no file ever says ``no shutdown``."""
    before = warm.exec("R-A", "show running-config")
    warm.exec("R-A", "write memory", "reload")
    warm.run(1.0)
    assert warm.nodes["R-A"].boots == 2
    assert warm.exec("R-A", "show running-config") == before
    assert "Received = 4" in warm.exec("PC-A", "ping 192.168.2.1", "ping 192.168.2.1")


def test_what_was_not_saved_is_gone_after_a_reload(warm: LabSim) -> None:
    warm.exec("R-A", "reload")
    warm.run(1.0)
    assert "ip route" not in warm.exec("R-A", "show running-config")
