"""The pump: carries frames, keys and time to one device, and carries out what the device wants done.

Whatever happens (a message from the broker, a key, a timer) ends in :meth:`Pump.turn`: the device's effects are
drained, commands that wait look around, outputs are flushed, and the timer is armed for the next deadline of anybody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from broker.client import Connected, Copied, DeviceClient, Disconnected, Frames, Links, Malformed, Refused, Request
from broker.protocol import MAX_BATCH
from nodes.base.drops import Drop
from nodes.commands.console import Console
from nodes.device.base import Device
from nodes.device.effects import (
    EspEffect,
    HostCarrier,
    KeyMade,
    LinesChanged,
    Logged,
    Reload,
    ToHost,
    Told,
    Transmit,
    ViewChanged,
)
from nodes.device.ios import IosDevice
from nodes.device.usage import SAMPLE
from nodes.shell.keylog import KeyLog
from nodes.shell.requests import Requests
from nodes.shell.telnet import ConsoleServer
from nodes.shell.usage import Others
from nodes.shell.view import wire_view

if TYPE_CHECKING:
    # Not at run time: most devices have no IPsec and load nothing of it.
    from nodes.shell.esp.carrier import EspCarrier
    from nodes.shell.esp.template import Template
    from nodes.shell.uplink import Uplinks

#: Messages from the broker that are worked off before the loop looks at anything else.
_TURN = 64
#: Seconds between two looks at the state of the connection.
_TICK = 1.0


class Pump:
    """Runs one device on an event loop."""

    def __init__(
        self,
        device: Device,
        console: Console,
        client: DeviceClient,
        port_ids: list[int],
        log: Callable[[str], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._device = device
        self._console = console
        self._client = client
        self._port_ids = port_ids
        self._port_of = {port_id: index for index, port_id in enumerate(port_ids)}
        self.log = log
        self._timer: asyncio.TimerHandle | None = None
        self._again = False
        self._turning = False
        self._measured = self._loop.time()
        self.stopped: asyncio.Future[int] = self._loop.create_future()
        """The exit status, once the device stops."""
        self.server = ConsoleServer(console, self)
        self._requests = Requests(console, client, log)
        self.template: Template | None = None
        """What ESP workers are forked from; without one a fresh interpreter is started for that."""
        self.keylog = KeyLog(None)
        self.workers = 1
        """How many ESP workers there are to be, once there is an SA."""
        self.esp: EspCarrier | None = None
        """From the first SA on."""
        self.uplinks: Uplinks | None = None
        """The Linux interfaces of a cloud."""

    def others(self) -> Others:
        """The processes that work for this device."""
        if self.esp is not None:
            return self.esp.pool.others()
        return Others({self.template.pid: self.template.role} if self.template is not None else {})

    def clock(self) -> float:
        """The time, which the device is told as well: whatever a command does to it happens now."""
        now = self._device.now = self._loop.time()
        return now

    def start(self) -> None:
        self._loop.add_reader(self._client.fileno(), self._readable)
        self._tick()
        if self.uplinks is not None:
            self.uplinks.turn = self.turn
            self.uplinks.start()
        self.turn()
        self._readable()

    def stop(self, status: int = 0) -> None:
        if not self.stopped.done():
            self.stopped.set_result(status)

    def close(self) -> None:
        self._loop.remove_reader(self._client.fileno())
        self.server.close()
        self._client.close()
        if self.uplinks is not None:
            self.uplinks.close()
        if self.esp is not None:
            self.esp.pool.close()
        elif self.template is not None:
            self.template.close()

    # Input ---------------------------------------------------------------------------------------------------------

    def _tick(self) -> None:
        now = self.clock()
        self._client.tick(now)
        if isinstance(self._device, IosDevice) and now >= self._measured + SAMPLE:
            self._measured = now
            self._device.measure(now)
        self._look_again()
        self._loop.call_later(_TICK, self._tick)

    def _readable(self) -> None:
        """The broker's socket woke us. Its descriptor is edge-triggered: look until nothing is left."""
        self._again = False
        now = self.clock()
        for event in self._client.receive(_TURN):
            self._take(event, now)
        self.turn()

    def _look_again(self) -> None:
        if self._client.pending and not self._again:
            self._again = True
            self._loop.call_soon(self._readable)

    def _take(self, event: Any, now: float) -> None:
        device = self._device
        if isinstance(event, Frames):
            port = self._port_of.get(event.port)
            if port is None:
                device.drops.count(Drop.LINK_BAD_MESSAGE)
            else:
                device.receive(port, event.frames, now)
        elif isinstance(event, Links):
            for port_id, state in event.links.items():
                port = self._port_of.get(port_id)
                if port is not None:
                    device.carrier(port, state.carrier, str(state.reason), now)
        elif isinstance(event, Copied):
            for port_id, count in event.ports.items():
                port = self._port_of.get(port_id)
                if port is not None:
                    device.copied(port, *count, now)
        elif isinstance(event, Request):
            self._requests.begin(event, now)
        elif isinstance(event, Malformed):
            device.drops.count(Drop.LINK_BAD_MESSAGE)
        elif isinstance(event, Connected):
            self.log("connected to the wires")
        elif isinstance(event, Disconnected):
            self.log("the broker is gone; waiting for it")
        elif isinstance(event, Refused):
            self.log(f"the broker refuses this device: {event.reason}")

    def _timeout(self) -> None:
        self._timer = None
        self._device.handle_timer(self.clock())
        self.turn()

    # Output --------------------------------------------------------------------------------------------------------

    def turn(self) -> None:
        """Carry out what the device wants, until it and the commands that wait want nothing more."""
        if self._turning:
            return  # what is going on below will see it
        self._turning = True
        now = self.clock()
        try:
            while True:
                effects = self._device.drain()
                for effect in effects:
                    if isinstance(effect, Transmit):
                        self._transmit(effect)
                    else:
                        self._carry_out(effect, now)
                if self.esp is not None:
                    self.esp.flush()
                self.server.advance(now)
                self._requests.advance(now)
                if not effects and not self._device.has_effects:
                    break
        finally:
            self._turning = False
        self.server.flush()
        self._arm()
        self._look_again()

    def _transmit(self, effect: Transmit) -> None:
        frames, port_id = effect.frames, self._port_ids[effect.port]
        for start in range(0, len(frames), MAX_BATCH):
            batch = frames[start : start + MAX_BATCH] if len(frames) > MAX_BATCH else frames
            sent = self._client.send(port_id, batch)
            if sent < len(batch):
                self._device.drops.count(Drop.LINK_DOWN, len(batch) - sent)

    def _carry_out(self, effect: Any, now: float) -> None:
        if isinstance(effect, ViewChanged):
            self._client.set_view(**wire_view(self._device.view(), self._port_ids))
        elif isinstance(effect, Logged):
            self.log(effect.line)
            self._console.notify(effect, now)
        elif isinstance(effect, Told):
            self._console.tell(effect.text, now)
        elif isinstance(effect, LinesChanged):
            self._console.lines_changed()
        elif isinstance(effect, Reload):
            self.log("reload")
            self.stop()
        elif isinstance(effect, KeyMade):
            self.keylog.write(effect.line)
        elif isinstance(effect, ToHost) and self.uplinks is not None:
            self.uplinks.send(effect.port, effect.frames)
        elif isinstance(effect, HostCarrier) and self.uplinks is not None:
            self.uplinks.follow(effect.port, effect.up)
        elif isinstance(effect, EspEffect):
            if self.esp is None:
                self.esp = self._start_esp()
            self.esp.carry_out(effect)

    def _start_esp(self) -> EspCarrier:
        from nodes.shell.esp.carrier import EspCarrier, EspDevice
        from nodes.shell.esp.pool import OnLost, OnResults, Pool

        def make_pool(on_results: OnResults, on_lost: OnLost) -> Pool:
            return Pool(self._loop, on_results, on_lost, template=self.template, workers=self.workers)

        return EspCarrier(cast(EspDevice, self._device), make_pool, self.clock, self.turn, self.log)

    def _arm(self) -> None:
        deadlines = (self._device.next_deadline(), self.server.next_deadline(), self._requests.next_deadline())
        deadline = min((deadline for deadline in deadlines if deadline is not None), default=None)
        timer = self._timer
        if timer is not None:
            if deadline is not None and timer.when() == deadline:
                return
            timer.cancel()
            self._timer = None
        if deadline is not None:
            self._timer = self._loop.call_at(deadline, self._timeout)
