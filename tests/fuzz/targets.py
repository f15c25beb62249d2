"""What is fuzzed: each target takes octets and raises AssertionError, or whatever breaks, when something is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

from nodes.cli.batch import load_config
from nodes.cli.editor import LINE_LIMIT, UNBROKEN, LineEditor
from nodes.cli.keys import RUN_LIMIT, KeyDecoder
from nodes.cli.pager import MORE, WIPE, Pager
from nodes.cli.pattern import Pattern, PatternError
from nodes.cli.session import OUTPUT_LIMIT, TYPE_AHEAD_LIMIT, Session
from nodes.device.ios import IosDevice
from nodes.kinds import KINDS
from nodes.wire import telnet
from tests.device.bench import Bench
from tests.fuzz.lines import KEYS, LineMaker
from tests.fuzz.source import Source

Target = Callable[[bytes], None]


def telnet_stream(data: bytes) -> None:
    """Any octets, however they are cut: the same events, the same answers, bounded memory."""
    source = Source(data)
    whole, cut = telnet.Parser(), telnet.Parser()
    stream = source.octets(255) * source.number(1, 3)
    events = whole.feed(stream)
    pieces: list[telnet.Event] = []
    at = 0
    while at < len(stream):
        size = source.number(1, 7)
        pieces += cut.feed(stream[at : at + size])
        at += size
    assert _joined(events) == _joined(pieces)
    assert len(whole._sub) <= telnet.SUBNEGOTIATION_MAX + 1
    options = telnet.Options((telnet.ECHO, telnet.SGA), (telnet.TTYPE, telnet.NAWS), (telnet.SGA, telnet.BINARY))
    answered = b"".join(options.answer(event) for event in events if isinstance(event, telnet.Negotiate))
    # Never more than we were told.
    assert len(answered) <= len(stream)
    keys = KeyDecoder()
    for event in events:
        if isinstance(event, telnet.Data):
            for key in keys.feed(event.data):
                assert key.isascii()
                assert 0 < len(key) <= RUN_LIMIT


def _joined(events: list[telnet.Event]) -> list[telnet.Event]:
    found: list[telnet.Event] = []
    for event in events:
        last = found[-1] if found else None
        if isinstance(event, telnet.Data) and isinstance(last, telnet.Data):
            found[-1] = telnet.Data(last.data + event.data)
        else:
            found.append(event)
    return found


def editor(data: bytes) -> None:
    """Keys in any order: the screen, a row of cells that knows backspace and the bell, shows the line."""
    source = Source(data)
    prompt = source.number(0, 30)
    width = source.choose((0, 24, 40, 80, 132, UNBROKEN, 512))
    line = LineEditor(prompt, width)
    keys = [key for raw in KEYS.values() for key in KeyDecoder().feed(raw) if key < " "]
    cells: list[str] = []
    column = 0
    while not source.empty:
        kind = source.number(0, 5)
        if kind == 0:
            output = line.insert("".join(chr(32 + octet % 95) for octet in source.octets(40)) * source.choose((1, 30)))
        elif kind == 1:
            output = line.replace("".join(chr(32 + octet % 95) for octet in source.octets(99)))
        elif kind == 2:
            line.resize(width)
            output = ""
        else:
            output = line.key(source.choose(keys)) or ""
        for char in output:
            if char == "\b":
                column -= 1
                assert column >= 0
            elif char != "\a":
                assert " " <= char <= "~"
                cells[column : column + 1] = [char]
                column += 1
        assert 0 <= line.cursor <= len(line.text) <= LINE_LIMIT
        if width in (0, UNBROKEN, 512):
            assert "".join(cells).rstrip() == line.text.rstrip()
            assert column == line.cursor
        else:
            assert len(cells) <= max(width - prompt - 1, 20)


def pager(data: bytes) -> None:
    """Whatever is written and whichever keys come: every line is shown once and in order, or was given up."""
    source = Source(data)
    page = Pager()
    length, width = source.number(0, 6), source.choose((0, 10, 80))
    page.begin(length, width)
    written: list[str] = []
    shown = ""
    gave_up = searched = False
    while not source.empty:
        kind = source.number(0, 4)
        if page.blocked and kind:
            if kind == 4:
                try:
                    pattern = Pattern(source.octets(6).decode("ascii", "ignore"))
                except PatternError:
                    continue
                searched = True
                page.search(source.choose(("begin", "include", "exclude")), pattern)
            else:
                key = source.choose((" ", "\r", "q"))
                gave_up = gave_up or key == "q"
                page.key(key)
        elif not gave_up:
            written.append(f"{len(written)}" * source.number(1, 9) + "\n" * source.number(0, 2))
            page.write(written[-1])
        shown += page.take()
    while page.blocked:
        page.key(" ")
        shown += page.take()
    if page.finish():
        shown += page.take()
        while page.blocked:
            page.key(" ")
            shown += page.take()
    shown = shown.replace(MORE, "").replace(WIPE, "")
    whole = "".join(written)
    if not gave_up and not searched:
        assert shown == whole
    elif not searched:
        assert whole.startswith(shown)
    else:
        # Some of it, in order.
        rest = iter(whole)
        assert all(char in rest for char in shown)


class _Console:
    """A device on a bench, of which each run gets a fresh one; its commands are compiled once."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._first = Bench(kind)
        self.maker = LineMaker(self._first.console.commands)

    def bench(self) -> Bench:
        bench = Bench(self._kind)
        bench.console.commands = self._first.console.commands
        return bench


