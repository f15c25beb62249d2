"""A real broker process over ipc, with device clients driven by their descriptors as a process's loop drives them."""

from __future__ import annotations

import contextlib
import os
import random
import select
import signal
import socket
import stat
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import msgpack
import pytest
import zmq

from broker.client import (
    BrokerGone,
    Connected,
    Copied,
    Disconnected,
    Frames,
    Links,
    Malformed,
    Operator,
    Reason,
    Refused,
    Request,
    Status,
)
from broker.protocol import DATA, HEADER, MAX_BATCH, PROTO, pack_control, pack_data, unpack_control
from tests.broker.live import DEADLINE, Device, Lab, pump


@contextlib.contextmanager
def raw_dealer(endpoint: str) -> Iterator[zmq.Socket[bytes]]:
    with zmq.Context() as context, context.socket(zmq.DEALER) as dealer:
        dealer.set(zmq.LINGER, 0)
        dealer.set(zmq.RCVTIMEO, int(DEADLINE * 1000))
        dealer.connect(endpoint)
        yield dealer


def test_frames_cross_the_wire(lab: Lab) -> None:
    a, b, s, _ = lab.all()
    before = time.time_ns()
    assert a.client.send(1, [b"one", b"two"]) == 2
    pump(lambda: s.frames, s)
    assert s.frames == [(10, [b"one", b"two"])]
    assert s.client.send(10, [b"back"]) == 1
    assert b.client.send(2, [b"other"]) == 1
    pump(lambda: a.frames and len(s.frames) == 2, a, s)
    assert a.frames == [(1, [b"back"])]
    assert s.frames[1] == (11, [b"other"])
    stamps = [event.stamp for event in s.events if isinstance(event, Frames)]
    # A turn of the broker's loop may have begun, and taken its stamp, just before the frames were sent.
    assert before - 1_000_000_000 <= stamps[0] <= stamps[1] <= time.time_ns()
    wire = lab.status()["wires"][0]
    assert (wire["a"], wire["b"], wire["frames_ab"], wire["frames_ba"]) == ("a:e1", "s:e10", 2, 1)
    assert stat.S_IMODE(lab.socket.stat().st_mode) & 0o077 == 0


def test_the_descriptor_alone_wakes_a_client(stopped_lab: Lab) -> None:
    """No tick and no second look: connection, link states and every frame must make the descriptor readable."""

    def wake(device: Device) -> None:
        while not device.client.pending:
            assert select.select([device.client], [], [], DEADLINE)[0]
        device.events += device.client.receive(limit=1)

    a, s = stopped_lab.device("a", 1), stopped_lab.device("s", 10)
    assert not a.client.pending
    assert not s.client.pending
    stopped_lab.start()
    for device in (a, s):
        while not device.client.connected:
            wake(device)
    for device, port in ((a, 1), (s, 10)):
        while device.reason(port) is not Reason.UP:
            wake(device)
    for number in range(200):
        for sender, receiver, port in ((a, s, 1), (s, a, 10)):
            seen = len(receiver.frames)
            assert sender.client.send(port, [b"%d" % number]) == 1
            while len(receiver.frames) == seen:
                wake(receiver)
    assert [frames for _, frames in a.frames] == [[b"%d" % number] for number in range(200)]


def test_long_vectors_are_split(lab: Lab) -> None:
    a, _, s, _ = lab.all()
    frames = [struct.pack("!H", number) + bytes(8998) for number in range(MAX_BATCH + 10)]
    assert a.client.send(1, frames) == len(frames)
    pump(lambda: sum(len(batch) for _, batch in s.frames) == len(frames), s)
    assert [frame for _, batch in s.frames for frame in batch] == frames
    assert len(s.frames) >= 3
    assert a.client.send(1, [b"good", bytes(20_000), b"lost"]) == 1
    assert a.client.send(1, []) == 0


