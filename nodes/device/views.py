"""What ``show`` commands are made from: frozen values, with addresses as text, so that JSON needs no further thought.

Times are seconds since something happened, None for never. ``personality`` names the software version whose wording the
text uses (:mod:`nodes.show.personality`); it never changes a value.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DirectionView:
    packets: int
    octets: int
    broadcasts: int
    """All that went to a group, of which those not to everybody, and of these those to a group of IPv4."""
    multicasts: int
    ip_multicasts: int
    giants: int
    drops: int
    last: float | None
    bit_rate: int
    packet_rate: int


@dataclass(frozen=True, slots=True)
class InterfaceView:
    name: str
    family: str
    """``port``, ``subinterface``, ``loopback`` or ``vlan`` (:class:`nodes.base.ifname.Family`)."""
    description: str
    status: str
    """``up``, ``down`` or ``administratively down``."""
    protocol: str
    """``up`` or ``down``."""
    condition: str
    """A switch's word for it: connected, notconnect, disabled, monitoring."""
    reason: str
    """Why the cable has carrier or not (a word of the broker's); "" where there is no cable."""
    mac: str
    """"" for an interface without a link."""
    burnt_in: str
    """The hardware's own MAC address."""
    address: str | None
    prefix_length: int | None
    method: str
    mtu: int
    bandwidth: int
    """Kilobits a second."""
    delay: int
    """Microseconds."""
    encapsulation: str
    """``ARPA``, ``LOOPBACK``, or ``802.1Q Virtual LAN, Vlan ID  10.``"""
    load_interval: int
    """Seconds over which the rates are averages."""
    keepalive: int
    """Seconds, 0 for none."""
    duplex: str
    speed: str
    """``auto``, or as configured; what was negotiated is full duplex at 100 Mbit/s when carrier is there."""
    vlan: str
    """Access VLAN number, ``trunk`` or ``routed``."""
    resets: int
    cleared: float | None
    """Seconds since ``clear counters``."""
    input: DirectionView
    output: DirectionView


@dataclass(frozen=True, slots=True)
class InterfacesView:
    personality: str
    switch: bool
    interfaces: tuple[InterfaceView, ...]


@dataclass(frozen=True, slots=True)
class IpInterfaceView:
    """``show ip interface``: an interface and what IPv4 does on it; access lists by name, "" for none."""

    interface: InterfaceView
    secondaries: tuple[str, ...]
    """Further addresses, each with the length of its prefix."""
    mtu: int
    """Octets of an IPv4 packet."""
    access_in: str
    access_out: str
    proxy_arp: bool
    redirects: bool
    unreachables: bool
    mask_reply: bool
    directed_broadcast: bool


@dataclass(frozen=True, slots=True)
class IpInterfacesView:
    personality: str
    interfaces: tuple[IpInterfaceView, ...]


@dataclass(frozen=True, slots=True)
class VlanInterfaceView:
    """A VLAN on a port of a router, and the interface whose frames bear it. Counts of frames, and of octets."""

    number: int
    interface: str
    port: str
    native: bool
    """Whether its frames bear no tag."""
    address: str | None
    received: int
    received_octets: int
    sent: int
    sent_octets: int
    ip_received: int
    """Of the frames: those with IPv4."""
    ip_sent: int


@dataclass(frozen=True, slots=True)
class VlanInterfacesView:
    vlans: tuple[VlanInterfaceView, ...]


@dataclass(frozen=True, slots=True)
class RedirectView:
    """A destination to which a gateway told a better way."""

    host: str
    gateway: str
    last_use: float
    """Seconds since then."""
    uses: int
    interface: str


@dataclass(frozen=True, slots=True)
class GatewayView:
    """``show ip redirects``, and ``show ip route`` of a device that does not route."""

    gateway: str | None
    redirects: tuple[RedirectView, ...]


@dataclass(frozen=True, slots=True)
class ArpEntryView:
    address: str
    age_minutes: int | None
    """None for the device's own addresses."""
    mac: str | None
    """None while the entry is incomplete."""
    interface: str


@dataclass(frozen=True, slots=True)
class ArpView:
    entries: tuple[ArpEntryView, ...]


@dataclass(frozen=True, slots=True)
class NextHopView:
    gateway: str | None
    interface: str | None


@dataclass(frozen=True, slots=True)
class RouteView:
    network: str
    length: int
    kind: str
    """``connected``, ``local`` or ``static``."""
    distance: int
    next_hops: tuple[NextHopView, ...]


