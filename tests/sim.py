"""A whole lab in one process on a virtual clock, with seeded loss, duplication and reorder.

The devices are the real ones, the consoles too, and the wires are the broker's own fabric; only processes, sockets and
the clock are replaced. The same seed gives the same run.
"""

from __future__ import annotations

import hashlib
import heapq
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, cast

from broker.description import Description
from broker.fabric import Fabric
from labs.describe import describe_broker, describe_nodes
from labs.lab import Lab
from labs.load import load
from nodes.cli.batch import Batch, Refusal
from nodes.cli.session import Session
from nodes.commands.console import Console
from nodes.device.base import Device, DeviceSpec, Services
from nodes.device.cloud import Cloud
from nodes.device.effects import EspEffect, LinesChanged, Logged, Reload, Told, Transmit, ViewChanged
from nodes.device.files import MemoryFlash
from nodes.device.interface import PortSpec
from nodes.device.usage import ProcessUsage, Usage
from nodes.kinds import KINDS
from nodes.shell.esp.carrier import EspCarrier, EspDevice
from nodes.shell.esp.local import LocalPool
from nodes.shell.esp.pool import OnLost, OnResults
from nodes.shell.main import load as load_entry
from nodes.shell.view import wire_view

NO4 = Path(__file__).parent.parent / "labs/catalog/no4-ipsec/no4-ipsec.lab.yml"

