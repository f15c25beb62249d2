"""logs: what the processes of a lab wrote, each line behind the name of its process."""

from __future__ import annotations

import argparse

from labs import find
from labs.programs import BROKER


def logs(options: argparse.Namespace) -> int:
    lab = find.with_logs(options.name, options.compose)
    chosen = [word if word in lab.others else find.node(lab.record, word).name for word in options.nodes]
    chosen = chosen or [BROKER, *(node.name for node in lab.record.nodes)]
    lab.logs(chosen, tail=options.tail, follow=options.follow)
    return 0
