"""The files of keys: made once, private, and read with the place of what is wrong."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest
import zmq
from zmq.utils import z85

from broker import keygen
from broker.keys import BrokerKeys, ClientKeys, KeysError


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_each_folder_holds_what_its_owner_needs_and_no_more(tmp_path: Path) -> None:
    assert keygen.make(tmp_path, ["R-A", "PC"]) == ["broker", "operator", "R-A", "PC"]
    assert sorted(_files(tmp_path)) == [
        "broker/clients",
        "broker/secret",
        "nodes/PC/broker",
        "nodes/PC/secret",
        "nodes/R-A/broker",
        "nodes/R-A/secret",
        "operator/broker",
        "operator/secret",
    ]
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
        elif path != tmp_path / "nodes":
            assert stat.S_IMODE(path.stat().st_mode) == 0o700
    broker = BrokerKeys.read(tmp_path / "broker")
    clients = {name: ClientKeys.read(tmp_path / name) for name in ("operator", "nodes/R-A", "nodes/PC")}
    assert {keys.broker for keys in clients.values()} == {zmq.curve_public(broker.secret)}
    assert {name: z85.encode(key) for key, name in broker.clients.items()} == {
        "operator": zmq.curve_public(clients["operator"].secret),
        "node R-A": zmq.curve_public(clients["nodes/R-A"].secret),
        "node PC": zmq.curve_public(clients["nodes/PC"].secret),
    }
    secrets = [broker.secret, *(keys.secret for keys in clients.values())]
    assert len(set(secrets)) == 4
    for secret in secrets:
        assert sum(secret in content for content in _files(tmp_path).values()) == 1
        assert secret.decode() not in repr(broker) + repr(list(clients.values()))


def test_what_is_there_is_kept_and_what_is_not_is_made(tmp_path: Path) -> None:
    keygen.make(tmp_path, ["a", "b"])
    before = _files(tmp_path)
    assert keygen.make(tmp_path, ["a", "b"]) == []
    assert _files(tmp_path) == before
    (tmp_path / "nodes/a/secret").unlink()
    assert keygen.make(tmp_path, ["a", "c"]) == ["a", "c"]
    after = _files(tmp_path)
    changed = {name for name in before if before[name] != after.get(name)}
    assert changed == {"nodes/a/secret", "broker/clients"}
    assert set(BrokerKeys.read(tmp_path / "broker").clients.values()) == {"operator", "node a", "node c"}
    (tmp_path / "broker/secret").unlink()
    assert keygen.make(tmp_path, ["a", "c"]) == ["broker"]
    assert ClientKeys.read(tmp_path / "nodes/a").broker == zmq.curve_public(BrokerKeys.read(tmp_path / "broker").secret)


def test_two_at_a_time_make_one_set(tmp_path: Path) -> None:
    nodes = [f"n{number}" for number in range(20)]
    made: list[list[str]] = []
    threads = [threading.Thread(target=lambda: made.append(keygen.make(tmp_path, nodes))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(len, made)) == [0, 0, 0, 22]
    clients = BrokerKeys.read(tmp_path / "broker").clients
    for node in nodes:
        public = zmq.curve_public(ClientKeys.read(tmp_path / "nodes" / node).secret)
        assert clients[z85.decode(public)] == f"node {node}"


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("nodes/a/secret", b"short\n", r"nodes/a/secret: a key of 40 characters"),
        ("nodes/a/secret", b"\xff" * 40, r"a key of 40 characters"),
        ("nodes/a/broker", None, r"nodes/a/broker: No such file"),
        ("broker/clients", b"operator " + b"a" * 40 + b"\nnode x\n", r'clients:2: "operator KEY" or "node NAME KEY"'),
        ("broker/clients", b"node x " + b"\\" * 40 + b"\n", r"clients:1:"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, file: str, content: bytes | None, words: str) -> None:
    keygen.make(tmp_path, ["a"])
    if content is None:
        (tmp_path / file).unlink()
    else:
        (tmp_path / file).write_bytes(content)
    read = BrokerKeys.read if file.startswith("broker") else ClientKeys.read
    with pytest.raises(KeysError, match=words):
        read((tmp_path / file).parent)


def test_a_spoilt_secret_is_not_replaced_unasked(tmp_path: Path) -> None:
    keygen.make(tmp_path, ["a"])
    (tmp_path / "nodes/a/secret").write_text("spoilt")
    with pytest.raises(KeysError, match="nodes/a/secret"):
        keygen.make(tmp_path, ["a"])
    assert (tmp_path / "nodes/a/secret").read_text() == "spoilt"


def test_a_place_where_none_can_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(KeysError, match="file"):
        keygen.make(tmp_path / "file" / "keys", ["a"])
