"""The text of every show, in both personalities. A blank at the end of a line is written ``·``, a tab ``→``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, TypeVar

import pytest

from nodes.cli import to_plain, view
from nodes.device.cryptoviews import (
    CryptoMapEntryView,
    CryptoMapsView,
    CryptoSessionsView,
    CryptoSessionView,
    EngineConnectionsView,
    EngineConnectionView,
    EspSaView,
    IpsecFlowView,
    IpsecInterfaceView,
    IpsecLifetimeView,
    IpsecSasView,
    IsakmpKeysView,
    IsakmpKeyView,
    IsakmpPoliciesView,
    IsakmpPolicyView,
    IsakmpSasView,
    IsakmpSaView,
    SessionFlowView,
    TransformSetsView,
    TransformSetView,
)
from nodes.show import crypto, cryptomap, ipsec, isakmp
from tests.commands_crypto.fake import COMMANDS, FakeRouter, typed, visible

YOUNG = "15.1(4)M12a"
OLD = "12.4(15)T1"

_V = TypeVar("_V")


def check(text: Callable[[_V], Iterable[str]], shown: _V, golden: str) -> None:
    assert "\n".join(text(shown)) + "\n" == visible(golden)


# Phase 1 -----------------------------------------------------------------------------------------------------------

ISAKMP = IsakmpSaView(
    destination="10.0.10.20",
    source="10.0.10.10",
    state="QM_IDLE",
    connection_id=1001,
    status="ACTIVE",
    local="10.0.10.10",
    remote="10.0.10.20",
    encryption="aes",
    key_bits=256,
    hash="sha",
    authentication="psk",
    group=2,
    remaining=86348,
    lifetime=86400,
)
DELETED = replace(ISAKMP, state="MM_NO_STATE", connection_id=0, status="ACTIVE (deleted)", remaining=None)


def test_isakmp_sa() -> None:
    check(
        isakmp.sas,
        IsakmpSasView(YOUNG, (ISAKMP, DELETED)),
        """\
IPv4 Crypto ISAKMP SA
dst             src             state          conn-id status
10.0.10.20      10.0.10.10      QM_IDLE           1001 ACTIVE
10.0.10.20      10.0.10.10      MM_NO_STATE          0 ACTIVE (deleted)

IPv6 Crypto ISAKMP SA

""",
    )


def test_isakmp_sa_with_slots() -> None:
    check(
        isakmp.sas,
        IsakmpSasView(OLD, (replace(ISAKMP, connection_id=1058), DELETED)),
        """\
IPv4 Crypto ISAKMP SA
dst             src             state          conn-id slot status
10.0.10.20      10.0.10.10      QM_IDLE           1058    0 ACTIVE
10.0.10.20      10.0.10.10      MM_NO_STATE          0    0 ACTIVE (deleted)

IPv6 Crypto ISAKMP SA

""",
    )


def test_no_isakmp_sa() -> None:
    check(
        isakmp.sas,
        IsakmpSasView(OLD, ()),
        """\
IPv4 Crypto ISAKMP SA
dst             src             state          conn-id slot status

IPv6 Crypto ISAKMP SA

""",
    )


def test_isakmp_sa_detail() -> None:
    check(
        isakmp.sas_detail,
        IsakmpSasView(YOUNG, (ISAKMP,)),
        """\
Codes: C - IKE configuration mode, D - Dead Peer Detection
       K - Keepalives, N - NAT-traversal
       T - cTCP encapsulation, X - IKE Extended Authentication
       psk - Preshared key, rsig - RSA signature
       renc - RSA encryption
IPv4 Crypto ISAKMP SA

C-id  Local           Remote          I-VRF  Status Encr Hash   Auth DH Lifetime Cap.

1001  10.0.10.10      10.0.10.20             ACTIVE aes  sha    psk  2  23:59:08·····
       Engine-id:Conn-id =  SW:1

IPv6 Crypto ISAKMP SA

