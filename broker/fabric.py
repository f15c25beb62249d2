"""The wires of a lab as a value: ports, cables, mirrors, taps, who is there; and from them, who receives what. Pure.

A port has carrier when its cable fits both ends (straight between unlike ports, crossover between like ones), both
devices are there and both ports are administratively up. What enters the wires at a port with carrier goes to the far
end of its cable, and a copy to every SPAN session that covers it:

    device A            wires             switch B                              sniffer
    port p ------------------------------ port q      (session: q rx -> d)
              data enters at p                        port d ------------------ port r

    targets(p) == (q, r)

A session sees a frame that the broker delivers to a source port as ``rx`` and one that the device sends on it as
``tx``, each frame once per session and direction. A copy crosses the destination's own cable and needs its carrier;
where it enters another switch by a source port, that switch's session copies it once more.

A tap sees everything that crosses its wire, in both directions; what enters at ``p`` above crosses the wire p - q, and
as a copy d - r. Nothing crosses a wire without carrier.

Frames never come in here. A whole lab in one process on a virtual clock uses the same class: it asks ``targets`` and
hands its frames over itself.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeGuard

from broker.description import Description
from broker.protocol import LinkState, Reason

#: Texts that are kept of what was wrong in one view.
MAX_REFUSED: Final = 8


class MirrorError(Exception):
    """A mirror that a device may not have. The text says why."""


@dataclass(frozen=True, slots=True)
class Mirror:
    """One SPAN session of one device; rx and tx as the device sees them."""

    session: int
    rx: frozenset[int]
    tx: frozenset[int]
    destination: int

    @classmethod
    def parse(cls, raw: object, own: Sequence[int]) -> Mirror:
        """The map of a device's view (see broker.protocol), for a device with the ports ``own``; raises MirrorError."""
        if not isinstance(raw, Mapping):
            raise MirrorError("a mirror must be a map")
        session, destination, sources = raw.get("session"), raw.get("destination"), raw.get("sources")
        if not isinstance(session, int):
            raise MirrorError("a mirror's session must be a number")
        if not _is_port(destination, own):
            raise MirrorError(f"session {session}: the destination {_name(destination)} is not a port of this node")
        if not isinstance(sources, list | tuple):
            raise MirrorError(f"session {session}: sources must be a list")
        rx: set[int] = set()
        tx: set[int] = set()
        for source in sources:
            match source:
                case [int(port), "rx" | "tx" | "both" as direction]:
                    pass
                case _:
                    raise MirrorError(f"session {session}: a source must be a port with rx, tx or both")
            if not _is_port(port, own):
                raise MirrorError(f"session {session}: the source {port} is not a port of this node")
            if port == destination:
                raise MirrorError(f"session {session}: its destination cannot be its source")
            if direction in ("rx", "both"):
                rx.add(port)
            if direction in ("tx", "both"):
                tx.add(port)
        return cls(session, frozenset(rx), frozenset(tx), destination)

    def sources(self) -> list[tuple[int, str]]:
        """(port, "rx" | "tx" | "both"), ordered by port."""
        both = self.rx & self.tx
        return [
            (port, "both" if port in both else "rx" if port in self.rx else "tx") for port in sorted(self.rx | self.tx)
        ]


