"""The configuration of each device kind as plain values: the sole truth for running-config.

Commands change these objects and call :meth:`nodes.device.base.Device.configured`; engines are derived from them, never
the other way round. Two configurations are equal when they compare equal, which is what the round trip
parse(print(x)) == x is tested with. Interface names are the long ones throughout.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Final, NamedTuple

from nodes.base.addr import Prefix, network_of
from nodes.device.access import USER_LEVEL, AccessConfig, Credential
from nodes.device.cryptoconfig import CryptoConfig
from nodes.device.interface import LOAD_INTERVAL
from nodes.device.logconfig import LogConfig
from nodes.engine.acl import AccessList
from nodes.engine.cdp import HOLDTIME, TIMER
from nodes.engine.span.sessions import Sessions


class InterfaceAddress(NamedTuple):
    """An address of our own and the length of its network's prefix."""

    address: int
    length: int

    @property
    def network(self) -> Prefix:
        return network_of(self.address, self.length)


#: Seconds between two keepalives of Ethernet.
KEEPALIVE: Final = 10


@dataclass(slots=True)
class InterfaceConfig:
    """What every interface of an IOS-like device has; duplex and speed are a port's alone."""

    name: str
    description: str = ""
    shutdown: bool = False
    duplex: str = "auto"
    speed: str = "auto"
    bandwidth: int | None = None
    """Kilobits a second, as told to those who choose between ways; None: what the hardware has."""
    delay: int | None = None
    """Tens of microseconds, likewise."""
    load_interval: int = LOAD_INTERVAL
    mtu: int | None = None
    mac: bytes | None = None
    """In place of the burnt-in address."""
    keepalive: int = KEEPALIVE
    """Seconds, 0 for none: told and not done, since a wire here tells by itself whether it has carrier."""
    cdp: bool = True
    prints_auto: ClassVar[bool] = False
    """Whether ``duplex auto`` and ``speed auto`` stand in the running-config although they are defaults."""
    kept: dict[str, tuple[str, ...]] = field(default_factory=dict, kw_only=True)
    """Lines that are taken and printed and change nothing, see :mod:`nodes.commands.kept`. So do lines and boxes."""


@dataclass(slots=True)
class RoutedInterfaceConfig(InterfaceConfig):
    """An interface that may have IPv4 addresses: a router's, or a switch's in a VLAN.

    A physical one is down until ``no shutdown``, or until a configuration file names it, as IOS has it.
    """

    prints_auto: ClassVar[bool] = True
    shutdown: bool = True
    address: InterfaceAddress | None = None
    access_in: str = ""
    access_out: str = ""
    crypto_map: str = ""
    proxy_arp: bool = True
    unreachables: bool = True
    redirects: bool = True
    mask_reply: bool = False
    directed_broadcast: bool = False
    ip_mtu: int | None = None
    secondaries: tuple[InterfaceAddress, ...] = ()

    @property
    def addresses(self) -> tuple[InterfaceAddress, ...]:
        """The primary address and the secondary ones; none without a primary one."""
        return () if self.address is None else (self.address, *self.secondaries)


@dataclass(slots=True)
class SubinterfaceConfig(RoutedInterfaceConfig):
    """``interface FastEthernet0/0.10``: the VLAN that ``encapsulation dot1Q`` gave it, and whether it is the native
    one, whose frames bear no tag."""

    vlan: int | None = None
    native: bool = False


class StaticRoute(NamedTuple):
    """The way that an ``ip route`` names: by gateway, by interface, or both."""

    prefix: Prefix
    gateway: int | None
    interface: str | None


#: The interface that swallows what is sent there.
NULL0: Final = "Null0"


class RouteSettings(NamedTuple):
    """What an ``ip route`` says beside its way; a distance above 1 makes the route a floating one."""

    distance: int = 1
    name: str = ""
    tag: int = 0
    permanent: bool = False
    """It stays, whatever becomes of its interface."""


#: Lines of ``line vty 0 4``: what every box has, and running-config shows as one block while they are alike.
VTY_LINES: Final = 5


