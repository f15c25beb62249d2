"""The crypto configuration: what is typed, what is printed, what is refused."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodes.base.addr import format_ipv4, length_to_mask, parse_ipv4
from nodes.cli import render
from nodes.device.cryptoconfig import (
    CryptoConfig,
    CryptoMapConfig,
    HostKeyConfig,
    IsakmpKeyConfig,
    IsakmpPeerConfig,
    IsakmpPolicyConfig,
    KeepaliveConfig,
    TransformSetConfig,
)
from tests.commands_crypto.fake import COMMANDS, FakeRouter, configured, load, printed, typed, visible

LAB_NO4 = """\
crypto isakmp policy 10
 encr aes 256
 authentication pre-share
 group 2
crypto isakmp key TEST1 address 10.0.10.20
!
!
crypto ipsec transform-set TSET esp-aes esp-sha-hmac·
!
crypto map CMAP 10 ipsec-isakmp·
 set peer 10.0.10.20
 set transform-set TSET·
 match address 101
!"""

LONG = """\
crypto isakmp policy 10
 encryption aes 256
 hash sha
 authentication pre-share
 group 2
 lifetime 86400
crypto isakmp key 0 TEST1 address 10.0.10.20 255.255.255.255
crypto ipsec transform-set TSET esp-aes 128 esp-sha-hmac
 mode tunnel
crypto map CMAP 10 ipsec-isakmp
 match address 101
 set transform-set TSET
 set peer 10.0.10.20
interface FastEthernet0/0
 crypto map CMAP
"""

SHORT = """\
cry isa pol 10
encr aes 256
ha sha
auth pre
gr 2
li 86400
cry isa key TEST1 addr 10.0.10.20
cry ips tr TSET esp-aes esp-sha-
cry map CMAP 10 ipsec-i
set pe 10.0.10.20
mat addr 101
set tr TSET
int fa0/0
cry map CMAP
"""


@pytest.mark.parametrize("text", [visible(LAB_NO4) + "\ninterface FastEthernet0/0\n crypto map CMAP", LONG, SHORT])
def test_the_handouts_configuration_in_every_spelling(text: str) -> None:
    router = configured(text)
    assert "\n".join(printed(router)) == visible(LAB_NO4)
    assert router.config.interfaces["FastEthernet0/0"].crypto_map == "CMAP"
    assert router.changes > 0


def test_everything_printed_in_order() -> None:
    router = configured("""\
crypto isakmp policy 20
 encr 3des
 hash md5
 group 5
 lifetime 3600
crypto isakmp policy 5
 encr aes
 hash sha256
 authentication rsa-encr
 group 14
crypto isakmp key ANY address 0.0.0.0
crypto isakmp key NET address 10.1.2.3 255.255.0.0
crypto ipsec security-association lifetime seconds 600
crypto ipsec security-association lifetime kilobytes 2560
crypto ipsec transform-set B esp-md5-hmac esp-3des
crypto ipsec transform-set A esp-null esp-sha256-hmac
crypto map M 20 ipsec-isakmp
crypto map M 10 ipsec-isakmp
 set pfs
 match address SECRET
 set transform-set B A
 set security-association lifetime seconds 120
 set security-association lifetime kilobytes 4608000
 set peer 10.0.0.2
 set peer 10.0.0.1
 description to the  other site
crypto map N 1 ipsec-isakmp
""")
    assert "\n".join(printed(router)) == visible("""\
crypto isakmp policy 5
 encr aes
 hash sha256
 authentication rsa-encr
 group 14
!
crypto isakmp policy 20
 encr 3des
 hash md5
 group 5
 lifetime 3600
crypto isakmp key ANY address 0.0.0.0 0.0.0.0
crypto isakmp key NET address 10.1.0.0 255.255.0.0
!
!
crypto ipsec security-association lifetime kilobytes 2560
crypto ipsec security-association lifetime seconds 600
!
crypto ipsec transform-set B esp-md5-hmac esp-3des·
crypto ipsec transform-set A esp-null esp-sha256-hmac·
!
crypto map M 10 ipsec-isakmp·
 description to the  other site
 set peer 10.0.0.2
 set peer 10.0.0.1
 set security-association lifetime kilobytes 4608000
 set security-association lifetime seconds 120
 set transform-set B A·
 set pfs group1
 match address SECRET
crypto map M 20 ipsec-isakmp·
 ! Incomplete
!
crypto map N 1 ipsec-isakmp·
 ! Incomplete
