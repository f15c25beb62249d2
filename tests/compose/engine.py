"""A Docker engine without a registry: a base from Debian's packages, the image from a clean clone, labs by compose."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tests.lab.live import ROOT, Console, LiveLab, wait_for

#: An image with Python that is there already, for those who run these tests often; see .ci/base-image.
BASE_VARIABLE: Final = "WIRELAB_TEST_BASE"
#: What everything that is made here is named after.
OWN: Final = f"wirelab-test-{os.getpid()}"
_BUILD: Final = 600


def why_not() -> str | None:
    """What keeps labs from being built and started by compose here; None when nothing does."""
    for tool in ("docker", "docker-compose", "git"):
        if shutil.which(tool) is None:
            return f"{tool} is not installed"
    engine = subprocess.run(["docker", "version"], capture_output=True, timeout=60, check=False)
    if engine.returncode:
        return "no Docker engine answers"
    if BASE_VARIABLE not in os.environ and (os.geteuid() or shutil.which("debootstrap") is None):
        return "an image to build on is made by root with debootstrap"
    return None


def run(*words: str, check: bool = True, timeout: float = 120, **options: Any) -> str:
    """What a command prints, of which a failure is told whole."""
    done: subprocess.CompletedProcess[str] = subprocess.run(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
        check=False,
        **options,
    )
    assert not check or done.returncode == 0, f"{words}: {done.returncode}\n{done.stdout[-4000:]}"
    return done.stdout


def inspect(*names: str) -> list[dict[str, Any]]:
    body: list[dict[str, Any]] = json.loads(run("docker", "inspect", *names))
    return body


@contextmanager
def base() -> Iterator[str]:
    """An image with Python."""
    given = os.environ.get(BASE_VARIABLE)
    if given is not None:
        yield given
        return
    tag = f"{OWN}-base"
    run(str(ROOT / ".ci/base-image"), tag, timeout=_BUILD)
    try:
        yield tag
    finally:
        run("docker", "rmi", "--force", tag)


@contextmanager
def clone() -> Iterator[Path]:
    """What is committed, in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="wl-") as folder:
        # Somebody else's umask must not matter: containers read the lab's folder.
        path = Path(folder) / "wirelab"
        run("git", "clone", "--quiet", str(ROOT), str(path))
        yield path


@contextmanager
def image(base: str, clone: Path) -> Iterator[str]:
    """The image, built from a clone on a base. Whoever builds elsewhere needs neither the variable nor the network."""
    tag = f"{OWN}-image"
    run(
        *("docker", "build", "--network", "host", "--build-arg", f"BASE={base}", "--tag", tag, "."),
        cwd=clone,
        env={**os.environ, "DOCKER_BUILDKIT": "0"},
        timeout=_BUILD,
    )
    try:
        yield tag
    finally:
        run("docker", "rmi", "--force", tag)
        # The stage that built it is an image without a name.
        run("docker", "image", "prune", "--force", "--filter", "label=wirelab.stage=build")


