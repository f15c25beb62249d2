"""NAT traversal (RFC 3947): the vendor ID, finding a translator on the way, and the other port.

Each side sends hashes of both ends' addresses and ports as it sees them. Where what arrives is not what was seen, a
translator is between, and from the next message on everything goes over UDP port 4500: IKE with four octets of zeros in
front, ESP as it is (RFC 3948 §2), and octets of 0xFF that keep the translator's entry alive (§2.3).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

from nodes.engine.ike import vendors
from nodes.engine.ike.core import Core
from nodes.engine.ike.effects import SendDatagram
from nodes.engine.ike.sa import IsakmpSa
from nodes.engine.ike.states import Role
from nodes.wire.doi import ISAKMP_PORT, NAT_T_PORT, PayloadType
from nodes.wire.isakmp import KEEPALIVE, Payload

#: (translator before us, before the peer) -> what IOS says of the two payloads.
_LINES: Final = {
    (False, False): ("His hash no match - this node outside NAT", "No NAT Found for self or peer"),
    (False, True): ("His hash no match - this node outside NAT", "His hash no match - this node outside NAT"),
    (True, False): ("NAT found, the node inside NAT", "My hash no match -  this node inside NAT"),
    (True, True): ("NAT found, both nodes inside NAT", "My hash no match -  this node inside NAT"),
}
#: A discovery payload is a hash, one for each address of a side: more than a few are no honest ones.
_HASHES: Final = 16


def vendor_ids(core: Core, sa: IsakmpSa) -> list[Payload]:
    """What says that we can, unless ``no crypto ipsec nat-transparency udp-encapsulation``."""
    if not core.config.nat_traversal:
        return []
    core.say(sa, " constructed NAT-T vendor-rfc3947 ID")
    return [Payload(PayloadType.VENDOR, vendors.NAT_T)]


def discovery(core: Core, sa: IsakmpSa) -> list[Payload]:
    """NAT-D of the peer's end, then of ours (RFC 3947 §3.2)."""
    if not (core.config.nat_traversal and sa.peer_nat_t):
        return []
    core.say(sa, " constructed HIS NAT-D payload")
    core.say(sa, " constructed MINE NAT-D payload")
    ends = ((sa.remote, sa.remote_port), (sa.local, sa.local_port))
    return [Payload(PayloadType.NAT_D, _digest(sa, *end)) for end in ends]


def discover(core: Core, sa: IsakmpSa, bodies: Sequence[bytes]) -> None:
    """Compare the peer's NAT-D payloads, the first of them for our end, with what we see."""
    if not (core.config.nat_traversal and sa.peer_nat_t and len(bodies) >= 2):
        return
    mine, theirs = bodies[0], bodies[1:_HASHES]
    sa.nat_here = mine not in _digests(sa, sa.local, sa.local_port)
    sa.nat_there = not any(digest in theirs for digest in _digests(sa, sa.remote, sa.remote_port))
    for line in _LINES[sa.nat_here, sa.nat_there]:
        core.say(sa, "received payload type 20")
        core.say(sa, line)


def _digests(sa: IsakmpSa, address: int, port: int) -> set[bytes]:
    # Message 3 of aggressive mode comes over the new port, and its hashes may be of either (RFC 3947 §4).
    ports = {port, ISAKMP_PORT} if sa.aggressive and port == NAT_T_PORT else {port}
    return {_digest(sa, address, number) for number in ports}


def _digest(sa: IsakmpSa, address: int, port: int) -> bytes:
    """HASH(CKY-I | CKY-R | IP | Port) with the hash of phase 1."""
    assert sa.policy is not None
    data = b"".join(sa.cookies) + address.to_bytes(4, "big") + port.to_bytes(2, "big")
    return hashlib.new(sa.policy.hash, data, usedforsecurity=False).digest()


def float_ports(sa: IsakmpSa) -> None:
    """The initiator goes over to port 4500 when a translator was found (RFC 3947 §4); the responder follows."""
    if (sa.nat_here or sa.nat_there) and sa.role is Role.INITIATOR:
        sa.local_port = sa.remote_port = NAT_T_PORT


def begin(core: Core, sa: IsakmpSa, now: float) -> None:
    """Keep the translator's entry alive, where one is in front of us."""
    if sa.nat_here and core.config.nat_keepalive:
        sa.keepalive_due = now + core.config.nat_keepalive


def keep_alive(core: Core, sa: IsakmpSa, now: float) -> None:
    """The timer of keepalives went off."""
    if sa.keepalive_due is None or sa.keepalive_due > now:
        return
    interval = core.config.nat_keepalive
    sa.keepalive_due = now + interval if interval and sa.usable else None
    if interval:
        core.effects.append(SendDatagram(sa.local, sa.local_port, sa.remote, sa.remote_port, KEEPALIVE))
