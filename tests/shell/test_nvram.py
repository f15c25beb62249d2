"""The startup-config on disk: whole, whenever the process that writes it is killed."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

from nodes.shell.flash import FolderFlash
from nodes.shell.nvram import FileNvram

ROOT = Path(__file__).resolve().parents[2]
TEXTS = [f"hostname {name}\n" + f"! {name * 20}\n" * 3000 + "end\n" for name in ("OLD", "NEW")]

WRITER = """
import sys
from pathlib import Path
from nodes.shell.nvram import FileNvram

texts = [f"hostname {name}\\n" + f"! {name * 20}\\n" * 3000 + "end\\n" for name in ("OLD", "NEW")]
nvram = FileNvram(Path(sys.argv[1]))
print("writing", flush=True)
while True:
    for text in texts:
        nvram.write(text)
"""


def test_a_process_killed_while_it_writes_leaves_the_old_text_or_the_new_one_whole(tmp_path: Path) -> None:
    path = tmp_path / "nvram" / "R1.cfg"
    generator = random.Random(1)
    seen = set()
    for _ in range(25):
        with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], cwd=ROOT, stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"writing\n"
            time.sleep(generator.random() * 0.02)  # anywhere in a write
            writer.kill()
        text = FileNvram(path).read()
        assert text is None or text in TEXTS
        seen.add(text)
    assert set(TEXTS) <= seen, "both were met"


def test_what_a_killed_write_left_is_no_file(tmp_path: Path) -> None:
    flash = FolderFlash(tmp_path / "flash")
    flash.write("a.txt", "whole", 1000.0)
    (tmp_path / "flash" / "b.txt.new").write_text("ha")
    assert [entry.name for entry in flash.entries()] == ["a.txt"]
    flash.write("b.txt", "half no more", 1000.0)
    assert [(entry.name, entry.octets) for entry in flash.entries()] == [("a.txt", 5), ("b.txt", 12)]
    assert flash.read("b.txt") == "half no more"


def test_a_folder_that_cannot_be_written_is_an_error_and_keeps_the_old_text(tmp_path: Path) -> None:
    nvram = FileNvram(tmp_path / "R1.cfg")
    nvram.write("old")
    (tmp_path / "R1.cfg.new").mkdir()
    try:
        nvram.write("new")
    except OSError:
        pass
    else:
        raise AssertionError("it must not seem to be saved")
    assert nvram.read() == "old"
