"""A lab that compose runs: its containers as the ``docker`` command knows them, by the labels of :mod:`labs.compose`.

The broker is asked through the gateway, on a port of 127.0.0.1 that the engine chose, with the operator's key; and that
is fetched out of its volume each time: whoever may use the engine may do everything with the lab anyway. So a lab whose
engine runs on another machine can be looked at and switched from here, but not asked.
"""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import socket
import subprocess
import tarfile
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from labs.compose import BROKER, BROKER_PORT, GATEWAY, KEYS, LABEL, OPERATOR, OWN
from labs.control import ControlError
from labs.errors import LabError
from labs.running import Part, Running
from labs.state import NodeRecord, Record
from nodes.kinds import KINDS

if TYPE_CHECKING:
    from broker.keys import ClientKeys

_PROJECT: Final = "com.docker.compose.project"
_RUNNING: Final = frozenset({"running", "paused", "restarting"})
_STATES: Final = {"created": "stopped", "exited": "stopped", "dead": "failed", "removing": "stopped"}
#: Seconds for the engine to do what it is told, to say what there is (whoever has no lab there must not wait long for
#: an engine that hangs), and for a device to be ready when it was switched on.
_ENGINE: Final = 60.0
_SAY: Final = 5.0
_READY: Final = 30.0
#: Seconds between two looks at a device that is starting.
_LOOK: Final = 0.1


class DockerError(LabError):
    """There is no docker command, or it refuses."""


def docker(*words: str, timeout: float = _ENGINE) -> bytes:
    """What ``docker`` prints. Raises DockerError."""
    try:
        done = subprocess.run(["docker", *words], capture_output=True, timeout=timeout, check=False)
    except FileNotFoundError:
        raise DockerError("the command docker is not installed") from None
    except subprocess.TimeoutExpired:
        raise DockerError(f"docker {words[0]}: the engine did not answer within {timeout:.0f} s") from None
    except OSError as error:
        raise DockerError(f"docker {words[0]}: {error.strerror or error}") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip() or f"status {done.returncode}"
        raise DockerError(f"docker {words[0]}: {said}")
    return done.stdout


def labs() -> list[Composed]:
    """The labs that have containers, also such as do not run. Raises DockerError."""
    if shutil.which("docker") is None:
        raise DockerError("the command docker is not installed")
    words = ("ps", "--all", "--quiet", "--no-trunc", "--filter", f"label={LABEL}role")
    ids = docker(*words, timeout=_SAY).decode().split()
    return parse(json.loads(docker("inspect", "--type", "container", *ids))) if ids else []


def parse(inspected: Iterable[Mapping[str, Any]]) -> list[Composed]:
    """The labs of these containers, as ``docker inspect`` describes them."""
    projects: dict[str, list[Container]] = {}
    for body in inspected:
        container = Container(body)
        projects.setdefault(container.project, []).append(container)
    return [Composed(project, containers) for project, containers in sorted(projects.items())]


class Container:
    """A container of a lab."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        self._body = body
        self.id: str = body["Id"]
        labels: dict[str, str] = body["Config"]["Labels"]
        self.project = labels.get(_PROJECT, "")
        self.labels = {key.removeprefix(LABEL): text for key, text in labels.items() if key.startswith(LABEL)}

    @property
    def name(self) -> str:
        """A node's name, or what it is for the lab."""
        return self.labels.get("node", self.labels["role"])

    @property
    def status(self) -> str:
        """In the engine's words."""
        return str(self._body["State"]["Status"])

    @property
    def part(self) -> Part:
        state = self._body["State"]
        if self.status not in _RUNNING:
            return Part(_STATES.get(self.status, self.status))
        return Part(self.status, state["Pid"] or None, _epoch(state["StartedAt"]))

    def published(self, port: int) -> tuple[str, int] | None:
        """Where a port of it is to be found, as long as it runs."""
        for binding in (self._body["NetworkSettings"]["Ports"] or {}).get(f"{port}/tcp") or ():
            host = binding["HostIp"]
            return {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), int(binding["HostPort"])
        return None


def _epoch(stamp: str) -> int | None:
    # RFC 3339 with nanoseconds, of which Python takes six digits.
    with contextlib.suppress(ValueError):
        return int(datetime.fromisoformat(stamp.partition(".")[0].rstrip("Z") + "+00:00").timestamp())
    return None


