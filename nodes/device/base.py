"""What every device is: interfaces, drops, syslog, timers and effects, and no I/O.

A device is driven by :meth:`Device.receive`, :meth:`Device.carrier` and :meth:`Device.handle_timer`, each with the time
(monotonic seconds), tells when it wants to be called next, and hands out what it wants done through
:meth:`Device.drain`. Entropy, the wall clock and the place of the startup-config come in as :class:`Services`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from nodes.base.drops import Drop, DropCounters
from nodes.base.limits import SPAN_LIMITS, SpanLimits
from nodes.device.effects import Effect, Logged, Reload, Transmit, ViewChanged
from nodes.device.files import Flash, MemoryFlash
from nodes.device.interface import Interface, Port, PortSpec
from nodes.device.syslog import Moment, Syslog
from nodes.device.usage import Usage
from nodes.wire.ethernet import TAG_LENGTH, TPID

if TYPE_CHECKING:
    # Not at run time: only a switch has mirrors.
    from nodes.engine.span.programs import Program


@dataclass(frozen=True, slots=True)
class DeviceSpec:
    lab: str
    name: str
    kind: str
    type: str
    version: str | None
    ports: tuple[PortSpec, ...]
    span: SpanLimits = SPAN_LIMITS


class Nvram(Protocol):
    """Where ``write memory`` puts the startup-config. ``write`` returns when the text is safe."""

    def read(self) -> str | None: ...
    def write(self, text: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Services:
    """What a device may use of the world, injected so that a test can replace it."""

    entropy: Callable[[int], bytes]
    wall_clock: Callable[[], float]
    """Seconds since the epoch, for display only."""
    nvram: Nvram
    flash: Flash = field(default_factory=MemoryFlash)
    usage: Callable[[], Usage] = Usage
    """What the device's processes use of the machine."""


@dataclass(frozen=True, slots=True)
class Mirror:
    """A mirror for the broker: copies of what crosses ``sources`` go out of ``destination`` (port numbers).

    A source has a direction (``rx``, ``tx``, ``both``) and the number of one of the ``programs``."""

    session: int
    sources: tuple[tuple[int, str, int], ...]
    destination: int
    programs: tuple[Program, ...]


@dataclass(frozen=True, slots=True)
class DeviceView:
    """What the broker must know: whether the device is ready, which ports are up administratively, mirrors."""

    ready: bool
    up: tuple[int, ...]
    mirrors: tuple[Mirror, ...] = ()


