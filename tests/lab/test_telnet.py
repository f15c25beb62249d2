"""Debian's telnet in a real terminal, which tmux is: what a person sees, and a window that is resized."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.lab.live import LiveLab, wait_for

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(
        shutil.which("telnet") is None or shutil.which("tmux") is None, reason="telnet or tmux is not installed"
    ),
]

_NUMBERS = count()


class Screen:
    """A terminal in which telnet runs, as its user sees it. Use as a context manager."""

    def __init__(self, folder: Path, address: tuple[str, int], columns: int = 80, rows: int = 24) -> None:
        self._socket = folder / f"tmux{next(_NUMBERS)}"
        size = ("-x", str(columns), "-y", str(rows))
        # Not TERM of the one who runs the tests: telnet passes it on.
        self._tmux("new-session", "-d", *size, f"TERM=vt100 telnet {address[0]} {address[1]}; echo gone; sleep 600")
        self._tmux("set", "-g", "status", "off")
        self._tmux("resize-window", *size)

    def __enter__(self) -> Screen:
        return self

    def __exit__(self, *_: object) -> None:
        self._tmux("kill-server")

    def _tmux(self, *arguments: str) -> str:
        command = ["tmux", "-S", str(self._socket), "-f", "/dev/null", *arguments]
        return subprocess.run(command, text=True, capture_output=True, check=True, timeout=30).stdout

    def resize(self, columns: int, rows: int) -> None:
        """Returns when telnet has been told: tmux takes its time."""
        self._tmux("resize-window", "-x", str(columns), "-y", str(rows))
        with Path(self._tmux("display", "-p", "#{pane_tty}").strip()).open() as tty:
            wait_for(lambda: os.get_terminal_size(tty.fileno()) == (columns, rows), "tmux to resize the terminal")

    def type(self, text: str) -> None:
        self._tmux("send-keys", "-l", text)

    def press(self, *keys: str) -> None:
        """``Enter``, ``Left``, ``C-a``, ``M-b``, as tmux calls them."""
        self._tmux("send-keys", *keys)

    def enter(self, line: str) -> None:
        self.type(line)
        self.press("Enter")

    @property
    def rows(self) -> list[str]:
        """The rows of the screen, from the top to the last that is not blank."""
        return self._tmux("capture-pane", "-p").rstrip("\n").split("\n")

    @property
    def last(self) -> str:
        return self.rows[-1]

    def until(self, condition: Callable[[list[str]], object]) -> list[str]:
        rows: list[str] = []

        def met() -> bool:
            rows[:] = self.rows
            return bool(condition(rows))

        try:
            wait_for(met, "the screen that was expected")
        except AssertionError as error:
            raise AssertionError("\n".join([str(error), *rows])) from None
        return rows

    def until_last(self, row: str) -> list[str]:
        return self.until(lambda rows: rows[-1] == row)

    def until_page(self, last: str) -> list[str]:
        """Until there is more to see, behind another row than ``last``."""
        return self.until(lambda rows: rows[-1] == " --More--" and rows[-2] != last)


@pytest.fixture(scope="module")
def running(state_home: Path) -> Iterator[LiveLab]:
    with LiveLab(state_home, "telnet") as lab:
        lab.up(stage="start")
        yield lab
    assert not lab.processes(), "a lab that is down left processes behind"


@pytest.fixture
def screen(running: LiveLab, state_home: Path) -> Iterator[Screen]:
    """SW-1, privileged: its configuration is long."""
    with Screen(state_home, address(running, "SW-1")) as screen:
        screen.until_last("SW-1>")
        screen.enter("enable")
        screen.until_last("SW-1#")
        yield screen


def address(lab: LiveLab, node: str) -> tuple[str, int]:
    host, port = lab.node(node)["console"]
    return host, port


def test_a_prompt_at_once_and_each_key_once(screen: Screen) -> None:
    rows = screen.rows
    assert rows[:2] == ["Trying 127.0.0.1...", "Connected to 127.0.0.1."]
    assert rows.count("SW-1>enable") == 1, "what is typed is echoed once, by the device"
    screen.enter("show privilege")
    screen.until(lambda rows: rows[-3:] == ["SW-1#show privilege", "Current privilege level is 15", "SW-1#"])


def test_editing(screen: Screen) -> None:
    screen.type("shw privilge")
    screen.press("Left", "Left")
    screen.type("e")
    screen.until_last("SW-1#shw privilege")
    screen.press("C-a", "Right", "Right")
    screen.type("o")
    screen.until_last("SW-1#show privilege")
    screen.press("Enter")
    screen.until(lambda rows: rows[-2:] == ["Current privilege level is 15", "SW-1#"])
    screen.press("Up")
    screen.until_last("SW-1#show privilege")
    screen.press("C-w")
    screen.until_last("SW-1#show")
    screen.press("C-u")
    screen.until_last("SW-1#")
    screen.type("sh clo")
    screen.press("Tab")
    screen.until_last("SW-1#sh clock")
    screen.press("BSpace", "BSpace", "BSpace", "BSpace", "BSpace")
    screen.type("ver")
    screen.press("M-b")
    screen.press("C-k")
    screen.until_last("SW-1#sh")
    screen.press("C-c")
    screen.until(lambda rows: rows[-2:] == ["SW-1#sh ^C", "SW-1#"])


def test_a_line_wider_than_the_window_stays_on_its_row(screen: Screen) -> None:
    text = " ".join(f"word{number}" for number in range(20))
    screen.type(text)
    rows = screen.until(lambda rows: rows[-1].endswith("word19"))
    assert rows[-1].startswith("SW-1#$")
    assert len(rows[-1]) < 80
    screen.press("C-a")
    screen.until(lambda rows: rows[-1].startswith("SW-1#word0 word1") and rows[-1].endswith("$"))
    screen.press("C-k")
    screen.until_last("SW-1#")


def test_paging_follows_the_window(screen: Screen) -> None:
    # Two lines for each of 25 interfaces, none of them like another.
    screen.enter("show interfaces | include line protocol|Hardware")
    rows = screen.until_last(" --More--")
    assert len(rows) == 24
    last = rows[-2]
    screen.press("Enter")
    rows = screen.until_page(last)
    assert rows[-3] == last, "one line more, and the mark of the page is wiped"
    # Smaller, then larger, in the middle of it: NAWS tells the device each time.
    for height in (10, 14):
        last = screen.rows[-2]
        screen.resize(80, height)
        screen.press("Space")
        rows = screen.until_page(last)
        assert len(rows) == height
        assert last not in rows, "a page is as high as the window is now"
    screen.press("q")
    rows = screen.until_last("SW-1#")
    assert " --More--" not in "".join(rows)


def test_login_hides_the_password(running: LiveLab, state_home: Path) -> None:
    running.exec("R-A", "configure terminal", "username bob secret cisco", "line con 0", "login local", "end")
    with Screen(state_home, address(running, "R-A")) as screen:
        screen.until(lambda rows: rows[-3:] == ["User Access Verification", "", "Username:"])
        screen.enter("bob")
        screen.until_last("Password:")
        screen.enter("cisci")
        screen.until(lambda rows: rows[-3:] == ["% Login invalid", "", "Username:"])
        screen.enter("bob")
        screen.until_last("Password:")
        screen.enter("cisco")
        rows = screen.until_last("R-A>")
        assert "cisc" not in "".join(rows)
        # Ctrl-Shift-6 ends a ping that gets no answer.
        screen.enter("ping 10.0.10.99")
        screen.until(lambda rows: rows[-1].startswith("..") or rows[-2:][0].startswith(".."))
        screen.press("C-^")
        screen.until(lambda rows: rows[-1] == "R-A>" and any("Success rate is 0 percent" in row for row in rows))
        screen.enter("exit")
        screen.until(lambda rows: "Connection closed by foreign host." in rows)
    running.exec("R-A", "configure terminal", "no username bob", "line con 0", "no login", "end")
