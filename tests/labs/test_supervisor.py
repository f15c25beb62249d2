"""The fork server: a forked child differs in no way from an executed program, except that it is there sooner."""

from __future__ import annotations

import json
import shlex
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.labs.conftest import ForkServer, StartForkServer, Wait

PYTHON = shlex.quote(sys.executable)
FAKE = f"{PYTHON} -m fakeprogram"


def report(server: ForkServer, name: str, wait_for: Wait) -> dict[str, Any]:
    path = server.folder / f"{name}.log"
    wait_for(lambda: path.exists() and path.read_bytes().endswith(b"\n"))
    body: dict[str, Any] = json.loads(server.log(name))
    return body


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_a_forked_program_finds_a_clean_process(fork_server: StartForkServer, wait_for: Wait) -> None:
    server = fork_server({"R-A": f"{FAKE} probe", "R-B": f"{FAKE} probe"}, preload="fakeprogram.__main__")
    one, other = (report(server, name, wait_for) for name in ("R-A", "R-B"))
    assert one["imported_by"] == server.process.pid, "the package was not taken from the preloaded interpreter"
    assert one["parent"] == server.process.pid
    assert one["pid"] == server.program("R-A").pid
    assert one["argv"] == ["fakeprogram", "probe"]
    # 3 is the folder that the program itself was reading.
    assert one["descriptors"] == [0, 1, 2, 3]
    assert one["handled"] == [signal.SIGINT], "a fresh Python handles SIGINT and nothing else"
    assert one["blocked"] == []
    assert one["wakeup"] == -1
    assert one["death"] == signal.SIGKILL
    assert one["frozen"] > 0
    assert one["collects"]
    assert one["name"] == "R-A"
    assert one["title"] == "wirelab testlab: R-A"
    assert one["process_name"] == "R-A"
    assert one["buffered"] == [True, True]
    assert one["random"] != other["random"], "both children go on with the parent's random numbers"


def test_another_command_is_executed_and_dies_with_supervisord_too(
    fork_server: StartForkServer, wait_for: Wait
) -> None:
    server = fork_server({"a": f"{FAKE} sleep", "b": "/bin/sleep 600"})
    pids = [server.program(name).pid for name in ("a", "b")]
    wait_for(lambda: "python" not in Path(f"/proc/{pids[1]}/exe").readlink().name)
    assert sorted(path.name for path in Path(f"/proc/{pids[1]}/fd").iterdir()) == ["0", "1", "2"]
    server.process.send_signal(signal.SIGKILL)
    server.process.wait(5)
    wait_for(lambda: all(map(gone, pids)), timeout=5)


@pytest.mark.parametrize(
    ("command", "status", "log"),
    [
        ("status 0", 0, ""),
        ("status 3", 3, ""),
        ("exit the reason", 1, "the reason"),
        ("raise some trouble", 1, "ValueError: some trouble"),
        ("talk", 0, "spoken, with no newline"),
    ],
)
def test_the_exit_status_is_what_python_would_give(
    fork_server: StartForkServer, wait_for: Wait, command: str, status: int, log: str
) -> None:
    server = fork_server({"x": f"{FAKE} {command}"})
    wait_for(lambda: server.program("x").state == "EXITED")
    assert server.program("x").status == status
    assert log in server.log("x")
    assert ("Traceback" in server.log("x")) == command.startswith("raise")


def test_a_package_that_cannot_be_imported_says_so_in_its_log(fork_server: StartForkServer, wait_for: Wait) -> None:
    server = fork_server({"x": f"{PYTHON} -m fakeprogram.nothing"}, more="packages=fakeprogram.nothing\n")
    wait_for(lambda: server.program("x").state == "EXITED")
    assert server.program("x").status == 1
    assert "No module named 'fakeprogram.nothing'" in server.log("x")


def test_a_stop_right_after_the_start_is_not_lost(fork_server: StartForkServer) -> None:
    server = fork_server({"x": f"{FAKE} sleep"}, preload="fakeprogram.__main__")
    begun = time.monotonic()
    for _ in range(15):
        assert server.daemon.stop("x")
        assert server.daemon.start("x")
    # A stop that supervisor's own handler swallows in the child takes stopwaitsecs, 8 s here.
    assert time.monotonic() - begun < 7


def test_starting_and_stopping_twice_is_told_apart(fork_server: StartForkServer) -> None:
    server = fork_server({"x": f"{FAKE} sleep"})
    assert not server.daemon.start("x")
    assert server.daemon.stop("x")
    assert not server.daemon.stop("x")
    assert server.daemon.start("x")


def test_many_programs_stop_together(fork_server: StartForkServer, wait_for: Wait) -> None:
    server = fork_server({f"n{number}": f"{FAKE} sleep" for number in range(30)}, preload="fakeprogram.__main__")
    wait_for(lambda: all(program.state == "RUNNING" for program in server.daemon.programs().values()))
    begun = time.monotonic()
    server.daemon.shutdown()
    assert server.process.wait(10) == 0
    assert time.monotonic() - begun < 3
    assert not (server.folder / "supervisor.sock").exists()


def test_a_listener_pool_gets_a_buffer_for_a_large_lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from labs.supervisor import EVENT_BUFFER, ForkServerOptions

    monkeypatch.chdir(tmp_path)
    text = "[supervisord]\n[eventlistener:small]\ncommand=x\nevents=PROCESS_STATE\n[wirelab]\npackages=a b\n"
    (tmp_path / "x.conf").write_text(text, "utf-8")
    options = ForkServerOptions()
    options.realize(["-c", "x.conf"])
    assert [group.buffer_size for group in options.process_group_configs] == [EVENT_BUFFER]
    assert EVENT_BUFFER >= 2048
    assert options.packages == {"a", "b"}
