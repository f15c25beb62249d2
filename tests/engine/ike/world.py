"""Two or more gateways on a virtual clock: IKE engines and SADs, joined by a WAN that loses, doubles and delays.

A gateway does what a router does between its engines, and nothing else. Protected packets are not really sealed here:
they carry the keys, and the receiver's must be the same.
"""

from __future__ import annotations

import heapq
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from nodes.base.addr import parse_ipv4
from nodes.base.drops import DropCounters
from nodes.engine import sad as spd
from nodes.engine.ike.config import IkeConfig, MapEntry, Policy, PreSharedKey, TransformSet
from nodes.engine.ike.effects import Debug, InstallSa, IsakmpKeys, Log, RemoveSa, SendDatagram
from nodes.engine.ike.engine import IkeEngine
from nodes.engine.sad import Packet, Sad
from nodes.esp.association import Association, Direction, EspTransform, Proxies, Selector

A, B = parse_ipv4("10.0.10.10"), parse_ipv4("10.0.10.20")
LAN_A, LAN_B = parse_ipv4("192.168.1.0"), parse_ipv4("192.168.2.0")
MASK = 0xFFFFFF00
PROXIES_A = Proxies(Selector(LAN_A, MASK), Selector(LAN_B, MASK))
AES_SHA = TransformSet("TSET", EspTransform("aes-128", "sha1"))
POLICY = Policy(10, "aes-256", "sha1", 2, "pre-share")
WAN = "FastEthernet0/0"
NAT_SHIFT = 20000


def entry(local: int, peer: int, proxies: Proxies, **changes: Any) -> MapEntry:
    base = MapEntry("CMAP", 10, WAN, local, (peer,), (AES_SHA,), (proxies,))
    return replace(base, **changes)


def config_a(**changes: Any) -> IkeConfig:
    """R-A of the reference lab; fields of IkeConfig can be changed."""
    base = IkeConfig(True, (POLICY,), (PreSharedKey(b"TEST1", B),), (entry(A, B, PROXIES_A),))
    return replace(base, **changes)


def config_b(**changes: Any) -> IkeConfig:
    base = IkeConfig(True, (POLICY,), (PreSharedKey(b"TEST1", A),), (entry(B, A, PROXIES_A.mirrored),))
    return replace(base, **changes)


@dataclass(frozen=True)
class Lines:
    """The permit lines of an access list, as proxies."""

    proxies: tuple[Proxies, ...]

    def find(self, packet: Packet, *, count: bool) -> Proxies | None:
        for item in self.proxies:
            if item.matches(
                packet.source, packet.destination, packet.protocol, packet.source_port, packet.destination_port
            ):
                return item
        return None


