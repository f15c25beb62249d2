"""A whole lab in one process on a virtual clock, with seeded loss, duplication and reorder.

The devices are the real ones, the consoles too, and the wires are the broker's own fabric; only processes, sockets and
the clock are replaced. The same seed gives the same run.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from broker.description import Description
from broker.fabric import Fabric
from labs.describe import describe_broker, describe_nodes
from labs.lab import Lab
from labs.load import load
from nodes.cli.batch import Batch, Refusal
from nodes.cli.session import Session
from nodes.cli.terminal import Line
from nodes.commands.console import Console
from nodes.device.base import Device, DeviceSpec, PortSpec, Services
from nodes.device.effects import Logged, Reload, Transmit, ViewChanged
from nodes.kinds import KINDS
from nodes.shell.main import load as load_entry

NO4 = Path(__file__).parent.parent / "labs/catalog/no4-ipsec/no4-ipsec.lab.yml"


@dataclass
class Impairment:
    """What a wire does to each frame: probabilities, and seconds of delay and of random extra delay."""

    loss: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    delay: float = 0.0001


class MemoryNvram:
    def __init__(self) -> None:
        self.text: str | None = None

    def read(self) -> str | None:
        return self.text

    def write(self, text: str) -> None:
        self.text = text


@dataclass
class SimNode:
    name: str
    description: dict[str, Any]
    nvram: MemoryNvram
    ids: list[int]
    device: Device = field(init=False)
    console: Console = field(init=False)
    refusals: list[Refusal] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    boots: int = 0


class LabSim:
    """A running lab. ``wires`` maps a node's name to the impairment of what it sends; others have ``impairment``."""

    def __init__(
        self, lab: Lab | None = None, stage: str = "solution", *, seed: int = 1, impairment: Impairment | None = None
    ) -> None:
        self.lab = lab or load(NO4)
        self.now = 1000.0
        self.random = random.Random(seed)
        self.impairment = impairment or Impairment()
        self.wires: dict[str, Impairment] = {}
        self.delivered = 0
        self.trace: list[tuple[float, int, bytes]] = []
        self.fabric = Fabric(Description.parse(describe_broker(self.lab, self.lab.name, "ipc://none")))
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        consoles = {node.name: ("127.0.0.1", 0) for node in self.lab.nodes}
        described = describe_nodes(self.lab, self.lab.name, "ipc://none", stage, consoles, Path("/nonexistent"))
        self.nodes: dict[str, SimNode] = {}
        self._owner: dict[int, tuple[SimNode, int]] = {}
        for name, description in described.items():
            node = SimNode(name, description, MemoryNvram(), [port["id"] for port in description["ports"]])
            self.nodes[name] = node
            for index, port_id in enumerate(node.ids):
                self._owner[port_id] = node, index
        for node in self.nodes.values():
            self.boot(node.name)
        self.settle()

    # Power ---------------------------------------------------------------------------------------------------------

    def boot(self, name: str) -> None:
        node = self.nodes[name]
        description = node.description
        kind = KINDS[description["kind"]]
        ports = tuple(PortSpec(port["name"], port["mac"]) for port in description["ports"])
        spec = DeviceSpec(
            description["lab"], name, description["kind"], description["type"], description["version"], ports
        )
        services = Services(self.random.randbytes, lambda: self.now, node.nvram)
        node.device = load_entry(kind.device)(spec, services, self.now)
        node.console = load_entry(kind.console)(node.device)
        node.sessions, node.batches = [], []
        saved = node.nvram.text
        node.refusals = node.console.load(description["startup_config"] if saved is None else saved, self.now)
        node.device.boot_finished(self.now)
        node.boots += 1
        self._tell(self.fabric.node_present(name, True))
        self._turn(node)

    def power_off(self, name: str) -> None:
        self._tell(self.fabric.node_present(name, False))

    def _tell(self, names: Iterable[str]) -> None:
        for name in names:
            node = self.nodes[name]
            if not hasattr(node, "device"):
                continue
            for port_id, state in self.fabric.links_of(name).items():
                node.device.carrier(self._owner[port_id][1], state.carrier, str(state.reason), self.now)
            self._turn(node)

    # Wires ---------------------------------------------------------------------------------------------------------

    def _at(self, when: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._queue, (when, next(self._order), action))

    def _transmit(self, node: SimNode, effect: Transmit) -> None:
        impairment = self.wires.get(node.name, self.impairment)
        for target in self.fabric.targets(node.ids[effect.port]):
            for frame in effect.frames:
                if self.random.random() < impairment.loss:
                    continue
                copies = 2 if self.random.random() < impairment.duplicate else 1
                for _ in range(copies):
                    delay = impairment.delay
                    if self.random.random() < impairment.reorder:
                        delay += self.random.random() * 0.01
                    self._at(self.now + delay, self._arrival(target, frame))

    def _arrival(self, target: int, frame: bytes) -> Callable[[], None]:
        def arrive() -> None:
            node, index = self._owner[target]
            if not self.fabric.is_present(node.name):
                return
            self.delivered += 1
            self.trace.append((self.now, target, frame))
            node.device.receive(index, [frame], self.now)
            self._turn(node)

        return arrive

    # Time ----------------------------------------------------------------------------------------------------------

    def _turn(self, node: SimNode) -> None:
        while True:
            effects = node.device.drain()
            for effect in effects:
                if isinstance(effect, Transmit):
                    self._transmit(node, effect)
                elif isinstance(effect, ViewChanged):
                    view = node.device.view()
                    mirrors = [
                        {
                            "session": mirror.session,
                            "sources": [[node.ids[port], word] for port, word in mirror.sources],
                            "destination": node.ids[mirror.destination],
                        }
                        for mirror in view.mirrors
                    ]
                    self._tell(self.fabric.set_view(node.name, [node.ids[port] for port in view.up], mirrors))
                elif isinstance(effect, Logged):
                    node.log.append(effect.line)
                    for session in node.sessions:
                        session.notify(effect.line, self.now)
                elif isinstance(effect, Reload):
                    self._tell(self.fabric.node_present(node.name, False))
                    self.boot(node.name)
                    return
            for session in node.sessions:
                session.advance(self.now)
            for batch in node.batches:
                batch.advance(self.now)
            if not effects and not node.device.has_effects:
                return

    def _deadlines(self) -> list[tuple[float, SimNode]]:
        found = []
        for node in self.nodes.values():
            sources: list[Any] = [node.device, *node.sessions, *(batch for batch in node.batches if not batch.done)]
            for source in sources:
                deadline = source.next_deadline()
                if deadline is not None:
                    found.append((deadline, node))
        return found

    def step(self, until: float) -> bool:
        """Go on to the next thing that happens at or before ``until``; False when nothing does."""
        timer = min(self._deadlines(), key=lambda item: item[0], default=None)
        next_timer = timer[0] if timer is not None else float("inf")
        next_event = self._queue[0][0] if self._queue else float("inf")
        if min(next_timer, next_event) > until:
            return False
        if next_event <= next_timer:
            when, _, action = heapq.heappop(self._queue)
            self.now = max(self.now, when)
            action()
        else:
            assert timer is not None
            self.now = max(self.now, timer[0])
            timer[1].device.handle_timer(self.now)
            self._turn(timer[1])
        return True

    def run(self, seconds: float) -> None:
        """Let that much virtual time pass."""
        end = self.now + seconds
        while self.step(end):
            pass
        self.now = end

    def settle(self) -> None:
        """Let what is on the wires arrive, without waiting for timers."""
        self.run(0.05)

    # Consoles ------------------------------------------------------------------------------------------------------

    def exec(self, name: str, *commands: str, limit: float = 600.0) -> str:
        """Run commands with full privilege; their output. Raises AssertionError when one is rejected."""
        batch = self.start(name, *commands)
        self.finish(batch, limit)
        assert not batch.rejected, batch.output
        return batch.output

    def refused(self, name: str, *commands: str) -> str:
        """Run commands of which one must be rejected; the output."""
        batch = self.start(name, *commands)
        self.finish(batch, 600.0)
        assert batch.rejected, batch.output
        return batch.output

    def start(self, name: str, *commands: str) -> Batch:
        node = self.nodes[name]
        node.device.now = self.now
        batch = node.console.batch(commands)
        node.batches = [known for known in node.batches if not known.done]
        node.batches.append(batch)
        self._turn(node)
        return batch

    def finish(self, batch: Batch, limit: float = 600.0) -> str:
        end = self.now + limit
        while not batch.done and self.step(end):
            pass
        assert batch.done, f"not finished after {limit} s: {batch.output}"
        return batch.output

    def configure(self, name: str, *lines: str) -> str:
        return self.exec(name, "configure terminal", *lines, "end")

    def view(self, name: str, command: str) -> Any:
        node = self.nodes[name]
        node.device.now = self.now
        return node.console.view(command, self.now)

    def session(self, name: str) -> Session:
        node = self.nodes[name]
        session = node.console.session(Line(f"vty {len(node.sessions)}", len(node.sessions)))
        node.sessions.append(session)
        return session

    def type(self, session: Session, text: str, seconds: float = 0.0) -> str:
        """Type into a session and let time pass; what it printed, with LF line ends."""
        session.receive(text.encode(), self.now)
        for node in self.nodes.values():
            if session in node.sessions:
                self._turn(node)
        self.run(seconds)
        return session.output().decode().replace("\r\n", "\n")

    def frames(self, names: Sequence[str] | None = None) -> list[bytes]:
        return [frame for _, port, frame in self.trace if names is None or self._owner[port][0].name in names]
