"""``reload``, now or later, and ``show reload``."""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence
from typing import Any, Final

from nodes.cli.context import Args, Ask, Context, Job, Rejected
from nodes.cli.params import Accept, Match, Param, Reject
from nodes.cli.table import Table
from nodes.commands.system import configuration_text, save
from nodes.device.ios import IosDevice
from nodes.device.syslog import local
from nodes.device.views import ReloadView
from nodes.show import system

table = Table()

_REASON: Final = "Reload Command"
_DAY: Final = 86400
#: IOS takes no reload that lies further ahead: 24 days.
_LONGEST: Final = 24 * _DAY


class DelayParam:
    """``mmm`` or ``hhh:mm``; its value is in seconds."""

    label = "Delay before reload (mmm or hhh:mm)"

    def consume(self, words: Sequence[str]) -> Match:
        found = re.fullmatch(r"(?:(\d{1,3}):(?=[0-5]?\d$))?(\d{1,5})", words[0], re.ASCII)
        if found is None:
            return Reject(0)
        seconds = (int(found[1] or 0) * 60 + int(found[2])) * 60
        return Accept(seconds) if 0 < seconds <= _LONGEST else Reject(0)


PARAMS: Final[dict[str, Param]] = {"delay": DelayParam()}
_HELP: Final = {
    "reload": "Halt and perform a cold restart",
    "reason": "Reason for reload",
    "in": "Reload after a time interval",
    "at": "Reload at a specific time/date",
    "cancel": "Cancel pending reload",
    "delay": "Delay before reload (mmm or hhh:mm)",
    "time": "Time to reload (hh:mm)",
    "month": "Month of the year",
    "day": "Day of the month",
}


def _offer_to_save(ctx: Context) -> Generator[Ask | str, Any, None]:
    device: IosDevice = ctx.device
    running = "\n".join(configuration_text(device, ctx.session.commands)) + "\n"
    if running == device.services.nvram.read() or not ctx.session.interactive:
        return
    while True:
        answer = yield Ask("\nSystem configuration has been modified. Save? [yes/no]: ")
        if answer.strip().lower() in ("y", "ye", "yes"):
            yield "Building configuration...\n"
            save(ctx)
            yield "[OK]\n"
            return
        if answer.strip().lower() in ("n", "no"):
            return
        yield "% Please answer 'yes' or 'no'.\n"


@table.command("exec", "reload [<reason:line>]", help=_HELP, privilege=15)
def reload(ctx: Context, args: Args) -> Job:
    device: IosDevice = ctx.device
    yield from _offer_to_save(ctx)
    answer = yield Ask("Proceed with reload? [confirm]", confirm=True)
    if answer not in ("", "y", "Y"):
        return
    yield "\n"
    device.reload_now(args.get("reason", "").strip() or _REASON)


@table.command("exec", "reload in <delay:delay> [<reason:line>]", help=_HELP, privilege=15)
def reload_in(ctx: Context, args: Args) -> Job:
    yield from _schedule(ctx, args["delay"], args)


@table.command(
    "exec",
    "reload at <time:short-time> [{<month:month> <day:1-31>|<day:1-31> <month:month>}] [<reason:line>]",
    help=_HELP,
    privilege=15,
)
def reload_at(ctx: Context, args: Args) -> Job:
    """Without a date it is the next time that the clock shows this."""
    device: IosDevice = ctx.device
    now = local(device.moment().wall, device.config.logging.timezone)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if args.has("month"):
        try:
            date = midnight.replace(month=args["month"], day=args["day"])
            if date < midnight:
                date = date.replace(year=date.year + 1)
        except ValueError:
            raise Rejected("% Invalid date") from None
        delay = (date - now).total_seconds() + args["time"]
    else:
        delay = ((midnight - now).total_seconds() + args["time"]) % _DAY
    if not 0 < delay <= _LONGEST:
        raise Rejected("% Reload must be within 24 days")
    yield from _schedule(ctx, delay, args)


def _schedule(ctx: Context, delay: float, args: Args) -> Generator[Ask | str, Any, None]:
    device: IosDevice = ctx.device
    yield from _offer_to_save(ctx)
    reason = args.get("reason", "").strip() or _REASON
    due = device.clock_view(ahead=delay)
    yield "\n".join(system.reload(ReloadView(delay, due, reason))) + "\n"
    answer = yield Ask("Proceed with reload? [confirm]", confirm=True)
    if answer not in ("", "y", "Y"):
        return
    device.schedule_reload(ctx.now + delay, reason)
    device.log(
        "SYS",
        5,
        "SCHEDULED_RELOAD",
        f"Reload requested for {system.clock_text(due, milliseconds=False)} "
        f"at {system.clock_text(device.clock_view(), milliseconds=False)} by console. "
        f"Reload Reason: {reason}.",
    )


@table.command("exec", "reload cancel", help=_HELP, privilege=15)
def reload_cancel(ctx: Context, args: Args) -> None:
    device: IosDevice = ctx.device
    if not device.cancel_reload():
        raise Rejected("%No reload is scheduled.")
    device.tell("\n\n***\n*** --- SHUTDOWN ABORTED ---\n***\n")
    at = system.clock_text(device.clock_view(), milliseconds=False)
    device.log("SYS", 5, "SCHEDULED_RELOAD_CANCELLED", f" Scheduled reload cancelled at {at}")


@table.show("exec", "show reload", text=system.reload, help={"reload": "Scheduled reload information"}, privilege=15)
def show_reload(ctx: Context, args: Args) -> ReloadView:
    device: IosDevice = ctx.device
    return device.reload_view()
