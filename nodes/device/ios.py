"""What router and switch share because both have an IOS-like console: configuration files, syslog of links, views."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Final

from nodes.base import ifname
from nodes.base.addr import format_ipv4, format_mac
from nodes.device import acltext, door
from nodes.device.aclreports import AclReports
from nodes.device.base import Device
from nodes.device.cdp import CdpSpeaker, Self
from nodes.device.config import VTY_LINES, InterfaceAddress, InterfaceConfig, IosConfig, RoutedInterfaceConfig
from nodes.device.effects import LinesChanged, Told
from nodes.device.images import WIRELAB
from nodes.device.interface import Direction, Interface, Port, Subinterface
from nodes.device.logconfig import SEVERITIES
from nodes.device.logins import LoginWatch
from nodes.device.schedule import ScheduledReload
from nodes.device.usage import UsageMeter
from nodes.device.views import (
    AclEntryView,
    AclsView,
    AclView,
    BlockView,
    ClockView,
    DirectionView,
    DropsView,
    DropView,
    InterfaceView,
    LoginFailuresView,
    LoginFailureView,
    LoginView,
    LogTargetView,
    LogView,
    ReloadView,
    VersionView,
)
from nodes.engine.acl import AccessList, Action

ADMIN_DOWN: Final = "administratively down"
#: A switch's word for the status of an interface.
_CONDITIONS: Final = {ADMIN_DOWN: "disabled", "up": "connected", "down": "notconnect"}


class IosDevice(Device):
    """A mixin: its host class is a Device that calls :meth:`_init_ios`."""

    config: IosConfig
    vty_count = VTY_LINES
    """Lines of the vty pool that are always there."""
    _methods: dict[str, tuple[InterfaceAddress | None, str]]
    _link_up: set[int]
    _protocol_up: set[int]

    def _init_ios(self, config: IosConfig) -> None:
        self.config = config
        self.syslog.config = config.logging
        self._methods = {}
        self._link_up = set()
        self._protocol_up = set()
        self._scheduled: ScheduledReload | None = None
        self.usage = UsageMeter()
        self.logins = LoginWatch()
        self.acl_reports = AclReports(self)
        self.cdp = CdpSpeaker(self)

    @property
    def version(self) -> str:
        """The software version, which is also the name of the personality."""
        assert self.spec.version is not None  # routers and switches always have one, see nodes.kinds
        return self.spec.version

    @property
    @abstractmethod
    def interface_configs(self) -> Mapping[str, InterfaceConfig]:
        """The configuration of every interface, by its name."""

    @abstractmethod
    def configure_interface(self, name: str) -> InterfaceConfig:
        """Put an interface that has no wire into the configuration."""

    @abstractmethod
    def unconfigure_interface(self, name: str) -> None:
        """Take an interface that has no wire out of the configuration, and what names it."""

    def brought_up(self, interface: InterfaceConfig) -> None:
        """Somebody said ``no shutdown``."""

    # Interfaces ----------------------------------------------------------------------------------------------------

    @abstractmethod
    def _new_interface(self, name: str) -> Interface:
        """The interface for a configuration that has just been made."""

    def _follow_interfaces(self) -> None:
        """Make and remove interfaces so that they are those of the configuration."""
        configured = self.interface_configs
        for interface in [known for known in self.interfaces.values() if known.name not in configured]:
            self.set_admin(interface, False)
            self.remove_interface(interface)
        for name in configured:
            if name not in self.interface_by_name:
                interface = self._new_interface(name)
                interface.admin_up = not configured[name].shutdown
                self.add_interface(interface)
                # What is up from its birth has not come up: IOS tells only of its line protocol.
                _changed(self._link_up, interface, interface.admin_up)
                self._follow(interface)
        for interface in self.interfaces.values():
            interface.average_over(configured[interface.name].load_interval, self.now)

    def remove_interface(self, interface: Interface) -> None:
        super().remove_interface(interface)
        self._methods.pop(interface.name, None)
        self._link_up.discard(interface.index)
        self._protocol_up.discard(interface.index)

    def interfaces_named(self, name: str | None = None) -> list[Interface]:
        """The interfaces in the order in which IOS lists them; one alone if it is named."""
        return sorted(
            (interface for interface in self.interfaces.values() if name in (None, interface.name)),
            key=lambda interface: (self._rank(interface), ifname.sort_key(interface.name)),
        )

    def _rank(self, interface: Interface) -> int:
        """Which interfaces are listed first: those with the lowest number."""
        return 0

    def measure(self, now: float) -> None:
        """Every :data:`nodes.device.usage.SAMPLE` seconds: how busy the processes were."""
        self.usage.sample(self.services.usage(), now)

    def takes_part(self, port: Port) -> bool:
        """Whether protocols between neighbours run on a port at all."""
        return True

    @abstractmethod
    def cdp_self(self, port: Port) -> Self:
        """What CDP says of this device on a port."""

    # Restarts ------------------------------------------------------------------------------------------------------

    def handle_timer(self, now: float) -> None:
        super().handle_timer(now)
        door.end_quiet(self)
        self.acl_reports.handle_timer(now)
        self.cdp.handle_timer(now)
        scheduled = self._scheduled
        if scheduled is None:
            return
        warning = scheduled.due(now)
        if warning is not None:
            self.tell(warning)
        if scheduled.at <= now:
            self._scheduled = None
            self.reload_now(scheduled.reason)

    def next_deadline(self) -> float | None:
        reload = self._scheduled.deadline if self._scheduled is not None else None
        own = (reload, self.cdp.next_deadline(), self.logins.next_deadline(), self.acl_reports.flows.next_deadline())
        deadlines = (super().next_deadline(), *own)
        return min((at for at in deadlines if at is not None), default=None)

    def schedule_reload(self, at: float, reason: str) -> None:
        """Restart at ``at`` (monotonic seconds), instead of when it was to be before."""
        self._scheduled = ScheduledReload.make(at, reason, self.now)

    def cancel_reload(self) -> bool:
        """Whether there was one to cancel."""
        found, self._scheduled = self._scheduled, None
        return found is not None

    def reload_now(self, reason: str) -> None:
        self.log("SYS", 5, "RELOAD", f"Reload requested by console. Reload Reason: {reason}.")
        self.reload()

    def reload_view(self) -> ReloadView:
        if self._scheduled is None:
            return ReloadView(None, None, "")
        left = max(self._scheduled.at - self.now, 0.0)
        return ReloadView(left, self.clock_view(ahead=left), self._scheduled.reason)

    def tell(self, text: str) -> None:
        """Show something on every terminal."""
        self._effects.append(Told(text))

    # Links ---------------------------------------------------------------------------------------------------------

    def set_admin(self, interface: Interface, up: bool) -> None:
        if not up and interface.up and isinstance(interface, Port):
            self.cdp.leave(interface)
        super().set_admin(interface, up)

    def _admin_changed(self, interface: Interface) -> None:
        super()._admin_changed(interface)
        if self._status(interface)[0] == ADMIN_DOWN and self._is_reported(interface):
            self.log("LINK", 5, "CHANGED", f"Interface {interface.name}, changed state to administratively down")
        self._follow(interface)

    def _port_changed(self, interface: Interface) -> None:
        super()._port_changed(interface)
        self._follow(interface)
        self.cdp.follow()

    def _is_reported(self, interface: Interface) -> bool:
        """IOS says nothing of the state of subinterfaces, which is their port's."""
        return not isinstance(interface, Subinterface)

    def _follow(self, interface: Interface) -> None:
        """Log the states of link and line protocol if they are others than before."""
        status, protocol, _ = self._status(interface)
        changed = _changed(self._link_up, interface, status == "up")
        if changed and status != ADMIN_DOWN and self._is_reported(interface):
            self.log("LINK", 3, "UPDOWN", f"Interface {interface.name}, changed state to {status}")
        if _changed(self._protocol_up, interface, protocol == "up") and self._is_reported(interface):
            text = f"Line protocol on Interface {interface.name}, changed state to {protocol}"
            self.log("LINEPROTO", 5, "UPDOWN", text)

    # Views ---------------------------------------------------------------------------------------------------------

    def _note_method(self, interface: Interface, address: InterfaceAddress | None) -> None:
        """Remember where an interface's address came from: the saved configuration or somebody's hands."""
        known, _ = self._methods.get(interface.name, (None, "unset"))
        if address != known:
            method = "unset" if address is None else "manual" if self.ready else "NVRAM"
            self._methods[interface.name] = (address, method)

    def _status(self, interface: Interface) -> tuple[str, str, str]:
        """Status, line protocol and a switch's word for both."""
        status, protocol = interface.state
        return status, protocol, _CONDITIONS[status]

    def status_of(self, interface: Interface) -> tuple[str, str]:
        """The status of an interface and of its line protocol."""
        status, protocol, _ = self._status(interface)
        return status, protocol

    def _vlan_word(self, interface: Interface) -> str:
        return "routed"

    def _interface_view(self, interface: Interface) -> InterfaceView:
        config = self.interface_configs[interface.name]
        status, protocol, condition = self._status(interface)
        address = config.address if isinstance(config, RoutedInterfaceConfig) else None
        return InterfaceView(
            name=interface.name,
            family=ifname.family(interface.name).value,
            description=config.description,
            status=status,
            protocol=protocol,
            condition=condition,
            reason=interface.reason if isinstance(interface, Port) else "",
            mac=format_mac(interface.mac) if interface.has_link else "",
            burnt_in=format_mac(interface.burnt_in) if interface.has_link else "",
            address=None if address is None else format_ipv4(address.address),
            prefix_length=None if address is None else address.length,
            method=self._methods.get(interface.name, (None, "unset"))[1],
            mtu=interface.mtu,
            bandwidth=interface.bandwidth if config.bandwidth is None else config.bandwidth,
            delay=interface.delay if config.delay is None else config.delay * 10,
            encapsulation=interface.encapsulation,
            load_interval=config.load_interval,
            keepalive=config.keepalive,
            duplex=config.duplex,
            speed=config.speed,
            vlan=self._vlan_word(interface),
            resets=interface.resets,
            cleared=None if interface.cleared_at is None else self.now - interface.cleared_at,
            input=self._direction_view(interface.input),
            output=self._direction_view(interface.output),
        )

    def _direction_view(self, direction: Direction) -> DirectionView:
        return DirectionView(
            direction.packets,
            direction.octets,
            direction.broadcasts,
            direction.multicasts,
            direction.ip_multicasts,
            direction.giants,
            direction.drops,
            None if direction.last is None else self.now - direction.last,
            round(direction.bit_rate.at(self.now)),
            round(direction.packet_rate.at(self.now)),
        )

    def access_lists_view(self, name: str | None = None) -> AclsView:
        lists = self.config.access_lists
        # Standard lists first, then extended ones; numbers by value, then names.
        order = sorted(lists, key=lambda key: (lists[key].extended, not key.isdigit(), len(key) * key.isdigit(), key))
        return AclsView(self.version, tuple(_acl_view(lists[key]) for key in order if name in (None, key)))

    def version_view(self) -> VersionView:
        types: dict[str, int] = {}
        for port in self.ports:
            kind = ifname.split(port.name)[0]
            types[kind] = types.get(kind, 0) + 1
        mac = self.ports[0].mac
        return VersionView(
            personality=self.version,
            hostname=self.config.hostname,
            model=self.spec.type,
            uptime=self.now - self.started,
            port_types=types,
            base_mac=format_mac(mac),
            board_id=f"WRL{mac.hex().upper()[2:10]}",
            wirelab=WIRELAB,
        )

    def log_view(self) -> LogView:
        log, config = self.syslog, self.config.logging
        return LogView(
            self.version,
            config.on,
            LogTargetView(_level(config.console), log.console),
            LogTargetView(_level(config.monitor), log.monitor),
            LogTargetView(_level(config.buffered), log.buffered),
            LogTargetView(_level(config.trap), log.trapped),
            config.buffer_octets,
            log.lines(),
        )

    def login_view(self) -> LoginView:
        config, watch = self.config.access.login, self.logins
        block = config.block
        left, recent = (0, 0) if block is None else watch.window(block, self.now)
        return LoginView(
            # What is watched is slowed down a little even if nobody asks for it.
            delay=config.delay or int(block is not None),
            delay_set=bool(config.delay),
            quiet_list=config.quiet_list,
            logs_failure=bool(config.on_failure),
            logs_success=bool(config.on_success),
            block=None if block is None else BlockView(*block),
            quiet_left=watch.quiet_left(self.now),
            window_left=left,
            window_failures=recent,
            failures=watch.failed,
        )

    def login_failures_view(self) -> LoginFailuresView:
        wall = self.moment().wall
        failures = tuple(
            LoginFailureView(*failure.attempt, failure.times, self.clock_view(ahead=failure.wall - wall))
            for failure in self.logins.failures.values()
        )
        return LoginFailuresView(self.logins.failed, failures)

    def enable_check(self, level: int) -> door.EnableCheck | None:
        """What ``enable`` asks for; see :mod:`nodes.cli.builtin`."""
        return door.enable_check(self.config, level)

    def lines_changed(self) -> None:
        """A setting under ``line`` was changed."""
        self._effects.append(LinesChanged())

    def clock_view(self, *, detail: bool = False, ahead: float = 0.0) -> ClockView:
        """The clock, or what it will show ``ahead`` seconds later."""
        moment, zone = self.moment(), self.config.logging.timezone
        return ClockView(moment.wall + ahead, zone.minutes, zone.name, moment.authoritative, detail)


def _changed(known: set[int], interface: Interface, up: bool) -> bool:
    """Whether an interface that is ``up`` or not was not so before; ``known`` are those that were up."""
    if up == (interface.index in known):
        return False
    known ^= {interface.index}
    return True


def _acl_view(access_list: AccessList) -> AclView:
    entries = tuple(
        AclEntryView(
            entry.sequence,
            f"{entry.rule.action.value} {acltext.match_text(entry.rule, access_list.extended)}",
            entry.rule.action.value,
            format_ipv4(entry.rule.source),
            format_ipv4(entry.rule.source_wildcard),
            entry.rule.log,
            entry.matches,
        )
        for entry in access_list
        if entry.rule.action is not Action.REMARK
    )
    return AclView(access_list.name, access_list.extended, entries)


def _level(level: int | None) -> str | None:
    return None if level is None else SEVERITIES[level]


def drops_view(device: Device) -> DropsView:
    """``show drops``: what every device counts."""
    return DropsView(tuple(DropView(drop.label, count, drop.help) for drop, count in device.drops.items()))
