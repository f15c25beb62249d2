"""`wirelab prepare`: folders for processes that something else starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgpack
import pytest

from labs import find
from labs.command import main
from labs.load import load


def _described(folder: Path, name: str) -> dict[str, Any]:
    body: dict[str, Any] = msgpack.unpackb((folder / name / "description.msgpack").read_bytes(), strict_map_key=False)
    return body


def test_everything_for_containers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prepare", "no4-ipsec", "-d", str(tmp_path)]) == 0
    assert "new keys: broker, operator, R-A, R-B" in capsys.readouterr().out
    broker, router = _described(tmp_path, "broker"), _described(tmp_path, "nodes/R-A")
    assert (broker["endpoint"], broker["curve"], broker["health"]) == ("tcp://0.0.0.0:5000", ".", "health.sock")
    assert router["broker"] == "tcp://broker:5000"
    assert router["console"] == ["0.0.0.0", 5001]
    assert (router["curve"], router["health"]) == (".", "health.sock")
    assert (router["nvram"], router["keylog"]) == ("nvram/R-A.cfg", "R-A.keys")
    assert _described(tmp_path, "nodes/Sniffer2")["console"] == ["0.0.0.0", 5008]
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or path.stat().st_mode & 0o077 == 0


def test_again_and_otherwise(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["prepare", "no4-ipsec", "-d", str(tmp_path)])
    secret = (tmp_path / "nodes/R-A/secret").read_bytes()
    capsys.readouterr()
    words = ["--stage", "blank", "--broker", "10.0.0.1:7000", "--listen", "127.0.0.1", "--base-port", "7001", "-n", "x"]
    assert main(["prepare", "no4-ipsec", "-d", str(tmp_path), *words]) == 0
    assert "all keys were there" in capsys.readouterr().out
    assert (tmp_path / "nodes/R-A/secret").read_bytes() == secret
    broker, router = _described(tmp_path, "broker"), _described(tmp_path, "nodes/R-B")
    assert (broker["lab"], broker["endpoint"]) == ("x", "tcp://127.0.0.1:7000")
    assert (router["broker"], router["console"]) == ("tcp://10.0.0.1:7000", ["127.0.0.1", 7002])
    lab = load(find.catalog()["no4-ipsec"])
    node = next(node for node in lab.nodes if node.name == "R-B")
    assert router["startup_config"] == node.startup["blank"].text


def test_no_description_holds_a_secret(tmp_path: Path) -> None:
    main(["prepare", "no4-ipsec", "-d", str(tmp_path)])
    secrets = [path.read_bytes().strip() for path in tmp_path.rglob("secret")]
    assert len(secrets) == 10
    for path in tmp_path.rglob("description.msgpack"):
        assert not any(secret in path.read_bytes() for secret in secrets)


def test_consoles_on_sockets_and_for_somebody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[Path, tuple[int, int]] = {}
    monkeypatch.setattr("os.chown", lambda path, *owner, follow_symlinks: given.update({path: owner}))
    (tmp_path / "nodes/R-A/nvram").mkdir(parents=True)
    (tmp_path / "nodes/R-A/nvram/R-A.cfg").write_text("hostname SAVED\n")
    words = ["--console", "/run/wirelab/console", "--owner", "10001:10002"]
    assert main(["prepare", "no4-ipsec", "-d", str(tmp_path), *words]) == 0
    assert {_described(tmp_path, f"nodes/{node}")["console"] for node in ("R-A", "PC-A")} == {"/run/wirelab/console"}
    # All of it, what the device saved too; but not the folder around, which may be anybody's.
    assert given == dict.fromkeys({*tmp_path.rglob("*")} - {tmp_path / "nodes"}, (10001, 10002))


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["--stage", "nonsense"], 1, "no stage 'nonsense'"),
        (["-n", "no/name"], 1, "a lab's name is made of"),
        (["--broker", "nowhere"], 2, "address (HOST:PORT)"),
        (["--owner", "root"], 2, "owner (UID:GID)"),
        (["--base-port", "65530"], 1, "leaves no port for Sniffer1"),
    ],
)
def test_what_cannot_be(
    tmp_path: Path, words: list[str], status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["prepare", "no4-ipsec", "-d", str(tmp_path), *words]) == status
    assert said in capsys.readouterr().err
