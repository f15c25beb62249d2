"""``show attachments`` of a cloud."""

from __future__ import annotations

from collections.abc import Iterator

from nodes.base.ifname import short
from nodes.device.views import AttachmentsView


def attachments(view: AttachmentsView) -> Iterator[str]:
    if not view.attachments:
        yield "No port is attached to an interface of this machine."
        return
    yield "Port   Interface        Kind    Host  Wire      To host  From host"
    for entry in view.attachments:
        counters = f"{entry.to_host_packets:9} {entry.from_host_packets:10}"
        line = (
            f"{short(entry.port):<6} {entry.interface:<16} {entry.kind:<7} {entry.host:<5} {entry.wire:<6} {counters}"
        )
        yield f"{line}  {entry.note}".rstrip()
