"""Ethernet frames without preamble and FCS, as they travel over the lab's wires (IEEE 802.3 §3.1, 802.1Q §9).

::

     0               6              12      14
     +---------------+---------------+-------+----------------------------+
     |  destination  |    source     | type  |  payload, 46 octets or more |
     +---------------+---------------+-------+----------------------------+

    with an 802.1Q tag:             12      14              16      18
                                     +-------+---+---+-------+-------+
                                     | 8100  |PCP|DEI|  VID  | type  | payload
                                     +-------+---+---+-------+-------+
                                               3   1    12 bits

A type field below 0x0600 is an 802.3 length; the payload then starts with an LLC header (IEEE 802.3 §3.2.6).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final, NamedTuple

from nodes.base.errors import WireError

ETH_IPV4: Final = 0x0800
ETH_ARP: Final = 0x0806
ETH_VLAN: Final = 0x8100
ETH_IPV6: Final = 0x86DD
#: Values below are the length of an 802.3 frame, values from here on name a protocol.
ETH_TYPE_MIN: Final = 0x0600

#: The type field of a frame with a tag, as octets.
TPID: Final = b"\x81\x00"

HEADER_LENGTH: Final = 14
TAG_LENGTH: Final = 4
#: The shortest frame, without its FCS; shorter ones are padded with zeros.
FRAME_MIN: Final = 60

_TAG = struct.Struct("!HH")
_TYPE = struct.Struct("!H")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """An 802.1Q tag: VLAN 0..4095 (0: priority only), priority 0..7, drop eligible."""

    vid: int
    pcp: int = 0
    dei: bool = False

    def build(self) -> bytes:
        if not (0 <= self.vid <= 0xFFF and 0 <= self.pcp <= 7):
            raise ValueError(f"no 802.1Q tag can hold {self}")
        return _TAG.pack(ETH_VLAN, self.pcp << 13 | self.dei << 12 | self.vid)


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame. ``ethertype`` below ETH_TYPE_MIN is the payload's length (802.3).

    ``payload`` of a parsed Ethernet II frame includes the padding, whose length only the protocol above knows; of an
    802.3 frame it does not. Behind a first tag, a second one is left in the payload (ethertype ETH_VLAN).
    """

    dst: bytes
    src: bytes
    ethertype: int
    payload: bytes
    tag: Tag | None = None

    def build(self) -> bytes:
        """The frame, padded with zeros to 60 octets."""
        if len(self.dst) != 6 or len(self.src) != 6:
            raise ValueError("a MAC address has six octets")
        if not 0 <= self.ethertype <= 0xFFFF:
            raise ValueError(f"{self.ethertype} is not a 16-bit type or length")
        tag = self.tag.build() if self.tag is not None else b""
        frame = b"".join((self.dst, self.src, tag, _TYPE.pack(self.ethertype), self.payload))
        return frame if len(frame) >= FRAME_MIN else frame.ljust(FRAME_MIN, b"\0")


class Header(NamedTuple):
    """What a bridge or a router looks at. ``vid`` and ``pcp`` are of the outermost tag; without one, None and 0."""

    dst: bytes
    src: bytes
    ethertype: int
    vid: int | None
    pcp: int
    length: int
    """Octets before the payload: 14, or 18 with a tag."""


def parse(frame: bytes) -> Frame:
    header = peek(frame)
    payload = frame[header.length :]
    if header.ethertype < ETH_TYPE_MIN:
        if header.ethertype > len(payload):
            raise WireError(f"802.3 length {header.ethertype}, but only {len(payload)} octets follow")
        payload = payload[: header.ethertype]
    tag = None
    if header.vid is not None:
        tag = Tag(vid=header.vid, pcp=header.pcp, dei=bool(frame[14] & 0x10))
    return Frame(header.dst, header.src, header.ethertype, payload, tag)


def peek(frame: bytes) -> Header:
    """The header alone; raises WireError when the frame is too short to have one."""
    if len(frame) < HEADER_LENGTH:
        raise WireError(f"an Ethernet header has 14 octets, the frame only {len(frame)}")
    ethertype = frame[12] << 8 | frame[13]
    if ethertype != ETH_VLAN:
        return Header(frame[:6], frame[6:12], ethertype, None, 0, 14)
    if len(frame) < HEADER_LENGTH + TAG_LENGTH:
        raise WireError(f"the frame ends inside its 802.1Q tag, after {len(frame)} octets")
    control = frame[14] << 8 | frame[15]
    return Header(frame[:6], frame[6:12], frame[16] << 8 | frame[17], control & 0xFFF, control >> 13, 18)


def push_tag(frame: bytes, vid: int, pcp: int = 0) -> bytes:
    """The frame with an 802.1Q tag put before its type field (and before any tag that it has)."""
    return frame[:12] + _TAG.pack(ETH_VLAN, pcp << 13 | vid) + frame[12:]


def pop_tag(frame: bytes) -> bytes:
    """The frame without its outermost tag, padded anew to 60 octets; a frame without a tag comes back as it is."""
    if frame[12:14] != TPID or len(frame) < HEADER_LENGTH + TAG_LENGTH:
        return frame
    return (frame[:12] + frame[16:]).ljust(FRAME_MIN, b"\0")


def is_group(mac: bytes) -> bool:
    """Whether the address is a group's (multicast or broadcast): the first octet's low bit (IEEE 802.3 §3.2.3)."""
    return bool(mac[0] & 1)
