"""connect: a terminal on a node's console."""

from __future__ import annotations

import argparse
import socket
import sys

from labs import find
from labs.control import address
from labs.errors import LabError
from labs.telnet import Client


def connect(options: argparse.Namespace) -> int:
    record = find.select(options.name, options.compose).record
    node = find.node(record, options.node)
    try:
        link = socket.create_connection(node.console, timeout=5.0)
    except OSError as error:
        words = error.strerror or error
        raise LabError(
            f"the console of {node.name} at {address(node.console)} does not answer: {words} (`wirelab ps`)"
        ) from None
    if sys.stdin.isatty():
        print(f"connected to {node.name} of lab {record.name!r}; Ctrl-] ends it", file=sys.stderr)
    with link:
        return Client(link, sys.stdin.fileno(), sys.stdout.fileno()).run()
