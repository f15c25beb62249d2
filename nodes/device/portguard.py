"""What a switch does about ports that misbehave: port security, storm control, and ports that are disabled for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import ceil
from typing import Final, NamedTuple

from nodes.base.addr import format_mac
from nodes.base.drops import Drop, DropCounters
from nodes.base.ifname import short
from nodes.device.config import SwitchConfig, SwitchPortConfig
from nodes.device.interface import Port
from nodes.device.portviews import (
    DisabledPortsView,
    DisabledPortView,
    RecoveryView,
    SecureAddressesView,
    SecureAddressView,
    SecurePortsView,
    SecurePortView,
    StormsView,
    StormView,
)
from nodes.engine.portsec import (
    SYSTEM_LIMIT,
    Learnt,
    Origin,
    Policy,
    PortSecurity,
    SecureStation,
    Violated,
    Violation,
)
from nodes.engine.storm import Level, StormControl, Traffic

PSECURE: Final = "psecure-violation"
STORM: Final = "storm-control"
#: What a port of such a switch may be disabled for; only two of it can happen here.
CAUSES: Final = (
    "udld",
    "bpduguard",
    "rootguard",
    "channel-misconfig",
    "vmps",
    "pagp-flap",
    "dtp-flap",
    "link-flap",
    PSECURE,
    "gbic-invalid",
    "dhcp-rate-limit",
    STORM,
    "loopback",
)

Log = Callable[[str, int, str, str], None]


class Disabled(NamedTuple):
    """Why a port is disabled, and when it is tried again (None: when somebody says so)."""

    cause: str
    until: float | None


class PortGuard:
    """Looks at the frames that come in by guarded ports before the bridge does.

    ``log`` is the device's; ``stop(port)`` is called when a port has become disabled, or is no longer.
    """

    def __init__(
        self, ports: Sequence[Port], config: SwitchConfig, drops: DropCounters, log: Log, stop: Callable[[Port], None]
    ) -> None:
        self.security = PortSecurity()
        self.storms = StormControl()
        self.disabled: dict[int, Disabled] = {}
        self._ports = ports
        self._config = config
        self._drops = drops
        self._log = log
        self._stop = stop

    def __contains__(self, port: int) -> bool:
        return port in self.security or port in self.storms

    def configure(self, now: float) -> None:
        """Follow the configuration. Whoever shuts a port down ends its being disabled."""
        for port in self._ports:
            config = self._config.interfaces[port.name]
            self.security.configure(port.index, _policy(config), now)
            levels = {Traffic(kind): Level(*level) for kind, level in config.storms.items()}
            self.storms.configure(port.index, levels, port.bandwidth * 1000)
            if config.shutdown:
                self.disabled.pop(port.index, None)
        for index, (cause, until) in self.disabled.items():
            recovers = cause in self._config.recovers
            if recovers is not (until is not None):
                self.disabled[index] = Disabled(cause, now + self._config.recovery_interval if recovers else None)
        self._follow(now)

    def admit(self, port: Port, frames: Sequence[bytes], now: float) -> Sequence[bytes]:
        """The frames that may go on to the bridge."""
        if port.index in self.storms:
            frames = self._passed(self.storms.filter(port.index, frames, now), frames, Drop.BRIDGE_STORM)
        if port.index in self.security:
            frames = self._passed(self.security.filter(port.index, frames, now), frames, Drop.BRIDGE_SECURITY)
        self._follow(now)
        return frames if port.up else []

    def _passed(self, passed: list[bytes], frames: Sequence[bytes], reason: Drop) -> list[bytes]:
        self._drops.count(reason, len(frames) - len(passed))
        return passed

    def _follow(self, now: float) -> None:
        """See to what the engines saw."""
        storms, self.storms.events = self.storms.events, []
        for storm in storms:
            port = self._ports[storm.port]
            if storm.over or port.index in self.disabled:
                continue
            what = f"A {storm.traffic.value} storm detected on {short(port.name)}"
            if self._config.interfaces[port.name].storm_action == "shutdown":
                self._log("STORM_CONTROL", 3, "SHUTDOWN", f"{what}. The interface has been disabled.")
                self.disable(port, STORM, now)
            else:
                self._log("STORM_CONTROL", 3, "FILTERED", f"{what}. A packet filter action has been applied.")
        events, self.security.events = self.security.events, []
        for event in events:
            port = self._ports[event.port]
            if isinstance(event, Violated):
                self._violated(port, event, now)
            elif event.origin is Origin.STICKY:
                self._stick(port, event)

    def _stick(self, port: Port, event: Learnt) -> None:
        config = self._config.interfaces[port.name]
        if event.mac not in config.security.stuck:
            config.security.stuck.append(event.mac)
            self.security.configure(port.index, _policy(config), 0.0)

    def _violated(self, port: Port, event: Violated, now: float) -> None:
        if port.index in self.disabled:
            return
        if event.violation is Violation.SHUTDOWN and PSECURE not in self._config.undetected:
            self.disable(port, PSECURE, now)
        text = f"Security violation occurred, caused by MAC address {format_mac(event.mac)} on port {port.name}."
        self._log("PORT_SECURITY", 2, "PSECURE_VIOLATION", text)

    # Disabled ports --------------------------------------------------------------------------------------------------

    def disable(self, port: Port, cause: str, now: float) -> None:
        """Take a port out of service until somebody, or time, brings it back."""
        name = short(port.name)
        self._log("PM", 4, "ERR_DISABLE", f"{cause} error detected on {name}, putting {name} in err-disable state")
        recovers = cause in self._config.recovers
        self.disabled[port.index] = Disabled(cause, now + self._config.recovery_interval if recovers else None)
        self._stop(port)

    def handle_timer(self, now: float) -> None:
        self.security.handle_timer(now)
        for index, (cause, until) in list(self.disabled.items()):
            if until is not None and until <= now:
                port = self._ports[index]
                del self.disabled[index]
                text = f"Attempting to recover from {cause} err-disable state on {short(port.name)}"
                self._log("PM", 4, "ERR_RECOVER", text)
                self._stop(port)

    def _deadlines(self) -> Iterator[float]:
        for disabled in self.disabled.values():
            if disabled.until is not None:
                yield disabled.until
        if (at := self.security.next_deadline()) is not None:
            yield at

    def next_deadline(self) -> float | None:
        return min(self._deadlines(), default=None)

    # Views -----------------------------------------------------------------------------------------------------------

    def _named(self, name: str | None) -> list[Port]:
        return [port for port in self._ports if name in (None, port.name)]

    def _extra(self, stations: Sequence[SecureStation]) -> int:
        return len(stations) - len({station.port for station in stations})

    def secure_ports_view(self, now: float, name: str | None = None) -> SecurePortsView:
        stations = list(self.security.stations(now))
        ports = tuple(
            self._secure_port(port, [station for station in stations if station.port == port.index])
            for port in self._named(name)
        )
        return SecurePortsView(ports, self._extra(stations), SYSTEM_LIMIT)

    def _secure_port(self, port: Port, stations: Sequence[SecureStation]) -> SecurePortView:
        security = self._config.interfaces[port.name].security
        stopped = port.index in self.disabled and self.disabled[port.index].cause == PSECURE
        return SecurePortView(
            name=port.name,
            enabled=security.enabled,
            status="Secure-shutdown" if stopped else "Secure-up" if security.enabled and port.up else "Secure-down",
            violation=security.violation,
            aging_minutes=security.aging_time,
            by_silence=security.by_silence,
            ages_configured=security.ages_configured,
            maximum=security.maximum,
            total=len(stations),
            configured=sum(station.origin is Origin.CONFIGURED for station in stations),
            sticky=sum(station.origin is Origin.STICKY for station in stations),
            last=format_mac(self.security.last(port.index)),
            violations=self.security.violations(port.index),
        )

    def secure_addresses_view(self, now: float, name: str | None = None) -> SecureAddressesView:
        stations = list(self.security.stations(now))
        shown = tuple(
            SecureAddressView(
                station.vlan,
                format_mac(station.mac),
                station.origin.value,
                self._ports[station.port].name,
                None if station.left is None else ceil(station.left / 60),
            )
            for station in stations
            if name in (None, self._ports[station.port].name)
        )
        return SecureAddressesView(shown, self._extra(stations), SYSTEM_LIMIT)

    def disabled_view(self, now: float, name: str | None = None) -> DisabledPortsView:
        return DisabledPortsView(
            tuple(
                DisabledPortView(
                    port.name,
                    self._config.interfaces[port.name].description,
                    self.disabled[port.index].cause,
                    None if (until := self.disabled[port.index].until) is None else max(ceil(until - now), 0),
                )
                for port in self._named(name)
                if port.index in self.disabled
            )
        )

    def recovery_view(self, now: float) -> RecoveryView:
        causes = tuple((cause, cause in self._config.recovers) for cause in CAUSES)
        ports = tuple(port for port in self.disabled_view(now).ports if port.left is not None)
        return RecoveryView(causes, self._config.recovery_interval, ports)

    def storms_view(self, now: float, kind: str, name: str | None = None) -> StormsView:
        storms = []
        for port in self._named(name):
            found = self.storms.state(port.index, Traffic(kind), now)
            if found is not None:
                level, blocked, current = found
                storms.append(StormView(port.name, port.up, blocked, *level, round(current)))
        return StormsView(tuple(storms))


def _policy(config: SwitchPortConfig) -> Policy | None:
    security = config.security
    if not security.enabled:
        return None
    return Policy(
        config.access_vlan,
        security.maximum,
        Violation(security.violation),
        security.sticky,
        security.aging_time * 60.0,
        security.by_silence,
        security.ages_configured,
        frozenset(security.macs),
        frozenset(security.stuck),
    )
