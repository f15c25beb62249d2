"""What a device asks of its surroundings. The shell (or a simulation) drains and carries out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    # Not at run time: most devices have no IPsec and load nothing of it.
    from nodes.esp.association import Association
    from nodes.esp.outcomes import Outcome


@dataclass(frozen=True, slots=True)
class Transmit:
    """Send ``frames`` (whole Ethernet frames without FCS) out of port number ``port``, in order."""

    port: int
    frames: list[bytes]


@dataclass(frozen=True, slots=True)
class ToHost:
    """Give ``frames`` to the Linux interface behind port number ``port`` of a cloud."""

    port: int
    frames: list[bytes]


@dataclass(frozen=True, slots=True)
class HostCarrier:
    """The wire of port number ``port`` of a cloud has carrier, or lost it: an interface that it made follows."""

    port: int
    up: bool


@dataclass(frozen=True, slots=True)
class ViewChanged:
    """Ports went administratively up or down, mirrors changed, or the device became ready: ask for its view again."""


@dataclass(frozen=True, slots=True)
class Logged:
    """A syslog line, complete as a console shows it."""

    line: str
    severity: int


@dataclass(frozen=True, slots=True)
class Told:
    """Something that every terminal shows, whatever it logs: a warning that the device goes down."""

    text: str


@dataclass(frozen=True, slots=True)
class Reload:
    """Restart the device: what is not saved is lost."""


@dataclass(frozen=True, slots=True)
class LinesChanged:
    """The configuration of console lines changed: open sessions follow it."""


@dataclass(frozen=True, slots=True)
class InstallEsp:
    """Hand an SA over to a worker, under a number of the device's choice that is not in use.

    The device keeps no copy of the keys.
    """

    sa: int
    association: Association


@dataclass(frozen=True, slots=True)
class RemoveEsp:
    """Forget an SA, behind the packets that were given to it before; their results still come."""

    sa: int


@dataclass(frozen=True, slots=True)
class SealPackets:
    """Seal whole IPv4 packets with an outbound SA; the results come as :meth:`EspUser.esp_sealed`."""

    sa: int
    packets: list[bytes]


@dataclass(frozen=True, slots=True)
class OpenPackets:
    """Open ESP packets (SPI to the end of the ICV) with an inbound SA; results come as :meth:`EspUser.esp_opened`."""

    sa: int
    packets: list[bytes]


class EspUser(Protocol):
    """What a device that emits :data:`EspEffect` effects has besides.

    For each SA the results come in the order of its packets, in batches that need not be those of the effects. A packet
    that finds no room, or is lost with a worker, has no result: whoever carries the effects out counts it as
    ``Drop.ESP_QUEUE_FULL`` or ``Drop.ESP_WORKER_LOST``. Results of an SA that was removed or lost may still come.
    """

    def esp_sealed(self, sa: int, results: Sequence[tuple[Outcome, bytes]], now: float) -> None:
        """For each packet the outcome and, if it is OK, the outer IPv4 packet; else b""."""

    def esp_opened(self, sa: int, results: Sequence[tuple[Outcome, bytes]], now: float, highest: int = 0) -> None:
        """For each packet the outcome and, if it is OK, the inner IPv4 packet; else b"".

        ``highest`` is the highest sequence number that the SA has authenticated.
        """

    def esp_lost(self, sas: Sequence[int], now: float) -> None:
        """The worker that had these SAs is dead: they exist no more, and new ones have to be negotiated."""


@dataclass(frozen=True, slots=True)
class KeyMade:
    """A line for the key log, with which a capture of this lab can be decrypted: an ISAKMP SA's key, or an ESP SA's.

    ::

        ISAKMP <initiator cookie> <key> <cipher>
        ESP <source> <destination> 0x<SPI> <cipher> <key> <integrity> <key>

    Keys and the cookie in hexadecimal, ``-`` where there is none; names as in :mod:`nodes.crypto.suites`.
    """

    line: str = field(repr=False)


EspEffect = InstallEsp | RemoveEsp | SealPackets | OpenPackets
Effect = Transmit | ToHost | HostCarrier | ViewChanged | Logged | Told | Reload | LinesChanged | KeyMade | EspEffect
