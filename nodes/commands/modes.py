"""The configuration modes of IOS-like devices below the global one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from nodes.base import ifname
from nodes.base.ifname import Family
from nodes.cli.table import CONFIG, EXEC, Mode

#: Groups of modes, for which commands of interfaces are declared: all interfaces, ports, and those that may have an
#: address. A command's scope is a list of interfaces, of one after ``interface NAME``; what it prints is printed for
#: one interface.
INTERFACE: Final = "interface"
PORT: Final = "port"
SUBINTERFACE: Final = "subinterface"
ROUTED: Final = "routed"

#: The mode of an interface, and that of a range of them, which has the same commands.
INTERFACE_MODES: Final = {
    Family.PORT: ("config-if", "config-if-range"),
    Family.SUBINTERFACE: ("config-subif", "config-subif-range"),
    Family.LOOPBACK: ("config-loopback", "config-loopback-range"),
    Family.VLAN: ("config-svi", "config-svi-range"),
}


def interface_mode(name: str, *, several: bool = False) -> str:
    """The mode in which an interface, or ``several`` like it, are configured."""
    return INTERFACE_MODES[ifname.family(name)][several]


def interface_modes(*, routed: Iterable[Family], bridged: Iterable[Family] = ()) -> tuple[Mode, ...]:
    """The modes of a device whose interfaces of these families may have addresses, or may not."""
    modes = []
    for families, groups in ((routed, (INTERFACE, ROUTED)), (bridged, (INTERFACE,))):
        for family in families:
            kind = "subif" if family is Family.SUBINTERFACE else "if"
            for name, suffix in zip(INTERFACE_MODES[family], ("", "-range"), strict=True):
                prompt = f"(config-{kind}{suffix})"
                modes.append(Mode(name, prompt, "config", "Interface configuration commands:", (*groups, family.value)))
    return tuple(modes)


LINE_MODE: Final = Mode("config-line", "(config-line)", "config", "Line configuration commands:")
VLAN_MODE: Final = Mode("config-vlan", "(config-vlan)", "config", "VLAN configuration commands:")
ACL_MODES: Final = (
    Mode("config-std-nacl", "(config-std-nacl)", "config", "Standard Access List configuration commands:"),
    Mode("config-ext-nacl", "(config-ext-nacl)", "config", "Ext Access List configuration commands:"),
)

#: The words for modes in ``alias`` and ``privilege``: what they say, and the modes or groups of modes that they mean.
WORDS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "exec": ("Exec mode", ("exec",)),
    "configure": ("Global configuration mode", ("config",)),
    "interface": ("Interface configuration mode", (INTERFACE,)),
    "line": ("Line configuration mode", ("config-line",)),
    "config-vlan": ("VLAN configuration mode", ("config-vlan",)),
    "ipenacl": ("IP named extended access-list configuration mode", ("config-ext-nacl",)),
    "ipsnacl": ("IP named simple access-list configuration mode", ("config-std-nacl",)),
    "crypto-isakmp": ("Crypto ISAKMP policy configuration mode", ("config-isakmp",)),
    "crypto-map": ("Crypto map configuration mode", ("config-crypto-map",)),
    "crypto-transform": ("Crypto transform configuration mode", ("cfg-crypto-trans",)),
}


def modes_by_word(modes: Iterable[Mode]) -> dict[str, tuple[str, ...]]:
    """Word -> the names of the modes that it means, among ``modes`` and the two that every device has."""
    known = (EXEC, CONFIG, *modes)
    found = {
        word: tuple(mode.name for mode in known if not {mode.name, *mode.groups}.isdisjoint(names))
        for word, (_, names) in WORDS.items()
    }
    return {word: names for word, names in found.items() if names}