@dataclass(slots=True)
class LineConfig:
    """``line con 0`` or one line of ``line vty 0 4``: what sessions on the line start with."""

    name: str = field(default="", compare=False)
    """``con 0``, ``vty 3``. Lines are equal when sessions on them start alike, whatever their names."""
    exec_timeout: int = 600
    """Seconds without typing after which the session ends; 0 is never."""
    logging_synchronous: bool = False
    length: int = 24
    width: int = 80
    history_size: int = 20
    keeps_history: bool = True
    editing: bool = True
    lockable: bool = False
    login: str = ""
    """"line" asks for the line's password, "local" for a user and hers. "" asks for nothing, and is the default of vty
    lines too, on purpose: on IOS theirs is ``login``, with which nobody gets in until a password is set."""
    password: Credential | None = None
    privilege: int = USER_LEVEL
    login_timeout: int = 30
    """Seconds that the questions of a login wait for their answers."""
    executes: bool = True
    """``exec``: whether a session begins at all."""
    access_in: str = ""
    """The access list that clients must pass."""
    access_out: str = ""
    """That of connections from the line to elsewhere; there are none."""
    transport_input: str = ""
    """The protocols that the line takes, "all" or "none"; "" for the default, which is all."""
    transport_output: str = ""
    transport_preferred: str = ""
    """What a word that is no command is taken for: the name of a host to reach by this protocol, or "none"."""
    absolute_timeout: int = 0
    """Minutes after which a session ends whatever happens; 0 is never."""
    session_timeout: int = 0
    """Minutes for connections from the line to elsewhere; there are none."""
    motd_banner: bool = True
    exec_banner: bool = True
    kept: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def takes(self, protocol: str) -> bool:
        """Whether clients may come by this protocol."""
        return self.transport_input in ("", "all") or protocol in self.transport_input.split()


#: What some words stand for at the first prompt of every box.
EXEC_ALIASES: Final[Mapping[str, str]] = {
    "h": "help",
    "lo": "logout",
    "p": "ping",
    "r": "resume",
    "s": "show",
    "u": "undebug",
    "un": "undebug",
    "w": "where",
}


class CommandLevel(NamedTuple):
    """``privilege``: the level of some commands; of ``all`` that begin so, or of those that say no more."""

    level: int
    all: bool = False


@dataclass(slots=True)
class CdpConfig:
    """``cdp``: whether it runs, seconds between packets, and seconds for which neighbours keep them."""

    run: bool = True
    timer: int = TIMER
    holdtime: int = HOLDTIME
    advertise_v2: bool = True
    log_duplex: bool = True
    """``cdp log mismatch duplex``."""


@dataclass(slots=True)
class IosConfig:
    """What the router and the switch have in common."""

    hostname: str
    domain_lookup: bool = True
    domain_name: str = ""
    hosts: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """``ip host``: name -> its addresses, of which the first is the one that is reached."""
    name_servers: list[int] = field(default_factory=list)
    console: LineConfig = field(default_factory=lambda: LineConfig("con 0"))
    aux: LineConfig | None = None
    """The auxiliary port of a router. Nothing is plugged into it here."""
    vty: dict[int, LineConfig] = field(default_factory=lambda: vty_lines(VTY_LINES))
    """By number, without gaps from 0 on."""
    access: AccessConfig = field(default_factory=AccessConfig)
    logging: LogConfig = field(default_factory=LogConfig)
    cdp: CdpConfig = field(default_factory=CdpConfig)
    aliases: dict[str, dict[str, str]] = field(default_factory=lambda: {"exec": dict(EXEC_ALIASES)})
    """By the word for the mode: alias -> what it stands for."""
    levels: dict[tuple[str, tuple[str, ...]], CommandLevel] = field(default_factory=dict)
    """(the word for the mode, the keywords with which commands begin) -> their level."""
    prompt_quiet: bool = False
    """``file prompt quiet``: copying and deleting ask nothing."""
    access_lists: dict[str, AccessList] = field(default_factory=dict)
    log_update: int = 0
    """``ip access-list log-update threshold``: packets; 0 is none."""
    arps: dict[int, bytes] = field(default_factory=dict)
    """``arp``: address -> the MAC address of a neighbour that is not asked for it."""
    kept: dict[str, tuple[str, ...]] = field(default_factory=dict)

    SPACED_DOMAIN: ClassVar[bool] = False
    """Whether ``ip domain name`` is written so, as younger software does, and not ``ip domain-name``."""
    FIRST_VTY: ClassVar[int] = 1
    """The number of ``vty 0`` among all lines of the box."""

    def number(self, name: str) -> int:
        """The number of the line of this name in ``show users``."""
        kind, number = name.split()
        return {"con": 0, "aux": 1, "vty": self.FIRST_VTY}[kind] + int(number)

    def lines(self) -> list[LineConfig]:
        """Every line, in the order of the running-config."""
        return [self.console, *([] if self.aux is None else [self.aux]), *self.vty.values()]

    def line(self, name: str) -> LineConfig:
        """The line of this name. The pool of vty lines grows as sessions come: new ones are like the last."""
        kind, number = name.split()
        if kind == "con":
            return self.console
        return self.vty.get(int(number), self.vty[max(self.vty)])


