"""``show running-config``, ``show version``, ``show logging``, ``show drops``."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from nodes.base.spans import stamp
from nodes.device import images
from nodes.device.views import (
    AliasesView,
    ClockView,
    ConfigView,
    DropsView,
    LogView,
    ReloadView,
    TechView,
    UsersView,
    VersionView,
)
from nodes.show import personality


def running_config(view: ConfigView) -> Iterator[str]:
    yield "Building configuration..."
    yield ""
    yield f"Current configuration : {view.octets} bytes"
    yield from view.lines
    yield ""


def startup_config(view: ConfigView) -> Iterator[str]:
    yield f"Using {view.octets} out of {view.capacity} bytes"
    yield from view.lines
    yield ""


def _plural(number: int, unit: str) -> str:
    return f"{number} {unit}" + ("" if number == 1 else "s")


def uptime(seconds: float) -> str:
    """``1 hour, 12 minutes``: weeks, days, hours, minutes, as ``show version`` has it."""
    minutes = int(seconds) // 60
    parts: list[str] = []
    for unit, length in (("week", 7 * 24 * 60), ("day", 24 * 60), ("hour", 60)):
        number, minutes = divmod(minutes, length)
        if number or parts:
            parts.append(_plural(number, unit))
    return ", ".join([*parts, _plural(minutes, "minute")])


def _colons(mac: str) -> str:
    """``0011.22ff.5498`` as the boot loader writes it: ``00:11:22:FF:54:98``."""
    digits = mac.replace(".", "").upper()
    return ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))


def version(view: VersionView) -> Iterator[str]:
    image = images.of(view.personality)
    switch = image.classic  # the only box of that time
    yield from images.banner(view.personality, view.wirelab)
    yield ""
    yield "ROM: wirelab device process"
    yield ""
    yield f"{view.hostname} uptime is {uptime(view.uptime)}"
    yield "System returned to ROM by power-on"
    yield f'System image file is "{image.flash}"'
    yield ""
    if switch:
        yield f"{image.platform} (RC32300) processor (revision G0) with 20402K bytes of memory."
        yield f"Processor board ID {view.board_id}"
        yield "Last reset from system-reset"
        yield "Running Standard Image"
    else:
        yield f"{image.platform} (revision 7.0) with 236544K/25600K bytes of memory."
        yield f"Processor board ID {view.board_id}"
    for kind, count in view.port_types.items():
        word = f"{kind}/IEEE 802.3 interface(s)" if switch else f"{kind} interface" + ("" if count == 1 else "s")
        yield f"{count} {word}"
    yield ""
    if switch:
        yield "32K bytes of flash-simulated non-volatile configuration memory."
        yield f"Base ethernet MAC Address: {_colons(view.base_mac)}"
        yield "Model number: WS-C2950-24"
        yield f"System serial number: {view.board_id}"
        yield ""
        yield "Configuration register is 0xF"
    else:
        yield "191K bytes of non-volatile configuration memory."
        yield "62720K bytes of ATA CompactFlash (Read/Write)"
        yield ""
        yield "Configuration register is 0x2102"
    yield ""


def logging(view: LogView) -> Iterator[str]:
    yield (
        f"Syslog logging: {'enabled' if view.on else 'disabled'} "
        "(0 messages dropped, 0 messages rate-limited, 0 flushes, 0 overruns, xml disabled, filtering disabled)"
    )
    words = personality.of(view.personality)
    if words.discriminators:
        yield from ("", "No Active Message Discriminator.", "", "", "", "No Inactive Message Discriminator.", "", "")
    targets = (
        ("Console logging: ", view.console),
        ("Monitor logging: ", view.monitor),
        ("Buffer logging:  ", view.buffer),
    )
    for destination, target in targets:
        if target.level is None:
            yield f"    {destination}disabled"
            continue
        yield f"    {destination}level {target.level}, {target.count} messages logged, xml disabled,"
        yield "                     filtering disabled"
    yield f"    {words.exception_logging}"
    yield "    Count and timestamp logging messages: disabled"
    yield "    Persistent logging: disabled"
    yield ""
    yield "No active filter modules."
    yield ""
    trap = view.trap
    level = "disabled" if trap.level is None else f"level {trap.level}, {trap.count} message lines logged"
    yield f"    Trap logging: {level}"
    yield ""
    yield f"Log Buffer ({view.buffer_octets} bytes):"
    yield ""
    yield from view.lines


def clock_text(view: ClockView, *, milliseconds: bool = True) -> str:
    """``00:16:41.350 UTC Thu Jan 1 1970``."""
    moment = datetime.fromtimestamp(view.wall, UTC) + timedelta(minutes=view.offset)
    fraction = f".{moment.microsecond // 1000:03}" if milliseconds else ""
    return f"{moment:%H:%M:%S}{fraction} {view.zone} {moment:%a %b} {moment.day} {moment.year}"


def clock(view: ClockView) -> Iterator[str]:
    # The asterisk of a clock that nobody has set.
    yield ("" if view.authoritative else "*") + clock_text(view)
    if view.detail:
        yield "Time source is user configuration" if view.authoritative else "No time source"


def _left(seconds: float) -> str:
    """``9 minutes and 50 seconds``."""
    hours, rest = divmod(round(seconds), 3600)
    minutes, rest = divmod(rest, 60)
    parts = [
        _plural(number, unit) for number, unit in ((hours, "hour"), (minutes, "minute"), (rest, "second")) if number
    ]
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else (parts or ["0 seconds"])[0]


def reload(view: ReloadView) -> Iterator[str]:
    if view.left is None or view.due is None:
        yield "No reload is scheduled."
        return
    due = clock_text(view.due, milliseconds=False)
    yield f"Reload scheduled for {due} (in {_left(view.left)}) by console"
    yield f"Reload reason: {view.reason}"


def tech_support(view: TechView) -> Iterator[str]:
    for section in view.sections:
        yield ""
        yield f"------------------ {section.command} ------------------"
        yield ""
        yield from section.lines


def users(view: UsersView) -> Iterator[str]:
    yield "    Line       User       Host(s)              Idle       Location"
    for user in view.users:
        mark = "*" if user.current else " "
        host = "" if user.idle is None else "idle"
        yield f"{mark}{user.number:>3} {user.line:<11}{user.user:<11}{host:<21}{stamp(user.idle or 0.0):<11}"
    yield ""
    yield "  Interface    User               Mode         Idle     Peer Address"
    yield ""


def aliases(view: AliasesView) -> Iterator[str]:
    for mode in view.modes:
        yield f"{mode.mode} aliases:"
        for name, text in mode.aliases:
            yield f"  {name:<21} {text}"
        yield ""


def drops(view: DropsView) -> Iterator[str]:
    if not view.drops:
        yield "Nothing was dropped."
        return
    yield f"{'Reason':<26}{'Count':>10}  Meaning"
    for drop in view.drops:
        yield f"{drop.name:<26}{drop.count:>10}  {drop.help}"