""",
    )


def test_isakmp_sa_detail_before_a_policy_is_agreed() -> None:
    early = replace(ISAKMP, state="MM_NO_STATE", connection_id=0, encryption="", hash="", group=0, remaining=None)
    lines = list(isakmp.sas_detail(IsakmpSasView(YOUNG, (early,))))
    assert lines[9].rstrip() == "0     10.0.10.10      10.0.10.20             ACTIVE             psk"
    assert lines[10:12] == ["", "IPv6 Crypto ISAKMP SA"]


POLICIES = (
    IsakmpPolicyView(10, "aes 256", "sha", "pre-share", 2, 86400),
    IsakmpPolicyView(20, "3des", "md5", "rsa-encr", 5, 3600),
)
POLICY_TEXT = """\

Global IKE policy
Protection suite of priority 10
→encryption algorithm:→AES - Advanced Encryption Standard (256 bit keys).
→hash algorithm:→→Secure Hash Standard
→authentication method:→Pre-Shared Key
→Diffie-Hellman group:→#2 (1024 bit)
→lifetime:→→86400 seconds, no volume limit
Protection suite of priority 20
→encryption algorithm:→Three key triple DES
→hash algorithm:→→Message Digest 5
→authentication method:→Rivest-Shamir-Adleman Encryption
→Diffie-Hellman group:→#5 (1536 bit)
→lifetime:→→3600 seconds, no volume limit
"""
DEFAULT_TEXT = """\
Default protection suite
→encryption algorithm:→DES - Data Encryption Standard (56 bit keys).
→hash algorithm:→→Secure Hash Standard
→authentication method:→Rivest-Shamir-Adleman Signature
→Diffie-Hellman group:→#1 (768 bit)
→lifetime:→→86400 seconds, no volume limit
"""


@pytest.mark.parametrize(("version", "tail"), [(YOUNG, ""), (OLD, DEFAULT_TEXT)])
def test_isakmp_policy(version: str, tail: str) -> None:
    check(isakmp.policies, IsakmpPoliciesView(version, POLICIES), POLICY_TEXT + tail)


@pytest.mark.parametrize("encryption", ["des", "3des", "aes 128", "aes 192", "aes 256"])
@pytest.mark.parametrize("hash_name", ["sha", "md5", "sha256"])
@pytest.mark.parametrize("group", [1, 2, 5, 14])
def test_every_policy_has_a_text(encryption: str, hash_name: str, group: int) -> None:
    policy = IsakmpPolicyView(1, encryption, hash_name, "rsa-sig", group, 60)
    assert len(list(isakmp.policies(IsakmpPoliciesView(YOUNG, (policy,))))) == 8


def test_isakmp_key() -> None:
    check(
        isakmp.keys,
        IsakmpKeysView(
            (
                IsakmpKeyView("10.0.10.20", "255.255.255.255", "CISCO123"),
                IsakmpKeyView("0.0.0.0", "0.0.0.0", "Cisco!23"),
            )
        ),
        """\
Keyring      Hostname/Address                            Preshared Key

default      10.0.10.20                                  CISCO123
default      0.0.0.0        [0.0.0.0        ]            Cisco!23
""",
    )


# Phase 2 -----------------------------------------------------------------------------------------------------------

INBOUND = EspSaView(0x6A92C1AD, "esp-aes esp-sha-hmac", 2001, 4502845, 3548, 16, 64, 4)
OUTBOUND = replace(INBOUND, spi=0x3D5A9C71, connection_id=2002)
FLOW = IpsecFlowView(
    local_address="192.168.1.0",
    local_mask="255.255.255.0",
    remote_address="192.168.2.0",
    remote_mask="255.255.255.0",
    protocol=0,
    local_port=0,
    remote_port=0,
    peer="10.0.10.20",
    map_name="CMAP",
    encaps=4,
    decaps=4,
    send_errors=1,
    recv_errors=0,
    outbound_spi=0x3D5A9C71,
    plaintext_mtu=1438,
    pfs_group=None,
    inbound=(INBOUND,),
    outbound=(OUTBOUND,),
)


def sas_view(version: str, *flows: IpsecFlowView) -> IpsecSasView:
    return IpsecSasView(version, (IpsecInterfaceView("FastEthernet0/0", "CMAP", "10.0.10.10", 1500, flows),))


YOUNG_SAS = """\

