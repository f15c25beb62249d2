"""Everything that the processes of a lab need where no supervisord of ours starts them, as in containers.

A folder for each process, and each holds all that this process may know::

    DIR/broker/            description.msgpack, secret, clients
    DIR/operator/          secret, broker
    DIR/nodes/NAME/        description.msgpack, secret, broker
                           and, made by the device itself: nvram/, NAME.keys, health.sock

    python -m broker DIR/broker/description.msgpack               and, 0 if it serves,  --health before the file
    python -m nodes DIR/nodes/NAME/description.msgpack            and, 0 if its console answers and the broker serves
                                                                  it, --health before the file

Descriptions (:mod:`labs.describe`) name their neighbours in the folder by relative paths, so a folder may be mounted
anywhere, and hold no secrets. The other files are the keys (:mod:`broker.keys`), which say how they are replaced.
Descriptions are made anew each time, keys only when they are not there; so this may run at each start of a lab.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgpack

from labs.describe import ConsoleAddress, describe_broker, describe_nodes
from labs.errors import LabError
from labs.lab import Lab

DESCRIPTION: Final = "description.msgpack"
HEALTH: Final = "health.sock"
#: Where the broker listens, unless said otherwise, and the console of the first node whose lab file names no port.
BROKER_PORT: Final = 5000
CONSOLE_PORT: Final = 5001


@dataclass(frozen=True)
class Place:
    """Where the processes will be. ``broker``: host and port by which devices find the broker; ``listen``: the address
    on which broker and consoles listen; ``console``: the Unix socket on which each console listens instead, which each
    device has to itself; ``owner``: the user and group that the processes will be, if they are not ours."""

    broker: tuple[str, int] = ("broker", BROKER_PORT)
    listen: str = "0.0.0.0"
    base_port: int | None = None
    console: str | None = None
    owner: tuple[int, int] | None = None


def consoles(lab: Lab, place: Place) -> dict[str, ConsoleAddress]:
    """Where each node's console will listen: on the port of the lab file, or on ``base_port`` + its number."""
    if place.console is not None:
        return {node.name: place.console for node in lab.nodes}
    first = CONSOLE_PORT if place.base_port is None else place.base_port
    result: dict[str, ConsoleAddress] = {}
    for index, node in enumerate(lab.nodes):
        own = node.console[1] if node.console is not None and place.base_port is None else first + index
        if own > 65535:
            raise LabError(f"--base-port {first} leaves no port for {node.name}: the last one is 65535")
        result[node.name] = (place.listen, own)
    return result


def write_folders(lab: Lab, folder: Path, *, name: str, stage: str, place: Place) -> list[str]:
    """Makes the folders in ``folder`` for ``lab`` under ``name`` at ``stage``; whose keys are new: "broker",
    "operator" and names of nodes. Raises LabError."""
    from broker import keygen, keys

    host, port = place.broker
    try:
        new = keygen.make(folder, [node.name for node in lab.nodes])
    except keys.KeysError as error:
        raise LabError(f"the keys cannot be made: {error}") from None
    broker = describe_broker(lab, name, f"tcp://{place.listen}:{port}")
    nodes = describe_nodes(
        lab, name, f"tcp://{host}:{port}", stage, consoles(lab, place), Path("nvram"), Path() if lab.keys else None
    )
    places = {folder / keys.BROKER: broker} | {folder / keys.NODES / node: told for node, told in nodes.items()}
    for own, description in places.items():
        packed = msgpack.packb({**description, "curve": ".", "health": HEALTH}, use_bin_type=True)
        try:
            # The keys of tunnels may stand in a startup-config: it is nobody else's to read.
            keygen.write_private(own / DESCRIPTION, packed)
        except OSError as error:
            raise LabError(f"{own / DESCRIPTION} cannot be written: {error.strerror or error}") from None
    if place.owner is not None:
        _hand_over([*places, folder / keys.OPERATOR], place.owner)
    return new


def _hand_over(folders: Iterable[Path], owner: tuple[int, int]) -> None:
    """Gives the folders and all that is in them to a user and a group. Raises LabError."""
    for folder in folders:
        for path in (folder, *folder.rglob("*")):
            try:
                os.chown(path, *owner, follow_symlinks=False)
            except OSError as error:
                raise LabError(f"{path} cannot be given to {owner[0]}:{owner[1]}: {error.strerror or error}") from None
