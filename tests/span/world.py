"""Three switches in a row with stations and sniffers, as a lab file, and random settings and traffic for them.

::

    H1..H4 ── Fa0/1..4 SW1 Fa0/10 ── Fa0/10 SW2 Fa0/11 ── Fa0/11 SW3 Fa0/1 ── H5
                   Fa0/23 │ Fa0/24                                   │ Fa0/24
                         X1 X2                                       X3
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hypothesis import strategies as st

from labs.load import load
from nodes.device.config import SwitchConfig, SwitchPortConfig
from nodes.device.effects import Transmit
from nodes.device.switch import Switch
from nodes.engine.span.sessions import Destination, Direction, Encapsulation, Session
from tests.sim import LabSim
from tests.span.model import RX, TX, PortModel, SessionModel, SwitchModel

LAB: Final = """\
name: span
topology:
  nodes:
    SW1: {kind: switch}
    SW2: {kind: switch}
    SW3: {kind: switch}
    H1: {kind: pc}
    H2: {kind: pc}
    H3: {kind: pc}
    H4: {kind: pc}
    H5: {kind: pc}
    X1: {kind: sniffer}
    X2: {kind: sniffer}
    X3: {kind: sniffer}
  links:
    - endpoints: ["H1:Fa0", "SW1:Fa0/1"]
    - endpoints: ["H2:Fa0", "SW1:Fa0/2"]
    - endpoints: ["H3:Fa0", "SW1:Fa0/3"]
    - endpoints: ["H4:Fa0", "SW1:Fa0/4"]
    - endpoints: ["H5:Fa0", "SW3:Fa0/1"]
    - {endpoints: ["X1:Et0", "SW1:Fa0/23"], cable: crossover}
    - {endpoints: ["X2:Et0", "SW1:Fa0/24"], cable: crossover}
    - {endpoints: ["X3:Et0", "SW3:Fa0/24"], cable: crossover}
    - {endpoints: ["SW1:Fa0/10", "SW2:Fa0/10"], cable: crossover}
    - {endpoints: ["SW2:Fa0/11", "SW3:Fa0/11"], cable: crossover}
