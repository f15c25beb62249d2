"""A broker on TCP with keys: who gets in and as whom, what all others get (nothing), and peers that go silent."""

from __future__ import annotations

import contextlib
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import zmq

from broker import health, keygen
from broker.client import (
    BrokerGone,
    ClientKeys,
    Connected,
    DeviceClient,
    Disconnected,
    Operator,
    Reason,
    Request,
    Status,
    Tap,
)
from broker.protocol import DATA, MAX_MESSAGE, PROTO, pack_control, pack_data, unpack_control
from tests.broker.live import DEADLINE, CurveLab, Device, free_port, pump

VIEW = {"ready": True, "up": [1], "mirrors": []}


@contextlib.contextmanager
def dealer(endpoint: str, keys: ClientKeys | None) -> Iterator[zmq.Socket[bytes]]:
    with zmq.Context() as context, context.socket(zmq.DEALER) as made:
        made.set(zmq.LINGER, 0)
        made.set(zmq.RCVTIMEO, int(DEADLINE * 1000))
        if keys is not None:
            keys.use(made)
        made.connect(endpoint)
        yield made


def ask(made: zmq.Socket[bytes], op: str, **rest: Any) -> dict[str, Any]:
    """Send a control message; the answer, whatever it is."""
    made.send(pack_control(op, **rest))
    return unpack_control(made.recv())


def hello(node: str) -> bytes:
    return pack_control("hello", proto=PROTO, lab="test", node=node, view=VIEW)


AS_OPERATOR = pack_control("hello", proto=PROTO, lab="test", operator=True)


def healthy(lab: CurveLab) -> bool:
    words = [sys.executable, "-m", "broker", "--health", str(lab.file)]
    return subprocess.run(words, stdout=subprocess.DEVNULL, timeout=DEADLINE).returncode == 0


def test_with_their_keys_all_is_as_on_one_machine(curve_lab: CurveLab) -> None:
    a, _, s, _ = curve_lab.all()
    assert a.client.send(1, [b"one", b"two"]) == 2
    pump(lambda: s.frames, s)
    assert s.frames == [(10, [b"one", b"two"])]
    keys = curve_lab.keys_of("operator")
    with Tap(curve_lab.endpoint, "test", [1], timeout=DEADLINE, keys=keys) as tap:
        a.client.send(1, [b"seen"])
        assert tap.receive(DEADLINE)[0].frames == [b"seen"]
    assert curve_lab.drops() == {}
    curve_lab.wait_for_line(f"broker of test listens at {curve_lab.endpoint}")


def test_whether_it_is_well(stopped_curve_lab: CurveLab) -> None:
    assert not healthy(stopped_curve_lab)
    process = stopped_curve_lab.start()
    stopped_curve_lab.status()
    assert healthy(stopped_curve_lab)
    process.send_signal(signal.SIGSTOP)
    assert health.ask(stopped_curve_lab.health, timeout=0.2).startswith("no answer")
    stopped_curve_lab.kill()
    assert stopped_curve_lab.health.exists()
    assert not healthy(stopped_curve_lab), "the file that a killed broker left says nothing"
    process = stopped_curve_lab.start()
    stopped_curve_lab.status()
    assert healthy(stopped_curve_lab)
    process.terminate()
    assert process.wait(DEADLINE) == 0
    assert not stopped_curve_lab.health.exists()


@pytest.mark.parametrize("kind", ["no key", "a key of its own", "another lab's broker key", "a device's public key"])
def test_an_outsider_gets_nothing_and_is_counted(curve_lab: CurveLab, kind: str) -> None:
    a, _, s, _ = curve_lab.all()
    own = curve_lab.keys_of("nodes/a")
    assert own is not None
    stranger = zmq.curve_keypair()[1]
    keys, label = {
        "no key": (None, "handshake"),
        "a key of its own": (ClientKeys(stranger, own.broker), "unknown-key"),
        "another lab's broker key": (ClientKeys(own.secret, zmq.curve_public(stranger)), "handshake"),
        "a device's public key": (ClientKeys(own.secret, zmq.curve_public(own.secret)), "handshake"),
    }[kind]
    with dealer(curve_lab.endpoint, keys) as outsider:
        for message in (b"", hello("a"), AS_OPERATOR, pack_data(1, [b"forged"])):
            outsider.send(message)
        curve_lab.wait_for_drop(label)
        assert not outsider.poll(200)
    a.client.send(1, [b"true"])
    pump(lambda: s.frames, a, s)
    assert s.frames == [(10, [b"true"])]
    assert a.client.connected
    text = "from 127.0.0.1 was refused: its key is unknown" if label == "unknown-key" else "or showed no key"
    curve_lab.wait_for_line(text)


