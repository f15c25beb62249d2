"""The cloud: each of its ports is the lab's end of a Linux interface, so that real hosts join a lab.

What comes out of the lab's wire goes to the host's interface, what that one has goes to the wire, unchanged and with
its VLAN tags. The interfaces themselves are the shell's business (:mod:`nodes.shell.uplink`); it tells their state.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nodes.base.drops import Drop
from nodes.device.base import Device, DeviceSpec, Services
from nodes.device.config import CloudConfig
from nodes.device.effects import HostCarrier, ToHost
from nodes.device.interface import Interface, Port
from nodes.device.views import AttachmentsView, AttachmentView


@dataclass(slots=True)
class Attachment:
    """The host's side of a port. ``up``: frames can be exchanged; ``note`` says why not."""

    interface: str
    kind: str
    """``packet`` (an interface that exists) or ``tap`` (one that the node made)."""
    up: bool = False
    note: str = ""


class Cloud(Device):
    """A port is up as long as its Linux interface is; without one it stays down."""

    takes_giants = True

    def __init__(self, spec: DeviceSpec, services: Services, now: float) -> None:
        super().__init__(spec, services, now)
        self.config = CloudConfig(hostname=spec.name)
        self.attachments: dict[int, Attachment] = {}

    def _derive(self) -> None:
        """Nothing follows from a name."""

    def attach(self, port: int, interface: str, kind: str) -> None:
        """Port number ``port`` belongs to a Linux interface, whose state is told by :meth:`host_state`."""
        self.attachments[port] = Attachment(interface, kind)

    def host_state(self, port: int, up: bool, note: str, now: float) -> None:
        """The Linux interface came up or went down."""
        self.now = now
        attachment = self.attachments[port]
        if (attachment.up, attachment.note) == (up, note):
            return
        attachment.up, attachment.note = up, note
        entry = self.ports[port]
        state = "up" if up else f"down ({note})"
        self.log("CLOUD", 5, "UPDOWN", f"{attachment.interface} of {entry.name}, changed state to {state}")
        self.set_admin(entry, up)

    def from_host(self, port: int, frames: list[bytes], now: float) -> None:
        """A vector of frames from the Linux interface, on its way to the lab's wire."""
        self.now = now
        self.transmit(self.ports[port], frames)

    def _input(self, port: Port, frames: Sequence[bytes]) -> None:
        # A port is up only while its interface is, see host_state().
        self._effects.append(ToHost(port.index, list(frames)))

    def _port_changed(self, interface: Interface) -> None:
        super()._port_changed(interface)
        self._effects.append(HostCarrier(interface.index, interface.up))

    def carrier(self, port: int, up: bool, reason: str, now: float) -> None:
        super().carrier(port, up, reason, now)
        if port in self.attachments:
            # The interface that we made follows its wire, also while it is down itself.
            self._effects.append(HostCarrier(port, up))

    def undelivered(self, count: int, now: float) -> None:
        """Frames that the host's kernel did not take."""
        self.now = now
        self.drops.count(Drop.HOST_QUEUE_FULL, count)

    def attachments_view(self) -> AttachmentsView:
        return AttachmentsView(
            tuple(
                AttachmentView(
                    port=entry.name,
                    interface=attachment.interface,
                    kind=attachment.kind,
                    host="up" if attachment.up else "down",
                    note=attachment.note,
                    wire="up" if entry.carrier else "down",
                    reason=entry.reason,
                    to_host_packets=entry.input.packets,
                    to_host_octets=entry.input.octets,
                    from_host_packets=entry.output.packets,
                    from_host_octets=entry.output.octets,
                )
                for index, attachment in sorted(self.attachments.items())
                for entry in [self.ports[index]]
            )
        )
