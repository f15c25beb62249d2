"""Access lists on interfaces: what passes, what is counted, what the sender is told."""

from __future__ import annotations

import pytest

from nodes.wire import icmp, ipv4, l4
from tests.device.bench import Bench, echo, ip, ip_frame, messages, packets, tcp, udp
from tests.sim import LabSim


def passes(bench: Bench, packet: ipv4.Ipv4) -> bool:
    """Whether a packet that comes in at port 0 goes out of port 1."""
    sent = packets(bench.send(0, ip_frame(bench.device.ports[0].mac, packet)))
    return any(out == 1 for out, _ in sent)


def matches(bench: Bench, name: str) -> list[int]:
    (view,) = bench.view(f"show access-lists {name}")["lists"]
    return [entry["matches"] for entry in view["entries"]]


@pytest.mark.parametrize("direction", ["in", "out"])
def test_an_extended_list_counts_exactly(router: Bench, direction: str) -> None:
    router.configure(
        "access-list 101 deny icmp any host 10.1.0.2 echo",
        "access-list 101 permit tcp any any eq www",
        "access-list 101 permit udp any any range 1000 2000",
        f"interface fa0/{0 if direction == 'in' else 1}",
        f"ip access-group 101 {direction}",
    )
    assert not passes(router, echo("10.0.0.2", "10.1.0.2"))
    assert [passes(router, tcp("10.0.0.2", "10.1.0.2", port)) for port in (80, 80, 81)] == [True, True, False]
    assert [passes(router, udp("10.0.0.2", "10.1.0.2", port)) for port in (999, 1000, 2000)] == [False, True, True]
    assert matches(router, "101") == [1, 2, 2]
    assert router.drops() == {f"ip-acl-{direction}": 3}
    router.exec("clear access-list counters")
    assert matches(router, "101") == [0, 0, 0]


def test_the_counters_as_text_in_both_personalities() -> None:
    config = "access-list 101 permit ip 192.168.1.0 0.0.0.255 192.168.2.0 0.0.0.255\n"
    said = []
    for version in ("12.4(15)T1", "15.1(4)M12a"):
        bench = Bench("router", config, version=version)
        (access_list,) = bench.router.config.access_lists.values()
        for count in (0, 1, 3):
            access_list.entries[0].matches = count
            said.append(bench.exec("show access-lists").splitlines()[1])
    line = "    10 permit ip 192.168.1.0 0.0.0.255 192.168.2.0 0.0.0.255"
    assert said[:3] == [line, f"{line} (1 match(es))", f"{line} (3 match(es))"]
    assert said[3:] == [line, f"{line} (1 match)", f"{line} (3 matches)"]


def test_clearing_the_counters_of_one_list(router: Bench) -> None:
    router.configure("access-list 1 permit any", "access-list 2 permit any", "interface fa0/0", "ip access-group 1 in")
    router.configure("interface fa0/1", "ip access-group 2 out")
    assert passes(router, echo("10.0.0.2", "10.1.0.2"))
    router.exec("clear access-list counters 1")
    assert (matches(router, "1"), matches(router, "2")) == ([0], [1])


def test_a_standard_list_looks_at_the_source_alone(router: Bench) -> None:
    router.configure(
        "access-list 10 deny host 10.0.0.2",
        "access-list 10 permit 10.0.0.0 0.0.0.255",
        "interface fa0/0",
        "ip access-group 10 in",
    )
    assert not passes(router, echo("10.0.0.2", "10.1.0.2"))
    assert passes(router, echo("10.0.0.3", "10.1.0.2"))
    assert not passes(router, echo("10.0.1.3", "10.1.0.2"))
    assert matches(router, "10") == [1, 1]


@pytest.mark.parametrize(("kind", "rule"), [("standard", "permit 10.0.0.2"), ("extended", "permit icmp any any echo")])
def test_named_lists(router: Bench, kind: str, rule: str) -> None:
    router.configure(f"ip access-list {kind} GUARD", rule, "interface fa0/0", "ip access-group GUARD in")
    assert passes(router, echo("10.0.0.2", "10.1.0.2"))
    assert matches(router, "GUARD") == [1]
    # A line goes by its number; an empty list lets everything pass.
    router.configure(f"ip access-list {kind} GUARD", "no 10")
    assert passes(router, tcp("10.0.0.9", "10.1.0.2", 80))


def test_lines_by_number(router: Bench) -> None:
    router.configure("ip access-list extended GUARD", "permit ip any any", "5 deny icmp any any")
    router.configure("interface fa0/0", "ip access-group GUARD in")
    assert not passes(router, echo("10.0.0.2", "10.1.0.2"))
    assert [line.split()[0] for line in router.exec("show access-lists").splitlines()[1:]] == ["5", "10"]


def test_an_inbound_list_also_judges_what_is_for_the_router(router: Bench) -> None:
    router.configure("access-list 101 deny icmp any any", "interface fa0/0", "ip access-group 101 in")
    sent = messages(router.send(0, ip_frame(router.device.ports[0].mac, echo("10.0.0.2", "10.0.0.1"))))
    ((out, message),) = sent
    assert out == 0
    assert isinstance(message, icmp.Unreachable)
    assert message.code == icmp.ADMIN_PROHIBITED