"""
UPLINK: Final = "FastEthernet0/10"
SNIFFERS: Final = {"FastEthernet0/23": "X1", "FastEthernet0/24": "X2"}
HOSTS: Final = ("H1", "H2", "H3", "H4", "X1", "X2")
VLANS: Final = (1, 10, 20, 30)
RSPAN: Final = 901


def host_port(number: int) -> str:
    return f"FastEthernet0/{number}"


SOURCES: Final = (*map(host_port, range(1, 5)), UPLINK)

# Settings ----------------------------------------------------------------------------------------------------------

_VLAN = st.sampled_from((1, 1, 10, 10, 20, 30))
PORTS = st.builds(PortModel, _VLAN) | st.builds(
    PortModel, _VLAN, st.just(True), st.none() | st.frozensets(_VLAN, min_size=1)
)
WAYS = st.sampled_from((RX, TX, RX + TX))


@st.composite
def sessions(draw: st.DrawFn, remote: bool) -> dict[int, SessionModel]:
    found = {}
    destinations = draw(st.permutations(sorted(SNIFFERS)))
    for number in range(1, draw(st.sampled_from((1, 2, 2))) + 1):
        session = found[number] = SessionModel()
        if draw(st.booleans()):
            chosen = draw(st.lists(st.sampled_from(SOURCES), min_size=1, max_size=5, unique=True))
            session.ports = {name: draw(WAYS) for name in chosen}
            session.filter = draw(st.just(frozenset[int]()) | st.frozensets(_VLAN, min_size=1))
        else:
            chosen_vlans = draw(st.lists(_VLAN, min_size=1, max_size=3, unique=True))
            session.vlans = {vlan: draw(WAYS) for vlan in chosen_vlans}
        session.ingress = draw(st.none() | st.tuples(_VLAN, st.booleans()))
        encapsulation = draw(st.sampled_from(("native", "dot1q", "dot1q", "replicate")))
        session.destination = RSPAN if remote and number == 1 else (destinations.pop(), encapsulation)
    return found


@st.composite
def switches(draw: st.DrawFn, remote: bool = False) -> SwitchModel:
    ports = {host_port(number): draw(PORTS) for number in range(1, 5)}
    # The way of the RSPAN VLAN, if there is one.
    ports[UPLINK] = PortModel(draw(_VLAN), trunk=True) if remote else draw(PORTS)
    ports |= {name: PortModel(1) for name in SNIFFERS}
    vlans = {1, draw(st.sampled_from((10, 20))), 10, *([RSPAN] if remote else [])}
    return SwitchModel(ports, vlans, draw(sessions(remote)), {RSPAN} if remote else set())


def configure(config: SwitchConfig, model: SwitchModel) -> None:
    """Give a switch the settings of the model."""
    config.vlans = dict.fromkeys(model.vlans - {1}, "")
    config.remote_span = set(model.remote)
    for name, port in model.ports.items():
        config.interfaces[name] = SwitchPortConfig(
            name,
            mode="trunk" if port.trunk else "",
            access_vlan=1 if port.trunk else port.vlan,
            native=port.vlan if port.trunk else 1,
            allowed=port.allowed,
        )
    config.monitors = {number: _session(session) for number, session in model.sessions.items()}


def _session(model: SessionModel) -> Session:
    ways = {RX: Direction.RX, TX: Direction.TX, RX + TX: Direction.BOTH}
    session = Session(
        {name: ways[way] for name, way in model.ports.items()},
        {vlan: ways[way] for vlan, way in model.vlans.items()},
        model.filter,
    )
    if isinstance(model.destination, int):
        session.to_remote = model.destination
    else:
        name, encapsulation = model.destination
        session.destinations = {name: Destination(Encapsulation(encapsulation), *(model.ingress or ()))}
    return session


# Traffic -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sent:
    """Frames that a station sends at one time; a sniffer may be one, since a destination may take frames."""

    host: str
    frames: tuple[bytes, ...]


_STATIONS = st.sampled_from([bytes.fromhex(f"02000000000{number}") for number in range(1, 7)])
_TO = _STATIONS | st.sampled_from(
    [bytes.fromhex(text) for text in ("ffffffffffff", "01005e000001", "01000ccccccc", "0180c200000e")]
)


@st.composite
def frames(draw: st.DrawFn) -> bytes:
    vid = draw(st.sampled_from((None, None, None, 0, 0, 1, 10, 10, 20, 30, 99, RSPAN)))
    priority = draw(st.integers(0, 7))
    tag = b"" if vid is None else bytes.fromhex("8100") + (priority << 13 | vid).to_bytes(2, "big")
    # An EtherType for experiments, which no station answers.
    return draw(_TO) + draw(_STATIONS) + tag + b"\x88\xb5" + draw(st.binary(min_size=46, max_size=50))


TRAFFIC = st.lists(
    st.builds(Sent, st.sampled_from(HOSTS), st.lists(frames(), min_size=1, max_size=3).map(tuple)),
    min_size=4,
    max_size=9,
)


# The lab on a virtual clock ----------------------------------------------------------------------------------------


class World:
    """The three switches; SW2 and SW3 carry everything between their trunks."""

    def __init__(self, folder: Path) -> None:
        file = folder / "span.lab.yml"
        file.write_text(LAB)
        self.sim = LabSim(load(file))
        for name, ports in (("SW2", "fa0/10 - 11"), ("SW3", "fa0/11")):
            self.sim.configure(
                name,
                "vlan 10,20,30",
                f"vlan {RSPAN}",
                "remote-span",
                f"interface range {ports}",
                "switchport mode trunk",
            )
        self.sim.configure(
            "SW3", f"monitor session 1 source remote vlan {RSPAN}", "monitor session 1 destination interface fa0/24"
        )

    def apply(self, model: SwitchModel) -> None:
        node = self.sim.nodes["SW1"]
        assert isinstance(node.device, Switch)
        configure(node.device.config, model)
        node.device.configured()
        node.device.bridge.flush()
        self.sim.turn(node)
        self.sim.settle()
        self.sim.trace.clear()
        self.sim.copies.clear()

    def send(self, host: str, frames: tuple[bytes, ...]) -> None:
        self.sim.transmit(host, Transmit(0, list(frames)))

    def crossings(self, switch: str) -> list[tuple[str, str, bytes]]:
        """(port of the switch, direction, frame) of all that it received, and of what it sent itself: its copies are
        made behind its back, and no session sees them leave."""
        found = []
        for place, (_, target, frame) in enumerate(self.sim.trace):
            node, _, port = self.sim.port(target).partition(":")
            far_node, _, far_port = self.far(target).partition(":")
            if node == switch:
                found.append((port, RX, frame))
            elif far_node == switch and place not in self.sim.copies:
                found.append((far_port, TX, frame))
        return found

    def far(self, port: int) -> str:
        far = self.sim.fabric.far_end(port)
        assert far is not None
        return self.sim.port(far)

    def seen(self, sniffer: str) -> list[bytes]:
        return self.sim.frames([sniffer])
