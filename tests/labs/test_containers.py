"""Labs that compose runs, as `docker inspect` tells of them. The engine is played; tests/compose has a real one."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labs import containers, find
from labs.command import main
from labs.containers import Composed, DockerError
from labs.control import ControlError
from labs.errors import LabError
from labs.running import Part
from labs.state import State

KINDS = {"R-A": ("router", "1841"), "PC-A": ("pc", "pc"), "SW-1": ("switch", "c2950-24")}


def inspected(role: str, project: str = "p", status: str = "running", ports: Any = None, **labels: str) -> Any:
    own = {"role": role, "lab": "no4", "stage": "start", "file": "no4.lab.yml", **labels}
    return {
        "Id": f"{project}-{labels.get('node', role)}",
        "Config": {
            "Labels": {"com.docker.compose.project": project, **{f"wirelab.{key}": text for key, text in own.items()}}
        },
        "State": {
            "Status": status,
            "Pid": 4711 if status in ("running", "paused") else 0,
            "StartedAt": "2026-11-26T18:36:38.349123456Z",
        },
        "NetworkSettings": {"Ports": ports if status == "running" else {}},
    }


def lab(project: str = "p", gateway: str = "running", **states: str) -> list[Any]:
    """All containers of a lab with three nodes; SW-1 is the first of the lab file."""
    ports = {
        "5000/tcp": [{"HostIp": "127.0.0.1", "HostPort": "49153"}],
        "5001/tcp": [{"HostIp": "0.0.0.0", "HostPort": "6001"}, {"HostIp": "::", "HostPort": "6001"}],
        "5002/tcp": [{"HostIp": "127.0.0.9", "HostPort": "6002"}],
        "5003/tcp": None,
    }
    return [
        inspected("keys", project, "exited"),
        inspected("broker", project, states.get("broker", "running")),
        inspected("gateway", project, gateway, ports, keys="no"),
        *(
            inspected(
                "device",
                project,
                states.get(node, "running"),
                node=node,
                kind=KINDS[node][0],
                type=KINDS[node][1],
                console=str(port),
            )
            for port, node in ((5003, "R-A"), (5001, "SW-1"), (5002, "PC-A"))
        ),
    ]


class Engine:
    """What docker was asked to do, and the files that it copies: container:path -> files."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.files: dict[str, dict[str, bytes]] = {}

    def __call__(self, *words: str) -> bytes:
        self.asked.append(words)
        if words[0] == "cp":
            if words[1] not in self.files:
                raise DockerError(f"docker cp: Could not find the file {words[1]}")
            archive = io.BytesIO()
            with tarfile.open(fileobj=archive, mode="w") as tar:
                for name, content in self.files[words[1]].items():
                    member = tarfile.TarInfo(name)
                    member.size = len(content)
                    tar.addfile(member, io.BytesIO(content))
            return archive.getvalue()
        return b""


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    made = Engine()
    monkeypatch.setattr(containers, "docker", made)
    return made


def test_the_record_is_read_from_labels_and_published_ports() -> None:
    (found,) = containers.parse(lab())
    record = found.record
    assert (record.name, record.stage, record.file, record.keys) == ("no4", "start", "no4.lab.yml", False)
    assert [(node.name, node.kind, node.type, node.console) for node in record.nodes] == [
        ("SW-1", "switch", "c2950-24", ("127.0.0.1", 6001)),  # published on every address, this one too
        ("PC-A", "pc", "pc", ("127.0.0.9", 6002)),
        ("R-A", "router", "1841", ("127.0.0.1", 0)),
    ]
    assert found.endpoint() == "tcp://127.0.0.1:49153"
    assert found.runs


def test_without_its_gateway_a_lab_cannot_be_asked() -> None:
    (found,) = containers.parse(lab(gateway="exited"))
    assert found.runs
    with pytest.raises(ControlError, match="the gateway of lab 'no4' does not run"):
        found.endpoint()
    (ended,) = containers.parse(
        [inspected(role="device", status="exited", node="R-A", kind="router", type="1841", console="5001")]
    )
    assert not ended.runs


