"""The wording of ``debug crypto isakmp`` and ``debug crypto ipsec``, where it takes more than one value."""

from __future__ import annotations

from collections.abc import Iterator

from nodes.base.addr import IPV4_MAX, format_ipv4
from nodes.engine.ike.config import MapEntry
from nodes.engine.ike.sa import Pair
from nodes.esp.association import Association, EspTransform, Mode, Proxies, Selector


def signed(message_id: int) -> int:
    """Message IDs are printed as signed numbers of 32 bits."""
    return message_id - (1 << 32) if message_id >> 31 else message_id


def spi_text(spi: int) -> str:
    return f"0x{spi:X}({spi})"


def _proxy(selector: Selector) -> str:
    return f"{selector} (type={1 if selector.mask == IPV4_MAX else 4})"


def _message(
    direction: str,
    local: int,
    remote: int,
    proxies: Proxies,
    transform: EspTransform | None,
    life: str,
    mode: Mode = Mode.TUNNEL,
) -> Iterator[str]:
    listing = f"{transform.listing} " if transform else "NONE "
    size = transform.cipher_suite.key_length * 8 if transform and transform.cipher.startswith("aes") else 0
    yield f"  (key eng. msg.) {direction} local= {format_ipv4(local)}, remote= {format_ipv4(remote)},"
    yield f"    local_proxy= {_proxy(proxies.local)},"
    yield f"    remote_proxy= {_proxy(proxies.remote)},"
    yield f"    protocol= ESP, transform= {listing} ({mode.name.capitalize()}),"
    yield f"    lifedur= {life},"
    yield f"    spi= 0x0(0), conn_id= 0, keysize= {size}, flags= 0x0"


def requested(entry: MapEntry, peer: int, proxies: Proxies) -> Iterator[str]:
    """Traffic asks for SAs: one message for each transform set."""
    for item in entry.transform_sets:
        life = f"{entry.lifetime_seconds}s and {entry.lifetime_kilobytes}kb"
        mode = item.mode_for(proxies, entry.local_address, peer)
        yield "IPSEC(sa_request): ,"
        yield from _message("OUTBOUND", entry.local_address, peer, proxies, item.transform, life, mode)


def validated(local: int, remote: int, proxies: Proxies, transform: EspTransform | None) -> Iterator[str]:
    """A peer's proposal is checked against our crypto maps."""
    yield "IPSEC(validate_proposal_request): proposal part #1,"
    yield from _message("INBOUND", local, remote, proxies, transform, "0s and 0kb")
    yield "Crypto mapdb : proxy_match"
    yield f"    src addr     : {format_ipv4(proxies.local.address)}"
    yield f"    dst addr     : {format_ipv4(proxies.remote.address)}"
    yield f"    protocol     : {proxies.local.protocol}"
    yield f"    src port     : {proxies.local.port}"
    yield f"    dst port     : {proxies.remote.port}"


def created(pair: Pair, association: Association, connection_id: int) -> Iterator[str]:
    yield "IPSEC(create_sa): sa created,"
    yield f"  (sa) sa_dest= {format_ipv4(association.destination)}, sa_proto= 50,"
    yield f"    sa_spi= {spi_text(association.spi)},"
    yield f"    sa_trans= {association.transform.listing} , sa_conn_id= {connection_id}"
    yield f"    sa_lifetime(k/sec)= ({pair.lifetime_kilobytes}/{pair.lifetime_seconds})"


def deleted(pair: Pair) -> Iterator[str]:
    ends = (
        (pair.inbound, pair.owner.local, pair.inbound_spi, pair.inbound_id),
        (
            pair.outbound,
            pair.peer,
            pair.outbound_spi,
            pair.outbound_id,
        ),
    )
    for handed_out, destination, spi, connection_id in ends:
        if handed_out and pair.transform:
            yield "IPSEC(delete_sa): deleting SA,"
            yield f"  (sa) sa_dest= {format_ipv4(destination)}, sa_proto= 50,"
            yield f"    sa_spi= {spi_text(spi)},"
            yield f"    sa_trans= {pair.transform.listing} , sa_conn_id= {connection_id}"
