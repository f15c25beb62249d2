"""How software versions differ in wording, in one table instead of conditions all over the formatters.

A personality changes output only, never behaviour. ``12.4`` prints what the handout of lab No.4 shows; ``15.1`` what
younger images and the parsers written for them expect; ``2950`` is a switch of the 12.1 train.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Personality:
    """One software version's habits. What the box and its image are called is in :mod:`nodes.device.images`."""

    running_version: str
    """What ``show running-config`` says behind ``version``."""
    acl_matches: str
    """How an access list entry says that it matched; {n} is the count."""
    acl_one_match: str
    local_routes: bool
    """Whether /32 ``L`` routes stand in ``show ip route``, and masks behind connected networks."""
    filtered_routes_legend: bool
    """Whether the legend heads also the routes of one kind, and what no routing protocol does is said."""
    route_indent: int
    default_route_first: bool
    """Whether 0.0.0.0/0 heads the routes of ``show ip route`` or ends them."""
    blank_before_probes: bool
    """Whether ping and traceroute begin with a blank line."""
    trace_vrf_line: bool
    """Whether traceroute explains its VRF fields."""
    broadcast_note: str
    """What ``show interfaces`` says behind the broadcasts, with the counts {ip_multicasts} and {multicasts}; then the
    runts get a line of their own. "" for neither."""
    unknown_protocols: bool
    """Whether ``show interfaces`` counts unknown protocol drops."""
    discriminators: bool
    """Whether ``show logging`` says that no message discriminator is in use."""
    exception_logging: str
    """How ``show logging`` words the size of the exception log; parsers know the younger form."""
    nvram_octets: int
    bandwidth_unit: str
    brief_columns: tuple[int, int, int, int, int]
    """Widths of the first five columns of ``show ip interface brief``."""
    wide_summary: bool
    """Whether ``show interfaces summary`` has room for fast interfaces, and lists subinterfaces."""


_ROUTER_COLUMNS: Final = (27, 16, 4, 7, 22)

PERSONALITIES: Final = {
    "15.1(4)M12a": Personality(
        running_version="15.1",
        acl_matches="({n} matches)",
        acl_one_match="(1 match)",
        local_routes=True,
        filtered_routes_legend=True,
        route_indent=6,
        default_route_first=True,
        blank_before_probes=False,
        trace_vrf_line=True,
        broadcast_note=" ({ip_multicasts} IP multicasts)",
        unknown_protocols=True,
        discriminators=True,
        exception_logging="Exception Logging: size (4096 bytes)",
        nvram_octets=196600,
        bandwidth_unit="Kbit/sec",
        brief_columns=_ROUTER_COLUMNS,
        wide_summary=True,
    ),
    "12.4(15)T1": Personality(
        running_version="12.4",
        acl_matches="({n} match(es))",
        acl_one_match="(1 match(es))",
        local_routes=False,
        filtered_routes_legend=False,
        route_indent=5,
        default_route_first=False,
        blank_before_probes=True,
        trace_vrf_line=False,
        broadcast_note="",
        unknown_protocols=False,
        discriminators=True,
        exception_logging="Logging Exception size (4096 bytes)",
        nvram_octets=196600,
        bandwidth_unit="Kbit",
        brief_columns=_ROUTER_COLUMNS,
        wide_summary=False,
    ),
    "12.1(22)EA4": Personality(
        running_version="12.1",
        acl_matches="({n} matches)",
        acl_one_match="(1 match)",
        local_routes=False,
        filtered_routes_legend=False,
        route_indent=5,
        default_route_first=False,
        blank_before_probes=True,
        trace_vrf_line=False,
        broadcast_note=" ({multicasts} multicast)",
        unknown_protocols=False,
        discriminators=False,
        exception_logging="Exception Logging: size (4096 bytes)",
        nvram_octets=32768,
        bandwidth_unit="Kbit",
        brief_columns=(23, 16, 4, 7, 22),
        wide_summary=False,
    ),
}


