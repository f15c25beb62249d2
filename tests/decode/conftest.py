"""Frames to take apart: some that other software sent, some built here, and strategies for hostile ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from nodes.base.addr import parse_ipv4
from nodes.wire import arp, icmp, l4
from nodes.wire.cdp import Capability, Cdp, Raw
from nodes.wire.ethernet import ETH_ARP, ETH_IPV4, ETH_IPV6, Frame, Tag
from nodes.wire.ipv4 import Ipv4, fragment

A, B = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")
PC, SERVER, ROUTER = parse_ipv4("192.168.1.1"), parse_ipv4("192.168.2.1"), parse_ipv4("192.168.1.254")
REAL = ("arp-request", "arp-reply", "main-mode-1", "informational", "quick-mode-1", "esp")


CDP = Cdp(
    device_id="SW-1",
    addresses=(ROUTER,),
    port_id="FastEthernet0/1",
    capabilities=Capability.SWITCH | Capability.IGMP,
    software="Cisco Internetwork Operating System Software \nIOS (tm) C2950 Software",
    platform="cisco WS-C2950-24",
    vtp_domain="",
    native_vlan=1,
    full_duplex=True,
    management=(ROUTER,),
    others=(Raw(0x12, b"\0"),),
)
#: Of an odd length, and its last octet is a negative number in the checksum.
CDP_ROUTER = Cdp(
    device_id="R-A",
    addresses=(PC, ROUTER),
    port_id="FastEthernet0/1",
    capabilities=Capability.ROUTER,
    platform="Cisco 1841",
    management=(ROUTER,),
)


def ip(proto: int, payload: bytes, tag: Tag | None = None, src: int = PC, dst: int = SERVER) -> bytes:
    return Frame(B, A, ETH_IPV4, Ipv4(src, dst, proto, payload, ttl=128, ident=7).build(), tag).build()


def build_frames() -> dict[str, bytes]:
    lines = Path(__file__).with_name("frames.txt").read_text().splitlines()
    real = [bytes.fromhex(line) for line in lines if not line.startswith("#")]
    frames = dict(zip(REAL, real, strict=True))
    big = Ipv4(PC, SERVER, l4.ICMP, icmp.EchoRequest(1, 1, bytes(3000)).build(), ttl=128, ident=9).build()
    for number, piece in enumerate(fragment(big, 1500)):
        frames[f"fragment-{number}"] = Frame(B, A, ETH_IPV4, piece).build()
    probe = l4.Udp(33434, 33435, b"x" * 20).build(PC, SERVER)
    quoted = icmp.quote(Ipv4(PC, SERVER, l4.UDP, probe, ttl=1).build())
    segment = l4.Tcp(1024, 23, 1, 2, l4.SYN | l4.ACK, 4096, options=bytes.fromhex("020405b4"), payload=b"hi")
    telnet = icmp.quote(Ipv4(PC, SERVER, l4.TCP, segment.build(PC, SERVER)).build())
    request = icmp.EchoRequest(1, 1, b"abcdefghijklmnopqrstuvwabcdefghi").build()
    return frames | {
        "echo-request": ip(l4.ICMP, request),
        "echo-reply": ip(l4.ICMP, icmp.EchoReply(1, 1, b"abc").build(), src=SERVER, dst=PC),
        "tagged-echo": ip(l4.ICMP, request, Tag(vid=10, pcp=5)),
        "echo-wrong-checksum": ip(l4.ICMP, request[:2] + b"\0\0" + request[4:]),
        "time-exceeded": ip(l4.ICMP, icmp.TimeExceeded(0, quoted).build(), src=ROUTER, dst=PC),
        "port-unreachable": ip(l4.ICMP, icmp.Unreachable(3, quoted).build(), src=SERVER, dst=PC),
        "too-big": ip(l4.ICMP, icmp.Unreachable(4, telnet, 1400).build(), src=ROUTER, dst=PC),
        "redirect": ip(l4.ICMP, icmp.Redirect(1, ROUTER, quoted).build(), src=ROUTER, dst=PC),
        "udp": ip(l4.UDP, l4.Udp(5353, 53, b"hello").build(PC, SERVER)),
        "tcp": ip(l4.TCP, segment.build(PC, SERVER)),
        "ospf": ip(l4.OSPF, b"hello"),
        "gratuitous-arp": Frame(b"\xff" * 6, A, ETH_ARP, arp.gratuitous(A, PC).build()).build(),
        "bpdu": Frame(bytes.fromhex("0180c2000000"), A, 38, b"\x42\x42\x03" + bytes(35)).build(),
        "snap": Frame(B, A, 18, bytes.fromhex("aaaa03") + b"\xaa\xbb\xcc\0\1" + bytes(10)).build(),
        "cdp": CDP.frame(A),
        "cdp-router": CDP_ROUTER.frame(A),
        "cdp-v1": Cdp(device_id="old", version=1, port_id="Ethernet0", platform="cisco 2500").frame(A),
        "cdp-goodbye": Cdp(device_id="R-A", port_id="FastEthernet0/0", ttl=0).frame(A),
        "ipv6": Frame(B, A, ETH_IPV6, bytes(46)).build(),
    }


@pytest.fixture(scope="session")
def frames() -> dict[str, bytes]:
    """name -> frame."""
    return build_frames()
