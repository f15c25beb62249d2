"""`wirelab compose`: the file at the root, what its containers may do, and labs that cannot be had so."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from labs import compose, find
from labs.command import main
from labs.load import load
from labs.verbs import author

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "docker-compose.yml"

#: Keys that docker-compose 1.29 (its compose_spec.json) and Compose v2 (the Compose specification) both have.
TOP = {"services", "networks", "volumes"}
SERVICE = {
    "build", "cap_add", "cap_drop", "command", "cpus", "depends_on", "dns", "healthcheck", "image", "init", "labels",
    "logging", "mem_limit", "network_mode", "networks", "pids_limit", "ports", "pull_policy", "read_only", "restart",
    "security_opt", "stop_grace_period", "tmpfs", "user", "volumes",
}  # fmt: skip
HEALTHCHECK = {"test", "disable", "interval", "timeout", "retries", "start_period"}


def parse(text: str) -> dict[str, Any]:
    """The file as YAML 1.1, as docker-compose reads it, with its merge keys merged."""
    yaml = YAML(typ="safe", pure=True)
    yaml.version = (1, 1)
    body: dict[str, Any] = yaml.load(text)
    return body


def rendered(lab: Path | str, capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert main(["compose", str(lab), *words]) == 0
    return parse(capsys.readouterr().out)


@pytest.fixture
def root() -> dict[str, Any]:
    return parse(FILE.read_text("utf-8"))


def devices(body: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: service for name, service in body["services"].items() if name not in compose.SERVICES}


def test_the_file_at_the_root_is_what_its_command_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    """When this fails: run the command, from the root of the repository."""
    text = FILE.read_text("utf-8")
    command = text.splitlines()[2].removeprefix("#   ")
    assert command == "wirelab compose no4-ipsec -o docker-compose.yml"
    made: dict[str, str] = {}
    monkeypatch.setattr(author, "_write", lambda content, output: made.update({output: content}))
    monkeypatch.chdir(ROOT)
    assert main(shlex.split(command)[1:]) == 0
    assert made == {"docker-compose.yml": text}


def test_only_what_both_composes_understand(root: dict[str, Any]) -> None:
    assert {key for key in root if not key.startswith("x-")} == TOP
    for name, service in root["services"].items():
        assert service.keys() <= SERVICE, name
        assert service.get("healthcheck", {}).keys() <= HEALTHCHECK, name
        for depended in service.get("depends_on", {}).values():
            assert depended == {"condition": "service_completed_successfully"}
    assert set(root["volumes"]) == {
        "broker",
        "operator",
        *(f"{kind}.{name}" for name in devices(root) for kind in ("node", "console")),
    }


def test_every_device_of_the_lab_with_its_metadata(root: dict[str, Any]) -> None:
    lab = load(find.catalog()["no4-ipsec"])
    assert list(devices(root)) == [node.name for node in lab.nodes]
    assert root["services"]["R-A"]["labels"] == {
        "wirelab.role": "device",
        "wirelab.lab": "no4-ipsec",
        "wirelab.stage": "solution",
        "wirelab.file": "no4-ipsec.lab.yml",
        "wirelab.node": "R-A",
        "wirelab.kind": "router",
        "wirelab.type": "1841",
        "wirelab.console": "5001",
        "wirelab.version": "12.4(15)T1",
        "wirelab.group": "site-a",
        "wirelab.position": "240 100",
    }
    ports = root["services"]["gateway"]["ports"]
    assert ports == ["127.0.0.1::5000", *(f"127.0.0.1:{port}:{port}" for port in range(5001, 5009))]


def test_a_device_is_given_its_own_and_nothing_else(root: dict[str, Any]) -> None:
    for name, service in devices(root).items():
        assert service["volumes"] == [f"node.{name}:/var/lib/wirelab", f"console.{name}:/run/wirelab"]
        assert service["networks"] == ["wires"]
        assert service.keys().isdisjoint({"ports", "user", "cap_add", "network_mode", "build"})
    assert root["networks"]["wires"]["internal"] is True
    gateway = root["services"]["gateway"]
    assert set(gateway["networks"]) == {"wires", "outside"}
    assert all(volume.startswith("console.") and volume.endswith(":ro") for volume in gateway["volumes"])
    for name, service in root["services"].items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["pull_policy"] == "never", name
        assert service["read_only"] is True, name
        assert service["init"] is True, name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert {"cpus", "mem_limit", "pids_limit"} <= service.keys(), name
    keys = root["services"]["keys"]
    assert (keys["network_mode"], keys["restart"], keys["user"]) == ("none", "no", "0:0")


def test_the_image_s_user_and_folders_are_those_of_the_file() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    assert f"USER {compose.OWNER}\n" in dockerfile
    assert f"chown {compose.OWNER} {compose.OWN} {compose.CONSOLE}\n" in dockerfile


def test_stage_name_address_and_ports(capsys: pytest.CaptureFixture[str]) -> None:
    body = rendered("no4-ipsec", capsys, "--stage", "blank", "--bind", "::1", "--base-port", "7001", "-n", "second")
    assert body["services"]["gateway"]["ports"][1:3] == ["[::1]:7001:5001", "[::1]:7002:5002"]
    command = body["services"]["keys"]["command"]
    assert command[command.index("--stage") + 1] == "blank"
    assert command[command.index("--name") + 1] == "second"
    assert {service["labels"]["wirelab.lab"] for service in body["services"].values()} == {"second"}
    body = rendered("no4-ipsec", capsys, "--base-port", "0")
    assert body["services"]["gateway"]["ports"][1:3] == ["127.0.0.1::5001", "127.0.0.1::5002"]


TRICKY = """\
name: tricky
topology:
  nodes:
    "on": {kind: pc, console: "127.0.0.9:5002", group: "$HOME: #1"}
    "1e3": {kind: pc, labels: {rack: "a: 'b' \\"c\\" ${x}"}}
    "null": {kind: pc, console: "127.0.0.8:5002"}
    y: {kind: pc, startup-config: "hostname y\\n"}