class Gateway:
    """A router with one protected network: ``host`` is the host in it."""

    def __init__(self, world: World, address: int, host: int, config: IkeConfig) -> None:
        self.world = world
        self.address = address
        self.host = host
        self.drops = DropCounters()
        self.sad = Sad(self.drops)
        self.ike = IkeEngine(IkeConfig(), world.random.randbytes, self.drops)
        self.ike.debug(("isakmp", "ipsec"))
        self.outbound: dict[int, Association] = {}
        self.inbound: dict[int, Association] = {}
        self.keys: list[IsakmpKeys] = []
        self.logs: list[str] = []
        self.lines: list[str] = []
        self.sent: list[bytes] = []
        self.counts: Counter[str] = Counter()
        self.filter: Callable[[str], bool] = lambda kind: True
        self.configure(config)

    def configure(self, config: IkeConfig) -> None:
        self.config = config
        maps: dict[str, list[spd.MapEntry]] = {}
        for item in config.entries:
            entries = maps.setdefault(item.interface, [])
            entries.append(spd.MapEntry(item.map_name, item.sequence, item.peers, Lines(item.proxies)))
        self.entries = {(item.interface, item.map_name, item.sequence): item for item in config.entries}
        self.sad.configure(maps)
        self.ike.configure(config, self.world.now)
        self.settle()

    def restart(self) -> None:
        """``reload``: everything but the configuration is lost, and nobody is told."""
        self.sad = Sad(self.drops)
        self.ike = IkeEngine(IkeConfig(), self.world.random.randbytes, self.drops)
        self.ike.debug(("isakmp", "ipsec"))
        self.outbound.clear()
        self.inbound.clear()
        self.configure(self.config)

    def settle(self) -> None:
        """Carry out effects until there are none."""
        now = self.world.now
        while True:
            effects = self.ike.drain()
            expirations = self.sad.drain()
            if not effects and not expirations:
                return
            for effect in effects:
                self._carry_out(effect, now)
            for event in expirations:
                if isinstance(event, spd.Renew):
                    self.ike.renew(event.pair, now)
                else:
                    self.ike.expire([event.pair], now)

    def _carry_out(self, effect: object, now: float) -> None:
        match effect:
            case SendDatagram():
                self.sent.append(effect.data)
                ports = effect.source_port, effect.destination_port
                self.world.carry("udp", self.address, effect.destination, effect.data, ports)
            case InstallSa():
                sa = effect.association
                (self.inbound if sa.direction is Direction.INBOUND else self.outbound)[sa.spi] = sa
                self.sad.install(
                    sa,
                    effect.pair,
                    effect.proxies,
                    effect.peer,
                    (effect.lifetime_seconds, effect.lifetime_kilobytes),
                    effect.connection_id,
                    (effect.interface, effect.map_name, effect.sequence),
                    now,
                    initiator=effect.initiator,
                    pfs_group=effect.pfs_group,
                )
            case RemoveSa(spi, Direction.INBOUND, pair, _):
                del self.inbound[spi]
                self.sad.remove(pair)
            case RemoveSa(spi, _, _, _):
                del self.outbound[spi]
            case IsakmpKeys():
                self.keys.append(effect)
            case Log():
                self.logs.append(f"%{effect.facility}-{effect.severity}-{effect.mnemonic}: {effect.text}")
            case Debug():
                self.lines.append(effect.text)
            case _:
                raise AssertionError(effect)

    def send(self, destination: int, octets: int = 60) -> bool:
        """The host behind this gateway sends a packet; False when the gateway drops it."""
        packet = Packet(self.host, destination, 1)
        decision = self.sad.outbound(WAN, packet)
        self.counts["sent"] += 1
        if isinstance(decision, spd.Acquire):
            owner = WAN, decision.entry.map_name, decision.entry.sequence
            self.ike.initiate(self.entries[owner], decision.proxies, self.world.now)
            self.counts["no-sa"] += 1
            self.settle()
            return False
        if isinstance(decision, spd.Protect):
            pair = self.sad.pair(decision.pair)
            assert pair is not None
            assert pair.outbound is not None
            assert self.outbound[pair.outbound.spi] is pair.outbound
            self.ike.sent(self.address, pair.peer, self.world.now)
            ports = pair.outbound.ports
            self.world.carry("esp", self.address, pair.peer, (pair.outbound, packet, octets), ports)
            self.sad.sealed(decision.pair, 1, octets)
        else:
            self.counts["clear"] += 1
            self.world.carry("clear", self.address, destination, packet)
        self.settle()
        return True

    def receive(self, kind: str, source: int, content: Any, ports: tuple[int, int] | None = (500, 500)) -> None:
        now = self.world.now
        if not self.filter(kind):
            return
        if kind == "udp":
            assert ports is not None
            self.ike.receive(content, source, ports[0], self.address, now, ports[1])
        elif kind == "clear":
            self.counts["received" if self.sad.inbound_clear(WAN, content) else "not-ipsec"] += 1
        else:
            sa, packet, octets = content
            pair = self.sad.inbound(sa.spi, self.address)
            if pair is None:
                self.counts["unknown-spi"] += 1
            else:
                ours = self.inbound[sa.spi]
                assert (ours.cipher_key, ours.integrity_key) == (sa.cipher_key, sa.integrity_key)
                assert (ours.mode, ours.ports is None) == (sa.mode, sa.ports is None)
                if sa.ports is None:
                    assert (ours.source, ours.destination) == (sa.source, sa.destination)
                self.ike.heard(self.address, pair.peer, now)
                self.sad.opened(sa.spi, 1, octets)
                self.counts["received" if self.sad.inbound_opened(sa.spi, packet) else "policy"] += 1
        self.settle()

    @property
    def states(self) -> list[tuple[str, str]]:
        """(state, status) of every ISAKMP SA listed."""
        return [(view.state, view.status) for view in self.ike.isakmp_sas(self.world.now)]

    def said(self, text: str) -> bool:
        return any(text in line for line in self.lines)

    def logged(self, text: str) -> int:
        return sum(text in line for line in self.logs)

    def next_deadline(self) -> float | None:
        return min((at for at in (self.ike.next_deadline(), self.sad.next_deadline()) if at is not None), default=None)