def vty_lines(count: int) -> dict[int, LineConfig]:
    """The vty lines below ``count``, as they are before anybody configures them."""
    return {number: LineConfig(f"vty {number}") for number in range(count)}


@dataclass(slots=True)
class RouterConfig(IosConfig):
    SPACED_DOMAIN: ClassVar[bool] = True
    FIRST_VTY: ClassVar[int] = 194
    """On a box with slots for other lines, which are empty."""
    interfaces: dict[str, RoutedInterfaceConfig] = field(default_factory=dict)
    routes: dict[StaticRoute, RouteSettings] = field(default_factory=dict)
    crypto: CryptoConfig = field(default_factory=CryptoConfig)
    unreachable_interval: int = 500
    """``ip icmp rate-limit unreachable``: milliseconds between two ICMP unreachables; 0 is no limit."""


@dataclass(slots=True)
class PortSecurityConfig:
    """``switchport port-security``: it may be set before it is switched on."""

    enabled: bool = False
    maximum: int = 1
    violation: str = "shutdown"
    sticky: bool = False
    macs: list[bytes] = field(default_factory=list)
    stuck: list[bytes] = field(default_factory=list)
    """Stations that were learnt and are remembered in the configuration."""
    aging_time: int = 0
    """Minutes."""
    by_silence: bool = False
    ages_configured: bool = False


@dataclass(slots=True)
class SwitchPortConfig(InterfaceConfig):
    """A switch port. ``trunk`` ports carry ``allowed`` VLANs tagged and ``native`` untagged."""

    mode: str = ""
    """``access``, ``trunk``, ``dynamic auto`` or, "" for the default, desirable: a port that may negotiate, with whom
    nobody does, is in its access VLAN."""
    nonegotiate: bool = False
    access_vlan: int = 1
    native: int = 1
    allowed: frozenset[int] | None = None
    """None is every VLAN."""
    voice: str = ""
    """The number of the VLAN of a telephone, or how it is to send ("dot1p", "untagged"); "" for no word about it."""
    protected: bool = False
    portfast: bool = False
    security: PortSecurityConfig = field(default_factory=PortSecurityConfig)
    storms: dict[str, tuple[int, int]] = field(default_factory=dict)
    """``storm-control``: kind of traffic -> rising and falling level in hundredths of a percent."""
    storm_action: str = ""

    @property
    def trunk(self) -> bool:
        return self.mode == "trunk"

    @property
    def voice_vlan(self) -> int | None:
        return int(self.voice) if self.voice.isdigit() else None


#: Seconds after which a disabled port is tried again.
RECOVERY_INTERVAL: Final = 300
#: Seconds that a silent station is remembered.
AGING_TIME: Final = 300
#: The interface in a VLAN that every switch has, shut down until somebody wants it.
DEFAULT_SVI: Final = "Vlan1"


@dataclass(slots=True)
class SwitchConfig(IosConfig):
    interfaces: dict[str, SwitchPortConfig] = field(default_factory=dict)
    """The ports."""
    svis: dict[str, RoutedInterfaceConfig] = field(
        default_factory=lambda: {DEFAULT_SVI: RoutedInterfaceConfig(DEFAULT_SVI)}
    )
    """The switch's own interfaces in VLANs: ``Vlan1`` is always there."""
    default_gateway: int | None = None
    vlans: dict[int, str] = field(default_factory=dict)
    """VLANs that were made here, beyond the built-in ones, with their names ("" is the default name)."""
    remote_span: set[int] = field(default_factory=set)
    """Those of the VLANs that are RSPAN VLANs."""
    suspended: set[int] = field(default_factory=set)
    shut: set[int] = field(default_factory=set)
    """VLANs that carry nothing: everywhere, and on this switch."""
    monitors: Sessions = field(default_factory=dict)
    aging_time: int = AGING_TIME
    vlan_aging_times: dict[int, int] = field(default_factory=dict)
    recovers: set[str] = field(default_factory=set)
    """``errdisable recovery cause``: what a port that was disabled for it comes back from by itself."""
    recovery_interval: int = RECOVERY_INTERVAL
    undetected: set[str] = field(default_factory=set)
    """``no errdisable detect cause``."""
    static_macs: dict[tuple[int, bytes], str] = field(default_factory=dict)
    """(VLAN, MAC address) -> the port behind which the station is said to be."""


@dataclass(slots=True)
class HostConfig:
    hostname: str
    address: InterfaceAddress | None = None
    gateway: int | None = None


@dataclass(slots=True)
class SnifferConfig:
    hostname: str
    service: bool = True
    filter: str = ""
    """The display filter's canonical text; "" shows everything."""
    buffer: int = 1000
    """Packets kept; the oldest gives way."""


@dataclass(slots=True)
class CloudConfig:
    hostname: str
