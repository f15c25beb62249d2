"""The three patterns of the handout's troubleshooting, one of each with real processes."""

from __future__ import annotations

import pytest

from tests.lab.live import LiveLab

pytestmark = pytest.mark.processes


def rows(lab: LiveLab, name: str) -> list[tuple[str, str]]:
    return [(sa["state"], sa["status"]) for sa in lab.show(name, "show crypto isakmp sa")["sas"]]


def counters(lab: LiveLab, name: str) -> tuple[int, int]:
    flow = lab.show(name, "show crypto ipsec sa")["interfaces"][0]["flows"][0]
    return flow["encaps"], flow["decaps"]


def test_pattern_1_nothing_is_listed(lab: LiveLab) -> None:
    """The crypto access list does not match: no IKE, and the ping leaves in the clear for the other router to drop."""
    lab.up(stage="acl-no-match")
    lab.exec("PC-A", "ping -n 3 -w 300 192.168.2.1")
    assert rows(lab, "R-A") == rows(lab, "R-B") == []
    assert "RECVD_PKT_NOT_IPSEC" in lab.exec("R-B", "show logging")
    assert "ICMP" in {packet["protocol"] for packet in lab.show("Sniffer1", "show packets")["packets"]}


def test_pattern_2_phase_1_failed(lab: LiveLab) -> None:
    """Policies that differ: MM_NO_STATE at both ends, and mended by the other policy at once."""
    lab.up(stage="policy-mismatch")
    lab.exec("PC-A", "ping -n 1 -w 300 192.168.2.1")
    assert rows(lab, "R-A") == [("MM_NO_STATE", "ACTIVE")]
    assert rows(lab, "R-B") == [("MM_NO_STATE", "ACTIVE (deleted)")]
    lab.exec("R-B", "configure terminal", "crypto isakmp policy 10", "encr aes 256")
    for name in ("R-A", "R-B"):
        lab.exec(name, "clear crypto isakmp")
    lab.exec("PC-A", "ping -n 2 -w 1000 192.168.2.1")
    assert "Received = 4, Lost = 0" in lab.exec("PC-A", "ping 192.168.2.1")
    assert ("QM_IDLE", "ACTIVE") in rows(lab, "R-A")


def test_pattern_3_phase_2_or_what_follows_it(lab: LiveLab) -> None:
    """No way back at R-B: QM_IDLE, SAs are up, R-A encrypts and decrypts nothing, R-B the other way round."""
    lab.up(stage="no-return-route")
    lab.exec("PC-A", "ping -n 4 -w 300 192.168.2.1")
    assert rows(lab, "R-A") == rows(lab, "R-B") == [("QM_IDLE", "ACTIVE")]
    (a_out, a_in), (b_out, b_in) = counters(lab, "R-A"), counters(lab, "R-B")
    assert a_out > 0
    assert b_in > 0
    assert (a_in, b_out) == (0, 0)
    lab.exec("R-B", "configure terminal", "ip route 192.168.1.0 255.255.255.0 10.0.10.10")
    lab.exec("PC-A", "ping -n 2 -w 1000 192.168.2.1")
    assert "Received = 4, Lost = 0" in lab.exec("PC-A", "ping 192.168.2.1")