class World:
    """The clock, the WAN and its seeded faults. ``latency`` is doubled at random for packets that are overtaken."""

    def __init__(self, seed: int = 1, loss: float = 0.0, double: float = 0.0, reorder: float = 0.0) -> None:
        self.random = random.Random(seed)
        self.loss, self.double, self.reorder = loss, double, reorder
        self.latency = 0.002
        self.now = 1000.0
        self.gateways: dict[int, Gateway] = {}
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0
        self.counts: Counter[str] = Counter()
        self.wire: list[tuple[str, int, Any]] = []
        #: Gateway behind a translator -> the address that others see; its ports are higher by NAT_SHIFT there.
        self.nat: dict[int, int] = {}

    def add(self, address: int, host: int, config: IkeConfig) -> Gateway:
        gateway = Gateway(self, address, host, config)
        self.gateways[address] = gateway
        return gateway

    def at(self, when: float, action: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._queue, (when, self._count, action))

    def carry(
        self, kind: str, source: int, destination: int, content: Any, ports: tuple[int, int] | None = None
    ) -> None:
        if kind == "udp":
            self.wire.append((kind, source, content))
        if kind == "clear":
            destination = B if destination & MASK == LAN_B else A
        inside = {outside: address for address, outside in self.nat.items()}
        if source in self.nat or destination in inside:
            if kind == "esp" and ports is None:
                # A translator of ports cannot make sense of it.
                self.counts["untranslated"] += 1
                return
            if source in self.nat:
                source, ports = self.nat[source], ports and (ports[0] + NAT_SHIFT, ports[1])
            if destination in inside:
                destination, ports = inside[destination], ports and (ports[0], ports[1] - NAT_SHIFT)
        if self.random.random() < self.loss:
            self.counts[f"lost-{kind}"] += 1
            return
        for _ in range(2 if self.random.random() < self.double else 1):
            delay = self.latency
            if self.random.random() < self.reorder:
                delay += self.random.random() * 0.5
            self.at(self.now + delay, lambda: self._deliver(kind, source, destination, content, ports))

    def _deliver(self, kind: str, source: int, destination: int, content: Any, ports: tuple[int, int] | None) -> None:
        gateway = self.gateways.get(destination)
        if gateway is not None:
            gateway.receive(kind, source, content, ports)

    def run(self, seconds: float) -> None:
        """Let time pass."""
        end = self.now + seconds
        while True:
            due = [(at, gateway) for gateway in self.gateways.values() if (at := gateway.next_deadline()) is not None]
            timer = min((at for at, _ in due), default=end + 1)
            event = self._queue[0][0] if self._queue else end + 1
            if min(timer, event) > end:
                break
            if event <= timer:
                self.now = max(self.now, event)
                heapq.heappop(self._queue)[2]()
                continue
            self.now = max(self.now, timer)
            for at, gateway in due:
                if at <= self.now:
                    gateway.ike.handle_timer(self.now)
                    gateway.sad.handle_timer(self.now)
                    gateway.settle()
        self.now = end

    def ping(self, sender: Gateway, receiver: Gateway) -> bool:
        """One packet each way; whether both arrived."""
        before = sender.counts["received"]
        reached = receiver.counts["received"]
        sender.send(receiver.host)
        self.run(0.1)
        if receiver.counts["received"] == reached:
            return False
        receiver.send(sender.host)
        self.run(0.1)
        return sender.counts["received"] > before


def lab(
    seed: int = 1,
    a: IkeConfig | None = None,
    b: IkeConfig | None = None,
    loss: float = 0.0,
    double: float = 0.0,
    reorder: float = 0.0,
) -> tuple[World, Gateway, Gateway]:
    """The reference lab: R-A, R-B and the WAN between them."""
    world = World(seed, loss, double, reorder)
    gate_a = world.add(A, LAN_A + 1, a or config_a())
    gate_b = world.add(B, LAN_B + 1, b or config_b())
    return world, gate_a, gate_b