interface: FastEthernet0/0
    Crypto map tag: CMAP, local addr 10.0.10.10

   protected vrf: (none)
   local  ident (addr/mask/prot/port): (192.168.1.0/255.255.255.0/0/0)
   remote ident (addr/mask/prot/port): (192.168.2.0/255.255.255.0/0/0)
   current_peer 10.0.10.20 port 500
     PERMIT, flags={origin_is_acl,}
    #pkts encaps: 4, #pkts encrypt: 4, #pkts digest: 4
    #pkts decaps: 4, #pkts decrypt: 4, #pkts verify: 4
    #pkts compressed: 0, #pkts decompressed: 0
    #pkts not compressed: 0, #pkts compr. failed: 0
    #pkts not decompressed: 0, #pkts decompress failed: 0
    #send errors 1, #recv errors 0

     local crypto endpt.: 10.0.10.10, remote crypto endpt.: 10.0.10.20
     plaintext mtu 1438, path mtu 1500, ip mtu 1500, ip mtu idb FastEthernet0/0
     current outbound spi: 0x3D5A9C71(1029348465)
     PFS (Y/N): N, DH group: none

     inbound esp sas:
      spi: 0x6A92C1AD(1788002733)
        transform: esp-aes esp-sha-hmac ,
        in use settings ={Tunnel, }
        conn id: 2001, flow_id: SW:1, sibling_flags 80000046, crypto map: CMAP
        sa timing: remaining key lifetime (k/sec): (4502845/3548)
        IV size: 16 bytes
        replay detection support: Y
        Status: ACTIVE

     inbound ah sas:

     inbound pcp sas:

     outbound esp sas:
      spi: 0x3D5A9C71(1029348465)
        transform: esp-aes esp-sha-hmac ,
        in use settings ={Tunnel, }
        conn id: 2002, flow_id: SW:2, sibling_flags 80000046, crypto map: CMAP
        sa timing: remaining key lifetime (k/sec): (4502845/3548)
        IV size: 16 bytes
        replay detection support: Y
        Status: ACTIVE

     outbound ah sas:

     outbound pcp sas:

"""

#: The numbers of the handout, but for the digests, which Packet Tracer does not count.
HANDOUT_SAS = """\

interface: FastEthernet0/0
    Crypto map tag: CMAP, local addr 10.0.10.10

   protected vrf: (none)
   local  ident (addr/mask/prot/port): (192.168.1.0/255.255.255.0/0/0)
   remote ident (addr/mask/prot/port): (192.168.2.0/255.255.255.0/0/0)
   current_peer 10.0.10.20 port 500
    PERMIT, flags={origin_is_acl,}
   #pkts encaps: 10, #pkts encrypt: 10, #pkts digest: 10
   #pkts decaps: 11, #pkts decrypt: 11, #pkts verify: 11
   #pkts compressed: 0, #pkts decompressed: 0
   #pkts not compressed: 0, #pkts compr. failed: 0
   #pkts not decompressed: 0, #pkts decompress failed: 0
   #send errors 0, #recv errors 0

     local crypto endpt.: 10.0.10.10, remote crypto endpt.: 10.0.10.20
     path mtu 1500, ip mtu 1500, ip mtu idb FastEthernet0/0
     current outbound spi: 0x07E39734(132355892)

     inbound esp sas:
      spi: 0x7D2B36C4(2099984068)
        transform: esp-aes esp-sha-hmac ,
        in use settings ={Tunnel, }
        conn id: 2008, flow_id: FPGA:1, crypto map: CMAP
        sa timing: remaining key lifetime (k/sec): (4525504/1417)
        IV size: 16 bytes
        replay detection support: Y
        Status: ACTIVE

     inbound ah sas:

     inbound pcp sas:

     outbound esp sas:
      spi: 0x07E39734(132355892)
        transform: esp-aes esp-sha-hmac ,
        in use settings ={Tunnel, }
        conn id: 2009, flow_id: FPGA:1, crypto map: CMAP
        sa timing: remaining key lifetime (k/sec): (4525504/1417)
        IV size: 16 bytes
        replay detection support: Y
        Status: ACTIVE

     outbound ah sas:

     outbound pcp sas:

"""


def test_ipsec_sa() -> None:
    check(ipsec.sas, sas_view(YOUNG, FLOW), YOUNG_SAS)


def test_ipsec_sa_detail() -> None:
    lost = replace(FLOW, send_errors=7, no_sa=5, recv_errors=10, not_verified=4, wrong_identity=3, replayed=2)
    lines = list(ipsec.sas_detail(sas_view(YOUNG, lost)))
    at = lines.index("    #pkts not decompressed: 0, #pkts decompress failed: 0")
    assert lines[at + 1 : at + 9] == [
        "    #pkts no sa (send) 5, #pkts invalid sa (rcv) 0",
        "    #pkts encaps failed (send) 2, #pkts decaps failed (rcv) 1",
        "    #pkts invalid prot (recv) 0, #pkts verify failed: 4",
        "    #pkts invalid identity (recv) 3, #pkts invalid len (rcv) 0",
        "    #pkts replay rollover (send): 0, #pkts replay rollover (rcv) 0",
        "    ##pkts replay failed (rcv): 2",
        "    #pkts internal err (send): 0, #pkts internal err (recv) 0",
        "",
    ]
    assert lines.count("        replay detection support: Y  replay window size: 64") == 2
    assert not any("#send errors" in line for line in lines)


def test_ipsec_sa_as_in_the_handout() -> None:
    inbound = replace(INBOUND, spi=0x7D2B36C4, connection_id=2008, remaining_kilobytes=4525504, remaining_seconds=1417)
    outbound = replace(inbound, spi=0x07E39734, connection_id=2009)
    flow = replace(
        FLOW, encaps=10, decaps=11, send_errors=0, outbound_spi=0x07E39734, inbound=(inbound,), outbound=(outbound,)
    )
    check(ipsec.sas, sas_view(OLD, flow), HANDOUT_SAS)


@pytest.mark.parametrize("version", [YOUNG, OLD])
def test_ipsec_sa_that_is_not_up(version: str) -> None:
    idle = replace(FLOW, encaps=0, decaps=0, send_errors=0, outbound_spi=0, inbound=(), outbound=(), pfs_group=2)
    lines = list(ipsec.sas(sas_view(version, idle)))
    assert "     current outbound spi: 0x0(0)" in lines
    assert ("     PFS (Y/N): Y, DH group: group2" in lines) == (version == YOUNG)
    at = lines.index("     inbound esp sas:")
    assert [line for line in lines[at:] if line] == [
        f"     {direction} {protocol} sas:"
        for direction in ("inbound", "outbound")
        for protocol in ("esp", "ah", "pcp")
    ]


def test_a_short_spi_on_younger_software_has_no_zeros_in_front() -> None:
    flow = replace(FLOW, outbound_spi=0x3D3)
    assert "     current outbound spi: 0x3D3(979)" in list(ipsec.sas(sas_view(YOUNG, flow)))


def test_ipsec_sa_of_two_flows_and_of_no_interface() -> None:
    both = list(ipsec.sas(sas_view(YOUNG, FLOW, replace(FLOW, remote_address="192.168.3.0"))))
    assert both.count("interface: FastEthernet0/0") == 1
    starts = [number for number, line in enumerate(both) if line == "   protected vrf: (none)"]
    assert len(starts) == 2
    assert all(both[number - 1] == "" for number in starts)
    assert list(ipsec.sas(IpsecSasView(YOUNG, ()))) == []


def test_transform_sets_and_lifetime() -> None:
    sets = TransformSetsView(
        (
            TransformSetView("TSET", "esp-aes esp-sha-hmac", "tunnel"),
            TransformSetView("T2", "esp-256-aes esp-sha-hmac", "tunnel"),
        )
    )
    check(
        ipsec.transform_sets,
        sets,
        """\
