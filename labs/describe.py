"""A lab at a stage -> what the broker and each device are told: one msgpack file each.

Broker description::

    {proto, lab, endpoint: "ipc://…", nodes: {NAME: {ports: [{id, name, mdi: "mdi" | "mdix" | "auto"}]}},
     wires: [{a: port id, b: port id, cable: "straight" | "crossover"}]}

Node description::

    {proto, lab, node, kind, type, version, ports: [{id, name, mac: 6 octets}], broker: "ipc://…",
     console: [host, port] or the path of a Unix socket, startup_config: text, startup_name: the file it is from,
     nvram: path of the saved startup-config, keylog: path of the file to which the device appends the keys of its
     tunnels (nodes.decode.keylog), or None: keys are not to be logged,
     attach: {index of a port: ["packet" | "tap", Linux interface]}, of a cloud only}

Both may have two more (:mod:`labs.prepare`), and then ``tcp://…`` for ``ipc://…``::

    {curve: the folder of its keys (broker.keys),
     health: path of a Unix socket that says to whoever connects whether it is well (broker.health)}

Paths may be relative to the folder of the description's file. A description holds no secrets but those of the
startup-config.

Port ids count from 1 in the order of the lab file. Both are the same in each run of the same lab under the same name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

from broker.protocol import PROTO
from labs.lab import Lab, Startup

ConsoleAddress: TypeAlias = tuple[str, int] | str
"""Where a console listens: host and TCP port, or the path of a Unix socket."""

NO_STARTUP: Final = Startup("(no startup-config)", "")


def describe_broker(lab: Lab, name: str, endpoint: str) -> dict[str, Any]:
    """What the broker of ``lab``, running under ``name``, is told."""
    nodes: dict[str, dict[str, Any]] = {node.name: {"ports": []} for node in lab.nodes}
    ids: dict[tuple[str, str], int] = {}
    for number, node, index, port in lab.ports():
        nodes[node.name]["ports"].append({"id": number, "name": port, "mdi": node.model.ports[index].mdi})
        ids[node.name, port] = number
    wires = [
        {"a": ids[link.a.node, link.a.port], "b": ids[link.b.node, link.b.port], "cable": link.cable}
        for link in lab.links
    ]
    return {"proto": PROTO, "lab": name, "endpoint": endpoint, "nodes": nodes, "wires": wires}


def describe_nodes(
    lab: Lab,
    name: str,
    endpoint: str,
    stage: str,
    consoles: Mapping[str, ConsoleAddress],
    nvram: Path,
    keys: Path | None = None,
) -> dict[str, dict[str, Any]]:
    """What each device is told; ``consoles`` has an address for every node, saved configurations lie in ``nvram``, and
    key logs in ``keys`` unless the lab file forbids them."""
    prefixes = _mac_prefixes(name, [node.name for node in lab.nodes])
    result: dict[str, dict[str, Any]] = {}
    for node in lab.nodes:
        startup = node.startup.get(stage, NO_STARTUP)
        result[node.name] = {
            "proto": PROTO,
            "lab": name,
            "node": node.name,
            "kind": node.kind,
            "type": node.type,
            "version": node.version,
            "ports": [],
            "broker": endpoint,
            "console": where if isinstance(where := consoles[node.name], str) else list(where),
            "startup_config": startup.text,
            "startup_name": startup.name,
            "nvram": str(nvram / f"{node.name}.cfg"),
            "keylog": str(keys / f"{node.name}.keys") if keys is not None and lab.keys else None,
        }
        if node.attach:
            result[node.name]["attach"] = {index: list(target) for index, target in node.attach.items()}
    for number, node, index, port in lab.ports():
        mac = prefixes[node.name] + index.to_bytes(2, "big")
        result[node.name]["ports"].append({"id": number, "name": port, "mac": mac})
    return result


def _mac_prefixes(lab: str, nodes: list[str]) -> dict[str, bytes]:
    """Four octets for each node: 02 (locally administered, RFC 7042 §2.1) and three from a hash of its name.

    Two names of a large lab can have the same hash; the later one is hashed again, so that it keeps its address as long
    as the nodes before it keep theirs.
    """
    taken: dict[bytes, str] = {}
    for node in nodes:
        text = f"{lab}/{node}"
        while (prefix := b"\x02" + hashlib.sha256(text.encode()).digest()[:3]) in taken:
            text += "'"
        taken[prefix] = node
    return {node: prefix for prefix, node in taken.items()}