!""")


def test_nothing_is_printed_of_nothing() -> None:
    assert printed(FakeRouter()) == []


def test_the_map_is_the_last_line_of_its_interface() -> None:
    router = configured(LONG)
    assert render(COMMANDS, "config-if", router.config.interfaces["FastEthernet0/0"])[-1] == "crypto map CMAP"


# Round trip --------------------------------------------------------------------------------------------------------

NAMES = st.text(string.ascii_letters + string.digits + "-_.", min_size=1, max_size=12)
LIST_NAMES = st.builds(str.__add__, st.sampled_from(string.ascii_letters), NAMES)
VISIBLE = "".join(chr(code) for code in range(33, 127))
ADDRESSES = st.integers(1, 2**32 - 1)
CIPHERS = [("esp-des",), ("esp-3des",), ("esp-aes",), ("esp-aes 192",), ("esp-aes 256",)]
INTEGRITIES = [("esp-md5-hmac",), ("esp-sha-hmac",), ("esp-sha256-hmac",), ("esp-sha384-hmac",), ("esp-sha512-hmac",)]
TRANSFORMS = [
    *CIPHERS,
    *((word,) for word in ("esp-gcm", "esp-gcm 192", "esp-gcm 256")),
    *(cipher + integrity for cipher in [*CIPHERS, ("esp-null",)] for integrity in INTEGRITIES),
    *(integrity + cipher for cipher in [*CIPHERS, ("esp-null",)] for integrity in INTEGRITIES),
]


@st.composite
def crypto_configs(draw: st.DrawFn) -> CryptoConfig:
    policies = {
        priority: IsakmpPolicyConfig(
            priority,
            draw(st.sampled_from(["des", "3des", "aes 128", "aes 192", "aes 256"])),
            draw(st.sampled_from(["sha", "md5", "sha256", "sha384", "sha512"])),
            draw(st.sampled_from(["pre-share", "rsa-sig", "rsa-encr"])),
            draw(st.sampled_from([1, 2, 5, 14, 15, 16, 19, 20])),
            draw(st.integers(60, 86400)),
        )
        for priority in draw(st.sets(st.integers(1, 10000), max_size=3))
    }
    masks = draw(st.lists(st.integers(0, 32).map(length_to_mask), max_size=4))
    keys = {(draw(st.integers(0, 2**32 - 1)) & mask, mask): draw(st.text(VISIBLE, min_size=1)) for mask in masks}
    names = draw(st.lists(NAMES, unique=True, max_size=8))
    sets = {
        name: TransformSetConfig(
            name, draw(st.sampled_from(TRANSFORMS)), draw(st.sampled_from(["tunnel", "transport"]))
        )
        for name in names
    }
    chosen = st.lists(st.sampled_from(names), unique=True, max_size=6) if names else st.just([])
    maps = {
        name: {
            sequence: CryptoMapConfig(
                name,
                sequence,
                draw(st.text(VISIBLE + "  ", max_size=80).map(str.strip)),
                draw(st.lists(ADDRESSES, unique=True, max_size=3)),
                draw(chosen),
                draw(st.one_of(st.just(""), st.integers(100, 199).map(str), LIST_NAMES)),
                draw(st.sampled_from([None, 1, 2, 5, 14, 15, 16, 19, 20])),
                draw(st.none() | st.integers(120, 86400)),
                draw(st.none() | st.integers(2560, 2**32 - 1)),
            )
            for sequence in draw(st.sets(st.integers(1, 65535), min_size=1, max_size=3))
        }
        for name in draw(st.lists(NAMES, unique=True, max_size=3))
    }
    for entries in maps.values():
        for entry in entries.values():
            entry.default_peer = draw(st.sampled_from([None, *entry.peers]))
    hosts = draw(st.lists(st.text(VISIBLE, min_size=1), unique_by=str.lower, max_size=3))
    endpoints = st.tuples(st.sampled_from(["fqdn", "user-fqdn"]), st.text(VISIBLE, min_size=1)) | st.tuples(
        st.just("ipv4-address"), ADDRESSES.map(format_ipv4)
    )
    flags = st.booleans()
    return CryptoConfig(
        policies,
        [IsakmpKeyConfig(key, address, mask) for (address, mask), key in keys.items()],
        sets,
        maps,
        draw(st.integers(120, 86400)),
        draw(st.integers(2560, 2**32 - 1)),
        host_keys=[HostKeyConfig(draw(st.text(VISIBLE, min_size=1)), host) for host in hosts],
        peers={
            address: IsakmpPeerConfig(address, draw(st.text(VISIBLE)), draw(st.none() | endpoints))
            for address in draw(st.sets(ADDRESSES, max_size=2))
        },
        identity=draw(st.sampled_from(["address", "dn", "hostname"])),
        keepalive=draw(st.none() | st.builds(KeepaliveConfig, st.integers(10, 3600), st.integers(2, 60), flags)),
        nat_keepalive=draw(st.just(0) | st.integers(5, 3600)),
        accept_aggressive=draw(flags),
        invalid_spi_recovery=draw(flags),
        nat_transparency=draw(flags),
        log_sessions=draw(flags),
        replay_window=draw(st.sampled_from([0, 64, 128, 256, 512, 1024])),
        df_bit=draw(st.sampled_from(["copy", "clear", "set"])),
        fragment_before=draw(flags),
    )


@given(crypto_configs(), st.data())
def test_round_trip(crypto: CryptoConfig, data: st.DataObject) -> None:
    """parse(print(configuration)) == configuration."""
    router = FakeRouter()
    router.config.crypto = crypto
    for port in router.config.interfaces.values():
        port.crypto_map = data.draw(st.sampled_from(["", *crypto.maps]))
    text = render(COMMANDS, "config", router.config)
    again = configured("\n".join(text))
    assert again.config.crypto == crypto
    assert again.config.interfaces == router.config.interfaces
    assert render(COMMANDS, "config", again.config) == text


# New maps, old maps ------------------------------------------------------------------------------------------------


def test_the_note_on_a_new_map() -> None:
    router = FakeRouter()
    note = (
        "% NOTE: This new crypto map will remain disabled until a peer\n"
        "        and a valid access list have been configured.\n"
    )
    first = typed(router, "conf t", "crypto map CMAP 10 ipsec-isakmp")
    assert first.output.endswith(note)
    assert not first.rejected
    second = typed(router, "conf t", "crypto map CMAP 10 ipsec-isakmp", "crypto map CMAP 10", "set peer 10.0.0.1")
    assert "NOTE" not in second.output
    assert not second.rejected
    assert router.config.crypto.maps["CMAP"][10].peers == [parse_ipv4("10.0.0.1")]


def test_a_transform_set_typed_again_is_replaced() -> None:
    router = configured(LONG + "crypto ipsec transform-set TSET esp-3des esp-md5-hmac")
    assert router.config.crypto.transform_sets["TSET"].transforms == ("esp-3des", "esp-md5-hmac")


def test_a_key_typed_again() -> None:
    """The same key changes nothing; another one for the same peer is refused, as on IOS."""
    router = configured(LONG)
    text = "A pre-shared key for address mask 10.0.10.20 255.255.255.255 already exists!"
    again = typed(router, "conf t", "crypto isakmp key TEST1 address 10.0.10.20")
    other = typed(router, "conf t", "crypto isakmp key TEST2 address 10.0.10.20")
    assert text in again.output
    assert text in other.output
    assert (again.rejected, other.rejected) == (False, True)
    assert [key.key for key in router.config.crypto.keys] == ["TEST1"]


# Refusals ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["crypto map CMAP 10", "set transform-set NONE"], 'ERROR: transform set with tag "NONE" does not exist.'),
        (["crypto map CMAP 10", "set transform-set TSET X"], 'ERROR: transform set with tag "X" does not exist.'),
        (["interface fa0/1", "crypto map X"], 'ERROR: Crypto Map with tag "X" does not exist.'),
        (["crypto map NEW 10"], "% Incomplete command."),
        (["crypto map CMAP 10", "match address 50"], "% Invalid access list name."),
        (["no crypto map CMAP"], "% Crypto-map CMAP is in use by interface(s): Fa0/0. "),
        (["no crypto map CMAP 10"], "% Crypto-map CMAP is in use by interface(s): Fa0/0. "),
        (["no crypto ipsec transform-set TSET"], "% Transform-set TSET is in use by crypto map(s): CMAP 10. "),
        (["no crypto isakmp key WRONG address 10.0.10.20"], "% There is no such pre-shared key for address mask"),
        (["crypto isakmp key K address 10.0.0.0 255.0.255.0"], "% Invalid address mask 10.0.0.0 255.0.255.0"),
        # What the grammar refuses: a cipher too many, a hash too many, no protection at all, nothing to encrypt with.
        (["crypto ipsec transform-set T esp-aes esp-des"], "% Invalid input detected"),
        (["crypto ipsec transform-set T esp-aes esp-md5-hmac esp-sha-hmac"], "% Invalid input detected"),
        (["crypto ipsec transform-set T esp-null"], "% Incomplete command."),
        (["crypto ipsec transform-set T esp-sha-hmac"], "% Incomplete command."),
        (["crypto ipsec transform-set T"], "% Incomplete command."),
        (["crypto isakmp policy 0"], "% Invalid input detected"),
        (["crypto isakmp policy 10", "lifetime 59"], "% Invalid input detected"),
        (["crypto isakmp policy 10", "group 3"], "% Invalid input detected"),
        (["crypto isakmp policy 10", "hash sh"], "% Ambiguous command:"),
        (["crypto map CMAP 10", "set transform-set " + "TSET " * 7], "% Invalid input detected"),
        (["crypto ipsec security-association lifetime seconds 119"], "% Invalid input detected"),
    ],
)
def test_refusals(lines: list[str], message: str) -> None:
    router = configured(LONG)
    before = render(COMMANDS, "config", router.config)
    *header, last = lines
    if header:
        # A header may make something new: what counts is that the refused line changes nothing after it.
        typed(router, "conf t", *header)
        before = render(COMMANDS, "config", router.config)
    batch = typed(router, "conf t", *header, last)
    assert batch.rejected
    assert message in batch.output
    assert render(COMMANDS, "config", router.config) == before


def test_a_missing_map_is_refused_in_a_file_too() -> None:
    router, refusals = load("interface FastEthernet0/0\n crypto map CMAP\n")
    assert [refusal.line_number for refusal in refusals] == [2]
    assert router.config.interfaces["FastEthernet0/0"].crypto_map == ""


# The no forms ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "no encryption",
        "no encr aes 256",
        "no hash",
        "no hash md5",
        "no authentication pre-share",
        "no authentication",
        "no group 2",
        "no group",
        "no lifetime 60",
        "no lifetime",
    ],
)
def test_no_in_a_policy_gives_the_default(line: str) -> None:
    default = IsakmpPolicyConfig(10)
    typed_before = "encr aes 256\nhash md5\nauthentication pre-share\ngroup 2\nlifetime 60\n"
    router = configured(f"crypto isakmp policy 10\n{typed_before}{line}\n")
    policy = router.config.crypto.policies[10]
    field = {"encr": "encryption"}.get(line.split()[1], line.split()[1])
    changed = [name for name in IsakmpPolicyConfig.__slots__ if getattr(policy, name) == getattr(default, name)]
    assert changed == ["priority", field]


@pytest.mark.parametrize(
    ("line", "gone"),
    [
        ("no set peer 10.0.0.1", {"set peer 10.0.0.1"}),
        ("no set peer", {"set peer 10.0.0.1", "set peer 10.0.0.2"}),
        ("no set transform-set", {"set transform-set A B "}),
        ("no set pfs", {"set pfs group2"}),
        ("no set pfs group2", {"set pfs group2"}),
        ("no match address", {"match address 101"}),
        ("no match address 101", {"match address 101"}),
        ("no description", {"description x"}),
        ("no set security-association lifetime seconds", {"set security-association lifetime seconds 600"}),
        ("no set security-association lifetime kilobytes 2560", {"set security-association lifetime kilobytes 2560"}),
    ],
)
def test_no_in_a_map(line: str, gone: set[str]) -> None:
    text = """\
