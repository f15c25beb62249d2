"""Pings and traces that are under way on a device: what they send goes out, and what comes back finds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nodes.base.addr import is_multicast
from nodes.base.errors import WireError
from nodes.device.packet import Packet
from nodes.engine.ping import Ping
from nodes.engine.trace import Trace
from nodes.wire import icmp, ipv4, l4

if TYPE_CHECKING:
    from nodes.device.stack import IpDevice

#: Source ports of UDP probes start here; one per run keeps runs apart.
_FIRST_PORT: Final = 49152


class Probe:
    """A ping or trace towards ``destination``; the engine inside says what to send and what came of it."""

    __slots__ = ("destination", "dont_fragment", "engine", "ident", "pumping", "source", "tos", "ttl")

    def __init__(
        self,
        engine: Ping | Trace,
        destination: int,
        ident: int,
        source: int | None,
        ttl: int | None,
        tos: int,
        dont_fragment: bool,
    ) -> None:
        self.engine = engine
        self.destination = destination
        self.ident = ident
        self.source = source
        self.ttl = ttl
        self.tos = tos
        self.dont_fragment = dont_fragment
        self.pumping = False


class Probes:
    """All probes of one device. Several people may ping from it at once."""

    def __init__(self, device: IpDevice) -> None:
        self._device = device
        self._running: dict[int, Probe] = {}
        self._last_ident = 0

    def new_ident(self) -> int:
        """An identifier (ICMP) that no running probe has: 1, 2, ... as Windows counts."""
        while True:
            self._last_ident = self._last_ident % 0x3FFF + 1
            if self._last_ident not in self._running:
                return self._last_ident

    def start(
        self,
        engine: Ping | Trace,
        destination: int,
        ident: int,
        *,
        source: int | None = None,
        ttl: int | None = None,
        tos: int = 0,
        dont_fragment: bool = False,
    ) -> Probe:
        """Start a probe; a ping carries ``ident`` itself, a trace gets it here."""
        probe = Probe(engine, destination, ident, source, ttl, tos, dont_fragment)
        self._running[ident] = probe
        engine.start(self._device.now)
        self._pump(probe)
        return probe

    def stop(self, probe: Probe) -> None:
        """The console is done with it, finished or not."""
        probe.engine.stop(self._device.now)
        self._running.pop(probe.ident, None)

    # Out -----------------------------------------------------------------------------------------------------------

    def _pump(self, probe: Probe) -> None:
        """Send what the engine wants sent. A probe of our own address is answered while it is being sent."""
        if probe.pumping:
            return
        probe.pumping = True
        engine = probe.engine
        now = self._device.now
        try:
            if isinstance(engine, Ping):
                while requests := engine.to_send():
                    for request in requests:
                        message = icmp.EchoRequest(probe.ident, request.sequence, request.payload)
                        if not self._send(probe, l4.ICMP, message.build(), probe.ttl):
                            engine.on_failed(probe.ident, request.sequence, now)
            else:
                while steps := engine.to_send():
                    for step in steps:
                        if not self._send_step(probe, engine, step.ttl, step.key):
                            engine.on_failed(step.key, now)
        finally:
            probe.pumping = False

    def _send_step(self, probe: Probe, engine: Trace, ttl: int, key: int) -> bool:
        if not engine.policy.udp:
            return self._send(probe, l4.ICMP, icmp.EchoRequest(probe.ident, key, bytes(64)).build(), ttl)
        source = probe.source if probe.source is not None else self._device.source_towards(probe.destination)
        if source is None:
            return False
        datagram = l4.Udp(_FIRST_PORT + probe.ident, key, b"")
        return self._send(probe, l4.UDP, datagram.build(source, probe.destination), ttl)

    def _send(self, probe: Probe, proto: int, payload: bytes, ttl: int | None) -> bool:
        return self._device.originate(
            probe.destination,
            proto,
            payload,
            source=probe.source,
            ttl=ttl,
            tos=probe.tos,
            dont_fragment=probe.dont_fragment,
        )

    # In ------------------------------------------------------------------------------------------------------------

    def receive(self, packet: Packet, message: icmp.Message) -> bool:
        """An ICMP message other than an echo request; False when it answers nothing of ours."""
        if isinstance(message, icmp.EchoReply):
            return self._replied(packet, message)
        if isinstance(message, icmp.Unreachable | icmp.TimeExceeded):
            return self._refused(packet.header.src, message)
        return False

    def _replied(self, packet: Packet, message: icmp.EchoReply) -> bool:
        probe = self._running.get(message.ident)
        header = packet.header
        if probe is None or not self._expects(probe, header.src):
            return False
        engine, now = probe.engine, self._device.now
        if isinstance(engine, Ping):
            taken = engine.on_reply(message.ident, message.seq, header.src, header.ttl, len(message.data), now)
        else:
            taken = not engine.policy.udp and engine.on_reply(message.seq, header.src, now)
        self._pump(probe)
        return taken

    def _expects(self, probe: Probe, source: int) -> bool:
        """A group may answer with its members' own addresses; a host only with the address that was asked."""
        return source == probe.destination or is_multicast(probe.destination)

    def _refused(self, source: int, message: icmp.Unreachable | icmp.TimeExceeded) -> bool:
        """An error about one of our packets, which it quotes."""
        try:
            quoted = ipv4.peek_header(message.original)
        except WireError:
            return False
        body = message.original[quoted.header_length :]
        if len(body) < 8 or quoted.offset:
            return False
        if quoted.proto == l4.ICMP and body[0] == icmp.ECHO_REQUEST:
            ident, key = int.from_bytes(body[4:6], "big"), int.from_bytes(body[6:8], "big")
        elif quoted.proto == l4.UDP:
            port, key = l4.ports(body)
            ident = port - _FIRST_PORT
        else:
            return False
        probe = self._running.get(ident)
        if probe is None or probe.destination != quoted.dst:
            return False
        taken = self._error(probe, quoted.proto, key, source, message)
        self._pump(probe)
        return taken

    def _error(
        self, probe: Probe, proto: int, key: int, source: int, message: icmp.Unreachable | icmp.TimeExceeded
    ) -> bool:
        engine, now = probe.engine, self._device.now
        unreachable = isinstance(message, icmp.Unreachable)
        if isinstance(engine, Ping):
            if proto != l4.ICMP:
                return False
            if unreachable:
                return engine.on_unreachable(probe.ident, key, source, message.code, now)
            return engine.on_ttl_exceeded(probe.ident, key, source, now)
        if engine.policy.udp != (proto == l4.UDP):
            return False
        if unreachable:
            return engine.on_unreachable(key, source, message.code, now)
        return engine.on_ttl_exceeded(key, source, now)

    def undeliverable(self, packet: Packet, code: int) -> None:
        """A packet of our own could not leave: our own stack says why, and the answer bears our own address."""
        if packet.ingress is None:
            self._refused(packet.header.src, icmp.Unreachable(code, icmp.quote(packet.data)))

    # Time ----------------------------------------------------------------------------------------------------------

    def handle_timer(self) -> None:
        for probe in list(self._running.values()):
            probe.engine.handle_timer(self._device.now)
            self._pump(probe)

    def next_deadline(self) -> float | None:
        deadlines = (probe.engine.next_deadline() for probe in self._running.values())
        return min((deadline for deadline in deadlines if deadline is not None), default=None)