def test_no_octet_of_the_lab_is_to_be_had_without_a_key(curve_lab: CurveLab) -> None:
    """What the socket says to anybody is ZeroMQ's greeting, 64 octets, and nothing that knows of this lab."""
    curve_lab.all()
    host, port = curve_lab.endpoint.removeprefix("tcp://").split(":")
    greeting = b"\xff" + bytes(8) + b"\x7f\x03\x00"
    for mechanism in (b"NULL", b"PLAIN", b"CURVE"):
        with socket.create_connection((host, int(port)), timeout=DEADLINE) as plain:
            plain.sendall(greeting + mechanism.ljust(20, b"\0") + bytes(32))
            plain.sendall(b"\x04\x26\x05READY\x0bSocket-Type\x00\x00\x00\x06DEALER" + bytes(8))
            heard = b""
            with contextlib.suppress(OSError):  # it hangs up
                plain.shutdown(socket.SHUT_WR)
                while octets := plain.recv(4096):
                    heard += octets
        whole = greeting[:10] + b"\x03\x01" + b"CURVE".ljust(20, b"\0") + bytes(32)
        # The first octets hold a length that nobody looks at.
        assert whole[10:].startswith(heard[10:])


def test_a_key_opens_the_door_of_its_holder_only(curve_lab: CurveLab) -> None:
    _, b, s, _ = curve_lab.all()
    with dealer(curve_lab.endpoint, curve_lab.keys_of("nodes/a")) as insider:
        for claim in (hello("b"), hello("s"), hello("nobody"), AS_OPERATOR):
            insider.send(claim)
            answer = unpack_control(insider.recv())
            assert answer["op"] == "refused"
            assert answer["reason"] == "this connection is of node a, and of nobody else"
        # Not let in as anybody yet: whatever it asks, it is asked who it is, and is not told anything.
        for op in ("request", "tap", "view", "pong"):
            insider.send(pack_control(op, id=1, node=None, verb="status", timeout_ms=1000, number=1, ports=[1]))
        insider.send(pack_data(11, [b"forged"]))
        curve_lab.wait_for_drop("unknown-client", 5)
        while insider.poll(50):
            assert unpack_control(insider.recv())["op"] == "who"
        assert curve_lab.drops()["wrong-key"] == 4
        curve_lab.wait_for_line("refused: this connection is of node a, and of nobody else")
        assert b.client.connected
        assert s.client.connected


def test_a_device_does_nothing_in_the_name_of_another(curve_lab: CurveLab) -> None:
    _, b, s, _ = curve_lab.all()
    with dealer(curve_lab.endpoint, curve_lab.keys_of("nodes/a")) as insider:
        insider.send(hello("a"))
        answer = unpack_control(insider.recv())
        assert answer["op"] == "welcome"
        assert set(answer["links"]) == {1}, "it is told of its own ports"
        for claim in (hello("b"), AS_OPERATOR):
            insider.send(claim)
            assert unpack_control(insider.recv())["op"] == "refused"
        for port in (2, 10, 11):
            insider.send(pack_data(port, [b"forged"]))
        mirrors = [
            {"session": 1, "sources": [[11, "both"]], "destination": 1},
            {"session": 2, "sources": [[1, "both"]], "destination": 12},
        ]
        insider.send(pack_control("view", view={"ready": True, "up": [1, 2, 11], "mirrors": mirrors}))
        insider.send(pack_control("tap", number=1, ports=[2]))
        insider.send(pack_control("request", id=1, node="b", verb="exec", body={}, timeout_ms=1000))
        insider.send(pack_control("request", id=2, node=None, verb="status", timeout_ms=1000))
        insider.send(pack_data(1, [b"own"]))
        pump(lambda: s.frames, s)
        b.client.send(2, [b"not for a"])
        pump(lambda: len(s.frames) == 2, s, b)
        assert s.frames == [(10, [b"own"]), (11, [b"not for a"])]
        drops = curve_lab.drops()
        assert drops == {"not-your-port": 3, "bad-view": 4, "not-permitted": 3, "refused": 2}
        while insider.poll(50):
            message = insider.recv()
            assert message[0] != DATA
            body = unpack_control(message)
            assert body["op"] in ("ping", "links")
            assert set(body.get("links", {1})) == {1}
    for text in (
        "a sends frames from s:e11, another's port",
        "a says 'tap', which it may not",
        "a says 'request', which it may not",
        "a: left out of its view",
    ):
        curve_lab.wait_for_line(text)


