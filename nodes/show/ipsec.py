"""``show crypto ipsec sa``, ``transform-set``, ``security-association lifetime``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from nodes.device.cryptoviews import (
    EspSaView,
    IpsecFlowView,
    IpsecInterfaceView,
    IpsecLifetimeView,
    IpsecSasView,
    TransformSetsView,
)
from nodes.show import personality
from nodes.show.personality import CryptoWords

#: Connection identifiers of IPsec SAs count from here; the crypto engine has numbers of its own, from 1.
_CONNECTIONS: Final = 2000


def _spi(spi: int, words: CryptoWords) -> str:
    """``0x07E39734(132355892)``; ``0x0(0)`` for none."""
    return f"0x{spi:0{words.spi_digits}X}({spi})" if spi else "0x0(0)"


def _esp(sa: EspSaView, map_name: str, words: CryptoWords, detail: bool) -> Iterator[str]:
    connection = words.sa_connection.format(id=sa.connection_id, flow=sa.connection_id - _CONNECTIONS, map=map_name)
    yield f"      spi: {_spi(sa.spi, words)}"
    yield f"        transform: {sa.transform} ,"
    yield f"        in use settings ={{{sa.settings}, }}"
    yield f"        {connection}"
    yield f"        sa timing: remaining key lifetime (k/sec): ({sa.remaining_kilobytes}/{sa.remaining_seconds})"
    yield f"        IV size: {sa.iv_octets} bytes"
    window = f"  replay window size: {sa.replay_window}" if detail else ""
    yield f"        replay detection support: {'Y' if sa.replay_window else 'N'}{window}"
    yield "        Status: ACTIVE"


def _direction(name: str, sas: Sequence[EspSaView], map_name: str, words: CryptoWords, detail: bool) -> Iterator[str]:
    """The three protocols of one direction; AH and compression are never in use."""
    yield f"     {name} esp sas:"
    for sa in sas:
        yield from _esp(sa, map_name, words, detail)
    yield ""
    yield f"     {name} ah sas:"
    yield ""
    yield f"     {name} pcp sas:"
    yield ""


def _errors(flow: IpsecFlowView, detail: bool) -> list[str]:
    """Packets lost; in detail by reason, where what has none of the reasons is a failure to seal or to open."""
    if not detail:
        return [f"#send errors {flow.send_errors}, #recv errors {flow.recv_errors}"]
    not_sealed = flow.send_errors - flow.no_sa
    not_opened = flow.recv_errors - flow.not_verified - flow.wrong_identity - flow.replayed
    return [
        # A packet with an unknown SPI belongs to no identity: it is counted in "show drops" alone.
        f"#pkts no sa (send) {flow.no_sa}, #pkts invalid sa (rcv) 0",
        f"#pkts encaps failed (send) {not_sealed}, #pkts decaps failed (rcv) {not_opened}",
        f"#pkts invalid prot (recv) 0, #pkts verify failed: {flow.not_verified}",
        f"#pkts invalid identity (recv) {flow.wrong_identity}, #pkts invalid len (rcv) 0",
        "#pkts replay rollover (send): 0, #pkts replay rollover (rcv) 0",
        # The doubled sign is IOS's own.
        f"##pkts replay failed (rcv): {flow.replayed}",
        "#pkts internal err (send): 0, #pkts internal err (recv) 0",
    ]


def _flow(
    flow: IpsecFlowView, interface: IpsecInterfaceView, words: CryptoWords, detail: bool, sections: bool
) -> Iterator[str]:
    local = f"{flow.local_address}/{flow.local_mask}/{flow.protocol}/{flow.local_port}"
    remote = f"{flow.remote_address}/{flow.remote_mask}/{flow.protocol}/{flow.remote_port}"
    indent = " " * words.sa_indent
    # The first identity of an interface, too, stands behind a blank line.
    yield ""
    yield "   protected vrf: (none)"
    yield f"   local  ident (addr/mask/prot/port): ({local})"
    yield f"   remote ident (addr/mask/prot/port): ({remote})"
    yield f"   current_peer {flow.peer} port {flow.peer_port}"
    yield f"{indent} PERMIT, flags={{origin_is_acl,}}"
    yield f"{indent}#pkts encaps: {flow.encaps}, #pkts encrypt: {flow.encaps}, #pkts digest: {flow.encaps}"
    yield f"{indent}#pkts decaps: {flow.decaps}, #pkts decrypt: {flow.decaps}, #pkts verify: {flow.decaps}"
    yield f"{indent}#pkts compressed: 0, #pkts decompressed: 0"
    yield f"{indent}#pkts not compressed: 0, #pkts compr. failed: 0"
    yield f"{indent}#pkts not decompressed: 0, #pkts decompress failed: 0"
    for line in _errors(flow, detail):
        yield f"{indent}{line}"
    if not sections:
        return
    yield ""
    mtu = words.sa_mtu.format(
        plaintext=flow.plaintext_mtu, path=flow.path_mtu, mtu=interface.mtu, interface=interface.interface
    )
    yield f"     local crypto endpt.: {interface.local}, remote crypto endpt.: {flow.peer}"
    yield f"     {mtu}"
    yield f"     current outbound spi: {_spi(flow.outbound_spi, words)}"
    if words.sa_pfs:
        group = "N, DH group: none" if flow.pfs_group is None else f"Y, DH group: group{flow.pfs_group}"
        yield f"     PFS (Y/N): {group}"
    yield ""
    yield from _direction("inbound", flow.inbound, flow.map_name, words, detail)
    yield from _direction("outbound", flow.outbound, flow.map_name, words, detail)


def sas(view: IpsecSasView) -> Iterator[str]:
    yield from _sas(view, detail=False)


def sas_detail(view: IpsecSasView) -> Iterator[str]:
    yield from _sas(view, detail=True)


def identities(view: IpsecSasView) -> Iterator[str]:
    """``show crypto ipsec sa identity``: the flows and their counters alone."""
    yield from _sas(view, detail=False, sections=False)


def _sas(view: IpsecSasView, *, detail: bool, sections: bool = True) -> Iterator[str]:
    words = personality.crypto_of(view.personality)
    for interface in view.interfaces:
        yield ""
        yield f"interface: {interface.interface}"
        yield f"    Crypto map tag: {interface.map_name}, local addr {interface.local}"
        for flow in interface.flows:
            yield from _flow(flow, interface, words, detail, sections)


def transform_sets(view: TransformSetsView) -> Iterator[str]:
    for entry in view.sets:
        yield f"Transform set {entry.name}: {{ {entry.transforms}  }} "
        yield f"   will negotiate = {{ {entry.mode.capitalize()},  }}, "
        yield ""


def lifetime(view: IpsecLifetimeView) -> Iterator[str]:
    yield f"Security association lifetime: {view.kilobytes} kilobytes/{view.seconds} seconds"
