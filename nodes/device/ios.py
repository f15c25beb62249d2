"""What router and switch share because both have an IOS-like console: configuration files, syslog of links, views."""

from __future__ import annotations

from abc import abstractmethod

from nodes.base.addr import format_ipv4, format_mac
from nodes.base.ifname import split
from nodes.device import access, acltext
from nodes.device.base import Device, Direction, Port
from nodes.device.config import VTY_LINES, InterfaceAddress, InterfaceConfig, IosConfig, RoutedInterfaceConfig
from nodes.device.effects import LinesChanged, Told
from nodes.device.images import WIRELAB
from nodes.device.logconfig import SEVERITIES
from nodes.device.schedule import ScheduledReload
from nodes.device.views import (
    AclEntryView,
    AclsView,
    AclView,
    ClockView,
    DirectionView,
    DropsView,
    DropView,
    InterfaceView,
    LogTargetView,
    LogView,
    ReloadView,
    VersionView,
)
from nodes.engine.acl import AccessList, Action


class IosDevice(Device):
    """A mixin: its host class is a Device that calls :meth:`_init_ios`."""

    config: IosConfig
    vty_count = VTY_LINES
    """Lines of the vty pool that are always there."""
    _methods: dict[str, tuple[InterfaceAddress | None, str]]
    _protocol_up: set[int]

    def _init_ios(self, config: IosConfig) -> None:
        self.config = config
        self.syslog.config = config.logging
        self._methods = {}
        self._protocol_up = set()
        self._scheduled: ScheduledReload | None = None

    @property
    def version(self) -> str:
        """The software version, which is also the name of the personality."""
        assert self.spec.version is not None  # routers and switches always have one, see nodes.kinds
        return self.spec.version

    @abstractmethod
    def interface_config(self, port: Port) -> InterfaceConfig:
        """The configuration of a port."""

    # Restarts ------------------------------------------------------------------------------------------------------

    def handle_timer(self, now: float) -> None:
        super().handle_timer(now)
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
        mine = self._scheduled.deadline if self._scheduled is not None else None
        return min((at for at in (super().next_deadline(), mine) if at is not None), default=None)

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

    def _admin_changed(self, port: Port) -> None:
        super()._admin_changed(port)
        if not port.admin_up:
            self.log("LINK", 5, "CHANGED", f"Interface {port.name}, changed state to administratively down")

    def _port_changed(self, port: Port) -> None:
        super()._port_changed(port)
        if port.admin_up:
            self.log("LINK", 3, "UPDOWN", f"Interface {port.name}, changed state to {'up' if port.up else 'down'}")
        self._follow_protocol(port)

    def _follow_protocol(self, port: Port) -> None:
        """Log the line protocol's state if it is another one than before."""
        _, state, _ = self._status(port)
        if (state == "up") != (port.index in self._protocol_up):
            self._protocol_up ^= {port.index}
            self.log("LINEPROTO", 5, "UPDOWN", f"Line protocol on Interface {port.name}, changed state to {state}")

    # Views ---------------------------------------------------------------------------------------------------------

    def _note_method(self, port: Port, address: InterfaceAddress | None) -> None:
        """Remember where an interface's address came from: the saved configuration or somebody's hands."""
        known, _ = self._methods.get(port.name, (None, "unset"))
        if address != known:
            method = "unset" if address is None else "manual" if self.ready else "NVRAM"
            self._methods[port.name] = (address, method)

    def _status(self, port: Port) -> tuple[str, str, str]:
        """Status, line protocol and a switch's word for both."""
        if not port.admin_up:
            return "administratively down", "down", "disabled"
        return ("up", "up", "connected") if port.carrier else ("down", "down", "notconnect")

    def _vlan_word(self, port: Port) -> str:
        return "routed"

    def _interface_view(self, port: Port) -> InterfaceView:
        interface = self.interface_config(port)
        status, protocol, condition = self._status(port)
        address = interface.address if isinstance(interface, RoutedInterfaceConfig) else None
        return InterfaceView(
            name=port.name,
            description=interface.description,
            status=status,
            protocol=protocol,
            condition=condition,
            reason=port.reason,
            mac=format_mac(port.mac),
            address=None if address is None else format_ipv4(address.address),
            prefix_length=None if address is None else address.length,
            method=self._methods.get(port.name, (None, "unset"))[1],
            mtu=1500,
            duplex=interface.duplex,
            speed=interface.speed,
            vlan=self._vlan_word(port),
            resets=port.resets,
            cleared=None if port.cleared_at is None else self.now - port.cleared_at,
            input=self._direction_view(port.input),
            output=self._direction_view(port.output),
        )

    def _direction_view(self, direction: Direction) -> DirectionView:
        return DirectionView(
            direction.packets,
            direction.octets,
            direction.broadcasts,
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
            kind = split(port.name)[0]
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

    def enable_check(self, level: int) -> access.EnableCheck | None:
        """What ``enable`` asks for, whatever the level; see :mod:`nodes.cli.builtin`."""
        return access.enable_check(self.config)

    def lines_changed(self) -> None:
        """A setting under ``line`` was changed."""
        self._effects.append(LinesChanged())

    def clock_view(self, *, detail: bool = False, ahead: float = 0.0) -> ClockView:
        """The clock, or what it will show ``ahead`` seconds later."""
        moment, zone = self.moment(), self.config.logging.timezone
        return ClockView(moment.wall + ahead, zone.minutes, zone.name, moment.authoritative, detail)


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
