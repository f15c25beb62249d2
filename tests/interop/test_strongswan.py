"""IKEv1 and ESP with a peer that nobody here wrote: strongSwan, over a cloud node, as initiator and as responder."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

import pytest

from tests.interop.conftest import Site
from tests.interop.strongswan import StrongSwan
from tests.lab.live import wait_for

pytestmark = [pytest.mark.root, pytest.mark.timeout(180)]

CONNECTION: Final = """
connections {
  lab {
    version = 1
    local_addrs = 10.0.10.20
    remote_addrs = 10.0.10.10
    aggressive = %(aggressive)s
    encap = %(encap)s
    dpd_delay = %(dpd)s
    proposals = %(ike)s
    rekey_time = %(ike_rekey)s
    local { auth = psk
            id = %(local_id)s }
    remote { auth = psk
             id = %(remote_id)s }
    children {
      net {
        local_ts = %(local_ts)s
        remote_ts = %(remote_ts)s
        mode = %(mode)s
        esp_proposals = %(esp)s
        rekey_time = %(esp_rekey)s
        life_time = 4000
        rand_time = 0
        start_action = trap
      }
    }
  }
}
secrets { ike-1 { secret = %(secret)s } }
"""
DEFAULTS: Final = {
    "ike": "aes256-sha1-modp1024",
    "esp": "aes128-sha1",
    "ike_rekey": "14400",
    "esp_rekey": "3600",
    "local_ts": "192.168.2.0/24",
    "secret": "TEST1",
    "aggressive": "no",
    "encap": "no",
    "dpd": "0s",
    "local_id": "10.0.10.20",
    "remote_id": "10.0.10.10",
    "remote_ts": "192.168.1.0/24",
    "mode": "tunnel",
}


def connection(**changes: str) -> str:
    return CONNECTION % (DEFAULTS | changes)


class Suite(NamedTuple):
    """The same choice in the words of both ends."""

    policy: tuple[str, ...]
    transform: str
    ike: str
    esp: str
    pfs: str = ""


SUITES: Final = {
    "handout": Suite(("encr aes 256", "group 2"), "esp-aes esp-sha-hmac", "aes256-sha1-modp1024", "aes128-sha1"),
    "sha256-group14": Suite(
        ("encr aes", "hash sha256", "group 14"), "esp-aes esp-sha256-hmac", "aes128-sha256-modp2048", "aes128-sha256"
    ),
    "3des-md5": Suite(("encr 3des", "hash md5", "group 2"), "esp-3des esp-md5-hmac", "3des-md5-modp1024", "3des-md5"),
    "pfs": Suite(
        ("encr aes 256", "group 2"),
        "esp-aes 256 esp-sha-hmac",
        "aes256-sha1-modp1024",
        "aes256-sha1-modp1024",
        "set pfs group2",
    ),
    "curves-gcm": Suite(
        ("encr aes 256", "hash sha384", "group 20"),
        "esp-gcm 256",
        "aes256-sha384-ecp384",
        "aes256gcm16-ecp256",
        "set pfs group19",
    ),
    "sha512": Suite(
        ("encr aes 192", "hash sha512", "group 15"),
        "esp-aes 192 esp-sha512-hmac",
        "aes192-sha512-modp3072",
        "aes192-sha512",
    ),
}


def router(site: Site, suite: Suite, *, key: str = "TEST1", acl: str = "101", extra: tuple[str, ...] = ()) -> None:
    site.configure(
        "crypto isakmp policy 10",
        "authentication pre-share",
        *suite.policy,
        f"crypto isakmp key {key} address 10.0.10.20",
        f"crypto ipsec transform-set TSET {suite.transform}",
        "crypto map CMAP 10 ipsec-isakmp",
        "set peer 10.0.10.20",
        "set transform-set TSET",
        f"match address {acl}",
        *((suite.pfs,) if suite.pfs else ()),
        *extra,
        "interface fa0/0",
        "crypto map CMAP",
    )


def spis(text: str) -> set[int]:
    """The SPIs in what either end lists, as numbers."""
    found = re.findall(r"spi: 0x([0-9A-F]{8})\(|\b(?:in|out)  ?([0-9a-f]{8})", text)
    return {int(word, 16) for words in found for word in words if word}


def current(site: Site) -> str:
    """The SPI with which the router sends."""
    found = re.search(r"current outbound spi: (0x[0-9A-F]{8})", site.ipsec())
    assert found is not None
    return found[1]


@pytest.mark.parametrize("name", SUITES)
def test_the_router_begins(site: Site, swan: StrongSwan, name: str) -> None:
    suite = SUITES[name]
    swan.load(connection(ike=suite.ike, esp=suite.esp))
    router(site, suite)
    site.crosses()
    assert site.ping(4) == 4
    assert site.ping_back(4) == 4
    (sa,) = site.isakmp()
    assert (sa["state"], sa["source"], sa["destination"]) == ("QM_IDLE", "10.0.10.10", "10.0.10.20")
    assert "ESTABLISHED" in swan.sas()
    assert spis(site.ipsec()) == spis(swan.sas())


@pytest.mark.parametrize("name", SUITES)
def test_strongswan_begins(site: Site, swan: StrongSwan, name: str) -> None:
    suite = SUITES[name]
    swan.load(connection(ike=suite.ike, esp=suite.esp))
    router(site, suite)
    swan.ctl("--initiate", "--child", "net")
    wait_for(lambda: site.ping_back(2) == 2, "a ping through the tunnel")
    assert site.ping(4) == 4
    (sa,) = site.isakmp()
    assert (sa["state"], sa["source"], sa["destination"]) == ("QM_IDLE", "10.0.10.20", "10.0.10.10")
    assert spis(site.ipsec()) == spis(swan.sas())


def test_a_wrong_key(site: Site, swan: StrongSwan) -> None:
    swan.load(connection(secret="OTHER"))
    router(site, SUITES["handout"])
    site.ping(1)
    wait_for(lambda: [sa["state"] for sa in site.isakmp()] == ["MM_KEY_EXCH"], "the initiator repeats message 5")
    assert swan.ctl("--initiate", "--child", "net", "--timeout", "5", check=False)
    wait_for(
        lambda: "%CRYPTO-4-IKMP_BAD_MESSAGE: IKE message from 10.0.10.20" in site.exec("R-A", "show logging"),
        "the responder logs what it cannot read",
    )
    assert site.ping(1) == 0


def test_no_proposal_in_common(site: Site, swan: StrongSwan) -> None:
    swan.load(connection(ike="aes128-sha256-modp2048"))
    router(site, SUITES["handout"])
    site.ping(1)
    (sa,) = site.isakmp()
    assert sa["state"] == "MM_NO_STATE"
    assert "no proposal found" in swan.log
    done = swan.ctl("--initiate", "--child", "net", "--timeout", "5", check=False)
    assert "NO_PROPOSAL_CHOSEN" in done


def test_transforms_differ(site: Site, swan: StrongSwan) -> None:
    swan.load(connection(esp="aes256-sha256"))
    router(site, SUITES["handout"])
    site.ping(1)
    wait_for(lambda: [sa["state"] for sa in site.isakmp()] == ["QM_IDLE"], "phase 1 is complete")
    assert not spis(site.ipsec())
    assert "no matching proposal found" in swan.log
    done = swan.ctl("--initiate", "--child", "net", "--timeout", "5", check=False)
    assert "NO_PROPOSAL_CHOSEN" in done


def test_selectors_differ(site: Site, swan: StrongSwan) -> None:
    swan.load(connection(local_ts="192.168.77.0/24"))
    router(site, SUITES["handout"])
    site.ping(1)
    wait_for(lambda: [sa["state"] for sa in site.isakmp()] == ["QM_IDLE"], "phase 1 is complete")
    assert not spis(site.ipsec())
    swan.ctl("--initiate", "--child", "net", "--timeout", "5", check=False)
    assert not spis(site.ipsec())


def test_two_lines_of_an_access_list_are_two_pairs(site: Site, swan: StrongSwan) -> None:
    text = connection()
    second = text.partition("children {")[2].partition("}")[0].replace("net {", "more {").replace("168.2.0", "168.3.0")
    swan.load(text.replace("children {", "children {" + second + "}", 1))
    router(site, SUITES["handout"])
    site.crosses()
    wait_for(lambda: site.ping(2, "192.168.3.1") == 2, "a ping to the second network")
    assert len(spis(site.ipsec())) == 4
    assert spis(site.ipsec()) == spis(swan.sas())


def test_strongswan_deletes_what_it_had(site: Site, swan: StrongSwan) -> None:
    swan.load(connection())
    router(site, SUITES["handout"])
    site.crosses()
    before = spis(site.ipsec())
    swan.ctl("--terminate", "--ike", "lab")
    wait_for(lambda: not spis(site.ipsec()), "its deletes are heeded")
    site.crosses()
    assert not before & spis(site.ipsec())


def test_the_router_deletes_what_it_had(site: Site, swan: StrongSwan) -> None:
    swan.load(connection())
    router(site, SUITES["handout"])
    site.crosses()
    site.clear()
    wait_for(lambda: not swan.sas(), "its deletes are heeded")
    site.crosses()


def test_strongswan_restarts(site: Site, swan: StrongSwan) -> None:
    from tests.interop.strongswan import strongswan

    swan.load(connection())
    router(site, SUITES["handout"])
    site.crosses()
    before = spis(site.ipsec())
    swan.kill()
    with strongswan(site.far) as again:
        again.load(connection())
        again.ctl("--initiate", "--child", "net")
        wait_for(lambda: site.ping_back(2) == 2, "its INITIAL-CONTACT makes the router forget the old SAs")
        assert site.ping(4) == 4
        assert not before & spis(site.ipsec())
        assert spis(site.ipsec()) == spis(again.sas())


def test_the_router_restarts(site: Site, swan: StrongSwan) -> None:
    swan.load(connection())
    router(site, SUITES["handout"])
    site.crosses()
    site.exec("R-A", "write memory")
    site.kill(site.pid("R-A"))
    wait_for(lambda: site.node("R-A")["state"] == "running", "the router is back")
    site.crosses()
    site.exec("R-A", "write erase")


@pytest.mark.parametrize("who", ["router", "strongswan"])
def test_both_phases_are_renewed_under_traffic(site: Site, swan: StrongSwan, who: str) -> None:
    mine = who == "router"
    seconds = ("14400", "3600") if mine else ("12s", "8s")
    swan.load(connection(ike_rekey=seconds[0], esp_rekey=seconds[1]))
    # IOS's shortest lifetimes: 60 seconds for phase 1, 120 for phase 2.
    extra = ("set security-association lifetime seconds 120",) if mine else ()
    suite = SUITES["handout"]
    router(site, suite._replace(policy=(*suite.policy, "lifetime 60")) if mine else suite, extra=extra)
    site.crosses()
    first = current(site), {sa["connection_id"] for sa in site.isakmp()}
    lost: list[int] = []

    def renewed() -> bool:
        """Pings both ways all the time, until both phases run under new keys."""
        lost.append(4 - site.ping_back(4) + 1 - site.ping(1))
        return current(site) != first[0] and bool({sa["connection_id"] for sa in site.isakmp()} - first[1])

    wait_for(renewed, "both phases are renewed", 150)
    assert site.ping(4) == site.ping_back(4) == 4
    assert sum(lost) == 0


@pytest.mark.parametrize("who", ["router", "strongswan"])
def test_through_udp(site: Site, swan: StrongSwan, who: str) -> None:
    """strongSwan says that a translator is between: IKE goes over to port 4500, and ESP into UDP."""
    swan.load(connection(encap="yes"))
    router(site, SUITES["handout"])
    if who == "strongswan":
        swan.ctl("--initiate", "--child", "net")
    site.crosses()
    assert site.ping(4) == site.ping_back(4) == 4
    assert "in use settings ={Tunnel UDP-Encaps, }" in site.ipsec()
    assert "[4500]" in swan.sas()
    (sa,) = site.isakmp()
    assert (sa["local_port"], sa["remote_port"], sa["capabilities"]) == (4500, 4500, "N")
    assert spis(site.ipsec()) == spis(swan.sas())


def test_a_dead_peer(site: Site, swan: StrongSwan) -> None:
    swan.load(connection(dpd="2s"))
    router(site, SUITES["handout"], extra=("exit", "crypto isakmp keepalive 10 2 periodic"))
    site.crosses()
    wait_for(lambda: "DPD" in swan.log or "INFORMATIONAL_V1" in swan.log, "questions and answers")
    assert swan.log.count("N(DPD_ACK)") > 0
    swan.kill()
    wait_for(lambda: not spis(site.ipsec()), "the router notices", 60)


@pytest.mark.parametrize("who", ["router", "strongswan"])
def test_aggressive_mode(site: Site, swan: StrongSwan, who: str) -> None:
    mine = who == "router"
    names = {"remote_id": "branch.lab"} if mine else {"local_id": "branch.lab"}
    swan.load(connection(aggressive="yes", **names))
    peer = (
        "exit",
        "crypto isakmp peer address 10.0.10.20",
        "set aggressive-mode password TEST1",
        "set aggressive-mode client-endpoint fqdn branch.lab",
    )
    key = ("exit", "no crypto isakmp key TEST1 address 10.0.10.20", "crypto isakmp key TEST1 hostname branch.lab")
    router(site, SUITES["handout"], extra=peer if mine else key)
    if not mine:
        swan.ctl("--initiate", "--child", "net")
    site.crosses()
    assert site.ping(4) == site.ping_back(4) == 4
    assert "AGGRESSIVE" in swan.log
    (sa,) = site.isakmp()
    assert sa["identity"] == ("10.0.10.20" if mine else "branch.lab")
