"""Flash memory on disk, and a configuration that takes another one's place."""

from __future__ import annotations

from pathlib import Path

import pytest

from nodes.device.config import LineConfig, RoutedInterfaceConfig, RouterConfig
from nodes.device.replace import replace
from nodes.engine.acl import AccessList, AclRule, Action
from nodes.shell.flash import FolderFlash
from tests.device.bench import Bench
from tests.device.conftest import ROUTER


def test_a_folder_keeps_files_with_their_dates(tmp_path: Path) -> None:
    flash = FolderFlash(tmp_path / "R1.flash")
    assert flash.entries() == []
    assert flash.read("a.cfg") is None
    flash.write("b.cfg", "two\n", 2000.0)
    flash.write("a.cfg", "one", 1000.0)
    flash.write("a.cfg", "once more", 1500.0)
    (tmp_path / "R1.flash" / "c.cfg.new").write_text("an interrupted write")
    again = FolderFlash(tmp_path / "R1.flash")
    assert [(entry.name, entry.octets, entry.written) for entry in again.entries()] == [
        ("a.cfg", 9, 1500.0),
        ("b.cfg", 4, 2000.0),
    ]
    assert again.read("a.cfg") == "once more"
    again.delete("a.cfg")
    assert [entry.name for entry in again.entries()] == ["b.cfg"]
    with pytest.raises(OSError, match="No such file"):
        again.delete("a.cfg")


def test_replacing_leaves_alone_what_both_have() -> None:
    same, changed = AccessList("same", extended=False), AccessList("changed", extended=False)
    current = RouterConfig(
        "A",
        interfaces={"Fa0": RoutedInterfaceConfig("Fa0", "old"), "Fa1": RoutedInterfaceConfig("Fa1")},
        access_lists={"same": same, "changed": changed, "gone": AccessList("gone", extended=True)},
    )
    interface, console = current.interfaces["Fa0"], current.console
    other = AccessList("changed", extended=False)
    other.add(AclRule(Action.PERMIT))
    wanted = RouterConfig(
        "B",
        console=LineConfig(length=0),
        interfaces={"Fa0": RoutedInterfaceConfig("Fa0", "new"), "Fa1": RoutedInterfaceConfig("Fa1")},
        access_lists={"same": AccessList("same", extended=False), "changed": other},
    )
    replace(current, wanted)
    assert current == wanted
    assert current.interfaces["Fa0"] is interface
    assert current.console is console
    assert current.access_lists["same"] is same
    assert current.access_lists["changed"] is other


def test_configure_replace_goes_there_and_back_and_disturbs_nothing_else() -> None:
    bench = Bench("router", ROUTER + "\naccess-list 1 permit any\ninterface fa0/0\n ip access-group 1 in\n")
    bench.exec("copy running-config flash:one.cfg")
    first = bench.exec("show running-config")
    bench.configure("access-list 2 deny any", "interface fa0/1", "shutdown", "logging buffered 9000", "hostname X")
    bench.exec("copy running-config flash:two.cfg")
    second = bench.exec("show running-config")
    kept = bench.router.config.access_lists["1"]
    bench.log.clear()
    for name, wanted in (("one", first), ("two", second), ("one", first)):
        assert "Rollback Done" in bench.exec(f"configure replace flash:{name}.cfg force")
        assert bench.exec("show running-config") == wanted
        assert bench.router.config.access_lists["1"] is kept
    bench.out()
    assert not any("FastEthernet0/0" in line for line in bench.log)
    assert sum("Interface FastEthernet0/1, changed state to up" in line for line in bench.log) == 4


def test_a_configuration_with_a_line_that_is_refused_is_not_taken_at_all() -> None:
    bench = Bench("router", ROUTER)
    before = bench.exec("show running-config")
    bench.device.services.flash.write("bad.cfg", "hostname Other\nno such thing\nend\n", 0.0)
    bench.device.services.flash.write("part.cfg", "hostname Other\n", 0.0)
    assert "nothing was changed" in bench.exec("configure replace flash:bad.cfg force")
    assert bench.exec("configure replace flash:part.cfg force") == "%The input file is not a valid config file.\n"
    assert bench.exec("show running-config") == before


def test_what_is_merged_stays_beside_what_was_there() -> None:
    bench = Bench("router", ROUTER)
    bench.device.services.flash.write("part.cfg", "logging buffered 9000\nnonsense\nip host\n", 0.0)
    said = bench.exec("copy flash:part.cfg running-config")
    assert said.startswith("nonsense\n% Invalid input detected at '^' marker.\n")
    assert "logging buffered 9000" in bench.exec("show running-config")
    assert "ip address" in bench.exec("show running-config")


def test_the_log_buffer_holds_its_octets_and_no_more() -> None:
    bench = Bench("router", ROUTER)
    for number in range(500):
        bench.device.log("TEST", 5, "LINE", f"number {number}")
    lines = bench.device.syslog.lines()
    assert lines[-1].endswith("number 499")
    assert 4000 < sum(len(line) + 1 for line in lines) <= 4096
    bench.configure("logging buffered 8192 errors")
    bench.device.log("TEST", 5, "LINE", "not urgent")
    bench.device.log("TEST", 3, "LINE", "urgent")
    assert [line.rpartition(": ")[2] for line in bench.device.syslog.lines()][-2:] == ["number 499", "urgent"]
