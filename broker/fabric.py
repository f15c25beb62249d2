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
where it enters another switch by a source port, that switch's session copies it once more. No mirror copies what
descends from its own copies in the same direction, so that a loop of mirrors ends.

A tap sees everything that crosses its wire, in both directions; what enters at ``p`` above crosses the wire p - q, and
as a copy d - r. Nothing crosses a wire without carrier.

Frames never come in here. A whole lab in one process on a virtual clock uses the same class: it asks for the ``hops``
and hands its frames over itself.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable
from typing import Final, NamedTuple, TypeAlias

from broker.description import Description
from broker.mirror import WHOLE, Mirror, MirrorError, Program, is_port, name_of
from broker.protocol import LinkState, Reason

#: Texts that are kept of what was wrong in one view.
MAX_REFUSED: Final = 8


class Hop(NamedTuple):
    """One wire that frames cross: they come out at ``target``.

    The first hop of a route is the cable of the port itself. Each further one is a copy: of what crossed the hop number
    ``original``, as far and as ``program`` says, made by the ``mirror`` (node, session, destination)."""

    target: int
    original: int
    program: Program
    mirror: tuple[str, int, int] | None


#: A mirror (node, session, destination), and whether it copies inward.
_Copier: TypeAlias = tuple[tuple[str, int, int], bool]


class _Passed(NamedTuple):
    """Frames at a port: out of it or into it, by which hop, and as copies of whose copies."""

    port: int
    inward: bool
    hop: int
    history: tuple[_Copier, ...]


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
        self._routes: dict[int, tuple[Hop, ...]] = {}

    # What is

    def hops(self, port: int) -> tuple[Hop, ...]:
        """Where data goes that enters the wires at ``port``: the far end first, then the mirrors' copies in the order
        in which the frame passes their source ports (tx before rx, then by session). Empty without carrier."""
        hops = self._routes.get(port)
        if hops is None:
            hops = self._routes[port] = self._route(port)
        return hops

    def targets(self, port: int) -> tuple[int, ...]:
        """The ports at which the hops end."""
        return tuple(hop.target for hop in self.hops(port))

    def taps(self, target: int) -> list[tuple[Hashable, int]]:
        """Who sees what comes out at ``target``: (tap, the port at which its wire is entered)."""
        return [(tap, self._far[target]) for tap in self._taps.get(target, ())]

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
        """Ordered by session and destination."""
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
            if is_port(port, own):
                now_up.add(port)
            else:
                refused.append(f"up: {name_of(port)} is not a port of this node")
        known: dict[tuple[int, int], Mirror] = {}
        for raw in mirrors:
            try:
                mirror = Mirror.parse(raw, own)
            except MirrorError as error:
                refused.append(str(error))
                continue
            key = mirror.session, mirror.destination
            if key in known:
                refused.append(f"session {mirror.session}: its destination {mirror.destination} is given twice")
            else:
                known[key] = mirror
        self._up = (self._up - set(own)) | now_up
        self._mirrors[node] = tuple(known[key] for key in sorted(known))
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
        self._routes.clear()
        return changed

    def _route(self, port: int) -> tuple[Hop, ...]:
        if not self._links[port].carrier:
            return ()
        hops = [Hop(self._far[port], 0, WHOLE, None)]
        passed = [_Passed(port, False, 0, ()), _Passed(hops[0].target, True, 0, ())]
        # Twice the same mirror behind the same one: then the frame came by two ways, and was copied for the first.
        done: set[tuple[_Copier, _Copier | None]] = set()
        for at, inward, crossed, history in passed:  # grows on the way
            node = self._owner[at]
            for mirror in self._mirrors[node]:
                program = (mirror.rx if inward else mirror.tx).get(at)
                if program is None or not self._links[mirror.destination].carrier:
                    continue
                key = node, mirror.session, mirror.destination
                copier = key, inward
                step = copier, history[-1] if history else None
                if copier in history or step in done:
                    continue
                done.add(step)
                copy = self._far[mirror.destination]
                passed.append(_Passed(copy, True, len(hops), (*history, copier)))
                hops.append(Hop(copy, crossed, program, key))
        return tuple(hops)