def test_a_wrong_cable(lab: Lab, small_lab: dict[str, Any]) -> None:
    small_lab["wires"][2]["cable"] = "straight"
    lab.file.write_bytes(msgpack.packb({**small_lab, "endpoint": lab.endpoint}))
    lab.kill()
    lab.start()
    s, n = lab.device("s", 10, 11, 12), lab.device("n", 3)
    pump(lambda: s.reason(12) is Reason.WRONG_CABLE and n.reason(3) is Reason.WRONG_CABLE, s, n)
    assert n.client.send(3, [b"x", b"y"]) == 2
    lab.wait_for_drop("no-carrier-wrong-cable", 2)
    wire = lab.status()["wires"][2]
    assert (wire["carrier"], wire["reason"], wire["drops"]) == (False, "wrong-cable", {"no-carrier-wrong-cable": 2})


def test_shutdown_and_back(lab: Lab) -> None:
    a, _, s, _ = lab.all()
    a.client.set_view(ready=True, up=[], mirrors=[])
    pump(lambda: s.reason(10) is Reason.PEER_SHUTDOWN and a.reason(1) is Reason.SHUTDOWN, a, s)
    s.client.send(10, [b"x"])
    lab.wait_for_drop("no-carrier-peer-shutdown")
    a.client.set_view(ready=True, up=[1], mirrors=[])
    pump(lambda: s.reason(10) is Reason.UP and a.reason(1) is Reason.UP, a, s)
    a.client.close()
    pump(lambda: s.reason(10) is Reason.PEER_ABSENT, s)


@pytest.mark.parametrize(("direction", "seen"), [("rx", [b"in"]), ("tx", [b"out"]), ("both", [b"in", b"out"])])
def test_span(lab: Lab, direction: str, seen: list[bytes]) -> None:
    a, b, s, n = lab.all(({"session": 1, "sources": [[10, direction]], "destination": 12},))
    a.client.send(1, [b"in"])
    pump(lambda: s.frames, s)
    s.client.send(10, [b"out"])
    pump(lambda: a.frames, a)
    b.client.send(2, [b"not mirrored"])
    s.client.send(12, [b"last"])
    pump(lambda: n.frames and n.frames[-1] == (3, [b"last"]), n)
    assert n.frames == [(3, [frame]) for frame in [*seen, b"last"]]
    assert lab.status()["mirrors"][0]["sources"] == [["s:e10", direction]]


def test_a_killed_broker_comes_back_and_no_link_flaps(lab: Lab) -> None:
    devices = lab.all()
    a, _, s, _ = devices
    for device in devices:
        device.events.clear()
    lab.kill()
    assert lab.socket.exists()
    lab.start()
    start = time.monotonic()
    pump(lambda: all(device.saw(Connected) for device in devices), *devices)
    a.client.send(1, [b"x"])
    pump(lambda: s.frames, *devices)
    elapsed = time.monotonic() - start
    assert all(lab.status()["nodes"][node] == {"present": True, "ready": True} for node in "absn")
    # What it takes is the start of an interpreter on a machine that may be busy with other tests.
    assert elapsed < 5
    end = time.monotonic() + 1.5  # past the broker's settling time
    pump(lambda: time.monotonic() > end, *devices)
    assert not any(device.saw(Links) or device.saw(Disconnected) for device in devices)


def test_without_a_broker_links_go_down_after_three_seconds(lab: Lab) -> None:
    a, b, s, n = lab.all()
    lab.kill()
    now = 1000.0
    for step in range(5):
        a.client.tick(now + step)
        if step == 2:
            assert a.reason(1) is Reason.UP
        a.events += a.client.receive()
    assert a.events.index(Disconnected()) < len(a.events) - 1
    assert a.reason(1) is Reason.PEER_ABSENT
    assert not a.client.connected
    assert a.client.send(1, [b"x"]) == 0
    lab.start()
    pump(lambda: a.reason(1) is Reason.UP, a, b, s, n)
    assert a.saw(Connected) == 2


DEVICE = """
import select, sys, time
from broker.client import DeviceClient, Frames
client = DeviceClient(sys.argv[1], "test", "a")
client.set_view(ready=True, up=[1], mirrors=[])
while True:
    client.tick(time.monotonic())
    if not client.pending:
        select.select([client], [], [], 1)
    for event in client.receive():
        if isinstance(event, Frames):
            client.send(1, event.frames)
"""


