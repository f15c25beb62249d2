"""The ``wirelab`` command. Exit statuses: 0 done, 1 the lab said no, 2 wrong usage.

This module only knows the words of the command line; what a verb does is imported when it is asked for, so that help
and usage errors are there at once.
"""

from __future__ import annotations

import argparse
import importlib
import ipaddress
import os
import sys
from collections.abc import Sequence
from typing import Final

from labs.errors import LabError

_EPILOG: Final = """\
examples:
  wirelab up                            start the lab no4-ipsec and wait until it is ready
  wirelab up --stage start              the same lab, with addresses only
  wirelab up two.lab.yml --base-port 0  a lab of your own, consoles on free ports
  wirelab connect R-A                   a terminal on the console of R-A; Ctrl-] ends it
  wirelab exec R-A "show ip route"      one command, its output, and 1 when the device refuses it
  wirelab down                          stop it; what devices saved stays

State is kept in $XDG_STATE_HOME/wirelab (by default ~/.local/state/wirelab).
Exit statuses: 0 done, 1 the lab said no, 2 wrong usage.
"""


#: What -n means for most verbs.
_LAB: Final = "the lab (default: the only one that runs)"
_LAB_OR_LEFT: Final = "the lab (default: the only one that runs; one that has ended will do when it is named)"

_BY_COMPOSE: Final = "of the labs that compose runs (they are found by themselves when none here has the name)"
#: Verbs that ask or switch a lab that runs, whoever started it.
_RUNNING: Final = frozenset({"ps", "connect", "exec", "show", "logs", "capture", "restart", "stop", "start"})
_LAB_OTHER: Final = "run the lab under another name (default: the lab file's)"

_CAPTURE: Final = """\
A WIRE is named by an end of it, R-A:Fa0/0; by a node, R-A, for all of its cables; or by both ends, R-A--Sniffer1.
Without any, all wires of the lab are captured, on one clock. Frames are copied in the broker: no device notices.

On a terminal, without -w, the frames are listed as they come. Otherwise they are written as pcapng, with an interface
for each wire: its name is the end that was named, and "outbound" is what this end sends. Into a pipe they go as they
come:

  wirelab capture R-A:Fa0/0 | wireshark -k -i -
  wirelab capture R-A:Fa0/0 SW-1:Fa0/24 -w both.pcapng --duration 30

Ctrl-C ends it with a whole file and a summary. A reader that is too slow loses frames of the capture, which are
counted, and slows no wire.

--keys writes the keys that the routers have negotiated since the lab was started, while the capture goes on, as options
of tshark and Wireshark for the rows of their tables ikev1_decryption_table and esp_sa:

  wirelab capture R-A:Fa0/0 -w wan.pcapng --keys wan.keys
  xargs -a wan.keys tshark -r wan.pcapng

Wireshark reads them when it starts. It decrypts ISAKMP only when it has seen the beginning of the exchange, so start
the capture before the tunnel comes up. A lab file can forbid it (`keys: false`)."""


_PREPARE: Final = """\
Makes a folder for each process: DIR/broker, DIR/operator for who runs this command, and DIR/nodes/NAME. It holds the
process's description, its own secret key and the public keys of those it talks to, and nothing that it must not know.
Then, each with its own folder:

  python -m broker DIR/broker/description.msgpack
  python -m nodes DIR/nodes/R-A/description.msgpack

With --health before the file, each says whether the one that runs there is well (exit status 0).

May be run again: descriptions are made anew, keys are kept. To replace a key pair, remove its file `secret`, run this
again, and start anew the broker and then whose key it was; to replace all of them, remove every `secret`."""


_COMPOSE: Final = """\
The file lies where -o says, and what it names (the lab file's folder, the source tree for the image) relative to it:

  wirelab compose my/my.lab.yml -o my/docker-compose.yml
  cd my && docker compose up -d

Consoles are published on the addresses and ports of the lab file, which are 127.0.0.1 unless it says otherwise: they
ask for no password. Every verb that asks a running lab works on it as on a local one.
"""


def _port(text: str) -> int:
    value = int(text)
    if not 0 <= value <= 65535:
        raise ValueError(text)
    return value


_port.__name__ = "port (0-65535)"  # argparse names it in its message