class ComposeLab(LiveLab):
    """A lab in containers: what tests do to a :class:`LiveLab`, by the same command, and what only an engine can do."""

    def __init__(self, home: Path, clone: Path, image: str, name: str, file: str = "docker-compose.yml") -> None:
        """``file``: of the clone."""
        super().__init__(home, name)
        self.project = f"{OWN}-{name}"
        self.clone = clone
        self.file = file
        self.environment["WIRELAB_IMAGE"] = image
        self.environment["WIRELAB_BASE"] = "nothing-is-to-be-built"
        del self.environment["DOCKER_HOST"]
        if "DOCKER_HOST" in os.environ:
            self.environment["DOCKER_HOST"] = os.environ["DOCKER_HOST"]

    def __exit__(self, *_: object) -> None:
        for console in self._consoles:
            console.close()
        self.down("--volumes")

    def compose(self, *words: str, timeout: float = 180) -> str:
        return run(
            *("docker-compose", "--project-name", self.project, "--file", self.file, *words),
            cwd=self.clone,
            env=self.environment,
            timeout=timeout,
        )

    def wirelab(self, *arguments: str, check: bool = True, lab: bool = True) -> subprocess.CompletedProcess[str]:
        """The command as on a local lab. It finds the lab by itself: by its project here, since others may run."""
        words = [sys.executable, "-m", "labs.command", *arguments, *(["-n", self.project] if lab else [])]
        done = subprocess.run(
            words, cwd=ROOT, env=self.environment, text=True, capture_output=True, timeout=120, check=False
        )
        assert not check or done.returncode == 0, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def up(self, *arguments: str, stage: str = "solution") -> str:
        """Returns when all are healthy; what docker-compose said. ``stage`` is what the file was made for."""
        said = self.compose("up", "--detach", *arguments)
        self.wait_healthy()
        return said

    def down(self, *words: str) -> None:
        self.compose("down", "--remove-orphans", *words)

    # What the engine knows -----------------------------------------------------------------------------------------

    def containers(self) -> dict[str, dict[str, Any]]:
        """Service -> what `docker inspect` says of its container."""
        ids = self._ids("container", "ps", "--all")
        return {body["Config"]["Labels"]["com.docker.compose.service"]: body for body in inspect(*ids)} if ids else {}

    def left(self) -> dict[str, list[str]]:
        """What the engine has of this project."""
        found = {
            "containers": self._ids("container", "ps", "--all"),
            "networks": self._ids("network", "ls"),
            "volumes": self._ids("volume", "ls"),
        }
        return {kind: ids for kind, ids in found.items() if ids}

    def _ids(self, kind: str, *words: str) -> list[str]:
        label = f"label=com.docker.compose.project={self.project}"
        return run("docker", kind, *words, "--quiet", "--filter", label).split()

    def container(self, service: str) -> str:
        """The id of its container."""
        return str(self.containers()[service]["Id"])

    def health(self) -> dict[str, str]:
        """Service -> "healthy" and the like, of all that go on."""
        return {
            name: body["State"]["Health"]["Status"] if body["State"]["Running"] else body["State"]["Status"]
            for name, body in self.containers().items()
            if name != "keys"
        }

    def wait_healthy(self, seconds: float = 60.0) -> None:
        wait_for(lambda: set(self.health().values()) == {"healthy"}, "all healthy", seconds)

    def restarts(self, service: str) -> int:
        return int(self.containers()[service]["RestartCount"])

    def docker(self, *words: str, service: str) -> str:
        """`docker WORDS CONTAINER`"""
        return run("docker", *words, self.container(service))

    def python(self, service: str, program: str) -> str:
        """What a program prints that runs beside a part of the lab, as its user."""
        return run("docker", "exec", self.container(service), "python", "-c", program)

    def processes(self) -> dict[int, str]:
        return {}

    def pid(self, name: str) -> int:
        """Of the container's first process, as the machine sees it."""
        return int(self.containers()[name]["State"]["Pid"])

    def log(self, service: str) -> str:
        return run("docker", "logs", self.container(service))

    def connect(self, port: int) -> Console:
        """A console by its published port, whose first prompt has been read."""
        console = Console(("127.0.0.1", port))
        self._consoles.append(console)
        console.until(r"[\w.-]+[>#]|C:\\>")
        return console

    # What it costs -------------------------------------------------------------------------------------------------

    def memory(self) -> dict[str, int]:
        """Service -> octets, as `docker stats` counts them: without cached files, which are nobody's."""
        return {name: _memory(body["State"]["Pid"]) for name, body in self.containers().items() if name != "keys"}

    def processor(self, seconds: float) -> dict[str, float]:
        """Service -> share of a processor in the next seconds."""
        pids = {name: body["State"]["Pid"] for name, body in self.containers().items() if name != "keys"}
        before = {name: _processor(pid) for name, pid in pids.items()}
        started = time.monotonic()
        time.sleep(seconds)
        passed = time.monotonic() - started
        return {name: (_processor(pids[name]) - before[name]) / passed for name in pids}


def _memory(pid: int) -> int:
    folder, unified = _cgroup(pid, "memory")
    usage, inactive = (
        ("memory.current", "inactive_file") if unified else ("memory.usage_in_bytes", "total_inactive_file")
    )
    return int((folder / usage).read_text()) - _pairs(folder / "memory.stat")[inactive]


def _processor(pid: int) -> float:
    """Seconds so far."""
    folder, unified = _cgroup(pid, "cpuacct")
    if unified:
        return _pairs(folder / "cpu.stat")["usage_usec"] / 1e6
    return int((folder / "cpuacct.usage").read_text()) / 1e9


def _cgroup(pid: int, controller: str) -> tuple[Path, bool]:
    """The folder in which the kernel accounts for a container, and whether it is one for all controllers (cgroup 2)."""
    root = Path("/sys/fs/cgroup")
    for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            return root / controller / path.lstrip("/"), False
        if not controllers and (found := root / path.lstrip("/")).joinpath("cpu.stat").exists():
            return found, True
    raise AssertionError(f"no cgroup accounts for process {pid}")


def _pairs(file: Path) -> Mapping[str, int]:
    return {key: int(value) for key, value in (line.split() for line in file.read_text().splitlines())}
