"""The terminal lines: ``show line``, and what one does to others (``send``, ``clear line``)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Final

from nodes.cli.context import Args, Ask, Context, Job, Rejected
from nodes.cli.session import Session
from nodes.cli.table import Table
from nodes.device.boxviews import LinesView, LineView
from nodes.device.config import IosConfig, LineConfig
from nodes.device.ios import IosDevice
from nodes.show import box as show

_END: Final = "\x1a"  # Ctrl-Z
_LINE: Final = "{console <console:0-0>|vty <vty:0-998>|<number:0-1192>}"
_HELP: Final = {
    "console": "Primary terminal line",
    "<console>": "Line number",
    "vty": "Virtual terminal",
    "<vty>": "Line number",
    "number": "Line number",
}


def _number(ctx: Context, args: Args) -> int:
    """The line's number among all of the box, as ``show users`` has it."""
    device: IosDevice = ctx.device
    if "vty" in args.words:
        return device.config.number(f"vty {args['vty']}")
    number: int = args.get("number", 0)
    return number


def _line_view(number: int, line: LineConfig, active: bool, uses: int) -> LineView:
    kind = "CTY" if line.name.startswith("con") else "VTY"
    return LineView(number, kind, line.name, active, line.access_in, line.access_out, uses)


def table(sessions: Callable[[], Iterable[Session]], uses: Mapping[str, int]) -> Table:
    """The commands, over those who are there; ``uses`` counts the sessions that each line has had."""
    found = Table()

    @found.show("exec", "show line", text=show.lines, help={"line": "TTY line information"})
    def show_line(ctx: Context, args: Args) -> LinesView:
        config: IosConfig = ctx.device.config
        active = {session.line.name for session in sessions()}
        # The pool grows with those who come: a line without a configuration of its own may be in use.
        names = {line.name for line in (config.console, *config.vty.values())} | active
        views = (
            _line_view(config.number(name), replace(config.line(name), name=name), name in active, uses[name])
            for name in names
        )
        return LinesView(tuple(sorted(views, key=lambda view: view.number)))

    @found.command(
        "exec",
        f"send {{*|{_LINE}}}",
        help=_HELP | {"send": "Send a message to other tty lines", "*": "All tty lines"},
        privilege=15,
    )
    def send(ctx: Context, args: Args) -> Job:
        everyone = "*" in args.words
        chosen = [session for session in sessions() if everyone or session.line.number == _number(ctx, args)]
        if not ctx.session.interactive:
            raise Rejected("% A message is typed at a terminal")
        yield "Enter message, end with CTRL/Z; abort with CTRL/C:\n"
        lines: list[str] = []
        while not lines or not lines[-1].endswith(_END):
            lines.append((yield Ask("", control_z=True)))
        answer = yield Ask("Send message? [confirm]", confirm=True)
        if answer not in ("", "y", "Y"):
            return
        where = "all terminals" if everyone else f"tty{_number(ctx, args)}"
        head = f"\n\n***\n***\n*** Message from tty{ctx.session.line.number} to {where}:\n***\n"
        for session in chosen:
            session.notify(head + "\n".join(lines).removesuffix(_END), ctx.now)

    @found.command("exec", f"clear line {_LINE}", help=_HELP | {"line": "Reset a terminal line"}, privilege=15)
    def clear_line(ctx: Context, args: Args) -> Job:
        """Whoever is on the line is let go."""
        number = _number(ctx, args)
        if ctx.session.interactive and number == ctx.session.line.number:
            raise Rejected("% Not allowed to clear current line")
        answer = yield Ask("[confirm]", confirm=True)
        if answer not in ("", "y", "Y"):
            return
        for session in sessions():
            if session is not ctx.session and session.line.number == number:
                session.hangup()
        yield " [OK]\n"

    return found
