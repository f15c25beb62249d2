"""The lab at the root of the repository in containers: what it costs, what a container may do, and what ends it.

The tests share one lab, and each leaves it as it found it.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.compose.engine import ComposeLab, inspect, run
from tests.lab.live import ROOT, Console, wait_for
from tests.lab.test_recovery import flowing

pytestmark = [pytest.mark.root, pytest.mark.timeout(900)]

DEVICES = ["R-A", "R-B", "SW-1", "SW-2", "PC-A", "SV-B", "Sniffer1", "Sniffer2"]
MEGA = 1 << 20
#: Seconds for everything to be healthy, from the command on; on a machine that is busy with other things, more.
HEALTHY = 20.0
HEALTHY_BUSY = 60.0


@pytest.fixture(scope="module")
def lab(state_home: Path, clone: Path, image: str) -> Iterator[ComposeLab]:
    with ComposeLab(state_home, clone, image, "solution") as lab:
        yield lab
    assert lab.left() == {}, "a lab that is down left something behind"


def test_the_image(image: str, base: str) -> None:
    ours, below = (int(inspect(name)[0]["Size"]) for name in (image, base))
    print(f"the image: {(ours - below) / 1e6:.0f} MB over its base of {below / 1e6:.0f} MB")
    assert ours - below < 150e6
    config = inspect(image)[0]["Config"]
    assert config["User"] == "10001:10001"
    assert config["Healthcheck"]["Test"][-1] == "/var/lib/wirelab/health.sock"
    words = ["docker", "run", "--rm", "--network", "none", image, "python", "-c"]
    found = run(*words, "import importlib.util as u; print([u.find_spec(m) for m in ('pip', 'setuptools')])")
    assert found == "[None, None]\n"
    assert "wirelab up" in run("docker", "run", "--rm", "--network", "none", image)


def spare_processors() -> float:
    """The share of the machine's processors that nobody uses."""

    def read() -> tuple[int, int]:
        ticks = [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
        return ticks[3] + ticks[4], sum(ticks)

    idle, all_ = read()
    time.sleep(2)
    idle_now, all_now = read()
    return (idle_now - idle) / (all_now - all_)


def test_all_healthy_in_time(lab: ComposeLab) -> None:
    spare = spare_processors()
    started = time.monotonic()
    lab.compose("up", "--detach")
    commanded = time.monotonic() - started
    lab.wait_healthy(HEALTHY_BUSY)
    took = time.monotonic() - started
    print(
        f"docker-compose up: {commanded:.1f} s; all {len(DEVICES) + 2} healthy after {took:.1f} s "
        f"({100 * spare:.0f} % of the processors were free)"
    )
    assert took < HEALTHY or spare < 0.8
    nodes = lab.ps()["nodes"]
    assert [(node["name"], node["state"], node["console"]) for node in nodes] == [
        (name, "running", ["127.0.0.1", 5001 + index]) for index, name in enumerate(DEVICES)
    ]
    assert lab.ps()["broker"] == "running"
    bindings = lab.containers()["gateway"]["NetworkSettings"]["Ports"]
    assert {binding["HostIp"] for published in bindings.values() for binding in published} == {"127.0.0.1"}
    assert all(not lab.containers()[name]["HostConfig"]["PortBindings"] for name in (*DEVICES, "broker"))


def test_traffic_and_its_capture(lab: ComposeLab, tmp_path: Path) -> None:
    """The tunnel comes up, and `wirelab capture` has its frames and its keys, as of a local lab."""
    wait_for(lambda: lab.exec("PC-A", "ping 192.168.2.1").count("TTL=126") == 4, "4 of 4", 60)
    file, keys = tmp_path / "wan.pcapng", tmp_path / "wan.keys"
    with subprocess.Popen(
        [sys.executable, "-m", "labs.command", "capture", "R-A:Fa0/0", "-w", file, "--keys", keys, "-n", lab.project],
        cwd=ROOT,
        env=lab.environment,
        stderr=subprocess.PIPE,
        text=True,
    ) as capture:
        assert capture.stderr is not None
        assert "capturing R-A" in capture.stderr.readline()
        lab.exec("PC-A", "ping 192.168.2.1 -n 2")
        capture.send_signal(signal.SIGINT)
        assert "keys of 1 ISAKMP SA and 2 ESP SAs" in capture.stderr.read()
    assert b"\x45" in file.read_bytes()
    assert keys.read_text().count("uat:esp_sa") == 2
    if shutil.which("tshark") is not None:
        read = run("tshark", "-n", "-r", str(file), "-T", "fields", "-e", "_ws.col.Protocol")
        assert read.count("ESP") >= 4
    # Workers are in the router's container, and die with it.
    assert "esp worker 0" in lab.docker("top", service="R-A")
    assert "esp worker" not in lab.docker("top", service="PC-A")


def test_what_it_costs(lab: ComposeLab) -> None:
    lab.wirelab("logs", "R-A", "--tail", "1")
    memory = lab.memory()
    shares = lab.processor(20.0)
    devices = sum(memory[name] for name in DEVICES)
    print(
        f"memory: {devices / MEGA:.0f} MB for eight devices, {sum(memory.values()) / MEGA:.0f} MB with broker and "
        f"gateway ({', '.join(f'{name} {octets / MEGA:.0f}' for name, octets in memory.items())})"
    )
    print(
        f"idle: {100 * sum(shares.values()):.1f} % of a processor in all, health checks included "
        f"({', '.join(f'{name} {100 * share:.1f}' for name, share in shares.items())})"
    )
    assert devices < 400 * MEGA
    assert max(shares.values()) < 0.03
    limits = {name: body["HostConfig"] for name, body in lab.containers().items()}
    assert all(limit["NanoCpus"] == 1e9 for limit in limits.values())
    assert all(limit["Memory"] and limit["PidsLimit"] for limit in limits.values())
    assert all(octets < limits[name]["Memory"] / 2 for name, octets in memory.items())


# -- from inside --------------------------------------------------------------------------------------------------

SELF = """
import os
status = dict(line.split(":", 1) for line in open("/proc/self/status") if ":" in line)
print(os.getuid(), os.getgid(), int(status["CapEff"], 16), int(status["CapBnd"], 16), int(status["NoNewPrivs"]))
try:
    open("/etc/motd", "w")
except OSError as error:
    print(error.strerror)
secrets = []
for top, folders, names in os.walk("/"):
    if top == "/":
        folders[:] = sorted(set(folders) - {"proc", "sys", "dev"})
    secrets += [os.path.join(top, name) for name in names if name == "secret"]
print(secrets)
own = "/var/lib/wirelab/secret"
print(os.path.exists(own) and open(own).read().strip())
"""


def test_a_container_has_no_rights_and_no_key_but_its_own(lab: ComposeLab) -> None:
    secrets = set()
    for name in (*DEVICES, "broker"):
        identity, motd, found, secret = lab.python(name, SELF).splitlines()
        assert identity == "10001 10001 0 0 1"
        assert motd in ("Read-only file system", "Permission denied")
        assert found == "['/var/lib/wirelab/secret']"
        secrets.add(secret)
        assert lab.containers()[name]["HostConfig"]["ReadonlyRootfs"] is True
    assert len(secrets) == len(DEVICES) + 1
    assert lab.python("gateway", SELF).splitlines()[2:] == ["[]", "False"], "the way in has no key at all"


def test_a_console_leads_to_no_shell(lab: ComposeLab) -> None:
    for port in (5001, 5003, 5005, 5007):
        console = lab.connect(port)
        for line in (
            "sh",
            "bash",
            "!id",
            "| id",
            "`id`",
            "$(id)",
            "python",
            "show version | sh",
            "do id",
            "\x1a",
            "^Z",
        ):
            assert "uid=" not in console.command(line)
        console.close()
    for name in DEVICES:
        titles = [line.split(None, 7)[7] for line in lab.docker("top", service=name).splitlines()[1:]]
        assert all(re.match(r"(/sbin/docker-init|python|wirelab) ", f"{title} ") for title in titles), titles


LISTENING = """
import socket, struct
for file in ("/proc/net/tcp", "/proc/net/tcp6"):
    for line in open(file).readlines()[1:]:
        local, state = line.split()[1], line.split()[3]
        address, port = local.split(":")
        octets = bytes.fromhex(address)
        host = socket.inet_ntoa(octets[::-1]) if len(octets) == 4 else address
        if state == "0A" and not host.startswith("127."):
            print(host, int(port, 16))
"""
REACH = """
import socket
from concurrent.futures import ThreadPoolExecutor
def reach(wish):
    try:
        socket.create_connection(wish, timeout=2).close()
    except OSError:
        return False
    return True
wishes = {wishes}
with ThreadPoolExecutor(16) as pool:
    print([wish for wish, reached in zip(wishes, pool.map(reach, wishes)) if reached])
try:
    print(socket.gethostbyname("example.org"))
except OSError:
    print("no name")
"""


def test_nothing_can_be_reached_but_the_broker(lab: ComposeLab) -> None:
    """Nobody else listens on the network of the wires, and neither the host nor anything behind it is there."""
    addresses = {
        (name, network.removeprefix(f"{lab.project}_")): settings["IPAddress"]
        for name, body in lab.containers().items()
        for network, settings in body["NetworkSettings"]["Networks"].items()
        if settings["IPAddress"]
    }
    outside = addresses["gateway", "outside"]
    listening = {name: lab.python(name, LISTENING).splitlines() for name in (*DEVICES, "broker", "gateway")}
    assert listening.pop("broker") == ["0.0.0.0 5000"]
    assert {line.split()[0] for line in listening.pop("gateway")} == {outside}
    assert set(map(tuple, listening.values())) == {()}

    with socket.create_server(("0.0.0.0", 0)) as server:
        port = server.getsockname()[1]
        hosts = run("hostname", "--all-ip-addresses").split()
        gateways = [
            config["Gateway"]
            for network in ("wires", "outside")
            for config in inspect(f"{lab.project}_{network}")[0]["IPAM"]["Config"]
            if "Gateway" in config
        ]
        wishes = [(host, port) for host in (*hosts, *gateways) if ":" not in host]
        wishes += [(host, 5001) for host in addresses.values()] + [(host, 5000) for host in addresses.values()]
        assert len(wishes) > 20
        for name in ("PC-A", "R-A"):
            reached, resolved = lab.python(name, REACH.replace("{wishes}", repr(wishes))).splitlines()
            assert reached == repr([(addresses["broker", "wires"], 5000)])
            assert resolved == "no name"


ATTEMPT = """
import sys, time, zmq
from pathlib import Path
from broker.client import BrokerGone, ClientKeys, Connected, DeviceClient, Operator, Tap
own = ClientKeys.read(Path("/var/lib/wirelab"))
keys = {"own": own, "none": None, "wrong": ClientKeys(zmq.curve_keypair()[1], own.broker)}[sys.argv[1]]
client = DeviceClient("tcp://broker:5000", "no4-ipsec", "R-A", keys)
client.set_view(ready=True, up=[1, 2], mirrors=[])
got, end = set(), time.monotonic() + 4
while time.monotonic() < end:
    client.tick(time.monotonic())
    client.send(1, [b"x" * 60])
    got |= {type(event).__name__ for event in client.receive()}
    time.sleep(0.05)
client.close()
for make in (Operator, lambda *words, **rest: Tap(*words, [1], **rest)):
    try:
        make("tcp://broker:5000", "no4-ipsec", timeout=2.0, keys=keys)
        got.add("let in")
    except BrokerGone:
        pass
print(sorted(got))
"""


@pytest.mark.parametrize(
    ("key", "got", "said"),
    [
        ("own", "['Refused']", r"refused: this connection is of node PC-A, and of nobody else"),
        ("none", "[]", r"or showed no key"),
        ("wrong", "[]", r"was refused: its key is unknown"),
    ],
)
def test_an_attempt_on_the_broker_gets_nothing_and_is_logged(lab: ComposeLab, key: str, got: str, said: str) -> None:
    container = lab.container("PC-A")
    assert run("docker", "exec", container, "python", "-c", ATTEMPT, key).splitlines()[-1] == got
    wait_for(lambda: re.search(said, lab.log("broker")), f"{said} in the broker's log")
    assert "TTL=126" in lab.exec("PC-A", "ping 192.168.2.1 -n 2"), "nobody took the place of R-A"


# -- killed, paused, cut off --------------------------------------------------------------------------------------


def ping(lab: ComposeLab) -> Console:
    """PC-A's console, on which replies come in."""
    host = lab.console("PC-A")
    host.send(b"ping -t -w 500 192.168.2.1\r\n")
    flowing(host)
    return host


def started(lab: ComposeLab) -> dict[str, str]:
    return {name: body["State"]["StartedAt"] for name, body in lab.containers().items()}


def back(lab: ComposeLab, host: Console, victim: str) -> Console:
    """Traffic flows again; a console that ended with its device or the gateway is opened anew."""
    if victim in ("PC-A", "gateway"):
        assert host.closed_by_peer()
        host.close()
        lab.wirelab("start", "PC-A")  # waits until the console answers
        return ping(lab)
    flowing(host)
    return host


def test_each_container_killed_in_turn(lab: ComposeLab) -> None:
    """`docker kill` pulls the plug; switched on again it is part of the lab as before, and nothing else was harmed."""
    host = ping(lab)
    for victim in ("broker", "gateway", *DEVICES):
        before = started(lab)
        lab.docker("kill", service=victim)
        if victim in DEVICES:
            assert lab.node(victim)["state"] == "stopped"
            lab.wirelab("start", victim)
        else:
            lab.docker("start", service=victim)
        begun = time.monotonic()
        host = back(lab, host, victim)
        print(f"{victim} killed and started again: traffic after {time.monotonic() - begun:.1f} s")
        assert {name for name, at in started(lab).items() if at != before[name]} == {victim}
    host.send(b"\x03")
    host.until(r"C:\\>")
    lab.wait_healthy()


@pytest.mark.parametrize("victim", ["broker", "R-A", "SW-1"])
def test_what_crashes_comes_back_by_itself(lab: ComposeLab, victim: str) -> None:
    host = ping(lab)
    restarts, pid = lab.restarts(victim), lab.pid(victim)
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: lab.restarts(victim) == restarts + 1 and lab.pid(victim) not in (0, pid), f"a new {victim}")
    flowing(host)
    host.send(b"\x03")
    host.until(r"C:\\>")


