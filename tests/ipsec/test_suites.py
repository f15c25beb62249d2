"""Suites of phase 2 from the console to the wire: the tunnel carries packets, and the shows name what is in use."""

from __future__ import annotations

import pytest

from tests.sim import LabSim

SUITES = {
    "esp-gcm": ("esp-gcm", "AES-GCM", 8),
    "esp-gcm 256": ("esp-gcm 256", "AES256-GCM", 8),
    "esp-aes 192 esp-sha384-hmac": ("esp-192-aes esp-sha384-hmac", "AES192+SHA384", 16),
    "esp-null esp-sha512-hmac": ("esp-null esp-sha512-hmac", "NULL+SHA512", 0),
}


@pytest.mark.parametrize("transform", SUITES)
def test_a_suite(transform: str) -> None:
    listing, algorithm, iv = SUITES[transform]
    sim = LabSim(stage="solution")
    for name in ("R-A", "R-B"):
        sim.configure(
            name,
            "crypto isakmp policy 10",
            "group 19",
            "hash sha512",
            f"crypto ipsec transform-set TSET {transform}",
            "crypto map CMAP 10 ipsec-isakmp",
            "set pfs group20",
        )
    sim.exec("PC-A", "ping 192.168.2.1")
    assert sim.exec("PC-A", "ping 192.168.2.1").count("TTL=126") == 4
    assert sim.exec("PC-A", "ping -l 3000 192.168.2.1").count("TTL=126") == 4
    for name in ("R-A", "R-B"):
        text = sim.exec(name, "show crypto ipsec sa")
        assert text.count(f"transform: {listing} ,") == 2
        assert f"IV size: {iv} bytes" in text
        assert sim.exec(name, "show crypto engine connections active").count(f" {algorithm} ") == 2
        assert "(256 bit)" in sim.exec(name, "show crypto isakmp policy")
