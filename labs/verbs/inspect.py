"""list, ps, validate, exec, show."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any, Final

from labs import find
from labs.control import ControlError, address
from labs.document import MistakesError
from labs.errors import LabError
from labs.lab import Lab
from labs.output import table
from labs.programs import BROKER
from labs.running import UNKNOWN, Part
from labs.state import NodeRecord, Record, running

#: Seconds a device may take for the commands of one exec; a ping of many packets takes its time.
EXEC_TIMEOUT: Final = 120.0


def list_labs(options: argparse.Namespace) -> int:
    from labs.load import load

    records = {state.name: state.read_record() for state in running()}
    composed = find.composed()
    rows = [("LAB", "STATE", "STAGES", "DESCRIPTION")]
    broken: list[MistakesError] = []
    for name, file in find.catalog().items():
        try:
            lab = load(file)
        except MistakesError as error:
            broken.append(error)
            continue
        stages = ", ".join(f"{stage.name}*" if stage.name == lab.default_stage else stage.name for stage in lab.stages)
        rows.append((name, _running_words(records.pop(name, None)), stages, lab.description))
    rows += [(name, _running_words(record), "", record.file if record else "") for name, record in records.items()]
    rows += [
        (lab.record.name, f"running ({lab.record.stage}), by compose", "", f"{lab.record.file}, project {lab.project}")
        for lab in composed
    ]
    rows[1:] = [row for row in rows[1:] if options.name in (None, row[0])]
    if options.name is not None and len(rows) == 1:
        raise LabError(f"no lab {options.name!r}; labs: {', '.join(find.catalog())}")
    table(rows)
    for mistakes in broken:
        print(mistakes, file=sys.stderr)
    return 1 if broken else 0


def _running_words(record: Record | None) -> str:
    return f"running ({record.stage})" if record is not None else "-"


def ps(options: argparse.Namespace) -> int:
    lab = find.select(options.name, options.compose)
    record, parts, status = lab.record, lab.parts(), lab.status()
    nodes = [_node_state(node, parts.get(node.name, UNKNOWN), status) for node in record.nodes]
    broker = _words(parts.get(BROKER, UNKNOWN), status is not None)
    if options.json:
        body = {"lab": record.name, "stage": record.stage, "file": record.file, "broker": broker, "nodes": nodes}
        print(json.dumps(body, indent=2))
        return 0
    table(
        [("NODE", "KIND", "STATE", "CONSOLE")]
        + [(node["name"], node["kind"], node["state"], address(tuple(node["console"]))) for node in nodes]
    )
    if broker != "running":
        print(f"the broker is {broker}: no frame passes any wire (`wirelab logs -n {record.name} broker`)")
    return 0


def _node_state(node: NodeRecord, part: Part, status: dict[str, Any] | None) -> dict[str, Any]:
    # Without a broker nobody knows whether the device is ready; that it runs is known.
    ready = status is None or bool(status.get("nodes", {}).get(node.name, {}).get("ready"))
    return {
        "name": node.name,
        "kind": node.kind,
        "type": node.type,
        "state": _words(part, ready),
        "console": list(node.console),
        "pid": part.pid,
        "since": part.since,
    }


def _words(part: Part, ready: bool) -> str:
    return "starting" if part.state == "running" and not ready else part.state


def validate(options: argparse.Namespace) -> int:
    from labs.load import load

    words = [*options.files, *([options.name] if options.name is not None else [])]
    if not words:
        print("usage: wirelab validate FILE [FILE ...]", file=sys.stderr)
        return 2
    status = 0
    for word in words:
        file = find.lab_file(word)
        try:
            lab = load(file, None if word in find.catalog() else word)
        except MistakesError as error:
            print(error)
            status = 1
        else:
            print(f"{word}: {_summary(lab)}")
    return status


def _summary(lab: Lab) -> str:
    stages = ", ".join(stage.name for stage in lab.stages)
    return f"lab {lab.name!r}, {len(lab.nodes)} nodes, {len(lab.links)} cables, stages: {stages}"


def execute(options: argparse.Namespace) -> int:
    rejected, output = _exec(options)
    sys.stdout.write(output if output.endswith("\n") or not output else output + "\n")
    return 1 if rejected else 0


def show(options: argparse.Namespace) -> int:
    if not options.json:
        return execute(options)
    response = _ask(options, "show", {"command": options.commands[0]})
    if response.status == "rejected":
        print(response.body.get("output", "") if isinstance(response.body, dict) else "", file=sys.stderr)
        return 1
    print(json.dumps(response.body, indent=2, default=_plain))
    return 0


def _plain(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def _exec(options: argparse.Namespace) -> tuple[bool, str]:
    response = _ask(options, "exec", {"commands": options.commands})
    body = response.body if isinstance(response.body, dict) else {}
    return response.status == "rejected" or bool(body.get("rejected")), str(body.get("output", ""))


def _ask(options: argparse.Namespace, verb: str, body: dict[str, Any]) -> Any:
    """The device's answer: ok or rejected. Raises LabError for every other end."""
    lab = find.select(options.name, options.compose)
    record = lab.record
    node = find.node(record, options.node)

    from broker.client import BrokerGone
    from broker.protocol import Status

    try:
        with lab.operator(timeout=5.0) as operator:
            response = operator.request(node.name, verb, body, timeout=EXEC_TIMEOUT)
    except BrokerGone as error:
        raise ControlError(f"the broker of lab {record.name!r} does not answer: {error}") from None
    match response.status:
        case Status.OK | Status.REJECTED:
            return response
        case Status.UNREACHABLE | Status.UNKNOWN_NODE:
            raise LabError(f"{node.name} is not connected: it is stopped, or still starting (`wirelab ps`)")
        case Status.TIMEOUT:
            raise LabError(f"{node.name} did not answer within {EXEC_TIMEOUT:.0f} s")
    raise LabError(f"{node.name} does not understand the request {verb!r}: {response.body}")