def test_stopped_and_killed_peers(lab: Lab) -> None:
    s, b = lab.device("s", 10, 11), lab.device("b", 2)
    peer = subprocess.Popen([sys.executable, "-c", DEVICE, lab.endpoint])
    try:
        pump(lambda: s.reason(10) is Reason.UP and s.reason(11) is Reason.UP, s, b)
        peer.send_signal(signal.SIGSTOP)
        pump(lambda: s.reason(10) is Reason.PEER_ABSENT, s, b)
        assert lab.status()["nodes"]["a"] == {"present": False, "ready": False}
        peer.send_signal(signal.SIGCONT)
        pump(lambda: s.reason(10) is Reason.UP, s, b)
        s.client.send(10, [b"echo"])
        pump(lambda: s.frames == [(10, [b"echo"])], s, b)
        peer.kill()
        start = time.monotonic()
        pump(lambda: s.reason(10) is Reason.PEER_ABSENT, s, b)
        assert time.monotonic() - start < 2  # not found by missed pings
        assert s.reason(11) is Reason.UP
    finally:
        peer.kill()
        peer.wait()


def test_the_latest_connection_of_a_node_wins(lab: Lab) -> None:
    a, _, s, _ = lab.all()
    newer = lab.device("a", 1)
    pump(lambda: newer.reason(1) is Reason.UP and a.saw(Refused), newer, a)
    assert not a.client.connected
    assert a.client.send(1, [b"old"]) == 0
    a.client.tick(time.monotonic())
    newer.client.send(1, [b"new"])
    pump(lambda: s.frames, s, a, newer)
    assert s.frames == [(10, [b"new"])]
    assert newer.client.connected


def test_a_receiver_that_does_not_read_harms_nobody_else(lab: Lab) -> None:
    a, b, s, _ = lab.all()
    lab.devices.remove(b)  # b stops reading; s floods it
    flood = [bytes(1400)] * 32
    end = time.monotonic() + DEADLINE
    while not lab.status()["wires"][1]["drops"]:
        assert time.monotonic() < end
        for _ in range(100):
            s.client.send(11, flood)
    counted = lab.status()["wires"][1]["drops"]["queue-full"]
    assert counted % len(flood) == 0
    for number in range(20):
        a.client.send(1, [b"%d" % number])
    pump(lambda: len(s.frames) == 20, a, s)
    assert lab.status()["wires"][0]["drops"] == {}
    pump(lambda: sum(len(frames) for _, frames in b.frames) == lab.status()["wires"][1]["frames_ba"], b)
    b.client.close()


def test_a_span_destination_that_does_not_read_costs_copies_only(lab: Lab) -> None:
    a, _, s, n = lab.all(({"session": 1, "sources": [[10, "rx"]], "destination": 12},))
    batch = [bytes(1400)] * 32
    sent = 0

    def arrived() -> bool:
        return sum(len(frames) for _, frames in s.frames) == sent

    end = time.monotonic() + DEADLINE
    while not lab.drops():  # n does not read
        assert time.monotonic() < end
        for _ in range(50):
            sent += a.client.send(1, batch)
        pump(arrived, a, s)
    assert set(lab.drops()) == {"mirror-lost"}

    def copied() -> tuple[int, int, int]:
        """Frames, octets and lost copies that the switch was told of."""
        counts = [event.ports[12] for event in s.events if isinstance(event, Copied)]
        return (
            sum(count.frames for count in counts),
            sum(count.octets for count in counts),
            sum(count.lost for count in counts),
        )

    pump(lambda: copied()[0] + copied()[2] == sent, a, s)
    (mirror,) = lab.status()["mirrors"]
    assert copied() == (mirror["frames"], mirror["frames"] * 1400, mirror["lost"])
    assert mirror["lost"] > 0
    pump(lambda: sum(len(frames) for _, frames in n.frames) == mirror["frames"], n)