@dataclass(frozen=True, slots=True)
class RoutesView:
    personality: str
    gateway_of_last_resort: str | None
    routes: tuple[RouteView, ...]
    asked: str = ""
    """``connected`` or ``static`` where only those were asked for; "" for all."""


@dataclass(frozen=True, slots=True)
class RoutingProtocolsView:
    personality: str
    protocols: tuple[str, ...]
    """Those that run: none."""


@dataclass(frozen=True, slots=True)
class RouteEntryView:
    """The answer to ``show ip route A.B.C.D``."""

    personality: str
    asked: str
    routes: tuple[RouteView, ...]
    """Those that cover the address, the most specific first; the default route only if 0.0.0.0 was asked for."""
    subnetted: bool
    """Whether the table has subnets of the address's class A, B or C network."""


@dataclass(frozen=True, slots=True)
class AclEntryView:
    sequence: int
    text: str
    """The entry as configured: ``permit ip 192.168.1.0 0.0.0.255 any``."""
    action: str
    address: str
    """Source address, and its wildcard: all that an entry of a standard list has."""
    wildcard: str
    log: bool
    matches: int


@dataclass(frozen=True, slots=True)
class AclView:
    name: str
    extended: bool
    entries: tuple[AclEntryView, ...]


@dataclass(frozen=True, slots=True)
class AclsView:
    personality: str
    lists: tuple[AclView, ...]


@dataclass(frozen=True, slots=True)
class VersionView:
    personality: str
    hostname: str
    model: str
    uptime: float
    port_types: dict[str, int]
    base_mac: str
    board_id: str
    wirelab: str


@dataclass(frozen=True, slots=True)
class ConfigView:
    """``show running-config`` and ``show startup-config``: the lines, and how many octets they are."""

    lines: tuple[str, ...]
    octets: int
    capacity: int


@dataclass(frozen=True, slots=True)
class TextView:
    """The lines of a file."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileView:
    name: str
    octets: int
    written: float | None
    """Seconds since the epoch; None where no date is kept."""


@dataclass(frozen=True, slots=True)
class DirectoryView:
    """The files of a file system (``flash``, ``nvram``), its size and what is free, in octets."""

    personality: str
    system: str
    files: tuple[FileView, ...]
    octets: int
    free: int
    asked: str = ""
    """The file that was asked for; "" for all."""


@dataclass(frozen=True, slots=True)
class ClockView:
    wall: float
    """Seconds since the epoch."""
    offset: int
    """Minutes of the time zone east of UTC."""
    zone: str
    authoritative: bool
    """Whether the clock was set here."""
    detail: bool


@dataclass(frozen=True, slots=True)
class TechSectionView:
    """A show command and what it says."""

    command: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TechView:
    sections: tuple[TechSectionView, ...]


@dataclass(frozen=True, slots=True)
class ReloadView:
    """A scheduled reload: seconds left and the time it is due, None for none, and why."""

    left: float | None
    due: ClockView | None
    reason: str


@dataclass(frozen=True, slots=True)
class UserView:
    """A session on the console."""

    number: int
    line: str
    """``con 0``, ``vty 1``."""
    idle: float | None
    """Seconds without typing; None when nobody is there."""
    current: bool
    """Whether it is the session that asks."""
    user: str = ""
    """Who logged in; "" where nobody had to say."""


@dataclass(frozen=True, slots=True)
class UsersView:
    users: tuple[UserView, ...]


@dataclass(frozen=True, slots=True)
class LogTargetView:
    """Where messages go: the least urgent severity that does, None for none, and how many did."""

    level: str | None
    count: int


@dataclass(frozen=True, slots=True)
class LogView:
    personality: str
    on: bool
    console: LogTargetView
    monitor: LogTargetView
    buffer: LogTargetView
    trap: LogTargetView
    buffer_octets: int
    lines: tuple[str, ...]
    """What the buffer has kept."""


@dataclass(frozen=True, slots=True)
class BlockView:
    seconds: int
    attempts: int
    within: int


@dataclass(frozen=True, slots=True)
class LoginView:
    """What ``login`` says, and how many failed. ``quiet_left`` is 0 unless it is quiet."""

    delay: int
    delay_set: bool
    quiet_list: str
    logs_failure: bool
    logs_success: bool
    block: BlockView | None
    quiet_left: int
    window_left: int
    window_failures: int
    failures: int


@dataclass(frozen=True, slots=True)
class LoginFailureView:
    user: str
    source: str
    port: int
    times: int
    at: ClockView


@dataclass(frozen=True, slots=True)
class LoginFailuresView:
    total: int
    failures: tuple[LoginFailureView, ...]


@dataclass(frozen=True, slots=True)
class DropView:
    name: str
    count: int
    help: str


@dataclass(frozen=True, slots=True)
class DropsView:
    drops: tuple[DropView, ...]


@dataclass(frozen=True, slots=True)
class MacEntryView:
    vlan: int | None
    """None for the switch's own address, which is its own in all VLANs."""
    mac: str
    kind: str
    """``DYNAMIC`` or ``STATIC``."""
    port: str
    """``CPU`` for the switch itself."""


