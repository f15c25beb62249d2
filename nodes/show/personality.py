"""How software versions differ in wording, in one table instead of conditions all over the formatters.

A personality changes output only, never behaviour. ``12.4`` prints what the handout of lab No.4 shows; ``15.1`` what
younger images and the parsers written for them expect; ``2950`` is a switch of the 12.1 train.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Personality:
    """One software version's habits."""

    software: str
    """The product in ``show version``'s first line."""
    image: str
    flash: str
    release: str
    running_version: str
    """What ``show running-config`` says behind ``version``."""
    acl_matches: str
    """How an access list entry says that it matched; {n} is the count."""
    acl_one_match: str
    local_routes: bool
    """Whether /32 ``L`` routes stand in ``show ip route``, and masks behind connected networks."""
    route_indent: int
    bandwidth_unit: str
    brief_columns: tuple[int, int, int, int, int]
    """Widths of the first five columns of ``show ip interface brief``."""


_ROUTER_COLUMNS: Final = (27, 16, 4, 7, 22)

PERSONALITIES: Final = {
    "15.1(4)M12a": Personality(
        software="Cisco IOS Software, 1841 Software (C1841-ADVIPSERVICESK9-M)",
        image="C1841-ADVIPSERVICESK9-M",
        flash="flash:c1841-advipservicesk9-mz.151-4.M12a.bin",
        release="(fc1)",
        running_version="15.1",
        acl_matches="({n} matches)",
        acl_one_match="(1 match)",
        local_routes=True,
        route_indent=6,
        bandwidth_unit="Kbit/sec",
        brief_columns=_ROUTER_COLUMNS,
    ),
    "12.4(15)T1": Personality(
        software="Cisco IOS Software, 1841 Software (C1841-ADVIPSERVICESK9-M)",
        image="C1841-ADVIPSERVICESK9-M",
        flash="flash:c1841-advipservicesk9-mz.124-15.T1.bin",
        release="(fc2)",
        running_version="12.4",
        acl_matches="({n} match(es))",
        acl_one_match="(1 match(es))",
        local_routes=False,
        route_indent=5,
        bandwidth_unit="Kbit",
        brief_columns=_ROUTER_COLUMNS,
    ),
    "12.1(22)EA4": Personality(
        software="IOS (tm) C2950 Software (C2950-I6Q4L2-M)",
        image="C2950-I6Q4L2-M",
        flash="flash:/c2950-i6q4l2-mz.121-22.EA4.bin",
        release="(fc1)",
        running_version="12.1",
        acl_matches="({n} matches)",
        acl_one_match="(1 match)",
        local_routes=False,
        route_indent=5,
        bandwidth_unit="Kbit",
        brief_columns=(23, 16, 4, 7, 22),
    ),
}


def of(version: str) -> Personality:
    """The personality of a software version; versions come checked from the lab file."""
    return PERSONALITIES[version]
