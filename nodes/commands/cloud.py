"""The console of a cloud: an IOS-like prompt, and shows about the Linux interfaces behind its ports."""

from __future__ import annotations

from nodes.cli.builtin import IOS
from nodes.cli.context import Args, Context
from nodes.cli.dialect import IosDialect
from nodes.cli.table import Table
from nodes.commands import system
from nodes.commands.console import Console
from nodes.commands.params import Interfaces, base_params
from nodes.device.cloud import Cloud
from nodes.device.views import AttachmentsView
from nodes.show import cloud as show

table = Table()


@table.show(
    "exec",
    "show attachments",
    text=show.attachments,
    help={"attachments": "Interfaces of this machine that the ports belong to"},
)
def show_attachments(ctx: Context, args: Args) -> AttachmentsView:
    device: Cloud = ctx.device
    return device.attachments_view()


def console(device: Cloud) -> Console:
    return Console(
        device,
        (IOS, table, system.common),
        IosDialect(lambda: device.config.hostname, domain_lookup=lambda: False),
        params=base_params(Interfaces(device.port_by_name)),
        config_mode=None,
    )