#: What every node says that it uses: a simulation has one process for all of them.
USAGE = Usage((ProcessUsage(4711, "Device", 1.25, 2500, 20 << 20, 24 << 20),), 512 << 20)


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
    flash: MemoryFlash = field(default_factory=MemoryFlash)
    device: Device = field(init=False)
    console: Console = field(init=False)
    esp: LocalPool = field(init=False)
    carrier: EspCarrier = field(init=False)
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
        self.seed = seed
        self.random = random.Random(seed)
        self.impairment = impairment or Impairment()
        self.wires: dict[str, Impairment] = {}
        self.delivered = 0
        self.lost = self.duplicated = self.reordered = 0
        self.trace: list[tuple[float, int, bytes]] = []
        self.copies: set[int] = set()
        """Where in the trace are frames that a mirror made."""
        self.keep_trace = True
        """False for long runs, of which nobody looks at every frame."""
        self.tamper: Callable[[int, bytes], list[bytes]] = lambda port, frame: [frame]
        """What arrives at a port in place of a frame: a hop between that cuts packets, say."""
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
            description["lab"],
            name,
            description["kind"],
            description["type"],
            description["version"],
            ports,
            kind.models[description["type"]].span,
        )
        # Each device has its own entropy, so that what one draws changes nothing about the others.
        entropy = random.Random(f"{self.seed} {name} {node.boots}").randbytes
        services = Services(entropy, lambda: self.now, node.nvram, node.flash, lambda: USAGE)
        node.device = load_entry(kind.device)(spec, services, self.now)
        node.console = load_entry(kind.console)(node.device)
        if isinstance(node.device, Cloud):
            # The interfaces are there, and nobody is behind them.
            for index, (attached, interface) in description.get("attach", {}).items():
                node.device.attach(index, interface, attached)
                node.device.host_state(index, True, "", self.now)
        node.sessions, node.batches = [], []
        node.carrier = EspCarrier(
            cast(EspDevice, node.device),
            lambda on_results, on_lost: self._esp_pool(node, on_results, on_lost),
            lambda: self.now,
            lambda: self.turn(node),
            node.log.append,
        )
        saved = node.nvram.text
        node.refusals = node.console.load(description["startup_config"] if saved is None else saved, self.now)
        node.device.boot_finished(self.now)
        node.boots += 1
        # The node itself hears of all its links, whether they changed or not.
        self._tell({name, *self.fabric.node_present(name, True)})
        self.turn(node)

    def _esp_pool(self, node: SimNode, on_results: OnResults, on_lost: OnLost) -> LocalPool:
        node.esp = LocalPool(self.random.randbytes, on_results, on_lost)
        return node.esp

    def kill_esp(self, name: str) -> None:
        """What kill -9 of a router's ESP workers means to it."""
        self.nodes[name].esp.lose()

    def power_off(self, name: str) -> None:
        self._tell(self.fabric.node_present(name, False) - {name})

    def _tell(self, names: Iterable[str]) -> None:
        # Sorted: a set of names has another order in each process, and the same seed must give the same run.
        for name in sorted(names):
            node = self.nodes[name]
            if not hasattr(node, "device"):
                continue
            for port_id, state in self.fabric.links_of(name).items():
                node.device.carrier(self._owner[port_id][1], state.carrier, str(state.reason), self.now)
            self.turn(node)

    # Wires ---------------------------------------------------------------------------------------------------------

    def _at(self, when: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._queue, (when, next(self._order), action))

    def _wire(self, node: SimNode) -> Impairment:
        return self.wires.get(node.name, self.impairment)

    def _transmit(self, node: SimNode, effect: Transmit) -> None:
        impairment = self._wire(node)
        crossed: list[list[bytes]] = []
        for hop in self.fabric.hops(node.ids[effect.port]):
            frames = hop.program.select(crossed[hop.original]) if crossed else effect.frames
            crossed.append(frames)
            for frame in frames:
                self._cross(hop.target, frame, impairment, hop.mirror is not None)
            if hop.mirror is not None and frames:
                owner, index = self._owner[hop.mirror[2]]
                owner.device.copied(index, len(frames), sum(map(len, frames)), 0, self.now)

    def transmit(self, name: str, effect: Transmit) -> None:
        """Send frames as if the node had done so."""
        self._transmit(self.nodes[name], effect)

    def _cross(self, target: int, frame: bytes, impairment: Impairment, copy: bool) -> None:
        if self.random.random() < impairment.loss:
            self.lost += 1
            return
        copies = 2 if self.random.random() < impairment.duplicate else 1
        self.duplicated += copies - 1
        for _ in range(copies):
            delay = impairment.delay
            if self.random.random() < impairment.reorder:
                self.reordered += 1
                delay += self.random.random() * 0.01
            self._at(self.now + delay, self._arrival(target, frame, copy))

    def _arrival(self, target: int, frame: bytes, copy: bool) -> Callable[[], None]:
        def arrive() -> None:
            node, index = self._owner[target]
            if not self.fabric.is_present(node.name):
                return
            self.delivered += 1
            if self.keep_trace:
                if copy:
                    self.copies.add(len(self.trace))
                self.trace.append((self.now, target, frame))
            node.device.receive(index, self.tamper(target, frame), self.now)
            self.turn(node)

        return arrive

    # Time ----------------------------------------------------------------------------------------------------------

    def turn(self, node: SimNode) -> None:
        while True:
            effects = node.device.drain()
            for effect in effects:
                if isinstance(effect, Transmit):
                    self._transmit(node, effect)
                elif isinstance(effect, ViewChanged):
                    view = wire_view(node.device.view(), node.ids)
                    changed = self.fabric.set_view(node.name, view["up"], view["mirrors"])
                    # The others hear of it behind the frames that were sent before, and ahead of those that follow.
                    self._at(self.now + self._wire(node).delay, partial(self._tell, changed - {node.name}))
                    self._tell(changed & {node.name})
                    assert self.fabric.refused(node.name) == ()
                elif isinstance(effect, Logged):
                    node.log.append(effect.line)
                    node.console.notify(effect, self.now)
                elif isinstance(effect, LinesChanged):
                    node.console.lines_changed()
                elif isinstance(effect, Told):
                    node.console.tell(effect.text, self.now)
                elif isinstance(effect, Reload):
                    # The device that goes down does not hear of it.
                    self._tell(self.fabric.node_present(node.name, False) - {node.name})
                    self.boot(node.name)
                    return
                elif isinstance(effect, EspEffect):
                    node.carrier.carry_out(effect)
            node.carrier.flush()
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
            self.turn(timer[1])
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
        self.turn(node)
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
        session = node.console.session(node.console.line(f"vty {len(node.sessions)}"))
        node.sessions.append(session)
        return session

    def type(self, session: Session, text: str, seconds: float = 0.0) -> str:
        """Type into a session and let time pass; what it printed, with LF line ends."""
        session.receive(text.encode(), self.now)
        for node in self.nodes.values():
            if session in node.sessions:
                self.turn(node)
        self.run(seconds)
        return session.output().decode().replace("\r\n", "\n")

    def digest(self) -> str:
        """Everything that has happened, as a checksum: each frame that arrived, when and where, and every log line."""
        state = hashlib.sha256()
        for when, port, frame in self.trace:
            state.update(f"{when:.9f} {port} ".encode() + frame)
        for node in self.nodes.values():
            state.update("\n".join(node.log).encode())
        return state.hexdigest()

    def port(self, port_id: int) -> str:
        """``SW-1:FastEthernet0/2``: the port of a number in the trace."""
        node, index = self._owner[port_id]
        return f"{node.name}:{node.device.ports[index].name}"

    def frames(self, names: Sequence[str] | None = None) -> list[bytes]:
        return [frame for _, port, frame in self.trace if names is None or self._owner[port][0].name in names]