@dataclass(frozen=True, slots=True)
class MacTableView:
    entries: tuple[MacEntryView, ...]


@dataclass(frozen=True, slots=True)
class VlanView:
    number: int
    name: str
    status: str
    ports: tuple[str, ...]
    remote_span: bool = False


@dataclass(frozen=True, slots=True)
class VlansView:
    vlans: tuple[VlanView, ...]
    one: bool = False
    """Whether one VLAN was asked for."""


@dataclass(frozen=True, slots=True)
class TrunkView:
    port: str
    native: int
    allowed: str
    active: str


@dataclass(frozen=True, slots=True)
class TrunksView:
    trunks: tuple[TrunkView, ...]


@dataclass(frozen=True, slots=True)
class MonitorDestinationView:
    """Destination ports of a session that have the same settings."""

    ports: tuple[str, ...]
    encapsulation: str
    """``native``, ``dot1q`` or ``replicate``."""
    ingress_vlan: int | None
    """Of the untagged frames that the ports take; None: they take none."""
    ingress_tagged: bool


@dataclass(frozen=True, slots=True)
class MonitorSessionView:
    number: int
    kind: str
    """``Local Session``, ``Remote Source Session`` or ``Remote Destination Session``."""
    rx_only: tuple[str, ...]
    tx_only: tuple[str, ...]
    both: tuple[str, ...]
    vlans_rx_only: tuple[int, ...]
    vlans_tx_only: tuple[int, ...]
    vlans_both: tuple[int, ...]
    source_rspan_vlan: int | None
    destinations: tuple[MonitorDestinationView, ...]
    reflector: str
    filter_vlans: tuple[int, ...]
    destination_rspan_vlan: int | None


@dataclass(frozen=True, slots=True)
class MonitorView:
    asked: int | None
    """The number of the session that was asked for; None: all, or some."""
    detail: bool
    sessions: tuple[MonitorSessionView, ...]


@dataclass(frozen=True, slots=True)
class RemoteSpanView:
    """``show vlan remote-span``"""

    vlans: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AdapterView:
    """``ipconfig``."""

    name: str
    hostname: str
    connected: bool
    mac: str
    address: str | None
    mask: str | None
    gateway: str | None
    detail: bool


@dataclass(frozen=True, slots=True)
class HostArpView:
    address: str | None
    entries: tuple[ArpEntryView, ...]


@dataclass(frozen=True, slots=True)
class CapturedView:
    number: int
    seconds: float
    """Since the first packet of the buffer."""
    port: str
    source: str
    destination: str
    protocol: str
    info: str
    frame: bytes


@dataclass(frozen=True, slots=True)
class CaptureView:
    service: bool
    filter: str
    captured: int
    shown: int
    overwritten: int
    capacity: int
    detail: bool
    packets: tuple[CapturedView, ...]


@dataclass(frozen=True, slots=True)
class AttachmentView:
    """A port of a cloud and the Linux interface behind it. ``host`` and ``wire`` are ``up`` or ``down``."""

    port: str
    interface: str
    kind: str
    host: str
    note: str
    wire: str
    reason: str
    to_host_packets: int
    to_host_octets: int
    from_host_packets: int
    from_host_octets: int


@dataclass(frozen=True, slots=True)
class AttachmentsView:
    attachments: tuple[AttachmentView, ...]


@dataclass(frozen=True, slots=True)
class ModeAliasesView:
    """The aliases of one mode: (alias, what it stands for)."""

    mode: str
    aliases: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class AliasesView:
    modes: tuple[ModeAliasesView, ...]