def _host_port(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not host or not colon or not 1 <= int(port) <= 65535:
        raise ValueError(text)
    return host, int(port)


_host_port.__name__ = "address (HOST:PORT)"


def _address(text: str) -> str:
    return str(ipaddress.ip_address(text))


_address.__name__ = "address"


def _owner(text: str) -> tuple[int, int]:
    user, _, group = text.partition(":")
    if not (user.isdecimal() and group.isdecimal()):
        raise ValueError(text)
    return int(user), int(group)


_owner.__name__ = "owner (UID:GID)"


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError(text)
    return value


_positive.__name__ = "number (1 or more)"


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value < 1e9:
        raise ValueError(text)
    return value


_seconds.__name__ = "time (in seconds)"


def parser() -> argparse.ArgumentParser:
    """The grammar of the command line."""
    top = argparse.ArgumentParser(
        prog="wirelab",
        description="Network labs of real processes: routers, switches, hosts and sniffers with consoles.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = top.add_subparsers(dest="verb", metavar="VERB", required=True, title="verbs")

    def verb(name: str, run: str, summary: str, more: str = "", *, lab: str | None = _LAB) -> argparse.ArgumentParser:
        added = verbs.add_parser(
            name,
            help=summary,
            description=summary[0].upper() + summary[1:] + "." + ("\n\n" + more if more else ""),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        added.set_defaults(run=run)
        if lab is not None:
            added.add_argument("-n", "--name", metavar="LAB", help=lab)
        if name in _RUNNING:
            added.add_argument("--compose", action="store_true", help=_BY_COMPOSE)
        return added

    def nodes(added: argparse.ArgumentParser) -> None:
        added.add_argument("nodes", nargs="+", metavar="NODE", help="a node of the lab, as `wirelab ps` shows it")

    verb("list", "inspect:list_labs", "the labs there are, and which of them run", lab="only this lab")

    added = verb(
        "up",
        "lifecycle:up",
        "start a lab and wait until it is ready",
        "Prints where the consoles are and what to try. If the lab runs already, says so and changes nothing.\n"
        "A startup-config that a device saved beats the one of the stage; --wipe forgets what is saved.",
        lab=_LAB_OTHER,
    )
    added.add_argument("lab", nargs="?", metavar="LAB|FILE", help="a lab of `wirelab list`, or a FILE.lab.yml")
    added.add_argument("--stage", metavar="NAME", help="which set of startup-configs (default: the lab file's default)")
    added.add_argument(
        "--base-port", type=_port, metavar="P", help="consoles on ports P, P+1, … in the lab's order; 0: free ports"
    )
    added.add_argument("--wipe", action="store_true", help="forget the startup-configs that devices saved")

    added = verb("ps", "inspect:ps", "the nodes of a running lab: kind, state, console")
    added.add_argument("--json", action="store_true", help="as JSON")

    added = verb(
        "connect",
        "console:connect",
        "a terminal on a node's console; Ctrl-] ends it",
        "Works with a pipe as well: echo 'show version' | wirelab connect R-A",
    )
    added.add_argument("node", metavar="NODE")

    added = verb(
        "exec",
        "inspect:execute",
        "run commands on a node and print their output",
        "The commands share one session that starts in privileged mode, so that\n"
        '  wirelab exec R-A "configure terminal" "hostname EDGE"\nworks. Exit status 1 when the device rejects one.',
    )
    added.add_argument("node", metavar="NODE")
    added.add_argument("commands", nargs="+", metavar="COMMAND", help="a command line, quoted as one word")

    added = verb(
        "show",
        "inspect:show",
        "what a show command knows, as text or as JSON",
        "--json prints the view behind the text: the same facts, with names, for scripts.",
    )
    added.add_argument("node", metavar="NODE")
    added.add_argument("commands", nargs=1, metavar="COMMAND", help='for instance "show ip route"')
    added.add_argument("--json", action="store_true", help="the view behind the text, as JSON")

    added = verb("logs", "logs:logs", "what the processes of a lab wrote", lab=_LAB_OR_LEFT)
    added.add_argument("nodes", nargs="*", metavar="NODE", help="nodes, `broker` or `supervisord` (default: all)")
    added.add_argument("-f", "--follow", action="store_true", help="go on as more is written; Ctrl-C ends it")
    added.add_argument("--tail", type=int, metavar="N", help="only the last N lines of each")

    added = verb("capture", "capture:capture", "what crosses the wires, for Wireshark or as lines", _CAPTURE)
    added.add_argument("wires", nargs="*", metavar="WIRE", help="NODE:PORT, NODE, or A--B (default: all of the lab)")
    added.add_argument("-w", "--write", metavar="FILE", help="write pcapng; - is standard output")
    added.add_argument("--limit", type=_positive, metavar="N", help="end after N frames")
    added.add_argument("--duration", type=_seconds, metavar="S", help="end after S seconds")
    added.add_argument("--keys", metavar="FILE", help="also write what tshark needs to decrypt ISAKMP and ESP")
    added.add_argument("-l", "--list", action="store_true", help="only list the wires of the lab")

    nodes(verb("restart", "lifecycle:restart", "switch nodes off and on again, and wait until they are ready"))
    nodes(verb("stop", "lifecycle:stop", "switch nodes off"))
    nodes(verb("start", "lifecycle:start", "switch nodes on, and wait until they are ready"))

    more = "Startup-configs that devices saved stay, unless wiped."
    added = verb("down", "lifecycle:down", "stop a lab", more, lab=_LAB_OR_LEFT)
    added.add_argument("--wipe", action="store_true", help="forget everything: saved startup-configs, logs")

    added = verb(
        "validate",
        "inspect:validate",
        "check lab files",
        "Prints every mistake as file:line:column: what was expected.",
        lab="check the file of this lab of `wirelab list`",
    )
    added.add_argument("files", nargs="*", metavar="FILE", help="a FILE.lab.yml, or a lab of `wirelab list`")

    added = verb(
        "prepare",
        "prepare:prepare",
        "what each process needs where something else starts it: containers, several machines",
        _PREPARE,
        lab="the lab's name (default: the lab file's)",
    )
    added.add_argument("lab", metavar="LAB|FILE", help="a lab of `wirelab list`, or a FILE.lab.yml")
    added.add_argument("-d", "--directory", metavar="DIR", required=True, help="where the folders are made")
    added.add_argument("--stage", metavar="NAME", help="which set of startup-configs (default: the lab file's default)")
    added.add_argument(
        "--broker", type=_host_port, metavar="HOST:PORT", help="where devices find the broker (default: broker:5000)"
    )
    added.add_argument(
        "--listen", metavar="ADDR", default="0.0.0.0", help="where broker and consoles listen (default: 0.0.0.0)"
    )
    added.add_argument(
        "--base-port", type=_port, metavar="P", help="consoles on ports P, P+1, … (default: those of the lab file)"
    )
    added.add_argument("--console", metavar="PATH", help="consoles on a Unix socket instead, which no device shares")
    added.add_argument(
        "--owner", type=_owner, metavar="UID:GID", help="whom the folders are given to (default: they are ours)"
    )

    added = verb(
        "new",
        "author:new",
        "a lab of your own to start from",
        "Writes DIR/LAB.lab.yml with comments, startup-configs beside it, and a schema that helps editors.\n"
        "It runs as it is: two routers, a switch and two PCs.",
        lab="its name (default: that of the folder)",
    )
    added.add_argument("directory", metavar="DIR", help="the folder to make")

    added = verb("schema", "author:schema", "the JSON schema of lab files, for editors", lab=None)
    added.add_argument("-o", "--output", metavar="FILE", help="where to write it (default: standard output)")

    added = verb(
        "compose", "author:compose", "a lab as a compose file: each device a container", _COMPOSE, lab=_LAB_OTHER
    )
    added.add_argument("lab", nargs="?", metavar="LAB|FILE", help="a lab of `wirelab list`, or a FILE.lab.yml")
    added.add_argument("--stage", metavar="NAME", help="which set of startup-configs (default: the lab file's default)")
    added.add_argument(
        "--bind", type=_address, metavar="ADDR", help="publish consoles on this address (default: the lab file's)"
    )
    added.add_argument(
        "--base-port", type=_port, metavar="P", help="consoles on ports P, P+1, … in the lab's order; 0: free ports"
    )
    added.add_argument("-o", "--output", metavar="FILE", help="where to write it (default: standard output)")
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    try:
        options = parser().parse_args(argv)
        module, _, function = options.run.partition(":")
        status: int = getattr(importlib.import_module(f"labs.verbs.{module}"), function)(options)
        sys.stdout.flush()
        return status
    except SystemExit as end:  # argparse: help, or wrong usage
        return end.code if isinstance(end.code, int) else 2
    except LabError as error:
        print(f"wirelab: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("wirelab: interrupted", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader of our output has gone (`wirelab logs | head`). Python would complain again as it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0


if __name__ == "__main__":
    sys.exit(main())
