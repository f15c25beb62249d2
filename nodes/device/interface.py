"""Interfaces: where a device sends and receives, physical or made by configuration.

::

    Port           physical: a place for a cable
    Subinterface   one VLAN of a port, whose frames bear its 802.1Q tag there
    Loopback       up unless it is shut down, and leads nowhere
    Svi            a switch itself, as a station of one of its VLANs

Each has a number that no other interface of the device ever has or had: addresses, neighbours and routes are kept by
it. Ports are numbered from 0 in the order of the lab file, the others from there on as they are made.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from math import exp
from typing import Final

from nodes.base.addr import BROADCAST_MAC
from nodes.wire.ethernet import FRAME_MIN, HEADER_LENGTH, Tag
from nodes.wire.ipv4 import MTU_MIN

#: Seconds over which ``show interfaces`` averages its rates unless ``load-interval`` says otherwise.
LOAD_INTERVAL: Final = 300
#: Octets of an IPv4 packet on Ethernet (RFC 894), and on a loopback interface of IOS.
ETHERNET_MTU: Final = 1500
LOOPBACK_MTU: Final = 1514
#: The longest frame without its FCS (IEEE 802.3 3.2.7).
FRAME_MAX: Final = ETHERNET_MTU + HEADER_LENGTH

#: Protocols other than IPv4, as ``show interfaces accounting`` calls them.
ARP: Final = "ARP"
CDP: Final = "CDP"
OTHER: Final = "Other"

_IPV4: Final = b"\x08\x00"
_IP_MULTICAST: Final = b"\x01\x00\x5e"
_ADMIN_DOWN: Final = "administratively down"
#: The VLAN of frames without a tag where nobody has chosen another.
DEFAULT_VLAN: Final = 1


@dataclass(frozen=True, slots=True)
class PortSpec:
    """A port as the lab describes it: canonical name and burnt-in address."""

    name: str
    mac: bytes


class Rate:
    """An exponentially decaying average over ``interval`` seconds, in units per second."""

    __slots__ = ("_at", "_value", "interval")

    def __init__(self) -> None:
        self.interval = LOAD_INTERVAL
        self._value = 0.0
        self._at = 0.0

    def add(self, amount: float, now: float) -> None:
        self._value = self.at(now) + amount / self.interval
        self._at = now

    def at(self, now: float) -> float:
        return self._value * exp((self._at - now) / self.interval)

    def over(self, interval: int, now: float) -> None:
        """Average over another span from now on."""
        self._value, self._at = self.at(now), now
        self.interval = interval


class Direction:
    """Counters of one direction of an interface: packets, octets, broadcasts, giants, drops, and their rates.

    ``broadcasts`` are all frames to a group, of which ``multicasts`` are not to everybody, and of those
    ``ip_multicasts`` to a group of IPv4 (RFC 1112 6.4). ``others`` has packets and octets of every protocol that is not
    IPv4, as far as the device looked.
    """

    __slots__ = (
        "bit_rate",
        "broadcasts",
        "drops",
        "giants",
        "ip_multicasts",
        "last",
        "multicasts",
        "octets",
        "others",
        "packet_rate",
        "packets",
    )

    def __init__(self) -> None:
        self.bit_rate = Rate()
        self.packet_rate = Rate()
        self.clear()

    def clear(self) -> None:
        """The counts; the rates are what they are, as on IOS."""
        self.packets = 0
        self.octets = 0
        self.broadcasts = 0
        self.multicasts = 0
        self.ip_multicasts = 0
        self.others: dict[str, tuple[int, int]] = {}
        self.giants = 0
        self.drops = 0
        self.last: float | None = None

    def count(self, frames: Sequence[bytes], now: float) -> None:
        for frame in frames:
            # The group bit of the destination address: broadcasts and multicasts count together, as on IOS.
            if frame and frame[0] & 1:
                self.broadcasts += 1
                if frame[:6] != BROADCAST_MAC:
                    self.multicasts += 1
                    self.ip_multicasts += frame[:3] == _IP_MULTICAST
        self.add(len(frames), sum(map(len, frames)), now)

    def add(self, packets: int, octets: int, now: float) -> None:
        self.packets += packets
        self.octets += octets
        self.last = now
        self.bit_rate.add(octets * 8, now)
        self.packet_rate.add(packets, now)

    def account(self, protocol: str, octets: int) -> None:
        """A frame that was counted is of this protocol, and not IPv4."""
        packets, before = self.others.get(protocol, (0, 0))
        self.others[protocol] = packets + 1, before + octets


class Interface(ABC):
    """``up`` is what passes traffic. ``tag`` is the 802.1Q tag that frames bear, b"" for none.

    ``bandwidth`` (kilobits a second) and ``delay`` (microseconds) are what IOS says of such hardware.
    """

    bandwidth = 100_000
    delay = 100

    __slots__ = (
        "admin_up",
        "burnt_in",
        "cleared_at",
        "index",
        "input",
        "ip_header",
        "ip_mtu",
        "mac",
        "mtu",
        "name",
        "output",
        "resets",
        "tag",
    )

    def __init__(self, index: int, name: str, mac: bytes) -> None:
        self.index = index
        self.name = name
        self.admin_up = False
        self.cleared_at: float | None = None
        self.resets = 0
        self.input = Direction()
        self.output = Direction()
        self.mtu = ETHERNET_MTU
        self.ip_mtu = ETHERNET_MTU
        """The longest IPv4 packet that leaves in one piece, in octets."""
        self.burnt_in = mac
        self.address_as(mac, b"")

    def carries(self, mtu: int, ip_mtu: int | None) -> None:
        """``mtu`` and ``ip mtu``: how long a payload may be, and an IPv4 packet among them; None for the same."""
        self.mtu = mtu
        self.ip_mtu = max(MTU_MIN, mtu if ip_mtu is None else min(ip_mtu, mtu))

    def address_as(self, mac: bytes, tag: bytes) -> None:
        """Send with this source address and this tag from now on. An interface without a link has neither."""
        self.mac = mac
        self.tag = tag
        self.ip_header = mac + tag + _IPV4
        """What stands between the destination address and the packet in a frame with IPv4."""

    @property
    @abstractmethod
    def state(self) -> tuple[str, str]:
        """Status (``up``, ``down``, ``administratively down``) and line protocol (``up``, ``down``)."""

    @property
    def up(self) -> bool:
        return self.state[1] == "up"

    @property
    def encapsulation(self) -> str:
        """What ``show interfaces`` calls the framing."""
        return "ARPA"

    @property
    def has_link(self) -> bool:
        """Whether there are neighbours to ask for with ARP."""
        return bool(self.mac)

    def frame(self, destination: bytes, ethertype: int, payload: bytes) -> bytes:
        """A frame of this interface, padded so that it is whole without its tag too (IEEE 802.1Q Annex G.2.3)."""
        frame = b"".join((destination, self.mac, self.tag, ethertype.to_bytes(2, "big"), payload))
        return frame.ljust(FRAME_MIN + len(self.tag), b"\0")

    def clear_counters(self, now: float) -> None:
        self.input.clear()
        self.output.clear()
        self.resets = 0
        self.cleared_at = now

    def average_over(self, interval: int, now: float) -> None:
        """``load-interval``, in seconds."""
        for rate in (self.input.bit_rate, self.input.packet_rate, self.output.bit_rate, self.output.packet_rate):
            if rate.interval != interval:
                rate.over(interval, now)


class Port(Interface):
    """A physical port: administratively up or not, and with carrier or not.

    A frame without a tag belongs to ``untagged``, the port itself or the subinterface of the native VLAN; one with a
    tag to the subinterface in ``tagged`` that has this VLAN.
    """

    __slots__ = ("carrier", "frame_max", "reason", "tagged", "untagged")

    def __init__(self, index: int, spec: PortSpec) -> None:
        super().__init__(index, spec.name, spec.mac)
        self.carrier = False
        self.frame_max = FRAME_MAX
        """The longest frame that is taken, without a tag."""
        self.reason = "no-cable"
        self.untagged: Interface = self
        self.tagged: dict[int, Subinterface] = {}

    def carries(self, mtu: int, ip_mtu: int | None) -> None:
        super().carries(mtu, ip_mtu)
        # A smaller MTU is no reason not to take what others send.
        self.frame_max = max(FRAME_MAX, mtu + HEADER_LENGTH)

    @property
    def state(self) -> tuple[str, str]:
        if not self.admin_up:
            return _ADMIN_DOWN, "down"
        return ("up", "up") if self.carrier else ("down", "down")

    @property
    def up(self) -> bool:
        return self.admin_up and self.carrier

    @property
    def encapsulation(self) -> str:
        if not self.tagged:
            return "ARPA"
        native = self.untagged.vlan if isinstance(self.untagged, Subinterface) else None
        return _dot1q(native or DEFAULT_VLAN)


class Subinterface(Interface):
    """One VLAN of a port; until it has one (``encapsulation``) no frame belongs to it. It goes up and down with the
    port, whose MAC address it has."""

    __slots__ = ("ip_received", "ip_sent", "native", "port", "vlan")

    def __init__(self, index: int, name: str, port: Port) -> None:
        super().__init__(index, name, port.mac)
        self.port = port
        self.ip_received = 0
        self.ip_sent = 0
        self.vlan: int | None = None
        self.native = False

    def carry(self, vlan: int | None, native: bool) -> None:
        """``encapsulation dot1Q``: the VLAN whose frames are this subinterface's, and whether they go untagged."""
        self.vlan, self.native = vlan, native
        self.burnt_in = self.port.burnt_in
        self.address_as(self.port.mac, b"" if vlan is None or native else Tag(vid=vlan).build())

    def clear_counters(self, now: float) -> None:
        super().clear_counters(now)
        self.ip_received = self.ip_sent = 0

    @property
    def state(self) -> tuple[str, str]:
        return self.port.state if self.admin_up else (_ADMIN_DOWN, "down")

    @property
    def up(self) -> bool:
        return self.admin_up and self.port.up

    @property
    def encapsulation(self) -> str:
        return "ARPA" if self.vlan is None else _dot1q(self.vlan)


class Loopback(Interface):
    """Has addresses and no link: what is routed to it and is not for the device itself ends there."""

    __slots__ = ()

    bandwidth = 8_000_000
    delay = 5_000
    encapsulation = "LOOPBACK"

    def __init__(self, index: int, name: str) -> None:
        super().__init__(index, name, b"")
        self.mtu = self.ip_mtu = LOOPBACK_MTU
        self.admin_up = True

    @property
    def state(self) -> tuple[str, str]:
        return ("up", "up") if self.admin_up else (_ADMIN_DOWN, "down")


class Svi(Interface):
    """A switch as a station of ``vlan``. Its line protocol is up while the VLAN exists and a port forwards there."""

    __slots__ = ("active", "vlan")

    bandwidth = 1_000_000
    delay = 10

    def __init__(self, index: int, name: str, mac: bytes, vlan: int) -> None:
        super().__init__(index, name, mac)
        self.vlan = vlan
        self.active = False

    @property
    def state(self) -> tuple[str, str]:
        if not self.admin_up:
            return _ADMIN_DOWN, "down"
        return "up", "up" if self.active else "down"


def _dot1q(vlan: int) -> str:
    return f"802.1Q Virtual LAN, Vlan ID  {vlan}."
