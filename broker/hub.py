"""What the broker says and hears beside frames: who is there, and who hears of which link. No socket and no clock here.

Each device has one connection; the latest hello of a node wins, and the older connection is told so. A device is

    absent     no connection, or one that left three pings in a row unanswered: to its neighbours the far end is gone
    present    it said hello and gives signs of life: an answer to a ping, anything else it sends, or a queue that moves

What is to be sent goes through a function that tells at once whether it could be, and nobody is forgotten in the middle
of a loop over everybody: connections that turn out to be gone and links that changed are noted, and ``_settle`` follows
them up until nothing is left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeGuard

from broker.copies import Copies
from broker.delivery import Delivery
from broker.description import Description
from broker.drops import NO_CARRIER, Drop, DropCounters
from broker.fabric import Fabric
from broker.keys import user
from broker.log import COMPLAIN_EVERY, Complaints
from broker.protocol import (
    DATA,
    HEADER,
    PROTO,
    ProtocolError,
    Reason,
    count_frames,
    pack_control,
    unpack_control,
)
from broker.requests import Requests
from broker.routes import Route, Routes
from broker.status import lab_status
from broker.taps import Taps

#: Seconds between two pings to a device. An idle device pays for each wake-up, so not more often than needed ...
PING_EVERY: Final = 0.75
#: ... for this: a device that left so many pings unanswered, for 3 s at most, is absent until it gives a sign of life.
PINGS_MISSED: Final = 3
#: Seconds after the start in which devices that knew the broker before us may come back without their links flapping.
SETTLING: Final = 1.0
#: Seconds until link states are sent again to a device whose queue was full.
RETRY: Final = 0.05
#: Seconds from the end of some connection to the question whose it was: its pipe is taken down a moment later ...
PROBE_DELAY: Final = 0.01
#: ... and the least time between two such questions, since strangers may connect and go as they like.
PROBE_EVERY: Final = 0.1
MAX_OPERATORS: Final = 256
#: Strangers that are asked who they are in one PING_EVERY.
MAX_ASKED: Final = 1024


@dataclass(slots=True, eq=False)
class Peer:
    """A device's connection."""

    ident: bytes
    node: str
    ready: bool = False
    missed: int = 0
    """pings since the last sign of life"""


