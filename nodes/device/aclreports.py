"""What access lists with ``log`` write into the log: ``%SEC-6-IPACCESSLOGP`` and its kin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nodes.base.addr import format_ipv4
from nodes.device import acltext
from nodes.engine.acl import AccessList, AclEntry, Action, Flow
from nodes.engine.acllog import AclLog

if TYPE_CHECKING:
    from nodes.device.ios import IosDevice


class AclReports:
    """The reports of one device."""

    def __init__(self, device: IosDevice) -> None:
        self.flows = AclLog()
        self._device = device

    def match(self, access_list: AccessList, entry: AclEntry, flow: Flow, where: str = "") -> None:
        """A packet matched an entry with ``log``; ``where`` is what ``log-input`` adds to the source."""
        name = _name(access_list, entry, flow, f" ({where})" if entry.rule.log_input and where else "")
        self._report(name, self.flows.hit(name, self._device.now, self._device.config.log_update))

    def handle_timer(self, now: float) -> None:
        for name, count in self.flows.due(now):
            self._report(name, count)

    def _report(self, name: str, count: int) -> None:
        if count:
            mnemonic, _, text = name.partition(" ")
            self._device.log("SEC", 6, mnemonic, f"{text}{count} packet{'' if count == 1 else 's'}")


def _name(access_list: AccessList, entry: AclEntry, flow: Flow, where: str) -> str:
    """The line without its number of packets, which is what tells flows apart."""
    verb = "permitted" if entry.rule.action is Action.PERMIT else "denied"
    source, destination = format_ipv4(flow.source), format_ipv4(flow.destination)
    head = f"list {access_list.name} {verb}"
    if not access_list.extended:
        return f"IPACCESSLOGS {head} {source} "
    protocol = acltext.protocol_text(flow.protocol)
    if flow.source_port >= 0:
        ends = f"{source}({flow.source_port}){where} -> {destination}({flow.destination_port})"
        return f"IPACCESSLOGP {head} {protocol} {ends}, "
    if flow.icmp_type >= 0:
        ends = f"{source}{where} -> {destination} ({flow.icmp_type}/{flow.icmp_code})"
        return f"IPACCESSLOGDP {head} {protocol} {ends}, "
    return f"IPACCESSLOGNP {head} {protocol} {source}{where} -> {destination}, "