def of(version: str) -> Personality:
    """The personality of a software version; versions come checked from the lab file."""
    return PERSONALITIES[version]


@dataclass(frozen=True, slots=True)
class CryptoWords:
    """How ``show crypto`` differs: templates in braces, and the lines that older software does not have."""

    isakmp_slot: bool
    """Whether ``show crypto isakmp sa`` has a slot column."""
    default_policy: bool
    """Whether ``show crypto isakmp policy`` ends with the suite of last resort."""
    sa_indent: int
    """Blanks before the packet counters of ``show crypto ipsec sa``; PERMIT stands one further in."""
    sa_mtu: str
    sa_pfs: bool
    """Whether the PFS line follows the outbound SPI."""
    sa_connection: str
    spi_digits: int
    """Hexadecimal digits that an SPI has at least."""
    map_title: str
    map_younger_lines: bool
    """Whether ``show crypto map`` has the lines on dynamic lists, responder-only and mixed mode."""
    map_transform_set: str
    """A transform set in ``show crypto map``."""


#: A switch of the 12.1 train has no crypto.
CRYPTO: Final = {
    "15.1(4)M12a": CryptoWords(
        isakmp_slot=False,
        default_policy=False,
        sa_indent=4,
        sa_mtu="plaintext mtu {plaintext}, path mtu {path}, ip mtu {mtu}, ip mtu idb {interface}",
        sa_pfs=True,
        sa_connection="conn id: {id}, flow_id: SW:{flow}, sibling_flags 80000046, crypto map: {map}",
        spi_digits=1,
        map_title='Crypto Map IPv4 "{name}" {sequence} ipsec-isakmp',
        map_younger_lines=True,
        map_transform_set="{name}:  {{ {transforms}  }} , ",
    ),
    "12.4(15)T1": CryptoWords(
        isakmp_slot=True,
        default_policy=True,
        sa_indent=3,
        sa_mtu="path mtu {path}, ip mtu {mtu}, ip mtu idb {interface}",
        sa_pfs=False,
        sa_connection="conn id: {id}, flow_id: FPGA:1, crypto map: {map}",
        spi_digits=8,
        map_title='Crypto Map "{name}" {sequence} ipsec-isakmp',
        map_younger_lines=False,
        map_transform_set="{name}, ",
    ),
}


def crypto_of(version: str) -> CryptoWords:
    """The crypto wording of a router's software version."""
    return CRYPTO[version]


@dataclass(frozen=True, slots=True)
class CdpWords:
    """How ``show cdp`` differs."""

    legend: tuple[str, ...]
    """What the capability codes mean."""
    holdtime: int
    """Where that column of ``show cdp neighbors`` begins."""
    capability: int
    """Where the codes would begin if there were none: they stand in the middle of their column."""
    total: bool
    """Whether the number of entries ends the lists."""
    fragmented: bool
    """Whether ``show cdp traffic`` counts packets in pieces."""


_LEGEND: Final = "Capability Codes: R - Router, T - Trans Bridge, B - Source Route Bridge"

CDP: Final = {
    "15.1(4)M12a": CdpWords(
        legend=(
            _LEGEND,
            "                  S - Switch, H - Host, I - IGMP, r - Repeater, P - Phone, ",
            "                  D - Remote, C - CVTA, M - Two-port Mac Relay ",
        ),
        holdtime=35,
        capability=54,
        total=True,
        fragmented=False,
    ),
    "12.4(15)T1": CdpWords(
        legend=(_LEGEND, "                  S - Switch, H - Host, I - IGMP, r - Repeater"),
        holdtime=36,
        capability=50,
        total=False,
        fragmented=True,
    ),
    "12.1(22)EA4": CdpWords(
        legend=(_LEGEND, "                  S - Switch, H - Host, I - IGMP, r - Repeater, P - Phone"),
        holdtime=36,
        capability=50,
        total=False,
        fragmented=True,
    ),
}


def cdp_of(version: str) -> CdpWords:
    return CDP[version]
