"""``show port-security``, ``show errdisable``, ``show interfaces status err-disabled``, ``show storm-control``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from nodes.base.ifname import short
from nodes.device.portviews import (
    DetectView,
    DisabledPortsView,
    RecoveryView,
    SecureAddressesView,
    SecurePortsView,
    StormsView,
)

_TOTAL: Final = "Total Addresses in System (excluding one mac per port)     : "
_LIMIT: Final = "Max Addresses limit in System (excluding one mac per port) : "


def summary(view: SecurePortsView) -> Iterator[str]:
    yield "Secure Port  MaxSecureAddr  CurrentAddr  SecurityViolation  Security Action"
    yield "                (Count)       (Count)          (Count)"
    yield "-" * 75
    for port in view.ports:
        if port.enabled:
            yield (
                f"{short(port.name):>11}{port.maximum:>13}{port.total:>13}{port.violations:>18}         "
                f"{port.violation.capitalize()}"
            )
    yield "-" * 75
    yield from _system(view.extra, view.limit)


def _system(extra: int, limit: int) -> Iterator[str]:
    yield f"{_TOTAL}{extra}"
    yield f"{_LIMIT}{limit}"


def interface(view: SecurePortsView) -> Iterator[str]:
    for port in view.ports:
        yield f"Port Security              : {'Enabled' if port.enabled else 'Disabled'}"
        yield f"Port Status                : {port.status}"
        yield f"Violation Mode             : {port.violation.capitalize()}"
        yield f"Aging Time                 : {port.aging_minutes} mins"
        yield f"Aging Type                 : {'Inactivity' if port.by_silence else 'Absolute'}"
        yield f"SecureStatic Address Aging : {'Enabled' if port.ages_configured else 'Disabled'}"
        yield f"Maximum MAC Addresses      : {port.maximum}"
        yield f"Total MAC Addresses        : {port.total}"
        yield f"Configured MAC Addresses   : {port.configured}"
        yield f"Sticky MAC Addresses       : {port.sticky}"
        yield f"Last Source Address        : {port.last}"
        yield f"Security Violation Count   : {port.violations}"


def addresses(view: SecureAddressesView) -> Iterator[str]:
    yield "          Secure Mac Address Table"
    yield "-" * 67
    yield "Vlan    Mac Address       Type                     Ports   Remaining Age"
    yield "                                                              (mins)"
    yield "----    -----------       ----                     -----   -------------"
    for entry in view.addresses:
        left = "-" if entry.minutes_left is None else str(entry.minutes_left)
        yield f"{entry.vlan:>4}    {entry.mac:<18}{entry.origin:<25}{short(entry.port):<8}{left:>7}"
    yield "-" * 67
    yield from _system(view.extra, view.limit)


def _table(title: str, reasons: Sequence[tuple[str, bool]]) -> Iterator[str]:
    yield title
    yield "-----------------    --------------"
    for reason, on in reasons:
        yield f"{reason[:17]:<21}{'Enabled' if on else 'Disabled'}"


def recovery(view: RecoveryView) -> Iterator[str]:
    yield from _table("ErrDisable Reason    Timer Status", view.causes)
    yield ""
    yield f"Timer interval: {view.interval} seconds"
    yield ""
    yield "Interfaces that will be enabled at the next timeout:"
    yield ""
    if view.ports:
        yield "Interface    Errdisable reason    Time left(sec)"
        yield "---------    -----------------    --------------"
    for port in view.ports:
        yield f"{short(port.name):>9}    {port.cause:>17}    {port.left:>10}"


def detect(view: DetectView) -> Iterator[str]:
    yield from _table("ErrDisable Reason    Detection status", view.causes)


def disabled(view: DisabledPortsView) -> Iterator[str]:
    yield ""
    yield "Port      Name               Status       Reason"
    for port in view.ports:
        yield f"{short(port.name):<10}{port.description[:18]:<19}{'err-disabled':<13}{port.cause}"


def storms(view: StormsView) -> Iterator[str]:
    yield "Interface  Filter State   Upper    Lower    Current"
    yield "---------  -------------  -------  -------  -------"
    for storm in view.storms:
        state = "Blocking" if storm.blocked else "Forwarding" if storm.active else "Link Down"
        upper, lower, current = (f"{level / 100:.2f}%" for level in (storm.rising, storm.falling, storm.current))
        yield f"{short(storm.port):<11}{state:<15}{upper:>7}  {lower:>7}  {current:>7}"
