"""What /proc says of processes, beside what Python says of this one."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from nodes.shell.usage import Others, UsageReader


def test_this_process() -> None:
    read = UsageReader()
    before = time.process_time()
    usage = read()
    (process,) = usage.processes
    assert process.pid == os.getpid()
    # In ticks of a hundredth of a second.
    assert before - 0.02 <= process.seconds <= time.process_time() + 0.02
    assert 1 << 20 < process.octets <= process.peak
    assert process.invoked > 0
    assert usage.free > 0
    block = bytearray(os.urandom(1)) * (32 << 20)
    assert read().processes[0].octets > process.octets + len(block) // 2


def test_others_and_what_has_ended() -> None:
    read = UsageReader()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        read.others = lambda: Others({child.pid: "Child"}, 100, 40)
        usage = read()
        assert [(process.pid, process.name) for process in usage.processes] == [
            (os.getpid(), "Device"),
            (child.pid, "Child"),
        ]
        assert (usage.buffers, usage.buffers_used) == (100, 40)
        child.communicate(b"\n")
    assert len(read().processes) == 1