crypto ipsec transform-set A esp-aes
crypto ipsec transform-set B esp-des
crypto map M 10 ipsec-isakmp
 description x
 set peer 10.0.0.1
 set peer 10.0.0.2
 set security-association lifetime kilobytes 2560
 set security-association lifetime seconds 600
 set transform-set A B
 set pfs group2
 match address 101
"""
    router = configured(text)
    before = render(COMMANDS, "config-crypto-map", router.config.crypto.maps["M"][10])
    router, refusals = load(f"crypto map M 10\n{line}\n", router)
    assert refusals == []
    after = render(COMMANDS, "config-crypto-map", router.config.crypto.maps["M"][10])
    assert [each for each in after if each != "! Incomplete"] == [each for each in before if each not in gone]


def test_no_set_transform_set_with_a_name_takes_that_one() -> None:
    router = configured("""\
crypto ipsec transform-set A esp-aes
crypto ipsec transform-set B esp-des
crypto map M 10 ipsec-isakmp
 set transform-set A B
 no set transform-set A
""")
    assert router.config.crypto.maps["M"][10].transform_sets == ["B"]


def test_everything_can_be_taken_back() -> None:
    router = configured(
        LONG
        + "crypto ipsec security-association lifetime seconds 600\n"
        + "crypto ipsec security-association lifetime kilobytes 5000\n"
        + """\
interface FastEthernet0/0
 no crypto map OTHER
 no crypto map
no crypto map CMAP 10 ipsec-isakmp
no crypto map CMAP
no crypto ipsec transform-set TSET esp-aes esp-sha-hmac
no crypto ipsec security-association lifetime seconds 600
no crypto ipsec security-association lifetime kilobytes
no crypto isakmp key TEST1 address 10.0.10.20
no crypto isakmp policy 10
no crypto isakmp policy 11
"""
    )
    assert router.config.crypto == CryptoConfig()
    assert printed(router) == []


def test_no_of_another_map_leaves_an_interface_alone() -> None:
    router = configured(LONG + "interface fa0/0\n no crypto map OTHER\n")
    assert router.config.interfaces["FastEthernet0/0"].crypto_map == "CMAP"


def test_an_entry_of_an_applied_map_may_go_while_others_stay() -> None:
    router = configured(LONG + "crypto map CMAP 20 ipsec-isakmp\nno crypto map CMAP 10\n")
    assert list(router.config.crypto.maps["CMAP"]) == [20]