def test_octets_from_anybody_are_counted_and_harmless(lab: Lab) -> None:
    a, _, s, _ = lab.all()
    dice = random.Random(2)
    with raw_dealer(lab.endpoint) as dealer:
        for _ in range(200):
            dealer.send(bytes([3]) + dice.randbytes(dice.randrange(100)))
            dealer.send(pack_data(1, [b"forged"]))
        for _ in range(50):
            parts = [dice.randbytes(dice.randrange(20)) for _ in range(dice.randrange(2, 6))]
            dealer.send_multipart([pack_data(1, [b"forged"]), *parts])
        dealer.send_multipart([b"", b"", b""])
        lab.wait_for_drop("bad-message", 200)
        lab.wait_for_drop("unknown-client", 200)
        lab.wait_for_drop("multipart", 50)
        dealer.send(bytes(2 * 1024 * 1024))  # cut off by ZeroMQ
    for garbage in (
        b"GET / HTTP/1.0\r\n\r\n",
        b"",
        b"\xff" + bytes(8) + b"\x7f\x03\x00NULL" + bytes(99),
        dice.randbytes(4000),
    ):
        with socket.socket(socket.AF_UNIX) as plain:
            plain.connect(str(lab.socket))
            with contextlib.suppress(OSError):
                plain.sendall(garbage)
    lab.wait_for_drop("handshake", 2)
    a.client.send(1, [b"still here"])
    pump(lambda: s.frames, a, s)
    assert s.frames == [(10, [b"still here"])]


def test_parts_of_a_known_device_do_not_pass_for_another_s_messages(lab: Lab) -> None:
    _, _, s, _ = lab.all()
    with raw_dealer(lab.endpoint) as dealer:
        view = {"ready": True, "up": [1], "mirrors": []}
        dealer.send(pack_control("hello", proto=PROTO, lab="test", node="a", view=view))
        assert unpack_control(dealer.recv())["op"] == "welcome"
        for number in range(20):
            strays = [pack_data(11, [b"not mine"])] * (number % 4)
            dealer.send_multipart([pack_data(1, [b"mine"]), *strays])
            dealer.send(pack_data(1, [b"whole"]))
        dealer.send(HEADER.pack(DATA, 1, 0) + b"\x91\xc1")  # says that it is one frame, and is not
        dealer.send(HEADER.pack(DATA, 1, 0) + b"\xdc\xff\xff")
        pump(lambda: s.saw(Malformed), s)
    assert s.frames == [(10, [b"mine"]), (10, [b"whole"])] * 20
    drops = lab.drops()
    # Two parts too many look like a stranger's routing id and message, an odd one shows.
    assert drops["multipart"] >= 10
    assert drops["unknown-client"] >= 5
    assert drops["oversize"] == 0xFFFF


def test_a_foreseen_routing_id_does_not_bring_the_broker_down(lab: Lab) -> None:
    """libzmq asserts that the next number it gives is free, and starts from rand()'s default seed if nobody sets it."""
    start = 0x6B8B4567
    greeting = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32)
    held = []
    for number in range(8):
        plain = socket.socket(socket.AF_UNIX)
        held.append(plain)
        plain.settimeout(DEADLINE)
        end = time.monotonic() + DEADLINE
        while plain.connect_ex(str(lab.socket)):
            assert time.monotonic() < end
            time.sleep(0.02)
        properties = b""
        for name, value in ((b"Socket-Type", b"DEALER"), (b"Identity", b"\0" + (start + number).to_bytes(4, "big"))):
            properties += bytes([len(name)]) + name + len(value).to_bytes(4, "big") + value
        ready = b"\x05READY" + properties
        plain.sendall(greeting + b"\x04" + bytes([len(ready)]) + ready)
        answer = b""
        while b"READY" not in answer:
            answer += plain.recv(1000)
    lab.all()
    assert lab.process is not None
    assert lab.process.poll() is None
    for plain in held:
        plain.close()


