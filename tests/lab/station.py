"""A host in place of PC-A that asks faster than any ping: traffic for a router to forward, from a process of its own.

    python tests/lab/station.py DESCRIPTION GATEWAY TARGET RATE

Echo requests to TARGET through GATEWAY, RATE a second, until standard input ends; then ``{"sent": n, "answered": n}``.
"""

from __future__ import annotations

import json
import select
import sys
import time
from pathlib import Path
from typing import Any, Final

import msgpack

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from broker.client import DeviceClient, Frames, Links
from nodes.base.addr import parse_ipv4
from nodes.wire import arp, ethernet, icmp, ipv4, l4

BATCH: Final = 10
_ADDRESS: Final = parse_ipv4("192.168.1.1")
_EVERYBODY: Final = b"\xff" * 6


class Station:
    def __init__(self, description: dict[str, Any], gateway: int, target: int) -> None:
        port = description["ports"][0]
        self._port: int = port["id"]
        self._mac: bytes = port["mac"]
        self._gateway, self._target = gateway, target
        self._gateway_mac: bytes | None = None
        self.client = DeviceClient(description["broker"], description["lab"], description["node"])
        self.client.set_view(ready=True, up=[self._port], mirrors=[])
        self.carrier = False
        self.sent = self.answered = 0

    def take(self) -> None:
        """Look at what has come: answer for our address, learn the gateway's, count the replies."""
        while True:
            for event in self.client.receive():
                if isinstance(event, Links):
                    self.carrier = event.links[self._port].carrier
                elif isinstance(event, Frames):
                    for frame in event.frames:
                        self._frame(ethernet.parse(frame))
            if not self.client.pending:
                return

    def _frame(self, frame: ethernet.Frame) -> None:
        if frame.ethertype == ethernet.ETH_IPV4:
            self.answered += 1
        elif frame.ethertype == ethernet.ETH_ARP:
            message = arp.parse(frame.payload)
            if message.sender_ip == self._gateway:
                self._gateway_mac = message.sender_mac
            if message.op == arp.REQUEST and message.target_ip == _ADDRESS:
                answer = arp.Arp(arp.REPLY, self._mac, _ADDRESS, message.sender_mac, message.sender_ip)
                self._send(message.sender_mac, ethernet.ETH_ARP, [answer.build()])

    def _send(self, to: bytes, kind: int, payloads: list[bytes]) -> int:
        return self.client.send(
            self._port, [ethernet.Frame(to, self._mac, kind, payload).build() for payload in payloads]
        )

    def ask(self) -> None:
        """A batch of echo requests; while the gateway is unknown, the question who it is."""
        if self._gateway_mac is None:
            self._send(_EVERYBODY, ethernet.ETH_ARP, [arp.request(self._mac, _ADDRESS, self._gateway).build()])
            return
        packets = []
        for number in range(BATCH):
            message = icmp.EchoRequest(7, (self.sent + number) & 0xFFFF, bytes(56)).build()
            packets.append(ipv4.Ipv4(_ADDRESS, self._target, l4.ICMP, message).build())
        self.sent += self._send(self._gateway_mac, ethernet.ETH_IPV4, packets)


def main() -> None:
    file, gateway, target, rate = sys.argv[1:]
    station = Station(msgpack.unpackb(Path(file).read_bytes()), parse_ipv4(gateway), parse_ipv4(target))
    pause = BATCH / float(rate)
    due = ticked = time.monotonic()
    while True:
        now = time.monotonic()
        if now >= ticked:
            station.client.tick(now)
            ticked = now + 1.0
        if now >= due:
            if station.carrier:
                station.ask()
            due = max(due + pause, now)
        readable, _, _ = select.select([station.client.fileno(), sys.stdin], [], [], max(due - now, 0.0))
        station.take()
        if sys.stdin in readable and not sys.stdin.readline():
            break
    station.client.close()
    print(json.dumps({"sent": station.sent, "answered": station.answered}))


if __name__ == "__main__":
    main()