class Device(ABC):
    """The base of router, switch, host and sniffer.

    Subclasses implement :meth:`_input` and :meth:`_derive`, and may extend the timer methods. Nothing here raises on
    hostile frames: what cannot be used is counted in :attr:`drops`.
    """

    takes_giants = False
    """Whether frames longer than Ethernet allows are taken like others."""

    def __init__(self, spec: DeviceSpec, services: Services, now: float) -> None:
        self.spec = spec
        self.services = services
        self.started = now
        self.now = now
        self.drops = DropCounters()
        self.ports = [Port(index, port) for index, port in enumerate(spec.ports)]
        """The physical ones: what a wire can be attached to."""
        self.port_by_name = {port.name: port for port in self.ports}
        self.interfaces: dict[int, Interface] = {port.index: port for port in self.ports}
        """Every interface by its number, the ports included."""
        self.interface_by_name: dict[str, Interface] = dict(self.port_by_name)
        self._next_index = len(self.ports)
        self.syslog = Syslog()
        self.clock_offset: float | None = None
        """Seconds by which ``clock set`` moved the wall clock; None while nobody has set it."""
        self.ready = False
        self._deferring = False
        self._stale = False
        self._effects: list[Effect] = []
        self._output: dict[int, list[bytes]] = {}

    # Driven by the shell -------------------------------------------------------------------------------------------

    def receive(self, port: int, frames: Sequence[bytes], now: float) -> None:
        """A vector of frames came in on port number ``port``."""
        self.now = now
        entry = self.ports[port]
        if not entry.up:
            self.drops.count(Drop.PORT_DOWN, len(frames))
            return
        if not self.takes_giants and max(map(len, frames), default=0) > entry.frame_max:
            frames = self._without_giants(entry, frames)
        entry.input.count(frames, now)
        self._input(entry, frames)

    def _without_giants(self, port: Port, frames: Sequence[bytes]) -> list[bytes]:
        longest = port.frame_max
        fitting = [frame for frame in frames if len(frame) <= longest + TAG_LENGTH * (frame[12:14] == TPID)]
        port.input.giants += len(frames) - len(fitting)
        self.drops.count(Drop.ETHERNET_TOO_LONG, len(frames) - len(fitting))
        return fitting

    def carrier(self, port: int, up: bool, reason: str, now: float) -> None:
        """The wire tells whether port number ``port`` has carrier, and why (a word of ``broker.protocol.Reason``)."""
        self.now = now
        entry = self.ports[port]
        was_up = entry.up
        entry.carrier, entry.reason = up, reason
        if entry.up != was_up:
            self._port_changed(entry)

    def tick(self, now: float) -> None:
        """Only time has passed. For those who look at the device, or make it act, between its events: a console."""
        self.now = max(self.now, now)

    def handle_timer(self, now: float) -> None:
        """Do what is due. Called at or after :meth:`next_deadline`."""
        self.now = now

    def next_deadline(self) -> float | None:
        """When :meth:`handle_timer` is wanted next, in monotonic seconds; None when nothing is pending."""
        return None

    def drain(self) -> list[Effect]:
        """What the device wants done, in order; frames for one port come as one vector."""
        self._flush()
        effects, self._effects = self._effects, []
        return effects

    def _flush(self) -> None:
        """Put what is to be sent behind the effects that there are."""
        for port, frames in self._output.items():
            self._effects.append(Transmit(port, frames))
        self._output = {}

    @property
    def has_effects(self) -> bool:
        """Whether :meth:`drain` would return anything."""
        return bool(self._effects or self._output)

    def view(self) -> DeviceView:
        return DeviceView(self.ready, tuple(port.index for port in self.ports if port.admin_up))

    def boot_finished(self, now: float) -> None:
        """The startup-config has been applied: the device may say that it is ready."""
        self.now = now
        self.ready = True
        self.changed()

    def copied(self, port: int, frames: int, octets: int, lost: int, now: float) -> None:
        """The wires tell what our mirrors copied out of port number ``port``, and how many copies were lost there."""
        self.now = now
        entry = self.ports[port]
        entry.output.add(frames, octets, now)
        entry.output.drops += lost
        self.drops.count(Drop.SPAN_OVERSUBSCRIBED, lost)

    # For subclasses and commands -----------------------------------------------------------------------------------

    @abstractmethod
    def _input(self, port: Port, frames: Sequence[bytes]) -> None:
        """Take frames from a port that is up."""

    @abstractmethod
    def _derive(self) -> None:
        """Bring everything that follows from the configuration into line with it."""

    def configured(self) -> None:
        """The configuration was changed by a command: what depends on it follows at once."""
        if self._deferring:
            self._stale = True
        else:
            self._derive()

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Inside, changes of the configuration only pile up; at the end everything follows once.

        For a whole file of configuration, between whose lines nobody looks at the device.
        """
        self._deferring = True
        try:
            yield
        finally:
            self._deferring = False
            if self._stale:
                self._stale = False
                self._derive()

    def new_index(self) -> int:
        """The number of an interface that is about to be made."""
        self._next_index += 1
        return self._next_index - 1

    def add_interface(self, interface: Interface) -> None:
        self.interfaces[interface.index] = interface
        self.interface_by_name[interface.name] = interface

    def remove_interface(self, interface: Interface) -> None:
        """Forget an interface that was made by configuration; a subclass whose protocols know of it extends this."""
        del self.interfaces[interface.index]
        del self.interface_by_name[interface.name]

    def transmit(self, port: Port, frames: list[bytes]) -> None:
        """Queue frames for the wire; on a port that is not up they are dropped, counted."""
        if not port.up:
            port.output.drops += len(frames)
            self.drops.count(Drop.PORT_DOWN, len(frames))
            return
        port.output.count(frames, self.now)
        queue = self._output.get(port.index)
        if queue is None:
            self._output[port.index] = frames
        else:
            queue.extend(frames)

    def set_admin(self, interface: Interface, up: bool) -> None:
        """``shutdown`` or ``no shutdown``."""
        if interface.admin_up == up:
            return
        was_up = interface.up
        if was_up:
            # The wires are told first of what was sent before, then that the port is down.
            self._flush()
        interface.admin_up = up
        self._admin_changed(interface)
        if interface.up != was_up:
            self._port_changed(interface)

    def _admin_changed(self, interface: Interface) -> None:
        """``admin_up`` has just changed; when ``up`` follows, :meth:`_port_changed` comes next."""
        if isinstance(interface, Port):
            self.changed()

    def _port_changed(self, interface: Interface) -> None:
        """``up`` of a port or another interface has just changed; subclasses add what their protocols do then."""
        if not interface.up:
            interface.resets += 1

    def say(self, text: str) -> None:
        """A line of debugging output."""
        line = self.syslog.add_debug(text, self.moment())
        self._effects.append(Logged(line, 7))

    def log(self, facility: str, severity: int, mnemonic: str, text: str) -> None:
        """Log ``%FACILITY-severity-MNEMONIC: text`` (IOS severities, 0 emergencies .. 7 debugging)."""
        line = self.syslog.add(facility, severity, mnemonic, text, self.moment())
        self._effects.append(Logged(line, severity))

    def moment(self) -> Moment:
        """The time as this device knows it."""
        wall = self.services.wall_clock() + (self.clock_offset or 0.0)
        return Moment(wall, self.now - self.started, self.clock_offset is not None)

    def reload(self) -> None:
        self._effects.append(Reload())

    def changed(self) -> None:
        """What :meth:`view` returns has changed."""
        self._effects.append(ViewChanged())
