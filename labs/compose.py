"""A lab as a compose file: the broker, each device and the way in are containers of one image.

::

                 outside                    wires (internal: no way out, and no host on it)
    127.0.0.1 ────────────  gateway  ─────────────  broker  ─────────────  R-A, R-B, SW-1, …
                               │                                             │
                               └─── a folder for each console's socket ──────┘

Every device has a folder of its own (a volume: its description, its keys, what it saved) and the folder with the socket
of its console; it can reach the broker and nothing else. ``keys`` fills the folders before anything starts and ends: it
alone is root, because new volumes belong to root, and has no network.

The file keeps to what docker-compose 1.29 and Compose v2 both understand: no ``version`` (v2 warns) and no ``name``
(1.29 refuses). It says nothing that the lab file does not say, so it can be made anew at any time.
"""

from __future__ import annotations

import ipaddress
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from labs.errors import LabError
from labs.lab import Lab, Node
from labs.prepare import DESCRIPTION, HEALTH
from nodes.kinds import KINDS

#: Labels of a container by which ``wirelab`` finds labs and their parts.
LABEL: Final = "wirelab."
#: Services beside the devices.
KEYS: Final = "keys"
BROKER: Final = "broker"
GATEWAY: Final = "gateway"
SERVICES: Final = frozenset({KEYS, BROKER, GATEWAY})

#: Whom the image runs as (see Dockerfile).
OWNER: Final = "10001:10001"
#: Where a container has its own folder, and a device or the gateway those of consoles (see Dockerfile).
OWN: Final = "/var/lib/wirelab"
CONSOLE: Final = "/run/wirelab"
SOCKET: Final = "console"
_FOLDERS: Final = "/folders"
#: Where the service keys has the operator's keys.
OPERATOR: Final = f"{_FOLDERS}/operator"
_LAB: Final = "/lab"
#: The gateway's name in the network outside: it listens there alone.
_OUTSIDE: Final = "gateway.outside"

BROKER_PORT: Final = 5000
#: The console of the first node whose lab file names no port.
CONSOLE_PORT: Final = 5001
_LAST_PORT: Final = 65535
_DEFAULT_BASE: Final = "python:3.12-slim-bookworm"


@dataclass(frozen=True)
class Wish:
    """How a lab is to be rendered. ``folder``: where the file will lie, which its paths are relative to; ``context``:
    where the image is built from, or None when there is no source tree; ``bind``: the address on which consoles are
    published instead of that of the lab file, and ``base_port`` likewise (0: the engine chooses); ``remake``: the
    command that makes the file."""

    folder: Path
    stage: str
    remake: str
    context: Path | None = None
    name: str | None = None
    bind: str | None = None
    base_port: int | None = None


@dataclass(frozen=True)
class Console:
    """Where a console is published, on port 0 when the engine chooses, and its port inside of the gateway."""

    host: str
    port: int
    inner: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port or ''}:{self.inner}"


def render(lab: Lab, wish: Wish) -> str:
    """The text of the compose file. Raises LabError when the lab cannot be had in containers."""
    _check(lab, wish)
    consoles = _consoles(lab, wish)
    parts = [_head(lab, wish, consoles), _anchors(), "services:\n", _keys(lab, wish), _broker(lab, wish)]
    parts += [_device(lab, wish, node, consoles[node.name]) for node in lab.nodes]
    parts += [_gateway(lab, wish, consoles), _NETWORKS, "volumes:\n"]
    parts += [f"  {volume}: {{}}\n" for volume in _volumes(lab)]
    return "".join(parts)


def _check(lab: Lab, wish: Wish) -> None:
    stages = [stage.name for stage in lab.stages]
    if wish.stage not in stages:
        raise LabError(f"lab {lab.name!r} has no stage {wish.stage!r}; stages: {', '.join(stages)}")
    folder = lab.file.parent
    for node in lab.nodes:
        if node.name in SERVICES:
            services = ", ".join(sorted(SERVICES))
            raise LabError(f"a node of a compose lab cannot be called {node.name!r}: its services are {services}")
        if KINDS[node.kind].attaches:
            raise LabError(
                f"{node.name} joins interfaces of this machine, of which a container has none; `wirelab up` can do that"
            )
        startup = node.startup.get(wish.stage)
        if startup is not None and not (folder / startup.name).resolve().is_relative_to(folder):
            raise LabError(
                f"the startup-config {startup.name!r} of {node.name} is not below {folder}: a container that reads the "
                "lab sees this folder alone"
            )