def test_no_part_of_a_message_passes_for_another_s(curve_lab: CurveLab) -> None:
    """What follows a message's first part never stands where the socket puts a routing id: not even when it is one."""
    _, _, s, _ = curve_lab.all()
    with dealer(curve_lab.endpoint, curve_lab.keys_of("nodes/a")) as insider:
        insider.send(hello("a"))
        assert unpack_control(insider.recv())["op"] == "welcome"
        guesses = [b"\0" + number.to_bytes(4, "big") for number in range(10)]
        for number in range(20):
            parts = [part for guess in guesses for part in (guess, pack_data(11, [b"forged"]))][number:]
            insider.send_multipart([pack_data(1, [b"with parts"]), *parts])
            insider.send(pack_data(1, [b"whole"]))
        pump(lambda: len(s.frames) == 20, s)
    assert s.frames == [(10, [b"whole"])] * 20
    assert curve_lab.drops() == {"multipart": 20}, "and no part was taken for a message of anybody"


def test_what_is_refused_again_and_again_is_told_once_in_a_while(curve_lab: CurveLab) -> None:
    curve_lab.all()
    with dealer(curve_lab.endpoint, curve_lab.keys_of("nodes/a")) as insider:
        for _ in range(500):
            insider.send(AS_OPERATOR)
        curve_lab.wait_for_drop("wrong-key", 500)
    assert curve_lab.log.read_text().count("and of nobody else") <= 3


def test_octets_from_anybody_with_and_without_a_key(curve_lab: CurveLab) -> None:
    a, _, s, _ = curve_lab.all()
    dice = random.Random(5)
    host, port = curve_lab.endpoint.removeprefix("tcp://").split(":")
    greeting = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"CURVE".ljust(20, b"\0") + bytes(32)
    for garbage in (
        b"GET / HTTP/1.0\r\n\r\n",
        dice.randbytes(4000),
        greeting + b"\x04\xc8\x05HELLO" + dice.randbytes(194),
        greeting + b"\x04\xff" + dice.randbytes(300),
        *(greeting + dice.randbytes(dice.randrange(300)) for _ in range(20)),
    ):
        with socket.create_connection((host, int(port)), timeout=DEADLINE) as plain, contextlib.suppress(OSError):
            plain.sendall(garbage)
    with dealer(curve_lab.endpoint, curve_lab.keys_of("nodes/b")) as insider:
        for _ in range(200):
            insider.send(bytes([3]) + dice.randbytes(dice.randrange(100)))
            insider.send(pack_data(1, [b"forged"]))
        for _ in range(50):
            parts = [dice.randbytes(dice.randrange(20)) for _ in range(dice.randrange(2, 6))]
            insider.send_multipart([pack_data(1, [b"forged"]), *parts])
            insider.send_multipart([AS_OPERATOR, *parts[: dice.randrange(3)]])
        curve_lab.wait_for_drop("bad-message", 200)
        curve_lab.wait_for_drop("unknown-client", 200)
        curve_lab.wait_for_drop("multipart", 50)
    a.client.send(1, [b"still here"])
    pump(lambda: s.frames, a, s)
    assert s.frames == [(10, [b"still here"])]