Transform set TSET: { esp-aes esp-sha-hmac  }·
   will negotiate = { Tunnel,  },·

Transform set T2: { esp-256-aes esp-sha-hmac  }·
   will negotiate = { Tunnel,  },·

""",
    )
    check(
        ipsec.lifetime,
        IpsecLifetimeView(4608000, 3600),
        "Security association lifetime: 4608000 kilobytes/3600 seconds\n",
    )


# Crypto maps -------------------------------------------------------------------------------------------------------

ENTRY = CryptoMapEntryView(
    name="CMAP",
    sequence=10,
    description="",
    complete=True,
    peers=("10.0.10.20",),
    current_peer="10.0.10.20",
    access_list="101",
    rules=("permit ip 192.168.1.0 0.0.0.255 192.168.2.0 0.0.0.255",),
    kilobytes=4608000,
    seconds=3600,
    pfs_group=None,
    transform_sets=(TransformSetView("TSET", "esp-aes esp-sha-hmac", "tunnel"),),
    interfaces=("FastEthernet0/0",),
)
IDLE = replace(
    ENTRY,
    sequence=20,
    description="not yet",
    complete=False,
    peers=(),
    current_peer=None,
    access_list="",
    rules=(),
    pfs_group=14,
    transform_sets=(),
)


def test_map() -> None:
    check(
        cryptomap.maps,
        CryptoMapsView(YOUNG, (ENTRY,)),
        """\
Crypto Map IPv4 "CMAP" 10 ipsec-isakmp
→Peer = 10.0.10.20
→Access-List SS dynamic: False
→Extended IP access list 101
→    access-list 101 permit ip 192.168.1.0 0.0.0.255 192.168.2.0 0.0.0.255
→Current peer: 10.0.10.20
→Security association lifetime: 4608000 kilobytes/3600 seconds
→Responder-Only (Y/N): N
→PFS (Y/N): N
→Mixed-mode : Disabled
→Transform sets={·
→→TSET:  { esp-aes esp-sha-hmac  } ,·
→}
→Interfaces using crypto map CMAP:
→→FastEthernet0/0

""",
    )


def test_map_of_older_software_with_an_entry_that_is_not_ready() -> None:
    check(
        cryptomap.maps,
        CryptoMapsView(OLD, (ENTRY, IDLE)),
        """\
Crypto Map "CMAP" 10 ipsec-isakmp
→Peer = 10.0.10.20
→Extended IP access list 101
→    access-list 101 permit ip 192.168.1.0 0.0.0.255 192.168.2.0 0.0.0.255
→Current peer: 10.0.10.20
→Security association lifetime: 4608000 kilobytes/3600 seconds
→PFS (Y/N): N
→Transform sets={·
→→TSET,·
→}

Crypto Map "CMAP" 20 ipsec-isakmp
→Description: not yet
→WARNING: This crypto map is in an incomplete state!
→→(missing peer or access-list definitions)
→No matching address list set.
→Security association lifetime: 4608000 kilobytes/3600 seconds
→PFS (Y/N): Y
→DH group:  group14
→Transform sets={·
→}
→Interfaces using crypto map CMAP:
→→FastEthernet0/0

