"""``show interfaces summary``, ``stats``, ``counters`` and ``counters errors``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from nodes.base.ifname import short
from nodes.device.views import DirectionView, InterfacesView, InterfaceView
from nodes.show import personality
from nodes.show.interfaces import thousands

_LEGEND: Final = (
    "",
    " *: interface is up",
    " IHQ: pkts in input hold queue     IQD: pkts dropped from input queue",
    " OHQ: pkts in output hold queue    OQD: pkts dropped from output queue",
    " RXBS: rx rate (bits/sec)          RXPS: rx rate (pkts/sec)",
    " TXBS: tx rate (bits/sec)          TXPS: tx rate (pkts/sec)",
    " TRTL: throttle count",
    "",
)
_WIDE: Final = (
    "  Interface                   IHQ       IQD       OHQ       OQD      RXBS      RXPS      TXBS      TXPS      TRTL",
    (10,) * 9,
)
_NARROW: Final = (
    "  Interface               IHQ   IQD  OHQ   OQD  RXBS RXPS  TXBS TXPS TRTL",
    (5, 6, 5, 6, 6, 5, 6, 5, 5),
)


def summary(view: InterfacesView) -> Iterator[str]:
    """Nothing waits in a queue for longer than a turn of the device: those are empty."""
    wide = personality.of(view.personality).wide_summary
    headings, widths = _WIDE if wide else _NARROW
    yield from _LEGEND
    yield headings
    yield "-" * len(headings)
    for entry in view.interfaces:
        figures: tuple[object, ...] = (
            0,
            entry.input.drops,
            0,
            entry.output.drops,
            thousands(entry.input.bit_rate),
            entry.input.packet_rate,
            thousands(entry.output.bit_rate),
            entry.output.packet_rate,
            0,
        )
        if entry.family == "subinterface":
            if not wide:
                continue
            figures = ("-",) * len(widths)
        columns = "".join(f"{figure:>{width}}" for figure, width in zip(figures, widths, strict=True))
        yield f"{'*' if entry.protocol == 'up' else ' '} {entry.name:<21}{columns}"
    if not wide and any(entry.family == "subinterface" for entry in view.interfaces):
        yield "NOTE:No separate counters are maintained for subinterfaces"
        yield "     Hence Details of subinterface are not shown"


def _four(title: str, *figures: int) -> str:
    return f"{title:>24}" + "".join(f"{figure:>11}" for figure in figures)


def stats(view: InterfacesView) -> Iterator[str]:
    """There is one way through this software, and it takes the processor."""
    for entry in view.interfaces:
        if entry.status == "administratively down":
            yield f"Interface {entry.name} is disabled"
            yield ""
            continue
        figures = (entry.input.packets, entry.input.octets, entry.output.packets, entry.output.octets)
        yield entry.name
        yield "          Switching path    Pkts In   Chars In   Pkts Out  Chars Out"
        yield _four("Processor", *figures)
        yield _four("Route cache", 0, 0, 0, 0)
        yield _four("Total", *figures)


def _table(
    view: InterfacesView, title: str, widths: tuple[int, ...], values: Callable[[InterfaceView], tuple[int, ...]]
) -> Iterator[str]:
    yield ""
    yield title
    for entry in view.interfaces:
        figures = "".join(f"{value:>{width}}" for value, width in zip(values(entry), widths, strict=True))
        yield f"{short(entry.name):<10}{figures}"


def _by_address(direction: DirectionView) -> tuple[int, ...]:
    broadcasts = direction.broadcasts - direction.multicasts
    return direction.octets, direction.packets - direction.broadcasts, direction.multicasts, broadcasts


def counters(view: InterfacesView) -> Iterator[str]:
    title = "Port            InOctets   InUcastPkts   InMcastPkts   InBcastPkts"
    yield from _table(view, title, (14,) * 4, lambda entry: _by_address(entry.input))
    title = "Port           OutOctets  OutUcastPkts  OutMcastPkts  OutBcastPkts"
    yield from _table(view, title, (14,) * 4, lambda entry: _by_address(entry.output))


def errors(view: InterfacesView) -> Iterator[str]:
    """A frame that is too long is the only fault that a wire here can have."""
    yield from _table(
        view,
        "Port        Align-Err    FCS-Err   Xmit-Err    Rcv-Err UnderSize OutDiscards",
        (11, 11, 11, 11, 10, 12),
        lambda entry: (0, 0, 0, entry.input.giants, 0, entry.output.drops),
    )
    yield from _table(
        view,
        "Port      Single-Col Multi-Col  Late-Col Excess-Col Carri-Sen     Runts    Giants",
        (10, 10, 10, 11, 10, 10, 10),
        lambda entry: (0, 0, 0, 0, 0, 0, entry.input.giants),
    )
