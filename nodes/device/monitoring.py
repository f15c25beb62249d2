"""Monitor sessions as a switch carries them out: the ports that do nothing else, and what the wires are to copy."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from nodes.base.ifname import sort_key
from nodes.device.base import Mirror
from nodes.device.config import SwitchConfig, SwitchPortConfig
from nodes.device.interface import Interface, Port
from nodes.device.views import MonitorDestinationView, MonitorSessionView, MonitorView
from nodes.engine.bridge import AccessPort, Bridge, PortMode, TrunkPort
from nodes.engine.span.programs import Copying, PortVlans, Program, Vlans, copyings
from nodes.engine.span.sessions import Destination, Direction, Session, Sessions

_WORDS: Final = {Direction.RX: "rx", Direction.TX: "tx", Direction.BOTH: "both"}


class Monitoring:
    """Of one switch. What is copied follows from the configuration, and for RSPAN from what the bridge forwards."""

    def __init__(self, ports: Sequence[Port], bridge: Bridge, config: SwitchConfig) -> None:
        self._ports = ports
        self._bridge = bridge
        self._config = config
        self._taken: dict[str, Destination | None] = {}
        self._copyings: list[Copying] = []
        self._seen = -1

    def __contains__(self, interface: Interface) -> bool:
        """Whether it is one of SPAN's ports, which send copies and nothing else."""
        return interface.name in self._taken

    def configure(self, config: SwitchConfig) -> list[Port]:
        """Take ports out of bridging, and give others back; those that this made different."""
        self._config = config
        before, self._taken = self._taken, {}
        for session in config.monitors.values():
            self._taken |= dict.fromkeys(session.taken) | session.destinations
        changed = []
        for port in self._ports:
            if port.name in before or port.name in self._taken:
                taken = port.name in self._taken
                self._bridge.set_span_destination(port.index, taken, _ingress(self._taken.get(port.name)))
                if taken != (port.name in before):
                    changed.append(port)
        return changed

    @property
    def stale(self) -> bool:
        """Whether :meth:`follow` may find something new."""
        return self._seen != self._bridge.revision

    def follow(self) -> bool:
        """Look what is to be copied now; whether that is something else than before."""
        self._seen = self._bridge.revision
        before, self._copyings = self._copyings, self._compile() if self._config.monitors else []
        return self._copyings != before

    def mirrors(self) -> tuple[Mirror, ...]:
        """For the wires."""
        index = {port.name: port.index for port in self._ports}
        return tuple(_mirror(copying, index) for copying in self._copyings)

    def view(self, numbers: Collection[int], *, asked: int | None, detail: bool) -> MonitorView:
        """Of these sessions; ``asked`` is the only one that was asked for."""
        sessions: Sessions = self._config.monitors
        return MonitorView(asked, detail, tuple(_session_view(number, sessions[number]) for number in sorted(numbers)))

    def _compile(self) -> list[Copying]:
        config = self._config
        existing = self._bridge.vlans
        trunks = {port.index: port.name for port in self._ports if config.interfaces[port.name].trunk}
        remote = {
            vlan: {trunks[index]: tagged for index, tagged in self._bridge.forwarding(vlan).items() if index in trunks}
            for vlan in config.remote_span & existing
        }
        ports = {port.name: self._port_vlans(config.interfaces[port.name]) for port in self._ports}
        return copyings(config.monitors, ports, Vlans(existing, remote))

    def _port_vlans(self, port: SwitchPortConfig) -> PortVlans:
        if port.trunk:
            return PortVlans(port.native, port.allowed, trunk=True)
        return PortVlans(port.access_vlan, frozenset((port.access_vlan,)) - self._config.remote_span)


def _ingress(settings: Destination | None) -> PortMode | None:
    """How a SPAN destination takes frames, if it does."""
    if settings is None or settings.ingress is None:
        return None
    return TrunkPort(settings.ingress) if settings.ingress_tagged else AccessPort(settings.ingress)


def _mirror(copying: Copying, index: dict[str, int]) -> Mirror:
    programs: dict[Program, int] = {}
    sources = tuple(
        (index[name], _WORDS[direction], programs.setdefault(program, len(programs)))
        for name, direction, program in copying.sources
    )
    return Mirror(copying.session, sources, index[copying.destination], tuple(programs))


def _session_view(number: int, session: Session) -> MonitorSessionView:
    def ports(direction: Direction) -> tuple[str, ...]:
        return _sorted(port for port, which in session.ports.items() if which is direction)

    def vlans(direction: Direction) -> tuple[int, ...]:
        return tuple(sorted(vlan for vlan, which in session.vlans.items() if which is direction))

    return MonitorSessionView(
        number,
        session.kind.value,
        ports(Direction.RX),
        ports(Direction.TX),
        ports(Direction.BOTH),
        vlans(Direction.RX),
        vlans(Direction.TX),
        vlans(Direction.BOTH),
        session.from_remote,
        tuple(
            MonitorDestinationView(
                _sorted(names), settings.encapsulation.value, settings.ingress, settings.ingress_tagged
            )
            for settings, names in session.grouped_destinations()
        ),
        session.reflector,
        tuple(sorted(session.filter)),
        session.to_remote,
    )


def _sorted(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(names, key=sort_key))