def test_the_largest_message_passes_sealed(curve_lab: CurveLab) -> None:
    a, *_ = curve_lab.all()
    answered: list[Any] = []

    def ask() -> None:
        keys = curve_lab.keys_of("operator")
        with Operator(curve_lab.endpoint, "test", timeout=DEADLINE, keys=keys) as operator:
            answered.append(operator.request("a", "much"))

    asking = threading.Thread(target=ask)
    asking.start()
    a.events.clear()
    pump(lambda: a.saw(Request), a)
    request = next(event for event in a.events if isinstance(event, Request))
    rest = len(pack_control("response", id=request.id, status="ok", body=bytes(70_000))) - 70_000
    much = bytes(MAX_MESSAGE - rest)
    a.client.respond(request.id, Status.OK, much)
    pump(lambda: answered, a)
    asking.join()
    assert answered == [(Status.OK, much)]
    assert not a.saw(Connected), "it was not cut off for it"


def test_a_key_that_was_replaced_is_worth_nothing(curve_lab: CurveLab) -> None:
    assert curve_lab.keys is not None
    old = curve_lab.keys_of("nodes/a")
    (curve_lab.keys / "nodes/a/secret").unlink()
    assert keygen.make(curve_lab.keys, ["a", "b", "s", "n"]) == ["a"]
    curve_lab.kill()
    curve_lab.start()
    curve_lab.all()
    with dealer(curve_lab.endpoint, old) as outsider:
        outsider.send(hello("a"))
        curve_lab.wait_for_drop("unknown-key")
        assert not outsider.poll(100)


def test_a_device_whose_key_is_not_known_yet_gets_in_when_it_is(curve_lab: CurveLab) -> None:
    assert curve_lab.keys is not None
    clients = curve_lab.keys / "broker/clients"
    known = clients.read_text()
    clients.write_text("".join(line for line in known.splitlines(True) if "node a " not in line))
    curve_lab.kill()
    curve_lab.start()
    a, s = curve_lab.device("a", 1), curve_lab.device("s", 10)
    pump(lambda: s.client.connected and "its key is unknown" in curve_lab.log.read_text(), a, s)
    assert not a.client.connected
    clients.write_text(known)
    curve_lab.kill()
    curve_lab.start()
    pump(lambda: a.reason(1) is Reason.UP, a, s)


def test_an_operator_whose_key_is_unknown(curve_lab: CurveLab) -> None:
    curve_lab.status()
    own = curve_lab.keys_of("operator")
    assert own is not None
    with pytest.raises(BrokerGone, match="or it does not know our key"):
        Operator(curve_lab.endpoint, "test", timeout=0.3, keys=ClientKeys(zmq.curve_keypair()[1], own.broker))
    with pytest.raises(BrokerGone, match="of node a, and of nobody else"):
        Operator(curve_lab.endpoint, "test", timeout=DEADLINE, keys=curve_lab.keys_of("nodes/a"))


# Who comes when, who stops, what is cut


def test_in_any_order(stopped_curve_lab: CurveLab) -> None:
    lab = stopped_curve_lab
    a, s = lab.device("a", 1), lab.device("s", 10, 11, 12)
    end = time.monotonic() + 1.0
    pump(lambda: time.monotonic() > end, a, s)
    lab.start()
    b = lab.device("b", 2)
    pump(lambda: a.reason(1) is Reason.UP and b.reason(2) is Reason.UP, a, b, s)
    lab.kill()
    n = lab.device("n", 3)
    lab.start()
    pump(lambda: n.reason(3) is Reason.UP and a.saw(Connected) == b.saw(Connected) == s.saw(Connected) == 2, a, b, s, n)
    a.client.send(1, [b"x"])
    pump(lambda: s.frames, a, b, s, n)


def test_a_broker_whose_name_is_not_known_yet() -> None:
    keys = ClientKeys(zmq.curve_keypair()[1], zmq.curve_keypair()[0])
    client = DeviceClient("tcp://no-such-host.invalid:5000", "test", "a", keys)
    for second in range(5):
        client.tick(float(second))
        assert client.receive() == []
    assert not client.connected
    client.close()


