"""``banner``: the texts that greet those who connect."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from nodes.cli.context import Args, Ask, Context, Job, Rejected
from nodes.cli.table import Table
from nodes.commands.sections import Section
from nodes.device.config import IosConfig

table = Table()

KINDS: Final = ("exec", "incoming", "login", "motd")
#: How the configuration writes Ctrl-C, IOS's delimiter; typed as two characters it means the same.
_CONTROL_C: Final[str] = "^C"
_OTHERS: Final[str] = "#%@~&" + "".join(map(chr, range(ord("a"), 0x250)))
#: Characters that a banner may have.
_LONGEST: Final = 8192


def _delimiter(text: str) -> str:
    """A delimiter that does not occur in the text; there is one, with which it was typed."""
    marks: list[str] = [_CONTROL_C, *_OTHERS]
    for mark in marks:
        if mark not in text:
            return mark
    return _CONTROL_C


def _print_banners(config: IosConfig) -> Iterator[str]:
    for kind in KINDS:
        text = config.access.banners.get(kind)
        if text is not None:
            mark = _delimiter(text)
            yield from f"banner {kind} {mark}{text}{mark}".split("\n")


@table.command(
    "config",
    "banner [exec|incoming|login|motd]$kind <text:line>",
    help={
        "banner": "Define a login banner",
        "exec": "Set EXEC process creation banner",
        "incoming": "Set incoming terminal line banner",
        "login": "Set login banner",
        "motd": "Set Message of the Day banner",
        "text": "c banner-text c, where 'c' is a delimiting character",
    },
    no="banner {exec|incoming|login|motd}$kind",
    prints=_print_banners,
    section=Section.BANNER,
)
def banner(ctx: Context, args: Args) -> Job | None:
    """Without its kind it is the message of the day. ``incoming`` greets those who connect to an asynchronous line:
    there is none."""
    banners = ctx.device.config.access.banners
    if ctx.negated:
        banners.pop(args["kind"], None)
        return None
    return _read(banners, args.get("kind", "motd"), args["text"])


def _read(banners: dict[str, str], kind: str, typed: str) -> Job:
    """Take lines until one has the delimiter; what stands behind it is dropped."""
    mark = _CONTROL_C if typed.startswith(_CONTROL_C) else typed[0]
    text, end, _ = typed[len(mark) :].partition(mark)
    if not end:
        yield f"Enter TEXT message.  End with the character '{mark}'.\n"
    while not end:
        answer: str = yield Ask("", body=True)
        line, end, _ = answer.partition(mark)
        text += f"\n{line}"
        if len(text) > _LONGEST:
            raise Rejected(f"% A banner has at most {_LONGEST} characters")
    if text:
        banners[kind] = text
    else:
        banners.pop(kind, None)
