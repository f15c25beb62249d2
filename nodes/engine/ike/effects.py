"""What the engine wants done. Its device drains and carries out, in order."""

from __future__ import annotations

from dataclasses import dataclass, field

from nodes.esp.association import Association, Direction, Proxies


@dataclass(frozen=True, slots=True)
class SendDatagram:
    """Send ``data`` by UDP; a retransmission has the same octets."""

    source: int
    source_port: int
    destination: int
    destination_port: int
    data: bytes


@dataclass(frozen=True, slots=True)
class InstallSa:
    """Take one direction of a pair of IPsec SAs into use. ``pair`` is the SPI of the inbound one, and names both.

    The inbound SA always comes first. The responder of a quick mode gets it before its answer leaves, and the outbound
    one when the initiator has confirmed. Lifetimes are the negotiated ones, in seconds and in kilobytes (0: no limit).
    ``initiator``: we began the quick mode. ``pfs_group`` is None without PFS.
    """

    association: Association
    pair: int
    proxies: Proxies
    peer: int
    lifetime_seconds: int
    lifetime_kilobytes: int
    connection_id: int
    initiator: bool
    interface: str
    map_name: str
    sequence: int
    pfs_group: int | None


@dataclass(frozen=True, slots=True)
class RemoveSa:
    """Forget one direction of a pair, with its keys."""

    spi: int
    direction: Direction
    pair: int
    peer: int


@dataclass(frozen=True, slots=True)
class IsakmpKeys:
    """An ISAKMP SA has its keys; with this one its messages can be read. For a key log, where one is kept."""

    initiator_cookie: bytes
    cipher: str
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Log:
    """``%FACILITY-severity-MNEMONIC: text``"""

    facility: str
    severity: int
    mnemonic: str
    text: str


@dataclass(frozen=True, slots=True)
class Debug:
    """A line of ``debug crypto isakmp``, ``ipsec`` or ``engine`` (``topic``), emitted while that is on."""

    topic: str
    text: str


Effect = SendDatagram | InstallSa | RemoveSa | IsakmpKeys | Log | Debug
