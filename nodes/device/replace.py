"""One configuration takes the place of another, and what both have in common is left alone."""

from __future__ import annotations

from dataclasses import fields
from typing import Any


def replace(current: Any, wanted: Any) -> None:
    """Make the dataclass ``current`` equal to ``wanted``, in place.

    Objects that are part of the configuration keep their identity where they can: sessions that stand in a sub-mode go
    on with them, and an access list that does not change keeps its counts.
    """
    for field in fields(current):
        setattr(current, field.name, _merged(getattr(current, field.name), getattr(wanted, field.name)))


def _merged(current: Any, wanted: Any) -> Any:
    if isinstance(current, dict) and isinstance(wanted, dict):
        merged = {key: _merged(current[key], value) if key in current else value for key, value in wanted.items()}
        current.clear()
        current.update(merged)
        return current
    parameters: Any = getattr(type(current), "__dataclass_params__", None)
    if parameters is not None and not parameters.frozen and type(current) is type(wanted):
        replace(current, wanted)
        return current
    return current if current == wanted else wanted