def test_states_in_the_words_of_wirelab() -> None:
    (found,) = containers.parse(lab(**{"R-A": "paused", "PC-A": "exited", "broker": "restarting"}))
    parts = found.parts()
    assert parts["R-A"] == Part("paused", 4711, 1795718198)
    assert parts["PC-A"] == Part("stopped")
    assert parts["broker"].state == "restarting"
    assert parts["SW-1"].state == "running"


def test_power_is_what_the_engine_does_to_a_container(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[list[str]] = []
    monkeypatch.setattr(Composed, "_wait", lambda self, names: waited.append(list(names)))

    def power(off: bool, on: bool, *names: str) -> tuple[list[str], list[tuple[str, ...]]]:
        engine.asked.clear()
        (found,) = containers.parse(lab(**{"R-A": "paused", "PC-A": "exited"}))
        return found.power(names, off=off, on=on), engine.asked

    assert power(True, False, "SW-1", "PC-A") == (["SW-1"], [("stop", "p-SW-1")])
    assert not waited
    assert power(False, True, "SW-1", "PC-A", "R-A") == (
        ["PC-A", "R-A"],
        [("start", "p-PC-A"), ("unpause", "p-R-A")],
    )
    assert power(True, True, "R-A") == (["R-A"], [("stop", "p-R-A"), ("start", "p-R-A")])
    assert waited == [["SW-1", "PC-A", "R-A"], ["R-A"]]


def test_keys_are_fetched_out_of_volumes(engine: Engine) -> None:
    (found,) = containers.parse(lab())
    with pytest.raises(DockerError):
        found.operator_keys()
    engine.files["p-keys:/folders/operator"] = {"operator/secret": b"S" * 40 + b"\n", "operator/broker": b"B" * 40}
    keys = found.operator_keys()
    assert (keys.secret, keys.broker) == (b"S" * 40, b"B" * 40)
    assert found.key_logs() == {}
    engine.files["p-R-A:/var/lib/wirelab/R-A.keys"] = {"R-A.keys": b"ISAKMP a b\n"}
    assert found.key_logs() == {"R-A": "ISAKMP a b\n"}
    asked = [words[1] for words in engine.asked if "PC-A" in words[1] or "SW-1" in words[1]]
    assert asked == [], "only routers make keys"


def test_without_the_keys_container_it_is_said_what_to_do() -> None:
    (found,) = containers.parse([body for body in lab() if "keys" not in body["Id"]])
    with pytest.raises(ControlError, match="docker compose up -d"):
        found.operator_keys()


# -- which lab is meant -------------------------------------------------------------------------------------------


@pytest.fixture
def composed(monkeypatch: pytest.MonkeyPatch, home: Path) -> Callable[[list[Any]], None]:
    def set_up(bodies: list[Any]) -> None:
        monkeypatch.setattr(containers, "labs", lambda: containers.parse(bodies))

    return set_up


def test_a_lab_is_found_by_itself_by_its_name_and_by_its_project(composed: Callable[[list[Any]], None]) -> None:
    composed(lab())
    for name in (None, "no4", "p"):
        found = find.select(name)
        assert isinstance(found, Composed)
        assert found.project == "p"
    composed([*lab("p"), *lab("q")])
    assert getattr(find.select("q"), "project", None) == "q"
    with pytest.raises(LabError, match="runs in several projects of compose; say which with -n: p, q"):
        find.select("no4")
    with pytest.raises(LabError, match=r"several labs run: no4 \(by compose, project p\), no4 \(by compose, project q"):
        find.select(None)
    composed([*lab(gateway="exited", **dict.fromkeys((*KINDS, "broker"), "exited"))])
    with pytest.raises(LabError, match="no lab runs"):
        find.select(None)
    with pytest.raises(LabError, match="no lab runs by compose; `docker compose up -d` starts one"):
        find.select(None, compose=True)


def test_a_lab_that_was_started_here_is_found_first(
    composed: Callable[[list[Any]], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    from labs.local import Local
    from labs.state import Record

    state = State("no4")
    state.create()
    state.write_record(Record(name="no4", file="f", stage="s", endpoint="e", started=0.0))
    monkeypatch.setattr(find, "running", lambda: [state])
    composed(lab())
    assert isinstance(find.select("no4"), Local)
    assert isinstance(find.select("no4", compose=True), Composed)
    assert isinstance(find.select("p"), Composed)
    with pytest.raises(LabError, match=r"several labs run: no4, no4 \(by compose"):
        find.select(None)
    composed([])
    assert isinstance(find.select(None), Local)


def test_wirelab_down_says_who_takes_it_down(
    composed: Callable[[list[Any]], None], capsys: pytest.CaptureFixture[str]
) -> None:
    composed(lab())
    assert main(["down"]) == 1
    assert "was started by compose: `docker compose -p p down`" in capsys.readouterr().err


def test_list_and_ps(
    composed: Callable[[list[Any]], None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    composed(lab(**{"R-A": "paused"}))
    monkeypatch.setattr(Composed, "status", lambda self, timeout=2.0: {"nodes": {"SW-1": {"ready": True}}})
    assert main(["ps", "--json"]) == 0
    body = json.loads(capsys.readouterr().out)
    assert (body["lab"], body["stage"], body["broker"]) == ("no4", "start", "running")
    assert [(node["name"], node["state"]) for node in body["nodes"]] == [
        ("SW-1", "running"),
        ("PC-A", "starting"),
        ("R-A", "paused"),
    ]
    assert main(["list"]) == 0
    assert "running (start), by compose" in capsys.readouterr().out


# -- the docker command -------------------------------------------------------------------------------------------


def docker(folder: Path, script: str) -> None:
    (folder / "docker").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "docker").chmod(0o755)


def test_no_engine_is_no_lab_unless_one_is_asked_for(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["ps"]) == 1
    assert "no lab runs" in capsys.readouterr().err
    assert main(["ps", "--compose"]) == 1
    assert "the command docker is not installed" in capsys.readouterr().err
    docker(tmp_path, 'echo "Cannot connect to the Docker daemon" >&2; exit 1')
    assert main(["ps"]) == 1
    assert "no lab runs" in capsys.readouterr().err
    assert main(["ps", "--compose"]) == 1
    assert "docker ps: Cannot connect to the Docker daemon" in capsys.readouterr().err


def test_an_engine_that_hangs_is_not_waited_for(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(containers, "_SAY", 0.2)
    docker(tmp_path, "exec /bin/sleep 60")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["ps", "--compose"]) == 1
    assert "docker ps: the engine did not answer within 0 s" in capsys.readouterr().err
    assert main(["ps"]) == 1
    assert "no lab runs" in capsys.readouterr().err


def test_what_docker_says_is_read(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "inspected.json").write_text(json.dumps(lab()))
    docker(
        tmp_path,
        f"""case "$*" in
        "ps --all --quiet --no-trunc --filter label=wirelab.role") printf 'one\\ntwo\\n';;
        "inspect --type container one two") /bin/cat {tmp_path}/inspected.json;;
        *) exit 9;;
        esac""",
    )
    monkeypatch.setenv("PATH", str(tmp_path))
    assert [found.record.name for found in containers.labs()] == ["no4"]


@pytest.mark.parametrize("follow", [False, True])
def test_logs_of_several_containers(
    follow: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    wish = " --follow" if follow else ""
    docker(
        tmp_path,
        f"""case "$*" in
        "logs --tail 2{wish} p-R-A") echo one; echo two >&2;;
        "logs --tail 2{wish} p-broker") printf 'three';;
        *) exit 9;;
        esac""",
    )
    monkeypatch.setenv("PATH", str(tmp_path))
    (found,) = containers.parse(lab())
    found.logs(["R-A", "broker"], tail=2, follow=follow)
    lines = capfd.readouterr().out.splitlines()
    assert (sorted(lines) if follow else lines) == ["R-A    | one", "R-A    | two", "broker | three"]