def line_protocol(lab: ComposeLab, node: str, interface: str) -> tuple[str, str]:
    (shown,) = lab.show(node, f"show interfaces {interface}")["interfaces"]
    return shown["protocol"], shown["reason"]


def test_a_paused_router_has_lost_its_power(lab: ComposeLab) -> None:
    host = ping(lab)
    lab.docker("pause", service="R-B")
    paused = time.monotonic()
    wait_for(lambda: line_protocol(lab, "SW-2", "fa0/1")[0] == "down", "SW-2 to see it", 10)
    print(f"paused: its neighbour's line went down within {time.monotonic() - paused:.1f} s")
    assert line_protocol(lab, "SW-2", "fa0/1") == ("down", "peer-absent")
    assert lab.node("R-B")["state"] == "paused"
    host.until(r"Request timed out\.\n")
    lab.wirelab("start", "R-B")
    wait_for(lambda: line_protocol(lab, "SW-2", "fa0/1")[0] == "up", "the line to come up")
    flowing(host)
    host.send(b"\x03")
    host.until(r"C:\\>")


def test_a_router_cut_off_has_lost_its_cables(lab: ComposeLab) -> None:
    """Both ends see it, and its console is still there: that is a cable of its own."""
    host, router, network = ping(lab), lab.connect(5002), f"{lab.project}_wires"
    router.command("terminal length 0")
    container = lab.container("R-B")
    run("docker", "network", "disconnect", network, container)
    cut = time.monotonic()
    wait_for(lambda: line_protocol(lab, "SW-2", "fa0/1") == ("down", "peer-absent"), "SW-2 to see it", 10)
    wait_for(lambda: router.command("show ip interface brief").count("down") >= 4, "R-B to see it", 10)
    print(f"cut off: both ends saw it within {time.monotonic() - cut:.1f} s")
    run("docker", "network", "connect", "--alias", "R-B", network, container)
    joined = time.monotonic()
    wait_for(lambda: line_protocol(lab, "SW-2", "fa0/1")[0] == "up", "the line to come up", 30)
    flowing(host)
    print(f"and flows {time.monotonic() - joined:.1f} s after it was joined again")
    host.send(b"\x03")
    host.until(r"C:\\>")


# -- down and up --------------------------------------------------------------------------------------------------


def test_down_and_up_again_with_what_was_saved(lab: ComposeLab) -> None:
    router = lab.connect(5001)
    for line in ("enable", "configure terminal", "hostname SAVED", "end"):
        router.command(line)
    assert "[OK]" in router.command("write memory")
    lab.exec("SW-1", "configure terminal", "hostname LOST")
    router.close()
    lab.down()
    assert set(lab.left()) == {"volumes"}
    lab.up()
    assert "all keys were there" in lab.log("keys")
    assert lab.exec("R-A", "show running-config").count("hostname SAVED\n") == 1
    assert "hostname SW-1\n" in lab.exec("SW-1", "show running-config")
    wait_for(lambda: lab.exec("PC-A", "ping 192.168.2.1").count("TTL=126") == 4, "4 of 4", 60)
