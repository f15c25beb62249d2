"""The clock of a device: ``clock set``, ``clock timezone``, ``show clock``. Setting it moves its display only."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from nodes.cli.context import Args, Context, Rejected
from nodes.cli.params import FREE_WORD, Accept, Match, Param, Reject
from nodes.cli.table import Table
from nodes.commands.sections import Section
from nodes.device.config import IosConfig
from nodes.device.ios import IosDevice
from nodes.device.logconfig import Timezone
from nodes.device.views import ClockView
from nodes.show import system

table = Table()

_MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


class TimeParam:
    """``hh:mm:ss``, or ``hh:mm`` without ``seconds``: its value is the seconds since midnight."""

    def __init__(self, *, seconds: bool) -> None:
        self.label = "hh:mm:ss" if seconds else "hh:mm"
        self._form = re.compile(r"(\d{1,2}):(\d{1,2}):(\d{1,2})" if seconds else r"(\d{1,2}):(\d{1,2})", re.ASCII)

    def consume(self, words: Sequence[str]) -> Match:
        found = self._form.fullmatch(words[0])
        if found is None:
            return Reject(0)
        hour, minute, *rest = map(int, found.groups())
        second = rest[0] if rest else 0
        return Accept(hour * 3600 + minute * 60 + second) if hour < 24 and minute < 60 and second < 60 else Reject(0)


class MonthParam:
    """A month's name, of which three letters are enough; its value is 1 to 12."""

    label = "MONTH"
    rank = FREE_WORD

    def consume(self, words: Sequence[str]) -> Match:
        word = words[0].lower()
        for number, name in enumerate(_MONTHS, 1):
            if len(word) >= 3 and name.lower().startswith(word):
                return Accept(number)
        return Reject(0)


class OffsetParam:
    """Hours east of UTC, which may be negative; its value is them and the sign, which ``-0`` has too."""

    label = "<-23 - 23>"

    def consume(self, words: Sequence[str]) -> Match:
        found = re.fullmatch(r"(-?)(1?\d|2[0-3])", words[0], re.ASCII)
        return Reject(0) if found is None else Accept((int(found[2]), -1 if found[1] else 1))


PARAMS: Final[dict[str, Param]] = {
    "time": TimeParam(seconds=True),
    "short-time": TimeParam(seconds=False),
    "month": MonthParam(),
    "utc-offset": OffsetParam(),
}


@table.command(
    "exec",
    "clock set <time:time> {<day:1-31> <month:month>|<month:month> <day:1-31>} <year:1993-2035>",
    help={
        "clock": "Manage the system clock",
        "set": "Set the time and date",
        "time": "Current Time",
        "day": "Day of the month",
        "month": "Month of the year",
        "year": "Year",
    },
    privilege=15,
)
def clock_set(ctx: Context, args: Args) -> None:
    """Nothing but the display depends on the wall clock: timers go on as they were."""
    device: IosDevice = ctx.device
    try:
        date = datetime(args["year"], args["month"], args["day"], tzinfo=UTC)
    except ValueError:
        raise Rejected("% Invalid date") from None
    zone = device.config.logging.timezone
    wanted = date.timestamp() + args["time"] - zone.minutes * 60
    before = system.clock_text(device.clock_view(), milliseconds=False)
    device.clock_offset = wanted - device.services.wall_clock()
    after = system.clock_text(device.clock_view(), milliseconds=False)
    where = "console" if ctx.session.line.name.startswith("con") else ctx.session.line.name.replace(" ", "")
    device.log(
        "SYS", 6, "CLOCKUPDATE", f"System clock has been updated from {before} to {after}, configured from {where}."
    )


def _print_timezone(config: IosConfig) -> list[str]:
    name, minutes = config.logging.timezone
    if (name, minutes) == Timezone():
        return []
    sign = "-" if minutes < 0 else ""
    hours, rest = divmod(abs(minutes), 60)
    return [f"clock timezone {name} {sign}{hours}" + (f" {rest}" if rest else "")]


@table.command(
    "config",
    "clock timezone <zone:word> <hours:utc-offset> [<minutes:0-59>]",
    help={
        "clock": "Configure time-of-day clock",
        "timezone": "Configure time zone",
        "zone": "name of time zone",
        "hours": "Hours offset from UTC",
        "minutes": "Minutes offset from UTC",
    },
    no="clock timezone [<zone:word> <hours:utc-offset> [<minutes:0-59>]]",
    prints=_print_timezone,
    section=Section.CLOCK,
)
def clock_timezone(ctx: Context, args: Args) -> None:
    """The minutes have the sign of the hours."""
    device: IosDevice = ctx.device
    if ctx.negated:
        device.config.logging.timezone = Timezone()
        return
    hours, sign = args["hours"]
    device.config.logging.timezone = Timezone(args["zone"][:7], sign * (hours * 60 + args.get("minutes", 0)))


@table.show(
    "exec",
    "show clock [detail]",
    text=system.clock,
    help={"clock": "Display the system clock", "detail": "Display detailed information"},
)
def show_clock(ctx: Context, args: Args) -> ClockView:
    device: IosDevice = ctx.device
    return device.clock_view(detail=args.has("detail"))
