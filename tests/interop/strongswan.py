"""strongSwan as a peer: a real gateway in a network namespace, with ESP in user space (kernel-libipsec).

``.ci/strongswan .strongswan`` unpacks it. Each instance runs in a mount namespace of its own, where a private folder
lies over the ``/tmp`` of the unpacked tree: configuration, log and control socket are there.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.lab.live import ROOT, wait_for
from tests.netns import Namespace

TREE: Final = ROOT / ".strongswan"

_CONF: Final = """
charon {
  load = random nonce aes md5 sha1 sha2 hmac kdf gmp openssl gcm kernel-libipsec kernel-netlink socket-default vici \
updown counters
  retransmit_tries = %(tries)d
  retransmit_timeout = 2
  i_dont_care_about_security_and_use_aggressive_mode_psk = yes
  plugins {
    kernel-libipsec { raw_esp = yes }
    vici { socket = unix:///tmp/charon.vici }
  }
  filelog {
    stderr {
      default = 1
      ike = 2
      cfg = 2
      flush_line = yes
    }
  }
}
"""
_START: Final = (
    "mount --rbind /dev {tree}/dev && mount -t proc proc {tree}/proc && mount -t tmpfs none {tree}/run && "
    "mount --bind {folder} {tree}/tmp && "
    "STRONGSWAN_CONF=/tmp/strongswan.conf exec chroot {tree} /usr/lib/ipsec/charon"
)


class StrongSwan:
    """A running charon. ``connections`` of :meth:`load` is the text of swanctl.conf."""

    def __init__(self, host: Namespace, folder: Path, tries: int) -> None:
        self._folder = folder
        (folder / "strongswan.conf").write_text(_CONF % {"tries": tries})
        script = _START.format(tree=TREE, folder=folder)
        with (folder / "log").open("wb") as log:
            self._process = host.start("unshare", "--mount", "sh", "-c", script, stdout=log, stderr=log)
        wait_for((folder / "charon.vici").exists, "charon's control socket")

    @property
    def log(self) -> str:
        return (self._folder / "log").read_text(errors="replace")

    def load(self, text: str) -> None:
        """Take a swanctl.conf, in place of what was loaded before."""
        (self._folder / "swanctl.conf").write_text(text)
        self.ctl("--load-all", "--clear", "--file", "/tmp/swanctl.conf")

    def ctl(self, *words: str, check: bool = True) -> str:
        """What ``swanctl`` prints."""
        enter = ["nsenter", "--target", str(self._process.pid), "--mount", "--net", "chroot", str(TREE)]
        command = [*enter, "/usr/sbin/swanctl", *words, "--uri", "unix:///tmp/charon.vici"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        if check:
            assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}\n{self.log[-3000:]}"
        return done.stdout

    def sas(self) -> str:
        return self.ctl("--list-sas")

    def kill(self) -> None:
        """As a power cut: nothing is told to anybody."""
        self._process.kill()
        self._process.wait(10)

    def stop(self) -> None:
        """An orderly end: peers are told."""
        self._process.terminate()
        self._process.wait(20)


@contextmanager
def strongswan(host: Namespace, *, tries: int = 3) -> Iterator[StrongSwan]:
    """A charon in the namespace ``host``, gone at the end. ``tries`` are its retransmissions, two seconds apart."""
    if not (TREE / ".complete").exists():
        pytest.skip("no strongSwan: .ci/strongswan .strongswan unpacks it")
    folder = Path(tempfile.mkdtemp(prefix="wl-swan-"))
    swan = StrongSwan(host, folder, tries)
    try:
        yield swan
    except BaseException:
        print(swan.log[-6000:])
        raise
    finally:
        swan.kill()
        shutil.rmtree(folder)
