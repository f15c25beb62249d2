"""ESP of one core: batches, beside naive code that does one packet at a time, and OpenSSL's own speed, in one run.

    python tests/bench/esp.py [seconds per figure]

AES-128-CBC with HMAC-SHA1-96, nanoseconds a packet. The limit is what ``openssl speed`` says of the cipher and the MAC
alone, added up: a single-buffer implementation cannot be faster. Naive makes a cipher object and an HMAC object for
each packet and puts the parts together with ``+``. Medians of several rounds, taken in turn; quote the ratios, the
absolute figures move with the machine.
"""

from __future__ import annotations

import hmac
import os
import platform
import shutil
import statistics
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from nodes.crypto.suites import CIPHERS
from nodes.esp.association import Association, Direction, EspTransform
from nodes.esp.layout import OUTER_HEADER, sealed_length
from nodes.esp.open import Opener
from nodes.esp.seal import Sealer
from nodes.wire import ipv4

ROUNDS = 5
BATCHES = (1, 32, 256)
#: Octets of the packets; IMIX is 7 of 64, 4 of 576 and 1 of 1400.
SIZES = {"64": (64,), "576": (576,), "1400": (1400,), "IMIX": (64,) * 7 + (576,) * 4 + (1400,)}
TRANSFORM = EspTransform("aes-128", "sha1")
SUITE = CIPHERS["aes-128"]
CIPHER_KEY, MAC_KEY = bytes(range(16)), bytes(range(20))
GATE_A, GATE_B, SPI = 0x0A000A0A, 0x0A000A14, 0x1000


def association(direction: Direction) -> Association:
    # Window 0: the same packets are opened again and again.
    return Association(SPI, direction, GATE_A, GATE_B, TRANSFORM, CIPHER_KEY, MAC_KEY, 0)


def naive_seal(packet: bytes, sequence: int) -> bytes:
    padding = -(len(packet) + 2) % 16
    plain = packet + bytes(range(1, padding + 1)) + bytes([padding, 4])
    iv = os.urandom(16)
    data = struct.pack("!II", SPI, sequence) + iv + SUITE.encryptor(CIPHER_KEY, iv).update(plain)
    payload = data + hmac.new(MAC_KEY, data, "sha1").digest()[:12]
    return ipv4.Ipv4(GATE_A, GATE_B, 50, payload, ttl=255).build()


def naive_open(packet: bytes) -> bytes:
    data, icv = packet[:-12], packet[-12:]
    if not hmac.compare_digest(hmac.new(MAC_KEY, data, "sha1").digest()[:12], icv):
        raise SystemExit("the naive code is wrong")
    plain = SUITE.decryptor(CIPHER_KEY, data[8:24]).update(data[24:])
    return plain[: -2 - plain[-2]]


def openssl(arguments: Sequence[str], octets: int, seconds: float) -> float:
    """Nanoseconds that ``openssl speed`` says an operation over so many octets takes."""
    whole = max(1, round(seconds))
    command = ["openssl", "speed", "-mr", "-seconds", str(whole), "-bytes", str(octets), *arguments]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    # The last line: +F:number:algorithm:octets per second.
    return octets / float(output.strip().rpartition(":")[2]) * 1e9


def limits(sizes: Sequence[int], seconds: float) -> tuple[float, float]:
    """Nanoseconds a packet for cipher and MAC alone, (seal, open), averaged over ``sizes``."""
    totals = [0.0, 0.0]
    for size in set(sizes):
        data = sealed_length(TRANSFORM, size) - OUTER_HEADER - 12
        mac = openssl(["-hmac", "sha1"], data, seconds)
        for index, extra in enumerate(([], ["-decrypt"])):
            cipher = openssl(["-evp", "aes-128-cbc", *extra], data - 24, seconds)
            totals[index] += (mac + cipher) * sizes.count(size) / len(sizes)
    return totals[0], totals[1]


def measure(work: Callable[[], object], packets: int, seconds: float) -> float:
    """Nanoseconds a packet, of this process's CPU time: ``openssl speed`` counts so, too."""
    done, start = 0, time.process_time()
    while (spent := time.process_time() - start) < seconds:
        work()
        done += packets
    return spent / done * 1e9


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 0.3
    with_openssl = shutil.which("openssl") is not None
    version = (
        subprocess.run(["openssl", "version"], capture_output=True, text=True).stdout.strip() if with_openssl else ""
    )
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M}Z, {platform.machine()}, {os.cpu_count()} cores, Python", end=" ")
    print(f"{platform.python_version()}, {version or 'no openssl command'}")
    print(f"{TRANSFORM.listing}, ns a packet, seal/open; {ROUNDS} rounds, medians")
    columns = ["limit", "naive", *(f"batch {batch}" for batch in BATCHES), "of limit", "naive : batch"]
    print(f"{'octets':6}", *(f"{column:>15}" for column in columns))
    for name, sizes in SIZES.items():
        packets = [bytes([0x45, 0]) + size.to_bytes(2, "big") + bytes(size - 4) for size in sizes]
        sealer, opener = Sealer(association(Direction.OUTBOUND), os.urandom), Opener(association(Direction.INBOUND))
        sealed = [outer[OUTER_HEADER:] for _, outer in sealer.seal(packets)]
        works: list[tuple[Callable[[], object], int]] = [
            (lambda p=packets: [naive_seal(packet, 1) for packet in p], len(packets)),  # type: ignore[misc]
            (lambda p=sealed: [naive_open(packet) for packet in p], len(packets)),  # type: ignore[misc]
        ]
        for batch in BATCHES:
            for method, source in ((sealer.seal, packets), (opener.open, sealed)):
                parts = [(source * batch)[at * batch : (at + 1) * batch] for at in range(len(source))]
                works.append((lambda m=method, p=parts: [m(part) for part in p], batch * len(parts)))  # type: ignore[misc]
        figures: list[list[float]] = [[] for _ in works]
        for _ in range(ROUNDS):
            for (work, count), known in zip(works, figures, strict=True):
                known.append(measure(work, count, seconds))
        naive, *batched = zip(*[iter([statistics.median(known) for known in figures])] * 2, strict=True)
        limit = limits(sizes, seconds) if with_openssl else None
        best = batched[-1]
        cells = [f"{seal:.0f}/{open_:.0f}" for seal, open_ in ([limit] if limit else []) + [naive, *batched]]
        if limit is None:
            cells.insert(0, "-")
        cells.append(f"{limit[0] / best[0]:.0%}/{limit[1] / best[1]:.0%}" if limit else "-")
        cells.append(f"{naive[0] / best[0]:.1f}x/{naive[1] / best[1]:.1f}x")
        print(f"{name:6}", *(f"{cell:>15}" for cell in cells), flush=True)


if __name__ == "__main__":
    main()
