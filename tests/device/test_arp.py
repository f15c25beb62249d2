"""ARP in devices: who is learnt from what, for how long, and who answers for whom."""

from __future__ import annotations

from nodes.base.drops import Drop
from nodes.wire import arp
from tests.device.bench import PEER_MAC, Bench, arp_frame, echo, ip, ip_frame, packets
from tests.sim import LabSim

OTHER_MAC = bytes.fromhex("02bbbbbbbb02")


def table(bench: Bench) -> dict[str, tuple[int | None, str | None]]:
    """address -> (age in minutes, MAC)."""
    return {entry["address"]: (entry["age_minutes"], entry["mac"]) for entry in bench.view("show arp")["entries"]}


def replies(sent: list[tuple[int, bytes]]) -> list[tuple[int, arp.Arp]]:
    return [(port, arp.parse(frame[14:])) for port, frame in sent if frame[12:14] == b"\x08\x06"]


def test_an_announcement_makes_no_entry_but_updates_one(router: Bench) -> None:
    assert not replies(router.send(0, arp_frame(arp.gratuitous(OTHER_MAC, ip("10.0.0.77")))))
    assert "10.0.0.77" not in table(router)
    router.send(0, arp_frame(arp.gratuitous(OTHER_MAC, ip("10.0.0.2"))))
    assert table(router)["10.0.0.2"] == (0, "02bb.bbbb.bb02")


def test_sv_b_s_announcement_does_not_warm_r_b(lab: LabSim) -> None:
    """Both hosts announce their address when their link comes up; the first ping is lost all the same."""
    assert not [entry for entry in lab.view("R-B", "show arp")["entries"] if entry["address"] == "192.168.2.1"]


def test_entries_age_and_are_asked_again_in_time(router: Bench) -> None:
    router.configure("no cdp run")  # so that only ARP has something to do
    began = router.now
    asked = []
    while (deadline := router.device.next_deadline()) is not None and deadline < began + 4 * 3600:
        router.now = deadline
        router.device.handle_timer(deadline)
        asked += [message.target_ip for port, message in replies(router.out()) if port == 0]
        if table(router).get("10.0.0.2", (0, None))[0] == 239:
            assert asked  # a refresh before the four hours are over
    # Nobody answered: the entry is gone after four hours.
    router.now = began + 4 * 3600
    router.device.handle_timer(router.now)
    assert set(asked) == {ip("10.0.0.2")}
    assert "10.0.0.2" not in table(router)


def test_an_entry_without_answer_is_incomplete_and_then_gone(router: Bench) -> None:
    router.send(0, ip_frame(router.device.ports[0].mac, echo("10.0.0.2", "10.1.0.99")))
    assert table(router)["10.1.0.99"] == (0, None)
    assert "Internet  10.1.0.99               0   Incomplete      ARPA   \n" in router.exec("show arp")
    for _ in range(10):
        router.now += 1.0
        router.device.handle_timer(router.now)
    assert "10.1.0.99" not in table(router)


def test_proxy_arp_answers_for_other_interfaces_only(router: Bench) -> None:
    def ask(target: str, sender: str = "10.0.0.2") -> list[tuple[int, arp.Arp]]:
        return replies(router.send(0, arp_frame(arp.request(PEER_MAC, ip(sender), ip(target)))))

    mac = router.device.ports[0].mac
    ((out, answer),) = ask("10.1.0.99")
    assert (out, answer.op, answer.sender_mac, answer.sender_ip) == (0, arp.REPLY, mac, ip("10.1.0.99"))
    for target in ("10.0.0.99", "172.16.0.1", "10.0.0.2", "224.0.0.5", "255.255.255.255", "10.1.0.255"):
        assert ask(target) == []
    router.configure("interface fa0/0", "no ip proxy-arp")
    assert ask("10.1.0.99") == []
    assert len(ask("10.0.0.1")) == 1


def test_our_own_address_elsewhere_is_logged_once_in_a_while(router: Bench) -> None:
    router.log.clear()
    for _ in range(3):
        router.send(0, arp_frame(arp.gratuitous(OTHER_MAC, ip("10.0.0.1"))))
    assert [line.partition(": ")[2] for line in router.log] == [
        "%IP-4-DUPADDR: Duplicate address 10.0.0.1 on FastEthernet0/0, sourced by 02bb.bbbb.bb02"
    ]


def test_another_address_on_the_interface_forgets_its_neighbours(router: Bench) -> None:
    router.configure("interface fa0/0", "ip address 10.9.0.1 255.255.255.0")
    assert set(table(router)) == {"10.9.0.1", "10.1.0.1", "10.1.0.2"}


def test_clear_arp_cache(router: Bench) -> None:
    router.exec("clear arp-cache")
    assert set(table(router)) == {"10.0.0.1", "10.1.0.1"}


def test_a_host_lets_packets_wait_a_router_drops_them(lab: LabSim) -> None:
    assert "Received = 1" in lab.exec("PC-A", "ping -n 1 192.168.1.254")
    assert not lab.nodes["PC-A"].device.drops[Drop.ARP_INCOMPLETE]


def test_packets_for_another_network_go_to_the_mac_of_the_gateway(router: Bench) -> None:
    router.configure("ip route 172.16.0.0 255.255.0.0 10.1.0.2")
    sent = router.send(0, ip_frame(router.device.ports[0].mac, echo("10.0.0.2", "172.16.0.1")))
    assert packets(sent)
    ((port, frame),) = sent
    assert (port, frame[:6]) == (1, bytes.fromhex("02aaaaaaaa02"))


def test_a_static_neighbour_is_not_asked_and_not_forgotten(router: Bench) -> None:
    router.configure("arp 10.0.0.9 02bb.bbbb.bb09 arpa", "arp 172.16.0.1 02bb.bbbb.bb10 arpa")
    assert table(router)["10.0.0.9"] == (None, "02bb.bbbb.bb09")
    # Nobody's network: it waits for an interface that has it.
    assert "172.16.0.1" not in table(router)
    sent = router.send(0, ip_frame(router.device.ports[0].mac, echo("10.0.0.2", "10.0.0.9")))
    assert bytes.fromhex("02bbbbbbbb09") in [frame[:6] for _, frame in sent]
    router.send(0, arp_frame(arp.gratuitous(OTHER_MAC, ip("10.0.0.9"))))
    router.exec("clear arp-cache")
    assert table(router)["10.0.0.9"] == (None, "02bb.bbbb.bb09")
    router.configure("arp 10.0.0.9 02bb.bbbb.bb11 arpa")
    assert table(router)["10.0.0.9"] == (None, "02bb.bbbb.bb11")
    router.device.carrier(0, False, "no-cable", router.now)
    assert "10.0.0.9" not in table(router)
    router.device.carrier(0, True, "up", router.now)
    assert "10.0.0.9" in table(router)
    router.configure("no arp 10.0.0.9")
    assert "10.0.0.9" not in table(router)