""",
    )


def test_a_map_whose_list_does_not_exist_is_incomplete() -> None:
    lines = list(cryptomap.maps(CryptoMapsView(YOUNG, (replace(ENTRY, rules=(), interfaces=()),))))
    assert "\tWARNING: This crypto map is in an incomplete state!" in lines
    assert "\tExtended IP access list 101" in lines
    assert lines[-2:] == ["\tInterfaces using crypto map CMAP:", ""]


def test_no_map() -> None:
    assert list(cryptomap.maps(CryptoMapsView(YOUNG, ()))) == ["No crypto maps found."]


# Engine and sessions -----------------------------------------------------------------------------------------------

CONNECTIONS = EngineConnectionsView(
    (
        EngineConnectionView(1001, "IKE", "SHA+AES256", 0, 0, "10.0.10.10"),
        EngineConnectionView(2001, "IPsec", "AES+SHA", 0, 4, "10.0.10.10", 4),
        EngineConnectionView(2002, "IPsec", "AES+SHA", 4, 0, "10.0.10.10"),
    )
)


def test_connections() -> None:
    check(
        crypto.connections,
        CONNECTIONS,
        """\
Crypto Engine Connections

   ID  Type    Algorithm           Encrypt  Decrypt LastSeqN IP-Address
 1001  IKE     SHA+AES256                0        0        0 10.0.10.10
 2001  IPsec   AES+SHA                   0        4        4 10.0.10.10
 2002  IPsec   AES+SHA                   4        0        0 10.0.10.10

""",
    )


SESSION = CryptoSessionView(
    interface="FastEthernet0/0",
    status="UP-ACTIVE",
    peer="10.0.10.20",
    uptime=51.7,
    ike=(ISAKMP,),
    flows=(
        SessionFlowView(
            "192.168.1.0", "255.255.255.0", "192.168.2.0", "255.255.255.0", "ip", 2, 4, 4, 0, 1, 4502845, 3548
        ),
    ),
)


def test_session() -> None:
    check(
        crypto.sessions,
        CryptoSessionsView(False, (SESSION,)),
        """\
Crypto session current status

Interface: FastEthernet0/0
Session status: UP-ACTIVE·····
Peer: 10.0.10.20 port 500·
  Session ID: 0··
  IKEv1 SA: local 10.0.10.10/500 remote 10.0.10.20/500 Active·
  IPSEC FLOW: permit ip 192.168.1.0/255.255.255.0 192.168.2.0/255.255.255.0·
        Active SAs: 2, origin: crypto map

""",
    )


def test_session_detail() -> None:
    check(
        crypto.sessions,
        CryptoSessionsView(True, (SESSION,)),
        """\
Crypto session current status

Code: C - IKE Configuration mode, D - Dead Peer Detection·····
K - Keepalives, N - NAT-traversal, T - cTCP encapsulation·····
X - IKE Extended Authentication, F - IKE Fragmentation
R - IKE Auto Reconnect, U - IKE Dynamic Route Update
S - SIP VPN

Interface: FastEthernet0/0
Uptime: 00:00:51
Session status: UP-ACTIVE·····
Peer: 10.0.10.20 port 500 fvrf: (none) ivrf: (none)
      Phase1_id: 10.0.10.20
      Desc: (none)
  Session ID: 0··
  IKEv1 SA: local 10.0.10.10/500 remote 10.0.10.20/500 Active·
          Capabilities:(none) connid:1001 lifetime:23:59:08
  IPSEC FLOW: permit ip 192.168.1.0/255.255.255.0 192.168.2.0/255.255.255.0·
        Active SAs: 2, origin: crypto map
        Inbound:  #pkts dec'ed 4 drop 0 life (KB/Sec) 4502845/3548
        Outbound: #pkts enc'ed 4 drop 1 life (KB/Sec) 4502845/3548

""",
    )


def test_session_that_is_not_up() -> None:
    flow = SessionFlowView("10.1.1.1", "255.255.255.255", "10.2.2.2", "255.255.255.255", "47", 0, 0, 0, 0, 0, 0, 0)
    down = replace(SESSION, status="DOWN-NEGOTIATING", uptime=None, ike=(DELETED,), flows=(flow,))
    lines = list(crypto.sessions(CryptoSessionsView(True, (down,))))
    at = lines.index("Interface: FastEthernet0/0")
    assert "\n".join(lines[at:]) == visible(
        """\
