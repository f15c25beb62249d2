"""The words of the command line: help, usage errors, messages. Verbs that need a lab are in test_launch."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from labs.command import main, parser
from labs.local import LogFile
from labs.output import Progress, spell

VERBS = [
    "list",
    "up",
    "ps",
    "connect",
    "exec",
    "show",
    "logs",
    "capture",
    "restart",
    "stop",
    "start",
    "down",
    "validate",
    "prepare",
    "new",
    "schema",
    "compose",
]
#: The same for all labs.
WITHOUT_LAB = {"schema"}
STAGES = (
    "blank, start, solution, no-route, acl-no-match, map-not-applied, key-address, peer-address, peer-no-map, "
    "peer-down, isakmp-blocked, policy-mismatch, key-mismatch, transform-mismatch, acl-not-mirrored, "
    "map-wrong-interface, no-return-route, esp-blocked"
)
REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_and_takes_a_lab(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([verb, "--help"]) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"usage: wirelab {verb} ")
    assert ("--name LAB" in text) is (verb not in WITHOUT_LAB)
    assert main(["--help"]) == 0
    assert f"\n    {verb} " in capsys.readouterr().out


def test_the_verbs_are_those_of_the_issue() -> None:
    assert f"{{{','.join(VERBS)}}}" in parser().format_usage().replace("VERB", f"{{{','.join(VERBS)}}}")


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["nonsense"],
        ["up", "--nonsense"],
        ["up", "--base-port", "65536"],
        ["up", "--base-port", "x"],
        ["exec", "R-A"],
        ["restart"],
        ["validate"],
    ],
)
def test_wrong_usage_is_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    assert "usage: wirelab" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["ps"], "no lab runs; `wirelab up` starts one"),
        (["ps", "-n", "x"], "lab 'x' does not run"),
        (["exec", "R-A", "show version"], "no lab runs"),
        (["down", "-n", "x"], "lab 'x' does not run"),
        (["logs"], "no lab runs"),
        (["up", "no4-ipse"], "no lab 'no4-ipse'; did you mean 'no4-ipsec'?"),
        (["up", "./gone.lab.yml"], "./gone.lab.yml:1:1: cannot be read: No such file or directory"),
        (["up", "--stage", "nonsense"], "has no stage 'nonsense'; stages: blank, start, solution"),
        (["up", "--name", "../x"], "a lab's name is made of letters, digits"),
        (["up", "--base-port", "65530"], "--base-port 65530 leaves no port for Sniffer1"),
        (["list", "-n", "x"], "no lab 'x'; labs: no4-ipsec"),
    ],
)
def test_no_is_1_and_says_why(home: Path, words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 1
    shown = capsys.readouterr()
    assert message in shown.err
    assert shown.out == ""
    assert not (home / "no4-ipsec/run/supervisord.conf").exists()


def test_list_shows_the_catalog(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["LAB", "STATE", "STAGES", "DESCRIPTION"]
    assert lines[1].startswith("no4-ipsec  -      blank, start, solution*")


def test_validate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "bad.lab.yml"
    bad.write_text("name: x\ntopology: {nodes: {A: {kind: pc, colour: red}}, links: 7}\n", "utf-8")
    assert main(["validate", "no4-ipsec"]) == 0
    assert main(["validate", "-n", "no4-ipsec"]) == 0
    assert (
        capsys.readouterr().out.splitlines() == ["no4-ipsec: lab 'no4-ipsec', 8 nodes, 7 cables, stages: " + STAGES] * 2
    )
    assert main(["validate", "no4-ipsec", str(bad)]) == 1
    known = "type, version, group, labels, startup-config, kind, console, position, attach"
    assert capsys.readouterr().out.splitlines()[1:] == [
        f"{bad}:2:34: unknown key 'colour' (known: {known})",
        f"{bad}:2:56: a list expected, found the number 7",
    ]


def test_output_into_a_closed_pipe_is_no_error(home: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "labs.command", "list"]
    done = subprocess.run(command, cwd=REPOSITORY, stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


def test_help_imports_nothing_heavy() -> None:
    code = "import sys, labs.command as c; c.parser(); print(*(m for m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, check=True)
    assert not {"pydantic", "ruamel", "zmq", "msgpack", "asyncio", "supervisor"} & set(done.stdout.split())


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_redrawn_on_a_terminal_and_plain_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    plain, terminal = io.StringIO(), Terminal()
    for stream in (plain, terminal):
        with Progress("nodes ready", stream) as progress:
            for done in (0, 1, 1, 4):
                progress.report(done, 4)
    assert re.fullmatch(r"nodes ready: 4/4 in \d+\.\d s\n", plain.getvalue())
    drawn = terminal.getvalue()
    assert drawn.count("\r") == 4, "drawn when something changed, wiped at the end"
    assert "[#####...............] 1/4" in drawn
    assert drawn.endswith(f"\r\x1b[K{plain.getvalue()}")
    failed = io.StringIO()
    progress = Progress("nodes ready", failed)
    progress.report(1, 4)
    progress.__exit__(ValueError, ValueError(), None)
    assert failed.getvalue() == "", "a wait that failed was not so many seconds long"


def test_a_log_is_followed_across_its_rotation(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "R-A.log"
    (tmp_path / "R-A.log.1").write_bytes(b"first\n")
    log = LogFile(path, "R-A")
    log.print_existing(None)
    log.print_new()
    assert capsys.readouterr().out == "R-A | first\n"
    path.write_bytes(b"second\nhal")
    log.print_new()
    assert capsys.readouterr().out == "R-A | second\n"
    with path.open("ab") as file:
        file.write(b"f\nlast of the old file\n")
    path.rename(tmp_path / "R-A.log.2")
    log.print_new()
    path.write_bytes(b"\xff of the new\n")
    log.print_new()
    log.print_new()
    assert capsys.readouterr().out.splitlines() == [
        "R-A | half",
        "R-A | last of the old file",
        "R-A | \ufffd of the new",
    ]
    log.close()
    again = LogFile(path, "R-A")
    again.print_existing(2)
    again.close()
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_proposals_are_spelled_as_they_must_be_typed() -> None:
    line = "wirelab connect PC-A    # then wirelab"
    assert spell(line, "wirelab", None) == line
    assert spell(line, ".venv/bin/wirelab", "two") == ".venv/bin/wirelab connect -n two PC-A    # then wirelab"
    assert spell("telnet 127.0.0.1 5001", ".venv/bin/wirelab", "two") == "telnet 127.0.0.1 5001"
