"""The sniffer: transparent between its two ports, or at the end of a SPAN port; a bounded buffer of what passed."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from nodes.base.drops import Drop
from nodes.decode import filters
from nodes.decode.dissect import summary
from nodes.device.base import Device, DeviceSpec, Services
from nodes.device.config import SnifferConfig
from nodes.device.interface import Port
from nodes.device.views import CapturedView, CaptureView


class Captured(NamedTuple):
    """A frame as it passed: its number since the last clear, the time, and the port by which it came."""

    number: int
    at: float
    port: int
    frame: bytes


class Sniffer(Device):
    """Passes every frame on to its other port, unchanged, and keeps a copy while the service is on."""

    takes_giants = True

    def __init__(self, spec: DeviceSpec, services: Services, now: float) -> None:
        super().__init__(spec, services, now)
        self.config = SnifferConfig(hostname=spec.name)
        self.buffer: deque[Captured] = deque()
        self.captured = 0
        self.overwritten = 0
        self._filter: filters.Filter | None = None
        self.configured()

    def _derive(self) -> None:
        for port in self.ports:
            self.set_admin(port, True)
        self._filter = filters.compile(self.config.filter) if self.config.filter else None
        self._trim()

    def _input(self, port: Port, frames: Sequence[bytes]) -> None:
        # A port without a cable is no other side: the sniffer then stands at the end of a SPAN port.
        others = [other for other in self.ports if other is not port and other.reason != "no-cable"]
        for other in others:
            self.transmit(other, list(frames))
        if not self.config.service:
            if not others:
                self.drops.count(Drop.CAPTURE_OFF, len(frames))
        else:
            for frame in frames:
                self.captured += 1
                self.buffer.append(Captured(self.captured, self.now, port.index, frame))
            self._trim()

    def _trim(self) -> None:
        """The oldest packets give way, counted."""
        while len(self.buffer) > self.config.buffer:
            self.buffer.popleft()
            self.overwritten += 1
            self.drops.count(Drop.CAPTURE_OVERWRITTEN)

    def clear(self) -> None:
        self.buffer.clear()
        self.captured = 0
        self.overwritten = 0

    def capture_view(self, *, detail: bool, number: int | None = None, last: int | None = None) -> CaptureView:
        """What the filter lets through; ``number`` picks one packet, ``last`` the youngest ones."""
        shown = [
            captured
            for captured in self.buffer
            if number in (None, captured.number) and (self._filter is None or self._filter.matches(captured.frame))
        ]
        if last is not None:
            shown = shown[-last:]
        start = self.buffer[0].at if self.buffer else 0.0
        return CaptureView(
            service=self.config.service,
            filter=self.config.filter,
            captured=self.captured,
            shown=len(shown),
            overwritten=self.overwritten,
            capacity=self.config.buffer,
            detail=detail,
            packets=tuple(self._packet_view(captured, start) for captured in shown),
        )

    def _packet_view(self, captured: Captured, start: float) -> CapturedView:
        line = summary(captured.frame)
        return CapturedView(
            number=captured.number,
            seconds=captured.at - start,
            port=self.ports[captured.port].name,
            source=line.source,
            destination=line.destination,
            protocol=line.protocol,
            info=line.info,
            frame=captured.frame,
        )
