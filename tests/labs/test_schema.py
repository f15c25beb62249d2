"""The JSON schema of lab files: the file in the repository, and what an editor that follows it accepts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from labs import document, find, schema
from labs.command import main
from labs.document import MistakesError
from labs.load import load

FILE = Path(schema.__file__).parent / schema.FILE
TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "null": type(None),
    "integer": int,
    "number": (int, float),
}


def objections(value: Any, rule: dict[str, Any], where: str = "") -> list[str]:
    """What a validator says that knows the keywords of JSON Schema that the schema uses, and no other."""
    known = {
        "$schema",
        "title",
        "description",
        "default",
        "type",
        "enum",
        "const",
        "anyOf",
        "oneOf",
        "pattern",
        "items",
    }
    known |= {"properties", "required", "additionalProperties", "propertyNames", "minItems", "maxItems"}
    assert rule.keys() <= known, rule.keys() - known
    found: list[str] = []
    for key in ("anyOf", "oneOf"):  # of oneOf here no two can fit
        ways = [objections(value, option, where) for option in rule.get(key, ())]
        if ways and all(ways):
            fewest = min(ways, key=len)
            found += fewest
    if "enum" in rule and value not in rule["enum"]:
        found.append(f"{where}: {value!r} is none of {rule['enum']}")
    if "type" in rule:
        names = rule["type"] if isinstance(rule["type"], list) else [rule["type"]]
        # To JSON Schema true is no number.
        fits = [isinstance(value, TYPES[name]) and (not isinstance(value, bool) or name == "boolean") for name in names]
        if not any(fits):
            return [*found, f"{where}: {value!r} is no {names}"]
    if isinstance(value, str) and "pattern" in rule and re.search(rule["pattern"], value) is None:
        found.append(f"{where}: {value!r} is not {rule['pattern']}")
    if isinstance(value, list):
        found += ["too short"] * (len(value) < rule.get("minItems", 0))
        found += ["too long"] * (len(value) > rule.get("maxItems", len(value)))
        for index, item in enumerate(value):
            found += objections(item, rule.get("items", {}), f"{where}[{index}]")
    if isinstance(value, dict):
        found += [f"{where}: {key} is missing" for key in rule.get("required", ()) if key not in value]
        for key, item in value.items():
            found += objections(key, rule.get("propertyNames", {}), f"{where}.{key}")
            other = rule.get("additionalProperties", {})
            inner = rule.get("properties", {}).get(key, other)
            found += [f"{where}: unknown key {key}"] if inner is False else objections(item, inner, f"{where}.{key}")
    return found


def test_the_file_is_what_the_command_makes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """When this fails: wirelab schema -o labs/lab.schema.json"""
    assert main(["schema"]) == 0
    assert capsys.readouterr().out == FILE.read_text("utf-8")
    assert main(["schema", "-o", str(tmp_path / "x.json")]) == 0
    assert (tmp_path / "x.json").read_text("utf-8") == FILE.read_text("utf-8")


@pytest.mark.parametrize("file", [*find.catalog().values(), FILE.parent / "template/example.lab.yml"], ids=str)
def test_labs_that_load_fit(file: Path) -> None:
    load(file)
    assert objections(document.read(file).value, schema.schema()) == []


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("name: x\ntopology: {nodes: {R1: }}", True),
        ("name: 7\ntopology: {nodes: {R1: {kind: router, type: 1841}}}", True),
        ("name: x\ntopology: {nodes: {R1: {kind: router, console: 5001, position: [1, 2.5]}}}", True),
        ("name: x\ntopology: {kinds: {router: }, nodes: {R1: {startup-config: {a: b}}}}", True),
        ("topology: {nodes: {R1: }}", False),
        ("name: x\ntopology: {}", False),
        ("name: x\ntopologi: {}\ntopology: {nodes: {R1: }}", False),
        ("name: a b\ntopology: {nodes: {R1: }}", False),
        ("name: x\ntopology: {nodes: {R 1: }}", False),
        ("name: x\ntopology: {nodes: {R1: {kind: rooter}}}", False),
        ("name: x\ntopology: {kinds: {rooter: }, nodes: {R1: }}", False),
        ("name: x\ntopology: {nodes: {R1: {console: true}}}", False),
        ("name: x\ntopology: {nodes: {R1: {console: 'here'}}}", False),
        ("name: x\ntopology: {nodes: {R1: }, links: [{endpoints: [R1]}]}", False),
        ("name: x\ntopology: {nodes: {R1: }, links: [{endpoints: ['R1:a', 'R2:b'], cable: long}]}", False),
        ("name: x\nstages: [{description: y}]\ntopology: {nodes: {R1: }}", False),
    ],
)
def test_it_says_what_the_loader_says_of_the_form(text: str, fits: bool, tmp_path: Path) -> None:
    found = objections(document.parse(text, "x").value, schema.schema())
    assert (not found) is fits, found
    if not fits:
        (tmp_path / "x.lab.yml").write_text(text)
        with pytest.raises(MistakesError):
            load(tmp_path / "x.lab.yml")


def test_editors_are_told_what_each_key_means() -> None:
    body = schema.schema()
    node = body["properties"]["topology"]["properties"]["nodes"]["additionalProperties"]["anyOf"][0]
    parts = [body, node, node["properties"]]
    assert all(part for part in parts)
    for part in (body, body["properties"]["topology"], node):
        for key, rule in part["properties"].items():
            assert "description" in rule, key