def test_an_outbound_list_does_not_judge_the_router_s_own_packets(warm: LabSim) -> None:
    warm.configure("R-A", "access-list 101 deny ip any any", "interface fa0/0", "ip access-group 101 out")
    assert "!!!!!" in warm.exec("R-A", "ping 10.0.10.20")
    assert "Received = 4" in warm.exec("PC-A", "ping 192.168.1.254")
    assert "Reply from 192.168.1.254: Destination net unreachable." in warm.exec("PC-A", "ping 192.168.2.1")


def test_established_and_fragments(router: Bench) -> None:
    router.configure(
        "access-list 101 permit tcp any any established",
        "access-list 101 deny ip any any fragments",
        "access-list 101 permit icmp any any",
        "interface fa0/0",
        "ip access-group 101 in",
    )
    assert not passes(router, tcp("10.0.0.2", "10.1.0.2", 80))
    assert passes(router, tcp("10.0.0.2", "10.1.0.2", 80, l4.ACK))
    assert passes(router, tcp("10.0.0.2", "10.1.0.2", 80, l4.RST))
    first, second = ipv4.fragment(echo("10.0.0.2", "10.1.0.2", size=1600).build(), 1500)
    mac = router.device.ports[0].mac
    frames = [mac + b"\x02\xaa\xaa\xaa\xaa\x01\x08\x00" + data for data in (first, second)]
    sent = packets(router.send(0, *frames))
    assert [packet.offset for out, packet in sent if out == 1] == [0]
    assert matches(router, "101") == [2, 1, 1]


def test_a_list_that_does_not_exist_lets_everything_pass(router: Bench) -> None:
    router.configure("interface fa0/0", "ip access-group 150 in")
    assert passes(router, echo("10.0.0.2", "10.1.0.2"))
    router.configure("access-list 150 deny icmp any any")
    assert not passes(router, echo("10.0.0.2", "10.1.0.2"))
    router.configure("no access-list 150")
    assert passes(router, echo("10.0.0.2", "10.1.0.2"))


def test_the_sender_is_told_and_the_router_s_ping_shows_it(warm: LabSim) -> None:
    warm.configure("R-B", "access-list 101 deny icmp any any", "interface fa0/0", "ip access-group 101 in")
    # One unreachable in half a second: the pings between time out.
    assert warm.exec("R-A", "ping 10.0.10.20").splitlines()[-2:] == ["U.U.U", "Success rate is 0 percent (0/5)"]
    warm.configure("R-B", "no ip icmp rate-limit unreachable")
    assert warm.exec("R-A", "ping 10.0.10.20").splitlines()[-2] == "UUUUU"
    # Nothing permits the trace's UDP either: the end of every list denies.
    assert warm.exec("R-A", "traceroute 10.0.10.20").splitlines()[-1] == "  1 10.0.10.20 !A  !A  !A "


def test_matches_with_log(router: Bench) -> None:
    router.configure(
        "access-list 101 deny icmp any any log",
        "access-list 101 permit tcp any any log",
        "access-list 101 permit ip any any log",
        "interface fa0/0",
        "ip access-group 101 in",
    )
    router.log.clear()
    for packet in (
        echo("10.0.0.2", "10.1.0.2"),
        tcp("10.0.0.2", "10.1.0.2", 80),
        ipv4.Ipv4(ip("10.0.0.2"), ip("10.1.0.2"), 50, bytes(32)),
    ):
        passes(router, packet)
    assert [line.partition(": ")[2] for line in router.log] == [
        "%SEC-6-IPACCESSLOGDP: list 101 denied icmp 10.0.0.2 -> 10.1.0.2 (8/0), 1 packet",
        "%SEC-6-IPACCESSLOGP: list 101 permitted tcp 10.0.0.2(40000) -> 10.1.0.2(80), 1 packet",
        "%SEC-6-IPACCESSLOGNP: list 101 permitted esp 10.0.0.2 -> 10.1.0.2, 1 packet",
    ]


def test_a_flow_is_heard_of_again_after_five_minutes(router: Bench) -> None:
    router.configure("access-list 1 permit any log-input", "access-list 101 permit icmp any any log-input")
    router.configure("interface fa0/0", "ip access-group 101 in")
    router.log.clear()
    for _ in range(4):
        passes(router, echo("10.0.0.2", "10.1.0.2"))
    flow = "%SEC-6-IPACCESSLOGDP: list 101 permitted icmp 10.0.0.2 (FastEthernet0/0 02aa.aaaa.aa01) -> 10.1.0.2 (8/0)"
    assert [line.partition(": ")[2] for line in router.log] == [f"{flow}, 1 packet"]
    router.pass_time(300)
    router.out()
    assert router.log[-1].endswith(f"{flow}, 3 packets")
    router.pass_time(300)
    router.out()
    assert len(router.log) == 2
    router.configure("ip access-list log-update threshold 2")
    for _ in range(5):
        passes(router, echo("10.0.0.2", "10.1.0.2"))
    assert [line.rpartition(", ")[2] for line in router.log[-3:]] == ["1 packet", "2 packets", "2 packets"]
