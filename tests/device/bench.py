"""One device on a bench: every port has carrier, frames go in by hand, and what comes out is looked at."""

from __future__ import annotations

from typing import Any

from nodes.base.addr import parse_ipv4
from nodes.base.limits import SpanLimits
from nodes.commands.console import Console
from nodes.device.base import Device, DeviceSpec, Services
from nodes.device.effects import Logged, Transmit
from nodes.device.interface import PortSpec
from nodes.device.router import Router
from nodes.device.switch import Switch
from nodes.kinds import KINDS
from nodes.shell.main import load
from nodes.wire import arp, ethernet, icmp, ipv4, l4

PEER_MAC = bytes.fromhex("02aaaaaaaa01")
BROADCAST = b"\xff" * 6


def ip(text: str) -> int:
    return parse_ipv4(text)


class NoNvram:
    def __init__(self) -> None:
        self.text: str | None = None

    def read(self) -> str | None:
        return self.text

    def write(self, text: str) -> None:
        self.text = text


class Bench:
    """A device of ``kind`` with ``config`` loaded. Time stands still unless ``now`` is moved."""

    def __init__(
        self,
        kind: str,
        config: str = "",
        *,
        version: str | None = None,
        carrier: bool = True,
        span: SpanLimits | None = None,
    ) -> None:
        row = KINDS[kind]
        model = row.models[row.default_type]
        ports = tuple(
            PortSpec(port.name, b"\x02\x00\x00\x00\x00" + bytes((index + 1,))) for index, port in enumerate(model.ports)
        )
        spec = DeviceSpec("bench", "DUT", kind, model.type, version or row.default_version, ports, span or model.span)
        self.now = 100.0
        services = Services(lambda count: bytes(count), lambda: 0.0, NoNvram())
        self.device: Device = load(row.device)(spec, services, self.now)
        self.console: Console = load(row.console)(self.device)
        self.log: list[str] = []
        self.refusals = self.console.load(config, self.now)
        self.device.boot_finished(self.now)
        if carrier:
            for index in range(len(ports)):
                self.device.carrier(index, True, "up", self.now)
        self.out()

    def out(self) -> list[tuple[int, bytes]]:
        """(port number, frame) of everything the device sent since the last call."""
        sent = []
        for effect in self.device.drain():
            if isinstance(effect, Transmit):
                sent += [(effect.port, frame) for frame in effect.frames]
            elif isinstance(effect, Logged):
                self.log.append(effect.line)
        return sent

    def pass_time(self, seconds: float) -> None:
        """Let time pass, and the device do what is due at the end of it."""
        self.now += seconds
        self.device.handle_timer(self.now)

    def send(self, port: int, *frames: bytes) -> list[tuple[int, bytes]]:
        """Put frames in at a port; what comes out."""
        self.device.receive(port, list(frames), self.now)
        return self.out()

    def exec(self, *lines: str) -> str:
        batch = self.console.batch(lines)
        batch.advance(self.now)
        assert batch.done, batch.output
        return batch.output

    def configure(self, *lines: str) -> str:
        return self.exec("configure terminal", *lines, "end")

    def view(self, line: str) -> Any:
        return self.console.view(line, self.now)

    @property
    def router(self) -> Router:
        assert isinstance(self.device, Router)
        return self.device

    @property
    def switch(self) -> Switch:
        assert isinstance(self.device, Switch)
        return self.device

    def drops(self) -> dict[str, int]:
        return self.device.drops.as_dict()

    def know(self, port: int, address: str, mac: bytes = PEER_MAC) -> None:
        """Let the device learn a neighbour's MAC address: it asks for ours, the device's own ``address`` is known."""
        own = next(own for own, index in self.router.own.items() if index == port)
        self.send(port, arp_frame(arp.Arp(arp.REQUEST, mac, ip(address), bytes(6), own)))


def arp_frame(message: arp.Arp, destination: bytes = BROADCAST) -> bytes:
    return ethernet.Frame(destination, message.sender_mac, ethernet.ETH_ARP, message.build()).build()


def ip_frame(to: bytes, packet: ipv4.Ipv4, source: bytes = PEER_MAC) -> bytes:
    return ethernet.Frame(to, source, ethernet.ETH_IPV4, packet.build()).build()


def echo(source: str, destination: str, *, size: int = 32, **fields: Any) -> ipv4.Ipv4:
    """An echo request as an IPv4 packet."""
    return ipv4.Ipv4(ip(source), ip(destination), l4.ICMP, icmp.EchoRequest(7, 1, bytes(size)).build(), **fields)


def tcp(source: str, destination: str, port: int, flags: int = l4.SYN) -> ipv4.Ipv4:
    segment = l4.Tcp(40000, port, 1, 0, flags, 1024)
    return ipv4.Ipv4(ip(source), ip(destination), l4.TCP, segment.build(ip(source), ip(destination)))


def udp(source: str, destination: str, port: int) -> ipv4.Ipv4:
    datagram = l4.Udp(40000, port, b"payload")
    return ipv4.Ipv4(ip(source), ip(destination), l4.UDP, datagram.build(ip(source), ip(destination)))


def packets(sent: list[tuple[int, bytes]]) -> list[tuple[int, ipv4.Ipv4]]:
    """The IPv4 packets among what was sent."""
    return [(port, ipv4.parse(frame[14:])) for port, frame in sent if frame[12:14] == b"\x08\x00"]


def messages(sent: list[tuple[int, bytes]]) -> list[tuple[int, icmp.Message]]:
    """The ICMP messages among what was sent."""
    return [(port, icmp.parse(packet.payload)) for port, packet in packets(sent) if packet.proto == l4.ICMP]
