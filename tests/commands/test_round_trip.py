"""A configuration printed and read again is the same configuration, and prints the same text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from nodes.base.addr import Prefix, length_to_mask
from nodes.base.limits import SpanLimits
from nodes.cli.batch import load_config
from nodes.cli.render import render
from nodes.commands import banner, kept
from nodes.commands.kept import Row, Style
from nodes.device.access import AccessConfig, Credential, User
from nodes.device.config import (
    EXEC_ALIASES,
    NULL0,
    CdpConfig,
    CommandLevel,
    InterfaceAddress,
    LineConfig,
    PortSecurityConfig,
    RoutedInterfaceConfig,
    RouterConfig,
    RouteSettings,
    StaticRoute,
    SubinterfaceConfig,
    SwitchConfig,
    SwitchPortConfig,
)
from nodes.device.ios import IosDevice
from nodes.device.logconfig import LogConfig, Stamp, Timezone
from nodes.device.logins import BlockFor, LoginConfig
from nodes.device.portguard import CAUSES
from nodes.engine.acl import AccessList, AclRule, Action, PortMatch, PortOperator
from nodes.engine.span.sessions import Destination, Direction, Encapsulation, Session
from tests.device.bench import Bench

NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,10}[A-Za-z0-9]", fullmatch=True)
TEXTS = st.from_regex(r"[!-~]([ -~]{0,30}[!-~])?", fullmatch=True).filter(lambda text: "|" not in text)
MACS = st.binary(min_size=5, max_size=5).map(lambda octets: b"\x02" + octets)
ADDRESSES = st.integers(0x01000001, 0x7EFFFFFE) | st.integers(0x80000001, 0xDFFFFFFE)
ROUTER_PORTS = ("FastEthernet0/0", "FastEthernet0/1")
SWITCH_PORTS = tuple(f"FastEthernet0/{number}" for number in range(1, 25))
SPEEDS = st.sampled_from(("auto", "10", "100"))
DUPLEXES = st.sampled_from(("auto", "full", "half"))

#: Blanks at the end of a password belong to it; text that looks like a keyword is still the password.
CLEAR = TEXTS | TEXTS.map(lambda text: text + " ") | st.sampled_from(("0", "7", "7 0822455D0A16", "level", "lev 15 x"))
PASSWORDS = st.builds(Credential, st.just(0), CLEAR) | st.sampled_from((Credential(7, "0822455D0A16"),))
SECRETS = st.sampled_from(
    (
        Credential(5, "$1$mERr$hx5rVt7rPNoS4wqbXKX7m0"),
        Credential(8, "$8$TnGX/fE4KGHOVU$pEhnEvxrvaynpi8j4f.EMHr6M.FzU8xnZnBr/tJdFWk"),
        Credential(9, "$9$2MJBozw/9R3UsU$2lFhcKvpghcyw8deP25GOfyZaagyUOGBymkryvOdfo6"),
    )
)
BANNERS = (
    st.lists(st.just("") | TEXTS | st.sampled_from(("!", "end", " x ", "^C#", "^")), max_size=4)
    .map("\n".join)
    .filter(bool)
)

#: What may follow the fixed words of a kept line.
RESTS = {
    "<image:line>": ("flash:a.bin", "usbflash0:b.bin"),
    "<number:68-1073741823>": ("8192",),
    "<seconds:5-300>": ("10",),
    "<interface:new-interface>": ("FastEthernet0/1",),
    "<name:word>": ("anna",),
    "<seconds:1-120>": ("60",),
    "<number:0-5>": ("2",),
    "{1|2}": ("1", "2"),
    "{enable|local}": ("local",),
    "idle <seconds:1-600> life <second-number:1-86400> requests <third-number:1-86400>": ("idle 1 life 2 requests 3",),
    "<name:word> [RO|RW] [<acl:1-99,1300-1999>]": ("public RO", "private RW 10", "x"),
    "persist": ("persist",),
    "<text:line>": ("Room 1 | rack 2",),
    "[<name:word>] [<text:line>]": ("snmp linkup linkdown", "tty"),
    "<address:ipv4> [version {1|2c}] <name:word>": ("10.0.0.9 version 2c public",),
    "<number:3000-60000> <second-number:1000-8000>": ("20000 1000",),
    "<milliseconds:500-2147483647>": ("500",),
    "<number:0-4294967295>": ("9600",),
    "<address:ipv4> [prefer]": ("10.0.0.8 prefer", "10.0.0.9"),
    "<percent:5-50>": ("10",),
    "<seconds:1-65535>": ("180",),
    "authenticated": ("authenticated",),
    "nd": ("nd",),
    "{pvst|rapid-pvst|mst}": ("rapid-pvst",),
    "{InOut|Dialin}": ("InOut",),
    "{1|1.5|2}": ("1.5",),
    "{5|6|7|8}": ("8",),
    "{even|odd|none|space|mark}": ("odd",),
    "{none|software|hardware}": ("none",),
    "[cef|flow|same-interface]": ("", "cef"),
    "rj45": ("rj45",),
    "": ("",),
}


@st.composite
def kept_lines(draw: st.DrawFn, *rows: Row) -> dict[str, tuple[str, ...]]:
    """What a device or a part of it may have in ``kept``."""
    found: dict[str, tuple[str, ...]] = {}
    for row in draw(st.sets(st.sampled_from(rows), max_size=6)):
        lines = [f"{row.words} {rest}".rstrip() for rest in RESTS[row.rest]]
        if row.style in (Style.ON, Style.SHOWN) and (row.style is Style.ON or draw(st.booleans())):
            lines = [f"no {line}" for line in lines]
        some = draw(st.permutations(lines)) if row.style is Style.MANY else [draw(st.sampled_from(lines))]
        found[row.words] = tuple(some)
    return found


LINES = st.builds(
    LineConfig,
    exec_timeout=st.integers(0, 35791 * 60 + 59),
    logging_synchronous=st.booleans(),
    length=st.integers(0, 512),
    width=st.integers(0, 512),
    history_size=st.integers(0, 256),
    keeps_history=st.booleans(),
    editing=st.booleans(),
    lockable=st.booleans(),
    login=st.sampled_from(("", "line", "local")),
    password=st.none() | PASSWORDS,
    privilege=st.integers(0, 15),
    login_timeout=st.integers(0, 300),
    executes=st.booleans(),
    access_in=st.sampled_from(("", "10", "MGMT")),
    access_out=st.sampled_from(("", "10", "MGMT")),
    transport_input=st.sampled_from(("", "all", "none", "telnet ssh", "pad telnet rlogin lapb-ta mop udptn v120 ssh")),
    transport_output=st.sampled_from(("", "all", "none", "ssh")),
    transport_preferred=st.sampled_from(("", "none", "telnet")),
    absolute_timeout=st.integers(0, 10000),
    session_timeout=st.integers(0, 35791),
    motd_banner=st.booleans(),
    exec_banner=st.booleans(),
    kept=kept_lines(*kept.LINE),
)


LOGINS = st.builds(
    LoginConfig,
    st.none() | st.builds(BlockFor, *[st.integers(1, 65535)] * 3),
    st.just("") | st.sampled_from(("10", "MGMT")),
    st.integers(0, 10),
    st.none() | st.integers(0, 65535),
    st.integers(0, 65535),
)
USERS = st.builds(User, st.integers(0, 15), st.none() | PASSWORDS | SECRETS) | st.builds(
    User, st.integers(0, 15), nopassword=st.just(True)
)


@st.composite
def vty_lines(draw: st.DrawFn, least: int, most: int = 12) -> dict[int, LineConfig]:
    """Some kinds of lines, of which lines side by side are often alike."""
    kinds = st.sampled_from([LineConfig(), *draw(st.lists(LINES, max_size=2))])
    lines = draw(st.lists(kinds, min_size=least, max_size=most))
    return {number: replace(line) for number, line in enumerate(lines)}


@st.composite
def access_configs(draw: st.DrawFn) -> AccessConfig:
    """Never with ``service password-encryption``, which would not leave the clear passwords of the lines alone."""
    levels = st.integers(1, 15)
    secrets = draw(st.dictionaries(levels, SECRETS, max_size=2))
    passwords = draw(st.dictionaries(levels, PASSWORDS, max_size=2))
    banners = draw(st.dictionaries(st.sampled_from(banner.KINDS), BANNERS, max_size=3))
    users = draw(st.dictionaries(NAMES, USERS, max_size=3))
    return AccessConfig(False, secrets, passwords, draw(st.integers(0, 16)), draw(LOGINS), users, banners)


#: Keywords of commands that every box with an IOS-like console has, by the word for the mode.
COMMAND_WORDS = {
    "exec": (
        "show running-config interface",
        "show ip interface brief",
        "configure terminal",
        "clear counters",
        "reload",
    ),
    "configure": ("hostname", "interface", "ip access-list standard", "username"),
    "interface": ("description", "shutdown", "speed"),
    "line": ("exec-timeout", "login"),
}


@st.composite
def command_levels(draw: st.DrawFn) -> dict[tuple[str, tuple[str, ...]], CommandLevel]:
    """With a command the shorter ones of which it is one have a level, too."""
    found: dict[tuple[str, tuple[str, ...]], CommandLevel] = {}
    entries = st.builds(CommandLevel, st.integers(0, 15), st.booleans())
    for mode, lines in COMMAND_WORDS.items():
        for line in draw(st.lists(st.sampled_from(lines), max_size=2)):
            words = tuple(line.split())
            for length in range(1, len(words) + 1):
                found[mode, words[:length]] = draw(entries)
    return found


ALIAS_TEXTS = TEXTS | st.sampled_from(("show ip route | include a", "ping"))


@st.composite
def aliases(draw: st.DrawFn) -> dict[str, dict[str, str]]:
    found = draw(
        st.dictionaries(
            st.sampled_from(("configure", "interface", "line")),
            st.dictionaries(NAMES, ALIAS_TEXTS, min_size=1, max_size=2),
        )
    )
    kept = draw(st.sets(st.sampled_from(tuple(EXEC_ALIASES))))
    of_exec = {name: EXEC_ALIASES[name] for name in kept} | draw(st.dictionaries(NAMES, ALIAS_TEXTS, max_size=3))
    return found | ({"exec": of_exec} if of_exec else {})


CDP = st.builds(CdpConfig, st.booleans(), st.integers(5, 254), st.integers(10, 255), st.booleans(), st.booleans())

LEVELS = st.none() | st.integers(0, 7)
STAMPS = (
    st.builds(Stamp, st.just("datetime"), st.booleans(), st.booleans(), st.booleans(), st.booleans())
    | st.just(Stamp("uptime", False))
    | st.just(Stamp("", False))
)
# The buffer of a size only where there is one: "no logging buffered" forgets it.
LOGGING = st.builds(
    LogConfig, st.booleans(), LEVELS, LEVELS, st.integers(0, 7), st.integers(4096, 2147483647), LEVELS, STAMPS, STAMPS
) | st.builds(
    LogConfig,
    buffered=st.none(),
    timezone=st.builds(Timezone, st.from_regex(r"[A-Z]{3,7}", fullmatch=True), st.integers(-1439, 1439)),
)


PREFIX_LENGTHS = st.integers(8, 30)


@st.composite
def own_addresses(draw: st.DrawFn, block: int, lengths: st.SearchStrategy[int] | None = None) -> InterfaceAddress:
    """An address of a host in ``block``.0.0.0/8: interfaces with different blocks do not overlap."""
    length = draw(PREFIX_LENGTHS if lengths is None else lengths)
    hosts = 1 << 32 - length
    network = block << 24 | draw(st.integers(0, (1 << length - 8) - 1)) << 32 - length
    return InterfaceAddress(network | (draw(st.integers(1, hosts - 2)) if hosts > 1 else 0), length)


@st.composite
def prefixes(draw: st.DrawFn) -> Prefix:
    length = draw(st.integers(0, 32))
    return Prefix(draw(st.integers(0, 0xFFFFFFFF)) & length_to_mask(length), length)


ROUTE_SETTINGS = st.builds(
    RouteSettings, st.integers(1, 255), st.just("") | NAMES, st.integers(0, 4294967295), st.booleans()
)
HOSTS = st.dictionaries(
    st.from_regex(r"[A-Za-z][A-Za-z0-9.-]{0,10}", fullmatch=True),
    st.lists(ADDRESSES, min_size=1, max_size=8, unique=True).map(tuple),
    max_size=3,
).filter(lambda hosts: len({name.lower() for name in hosts}) == len(hosts))
#: What any box may say of names and neighbours.
NEIGHBOURS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "domain_name": st.just("") | NAMES,
        "hosts": HOSTS,
        "name_servers": st.lists(ADDRESSES, max_size=6, unique=True),
        "arps": st.dictionaries(ADDRESSES, MACS, max_size=3),
    }
)


@st.composite
def routes(draw: st.DrawFn, interfaces: Sequence[str]) -> StaticRoute:
    gateway, interface = draw(st.none() | ADDRESSES), draw(st.none() | st.sampled_from(interfaces))
    assume(gateway is not None or interface is not None)
    if gateway is None and draw(st.booleans()):
        interface = NULL0
    return StaticRoute(draw(prefixes()), gateway, interface)


WILDCARDS = st.sampled_from((0, 0xFF, 0xFFFF, 0xFFFFFFFF, 0x00FF00FF)) | st.integers(0, 0xFFFFFFFF)
PORTS = st.integers(0, 65535)


@st.composite
def port_matches(draw: st.DrawFn) -> PortMatch:
    operator = draw(st.sampled_from(PortOperator))
    first, last = sorted((draw(PORTS), draw(PORTS)))
    if operator in (PortOperator.EQ, PortOperator.NEQ):
        return PortMatch(operator, tuple(draw(st.lists(PORTS, min_size=1, max_size=10, unique=True))))
    return PortMatch(operator, (first, last) if operator is PortOperator.RANGE else (first,))


ACTIONS = st.sampled_from((Action.PERMIT, Action.DENY))
STANDARD_RULES = st.builds(
    AclRule, ACTIONS, source=st.integers(0, 0xFFFFFFFF), source_wildcard=WILDCARDS, log=st.booleans()
)
REMARKS = st.builds(lambda text: AclRule(Action.REMARK, remark=text), TEXTS)


@st.composite
def extended_rules(draw: st.DrawFn) -> AclRule:
    protocol = draw(st.none() | st.sampled_from((1, 6, 17)) | st.integers(0, 255))
    fields: dict[str, Any] = {}
    if protocol in (6, 17):
        fields["source_port"] = draw(st.none() | port_matches())
        fields["destination_port"] = draw(st.none() | port_matches())
        fields["established"] = protocol == 6 and draw(st.booleans())
        if protocol == 6 and not fields["established"]:
            fields["tcp_flags"] = draw(st.just(0) | st.integers(1, 0x3F)) or None
    if protocol == 1:
        fields["icmp_type"] = draw(st.none() | st.integers(0, 255))
        if fields["icmp_type"] is not None:
            fields["icmp_code"] = draw(st.none() | st.integers(0, 255))
    if all(value is None or value is False for value in fields.values()):  # type 0 of ICMP is a value
        fields["fragments"] = draw(st.booleans())
    fields["tcp_flags"] = fields.get("tcp_flags") or 0
    if draw(st.booleans()):
        fields["dscp"] = draw(st.integers(0, 63))
    else:
        fields["precedence"] = draw(st.none() | st.integers(0, 7))
        fields["tos"] = draw(st.none() | st.integers(0, 15))
    return AclRule(
        draw(ACTIONS),
        protocol,
        draw(st.integers(0, 0xFFFFFFFF)),
        draw(WILDCARDS),
        draw(st.integers(0, 0xFFFFFFFF)),
        draw(WILDCARDS),
        log=draw(st.booleans()),
        log_input=draw(st.booleans()),
        **fields,
    )


@st.composite
def access_lists(draw: st.DrawFn) -> AccessList:
    extended = draw(st.booleans())
    numbers = (
        (st.integers(100, 199) | st.integers(2000, 2699))
        if extended
        else (st.integers(1, 99) | st.integers(1300, 1999))
    )
    numbered = draw(st.booleans())
    found = AccessList(str(draw(numbers)) if numbered else draw(NAMES), extended=extended)
    rules = draw(st.lists((extended_rules() if extended else STANDARD_RULES) | REMARKS, min_size=numbered, max_size=6))
    for rule in rules:
        found.add(rule)
    return found


#: The blocks that are empty, and what says that there is no AAA.
BLOCKS = st.dictionaries(st.sampled_from(("redundancy", "control-plane")), st.just(()), max_size=2) | st.just(
    {"aaa": ("no aaa new-model",)}
)


LOOPBACKS = st.integers(0, 2147483647).map(lambda number: f"Loopback{number}")


Settings = st.SearchStrategy[dict[str, Any]]
#: What every interface may have.
LINK_SETTINGS: Settings = st.fixed_dictionaries(
    {"shutdown": st.booleans()},
    optional={
        "description": TEXTS,
        "bandwidth": st.integers(1, 10000000),
        "delay": st.integers(1, 16777215),
        "load_interval": st.integers(1, 20).map(lambda halves: halves * 30),
    },
)
#: What a port may have besides.
PORT_SETTINGS: Settings = st.fixed_dictionaries(
    {}, optional={"duplex": DUPLEXES, "speed": SPEEDS, "keepalive": st.integers(0, 32767), "cdp": st.booleans()}
)
SWITCHES = ("proxy_arp", "unreachables", "redirects", "mask_reply", "directed_broadcast")


def ip_settings(block: int, mtu: int = 1500, lengths: st.SearchStrategy[int] | None = None) -> Settings:
    """What an interface with addresses may have besides; the addresses come from ``block`` and the one behind it."""
    return st.fixed_dictionaries(
        {},
        optional={
            "address": own_addresses(block, lengths),
            "secondaries": st.tuples(own_addresses(block + 1, lengths)),
            "ip_mtu": st.integers(68, mtu - 1),
            **{name: st.booleans() for name in SWITCHES},
        },
    )


@st.composite
def subinterfaces(draw: st.DrawFn, port: RoutedInterfaceConfig, block: int) -> list[SubinterfaceConfig]:
    """Some subinterfaces of a port: one VLAN each, at most one of them native. One without a VLAN has no address."""
    vlans = draw(st.lists(st.none() | st.integers(1, 4094), max_size=2, unique=True))
    native = draw(st.integers(0, 2))
    found = []
    for number, vlan in enumerate(vlans):
        settings = draw(ip_settings(block + 2 * number, port.mtu or 1500)) | draw(LINK_SETTINGS)
        if vlan is None:
            settings |= {"address": None, "secondaries": ()}
        name = f"{port.name}.{number + 1}"
        found.append(SubinterfaceConfig(name, **settings, vlan=vlan, native=vlan is not None and native == number))
    return found


@st.composite
def router_interfaces(draw: st.DrawFn, groups: st.SearchStrategy[str]) -> dict[str, RoutedInterfaceConfig]:
    found: list[RoutedInterfaceConfig] = []
    for number, name in enumerate(ROUTER_PORTS):
        mtu = draw(st.none() | st.integers(69, 1499) | st.integers(1501, 1600))
        settings = draw(ip_settings(10 + 10 * number, mtu or 1500)) | draw(PORT_SETTINGS) | draw(LINK_SETTINGS)
        keeps = draw(kept_lines(*kept.INTERFACE, *kept.ROUTED, *kept.PORT))
        port = RoutedInterfaceConfig(name, **settings, mtu=mtu, mac=draw(st.none() | MACS), kept=keeps)
        port.access_in, port.access_out = draw(groups), draw(groups)
        found += [port, *draw(subinterfaces(port, 12 + 10 * number))]
    for number, name in enumerate(draw(st.lists(LOOPBACKS, max_size=2, unique=True))):
        settings = draw(ip_settings(40 + 2 * number, 1514, st.integers(8, 30) | st.just(32))) | draw(LINK_SETTINGS)
        found.append(RoutedInterfaceConfig(name, **settings, access_in=draw(groups)))
    return {interface.name: interface for interface in found}


@st.composite
def router_configs(draw: st.DrawFn) -> RouterConfig:
    lists = {found.name: found for found in draw(st.lists(access_lists(), max_size=4))}
    interfaces = draw(router_interfaces(st.sampled_from(("", *lists)) | NAMES))
    own = {address.address for interface in interfaces.values() for address in interface.addresses}
    static = draw(st.dictionaries(routes(list(interfaces)), ROUTE_SETTINGS, max_size=6))
    assume(not any(route.gateway in own for route in static))
    return RouterConfig(
        hostname=draw(NAMES),
        domain_lookup=draw(st.booleans()),
        **draw(NEIGHBOURS),
        console=draw(LINES),
        aux=draw(LINES),
        vty=draw(vty_lines(5)),
        access=draw(access_configs()),
        logging=draw(LOGGING),
        cdp=draw(CDP),
        prompt_quiet=draw(st.booleans()),
        aliases=draw(aliases()),
        levels=draw(command_levels()),
        access_lists=lists,
        log_update=draw(st.sampled_from((0, 10))),
        kept=draw(kept_lines(*kept.FIRST, *kept.BOTH, *kept.ROUTER)) | draw(BLOCKS),
        interfaces=interfaces,
        routes=static,
        unreachable_interval=draw(st.just(500) | st.integers(0, 4294967295)),
    )


VLAN_NUMBERS = st.integers(2, 1001) | st.integers(1006, 4094)


DIRECTIONS = st.sampled_from((Direction.RX, Direction.TX, Direction.BOTH))
DESTINATIONS = st.builds(Destination, st.sampled_from(Encapsulation), st.none(), st.just(False)) | st.builds(
    Destination, st.sampled_from(Encapsulation), st.integers(1, 4094), st.booleans()
)


@st.composite
def monitor_sessions(draw: st.DrawFn, most: int = 1) -> dict[int, Session]:
    """With ``most`` destinations a session."""
    ports = list(draw(st.permutations(SWITCH_PORTS)))
    remotes = list(draw(st.permutations(sorted(draw(st.sets(VLAN_NUMBERS, min_size=2, max_size=4))))))
    found = {}
    for number in sorted(draw(st.sets(st.integers(1, 2)))):
        session = found[number] = Session()
        way = draw(st.sampled_from(("ports", "vlans", "remote", "nothing")))
        if way == "remote":
            session.from_remote = remotes.pop()
        elif way == "vlans":
            session.vlans = draw(st.dictionaries(st.integers(1, 4094), DIRECTIONS, min_size=1, max_size=5))
        elif way == "ports":
            session.ports = {ports.pop(): draw(DIRECTIONS) for _ in range(draw(st.integers(1, 4)))}
            session.filter = draw(st.frozensets(st.integers(1, 4094), max_size=4))
        if way != "remote" and draw(st.booleans()):
            session.to_remote, session.reflector = remotes.pop(), ports.pop() if draw(st.booleans()) else ""
        elif way == "nothing" or draw(st.booleans()):
            session.destinations = {ports.pop(): draw(DESTINATIONS) for _ in range(draw(st.integers(1, most)))}
    return found


AGES = st.sampled_from((0, 300)) | st.integers(10, 1000000)
MACS = st.binary(min_size=5, max_size=5).map(lambda tail: b"\x02" + tail)
STORM_LEVELS = st.tuples(st.integers(0, 10_000), st.integers(0, 10_000)).map(lambda pair: (max(pair), min(pair)))


@st.composite
def port_security(draw: st.DrawFn, access: bool) -> PortSecurityConfig:
    macs = draw(st.lists(MACS, max_size=4, unique=True))
    sticky = draw(st.booleans())
    stuck = [macs.pop()] if sticky and macs else []
    return PortSecurityConfig(
        access and draw(st.booleans()),
        max(len(macs) + len(stuck), draw(st.integers(1, 132))),
        draw(st.sampled_from(("protect", "restrict", "shutdown"))),
        sticky,
        macs,
        stuck,
        draw(st.integers(0, 1440)),
        draw(st.booleans()),
        draw(st.booleans()),
    )


@st.composite
def switch_configs(draw: st.DrawFn) -> SwitchConfig:
    numbers = sorted(draw(st.sets(VLAN_NUMBERS, max_size=6)))
    names = draw(st.lists(st.just("") | NAMES, min_size=len(numbers), max_size=len(numbers)))
    given_names = [name for name in names if name]
    assume(len(set(given_names)) == len(given_names))
    interfaces = {name: SwitchPortConfig(name) for name in SWITCH_PORTS}
    for name in draw(st.sets(st.sampled_from(SWITCH_PORTS), max_size=4)):
        mode = draw(st.sampled_from(("", "access", "trunk", "dynamic auto")))
        interfaces[name] = SwitchPortConfig(
            name,
            **draw(LINK_SETTINGS),
            **draw(PORT_SETTINGS),
            mode=mode,
            nonegotiate=mode in ("access", "trunk") and draw(st.booleans()),
            security=draw(port_security(mode == "access")),
            storms=draw(st.dictionaries(st.sampled_from(("broadcast", "multicast", "unicast")), STORM_LEVELS)),
            storm_action=draw(st.sampled_from(("", "shutdown", "trap"))),
            voice=draw(st.sampled_from(("", "dot1p", "untagged", "1", *map(str, numbers)))),
            protected=draw(st.booleans()),
            access_vlan=draw(st.sampled_from((1, *numbers))),
            native=draw(st.integers(1, 4094)),
            allowed=draw(st.none() | st.frozensets(st.integers(1, 4094), max_size=5)),
            portfast=draw(st.booleans()),
            kept=draw(kept_lines(*kept.INTERFACE)),
        )
    remote = {number for number in numbers if draw(st.booleans())}
    monitors = draw(monitor_sessions())
    svis = {
        f"Vlan{number}": RoutedInterfaceConfig(
            f"Vlan{number}", **draw(LINK_SETTINGS), **draw(ip_settings(10 + 2 * place)), access_in=draw(NAMES)
        )
        for place, number in enumerate([1, *draw(st.sets(st.integers(2, 4094), max_size=2))])
    }
    return SwitchConfig(
        hostname=draw(NAMES),
        domain_lookup=draw(st.booleans()),
        **draw(NEIGHBOURS),
        console=draw(LINES),
        vty=draw(vty_lines(16, most=16)),
        access=draw(access_configs()),
        logging=draw(LOGGING),
        cdp=draw(CDP),
        prompt_quiet=draw(st.booleans()),
        aliases=draw(aliases()),
        levels=draw(command_levels()),
        access_lists={found.name: found for found in draw(st.lists(access_lists(), max_size=2))},
        kept=draw(kept_lines(*kept.FIRST, *kept.BOTH, *kept.SWITCH)),
        interfaces=interfaces,
        svis=svis,
        default_gateway=draw(st.none() | ADDRESSES),
        vlans=dict(zip(numbers, names, strict=True)),
        remote_span=remote,
        suspended={number for number in numbers if draw(st.booleans())},
        shut={number for number in numbers if draw(st.booleans())},
        monitors=monitors,
        vlan_aging_times=draw(st.dictionaries(VLAN_NUMBERS, AGES, max_size=2)),
        static_macs=draw(st.dictionaries(st.tuples(VLAN_NUMBERS, MACS), st.sampled_from(SWITCH_PORTS), max_size=3)),
        recovers=draw(st.sets(st.sampled_from(CAUSES), max_size=3)),
        recovery_interval=draw(st.integers(30, 86400)),
        undetected=draw(st.sets(st.sampled_from(CAUSES), max_size=3)),
        aging_time=draw(AGES),
    )


class Reader:
    """Prints and reads configurations of one kind; its commands are compiled once for all examples."""

    def __init__(self, kind: str, span: SpanLimits | None = None) -> None:
        self._bench = Bench(kind, span=span)
        self._commands = self._bench.console.commands

    def check(self, config: Any) -> None:
        printed = render(self._commands, "config", config)
        again = self._read(printed)
        assert again == config
        assert render(self._commands, "config", again) == printed

    def _read(self, lines: list[str]) -> Any:
        """What a device has in force after it booted from these lines."""
        bench = self._bench
        device = type(bench.device)(bench.device.spec, bench.device.services, bench.now)
        with device.deferred():
            refusals = load_config(self._commands, device, "\n".join(lines), bench.now)
        assert refusals == []
        assert isinstance(device, IosDevice)
        return device.config


@pytest.fixture(scope="module")
def router_reader() -> Reader:
    return Reader("router")


@pytest.fixture(scope="module")
def switch_reader() -> Reader:
    return Reader("switch")


@pytest.fixture(scope="module")
def many_reader() -> Reader:
    return Reader("switch", SpanLimits(sessions=66, sources=2, destinations=64))


SETTINGS = settings(
    max_examples=60,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)


@SETTINGS
@given(config=router_configs())
def test_router(router_reader: Reader, config: RouterConfig) -> None:
    router_reader.check(config)


@SETTINGS
@given(config=switch_configs())
def test_switch(switch_reader: Reader, config: SwitchConfig) -> None:
    switch_reader.check(config)


@settings(max_examples=20, deadline=None)
@given(sessions=monitor_sessions(most=4))
def test_monitor_sessions_of_other_types(many_reader: Reader, sessions: dict[int, Session]) -> None:
    interfaces = {name: SwitchPortConfig(name) for name in SWITCH_PORTS}
    vty = {number: LineConfig(f"vty {number}") for number in range(16)}
    many_reader.check(SwitchConfig("Switch", vty=vty, interfaces=interfaces, monitors=sessions))