def _consoles(lab: Lab, wish: Wish) -> dict[str, Console]:
    """Where each console is published: as in the lab file, and where it says nothing on the next port that is free."""
    own_ports = wish.base_port is None
    named = {node.console[1] for node in lab.nodes if node.console is not None and own_ports}
    first = CONSOLE_PORT if wish.base_port is None else wish.base_port
    free = (port for port in range(first, _LAST_PORT + 1) if port not in named)
    result: dict[str, Console] = {}
    for index, node in enumerate(lab.nodes):
        host, port = node.console or ("127.0.0.1", 0)
        if wish.base_port == 0:
            port = 0
        elif node.console is None or not own_ports:
            port = next(free, 0)
            if not port:
                raise LabError(f"from port {first} on there is none left for {node.name}: the last one is {_LAST_PORT}")
        result[node.name] = Console(wish.bind or _address(host, node), port, CONSOLE_PORT + index)
    return result


def _address(host: str, node: Node) -> str:
    """An address, which is what an engine publishes ports on. Raises LabError."""
    try:
        return str(ipaddress.ip_address("127.0.0.1" if host == "localhost" else host))
    except ValueError:
        raise LabError(
            f"the console of {node.name} is on {host!r}, and ports of containers are published on addresses: "
            "say which with --bind ADDR"
        ) from None


def _head(lab: Lab, wish: Wish, consoles: Mapping[str, Console]) -> str:
    name, console = next(iter(consoles.items()))
    telnet = f"telnet {console.host} {console.port}" if console.port else "wirelab ps"
    what = f"the console of {name}; `wirelab ps` shows them all" if console.port else "where the consoles are"
    return f"""\
# The lab {lab.name} at stage {wish.stage}, each device a container of its own. Made from {lab.file.name} by
#
#   {wish.remake}
#
# so change that file, and make this one anew. With Compose v2 (docker compose) or docker-compose 1.29:
#
#   docker compose up -d      build the image if there is none, make the keys, start everything
#   {telnet:<24}  {what}
#   docker compose down       stop it; what the devices saved stays, and so do the keys (with -v both go)
#
# WIRELAB_IMAGE names another image, WIRELAB_BASE another one to build it on.
"""


def _anchors() -> str:
    return f"""\
x-part: &part
  image: {_image()}
  # It is built here; a registry's image of the same name would be a stranger's.
  pull_policy: never
  restart: unless-stopped
  init: true
  read_only: true
  cap_drop: [ALL]
  security_opt: ["no-new-privileges:true"]
  pids_limit: 64
  cpus: 1.0
  stop_grace_period: 3s
  logging:
    driver: json-file
    options: {{max-size: 1m, max-file: "3"}}

x-device: &device
  <<: *part
  command: [python, -m, nodes, {OWN}/{DESCRIPTION}]
  networks: [wires]
  # Names of the lab are found, and nobody is asked for others.
  dns: 127.0.0.1
  depends_on:
    {KEYS}: {{condition: service_completed_successfully}}

"""


def _image() -> str:
    return '"${WIRELAB_IMAGE:-wirelab}"'


def _keys(lab: Lab, wish: Wish) -> str:
    build = ""
    if wish.context is not None:
        build = f"""\
    build:
      context: {_text(_path(wish.context, wish.folder))}
      args:
        BASE: "${{WIRELAB_BASE:-{_DEFAULT_BASE}}}"
"""
    command = ["wirelab", "prepare", f"{_LAB}/{lab.file.name}", "--stage", wish.stage, "--directory", _FOLDERS]
    command += ["--name", wish.name or lab.name, "--console", f"{CONSOLE}/{SOCKET}", "--owner", OWNER]
    folders = [(BROKER, BROKER), ("operator", "operator"), *((_own(node), f"nodes/{node.name}") for node in lab.nodes)]
    volumes = [f"{_path(lab.file.parent, wish.folder)}:{_LAB}:ro", *(f"{name}:{_FOLDERS}/{at}" for name, at in folders)]
    return f"""\
  # Makes the keys that are missing, and tells each part of the lab what it must know; then it ends.
  {KEYS}:
    <<: *part
{build}    command: {_list(command)}
    restart: "no"
    user: "0:0"
    cap_add: [CHOWN, DAC_OVERRIDE]
    network_mode: none
    healthcheck: {{disable: true}}
    mem_limit: 192m
    labels:
{_labels(lab, wish, role=KEYS)}\
    volumes:
{_items(volumes)}
"""