class Composed(Running):
    others = (BROKER, GATEWAY, KEYS)

    def __init__(self, project: str, containers: Sequence[Container]) -> None:
        self.project = project
        self.down = f"docker compose -p {project} down"
        self._containers = {container.name: container for container in containers}
        self.record = self._record()

    @property
    def runs(self) -> bool:
        """Whether anything of it runs, but for what only prepares it."""
        return any(container.status in _RUNNING for name, container in self._containers.items() if name != KEYS)

    def _record(self) -> Record:
        gateway = self._containers.get(GATEWAY)
        labels = (gateway or next(iter(self._containers.values()))).labels
        nodes = sorted(
            (container for container in self._containers.values() if container.labels["role"] == "device"),
            key=lambda container: int(container.labels["console"]),
        )
        unpublished = ("127.0.0.1", 0)
        return Record(
            name=labels["lab"],
            file=labels["file"],
            stage=labels["stage"],
            endpoint="",  # found when it is needed
            started=0.0,
            nodes=[
                NodeRecord(
                    node.name,
                    node.labels["kind"],
                    node.labels["type"],
                    (gateway.published(int(node.labels["console"])) if gateway is not None else None) or unpublished,
                )
                for node in nodes
            ],
            keys=labels.get("keys") != "no",
        )

    # The broker ----------------------------------------------------------------------------------------------------

    def endpoint(self) -> str:
        gateway = self._containers.get(GATEWAY)
        found = gateway.published(BROKER_PORT) if gateway is not None else None
        if found is None:
            raise ControlError(f"the gateway of lab {self.record.name!r} does not run (`docker compose up -d`)")
        host, port = found
        return f"tcp://[{host}]:{port}" if ":" in host else f"tcp://{host}:{port}"

    def operator_keys(self) -> ClientKeys:
        return self._operator_keys

    @cached_property
    def _operator_keys(self) -> ClientKeys:
        from broker.keys import ClientKeys

        if KEYS not in self._containers:
            raise ControlError(
                f"the container of the service {KEYS} is gone, and with it the way to the operator's key: "
                "`docker compose up -d` brings it back"
            )
        files = self._copy(KEYS, OPERATOR)
        try:
            return ClientKeys(files["secret"].strip(), files["broker"].strip())
        except KeyError:
            raise ControlError("the operator's key is not there (`wirelab logs keys`)") from None

    def _copy(self, name: str, path: str) -> dict[str, bytes]:
        """The files at ``path`` in a container, by their names; it need not run."""
        archive = docker("cp", f"{self._containers[name].id}:{path}", "-")
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            return {
                PurePosixPath(member.name).name: file.read()
                for member in tar
                if (file := tar.extractfile(member)) is not None
            }

    # Its parts -----------------------------------------------------------------------------------------------------

    def parts(self) -> dict[str, Part]:
        return {name: container.part for name, container in self._containers.items()}

    def power(self, names: Sequence[str], *, off: bool, on: bool) -> list[str]:
        changed: dict[str, None] = {}
        containers = [self._containers[name] for name in names]
        states = {container.name: container.status for container in containers}
        if off:
            stopping = [container for container in containers if states[container.name] in _RUNNING]
            if stopping:
                docker("stop", *(container.id for container in stopping))
            for container in stopping:
                states[container.name] = "exited"
                changed[container.name] = None
        if on:
            for container in containers:
                if states[container.name] in ("running", "restarting"):
                    continue  # the engine is about to start it, when it was reloaded
                # A paused one has its power; it goes on where it was.
                docker("unpause" if states[container.name] == "paused" else "start", container.id)
                changed[container.name] = None
            self._wait(names)
        return list(changed)

    def _wait(self, names: Sequence[str]) -> None:
        """Returns when the nodes are ready and their consoles answer. Raises ControlError."""
        deadline = time.monotonic() + _READY
        for name in names:
            while not self._ready(name):
                if time.monotonic() > deadline:
                    raise ControlError(f"not ready after {_READY:.0f} s: {name} (`wirelab logs {name}`)")
                time.sleep(_LOOK)

    def _ready(self, name: str) -> bool:
        status = self.status(1.0)
        if status is None or not status.get("nodes", {}).get(name, {}).get("ready"):
            return False
        node = self.record.node(name)
        if node is None or not node.console[1]:
            return True
        try:
            # The gateway takes every connection, and closes it when there is no console behind it.
            with socket.create_connection(node.console, timeout=2.0) as link:
                return bool(link.recv(1))
        except OSError:
            return False

    def logs(self, names: Sequence[str], *, tail: int | None, follow: bool) -> None:
        width = max(map(len, names))
        words = ["docker", "logs", "--tail", "all" if tail is None else str(tail), *(["--follow"] if follow else [])]
        with contextlib.ExitStack() as running:
            readers: list[threading.Thread] = []
            for name in names:
                container = self._containers.get(name)
                if container is None:
                    continue
                process = subprocess.Popen(
                    [*words, container.id], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
                )
                running.callback(_end, process)
                reader = threading.Thread(target=_print, args=(process, name.ljust(width)), daemon=True)
                reader.start()
                readers.append(reader)
                if not follow:
                    reader.join()  # one after the other
            for reader in readers:
                reader.join()

    def key_logs(self) -> dict[str, str]:
        logs = {}
        for node in self.record.nodes:
            if KINDS[node.kind].ipsec:
                with contextlib.suppress(DockerError):  # it has made no keys yet
                    file = f"{node.name}.keys"
                    logs[node.name] = self._copy(node.name, f"{OWN}/{file}")[file].decode("ascii", "replace")
        return logs


def _print(process: subprocess.Popen[bytes], label: str) -> None:
    assert process.stdout is not None
    with process.stdout as lines:
        for line in lines:
            print(f"{label} | {line.decode('utf-8', 'replace').rstrip()}", flush=True)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait()
