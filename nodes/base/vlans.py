"""Sets of VLAN numbers as text."""

from __future__ import annotations

from collections.abc import Iterable


def vlan_list(vlans: Iterable[int], *, dash: str = "-", comma: str = ",") -> str:
    """{1, 10, 11, 12} -> ``1,10-12``."""
    runs: list[list[int]] = []
    for vlan in sorted(vlans):
        if runs and vlan == runs[-1][1] + 1:
            runs[-1][1] = vlan
        else:
            runs.append([vlan, vlan])
    return comma.join(str(low) if low == high else f"{low}{dash}{high}" for low, high in runs)