def _broker(lab: Lab, wish: Wish) -> str:
    return f"""\
  # The wires.
  {BROKER}:
    <<: *device
    command: [python, -m, broker, {OWN}/{DESCRIPTION}]
    mem_limit: 128m
    labels:
{_labels(lab, wish, role=BROKER)}\
    volumes:
{_items([f"{BROKER}:{OWN}"])}
"""


def _device(lab: Lab, wish: Wish, node: Node, console: Console) -> str:
    # A router's ESP workers are in its container.
    memory = "192m" if KINDS[node.kind].ipsec else "96m"
    return f"""\
  {_text(node.name)}:
    <<: *device
    mem_limit: {memory}
    labels:
{_labels(lab, wish, role="device", node=node, console=console)}\
    volumes:
{_items([f"{_own(node)}:{OWN}", f"{_console(node)}:{CONSOLE}"])}
"""


def _gateway(lab: Lab, wish: Wish, consoles: Mapping[str, Console]) -> str:
    command = ["python", "-m", "labs.gateway", "--listen", _OUTSIDE, "--health", f"{OWN}/{HEALTH}"]
    command += [f"{BROKER_PORT}={BROKER}:{BROKER_PORT}"]
    command += [f"{console.inner}={CONSOLE}/{name}/{SOCKET}" for name, console in consoles.items()]
    volumes = [f"{_console(node)}:{CONSOLE}/{node.name}:ro" for node in lab.nodes]
    # wirelab asks the broker through here, with the operator's key; the engine chooses the port.
    ports = [f"127.0.0.1::{BROKER_PORT}", *map(str, consoles.values())]
    return f"""\
  # The way in: from the consoles' ports outside to their sockets inside.
  {GATEWAY}:
    <<: *part
    command: {_list(command)}
    # For the socket by which it says how it is.
    tmpfs: ["{OWN}:mode=0700,uid={OWNER.partition(":")[0]},gid={OWNER.partition(":")[2]}"]
    networks:
      wires: {{}}
      outside: {{aliases: [{_OUTSIDE}]}}
    depends_on:
      {KEYS}: {{condition: service_completed_successfully}}
    mem_limit: 96m
    labels:
{_labels(lab, wish, role=GATEWAY)}\
    ports:
{_items(ports)}\
    volumes:
{_items(volumes)}
"""


_NETWORKS: Final = """\
networks:
  wires:
    driver: bridge
    internal: true
    # Without an address of its own on it the host cannot be reached either.
    driver_opts: {com.docker.network.bridge.inhibit_ipv4: "true"}
  outside: {}

"""


def _labels(
    lab: Lab,
    wish: Wish,
    *,
    role: str,
    node: Node | None = None,
    console: Console | None = None,
) -> str:
    labels = {"role": role, "lab": wish.name or lab.name, "stage": wish.stage, "file": lab.file.name}
    if role == GATEWAY:
        labels["keys"] = "yes" if lab.keys else "no"
    if node is not None and console is not None:
        labels |= {"node": node.name, "kind": node.kind, "type": node.type, "console": str(console.inner)}
        if node.version is not None:
            labels["version"] = node.version
        if node.group is not None:
            labels["group"] = node.group
        if node.position is not None:
            labels["position"] = " ".join(f"{number:g}" for number in node.position)
        labels |= {f"label.{key}": value for key, value in node.labels.items()}
    return "".join(f"      {_text(LABEL + key)}: {_text(value)}\n" for key, value in labels.items())


def _volumes(lab: Lab) -> Iterator[str]:
    yield BROKER
    yield "operator"
    for node in lab.nodes:
        yield _own(node)
        yield _console(node)


# A node's name has no dot, so that none of these is another's.
def _own(node: Node) -> str:
    return f"node.{node.name}"


def _console(node: Node) -> str:
    return f"console.{node.name}"


def _path(target: Path, folder: Path) -> str:
    """As compose takes it: relative to the file, with a dot in front so that it is none of a volume."""
    path = os.path.relpath(target, folder.resolve())
    return path if path.startswith(".") else f"./{path}"


def _text(text: str) -> str:
    """A text in YAML, of which compose replaces no variable."""
    return json.dumps(text, ensure_ascii=False).replace("$", "$$")


def _list(words: Iterable[str]) -> str:
    return "[" + ", ".join(map(_text, words)) + "]"


def _items(texts: Iterable[str]) -> str:
    return "".join(f"      - {_text(text)}\n" for text in texts)