class Fabric:
    """Link states and forwarding of one lab. Methods take port ids and node names of the description, else KeyError."""

    def __init__(self, description: Description) -> None:
        self._nodes = description.nodes
        self._owner = {port.id: port.node for port in description.ports.values()}
        self._far: dict[int, int] = {}
        self._wrong: set[int] = set()
        for wire in description.wires:
            self._far |= {wire.a: wire.b, wire.b: wire.a}
            if not wire.cable.fits(description.ports[wire.a].mdi, description.ports[wire.b].mdi):
                self._wrong |= {wire.a, wire.b}
        self._present: set[str] = set()
        self._up: set[int] = set()
        self._mirrors: dict[str, tuple[Mirror, ...]] = dict.fromkeys(self._nodes, ())
        self._refused: dict[str, tuple[str, ...]] = dict.fromkeys(self._nodes, ())
        self._links = {port: self._judge(port) for port in self._owner}
        # By the ports at both ends of the wire.
        self._taps: dict[int, tuple[Hashable, ...]] = {}
        # Filled when a port first sends after a change: neither a frame nor a change costs more in a larger lab.
        self._targets: dict[int, tuple[int, ...]] = {}

    # What is

    def targets(self, port: int) -> tuple[int, ...]:
        """Where data goes that enters the wires at ``port``: the far end first, then the mirrors' copies in the order
        in which the frame passes their source ports (tx before rx, then by session). Empty without carrier."""
        targets = self._targets.get(port)
        if targets is None:
            targets = self._targets[port] = self._route(port)
        return targets

    def taps(self, port: int) -> list[tuple[Hashable, int]]:
        """Who sees data that enters the wires at ``port``: (tap, the port at which its wire is entered), in the order
        of ``targets``. A tap that sees it on several wires is there several times."""
        entered = [(self._far[target], target) for target in self.targets(port)] if self._taps else ()
        return [(tap, enters) for enters, target in entered for tap in self._taps.get(target, ())]

    def link(self, port: int) -> LinkState:
        return self._links[port]

    def links_of(self, node: str) -> dict[int, LinkState]:
        """port id -> link state, for all ports of the node."""
        return {port: self._links[port] for port in self._nodes[node]}

    def far_end(self, port: int) -> int | None:
        """The port at the other end of the cable."""
        return self._far.get(port)

    def owner(self, port: int) -> str:
        """The node that the port belongs to."""
        return self._owner[port]

    def is_present(self, node: str) -> bool:
        return node in self._present

    def mirrors_of(self, node: str) -> tuple[Mirror, ...]:
        """Ordered by session."""
        return self._mirrors[node]

    def refused(self, node: str) -> tuple[str, ...]:
        """What was left out of the node's latest view and why; the first few, if there is much."""
        return self._refused[node]

    # What changes

    def node_present(self, node: str, present: bool) -> set[str]:
        """The node came, or went (its view stays for when it comes back). The nodes whose links changed."""
        if present == (node in self._present):
            return set()
        if present:
            self._present.add(node)
        else:
            self._present.discard(node)
        return self._refresh(node)

    def set_view(self, node: str, up: Collection[object], mirrors: Collection[object]) -> set[str]:
        """The node's whole view: its ports that are administratively up, and its mirrors (see broker.protocol).

        What is not the node's own, or makes no sense, is left out and told by ``refused``; the rest holds.
        The nodes whose links changed."""
        own = self._nodes[node]
        refused: list[str] = []
        now_up: set[int] = set()
        for port in up:
            if _is_port(port, own):
                now_up.add(port)
            else:
                refused.append(f"up: {_name(port)} is not a port of this node")
        sessions: dict[int, Mirror] = {}
        for raw in mirrors:
            try:
                mirror = Mirror.parse(raw, own)
            except MirrorError as error:
                refused.append(str(error))
                continue
            if mirror.session in sessions:
                refused.append(f"session {mirror.session}: given twice")
            else:
                sessions[mirror.session] = mirror
        self._up = (self._up - set(own)) | now_up
        self._mirrors[node] = tuple(sessions[session] for session in sorted(sessions))
        self._refused[node] = tuple(refused[:MAX_REFUSED])
        return self._refresh(node)

    def set_tap(self, tap: Hashable, ports: Collection[int]) -> None:
        """From now on ``tap`` sees the wires at these ports and no others."""
        wires = {end for port in ports for end in (port, self._far.get(port)) if end is not None}
        for port in self._owner:
            others = tuple(other for other in self._taps.pop(port, ()) if other != tap)
            if port in wires:
                others = (*others, tap)
            if others:
                self._taps[port] = others

    # How one follows from the other

    def _judge(self, port: int) -> LinkState:
        """The cable is judged first: what is wrong with it stays wrong, whoever is there."""
        far = self._far.get(port)
        if far is None:
            reason = Reason.NO_CABLE
        elif port in self._wrong:
            reason = Reason.WRONG_CABLE
        elif port not in self._up or self._owner[port] not in self._present:
            reason = Reason.SHUTDOWN
        elif self._owner[far] not in self._present:
            reason = Reason.PEER_ABSENT
        elif far not in self._up:
            reason = Reason.PEER_SHUTDOWN
        else:
            reason = Reason.UP
        return LinkState(reason is Reason.UP, reason)

    def _refresh(self, node: str) -> set[str]:
        """Judge the ports that a change of ``node`` may concern; the nodes whose links changed."""
        own = self._nodes[node]
        changed: set[str] = set()
        for port in {*own, *(self._far[port] for port in own if port in self._far)}:
            link = self._judge(port)
            if link != self._links[port]:
                self._links[port] = link
                changed.add(self._owner[port])
        self._targets.clear()
        return changed

    def _route(self, port: int) -> tuple[int, ...]:
        if not self._links[port].carrier:
            return ()
        targets = [self._far[port]]
        # A loop of mirrors ends here: each session copies the frame once per direction.
        done: set[tuple[str, int, bool]] = set()
        passed = [(port, False), (targets[0], True)]
        for at, inward in passed:  # grows on the way
            node = self._owner[at]
            for mirror in self._mirrors[node]:
                seen = (node, mirror.session, inward)
                if at not in (mirror.rx if inward else mirror.tx) or seen in done:
                    continue
                if not self._links[mirror.destination].carrier:
                    continue
                done.add(seen)
                copy = self._far[mirror.destination]
                targets.append(copy)
                passed.append((copy, True))
        return tuple(targets)


def _is_port(port: object, own: Sequence[int]) -> TypeGuard[int]:
    return isinstance(port, int) and port in own


def _name(port: object) -> str:
    """What to call it in a message; whatever is not a number came from outside and may be large."""
    return str(port) if isinstance(port, int) else f"of type {type(port).__name__}"