DEVICE = """
import select, sys, time
from pathlib import Path
from broker.client import ClientKeys, DeviceClient, Frames
client = DeviceClient(sys.argv[1], "test", "a", ClientKeys.read(Path(sys.argv[2])))
client.set_view(ready=True, up=[1], mirrors=[])
while True:
    client.tick(time.monotonic())
    if not client.pending:
        select.select([client], [], [], 1)
    for event in client.receive():
        if isinstance(event, Frames):
            client.send(1, event.frames)
"""


@pytest.mark.parametrize("long", [False, True], ids=["for a moment", "until its connection is given up"])
def test_a_stopped_device_is_a_lost_cable_to_its_neighbour(curve_lab: CurveLab, long: bool) -> None:
    s = curve_lab.device("s", 10)
    words = [sys.executable, "-c", DEVICE, curve_lab.endpoint, str(curve_lab.keys and curve_lab.keys / "nodes/a")]
    peer = subprocess.Popen(words)
    try:
        pump(lambda: s.reason(10) is Reason.UP, s)
        peer.send_signal(signal.SIGSTOP)
        stopped = time.monotonic()
        # 3 s are what the pings take; the rest is for a machine that is busy with other tests.
        pump(lambda: s.reason(10) is Reason.PEER_ABSENT, s, seconds=6)
        assert time.monotonic() - stopped > 1.5
        if long:
            end = time.monotonic() + DEADLINE
            while "a: connection lost" not in curve_lab.log.read_text():
                assert time.monotonic() < end
                pump(lambda: True, s)
                s.client.tick(time.monotonic())
                s.events += s.client.receive()
                time.sleep(0.05)
        peer.send_signal(signal.SIGCONT)
        pump(lambda: s.reason(10) is Reason.UP, s)
        s.client.send(10, [b"echo"])
        pump(lambda: s.frames == [(10, [b"echo"])], s)
    finally:
        peer.kill()
        peer.wait()


class Cable:
    """A TCP forwarder that can be cut: what runs through it then is lost without a word, as in a broken network."""

    def __init__(self, target: str) -> None:
        host, port = target.removeprefix("tcp://").split(":")
        self._target = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", free_port()))
        self.endpoint = f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"
        self.whole = True
        self.taken = 0
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                ours, _ = self._listener.accept()
            except OSError:
                return
            self.taken += 1
            try:
                theirs = socket.create_connection(self._target)
            except OSError:  # the broker is not there yet
                ours.close()
                continue
            pair = (ours, theirs)
            self._open += pair
            # A cut is for good: a connection that lived through it stays dead, as after a change of addresses.
            alive = [True]
            for source, sink in (pair, pair[::-1]):
                thread = threading.Thread(target=self._forward, args=(source, sink, alive))
                self._threads.append(thread)
                thread.start()

    def _forward(self, source: socket.socket, sink: socket.socket, alive: list[bool]) -> None:
        with contextlib.suppress(OSError):
            while octets := source.recv(65536):
                alive[0] = alive[0] and self.whole
                if alive[0]:
                    sink.sendall(octets)
            if alive[0]:
                sink.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for end in self._open:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for end in self._open:
            end.close()


def test_a_device_that_is_cut_off_comes_back(curve_lab: CurveLab) -> None:
    s = curve_lab.device("s", 10)
    with contextlib.closing(Cable(curve_lab.endpoint)) as cable:
        a = Device(cable.endpoint, "a", 1, keys=curve_lab.keys_of("nodes/a"))
        curve_lab.devices.append(a)
        pump(lambda: s.reason(10) is Reason.UP and a.reason(1) is Reason.UP, a, s)
        cable.whole = False
        pump(lambda: s.reason(10) is Reason.PEER_ABSENT, a, s, seconds=6)
        pump(lambda: a.saw(Disconnected) and a.reason(1) is Reason.PEER_ABSENT, a, s)
        assert not a.client.connected
        cable.whole = True  # for new connections: the old one is not told
        pump(lambda: s.reason(10) is Reason.UP and a.reason(1) is Reason.UP, a, s)
        assert cable.taken > 1
        a.client.send(1, [b"back"])
        pump(lambda: s.frames == [(10, [b"back"])], a, s)
        a.client.close()
        curve_lab.devices.remove(a)