Interface: FastEthernet0/0
Session status: DOWN-NEGOTIATING
Peer: 10.0.10.20 port 500 fvrf: (none) ivrf: (none)
      Desc: (none)
      Phase1_id: (none)
  Session ID: 0··
  IKEv1 SA: local 10.0.10.10/500 remote 10.0.10.20/500 Inactive·
          Capabilities:(none) connid:0 lifetime:0
  IPSEC FLOW: permit 47 host 10.1.1.1 host 10.2.2.2·
        Active SAs: 0, origin: crypto map
        Inbound:  #pkts dec'ed 0 drop 0 life (KB/Sec) 0/0
        Outbound: #pkts enc'ed 0 drop 0 life (KB/Sec) 0/0
"""
    )


# From the console --------------------------------------------------------------------------------------------------

SHOWS: list[tuple[str, tuple[Any, ...], Any, Callable[[Any], Iterable[str]]]] = [
    ("show crypto isakmp sa", ("isakmp_sas_view",), IsakmpSasView(OLD, (ISAKMP,)), isakmp.sas),
    ("sh cry isa sa", ("isakmp_sas_view",), IsakmpSasView(OLD, (ISAKMP,)), isakmp.sas),
    ("show crypto isakmp sa detail", ("isakmp_sas_view",), IsakmpSasView(OLD, (ISAKMP,)), isakmp.sas_detail),
    ("show crypto isakmp policy", ("isakmp_policies_view",), IsakmpPoliciesView(OLD, POLICIES), isakmp.policies),
    ("show crypto isakmp key", ("isakmp_keys_view",), IsakmpKeysView(()), isakmp.keys),
    ("show crypto ipsec sa", ("ipsec_sas_view", None, None, None), sas_view(OLD, FLOW), ipsec.sas),
    ("show crypto ipsec sa detail", ("ipsec_sas_view", None, None, None), sas_view(YOUNG, FLOW), ipsec.sas_detail),
    ("sh cry ips sa peer 0.0.0.9 det", ("ipsec_sas_view", 9, None, None), sas_view(YOUNG, FLOW), ipsec.sas_detail),
    ("sh cry ips sa peer 0.0.0.9", ("ipsec_sas_view", 9, None, None), sas_view(YOUNG, FLOW), ipsec.sas),
    ("show crypto ipsec transform-set", ("transform_sets_view",), TransformSetsView(()), ipsec.transform_sets),
    (
        "show crypto ipsec security-association lifetime",
        ("lifetime_view",),
        IpsecLifetimeView(4608000, 3600),
        ipsec.lifetime,
    ),
    ("show crypto map", ("maps_view", None), CryptoMapsView(OLD, (ENTRY,)), cryptomap.maps),
    ("show crypto map tag CMAP", ("maps_view", "CMAP"), CryptoMapsView(OLD, (ENTRY,)), cryptomap.maps),
    ("show crypto engine connection active", ("connections_view",), CONNECTIONS, crypto.connections),
    ("show crypto session", ("sessions_view", False), CryptoSessionsView(False, (SESSION,)), crypto.sessions),
    ("show crypto session detail", ("sessions_view", True), CryptoSessionsView(True, (SESSION,)), crypto.sessions),
]


@pytest.mark.parametrize(("line", "call", "shown", "text"), SHOWS, ids=[show[0] for show in SHOWS])
def test_commands_show_their_view(
    line: str, call: tuple[Any, ...], shown: Any, text: Callable[[Any], Iterable[str]]
) -> None:
    router = FakeRouter()
    router.ipsec.views[call[0]] = shown
    batch = typed(router, line)
    assert not batch.rejected
    assert batch.output.splitlines() == list(text(shown))
    assert router.ipsec.calls == [call]
    assert to_plain(view(COMMANDS, router, line, 0.0)) == to_plain(shown)
