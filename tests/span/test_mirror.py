"""SPAN and RSPAN against an independent model: byte for byte, in order, and nothing else.

The switches are the real ones, and so is what the broker makes of their mirrors; only its sockets are not there.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.span.model import TX, SwitchModel, tag_of, untagged
from tests.span.world import RSPAN, SNIFFERS, TRAFFIC, UPLINK, Sent, World, switches

# Without shrinking, which takes minutes here and gains little: the examples are small.
SETTINGS = settings(
    max_examples=60,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("span"))


def expected(world: World, model: SwitchModel) -> dict[str | int, list[bytes]]:
    """Destination -> copies of all that crossed the switch's ports, in order."""
    found: dict[str | int, list[bytes]] = {}
    for port, direction, frame in world.crossings("SW1"):
        if port not in model.monitoring:
            for destination, copy in model.copies(port, direction, frame):
                found.setdefault(destination, []).append(copy)
            if (port, direction) == (UPLINK, TX) and tag_of(frame) in model.remote:
                # A station's own frame in the RSPAN VLAN: it comes out with the copies.
                found.setdefault(RSPAN, []).append(untagged(frame))
    return found


@SETTINGS
@given(model=switches(), traffic=TRAFFIC)
def test_span(world: World, model: SwitchModel, traffic: list[Sent]) -> None:
    world.apply(model)
    for sent in traffic:
        world.send(sent.host, sent.frames)
    world.sim.settle()
    copies = expected(world, model)
    for session in model.sessions.values():
        assert isinstance(session.destination, tuple)
        name = session.destination[0]
        assert world.seen(SNIFFERS[name]) == copies.get(name, [])


@SETTINGS
@given(model=switches(remote=True), traffic=TRAFFIC)
def test_rspan(world: World, model: SwitchModel, traffic: list[Sent]) -> None:
    """Over a switch in between that knows nothing of sessions, to a port of a third one."""
    world.apply(model)
    for sent in traffic:
        world.send(sent.host, sent.frames)
        world.sim.settle()
    copies = expected(world, model)
    assert world.seen("X3") == copies.get(RSPAN, [])
    for session in model.sessions.values():
        if isinstance(session.destination, tuple):
            name = session.destination[0]
            assert world.seen(SNIFFERS[name]) == copies.get(name, [])
