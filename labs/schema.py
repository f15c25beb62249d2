"""The JSON schema of lab files, for editors: keys to choose from, what each means, and mistakes as they are typed.

It says what the classes of :mod:`labs.model` say. What only shows when parts are put together (is there such a port?)
is for ``wirelab validate``.
"""

from __future__ import annotations

import json
from typing import Any, Final

from pydantic.json_schema import GenerateJsonSchema

from labs.model import LabPart

#: The name under which `wirelab new` leaves it beside a lab file.
FILE: Final = "lab.schema.json"


def schema() -> dict[str, Any]:
    """The schema as plain values."""
    body = LabPart.model_json_schema(schema_generator=_Generator)
    _plain(body)
    return {"$schema": GenerateJsonSchema.schema_dialect, **body, "title": "wirelab lab file"}


def text() -> str:
    """The schema as a file."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


class _Generator(GenerateJsonSchema):
    def field_title_should_be_set(self, schema: Any) -> bool:
        return False  # the key says it


def _plain(value: Any) -> None:
    """Takes out what is for readers of our code: titles that are names of classes, defaults that are no value."""
    if isinstance(value, dict):
        if isinstance(value.get("title"), str):
            del value["title"]
        if "default" in value and value["default"] is None:
            del value["default"]
        for item in value.values():
            _plain(item)
    elif isinstance(value, list):
        for item in value:
            _plain(item)