def test_requests(lab: Lab) -> None:
    a, b, s, _ = lab.all()
    done = threading.Event()

    def serve() -> None:
        while not done.is_set():
            select.select([a.client], [], [], 0.01)
            for event in a.client.receive():
                match event:
                    case Request(id=number, verb="exec", body=body):
                        a.client.respond(number, Status.OK, {"output": body["commands"][0], "rejected": False})
                    case Request(id=number, verb="show"):
                        a.client.respond(number, Status.REJECTED, {"output": "% Invalid"})
                    case Request(id=number, verb="large"):
                        a.client.respond(number, Status.OK, bytes(2_000_000))

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with Operator(lab.endpoint, "test", timeout=DEADLINE) as operator:
            answer = operator.request("a", "exec", {"commands": ["hello"]})
            assert answer == (Status.OK, {"output": "hello", "rejected": False})
            assert operator.request("a", "show", {"command": "x"}) == (Status.REJECTED, {"output": "% Invalid"})
            assert operator.request("a", "large").status is Status.REJECTED
            assert operator.request("a", "silence", timeout=0.05).status is Status.TIMEOUT
            assert operator.request("z", "exec").status is Status.UNKNOWN_NODE
            assert operator.request(None, "dance").status is Status.BAD_REQUEST
            assert operator.request("a", "exec", {"commands": [bytes(2_000_000)]}).status is Status.BAD_REQUEST
            b.client.close()
            pump(lambda: s.reason(11) is Reason.PEER_ABSENT, s)
            assert operator.request("b", "exec").status is Status.UNREACHABLE
            lab.kill()
            lab.start()
            assert operator.request(None, "status").status is Status.OK
    finally:
        done.set()
        thread.join()


def test_an_operator_without_a_broker(stopped_lab: Lab) -> None:
    with pytest.raises(BrokerGone, match="no broker listens"):
        Operator(stopped_lab.endpoint, "test", timeout=0.1)
    stopped_lab.start()
    with pytest.raises(BrokerGone, match="the lab test"):
        Operator(stopped_lab.endpoint, "other", timeout=DEADLINE)


def test_a_device_of_another_lab_is_refused(lab: Lab) -> None:
    device = lab.device("z")
    pump(lambda: device.saw(Refused), device)
    assert not device.client.connected


def test_the_end(lab: Lab) -> None:
    lab.all()
    process = lab.process
    assert process is not None
    second = subprocess.run([sys.executable, "-m", "broker", str(lab.file)], capture_output=True, timeout=DEADLINE)
    assert second.returncode == 1
    assert b"another process listens" in second.stderr
    assert lab.status()["boot"] > 0
    process.terminate()
    assert process.wait(DEADLINE) == 0
    assert not lab.socket.exists()


def test_a_file_that_is_no_socket_is_left_alone(stopped_lab: Lab) -> None:
    stopped_lab.socket.write_text("precious")
    assert stopped_lab.start(stderr=subprocess.DEVNULL).wait(DEADLINE) == 1
    assert stopped_lab.socket.read_text() == "precious"


@pytest.mark.parametrize("gone", [True, False], ids=["gone", "stuck"])
def test_a_reader_of_the_log_that_is_gone_or_stuck(stopped_lab: Lab, gone: bool) -> None:
    reading, writing = os.pipe()
    try:
        if gone:
            os.close(reading)
        else:
            os.set_blocking(writing, False)
            with contextlib.suppress(BlockingIOError):
                while os.write(writing, bytes(4096)):
                    pass
            os.set_blocking(writing, True)
        process = stopped_lab.start(stdout=writing)
        stopped_lab.all()
        process.terminate()
        assert process.wait(DEADLINE) == 0
    finally:
        os.close(writing)
        if not gone:
            os.close(reading)


def test_the_log_is_lines_and_bounded(stopped_lab: Lab) -> None:
    process = stopped_lab.start(stdout=subprocess.PIPE)
    assert process.stdout is not None
    stopped_lab.all()
    with raw_dealer(stopped_lab.endpoint) as dealer:
        for _ in range(2000):
            dealer.send(b"\2nonsense")
        stopped_lab.wait_for_drop("bad-message", 2000)
    process.terminate()
    lines = process.stdout.read().decode().splitlines()
    process.stdout.close()
    assert "broker of test listens" in lines[0]
    assert any(line.endswith(" a: connected") for line in lines)
    assert all(line[:4].isdigit() and line[10] == " " for line in lines)
    assert len(lines) < 500
