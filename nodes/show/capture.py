"""``show packets`` and ``show capture`` of a sniffer."""

from __future__ import annotations

from collections.abc import Iterator

from nodes.base.ifname import short
from nodes.decode import text
from nodes.device.views import CaptureView


def status(view: CaptureView) -> Iterator[str]:
    yield f"Service : {'on' if view.service else 'off'}"
    yield f"Filter  : {view.filter or 'none, every packet is shown'}"
    yield f"Buffer  : {view.captured - view.overwritten} of {view.capacity} packets, {view.overwritten} overwritten"


def packets(view: CaptureView) -> Iterator[str]:
    if view.detail:
        for packet in view.packets:
            yield from text.packet_detail(packet.number, packet.seconds, short(packet.port), packet.frame)
            yield ""
    else:
        yield text.HEADINGS
        for packet in view.packets:
            yield text.packet_line(packet.number, packet.seconds, short(packet.port), packet.frame)
    if not view.packets:
        what = "No packet in the buffer" + (" passes the filter" if view.filter and view.captured else "")
        yield f"{what} (service {'on' if view.service else 'off'})."
