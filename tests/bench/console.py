"""What consoles cost: reading a configuration, a paste, the wait for a prompt alone and among fifty, memory.

    python tests/bench/console.py [seconds per figure]

The configuration is read in this process, everything else is asked of a lab of real processes whose router forwards
packets meanwhile. Quote the ratios to the figures of the same run; the absolute ones move with the machine.
"""

from __future__ import annotations

import gc
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.device.bench import Bench
from tests.lab.crowd import Crowd, Person, percentile
from tests.lab.live import LiveLab
from tests.lab.traffic import forwarded, memory, traffic

RATE = 500
SESSIONS = 50
LINES = 10_000


def configuration(count: int) -> str:
    """Routes, lines of access lists, users and descriptions: ``count`` lines."""
    lines: list[str] = []
    number = 0
    while len(lines) < count:
        high, low = divmod(number, 250)
        lines += [
            f"ip route 10.{high}.{low}.0 255.255.255.0 10.0.10.{number % 200 + 1}",
            f"access-list {100 + number % 90} permit tcp 10.{high}.{low}.0 0.0.0.255 host 192.168.1.1 eq www",
            f"username user{number} privilege 5 password secret{number}",
            "interface FastEthernet0/0",
            f" description the {number}th",
        ]
        number += 1
    return "\n".join(lines[:count])


def reading(count: int, times: int = 3) -> float:
    """Seconds of processor time for so many lines; the best of some ``times``."""
    best = float("inf")
    for _ in range(times):
        bench = Bench("router")
        text = configuration(count)
        gc.collect()
        began = time.process_time()
        refusals = bench.console.load(text, bench.now)
        best = min(best, time.process_time() - began)
        assert refusals == []
    return best


def processor(pid: int) -> float:
    """Seconds of processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def row(name: str, text: str) -> None:
    print(f"{name:<42} {text}", flush=True)


def prompts(name: str, figures: list[float]) -> None:
    median, late = percentile(figures, 0.5) * 1e3, percentile(figures, 0.99) * 1e3
    row(f"prompt, {name}", f"median {median:.1f} ms, p99 {late:.1f} ms ({len(figures)} commands)")


def paste(lab: LiveLab) -> None:
    router, pid = lab.console("R-A"), lab.pid("R-A")
    lines = configuration(5000).splitlines()
    began, busy = time.perf_counter(), processor(pid)
    router.send("".join(f"{line}\r\n" for line in ("enable", "configure terminal", *lines, "hostname LAST")).encode())
    router.until(r"\nLAST\(config\)#")
    taken, busy = time.perf_counter() - began, processor(pid) - busy
    row("5000 lines pasted over telnet", f"{taken:.1f} s, {busy:.2f} s of the router's processor time")
    router.send(b"no hostname\r\nend\r\n")
    router.until(r"\nRouter#")


def live(lab: LiveLab, seconds: float) -> None:
    lab.up(stage="start")
    host, port = lab.node("R-A")["console"]
    pid, where, line = lab.pid("R-A"), (host, port), b"show ip interface brief\r"
    with traffic(lab, RATE) as counts:
        while forwarded(lab) < 100:
            time.sleep(0.1)
        people = [Person(where)]
        prompts("one session", Crowd(people, line, 0.02).run(seconds))
        before = memory(pid)
        people += [Person(where) for _ in range(SESSIONS - 1)]
        prompts(f"{SESSIONS} sessions", Crowd(people, line, 1.0).run(seconds))
        row("one more idle session", f"{(memory(pid) - before) / (SESSIONS - 1):.0f} kB")
        for person in people[-10:-5]:
            person.socket.sendall(b"terminal length 0\r" + b"show tech-support\r" * 100)
        for person in people[-5:]:
            person.vanish()
        left = people[: SESSIONS - 10]
        prompts("five vanished, five deaf", Crowd(left, line, 1.0).run(seconds))
        for person in people:
            person.socket.close()
        paste(lab)
    sent, answered = counts
    row("meanwhile", f"{sent} echo requests at {RATE} a second, {answered} answered")


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 8.0
    times = {count: reading(count) for count in (LINES // 10, LINES)}
    row(f"{LINES} lines of configuration read", f"{times[LINES]:.2f} s")
    row(f"of which {LINES // 10} would be a tenth", f"{times[LINES // 10] / times[LINES]:.3f} of it")
    costs = []
    for _ in range(5):
        began = time.process_time()
        Bench("router")
        costs.append(time.process_time() - began)
    row("a router with its commands, from nothing", f"{statistics.median(costs) * 1e3:.0f} ms")
    with tempfile.TemporaryDirectory(prefix="wl-") as home, LiveLab(Path(home), "bench") as lab:
        live(lab, seconds)


if __name__ == "__main__":
    main()