@cache
def console(kind: str) -> _Console:
    return _Console(kind)


def session(kind: str) -> Target:
    """Keys and commands at the consoles of a device, with time, log lines and a client that comes and goes."""

    def target(data: bytes) -> None:
        source = Source(data)
        made = console(kind)
        bench = made.bench()
        people = [bench.console.session(bench.console.line(name)) for name in ("con 0", "vty 0")]
        for one in people:
            one.privilege = 15
        while not source.empty:
            one = people[source.number(0, 1)]
            _act(source, made.maker, bench, one)
            assert one._unsent <= 2 * OUTPUT_LIMIT
            assert sum(map(len, one._keys)) <= TYPE_AHEAD_LIMIT + RUN_LIMIT
            if source.number(0, 3):
                assert one.output().isascii()
        for one in people:
            _leave(bench, one)

    return target


def _act(source: Source, maker: LineMaker, bench: Bench, one: Session) -> None:
    kind = source.number(0, 9)
    if kind < 5:
        _type(
            bench,
            one,
            maker.line(one.mode.name, source).encode("ascii", "ignore")
            + source.choose((b"\r", b"\r", b"\r", b"?", b"\t", b"")),
        )
    elif kind < 7:
        _type(bench, one, source.choose(tuple(KEYS.values())))
    elif kind == 7:
        _type(bench, one, source.octets(20))
    elif kind == 8:
        bench.now += source.choose((0.0, 0.1, 2.0, 61.0))
        bench.device.handle_timer(bench.now)
        _turn(bench)
        one.advance(bench.now)
    else:
        what = source.number(0, 3)
        if what == 0:
            one.notify("%SYS-5-TEST: a line", bench.now)
        elif what == 1:
            one.resize(source.number(0, 200), source.number(0, 60))
        elif what == 2:
            one.stall(bool(source.number(0, 1)))
        else:
            one.receive(maker.line("exec", source).encode("ascii", "ignore") * source.number(1, 40), bench.now)


def _type(bench: Bench, one: Session, keys: bytes) -> None:
    bench.device.now = bench.now
    one.receive(keys, bench.now)
    _turn(bench)


def _turn(bench: Bench) -> None:
    bench.out()


def _leave(bench: Bench, one: Session) -> None:
    """Whatever was typed, a way out is near."""
    one.stall(False)
    for _ in range(400):
        one.output()
        if one.closed:
            return
        one.receive(b"\x03\x1e\x03q\x03\x15\r", bench.now)
        said = one.output()
        if not one._keys and one._run is None and not one._pager.blocked and said.endswith((b"#", b">")):
            one.hangup()
            return
        bench.now += 3.0
        one.advance(bench.now)
    raise AssertionError(f"no way out: {one._run} {one._keys} {one._pager.blocked}")


def configuration(kind: str) -> Target:
    """Whatever is typed in configuration mode: the running-config that comes of it makes the same device again."""

    def target(data: bytes) -> None:
        source = Source(data)
        made = console(kind)
        bench = made.bench()
        device = bench.device
        assert isinstance(device, IosDevice)
        one = bench.console.session(bench.console.line("con 0"))
        one.privilege = 15
        typed = []
        one.receive(b"enable\rterminal length 0\rconfigure terminal\r", bench.now)
        while not source.empty:
            line = made.maker.line(one.mode.name if one.frames else "config", source)
            typed.append(line)
            one.receive(line.encode("ascii", "ignore") + b"\r", bench.now)
            # An answer to whatever it may ask, and back to where one configures.
            one.receive(b"\x1e" if one._run is not None else b"", bench.now)
            if not one.frames and not one.closed:
                one.receive(b"configure terminal\r", bench.now)
            one.output()
            bench.out()
        again(bench, typed)

    return target


def again(bench: Bench, typed: object = None) -> None:
    printed = bench.console.config_lines(bench.device.config)  # type: ignore[attr-defined]
    device = type(bench.device)(bench.device.spec, bench.device.services, bench.now)
    with device.deferred():
        refusals = load_config(bench.console.commands, device, "\n".join(printed), bench.now)
    assert refusals == [], (refusals, printed, typed)
    assert isinstance(device, IosDevice)
    assert bench.console.config_lines(device.config) == printed, typed


TARGETS: Final[Mapping[str, Target]] = {
    "telnet": telnet_stream,
    "editor": editor,
    "pager": pager,
    **{f"session-{kind}": session(kind) for kind in KINDS},
    "configuration-router": configuration("router"),
    "configuration-switch": configuration("switch"),
}