"""


def test_names_that_yaml_takes_for_something_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "tricky.lab.yml"
    file.write_text(TRICKY)
    body = rendered(file, capsys)
    assert list(devices(body)) == ["on", "1e3", "null", "y"]
    assert body["services"]["on"]["labels"]["wirelab.group"] == "$$HOME: #1"
    assert body["services"]["1e3"]["labels"]["wirelab.label.rack"] == "a: 'b' \"c\" $${x}"
    assert body["services"]["gateway"]["ports"][1:] == [
        "127.0.0.9:5002:5001",
        "127.0.0.1:5001:5002",
        "127.0.0.8:5002:5003",
        "127.0.0.1:5003:5004",
    ]


def test_paths_are_relative_to_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "labs").mkdir()
    (tmp_path / "labs/tricky.lab.yml").write_text(TRICKY)
    (tmp_path / "out").mkdir()
    output = tmp_path / "out/docker-compose.yml"
    assert main(["compose", str(tmp_path / "labs/tricky.lab.yml"), "-o", str(output)]) == 0
    body = parse(output.read_text())
    assert body["services"]["keys"]["volumes"][0] == "../labs:/lab:ro"
    context = Path(body["services"]["keys"]["build"]["context"])
    assert not context.is_absolute()
    assert (output.parent / context).resolve() == ROOT
    # Of who made it where, nothing is in it.
    assert str(tmp_path) not in output.read_text()


@pytest.mark.parametrize(
    ("nodes", "words", "said"),
    [
        ("gateway: {kind: pc}", [], "cannot be called 'gateway'"),
        ("C: {kind: cloud, attach: {Eth0: veth1}}", [], "of which a container has none"),
        ("P: {kind: pc, startup-config: ../P.cfg}", [], "'../P.cfg' of P is not below"),
        ("P: {kind: pc, console: 'example.org:5001'}", [], "--bind ADDR"),
        ("P: {kind: pc}", ["--stage", "other"], "no stage 'other'"),
        ("{P: {kind: pc}, Q: {kind: pc}}", ["--base-port", "65535"], "none left for Q"),
        ("P: {kind: pc}", ["-n", "no/name"], "a lab's name is made of"),
        ("P: {kind: fridge}", [], "unknown kind 'fridge'"),
    ],
)
def test_what_cannot_be_had(
    tmp_path: Path, nodes: str, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "P.cfg").write_text("hostname P\n")
    (tmp_path / "lab").mkdir()
    file = tmp_path / "lab/x.lab.yml"
    nodes = nodes if nodes.startswith("{") else f"{{{nodes}}}"
    file.write_text(f"name: x\ntopology: {{nodes: {nodes}}}\n")
    assert main(["compose", str(file), *words]) == 1
    assert said in capsys.readouterr().err


def test_docker_compose_understands_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if shutil.which("docker-compose") is None:
        pytest.skip("docker-compose is not installed")
    (tmp_path / "tricky.lab.yml").write_text(TRICKY)
    assert main(["compose", str(tmp_path / "tricky.lab.yml"), "-o", str(tmp_path / "docker-compose.yml")]) == 0
    understood = parse(docker_compose(FILE))["services"]
    assert {name: service["command"] for name, service in understood.items()} == {
        name: service["command"] for name, service in parse(FILE.read_text("utf-8"))["services"].items()
    }
    assert {service["image"] for service in understood.values()} == {"wirelab"}
    services = docker_compose(tmp_path / "docker-compose.yml", "--services").splitlines()
    assert set(services) == {"on", "1e3", "null", "y", *compose.SERVICES}


def docker_compose(file: Path, *words: str) -> str:
    run = subprocess.run(
        ["docker-compose", "-f", str(file), "config", *words], capture_output=True, text=True, timeout=60, check=False
    )
    assert (run.returncode, run.stderr) == (0, "")
    return run.stdout
