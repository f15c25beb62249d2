"""``show running-config``, ``show version``, ``show logging``, ``show drops``."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from nodes.device.views import ClockView, ConfigView, DropsView, LogView, UsersView, VersionView
from nodes.show import personality
from nodes.show.times import stamp


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


def version(view: VersionView) -> Iterator[str]:
    words = personality.of(view.personality)
    switch = words.software.startswith("IOS (tm)")
    if switch:
        yield "Cisco Internetwork Operating System Software "
    yield f"{words.software}, Version {view.personality}, RELEASE SOFTWARE {words.release}"
    yield f"Emulated by wirelab {view.wirelab}: the habits of this image, none of its code"
    yield ""
    yield "ROM: wirelab device process"
    yield ""
    yield f"{view.hostname} uptime is {uptime(view.uptime)}"
    yield "System returned to ROM by power-on"
    yield f'System image file is "{words.flash}"'
    yield ""
    if switch:
        yield "cisco WS-C2950-24 (RC32300) processor (revision G0) with 20402K bytes of memory."
        yield f"Processor board ID {view.board_id}"
        yield "Last reset from system-reset"
        yield "Running Standard Image"
    else:
        yield "Cisco 1841 (revision 7.0) with 236544K/25600K bytes of memory."
        yield f"Processor board ID {view.board_id}"
    for kind, count in view.port_types.items():
        word = f"{kind}/IEEE 802.3 interface(s)" if switch else f"{kind} interface" + ("" if count == 1 else "s")
        yield f"{count} {word}"
    yield ""
    if switch:
        yield "32K bytes of flash-simulated non-volatile configuration memory."
        yield f"Base ethernet MAC Address: {view.base_mac.replace('.', '')[:12].upper()}"
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
    count = view.total
    yield (
        "Syslog logging: enabled (0 messages dropped, 0 messages rate-limited, 0 flushes, 0 overruns, "
        "xml disabled, filtering disabled)"
    )
    yield "    Console logging: level debugging, xml disabled, filtering disabled"
    yield "    Monitor logging: level debugging, 0 messages logged, xml disabled, filtering disabled"
    yield f"    Buffer logging: level debugging, {count} messages logged, xml disabled, filtering disabled"
    yield f"    {personality.of(view.personality).exception_logging}"
    yield "    Count and timestamp logging messages: disabled"
    yield ""
    yield "No active filter modules."
    yield ""
    yield f"    Trap logging: level informational, {count} message lines logged"
    yield ""
    yield "Log Buffer (4096 bytes):"
    yield ""
    yield from view.lines


def clock(view: ClockView) -> Iterator[str]:
    # The asterisk of a clock that no authority has set.
    moment = datetime.fromtimestamp(view.wall, UTC)
    yield f"*{moment:%H:%M:%S}.{moment.microsecond // 1000:03} UTC {moment:%a %b} {moment.day} {moment.year}"


def users(view: UsersView) -> Iterator[str]:
    yield "    Line       User       Host(s)              Idle       Location"
    for user in view.users:
        mark = "*" if user.current else " "
        yield f"{mark}{user.number:>3} {user.line:<11}{'':<11}{'idle':<21}{stamp(user.idle):<11}"
    yield ""
    yield "  Interface    User               Mode         Idle     Peer Address"
    yield ""


def drops(view: DropsView) -> Iterator[str]:
    if not view.drops:
        yield "Nothing was dropped."
        return
    yield f"{'Reason':<26}{'Count':>10}  Meaning"
    for drop in view.drops:
        yield f"{drop.name:<26}{drop.count:>10}  {drop.help}"