class Hub:
    def __init__(
        self,
        description: Description,
        boot: int,
        now: float,
        send: Callable[[bytes, bytes], Delivery],
        log: Callable[[str], None],
    ) -> None:
        """``boot`` differs at each start; ``send`` takes a connection and a message, ``log`` a line."""
        self.fabric = Fabric(description)
        self.drops = DropCounters()
        #: port -> frames that crossed its cable towards it.
        self.delivered: Counter[int] = Counter()
        #: port -> ``delivered`` when its device's queue was last found full; it moves if that grows again.
        self.full_at: dict[int, int] = {}
        #: Connections that sent anything since the last ping.
        self.heard: set[bytes] = set()
        self._description = description
        self._boot = boot
        self._send = send
        self._log = log
        self._complain = Complaints(log)
        self._requests = Requests(
            first=boot,
            nodes=description.nodes,
            drops=self.drops,
            reach=self._reach,
            status=self._status,
            deliver=self._hand_over,
        )
        self.taps = Taps(description.ports, self.fabric, self.drops, self._hand_over)
        self.copies = Copies(self.drops, self.taps, self._carry)
        self.routes = Routes(self.fabric, self.copies)
        self._peers: dict[bytes, Peer] = {}
        self._by_node: dict[str, Peer] = {}
        self._operators: dict[bytes, None] = {}
        self._gone: set[bytes] = set()
        self._changed: set[str] = set()
        self._late: set[str] = set()
        self._asked: set[bytes] = set()
        self._ping_at = now + PING_EVERY
        self._sum_up_at = now + COMPLAIN_EVERY
        self._settled_at: float | None = now + SETTLING
        self._probe_at: float | None = None
        self._probed_at = now - PROBE_EVERY
        self._retry_at = now

    # What the server calls

    def receive(self, ident: bytes, message: bytes, now: float, holder: str | None = None) -> None:
        """Any message but a batch of frames from the owner of its port. ``holder``: whose key a connection has shown
        that is not known yet (broker.keys.user); None where everybody who can connect is let in."""
        peer = self._peers.get(ident)
        if peer is not None:
            self._alive(peer)
        if not message:
            self._knock(ident)
        elif message[0] == DATA:
            self._stray_data(ident, message)
        else:
            try:
                body = unpack_control(message)
            except ProtocolError as error:
                self.drops.count(Drop.BAD_MESSAGE)
                self._complain(f"bad message from {self._name(ident)}: {str(error)[:100]}")
            else:
                self._control(ident, peer, body, now, holder)
        self._settle()

    def knows(self, ident: bytes) -> bool:
        """Whether it is a client's that said hello."""
        return ident in self._peers or ident in self._operators

    def find_route(self, ident: bytes, message: bytes) -> Route | None:
        """The way of a data message that is not in the table of routes; if it leads nowhere, the frames are counted as
        dropped. None: it is no data message, or not from the owner of its port."""
        peer = self._peers.get(ident)
        if peer is None or len(message) < HEADER.size or message[0] != DATA:
            return None
        port: int = HEADER.unpack_from(message)[1]
        if self.routes.owner(port) != ident:
            return None
        if not self.fabric.is_present(peer.node):
            self._alive(peer)
            self._settle()
        route = self.routes.find(port)
        if not route.receiver:
            self.heard.add(ident)
            self.drops.count(NO_CARRIER[self.fabric.link(port).reason], max(1, count_frames(message)), port)
        return route

    def gone(self, ident: bytes) -> None:
        """Sending found no such connection. Takes effect in ``tick``, which becomes due."""
        self._gone.add(ident)

    def refused(self, reason: Drop, text: str) -> None:
        """A connection was not let in."""
        self.drops.count(reason)
        self._complain(text)

    def disconnected(self, now: float) -> None:
        """Some connection ended: find out soon whose."""
        if self._probe_at is None:
            self._probe_at = max(now + PROBE_DELAY, self._probed_at + PROBE_EVERY)

    def tick(self, now: float) -> None:
        """Do what has become due."""
        self._requests.expire(now)
        if now >= self._ping_at:
            self._ping_at = now + PING_EVERY
            self._ping_all()
            self.taps.report()
            self._tell_copied()
        if now >= self._sum_up_at:
            self._sum_up_at = now + COMPLAIN_EVERY
            self._complain.sum_up()
        if self._probe_at is not None and now >= self._probe_at:
            self._probe_at, self._probed_at = None, now
            for ident in [*self._peers, *self._operators]:
                self._post(ident, "ping", token=0)
        if self._settled_at is not None and now >= self._settled_at:
            self._end_settling()
        if self._late and now >= self._retry_at:
            self._retry_at = now + RETRY
            self._changed |= self._late
            self._late.clear()
        self._settle()

    def next_deadline(self) -> float:
        """When ``tick`` has something to do, unless messages come first."""
        if self._gone:
            return 0.0
        retry_at = self._retry_at if self._late else None
        times = (self._ping_at, self._probe_at, self._settled_at, retry_at, self._requests.next_deadline())
        return min(time for time in times if time is not None)

    # Who is there

    def _settle(self) -> None:
        """Forget connections that are gone, and tell everybody whose links changed by that or otherwise."""
        while self._gone or self._changed:
            while self._gone:
                ident = self._gone.pop()
                self._dismiss(ident)
                if ident in self._peers:
                    self._forget(self._peers[ident], "connection lost")
            changed, self._changed = sorted(self._changed), set()
            for node in changed:
                # A device that is only thought absent is told when it is back: its queue may be full till then.
                if self.fabric.is_present(node) and (peer := self._by_node.get(node)) is not None:
                    self._told(node, self._post(peer.ident, "links", links=self._links_of(node)))

    def _change(self, nodes: set[str]) -> None:
        """The fabric changed, and with it the links of these nodes."""
        self._changed |= nodes
        self.routes.clear()

    def _alive(self, peer: Peer) -> None:
        peer.missed = 0
        self.heard.add(peer.ident)
        if not self.fabric.is_present(peer.node):
            self._log(f"{peer.node}: answers again")
            self._change({peer.node} | self.fabric.node_present(peer.node, True))

    def _ping_all(self) -> None:
        self._asked.clear()
        for peer in self._peers.values():
            if self._queue_moves(peer) or peer.ident in self.heard:
                self._alive(peer)
            elif peer.missed >= PINGS_MISSED and self.fabric.is_present(peer.node):
                self._log(f"{peer.node}: does not answer")
                self._change(self.fabric.node_present(peer.node, False))
            peer.missed += 1
            self._post(peer.ident, "ping", token=peer.missed)
        self.heard.clear()

    def _tell_copied(self) -> None:
        """Tell the devices what their mirrors copied; who is not reached is told the next time."""
        for node, counts in list(self.copies.untold()):
            peer = self._by_node.get(node)
            if peer is not None and self._post(peer.ident, "copied", ports=counts) is Delivery.SENT:
                self.copies.told(node)

    def _queue_moves(self, peer: Peer) -> bool:
        """A device under load reads a ping late, behind all the frames before it. It lives if its full queue moves."""
        moves = False
        for port in self._description.nodes[peer.node]:
            full_at = self.full_at.pop(port, None)
            moves = moves or (full_at is not None and self.delivered[port] > full_at)
        return moves

    def _forget(self, peer: Peer, why: str) -> None:
        self._log(f"{peer.node}: {why}")
        del self._peers[peer.ident]
        self._requests.device_gone(peer.ident)
        if self._by_node.get(peer.node) is peer:
            del self._by_node[peer.node]
            ports = self._description.nodes[peer.node]
            self.routes.disown(ports)
            for port in ports:
                self.full_at.pop(port, None)
            self._change(self.fabric.node_present(peer.node, False))

    def _dismiss(self, ident: bytes) -> None:
        """An operator left, if it was one."""
        self._operators.pop(ident, None)
        if self.taps.gone(ident):
            self._log("a capture ends: its operator left")
            self.routes.clear()

    def _knock(self, ident: bytes) -> None:
        """A new connection, or a stranger's message: ask who it is, once in a while."""
        if not self.knows(ident) and ident not in self._asked and len(self._asked) < MAX_ASKED:
            self._asked.add(ident)
            self._post(ident, "who", boot=self._boot)

    def _stray_data(self, ident: bytes, message: bytes) -> None:
        frames = max(1, count_frames(message))
        if len(message) < HEADER.size:
            self.drops.count(Drop.BAD_MESSAGE)
        elif ident in self._operators:
            self.drops.count(Drop.NOT_PERMITTED, frames)
            self._complain("an operator sends frames, which only devices may")
        elif ident not in self._peers:
            self.drops.count(Drop.UNKNOWN_CLIENT, frames)
            self._knock(ident)
        elif (port := HEADER.unpack_from(message)[1]) in self._description.ports:
            self.drops.count(Drop.NOT_YOUR_PORT, frames)
            self._complain(f"{self._name(ident)} sends frames from {self._description.ports[port]}, another's port")
        else:
            self.drops.count(Drop.UNKNOWN_PORT, frames)
            self._complain(f"{self._name(ident)} sends frames from a port that the lab does not have")

    # Control messages

    def _control(self, ident: bytes, peer: Peer | None, body: dict[str, Any], now: float, holder: str | None) -> None:
        match body["op"]:
            case "hello":
                self._hello(ident, body, holder)
            case "bye" if peer is not None:
                self._forget(peer, "said goodbye")
            case "bye" if ident in self._operators:
                self._dismiss(ident)
            case "pong" if self.knows(ident):
                pass  # a sign of life like any other
            case "view" if peer is not None:
                self._apply(peer, body.get("view"))
            case "response" if peer is not None:
                self._requests.response(ident, body)
            case "request" if ident in self._operators:
                self._requests.request(ident, body, now)
            case "tap" if ident in self._operators:
                self._tap(ident, body)
            case "read" if ident in self._operators:
                self.taps.read(ident, body)
            case "bye" | "pong" | "view" | "response" | "request" | "tap" | "read" as op:
                self.drops.count(Drop.NOT_PERMITTED if self.knows(ident) else Drop.UNKNOWN_CLIENT)
                if self.knows(ident):
                    self._complain(f"{self._name(ident)} says {op!r}, which it may not")
                self._knock(ident)
            case _:
                self.drops.count(Drop.BAD_MESSAGE)
                self._complain(f"{self._name(ident)} says what nobody says to a broker")

    def _hello(self, ident: bytes, body: dict[str, Any], holder: str | None) -> None:
        claim = user(None if body.get("operator") is True else str(body.get("node")))
        known = self._known_as(ident) or holder
        if known is not None and known != claim:
            self.drops.count(Drop.WRONG_KEY if holder is not None else Drop.REFUSED)
            self._refuse(ident, f"this connection is of {known}, and of nobody else")
        elif (reason := self._objection(ident, body)) is not None:
            self.drops.count(Drop.REFUSED)
            self._refuse(ident, reason)
        elif body.get("operator") is True:
            if len(self._operators) >= MAX_OPERATORS:
                # Most likely one that was killed. If it lives after all, its next request is answered with who.
                self._dismiss(next(other for other in self._operators if other not in self.taps))
            self._operators[ident] = None
            self._post(ident, "welcome", proto=PROTO, lab=self._description.lab, boot=self._boot)
        else:
            self._welcome(ident, body["node"], body["view"])

    def _refuse(self, ident: bytes, reason: str) -> None:
        self._complain(f"{self._name(ident)} refused: {reason}")
        self._post(ident, "refused", reason=reason, boot=self._boot)

    def _known_as(self, ident: bytes) -> str | None:
        """What the connection has said to be, and may not change."""
        if (peer := self._peers.get(ident)) is not None:
            return user(peer.node)
        return user(None) if ident in self._operators else None

    def _objection(self, ident: bytes, body: dict[str, Any]) -> str | None:
        """Why this hello is not to be had."""
        proto, lab, node = body.get("proto"), body.get("lab"), body.get("node")
        if len(ident) != 5 or ident[0] != 0:  # not one that the socket made up
            return "a client leaves its routing id to the broker"
        if not isinstance(proto, int) or proto != PROTO:
            return f"this broker speaks version {PROTO} of the protocol"
        if not isinstance(lab, str) or lab != self._description.lab:
            return f"this is the broker of the lab {self._description.lab}"
        if body.get("operator") is True:
            return None
        if not isinstance(node, str) or node not in self._description.nodes:
            return "the lab has no such node"
        if not _is_view(body.get("view")):
            return "a device's hello has its view"
        return None

    def _welcome(self, ident: bytes, node: str, view: dict[str, Any]) -> None:
        peer = self._peers.get(ident) or self._admit(ident, node)
        self._change(self.fabric.node_present(node, True))
        self._apply(peer, view)
        if self._settled_at is not None and len(self._by_node) == len(self._description.nodes):
            self._end_settling()
        self._changed.discard(node)
        links = self._links_of(node)
        self._told(
            node, self._post(ident, "welcome", proto=PROTO, lab=self._description.lab, boot=self._boot, links=links)
        )

    def _admit(self, ident: bytes, node: str) -> Peer:
        older = self._by_node.pop(node, None)
        if older is not None:
            self._post(older.ident, "refused", reason=f"{node} has connected anew", boot=self._boot)
            self._forget(older, "replaced by a new connection")
        self._log(f"{node}: connected")
        self.copies.told(node)
        peer = Peer(ident, node)
        self._peers[ident] = self._by_node[node] = peer
        self.routes.own(self._description.nodes[node], ident)
        self.heard.add(ident)
        return peer

    def _apply(self, peer: Peer, view: object) -> None:
        if not _is_view(view):
            self.drops.count(Drop.BAD_MESSAGE)
            return
        peer.ready = view.get("ready") is True
        self._change(self.fabric.set_view(peer.node, view["up"], view["mirrors"]))
        self.copies.keep(peer.node, self.fabric.mirrors_of(peer.node))
        refused = self.fabric.refused(peer.node)
        if refused:
            self.drops.count(Drop.BAD_VIEW, len(refused))
            self._log(f"{peer.node}: left out of its view: {'; '.join(refused)}")

    def _tap(self, ident: bytes, body: dict[str, Any]) -> None:
        before = ident in self.taps
        if self.taps.set(ident, body):
            self.routes.clear()
            if before is not (ident in self.taps):
                self._log("a capture ends" if before else "a capture begins")

    def _links_of(self, node: str) -> dict[int, dict[str, Any]]:
        """While settling, without those whose far end may only be on its way back."""
        return {
            port: {"carrier": link.carrier, "reason": link.reason.value}
            for port, link in self.fabric.links_of(node).items()
            if self._settled_at is None or link.reason is not Reason.PEER_ABSENT
        }

    def _end_settling(self) -> None:
        self._settled_at = None
        self._changed |= self._by_node.keys()

    def _told(self, node: str, delivery: Delivery) -> None:
        if delivery is Delivery.FULL:
            self._late.add(node)

    # What requests need of us

    def _reach(self, node: str) -> bytes | None:
        peer = self._by_node.get(node)
        return peer.ident if peer is not None and self.fabric.is_present(node) else None

    def _status(self) -> dict[str, Any]:
        ready = {peer.node for peer in self._by_node.values() if peer.ready}
        return lab_status(
            self._boot, self._description, self.fabric, ready, self.delivered, self.drops, self.taps, self.copies
        )

    # Sending

    def _post(self, ident: bytes, op: str, **rest: Any) -> Delivery:
        return self._deliver(ident, pack_control(op, **rest))

    def _deliver(self, ident: bytes, message: bytes) -> Delivery:
        delivery = self._send(ident, message)
        if delivery is Delivery.GONE:
            self._gone.add(ident)
        return delivery

    def _carry(self, ident: bytes, port: int, message: bytes, frames: int) -> Delivery:
        """A data message for a port of this connection's device."""
        delivery = self._deliver(ident, message)
        if delivery is Delivery.SENT:
            self.delivered[port] += frames
        elif delivery is Delivery.FULL:
            self.full_at[port] = self.delivered[port]
        return delivery

    def _hand_over(self, ident: bytes, message: bytes) -> bool:
        """Whether it could be sent."""
        return self._deliver(ident, message) is Delivery.SENT

    def _name(self, ident: bytes) -> str:
        if (peer := self._peers.get(ident)) is not None:
            return peer.node
        return "an operator" if ident in self._operators else "a client"


def _is_view(view: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(view, dict) and isinstance(view.get("up"), list) and isinstance(view.get("mirrors"), list)
